"""Snapshots for places that cannot hold a live database: made beside a load, killed, restored."""

import contextlib
import fcntl
import json
import os
import random
import shutil
import subprocess
import threading
import time

import pytest

from helpers import must, new_run, send
from keeping import apus, content, files, later_version, logging
from servers import ApusServer, ServerFailed, apus_binary, wait_until

pytestmark = pytest.mark.apus


@pytest.fixture
def place(tmp_path):
    return tmp_path / "drive" / "snapshots"


@pytest.fixture
def server(tmp_path, place):
    place.parent.mkdir()
    with ApusServer(arguments(place), directory=tmp_path / "server") as running:
        yield running


def arguments(place, every="1s"):
    return ["--snapshot-to", place, "--snapshot-every", every]


def put(uri, path, text):
    assert send("PUT", f"{uri}/api/2.0/mlflow-artifacts/artifacts/{path}", text)[0] == 200


def status(server):
    return json.loads(send("GET", f"{server.url}/health?verbose=1")[1])["snapshots"]


def generations(place):
    return sorted(folder.name for folder in place.iterdir() if (folder / "manifest.jsonl").is_file())


def wait_for_current(server):
    wait_until(lambda: status(server)["current"], 30, "a snapshot that holds everything")


def data(server):
    return content(server.data_directory), files(server.data_directory / "artifacts")


def move_to_a_new_machine(server):
    """Loses the data folder."""
    shutil.rmtree(server.data_directory)


def test_a_snapshot_is_read_by_the_server_that_has_the_lock_and_others_wait_for_it(server, place, tmp_path):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a.bin", b"weights")
    assert server.stop(remove=False) == 0
    move_to_a_new_machine(server)
    server.data_directory.mkdir()
    stored = next(path for path in (place / "contents").rglob("*") if path.is_file())
    stored.write_bytes(b"WEIGHTS")
    ready, log = tmp_path / "ready", tmp_path / "log"
    command = [apus_binary(), "server", "--reuse", "--port", "0", "--data-dir", server.data_directory, *arguments(place)]
    # This process stands for a server that restores.
    with open(server.data_directory / "apus.db.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print(os.getpid(), file=lock, flush=True)
        with log.open("wb") as output:
            process = subprocess.Popen([*command, "--ready-file", ready], stdout=output, stderr=output)
        try:
            # The word comes after 10 s. A server that reads the snapshot meanwhile ends, because it is damaged.
            word = f"waiting for process {os.getpid()}"
            wait_until(lambda: process.poll() is not None or word in log.read_text(), 30, "a word about the wait")
            assert process.poll() is None, log.read_text()
            stored.write_bytes(b"weights")
            fcntl.flock(lock, fcntl.LOCK_UN)
            wait_until(ready.exists, 15, "the server")
            assert "restored the snapshot" in log.read_text()
            uri = ready.read_text().strip()
            assert send("GET", f"{uri}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/a.bin")[1] == b"weights"
        finally:
            process.terminate()
            assert process.wait(60) == 0


def test_a_server_goes_on_from_the_snapshot_of_its_stop(server, place):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/deep/a.bin", b"weights")
    must(server.url, "runs/set-tag", {"run_id": run_id, "key": "last", "value": "before the stop"})
    assert server.stop(remove=False) == 0
    want = data(server)
    assert apus("check", place).returncode == 0
    move_to_a_new_machine(server)
    server.start()
    assert f"restored the snapshot '{place}/{generations(place)[-1]}'" in server.log()
    assert data(server) == want
    # It goes on there: what was restored is known to be the same, and what is new is added.
    wait_for_current(server)
    before = generations(place)
    put(server.url, f"0/{run_id}/artifacts/b.bin", b"more")
    wait_for_current(server)
    wait_until(lambda: generations(place) != before, 20, "a new snapshot")
    assert len(generations(place)) <= 2


def test_nothing_is_written_while_nothing_changes_and_artifacts_are_copied_once(server, place):
    run_id = new_run(server.url)
    put(server.url, f"0/{run_id}/artifacts/a", b"a" * 100_000)
    put(server.url, f"0/{run_id}/artifacts/b", b"a" * 100_000)
    wait_for_current(server)
    contents = {path: path.stat().st_mtime_ns for path in place.rglob("contents/*/*")}
    assert len(contents) == 1
    names = generations(place)
    for _ in range(3):
        send("GET", f"{server.url}/health?deep=1")
        time.sleep(1)
    assert generations(place) == names
    must(server.url, "runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"})
    wait_until(lambda: generations(place) != names, 20, "a new snapshot")
    assert {path: path.stat().st_mtime_ns for path in place.rglob("contents/*/*")} == contents
    metrics = send("GET", f"{server.url}/metrics")[1].decode()
    assert "apus_snapshot_current" in metrics and "apus_snapshot_age_seconds" in metrics
    assert "apus_snapshot_failing 0" in metrics


