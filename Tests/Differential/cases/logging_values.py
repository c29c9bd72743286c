"""Params, tags, log-batch as a whole, log-model."""

import json

from scenario import AJAX, MISSING, Scenario, wrong_types

KEYS = {
    "key of 250": "k" * 250,
    "key of 251": "k" * 251,
    "bad character": "a!",
    "emoji as key": "🙂",
    "accented key": "é",
    "doubled slash": "a//b",
    "absolute": "/a",
    "dot": ".",
    "upwards": "../a",
    "trailing newline": "a\n",
    "space": " ",
    "colon": "a:b",
    "two leading slashes": "//a",
}

# ---- params
s = Scenario("log-parameter")
param = {"run_id": "{run}", "key": "a", "value": "1"}
s.table(
    "runs/log-parameter",
    param,
    {
        "plain": {},
        **wrong_types("run_id"),
        "run_uuid alone": {"run_id": MISSING, "run_uuid": "{run}"},
        "unknown run": {"run_id": "0" * 32},
        "camel case run id": {"run_id": MISSING, "runId": "{run}"},
        **wrong_types("key"),
        **wrong_types("value"),
        **{title: {"key": key} for title, key in KEYS.items()},
        "value of 6000": {"value": "v" * 6000},
        "value of 6001": {"value": "v" * 6001},
        "value of 6000 and three accents": {"value": "v" * 5999 + "e\u0301\u0301\u0301"},
        "value of 6001 outside the basic plane": {"value": "🙂" * 6001},
        "value with a NUL": {"value": "a\u0000b"},
        "value of spaces": {"value": "  "},
        "value in many scripts": {"value": 'é損🙂\n\t"\\'},
        "unknown field": {"nonsense": []},
        "unknown run and a bad key": {"run_id": "0" * 32, "key": "a!"},
    },
    fresh="run",
    see="run",
)
s.make_run("run")
s.post("first", "runs/log-parameter", param, see="run")
s.post("the same again", "runs/log-parameter", param, see="run")
s.post("another value", "runs/log-parameter", {**param, "value": "2"}, see="run")
s.post("an empty value after it", "runs/log-parameter", {**param, "value": ""}, see="run")
s.post("another case of the key", "runs/log-parameter", {**param, "key": "A", "value": "2"}, see="run")
s.post("long value", "runs/log-parameter", {**param, "key": "long", "value": "v" * 6500}, see="run")
s.post("long value again", "runs/log-parameter", {**param, "key": "long", "value": "v" * 6500}, see="run")
s.post(
    "long value that differs beyond the cut",
    "runs/log-parameter",
    {**param, "key": "long", "value": "v" * 6400 + "w"},
    see="run",
)
s.post("composed", "runs/log-parameter", {**param, "key": "u", "value": "\u00e9"}, see="run")
s.post("decomposed is another value", "runs/log-parameter", {**param, "key": "u", "value": "e\u0301"}, see="run")
s.post("value with a quote that changes", "runs/log-parameter", {**param, "key": "q", "value": "it's"}, see="run")
s.post("value with a quote that changed", "runs/log-parameter", {**param, "key": "q", "value": "its"}, see="run")

# ---- tags
s = Scenario("set-tag")
tag = {"run_id": "{run}", "key": "a", "value": "1"}
s.table(
    "runs/set-tag",
    tag,
    {
        "plain": {},
        **wrong_types("run_id"),
        "run_uuid alone": {"run_id": MISSING, "run_uuid": "{run}"},
        "unknown run": {"run_id": "0" * 32},
        **wrong_types("key"),
        **wrong_types("value"),
        **{title: {"key": key} for title, key in KEYS.items()},
        "value of 8000": {"value": "v" * 8000},
        "value of 8001": {"value": "v" * 8001},
        "value of 8001 outside the basic plane": {"value": "🙂" * 8001},
        "name": {"key": "mlflow.runName", "value": "by tag"},
        "empty name": {"key": "mlflow.runName", "value": ""},
        "name of one space": {"key": "mlflow.runName", "value": " "},
        "name missing": {"key": "mlflow.runName", "value": MISSING},
        "note": {"key": "mlflow.note.content", "value": "# note\n"},
        "user": {"key": "mlflow.user", "value": "ada"},
        "logged models": {"key": "mlflow.log-model.history", "value": "[]"},
        "unknown run and a bad key": {"run_id": "0" * 32, "key": "a!"},
    },
    fresh="run",
    see="run",
)
s.make_run("run")
s.post("first", "runs/set-tag", tag, see="run")
s.post("overwritten", "runs/set-tag", {**tag, "value": "2"}, see="run")
s.post("overwritten with nothing", "runs/set-tag", {**tag, "value": ""}, see="run")

