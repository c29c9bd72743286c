"""Keeps the server of a data folder for as long as this process uses it.

An open connection tells the server that it is used (`--idle-exit`). If the server goes away, because it was killed or
because the process that it belonged to has ended, it is started again at the same address at once: a call of the MLflow
client that was under way repeats itself and succeeds.
"""

from __future__ import annotations

import http.client
import os
import select
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from ._client import reach_this_machine_directly
from ._failures import ServerFailed
from ._launch import START_SECONDS, Launched, StillStarting, launch, owner, tell
from ._values import absolute

# The server closes connections that are silent for 150 s.
_SILENCE_SECONDS = 50.0
_ANSWER_SECONDS = 30.0
# A server stops within 5 s of the signal.
_STOP_SECONDS = 8.0
_ATTEMPTS = 5

_keepers: dict[str, Keeper] = {}
_keepers_lock = threading.Lock()


def keeper(
    folder: str, arguments: Callable[[], Sequence[str]], port: int = 0, seconds: float = START_SECONDS
) -> Keeper:
    """The keeper of a folder: one for all users in this process. The other arguments are those of `Keeper.prepare`."""
    folder = absolute(folder)
    with _keepers_lock:
        found = _keepers.get(folder)
        if found is None:
            found = _keepers[folder] = Keeper(folder)
        found.prepare(arguments, port, seconds)
        return found


