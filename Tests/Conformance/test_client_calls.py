"""Every core call of MlflowClient, one after the other, with what it gives back."""

import time

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.client


def test_every_experiment_call(tracking, name):
    before = int(time.time() * 1000)
    experiment_id = tracking.create_experiment(name, tags={"team": "vision"})
    experiment = tracking.get_experiment(experiment_id)
    assert experiment.name == name
    assert experiment.tags == {"team": "vision"}
    assert experiment.lifecycle_stage == "active"
    assert experiment.creation_time >= before - 1000
    assert experiment.last_update_time >= experiment.creation_time
    assert tracking.get_experiment_by_name(name).experiment_id == experiment_id
    assert tracking.get_experiment_by_name(name + "-absent") is None

    tracking.set_experiment_tag(experiment_id, "team", "audio")
    tracking.set_experiment_tag(experiment_id, "note", "ü")
    assert tracking.get_experiment(experiment_id).tags == {"team": "audio", "note": "ü"}
    if hasattr(tracking, "delete_experiment_tag"):
        tracking.delete_experiment_tag(experiment_id, "note")
        assert tracking.get_experiment(experiment_id).tags == {"team": "audio"}

    tracking.rename_experiment(experiment_id, name + "-renamed")
    assert tracking.get_experiment(experiment_id).name == name + "-renamed"
    with pytest.raises(MlflowException) as caught:
        tracking.create_experiment(name + "-renamed")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"

    tracking.delete_experiment(experiment_id)
    assert tracking.get_experiment(experiment_id).lifecycle_stage == "deleted"
    mine = f"name LIKE '{name}%'"
    assert tracking.search_experiments(filter_string=mine) == []
    assert len(tracking.search_experiments(ViewType.DELETED_ONLY, filter_string=mine)) == 1
    assert len(tracking.search_experiments(ViewType.ALL, filter_string=mine)) == 1
    tracking.restore_experiment(experiment_id)
    assert tracking.get_experiment(experiment_id).lifecycle_stage == "active"


def test_every_run_call(tracking, experiment):
    run = tracking.create_run(experiment, start_time=1_700_000_000_000, tags={"a": "1"}, run_name="first name")
    run_id = run.info.run_id
    assert (run.info.status, run.info.lifecycle_stage, run.info.start_time) == ("RUNNING", "active", 1_700_000_000_000)
    assert run.info.end_time is None
    assert run.info.run_name == "first name"

    tracking.log_param(run_id, "p", 1.5)
    tracking.log_metric(run_id, "m", 0.25, timestamp=1000, step=4)
    tracking.set_tag(run_id, "b", 2)
    tracking.log_batch(
        run_id,
        metrics=[Metric("m", 0.5, 2000, 5), Metric("n", -1.0, 2000, 0)],
        params=[Param("q", "x y"), Param("empty", "")],
        tags=[RunTag("c", "3"), RunTag("a", "changed")],
    )
    tracking.delete_tag(run_id, "b")
    data = tracking.get_run(run_id).data
    assert data.params == {"p": "1.5", "q": "x y", "empty": ""}
    assert data.metrics == {"m": 0.5, "n": -1.0}
    assert {key: value for key, value in data.tags.items() if not key.startswith("mlflow.")} == {
        "a": "changed",
        "c": "3",
    }
    points = [(point.timestamp, point.step, point.value) for point in tracking.get_metric_history(run_id, "m")]
    assert points == [(1000, 4, 0.25), (2000, 5, 0.5)]

    tracking.update_run(run_id, status="SCHEDULED", name="second name")
    info = tracking.get_run(run_id).info
    assert (info.status, info.run_name) == ("SCHEDULED", "second name")
    assert tracking.get_run(run_id).data.tags["mlflow.runName"] == "second name"
    tracking.set_terminated(run_id, "KILLED", end_time=1_700_000_000_500)
    info = tracking.get_run(run_id).info
    assert (info.status, info.end_time) == ("KILLED", 1_700_000_000_500)
    assert tracking.get_parent_run(run_id) is None

    tracking.delete_run(run_id)
    assert tracking.get_run(run_id).info.lifecycle_stage == "deleted"
    assert tracking.search_runs([experiment]) == []
    assert len(tracking.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)) == 1
    tracking.restore_run(run_id)
    assert [one.info.run_id for one in tracking.search_runs([experiment])] == [run_id]


