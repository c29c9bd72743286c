"""Metrics: log-metric, metrics in log-batch, and which point is the latest."""

from scenario import AJAX, MISSING, Scenario, wrong_types

metric = {"run_id": "{run}", "key": "a", "value": 1.5, "timestamp": 7, "step": 3}

s = Scenario("log-metric")
s.table(
    "runs/log-metric",
    metric,
    {
        "plain": {},
        "without a step": {"step": MISSING},
        **wrong_types("run_id"),
        "run_uuid alone": {"run_id": MISSING, "run_uuid": "{run}"},
        "camel case run id": {"run_id": MISSING, "runId": "{run}"},
        "unknown run": {"run_id": "0" * 32},
        **wrong_types("key"),
        "key of 250": {"key": "k" * 250},
        "key of 251": {"key": "k" * 251},
        "key of 250 in Chinese": {"key": "損" * 250},
        "bad character": {"key": "a!"},
        "emoji as key": {"key": "🙂"},
        "accented key": {"key": "café/é"},
        "decomposed accent": {"key": "cafe\u0301"},
        "every legal character": {"key": "aZ09_./- :é損"},
        "doubled slash": {"key": "a//b"},
        "leading slash": {"key": "/a"},
        "two leading slashes": {"key": "//a"},
        "trailing slash": {"key": "a/"},
        "dot": {"key": "."},
        "dot inside": {"key": "a/./b"},
        "upwards": {"key": "../a"},
        "upwards inside": {"key": "a/../b"},
        "two dots and letters": {"key": "..a"},
        "three dots": {"key": "..."},
        "trailing newline": {"key": "a\n"},
        "newline inside": {"key": "a\nb"},
        "quote in a key": {"key": 'it\'s "a"'},
        "tab in a key": {"key": "a\tb"},
        "space as key": {"key": " "},
        **{
            f"value {value!r}": {"value": value}
            for value in (
                0,
                -0.0,
                -1.5,
                1e300,
                5e-324,
                "1.5",
                "NaN",
                "Infinity",
                "-Infinity",
                "nan",
                "inf",
                "Inf",
                "+Inf",
                "-inf",
                "iNf",
                "NAN",
                "+nan",
                "INFINITY",
                "+Infinity",
                " 1",
                "1 ",
                "+1",
                ".5",
                "1e999",
                "",
                "much",
                None,
                [],
                {},
                True,
                [1.5],
            )
        },
        "value missing": {"value": MISSING},
        **{
            f"timestamp {value!r}": {"timestamp": value}
            for value in (0, -1, "7", "", "soon", None, 7.0, 7.5, 2**63 - 1, 2**63, [], {}, True)
        },
        "timestamp missing": {"timestamp": MISSING},
        **{
            f"step {value!r}": {"step": value}
            for value in (0, -1, "3", "", "far", None, 3.0, 3.5, 2**63 - 1, -(2**63), 2**63, [], {}, True)
        },
        "unknown field": {"nonsense": True},
        "with a dataset": {"dataset_name": "d", "dataset_digest": "x"},
        "dataset of a wrong type": {"dataset_name": 1},
        "unknown model": {"model_id": "m-" + "0" * 32},
        "empty model": {"model_id": ""},
        "model of a wrong type": {"model_id": 1},
        "everything missing": {field: MISSING for field in metric},
        "several things wrong": {"key": 1, "value": "much", "timestamp": "soon", "step": "far"},
        "value and timestamp wrong": {"value": "much", "timestamp": "soon"},
        "unknown run and a bad key": {"run_id": "0" * 32, "key": "a!"},
        "unknown run and a negative timestamp": {"run_id": "0" * 32, "timestamp": -1},
        "long key that is bad too": {"key": "!" * 251},
    },
    fresh="run",
    see="run",
)
for token in (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "0.1e1",
    "123456789012345678901234567890",
    "1.7976931348623157e308",
):
    s.step(
        f"value token {token}",
        "POST",
        "runs/log-metric",
        fresh="run",
        see="run",
        raw='{"run_id": "{run}", "key": "a", "timestamp": 1, "value": ' + token + "}",
    )
s.post("under ajax-api", AJAX + "runs/log-metric", metric, fresh="run", see="run")

