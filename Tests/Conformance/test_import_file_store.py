"""Folders of MLflow's file store, written by clients of five series, come to Apus whole."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from helpers import REFERENCE_PYTHON, REPOSITORY
from servers import ApusServer, ReferenceServer
from test_import import VIEW_ALL, dump, plain, run_import
from test_mlflow_database_export import export

pytestmark = pytest.mark.apus
CLIENTS = {
    "2.9": os.environ.get("APUS_CLIENT_2_9") or REPOSITORY / ".venv-2.9/bin/python",
    "2.22": os.environ.get("APUS_CLIENT_2_22") or REPOSITORY / ".venv-2.22/bin/python",
    "3": sys.executable,
}
# Trees that `trees/make` has made, with clients that the tests do not install.
TREES = Path(__file__).parent / "trees"
# The place that the locations in those trees name.
TREE_PLACE = "/home/ana/work"
FILL = Path(__file__).parent / "trees/fill.py"
RUN_ID = re.compile("[0-9a-f]{32}")


@pytest.fixture(scope="module", params=[*CLIENTS, "1.30", "3.5"])
def tree(request, tmp_path_factory):
    """A folder with `mlruns` as a client of that series left it."""
    if request.param not in CLIENTS:
        folder = tmp_path_factory.mktemp("tree")
        shutil.copytree(TREES / request.param, folder, dirs_exist_ok=True)
        # Each client makes these folders with a run, also where they stay empty; git does not keep an empty folder.
        for tags in folder.glob("mlruns/**/tags"):
            if RUN_ID.fullmatch(tags.parent.name):
                for name in ("artifacts", "metrics", "params"):
                    (tags.parent / name).mkdir(exist_ok=True)
        return folder
    python = Path(CLIENTS[request.param])
    if not python.exists():
        pytest.fail(f"a client is missing: {python}; run: make environments")
    folder = tmp_path_factory.mktemp("tree")
    environment = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "GIT_PYTHON_REFRESH": "quiet"}
    done = subprocess.run([python, FILL], cwd=folder, env=environment, capture_output=True, text=True)
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
    seen = look(mlflow.MlflowClient(f"file:{root}")).replace(TREE_PLACE, str(tree))
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
        if "version 1" in json.loads(seen):
            assert int(client.create_model_version("prod", "s3://bucket/model").version) == 4
        mlflow.set_tracking_uri(server.url)
        run = client.search_runs(["0"] + [e.experiment_id for e in client.search_experiments()], "params.lr = '0.1'")[0]
        assert Path(mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/deep/notes.txt")).read_text() == "hello"


def test_the_reference_server_sees_the_same_in_what_is_exported(tree, tmp_path):
    run_import(tree, tmp_path / "data", check=0)
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        seen = look(mlflow.MlflowClient(server.url))
    out = tmp_path / "out"
    done = export(tmp_path / "data", out)
    assert done.returncode == 0, (done.stdout, done.stderr)
    arguments = ["--artifacts-destination", str(out / "mlartifacts")]
    with ReferenceServer(arguments, python=REFERENCE_PYTHON, directory=out) as server:
        client = mlflow.MlflowClient(server.url)
        assert look(client).splitlines() == seen.splitlines()
        run = client.search_runs([e.experiment_id for e in client.search_experiments()], "params.lr = '0.1'")[0]
        mlflow.set_tracking_uri(server.url)
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/deep/notes.txt") == "hello"


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
