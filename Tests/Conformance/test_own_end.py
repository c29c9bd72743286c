"""`--idle-exit` and `--parent-pid`: a server that ends by itself, in order."""

import http.client
import signal
import subprocess
import sys

import pytest

from helpers import must, new_run
from servers import ApusServer, apus_binary, wait_until

pytestmark = pytest.mark.apus


def wait_for_the_end(server):
    assert server.process.wait(60) == 0
    assert not server.ready_path.exists()
    assert server.data_directory.joinpath("apus.db.lock").read_text().splitlines()[:1] == [""]


def test_an_unused_server_ends_in_order_and_loses_nothing():
    with ApusServer(["--idle-exit", "1s"]) as server:
        run_id = new_run(server.url)
        wait_for_the_end(server)
        assert "--idle-exit" in server.log()
        server.arguments = []
        server.start()
        assert must(server.url, "runs/get", run_id=run_id)


def test_an_open_connection_keeps_the_server():
    with ApusServer(["--idle-exit", "1s"]) as server:
        first = http.client.HTTPConnection(server.host, server.port, timeout=60)
        first.connect()
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(2.5)
        first.request("GET", "/health")
        assert first.getresponse().read() == b"OK"
        first.close()
        wait_for_the_end(server)


def test_the_time_may_stand_in_the_environment():
    with ApusServer(environment={"APUS_IDLE_EXIT": "1s"}) as server:
        wait_for_the_end(server)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_its_parent_however_that_ends(end):
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with ApusServer(["--parent-pid", parent.pid]) as server:
            run_id = new_run(server.url)
            parent.send_signal(end)
            # Nobody has asked for the status of the parent yet.
            wait_for_the_end(server)
            assert f"pid={parent.pid}" in server.log()
        assert run_id
    finally:
        parent.kill()
        parent.wait()
        parent.stdin.close()


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--idle-exit", "0s"], "--idle-exit '0s': use a time"),
        (["--idle-exit", "soon"], "--idle-exit 'soon': use a time"),
        (["--parent-pid", "0"], "--parent-pid '0': use the id"),
        (["--parent-pid", "x"], "--parent-pid 'x': use the id"),
    ],
)
def test_values_that_are_none_are_refused(tmp_path, arguments, complaint):
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", str(tmp_path / "data"), *arguments]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 1
    assert complaint in outcome.stderr
    assert not (tmp_path / "data").exists()


def test_a_parent_that_is_gone_already_is_refused(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", str(tmp_path / "data")]
    outcome = subprocess.run([*command, "--parent-pid", str(gone.pid)], capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 1
    assert f"--parent-pid '{gone.pid}': there is no such process" in outcome.stderr
