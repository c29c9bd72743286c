"""Metric histories: get-history with its pages, bulk, and sampled by interval."""

import base64

from scenario import AJAX, API, Scenario

HISTORY = "metrics/get-history"
BULK = AJAX + "metrics/get-history-bulk"
INTERVAL = "metrics/get-history-bulk-interval"


def points(key, rows):
    return {"run_id": "{run}", "metrics": [{"key": key, "value": v, "timestamp": t, "step": n} for v, t, n in rows]}


s = Scenario("get-history", run=True)
s.do("runs/log-batch", points("m", [(n * 0.5, 100 - n, n) for n in range(10)]))
s.do(
    "runs/log-batch", points("ties", [(3, 1, 1), (1, 1, 1), (2, 1, 1), (1, 1, 0), (1, 0, 2), ("NaN", 1, 1), (-1, 1, 1)])
)
s.do(
    "runs/log-batch",
    points(
        "special",
        [
            ("NaN", 1, 0),
            ("Infinity", 2, 0),
            ("-Infinity", 3, 0),
            (-0.0, 4, 0),
            (5e-324, 5, 0),
            (1e22, 6, 0),
            (0.1, 7, 0),
            (100, 8, 0),
            (1e-7, 9, 0),
            (123456789012345680, 10, 0),
        ],
    ),
)
s.get("plain", HISTORY, {"run_id": "{run}", "metric_key": "m"})
s.get("ties", HISTORY, {"run_id": "{run}", "metric_key": "ties"})
s.get("special values", HISTORY, {"run_id": "{run}", "metric_key": "special"})
s.get("under ajax-api", AJAX + HISTORY, {"run_id": "{run}", "metric_key": "m"})
s.get("by run_uuid", HISTORY, {"run_uuid": "{run}", "metric_key": "m"})
s.get("no run", HISTORY, {"metric_key": "m"})
s.get("empty run", HISTORY, {"run_id": "", "metric_key": "m"})
s.get("unknown run", HISTORY, {"run_id": "0" * 32, "metric_key": "m"})
s.get("no key", HISTORY, {"run_id": "{run}"})
s.get("empty key", HISTORY, {"run_id": "{run}", "metric_key": ""})
s.get("unknown key", HISTORY, {"run_id": "{run}", "metric_key": "nothing"})
s.get("bad key", HISTORY, {"run_id": "{run}", "metric_key": "a!"})
s.get("nothing at all", HISTORY)
for size in (1, 3, 5, 9, 10, 11, 25000, 100000):
    s.get(f"pages of {size}", HISTORY, {"run_id": "{run}", "metric_key": "m", "max_results": size}, follow=True)
s.get("pages of 2 over ties", HISTORY, {"run_id": "{run}", "metric_key": "ties", "max_results": 2}, follow=True)
for size in (0, -1, "many", "", "1.5", "2.0", 2**31, 2**63):
    s.get(f"page size {size!r}", HISTORY, {"run_id": "{run}", "metric_key": "m", "max_results": size})
TOKENS = {
    "of the reference": base64.b64encode(b'{"offset": 4}').decode(),
    "of the reference beyond the end": base64.b64encode(b'{"offset": 400}').decode(),
    "that is no base64": "!!!",
    "that is empty": "",
    "that holds no JSON": base64.b64encode(b"nothing").decode(),
    "without an offset": base64.b64encode(b"{}").decode(),
    "with a negative offset": base64.b64encode(b'{"offset": -4}').decode(),
    "with a word as offset": base64.b64encode(b'{"offset": "a"}').decode(),
    "of a number": base64.b64encode(b"3").decode(),
    "that is plain text": "abc",
}
for title, token in TOKENS.items():
    s.get(f"page token {title}", HISTORY, {"run_id": "{run}", "metric_key": "m", "max_results": 3, "page_token": token})
s.do("runs/delete", {"run_id": "{run}"})
s.get("of a deleted run", HISTORY, {"run_id": "{run}", "metric_key": "m"})

# ---- bulk
s = Scenario("get-history-bulk", run=True)
s.do("runs/log-batch", points("m", [(n * 0.5, 100 - n, n) for n in range(10)]))
s.do("runs/log-batch", points("nan", [("NaN", 1, 0), ("Infinity", 2, 0), ("-Infinity", 3, 0), (2, 4, 0)]))
s.make_run("other")
s.get("one run", BULK, {"run_id": "{run}", "metric_key": "m"})
s.get("special values", BULK, {"run_id": "{run}", "metric_key": "nan"})
s.get("two runs, one without", BULK, [("run_id", "{run}"), ("run_id", "{other}"), ("metric_key", "m")])
s.get("the same run twice", BULK, [("run_id", "{run}"), ("run_id", "{run}"), ("metric_key", "m")])
s.get("unknown run", BULK, {"run_id": "0" * 32, "metric_key": "m"})
s.get("no run", BULK, {"metric_key": "m"})
s.get("empty run", BULK, {"run_id": "", "metric_key": "m"})
s.get("no key", BULK, {"run_id": "{run}"})
s.get("empty key", BULK, {"run_id": "{run}", "metric_key": ""})
s.get("hundred runs", BULK, [("run_id", f"{n:032x}") for n in range(99)] + [("run_id", "{run}"), ("metric_key", "m")])
s.get("hundred and one runs", BULK, [("run_id", f"{n:032x}") for n in range(101)] + [("metric_key", "m")])
for size in (0, 1, 3, 30000, "many", "", -1, "1.5"):
    s.get(f"max_results {size!r}", BULK, {"run_id": "{run}", "metric_key": "m", "max_results": size})
