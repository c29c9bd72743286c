"""Long histories and many runs, page by page, in their right order."""

import math
import uuid

import mlflow
import pytest
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from helpers import call, history, must

pytestmark = pytest.mark.client


def names(runs):
    return [run.info.run_name for run in runs]


@pytest.fixture(scope="module")
def runs(uri):
    """Runs a, b, c… with a metric each; c has NaN, g none; d and e tie. Returns the experiment id."""
    tracking = mlflow.MlflowClient(uri)
    experiment = tracking.create_experiment(f"flow-{uuid.uuid4().hex}")
    scores = {"a": 0.5, "b": -math.inf, "c": math.nan, "d": 0.7, "e": 0.7, "f": math.inf, "g": None}
    for index, (name, value) in enumerate(scores.items()):
        run_id = tracking.create_run(experiment, start_time=1000 + index, run_name=name).info.run_id
        metrics = [] if value is None else [Metric("score", value, 1, 0)]
        tracking.log_batch(run_id, metrics, [Param("letter", name), Param("half", "left" if index < 4 else "right")])
        if name != "a":
            tracking.set_terminated(run_id, end_time=2000 + index)
    return experiment


def test_runs_come_newest_first(tracking, runs):
    assert names(tracking.search_runs([runs])) == list("gfedcba")


def test_nan_and_missing_metrics_come_last_in_both_directions(tracking, runs):
    # d and e tie: the newer run first.
    assert names(tracking.search_runs([runs], order_by=["metrics.score ASC"])) == list("baedfcg")
    assert names(tracking.search_runs([runs], order_by=["metrics.score DESC"])) == list("fedabcg")


def test_a_missing_end_time_comes_last_in_both_directions(tracking, runs):
    assert names(tracking.search_runs([runs], order_by=["attributes.end_time ASC"])) == list("bcdefga")
    assert names(tracking.search_runs([runs], order_by=["attributes.end_time DESC"])) == list("gfedcba")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.score > 0.5", "fed"),
        ("metrics.score >= 0.5 and metrics.score < 1", "eda"),
        ("metrics.score != 0.7", "fcba"),
        ("metrics.score <= 0.5", "ba"),
        ("params.letter = 'a'", "a"),
        ("params.letter != 'a'", "gfedcb"),
        ('params."letter" LIKE "_"', "gfedcba"),
        ("params.letter ILIKE 'A'", "a"),
        ("params.letter LIKE 'A'", ""),
        ("params.half = 'left' AND metrics.`score` > 0", "da"),
        ("attributes.start_time >= 1005", "gf"),
        ("attributes.status = 'RUNNING'", "a"),
        ("run_name = 'b'", "b"),
        ("attributes.run_name LIKE 'b%'", "b"),
        ("tags.mlflow.runName = 'c'", "c"),
        ("tags.absent = 'x'", ""),
        ("", "gfedcba"),
    ],
)
def test_a_filter_finds_its_runs(tracking, runs, text, expected):
    assert names(tracking.search_runs([runs], text)) == list(expected)


def test_run_ids_can_be_listed(tracking, runs):
    some = [run.info.run_id for run in tracking.search_runs([runs], "params.half = 'left'")]
    quoted = ", ".join(f"'{run_id}'" for run_id in some)
    assert names(tracking.search_runs([runs], f"attributes.run_id IN ({quoted})")) == list("dcba")
    assert names(tracking.search_runs([runs], f"attributes.run_id NOT IN ({quoted})")) == list("gfe")


@pytest.mark.parametrize(
    "text",
    [
        "metrics.score >",
        "metrics.score > 'x'",
        "nothing.here = 1",
        "params.letter = 1",
        "metrics.a = 1 OR metrics.b = 2",
        "((",
        "'",
    ],
)
def test_a_filter_that_says_nothing_is_refused(tracking, experiment, text):
    with pytest.raises(MlflowException) as caught:
        tracking.search_runs([experiment], text)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("order", [[], ["metrics.score DESC"], ["params.letter ASC"], ["attributes.start_time ASC"]])