def log_until_killed(*arguments):
    with contextlib.suppress(Exception):
        logging(*arguments)


def test_servers_that_are_killed_at_random_moments_leave_snapshots_that_can_be_restored(server, place):
    dice = random.Random(seed := random.randrange(1 << 30))
    restored = 0
    for turn in range(6):
        runs = [new_run(server.url) for _ in range(3)]
        stop, noted = threading.Event(), [[] for _ in runs]
        clients = [threading.Thread(target=log_until_killed, args=(server.url, *pair)) for pair in zip(runs, [stop] * 3, noted)]
        for client in clients:
            client.start()
        put(server.url, f"0/{runs[0]}/artifacts/{turn}", os.urandom(300_000))
        time.sleep(dice.uniform(0, 3))
        server.kill()
        stop.set()
        for client in clients:
            client.join()
        move_to_a_new_machine(server)
        newest = [content(place / name) for name in generations(place)[-1:]]
        server.start()
        for snapshot in newest:
            restored += 1
            assert content(server.data_directory) == snapshot, seed
        check = apus("check", "--data-dir", server.data_directory, check=False)
        assert check.returncode == 0, (seed, check)
    assert restored > 2, seed


def test_a_damaged_snapshot_is_passed_over_and_if_all_are_the_server_does_not_start(server, place):
    run_id = new_run(server.url)
    wait_for_current(server)
    before = generations(place)
    must(server.url, "runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"})
    server.stop(remove=False)
    assert generations(place)[-1] != before[-1] and len(generations(place)) == 2
    move_to_a_new_machine(server)
    old, new = (place / name for name in generations(place))
    os.truncate(new / "apus.db", 5_000)
    server.start()
    assert "is damaged" in server.log() and f"restored the snapshot '{old}'" in server.log()
    server.kill()
    move_to_a_new_machine(server)
    os.truncate(new / "manifest.jsonl", 100)
    for name in generations(place):
        os.truncate(place / name / "manifest.jsonl", 50)
    with pytest.raises(ServerFailed, match="No snapshot can be restored"):
        server.start()
    assert not (server.data_directory / "apus.db").exists()


def test_a_place_that_vanishes_disturbs_nobody_and_is_used_again(server, place):
    wait_for_current(server)
    away = place.parent.rename(place.parent.with_name("away"))
    run_id = new_run(server.url)
    wait_until(lambda: "failure" in status(server), 20, "the failure to be told")
    assert "does not exist at the moment" in status(server)["failure"]
    assert "apus_snapshot_failing 1" in send("GET", f"{server.url}/metrics")[1].decode()
    assert not place.exists()
    must(server.url, "runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"})
    away.rename(place.parent)
    wait_for_current(server)
    assert "failure" not in status(server)
    # At a stop without the place the log says what was not done.
    shutil.rmtree(place)
    must(server.url, "runs/set-tag", {"run_id": run_id, "key": "k", "value": "w"})
    assert server.stop(remove=False) == 0
    assert "the newest changes are in no snapshot" in server.log()


def test_a_start_without_the_disk_of_the_place_fails(tmp_path):
    with pytest.raises(ServerFailed, match="Is its disk mounted"):
        ApusServer(arguments(tmp_path / "no" / "drive"), directory=tmp_path / "server").start()


