"""Space: equal files stored once, disks that are full, roots that cannot be written."""

import json
import os
import subprocess
import time

import pytest

from helpers import call, must, new_run, send
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus
ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"
RETRIED = {408, 429, 500, 502, 503, 504}
MEGABYTE = 1 << 20


def put(server, path, body):
    return send("PUT", server.url + ROUTE + path, body)


def error(answer):
    status, body, _ = answer
    return status, json.loads(body)["error_code"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB, mounted and gone again."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["mount", "-o", "remount,rw", folder], check=False, capture_output=True)
    subprocess.run(["umount", "-l", folder], check=True)


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("flags", [[], ["--deduplicate-artifacts"]], ids=["plain", "deduplicated"])
def test_an_upload_beyond_the_disk_is_a_507_at_once_and_leaves_nothing(small_disk, flags):
    with ApusServer(["--artifacts-destination", small_disk / "artifacts", "--keep-free", "0", *flags]) as server:
        assert put(server, "kept.bin", b"k" * 1000)[0] == 200
        began = time.monotonic()
        assert error(put(server, "big.bin", b"x" * (3 * MEGABYTE))) == (507, "RESOURCE_LIMIT_EXCEEDED")
        assert time.monotonic() - began < 10
        assert names(small_disk / "artifacts") == ["kept.bin"]
        assert send("GET", server.url + ROUTE + "kept.bin")[1] == b"k" * 1000
        assert put(server, "fits.bin", b"y" * MEGABYTE)[0] == 200
        assert error(put(server, "second.bin", b"z" * (MEGABYTE + 1)))[0] == 507
        assert send("DELETE", server.url + ROUTE + "fits.bin")[0] == 200
        assert put(server, "second.bin", b"z" * (MEGABYTE + 1))[0] == 200
        assert send("GET", server.url + "/health")[1] == b"OK"


def test_a_full_disk_of_the_database_is_a_507_and_artifacts_go_on(small_disk, tmp_path):
    flags = ["--backend-store-uri", f"sqlite:///{small_disk}/apus.db", "--artifacts-destination", tmp_path / "artifacts"]
    with ApusServer(flags) as server:
        run_id = new_run(server.url)
        filler = small_disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass
        statuses = set()
        for number in range(200):
            body = {"run_id": run_id, "key": f"t{number}", "value": "v" * 4000}
            status, answer = call(server.url, "runs/set-tag", body)
            statuses.add(status)
            if status != 200:
                assert answer["error_code"] == "RESOURCE_LIMIT_EXCEEDED"
        assert statuses <= {200, 507} and 507 in statuses
        assert not statuses & RETRIED
        # The artifact is stored although its journal entry cannot be.
        assert put(server, "a.bin", b"stored")[0] == 200
        assert send("GET", server.url + ROUTE + "a.bin")[1] == b"stored"
        assert must(server.url, "runs/get", run_id=run_id)
        filler.unlink()
        must(server.url, "runs/set-tag", {"run_id": run_id, "key": "after", "value": "v"})
        assert put(server, "b.bin", b"journalled")[0] == 200
        # The database is told of it as soon as it has room.
        entries = must(server.url, "/api/apus/1.0/artifacts/journal")["entries"]
        assert [entry["path"] for entry in entries] == ["b.bin", "a.bin"]


def test_a_read_only_root_is_a_403(small_disk):
    with ApusServer(["--artifacts-destination", small_disk / "artifacts"]) as server:
        assert put(server, "d/a.bin", b"a")[0] == 200
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        for method, path, body in (("PUT", "d/b.bin", b"b"), ("PUT", "new/b.bin", b"b"), ("DELETE", "d/a.bin", None)):
            assert error(send(method, server.url + ROUTE + path, body)) == (403, "PERMISSION_DENIED")
        assert send("GET", server.url + ROUTE + "d/a.bin")[1] == b"a"
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
        assert put(server, "d/b.bin", b"b")[0] == 200


def stats(folder):
    command = [str(apus_binary()), "artifacts", "stats", "--artifacts-destination", str(folder)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "by sharing" in text
    return json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout)


def test_equal_files_are_stored_once_over_restarts_and_moves_and_leave_with_their_last_path():
    body = os.urandom(MEGABYTE)
    with ApusServer(environment={"APUS_DEDUPLICATE_ARTIFACTS": "true"}) as server:
        runs = [f"0/{new_run(server.url)}/artifacts/" for _ in range(3)]
        artifacts = server.data_directory / "artifacts"
        for run in runs[:2]:
            assert put(server, run + "model.bin", body)[0] == 200
        server.restart()
        moved = server.data_directory.rename(server.directory / "moved")
        moved.rename(server.data_directory)
        server.kill()
        server.start()
        assert put(server, runs[2] + "again.bin", body)[0] == 200
        used = stats(artifacts)
        assert (used["files"], used["apparent_bytes"]) == (3, 3 * MEGABYTE)
        assert used["saved_bytes"] >= 2 * MEGABYTE > used["disk_bytes"]
        metrics = send("GET", server.url + "/metrics")[1].decode()
        assert f"apus_artifact_saved_bytes_total {MEGABYTE}\n" in metrics
        assert put(server, runs[0] + "model.bin", b"other")[0] == 200
        assert send("DELETE", server.url + ROUTE + runs[2])[0] == 200
        assert send("GET", server.url + ROUTE + runs[1] + "model.bin")[1] == body
        assert send("DELETE", server.url + ROUTE + runs[1] + "model.bin")[0] == 200
        assert stats(artifacts)["apparent_bytes"] == len(b"other")
        assert names(artifacts) == [runs[0] + "model.bin"]


def test_the_journal_tells_what_happened_to_a_run_and_to_a_path():
    with ApusServer() as server:
        run_id = new_run(server.url)
        base = f"0/{run_id}/artifacts/"
        for number in range(5):
            assert put(server, f"{base}d/{number}.bin", b"x" * number)[0] == 200
        assert put(server, "elsewhere.bin", b"x")[0] == 200
        status, _, _ = send("POST", f"{server.url}/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=u", b"up")
        assert status == 200
        assert send("DELETE", server.url + ROUTE + base + "d")[0] == 200
        assert send("DELETE", server.url + ROUTE + base + "d")[0] == 200  # nothing there: nothing to journal
        route = "/api/apus/1.0/artifacts/journal"
        entries, token = [], ""
        while token is not None:
            page = must(server.url, route, run_id=run_id, max_results=2, page_token=token)
            entries += page["entries"]
            token = page.get("next_page_token")
        told = [(entry["operation"], entry["path"].removeprefix(base), entry["bytes"]) for entry in entries]
        uploads = [("UPLOAD", f"d/{number}.bin", number) for number in reversed(range(5))]
        assert told == [("DELETE", "d", 10), ("UPLOAD", "u", 2), *uploads]
        assert all(entry["run_id"] == run_id and entry["duration_microseconds"] > 0 for entry in entries)
        story = must(server.url, route, path=base + "d/3.bin")["entries"]
        assert [entry["operation"] for entry in story] == ["DELETE", "UPLOAD"]
        assert "run_id" not in must(server.url, route, path="elsewhere.bin")["entries"][0]
        assert len(must(server.url, "/ajax-api/apus/1.0/artifacts/journal", since=0)["entries"]) == 8
        assert must(server.url, route, since=entries[0]["time"] + 1)["entries"] == []
        for query in ({"max_results": 0}, {"max_results": 1001}, {"path": "../x"}, {"page_token": "!"}, {"since": "x"}):
            assert call(server.url, route, **query)[0] == 400, query
        server.kill()
        server.start()
        assert len(must(server.url, route)["entries"]) == 8  # acknowledged is journalled