s = Scenario("delete-tag", run=True)
s.do("runs/set-tag", tag)
s.post("delete", "runs/delete-tag", {"run_id": "{run}", "key": "a"}, see="run")
s.post("delete again", "runs/delete-tag", {"run_id": "{run}", "key": "a"}, see="run")
s.table(
    "runs/delete-tag",
    {"run_id": "{run}", "key": "a"},
    {
        **wrong_types("run_id"),
        "run_uuid alone": {"run_id": MISSING, "run_uuid": "{run}"},
        "unknown run": {"run_id": "0" * 32},
        **wrong_types("key"),
        "bad key": {"key": "a!"},
    },
)
s.post("the name", "runs/delete-tag", {"run_id": "{run}", "key": "mlflow.runName"}, see="run")
s.post("a new name without the tag", "runs/update", {"run_id": "{run}", "run_name": "new"}, see="run")

# ---- log-batch
s = Scenario("log-batch")
p, t, m = {"key": "p", "value": "1"}, {"key": "t", "value": "1"}, {"key": "m", "value": 1, "timestamp": 2}
s.table(
    "runs/log-batch",
    {"run_id": "{run}"},
    {
        "nothing": {},
        "all three": {"params": [p], "tags": [t], "metrics": [m]},
        **wrong_types("run_id"),
        "run_uuid alone": {"run_id": MISSING, "run_uuid": "{run}", "params": [p]},
        "camel case run id": {"run_id": MISSING, "runId": "{run}"},
        "unknown run": {"run_id": "0" * 32},
        "run id of another form": {"run_id": "not a run id!"},
        "run id of 257": {"run_id": "a" * 257},
        **{
            f"params {kind}": {"params": value}
            for kind, value in {
                "null": None,
                "object": p,
                "string": "a",
                "list of strings": ["a"],
                "list of null": [None],
                "empty": [],
                "empty object": [{}],
                "without value": [{"key": "p"}],
                "with an empty value": [{"key": "p", "value": ""}],
                "null value": [{"key": "p", "value": None}],
                "null key": [{"key": None, "value": "1"}],
                "number as value": [{"key": "p", "value": 1}],
                "number as key": [{"key": 1, "value": "1"}],
                "boolean as value": [{"key": "p", "value": True}],
                "second without key": [p, {"value": "1"}],
                "twice the same key": [p, {"key": "p", "value": "2"}],
                "twice the same": [p, p],
                "three times": [p, p, p, {"key": "q", "value": "1"}, {"key": "q", "value": "1"}],
                "bad key": [p, {"key": "a!", "value": "1"}],
                "path as key": [p, {"key": "a//b", "value": "1"}],
                "key of 251": [{"key": "k" * 251, "value": "1"}],
                "value of 6001": [{"key": "p", "value": "v" * 6001}],
                "hundred": [{"key": f"p{n}", "value": "1"} for n in range(100)],
                "hundred and one": [{"key": f"p{n}", "value": "1"} for n in range(101)],
            }.items()
        },
        **{
            f"tags {kind}": {"tags": value}
            for kind, value in {
                "null": None,
                "object": t,
                "string": "a",
                "list of strings": ["a"],
                "empty": [],
                "empty object": [{}],
                "without value": [{"key": "t"}],
                "number as value": [{"key": "t", "value": 1}],
                "null key": [{"key": None, "value": "1"}],
                "twice the same key": [t, {"key": "t", "value": "2"}],
                "bad key": [t, {"key": "a!", "value": "1"}],
                "path as key": [t, {"key": "a/", "value": "1"}],
                "key of 251": [{"key": "k" * 251, "value": "1"}],
                "value of 8001": [{"key": "t", "value": "v" * 8001}],
                "name": [{"key": "mlflow.runName", "value": "by batch"}],
                "empty name": [{"key": "mlflow.runName", "value": ""}],
                "hundred": [{"key": f"t{n}", "value": "1"} for n in range(100)],
                "hundred and one": [{"key": f"t{n}", "value": "1"} for n in range(101)],
            }.items()
        },
        "a thousand in all": {"metrics": [{**m, "step": n} for n in range(998)], "params": [p], "tags": [t]},
        "a thousand and one in all": {"metrics": [{**m, "step": n} for n in range(999)], "params": [p], "tags": [t]},
        "too many and a bad key": {"params": [{"key": f"p{n}!", "value": "1"} for n in range(101)]},
        "bad param and good metric": {"metrics": [m], "params": [{"key": "a!", "value": "1"}]},
        "bad metric and bad param": {"metrics": [{**m, "key": "a!"}], "params": [{"key": "b!", "value": "1"}]},
        "bad tag and good others": {"metrics": [m], "params": [p], "tags": [{"key": "a!", "value": "1"}]},
        "unknown run and a bad key": {"run_id": "0" * 32, "params": [{"key": "a!", "value": "1"}]},
        "unknown field": {"nonsense": 1, "params": [p]},
        "more than a megabyte in tags": {"tags": [{"key": f"t{n}", "value": "é" * 7000} for n in range(90)]},
        "a megabyte in an unknown field": {"nonsense": "v" * 1_100_000},
    },
    fresh="run",
    see="run",
)
s.make_run("run")
s.do("runs/log-parameter", {"run_id": "{run}", "key": "p", "value": "1"})
s.post("the same param again", "runs/log-batch", {"run_id": "{run}", "params": [p], "metrics": [m]}, see="run")
s.post(
    "a changed param stops the whole batch",
    "runs/log-batch",
    {
        "run_id": "{run}",
        "params": [{"key": "new", "value": "1"}, {"key": "p", "value": "2"}],
        "metrics": [{"key": "never", "value": 1, "timestamp": 1}],
        "tags": [{"key": "never", "value": "1"}],
    },
    see="run",
)
s.post(
    "two changed params",
    "runs/log-batch",
    {"run_id": "{run}", "params": [{"key": "p", "value": "it's"}, {"key": "ok", "value": "1"}]},
    see="run",
)
s.post("under ajax-api", AJAX + "runs/log-batch", {"run_id": "{run}", "tags": [t]}, see="run")

