"""A model is logged, registered, and loaded back in every way that has an address."""

import json

import mlflow
import mlflow.artifacts
import mlflow.pyfunc
import mlflow.sklearn
import pytest
from mlflow.models import get_model_info

from helpers import send
from samples import (
    COLUMNS,
    HAS_LOGGED_MODELS,
    assert_same_predictions,
    log_old_way,
    log_sample,
    sample,
)

pytestmark = pytest.mark.client
FILES = {"MLmodel", "conda.yaml", "input_example.json", "python_env.yaml", "requirements.txt"}
needs_logged_models = pytest.mark.skipif(not HAS_LOGGED_MODELS, reason="this client has no logged models yet")


def test_a_model_is_loaded_by_run_version_alias_and_stage(tracking, experiment, name):
    with mlflow.start_run() as run:
        info = log_old_way(registered_model_name=name)
    tracking.set_registered_model_alias(name, "champion", "1")
    tracking.transition_model_version_stage(name, "1", "Production")
    addresses = [
        info.model_uri,
        f"runs:/{run.info.run_id}/model",
        f"models:/{name}/1",
        f"models:/{name}@champion",
        f"models:/{name}/Production",
        f"models:/{name}/latest",
    ]
    for address in addresses:
        assert_same_predictions(mlflow.pyfunc.load_model(address))
    assert_same_predictions(mlflow.sklearn.load_model(addresses[2]))


def test_signature_and_input_example_come_back_with_the_model(tracking, experiment, name):
    with mlflow.start_run() as run:
        log_old_way(registered_model_name=name, metadata={"team": "vision"})
    for address in (f"runs:/{run.info.run_id}/model", f"models:/{name}/1"):
        info = get_model_info(address)
        assert info.signature.inputs.input_names() == COLUMNS
        assert info.flavors["sklearn"]["sklearn_version"]
        assert info.metadata == {"team": "vision"}
        assert info.run_id == run.info.run_id
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    example = loaded.input_example if hasattr(loaded, "input_example") else sample().features.head(2)
    assert list(loaded.predict(example)) == list(sample().model.predict(sample().features.head(2)))


def test_each_model_that_is_logged_under_a_name_is_its_next_version(tracking, experiment, name):
    runs = []
    for _ in range(2):
        with mlflow.start_run() as run:
            log_old_way(registered_model_name=name)
        runs.append(run.info.run_id)
    for number, run_id in enumerate(runs, 1):
        version = tracking.get_model_version(name, str(number))
        assert (version.run_id, version.status) == (run_id, "READY")
    assert [str(one.version) for one in tracking.get_latest_versions(name, ["None"])] == ["2"]


def test_a_model_of_a_run_is_registered_afterwards(tracking, experiment, name):
    with mlflow.start_run() as run:
        log_old_way()
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", name, tags={"from": "a run"})
    assert (version.name, str(version.version), version.run_id) == (name, "1", run.info.run_id)
    assert tracking.get_model_version(name, "1").tags == {"from": "a run"}
    assert_same_predictions(mlflow.pyfunc.load_model(f"models:/{name}/1"))


def test_the_files_of_a_version_are_downloaded_whole(tracking, experiment, name, uri, tmp_path):
    with mlflow.start_run():
        log_old_way(registered_model_name=name)
    local = mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=str(tmp_path / "whole"))
    found = {path.name for path in (tmp_path / "whole").rglob("*") if path.is_file()}
    assert FILES <= found, local
    one = mlflow.artifacts.download_artifacts(f"models:/{name}/1/MLmodel", dst_path=str(tmp_path / "one"))
    with open(one, "rb") as file:
        content = file.read()
    query = f"name={name}&version=1&path="
    status, body, _ = send("GET", f"{uri}/model-versions/get-artifact?{query}MLmodel")
    assert (status, body) == (200, content)
    assert send("GET", f"{uri}/model-versions/get-artifact?{query}nothing.txt")[0] >= 400


def test_a_rename_keeps_every_version_loadable(tracking, experiment, name):
    with mlflow.start_run():
        log_old_way(registered_model_name=name)
    tracking.set_registered_model_alias(name, "champion", "1")
    tracking.rename_registered_model(name, name + "-renamed")
    assert_same_predictions(mlflow.pyfunc.load_model(f"models:/{name}-renamed/1"))
    assert_same_predictions(mlflow.pyfunc.load_model(f"models:/{name}-renamed@champion"))
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.pyfunc.load_model(f"models:/{name}/1")


