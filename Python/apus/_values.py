"""Looks at what callers give, so that a mistake is told by its name and before anything is started."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ._failures import ServerFailed

_DAY = 86_400.0

# Flags of `apus server` that would take the server out of the reach of what started it, and what to do instead.
_DECIDED = {
    "--artifacts-only": "the MLflow client needs runs too",
    "--backend-store-uri": "the database lies in the folder; name the folder of the other one instead",
    "--data-dir": "the folder is the first argument",
    "--gunicorn-opts": "it means nothing for a server of this machine",
    "--idle-exit": "use idle_exit=",
    "--parent-pid": "use ends_with_process=",
    "--port": "use port=",
    "-p": "use port=",
    "--ready-file": "the address is in the result",
    "--reuse": "that is done anyway",
    "--ssl-certfile": "a server of this machine is reached without https; run `apus server` for one with it",
    "--ssl-keyfile": "a server of this machine is reached without https; run `apus server` for one with it",
    "--uvicorn-opts": "it means nothing for a server of this machine",
}


def path(value: str | bytes | os.PathLike[str], name: str) -> str:
    """The text of a path."""
    try:
        text = os.fsdecode(value)
    except TypeError:
        raise ValueError(f"{name}: use a path, not {value!r}.") from None
    if not text or "\0" in text:
        raise ValueError(f"{name}: {text!r} names no folder.")
    return text


def absolute(text: str) -> str:
    """The whole path of a folder."""
    try:
        return os.path.realpath(os.path.expanduser(text))
    except FileNotFoundError:
        raise ServerFailed(
            f"The current folder is gone, so that '{text}' lies nowhere: change to another one (os.chdir), or give a "
            "path that begins with '/'."
        ) from None


def port(value: int | str) -> int:
    """The number of a port; 0 for any."""
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 65_535:
        raise ValueError(f"port: use a number from 0 to 65535, not {value!r}.")
    return number


def seconds(value: float, name: str) -> float:
    """A time that can be waited for."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= _DAY:
        raise ValueError(f"{name}: use a number of seconds above 0 and up to {_DAY:.0f}, not {value!r}.")
    return float(value)


def experiment(value: str) -> str:
    """The name of an experiment."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(f"experiment: use a name, not {value!r}.")
    return value


def arguments(values: Sequence[str]) -> list[str]:
    """Further arguments for `apus server`."""
    if isinstance(values, (str, bytes)) or not all(isinstance(value, (str, os.PathLike)) for value in values):
        raise ValueError(f"arguments: use a list such as ['--log-level', 'debug'], not {values!r}.")
    words = [os.fspath(value) for value in values]
    for word in words:
        flag = word.partition("=")[0]
        if flag in _DECIDED:
            raise ValueError(f"arguments: {flag} cannot be given: {_DECIDED[flag]}.")
        if "\0" in word:
            raise ValueError(f"arguments: {word!r} is no argument.")
    return words
