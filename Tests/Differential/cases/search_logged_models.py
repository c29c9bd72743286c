"""logged-models/search: filters, orders, datasets, pages."""

import base64

from scenario import AJAX, MISSING, Scenario, wrong_types

SEARCH = "logged-models/search"
MODELS = {
    "one": dict(model_type="agent", params={"lr": "0.1", "opt": "adam"}, tags={"stage": "hpo", "a/b": "x%y_z"}),
    "two": dict(model_type="llm", params={"lr": "0.01"}, tags={"stage": "HPO"}),
    "three": dict(model_type="Agent", params={"lr": "é"}, tags={"stage": "É", "mlflow.x": "1"}),
    "four": dict(model_type="", params={"opt": "it''s"}, tags={"stage": 'say "hi"'}),
    "five": dict(params={}, tags={}),
}
# model, run, key, value, timestamp, step, dataset
POINTS = [
    ("one", "run", "acc", 0.5, 1, 0, None),
    ("one", "run", "acc", 0.9, 2, 1, "train"),
    ("one", "run", "acc", 0.4, 3, 2, "test"),
    ("one", "run", "loss", 1, 1, 0, None),
    ("two", "run", "acc", 0.7, 5, 0, "train"),
    ("two", "second", "acc", 0.6, 5, 0, "test"),
    ("two", "second", "loss", -1, 9, 0, None),
    ("three", "run", "acc", "NaN", 1, 0, None),
    ("three", "run", "loss", "Infinity", 1, 0, None),
    ("four", "run", "loss", "-Infinity", 1, 0, "train"),
    ("four", "run", "a b", 3, 1, 0, None),
]


def dataset(name):
    return {"dataset": {"name": name, "digest": f"{name} 1", "source_type": "local", "source": "s"}}


def add_models(s):
    s.make_run("run")
    s.make_run("second")
    for run in ("{run}", "{second}"):
        s.do("runs/log-inputs", {"run_id": run, "datasets": [dataset("train"), dataset("test")]})
    for name, model in MODELS.items():
        fields = {key: [{"key": k, "value": v} for k, v in model[key].items()] for key in ("params", "tags")}
        source = {"source_run_id": "{run}"} if name in ("one", "three") else {}
        s.make_model(name, **{**model, **fields, **source})
    for model, run, key, value, timestamp, step, of in POINTS:
        point = {"key": key, "value": value, "timestamp": timestamp, "step": step, "model_id": "{" + model + "}"}
        on = {"dataset_name": of, "dataset_digest": f"{of} 1"} if of else {}
        s.do("runs/log-metric", {"run_id": "{" + run + "}", **point, **on})
    for name, status in {"one": "READY", "two": "READY", "three": "UPLOAD_FAILED"}.items():
        body = {"model_id": "{" + name + "}", "status": f"LOGGED_MODEL_{status}"}
        s.do("logged-models/{" + name + "}", body, method="PATCH")


def ask(s, title, **fields):
    s.post(title, SEARCH, {"experiment_ids": ["{experiment}"], **fields})


GOOD = """
name = 'one'
name != 'one'
name LIKE 't%'
name ILIKE 'T%'
name like 't%'
name IN ('one', 'two')
name NOT IN ('one', 'two')
name in ('one')
attributes.name = 'two'
model_id = '{one}'
model_id IN ('{one}', '{three}')
attributes.model_id != '{one}'
model_type = 'agent'
model_type != 'agent'
model_type ILIKE 'AGENT'
status = 'READY'
status = 2
attributes.status = 2
source_run_id = '{run}'
source_run_id != '{run}'
creation_timestamp > 0
creation_time > 0
creation_timestamp_ms >= 0
last_updated_timestamp > 0
last_updated_timestamp_ms < 1
experiment_id = '{experiment}'
lifecycle_stage = 'active'
lifecycle_stage = 'deleted'
artifact_location LIKE '%{one}%'
metrics.acc > 0.5
metrics.acc >= 0.5
metrics.acc < 0.45
metrics.acc = 0.9
metrics.acc != 0.9
metrics.loss > 1e300
metrics.loss < -1e300
metrics.loss = -1
metrics.`a b` = 3
metrics.none > 0
metrics.acc > 0.45 AND metrics.acc < 0.55
metrics.acc > 0.5 AND metrics.loss > 0
params.lr = '0.1'
params.lr != '0.1'
params.lr LIKE '0.%'
params.lr ILIKE 'É'
params.lr IN ('0.1', '0.01')
params.lr NOT IN ('0.1')
params.`lr` = '0.1'
params.none = 'x'
params.lr = '0.1' AND params.opt = 'adam'
tags.stage = 'hpo'
tags.stage ILIKE 'hpo'
tags.stage LIKE '%hi%'
tags.`a/b` = 'x%y_z'
tags.mlflow.x = '1'
tags.stage != 'hpo' and params.lr != '0.1'
name = "one"
name='one'
  name   =   'one'
name = 'one' AND
""".strip("\n").split("\n")
BAD = """
nonsense
name
name =
= 'one'
name > 'one'
name LIKE one
name = one
name = 1
name IS NULL
tags.none IS NULL
name = 'one' OR name = 'two'
(name = 'one')
NOT name = 'one'
metrics.acc LIKE '1'
metrics.acc IN (1, 2)
metrics.acc > 'much'
metrics.acc > much
metrics.acc
params.lr > '0.1'
tags.stage > 'a'
metric.acc > 0
param.lr = '0.1'
tag.stage = 'a'
attribute.name = 'one'
nonsense.acc > 0
nonsense = 'one'
datasets.name = 'train'
metadata = 'x'
tags = 'x'
metrics = 1
__class__ = 'x'
creation_timestamp = 'soon'
creation_timestamp LIKE '1'
status LIKE 'R%'
name = 'one'; name = 'two'
name = 'one' AND AND name = 'two'
name IN ()
name IN ('one'
name IN (one)
name IN (1, 2)
name = 'one
metrics. > 1
metrics.acc > 1 metrics.acc > 2
name = 'one', name = 'two'
"""
s = Scenario("search logged models filter")
add_models(s)
for text in dict.fromkeys(GOOD):
    ask(s, f"«{text}»", filter=text)