# ---- which point is the latest
s = Scenario("latest metric")
SEQUENCES = {
    "later step wins": [(1, 5, 1), (2, 5, 2), (3, 5, 0)],
    "later timestamp wins within a step": [(1, 5, 1), (2, 4, 1), (3, 6, 1), (4, 5, 1)],
    "greater value wins within a timestamp": [(1, 5, 1), (3, 5, 1), (2, 5, 1)],
    "step before timestamp": [(1, 9, 1), (2, 1, 2)],
    "negative steps": [(1, 1, -5), (2, 1, -3), (3, 1, -4)],
    "NaN counts as nought": [(-1, 5, 1), ("NaN", 5, 1)],
    "NaN below a positive value": [(1, 5, 1), ("NaN", 5, 1)],
    "NaN first": [("NaN", 5, 1), (1, 5, 1)],
    "NaN first, then a negative one": [("NaN", 5, 1), (-1, 5, 1)],
    "NaN and nought": [("NaN", 5, 1), (0, 5, 1)],
    "nought and NaN": [(0, 5, 1), ("NaN", 5, 1)],
    "infinity wins": [(1, 5, 1), ("Infinity", 5, 1), (2, 5, 1)],
    "the same point twice": [(1, 5, 1), (1, 5, 1)],
}
for title, points in SEQUENCES.items():
    s.make_run("run")
    for value, timestamp, step in points:
        s.do("runs/log-metric", {"run_id": "{run}", "key": "m", "value": value, "timestamp": timestamp, "step": step})
    s.get(f"{title}, one by one", "runs/get", {"run_id": "{run}"})
    s.get(f"{title}, history", "metrics/get-history", {"run_id": "{run}", "metric_key": "m"})
    s.make_run("run")
    s.do(
        "runs/log-batch",
        {
            "run_id": "{run}",
            "metrics": [
                {"key": "m", "value": value, "timestamp": timestamp, "step": step} for value, timestamp, step in points
            ],
        },
    )
    s.get(f"{title}, in a batch", "runs/get", {"run_id": "{run}"})
    s.get(f"{title}, history of the batch", "metrics/get-history", {"run_id": "{run}", "metric_key": "m"})

# ---- metrics in log-batch
s = Scenario("log-batch metrics")
point = {"key": "a", "value": 1, "timestamp": 2, "step": 3}
METRICS = {
    "one": [point],
    "none": [],
    "null": None,
    "an object": point,
    "a string": "a",
    "a list of strings": ["a"],
    "a list of null": [None],
    "empty point": [{}],
    "key missing": [{**point, "key": None}],
    "key empty": [{**point, "key": ""}],
    "key of a number": [{**point, "key": 1}],
    "key bad": [{**point, "key": "a!"}],
    "key is a path": [{**point, "key": "a//b"}],
    "key of 250": [{**point, "key": "k" * 250}],
    "key of 251": [{**point, "key": "k" * 251}],
    "value missing": [{"key": "a", "timestamp": 2}],
    "value null": [{**point, "value": None}],
    "value empty": [{**point, "value": ""}],
    "value a word": [{**point, "value": "much"}],
    "value a number in a string": [{**point, "value": "1.5"}],
    "value NaN": [{**point, "value": "NaN"}],
    "value infinite": [{**point, "value": "Infinity"}],
    "value inf": [{**point, "value": "inf"}],
    "value minus inf": [{**point, "value": "-Inf"}],
    "value NAN": [{**point, "value": "NAN"}],
    "value an array": [{**point, "value": []}],
    "value true": [{**point, "value": True}],
    "timestamp missing": [{"key": "a", "value": 1}],
    "timestamp null": [{**point, "timestamp": None}],
    "timestamp negative": [{**point, "timestamp": -1}],
    "timestamp a word": [{**point, "timestamp": "soon"}],
    "timestamp a string": [{**point, "timestamp": "5"}],
    "timestamp a float": [{**point, "timestamp": 1.5}],
    "step missing": [{"key": "a", "value": 1, "timestamp": 2}],
    "step negative": [{**point, "step": -1}],
    "step a word": [{**point, "step": "far"}],
    "step a string": [{**point, "step": "5"}],
    "second without timestamp": [point, {"key": "b", "value": 1}],
    "second with a bad key": [point, {**point, "key": "b!"}],
    "second with a negative timestamp": [point, {**point, "key": "b", "timestamp": -3}],
    "second with a long key": [point, {**point, "key": "k" * 251}],
    "a thousand": [{**point, "step": step} for step in range(1000)],
    "a thousand and one": [{**point, "step": step} for step in range(1001)],
    "twice the same": [point, point],
    "several keys": [{**point, "key": key, "step": step} for key in "abc" for step in (2, 0, 1)],
    "with a model that is unknown": [{**point, "model_id": "m-1"}],
    "camel case inside": [{**point, "modelId": ""}],
}
for title, metrics in METRICS.items():
    s.post(title, "runs/log-batch", {"run_id": "{run}", "metrics": metrics}, fresh="run", see="run")
