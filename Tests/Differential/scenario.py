"""How the table of requests is declared.

A scenario is a list of steps that share one server state: it makes its own experiment and runs, so scenarios do
not disturb each other and may run in any order. A step is one request, and one case of the table.

Strings in a path, a query, a header or a body may hold placeholders such as {experiment} or {run}: each server
fills in what it answered itself when that value was saved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

API = "/api/2.0/mlflow/"
AJAX = "/ajax-api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
JSON_TYPE = "application/json"
# What `see` may name -> where it is read.
SIGHTS = {
    "run": API + "runs/get?run_id={run}",
    "experiment": API + "experiments/get?experiment_id={experiment}",
    "model": API + "logged-models/{model}?allow_deleted=true",
    "registered": API + "registered-models/get?name={name}",
    "version": API + "model-versions/get?name={name}&version=1",
    "versions": API + "model-versions/search?filter=name%3D'{name}'&order_by=version_number%20ASC",
}
EVERY_SCENARIO: dict[str, "Scenario"] = {}


@dataclass
class Step:
    """One request. See `Scenario.step` for the fields."""

    name: str
    method: str
    path: str
    query: Any = None
    body: Any = None
    raw: bytes | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    save: dict[str, str] = field(default_factory=dict)
    rank: tuple[str, ...] = ()
    fresh: str | None = None
    see: str | None = None
    follow: bool = False
    mentions: tuple[str, ...] | None = None
    compare_headers: tuple[str, ...] = ()
    is_case: bool = True
    case_id: str = ""


class Scenario:
    """A named list of steps. `experiment` and `run` say what is made before the first step."""

    def __init__(self, name: str, experiment: bool = True, run: bool = False):
        if name in EVERY_SCENARIO:
            raise ValueError(f"two scenarios are called {name}")
        self.name = name
        self.steps: list[Step] = []
        EVERY_SCENARIO[name] = self
        if experiment:
            self.make_experiment("experiment")
        if run:
            self.make_run("run")

    def step(self, name: str, method: str, path: str, **options) -> Step:
        """Adds a case.

        path: an absolute path, or one below /api/2.0/mlflow/ when it does not begin with a slash.
        query: a dict or a list of pairs; body: a JSON value; raw: bytes sent as they are, instead of a body.
        save: placeholder name -> dotted path into the answer.
        rank: placeholders whose values are dealt out again in ascending order, for ties that are broken by id.
        fresh: what is made anew before this step and takes over its placeholders: "run", "experiment", "both",
            "model" ({model}, of {experiment}), "registered" ({name}) or "version" ({name} with its version 1).
        see: what to read back afterwards and compare too: names of `SIGHTS`, with spaces between them.
        follow: ask for all the pages by their tokens and compare every page.
        mentions: the error message may differ, but must hold each of these on both servers.
        compare_headers: answer headers to compare besides the media type.
        """
        full = path if path.startswith("/") else API + path
        step = Step(name, method, full, **options)
        step.case_id = f"{self.name}: {name}"
        if step.is_case and any(other.case_id == step.case_id for other in self.steps):
            raise ValueError(f"two cases are called {step.case_id}")
        self.steps.append(step)
        return step

    def post(self, name: str, path: str, body: Any = None, **options) -> Step:
        return self.step(name, "POST", path, body=body, **options)

    def get(self, name: str, path: str, query: Any = None, **options) -> Step:
        return self.step(name, "GET", path, query=query, **options)

    def table(self, path: str, base: dict, rows: dict[str, Any], method: str = "POST", **options):
        """One case per row: the base body with the row's fields put over it. `MISSING` takes a field away."""
        for name, changes in rows.items():
            changes, extra = changes if isinstance(changes, tuple) else (changes, {})
            merged = {**base, **changes}
            merged = {key: value for key, value in merged.items() if value is not MISSING}
            content = {"query": merged} if method == "GET" else {"body": merged}
            self.step(name, method, path, **content, **{**options, **extra})

    # Set-up: steps that are no cases.
    def make_experiment(self, placeholder: str, name: str | None = None, **fields):
        body = {"name": name or f"{self.name} {placeholder}", **fields}
        self._prepare("experiments/create", body, {placeholder: "experiment_id"})

    def make_run(self, placeholder: str, experiment: str = "experiment", **fields):
        body = {"experiment_id": "{" + experiment + "}", "start_time": 1000, "run_name": placeholder, **fields}
        self._prepare("runs/create", body, {placeholder: "run.info.run_id"})

    def make_tied_runs(self, placeholders: tuple[str, ...], experiment: str = "experiment", **fields):
        """Runs that are created alike; the placeholders are in the order of the run ids, which servers choose."""
        for placeholder in placeholders:
            self.make_run(placeholder, experiment, **{"run_name": "tied", **fields})
        self.steps[-1].rank = placeholders

    def make_model(self, placeholder: str, experiment: str = "experiment", **fields):
        """A logged model; its name is the placeholder's."""
        body = {"experiment_id": "{" + experiment + "}", "name": placeholder, **fields}
        self._prepare("logged-models", body, {placeholder: "model.info.model_id"})

    def make_registered(self, name: str, versions: int = 0, **fields):
        """A registered model. Names are global, so they must be the scenario's own."""
        self._prepare("registered-models/create", {"name": name, **fields}, {})
        for _ in range(versions):
            self.make_version(name)

    def make_version(self, name: str, **fields):
        self._prepare("model-versions/create", {"name": name, "source": "s3://bucket/model", **fields}, {})

    def do(self, path: str, body: Any, method: str = "POST"):
        """A request that must succeed."""
        self.step(f"set-up {len(self.steps)}", method, path, body=body, is_case=False)

    def put(self, path: str, content: bytes):
        """An artifact upload that must succeed."""
        self.step(f"set-up {len(self.steps)}", "PUT", path, raw=content, is_case=False)

    def _prepare(self, path: str, body: Any, save: dict[str, str]):
        self.step(f"set-up {len(self.steps)}", "POST", path, body=body, save=save, is_case=False)


class _Missing:
    def __repr__(self):
        return "MISSING"


MISSING = _Missing()


def wrong_types(field_name: str, *skipped: str) -> dict[str, dict]:
    """Rows that put every kind of JSON value into a field that wants a string."""
    values = {
        "missing": MISSING,
        "null": None,
        "empty": "",
        "number": 123,
        "float": 1.5,
        "boolean": True,
        "array": ["a"],
        "object": {"a": 1},
    }
    return {f"{field_name} {kind}": {field_name: value} for kind, value in values.items() if kind not in skipped}
