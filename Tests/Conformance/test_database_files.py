"""The database's files: where they may lie, who may touch them, and what happens when somebody takes them away."""

import json
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from helpers import REFERENCE_PYTHON, call, must, new_run
from servers import ApusServer, ServerFailed, wait_until

pytestmark = pytest.mark.apus
MEBIBYTE = 1_048_576


def batch(run_id, number):
    text = "x" * 4_000
    tags = [{"key": f"{number}-{index}", "value": text} for index in range(20)]
    return {"run_id": run_id, "tags": tags}


def write_and_search(uri, seconds, seen, least):
    """One client that writes and searches in turn, without a pause, for some seconds and at least so many times."""
    run_id, number, end = new_run(uri), 0, time.monotonic() + seconds
    while time.monotonic() < end or number < least:
        number += 1
        seen.append(call(uri, "runs/log-batch", batch(run_id, number))[0])
        seen.append(call(uri, "runs/search", {"experiment_ids": ["0"], "max_results": 20})[0])


def run_clients(uri, count, seconds, least=1):
    seen = []
    clients = [threading.Thread(target=write_and_search, args=(uri, seconds, seen, least)) for _ in range(count)]
    for client in clients:
        client.start()
    return clients, seen


def test_the_log_stays_bounded_under_load_and_shrinks_after_it():
    with ApusServer(["--database-log-limit", "4MB"]) as server:
        database = server.data_directory / "apus.db"
        log = server.data_directory / "apus.db-wal"
        clients, seen = run_clients(server.url, 8, 8, least=25)
        largest = 0
        while any(client.is_alive() for client in clients):
            largest = max(largest, log.stat().st_size)
            time.sleep(0.02)
        assert set(seen) <= {200, 429} and seen.count(200) > 50
        assert database.stat().st_size > 8 * MEBIBYTE
        assert largest < 6 * MEBIBYTE
        wait_until(lambda: log.stat().st_size <= MEBIBYTE, 20, "the log to shrink")
        assert server.stop(remove=False) == 0
        assert not log.exists()
        server.start()


def test_a_log_that_was_deleted_is_noticed_and_loses_nothing():
    with ApusServer() as server:
        run_id = new_run(server.url)
        for name in ["apus.db-wal", "apus.db-shm"]:
            (server.data_directory / name).unlink()
        assert call(server.url, "runs/create", {"experiment_id": "0"})[0] == 507
        server.kill()
        server.start()
        assert must(server.url, "runs/get", run_id=run_id)["run"]["info"]["run_id"] == run_id


def test_a_deleted_database_is_rescued_and_missed():
    with ApusServer() as server:
        run_id = new_run(server.url)
        database = server.data_directory / "apus.db"
        database.unlink()
        assert server.stop(remove=False) == 0
        (copy,) = server.data_directory.glob("apus.db.rescued-*")
        with pytest.raises(ServerFailed, match="is missing or empty, although it has contained runs"):
            server.start()
        copy.rename(database)
        server.start()
        assert must(server.url, "runs/get", run_id=run_id)["run"]["info"]["run_id"] == run_id


def test_data_belongs_to_its_owner_alone():
    with ApusServer() as server:
        new_run(server.url)
        server.stop(remove=False)
        server.data_directory.chmod(0o755)
        (server.data_directory / "apus.db").chmod(0o644)
        server.start()
        new_run(server.url)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.data_directory.glob("apus.db*")}
        assert set(modes.values()) == {0o600} and len(modes) == 4
        assert stat.S_IMODE(server.data_directory.stat().st_mode) == 0o700


def test_a_folder_that_serves_others_too_keeps_its_mode(tmp_path):
    (tmp_path / "shared").mkdir(mode=0o755)
    (tmp_path / "shared" / "notes.txt").write_text("mine")
    with ApusServer(["--data-dir", tmp_path / "shared"]):
        assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


@pytest.mark.parametrize("flag", ["--artifacts-destination", "--default-artifact-root"])
@pytest.mark.parametrize("place", ["data", ".", "link", "data/apus.db"])
def test_artifacts_may_not_take_in_the_database(tmp_path, flag, place):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(ServerFailed, match="would contain the database"):
        ApusServer(["--data-dir", tmp_path / "data", flag, tmp_path / place]).start()
    assert list((tmp_path / "data").iterdir()) == []