class Keeper:
    """Holds the connection by which the server of one folder knows that this process uses it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._arguments: Callable[[], Sequence[str]] = tuple
        self._port = 0
        self._seconds = START_SECONDS
        self._lock = threading.RLock()
        self._uri = ""
        # The device and the number of the database file that the server has opened.
        self._file: tuple[int, int] | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._processes: list[subprocess.Popen[bytes]] = []

    def prepare(self, arguments: Callable[[], Sequence[str]], port: int, seconds: float) -> None:
        """Says how a server is to be started; without effect on one that is in use.

        arguments: makes further arguments of `apus server`, each time that one is started.
        port: the wanted port; 0 for any, or the one of before.
        seconds: how long a start may take.
        """
        with self._lock:
            self._seconds = seconds
            if self._connection is None:
                self._arguments = arguments
                self._port = port or self._port

    def uri(self) -> str:
        """The address of the server, which is started first where none runs."""
        with self._lock:
            if self._connection is not None and self._file != _file_of_database(self.folder):
                tell(f"the data of '{self.folder}' was removed or replaced; another server is started for it")
                self._end()
            if self._connection is None:
                self._connect()
            return self._uri

    def check(self) -> None:
        """Ends a server that this keeper has started and that cannot write any more; `uri()` then starts another one."""
        with self._lock:
            if self._connection is None or self.process is None or self._file != _file_of_database(self.folder):
                return
            complaint = _complaint(self._uri)
            if complaint:
                tell(f"the server of '{self.folder}' is not well ({complaint}); another one is started")
                self._end()

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server's process, if this keeper started it and it runs."""
        with self._lock:
            self._processes = [process for process in self._processes if process.poll() is None]
            return self._processes[-1] if self._processes else None

    def release(self) -> None:
        """Gives the connection up; a later `uri()` takes one again."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                _shut(connection)

    def _end(self) -> None:
        """Ends a server that is of no use any more, if this keeper started it."""
        try:
            # What a server saves of a database that was deleted goes into its folder.
            os.makedirs(self.folder, exist_ok=True)
        except OSError as error:
            raise ServerFailed(f"The folder '{self.folder}' cannot be made: {error.strerror}.") from error
        self.stop()

    def stop(self) -> None:
        """Gives the connection up, and stops the server if this keeper started it."""
        with self._lock:
            self.release()
            process = self.process
            if process is None:
                return
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def forget(self) -> None:
        """Starts anew in a process that was forked: the connection and its thread are those of the parent."""
        self._lock = threading.RLock()
        connection, self._connection = self._connection, None
        self._processes = []
        if connection is not None and connection.sock is not None:
            # Only this copy of the descriptor is closed: a shutdown would end the parent's connection too.
            connection.sock.close()

    def _connect(self) -> None:
        reach_this_machine_directly()
        for _ in range(_ATTEMPTS):
            launched = self._launch()
            connection = _greet(launched.uri, self.folder)
            if connection is not None:
                break
        else:
            raise ServerFailed(f"The server of '{self.folder}' at {launched.uri} does not answer.")
        self._uri, self._connection = launched.uri, connection
        self._file = _file_of_database(self.folder)
        self._port = urlsplit(launched.uri).port or 0
        threading.Thread(target=self._watch, args=[connection], name="apus-keeper", daemon=True).start()

    def _launch(self) -> Launched:
        try:
            launched = launch(self.folder, self._port, self._arguments(), self._seconds)
        except StillStarting as late:
            self._processes.append(late.process)
            raise
        if launched.process is not None:
            self._processes.append(launched.process)
        return launched

    def _watch(self, connection: http.client.HTTPConnection) -> None:
        while _is_alive(connection):
            pass
        with self._lock:
            if self._connection is not connection:
                return
            self._connection = None
            connection.close()
            try:
                self._connect()
            except ServerFailed:
                # There is nobody here to be told; the next use tries again, and fails with the reason.
                pass


def _file_of_database(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(os.path.join(folder, "apus.db"))
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _complaint(uri: str) -> str:
    """Why the server cannot write; empty if it can, as one of three answers says: a busy one may be late."""
    import urllib.error
    import urllib.request

    complaint = ""
    for _ in range(3):
        try:
            with urllib.request.urlopen(f"{uri}/health?deep=1", timeout=_ANSWER_SECONDS):
                return ""
        except urllib.error.HTTPError as error:
            with error:
                complaint = " ".join(error.read(500).decode(errors="replace").split())
        except (OSError, http.client.HTTPException) as error:
            complaint = str(error)
    return complaint


def _greet(uri: str, folder: str) -> http.client.HTTPConnection | None:
    """A connection that the server keeps open; None if it stops just now.

    Raises ServerFailed for a server that cannot be used from here, or that takes the connection and is silent.
    """
    parts = urlsplit(uri)
    if parts.scheme != "http":
        raise ServerFailed(
            f"The server that runs on '{folder}' is at {uri}, where this process cannot use it: stop that server, or "
            + (
                "set MLFLOW_TRACKING_URI to its address."
                if parts.scheme == "https"
                else "start it with a port, for which the MLflow client needs one (apus server --port)."
            )
        )
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        if connection.sock is not None:
            _wait_for_answer(connection.sock, uri, folder)
        if _has_answered(connection):
            return connection
    except socket.timeout:
        raise ServerFailed(_silence(uri, folder)) from None
    except (OSError, http.client.HTTPException):
        pass
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def _wait_for_answer(end: socket.socket, uri: str, folder: str) -> None:
    poll = select.poll()
    poll.register(end, select.POLLIN)
    for part in range(1, 4):
        if poll.poll(_ANSWER_SECONDS * 1000 / 3):
            return
        if part < 3:
            tell(f"the server of '{folder}' at {uri} has not answered for {_ANSWER_SECONDS * part / 3:.0f} s")
    raise ServerFailed(_silence(uri, folder))


def _silence(uri: str, folder: str) -> str:
    return (
        f"The server of '{folder}' at {uri} (process {owner(folder)}) has not answered for {_ANSWER_SECONDS:.0f} s: it is "
        "stopped or overloaded. Let it go on (kill -CONT), or end it (kill -KILL) and try again."
    )


def _ask(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.request("GET", "/health")
        return _has_answered(connection)
    except (OSError, http.client.HTTPException):
        return False


def _has_answered(connection: http.client.HTTPConnection) -> bool:
    answer = connection.getresponse()
    answer.read()
    # The socket is gone if the answer said that the server closes the connection.
    return answer.status == 200 and connection.sock is not None


def _is_alive(connection: http.client.HTTPConnection) -> bool:
    """Waits for the end of the connection, or for a while; the server sends nothing that it was not asked for."""
    end = connection.sock
    if end is None:
        return False
    try:
        end.settimeout(_SILENCE_SECONDS)
        end.recv(1)
        return False
    except socket.timeout:
        end.settimeout(_ANSWER_SECONDS)
        return _ask(connection)
    except OSError:
        return False


def _shut(connection: http.client.HTTPConnection) -> None:
    """Ends a connection on which the thread of `_watch` waits, which then closes nothing itself."""
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The server has closed it already.
            pass
    connection.close()


def _forget_all() -> None:
    global _keepers_lock
    _keepers_lock = threading.Lock()
    for each in _keepers.values():
        each.forget()


os.register_at_fork(after_in_child=_forget_all)
