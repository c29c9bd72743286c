"""`apus.start`: a server as an object, and what happens when things go wrong around it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from conftest import REPOSITORY, owner_of, servers_of
from servers import free_port, wait_until

SERVE = """
import sys, apus
server = apus.start(sys.argv[1], **eval(sys.argv[2]))
print(server.uri, flush=True)
for line in sys.stdin:
    print(eval(line), flush=True)
"""


class Process:
    """A Python process that has called `start`; it evaluates lines with `server` and prints the result."""

    def __init__(self, installed, folder, **options):
        self.process = installed.start(SERVE, folder, options)
        self.uri = self.process.stdout.readline().strip()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def answers(uri):
    with urllib.request.urlopen(f"{uri}/health", timeout=60) as answer:
        return answer.read() == b"OK"


def new_run(uri):
    body = json.dumps({"experiment_id": "0"}).encode()
    address = f"{uri}/api/2.0/mlflow/runs/create"
    request = urllib.request.Request(address, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["run"]["info"]["run_id"]


def has_run(uri, run_id):
    with urllib.request.urlopen(f"{uri}/api/2.0/mlflow/runs/get?run_id={run_id}", timeout=60) as answer:
        return json.load(answer)["run"]["info"]["run_id"] == run_id


def test_a_context_manager_ends_its_server(installed, data):
    code = """
import sys, urllib.request, apus
with apus.start(sys.argv[1]) as server:
    assert server.is_own
    assert urllib.request.urlopen(server.uri + "/health").read() == b"OK"
    assert server.uri in server.log and server.log_path.startswith(server.folder)
try:
    urllib.request.urlopen(server._keeper._uri + "/health")
except OSError:
    print("ended")
"""
    assert installed.run(code, data) == "ended\n"
    assert owner_of(data) is None
    assert sorted(path.name for path in data.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_its_process_however_that_ends(installed, data, end):
    with Process(installed, data) as process:
        assert answers(process.uri)
        process.process.send_signal(end)
        wait_until(lambda: not servers_of(data), 15, "the server to end")
    assert owner_of(data) is None


def test_a_server_may_stay_and_is_found_again(installed, data):
    with Process(installed, data, ends_with_process=False, idle_exit="10m") as process:
        uri = process.uri
    with Process(installed, data) as process:
        assert process.uri == uri
        assert process.say("server.is_own") == "False"
    os.kill(owner_of(data), signal.SIGTERM)


def test_a_port_in_use_is_no_problem(installed, data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with Process(installed, data, port=taken.getsockname()[1]) as process:
            assert not process.uri.endswith(f":{taken.getsockname()[1]}")
            assert answers(process.uri)


def test_a_wanted_port_is_taken(installed, data):
    port = free_port()
    with Process(installed, data, port=port) as process:
        assert process.uri == f"http://127.0.0.1:{port}"


def test_a_second_process_gets_the_same_server_and_keeps_it_when_the_first_ends(installed, data):
    with Process(installed, data) as first, Process(installed, data) as second:
        assert first.uri == second.uri
        run_id = new_run(first.uri)
        first.process.kill()
        first.process.wait()
        wait_until(lambda: second.say("server.is_own") == "True", 15, "the second process to have a server")
        # The address stays, so that a child that was given it does not notice.
        assert second.say("server.uri") == first.uri
        assert has_run(first.uri, run_id)


def test_a_killed_server_comes_back_at_its_address(installed, data):
    with Process(installed, data) as process:
        run_id = new_run(process.uri)
        killed = owner_of(data)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: owner_of(data) not in (None, killed), 15, "another server")
        assert process.say("server.uri") == process.uri
        assert has_run(process.uri, run_id)


def test_a_process_that_comes_after_a_kill_starts_the_server_at_the_address_of_the_killed_one(installed, data):
    arguments = ["server", "--reuse", "--data-dir", data, "--port", "0"]
    with subprocess.Popen([installed.apus, *arguments], stderr=subprocess.DEVNULL) as server:
        lock = data / "apus.db.lock"
        wait_until(lambda: lock.exists() and "http" in lock.read_text(), 10, "the server's address")
        address = lock.read_text().splitlines()[1]
        server.kill()
    with Process(installed, data) as process:
        assert process.uri == address
        assert answers(address)


def test_folders_are_those_of_the_start_and_may_be_beneath_the_home_folder(installed, tmp_path):
    code = """