def test_two_servers_with_one_place_do_not_mix_their_data(server, place, tmp_path):
    wait_for_current(server)
    # One with data of its own is refused.
    other = ApusServer(directory=tmp_path / "other").start()
    new_run(other.url)
    other.stop(remove=False)
    other.arguments = [str(argument) for argument in arguments(place)]
    with pytest.raises(ServerFailed, match="contains snapshots of other data"):
        other.start()
    # One that goes on from the snapshot takes the place over; the first one stops to write there and says so.
    with ApusServer(arguments(place), directory=tmp_path / "third") as third:
        names = generations(place)
        new_run(third.url)
        wait_until(lambda: generations(place)[-1] not in names, 20, "a snapshot of the third")
        new_run(server.url)
        wait_until(lambda: "contains snapshots of other data" in status(server).get("failure", ""), 20, "the first to notice")
        wait_for_current(third)


def test_a_newest_snapshot_of_a_later_version_is_not_passed_over(server, place):
    new_run(server.url)
    server.stop(remove=False)
    newest = place / generations(place)[-1]
    later_version(newest)
    before = content(newest)
    # A server that has the data does not build upon it, and one that starts empty does not go back to an older one.
    for _ in range(2):
        with pytest.raises(ServerFailed, match="a later version of Apus"):
            server.start()
            wait_until(lambda: "failure" in status(server), 20, "the failure to be told")
            raise ServerFailed(status(server)["failure"])
        server.kill()
        move_to_a_new_machine(server)
    assert content(newest) == before and not (server.data_directory / "apus.db").exists()


def test_a_stranger_learns_no_path(server, place):
    run_id = new_run(server.url)
    # No snapshot is being made while its folder is removed.
    wait_for_current(server)
    shutil.rmtree(place)
    must(server.url, "runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"})
    wait_until(lambda: "failure" in status(server), 20, "the failure to be told")
    answer = send("GET", f"{server.url}/health?verbose=1")[1].decode()
    assert status(server)["place"] == "snapshots" and str(place.parent) not in answer and "/" not in status(server)["failure"]


def test_a_backup_to_the_place_of_snapshots_is_refused_and_removes_none(server, place):
    wait_for_current(server)
    before = generations(place)
    result = apus("backup", place, "--keep", "1", "--data-dir", server.data_directory, check=False)
    assert result.returncode == 1 and "contains the snapshots" in result.stderr, result
    assert generations(place) == before


def test_a_place_that_has_held_snapshots_and_is_empty_is_not_taken_for_a_new_one(server, place):
    wait_for_current(server)
    server.stop(remove=False)
    away = place.rename(place.with_name("away"))
    place.mkdir()
    with pytest.raises(ServerFailed, match="Is its disk mounted"):
        server.start()
    assert list(place.iterdir()) == []
    place.rmdir()
    away.rename(place)
    server.start()
    # Another place is taken.
    server.stop(remove=False)
    server.arguments = [str(argument) for argument in arguments(place.with_name("second"))]
    server.start()


def test_what_a_killed_snapshot_left_beside_the_database_is_removed_by_the_next_server(server):
    server.stop(remove=False)
    left = server.data_directory / "apus.db.snapshot"
    left.write_bytes(b"half a copy")
    server.arguments = []
    server.start()
    assert not left.exists()


def test_flags_that_make_no_sense_are_refused(tmp_path):
    for given, reason in [
        (["--snapshot-every", "5s"], "has an effect only with --snapshot-to"),
        (["--snapshot-to", tmp_path / "p", "--snapshot-every", "soon"], "use a time"),
        (["--snapshot-to", tmp_path / "p", "--snapshot-every", "0s"], "use a time"),
        (["--snapshot-to", tmp_path / "p", "--snapshot-keep", "0"], "use a number"),
        (["--snapshot-to", tmp_path / "data/artifacts/p"], "in the folder of artifacts"),
    ]:
        result = apus("server", "--port", "0", "--data-dir", tmp_path / "data", *given, check=False)
        assert result.returncode == 1 and reason in result.stderr, (given, result)
