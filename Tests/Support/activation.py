"""Starts `apus server` with listening sockets, as a service manager does (sd_listen_fds(3))."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from servers import apus_binary

# The id of the process is known only in it: it becomes the server by exec.
_BECOME = """
import os, sys
count = int(sys.argv[1])
sockets = [os.dup(int(number)) for number in sys.argv[2:2 + count]]
high = [os.dup2(number, 100 + index) for index, number in enumerate(sockets)]
for index, number in enumerate(high):
    os.dup2(number, 3 + index)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count))
os.closerange(3 + count, 256)
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


def listening(backlog: int = 1_024) -> socket.socket:
    """A listening socket on a free loopback port."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.listen(backlog)
    return held


def start_activated(sockets, arguments, environment=None, **options) -> subprocess.Popen:
    """`apus server` with the sockets as its descriptors from 3 on."""
    numbers = [held.fileno() for held in sockets]
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "APUS_")) and key != "PORT"
    }
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            _BECOME,
            str(len(numbers)),
            *map(str, numbers),
            str(apus_binary()),
            "server",
            *map(str, arguments),
        ],
        pass_fds=numbers,
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
        **options,
    )