for text in dict.fromkeys(BAD.strip("\n").split("\n")):
    ask(s, f"bad «{text}»", filter=text)
s.table(SEARCH, {"experiment_ids": ["{experiment}"], "max_results": 2}, wrong_types("filter"))
ask(s, "filter with a NUL", filter="name = 'a\u0000b'")
ask(s, "filter of spaces", filter="   ")
ask(s, "filter of a hundred conditions", filter=" AND ".join(["params.lr = '0.1'"] * 30))

s = Scenario("search logged models order")
add_models(s)
FIELDS = (
    "name",
    "model_id",
    "model_type",
    "status",
    "creation_timestamp",
    "creation_time",
    "creation_timestamp_ms",
    "last_updated_timestamp",
    "last_updated_timestamp_ms",
    "source_run_id",
    "experiment_id",
    "artifact_uri",
    "artifact_location",
    "metrics.acc",
    "metrics.loss",
    "metrics.none",
    "metrics.a b",
    "metrics.`acc`",
    "metrics.",
    "params.lr",
    "tags.stage",
    "attributes.name",
    "nonsense",
    "nonsense.acc",
    "",
    "tags",
    "name DESC",
    "metadata",
    "__tablename__",
)
# Which of two models comes first by an id is up to the server; the set of them is compared, one at a time.
BY_GENERATED = ("model_id", "artifact_uri", "artifact_location", "source_run_id")
for name in FIELDS:
    for direction in (None, True, False):
        order = {"field_name": name} if direction is None else {"field_name": name, "ascending": direction}
        only = {"filter": "name = 'one'"} if name in BY_GENERATED else {}
        ask(s, f"by {name!r}, ascending {direction}", order_by=[order], **only)
for title, order in {
    "train": {"dataset_name": "train"},
    "train with its digest": {"dataset_name": "train", "dataset_digest": "train 1"},
    "train with another digest": {"dataset_name": "train", "dataset_digest": "test 1"},
    "a digest alone": {"dataset_digest": "test 1"},
    "an unknown dataset": {"dataset_name": "none"},
    "an empty dataset": {"dataset_name": "", "dataset_digest": ""},
    "a dataset of a wrong type": {"dataset_name": 1},
}.items():
    for ascending in (True, False):
        by = [{"field_name": "metrics.acc", "ascending": ascending, **order}]
        ask(s, f"by acc on {title}, ascending {ascending}", order_by=by)
for title, order in {
    "two metrics": [{"field_name": "metrics.acc"}, {"field_name": "metrics.loss"}],
    "one metric on two datasets": [
        {"field_name": "metrics.acc", "dataset_name": "test"},
        {"field_name": "metrics.acc", "dataset_name": "train"},
    ],
    "the same twice": [{"field_name": "metrics.acc"}, {"field_name": "metrics.acc", "ascending": False}],
    "the name twice": [{"field_name": "name"}, {"field_name": "name"}],
    "type and name": [{"field_name": "status"}, {"field_name": "name", "ascending": False}],
    "nothing": [],
    "null": None,
    "a string": "name",
    "strings": ["name"],
    "an object": {"field_name": "name"},
    "an empty object": [{}],
    "a field of a wrong type": [{"field_name": 1}],
    "a direction of a wrong type": [{"field_name": "name", "ascending": "no"}],
    "camel case": [{"fieldName": "name", "ascending": True}],
    "null inside": [None],
}.items():
    ask(s, f"order {title}", order_by=order)

