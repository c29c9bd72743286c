"""The commands that look after a data folder: backup, restore and check, with a server running and without."""

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import threading

import mlflow
import pytest
from mlflow import MlflowClient

from helpers import must, new_run, send
from keeping import apus, content, files, generation, kill_backups, later_version, logging, make_deleted, spare
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus


@pytest.fixture
def server(tmp_path):
    with ApusServer(directory=tmp_path / "server") as running:
        yield running


def put(uri, path, text=b"x" * 1_000):
    assert send("PUT", f"{uri}/api/2.0/mlflow-artifacts/artifacts/{path}", text)[0] == 200


def test_a_backup_under_load_holds_what_was_acknowledged_and_passes_the_check(server, tmp_path):
    place = tmp_path / "backups"
    runs = [new_run(server.url) for _ in range(6)]
    put(server.url, f"0/{runs[0]}/artifacts/deep/a.bin", b"weights")
    stop, noted = threading.Event(), [[] for _ in runs]
    clients = [threading.Thread(target=logging, args=(server.url, *pair)) for pair in zip(runs, [stop] * 6, noted)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: all(len(steps) > 20 for steps in noted), 20, "the clients to begin")
        before = [steps[-1] for steps in noted]
        apus("backup", place, "--data-dir", server.data_directory)
        # A small backup may be done before the next answers come.
        wait_until(lambda: all(steps[-1] > last for steps, last in zip(noted, before)), 20, "the clients to go on")
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
        connection.execute("INSERT INTO model_outputs (run_id, model_id, step) VALUES (99, 'm', 1)")
        connection.execute("INSERT INTO datasets VALUES (1, 0, 'd', '1', 'local', '{}', NULL, NULL)")
        connection.execute("INSERT INTO dataset_inputs (id, run_id, dataset_id) VALUES (1, 99, 1)")
        connection.execute("INSERT INTO dataset_input_tags (input_id, key, value) VALUES (1, 'k', 'v')")
    connection.close()
    (server.data_directory / f"artifacts/0/{run_id}/artifacts/a").unlink()
    report = json.loads(apus("check", *folder, "--json", check=False).stdout)
    assert not report["sound"] and len(report["faults"]) == 6, report
    report = json.loads(apus("check", *folder, "--repair", "--json", check=False).stdout)
    assert len(report["mended"]) == 5 and len(report["faults"]) == 1 and "in the journal" in report["faults"][0]
    mended = content(server.data_directory)
    # Whether points came in order is not known afterwards.
    summary = [list(row) for row in mended["latest_metrics"]]
    assert [row[:7] + row[8:] for row in summary] == [list(row[:7] + row[8:]) for row in sound["latest_metrics"]]
    assert mended["params"] == sound["params"]


def overwrite_and_delete(uri, run_id, until):
    """Keeps on changing a few artifacts until it is told to stop, or the server is gone."""
    turn = 0
    with contextlib.suppress(OSError):
        while not until.is_set():
            turn += 1
            path = f"{uri}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/f{turn % 7}"
            send("PUT", path, b"x" * (turn % 13 * 100))
            if turn % 3 == 0:
                send("DELETE", path)


