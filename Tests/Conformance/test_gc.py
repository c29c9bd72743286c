"""apus gc: what is deleted is removed for good, with a server running and without, over both stores."""

import json
import os
import subprocess
import threading

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from helpers import call, must, new_run, send
from keeping import apus, content, files, kill_until_done, logging, make_deleted, spare
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
IS_SQLITE = os.environ.get("APUS_TEST_STORE", "sqlite") == "sqlite"


@pytest.fixture
def server(tmp_path):
    # Over PostgreSQL, the journal of artifacts needs tables of its own.
    with ApusServer([] if IS_SQLITE else ["--audit"], directory=tmp_path / "server") as running:
        yield running


def put(uri, path, text=b"x" * 1_000):
    assert send("PUT", f"{uri}/api/2.0/mlflow-artifacts/artifacts/{path}", text)[0] == 200


def test_gc_through_a_running_server_takes_deleted_things_and_their_artifacts(server, tmp_path):
    client = MlflowClient(server.url)
    experiment = client.create_experiment("gone")
    kept_experiment = client.create_experiment("kept")
    (tmp_path / "file.txt").write_text("x" * 1_000)
    gone, kept = client.create_run(experiment), client.create_run(kept_experiment)
    for run in (gone, kept):
        for step in range(50):
            client.log_metric(run.info.run_id, "loss", step, step=step)
        client.log_artifact(run.info.run_id, str(tmp_path / "file.txt"), "deep/er")
    client.delete_experiment(experiment)
    with pytest.raises(MlflowException, match=f"apus gc --experiment-ids {experiment}"):
        client.create_experiment("gone")

    folder = ["--data-dir", server.data_directory]
    before = content(server.data_directory) if IS_SQLITE else None
    plan = json.loads(apus("gc", *folder, "--dry-run", "--json").stdout)
    assert (plan["runs"], plan["experiments"], plan["metric_points"]) == (1, 1, 50)
    assert (plan["artifact_files"], plan["artifact_bytes"]) == (1, 1_000)
    if IS_SQLITE:
        assert content(server.data_directory) == before
    assert client.get_run(gone.info.run_id).info.lifecycle_stage == "deleted"

    done = json.loads(apus("gc", *folder, "--json").stdout)
    assert {**done, "dry_run": True} == plan
    assert not (server.data_directory / "artifacts" / experiment).exists()
    assert [file.path for file in client.list_artifacts(kept.info.run_id, "deep/er")] == ["deep/er/file.txt"]
    with pytest.raises(MlflowException, match="not found"):
        client.get_run(gone.info.run_id)
    assert len(client.get_metric_history(kept.info.run_id, "loss")) == 50
    # The name is free, and nobody gets the id of what was removed.
    assert client.create_experiment("gone") not in {experiment, kept_experiment}
    entries = must(server.url, "/api/apus/1.0/artifacts/journal")["entries"]
    assert entries[0]["operation"] == "DELETE" and entries[0]["bytes"] == 1_000
    # A second call finds nothing.
    assert json.loads(apus("gc", *folder, "--json").stdout)["runs"] == 0


def test_gc_on_a_folder_that_no_server_holds(server):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a")
    must(server.url, "runs/delete", {"run_id": run_id})
    server.stop(remove=False)
    folder = ["--data-dir", server.data_directory]
    # Deleted a moment ago.
    assert json.loads(apus("gc", *folder, "--older-than", "1d", "--json").stdout)["runs"] == 0
    result = apus("gc", *folder)
    assert "removed 1 run," in result.stdout and "1 artifact file" in result.stdout
    assert files(server.data_directory / "artifacts") == {}
    server.start()
    assert call(server.url, "runs/get", run_id=run_id)[0] == 404


def test_gc_refuses_what_must_stay_and_removes_nothing_then(server):
    active, deleted = new_run(server.url), new_run(server.url)
    must(server.url, "runs/delete", {"run_id": deleted})
    folder = ["--data-dir", server.data_directory]
    for arguments, reason in [
        (["--run-ids", f"{deleted},{active}"], "is not deleted"),
        (["--run-ids", f"{deleted},nobody"], "There is no run nobody"),
        (["--run-ids", deleted, "--older-than", "1h"], "later than"),
        (["--experiment-ids", "0"], "is not deleted"),
        (["--experiment-ids", "77"], "There is no experiment 77"),
        (["--logged-model-ids", "m-0"], "There is no logged model m-0"),
    ]:
        result = apus("gc", *folder, *arguments, check=False)
        assert result.returncode == 1 and reason in result.stderr, (arguments, result)
    assert call(server.url, "runs/get", run_id=deleted)[0] == 200
    assert apus("gc", *folder, "--older-than", "30", check=False).returncode == 64
    assert apus("gc", "--data-dir", "nowhere", check=False).returncode == 1
    # Named alone it goes, and only it.
    other = new_run(server.url)
    must(server.url, "runs/delete", {"run_id": other})
    apus("gc", *folder, "--run-ids", deleted)
    assert call(server.url, "runs/get", run_id=deleted)[0] == 404
    assert call(server.url, "runs/get", run_id=other)[0] == 200


def test_gc_keeps_what_a_registered_model_needs(server, tmp_path):
    client = MlflowClient(server.url)
    mlflow.set_tracking_uri(server.url)
    run = client.create_run("0")
    (tmp_path / "model.bin").write_text("weights")
    client.log_artifact(run.info.run_id, str(tmp_path / "model.bin"), "model")
    client.create_registered_model("m")
    version = client.create_model_version("m", f"{run.info.artifact_uri}/model", run.info.run_id)
    client.delete_run(run.info.run_id)
    folder = ["--data-dir", server.data_directory]
    assert json.loads(apus("gc", *folder, "--json").stdout)["kept"] == 1
    assert files(server.data_directory / "artifacts")
    refused = apus("gc", *folder, "--run-ids", run.info.run_id, check=False)
    assert refused.returncode == 1 and "registered model" in refused.stderr
    client.delete_model_version("m", version.version)
    assert json.loads(apus("gc", *folder, "--json").stdout)["artifact_files"] == 1
    assert files(server.data_directory / "artifacts") == {}