def test_every_artifact_call(tracking, experiment, tmp_path):
    run_id = tracking.create_run(experiment).info.run_id
    source = tmp_path / "folder"
    (source / "sub").mkdir(parents=True)
    (source / "one.txt").write_text("1")
    (source / "sub" / "two.txt").write_text("22")
    tracking.log_artifact(run_id, str(source / "one.txt"), "single")
    tracking.log_artifacts(run_id, str(source), "many")
    tracking.log_text(run_id, "text", "text.txt")
    tracking.log_dict(run_id, {"k": [1]}, "dict.json")
    tracking.log_table(run_id, {"c": [1, 2]}, "table.json")
    assert {item.path for item in tracking.list_artifacts(run_id)} == {
        "single",
        "many",
        "text.txt",
        "dict.json",
        "table.json",
    }
    listed = [(item.path, item.is_dir, item.file_size) for item in tracking.list_artifacts(run_id, "many")]
    assert listed == [("many/one.txt", False, 1), ("many/sub", True, None)]
    assert list(tracking.load_table(experiment, "table.json")["c"]) == [1, 2]
    whole = tmp_path / "whole"
    whole.mkdir()
    local = tracking.download_artifacts(run_id, "", str(whole))
    assert (whole / "many" / "sub" / "two.txt").read_text() == "22", local


def test_pictures_go_up_and_come_back(tracking, experiment, tmp_path):
    figure_module = pytest.importorskip("matplotlib.figure")
    numpy = pytest.importorskip("numpy")
    image_module = pytest.importorskip("PIL.Image")
    run_id = tracking.create_run(experiment).info.run_id
    pixels = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)
    tracking.log_image(run_id, pixels, "plots/pixels.png")
    figure = figure_module.Figure()
    figure.subplots().plot([1, 2, 3])
    tracking.log_figure(run_id, figure, "plots/curve.png")
    assert [item.path for item in tracking.list_artifacts(run_id, "plots")] == ["plots/curve.png", "plots/pixels.png"]
    local = tracking.download_artifacts(run_id, "plots/pixels.png", str(tmp_path))
    with image_module.open(local) as image:
        assert numpy.array_equal(numpy.asarray(image), pixels)


def test_artifacts_are_deleted_one_by_one_by_folder_and_altogether(tracking, experiment):
    from mlflow.artifacts import download_artifacts
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    run = tracking.create_run(experiment)
    run_id = run.info.run_id
    for path in ("a.txt", "d/b.txt", "d/e/c.txt", "kept.txt"):
        tracking.log_text(run_id, path, path)
    tracking.log_dict(run_id, {"k": 1}, "dict.yaml")
    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("a.txt")
    repository.delete_artifacts("d")
    assert [item.path for item in tracking.list_artifacts(run_id)] == ["dict.yaml", "kept.txt"]
    with open(download_artifacts(f"runs:/{run_id}/kept.txt")) as file:
        assert file.read() == "kept.txt"
    repository.delete_artifacts()
    assert tracking.list_artifacts(run_id) == []
    tracking.log_text(run_id, "again", "a.txt")
    assert [item.path for item in tracking.list_artifacts(run_id)] == ["a.txt"]


def test_a_run_without_a_name_gets_one(tracking, experiment):
    run = tracking.create_run(experiment)
    assert run.info.run_name
    assert tracking.get_run(run.info.run_id).data.tags["mlflow.runName"] == run.info.run_name


def test_a_name_set_by_its_tag_is_the_name(tracking, experiment):
    with mlflow.start_run(run_name="old") as run:
        mlflow.set_tag("mlflow.runName", "new")
    assert tracking.get_run(run.info.run_id).info.run_name == "new"
    assert len(tracking.search_runs([experiment], "attributes.run_name = 'new'")) == 1


def test_the_default_experiment_is_where_runs_go_when_nobody_says(tracking):
    default = tracking.get_experiment("0")
    assert default.name == "Default"
    run = tracking.create_run("0")
    assert tracking.get_run(run.info.run_id).info.experiment_id == "0"
