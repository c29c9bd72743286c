"""The commands that look after a data folder: gc, backup, restore and check, with a server running and without."""

import json
import sqlite3
import subprocess
import threading
import time

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from helpers import call, must, new_run, send
from keeping import apus, content, files, kill_backups, kill_until_done, make_deleted, spare
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus


@pytest.fixture
def server(tmp_path):
    with ApusServer(directory=tmp_path / "server") as running:
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
    before = content(server.data_directory)
    plan = json.loads(apus("gc", *folder, "--dry-run", "--json").stdout)
    assert (plan["runs"], plan["experiments"], plan["metric_points"]) == (1, 1, 50)
    assert (plan["artifact_files"], plan["artifact_bytes"]) == (1, 1_000)
    assert content(server.data_directory) == before

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


def test_gc_trims_the_journal_and_serves_others_meanwhile(server):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a")
    done = json.loads(apus("gc", "--tracking-uri", server.url, "--journal-older-than", "0s", "--json").stdout)
    assert done["journal_entries"] == 1
    assert must(server.url, "/api/apus/1.0/artifacts/journal").get("entries", []) == []
    assert files(server.data_directory / "artifacts")


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


def test_a_killed_gc_that_is_run_again_ends_as_an_undisturbed_one(server, tmp_path):
    make_deleted(server.url, runs=30, points=1_000)
    server.stop(remove=False)
    assert kill_until_done(server.data_directory, tmp_path, ["gc"], seconds=8) > 3


def logging(uri, run_id, stop, acknowledged):
    """Logs one metric after the other, and notes the last step that was acknowledged."""
    step = 0
    while not stop.is_set():
        status, _ = call(uri, "runs/log-metric", {"run_id": run_id, "key": "m", "value": step, "timestamp": 1, "step": step})
        if status == 200:
            acknowledged.append(step)
            step += 1


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
        done = json.loads(apus("gc", "--data-dir", server.data_directory, "--json", timeout=60).stdout)
        assert done["metric_points"] == 20_000 and done["runs"] == 10
        wait_until(lambda: all(len(steps) > count for steps, count in zip(noted, before)), 20, "the clients to go on")
    finally:
        stop.set()
        for client in clients:
            client.join()


def generation(place):
    """The newest backup."""
    return max(path for path in place.iterdir() if not path.name.startswith("."))


def test_a_backup_under_load_holds_what_was_acknowledged_and_passes_the_check(server, tmp_path):
    place = tmp_path / "backups"
    runs = [new_run(server.url) for _ in range(6)]
    put(server.url, f"0/{runs[0]}/artifacts/deep/a.bin", b"weights")
    stop, noted = threading.Event(), [[] for _ in runs]
    clients = [threading.Thread(target=logging, args=(server.url, *pair)) for pair in zip(runs, [stop] * 6, noted)]
    for client in clients:
        client.start()
    time.sleep(1)
    try:
        before = [steps[-1] for steps in noted]
        apus("backup", place, "--data-dir", server.data_directory)
        assert all(steps[-1] > last for steps, last in zip(noted, before)), "the clients went on"
    finally:
        stop.set()
        for client in clients:
            client.join()
    checked = json.loads(apus("check", place, "--json").stdout)
    assert checked["sound"] and checked["artifacts"] == 1
    rows = content(generation(place))
    numbers = {row[1]: row[0] for row in rows["runs"]}
    for run_id, last in zip(runs, before):
        steps = [row[3] for row in rows["metrics"] if row[0] == numbers[run_id]]
        assert sorted(steps) == list(range(len(steps))) and len(steps) > last
    # What the server holds is sound too, while it runs.
    assert json.loads(apus("check", "--data-dir", server.data_directory, "--json").stdout)["sound"]


