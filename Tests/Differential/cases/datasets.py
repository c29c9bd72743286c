"""Inputs and outputs of runs, and search-datasets."""

from scenario import AJAX, API, MISSING, Scenario, wrong_types

SEARCH = AJAX + "experiments/search-datasets"
dataset = {"name": "iris", "digest": "d1", "source_type": "local", "source": "s", "schema": "{}", "profile": "{}"}


def inputs(**changes):
    merged = {**dataset, **changes}
    return [{"dataset": {key: value for key, value in merged.items() if value is not MISSING}}]


s = Scenario("log-inputs")
DATASETS = {
    "plain": inputs(),
    "none": [],
    "null": None,
    "an object": {},
    "a string": "a",
    "a list of strings": ["a"],
    "an empty object": [{}],
    "a null dataset": [{"dataset": None}],
    "an empty dataset": [{"dataset": {}}],
    "with tags": [
        {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}, {"key": "b", "value": "2"}]}
    ],
    "with the same tag twice": [{"dataset": dataset, "tags": [{"key": "b", "value": "1"}, {"key": "b", "value": "2"}]}],
    "with a tag without value": [{"dataset": dataset, "tags": [{"key": "b"}]}],
    "with a tag without key": [{"dataset": dataset, "tags": [{"value": "b"}]}],
    "with a bad tag key": [{"dataset": dataset, "tags": [{"key": "a!", "value": "b"}]}],
    "with a tag key of 255": [{"dataset": dataset, "tags": [{"key": "k" * 255, "value": "b"}]}],
    "with a tag key of 256": [{"dataset": dataset, "tags": [{"key": "k" * 256, "value": "b"}]}],
    "with a tag value of 500": [{"dataset": dataset, "tags": [{"key": "a", "value": "v" * 500}]}],
    "with a tag value of 501": [{"dataset": dataset, "tags": [{"key": "a", "value": "v" * 501}]}],
    "twice the same": inputs() + inputs(),
    "twice with other sources": inputs() + inputs(source="other"),
    "two digests": inputs() + inputs(digest="d2"),
    **{f"{field} missing": inputs(**{field: MISSING}) for field in dataset},
    **{f"{field} empty": inputs(**{field: ""}) for field in dataset},
    **{f"{field} of a wrong type": inputs(**{field: 1}) for field in dataset},
    "name of 500": inputs(name="n" * 500),
    "name of 501": inputs(name="n" * 501),
    "digest of 36": inputs(digest="d" * 36),
    "digest of 37": inputs(digest="d" * 37),
    "source of 65535": inputs(source="s" * 65535),
    "source of 65536": inputs(source="s" * 65536),
    "schema of 1048575": inputs(schema="s" * 1048575),
    "schema of 1048576": inputs(schema="s" * 1048576),
    "profile of two megabytes": inputs(profile="p" * 2_000_000),
    "profile of 16777216": inputs(profile="p" * 16777216),
    "second without a name": inputs() + inputs(name=MISSING),
    "source type of 300": inputs(source_type="s" * 300),
    "camel case": [{"dataset": {"name": "c", "digest": "d", "sourceType": "t", "source": "s"}}],
    "a thousand and one": [{"dataset": {**dataset, "digest": str(n)}} for n in range(1001)],
}
for title, value in DATASETS.items():
    s.post(title, "runs/log-inputs", {"run_id": "{run}", "datasets": value}, fresh="both", see="run")
