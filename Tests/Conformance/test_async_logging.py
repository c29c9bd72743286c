"""Logging that does not wait, and programs that end before it is through."""

import subprocess
import sys

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag

pytestmark = pytest.mark.client


def test_what_was_logged_without_waiting_is_all_there(tracking, experiment):
    with mlflow.start_run() as run:
        operations = [mlflow.log_metric("loss", 1 / (step + 1), step=step, synchronous=False) for step in range(300)]
        operations.append(mlflow.log_params({f"p{index}": index for index in range(150)}, synchronous=False))
        operations.append(mlflow.set_tags({"a": "1", "b": "2"}, synchronous=False))
        operations.append(mlflow.log_param("last", "one", synchronous=False))
        for operation in operations:
            operation.wait()
    seen = tracking.get_run(run.info.run_id)
    assert len(seen.data.params) == 151
    assert seen.data.tags["b"] == "2"
    points = tracking.get_metric_history(run.info.run_id, "loss")
    assert sorted(point.step for point in points) == list(range(300))
    assert seen.data.metrics["loss"] == 1 / 300


def test_a_batch_need_not_wait_either(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    metrics = [Metric("m", index, 1000 + index, index) for index in range(1000)]
    tracking.log_batch(run_id, metrics, [Param("p", "v")], [RunTag("t", "v")], synchronous=False).wait()
    run = tracking.get_run(run_id)
    assert (run.data.metrics, run.data.params["p"], run.data.tags["t"]) == ({"m": 999}, "v", "v")


def test_a_refused_write_is_told_to_whoever_waits(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    tracking.log_param(run_id, "p", "one")
    with pytest.raises(Exception, match="p"):
        tracking.log_param(run_id, "p", "two", synchronous=False).wait()
    assert tracking.get_run(run_id).data.params == {"p": "one"}


def test_a_program_that_ends_at_once_loses_nothing(tracking, uri, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    program = (
        "import mlflow\n"
        f"mlflow.set_tracking_uri({uri!r})\n"
        f"with mlflow.start_run(run_id={run_id!r}):\n"
        "    for step in range(200):\n"
        "        mlflow.log_metric('m', step, step=step, synchronous=False)\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=300)
    run = tracking.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert sorted(point.step for point in tracking.get_metric_history(run_id, "m")) == list(range(200))
