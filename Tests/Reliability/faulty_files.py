"""Builds and steers `faulty_files.c`: which calls on a data folder fail, and what was changed in it in which order."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from servers import ApusServer

SOURCE = Path(__file__).with_name("faulty_files.c")
CALLS = ["write", "sync", "truncate", "rename", "open", "unlink", "mkdir", "map", "read", "allocate", "link"]
PLACES = ["database", "log", "index", "lock", "artifact", "other"]
ALWAYS = 1 << 62

# struct control of the C source: eight numbers of 64 bits.
ARMED, CALL_BITS, PLACE_BITS, COUNTDOWN, REPEATS, ERROR, HALF, FIRED = range(8)


def build(scratch: Path) -> Path:
    """Compiles the library into a folder and returns its path."""
    library = scratch / "faulty_files.so"
    if not library.exists():
        compiler = os.environ.get("CC") or ("cc" if shutil.which("cc") else "clang")
        flags = ["-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, str(SOURCE), "-o", str(library), "-ldl", "-lpthread"], check=True)
    return library


@dataclass(frozen=True)
class Fault:
    """Calls that fail: the nth of a kind on files of a place, and so many after it."""

    call: str
    place: str
    nth: int
    error: int
    repeats: int = 1
    writes_half: bool = False

    def __str__(self):
        how = "half of a write" if self.writes_half else errno.errorcode[self.error]
        times = "always" if self.repeats == ALWAYS else f"{self.repeats} times"
        return f"{how} at {self.call} {self.nth} of {self.place}, {times}"


class Control:
    """The memory that the library looks into before each call."""

    def __init__(self, path: Path):
        self.path = path
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def _set(self, place, value):
        struct.pack_into("=q", self._memory, 8 * place, value)

    def _get(self, place):
        return struct.unpack_from("=q", self._memory, 8 * place)[0]

    def arm(self, fault: Fault):
        self.clear()
        self._set(CALL_BITS, 1 << CALLS.index(fault.call))
        self._set(PLACE_BITS, 1 << PLACES.index(fault.place))
        self._set(COUNTDOWN, fault.nth - 1)
        self._set(REPEATS, fault.repeats)
        self._set(ERROR, fault.error)
        self._set(HALF, int(fault.writes_half))
        self._set(ARMED, 1)

    def fill_disk(self):
        """Lets everything fail that needs room, as on a disk that is full."""
        self.clear()
        self._set(CALL_BITS, sum(1 << CALLS.index(call) for call in ("write", "mkdir", "allocate")))
        self._set(PLACE_BITS, (1 << len(PLACES)) - 1)
        self._set(COUNTDOWN, 0)
        self._set(REPEATS, ALWAYS)
        self._set(ERROR, errno.ENOSPC)
        self._set(HALF, 0)
        self._set(ARMED, 1)

    def clear(self):
        self._set(ARMED, 0)
        self._set(FIRED, 0)

    def stop(self):
        """Lets all calls pass again, and returns how many have failed."""
        self._set(ARMED, 0)
        return self.fired

    @property
    def fired(self) -> int:
        return self._get(FIRED)


class FaultyServer(ApusServer):
    """Apus with the library between it and its data folder."""

    start_timeout = 30.0

    def __init__(self, library: Path, directory: Path, arguments=(), control: Control | None = None, record: Path | None = None):
        directory = directory.resolve()
        environment = {"LD_PRELOAD": str(library), "RELIABILITY_ROOT": str(directory / "data")}
        if control:
            environment["RELIABILITY_CONTROL"] = str(control.path)
        if record:
            environment["RELIABILITY_RECORD"] = str(record)
        super().__init__(arguments, environment, directory)
