"""runs/search: filters, orders, views, pages."""

import base64

from cases.search_runs_texts import BAD, GOOD, ORDERS
from scenario import AJAX, MISSING, Scenario

SEARCH = "runs/search"


RUNS = {
    "one": dict(
        metrics={"acc": 0.5, "loss": 1, "a b": 1},
        params={"lr": "0.1", "Opt": "adam", "x.y": "1"},
        tags={"stage": "hpo", "mlflow.user": "ada"},
    ),
    "two": dict(
        metrics={"acc": "NaN", "loss": 2},
        params={"lr": "0.01", "opt": "sgd"},
        tags={"stage": "HPO", "mlflow.runName": "two"},
    ),
    "three": dict(
        metrics={"acc": "Infinity", "loss": 0},
        params={"lr": "0.10"},
        tags={"stage": "prod", "a/b": "x%y_z", "mlflow.runName": "three"},
    ),
    "four": dict(metrics={"acc": "-Infinity", "loss": -1}, params={"lr": "é"}, tags={"stage": "É", "empty": ""}),
    "five": dict(metrics={"loss": 1}, params={}, tags={}),
    "six": dict(metrics={"acc": 0.75, "loss": 1e300}, params={"lr": "损失", "empty": ""}, tags={"stage": "a\\b"}),
    "seven": dict(metrics={"acc": 0}, params={"lr": "it's"}, tags={"stage": 'say "hi"'}),
}


def add_runs(s):
    """Seven runs that differ in everything a filter can ask for; two and three start at the same time."""
    for name, start_time, user in (
        ("one", 100, "ada"),
        ("four", 300, ""),
        ("five", 50, "Ada"),
        ("six", 400, "eve"),
        ("seven", 0, "zoe"),
    ):
        s.make_run(name, start_time=start_time, user_id=user)
    s.make_tied_runs(("two", "three"), start_time=200, user_id="bob")
    for name, run in RUNS.items():
        s.do(
            "runs/log-batch",
            {
                "run_id": "{" + name + "}",
                "metrics": [{"key": k, "value": v, "timestamp": 1} for k, v in run["metrics"].items()],
                "params": [{"key": k, "value": v} for k, v in run["params"].items()],
                "tags": [{"key": k, "value": v} for k, v in run["tags"].items()],
            },
        )
    s.do("runs/update", {"run_id": "{one}", "status": "FINISHED", "end_time": 1000})
    s.do("runs/update", {"run_id": "{two}", "status": "FAILED", "end_time": 500})
    s.do("runs/update", {"run_id": "{three}", "status": "KILLED"})
    s.do("runs/update", {"run_id": "{four}", "status": "SCHEDULED"})
    s.do("runs/log-inputs", {"run_id": "{one}", "datasets": [dataset("iris", "d1", "train")]})
    s.do(
        "runs/log-inputs",
        {"run_id": "{two}", "datasets": [dataset("Iris2", "d2", "test"), dataset("iris", "d1", "test")]},
    )
    s.do("runs/log-inputs", {"run_id": "{three}", "datasets": [dataset("plain", "d3", None)]})
    s.do("runs/outputs", {"run_id": "{one}", "models": [{"model_id": "m-1", "step": 1}]})
    s.do("runs/log-inputs", {"run_id": "{one}", "models": [{"model_id": "m-2"}]})


def dataset(name, digest, context):
    tags = [] if context is None else [{"key": "mlflow.data.context", "value": context}]
    return {"dataset": {"name": name, "digest": digest, "source_type": "local", "source": "s"}, "tags": tags}


def ask(s, title, **fields):
    s.post(title, SEARCH, {"experiment_ids": ["{experiment}"], **fields})


s = Scenario("search runs filter")
add_runs(s)
for text in dict.fromkeys(GOOD):
    ask(s, f"«{text}»", filter=text)
for text in dict.fromkeys(BAD):
    ask(s, f"bad «{text}»", filter=text)
s.table(
    SEARCH,
    {"experiment_ids": ["{experiment}"], "max_results": 2},
    {
        f"filter {kind}": {"filter": value}
        for kind, value in {"null": None, "number": 1, "boolean": True, "array": ["a"], "object": {}}.items()
    },
)
ask(s, "filter of 20000 characters", filter="params.lr = '" + "v" * 20000 + "'")
ask(s, "filter of a hundred conditions", filter=" AND ".join(["params.lr = '0.1'"] * 30))
ask(s, "long list", filter="run_id IN (" + ", ".join(f"'{n:032x}'" for n in range(500)) + ", '{one}')")

s = Scenario("search runs order")
add_runs(s)
for order in ORDERS:
    ask(s, f"by {order}", order_by=order)
for kind, value in {
    "null": None,
    "a string": "metrics.acc",
    "numbers": [1],
    "an object": {},
    "a list of null": [None],
    "a list of lists": [["metrics.acc"]],
}.items():
    ask(s, f"order_by {kind}", order_by=value)
ask(s, "camel case", orderBy=["metrics.acc"])