s = Scenario("search logged models datasets")
add_models(s)
DATASETS = {
    "train": [{"dataset_name": "train"}],
    "train with its digest": [{"dataset_name": "train", "dataset_digest": "train 1"}],
    "train with another digest": [{"dataset_name": "train", "dataset_digest": "test 1"}],
    "both": [
        {"dataset_name": "train", "dataset_digest": "train 1"},
        {"dataset_name": "test", "dataset_digest": "test 1"},
    ],
    "unknown": [{"dataset_name": "none"}],
    "none": [],
    "null": None,
    "without a name": [{"dataset_digest": "train 1"}],
    "empty name": [{"dataset_name": ""}],
    "empty digest": [{"dataset_name": "train", "dataset_digest": ""}],
    "a string": "train",
    "strings": ["train"],
    "an empty object": [{}],
    "an object": {"dataset_name": "train"},
    "name a number": [{"dataset_name": 1}],
    "camel case": [{"datasetName": "train", "datasetDigest": "train 1"}],
}
for title, value in DATASETS.items():
    ask(s, f"{title}", datasets=value)
    ask(s, f"{title}, and a metric", datasets=value, filter="metrics.acc > 0.55")
    ask(s, f"{title}, and two metrics", datasets=value, filter="metrics.acc > 0.1 AND metrics.loss < 5")
    ask(s, f"{title}, and a param", datasets=value, filter="params.lr = '0.1'")

s = Scenario("search logged models pages")
add_models(s)
s.make_experiment("other")
s.make_model("there", experiment="other")
s.make_experiment("gone")
s.make_model("lost", experiment="gone")
s.do("experiments/delete", {"experiment_id": "{gone}"})
for size in (1, 2, 4, 5, 6, 50, 100):
    body = {"experiment_ids": ["{experiment}"], "max_results": size}
    s.post(f"pages of {size}", SEARCH, body, follow=True)
    s.post(f"pages of {size} by acc", SEARCH, {**body, "order_by": [{"field_name": "metrics.acc"}]}, follow=True)
    body["order_by"] = [
        {"field_name": "metrics.acc", "ascending": False, "dataset_name": "train"},
        {"field_name": "name"},
    ]
    s.post(f"pages of {size} by acc on train", SEARCH, body, follow=True)
    body["filter"] = "metrics.loss < 5"
    s.post(f"pages of {size} with a filter", SEARCH, body, follow=True)
for size in (0, -1, 51, 1000, 50001, "2", "many", "", 1.5, 2.0, None, True, [], 2**31, 2**63):
    ask(s, f"max_results {size!r}", max_results=size)
for title, ids in {
    "two": ["{experiment}", "{other}"],
    "twice the same": ["{other}", "{other}"],
    "a deleted one": ["{gone}"],
    "empty": [],
    "missing": MISSING,
    "null": None,
    "unknown": ["99999999"],
    "a word": ["abc"],
    "a string": "1",
    "a number": [1],
    "an empty string": [""],
    "a null": [None],
    "an object": {},
    "negative": ["-1"],
    "a float": ["1.5"],
    "known and unknown": ["{other}", "99999999"],
    "known and a word": ["{other}", "abc"],
}.items():
    body = {"experiment_ids": ids, "max_results": 20}
    s.post(f"experiments {title}", SEARCH, {key: value for key, value in body.items() if value is not MISSING})
s.post("in camel case", SEARCH, {"experimentIds": ["{experiment}"], "maxResults": 1})
s.post("under ajax-api", AJAX + SEARCH, {"experiment_ids": ["{other}"]})
s.get("by GET", SEARCH, {"experiment_ids": "{other}"})
s.post(
    "a first page", SEARCH, {"experiment_ids": ["{experiment}"], "max_results": 2}, save={"token": "next_page_token"}
)
for title, body in {
    "another filter": {"filter": "name != 'one'"},
    "another order": {"order_by": [{"field_name": "name"}]},
    "other experiments": {"experiment_ids": ["{other}"]},
    "another size": {"max_results": 1},
}.items():
    base = {"experiment_ids": ["{experiment}"], "max_results": 2, "page_token": "{token}"}
    s.post(f"the token with {title}", SEARCH, {**base, **body}, mentions=())
for title, token in {
    "of another search": base64.b64encode(b'{"offset": 2}').decode(),
    "that is no base64": "abc",
    "of punctuation": "!!!",
    "that is empty": "",
    "that holds no JSON": base64.b64encode(b"nothing").decode(),
    "of an empty object": base64.b64encode(b"{}").decode(),
    "of a number": 5,
    "of null": None,
}.items():
    s.post(f"page token {title}", SEARCH, {"experiment_ids": ["{experiment}"], "page_token": token}, mentions=())
ask(s, "a bad filter and a bad order", filter="nonsense", order_by=[{"field_name": "nonsense"}])
s.post("a bad filter and no experiment", SEARCH, {"filter": "nonsense"})
s.step("delete one", "DELETE", "logged-models/{one}")
ask(s, "after a deletion")
ask(s, "after a deletion, by acc", order_by=[{"field_name": "metrics.acc"}])

s = Scenario("search logged models of one name")
for placeholder in ("first", "second", "third"):
    s.make_model(placeholder, name="tied")
s.steps[-1].rank = ("first", "second", "third")
for ascending in (True, False):
    order = [{"field_name": "model_id", "ascending": ascending}]
    body = {"experiment_ids": ["{experiment}"], "order_by": order, "max_results": 1}
    s.post(f"by id, ascending {ascending}", SEARCH, body, follow=True)
    order = [{"field_name": "name"}, {"field_name": "model_id", "ascending": ascending}]
    s.post(f"by name and id, ascending {ascending}", SEARCH, {**body, "order_by": order}, follow=True)
