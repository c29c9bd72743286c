"""Runs `apus server --reuse`, which starts a server for a data folder or finds the one that has it."""

from __future__ import annotations

import itertools
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from ._binary import binary
from ._failures import ServerFailed

LOG_NAME = "apus.log"
# A server that restores a large snapshot from a slow mount, or brings a large database to a new version, takes long.
START_SECONDS = 600.0

_WORD_SECONDS = 10.0
# A process that has told of another server ends at once.
_END_SECONDS = 10.0
_LARGEST_TAIL = 65_536
_numbers = itertools.count()

# The rule: a server that is started here serves the programs of this machine from the folder that was asked for. Of the
# variables that this process has inherited, those that say how data is kept and how requests are answered hold for it too.
# Those that say where the data of another server lies, where it listens, whom it answers, which pages it has, where it sends
# everything and when it ends are about that other server; here all of it is said by arguments.
_foreign_variables = (
    "APUS_APP_NAME",
    "APUS_CLIENT_ANSWERS",
    "APUS_CLIENT_ARTIFACTS",
    "APUS_CLIENT_BODIES",
    "APUS_CLIENT_CONNECTIONS",
    "APUS_CLIENT_REQUESTS",
    "APUS_CLIENT_RUNS",
    "APUS_CLIENT_UPLOADS",
    "APUS_DATA_DIR",
    "APUS_DEFAULT_PERMISSION",
    "APUS_FORWARD_ARTIFACT_RATE",
    "APUS_FORWARD_DELAY",
    "APUS_FRAME_ANCESTORS",
    "APUS_GROUP_SCOPES",
    "APUS_IDLE_EXIT",
    "APUS_OIDC_AUDIENCE",
    "APUS_OIDC_CLIENT_ID",
    "APUS_OIDC_CLIENT_SECRET_FILE",
    "APUS_OIDC_CONFIG",
    "APUS_OIDC_ENDPOINT_ORIGINS",
    "APUS_OIDC_GROUPS_CLAIM",
    "APUS_OIDC_ISSUER",
    "APUS_OIDC_USER_CLAIM",
    "APUS_PUBLIC_URL",
    "APUS_REQUIRE_TOKEN",
    "APUS_SERVER_ARTIFACTS",
    "APUS_SERVER_REQUESTS",
    "APUS_SERVER_RUNS",
    "APUS_SNAPSHOT_EVERY",
    "APUS_SNAPSHOT_KEEP",
    "APUS_SNAPSHOT_TO",
    "APUS_SSL_CERTFILE",
    "APUS_SSL_KEYFILE",
    "APUS_TRUSTED_PROXIES",
    "APUS_TRUST_PROXY_GROUPS",
    "APUS_TRUST_PROXY_USER",
    "APUS_UI",
    "APUS_UI_DEFAULTS",
    "APUS_UI_PATH",
    "APUS_UPSTREAM",
    "APUS_UPSTREAM_TOKEN_COMMAND",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "MLFLOW_ARTIFACTS_DESTINATION",
    "MLFLOW_ARTIFACTS_ONLY",
    "MLFLOW_ARTIFACTS_PRESIGNED_ONLY",
    "MLFLOW_BACKEND_STORE_URI",
    "MLFLOW_DEFAULT_ARTIFACT_ROOT",
    "MLFLOW_ENABLE_WORKSPACES",
    "MLFLOW_EXPOSE_PROMETHEUS",
    "MLFLOW_GUNICORN_OPTS",
    "MLFLOW_HOST",
    "MLFLOW_PORT",
    "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
    "MLFLOW_REGISTRY_STORE_URI",
    "MLFLOW_SERVER_ALLOWED_HOSTS",
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
    "MLFLOW_SERVER_X_FRAME_OPTIONS",
    "MLFLOW_SERVE_ARTIFACTS",
    "MLFLOW_STATIC_PREFIX",
    "MLFLOW_TRACE_ARCHIVAL_CONFIG",
    "MLFLOW_UVICORN_OPTS",
    "MLFLOW_WORKERS",
    "MLFLOW_WORKSPACE_STORE_URI",
    "NOTIFY_SOCKET",
    "PORT",
)


class Launched:
    """A server that answers: its address, and its process if this launch started it."""

    def __init__(self, uri: str, process: subprocess.Popen[bytes] | None) -> None:
        self.uri = uri
        self.process = process


class StillStarting(ServerFailed):
    """The time is over, and the server is still at work on its start; it goes on."""

    def __init__(self, message: str, process: subprocess.Popen[bytes]) -> None:
        super().__init__(message)
        self.process = process


def launch(folder: str, port: int, arguments: Sequence[str], seconds: float) -> Launched:
    """Returns when a server of the folder answers. If another program has the port, the server gets a free one.

    Any number of processes may do this at once: one of them starts the server, and all get its address. Port 0 means
    the port of the folder's last server, so that addresses which programs and browsers have stay true.

    Raises ServerFailed, and then leaves no folder that was not there before.
    """
    try:
        made = _make(folder)
    except OSError as error:
        raise ServerFailed(_complaint_about_folder(folder, error)) from error
    try:
        port = port or _port_of_killed(folder) or _port_of_ended(folder)
        try:
            return _launch(folder, port, arguments, seconds)
        except StillStarting:
            raise
        except ServerFailed:
            if port == 0:
                raise
            return _launch(folder, 0, arguments, seconds)
    except OSError as error:
        _remove(made)
        raise ServerFailed(f"No server can be started for '{folder}': {error}") from error
    except ServerFailed:
        _remove(made)
        raise