def test_gc_leaves_artifacts_that_a_run_or_a_version_of_another_form_needs(server):
    client = MlflowClient(server.url)
    first = client.create_experiment("first")
    run = client.create_run(first)
    client.log_text(run.info.run_id, "weights", "model/MLmodel")
    beneath = client.create_experiment("beneath", artifact_location=run.info.artifact_uri)
    other = client.create_run(beneath)
    client.log_text(other.info.run_id, "other", "b.txt")
    client.create_registered_model("m")
    must(server.url, "model-versions/create", {"name": "m", "source": f"runs:/{run.info.run_id}/model", "run_id": run.info.run_id})
    client.delete_run(run.info.run_id)
    folder = ["--data-dir", server.data_directory]
    result = apus("gc", *folder)
    assert f"The run {run.info.run_id} has artifacts that" in result.stdout, result
    client.delete_experiment(first)
    refused = apus("gc", *folder, "--experiment-ids", first, check=False)
    assert refused.returncode == 1 and "version 1 of the registered model 'm'" in refused.stderr, refused
    client.delete_model_version("m", "1")
    kept = json.loads(apus("gc", *folder, "--json").stdout)
    assert kept["kept"] == 2 and f"the run {other.info.run_id}" in kept["kept_because"][0]
    assert [file.path for file in client.list_artifacts(other.info.run_id)] == ["b.txt"]
    assert len(files(server.data_directory / "artifacts")) == 2
    client.delete_experiment(beneath)
    assert json.loads(apus("gc", *folder, "--json").stdout)["experiments"] == 2
    assert files(server.data_directory / "artifacts") == {}


def test_gc_by_age_leaves_runs_that_were_deleted_nobody_knows_when(server):
    run = {"run_id": "a" * 32, "experiment_id": "0", "experiment_name": "Default", "status": "FINISHED", "start_time": 1}
    record = json.dumps({"run": {**run, "lifecycle_stage": "deleted"}}).encode()
    assert send("POST", f"{server.url}/api/apus/1.0/import", record, {"Content-Type": "application/x-ndjson"})[0] == 200
    folder = ["--data-dir", server.data_directory]
    result = apus("gc", *folder, "--older-than", "30d")
    assert "removed 0 runs" in result.stdout and "it is unknown when it was deleted" in result.stdout
    refused = apus("gc", *folder, "--older-than", "30d", "--run-ids", run["run_id"], check=False)
    assert refused.returncode == 1 and "It is not known when" in refused.stderr
    assert json.loads(apus("gc", *folder, "--json").stdout)["runs"] == 1


def test_gc_trims_the_journal_and_serves_others_meanwhile(server):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a")
    done = json.loads(apus("gc", "--tracking-uri", server.url, "--journal-older-than", "0s", "--json").stdout)
    assert done["journal_entries"] == 1
    assert must(server.url, "/api/apus/1.0/artifacts/journal").get("entries", []) == []
    assert files(server.data_directory / "artifacts")


@pytest.mark.sqlite
def test_a_removal_that_the_command_left_is_ended_by_the_next_server(server):
    make_deleted(server.url, runs=20, points=500)
    server.stop(remove=False)
    points = len(content(server.data_directory)["metrics"])
    process = subprocess.Popen(spare("gc", "--data-dir", server.data_directory))
    wait_until(lambda: content(server.data_directory).get("removals") or process.poll() is not None, 20, "the list")
    process.kill()
    process.wait()
    server.start()
    wait_until(lambda: not content(server.data_directory)["removals"], 20, "the server to end the removal")
    assert len(content(server.data_directory)["metrics"]) == points // 2


@pytest.mark.sqlite
def test_a_killed_gc_that_is_run_again_ends_as_an_undisturbed_one(server, tmp_path):
    make_deleted(server.url, runs=30, points=1_000)
    server.stop(remove=False)
    assert kill_until_done(server.data_directory, tmp_path, ["gc"], seconds=8, least=4) > 3


def test_gc_ends_under_a_steady_load_and_does_not_hold_it_up(server):
    make_deleted(server.url, runs=10, points=2_000)
    runs = [new_run(server.url) for _ in range(6)]
    stop, noted = threading.Event(), [[] for _ in runs]
    clients = [threading.Thread(target=logging, args=(server.url, *pair)) for pair in zip(runs, [stop] * 6, noted)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: all(noted), 20, "the clients to begin")
        before = [len(steps) for steps in noted]
        done = json.loads(apus("gc", "--data-dir", server.data_directory, "--json").stdout)
        assert done["metric_points"] == 20_000 and done["runs"] == 10
        wait_until(lambda: all(len(steps) > count for steps, count in zip(noted, before)), 20, "the clients to go on")
    finally:
        stop.set()
        for client in clients:
            client.join()


@pytest.mark.skipif(not IS_SQLITE, reason="test_shared_storage.py has its own for PostgreSQL")
def test_a_call_that_would_remove_more_than_it_says_is_refused(server):
    run = new_run(server.url)
    must(server.url, "runs/delete", {"run_id": run})
    for body in ({"next": "0:"}, {"next": "named:1"}, {"continue": True, "next": "extras"}, {"continue": True, "dry_run": True}):
        status, refused = call(server.url, "/api/apus/1.0/gc", body)
        assert status == 400 and "continue" in refused["message"], (body, refused)
    assert call(server.url, "runs/get", run_id=run)[0] == 200
