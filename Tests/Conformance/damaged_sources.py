"""Makes sources of every kind of thing, and plants damages in them by a seed.

A `Source` knows what must come of it: `runs` by id, each with its params, tags, points and artifacts. Every damage takes
away from that exactly what it makes unreadable, and notes a text by which the report must name the place.
"""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
EXPERIMENTS, RUNS = 6, 30


class Source:
    def __init__(self, folder: Path, seed: int):
        self.folder, self.dice = folder, random.Random(seed)
        self.runs: dict[str, dict] = {}
        # The texts that the report must have, each for one damage.
        self.reported: list[str] = []
        self.untouched = []
        for experiment in range(1, EXPERIMENTS + 1):
            for _ in range(RUNS):
                run_id = "%032x" % self.dice.getrandbits(128)
                self.runs[run_id] = {
                    "experiment": experiment,
                    "params": {f"p{number}": str(self.dice.random()) for number in range(3)},
                    "tags": {f"t{number}": "größe 🦩 %d" % number for number in range(3)},
                    "points": {
                        f"m{number}": [(1_700_000_000_000 + step, step, self.dice.random()) for step in range(6)]
                        for number in range(3)
                    },
                    "artifacts": {"a.txt", "deep/b.bin"},
                }
        self.order = self.dice.sample(list(self.runs), len(self.runs))

    def damage(self, count: int):
        """Plants that many damages, one in a run, and each kind about equally often."""
        kinds = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("hurt_")]
        assert count <= len(self.order)
        for number, run_id in enumerate(self.order[:count]):
            self.reported.append(kinds[number % len(kinds)](run_id, self.runs[run_id]))
        self.untouched = self.order[count:]


def found_in(data) -> dict[str, dict]:
    """What a data folder has of runs, in the form of `Source.runs`."""
    connection = sqlite3.connect(f"file:{data}/apus.db?mode=ro", uri=True)
    try:
        ids, runs = {}, {}
        for row, run_id, experiment in connection.execute("SELECT id, run_id, experiment_id FROM runs"):
            ids[row] = runs[run_id] = {"experiment": experiment, "params": {}, "tags": {}, "points": {}, "artifacts": set()}
        for part, table in (("params", "params"), ("tags", "run_tags")):
            query = f"SELECT run_id, keys.name, value FROM {table} JOIN keys ON keys.id = key_id"
            for row, key, value in connection.execute(query):
                ids[row][part][key] = value
        query = "SELECT run_id, keys.name, timestamp, step, value FROM metrics JOIN keys ON keys.id = key_id"
        for row, key, *point in connection.execute(query + " ORDER BY timestamp, step"):
            ids[row]["points"].setdefault(key, []).append(tuple(point))
    finally:
        connection.close()
    root = Path(data) / "artifacts"
    for path in root.rglob("*"):
        if path.is_file():
            _, run_id, _, *rest = path.relative_to(root).parts
            runs[run_id]["artifacts"].add("/".join(rest))
    return runs


