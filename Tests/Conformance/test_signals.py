"""What signals do to a server: in a notebook, in a terminal, under nohup, in a container."""

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from helpers import new_run, send
from servers import ApusServer, apus_binary, wait_until

pytestmark = pytest.mark.apus


class TerminalServer:
    """A server in a terminal of its own, started through a shell command that begins with `exec`."""

    def __init__(self, folder, prefix="exec"):
        self.ready, self.log = folder / "ready", folder / "log"
        command = (
            f"{prefix} {apus_binary()} server --port 0 --data-dir {folder}/data --ready-file {self.ready} 2>{self.log}"
        )
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execv("/bin/sh", ["sh", "-c", command])
        self.status = None
        self.url = wait_until(lambda: self.ready.exists() and self.ready.read_text().strip(), 10, "the ready file")

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def type(self, key):
        os.write(self.terminal, key)

    def hang_up(self):
        os.close(self.terminal)
        self.terminal = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.terminal is not None:
            os.close(self.terminal)


def answers(url):
    return send("GET", f"{url}/health")[1] == b"OK"


def test_a_key_in_its_terminal_ends_the_server(tmp_path):
    with TerminalServer(tmp_path) as server:
        assert answers(server.url)
        server.type(b"\x03")
        wait_until(server.has_ended, 10, "the server to end")
        assert server.status == 0
        assert "SIGINT" in server.log.read_text()
        assert "the terminal" in server.log.read_text()
        assert not server.ready.exists()


def test_the_end_of_its_terminal_ends_the_server_in_order(tmp_path):
    with TerminalServer(tmp_path) as server:
        server.hang_up()
        wait_until(server.has_ended, 10, "the server to end")
        assert server.status == 0
        assert "SIGHUP" in server.log.read_text()


def test_under_nohup_it_outlives_its_terminal(tmp_path):
    with TerminalServer(tmp_path, "exec nohup") as server:
        server.hang_up()
        assert answers(server.url)
        os.kill(server.pid, signal.SIGHUP)
        assert answers(server.url)
        assert not server.has_ended()


def test_an_interrupt_that_was_ignored_at_the_start_stays_ignored(tmp_path):
    with TerminalServer(tmp_path, "trap '' INT; exec") as server:
        server.type(b"\x03")
        os.kill(server.pid, signal.SIGINT)
        assert answers(server.url)
        assert not server.has_ended()
        os.kill(server.pid, signal.SIGTERM)
        wait_until(server.has_ended, 10, "the server to end")
        assert server.status == 0
        assert "SIGINT" not in server.log.read_text()


NOTEBOOK = """
import subprocess, sys, time
server = subprocess.Popen(sys.argv[1:])
for turn in range(2):
    try:
        if turn == 0:
            print(server.pid, flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def test_an_interrupt_of_a_cell_leaves_the_server_alone(tmp_path):
    ready, log = tmp_path / "ready", tmp_path / "log"
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", tmp_path / "data", "--ready-file", ready]
    with open(log, "w") as errors:
        # As jupyter_client does it: the kernel has a session, and an interrupt goes to all of its group.
        kernel = subprocess.Popen(
            [sys.executable, "-c", NOTEBOOK, *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    pid = int(kernel.stdout.readline())
    try:
        url = wait_until(lambda: ready.exists() and ready.read_text().strip(), 10, "the ready file")
        assert kernel.stdout.readline().startswith("Apus ")
        os.killpg(kernel.pid, signal.SIGINT)
        assert kernel.stdout.readline() == "interrupted\n"
        wait_until(lambda: "SIGINT" in log.read_text(), 5, "a word on the interrupt")
        assert "the signal is ignored" in log.read_text()
        assert answers(url)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not ready.exists(), 10, "the server to stop")
        wait_until(lambda: "signal=SIGTERM" in log.read_text(), 5, "a word on the stop")
        assert f"pid {os.getpid()}" in log.read_text()
    finally:
        os.killpg(kernel.pid, signal.SIGKILL)
        kernel.wait()
        kernel.stdout.close()


def stalled_upload(server, run_id):
    """An upload that is not done: it holds up the stop."""
    upload = socket.create_connection((server.host, server.port), timeout=60)
    upload.sendall(
        f"PUT /api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/f HTTP/1.1\r\n"
        "Host: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    # From here on the server knows of it.
    assert upload.recv(100).startswith(b"HTTP/1.1 100")
    upload.sendall(b"12345")
    return upload


def test_a_second_signal_ends_it_at_once(tmp_path):
    with ApusServer() as server:
        with stalled_upload(server, new_run(server.url)):
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not server.ready_path.exists(), 5, "the server to stop")

            # The upload holds it up. Signals of the first half second are echoes, and the next one ends it; without one it
            # would end with 0.
            def has_ended():
                server.process.send_signal(signal.SIGTERM)
                return server.process.poll() is not None

            wait_until(has_ended, 10, "the server to end")
            assert server.process.wait() == 128 + signal.SIGTERM


def test_the_same_signal_passed_on_by_a_wrapper_cuts_nothing(tmp_path):
    with ApusServer() as server:
        with stalled_upload(server, new_run(server.url)) as upload:
            for _ in range(3):
                server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not server.ready_path.exists(), 5, "the server to stop")
            upload.sendall(b"67890")
            assert upload.recv(100).startswith(b"HTTP/1.1 200")
        assert server.process.wait(60) == 0


@pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare")
def test_an_interrupt_ends_the_first_process_of_a_container(tmp_path):
    ready = tmp_path / "ready"
    # Their child is the first process of its namespace, as in a container, and has no terminal.
    container = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*container, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not allow namespaces")
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", str(tmp_path / "data")]
    process = subprocess.Popen(
        [*container, *command, "--ready-file", str(ready)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(ready.exists, 10, "the ready file")
        children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
        os.kill(int(children[0]), signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == 0
        assert "signal=SIGINT" in errors
        assert not ready.exists()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
