"""Models and versions whose files lie where the operator or the client said: a local root, a prefix, a moved folder."""

import shutil

import mlflow
import mlflow.pyfunc
import pytest

from helpers import call, send
from samples import assert_same_predictions, log_old_way, log_sample
from servers import ApusServer

pytestmark = pytest.mark.apus


def logged(uri):
    """Logs the sample to a server by name and in the old way, and registers both. Returns the info of the first."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("places")
    with mlflow.start_run():
        info = log_sample(registered_model_name="kept")
    with mlflow.start_run():
        log_old_way(registered_model_name="kept")
    return info


def assert_all_load(uri, info):
    mlflow.set_tracking_uri(uri)
    for address in (info.model_uri, "models:/kept/1", "models:/kept/2"):
        assert_same_predictions(mlflow.pyfunc.load_model(address))
    for version in (1, 2):
        status, body, _ = send("GET", f"{uri}/model-versions/get-artifact?name=kept&version={version}&path=MLmodel")
        assert (status, b"sklearn" in body) == (200, True)


def test_models_in_a_local_folder_are_registered_and_loaded(tmp_path):
    root = tmp_path / "root"
    with ApusServer(["--default-artifact-root", root]) as server:
        info = logged(server.url)
        assert list(root.rglob("MLmodel"))
        assert_all_load(server.url, info)
        client = mlflow.MlflowClient(server.url)
        run = client.create_run("0")
        other = client.create_run("0")
        folder = run.info.artifact_uri
        assert str(root) in folder
        for source in (
            other.info.artifact_uri,
            f"{folder}/../../{other.info.run_id}",
            f"{folder}-beside/model",
            str(tmp_path),
            "/etc",
        ):
            body = {"name": "kept", "source": source, "run_id": run.info.run_id}
            status, answer = call(server.url, "model-versions/create", body)
            assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), source
        version = client.create_model_version("kept", f"{folder}/model", run.info.run_id)
        assert str(version.version) == "3"


def test_models_under_a_prefix_are_registered_and_loaded():
    with ApusServer(["--static-prefix", "/tracking"]) as server:
        assert server.url.endswith("/tracking")
        assert_all_load(server.url, logged(server.url))


def test_models_of_a_moved_data_directory_are_still_loaded(tmp_path):
    with ApusServer(directory=tmp_path / "here") as server:
        info = logged(server.url)
    shutil.move(tmp_path / "here", tmp_path / "there")
    with ApusServer(directory=tmp_path / "there") as server:
        assert_all_load(server.url, info)
        with mlflow.start_run():
            assert log_sample(registered_model_name="kept").registered_model_version == "3"
