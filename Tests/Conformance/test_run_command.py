"""`apus run`: a command with a server of its own."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import history, must, new_run
from servers import ApusServer, apus_binary, wait_until

pytestmark = pytest.mark.apus

HERE = Path(__file__).resolve().parent

# What a command may use: no client is imported, so that each takes a few hundredths of a second.
PRELUDE = f"""
import os, signal, sys, time
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent / "Support")!r}]
from helpers import must, new_run
from servers import wait_until
URI = os.environ["MLFLOW_TRACKING_URI"]
def log(run_id, value, step=0):
    must(URI, "runs/log-metric", {{"run_id": run_id, "key": "m", "value": value, "timestamp": 1, "step": step}})
def patiently(function, *arguments):
    "As the client does: again when the connection is broken. A refusal is none that may happen."
    def attempt():
        try:
            return [function(*arguments)]
        except ConnectionRefusedError:
            raise
        except OSError as error:
            if isinstance(getattr(error, "reason", None), ConnectionRefusedError): raise
            return None
    return wait_until(attempt, 30, "the server")[0]
def say(*words):
    print(*words, flush=True)
"""


def python(body):
    return [sys.executable, "-c", PRELUDE + body]


class Job:
    """One `apus run`, and what it writes."""

    def __init__(self, folder, command, *flags, **options):
        self.folder = folder
        self.status_path = folder / "status.json"
        self.log_path = folder / f"log-{time.monotonic_ns()}"
        self.log = open(self.log_path, "wb")
        given = {flag.split("=")[0] for flag in flags}
        arguments = [] if "--data-dir" in given else ["--data-dir", str(folder / "data")]
        arguments += [] if "--status-file" in given else ["--status-file", str(self.status_path)]
        self.process = subprocess.Popen(
            [str(apus_binary()), "run", *arguments, *flags, "--", *map(str, command)],
            **{
                "stdin": subprocess.PIPE,
                "stdout": subprocess.PIPE,
                "stderr": self.log,
                "text": True,
                "start_new_session": True,
                **options,
            },
        )

    def line(self):
        return self.process.stdout.readline().strip()

    def tell(self, text="\n"):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self, timeout=60):
        status = self.process.wait(timeout)
        self.close()
        return status

    def close(self):
        for stream in (self.process.stdin, self.process.stdout, self.log):
            if stream is not None:
                stream.close()

    def errors(self):
        return self.log_path.read_text()

    def status(self):
        return json.loads(self.status_path.read_text())


def processes_of(folder):
    """The processes that name the folder in their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if str(folder).encode() in words and state != "Z" and int(entry.name) != os.getpid():
                found.append((int(entry.name), words.replace(b"\0", b" ").decode()))
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of which no process may be left at the end."""
    # Others on this machine use `apus run`, too.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path
    try:
        wait_until(lambda: not processes_of(tmp_path), 20, "all processes to end")
    finally:
        for pid, _ in processes_of(tmp_path):
            os.kill(pid, signal.SIGKILL)
    assert not list(tmp_path.glob("apus-run-*/ready"))


def server_pid(folder):
    lock = folder / "data/apus.db.lock"
    # It is empty for a moment when the server adds its address.
    return int(wait_until(lambda: lock.read_text().splitlines(), 10, "the owner")[0])


def points(folder, run_id):
    with ApusServer(["--data-dir", folder / "data"]) as server:
        return [(point["step"], point["value"]) for point in history(server.url, run_id, "m")]


def test_the_command_logs_and_its_runs_are_kept(folder):
    job = Job(folder, python("run_id = new_run(URI); log(run_id, 0.5); say(run_id, URI)"))
    run_id, uri = job.line().split()
    assert job.end() == 0
    assert uri.startswith("http://127.0.0.1:")
    assert f"apus: tracking at {uri} with database {folder}/data/apus.db" in job.errors()
    assert points(folder, run_id) == [(0, 0.5)]


def test_the_rest_of_the_environment_is_the_commands_own(folder):
    script = "import os, json; print(json.dumps(dict(os.environ)), flush=True)"
    environment = {**os.environ, "PORT": "1", "MLFLOW_HOST": "192.0.2.1", "MLFLOW_TRACKING_URI": "http://192.0.2.1"}
    job = Job(folder, [sys.executable, "-c", script], env=environment)
    seen = json.loads(job.line())
    assert job.end() == 0
    assert seen.pop("MLFLOW_TRACKING_URI").startswith("http://127.0.0.1:")
    environment.pop("MLFLOW_TRACKING_URI")
    assert seen == environment | {key: seen[key] for key in seen.keys() & {"LC_CTYPE"}}


def test_the_command_gets_its_arguments_with_the_passwords_in_them(folder):
    address = "postgresql://ana:secret@db/m?sslpassword=secret"
    job = Job(folder, [sys.executable, "-c", "import sys; print(sys.argv[1], flush=True)", address])
    assert job.line().strip() == address
    assert job.end() == 0


@pytest.mark.parametrize(
    "command, status",
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
        (["sh", "-c", "kill -SEGV $$"], 128 + signal.SIGSEGV),
        (["/nowhere/at/all"], 127),
        (["no-such-program-anywhere"], 127),
        (["/etc/passwd"], 126),
        (["/etc"], 126),
    ],
)
def test_the_status_is_that_of_the_command(folder, command, status):
    job = Job(folder, command)
    assert job.end() == status
    assert job.status()["command_status"] == status
    assert ("cannot be run" in job.errors()) == (status in (126, 127))


def test_without_a_server_the_command_is_not_run(folder):
    (folder / "data/0").mkdir(parents=True)
    (folder / "data/0/meta.yaml").write_text("")
    job = Job(folder, ["touch", folder / "touched"])
    assert job.end() == 125
    assert "MLflow file store" in job.errors()
    assert not (folder / "touched").exists()


def test_a_server_that_cannot_start_is_told_in_the_status(folder):
    (folder / "data").mkdir()
    (folder / "data/apus.db").write_bytes(b"this is no database" * 100)
    job = Job(folder, ["touch", folder / "touched"])
    assert job.end() == 125
    assert not (folder / "touched").exists()
    status = job.status()
    assert (status["stage"], status["command_status"]) == ("ended", None)
    assert "no server could be started" in status["last_error"]


def test_a_command_is_needed_and_a_wrong_flag_is_refused(folder):
    for arguments in (["run"], ["run", "--no-such-flag", "--", "true"], ["run", "true"]):
        assert subprocess.run([str(apus_binary()), *arguments], capture_output=True, timeout=60).returncode == 64


def test_the_flags_of_the_server_go_to_the_server(folder):
    job = Job(folder, python("say(URI); say(new_run(URI))"), "--static-prefix", "/mlflow", "--default-artifact-root=" + str(folder / "files"))
    uri, run_id = job.line(), job.line()
    assert job.end() == 0
    assert uri.endswith("/mlflow")
    with ApusServer(["--data-dir", folder / "data"]) as server:
        info = must(server.url, "runs/get", run_id=run_id)["run"]["info"]
        assert info["artifact_uri"].startswith(str(folder / "files"))


SIGNALLED = """
run_id = new_run(URI)
def last(number, frame):
    log(run_id, number)
    say("signal", number)
    sys.exit(5)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, last)
