"""Metrics logged against a model, and the models that runs read and wrote."""

from scenario import MISSING, Scenario

UNKNOWN = "m-" + "0" * 32
data = {"dataset": {"name": "train", "digest": "d1", "source_type": "local", "source": "s"}}
point = {"key": "acc", "value": 0.5, "timestamp": 7, "step": 1}

s = Scenario("metrics of models", run=True)
s.make_run("other")
s.do("runs/log-inputs", {"run_id": "{run}", "datasets": [data]})
on = {"dataset_name": "train", "dataset_digest": "d1"}
ROWS = {
    "plain": {},
    "on a dataset": on,
    "on the dataset's name alone": {"dataset_name": "train"},
    "on the digest alone": {"dataset_digest": "d1"},
    "on an unknown dataset": {"dataset_name": "none", "dataset_digest": "d9"},
    "on an unknown digest": {"dataset_name": "train", "dataset_digest": "d9"},
    "on an empty dataset": {"dataset_name": "", "dataset_digest": ""},
    "of an unknown model": {"model_id": UNKNOWN},
    "of a model of another form": {"model_id": "nonsense"},
    "of an empty model": {"model_id": ""},
    "of a null model": {"model_id": None},
    "of no model": {"model_id": MISSING},
    "of a model and a bad key": {"key": "a!"},
    "of a model, NaN": {"value": "NaN"},
    "of a model, infinite": {"value": "Infinity"},
    "of a model, minus infinite": {"value": "-Infinity"},
    "of a model, huge": {"value": 1e308},
    "of a model, negative step": {"step": -3},
    "of a model, without a step": {"step": MISSING},
    "of a model, negative timestamp": {"timestamp": -1},
    "of a model, key of 250": {"key": "k" * 250},
    "of a model, key of 251": {"key": "k" * 251},
    "of a model, unicode": {"key": "é損"},
    "dataset name of a wrong type": {"dataset_name": 1},
    "dataset digest of a wrong type": {"dataset_digest": 1},
    "model of a wrong type": {"model_id": 1},
    "run missing": {"run_id": MISSING},
    "camel case": {"model_id": MISSING, "modelId": "{model}", "datasetName": "train", "datasetDigest": "d1"},
}
base = {"run_id": "{run}", "model_id": "{model}", **point}
s.table("runs/log-metric", base, ROWS, fresh="model", see="model")
for title, changes in ROWS.items():
    one = {**point, "model_id": "{model}", **changes}
    one = {key: value for key, value in one.items() if value is not MISSING}
    body = {"run_id": "{run}", "metrics": [{**point, "key": "before"}, one]}
    s.post(f"batch, {title}", "runs/log-batch", body, fresh="model", see="model run")

SEQUENCES = {
    "the same point twice": [(1, 5, 1), (1, 5, 1)],
    "another value at the same place": [(1, 5, 1), (2, 5, 1)],
    "many steps": [(1, 5, 1), (2, 4, 2), (3, 6, 0)],
    "NaN among them": [(1, 5, 1), ("NaN", 6, 2), (3, 4, 3)],
    "NaN twice": [("NaN", 5, 1), ("NaN", 5, 1)],
}
for title, points in SEQUENCES.items():
    metrics = [
        {"key": "m", "value": value, "timestamp": timestamp, "step": step, "model_id": "{model}"}
        for value, timestamp, step in points
    ]
    s.make_model("model")
    for number, metric in enumerate(metrics):
        s.post(f"{title}, {number}", "runs/log-metric", {"run_id": "{run}", **metric}, see="model")
    s.post(
        f"{title}, in a batch", "runs/log-batch", {"run_id": "{other}", "metrics": metrics}, fresh="model", see="model"
    )
s.make_model("model")
s.make_model("second")
s.post("two runs, first", "runs/log-metric", {**base, "value": 1}, see="model")
s.post("two runs, second", "runs/log-metric", {**base, "run_id": "{other}", "value": 2}, see="model")
both = [{**point, "model_id": model, "value": 3, "step": 9} for model in ("{model}", "{second}")]
s.post("two models in a batch", "runs/log-batch", {"run_id": "{run}", "metrics": both}, see="model")
s.get("the second of them", "logged-models/{second}")
s.get("history of the run", "metrics/get-history", {"run_id": "{other}", "metric_key": "acc"})
s.do("logged-models/{second}", None, method="DELETE")
s.post("of a deleted model", "runs/log-metric", {**base, "model_id": "{second}", "step": 20})
s.get("the deleted model", "logged-models/{second}?allow_deleted=true")
s.make_experiment("elsewhere")
s.make_run("far", experiment="elsewhere")
s.post("by a run of another experiment", "runs/log-metric", {**base, "run_id": "{far}"}, see="model")
s.do("runs/delete", {"run_id": "{other}"})
s.post("by a deleted run", "runs/log-metric", {**base, "run_id": "{other}", "step": 30}, see="model")
s.get("the model of a deleted run", "logged-models/{model}")

