"""How fast `apus import` takes over a database of MLflow and `apus export` writes it, and with how much memory.

    python3 Benchmarks/import.py [--runs 10000] [--points 1000000]

Makes two databases with the reference's own schema (.venv-reference): one of many runs with 20 metrics and 20 params each,
one with few runs and many points. Imports each into a fresh folder, and again; exports that folder in each form, and
imports the archive. Needs a release build.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
APUS = os.environ.get("APUS_BINARY") or REPOSITORY / ".build/release/apus"
REFERENCE = os.environ.get("APUS_REFERENCE_PYTHON") or REPOSITORY / ".venv-reference/bin/python"
EMPTY = "from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as S; S('sqlite:///{}', '{}')"
RUN = """
    INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri,
        experiment_id)
    VALUES (?, ?, 'UNKNOWN', 'ana', 'FINISHED', ?, ?, 'active', ?, 0)
"""
METRIC = "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)"


def fill(path: Path, runs: int, metrics: int, params: int, points: int):
    """Adds runs; every one has as many points of each metric."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = OFF")
    chance = random.Random(7)
    for number in range(runs):
        run, start = uuid.UUID(int=chance.getrandbits(128)).hex, 1_764_300_000_000 + number * 1_000
        location = f"mlflow-artifacts:/0/{run}/artifacts"
        database.execute(RUN, (run, f"run {number}", start, start + 900, location))
        for key in range(params):
            database.execute("INSERT INTO params VALUES (?, ?, ?)", (f"param{key}", f"{chance.random():.6f}", run))
        database.execute("INSERT INTO tags VALUES ('mlflow.runName', ?, ?)", (f"run {number}", run))
        for key in range(metrics):
            rows = ((f"metric{key}", chance.random(), start + point, run, point) for point in range(points))
            database.executemany(METRIC, rows)
    database.commit()
    database.close()


def measure(what: str, things: int, *arguments: str | Path):
    start = time.monotonic()
    process = subprocess.Popen([APUS, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.monotonic() - start
    if status != 0:
        sys.exit(f"{what} ended with {status}")
    processor = usage.ru_utime + usage.ru_stime
    print(f"{what}: {taken:.1f} s, {things / taken:,.0f}/s, {processor:.1f} s of processor, {usage.ru_maxrss / 1024:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, shape in (("runs", (options.runs, 20, 20, 1)), ("points", (10, 10, 2, options.points // 100))):
            source = folder / f"{kind}.db"
            command = [REFERENCE, "-c", EMPTY.format(source, folder / "mlruns")]
            subprocess.run(command, check=True, capture_output=True)
            fill(source, *shape)
            things = shape[0] if kind == "runs" else shape[0] * shape[1] * shape[3]
            data, archive = folder / kind, folder / f"{kind}.tar"
            for turn in ("imported", "imported again"):
                measure(f"{kind} {turn}", things, "import", source, "--to", data)
            forms = {"archive": archive, "mlflow-db": folder / f"{kind}-mlflow", "csv": "-", "jsonl": "-"}
            for form, target in forms.items():
                arguments = ["--table", "metrics"] if kind == "points" and form in ("csv", "jsonl") else []
                measure(f"{kind} as {form}", things, "export", "--format", form, "--data-dir", data, "-o", target, *arguments)
            measure(f"{kind} imported from the archive", things, "import", archive, "--to", folder / f"{kind}-again")


if __name__ == "__main__":
    main()