s.table(
    "runs/log-inputs",
    {"run_id": "{run}", "datasets": inputs()},
    {
        **wrong_types("run_id"),
        "unknown run": {"run_id": "0" * 32},
        "run id of another form": {"run_id": "no run!"},
        "nothing but the run": {"datasets": MISSING},
        "models": {"datasets": MISSING, "models": [{"model_id": "m-1"}, {"model_id": "m-2"}]},
        "models twice": {"datasets": MISSING, "models": [{"model_id": "m-1"}, {"model_id": "m-1"}]},
        "models an object": {"models": {}},
        "models a list of strings": {"models": ["m"]},
        "models null": {"models": None},
    },
    fresh="run",
    see="run",
)
s.make_run("run")
s.post("again", "runs/log-inputs", {"run_id": "{run}", "datasets": inputs()}, see="run")
s.post("again the same", "runs/log-inputs", {"run_id": "{run}", "datasets": inputs()}, see="run")
s.post(
    "again with a tag",
    "runs/log-inputs",
    {"run_id": "{run}", "datasets": [{"dataset": dataset, "tags": [{"key": "late", "value": "1"}]}]},
    see="run",
)
s.post(
    "again with another profile", "runs/log-inputs", {"run_id": "{run}", "datasets": inputs(profile="other")}, see="run"
)
s.make_run("run")
s.post(
    "another run, another source of the same digest",
    "runs/log-inputs",
    {"run_id": "{run}", "datasets": inputs(source="changed")},
    see="run",
)

s = Scenario("outputs")
s.table(
    "runs/outputs",
    {"run_id": "{run}", "models": [{"model_id": "m-1", "step": 3}]},
    {
        "plain": {},
        "without step": {"models": [{"model_id": "m-1"}]},
        "two": {"models": [{"model_id": "m-2", "step": 2}, {"model_id": "m-1", "step": 1}]},
        "step negative": {"models": [{"model_id": "m-1", "step": -1}]},
        "step a string": {"models": [{"model_id": "m-1", "step": "4"}]},
        "models missing": {"models": MISSING},
        "models null": {"models": None},
        "models empty": {"models": []},
        "models an object": {"models": {"model_id": "m"}},
        "models a string": {"models": "m"},
        "models of empty objects": {"models": [{}]},
        **wrong_types("run_id"),
        "unknown run": {"run_id": "0" * 32},
    },
    fresh="run",
    see="run",
)

s = Scenario("search-datasets", run=True)
s.make_experiment("other")
s.make_run("there", experiment="other")


def context(value):
    return [{"key": "mlflow.data.context", "value": value}]


s.post("before anything", SEARCH, {"experiment_ids": ["{experiment}"]})
s.do(
    "runs/log-inputs",
    {
        "run_id": "{run}",
        "datasets": [
            {"dataset": dataset, "tags": context("train")},
            {"dataset": {**dataset, "digest": "d2"}, "tags": context("test")},
            {"dataset": {**dataset, "name": "plain"}},
        ],
    },
)
s.do("runs/log-inputs", {"run_id": "{there}", "datasets": [{"dataset": dataset, "tags": context("train")}]})
s.make_run("run")
s.do("runs/log-inputs", {"run_id": "{run}", "datasets": [{"dataset": dataset, "tags": context("eval")}]})
s.post("one experiment", SEARCH, {"experiment_ids": ["{experiment}"]})
s.post("two experiments", SEARCH, {"experiment_ids": ["{experiment}", "{other}"]})
s.post("camel case", SEARCH, {"experimentIds": ["{experiment}"]})
s.post("none", SEARCH, {"experiment_ids": []})
s.post("missing", SEARCH, {})
s.post("null", SEARCH, {"experiment_ids": None})
s.post("a string", SEARCH, {"experiment_ids": "{experiment}"})
s.post("numbers", SEARCH, {"experiment_ids": [1]})
s.post("unknown", SEARCH, {"experiment_ids": ["99999999"]})
s.post("a word", SEARCH, {"experiment_ids": ["abc"]})
s.post("twenty", SEARCH, {"experiment_ids": [str(90000000 + n) for n in range(20)]})
s.post("twenty-one", SEARCH, {"experiment_ids": [str(90000000 + n) for n in range(21)]})
s.get("by GET", SEARCH, {"experiment_ids": "{experiment}"})
s.post("not under api", API + "experiments/search-datasets", {"experiment_ids": ["{experiment}"]})
s.post("without a content type", SEARCH, {"experiment_ids": ["{experiment}"]}, headers={"Content-Type": "-"})
s.do("runs/delete", {"run_id": "{run}"})
s.post("after a run was deleted", SEARCH, {"experiment_ids": ["{experiment}"]})
s.do("experiments/delete", {"experiment_id": "{experiment}"})
s.post("after the experiment was deleted", SEARCH, {"experiment_ids": ["{experiment}"]})