@contextlib.contextmanager
def changing(server, threads=3):
    until = threading.Event()
    run_id = new_run(server.url)
    workers = [threading.Thread(target=overwrite_and_delete, args=(server.url, run_id, until)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        until.set()
        for worker in workers:
            worker.join()


def test_a_backup_of_artifacts_that_change_meanwhile_is_sound(server, tmp_path):
    with changing(server):
        for _ in range(5):
            apus("backup", tmp_path / "place", "--data-dir", server.data_directory)
            apus("check", tmp_path / "place")
    apus("check", "--data-dir", server.data_directory)


def test_a_journal_that_a_killed_server_left_behind_is_a_note_and_is_mended(server):
    folder = ["--data-dir", server.data_directory]
    for _ in range(3):
        with changing(server):
            wait_until(lambda: len(must(server.url, "/api/apus/1.0/artifacts/journal")["entries"]) >= 30, 20, "some changes")
            server.kill()
        apus("check", *folder)
        apus("check", "--repair", *folder)
        assert json.loads(apus("check", "--json", *folder).stdout)["notes"] == []
        server.start()


def test_check_tells_an_overwritten_artifact_from_a_damaged_one_and_mends_the_journal(server):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a")
    put(server.url, f"0/{run_id}/artifacts/b")
    server.stop(remove=False)
    folder = ["--data-dir", server.data_directory]
    artifacts = server.data_directory / f"artifacts/0/{run_id}/artifacts"
    (artifacts / "a").write_bytes(b"new")
    report = json.loads(apus("check", "--json", *folder).stdout)
    assert report["sound"] and "written after" in report["notes"][0], report
    (artifacts / "b").write_bytes(b"old")
    os.utime(artifacts / "b", (1_000_000_000, 1_000_000_000))
    report = json.loads(apus("check", "--repair", "--json", *folder, check=False).stdout)
    assert report["notes"] == [] and len(report["mended"]) == 1, report
    assert report["faults"] == [
        f"the artifact 0/{run_id}/artifacts/b has 3 bytes, not 1000, and was not written since"
    ]


def test_check_says_what_it_cannot_tell_and_names_models_without_a_file(server, tmp_path):
    client = MlflowClient(server.url)
    run = client.create_run("0")
    client.log_text(run.info.run_id, "weights", "model/MLmodel")
    client.create_registered_model("m")
    client.create_model_version("m", f"{run.info.artifact_uri}/model", run.info.run_id)
    server.stop(remove=False)
    apus("import", server.data_directory, "--to", tmp_path / "copy")
    folder = ["--data-dir", tmp_path / "copy"]
    report = json.loads(apus("check", "--json", *folder).stdout)
    assert report["artifacts"] == report["unjournalled_files"] == 1 and report["notes"] == []
    shutil.rmtree(tmp_path / "copy/artifacts")
    report = json.loads(apus("check", "--json", *folder).stdout)
    assert "version 1 of the registered model 'm' has no file" in report["notes"][0], report


def test_a_killed_backup_leaves_nothing_that_counts(server, tmp_path):
    make_deleted(server.url, runs=10, points=500)
    assert kill_backups(server.data_directory, tmp_path, seconds=6, least=3) > 2


def test_a_backup_of_a_later_version_is_refused_as_such(server, tmp_path):
    place = tmp_path / "backups"
    apus("backup", place, "--data-dir", server.data_directory)
    later_version(generation(place))
    for command in (["check", place], ["restore", place, "--data-dir", tmp_path / "fresh"]):
        result = apus(*command, check=False)
        assert result.returncode == 1 and "a later version of Apus (9.9.9)" in result.stderr, result
        assert "damaged" not in result.stderr
    assert not (tmp_path / "fresh/apus.db").exists()


def test_a_place_in_the_folder_of_artifacts_is_refused_whatever_leads_there(server, tmp_path):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a")
    artifacts = server.data_directory / "artifacts"
    before = files(artifacts)
    (tmp_path / "link").symlink_to(artifacts)
    for place in (tmp_path / "link/b", tmp_path / "link", artifacts / "0/../b", f"{server.data_directory}/./artifacts/0"):
        commands = [["backup", place], ["export", "--format", "mlflow-db", "--output", f"{place}/new"]]
        for command in commands:
            result = apus(*command, "--data-dir", server.data_directory, check=False)
            status = 2 if command[0] == "export" else 1
            assert result.returncode == status and "copied into itself" in result.stderr, (command, result)
        result = apus("server", "--port", "0", "--data-dir", server.data_directory, "--snapshot-to", place, check=False)
        assert result.returncode == 1 and "copied into itself" in result.stderr, result
    assert files(artifacts) == before


def test_after_the_clock_was_set_back_the_last_backup_is_still_the_newest(server, tmp_path):
    place = tmp_path / "backups"
    apus("backup", place, "--data-dir", server.data_directory)
    # As if it had been made while the clock was fast.
    generation(place).rename(place / "2126-11-28T20.15.00.123Z")
    run_id = new_run(server.url)
    apus("backup", place, "--keep", "1", "--data-dir", server.data_directory)
    assert [row for row in content(generation(place))["runs"] if run_id in row]
    assert len([path for path in place.iterdir() if not path.name.startswith(".")]) == 1


def test_a_limit_of_file_sizes_is_told_and_leaves_nothing_that_counts(server, tmp_path):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a", os.urandom(400_000))
    server.stop(remove=False)
    before = content(server.data_directory), files(server.data_directory / "artifacts")

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    for command in (
        ["backup", tmp_path / "backups", "--copy"], ["export", "--format", "mlflow-db", "--output", tmp_path / "out"],
    ):
        arguments = spare(*command, "--data-dir", server.data_directory)
        result = subprocess.run(arguments, capture_output=True, text=True, preexec_fn=limited)
        status = 2 if command[0] == "export" else 1
        assert result.returncode == status and ("too large" in result.stderr or "SQLite" in result.stderr), result
    assert not (tmp_path / "out").exists()
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".lock"]
    assert apus("restore", tmp_path / "backups", "--data-dir", tmp_path / "fresh", check=False).returncode == 1
    assert (content(server.data_directory), files(server.data_directory / "artifacts")) == before


def digests(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_is_no_data_folder_and_is_not_changed_by_who_takes_it_for_one(server, tmp_path):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a")
    server.stop(remove=False)
    place = tmp_path / "backups"
    apus("backup", place, "--data-dir", server.data_directory)
    [generation] = [entry for entry in place.iterdir() if entry.is_dir()]
    before = digests(place)
    for command in [
        ["server", "--port", "0", "--data-dir", generation],
        ["server", "--port", "0", "--backend-store-uri", f"sqlite:///{generation}/apus.db"],
        ["server", "--port", "0", "--data-dir", place],
        ["import", generation, "--to", tmp_path / "new"],
        ["import", server.data_directory, "--to", generation],
        ["export", "--format", "archive", "--data-dir", generation, "-o", tmp_path / "x.tar"],
        ["export", "--format", "mlflow-db", "--data-dir", generation, "-o", tmp_path / "stock"],
        ["gc", "--data-dir", generation],
        ["check", "--data-dir", generation],
        ["check", "--repair", "--data-dir", generation],
        ["backup", tmp_path / "other", "--data-dir", generation],
        ["restore", place, "--data-dir", generation],
        ["restore", place, "--data-dir", place, "--replace"],
        ["restore", place, "--data-dir", place / "data"],
    ]:
        result = apus(*command, check=False)
        assert result.returncode != 0 and "apus restore" in result.stderr or "contains backups" in result.stderr, (command, result)
        assert digests(place) == before, command
    apus("restore", place, "--data-dir", tmp_path / "back")


def test_a_damaged_database_is_told_with_advice_and_no_backup_of_it_pushes_good_ones_out(server, tmp_path):
    for _ in range(200):
        new_run(server.url)
    server.stop(remove=False)
    place = tmp_path / "backups"
    apus("backup", place, "--data-dir", server.data_directory)
    database = server.data_directory / "apus.db"
    with sqlite3.connect(database) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'run_tags'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    before = digests(place)
    result = apus("backup", place, "--keep", "1", "--data-dir", server.data_directory, check=False)
    assert result.returncode == 1 and "is damaged" in result.stderr and "apus restore" in result.stderr, result
    assert digests(place) == before
    result = apus("check", "--data-dir", server.data_directory, check=False)
    assert result.returncode == 1 and "apus restore" in result.stdout + result.stderr, result


def test_the_artifacts_of_a_running_server_are_not_moved_aside(server, tmp_path):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a")
    apus("backup", tmp_path / "place", "--data-dir", server.data_directory)
    before = files(server.data_directory / "artifacts")
    arguments = ["--data-dir", tmp_path / "other", "--artifacts-destination", server.data_directory / "artifacts"]
    result = apus("restore", tmp_path / "place", *arguments, "--replace", check=False)
    assert result.returncode == 1 and "is using the artifacts" in result.stderr, result
    assert files(server.data_directory / "artifacts") == before
    server.stop(remove=False)
    apus("restore", tmp_path / "place", *arguments, "--replace")


def test_places_that_lie_in_what_they_copy_or_hold_something_else_are_refused(server, tmp_path):
    data = server.data_directory
    for place in [data, data / "backups"]:
        result = apus("backup", place, "--data-dir", data, check=False)
        assert result.returncode == 1 and "is in the data folder" in result.stderr, result
        result = apus("server", "--port", "0", "--data-dir", tmp_path / "new", "--snapshot-to", tmp_path / "new", check=False)
        assert result.returncode == 1 and "is in the data folder" in result.stderr, result
    result = apus("check", data, check=False)
    assert result.returncode == 1 and "apus check --data-dir" in result.stderr, result
    apus("backup", tmp_path / "backups", "--data-dir", data)
    result = apus(
        "server", "--port", "0", "--data-dir", tmp_path / "new", "--snapshot-to", tmp_path / "backups", check=False
    )
    assert result.returncode == 1 and "contains backups" in result.stderr, result


def test_a_pipe_in_a_backup_stops_nobody(server, tmp_path):
    place = tmp_path / "backups"
    apus("backup", place, "--data-dir", server.data_directory)
    (generation(place) / "apus.db").unlink()
    os.mkfifo(generation(place) / "apus.db")
    assert apus("check", place, check=False).returncode == 1
    assert apus("restore", place, "--data-dir", tmp_path / "fresh", check=False).returncode == 1


def test_two_backups_and_two_exports_to_one_place_do_not_disturb_each_other(server, tmp_path):
    make_deleted(server.url, runs=5, points=500)
    for command in (["backup", tmp_path / "backups"], ["export", "--format", "mlflow-db", "--output", tmp_path / "out"]):
        arguments = spare(*command, "--data-dir", server.data_directory)
        running = [subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        ends = [(process.communicate()[1], process.returncode) for process in running]
        assert any(status == 0 for _, status in ends), ends
        assert all(status == 0 or "Another process is" in text or "is running" in text or "is there already" in text for text, status in ends), ends
    for made in (tmp_path / "backups").iterdir():
        assert made.name.startswith(".") or apus("check", made, check=False).returncode == 0
    assert (tmp_path / "out/mlflow.db").exists() and not (tmp_path / "out.unfinished").exists()