s = Scenario("models of runs", run=True)
s.make_model("model")
s.make_model("second")
LISTS = {
    "one": [{"model_id": "{model}", "step": 1}],
    "two": [{"model_id": "{second}", "step": 2}, {"model_id": "{model}", "step": 1}],
    "the same twice": [{"model_id": "{model}", "step": 1}, {"model_id": "{model}", "step": 1}],
    "the same with two steps": [{"model_id": "{model}", "step": 1}, {"model_id": "{model}", "step": 2}],
    "unknown": [{"model_id": UNKNOWN, "step": 1}],
    "an empty id": [{"model_id": "", "step": 1}],
    "an id of a wrong type": [{"model_id": 1, "step": 1}],
    "without an id": [{"step": 1}],
    "a string": "{model}",
    "strings": ["{model}"],
    "null": None,
    "null inside": [None],
    "camel case": [{"modelId": "{model}", "step": 3}],
    "a large step": [{"model_id": "{model}", "step": 2**40}],
    "a step too large": [{"model_id": "{model}", "step": 2**63}],
    "a step of a wrong type": [{"model_id": "{model}", "step": "far"}],
    "a fractional step": [{"model_id": "{model}", "step": 1.5}],
}
for title, models in LISTS.items():
    body = {"run_id": "{run}", "models": models}
    s.post(f"inputs {title}", "runs/log-inputs", body, fresh="run", see="run")
    s.post(f"outputs {title}", "runs/outputs", body, fresh="run", see="run")
s.make_run("run")
for path in ("runs/log-inputs", "runs/outputs"):
    for title in ("one", "two", "the same with two steps"):
        s.post(f"{path} again, {title}", path, {"run_id": "{run}", "models": LISTS[title]}, see="run")
body = {"run_id": "{run}", "models": LISTS["two"]}
s.post("a bad dataset and models", "runs/log-inputs", {**body, "datasets": [{}]}, fresh="run", see="run")
s.post("datasets and models", "runs/log-inputs", {**body, "datasets": [data]}, fresh="run", see="run")
s.post("in a search", "runs/search", {"experiment_ids": ["{experiment}"], "filter": "run_id = '{run}'"})
s.do("runs/delete", {"run_id": "{run}"})
s.post("inputs of a deleted run", "runs/log-inputs", {"run_id": "{run}", "models": LISTS["one"]}, see="run")
s.post("outputs of a deleted run", "runs/outputs", {"run_id": "{run}", "models": LISTS["one"]}, see="run")
s.do("logged-models/{second}", None, method="DELETE")
s.post(
    "a deleted model", "runs/outputs", {"run_id": "{run}", "models": [{"model_id": "{second}"}]}, fresh="run", see="run"
)

s = Scenario("datasets in filters")
for number in range(1, 4):
    s.make_run(f"run{number}", start_time=number)
CONTEXTS = {"run1": ("iris", "a", "train"), "run2": ("Iris", "b", "test"), "run3": ("mnist", "a", "train")}
for run, (name, digest, context) in CONTEXTS.items():
    dataset = {"dataset": {"name": name, "digest": digest, "source_type": "local", "source": "s"}}
    tags = [{"key": "mlflow.data.context", "value": context}]
    s.do("runs/log-inputs", {"run_id": "{" + run + "}", "datasets": [{**dataset, "tags": tags}]})
for text in """
datasets.name = 'iris'
datasets.name != 'iris'
datasets.name LIKE 'iri%'
datasets.name ILIKE 'IRIS'
datasets.name IN ('iris', 'mnist')
datasets.name NOT IN ('iris')
datasets.digest = 'a'
datasets.digest IN ('a', 'b')
datasets.context = 'train'
datasets.context LIKE 'tr%'
datasets.context != 'train'
dataset.name = 'iris'
dataset.context = 'test'
datasets.name = 'iris' AND datasets.context = 'train'
datasets.name = 'iris' AND datasets.digest = 'b'
datasets.digest = 'a' AND datasets.context = 'train' AND datasets.name = 'mnist'
datasets.`name` = 'iris'
datasets.source = 's'
datasets.source_type = 'local'
datasets.profile = ''
datasets.nonsense = 'x'
datasets.name > 'a'
datasets.name = 1
datasets.name IS NULL
datasets = 'iris'
datasets.name IN (1)
datasets.name IN ()
""".strip().split("\n"):
    s.post(f"«{text}»", "runs/search", {"experiment_ids": ["{experiment}"], "filter": text})
for order in ("datasets.name", "datasets.digest DESC", "dataset.context"):
    s.post(f"by {order}", "runs/search", {"experiment_ids": ["{experiment}"], "order_by": [order]})