def test_a_version_that_is_deleted_leaves_the_model_of_its_run(tracking, experiment, name):
    with mlflow.start_run() as run:
        log_old_way(registered_model_name=name)
    tracking.delete_model_version(name, "1")
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert_same_predictions(mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model"))
    tracking.delete_registered_model(name)
    assert_same_predictions(mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model"))
    assert str(mlflow.register_model(f"runs:/{run.info.run_id}/model", name).version) == "1"
    assert_same_predictions(mlflow.pyfunc.load_model(f"models:/{name}/1"))


def test_a_copy_of_a_version_outlives_the_version(tracking, experiment, name):
    with mlflow.start_run():
        log_old_way(registered_model_name=name)
    copy = tracking.copy_model_version(f"models:/{name}/1", f"{name}-production")
    assert (copy.name, str(copy.version)) == (f"{name}-production", "1")
    assert copy.source == f"models:/{name}/1"
    tracking.rename_registered_model(name, f"{name}-renamed")
    assert_same_predictions(mlflow.pyfunc.load_model(f"models:/{name}-production/1"))
    tracking.delete_registered_model(f"{name}-renamed")
    assert_same_predictions(mlflow.pyfunc.load_model(f"models:/{name}-production/1"))


@pytest.mark.skipif(HAS_LOGGED_MODELS, reason="this client has logged models instead")
def test_a_run_of_an_older_client_remembers_the_models_it_logged(tracking, experiment):
    with mlflow.start_run() as run:
        log_old_way()
        log_sample(artifact_path="second")
    history = json.loads(tracking.get_run(run.info.run_id).data.tags["mlflow.log-model.history"])
    assert [(one["artifact_path"], one["run_id"]) for one in history] == [
        ("model", run.info.run_id),
        ("second", run.info.run_id),
    ]
    assert set(history[0]["flavors"]) == {"python_function", "sklearn"}
    assert_same_predictions(mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/second"))


@needs_logged_models
def test_a_model_that_is_logged_by_name_is_loaded_by_its_id(tracking, experiment, name):
    with mlflow.start_run() as run:
        info = log_sample(registered_model_name=name, params={"C": 1}, tags={"k": "v"}, model_type="linear", step=4)
    assert info.model_uri == f"models:/{info.model_id}"
    assert info.registered_model_version == "1"
    for address in (info.model_uri, f"runs:/{run.info.run_id}/model", f"models:/{name}/1"):
        assert_same_predictions(mlflow.pyfunc.load_model(address))
    model = tracking.get_logged_model(info.model_id)
    assert (model.name, model.source_run_id, str(model.status)) == ("model", run.info.run_id, "READY")
    assert (model.params, model.model_type, model.tags["k"]) == ({"C": "1"}, "linear", "v")
    # The client and the server may both have written it down.
    versions = json.loads(model.tags["mlflow.modelVersions"])
    assert {(one["name"], str(one["version"])) for one in versions} == {(name, "1")}
    version = tracking.get_model_version(name, "1")
    assert (version.run_id, version.source) == (run.info.run_id, info.model_uri)
    outputs = tracking.get_run(run.info.run_id).outputs.model_outputs
    assert [(one.model_id, one.step) for one in outputs] == [(info.model_id, 4)]


@needs_logged_models
def test_a_logged_model_is_registered_afterwards_by_its_id(tracking, experiment, name):
    with mlflow.start_run():
        info = log_sample()
    tracking.set_logged_model_tags(info.model_id, {"k": "v"})
    for number in (1, 2):
        version = mlflow.register_model(info.model_uri, name)
        assert (str(version.version), version.source) == (str(number), info.model_uri)
    assert_same_predictions(mlflow.pyfunc.load_model(f"models:/{name}/2"))
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.register_model("models:/m-" + "0" * 32, name)
    assert len(tracking.search_model_versions(f"name = '{name}'")) == 2


@needs_logged_models
def test_the_files_of_a_logged_model_are_listed_and_downloaded(tracking, experiment, tmp_path):
    with mlflow.start_run() as run:
        info = log_sample()
    listed = {item.path for item in tracking.list_logged_model_artifacts(info.model_id)}
    assert FILES <= listed
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "read me.txt").write_text("of the model")
    tracking.log_model_artifacts(info.model_id, str(tmp_path / "notes"), "notes")
    tracking.log_model_artifact(info.model_id, str(tmp_path / "notes" / "read me.txt"))
    below = tracking.list_logged_model_artifacts(info.model_id, "notes")
    assert [(item.path, item.file_size) for item in below] == [("notes/read me.txt", 12)]
    local = mlflow.artifacts.download_artifacts(info.model_uri, dst_path=str(tmp_path / "down"))
    assert open(f"{local}/notes/read me.txt").read() == "of the model"
    of_run = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model")
    assert open(f"{of_run}/MLmodel").read() == open(f"{local}/MLmodel").read()
    listed = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="model")
    assert {f"model/{file}" for file in FILES} <= {item.path for item in listed}