class Tree(Source):
    """A folder of the file store."""

    def __init__(self, folder: Path, seed: int):
        super().__init__(folder, seed)
        self.root = folder / "mlruns"
        for experiment in range(1, EXPERIMENTS + 1):
            self.write(
                self.root / str(experiment) / "meta.yaml",
                f"artifact_location: {self.root.as_uri()}/{experiment}\ncreation_time: 5\nexperiment_id: '{experiment}'\n"
                f"last_update_time: 6\nlifecycle_stage: active\nname: training {experiment}\n",
            )
        for run_id, run in self.runs.items():
            place = self.place(run_id)
            self.write(
                place / "meta.yaml",
                f"artifact_uri: {place.as_uri()}/artifacts\nend_time: 9\nexperiment_id: '{run['experiment']}'\n"
                f"lifecycle_stage: active\nrun_id: {run_id}\nrun_name: a name\nstart_time: 1700000000000\nstatus: 3\n"
                "user_id: ana\n",
            )
            for part in ("params", "tags"):
                for key, value in run[part].items():
                    self.write(place / part / key, value)
            for key, points in run["points"].items():
                self.write(place / "metrics" / key, "".join(f"{time} {value} {step}\n" for time, step, value in points))
            for name in run["artifacts"]:
                self.write(place / "artifacts" / name, name)

    def place(self, run_id) -> Path:
        return self.root / str(self.runs[run_id]["experiment"]) / run_id

    @staticmethod
    def write(path: Path, text: str | bytes):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def lose(self, run_id) -> str:
        place = str(self.place(run_id))
        del self.runs[run_id]
        return place

    def change_meta(self, run_id, change) -> str:
        meta = self.place(run_id) / "meta.yaml"
        meta.write_bytes(change(meta.read_bytes()))
        return self.lose(run_id)

    def hurt_meta_cut_off(self, run_id, run):
        # Somewhere before the last value that is needed, also at the end of a line.
        return self.change_meta(run_id, lambda text: text[: self.dice.randrange(text.index(b"status"))])

    def hurt_meta_bad_yaml(self, run_id, run):
        bad = self.dice.choice([b"status: [1, 2\n", b"run_name: 'open\n", b"run_name: &a x\n", b"nothing\n", b"\t- x\n:\n"])
        return self.change_meta(run_id, lambda text: text + bad)

    def hurt_meta_wrong_type(self, run_id, run):
        key, value = self.dice.choice([(b"start_time", b"soon"), (b"status", b"-1"), (b"end_time", b"1e99"), (b"status", b"[]")])
        lines = lambda text: [key + b": " + value if line.startswith(key) else line for line in text.split(b"\n")]
        return self.change_meta(run_id, lambda text: b"\n".join(lines(text)))

    def hurt_meta_not_utf8(self, run_id, run):
        return self.change_meta(run_id, lambda text: text.replace(b"a name", b"\xff\xfe"))

    def hurt_meta_absent(self, run_id, run):
        (self.place(run_id) / "meta.yaml").unlink()
        return self.lose(run_id)

    def hurt_meta_no_file(self, run_id, run):
        meta = self.place(run_id) / "meta.yaml"
        meta.unlink()
        self.dice.choice([meta.mkdir, lambda: os.mkfifo(meta), lambda: meta.symlink_to(meta), lambda: meta.symlink_to("/etc/passwd")])()
        return self.lose(run_id)

    def hurt_run_id(self, run_id, run):
        self.change_meta(run_id, lambda text: text.replace(b"run_id: " + run_id.encode(), b"run_id: ../../../etc/" + run_id.encode()))
        return f"../../../etc/{run_id}"

    def hurt_run_is_a_link(self, run_id, run):
        place = self.place(run_id)
        place.rename(self.folder / run_id)
        place.symlink_to(self.folder / run_id)
        return self.lose(run_id)

    def metric(self, run_id) -> Path:
        return self.place(run_id) / "metrics" / "m1"

    def hurt_metric_lines_of_three_kinds(self, run_id, run):
        lines = self.metric(run_id).read_bytes().splitlines(keepends=True)
        for bad in (b"not a point\n", b"5\n", b"17 0.5 x\n"):
            lines.insert(self.dice.randrange(len(lines)), bad)
        self.metric(run_id).write_bytes(b"".join(lines))
        return str(self.metric(run_id))

    def hurt_metric_not_utf8(self, run_id, run):
        self.metric(run_id).write_bytes(self.metric(run_id).read_bytes() + b"\xff\xfe 1 2\n\x00\x00\x00\n")
        return str(self.metric(run_id))

    def hurt_metric_cut_off(self, run_id, run):
        # The end of the last number is gone: a number that is left would be a wrong one.
        self.metric(run_id).write_bytes(self.metric(run_id).read_bytes()[: -self.dice.randint(1, 3)])
        run["points"]["m1"].pop()
        return str(self.metric(run_id))

    def hurt_metric_line_without_end(self, run_id, run):
        self.metric(run_id).write_bytes(self.metric(run_id).read_bytes() + b"1" * 300_000)
        return str(self.metric(run_id))

    def hurt_metric_is_a_cycle(self, run_id, run):
        self.metric(run_id).unlink()
        self.metric(run_id).symlink_to(self.dice.choice(["..", "m1", self.root]))
        del run["points"]["m1"]
        return str(self.metric(run_id))

    def hurt_metric_is_a_pipe(self, run_id, run):
        self.metric(run_id).unlink()
        os.mkfifo(self.metric(run_id))
        del run["points"]["m1"]
        return str(self.metric(run_id))

    def hurt_metric_name(self, run_id, run):
        os.rename(self.metric(run_id), os.fsencode(self.metric(run_id)) + b"\xff")
        del run["points"]["m1"]
        return str(self.metric(run_id)) + "\ufffd"

    def hurt_param_not_utf8(self, run_id, run):
        (self.place(run_id) / "params/p2").write_bytes(b"\xc3\x28")
        del run["params"]["p2"]
        return str(self.place(run_id) / "params/p2")

    def hurt_tag_is_a_link(self, run_id, run):
        tag = self.place(run_id) / "tags/t0"
        tag.unlink()
        tag.symlink_to(self.dice.choice(["t0", "/etc/passwd", "../meta.yaml"]))
        del run["tags"]["t0"]
        return str(tag)

    def hurt_params_are_a_file(self, run_id, run):
        for key in run["params"]:
            (self.place(run_id) / "params" / key).unlink()
        (self.place(run_id) / "params").rmdir()
        (self.place(run_id) / "params").write_text("x")
        run["params"].clear()
        return str(self.place(run_id) / "params")

    def hurt_artifact_is_a_link(self, run_id, run):
        artifact = self.place(run_id) / "artifacts/deep/link"
        artifact.symlink_to(self.dice.choice(["/etc/passwd", "link", "..", self.root]))
        return str(artifact)

    def hurt_artifact_is_a_pipe(self, run_id, run):
        os.mkfifo(self.place(run_id) / "artifacts/pipe")
        return str(self.place(run_id) / "artifacts/pipe")

    def hurt_artifacts_are_elsewhere(self, run_id, run):
        place = self.place(run_id) / "artifacts"
        place.rename(self.folder / f"secret-{run_id}")
        place.symlink_to(self.folder / f"secret-{run_id}")
        run["artifacts"].clear()
        return str(place)

    def hurt_dataset(self, run_id, run):
        meta = self.place(run_id) / "inputs/1/meta.yaml"
        self.write(meta, self.dice.choice(["source_type: DATASET\nsource_id: gone\n", "source_type: OTHER\n", "x"]))
        return str(meta.parent)