say(run_id)
while True: time.sleep(60)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"])
def test_signals_are_passed_on_and_the_command_logs_its_last(folder, name):
    number = getattr(signal, name)
    job = Job(folder, python(SIGNALLED))
    run_id = job.line()
    job.process.send_signal(number)
    assert job.line() == f"signal {number}"
    assert job.end() == 5
    assert points(folder, run_id) == [(0, float(number))]


def test_a_signal_to_the_group_of_a_job_reaches_the_command_once(folder):
    body = """
count = 0
def caught(number, frame):
    global count
    count += 1
def size(number, frame):
    say(count)
    os._exit(0)
signal.signal(signal.SIGTERM, caught)
signal.signal(signal.SIGWINCH, size)
say("ready")
while True: time.sleep(60)
"""
    job = Job(folder, python(body))
    assert job.line() == "ready"
    os.killpg(job.process.pid, signal.SIGTERM)
    # Signals of one process are handled in the order of their numbers, so that this one comes behind.
    job.process.send_signal(signal.SIGWINCH)
    assert job.line() == "1"
    assert job.end() == 0


def test_a_command_without_a_handler_ends_by_the_signal(folder):
    job = Job(folder, ["sh", "-c", "echo ready; exec sleep 60"])
    assert job.line() == "ready"
    job.process.send_signal(signal.SIGTERM)
    assert job.end() == 128 + signal.SIGTERM


