"""Kills imports, exports, backups, snapshots and removals at random moments, and runs them again.

The end must be the same as that of one that nobody disturbed, and the source must have the same bytes. By hand:

    python3 Tests/Reliability/run.py --only commands --rounds 50 --seed 1
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "Reliability"), str(TESTS / "Conformance"), str(TESTS / "Support")]

from cases import Options, Result  # noqa: E402
from damaged_sources import Database, Tree  # noqa: E402
from helpers import must, new_run, send  # noqa: E402
from keeping import apus, content, files, make_deleted, spare  # noqa: E402
from servers import ApusServer, ServerFailed  # noqa: E402

# Drawn at random by each export, and seen by nobody.
DRAWN = {"datasets", "inputs", "input_tags"}
# What a server logs that had no time for the snapshot at its end.
TOO_LATE = "the time for stopping was over"


def fingerprint(folder) -> dict[str, bytes]:
    """The bytes of all files of a source; a killed reader leaves an empty write-ahead log and its index beside a database."""
    beside = {name: bytes_ for name, bytes_ in files(folder).items() if not name.endswith("-shm")}
    return {name: hashlib.sha256(bytes_).digest() for name, bytes_ in beside.items() if bytes_ or not name.endswith("-wal")}


def imported(data):
    """What an import has brought, without the leftovers of uploads, which the next server removes."""
    rows = {table: rows for table, rows in content(data).items() if table != "artifact_journal"}
    # The experiment that every store begins with is as old as the store.
    rows["experiments"] = [row for row in rows["experiments"] if row[0] != 0]
    stored = files(Path(data) / "artifacts")
    return rows, {name: bytes_ for name, bytes_ in stored.items() if not Path(name).name.startswith(".apus-upload-")}


def exported(folder):
    with sqlite3.connect(f"file:{folder}/mlflow.db?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {
            table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables if table not in DRAWN
        }
    return rows, files(Path(folder) / "mlartifacts")


def generations(place) -> list[Path]:
    return sorted(path for path in place.iterdir() if (path / "manifest.jsonl").is_file())


class Command:
    """A command over a folder of its own: what it is called with, and what it leaves."""

    def __init__(self, scratch: Path, store: Path):
        self.scratch, self.store = scratch, store
        self.target = scratch / "target"

    source: Path

    def begin(self):
        """Makes the place as it is before the command."""
        shutil.rmtree(self.target, ignore_errors=True)

    def arguments(self) -> list:
        raise NotImplementedError

    def state_of_source(self):
        """What a command must not change."""
        return fingerprint(self.source)

    def look(self):
        raise NotImplementedError


class ImportOfTree(Command):
    def __init__(self, scratch, store):
        super().__init__(scratch, store)
        tree = Tree(scratch / "source", 3)
        self.source, self.path = tree.folder, tree.root

    def arguments(self):
        return ["import", self.path, "--to", self.target]

    def look(self):
        return imported(self.target)


class ImportOfDatabase(ImportOfTree):
    def __init__(self, scratch, store):
        Command.__init__(self, scratch, store)
        database = Database(scratch / "source", 3)
        database.close()
        self.source, self.path = database.folder, database.path


class Export(Command):
    @property
    def source(self):
        return self.store

    def begin(self):
        super().begin()
        shutil.rmtree(f"{self.target}.unfinished", ignore_errors=True)

    def arguments(self):
        return ["export", "--format", "mlflow-db", "--output", self.target, "--data-dir", self.store]

    def look(self):
        assert not Path(f"{self.target}.unfinished").exists()
        return exported(self.target)


class BackupOf(Command):
    @property
    def source(self):
        return self.store

    def arguments(self):
        return ["backup", self.target, "--copy", "--keep", "2", "--data-dir", self.store]

    def state_of_source(self):
        """The audit of the source tells of each backup, so that its bytes change."""
        return content(self.source), files(self.source / "artifacts")

    def look(self):
        made = generations(self.target)
        for generation in made:
            assert apus("check", generation, check=False).returncode == 0, generation
        assert not [path for path in self.target.iterdir() if path.name.startswith(".unfinished")]
        return content(made[-1]), files(made[-1] / "artifacts")


class Removal(Command):
    def __init__(self, scratch, store):
        super().__init__(scratch, store)
        self.source = scratch / "source"
        shutil.copytree(store, self.source)

    def begin(self):
        super().begin()
        shutil.copytree(self.store, self.target)

    def arguments(self):
        return ["gc", "--data-dir", self.target]

    def look(self):
        return {table: rows for table, rows in content(self.target).items() if table != "artifact_journal"}, files(self.target / "artifacts")


def finished(command: Command, after: float) -> bool:
    """Starts a command and kills it after some time; true if it had ended by then."""
    process = subprocess.Popen(spare(*command.arguments()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert process.wait(after) == 0, command.arguments()
        return True
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def kill_rounds(command: Command, rounds: int, seed: int) -> int:
    """Kills the command that many times, and each time runs it again to its end. Returns how many ran to their end."""
    dice = random.Random(seed)
    before = command.state_of_source()
    command.begin()
    start = time.monotonic()
    apus(*command.arguments())
    usual = time.monotonic() - start
    expected = command.look()
    kills, early = 0, 0
    while kills < rounds:
        command.begin()
        # Now and then it is killed again before it may go on to the end.
        while True:
            if finished(command, dice.uniform(0, usual)):
                early += 1
                break
            kills += 1
            if dice.random() < 0.7:
                apus(*command.arguments())
                break
        found = command.look()
        assert found == expected, (type(command).__name__, seed, kills)
        assert command.state_of_source() == before, (type(command).__name__, seed, kills)
    return early


def kill_snapshots(scratch: Path, rounds: int, seed: int) -> int:
    """Kills servers that make snapshots, and starts them again, on their data or without it.

    Every snapshot that counts is whole, and after a stop the newest holds everything. Returns how often one was restored.
    """
    dice = random.Random(seed)
    place = scratch / "drive" / "snapshots"
    place.parent.mkdir(parents=True)
    arguments = ["--snapshot-to", place, "--snapshot-every", "1s"]
    restored = 0
    with ApusServer(arguments, directory=scratch / "server") as server:
        for turn in range(rounds):
            run_id = new_run(server.url)
            artifact = dice.randbytes(dice.choice([10, 3_000_000]))
            path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/{turn}"
            assert send("PUT", server.url + path, artifact)[0] == 200
            must(server.url, "runs/log-metric", {"run_id": run_id, "key": "m", "value": turn, "timestamp": 1})
            time.sleep(dice.uniform(0, 1.3))
            server.kill()
            for snapshot in generations(place):
                assert apus("check", snapshot, check=False).returncode == 0, (seed, turn, snapshot)
            if generations(place) and dice.random() < 0.3:
                shutil.rmtree(server.data_directory)
                restored += 1
            server.start()
        stop_with_snapshot(server)
        newest = generations(place)[-1]
        assert content(newest) == content(server.data_directory), seed
        back = scratch / "back"
        apus("restore", place, "--data-dir", back)
        assert files(back / "artifacts") == files(server.data_directory / "artifacts"), seed
        assert content(back) == content(server.data_directory), seed
    return restored


def stop_with_snapshot(server):
    """Stops a server until the snapshot at its end was made: it has five seconds, and says when they were not enough."""
    for _ in range(20):
        told = server.log(lines=100_000).count(TOO_LATE)
        assert server.stop(remove=False) == 0
        if server.log(lines=100_000).count(TOO_LATE) == told:
            return
        server.start()
    raise AssertionError("the snapshot at the end was never made in time")


def make_store(folder: Path, runs: int, points: int) -> Path:
    """A data folder with deleted runs and others."""
    with ApusServer(directory=folder) as server:
        make_deleted(server.url, runs=runs, points=points)
        server.stop(remove=False)
        return server.data_directory


COMMANDS = [ImportOfTree, ImportOfDatabase, Export, BackupOf, Removal]


def run(options: Options) -> Result:
    """Some kills of each command in the short form, fifty in the long one."""
    rounds, result, early = options.count(2, 50), Result(), 0
    seed = options.dice("commands").getrandbits(30)
    folder = options.folder("commands")
    store = make_store(folder / "server", runs=60 if options.long else 20, points=1_000 if options.long else 500)
    for command in COMMANDS:
        scratch = folder / command.__name__
        scratch.mkdir()
        try:
            early += kill_rounds(command(scratch, store), rounds, seed)
        except (AssertionError, subprocess.CalledProcessError) as error:
            result.fault(command.__name__, [f"{error}"])
    try:
        restored = kill_snapshots(folder / "snapshots", rounds, seed)
    except (AssertionError, ServerFailed) as error:
        restored = 0
        result.fault("snapshots", [f"{error}"])
    result.figures = (
        f"{rounds} kills of each of {len(COMMANDS)} commands and of servers that make snapshots; {early} commands had ended "
        f"before, {restored} snapshots restored"
    )
    return result