def tell(text: str) -> None:
    """Says something to the person, where it does not get among what a program prints."""
    print(f"Apus: {text}", file=sys.stderr, flush=True)


def owner(folder: str) -> int | None:
    """The process that serves the folder, by the lock file of its database."""
    first = _lock_lines(folder)[0].strip()
    return int(first) if first.isdigit() else None


def _launch(folder: str, port: int, arguments: Sequence[str], seconds: float) -> Launched:
    log_path = os.path.join(folder, LOG_NAME)
    ready = os.path.join(folder, f".ready-{os.getpid()}-{next(_numbers)}")
    command = [binary(), "server", "--reuse", "--data-dir", folder, "--port", str(port), "--ready-file", ready]
    with open(log_path, "ab") as log:
        begin = log.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={key: value for key, value in os.environ.items() if key not in _foreign_variables},
            # An interrupted cell of a notebook sends SIGINT to the whole session.
            start_new_session=True,
        )
    try:
        address = _address(process, folder, ready, begin, seconds)
        if owner(folder) == process.pid:
            return Launched(address, process)
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"The server at {address} does not have the database of '{folder}'.") from None
        return Launched(address, None)
    except StillStarting:
        raise
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        if os.path.exists(ready):
            os.unlink(ready)


def _address(process: subprocess.Popen[bytes], folder: str, ready: str, begin: int, seconds: float) -> str:
    log_path = os.path.join(folder, LOG_NAME)
    start = time.monotonic()
    word = _WORD_SECONDS
    while True:
        has_ended = process.poll() is not None
        if os.path.exists(ready):
            with open(ready, encoding="utf-8") as file:
                return file.read().strip()
        if has_ended:
            status = process.returncode
            how = f"status {status}" if status >= 0 else f"signal {-status}"
            last = _last_line(log_path, begin)
            raise ServerFailed((status > 0 and last) or f"The server ended with {how}. {last}".rstrip())
        passed = time.monotonic() - start
        if passed > seconds:
            text = f"The server of '{folder}' did not answer within {seconds:g} s"
            if owner(folder) == process.pid:
                text += ". It goes on with its start: call again to wait for it, or longer, by timeout="
                raise StillStarting(f"{text}; {_stage(log_path, begin)}.", process)
            raise ServerFailed(f"{text}: {_stage(log_path, begin)}.")
        if passed > word:
            word += _WORD_SECONDS
            tell(f"the server of '{folder}' has been starting for {passed:.0f} s; {_stage(log_path, begin)}")
        time.sleep(0.005 if passed < 1 else 0.05)


def _stage(log_path: str, begin: int) -> str:
    """What the server is at, by its log."""
    return _last_line(log_path, begin).removeprefix("apus: ") or f"its log is '{log_path}'"


def _make(folder: str) -> list[str]:
    """Makes the folder and those above it; returns those that were not there, the deepest first."""
    absent = []
    path = folder
    while not os.path.lexists(path):
        absent.append(path)
        path = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    return absent


def _remove(made: list[str]) -> None:
    """Removes folders that hold nothing but the log of a start that failed."""
    try:
        if made and os.listdir(made[0]) == [LOG_NAME]:
            os.unlink(os.path.join(made[0], LOG_NAME))
        for folder in made:
            os.rmdir(folder)
    except OSError:
        # Something else is in it by now.
        pass


def _complaint_about_folder(folder: str, error: OSError) -> str:
    if os.path.isfile(folder):
        return (
            f"'{folder}' is a file, and data needs a folder: name another one. What an MLflow database holds is taken over "
            "by `apus import`."
        )
    return f"The folder '{folder}' cannot be made: {error.strerror or error}."


def _port_of_killed(folder: str) -> int:
    """The port that the folder's last server had, which is on record if the server did not end in order; or 0."""
    try:
        return urlsplit(_lock_lines(folder)[1].strip()).port or 0
    except (IndexError, ValueError):
        return 0


def _port_of_ended(folder: str) -> int:
    """The port that the folder's last server had by its log, if no program listens there now; or 0."""
    try:
        with open(os.path.join(folder, LOG_NAME), "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LARGEST_TAIL))
            addresses = re.findall(rb"^Apus \S+ at http://127\.0\.0\.1:(\d+)[,/]", log.read(), re.MULTILINE)
    except OSError:
        return 0
    port = int(addresses[-1]) if addresses else 0
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return port if port <= 65_535 and probe.connect_ex(("127.0.0.1", port)) != 0 else 0


def _lock_lines(folder: str) -> list[str]:
    """The lock file of the folder's database: the process and the address of its server; at least one line."""
    try:
        with open(os.path.join(folder, "apus.db.lock"), encoding="utf-8", errors="replace") as file:
            return file.read().splitlines() or [""]
    except OSError:
        return [""]


def _last_line(log_path: str, begin: int) -> str:
    """The last message of the servers that have written since; processes that start at the same time share the log."""
    try:
        with open(log_path, "rb") as log:
            log.seek(max(begin, log.seek(0, os.SEEK_END) - _LARGEST_TAIL))
            lines = log.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    complaints = [line for line in lines if line.startswith(("apus: ", "Error: "))]
    return complaints[-1] if complaints else "\n".join(lines[-5:])