def test_backup_and_restore_give_the_same_store_and_unchanged_files_take_no_space(server, tmp_path):
    place, run_id = tmp_path / "backups", new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a", b"a" * 5_000)
    folder = ["--data-dir", server.data_directory]
    apus("backup", place, *folder)
    put(server.url, f"0/{run_id}/artifacts/b", b"b" * 5_000)
    must(server.url, "runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"})
    second = json.loads(apus("backup", place, *folder, "--json").stdout)
    assert (second["files"], second["unchanged"]) == (3, 1)
    assert apus("check", place).returncode == 0
    want = content(server.data_directory), files(server.data_directory / "artifacts")
    # Never over a store, and never under a server.
    refused = apus("restore", place, *folder, "--replace", check=False)
    assert refused.returncode == 1 and "owns the database" in refused.stderr
    server.stop(remove=False)
    refused = apus("restore", place, *folder, check=False)
    assert refused.returncode == 1 and "--replace" in refused.stderr
    assert (content(server.data_directory), files(server.data_directory / "artifacts")) == want
    # Into an empty folder, and the older one in place of what stands there.
    fresh = tmp_path / "fresh"
    apus("restore", place, "--data-dir", fresh)
    assert (content(fresh), files(fresh / "artifacts")) == want
    oldest = min(path.name for path in place.iterdir() if not path.name.startswith("."))
    apus("restore", place, *folder, "--replace", "--generation", oldest)
    assert list(files(server.data_directory / "artifacts")) == [f"0/{run_id}/artifacts/a"]
    aside = next(server.data_directory.glob("replaced-*"))
    assert len(files(aside / "artifacts")) == 2
    server.start()
    assert "k" not in {tag["key"] for tag in must(server.url, "runs/get", run_id=run_id)["run"]["data"]["tags"]}
    new_run(server.url)
    # Old generations go by number.
    apus("backup", place, *folder, "--keep", "2")
    assert len([path for path in place.iterdir() if not path.name.startswith(".")]) == 2


@pytest.mark.parametrize("damage", ["artifact", "artifact gone", "database", "manifest", "manifest cut"])
def test_a_damaged_backup_is_found_and_not_restored(server, tmp_path, damage):
    place, run_id = tmp_path / "backups", new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a", b"a" * 5_000)
    apus("backup", place, "--copy", "--data-dir", server.data_directory)
    made = generation(place)
    victim = {"artifact": f"artifacts/0/{run_id}/artifacts/a", "database": "apus.db"}.get(damage, "manifest.jsonl")
    if damage == "artifact gone":
        (made / f"artifacts/0/{run_id}/artifacts/a").unlink()
    else:
        text = bytearray((made / victim).read_bytes())
        text[len(text) // 2] ^= 1
        (made / victim).write_bytes(text[:-20] if damage == "manifest cut" else text)
    result = apus("check", place, check=False)
    assert result.returncode == 1, result
    refused = apus("restore", place, "--data-dir", tmp_path / "fresh", check=False)
    assert refused.returncode == 1 and "damaged" in refused.stderr
    assert not (tmp_path / "fresh/apus.db").exists()


def test_check_finds_planted_faults_and_mends_what_is_certain(server):
    run_id = new_run(server.url)
    for step in range(10):
        must(server.url, "runs/log-metric", {"run_id": run_id, "key": "m", "value": step, "timestamp": step, "step": step})
    put(server.url, f"0/{run_id}/artifacts/a")
    put(server.url, f"0/{'f' * 32}/artifacts/nobody")
    refused = apus("check", "--repair", "--data-dir", server.data_directory, check=False)
    assert refused.returncode == 1 and "owns the database" in refused.stderr
    server.stop(remove=False)
    folder = ["--data-dir", server.data_directory]
    report = json.loads(apus("check", *folder, "--json").stdout)
    assert report["sound"] and report["artifacts"] == 2 and report["ownerless_files"] == 1
    sound = content(server.data_directory)
    with sqlite3.connect(server.data_directory / "apus.db") as connection:
        connection.execute("UPDATE latest_metrics SET maximum = 3, point_count = 4, value = 2")
        connection.execute("INSERT INTO params (run_id, key_id, value) VALUES (99, 1, 'of nobody')")
    connection.close()
    (server.data_directory / f"artifacts/0/{run_id}/artifacts/a").unlink()
    report = json.loads(apus("check", *folder, "--json", check=False).stdout)
    assert not report["sound"] and len(report["faults"]) == 3, report
    report = json.loads(apus("check", *folder, "--repair", "--json", check=False).stdout)
    assert len(report["mended"]) == 2 and len(report["faults"]) == 1 and "in the journal" in report["faults"][0]
    mended = content(server.data_directory)
    # Whether points came in order is not known afterwards.
    summary = [list(row) for row in mended["latest_metrics"]]
    assert [row[:7] + row[8:] for row in summary] == [list(row[:7] + row[8:]) for row in sound["latest_metrics"]]
    assert mended["params"] == sound["params"]


def test_a_killed_backup_leaves_nothing_that_counts(server, tmp_path):
    make_deleted(server.url, runs=10, points=500)
    assert kill_backups(server.data_directory, tmp_path, seconds=6) > 2
