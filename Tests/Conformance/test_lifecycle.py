"""Delete, restore, and what may be written to in between."""

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.client

WRITES = {
    "metric": lambda client, run_id: client.log_metric(run_id, "m", 2),
    "param": lambda client, run_id: client.log_param(run_id, "new", 2),
    "tag": lambda client, run_id: client.set_tag(run_id, "new", 2),
    "batch": lambda client, run_id: client.log_batch(
        run_id, [Metric("m", 2, 2, 2)], [Param("n", "2")], [RunTag("n", "2")]
    ),
    "delete tag": lambda client, run_id: client.delete_tag(run_id, "kept"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_deleted_run_takes_no_write_until_it_is_restored(tracking, experiment, write):
    run_id = tracking.create_run(experiment, tags={"kept": "yes"}).info.run_id
    tracking.log_metric(run_id, "m", 1)
    before = tracking.get_run(run_id).data
    tracking.delete_run(run_id)
    with pytest.raises(MlflowException, match="active"):
        WRITES[write](tracking, run_id)
    after = tracking.get_run(run_id).data
    assert (after.metrics, after.params, after.tags) == (before.metrics, before.params, before.tags)
    tracking.restore_run(run_id)
    WRITES[write](tracking, run_id)


def test_the_runs_of_a_deleted_experiment_go_and_come_with_it(tracking, experiment, name):
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    run_id = run.info.run_id
    tracking.delete_experiment(experiment)
    assert tracking.get_run(run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException):
        tracking.create_run(experiment)
    with pytest.raises(MlflowException, match="deleted"):
        mlflow.set_experiment(name)
    tracking.restore_experiment(experiment)
    assert tracking.get_run(run_id).info.lifecycle_stage == "active"
    assert mlflow.set_experiment(name).experiment_id == experiment
    assert tracking.get_run(run_id).data.metrics == {"m": 1}


def test_the_name_of_a_deleted_experiment_stays_taken(tracking, experiment, name):
    tracking.delete_experiment(experiment)
    with pytest.raises(MlflowException) as caught:
        tracking.create_experiment(name)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_view_types_part_the_living_from_the_deleted(tracking, experiment):
    ids = [tracking.create_run(experiment).info.run_id for _ in range(4)]
    for run_id in ids[:2]:
        tracking.delete_run(run_id)
    seen = {
        view: {run.info.run_id for run in tracking.search_runs([experiment], run_view_type=view)}
        for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)
    }
    assert seen == {ViewType.ACTIVE_ONLY: set(ids[2:]), ViewType.DELETED_ONLY: set(ids[:2]), ViewType.ALL: set(ids)}