def test_a_command_that_ignores_sigterm_has_its_time(folder):
    body = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
run_id = new_run(URI)
say(run_id)
for step, line in enumerate(sys.stdin):
    log(run_id, 1.0, step)
    say(step)
sys.exit(3)
"""
    job = Job(folder, python(body))
    run_id = job.line()
    for step in range(3):
        job.process.send_signal(signal.SIGTERM)
        job.tell()
        assert job.line() == str(step)
    assert job.process.poll() is None
    job.process.stdin.close()
    assert job.end() == 3
    assert points(folder, run_id) == [(0, 1.0), (1, 1.0), (2, 1.0)]


def test_a_stopped_and_continued_job_goes_on(folder):
    job = Job(folder, python("say(os.getpid()); sys.stdin.readline(); say(new_run(URI))"))
    pid = int(job.line())

    def state():
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

    job.process.send_signal(signal.SIGTSTP)
    wait_until(lambda: state() == "T", 10, "the command to stop")
    job.process.send_signal(signal.SIGCONT)
    wait_until(lambda: state() != "T", 10, "the command to go on")
    job.tell()
    assert len(job.line()) == 32
    assert job.end() == 0


def test_a_signal_while_the_server_starts_ends_all(folder):
    job = Job(folder, ["touch", folder / "touched"])
    job.process.send_signal(signal.SIGTERM)
    status = job.end()
    # The signal may come before `apus run` listens, or after the command has ended.
    assert status in (-signal.SIGTERM, 128 + signal.SIGTERM, 0)


@pytest.mark.parametrize("ignores", [False, True])
def test_a_killed_job_leaves_no_process_and_loses_nothing(folder, ignores):
    body = """
run_id = new_run(URI)
out = open(sys.argv[1], "w")
def last(number, frame):
    log(run_id, 2.0, 1)
    out.write("logged"); out.close()
    os._exit(0)
signal.signal(signal.SIGTERM, (lambda *_: None) if IGNORES else last)
log(run_id, 1.0, 0)
parent = os.getppid()
say(run_id)
wait_until(lambda: os.getppid() != parent, 30, "the end of apus run")
if IGNORES: last(0, None)
time.sleep(60)
""".replace("IGNORES", str(ignores))
    job = Job(folder, [*python(body), folder / "out"])
    run_id = job.line()
    pid = server_pid(folder)
    job.process.kill()
    assert job.end() == -signal.SIGKILL
    wait_until(lambda: (folder / "out").exists() and (folder / "out").read_text(), 20, "the last of the command")
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), 20, "the server to end")
    assert (folder / "data/apus.db.lock").read_text().splitlines()[:1] == [""]
    assert points(folder, run_id) == [(0, 1.0), (1, 2.0)]


def test_a_killed_group_leaves_no_process(folder):
    job = Job(folder, ["sh", "-c", "echo ready; exec sleep 60"])
    assert job.line() == "ready"
    os.killpg(job.process.pid, signal.SIGKILL)
    assert job.end() == -signal.SIGKILL


LOGGER = """
run_id = patiently(new_run, URI)
say(run_id, URI)
for step, line in enumerate(sys.stdin):
    patiently(log, run_id, float(step), step)
    say(step)
