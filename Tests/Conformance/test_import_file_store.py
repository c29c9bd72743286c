"""Folders of MLflow's file store, written by clients of three series, come to Apus whole."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from helpers import REPOSITORY
from servers import ApusServer
from test_import import VIEW_ALL, dump, plain, run_import

pytestmark = pytest.mark.apus
CLIENTS = {
    "2.9": os.environ.get("APUS_CLIENT_2_9") or REPOSITORY / ".venv-2.9/bin/python",
    "2.22": os.environ.get("APUS_CLIENT_2_22") or REPOSITORY / ".venv-2.22/bin/python",
    "3": sys.executable,
}
# Runs in the environment of each client, so it uses only what all of them have, or asks.
FILL = r'''
import os, mlflow
from pathlib import Path
from mlflow.data.http_dataset_source import HTTPDatasetSource
mlflow.set_tracking_uri("file:" + os.getcwd() + "/mlruns")
client = mlflow.MlflowClient()
experiment = client.create_experiment("größer: 🦩 - #x, y", tags={"team": "a b", "n": "1"})
with mlflow.start_run(experiment_id=experiment, run_name="a: long " + "name " * 40 + "end") as run:
    mlflow.log_params({"lr": 0.1, "model/depth": 3, "long": "p " * 1_000 + "p"})
    mlflow.set_tags({"note": "x\n\ny", "empty": "", "mlflow.note.content": "'quoted' \"twice\""})
    for step in range(30):
        mlflow.log_metric("a/b loss", 1 / (step + 1), step=step)
    mlflow.log_metric("nan", float("nan"))
    mlflow.log_metric("inf", -float("inf"), step=-3)
    try:
        from mlflow.data.meta_dataset import MetaDataset
        data = MetaDataset(HTTPDatasetSource("http://example.org/iris.csv"), name="iris", digest="d1")
    except ImportError:
        import numpy
        data = mlflow.data.from_numpy(numpy.zeros((2, 2)), name="iris", digest="d1")
    mlflow.log_input(data, context="train")
    Path("notes.txt").write_text("hello")
    mlflow.log_artifact("notes.txt", "deep")
    with mlflow.start_run(experiment_id=experiment, nested=True):
        mlflow.log_metric("a/b loss", 0.5)
removed = client.create_run(experiment)
client.log_metric(removed.info.run_id, "m", 1)
client.delete_run(removed.info.run_id)
gone = client.create_experiment("gone")
client.create_run(gone)
client.delete_experiment(gone)
client.create_registered_model("prod", tags={"k": "v"}, description="two\nlines: 'x' \"y\"\tz")
for number in range(3):
    client.create_model_version("prod", run.info.artifact_uri + "/deep", run.info.run_id, tags={"n": str(number)})
client.set_registered_model_alias("prod", "champion", 2)
client.delete_model_version("prod", "3")
if hasattr(client, "create_logged_model"):
    model = client.create_logged_model(
        experiment, name="forest", source_run_id=run.info.run_id, params={"d": "3"}, tags={"a b": "c"}
    )
    os.mkdir("model")
    Path("model/MLmodel").write_text("flavors: {}")
    client.log_model_artifacts(model.model_id, "model")
    client.finalize_logged_model(model.model_id, "READY")
    mlflow.log_metric("auc", 0.9, step=1, model_id=model.model_id, run_id=run.info.run_id)
    client.log_outputs(run.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 4)])
'''


@pytest.fixture(scope="module", params=CLIENTS)
def tree(request, tmp_path_factory):
    """A folder with `mlruns` as a client of that series left it."""
    python = Path(CLIENTS[request.param])
    if not python.exists():
        pytest.fail(f"a client is missing: {python}; run: make environments")
    folder = tmp_path_factory.mktemp("tree")
    environment = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet"}
    done = subprocess.run([python, "-c", FILL], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def points(metrics):
    return [[metric.key, repr(metric.value), metric.timestamp, metric.step] for metric in metrics or []]


def look(client):
    """What both kinds of store answer alike, as data."""
    seen = {}
    for experiment in client.search_experiments(VIEW_ALL, max_results=1_000):
        seen["experiment " + experiment.name] = plain(experiment)
    ids = [experiment["_experiment_id"] for experiment in seen.values()]
    for run in client.search_runs(ids, run_view_type=VIEW_ALL, max_results=1_000):
        histories = {key: points(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics}
        outputs = plain(run.outputs.model_outputs) if run.outputs else []
        seen["run " + run.info.run_id] = [plain(run.info), run.data.params, run.data.tags, histories, outputs]
        seen["data " + run.info.run_id] = plain(run.inputs.dataset_inputs)
    for model in client.search_registered_models():
        seen["model " + model.name] = [model.description, model.tags, dict(model.aliases), model.creation_timestamp]
    for version in client.search_model_versions():
        version = client.get_model_version(version.name, version.version)
        seen[f"version {version.version}"] = [
            version.source, version.run_id, version.tags, list(version.aliases), version.creation_timestamp,
            version.last_updated_timestamp, version.current_stage,
        ]
    for model in client.search_logged_models(ids):
        model = client.get_logged_model(model.model_id)
        seen["logged " + model.model_id] = [
            model.name, model.params, model.tags, points(model.metrics), model.creation_timestamp, str(model.status),
            model.artifact_location, model.source_run_id,
        ]
    return json.dumps(seen, sort_keys=True, indent=1, default=str)


def test_the_client_sees_in_apus_what_it_saw_in_the_folder(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    root = tree / "mlruns"
    seen = look(mlflow.MlflowClient(f"file:{root}"))
    # Locations move; infinities are the largest numbers, as in every database of MLflow.
    seen = seen.replace(f"file://{root}", "mlflow-artifacts:").replace('"-inf"', '"-1.7976931348623157e+308"')
    _, summary, _ = run_import(root, tmp_path / "data", check=0)
    assert summary["skipped"] == [] and summary["remarks"] == []
    before = dump(tmp_path / "data/apus.db")
    _, again, _ = run_import(tree, tmp_path / "data", check=0)
    assert dump(tmp_path / "data/apus.db") == before and again["artifacts"]["added"] == 0
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        assert look(client).splitlines() == seen.splitlines()
        assert int(client.create_model_version("prod", "s3://bucket/model").version) == 4
        mlflow.set_tracking_uri(server.url)
        run = client.search_runs(["0"] + [e.experiment_id for e in client.search_experiments()], "params.lr = '0.1'")[0]
        assert Path(mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/deep/notes.txt")).read_text() == "hello"


def test_a_copied_tree_is_found_beside_its_new_place(tree, tmp_path):
    copy = tmp_path / "elsewhere"
    subprocess.run(["cp", "-a", str(tree), str(copy)], check=True)
    os.rename(copy / "mlruns", copy / "renamed")
    _, summary, _ = run_import(copy / "renamed", tmp_path / "data", check=0)
    assert summary["artifacts"]["added"] >= 1
    assert (tmp_path / "data/artifacts").exists()


def test_damage_is_listed_by_path_and_the_rest_comes(tree, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(tree), str(copy)], check=True)
    root = copy / "mlruns"
    metas = sorted(root.glob("[0-9]*/*/meta.yaml"))
    metrics = [path for path in sorted(root.glob("[0-9]*/*/metrics/**/*")) if path.is_file()]
    metas[0].write_bytes(b"run_id: \xff\xfe\n")
    metas[-1].write_text("name: [a, b\n")
    for path in metrics[1:]:
        path.write_text("1 2 3\nnot a point\n1 2 x\n4\n5 6 7\n")
    (root / "link").symlink_to(root)
    os.mkfifo(metrics[0].parent / "pipe")
    status, summary, _ = run_import(root, tmp_path / "data")
    assert status == 1
    places = {skipped["place"] for skipped in summary["skipped"]}
    assert {str(metas[0].parent), str(metas[-1].parent)} <= places
    lost = (metas[0].parent, metas[-1].parent)
    reported = {str(path) for path in metrics[1:] if not any(path.is_relative_to(run) for run in lost)}
    assert reported <= places
    # One run is in the trash, with its experiment.
    assert summary["counts"]["run"]["added"] == len(metas) - 2 + 1
