"""Runs the commands that look after a data folder, kills them at random moments, and compares what they leave.

As a script it kills each command for some time over a folder of its own:

    APUS_BINARY=… python Tests/Conformance/keeping.py --seconds 60 --seed 1
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "Support")]

from helpers import call, must, new_run, send  # noqa: E402
from servers import ApusServer, apus_binary  # noqa: E402

# These change with every command, or with the time.
VOLATILE = {
    "artifact_journal": ["id", "time", "duration"],
    "audit_entries": ["id"],
    "schema_migrations": ["applied_at"],
    "removals": ["id"],
}
# The audit also tells of the commands themselves, such as a restoration; what was removed for good it tells once.
CHOSEN = {"audit_entries": "WHERE action = 'gc'"}


# The commands that work on a database in PostgreSQL too.
OF_DATABASES = {"audit", "gc", "token", "usage", "user"}


def spare(*arguments) -> list[str]:
    """The command; with APUS_TEST_STORE=postgresql it has the database of its data folder, if it can."""
    words = list(map(str, arguments))
    if os.environ.get("APUS_TEST_STORE", "sqlite") != "sqlite" and words[0] in OF_DATABASES and "--data-dir" in words:
        from postgres import database_of

        words += ["--backend-store-uri", database_of(words[words.index("--data-dir") + 1])]
    return [str(apus_binary()), *words]


def apus(*arguments, check=True, timeout=120):
    """Runs a command to its end and returns what it printed."""
    return subprocess.run(spare(*arguments), capture_output=True, text=True, check=check, timeout=timeout)


def content(folder) -> dict[str, list]:
    """All rows of the database in a data folder, without what differs from one moment to the next."""
    connection = sqlite3.connect(f"file:{folder}/apus.db?mode=ro", uri=True)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {}
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            stable = [column for column in columns if column not in VOLATILE.get(table, [])]
            query = f"SELECT {', '.join(stable)} FROM {table} {CHOSEN.get(table, '')}"
            rows[table] = sorted(connection.execute(query).fetchall(), key=repr)
        return rows
    finally:
        connection.close()


def files(folder) -> dict[str, bytes]:
    """The files beneath a folder by their paths."""
    folder = Path(folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make_deleted(uri, runs, points):
    """A store with as much that is deleted as what is not, in an experiment that stays and one that goes."""
    gone = must(uri, "experiments/create", {"name": "gone"})["experiment_id"]
    for number in range(2 * runs):
        experiment = gone if number % 4 == 3 else "0"
        run_id = new_run(uri, experiment)
        for start in range(0, points, 1_000):
            steps = range(start, min(start + 1_000, points))
            metrics = [{"key": f"m{step % 3}", "value": step, "timestamp": step, "step": step} for step in steps]
            must(uri, "runs/log-batch", {"run_id": run_id, "metrics": metrics})
        must(uri, "runs/log-batch", {"run_id": run_id, "params": [{"key": "lr", "value": str(number)}]})
        for name in "ab":
            path = f"{experiment}/{run_id}/artifacts/deep/{name}"
            assert send("PUT", f"{uri}/api/2.0/mlflow-artifacts/artifacts/{path}", os.urandom(2_000))[0] == 200
        if number % 2 and experiment == "0":
            must(uri, "runs/delete", {"run_id": run_id})
    must(uri, "experiments/delete", {"experiment_id": gone})


def logging(uri, run_id, stop, acknowledged):
    """Logs one metric after the other, and notes the last step that was acknowledged."""
    step = 0
    while not stop.is_set():
        status, _ = call(uri, "runs/log-metric", {"run_id": run_id, "key": "m", "value": step, "timestamp": 1, "step": step})
        if status == 200:
            acknowledged.append(step)
            step += 1


def kill_until_done(template, scratch, command, seconds, seed=None, least=0) -> int:
    """Runs a command over copies of a folder, and kills it again and again until it has ended by itself.

    What it leaves must be what an undisturbed one leaves. This goes on for some seconds, and until at least so many were
    killed. Returns how many that were.
    """
    seed = random.randrange(1 << 30) if seed is None else seed
    dice = random.Random(seed)
    copy = Path(scratch) / "undisturbed"
    shutil.copytree(template, copy)
    start = time.monotonic()
    apus(*command, "--data-dir", copy)
    usual = time.monotonic() - start
    expected = content(copy), files(copy / "artifacts")
    kills, end = 0, time.monotonic() + seconds
    while time.monotonic() < end or kills < least:
        copy = Path(scratch) / "killed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(template, copy)
        longest = usual
        while True:
            process = subprocess.Popen(spare(*command, "--data-dir", copy), stdout=subprocess.DEVNULL)
            try:
                status = process.wait(dice.uniform(0, longest))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                # On a machine that has become slower, the usual time may not even be enough to begin.
                longest *= 1.1
                continue
            assert status == 0, (command, seed)
            break
        found = content(copy), files(copy / "artifacts")
        for table, rows in expected[0].items():
            if table != "artifact_journal":
                assert found[0][table] == rows, (table, seed)
        assert found[1] == expected[1], seed
    return kills


def kill_backups(folder, scratch, seconds, seed=None, least=0) -> int:
    """Kills backups of a folder, and restorations of the last one that was not killed, at random moments.

    Every generation that there is must be whole, and a restoration that is run again must give the store. This goes on for
    some seconds, and until at least so many were killed. Returns how many that were.
    """
    seed = random.randrange(1 << 30) if seed is None else seed
    dice = random.Random(seed)
    place, target = Path(scratch) / "places", Path(scratch) / "restored"
    start = time.monotonic()
    apus("backup", place, "--data-dir", folder)
    usual = time.monotonic() - start
    apus("restore", place, "--data-dir", target)
    expected = content(target), files(target / "artifacts")
    kills, end = 0, time.monotonic() + seconds
    while time.monotonic() < end or kills < least:
        kills += killed(["backup", place, "--keep", "2", "--data-dir", folder], dice.uniform(0, usual))
        for generation in place.iterdir():
            if not generation.name.startswith("."):
                assert apus("check", generation, check=False).returncode == 0, (generation, seed)
        restoration = ["restore", place, "--replace", "--data-dir", target]
        kills += killed(restoration, dice.uniform(0, usual))
        apus(*restoration)
        assert (content(target), files(target / "artifacts")) == expected, seed
    return kills


def killed(command, after) -> bool:
    """Starts a command and kills it after some time; false if it had ended by then."""
    process = subprocess.Popen(spare(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def later_version(generation, apus="9.9.9"):
    """Makes the manifest of a backup one of a later version, which ends in another way."""
    path = generation / "manifest.jsonl"
    head, *lines = path.read_text().splitlines()
    head = json.dumps({**json.loads(head), "version": 3, "apus": apus})
    path.write_text("\n".join([head, *lines[:-1], json.dumps({"signature": "?"})]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for each command")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        with ApusServer(directory=Path(scratch) / "server") as server:
            make_deleted(server.url, runs=100, points=2_000)
            server.stop(remove=False)
            kills = kill_until_done(server.data_directory, scratch, ["gc"], options.seconds, options.seed)
            backups = kill_backups(server.data_directory, scratch, options.seconds, options.seed)
            print(f"backup and restore: killed {backups} times, and every backup was whole")
            print(f"gc: killed {kills} times, and the end was the same")


if __name__ == "__main__":
    main()


def generation(place):
    """The newest backup."""
    return max(path for path in place.iterdir() if not path.name.startswith("."))
