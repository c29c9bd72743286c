"""Starts the servers that the Python tests talk to: Apus, and the reference.

Both classes are context managers: they pick a free port on the loopback, keep their data in a temporary
directory, wait until the server answers, and end it by its process id.

    with ApusServer() as server:
        requests.get(server.url + "/health")
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.02
# How much longer than on an idle machine a test waits before it gives up: all suites share the processors.
PATIENCE = 4


class ServerFailed(Exception):
    """A server ended early, or did not answer in time; the message carries the end of its log."""


def apus_binary() -> Path:
    """The binary under test: APUS_BINARY, or the release build of this checkout."""
    return Path(os.environ.get("APUS_BINARY") or REPOSITORY / ".build/release/apus").resolve()


# Sockets that hold the ports of `free_port` until the tests end.
_held: list[socket.socket] = []


def free_port() -> int:
    """A port of the loopback that is given to nobody who asks for any port; nothing listens at it.

    Who names it can listen there, also again and again, if it sets SO_REUSEADDR as servers do (socket(7)).
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _held.append(holder)
    return holder.getsockname()[1]


def wait_until(condition, timeout: float, what: str):
    """Polls until `condition()` is truthy and returns its value; TimeoutError after `timeout` seconds times PATIENCE."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout * PATIENCE} s for {what}")
        time.sleep(POLL_SECONDS)


class _Server:
    """What both servers share: the process, its log, its directory."""

    name = "server"
    start_timeout = 30.0
    stop_timeout = 40.0

    def __init__(self, arguments=(), environment=None, directory=None):
        """
        arguments: further command-line arguments.
        environment: variables to set on top of the inherited ones (None as a value removes one).
        directory: working directory and home of the data; left in place at the end when given,
            otherwise a temporary one is made and removed.
        """
        self.arguments = [str(argument) for argument in arguments]
        self.environment = dict(environment or {})
        self._given_directory = Path(directory).resolve() if directory is not None else None
        self.directory: Path | None = None
        self.process: subprocess.Popen | None = None
        self.url = ""

    # What a subclass says about itself.
    def command(self) -> list[str]:
        raise NotImplementedError

    def fixed_environment(self) -> dict[str, str]:
        return {}

    def find_url(self) -> str:
        """The URL once the server has one to tell, or an empty string."""
        raise NotImplementedError

    # Life.
    def start(self):
        """Starts the server and returns it when `/health` answers 200; raises ServerFailed otherwise."""
        if self.directory is None:
            made = tempfile.mkdtemp(prefix=f"{self.name}-")
            self.directory = self._given_directory or Path(made)
            if self._given_directory is not None:
                os.rmdir(made)
                self.directory.mkdir(parents=True, exist_ok=True)
        self.url = ""
        with open(self.log_path, "ab") as log, open(self.output_path, "ab") as output:
            try:
                self.process = subprocess.Popen(
                    self.command() + self.arguments,
                    cwd=self.directory,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=log,
                    process_group=0,
                )
            except OSError as error:
                raise ServerFailed(f"{self.name} cannot be started: {error}") from error
        try:
            wait_until(self._answers, self.start_timeout, f"{self.name} to answer")
        except (TimeoutError, ServerFailed) as error:
            text = f"{error}\n{self.log()}"
            self.stop(remove=False)
            raise ServerFailed(text) from error
        return self

    def stop(self, remove=True) -> int | None:
        """Ends the server with SIGTERM (SIGKILL after `stop_timeout` seconds) and returns its exit status."""
        status = None
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            try:
                status = self.process.wait(self.stop_timeout)
            except subprocess.TimeoutExpired:
                self._kill_group()
                status = self.process.wait()
            self._kill_group()
            self.process = None
        if remove and self._given_directory is None and self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None
        return status

    def kill(self):
        """Ends the server with SIGKILL and keeps its data, so that `start` can bring it back."""
        if self.process is not None:
            self._kill_group()
            self.process.wait()
            self.process = None

    def restart(self):
        """Stops the server with SIGTERM and starts it again over the same data, perhaps on another port."""
        self.stop(remove=False)
        return self.start()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, error_type, error, trace):
        if error_type is not None and self.directory is not None:
            sys.stderr.write(f"--- end of the log of {self.name} ({self.url})\n{self.log()}\n")
        self.stop()

    # What a test may look at.
    @property
    def pid(self) -> int:
        if self.process is None:
            raise ServerFailed(f"{self.name} does not run")
        return self.process.pid

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        return int(self.url.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[1])

    @property
    def log_path(self) -> Path:
        """What the server wrote to its standard error."""
        return self._existing_directory() / f"{self.name}.log"

    @property
    def output_path(self) -> Path:
        """What the server wrote to its standard output."""
        return self._existing_directory() / f"{self.name}.out"

    def log(self, lines=60) -> str:
        """The last lines of standard output and standard error."""
        text = ""
        for path in (self.output_path, self.log_path):
            if path.exists():
                text += path.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def output(self) -> str:
        return self.output_path.read_text(errors="replace")

    # Inner workings.
    def _existing_directory(self) -> Path:
        if self.directory is None:
            raise ServerFailed(f"{self.name} has no directory yet")
        return self.directory

    def _environment(self) -> dict[str, str]:
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MLFLOW_", "APUS_", "_MLFLOW_")) and key != "PORT"
        }
        merged = {**inherited, **self.fixed_environment(), **self.environment}
        return {key: str(value) for key, value in merged.items() if value is not None}

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            status = None if self.process is None else self.process.returncode
            raise ServerFailed(f"{self.name} ended with status {status} before it answered")
        url = self.url or self.find_url()
        if not url:
            return False
        self.url = url.rstrip("/")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        try:
            connection.request("GET", self.health_path())
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def health_path(self) -> str:
        return self._static_prefix() + "/health"

    def _static_prefix(self) -> str:
        for index, argument in enumerate(self.arguments):
            if argument == "--static-prefix" and index + 1 < len(self.arguments):
                return self.arguments[index + 1].rstrip("/")
            if argument.startswith("--static-prefix="):
                return argument.split("=", 1)[1].rstrip("/")
        return ""

    def _kill_group(self):
        # The server leads a session of its own, so its group is nobody else's.
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class ApusServer(_Server):
    """`apus server` on a port that it picks itself. Its data is in `data_directory`."""

    name = "apus"
    start_timeout = 15.0

    @property
    def data_directory(self) -> Path:
        return self._existing_directory() / "data"

    @property
    def ready_path(self) -> Path:
        return self._existing_directory() / "ready"

    def start(self):
        if self.directory is not None:
            self.ready_path.unlink(missing_ok=True)
        return super().start()

    def command(self) -> list[str]:
        self.ready_path.unlink(missing_ok=True)
        command = [str(apus_binary()), "server", "--ready-file", str(self.ready_path)]
        given = {argument.split("=", 1)[0] for argument in self.arguments}
        if not given & {"--host", "-h"} and "MLFLOW_HOST" not in self.environment:
            command += ["--host", "127.0.0.1"]
        if not given & {"--port", "-p"} and not {"MLFLOW_PORT", "PORT"} & self.environment.keys():
            command += ["--port", "0"]
        if "--data-dir" not in given and "APUS_DATA_DIR" not in self.environment:
            command += ["--data-dir", str(self.data_directory)]
        if "--backend-store-uri" not in given and "MLFLOW_BACKEND_STORE_URI" not in self.environment:
            command += self._asked_store()
        return command

    def _asked_store(self) -> list[str]:
        """With APUS_TEST_STORE=postgresql, the data of each data folder is in a database of its own in PostgreSQL."""
        if os.environ.get("APUS_TEST_STORE", "sqlite") == "sqlite" or "--artifacts-only" in self.arguments:
            return []
        from postgres import database_of

        flags = [argument.removeprefix("--data-dir=") for argument in self.arguments if argument.startswith("--data-dir=")]
        if "--data-dir" in self.arguments:
            flags.append(self.arguments[list(self.arguments).index("--data-dir") + 1])
        folder = flags[-1] if flags else self.environment.get("APUS_DATA_DIR", str(self.data_directory))
        return ["--backend-store-uri", database_of(folder)]

    def find_url(self) -> str:
        try:
            return self.ready_path.read_text().strip()
        except FileNotFoundError:
            return ""


class ReferenceServer(_Server):
    """The reference server of the environment that runs the tests: SQLite, served artifacts, one worker."""

    name = "reference"
    start_timeout = 120.0

    def __init__(self, arguments=(), environment=None, directory=None, python=None):
        """python: the interpreter whose `mlflow` is started; by default the one that runs the tests."""
        super().__init__(arguments, environment, directory)
        self.python = str(python or sys.executable)
        self._chosen_port = 0

    def command(self) -> list[str]:
        self._chosen_port = free_port()
        directory = self._existing_directory()
        command = [self.python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self._chosen_port)]
        given = {argument.split("=", 1)[0] for argument in self.arguments}
        if not given & {"--workers", "-w"}:
            command += ["--workers", "1"]
        if "--backend-store-uri" not in given:
            command += ["--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
        if not given & {"--artifacts-destination", "--default-artifact-root"}:
            command += ["--artifacts-destination", str(directory / "artifacts")]
        return command

    def fixed_environment(self) -> dict[str, str]:
        return {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PYTHONUNBUFFERED": "1",
        }

    def find_url(self) -> str:
        return f"http://127.0.0.1:{self._chosen_port}"
