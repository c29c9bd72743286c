"""Values at the edge: the same again, too long, not a number, out of order, beyond ASCII."""

import math

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from helpers import call, must

pytestmark = pytest.mark.client
LARGEST = 1.7976931348623157e308


def test_the_same_param_again_is_fine(tracking, experiment):
    with mlflow.start_run() as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"lr": "0.1", "other": 1})
    assert tracking.get_run(run.info.run_id).data.params == {"lr": "0.1", "other": "1"}


def test_another_value_for_a_param_is_refused_and_names_it(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    tracking.log_param(run_id, "lr", "0.1")
    with pytest.raises(MlflowException, match="lr") as caught:
        tracking.log_param(run_id, "lr", "0.2")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert tracking.get_run(run_id).data.params == {"lr": "0.1"}


def test_a_batch_with_one_changed_param_stores_nothing(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    tracking.log_param(run_id, "lr", "0.1")
    with pytest.raises(MlflowException):
        tracking.log_batch(
            run_id, [Metric("m", 1, 1, 1)], [Param("new", "1"), Param("lr", "0.2")], [RunTag("new", "1")]
        )
    data = tracking.get_run(run_id).data
    assert (data.metrics, data.params, "new" in data.tags) == ({}, {"lr": "0.1"}, False)


def test_long_values_are_cut_by_code_points(uri, name):
    experiment = must(uri, "experiments/create", {"name": name})["experiment_id"]
    run_id = must(uri, "runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    must(uri, "runs/log-parameter", {"run_id": run_id, "key": "p", "value": "é" * 6001})
    must(uri, "runs/set-tag", {"run_id": run_id, "key": "t", "value": "損" * 8001})
    body = {"params": [{"key": "b", "value": "x" * 7000}], "tags": [{"key": "u", "value": "y" * 9000}]}
    must(uri, "runs/log-batch", {"run_id": run_id, **body})
    data = must(uri, "runs/get", run_id=run_id)["run"]["data"]
    assert {item["key"]: item["value"] for item in data["params"]} == {"p": "é" * 6000, "b": "x" * 6000}
    tags = {item["key"]: item["value"] for item in data["tags"]}
    assert (tags["t"], tags["u"]) == ("損" * 8000, "y" * 8000)


def test_the_client_may_log_a_long_param(tracking, experiment):
    with mlflow.start_run() as run:
        mlflow.log_param("prompt", "word " * 100)
        mlflow.log_param("very long", "x" * 6000)
    assert tracking.get_run(run.info.run_id).data.params["very long"] == "x" * 6000


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("key", {"params": [{"key": "k" * 251, "value": "v"}]}),
        ("a//b", {"metrics": [{"key": "a//b", "value": 1, "timestamp": 1, "step": 1}]}),
        ("key", {"tags": [{"key": "no \U0001f600", "value": "v"}]}),
        ("params", {"params": [{"key": f"p{index}", "value": "v"} for index in range(101)]}),
        ("metrics", {"metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": index} for index in range(1001)]}),
        ("p", {"params": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]}),
    ],
    ids=["long key", "path key", "emoji key", "many params", "many metrics", "a key twice"],
)
def test_a_batch_beyond_the_limits_is_refused_whole(uri, experiment, field, body):
    run_id = must(uri, "runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    full = {"metrics": [{"key": "other", "value": 1, "timestamp": 1, "step": 1}], **body}
    status, answer = call(uri, "runs/log-batch", {"run_id": run_id, **full})
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert field in answer["message"]
    data = must(uri, "runs/get", run_id=run_id)["run"]["data"]
    assert (data.get("metrics", []), data.get("params", [])) == ([], [])


def test_nan_and_the_infinities_can_be_logged_and_read(tracking, experiment):
    with mlflow.start_run() as run:
        mlflow.log_metrics({"nan": math.nan, "up": math.inf, "down": -math.inf})
        for step, value in enumerate([1.0, math.nan, math.inf, -math.inf, 2.0]):
            mlflow.log_metric("mixed", value, step=step)
    metrics = tracking.get_run(run.info.run_id).data.metrics
    assert math.isnan(metrics["nan"])
    assert (metrics["up"], metrics["down"]) == (LARGEST, -LARGEST)
    points = sorted(tracking.get_metric_history(run.info.run_id, "mixed"), key=lambda point: point.step)
    assert [point.value for point in points[2:]] == [LARGEST, -LARGEST, 2.0]
    assert math.isnan(points[1].value)
    assert [one.info.run_id for one in tracking.search_runs([experiment], "metrics.up > 1")] == [run.info.run_id]


def test_the_latest_metric_is_that_of_the_highest_step(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    for step, timestamp, value in [(5, 10, 0.5), (-3, 99, 9.0), (2, 50, 7.0), (5, 9, 8.0), (5, 10, 0.4)]:
        tracking.log_metric(run_id, "m", value, timestamp=timestamp, step=step)
    assert tracking.get_run(run_id).data.metrics["m"] == 0.5
    assert len(tracking.get_metric_history(run_id, "m")) == 5


def test_a_repeated_point_is_stored_once(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    for _ in range(3):
        tracking.log_metric(run_id, "m", 1.0, timestamp=5, step=1)
        tracking.log_metric(run_id, "n", math.nan, timestamp=5, step=1)
    tracking.log_batch(run_id, [Metric("m", 1.0, 5, 1)] * 3)
    assert len(tracking.get_metric_history(run_id, "m")) == 1
    assert len(tracking.get_metric_history(run_id, "n")) == 1


@pytest.mark.parametrize("value", [5e-324, 1e-7, 0.1, 1 / 3, 123456789.125, 2**53 + 2.0, -0.0, 1e300, LARGEST])
def test_a_number_comes_back_bit_for_bit(tracking, experiment, value):
    run_id = tracking.create_run(experiment).info.run_id
    tracking.log_metric(run_id, "m", value)
    assert tracking.get_run(run_id).data.metrics["m"] == value
    assert tracking.get_metric_history(run_id, "m")[0].value == value


@pytest.mark.parametrize(
    "key", ["val/acc", "a.b-c d_e", "損失", "é", "x/y/z", "A" * 250], ids=lambda key: ascii(key)[:20]
)
def test_keys_of_many_kinds_are_kept(tracking, experiment, key):
    with mlflow.start_run() as run:
        mlflow.log_metric(key, 1)
        mlflow.log_param(key, "value 'quoted' \"twice\" \\ \n end")
        mlflow.set_tag(key, "")
    data = tracking.get_run(run.info.run_id).data
    assert data.metrics == {key: 1}
    assert data.params == {key: "value 'quoted' \"twice\" \\ \n end"}
    assert data.tags[key] == ""
    found = tracking.search_runs([experiment], f"metrics.`{key}` = 1")
    assert [one.info.run_id for one in found] == [run.info.run_id]


def test_two_spellings_of_one_letter_are_two_values(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    tracking.log_param(run_id, "p", "\u00e9")
    with pytest.raises(MlflowException) as caught:
        tracking.log_param(run_id, "p", "e\u0301")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