import os, signal, apus
server = apus.start("~/data", snapshot_to="snapshots")
os.chdir("/")
killed = server._keeper.process.pid
os.kill(killed, signal.SIGKILL)
while (process := server._keeper.process) is None or process.pid == killed:
    server.uri
with open(f"/proc/{process.pid}/cmdline") as file:
    print(server.folder, *file.read().split(chr(0)))
"""
    words = installed.run(code, cwd=tmp_path, HOME=str(tmp_path)).split()
    assert words[0] == f"{tmp_path}/data"
    assert words[words.index("--snapshot-to") + 1] == f"{tmp_path}/snapshots"
    wait_until(lambda: not servers_of(tmp_path / "data"), 15, "the server to end")


def test_a_forked_child_does_not_take_the_server_of_its_parent_away(installed, data):
    code = """
import os, sys, urllib.request, apus
server = apus.start(sys.argv[1])
child = os.fork()
if child == 0:
    assert not server.is_own
    assert urllib.request.urlopen(server.uri + "/health").read() == b"OK"
    server.stop()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert server.is_own
assert urllib.request.urlopen(server.uri + "/health").read() == b"OK"
server.stop()
"""
    installed.run(code, data)
    assert owner_of(data) is None


def test_a_failure_says_what_the_server_said(installed, data):
    data.mkdir()
    (data / "apus.db").write_text("no database at all, but long enough to be looked at. " * 40)
    process = installed.start(SERVE, data, {})
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert last.startswith("apus._failures.ServerFailed: apus: ")
    assert "apus.db" in last


def test_variables_for_other_servers_change_neither_the_place_nor_the_address(installed, data, tmp_path):
    code = """
import sys, urllib.request, apus
with apus.start(sys.argv[1]) as server:
    assert urllib.request.urlopen(server.uri + "/health").read() == b"OK"
    print(server.uri)
"""
    elsewhere = tmp_path / "elsewhere.db"
    others = {
        "APUS_SSL_CERTFILE": "/etc/apus/chain.pem",
        "APUS_SSL_KEYFILE": "/etc/apus/key.pem",
        "MLFLOW_ARTIFACTS_PRESIGNED_ONLY": "true",
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{elsewhere}",
        "MLFLOW_ENABLE_WORKSPACES": "true",
        "MLFLOW_REGISTRY_STORE_URI": f"sqlite:///{elsewhere}",
        "MLFLOW_STATIC_PREFIX": "/x",
        "MLFLOW_UVICORN_OPTS": "--ssl-certfile /etc/apus/chain.pem --ssl-keyfile /etc/apus/key.pem",
        "PORT": "1",
    }
    uri = installed.run(code, data, **others)
    assert uri.startswith("http://127.0.0.1:") and uri.count("/") == 2
    assert (data / "apus.db").exists()
    assert not elsewhere.exists()


def test_without_the_program_the_failure_says_so(installed, data):
    code = """
import sys, apus
try:
    apus.start(sys.argv[1])
except apus.ServerFailed as failure:
    print(failure)
"""
    assert "No such file" in installed.run(code, data, APUS_BINARY=str(data / "absent"))


# The variables of a server that hold for one that Python starts too: how data is kept, and how requests are answered.
KEPT = {
    "APUS_AUDIT",
    "APUS_AUDIT_RETENTION",
    "APUS_DATABASE_LOG_LIMIT",
    "APUS_DEDUPLICATE_ARTIFACTS",
    "APUS_KEEP_FREE",
    "APUS_RECOGNIZE_RETRIES",
    "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
    "MLFLOW_TRUNCATE_LONG_VALUES",
}


def test_each_variable_of_a_server_is_foreign_to_one_of_a_notebook_or_is_meant_for_it(installed):
    server = (REPOSITORY / "docs/configuration.md").read_text().partition("## `apus run`")[0]
    rows = [line.split("|") for line in server.splitlines() if line.startswith("|")]
    known = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row[2])}
    assert len(known) > 40
    foreign = set(installed.run("from apus._launch import _foreign_variables\nprint(*_foreign_variables)").split())
    assert known - foreign == KEPT
    # What the server takes from a service manager is no setting.
    assert foreign - known == {"LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"}


def test_no_variable_of_a_server_for_others_keeps_the_client_away(with_client, data):
    others = {
        "APUS_UI": "/nowhere",
        "APUS_UPSTREAM": "no address",
        "MLFLOW_ARTIFACTS_ONLY": "true",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "ml.example.org",
        "MLFLOW_SERVER_X_FRAME_OPTIONS": "nonsense",
        "LISTEN_FDS": "many",
    }
    code = """
