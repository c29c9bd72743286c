"""What all cases share: what they are asked for, what they found, and a place to work in."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Options:
    seed: int
    long: bool
    # How many rounds, instead of the usual number of the case.
    rounds: int | None
    scratch: Path

    def dice(self, name: str) -> random.Random:
        """Random numbers of one case, the same for a seed whatever other cases run."""
        return random.Random(f"{self.seed} {name}")

    def count(self, short: int, long: int) -> int:
        return self.rounds or (long if self.long else short)

    def folder(self, name: str) -> Path:
        path = self.scratch / name
        path.mkdir(parents=True)
        return path


@dataclass
class Result:
    figures: str = ""
    faults: list[str] = field(default_factory=list)

    def fault(self, where: str, sentences):
        self.faults += [f"{where}: {sentence}" for sentence in sentences]
