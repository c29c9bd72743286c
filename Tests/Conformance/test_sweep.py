"""A hyper-parameter sweep: a parent, many children from several processes, the best of them, a resumed parent."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from helpers import PARENT_TAG, in_processes
from sweep import log_trials, score

pytestmark = pytest.mark.client
TRIALS = 50
PROCESSES = 8


def run_sweep(uri, experiment):
    with mlflow.start_run(run_name="sweep", tags={"stage": "parent"}) as parent:
        mlflow.log_param("trials", TRIALS)
    parent_id = parent.info.run_id
    shares = [(uri, experiment, parent_id, range(first, TRIALS, PROCESSES)) for first in range(PROCESSES)]
    children = [run_id for share in in_processes(log_trials, shares) for run_id in share]
    assert len(set(children)) == TRIALS
    return parent_id


def test_a_sweep_of_fifty_children_finds_its_best_run(tracking, uri, experiment):
    parent_id = run_sweep(uri, experiment)

    children = tracking.search_runs([experiment], f"tags.`{PARENT_TAG}` = '{parent_id}'", max_results=1000)
    assert len(children) == TRIALS
    for child in children:
        index = int(child.data.tags["trial"])
        assert child.info.status == "FINISHED"
        assert child.data.metrics == {"f1": score(index), "seconds": index / 2, "loss": 1 / (3 + index)}
        assert child.data.params["checkpoint_path"] == f"/ckpt/trial-{index}/last.pt"
        assert tracking.get_parent_run(child.info.run_id).info.run_id == parent_id

    best = mlflow.search_runs(
        [experiment],
        filter_string="metrics.f1 > 0.8 AND tags.stage = 'hpo'",
        order_by=["metrics.f1 DESC"],
        max_results=1,
        output_format="list",
    )[0]
    assert best.data.tags["trial"] == "37"
    good = tracking.search_runs([experiment], "metrics.f1 > 0.8 AND tags.stage = 'hpo'", max_results=1000)
    assert sorted(int(run.data.tags["trial"]) for run in good) == [i for i in range(TRIALS) if score(i) > 0.8]
    by_checkpoint = tracking.search_runs([experiment], "params.checkpoint_path LIKE '/ckpt/trial-4%/last.pt'")
    assert len(by_checkpoint) == 11

    with mlflow.start_run(run_id=parent_id) as resumed:
        assert resumed.info.run_id == parent_id
        mlflow.log_metrics({"best_f1": best.data.metrics["f1"], "trials_done": len(children)})
        mlflow.set_tag("best_run", best.info.run_id)
        mlflow.log_param("best_checkpoint_path", best.data.params["checkpoint_path"])
    parent = tracking.get_run(parent_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics == {"best_f1": 0.95, "trials_done": TRIALS}
    assert parent.data.params["trials"] == str(TRIALS)
    assert parent.data.params["best_checkpoint_path"] == "/ckpt/trial-37/last.pt"
    assert parent.data.tags["best_run"] == best.info.run_id


def test_a_sweep_reads_as_a_table(tracking, experiment):
    with mlflow.start_run(run_name="outer") as outer:
        for index in range(3):
            with mlflow.start_run(run_name=f"inner-{index}", nested=True):
                mlflow.log_param("depth", index)
                mlflow.log_metric("f1", index / 10)
    frame = mlflow.search_runs([experiment], "params.depth != 'none'", order_by=["metrics.f1 ASC"])
    assert list(frame["params.depth"]) == ["0", "1", "2"]
    assert list(frame["metrics.f1"]) == [0.0, 0.1, 0.2]
    assert set(frame[f"tags.{PARENT_TAG}"]) == {outer.info.run_id}


def test_a_run_that_broke_is_failed_and_can_be_resumed(tracking, experiment):
    with pytest.raises(ZeroDivisionError):
        with mlflow.start_run() as run:
            mlflow.log_metric("loss", 3, step=0)
            mlflow.log_metric("loss", 1 / 0, step=1)
    run_id = run.info.run_id
    assert tracking.get_run(run_id).info.status == "FAILED"
    failed = tracking.search_runs([experiment], "attributes.status = 'FAILED'")
    assert [one.info.run_id for one in failed] == [run_id]
    with mlflow.start_run(run_id=run_id):
        assert tracking.get_run(run_id).info.status == "RUNNING"
        mlflow.log_metric("loss", 2, step=1)
    assert tracking.get_run(run_id).info.status == "FINISHED"
    assert [point.value for point in tracking.get_metric_history(run_id, "loss")] == [3, 2]


def race_to_set(uri, name):
    mlflow.set_tracking_uri(uri)
    try:
        return mlflow.set_experiment(name).experiment_id
    except MlflowException as error:
        # The oldest client does not look again when another process was faster.
        assert error.error_code == "RESOURCE_ALREADY_EXISTS"
        return MlflowClient(uri).get_experiment_by_name(name).experiment_id


def test_sixteen_processes_that_set_one_experiment_get_the_same_one(tracking, uri, name):
    ids = in_processes(race_to_set, [(uri, name)] * 16)
    assert len(set(ids)) == 1
    found = tracking.search_experiments(filter_string=f"name = '{name}'")
    assert [one.experiment_id for one in found] == [ids[0]]