import sys, mlflow, apus
with apus.start(sys.argv[1]) as server:
    mlflow.set_tracking_uri(server.uri)
    mlflow.log_metric("loss", 0.5)
    mlflow.end_run()
print("logged")
"""
    assert with_client("3.17").run(code, data, **others).splitlines()[-1] == "logged"


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--backend-store-uri", "sqlite:///other.db"], "name the folder of the other one"),
        (["--backend-store-uri=sqlite:///other.db"], "name the folder of the other one"),
        (["--artifacts-only"], "the MLflow client needs runs too"),
        (["--ssl-certfile", "chain.pem"], "without https"),
        (["--port", "1"], "use port="),
        ("--ui mlflow", "use a list"),
    ],
)
def test_arguments_that_take_the_server_out_of_reach_are_refused(installed, data, arguments, said):
    code = """
import sys, apus
try:
    apus.start(sys.argv[1], arguments=eval(sys.argv[2]))
except ValueError as failure:
    print(failure)
"""
    assert said in installed.run(code, data, [*arguments] if isinstance(arguments, list) else repr(arguments))
    assert not data.exists()


@pytest.mark.parametrize(
    "options",
    [
        "folder=''",
        "folder='a\\0b'",
        "folder=7",
        "port=80000",
        "port=-1",
        "timeout=float('inf')",
        "timeout=float('nan')",
        "timeout=0",
        "snapshot_to=''",
    ],
)
def test_what_cannot_be_is_refused_by_its_name_and_leaves_nothing(installed, tmp_path, options):
    code = f"""
import apus
try:
    apus.start({options})
except ValueError as failure:
    print(failure)
"""
    assert installed.run(code, cwd=tmp_path).startswith(options.partition("=")[0] + ":")
    assert list(tmp_path.iterdir()) == []


def test_a_start_that_fails_leaves_no_folder_behind(installed, tmp_path):
    code = """
import sys, apus
try:
    apus.start(sys.argv[1], arguments=["--nonsense"])
except apus.ServerFailed as failure:
    print(failure)
"""
    assert "--nonsense" in installed.run(code, tmp_path / "deep/data")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "data").mkdir()
    installed.run(code, tmp_path / "data")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["apus.log"]
    (tmp_path / "file").touch()
    assert "is a file" in installed.run(code, tmp_path / "file")


def test_a_folder_may_be_bytes_and_a_current_folder_that_is_gone_is_told(installed, data, tmp_path):
    code = """
import os, sys, apus
with apus.start(os.fsencode(sys.argv[1])) as server:
    print(server.folder)
os.mkdir("gone")
os.chdir("gone")
os.rmdir("../gone")
for call in [apus.start, lambda: apus.setup("mine")]:
    try:
        call()
    except apus.ServerFailed as failure:
        print(failure)
"""
    said = installed.run(code, data, cwd=tmp_path).splitlines()
    assert said[0] == str(data)
    assert len(said) == 3 and all("The current folder is gone" in line for line in said[1:])


# Stands for the program: holds the lock of the database, as a server that restores a snapshot, until it is let go.
SLOW = """#!%s
import fcntl, os, sys
folder = sys.argv[sys.argv.index("--data-dir") + 1]
lock = open(folder + "/apus.db.lock", "a+")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    os.execv(%r, ["apus", *sys.argv[1:]])
lock.write(f"{os.getpid()}\\n")
lock.flush()
print("apus: restoring the snapshot 'drive/7': 1 of 9 MB checked", file=sys.stderr, flush=True)
open(%r).read()
os.execv(%r, ["apus", *sys.argv[1:]])
"""


def command_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_server_that_takes_long_to_start_is_waited_for_with_a_word_and_goes_on_when_the_time_is_over(
    installed, data, tmp_path
):
    program, gate = tmp_path / "slow", tmp_path / "gate"
    os.mkfifo(gate)
    program.write_text(SLOW % (sys.executable, str(installed.apus), str(gate), str(installed.apus)))
    program.chmod(0o755)
    code = """
