"""Ids that nothing has: negative ones, those that are too large, and texts that are none."""

from scenario import AJAX, Scenario

NUMBERS = {
    "negative": "-1337",
    "minus one": "-1",
    "minus nought": "-0",
    "with noughts in front": "00",
    "the largest": "9223372036854775807",
    "too large": "9223372036854775808",
    "of twenty nines": "9" * 20,
    "too small": "-" + "9" * 20,
    "two signs": "--1",
    "a minus alone": "-",
    "a fraction": "1.0",
    "an exponent": "1e3",
    "a word": "x",
}
# Of the Default experiment, which other scenarios use.
OF_DEFAULT = {"minus nought", "with noughts in front"}

s = Scenario("experiment ids")
for title, number in NUMBERS.items():
    s.get(f"get {title}", "experiments/get", {"experiment_id": number})
    for path, body in {
        "runs/search": {"experiment_ids": [number], "filter": "run_name = 'no such run'"},
        "logged-models/search": {"experiment_ids": [number], "filter": "name = 'no such model'"},
        AJAX + "experiments/search-datasets": {"experiment_ids": [number]},
    }.items():
        s.post(f"{path} {title}", path, body)
    if title in OF_DEFAULT:
        continue
    for path, body in {
        "experiments/update": {"new_name": "renamed"},
        "experiments/delete": {},
        "experiments/restore": {},
        "experiments/set-experiment-tag": {"key": "k", "value": "v"},
        "experiments/delete-experiment-tag": {"key": "k"},
        "runs/create": {"start_time": 1},
        "logged-models": {"name": "m"},
    }.items():
        s.post(f"{path} {title}", path, {"experiment_id": number, **body})
for title, number in {"negative": "-1", "a word": "x"}.items():
    s.post(f"filter {title}", "experiments/search", {"max_results": 5, "filter": f"experiment_id = '{number}'"})

s = Scenario("version numbers", experiment=False)
s.make_registered("version numbers", versions=1)
for title, number in NUMBERS.items():
    key = {"name": "version numbers", "version": number}
    s.get(f"get {title}", "model-versions/get", key)
    s.get(f"get-download-uri {title}", "model-versions/get-download-uri", key)
    s.get(f"get-artifact {title}", "/model-versions/get-artifact", {**key, "path": "a"})
    for method, path, body in (
        ("PATCH", "model-versions/update", {"description": "d"}),
        ("POST", "model-versions/transition-stage", {"stage": "Staging"}),
        ("DELETE", "model-versions/delete", {}),
        ("POST", "model-versions/set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "model-versions/delete-tag", {"key": "k"}),
        ("POST", "registered-models/alias", {"alias": "a"}),
    ):
        s.step(f"{path} {title}", method, path, body={**key, **body})

s = Scenario("run ids", experiment=False)
for title, run in {
    "a word": "x",
    "negative": "-1",
    "with a slash": "a/b",
    "upwards": "../x",
    "with a space": "a b",
    "beyond ASCII": "\u00e9",
    "of 300 characters": "a" * 300,
    "a quote": "'",
    "an escape": "%00",
    "a line": "a\nb",
}.items():
    s.get(f"get {title}", "runs/get", {"run_id": run})
    s.get(f"history {title}", "metrics/get-history", {"run_id": run, "metric_key": "k"})
    s.get(f"artifacts {title}", "artifacts/list", {"run_id": run})
    s.get(f"get-artifact {title}", "/get-artifact", {"run_id": run, "path": "a"})
    for path, body in {
        "runs/update": {"status": "FINISHED"},
        "runs/delete": {},
        "runs/restore": {},
        "runs/log-metric": {"key": "k", "value": 1, "timestamp": 1},
        "runs/log-parameter": {"key": "k", "value": "v"},
        "runs/set-tag": {"key": "k", "value": "v"},
        "runs/delete-tag": {"key": "k"},
        "runs/log-batch": {},
        "runs/log-inputs": {},
        "runs/outputs": {"models": []},
    }.items():
        s.post(f"{path} {title}", path, {"run_id": run, **body})