# ---- log-model
s = Scenario("log-model", run=True)
model = {
    "artifact_path": "model",
    "flavors": {"python_function": {}},
    "utc_time_created": "2020-01-01 00:00:00.000000",
    "run_id": "{run}",
}
s.post("plain", "runs/log-model", {"run_id": "{run}", "model_json": json.dumps(model)}, see="run")
s.post(
    "a second one",
    "runs/log-model",
    {"run_id": "{run}", "model_json": json.dumps({**model, "artifact_path": "m2"})},
    see="run",
)
s.post(
    "with a bad signature",
    "runs/log-model",
    {
        "run_id": "{run}",
        "model_json": json.dumps(
            {
                **model,
                "signature": {"inputs": "[]"},
                "model_uuid": "u",
                "nonsense": 1,
                "flavors": {"sklearn": {"code": None, "b": 1, "a": [1.5, True, "é"]}},
            }
        ),
    },
    fresh="run",
    see="run",
)
s.post(
    "with more fields",
    "runs/log-model",
    {
        "run_id": "{run}",
        "model_json": json.dumps(
            {
                **model,
                "signature": {
                    "inputs": json.dumps([{"type": "double", "name": "x", "required": True}]),
                    "outputs": None,
                },
                "model_uuid": "u",
                "mlflow_version": "3.17.2",
                "flavors": {"sklearn": {"code": None, "b": 1, "a": [1.5, True, "é"]}},
            }
        ),
    },
    fresh="run",
    see="run",
)
s.table(
    "runs/log-model",
    {"run_id": "{run}", "model_json": json.dumps(model)},
    {
        **wrong_types("run_id"),
        **wrong_types("model_json"),
        "unknown run": {"run_id": "0" * 32},
        "malformed json": {"model_json": "{"},
        "model_json of a number": {"model_json": "1"},
        "model_json of a list": {"model_json": "[]"},
        "artifact_path missing": {"model_json": json.dumps({k: v for k, v in model.items() if k != "artifact_path"})},
        "flavors missing": {"model_json": json.dumps({k: v for k, v in model.items() if k != "flavors"})},
        "everything missing": (
            {"model_json": "{}"},
            {
                "mentions": (
                    "Model json is missing mandatory fields: {",
                    "'artifact_path'",
                    "'flavors'",
                    "'utc_time_created'",
                    "'run_id'",
                )
            },
        ),
    },
    fresh="run",
    see="run",
)