s.get("not under api", API + "metrics/get-history-bulk", {"run_id": "{run}", "metric_key": "m"})
s.do("runs/delete", {"run_id": "{run}"})
s.get("of a deleted run", BULK, {"run_id": "{run}", "metric_key": "m"})

s = Scenario("get-history-bulk of several runs")
s.make_tied_runs(("first", "second", "third"))
for run, first_step in (("first", 0), ("second", 5), ("third", 2)):
    s.do(
        "runs/log-batch",
        {
            "run_id": "{" + run + "}",
            "metrics": [{"key": "m", "value": n, "timestamp": 50 - n, "step": first_step + n} for n in range(4)],
        },
    )
ALL_RUNS = [("run_id", "{third}"), ("run_id", "{first}"), ("run_id", "{second}"), ("metric_key", "m")]
s.get("in order of run id", BULK, ALL_RUNS)
for size in (1, 4, 6, 11, 12):
    s.get(f"cut at {size}", BULK, [*ALL_RUNS, ("max_results", size)])
s.get("by interval in the order asked for", INTERVAL, [(name.replace("run_id", "run_ids"), v) for name, v in ALL_RUNS])

s = Scenario("get-history-bulk-interval", run=True)
s.do("runs/log-batch", points("m", [(n * 0.5, n, n) for n in range(10)]))
s.do("runs/log-batch", points("many", [(n % 7, 1000 - n, n // 3) for n in range(100)]))
s.do("runs/log-batch", points("still", [(n, 5, 0) for n in range(40)]))
s.do("runs/log-batch", points("ties", [(3, 1, 1), (1, 1, 1), ("NaN", 1, 1), (0, 1, 1), (-1, 1, 1), ("Infinity", 0, 1)]))
s.do("runs/log-batch", points("one", [("NaN", 5, 3)]))
s.make_run("other")
s.do(
    "runs/log-batch",
    {"run_id": "{other}", "metrics": [{"key": "m", "value": n, "timestamp": n, "step": n * 2} for n in range(5)]},
)
s.get("plain", INTERVAL, {"run_ids": "{run}", "metric_key": "m"})
s.get("under ajax-api", AJAX + INTERVAL, {"run_ids": "{run}", "metric_key": "m"})
s.get("two runs", INTERVAL, [("run_ids", "{run}"), ("run_ids", "{other}"), ("metric_key", "m")])
s.get(
    "two runs the other way round",
    INTERVAL,
    [("run_ids", "{other}"), ("run_ids", "{run}"), ("metric_key", "m"), ("max_results", "3")],
)
s.get(
    "the same run twice",
    INTERVAL,
    [("run_ids", "{run}"), ("run_ids", "{run}"), ("metric_key", "m"), ("max_results", "2")],
)
for size in (1, 2, 3, 4, 5, 7, 9, 10, 11, 2500):
    s.get(f"{size} of ten", INTERVAL, {"run_ids": "{run}", "metric_key": "m", "max_results": size})
for size in (1, 3, 8, 33, 99, 100):
    s.get(f"{size} of a hundred", INTERVAL, {"run_ids": "{run}", "metric_key": "many", "max_results": size})
    s.get(f"{size} of one step", INTERVAL, {"run_ids": "{run}", "metric_key": "still", "max_results": size})
for size in (1, 2, 3, 4, 5, 6):
    s.get(f"{size} of ties", INTERVAL, {"run_ids": "{run}", "metric_key": "ties", "max_results": size})
s.get("a single NaN", INTERVAL, {"run_ids": "{run}", "metric_key": "one"})
for size in (0, -1, 2501, "many", "", "1.5"):
    s.get(f"max_results {size!r}", INTERVAL, {"run_ids": "{run}", "metric_key": "m", "max_results": size})
STEPS = {
    "2 to 6": (2, 6),
    "0 to 0": (0, 0),
    "6 to 2": (6, 2),
    "-5 to 3": (-5, 3),
    "90 to 99": (90, 99),
    "start alone": (2, None),
    "end alone": (None, 6),
    "a word": ("a", 6),
    "an empty start": ("", 6),
    "a float": ("1.5", 6),
}
for title, (start, end) in STEPS.items():
    query = {"run_ids": "{run}", "metric_key": "m", "max_results": 3}
    query.update({name: value for name, value in (("start_step", start), ("end_step", end)) if value is not None})
    s.get(f"steps {title}", INTERVAL, query)
s.get("no run", INTERVAL, {"metric_key": "m"})
s.get("empty run", INTERVAL, {"run_ids": "", "metric_key": "m"})
s.get("unknown run", INTERVAL, {"run_ids": "0" * 32, "metric_key": "m"})
s.get("no key", INTERVAL, {"run_ids": "{run}"})
s.get("empty key", INTERVAL, {"run_ids": "{run}", "metric_key": ""})
s.get("unknown key", INTERVAL, {"run_ids": "{run}", "metric_key": "nothing"})
s.get("hundred and one runs", INTERVAL, [("run_ids", f"{n:032x}") for n in range(101)] + [("metric_key", "m")])
s.get("singular run_id", INTERVAL, {"run_id": "{run}", "metric_key": "m"})
s.do("runs/delete", {"run_id": "{other}"})
s.get("of a deleted run", INTERVAL, {"run_ids": "{other}", "metric_key": "m"})