@pytest.mark.parametrize("size", [1, 3, 7, 8])
def test_pages_together_are_the_whole(tracking, runs, order, size):
    whole = names(tracking.search_runs([runs], order_by=order))
    assert len(whole) == 7
    seen, token, pages = [], None, 0
    while pages < 10:
        page = tracking.search_runs([runs], order_by=order, max_results=size, page_token=token)
        seen, token, pages = seen + names(page), page.token, pages + 1
        if not token:
            break
    assert seen == whole
    assert pages == math.ceil(7 / size)


def test_a_page_token_of_no_page_is_refused(tracking, experiment):
    with pytest.raises(MlflowException) as caught:
        tracking.search_runs([experiment], page_token="not a token")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_experiments_are_listed_page_by_page(tracking, name):
    ids = [tracking.create_experiment(f"{name}-{index:02}", tags={"flow": name}) for index in range(11)]
    seen, token = [], None
    for _ in range(4):
        page = tracking.search_experiments(
            filter_string=f"tags.flow = '{name}'", order_by=["name ASC"], max_results=4, page_token=token
        )
        seen, token = seen + [one.experiment_id for one in page], page.token
        if not token:
            break
    assert seen == ids
    newest = tracking.search_experiments(filter_string=f"name LIKE '{name}-0%'", order_by=["name DESC"], max_results=1)
    assert newest[0].name == f"{name}-09"


def test_runs_of_several_experiments_come_together(tracking, name):
    ids = [tracking.create_experiment(f"{name}-{index}") for index in range(3)]
    for index, experiment in enumerate(ids):
        tracking.create_run(experiment, start_time=index + 1, run_name=f"r{index}")
    assert names(tracking.search_runs(ids)) == ["r2", "r1", "r0"]
    assert names(tracking.search_runs(ids[:2])) == ["r1", "r0"]
    assert set(mlflow.search_runs(experiment_names=[f"{name}-0"])["tags.mlflow.runName"]) == {"r0"}


def test_a_long_history_comes_whole(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    count = 26_000  # more than the client asks for at once
    for first in range(0, count, 1000):
        metrics = [Metric("loss", 1 / (step + 1), 1000 + step, step) for step in range(first, first + 1000)]
        tracking.log_batch(run_id, metrics)
    points = tracking.get_metric_history(run_id, "loss")
    assert [point.step for point in points] == list(range(count))
    assert points[-1].value == 1 / count


def test_a_history_comes_page_by_page_in_order_of_time(tracking, uri, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    points = [(30, 1, 0.1), (10, 3, 0.3), (20, 2, 0.2), (10, 1, 0.9), (10, 1, 0.8), (40, 0, 0.0), (50, 5, 5.0)]
    tracking.log_batch(run_id, [Metric("m", value, timestamp, step) for timestamp, step, value in points])
    seen, token = [], None
    for _ in range(5):
        query = {"max_results": 2, **({"page_token": token} if token else {})}
        page = must(uri, "metrics/get-history", run_id=run_id, metric_key="m", **query)
        seen += [(one["timestamp"], one["step"], one["value"]) for one in page["metrics"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert seen == sorted(points)
    assert len(history(uri, run_id, "m")) == 7
    assert history(uri, run_id, "absent") == []
    status, answer = call(uri, "metrics/get-history", run_id=run_id, metric_key="m", max_results=2, page_token="@")
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(("size", "steps"), [(5, [0, 2, 4, 6, 9]), (3, [0, 4, 9]), (1, [9]), (10, list(range(10)))])
def test_a_sampled_history_keeps_its_ends(tracking, uri, experiment, size, steps):
    run_id = tracking.create_run(experiment).info.run_id
    tracking.log_batch(run_id, [Metric("m", step, step, step) for step in range(10)])
    answer = must(uri, "metrics/get-history-bulk-interval", run_ids=run_id, metric_key="m", max_results=size)
    assert [point["step"] for point in answer["metrics"]] == steps


@pytest.mark.parametrize("condition", ["tags.t IN ('a', 'b')", "params.p IN ('a', 'b')"])
def test_a_list_where_none_is_allowed_is_quoted_whole(tracking, experiment, condition):
    with pytest.raises(MlflowException) as refusal:
        tracking.search_runs([experiment], condition)
    assert "('a', 'b')" in str(refusal.value)
