"""Follows the log, the memory and the descriptors of a server while it works."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.05


@dataclass(frozen=True)
class Sample:
    seconds: float
    log_mebibytes: float
    memory_megabytes: float
    descriptors: int


class Watch:
    """Takes samples in a thread of its own; a context manager."""

    def __init__(self, server):
        self.log_path = server.data_directory / "apus.db-wal"
        self.process = Path(f"/proc/{server.pid}")
        self.began = time.monotonic()
        self.samples: list[Sample] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _follow(self):
        while not self._over.wait(INTERVAL):
            self.samples.append(self.now())

    def now(self) -> Sample:
        try:
            log = self.log_path.stat().st_size
        except FileNotFoundError:
            log = 0
        resident = int((self.process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        descriptors = len(os.listdir(self.process / "fd"))
        return Sample(time.monotonic() - self.began, log / 2**20, resident / 1e6, descriptors)

    def table(self, rows=12) -> list[str]:
        """The highest of each stretch of time, a line a stretch."""
        lines = [f"{'second':>8} {'log MiB':>8} {'memory MB':>10} {'descriptors':>12}"]
        size = max(1, -(-len(self.samples) // rows))
        for start in range(0, len(self.samples), size):
            part = self.samples[start : start + size]
            lines.append(
                f"{part[-1].seconds:>8.0f} {highest(part, 'log_mebibytes'):>8.1f} "
                f"{highest(part, 'memory_megabytes'):>10.1f} {highest(part, 'descriptors'):>12}"
            )
        return lines


def highest(samples, name):
    return max(getattr(sample, name) for sample in samples)