s = Scenario("search runs order of ids")
s.make_tied_runs(("first", "second", "third"))
for order in (
    ["run_id"],
    ["run_id DESC"],
    ["attributes.run_id"],
    ["artifact_uri"],
    ["artifact_uri DESC"],
    [],
    ["user_id DESC"],
    ["metrics.none"],
    ["end_time DESC"],
    ["start_time ASC"],
    ["start_time DESC"],
):
    ask(s, f"by {order}", order_by=order)
    s.post(
        f"pages by {order}",
        SEARCH,
        {"experiment_ids": ["{experiment}"], "max_results": 1, "order_by": order},
        follow=True,
    )

s = Scenario("search runs views and pages")
add_runs(s)
s.do("runs/delete", {"run_id": "{two}"})
s.do("runs/delete", {"run_id": "{five}"})
s.make_experiment("second")
s.make_run("elsewhere", experiment="second", start_time=250)
s.make_experiment("third")
s.make_run("gone", experiment="third", start_time=260)
s.do("experiments/delete", {"experiment_id": "{third}"})
for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "active_only", "nonsense", "", 1, 2, 3, 0, 4, None, True, []):
    ask(s, f"view {view!r}", run_view_type=view)
ask(s, "view in camel case", runViewType="ALL")
ask(s, "default order", run_view_type="ALL")
for size in (1, 2, 3, 5, 6, 7, 8, 1000, 50000):
    ask_fields = {"experiment_ids": ["{experiment}"], "max_results": size, "run_view_type": "ALL"}
    s.post(f"pages of {size}", SEARCH, ask_fields, follow=True)
for order in (
    ["metrics.acc"],
    ["metrics.acc DESC"],
    ["end_time"],
    ["end_time DESC"],
    ["params.lr"],
    ["tags.stage DESC"],
    ["metrics.none", "metrics.loss"],
    ["start_time ASC"],
    ["status", "metrics.acc DESC"],
    ["user_id DESC"],
):
    s.post(
        f"pages of 2 by {order}",
        SEARCH,
        {"experiment_ids": ["{experiment}"], "max_results": 2, "run_view_type": "ALL", "order_by": order},
        follow=True,
    )
s.post(
    "pages of 1 with a filter",
    SEARCH,
    {
        "experiment_ids": ["{experiment}"],
        "max_results": 1,
        "filter": "metrics.loss >= 0",
        "order_by": ["metrics.loss DESC"],
    },
    follow=True,
)
for size in (0, -1, 50001, "2", "many", "", 1.5, 2.0, None, True, [], 2**31, 2**63):
    ask(s, f"max_results {size!r}", max_results=size)
for title, token in {
    "of the reference": base64.b64encode(b'{"offset": 2}').decode(),
    "beyond the end": base64.b64encode(b'{"offset": 200}').decode(),
    "that is no base64": "abc",
    "of punctuation": "!!!",
    "that is empty": "",
    "that holds no JSON": base64.b64encode(b"nothing").decode(),
    "without an offset": base64.b64encode(b"{}").decode(),
    "with a negative offset": base64.b64encode(b'{"offset": -1}').decode(),
    "of a number": 5,
    "of null": None,
}.items():
    ask(s, f"page token {title}", page_token=token, max_results=2)
for title, ids in {
    "two": ["{experiment}", "{second}"],
    "twice the same": ["{second}", "{second}"],
    "with a deleted one": ["{experiment}", "{third}"],
    "a deleted one": ["{third}"],
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
    "known and unknown": ["{second}", "99999999"],
    "known and a word": ["{second}", "abc"],
}.items():
    body = {"experiment_ids": ids, "run_view_type": "ALL", "max_results": 20}
    s.post(f"experiments {title}", SEARCH, {key: value for key, value in body.items() if value is not MISSING})
s.post("experiments in camel case", SEARCH, {"experimentIds": ["{second}"], "maxResults": 1})
s.post("nothing at all", SEARCH, {})
s.post("under ajax-api", AJAX + SEARCH, {"experiment_ids": ["{second}"]})
s.get("by GET", SEARCH, {"experiment_ids": "{second}"})
s.post("unknown experiment and a bad filter", SEARCH, {"experiment_ids": ["99999999"], "filter": "nonsense"})
s.post("bad experiment and a bad filter", SEARCH, {"experiment_ids": ["abc"], "filter": "nonsense"})
s.post(
    "bad filter and a bad order",
    SEARCH,
    {"experiment_ids": ["{second}"], "filter": "nonsense", "order_by": ["nonsense"]},
)
s.post(
    "bad order and a bad token", SEARCH, {"experiment_ids": ["{second}"], "page_token": "abc", "order_by": ["nonsense"]}
)
s.post("bad size and a bad filter", SEARCH, {"experiment_ids": ["{second}"], "max_results": 0, "filter": "nonsense"})
s.post("bad token and a bad experiment", SEARCH, {"experiment_ids": ["abc"], "page_token": "abc"})
