"""Overload: nobody who is slow, greedy or many is felt by another, and who is turned away is told when to come again."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from helpers import API, call, must, new_run, send
from servers import ApusServer, apus_binary, wait_until

pytestmark = pytest.mark.apus
MEGABYTE = 1_048_576


class LimitedServer(ApusServer):
    """Apus with fewer open files than it would like."""

    def __init__(self, files, **options):
        super().__init__(**options)
        self.files = files

    def command(self):
        return ["prlimit", f"--nofile={self.files}:{self.files}", *super().command()]


def connect(server, timeout=20.0, receive_buffer=None):
    address = urlsplit(server.url)
    connection = socket.socket()
    connection.settimeout(timeout)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect((address.hostname, address.port))
    return connection


def request(method, route, body=b"", length=None):
    length = len(body) if length is None else length
    head = f"{method} {API}{route} HTTP/1.1\r\nHost: localhost\r\n"
    if method == "POST":
        head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
    return head.encode() + b"\r\n" + body


def process_status(server, field):
    with open(f"/proc/{server.process.pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def metrics(server):
    """The figures of `/metrics` by their names with labels."""
    body = send("GET", f"{server.url}/metrics")[1].decode()
    lines = [line.rsplit(" ", 1) for line in body.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_eight_bodies_that_stop_short_of_their_end_stop_nobody():
    with ApusServer() as server, ExitStack() as open_connections:
        size = 32 * MEGABYTE

        def hold():
            connection = open_connections.enter_context(connect(server))
            try:
                connection.sendall(request("POST", "runs/log-batch", length=size) + b" " * (size - 10))
            except OSError:
                pass  # It was told to come again, or had to give way.

        holders = [threading.Thread(target=hold) for _ in range(8)]
        for holder in holders:
            holder.start()
        for holder in holders:
            holder.join(60)
        small = must(server.url, "experiments/create", {"name": "small"})
        assert small["experiment_id"]
        tags = [{"key": f"k{index}", "value": "v" * 4_000} for index in range(260)]

        def passes():
            status, answer = call(server.url, "experiments/create", {"name": "large", "tags": tags})
            assert status in (200, 429), answer
            return status == 200

        # Who has sent nothing for two seconds gives way; without this rule the memory would be held for two minutes.
        wait_until(passes, 10, "a body of 1 MiB to get through")
        assert process_status(server, "VmRSS") < 220 * 1_024


def test_answers_that_nobody_reads_stay_small_and_disturb_nobody():
    with ApusServer() as server, ExitStack() as open_connections:
        tags = [{"key": "w", "value": "a" * 7_900}, {"key": "v", "value": "b" * 6_000}]
        for _ in range(350):
            new_run(server.url, tags=tags)
        run_id = new_run(server.url)
        search = request("POST", "runs/search", json.dumps({"experiment_ids": ["0"], "max_results": 350}).encode())
        for _ in range(600):
            open_connections.enter_context(connect(server, receive_buffer=4_096)).sendall(search)
        for step in range(50):
            assert must(server.url, "runs/get", run_id=run_id)["run"]
            must(server.url, "runs/log-metric", {"run_id": run_id, "key": "k", "value": 1, "timestamp": step})
        # All answers together have 3 GB; the budget is 96 MiB, and each reader has one more in the making.
        assert process_status(server, "VmHWM") < 256 * 1_024
        figures = metrics(server)
        assert 0 < figures['apus_budget_held{budget="answer_bytes"}'] <= figures['apus_budget_limit{budget="answer_bytes"}']
        open_connections.close()
        wait_until(lambda: metrics(server)['apus_budget_held{budget="answer_bytes"}'] == 0, 10, "memory to be given back")


def test_many_pipelined_reads_take_no_threads():
    with ApusServer() as server, connect(server) as connection:
        run_id = new_run(server.url)
        count, highest, answered = 10_000, 0, 0
        sender = threading.Thread(target=lambda: connection.sendall(request("GET", f"runs/get?run_id={run_id}") * count))
        sender.start()
        rest = b""
        while answered < count:
            rest += connection.recv(MEGABYTE)
            answered += rest.count(b"HTTP/1.1 200 OK")
            rest = rest[-14:]
            highest = max(highest, process_status(server, "Threads"))
        sender.join()
        assert highest < 40


def test_who_finds_no_descriptor_is_told_so_and_finds_one_later():
    with LimitedServer(64) as server, ExitStack() as open_connections:
        statuses = []
        for _ in range(300):
            connection = open_connections.enter_context(connect(server))
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            statuses.append(http.client.HTTPResponse(connection, method="GET"))
        for index, answer in enumerate(statuses):
            answer.begin()
            statuses[index] = answer.status
            if answer.status == 429:
                assert 1 <= int(answer.headers["Retry-After"]) <= 30
        assert set(statuses) == {200, 429}
        # Connections that have been idle for a second make room for who comes.
        wait_until(lambda: send("GET", f"{server.url}/health")[0] == 200, 10, "an idle connection to end")


def test_a_log_that_nobody_reads_holds_up_no_request(tmp_path):
    ready = tmp_path / "ready"
    command = [apus_binary(), "server", "--port", "0", "--data-dir", tmp_path / "data", "--ready-file", ready]
    process = subprocess.Popen(
        [*map(str, command), "--log-level", "debug"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        wait_until(ready.exists, 15, "the server to answer")
        address = urlsplit(ready.read_text().strip())
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        for _ in range(5_000):
            connection.request("GET", "/health")
            assert connection.getresponse().read() == b"OK"
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
        dropped = next(line for line in page.splitlines() if line.startswith("apus_log_lines_dropped_total "))
        assert float(dropped.split()[1]) > 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_kept_alive_connections_hear_of_the_stop_before_it():
    with ApusServer() as server:
        address = urlsplit(server.url)
        connections = [http.client.HTTPConnection(address.hostname, address.port, timeout=10) for _ in range(6)]
        for connection in connections:
            connection.request("GET", "/health")
            connection.getresponse().read()
        server.process.send_signal(signal.SIGTERM)

        # Each is asked until it has heard: some requests are answered before the server knows of the signal.
        def have_heard():
            for connection in list(connections):
                connection.request("GET", "/health")
                answer = connection.getresponse()
                assert (answer.status, answer.read()) == (200, b"OK")
                assert answer.headers["Connection"] in ("close", None)
                if answer.headers["Connection"]:
                    connections.remove(connection)
            return not connections

        wait_until(have_heard, 10, "all connections to hear of the stop")
        assert server.process.wait(60) == 0


def test_a_locked_database_is_told_as_a_wait_and_logged_once():
    with ApusServer() as server:
        # From another process, whose lock SQLite respects.
        script = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
            "c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
        )
        database = str(server.data_directory / "apus.db")
        with subprocess.Popen(
            [sys.executable, "-c", script, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as locker:
            assert locker.stdout.readline() == b"locked\n"
            waits = []
            for index in range(2):
                data = json.dumps({"name": f"n{index}"}).encode()
                status, body, headers = send(
                    "POST", server.url + API + "experiments/create", data, {"Content-Type": "application/json"}, timeout=60
                )
                assert (status, json.loads(body)["error_code"]) == (429, "REQUEST_LIMIT_EXCEEDED")
                waits.append(int(headers["Retry-After"]))
            assert all(1 <= wait <= 30 for wait in waits)
            locker.stdin.close()
        assert must(server.url, "experiments/create", {"name": "n"})
        assert server.log().count("locked by another program") == 1


def test_a_long_target_and_doubled_slashes_get_where_they_were_meant():
    with ApusServer(["--static-prefix", "/mlflow"]) as server:
        ids = ", ".join(f"'{index:032x}'" for index in range(500))
        must(server.url, "model-versions/search", filter=f"run_id IN ({ids})")
        root = server.url.removesuffix("/mlflow")
        run_id = new_run(server.url)
        for base in ("", "/", "/mlflow", "/mlflow/", "//mlflow"):
            for path in ("/api/2.0/mlflow//runs/get", "//api/2.0//mlflow/runs//get"):
                assert send("GET", f"{root}{base}{path}?run_id={run_id}")[0] == 200, base + path
        body = json.dumps({"run_id": run_id, "key": "k", "value": "v"}).encode()
        status, *_ = send("POST", f"{root}/api//2.0/mlflow//runs/set-tag", body, {"Content-Type": "application/json"})
        assert status == 200
