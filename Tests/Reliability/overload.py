"""Hostile clients of one class among 64 honest ones: what the honest ones feel, and that the server is as before afterwards.

Honest and hostile clients run in processes of their own, so that they wait for the server and not for each other; the
hostile ones at the lowest priority. What honest clients feel alone is measured before each class and after the last.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Support")]

from background import start_in_background  # noqa: E402
from cases import Options, Result  # noqa: E402
from servers import ApusServer, wait_until  # noqa: E402

API = "/api/2.0/mlflow/"
HONEST = 64
# Hostile clients have an address of their own, as those of another machine.
HOSTILE_ADDRESS = "127.0.0.2"
PAUSE = 0.4
MEBIBYTE = 1 << 20
MEMORY_MEBIBYTES = 450
# Beyond both the long form fails: the ratio of the honest clients' p99, and seconds.
RATIO, SECONDS = 10, 0.25


def request(method, route, body=b"", length=None):
    head = f"{method} {route} HTTP/1.1\r\nHost: localhost\r\n"
    if method != "GET":
        head += f"Content-Type: application/json\r\nContent-Length: {len(body) if length is None else length}\r\n"
    return head.encode() + b"\r\n" + body


def connect(address, receive_buffer=None):
    connection = socket.socket()
    connection.settimeout(10)
    connection.bind((HOSTILE_ADDRESS, 0))
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect(address)
    return connection


class Hostile:
    """The classes of hostile clients; each method works until a time."""

    def __init__(self, address, until, seed):
        self.address, self.until, self.dice = address, until, random.Random(seed)

    def _goes_on(self):
        return time.monotonic() < self.until

    def _hold(self, count, send_first, send_more, receive_buffer=None):
        """Keeps that many connections open and sends a little on each, again and again."""
        held = []
        while self._goes_on():
            while len(held) < count and self._goes_on():
                try:
                    held.append(connect(self.address, receive_buffer))
                    held[-1].sendall(send_first)
                except OSError:
                    break
            for connection in list(held):
                try:
                    if send_more:
                        connection.sendall(send_more)
                except OSError:
                    connection.close()
                    held.remove(connection)
            time.sleep(0.5)

    def slow_heads(self):
        self._hold(1_000, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ", b"a")

    def slow_bodies(self):
        size = 16 * MEBIBYTE
        begin = request("POST", API + "runs/log-batch", b" " * (4 * MEBIBYTE), size)
        self._hold(16, begin, b" ")

    def unread_answers(self):
        body = json.dumps({"experiment_ids": ["0"], "max_results": 300}).encode()
        self._hold(300, request("POST", API + "runs/search", body), None, receive_buffer=4_096)

    def pipelines(self):
        def work():
            while self._goes_on():
                try:
                    with connect(self.address) as connection:
                        connection.sendall(request("GET", API + "experiments/get?experiment_id=0") * 500)
                        while self._goes_on() and connection.recv(MEBIBYTE):
                            connection.sendall(request("GET", API + "experiments/get?experiment_id=0") * 50)
                except OSError:
                    continue

        self._in_threads(work, 4)

    def churn(self):
        def work():
            while self._goes_on():
                try:
                    connection = connect(self.address)
                    if self.dice.random() < 0.5:
                        connection.sendall(request("GET", "/health"))
                    if self.dice.random() < 0.5:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.close()
                except OSError:
                    continue

        self._in_threads(work, 4)

    def costly_searches(self):
        pattern = "tags.w LIKE '%" + "a" * 400 + "b%'"
        body = json.dumps({"experiment_ids": ["0"], "filter": " AND ".join([pattern] * 20)}).encode()

        def work():
            while self._goes_on():
                try:
                    with connect(self.address) as connection:
                        connection.sendall(request("POST", API + "runs/search", body))
                        connection.recv(MEBIBYTE)
                except OSError:
                    continue

        self._in_threads(work, 8)

    def large_batches(self):
        run = self._json("runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        metrics = [{"key": f"k{n % 50}", "value": n, "timestamp": n, "step": n} for n in range(1_000)]
        body = json.dumps({"run_id": run, "metrics": metrics}).encode()

        def work():
            while self._goes_on():
                try:
                    with connect(self.address) as connection:
                        while self._goes_on():
                            connection.sendall(request("POST", API + "runs/log-batch", body))
                            if not connection.recv(MEBIBYTE):
                                break
                except OSError:
                    continue

        self._in_threads(work, 8)

    def _json(self, route, body):
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        connection.request("POST", API + route, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())

    @staticmethod
    def _in_threads(work, count):
        threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


CLASSES = ["slow_heads", "slow_bodies", "unread_answers", "pipelines", "churn", "costly_searches", "large_batches"]


class Honest(threading.Thread):
    """Logs a metric and reads its run, now and then, over one connection."""

    def __init__(self, address, until, number):
        super().__init__(daemon=True)
        self.address, self.until, self.dice = address, until, random.Random(number)
        self.seconds, self.waits, self.faults = [], 0, []

    def run(self):
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        run_id, step = None, 0
        while time.monotonic() < self.until:
            time.sleep(self.dice.uniform(0, 2 * PAUSE))
            step += 1
            if run_id is None:
                route, body = "runs/create", {"experiment_id": "0"}
            elif step % 2:
                route, body = "runs/log-metric", {"run_id": run_id, "key": "m", "value": step, "timestamp": step, "step": step}
            else:
                route, body = f"runs/get?run_id={run_id}", None
            began = time.monotonic()
            try:
                text = json.dumps(body) if body else None
                connection.request("POST" if body else "GET", API + route, text, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.faults.append(f"{route.split('?')[0]}: {type(error).__name__} {error}")
                connection.close()
                continue
            if answer.status == 429:
                self.waits += 1
                continue
            self.seconds.append(time.monotonic() - began)
            if answer.status != 200:
                self.faults.append(f"{route.split('?')[0]}: {answer.status} {content[:200].decode(errors='replace')}")
            elif run_id is None:
                run_id = json.loads(content)["run"]["info"]["run_id"]


def be_honest(address, seconds):
    """Runs the honest clients and prints what they felt."""
    until = time.monotonic() + seconds
    clients = [Honest(address, until, number) for number in range(HONEST)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    felt = sorted(second for client in clients for second in client.seconds)
    print(
        json.dumps(
            {
                "calls": len(felt),
                "p50": felt[len(felt) // 2],
                "p99": felt[int(len(felt) * 0.99)],
                "waits": sum(client.waits for client in clients),
                "faults": [fault for client in clients for fault in client.faults][:10],
            }
        )
    )


def honest_clients(server, seconds) -> dict:
    command = [sys.executable, __file__, "honest", server.host, str(server.port), str(seconds), "0"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def memory_peak(server) -> float:
    """The most memory since the last `forget_peak`, in MiB."""
    with open(f"/proc/{server.pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1_024


def forget_peak(server):
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")


def descriptors(server) -> int:
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


def fill(server):
    """Runs whose answers are long and whose tags are costly to search."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    for _ in range(300):
        tags = [{"key": "w", "value": "a" * 7_900}, {"key": "v", "value": "b" * 6_000}]
        body = json.dumps({"experiment_id": "0", "tags": tags})
        connection.request("POST", API + "runs/create", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
    connection.close()


class Overload:
    """One server, attacked by one class after another."""

    def __init__(self, server, options: Options, result: Result):
        self.server, self.options, self.result = server, options, result
        self.seconds = 30 if options.long else 2.5
        self.descriptors = descriptors(server)
        self.alone = []

    def calm(self, where):
        """Measures what honest clients feel among themselves."""
        felt = honest_clients(self.server, self.seconds)
        self.result.fault(where, felt["faults"])
        self.alone.append(felt["p99"])

    @property
    def usual(self) -> float:
        return statistics.median(self.alone)

    def attack(self, name) -> str:
        self.calm(f"before {name}")
        forget_peak(self.server)
        address = [self.server.host, str(self.server.port)]
        command = [sys.executable, __file__, name, *address, str(self.seconds + 2), str(self.options.seed)]
        with start_in_background(command) as hostile:
            time.sleep(1)
            among = honest_clients(self.server, self.seconds)
            hostile.wait()
        self.result.fault(name, among["faults"])
        ratio, memory = among["p99"] / self.usual, memory_peak(self.server)
        if memory > MEMORY_MEBIBYTES:
            self.result.fault(name, [f"The server took {memory:.0f} MiB; its limit is {MEMORY_MEBIBYTES} MiB."])
        if self.options.long and ratio > RATIO and among["p99"] > SECONDS:
            self.result.fault(name, [f"The p99 of honest clients was {among['p99']:.3f} s, {ratio:.1f} times the usual."])
        try:
            wait_until(lambda: descriptors(self.server) <= self.descriptors + 16, 60, f"connections to end after {name}")
        except TimeoutError as error:
            self.result.fault(name, [f"{error}"])
        waits = f", {among['waits']} told to wait" if among["waits"] else ""
        return f"{name} {1e3 * among['p99']:.0f} ms ({ratio:.1f}×{waits}, {memory:.0f} MiB)"


def run(options: Options) -> Result:
    result = Result()
    with ApusServer(directory=options.folder("overload")) as server:
        fill(server)
        overload = Overload(server, options, result)
        figures = [overload.attack(name) for name in CLASSES]
        overload.calm("after all")
        if server.stop(remove=False) != 0:
            result.fault("end", [f"The server did not end with 0: {server.log(10)}"])
    result.figures = (
        f"p99 of {HONEST} honest clients alone {1e3 * overload.usual:.0f} ms "
        f"({1e3 * min(overload.alone):.0f} to {1e3 * max(overload.alone):.0f}), among: " + ", ".join(figures)
    )
    return result


if __name__ == "__main__":
    _, what, host, port, seconds, seed = sys.argv
    address = (host, int(port))
    if what == "honest":
        be_honest(address, float(seconds))
    else:
        getattr(Hostile(address, time.monotonic() + float(seconds), int(seed)), what)()
