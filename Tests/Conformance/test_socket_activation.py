"""Listening sockets that a service manager holds (LISTEN_FDS), and what it is told (NOTIFY_SOCKET)."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from activation import listening, start_activated
from helpers import history, must, new_run
from servers import REPOSITORY, apus_binary, wait_until

pytestmark = pytest.mark.apus

CLIENT_2_22 = os.environ.get("APUS_CLIENT_2_22") or REPOSITORY / ".venv-2.22/bin/python"


def url_of(held):
    return "http://127.0.0.1:{}".format(held.getsockname()[1])


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


class Manager:
    """Holds a socket as systemd does, and listens for the words of the servers that it starts on it."""

    def __init__(self, folder, abstract=False):
        self.folder = folder
        self.held = listening()
        self.words = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.words.settimeout(20)
        place = f"apus-test-{os.getpid()}-{self.held.getsockname()[1]}" if abstract else str(folder / "notify")
        self.words.bind("\0" + place if abstract else place)
        self.place = "@" + place if abstract else place
        self.log = open(folder / "log", "ab")
        self.process = None

    def start(self, *arguments):
        self.process = start_activated(
            [self.held],
            ["--data-dir", self.folder / "data", *arguments],
            {"NOTIFY_SOCKET": self.place},
            stdout=self.log,
            stderr=self.log,
        )

    def word(self):
        return self.words.recv(4096).decode().splitlines()

    def close(self):
        if self.process is not None:
            stop(self.process)
        for each in (self.held, self.words, self.log):
            each.close()


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_a_request_waits_in_the_queue_until_a_server_takes_it(manager):
    connection = http.client.HTTPConnection("127.0.0.1", manager.held.getsockname()[1], timeout=60)
    connection.request("GET", "/health")
    manager.start()
    assert connection.getresponse().read() == b"OK"
    connection.close()


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_is_told_of_the_start_and_the_stop(tmp_path, abstract):
    manager = Manager(tmp_path, abstract)
    try:
        manager.start()
        assert manager.word() == ["READY=1", f"STATUS=Serving at {url_of(manager.held)}"]
        assert must(url_of(manager.held), "runs/get", run_id=new_run(url_of(manager.held)))
        manager.process.send_signal(signal.SIGTERM)
        assert manager.word()[0] == "STOPPING=1"
        assert manager.process.wait(60) == 0
    finally:
        manager.close()


def test_the_host_and_the_port_that_are_given_beside_do_nothing_and_say_so(manager):
    manager.start("--host", "0.0.0.0", "--port", "1")
    assert manager.word()[0] == "READY=1"
    log = manager.folder / "log"
    wait_until(lambda: f" at {url_of(manager.held)}, " in log.read_text(), 10, "the line of the start")
    assert "--host '0.0.0.0' has no effect here" in log.read_text()
    assert "--port '1' has no effect here" in log.read_text()


def test_a_unix_socket_and_a_port_serve_together(tmp_path):
    path, held = tmp_path / "apus.sock", listening()
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(path))
    unix.listen(16)
    process = start_activated([unix, held], ["--data-dir", tmp_path / "data"], stdout=subprocess.PIPE, text=True)
    try:
        assert f" at {url_of(held)}, " in process.stdout.readline()
        run_id = new_run(url_of(held))
        assert run_id in over_unix(path, f"/api/2.0/mlflow/runs/get?run_id={run_id}")
    finally:
        assert stop(process) == 0
        process.stdout.close()
        unix.close()
        held.close()


def test_a_unix_socket_alone_serves_and_names_itself(tmp_path):
    path = tmp_path / "apus.sock"
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(path))
    unix.listen(16)
    process = start_activated([unix], ["--data-dir", tmp_path / "data"], stdout=subprocess.PIPE, text=True)
    try:
        assert f" at unix:{path}, " in process.stdout.readline()
        assert over_unix(path, "/health") == "OK"
    finally:
        assert stop(process) == 0
        process.stdout.close()
        unix.close()


def over_unix(path, target):
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    connection.sock.connect(str(path))
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()


def test_a_descriptor_that_does_not_listen_is_refused(tmp_path):
    with socket.socket() as idle:
        process = start_activated([idle], ["--data-dir", tmp_path / "data"], stderr=subprocess.PIPE, text=True)
        errors = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "descriptor 3, which was handed over, is no socket that listens" in errors


def test_variables_for_another_process_are_left_alone(tmp_path):
    ready = tmp_path / "ready"
    with listening() as held:
        process = subprocess.Popen(
            [str(apus_binary()), "server", "--port", "0", "--data-dir", tmp_path / "data", "--ready-file", ready],
            env={**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"},
            pass_fds=[held.fileno()],
            stdout=subprocess.DEVNULL,
        )
        try:
            url = wait_until(lambda: ready.exists() and ready.read_text().strip(), 15, "the server")
            assert url != url_of(held)
        finally:
            assert stop(process) == 0


@pytest.mark.parametrize("python", [sys.executable, CLIENT_2_22], ids=["3.17", "2.22"])
def test_restarts_under_64_writers_fail_no_call(manager, python):
    """The bar: clients that repeat nothing see no failure while one server after another takes the socket."""
    restarts = int(os.environ.get("APUS_RESTARTS", "4"))
    manager.start()
    assert manager.word()[0] == "READY=1"
    url = url_of(manager.held)
    load = subprocess.Popen(
        [str(python), REPOSITORY / "Tests/Conformance/restart_load.py", url, "64"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert load.stdout.readline() == "writing\n"
        for _ in range(restarts):
            before = runs(url)
            wait_until(lambda: runs(url) > before, 30, "the writers to go on")
            manager.process.send_signal(signal.SIGTERM)
            assert manager.word()[0] == "STOPPING=1"
            assert manager.process.wait(60) == 0
            manager.start()
            assert manager.word()[0] == "READY=1"
        before = runs(url)
        wait_until(lambda: runs(url) > before, 30, "the writers to go on")
        outcome = json.loads(load.communicate("\n", timeout=90)[0].splitlines()[-1])
    finally:
        if load.poll() is None:
            load.kill()
            load.wait()
    assert outcome["failures"] == []
    assert outcome["calls"] > 64
    print(f"{outcome['calls']} calls over {restarts} restarts")
    for run_id, points in list(outcome["points"].items())[::10]:
        assert len(history(url, run_id, "loss")) == points


def runs(url):
    """How many requests for new runs the server has answered since its start."""
    connection = http.client.HTTPConnection("127.0.0.1", int(url.rsplit(":", 1)[1]), timeout=60)
    connection.request("GET", "/metrics", headers={"Connection": "close"})
    text = connection.getresponse().read().decode()
    connection.close()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if line.startswith("apus_http_requests_total{") and "runs/create" in line
    )
