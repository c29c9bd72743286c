#!/usr/bin/env python3
"""Attacks a server in every way that docs/reliability.md names, with random numbers from one seed.

    python3 Tests/Reliability/run.py [--seed N] [--long] [--only kills,faults] [--rounds N]

Each case prints a line of figures, and a sentence for each thing that is wrong; the exit code is then 1. The same seed makes
the same requests, faults and cuts; what the server is just doing at that moment differs.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Support")]

from cases import Options, Result  # noqa: E402

# By the names of --only; each module has a function `run`.
CASES = {
    "kills": "server_kills",
    "kills-postgresql": "server_kills_postgresql",
    "outages": "outages",
    "faults": "faults",
    "power-cuts": "power_cuts",
    "full-disk": "full_disk",
    "overload": "overload",
    "hostile": "hostile",
    "soak": "soak",
}
# The conformance tests do this in short.
LONG_CASES = {"commands": "command_kills"}


def run_case(name: str, options: Options) -> Result:
    try:
        return importlib.import_module((CASES | LONG_CASES)[name]).run(options)
    except Exception:  # One case that cannot go on is a fault, and the others still run.
        return Result("ended early", [traceback.format_exc()])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("APUS_TEST_SEED") or 20_261_129))
    parser.add_argument("--long", action="store_true", help="the long form: hours instead of minutes")
    parser.add_argument("--only", help=f"cases, parted by commas, of {', '.join(CASES)} and, in the long form, {', '.join(LONG_CASES)}")
    parser.add_argument("--rounds", type=int, help="rounds of each case, instead of its own number")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else [*CASES, *(LONG_CASES if options.long else [])]
    unknown = [name for name in names if name not in CASES | LONG_CASES]
    if unknown:
        parser.error(f"there is no case {', '.join(unknown)}; there are {', '.join(CASES | LONG_CASES)}")
    scratch = Path(tempfile.mkdtemp(prefix="apus-reliability-")).resolve()
    faults = 0
    print(f"reliability: seed {options.seed}, the {'long' if options.long else 'short'} form", flush=True)
    for name in names:
        began = time.monotonic()
        result = run_case(name, Options(options.seed, options.long, options.rounds, scratch))
        verdict = "FAILED" if result.faults else "held"
        print(f"{name}: {verdict} in {time.monotonic() - began:.0f} s: {result.figures}", flush=True)
        for sentence in result.faults[:20]:
            print(f"{name}: {sentence}", flush=True)
        if result.faults:
            command = f"python3 Tests/Reliability/run.py --only {name} --seed {options.seed}{' --long' if options.long else ''}"
            print(f"{name}: {len(result.faults)} faults; again with: {command}", flush=True)
        faults += len(result.faults)
    if faults:
        print(f"reliability: what the servers left is in {scratch}")
    else:
        shutil.rmtree(scratch, ignore_errors=True)
        print("reliability: all held")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
