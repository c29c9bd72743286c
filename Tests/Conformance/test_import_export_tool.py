"""Folders as mlflow-export-import writes them come to Apus with the ids and times that they hold.

The tool itself is not installed here: `export` writes what its versions 1.2 and later write, from the same client.
"""

import json
import os
import signal
import subprocess
from pathlib import Path

import mlflow
import pytest

from servers import ApusServer, apus_binary
from test_import import VIEW_ALL, dump, fill, look, plain, run_import

pytestmark = pytest.mark.apus


def members(entity):
    return {key[1:]: value for key, value in vars(entity).items()}


def write(path, content, info=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    system = {"package_version": "1.2.0", "export_time": 1}
    path.write_text(json.dumps({"system": system, "info": info or {}, "mlflow": content}, indent=2, default=str))


def datasets(inputs):
    return [
        {"dataset": members(used.dataset), "tags": [members(tag) for tag in used.tags]} for used in inputs.dataset_inputs
    ]


def export(client, folder):
    """Everything that the tool finds: it lists neither deleted things nor prompts."""
    for experiment in client.search_experiments(mlflow.entities.ViewType.ACTIVE_ONLY):
        place = folder / "experiments" / experiment.experiment_id
        runs = client.search_runs([experiment.experiment_id], max_results=1_000)
        for run in runs:
            run_id = run.info.run_id
            run = client.get_run(run_id)
            history = {
                key: [
                    {name: value for name, value in members(point).items() if name != "key"}
                    for point in client.get_metric_history(run_id, key)
                ]
                for key in run.data.metrics
            }
            content = {
                "info": {**members(run.info), "_start_time": "a text"},
                "params": run.data.params,
                "metrics": history,
                "tags": run.data.tags,
                "inputs": {
                    "dataset_inputs": datasets(run.inputs),
                    "model_inputs": [members(model) for model in run.inputs.model_inputs],
                },
                "model_outputs": [members(model) for model in run.outputs.model_outputs],
            }
            write(place / "runs" / run_id / "run.json", content)
            if client.list_artifacts(run_id):
                mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(place / "runs" / run_id / "artifacts"))
        content = {**members(experiment), "tags": dict(experiment.tags), "_creation_time": "a text"}
        write(
            place / "experiment.json",
            {"experiment": content, "runs": [run.info.run_id for run in runs]},
            {"failed_runs": []},
        )
        for model in client.search_logged_models([experiment.experiment_id]):
            model = client.get_logged_model(model.model_id)
            content = members(model)
            content["status"] = model.status.value
            content["metrics"] = [members(point) for point in model.metrics or []]
            path = place / "logged_models" / model.model_id
            write(path / "logged_model.json", content)
            if client.list_logged_model_artifacts(model.model_id):
                mlflow.artifacts.download_artifacts(artifact_uri=model.artifact_location, dst_path=str(path))
    for model in client.search_registered_models():
        versions = [
            {**dict(version), "tags": dict(version.tags), "_experiment_name": "x"}
            for version in client.search_model_versions(f"name='{model.name}'")
        ]
        content = {
            "name": model.name,
            "creation_timestamp": model.creation_timestamp,
            "last_updated_timestamp": model.last_updated_timestamp,
            "description": model.description,
            "tags": [{"key": key, "value": value} for key, value in model.tags.items()],
            "aliases": [{"alias": alias, "version": version} for alias, version in model.aliases.items()],
            "versions": versions,
        }
        write(folder / "models" / model.name / "model.json", {"registered_model": content}, {"failed_versions": []})
    write(folder / "manifest.json", {})


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder of the tool, and what the client saw where it came from."""
    folder = tmp_path_factory.mktemp("exported") / "all"
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("work"))
    try:
        with ApusServer() as server:
            client = mlflow.MlflowClient(server.url)
            fill(client)
            mlflow.set_tracking_uri(server.url)
            export(client, folder)
            return folder, look(client)
    finally:
        os.chdir(before)


def test_the_client_sees_the_same_after_the_move(exported, tmp_path):
    folder, seen = exported
    data = tmp_path / "data"
    _, summary, _ = run_import(folder, data, check=0)
    assert (summary["skipped"], summary["remarks"], summary["hints"]) == ([], [], []), summary
    with ApusServer(["--data-dir", data]) as server:
        client = mlflow.MlflowClient(server.url)
        mine = look(client)
        active = {e["_experiment_id"] for e in seen["experiments"] if e["_lifecycle_stage"] == "active"}
        runs = {
            run_id: run for run_id, run in seen["runs"].items()
            if run["info"]["_lifecycle_stage"] == "active" and run["info"]["_experiment_id"] in active
        }
        assert len(runs) > 2 and mine["runs"] == runs
        assert mine["experiments"] == [e for e in seen["experiments"] if e["_experiment_id"] in active]
        assert mine["logged_models"] == seen["logged_models"]
        for part in ("model prod", "version prod/1", "version prod/2"):
            assert mine[part] == seen[part], part
        parent = next(run_id for run_id, run in runs.items() if run["tags"].get("mlflow.runName") == "parent")
        mlflow.set_tracking_uri(server.url)
        assert mlflow.artifacts.load_text(f"runs:/{parent}/größe/deep/notes.txt") == "hello"
        model = next(model["_model_id"] for model in seen["logged_models"] if model["_name"] == "forest")
        fetched = mlflow.artifacts.download_artifacts(f"models:/{model}", dst_path=str(tmp_path / "fetched"))
        assert (Path(fetched) / "MLmodel").read_text() == "flavors: {}\n"
    before = dump(data / "apus.db")
    _, summary, _ = run_import(folder, data, check=0)
    assert dump(data / "apus.db") == before and summary["artifacts"]["added"] == 0


def test_what_grew_comes_and_what_is_damaged_is_named(exported, tmp_path):
    folder, seen = exported
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", folder, copy], check=True)
    data = tmp_path / "data"
    path = next(copy.rglob("run.json"))
    whole = path.read_text()
    path.write_text(whole[:-200])
    _, summary, _ = run_import(copy, data, check=1)
    assert [entry["place"] for entry in summary["skipped"]] == [str(path)]
    path.write_text(whole)
    _, summary, _ = run_import(copy, data, check=0)
    assert summary["counts"]["run"]["added"] == 1
    run_import(folder, tmp_path / "whole", check=0)
    assert len(dump(data / "apus.db")["metrics"]) == len(dump(tmp_path / "whole/apus.db")["metrics"])


def test_one_run_comes_alone(exported, tmp_path):
    folder, seen = exported
    run_id = next(run_id for run_id, run in seen["runs"].items() if run["tags"].get("mlflow.runName") == "parent")
    place = next(folder.rglob(run_id))
    with ApusServer(directory=tmp_path / "server") as server:
        _, summary, _ = run_import(place, server.url, check=0)
        assert len(summary["hints"]) == 1 and summary["found"]["run"] == 1
        client = mlflow.MlflowClient(server.url)
        run = client.get_run(run_id)
        assert run.info.start_time == seen["runs"][run_id]["info"]["_start_time"]
        assert plain(run.data.params) == seen["runs"][run_id]["params"]
        assert client.search_runs([run.info.experiment_id], run_view_type=VIEW_ALL)


def test_what_was_killed_goes_on(exported, tmp_path):
    folder, _ = exported
    run_import(folder, tmp_path / "whole", check=0)
    command = [str(apus_binary()), "import", str(folder), "--to", str(tmp_path / "data")]
    for part in range(6):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(0.01 * part)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
    run_import(folder, tmp_path / "data", check=0)
    left, right = dump(tmp_path / "data/apus.db"), dump(tmp_path / "whole/apus.db")
    assert {table: len(rows) for table, rows in left.items()} == {table: len(rows) for table, rows in right.items()}
    assert left["metrics"] == right["metrics"]