import sys, apus
from apus import _launch
_launch._WORD_SECONDS = 2.0
folder, gate = sys.argv[1:]
try:
    apus.start(folder, timeout=5)
except apus.ServerFailed as failure:
    print(failure, flush=True)
sys.stdin.readline()
server = apus.start(folder)
assert server.is_own
print(server.uri, flush=True)
sys.stdin.read()
"""
    process = installed.start(code, data, gate, APUS_BINARY=str(program))
    try:
        said = process.stdout.readline()
        assert "did not answer within 5 s" in said and "It goes on" in said
        assert "restoring the snapshot 'drive/7': 1 of 9 MB checked" in said
        assert owner_of(data) == servers_of(data)[0]
        process.stdin.write("\n")
        process.stdin.flush()
        # The second one has found the lock taken: otherwise it could get it from the first, and nobody opens a second gate.
        wait_until(lambda: any(command_of(pid).startswith(b"apus\0") for pid in servers_of(data)), 15, "the second start")
        # Open for writing when the program reads from it, which it does from before the word on.
        gate.write_text("go")
        uri = process.stdout.readline().strip()
        assert answers(uri)
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == 0, errors
        assert "has been starting for" in errors and "restoring the snapshot" in errors
    finally:
        process.kill()
        process.communicate()


def test_a_folder_that_was_removed_gets_another_server_at_the_next_start(installed, data):
    with Process(installed, data) as process:
        uri, killed = process.uri, owner_of(data)
        new_run(uri)
        shutil.rmtree(data)
        assert process.say("apus.start(sys.argv[1]).uri") == uri
        assert owner_of(data) not in (None, killed) and servers_of(data) == [owner_of(data)]
        assert (data / "apus.db").exists()
        run_id = new_run(uri)
        assert has_run(uri, run_id)
        process.process.stdin.close()
        assert "was removed or replaced" in process.process.stderr.read()


def test_a_database_that_was_replaced_is_served_by_another_server(installed, data):
    with Process(installed, data) as process:
        killed = owner_of(data)
        (data / "apus.db").rename(data / "old.db")
        shutil.copy(data / "old.db", data / "apus.db")
        assert process.say("server.uri") == process.uri
        assert owner_of(data) not in (None, killed)


def test_a_server_that_takes_calls_and_does_not_answer_is_told_within_a_bounded_time(installed, data):
    arguments = ["server", "--port", "0", "--data-dir", data, "--ready-file", data.parent / "ready"]
    code = """
import sys, apus
from apus import _keeper
_keeper._ANSWER_SECONDS = 0.6
try:
    apus.start(sys.argv[1])
except apus.ServerFailed as failure:
    print(failure)
"""
    with subprocess.Popen([installed.apus, *arguments], stdout=subprocess.DEVNULL) as server:
        try:
            wait_until((data.parent / "ready").exists, 10, "the server")
            server.send_signal(signal.SIGSTOP)
            process = installed.start(code, data)
            output, errors = process.communicate(timeout=60)
            assert f"(process {server.pid}) has not answered" in output
            assert errors.count("has not answered") == 2
        finally:
            server.kill()


def test_a_server_at_a_unix_socket_is_told(installed, data, tmp_path):
    code = """
import sys, apus
try:
    apus.start(sys.argv[1])
except apus.ServerFailed as failure:
    print(failure)
"""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        hand_over = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); "
            "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[2], sys.argv[2:])"
        )
        command = [sys.executable, "-c", hand_over, str(listening.fileno()), installed.apus, "server", "--data-dir", data]
        with subprocess.Popen(
            [*command, "--ready-file", tmp_path / "ready"],
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
        ) as server:
            try:
                wait_until((tmp_path / "ready").exists, 10, "the server")
                said = installed.run(code, data)
                assert f"unix:{tmp_path / 's'}" in said and "with a port" in said
            finally:
                server.terminate()


def test_the_next_server_of_a_folder_has_the_port_of_the_last_one(installed, data):
    with Process(installed, data) as first:
        uri = first.uri
    wait_until(lambda: not servers_of(data), 15, "the server to end")
    with Process(installed, data) as second:
        assert second.uri == uri
    wait_until(lambda: not servers_of(data), 15, "the server to end")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", int(uri.rpartition(":")[2])))
        taken.listen()
        with Process(installed, data) as third:
            assert third.uri != uri and answers(third.uri)
