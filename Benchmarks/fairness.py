"""What 64 honest clients feel of one hostile one: their p99 with it beside them and without it, in the same run.

    python3 Benchmarks/fairness.py [--cases batches,churn] [--seconds 2] [--rounds 5] [--tokens] [--server-options "…"]

The honest clients log metrics and look up runs at a steady rate over 64 connections (Benchmarks/native/load.c), so that
a latency includes the delay by a stall. The hostile one comes from 127.0.0.2, or with --tokens from the same address with
a token of its own. It gets only processor time that nobody else wants, because on one machine it would otherwise take the
processors from the honest ones by itself. Every case is measured between two measurements without it, and each figure is
the median of the rounds: on a virtual machine, some rounds contain pauses of many milliseconds that no program caused.
"server" leaves out how long the honest clients' own program waited for a processor, which is "lag". Needs a release build.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "Tests/Support"))

from background import start_in_background  # noqa: E402
from servers import ApusServer  # noqa: E402

API = "/api/2.0/mlflow/"
NATIVE = REPOSITORY / "Benchmarks/native"
MEGABYTE = 1 << 20
RUNS = 1_500
HONEST = """list runs {runs}
step POST {api}runs/log-metric
body {{"run_id":"${{runs[c]}}","key":"loss","value":0.${{n*7919%100003}},"timestamp":${{n+1700000000000}},"step":${{i}}}}
step GET {api}runs/get?run_id=${{runs[c]}}
"""


class Hostile:
    """One client that does harm; it runs in a process of its own until it is killed or its time is over."""

    def __init__(self, port, source, token, runs, seconds):
        self.port, self.source, self.runs = port, source, runs
        self.credential = f"Authorization: Bearer {token}\r\n" if token else ""
        self.end = time.monotonic() + seconds

    def goes_on(self):
        return time.monotonic() < self.end

    def connect(self, receive_buffer=None, timeout=5):
        connection = socket.socket()
        connection.settimeout(timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.bind((self.source, 0))
        connection.connect(("127.0.0.1", self.port))
        return connection

    def request(self, method, target, body=b"", length=None):
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{self.credential}"
        if method != "GET":
            size = len(body) if length is None else length
            head += f"Content-Type: application/json\r\nContent-Length: {size}\r\n"
        return head.encode() + b"\r\n" + body

    def post(self, route, value, **options):
        return self.request("POST", API + route, json.dumps(value).encode(), **options)

    # What it does.
    def slow_heads(self):
        self.trickle(1_000, b"GET /api/2.0/mlflow/runs/get HTTP/1.1\r\n" + self.credential.encode() + b"X-", b"a")

    def slow_bodies(self):
        begin = self.request("POST", API + "runs/log-batch", b"{" + b" " * (512 * 1024), length=30 * MEGABYTE)
        self.trickle(200, begin, b" " * 64)

    def trickle(self, count, begin, more):
        connections = []
        while self.goes_on():
            for connection in list(connections):
                try:
                    connection.send(more)
                except OSError:
                    connection.close()
                    connections.remove(connection)
            while len(connections) < count and self.goes_on():
                try:
                    connection = self.connect()
                    connection.send(begin)
                    connection.setblocking(False)
                    connections.append(connection)
                except OSError:
                    break
            time.sleep(0.5)

    def unread_answers(self):
        search = self.post("runs/search", {"experiment_ids": ["0"], "max_results": 1_000})
        connections = []
        while self.goes_on():
            while len(connections) < 300 and self.goes_on():
                try:
                    connections.append(self.connect(receive_buffer=4_096))
                    connections[-1].send(search)
                except OSError:
                    break
            time.sleep(0.5)
            connections = [one for one in connections if not self.has_ended(one)]

    @staticmethod
    def has_ended(connection):
        try:
            connection.send(b"")
            return False
        except OSError:
            return True

    def pipelined_reads(self):
        self.stream(16, self.request("GET", f"{API}runs/get?run_id={self.runs[0]}") * 200)

    def pipelined_writes(self):
        point = {"run_id": self.runs[0], "key": "hostile", "value": 1, "timestamp": 1, "step": 1}
        self.stream(16, self.post("runs/log-metric", point) * 200)

    def batches(self):
        metrics = [{"key": f"k{n}", "value": n, "timestamp": n, "step": n} for n in range(1_000)]
        self.stream(64, self.post("runs/log-batch", {"run_id": self.runs[0], "metrics": metrics}))

    def searches(self):
        terms = " AND ".join([self.dear_term()] * 20)
        self.stream(32, self.post("runs/search", {"experiment_ids": ["0"], "filter": terms, "max_results": 1}))

    def refused_searches(self):
        terms = " AND ".join([self.dear_term()] * 20 + ["tags.w NOT LIKE 'a'"])
        self.stream(32, self.post("runs/search", {"experiment_ids": ["0"], "filter": terms}))

    @staticmethod
    def dear_term():
        # No tag has it, but each has its beginning at every place.
        return "tags.w LIKE '%" + "a" * 400 + "b%'"

    def large_pages(self):
        self.stream(32, self.post("runs/search", {"experiment_ids": ["0"], "max_results": 1_000}))

    def graphql(self):
        fields = "info { runId runName status } data { params { key value } metrics { key value } tags { key value } }"
        query = f'query Q {{ mlflowSearchRuns(input: {{ experimentIds: ["0"] }}) {{ runs {{ {fields} }} }} }}'
        body = json.dumps({"query": query, "operationName": "Q"}).encode()
        self.stream(32, self.request("POST", "/graphql", body))

    def zips(self):
        self.stream(16, self.request("GET", f"/api/apus/1.0/artifacts/zip?run_id={self.runs[0]}"))

    def stream(self, count, requests):
        """Sends the same bytes over and over on each connection, and reads what comes."""
        selector = selectors.DefaultSelector()
        while self.goes_on():
            while len(selector.get_map()) < count and self.goes_on():
                try:
                    connection = self.connect()
                    connection.setblocking(False)
                    selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, [requests, 0])
                except OSError:
                    break
            for key, events in selector.select(0.2):
                try:
                    if events & selectors.EVENT_READ:
                        if not key.fileobj.recv(32 * 1024):
                            raise OSError("closed")
                        # A connection without a pipeline sends again when it has got something.
                        if key.data[1] == len(requests):
                            key.data[1] = 0
                            selector.modify(key.fileobj, selectors.EVENT_READ | selectors.EVENT_WRITE, key.data)
                    if events & selectors.EVENT_WRITE:
                        key.data[1] += key.fileobj.send(memoryview(requests)[key.data[1] :])
                        if key.data[1] == len(requests):
                            selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                except BlockingIOError:
                    continue
                except OSError:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()

    def churn(self):
        request = self.request("GET", f"{API}runs/get?run_id={self.runs[0]}")

        def turn():
            while self.goes_on():
                try:
                    connection = self.connect()
                    connection.send(request)
                    connection.recv(65_536)
                    connection.close()
                except OSError:
                    time.sleep(0.01)

        self.in_threads(8, turn)

    def uploads(self):
        content = os.urandom(MEGABYTE) * 16

        def turn(number):
            while self.goes_on():
                try:
                    with self.connect(timeout=20) as connection:
                        target = f"/api/2.0/mlflow-artifacts/artifacts/hostile/{number}"
                        connection.sendall(self.request("PUT", target, content))
                        connection.recv(65_536)
                except OSError:
                    time.sleep(0.05)

        self.in_threads(12, turn)

    @staticmethod
    def in_threads(count, turn):
        takes_number = turn.__code__.co_argcount > 0
        threads = [threading.Thread(target=turn, args=(n,) if takes_number else ()) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


CASES = [
    "slow_heads", "slow_bodies", "unread_answers", "pipelined_reads", "pipelined_writes", "batches", "churn", "searches",
    "refused_searches", "large_pages", "graphql", "zips", "uploads",
]  # fmt: skip


def call(url, route, body, token=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url + API + route, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def fill(server, token):
    """Runs with long tags and some artifacts; the ids of the runs."""
    runs = []
    for number in range(RUNS):
        tags = [{"key": "w", "value": "a" * 6_000}, {"key": "v", "value": f"{number}"}]
        runs.append(call(server.url, "runs/create", {"experiment_id": "0", "tags": tags}, token)["run"]["info"]["run_id"])
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for number in range(20):
        target = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{runs[0]}/artifacts/{number}.bin"
        urllib.request.urlopen(urllib.request.Request(target, os.urandom(MEGABYTE), headers, method="PUT")).read()
    return runs


def honest(tool, server, script, options, token):
    command = [tool, "--port", str(server.port), "--script", script, "--connections", "64", "--seconds", str(options.seconds)]
    command += ["--rate", str(options.rate), "--iterations", "100000000"] + (["--authorization", f"Bearer {token}"] if token else [])
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(output)


def attack(case, server, options, token, runs):
    source = "127.0.0.1" if options.tokens else "127.0.0.2"
    settings = json.dumps([server.port, source, token, runs[:64], options.seconds + 30])
    return start_in_background([sys.executable, __file__, "--hostile", case, settings])


def median(results, part):
    """The median of a p99, in milliseconds."""
    return statistics.median(result[part]["p99"] for result in results) / 1_000


def rounds_of(case, server, options, token, runs, honest_beside):
    """The results of the honest clients without a hostile one, and with one."""
    without, beside = [honest_beside()], []
    for _ in range(options.rounds):
        hostile = attack(case, server, options, token, runs)
        try:
            time.sleep(2)
            beside.append(honest_beside())
        finally:
            os.killpg(hostile.pid, signal.SIGKILL)
            hostile.wait()
        time.sleep(2)
        without.append(honest_beside())
    return without, beside


def measure(options):
    with tempfile.TemporaryDirectory(prefix="fairness-") as folder:
        tool = f"{folder}/load"
        sources = [str(NATIVE / name) for name in ("load.c", "response.c", "script.c", "template.c")]
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", tool, *sources], check=True)
        flags = options.server_options.split() + (["--require-token"] if options.tokens else [])
        with ApusServer(flags) as server:
            good, bad = None, None
            if options.tokens:
                good, bad = (make_token(server, name) for name in ("honest", "hostile"))
            runs = fill(server, good)
            Path(folder, "runs").write_text("\n".join(runs[-64:]))
            script = f"{folder}/script"
            Path(script).write_text(HONEST.format(runs=f"{folder}/runs", api=API))
            honest(tool, server, script, options, good)
            print("p99 in ms of what is sent and answered, and of the server's part in it", flush=True)
            print(f"{'case':<18}{'without':>9}{'with':>9}{'ratio':>7}{'server':>9}{'with':>9}{'ratio':>7}{'lag':>7}  got")
            for case in options.cases.split(",") if options.cases else CASES:
                without, beside = rounds_of(
                    case, server, options, bad, runs, lambda: honest(tool, server, script, options, good)
                )
                felt, served = (
                    [median(results, part) for results in (without, beside)] for part in ("request_us", "server_us")
                )
                got = collections.Counter()
                for result in beside:
                    got.update(result["statuses"])
                    got["failures"] += result["failures"]
                print(
                    f"{case:<18}{felt[0]:>9.2f}{felt[1]:>9.2f}{felt[1] / felt[0]:>7.1f}{served[0]:>9.2f}{served[1]:>9.2f}"
                    f"{served[1] / served[0]:>7.1f}{median(beside, 'lag_us'):>7.2f}  {dict(got)}",
                    flush=True,
                )


def make_token(server, name):
    command = [server.command()[0], "token", "create", name, "--data-dir", str(server.data_directory)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="", help="some of " + ", ".join(CASES))
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="how often each case is measured")
    parser.add_argument("--rate", type=int, default=600, help="requests a second of the honest clients")
    parser.add_argument("--tokens", action="store_true", help="the hostile client has the same address and another token")
    parser.add_argument("--server-options", default="")
    parser.add_argument("--hostile", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.hostile:
        case, settings = options.hostile
        getattr(Hostile(*json.loads(settings)), case)()
    else:
        measure(options)


if __name__ == "__main__":
    main()