class Database(Source):
    """A SQLite database as MLflow 3.17 makes it, with its artifacts beside it."""

    def __init__(self, folder: Path, seed: int):
        super().__init__(folder, seed)
        self.path = folder / "mlflow.db"
        folder.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(self.path)
        execute = self.connection.execute
        for part in ("tables", "indexes"):
            self.connection.executescript((REPOSITORY / f"schemas/mlflow-3.17-{part}.sql").read_text())
        for experiment in range(1, EXPERIMENTS + 1):
            execute(
                "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
                "last_update_time, workspace) VALUES (?, ?, ?, 'active', 5, 6, 'default')",
                (experiment, f"training {experiment}", f"mlflow-artifacts:/{experiment}"),
            )
        for run_id, run in self.runs.items():
            execute(
                "INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, "
                "experiment_id) VALUES (?, 'a name', 'ana', 'FINISHED', 7, 9, 'active', ?, ?)",
                (run_id, f"mlflow-artifacts:/{run['experiment']}/{run_id}/artifacts", run["experiment"]),
            )
            for part in ("params", "tags"):
                for pair in run[part].items():
                    execute(f"INSERT INTO {part} (key, value, run_uuid) VALUES (?, ?, ?)", (*pair, run_id))
            for key, points in run["points"].items():
                for time, step, value in points:
                    execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)", (key, value, time, run_id, step))
            for name in run["artifacts"]:
                Tree.write(self.artifacts(run_id) / name, name)
        self.connection.commit()
        self.connection.execute("PRAGMA foreign_keys = OFF")
        self.connection.execute("PRAGMA ignore_check_constraints = ON")

    def artifacts(self, run_id) -> Path:
        return self.folder / f"mlartifacts/{self.runs[run_id]['experiment']}/{run_id}/artifacts"

    def close(self):
        self.connection.commit()
        self.connection.close()

    def set(self, table, column, value, run_id, condition="1"):
        query = f"UPDATE {table} SET {column} = {value} WHERE run_uuid = '{run_id}' AND {condition}"
        assert self.connection.execute(query).rowcount == 1, query

    def lose(self, run_id) -> str:
        del self.runs[run_id]
        return run_id

    def hurt_run_wrong_type(self, run_id, run):
        column = self.dice.choice(["start_time", "end_time", "experiment_id"])
        self.set("runs", column, self.dice.choice(["'soon'", "1.5", "x'00'"]), run_id)
        return self.lose(run_id)

    def hurt_run_not_utf8(self, run_id, run):
        self.set("runs", self.dice.choice(["name", "user_id", "artifact_uri"]), "CAST(x'66ff' AS TEXT)", run_id)
        return self.lose(run_id)

    def hurt_run_blob(self, run_id, run):
        self.set("runs", self.dice.choice(["name", "status", "lifecycle_stage"]), "x'0102'", run_id)
        return self.lose(run_id)

    def hurt_run_of_no_experiment(self, run_id, run):
        self.set("runs", "experiment_id", "77", run_id)
        return self.lose(run_id)

    def hurt_run_id(self, run_id, run):
        bad = f"../../../etc/{run_id}"
        self.set("runs", "run_uuid", f"'{bad}'", run_id)
        del self.runs[run_id]
        return bad

    def hurt_status(self, run_id, run):
        self.set("runs", "status", "'ODD'", run_id)
        return run_id

    def hurt_param(self, run_id, run):
        self.set("params", "value", self.dice.choice(["CAST(x'ff' AS TEXT)", "x'00'"]), run_id, "key = 'p1'")
        del run["params"]["p1"]
        return f"run {run_id}: 'p1'"

    def hurt_tag(self, run_id, run):
        self.set("tags", "key", self.dice.choice(["CAST(x'c328' AS TEXT)", "x'00'"]), run_id, "key = 't1'")
        del run["tags"]["t1"]
        return f"run {run_id}: "

    def hurt_long_tag(self, run_id, run):
        self.set("tags", "value", "hex(zeroblob(1000000))", run_id, "key = 't1'")
        return self.lose(run_id)

    def hurt_point(self, run_id, run):
        column = self.dice.choice(["value", "timestamp", "step", "is_nan", "key"])
        bad = "x'ff'" if column == "key" else "'much'"
        self.set("metrics", column, bad, run_id, "key = 'm1' AND step = 3")
        del run["points"]["m1"][3]
        return f"run {run_id}: its metrics"

    def hurt_artifact_is_a_link(self, run_id, run):
        (self.artifacts(run_id) / "link").symlink_to(self.dice.choice(["/etc/passwd", "link", ".."]))
        return str(self.artifacts(run_id) / "link")

    def hurt_artifacts_are_elsewhere(self, run_id, run):
        place = self.artifacts(run_id)
        place.rename(self.folder / f"secret-{run_id}")
        place.symlink_to(self.folder / f"secret-{run_id}")
        run["artifacts"].clear()
        return str(place)