"""


def test_two_jobs_on_one_folder_share_a_server_and_the_second_takes_it_over(folder):
    first = Job(folder, python(LOGGER))
    run_1, uri = first.line().split()
    second = Job(folder, python(LOGGER), "--status-file", str(folder / "second.json"))
    run_2, shared = second.line().split()
    assert shared == uri
    assert json.loads((folder / "second.json").read_text())["server"] == "found"
    assert "which was already running" in second.errors()
    for job in (first, second):
        job.tell()
        assert job.line() == "0"
    first.process.stdin.close()
    assert first.end() == 0
    # The server of the first has ended in order; the second's answers at the same address.
    wait_until(lambda: json.loads((folder / "second.json").read_text())["last_error"], 20, "another server")
    second.tell()
    assert second.line() == "1"
    second.process.stdin.close()
    assert second.end() == 0
    assert json.loads((folder / "second.json").read_text())["server"] == "started"
    assert points(folder, run_1) == [(0, 0.0)]
    assert points(folder, run_2) == [(0, 0.0), (1, 1.0)]


def test_a_server_that_was_found_goes_on(folder):
    with ApusServer(["--data-dir", folder / "data"], directory=folder / "server") as server:
        job = Job(folder, python("say(new_run(URI), URI)"))
        run_id, uri = job.line().split()
        assert job.end() == 0
        assert uri == server.url
        assert must(server.url, "runs/get", run_id=run_id)


def test_a_server_that_is_killed_is_followed_by_another_at_its_address(folder):
    job = Job(folder, python(LOGGER))
    run_id, uri = job.line().split()
    for step in range(3):
        killed = server_pid(folder)
        os.kill(killed, signal.SIGKILL)
        job.tell()
        # `patiently` lets no refused connection pass.
        assert job.line() == str(step)
        assert server_pid(folder) != killed
    # A request that has waited for the server may be answered before the job knows of it.
    wait_until(lambda: f"another one answers at {uri}" in job.errors(), 20, "the line of the log")
    job.process.stdin.close()
    assert job.end() == 0
    assert points(folder, run_id) == [(0, 0.0), (1, 1.0), (2, 2.0)]


def test_what_the_command_leaves_behind_is_served_for_a_while(folder):
    body = """
run_id = new_run(URI)
say(run_id)
parent = os.getpid()
if os.fork() == 0:
    os.setsid()
    wait_until(lambda: os.getppid() != parent, 20, "the end of the command")
    log(run_id, 1.0)
    os._exit(0)
os._exit(4)
"""
    job = Job(folder, python(body), "--grace=10m")
    run_id = job.line()
    # All have ended: nothing waits for the end of the time.
    assert job.end() == 4
    assert points(folder, run_id) == [(0, 1.0)]


@pytest.mark.parametrize("hurry", [False, True])
def test_what_is_left_behind_for_good_does_not_hold_the_end_up(folder, hurry):
    job = Job(folder, ["sh", "-c", "sleep 120 >/dev/null & echo $!; exit 4"], f"--grace={60 if hurry else 1}s")
    left = int(job.line())
    try:
        wait_until(lambda: job.status()["stage"] in ("draining", "ended"), 20, "the end of the command")
        if hurry:
            job.process.send_signal(signal.SIGTERM)
        assert job.end() == 4
        os.kill(left, 0)
    finally:
        os.kill(left, signal.SIGKILL)


def test_the_status_file_tells_each_stage(folder):
    body = """
import json
def status(): return json.load(open(sys.argv[1]))
say(json.dumps(status()))
ids = [new_run(URI, start_time=int(time.time() * 1000)) for _ in range(3)]
say(*ids)
"""
    before = int(time.time() * 1000)
    job = Job(folder, [*python(body), folder / "status.json"])
    running, ids = json.loads(job.line()), job.line().split()
    assert job.end() == 0
    assert running["stage"] == "running"
    assert running["command"][0] == sys.executable
    assert running["tracking_uri"].startswith("http://127.0.0.1:")
    assert running["data_dir"] == str(folder / "data")
    assert running["database"] == str(folder / "data/apus.db")
    assert (running["server"], running["command_status"], running["end_time"]) == ("started", None, None)
    assert before <= running["start_time"] <= int(time.time() * 1000)
    ended = job.status()
    assert sorted(ended["run_ids"]) == sorted(ids)
    assert (ended["stage"], ended["command_status"], ended["last_error"]) == ("ended", 0, None)
    assert ended["end_time"] >= ended["start_time"]
    assert [path.name for path in folder.iterdir() if "status" in path.name] == ["status.json"]


def test_a_status_file_that_cannot_be_written_is_told_before_anything_is_run(folder):
    job = Job(folder, ["touch", folder / "touched"], "--status-file", str(folder / "no/status"))
    assert job.end() == 125
    assert "--status-file" in job.errors()
    assert not (folder / "touched").exists()


# What a shell does with a job: it gets the terminal, and when it stops, the shell has it until the next line.
SHELL = """
import os, signal, sys, time
from pathlib import Path

