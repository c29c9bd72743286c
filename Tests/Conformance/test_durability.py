"""What was acknowledged survives a kill; a polite end is quick and clean; one process owns the data."""

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import mlflow
import pytest

from helpers import call, history, must, new_run, send
from servers import PATIENCE, ApusServer, apus_binary, free_port, wait_until

pytestmark = pytest.mark.apus
WRITERS = 8


class Writers:
    """Threads that log metrics, params and tags until told to stop or cut off, and remember each 200."""

    def __init__(self, uri, run_ids):
        self.uri, self.run_ids = uri, run_ids
        self.acknowledged = {run_id: [] for run_id in run_ids}
        self.statuses = set()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(run_id,), daemon=True) for run_id in run_ids]

    def _write(self, run_id):
        step = 0
        while not self._stop.is_set():
            body = {
                "run_id": run_id,
                "metrics": [{"key": "m", "value": step / 2, "timestamp": step, "step": step}],
                "params": [{"key": f"p{step}", "value": str(step)}],
                "tags": [{"key": "last", "value": str(step)}],
            }
            try:
                status, _ = call(self.uri, "runs/log-batch", body)
            except (OSError, ValueError, http.client.HTTPException):
                return  # the connection was refused, or cut in the middle of an answer
            self.statuses.add(status)
            if status != 200:
                return
            self.acknowledged[run_id].append(step)
            step += 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def count(self):
        return sum(len(steps) for steps in self.acknowledged.values())


def assert_nothing_acknowledged_is_lost(uri, writers):
    for run_id, steps in writers.acknowledged.items():
        points = {(point["step"], point["value"]) for point in history(uri, run_id, "m")}
        assert {(step, step / 2) for step in steps} <= points
        data = must(uri, "runs/get", run_id=run_id)["run"]["data"]
        params = {item["key"]: item["value"] for item in data.get("params", [])}
        assert all(params[f"p{step}"] == str(step) for step in steps)
        # A batch is there whole or not at all.
        assert len(params) == len(points)
        tags = {item["key"]: item["value"] for item in data["tags"]}
        assert int(tags.get("last", -1)) == len(points) - 1


def test_a_killed_server_has_kept_every_acknowledged_write():
    with ApusServer() as server:
        run_ids = [new_run(server.url) for _ in range(WRITERS)]
        for _ in range(2):
            writers = Writers(server.url, run_ids)
            with writers:
                wait_until(lambda: writers.count() >= 200, 30, "two hundred acknowledged writes")
                server.kill()
            assert writers.statuses == {200}
            server.start()
            assert_nothing_acknowledged_is_lost(server.url, writers)
            run_ids = [new_run(server.url) for _ in range(WRITERS)]


def test_an_upload_cut_off_by_a_kill_leaves_no_half_file():
    with ApusServer() as server:
        run = must(server.url, "runs/create", {"experiment_id": "0"})["run"]["info"]
        path = "/api/2.0/mlflow-artifacts/artifacts/0/" + run["run_id"] + "/artifacts/big.bin"
        with socket.create_connection((server.host, server.port), timeout=60) as upload:
            upload.sendall(f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n".encode())
            upload.sendall(b"x" * 2_000_000)
            server.kill()
        server.start()
        assert must(server.url, "artifacts/list", run_id=run["run_id"]).get("files", []) == []
        assert send("GET", server.url + path)[0] == 404
        assert send("PUT", server.url + path, b"y" * 100)[0] == 200
        assert send("GET", server.url + path)[1] == b"y" * 100
        artifacts = server.data_directory / "artifacts"
        wait_until(
            lambda: [file.name for file in artifacts.rglob("*") if file.is_file()] == ["big.bin"],
            10,
            "the left-over of the upload to be swept",
        )


def test_a_polite_end_finishes_what_is_in_flight_and_exits_zero_in_time():
    with ApusServer() as server:
        run_ids = [new_run(server.url) for _ in range(WRITERS)]
        with socket.create_connection((server.host, server.port)) as idle, socket.create_connection(
            (server.host, server.port)
        ) as slow:
            slow.sendall(b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: localhost\r\nContent-")
            idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert idle.recv(100).startswith(b"HTTP/1.1 200")
            writers = Writers(server.url, run_ids)
            with writers:
                wait_until(lambda: writers.count() >= 50, 30, "fifty acknowledged writes")
                began = time.monotonic()
                os.kill(server.pid, signal.SIGTERM)
                assert server.process.wait(60) == 0, server.log()
                # Neither connection is waited for, which may take half a minute and longer.
                assert time.monotonic() - began < 5 * PATIENCE
        assert writers.statuses <= {200, 429}
        server.start()
        assert_nothing_acknowledged_is_lost(server.url, writers)


def test_a_training_outlives_a_restart_of_its_server(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "6")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    with ApusServer(["--port", free_port()]) as server:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("outlives")
        with mlflow.start_run() as run:
            for step in range(20):
                if step == 10:
                    server.kill()
                    restart = threading.Thread(target=server.start)
                    restart.start()
                mlflow.log_metric("m", step, step=step)
            restart.join(30)
        assert [point["step"] for point in history(server.url, run.info.run_id, "m")] == list(range(20))
        assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"


def run_server(*arguments, timeout=60):
    """Starts `apus server` where it should refuse to start. Returns the ended process."""
    port = [] if "--port" in arguments else ["--port", "0"]
    command = [str(apus_binary()), "server", "--host", "127.0.0.1", *port, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout)


def test_a_second_server_on_the_same_data_is_refused_and_told_who_has_it():
    with ApusServer() as server:
        second = run_server("--data-dir", server.data_directory, "--ready-file", server.ready_path)
        assert server.ready_path.read_text().strip() == server.url
        assert second.returncode not in (0, -signal.SIGSEGV, -signal.SIGILL, -signal.SIGTRAP)
        assert second.stdout == ""
        assert str(server.pid) in second.stderr
        assert send("GET", f"{server.url}/health")[1] == b"OK"
        run_id = new_run(server.url)
        server.kill()
        server.start()  # the owner died without a word: its claim is void
        assert must(server.url, "runs/get", run_id=run_id)


def test_a_database_of_another_make_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT)")
    database.close()
    before = path.read_bytes()
    refused = run_server("--backend-store-uri", f"sqlite:///{path}", "--data-dir", tmp_path / "data")
    assert refused.returncode > 0
    assert "mlflow.db" in refused.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("uri", ["oracle://localhost/mlflow", "mysql://localhost/mlflow"])
def test_a_store_that_is_not_offered_is_refused_with_what_works(uri, tmp_path):
    refused = run_server("--backend-store-uri", uri, "--data-dir", tmp_path / "data")
    assert refused.returncode > 0
    assert "sqlite" in refused.stderr


def test_a_taken_port_is_an_error_that_names_it(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run_server("--port", port, "--data-dir", tmp_path / "data")
        assert refused.returncode > 0
        assert str(port) in refused.stderr
        assert not list((tmp_path / "data").rglob("*.db*")), "a start that is refused leaves no database"
