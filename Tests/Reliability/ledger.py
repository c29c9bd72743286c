"""Writers that remember what each request may have left, and the comparison of that with what a server shows.

A cell is one thing that requests change: a run, a step of its metrics, a tag, a file. It keeps its attempts in order: each
has a value, the place of the record at which it was begun, and the one at which it was acknowledged. From these follows
what may be there after a kill at any place: the last acknowledged value, or one that was begun after it.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
PARTS = "/api/2.0/mlflow-artifacts/mpu/"
BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
KEYS = ["m0", "m1", "m2"]
NEVER = float("inf")


@dataclass
class Attempt:
    value: object
    begun: float
    acknowledged: float = NEVER
    # A refusal after which nothing was done.
    refused: bool = False


class Cell:
    def __init__(self, first=None):
        self.attempts = [Attempt(first, -1, -1)]

    def begin(self, value, place) -> Attempt:
        attempt = Attempt(value, place)
        self.attempts.append(attempt)
        return attempt

    def possible(self, place=NEVER) -> list:
        """The values that may be there, where what was acknowledged up to a place of the record counts."""
        values = []
        for attempt in self.attempts:
            if attempt.acknowledged <= place and attempt.acknowledged != NEVER:
                values = [attempt.value]
            elif attempt.begun <= place and not attempt.refused:
                values.append(attempt.value)
        return values


def content(number: int) -> bytes:
    """A file that tells which one it is; 10 bytes to some hundred kilobytes."""
    size = (10, 5_000, 70_000, 300_000)[number % 4]
    line = f"content {number:8}\n".encode()
    return (line * (size // len(line) + 1))[: max(size, len(line))]


@dataclass
class Ledger:
    """What one writer has attempted; only its thread writes to it."""

    cells: dict = field(default_factory=dict)
    statuses: Counter = field(default_factory=Counter)
    acknowledged: int = 0
    messages: list = field(default_factory=list)
    # When each request was begun and ended, by time.monotonic(), and what it was.
    spans: list = field(default_factory=list)

    def cell(self, key, first=None) -> Cell:
        # Readers of other threads look at a finished ledger only.
        if key not in self.cells:
            self.cells[key] = Cell(first)
        return self.cells[key]


class Gone(Exception):
    """The connection broke: what was sent may or may not have been done."""


class Writer(threading.Thread):
    """Changes things of its own until it is told to stop or the server is gone.

    - Parameter place: tells the place of the record; of no use without one.
    - Parameter goes_on: whether a broken connection is made again, where the server is expected to live.
    """

    def __init__(self, address, seed, place=lambda: 0, goes_on=False):
        super().__init__(daemon=True)
        self.address, self.place, self.goes_on = address, place, goes_on
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.name_of_model = f"model-{seed}"
        self.runs, self.spare, self.models, self.number = [], [], [], 0
        self.broken = 0
        self._over = threading.Event()
        self._connection = None

    def stop(self):
        self._over.set()

    def run(self):
        kinds = {
            self.create_run: 2,
            self.log_batch: 10,
            self.set_tag: 4,
            self.put_file: 3,
            self.put_parts: 1,
            self.delete_file: 1,
            self.create_model: 1,
            self.create_version: 2,
            self.describe_model: 1,
            self.change_stage: 2,
        }
        while not self._over.is_set():
            self.number += 1
            try:
                self.random.choices(list(kinds), list(kinds.values()))[0]()
            except Gone:
                self.broken += 1
                if not self.goes_on:
                    return

    # Requests.
    def _send(self, kind, method, path, body=b"", type_="application/json"):
        begun = time.monotonic()
        try:
            return self._exchange(kind, method, path, body, type_)
        finally:
            self.ledger.spans.append((begun, time.monotonic(), kind))

    def _exchange(self, kind, method, path, body, type_):
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(*self.address, timeout=30)
            self._connection.request(method, path, body or None, {"Content-Type": type_} if body else {})
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self.ledger.statuses[kind, type(error).__name__] += 1
            raise Gone from error
        self.ledger.statuses[kind, answer.status] += 1
        if answer.status >= 500 and len(self.ledger.messages) < 20:
            self.ledger.messages.append(f"{kind}: {answer.status} {text[:300].decode(errors='replace')}")
        return answer.status, text, answer.headers

    def _call(self, kind, route, body, method="POST"):
        status, text, _ = self._send(kind, method, API + route, json.dumps(body).encode())
        return status, text

    def _attempt(self, kind, changes, send):
        """Changes some cells by one request; returns what came if it was acknowledged."""
        attempts = [self.ledger.cell(key, first).begin(value, self.place()) for key, first, value in changes]
        status, text = send()
        if status == 200:
            place = self.place()
            for attempt in attempts:
                attempt.acknowledged = place
            self.ledger.acknowledged += 1
            return text
        if 400 <= status < 500:
            for attempt in attempts:
                attempt.refused = True
        return None

    def _run_id(self):
        return f"{self.random.getrandbits(128):032x}"

    # What it does.
    def create_run(self):
        run_id = self._run_id()
        body = {"experiment_id": "0", "run_id": run_id, "start_time": self.number}
        changes = [(("run", run_id), False, True)]
        if self._attempt("create run", changes, lambda: self._call("create run", "runs/create", body)) is not None:
            (self.spare if len(self.spare) < 2 else self.runs).append(run_id)

    def log_batch(self):
        if not self.runs:
            return self.create_run()
        run_id, step = self.random.choice(self.runs[-4:]), self.number
        body = {
            "run_id": run_id,
            "metrics": [{"key": key, "value": step / 2, "timestamp": step, "step": step} for key in KEYS],
            "params": [{"key": f"p{step}", "value": str(step)}],
            "tags": [{"key": "last", "value": str(step)}],
        }
        changes = [(("step", run_id, step), False, True)]
        self._attempt("log batch", changes, lambda: self._call("log batch", "runs/log-batch", body))

    def set_tag(self):
        if not self.runs:
            return self.create_run()
        run_id, key = self.random.choice(self.runs[-4:]), f"t{self.random.randrange(4)}"
        value = f"{self.number} " + "w" * self.random.randrange(3_000)
        body = {"run_id": run_id, "key": key, "value": value}
        self._attempt("set tag", [(("tag", run_id, key), None, value)], lambda: self._call("set tag", "runs/set-tag", body))

    def _file(self):
        run_id = self.random.choice(self.runs[-4:])
        return f"0/{run_id}/artifacts/" + self.random.choice(["a.bin", "deep/er/b.bin", f"d{self.number % 5}/c.bin"])

    def put_file(self):
        if not self.runs:
            return self.create_run()
        path, number = self._file(), self.number
        self._attempt("put file", [(("file", path), None, number)], lambda: self._put(ARTIFACTS + path, number))

    def _put(self, path, number):
        return self._send("put file", "PUT", path, content(number), "application/octet-stream")[:2]

    def delete_file(self):
        paths = [key[1] for key, cell in self.ledger.cells.items() if key[0] == "file" and cell.possible()[-1] is not None]
        if not paths:
            return
        path = self.random.choice(paths)
        changes = [(("file", path), None, None)]
        self._attempt("delete file", changes, lambda: self._send("delete file", "DELETE", ARTIFACTS + path)[:2])

    def put_parts(self):
        """A file in two parts of its own; what is not completed is not to be seen."""
        if not self.runs:
            return self.create_run()
        run_id, number = self.random.choice(self.runs[-4:]), 4 * self.number + 3
        name = f"parts{self.number}.bin"
        place = f"0/{run_id}/artifacts"
        body = json.dumps({"path": name, "num_parts": 2}).encode()
        status, text, _ = self._send("begin parts", "POST", f"{PARTS}create/{place}", body)
        if status != 200:
            return
        begun = json.loads(text)
        whole, tags = content(number), []
        half = len(whole) // 2
        for index, part in enumerate((whole[:half], whole[half:])):
            target = urllib.parse.urlsplit(begun["credentials"][index]["url"])
            path = f"{target.path}?{target.query}"
            status, _, headers = self._send("put part", "PUT", path, part, "application/octet-stream")
            if status != 200:
                return
            tags.append({"part_number": index + 1, "etag": headers["ETag"]})
        body = json.dumps({"path": name, "upload_id": begun["upload_id"], "parts": tags}).encode()
        self._attempt(
            "complete parts",
            [(("file", f"{place}/{name}"), None, number)],
            lambda: self._send("complete parts", "POST", f"{PARTS}complete/{place}", body)[:2],
        )

    def create_model(self):
        name = f"{self.name_of_model}-{self.number}"
        changes = [(("model", name), None, "")]
        sent = {"name": name}
        if self._attempt("create model", changes, lambda: self._call("create model", "registered-models/create", sent)) is not None:
            self.models.append(name)

    def create_version(self):
        if not self.models:
            return self.create_model()
        name, source = self.random.choice(self.models[-2:]), f"s3://bucket/{self.number}"
        body = {"name": name, "source": source}
        changes = [(("version", name, source), False, True)]
        self._attempt("create version", changes, lambda: self._call("create version", "model-versions/create", body))

    def describe_model(self):
        if not self.models:
            return self.create_model()
        name, text = self.random.choice(self.models[-2:]), f"described {self.number}"
        body = {"name": name, "description": text}
        changes = [(("model", name), None, text)]
        self._attempt("describe", changes, lambda: self._call("describe", "registered-models/update", body, "PATCH"))

    def change_stage(self):
        if not self.spare:
            return self.create_run()
        run_id = self.random.choice(self.spare)
        cell = self.ledger.cell(("stage", run_id), "active")
        stage = "active" if cell.possible()[-1] == "deleted" else "deleted"
        route = "runs/restore" if stage == "active" else "runs/delete"
        changes = [(("stage", run_id), "active", stage)]
        self._attempt("stage", changes, lambda: self._call("stage", route, {"run_id": run_id}))


def start_writers(server, seed, count, place=lambda: 0, goes_on=False) -> list[Writer]:
    writers = [Writer((server.host, server.port), seed * 1_000 + number, place, goes_on) for number in range(count)]
    for writer in writers:
        writer.start()
    return writers


def end_writers(writers, timeout=60) -> list[str]:
    """Waits for the writers to end; a sentence for each that does not."""
    for writer in writers:
        writer.stop()
    for writer in writers:
        writer.join(timeout)
    return [f"A request was not answered within {timeout} s." for writer in writers if writer.is_alive()]


def merged_statuses(ledgers) -> Counter:
    statuses = Counter()
    for ledger in ledgers:
        statuses.update(ledger.statuses)
    return statuses


class Comparison:
    """Holds what a server shows against ledgers; the differences are sentences in `faults`."""

    def __init__(self, server, ledgers, place=NEVER):
        self.server, self.place = server, place
        self.cells = {key: cell for ledger in ledgers for key, cell in ledger.cells.items()}
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        self.faults: list[str] = []
        self.checked = 0

    def _get(self, path):
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def _json(self, route, **query):
        status, body = self._get(f"{API}{route}?{urllib.parse.urlencode(query)}")
        if status == 404:
            return None
        if status != 200:
            self.faults.append(f"{route} {query} is answered with {status} {body[:200]!r}.")
            return {}
        return json.loads(body)

    def _check(self, what, cell, found):
        self.checked += 1
        possible = cell.possible(self.place)
        if found not in possible:
            self.faults.append(f"{what} is {str(found)[:80]}, and may be {' or '.join(str(one)[:80] for one in possible)}.")

    def of_kind(self, kind):
        return [(key, cell) for key, cell in self.cells.items() if key[0] == kind]

    def run(self) -> "Comparison":
        try:
            self._runs()
            self._registry()
            self._files()
        finally:
            self.connection.close()
        return self

    def _runs(self):
        steps, tags = {}, {}
        for (_, run_id, step), cell in self.of_kind("step"):
            steps.setdefault(run_id, {})[step] = cell
        for (_, run_id, key), cell in self.of_kind("tag"):
            tags.setdefault(run_id, {})[key] = cell
        found = self._all_runs()
        points = self._all_points([run_id for run_id in steps if run_id in found])
        for (_, run_id), cell in self.of_kind("run"):
            self._check(f"Run {run_id}", cell, run_id in found)
            if run_id not in found:
                continue
            run = found[run_id]
            stage = self.cells.get(("stage", run_id))
            if stage:
                self._check(f"The stage of run {run_id}", stage, run["info"]["lifecycle_stage"])
            shown = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
            for key, one in tags.get(run_id, {}).items():
                self._check(f"Tag {key} of run {run_id}", one, shown.get(key))
            if run_id in steps:
                self._batches(run_id, steps[run_id], run["data"], shown, points)

    def _all_runs(self) -> dict:
        body = {"experiment_ids": ["0"], "run_view_type": "ALL", "max_results": 50_000}
        self.connection.request("POST", API + "runs/search", json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            self.faults.append(f"The search of all runs is answered with {answer.status} {text[:200]!r}.")
            return {}
        return {run["info"]["run_id"]: run for run in json.loads(text).get("runs", [])}

    def _all_points(self, run_ids) -> dict:
        """The steps and values of each run and key."""
        points = {}
        for start in range(0, len(run_ids), 50):
            for key in KEYS:
                query = [("run_id", run_id) for run_id in run_ids[start : start + 50]] + [("metric_key", key)]
                status, body = self._get(f"{BULK}?{urllib.parse.urlencode(query)}")
                if status != 200:
                    self.faults.append(f"The histories of {key} are answered with {status} {body[:200]!r}.")
                    continue
                for point in json.loads(body).get("metrics", []):
                    points.setdefault((point["run_id"], key), set()).add((point["step"], point["value"]))
        return points

    def _batches(self, run_id, steps, data, tags, points):
        params = {int(param["key"][1:]) for param in data.get("params", [])}
        for step, cell in steps.items():
            self._check(f"Batch {step} of run {run_id}", cell, step in params)
        for key in KEYS:
            if points.get((run_id, key), set()) != {(step, step / 2) for step in params}:
                self.faults.append(f"Run {run_id} has a half batch: its params and its points of {key} differ.")
        if int(tags.get("last", -1)) != max(params, default=-1):
            self.faults.append(f"Run {run_id} has a half batch: its last tag is {tags.get('last')}.")

    def _registry(self):
        versions = {}
        for (_, name, source), cell in self.of_kind("version"):
            versions.setdefault(name, {})[source] = cell
        for (_, name), cell in self.of_kind("model"):
            if cell.possible(self.place) == [None]:
                continue
            answer = self._json("registered-models/get", name=name)
            model = (answer or {}).get("registered_model", {})
            self._check(f"Model {name}", cell, None if answer is None else model.get("description", ""))
            if answer is None:
                continue
            found = self._json("model-versions/search", filter=f"name = '{name}'", max_results=10_000) or {}
            found = found.get("model_versions", [])
            sources = Counter(one["source"] for one in found)
            for source, one in versions.get(name, {}).items():
                self._check(f"The version of {name} from {source}", one, source in sources)
            numbers = sorted(int(one["version"]) for one in found)
            if numbers != list(range(1, len(numbers) + 1)) or any(count > 1 for count in sources.values()):
                self.faults.append(f"Model {name} has the versions {numbers} from {len(sources)} sources.")

    def _files(self):
        root = Path(self.server.data_directory) / "artifacts"
        expected = {key[1]: cell for key, cell in self.of_kind("file")}
        for number, (path, cell) in enumerate(expected.items()):
            self.checked += 1
            # What the server sends is the file; a part of them is asked for.
            if number % 5 == 0:
                status, body = self._get(ARTIFACTS + path)
                body = body if status == 200 else None
            else:
                status, body = "on the disk", (root / path).read_bytes() if (root / path).is_file() else None
            possible = cell.possible(self.place)
            if not any(body == (None if number is None else content(number)) for number in possible):
                seen = "absent" if body is None else f"{len(body)} bytes {body[:40]!r}"
                self.faults.append(f"File {path} ({status}) is {seen}, and may be {possible}.")
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name != ".apus-upload-multipart"]
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), root)
                if path not in expected:
                    self.faults.append(f"File {path} was left, which nobody has stored.")
