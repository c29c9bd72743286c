"""Starts a process that works only when nobody else wants the processors."""

from __future__ import annotations

import subprocess
from pathlib import Path


def start_in_background(command: list[str]) -> subprocess.Popen:
    """Starts the command at the lowest priority, in a session of its own.

    Hostile clients on the server's machine would otherwise take the processors from honest ones by themselves.
    """
    process = subprocess.Popen(["nice", "-n", "19", *command], start_new_session=True)
    # Between sessions it is not the nice value of a process that counts, but that of its session (sched(7), autogroup).
    group = Path(f"/proc/{process.pid}/autogroup")
    if group.exists():
        group.write_text("19")
    return process