def schema(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return database.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()


@pytest.mark.parametrize(
    "arguments",
    [["gc", "--backend-store-uri"], ["db", "upgrade"], ["server", "--port", "0", "--backend-store-uri"]],
    ids=["gc", "upgrade", "server"],
)
def test_the_tools_of_mlflow_leave_the_database_alone(arguments):
    with ApusServer() as server:
        run_id = new_run(server.url)
        server.stop(remove=False)
        database = server.data_directory / "apus.db"
        before = schema(database)
        done = subprocess.run(
            [REFERENCE_PYTHON, "-m", "mlflow", *arguments, f"sqlite:///{database}"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode != 0
        assert "this is a database of Apus" in done.stdout + done.stderr
        assert schema(database) == before
        server.start()
        assert must(server.url, "runs/get", run_id=run_id)["run"]["info"]["run_id"] == run_id


@pytest.fixture
def mount_without_shared_memory(tmp_path):
    """A file system that cannot map a file into memory that is shared."""
    if not (shutil.which("bindfs") and shutil.which("fusermount3")):
        pytest.skip("bindfs and fuse3 are not installed")
    source, mount = tmp_path / "source", tmp_path / "mount"
    source.mkdir()
    mount.mkdir()
    if subprocess.run(["bindfs", "-o", "direct_io", source, mount]).returncode != 0:
        pytest.skip("this machine does not let us mount")
    yield source, mount
    subprocess.run(["fusermount3", "-u", mount], check=True)


def test_without_shared_memory_a_rollback_journal_takes_the_place_of_the_log(mount_without_shared_memory):
    source, mount = mount_without_shared_memory
    with ApusServer(["--data-dir", source / "data"]) as server:
        run_id = new_run(server.url)
        server.kill()  # a log is left, and the header says so
        assert (source / "data/apus.db").read_bytes()[18:20] == b"\x02\x02"
        server.arguments[1] = str(mount / "data")
        server.start()
        wait_until(lambda: "rollback journal" in server.log(), 10, "the line of the log")
        assert must(server.url, "runs/get", run_id=run_id)["run"]["info"]["run_id"] == run_id
        clients, seen = run_clients(server.url, 16, 5)
        for client in clients:
            client.join()
        assert set(seen) == {200}
        acknowledged = new_run(server.url)
        server.kill()
        server.start()
        assert must(server.url, "runs/get", run_id=acknowledged)["run"]["info"]["run_id"] == acknowledged
        server.stop(remove=False)
        with sqlite3.connect(source / "data/apus.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def deep_health(server):
    done = subprocess.run(
        ["curl", "-s", "-w", "\n%{http_code}", server.url + "/health?deep=1"], capture_output=True, text=True, timeout=60
    )
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body)


def test_many_deep_looks_at_once_take_one_thread():
    with ApusServer() as server:
        # Each look waits for the writer, which waits for this lock.
        with sqlite3.connect(server.data_directory / "apus.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            answers = []
            askers = [threading.Thread(target=lambda: answers.append(deep_health(server)[0])) for _ in range(60)]
            for asker in askers:
                asker.start()
            most = 0
            while any(asker.is_alive() for asker in askers):
                most = max(most, len(list(Path(f"/proc/{server.pid}/task").iterdir())))
                time.sleep(0.05)
            other.execute("ROLLBACK")
        assert set(answers) == {503} and len(answers) == 60
        assert most < 25
        # A look has two seconds, and the disk may have other things to do.
        wait_until(lambda: deep_health(server)[0] == 200, 20, "a look that finds all well")


def test_a_deep_look_at_the_health_tells_the_truth():
    with ApusServer() as server:
        wait_until(lambda: deep_health(server)[0] == 200, 20, "a look that finds all well")
        status, health = deep_health(server)
        assert (status, health["status"], health["journal_mode"], health["problems"]) == (200, "ok", "wal", {})
        (server.data_directory / "apus.db").unlink()
        status, health = deep_health(server)
        assert (status, health["status"]) == (507, "failing")
        assert "deleted" in health["problems"]["files"]
