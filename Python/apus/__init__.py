"""Apus from Python: one line in a notebook gives it a tracking server.

    import apus

    apus.setup("my experiment")           # finds a place, starts a server, points the MLflow client at it

    with apus.start("./runs") as server:  # or by hand
        print(server.uri)

    apus.show()                           # the pages, inside the notebook

A tracking URI `apus:./runs` does the same without a line of code: the server of that folder starts when the client
first needs it, and ends when no process uses it any more.

The modules behind these names are imported when a name is first used, so that `import apus` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._binary import binary as binary
    from ._binary import version as version
    from ._failures import ServerFailed as ServerFailed
    from ._failures import UpstreamUnavailable as UpstreamUnavailable
    from ._server import Server as Server
    from ._server import start as start
    from ._setup import setup as setup
    from ._show import show as show

_modules = {
    "Server": "_server",
    "ServerFailed": "_failures",
    "UpstreamUnavailable": "_failures",
    "binary": "_binary",
    "setup": "_setup",
    "show": "_show",
    "start": "_server",
    "version": "_binary",
}

__all__ = [
    "Server",
    "ServerFailed",
    "UpstreamUnavailable",
    "binary",
    "setup",
    "show",
    "start",
    "version",
]


def __getattr__(name: str) -> object:
    if name not in _modules:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{_modules[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