def running():
    "Whether a process of the job has not stopped yet: such a one may still take what is typed for the shell."
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == job and state not in "TZ":
            return True

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    status = os.waitpid(job, os.WUNTRACED)[1]
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    while running():
        time.sleep(0.01)
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
"""


class Terminal:
    """`apus run` as the foreground job of a terminal of its own."""

    def __init__(self, folder, command, shell=False):
        self.text = b""
        arguments = [str(apus_binary()), "run", "--data-dir", str(folder / "data"), "--", *command]
        if shell:
            arguments = [sys.executable, "-c", SHELL, *arguments]
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.execv(arguments[0], arguments)

    def read(self, pattern):
        """Reads until the pattern has come, and returns its first group."""
        deadline = time.monotonic() + 120
        while not (found := re.search(pattern, self.text.decode())):
            assert select.select([self.screen], [], [], deadline - time.monotonic())[0], self.text
            try:
                self.text += os.read(self.screen, 4096)
            except OSError:
                raise AssertionError(self.text) from None
        return found[1]

    def type(self, text):
        os.write(self.screen, text.encode())

    def end(self):
        # The terminal is read to its end, so that nobody waits for room in it.
        while True:
            assert select.select([self.screen], [], [], 120)[0], self.text
            try:
                if not os.read(self.screen, 4096):
                    break
            except OSError:
                break
        return self.hang_up()

    def hang_up(self):
        os.close(self.screen)
        _, status = wait_until(lambda: (found := os.waitpid(self.pid, os.WNOHANG))[0] and found, 30, "the end")
        return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_job_without_standard_descriptors_works(folder, closed):
    command = python("log(new_run(URI), 1)")
    program = [str(apus_binary()), "run", "--data-dir", str(folder / "data"), "--", *command]
    status = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *program], timeout=60).returncode
    assert status == 0
    with ApusServer(["--data-dir", folder / "data"]) as server:
        assert len(must(server.url, "runs/search", {"experiment_ids": ["0"]})["runs"]) == 1


def test_ctrl_c_in_a_terminal_reaches_the_command_alone_and_once(folder):
    body = """
run_id = new_run(URI)
caught = 0
def last(number, frame):
    global caught
    caught += 1
signal.signal(signal.SIGINT, last)
say("run", run_id)
wait_until(lambda: caught, 30, "Ctrl-C")
for step in range(3):
    log(run_id, float(caught), step)
    time.sleep(0.1)
say("caught", caught)
sys.exit(6)
"""
    terminal = Terminal(folder, python(body))
    run_id = terminal.read(r"run (\w{32})\r\n")
    terminal.type("\x03")
    assert terminal.read(r"caught (\d+)\r\n") == "1"
    assert terminal.end() == 6
    assert points(folder, run_id) == [(0, 1.0), (1, 1.0), (2, 1.0)]


def test_the_command_reads_the_terminal_and_can_be_stopped_in_it(folder):
    body = """
assert os.tcgetpgrp(0) == os.getpgrp()
say("ready")
say("read", input())
say("run", new_run(URI))
"""
    terminal = Terminal(folder, python(body), shell=True)
    terminal.read(r"\b(ready)\r\n")
    terminal.type("\x1a")
    terminal.read("(stopped)")
    terminal.type("to the shell\n")
    terminal.type("hello\n")
    assert terminal.read(r"read (\w+)\r\n") == "hello"
    assert terminal.end() == 0


def test_the_end_of_the_terminal_reaches_the_command(folder):
    body = """
