"""The calls of Apus' own for its pages tell what the client's searches and histories tell of the same store."""

import gzip
import math
import random

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType

from helpers import PARENT_TAG, call, must, send
from servers import ApusServer

pytestmark = pytest.mark.apus
OWN = "/ajax-api/apus/1.0/"


def number(text):
    """A number as the calls write it: what JSON cannot say is a string."""
    return float(text) if isinstance(text, str) else text


def same(left, right):
    return left == right or (math.isnan(left) and math.isnan(right))


@pytest.fixture(scope="module")
def runs(uri):
    """An experiment of 60 runs with metrics that miss, repeat and are NaN; returns its id and the histories."""
    chance = random.Random(7)
    client = mlflow.MlflowClient(uri)
    experiment = client.create_experiment(f"own-calls-{chance.random()}")
    histories = {}
    parent = None
    for index in range(60):
        tags = {"team": chance.choice("ab"), **({PARENT_TAG: parent} if parent and index % 3 else {})}
        run = client.create_run(experiment, start_time=1_000 + index // 2, tags=tags, run_name=f"run {index}")
        parent = parent or run.info.run_id
        points = {"loss": [], "acc": []}
        for key, history in points.items():
            if chance.random() < 0.8:
                for step in range(chance.randrange(1, 40)):
                    value = chance.choice([float("nan"), -1.0, 0.25, 3.5, chance.random()])
                    history.append(Metric(key, value, 5_000 + step * 10, step))
        params = [Param("lr", chance.choice(["10", "9", "1e-3", "none"]))] if index % 5 else []
        metrics = [point for history in points.values() for point in history]
        client.log_batch(run.info.run_id, metrics, params, [RunTag("note", "x" * index)])
        if index % 2:
            client.set_terminated(run.info.run_id, end_time=9_000)
        histories[run.info.run_id] = points
    return experiment, histories


COLUMNS = [
    {"metric": "loss"},
    {"metric": "loss", "value": "min"},
    {"metric": "loss", "value": "best", "goal": "maximize"},
    {"metric": "acc", "value": "at_step", "step": 3},
    {"param": "lr"},
    {"tag": "note"},
    {"metric": "never"},
]


def table(uri, experiment, **body):
    return must(uri, OWN + "runs/table", {"experiment_ids": [experiment], "columns": COLUMNS, **body})


@pytest.mark.parametrize(
    ("filter_string", "order"),
    [
        ("", []),
        ("metrics.loss > 0.2", ["metrics.loss DESC"]),
        ("tags.team = 'a' AND params.lr != 'none'", ["params.lr ASC", "attributes.run_id DESC"]),
        ("attributes.status = 'RUNNING'", ["metrics.acc ASC"]),
    ],
)
def test_a_table_shows_what_a_search_shows_page_by_page(tracking, uri, runs, filter_string, order):
    experiment, histories = runs
    expected = tracking.search_runs([experiment], filter_string, ViewType.ALL, 1_000, order)
    rows, token = [], ""
    while token is not None:
        page = table(
            uri, experiment, filter=filter_string, run_view_type="ALL", order_by=order, max_results=7, page_token=token
        )
        rows += page["runs"]
        token = page.get("next_page_token")
    assert [row["run_id"] for row in rows] == [run.info.run_id for run in expected]
    for row, run in zip(rows, expected):
        info, data = run.info, run.data
        assert (row["run_name"], row["status"], row["lifecycle_stage"]) == (info.run_name, info.status, "active")
        assert (row["start_time"], row.get("end_time"), row["user_id"]) == (info.start_time, info.end_time, info.user_id)
        assert (row["experiment_id"], row.get("parent_run_id")) == (experiment, data.tags.get(PARENT_TAG))
        points = [point for history in histories[info.run_id].values() for point in history]
        running = info.status == "RUNNING" and points
        assert row.get("last_logged") == (max(point.timestamp for point in points) if running else None)
        last, least, best, at_step, rate, note, never = row["values"]
        history = histories[info.run_id]
        if "loss" in data.metrics:
            assert same(number(last), data.metrics["loss"])
        else:
            assert last is None
        numbers = [(point.value, point.step) for point in history["loss"] if not math.isnan(point.value)]
        assert least == ({"value": min(numbers)[0], "step": min(numbers)[1]} if numbers else None)
        greatest = max(numbers, key=lambda pair: (pair[0], -pair[1])) if numbers else None
        assert best == ({"value": greatest[0], "step": greatest[1]} if greatest else None)
        logged = [point.value for point in history["acc"] if point.step == 3]
        assert at_step is None if not logged else same(number(at_step), logged[0])
        assert (rate, note, never) == (data.params.get("lr"), data.tags["note"], None)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_every_column_orders_the_table(uri, runs, column, descending):
    experiment, _ = runs
    rows = table(uri, experiment, order_by=[{"column": column, "descending": descending}])["runs"]
    assert len(rows) == 60

    def place(row):
        value = row["values"][column]
        if isinstance(value, dict):
            value = value["value"]
        if value is None:
            return (2, 0, 0)
        try:
            value = float(value)
        except ValueError:
            # Texts that are no numbers stand behind those that are.
            return (1, 0, [ord(c) * (-1 if descending else 1) for c in value] + [10**9 if descending else 0])
        return (1.5 if column == 0 else 2, 0, 0) if math.isnan(value) else (0, -value if descending else value, 0)

    if COLUMNS[column] != {"tag": "note"}:
        assert [place(row)[:2] for row in rows] == sorted(place(row)[:2] for row in rows)
    else:
        lengths = [len(row["values"][column]) for row in rows]
        assert lengths == sorted(lengths, reverse=descending)


def test_the_columns_of_runs_are_told(uri, runs):
    experiment, histories = runs
    found = must(uri, OWN + "runs/columns", {"experiment_ids": [experiment]})
    assert (found["runs"], found["more_runs"]) == (60, False)
    counts = {key: sum(1 for points in histories.values() if points[key]) for key in ("acc", "loss")}
    assert {one["key"]: one["runs"] for one in found["metrics"]} == counts
    (rate,) = found["params"]
    assert (rate["key"], rate["runs"], rate["distinct"], rate["type"]) == ("lr", 48, 4, "string")
    assert sorted(rate["values"]) == ["10", "1e-3", "9", "none"]
    tags = {one["key"]: one for one in found["tags"]}
    assert tags["team"]["distinct"] == 2
    assert len(tags["note"]["values"]) == 20
    few = must(uri, OWN + "runs/columns", {"experiment_ids": [experiment], "filter": "params.lr = '9'"})
    assert few["params"][0]["values"] == ["9"]


def test_curves_are_the_histories(tracking, uri, runs):
    experiment, histories = runs
    run_ids = list(histories)
    answer = must(uri, OWN + "metrics/curves", {"run_ids": run_ids, "keys": ["loss", "acc", "never"]})
    curves = {(curve["run_id"], curve["key"]): curve for curve in answer["curves"]}
    assert set(curves) == {(run, key) for run, points in histories.items() for key, one in points.items() if one}
    for (run_id, key), curve in curves.items():
        known = tracking.get_metric_history(run_id, key)
        assert curve["count"] == len(known)
        assert curve["steps"] == [point.step for point in known]
        assert curve["timestamps"] == [point.timestamp for point in known]
        assert all(same(number(left), right.value) for left, right in zip(curve["values"], known))
    after = {}
    for (run_id, key), curve in curves.items():
        after.setdefault(run_id, {})[key] = curve["position"]
    question = {"run_ids": run_ids, "keys": ["loss", "acc"], "after": after}
    assert must(uri, OWN + "metrics/curves", question) == {"curves": []}


def test_a_live_run_is_followed_by_its_new_points_alone(tracking, uri, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    seen, question = [], {"run_ids": [run_id], "keys": ["loss"], "after": {}}
    for step in range(20):
        tracking.log_metric(run_id, "loss", step / 7, step=step)
        (curve,) = must(uri, OWN + "metrics/curves", question)["curves"]
        assert curve["mode"] == ("append" if step else "whole")
        seen += curve["values"]
        question["after"] = {run_id: {"loss": curve["position"]}}
    assert seen == [step / 7 for step in range(20)]


def test_a_long_curve_keeps_its_peaks(tracking, uri, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    for start in range(0, 5_000, 1_000):
        points = [Metric("m", 1.0 + (step == 1_234) * 50, step, step) for step in range(start, start + 1_000)]
        tracking.log_batch(run_id, points)
    (curve,) = must(uri, OWN + "metrics/curves", {"run_ids": [run_id], "keys": ["m"], "max_points": 100})["curves"]
    assert len(curve["steps"]) == len(curve["min"]) == len(curve["max"]) == 100
    assert (curve["steps"][0], curve["steps"][-1]) == (0, 4_999)
    peak = curve["max"].index(51.0)
    assert curve["steps"][peak - 1] < 1_234 <= curve["steps"][peak]
    assert "nan" not in curve


def test_mistakes_are_named(uri):
    for route, body, named in [
        ("runs/table", {"columns": [{"metric": "m", "value": "mean"}]}, "value"),
        ("runs/table", {"filter": "nonsense"}, "nonsense"),
        ("runs/columns", {"experiment_ids": ["x"]}, "x"),
        ("metrics/curves", {"run_ids": ["r"]}, "keys"),
    ]:
        status, answer = call(uri, OWN + route, body)
        assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert named in answer["message"]


PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def framed():
    with ApusServer(["--frame-ancestors", "https://hub.example.org", "--static-prefix", "/tools"]) as server:
        yield server.url


def test_the_files_of_the_pages_are_asked_for_once(uri):
    status, page, headers = send("GET", uri + "/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    tag = headers["ETag"]
    for known in (tag, "*", f'"x", {tag}', tag.removeprefix("W/")):
        status, body, again = send("GET", uri + "/", headers={"If-None-Match": known})
        assert (status, body, again["ETag"]) == (304, b"", tag)
    assert send("GET", uri + "/", headers={"If-None-Match": '"x"'})[:2] == (200, page)
    status, packed, headers = send("GET", uri + "/", headers={"Accept-Encoding": "gzip"})
    assert (status, headers["Content-Encoding"], headers["ETag"]) == (200, "gzip", tag)
    assert "Accept-Encoding" in headers["Vary"]
    assert gzip.decompress(packed) == page
    status, body, headers = send("HEAD", uri + "/")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(page)))


def test_a_list_of_frame_ancestors_is_on_every_answer(framed):
    list_ = "frame-ancestors 'self' https://hub.example.org"
    for path in ("/", "/tools/", "/health", "/api/2.0/mlflow/experiments/get?experiment_id=0", "/nothing"):
        _, _, headers = send("GET", framed + path)
        assert list_ in headers.get_all("Content-Security-Policy"), path
        assert headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("path", "headers", "status", "text"),
    [
        ("/", {"Host": "hub.example.org"}, 403, "--allowed-hosts hub.example.org"),
        ("/nothing<b>", {}, 404, "&lt;b&gt;"),
        ("/api/2.0/mlflow/runs/create", {}, 405, "not allowed"),
    ],
)
def test_a_browser_gets_a_page_and_a_program_gets_json(uri, path, headers, status, text):
    found, body, fields = send("GET", uri + path, headers={**headers, **PAGE})
    assert (found, fields["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert text in body.decode() and "<b>" not in body.decode()
    assert fields["Content-Security-Policy"].startswith("default-src 'none'")
    for accepted in ("*/*", "application/json"):
        found, body, fields = send("GET", uri + path, headers={**headers, "Accept": accepted})
        assert (found, fields["Content-Type"]) == (status, "application/json")
        assert b'"error_code"' in body
