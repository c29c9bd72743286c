"""A start beside a server that has the data already, and the recipe of the docs for notebooks, run twice."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile

import pytest

from helpers import must, new_run, send
from servers import REPOSITORY, ApusServer, apus_binary, wait_until
from test_signals import stalled_upload

pytestmark = pytest.mark.apus


def start_beside(server, *arguments):
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", server.data_directory, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_refusal_names_the_owner_and_its_address():
    with ApusServer(["--static-prefix", "/mlflow"]) as server:
        second = start_beside(server, "--ready-file", server.ready_path)
        assert second.returncode == 1
        assert second.stdout == ""
        assert f"(pid {server.pid})" in second.stderr
        assert server.url.endswith("/mlflow")
        assert f" {server.url}: " in second.stderr
        assert len(second.stderr.splitlines()) == 1
        assert server.ready_path.read_text() == f"{server.url}\n"


def test_with_reuse_the_running_server_will_do(tmp_path):
    with ApusServer() as server:
        for ready in [server.ready_path, tmp_path / "ready"]:
            second = start_beside(server, "--reuse", "--ready-file", ready)
            assert (second.returncode, second.stderr) == (0, "")
            database = server.data_directory / "apus.db"
            assert second.stdout == f"Apus is already running at {server.url}, database {database}\n"
            assert ready.read_text() == f"{server.url}\n"
        assert send("GET", f"{server.url}/health")[1] == b"OK"


def test_with_reuse_and_nothing_running_a_server_starts():
    with ApusServer(["--reuse"]) as server:
        run_id = new_run(server.url)
        server.kill()
        server.start()
        assert must(server.url, "runs/get", run_id=run_id)


def test_with_reuse_a_server_that_stops_is_waited_for(tmp_path):
    with ApusServer() as first:
        run_id = new_run(first.url)
        with stalled_upload(first, run_id):
            first.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not first.ready_path.exists(), 5, "the server to stop")
            # It is held where it is, so that it does not end meanwhile.
            first.process.send_signal(signal.SIGSTOP)
            refused = start_beside(first)
            first.process.send_signal(signal.SIGCONT)
            assert "is just starting or stopping" in refused.stderr
            with ApusServer(["--reuse", "--data-dir", first.data_directory], directory=tmp_path) as second:
                assert first.process.wait(60) == 0
                assert second.url != first.url
                assert must(second.url, "runs/get", run_id=run_id)


def test_the_address_of_another_machine_is_not_taken_for_one_of_this(tmp_path):
    with ApusServer() as server:
        lock = server.data_directory / "apus.db.lock"
        pid, address, machine, key, mark = lock.read_text().splitlines()
        # What a command on this machine shows to the server.
        assert key.startswith("key apus_") and lock.stat().st_mode & 0o077 == 0
        assert (int(pid), address, machine) == (server.pid, server.url, os.uname().nodename)
        lock.write_text(f"{pid}\n{address}\nanother-machine\n{key}\n{mark}\n")
        second = start_beside(server, "--reuse", "--ready-file", tmp_path / "ready")
        assert second.returncode == 1
        assert "another machine" in second.stderr
        assert not (tmp_path / "ready").exists()


@pytest.fixture
def recipe(tmp_path):
    """The cell of docs/running.md, with the folders of this test in place of Colab's."""
    text = (REPOSITORY / "docs/running.md").read_text()
    cell = next(code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "subprocess" in code)
    package = tmp_path / "package" / "apus-0"
    package.mkdir(parents=True)
    shutil.copy(apus_binary(), package / "apus")
    with tarfile.open(tmp_path / "apus.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(package, "apus-0")
    for old, new in [
        ("/content/apus.tar.gz", f"{tmp_path}/apus.tar.gz"),
        ("/content/drive/MyDrive/apus", f"{tmp_path}/drive/apus"),
        ('"/tmp/apus-data"', f'"{tmp_path}/data"'),
        ('"/tmp/apus"', f'"{tmp_path}/home"'),
        ('"/tmp/apus.log"', f'"{tmp_path}/apus.log"'),
    ]:
        assert cell.count(old) == 1
        cell = cell.replace(old, new)
    (tmp_path / "drive").mkdir()
    yield cell
    lock = tmp_path / "data/apus.db.lock"
    # The server is nobody's child by now: it is gone when its lock file names no owner.
    if lock.exists() and (pid := lock.read_text().partition("\n")[0]):
        os.kill(int(pid), signal.SIGTERM)
        wait_until(lambda: not lock.read_text().partition("\n")[0], 10, "the server to end")


KERNEL = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
scope = {"__name__": "__main__"}
for line in sys.stdin:
    try:
        exec(open(sys.argv[1]).read(), scope)
        import time; time.sleep(float(line))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


class Kernel:
    """A process that runs the cell once for each line it gets, then sleeps for that time."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", KERNEL, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def interrupt(self):
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.stdout.readline().strip()

    def restart(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def test_the_cell_of_the_readme_finds_its_server_again(recipe, tmp_path):
    cell = tmp_path / "cell.py"
    cell.write_text(recipe)
    kernel = Kernel(cell)
    try:
        url = kernel.run(0)
        run_id = new_run(url)
        assert kernel.run(60) == url
        assert kernel.interrupt() == "interrupted"
        assert kernel.run(0) == url
        kernel.restart()
        kernel = Kernel(cell)
        assert kernel.run(0) == url
        assert must(url, "runs/get", run_id=run_id)
        # A server that was killed leaves its ready file and its lock file behind.
        os.kill(int((tmp_path / "data/apus.db.lock").read_text().splitlines()[0]), signal.SIGKILL)
        fresh = kernel.run(0)
        assert must(fresh, "runs/get", run_id=run_id)
    finally:
        kernel.restart()
