"""`apus.start`: a server for a data folder, as an object."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType

from . import _values
from ._keeper import Keeper, keeper
from ._launch import LOG_NAME, START_SECONDS


class Server:
    """The server of a data folder, as long as this process uses it; a context manager, which stops it at its end."""

    def __init__(self, kept: Keeper) -> None:
        self._keeper = kept
        kept.check()
        # Started now rather than at the first use, so that the caller learns what is wrong.
        kept.uri()

    @property
    def uri(self) -> str:
        """The address for `mlflow.set_tracking_uri`. If the server was killed meanwhile, it is started again."""
        return self._keeper.uri()

    @property
    def folder(self) -> str:
        """The data folder."""
        return self._keeper.folder

    @property
    def log_path(self) -> str:
        """The file with all that servers of this folder have said, if they were started from Python."""
        return os.path.join(self.folder, LOG_NAME)

    @property
    def log(self) -> str:
        """The last 100 lines of the log."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-100:])

    @property
    def is_own(self) -> bool:
        """Whether this process started the server; false if one ran on the folder already."""
        return self._keeper.process is not None

    def stop(self) -> None:
        """Stops the server if this process started it, and returns when it has ended; another one goes on.

        Another process that uses the folder starts a server for it again at once.
        """
        self._keeper.stop()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<apus.Server of {self.folder!r}>"


def default_folder() -> str:
    """The folder that `apus server` takes too: `APUS_DATA_DIR`, or `apus-data` in the current folder."""
    return os.environ.get("APUS_DATA_DIR") or "apus-data"


def start(
    folder: str | os.PathLike[str] | None = None,
    *,
    port: int = 0,
    ends_with_process: bool = True,
    idle_exit: str | None = None,
    snapshot_to: str | os.PathLike[str] | None = None,
    arguments: Sequence[str] = (),
    timeout: float = START_SECONDS,
) -> Server:
    """Starts a server on this machine, or takes the one that runs on the folder already.

    folder: where data lies; by default `APUS_DATA_DIR`, or `apus-data` in the current folder.
    port: the wanted port; if it is taken, the server gets a free one.
    ends_with_process: whether the server ends with this process (a notebook's kernel), however that ends.
    idle_exit: a time such as "10m", after which a server that nobody uses ends.
    snapshot_to: a folder on Drive or another mount, to which snapshots go (`apus server --snapshot-to`).
    arguments: further arguments of `apus server`, but for those that would take the server out of reach.
    timeout: for how many seconds a start is waited for. It takes long where a large snapshot is restored from a slow
        mount; that is told every 10 s, and goes on when the time is over.

    Raises ServerFailed with the server's own message, and ValueError for arguments that cannot be. What a server that runs already was started with stays as it is.
    """
    wanted = _values.path(folder, "folder") if folder is not None else default_folder()
    further = _values.arguments(arguments)
    fixed: list[str] = []
    if idle_exit is not None:
        fixed += ["--idle-exit", str(idle_exit)]
    if snapshot_to is not None:
        # A server that is started again must find it after this process has changed its folder.
        fixed += ["--snapshot-to", _values.absolute(_values.path(snapshot_to, "snapshot_to"))]
    fixed += further

    def all_arguments() -> list[str]:
        # A forked process that starts the server again is another one.
        return [*fixed, "--parent-pid", str(os.getpid())] if ends_with_process else fixed

    return Server(keeper(wanted, all_arguments, _values.port(port), _values.seconds(timeout, "timeout")))