run_id = new_run(URI)
def last(number, frame):
    log(run_id, 1.0)
    open(sys.argv[1], "w").write(run_id)
    os._exit(0)
signal.signal(signal.SIGHUP, last)
say("ready")
while True: time.sleep(60)
"""
    terminal = Terminal(folder, [*python(body), str(folder / "out")])
    terminal.read(r"\b(ready)\r\n")
    assert terminal.hang_up() == 0
    assert points(folder, (folder / "out").read_text()) == [(0, 1.0)]


def test_the_upstream_has_everything_at_the_end(folder):
    with ApusServer() as central:
        job = Job(folder, python("run_id = new_run(URI); log(run_id, 0.25); say(run_id)"), "--upstream", central.url)
        run_id = job.line()
        assert job.end(60) == 0
        assert [point["value"] for point in history(central.url, run_id, "m")] == [0.25]
    backlog = job.status()["backlog"]
    assert (backlog["upstream"], backlog["current"], backlog["runs"]) == (central.url, True, 0)
    assert "does not have everything" not in job.errors()


@pytest.mark.parametrize("hurry", [False, True])
def test_an_upstream_that_does_not_answer_holds_the_end_up_for_a_bounded_time(folder, hurry):
    # Nothing listens on this port for the time of the test: it is held, but not listened on.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        upstream = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = python("run_id = new_run(URI); log(run_id, 0.25); say(run_id); sys.exit(9)")
        job = Job(folder, command, "--upstream", upstream, f"--drain-time={60 if hurry else 1}s")
        run_id = job.line()
        if hurry:
            wait_until(lambda: job.status()["backlog"], 20, "the wait for the upstream")
            job.process.send_signal(signal.SIGTERM)
        assert job.end(40) == 9
    status = job.status()
    assert status["backlog"]["upstream"] == upstream
    assert not status["backlog"]["current"]
    assert f"{upstream} does not have everything yet" in job.errors()
    assert points(folder, run_id) == [(0, 0.25)]


def test_a_token_command_does_not_outlive_the_job(folder):
    # The shell has the folder in its words, and so is seen.
    flags = ["--upstream", "http://127.0.0.1:1", "--upstream-token-command", f"sleep 1000; cat {folder}/token"]

    def commands():
        return [words for _, words in processes_of(folder) if words.startswith("/bin/sh")]

    job = Job(folder, python("new_run(URI); sys.stdin.readline()"), *flags, "--drain-time=100ms")
    wait_until(commands, 20, "the token command")
    job.tell()
    assert job.end() == 0
    # A process that was killed is there until it has the processor once more.
    wait_until(lambda: not commands(), 20, "the token command to end")


def test_variables_of_a_server_for_others_do_not_put_the_server_out_of_the_reach_of_the_command(folder):
    others = {
        "APUS_SSL_CERTFILE": "/etc/apus/chain.pem",
        "APUS_UI": "/nowhere",
        "MLFLOW_ARTIFACTS_ONLY": "true",
        "MLFLOW_ENABLE_WORKSPACES": "true",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "ml.example.org",
        "MLFLOW_SERVER_X_FRAME_OPTIONS": "nonsense",
        "MLFLOW_STATIC_PREFIX": "/x",
    }
    code = """
import json, os, urllib.request
uri = os.environ["MLFLOW_TRACKING_URI"]
body, kind = b'{"experiment_id": "0"}', {"Content-Type": "application/json"}
request = urllib.request.Request(uri + "/api/2.0/mlflow/runs/create", data=body, headers=kind)
print(len(json.load(urllib.request.urlopen(request))["run"]["info"]["run_id"]), uri.count("/"))
"""
    job = Job(folder, [sys.executable, "-c", code], env={**os.environ, **others})
    assert job.line() == "32 2", job.errors()
    assert job.end() == 0
