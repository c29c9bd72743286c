"""Starts a process that works only when nobody else wants the processors."""

from __future__ import annotations

import subprocess


def start_in_background(command: list[str]) -> subprocess.Popen:
    """Starts the command with the policy SCHED_IDLE (sched(7)), in a process group of its own.

    Hostile clients on the server's machine would otherwise take the processors from honest ones by themselves. The command
    stays in the session of the caller, as `ApusServer` does: between sessions the policy of a process does not count, because
    Linux first divides the processors among the sessions (sched(7), autogroup).
    """
    return subprocess.Popen(["chrt", "--idle", "0", *command], process_group=0)
