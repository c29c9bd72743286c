"""The soak of Tests/Soak, with the seed of the attack: a minute in the short form, an hour in the long one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cases import Options, Result

PROGRAM = Path(__file__).resolve().parents[1] / "Soak/run.py"


def run(options: Options) -> Result:
    seconds = os.environ.get("SOAK_SECONDS") or ("3600" if options.long else "60")
    environment = {**os.environ, "SOAK_SECONDS": seconds, "SOAK_SEED": str(options.seed)}
    ended = subprocess.run([sys.executable, str(PROGRAM)], env=environment, capture_output=True, text=True, check=False)
    lines = ended.stdout.splitlines()
    result = Result()
    rest = [line for line in lines if line.startswith("at rest")]
    calls = sum(float(line.split(": ")[1].split("/s")[0]) for line in lines if "/s, mean" in line)
    result.figures = f"{seconds} s, {calls:.0f} calls/s, {' '.join(rest)}"
    if ended.returncode:
        sentences = [line.removeprefix("soak: ") for line in lines if line.startswith("soak: ")][1:]
        result.fault("soak", sentences or [f"it ended with {ended.returncode}: {ended.stderr[-2_000:]}"])
    return result