class Pages:
    """The leaves of tables in a file of SQLite, so that they can be damaged while the rows that are lost are known."""

    def __init__(self, path):
        self.path, self.bytes = path, bytearray(Path(path).read_bytes())
        self.size = int.from_bytes(self.bytes[16:18], "big")

    def page(self, number):
        start = (number - 1) * self.size
        return start, start + (100 if number == 1 else 0)

    def varint(self, place):
        value = 0
        for count in range(9):
            byte = self.bytes[place + count]
            if count == 8:
                return value << 8 | byte, place + 9
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value, place + count + 1

    def leaves(self, number):
        """(page, row ids) of the leaves of a table's tree."""
        start, head = self.page(number)
        kind, cells = self.bytes[head], int.from_bytes(self.bytes[head + 3 : head + 5], "big")
        array = head + (12 if kind == 5 else 8)
        places = [start + int.from_bytes(self.bytes[array + 2 * n : array + 2 * n + 2], "big") for n in range(cells)]
        if kind == 13:
            yield number, [self.varint(self.varint(place)[1])[0] for place in places]
            return
        assert kind == 5, kind
        for place in places:
            yield from self.leaves(int.from_bytes(self.bytes[place : place + 4], "big"))
        yield from self.leaves(int.from_bytes(self.bytes[head + 8 : head + 12], "big"))

    def spoil(self, number, dice):
        start, _ = self.page(number)
        self.bytes[start : start + self.size] = dice.choice([bytes(self.size), b"\xff" * self.size, b"no page of a database" * 400])[: self.size].ljust(self.size, b"\0")

    def write(self):
        Path(self.path).write_bytes(self.bytes)
