"""Whole trees of artifacts: as an archive, as one list, side by side; and text that travels compressed."""

import gzip
import hashlib
import http.client
import io
import os
import shutil
import subprocess
import threading
import urllib.parse
import zipfile

import mlflow
import pytest

from helpers import call, new_run, send
from servers import ApusServer
from test_large_artifacts import MEGABYTE, forget_peak, memory

pytestmark = pytest.mark.apus
VIEWS = "/api/apus/1.0/runs/artifacts/"


def logged_run(files):
    """A run of the client with files of these contents. Returns its id."""
    with mlflow.start_run() as run:
        for path, content in files.items():
            folder, name = os.path.split(path)
            with open(name, "wb") as file:
                file.write(content)
            mlflow.log_artifact(name, folder or None)
            os.remove(name)
    return run.info.run_id


def artifact_folder(server, run_id):
    """Where the artifacts of a run of the Default experiment lie; made if missing."""
    folder = server.data_directory / "artifacts/0" / run_id / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def view_url(uri, view, **query):
    return f"{uri}{VIEWS}{view}?{urllib.parse.urlencode(query)}"


FILES = {
    "log.txt": b"epoch 1 loss 0.5\n" * 50_000,
    "checkpoints/epoch_005/model.bin": os.urandom(700_000),
    "checkpoints/epoch_005/state.json": b"{}",
    "plots/損失 100%.svg": b"<svg/>",
    "plots/old.csv.gz": gzip.compress(b"a,b\n" * 1_000),
}


def test_a_run_is_one_archive(uri, tracking, experiment, tmp_path):
    run_id = logged_run(FILES)
    status, body, headers = send("GET", view_url(uri, "zip", run_id=run_id))
    assert (status, headers["Content-Type"]) == (200, "application/zip")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        kinds = {item.filename: item.compress_type for item in archive.infolist() if not item.is_dir()}
        assert {name: archive.read(name) for name in kinds} == FILES
        assert kinds["log.txt"] == zipfile.ZIP_DEFLATED and kinds["plots/old.csv.gz"] == zipfile.ZIP_STORED
        archive.extractall(tmp_path / "out")
    local = mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(tmp_path))
    for path in FILES:
        with open(os.path.join(local, path), "rb") as one, open(tmp_path / "out" / path, "rb") as other:
            assert one.read() == other.read()
    if shutil.which("unzip"):
        (tmp_path / "run.zip").write_bytes(body)
        subprocess.run(["unzip", "-tq", tmp_path / "run.zip"], check=True, stdout=subprocess.DEVNULL)


def test_a_folder_is_one_archive_under_every_prefix(tracking, tmp_path):
    with ApusServer(["--static-prefix", "/pre"]) as server:
        run_id = new_run(server.url)
        put = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/"
        for path in ("a/b.txt", "c.txt"):
            assert send("PUT", put + path, b"x")[0] == 200
        for prefix in ("/api", "/ajax-api", "/pre/api", "/pre/ajax-api"):
            url = f"{server.url.removesuffix('/pre')}{prefix}/apus/1.0/runs/artifacts/zip?run_id={run_id}&path=a"
            with zipfile.ZipFile(io.BytesIO(send("GET", url)[1])) as archive:
                assert archive.namelist() == ["a/b.txt"]


def test_an_archive_of_a_large_run_needs_little_memory(tmp_path):
    """A sparse file beyond 4 GiB: sizes and offsets pass 32 bits."""
    with ApusServer(directory=tmp_path) as server:
        run_id = new_run(server.url)
        folder = f"0/{run_id}/artifacts/"
        put = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{folder}"
        assert send("PUT", put + "first.bin", b"first")[0] == 200
        with open(server.data_directory / "artifacts" / folder / "huge.bin", "wb") as file:
            file.truncate((4 << 30) + 5)
        assert send("PUT", put + "last.txt", b"last")[0] == 200
        before = memory(server.pid, "VmRSS")
        forget_peak(server.pid)
        target = tmp_path / "run.zip"
        with open(target, "wb") as file:
            save(view_url(server.url, "zip", run_id=run_id), file)
        assert memory(server.pid, "VmHWM") - before < 8 * MEGABYTE
    with zipfile.ZipFile(target) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist()}
        assert sizes == {"first.bin": 5, "huge.bin": (4 << 30) + 5, "last.txt": 4}
        assert archive.read("first.bin") == b"first" and archive.read("last.txt") == b"last"


def save(url, file):
    """Downloads to a file, with holes where there are zeroes."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    assert answer.status == 200
    while piece := answer.read(MEGABYTE):
        if piece.strip(b"\0"):
            file.write(piece)
        else:
            file.seek(len(piece), os.SEEK_CUR)
    connection.close()


def test_an_archive_of_very_many_files(tmp_path):
    """More entries than 16 bits count."""
    with ApusServer(directory=tmp_path) as server:
        run_id = new_run(server.url)
        folder = artifact_folder(server, run_id)
        for number in range(66_000):
            os.close(os.open(folder / f"{number}.txt", os.O_CREAT | os.O_WRONLY))
        status, body, _ = send("GET", view_url(server.url, "zip", run_id=run_id), timeout=120)
        assert status == 200
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert len(archive.namelist()) == 66_000
        paths, token = [], ""
        while token is not None:
            page = call(server.url, VIEWS + "tree", run_id=run_id, max_results=40_000, page_token=token)[1]
            paths += [item["path"] for item in page["files"]]
            token = page.get("next_page_token")
        assert paths == sorted(f"{number}.txt" for number in range(66_000))


@pytest.mark.parametrize("harm", ["vanish", "shrink"])
def test_an_archive_that_cannot_be_whole_is_seen_to_be_broken(tmp_path, harm):
    with ApusServer(directory=tmp_path) as server:
        run_id = new_run(server.url)
        folder = artifact_folder(server, run_id)
        for name in ("a.bin", "b.bin"):
            with open(folder / name, "wb") as file:
                file.truncate(64 * MEGABYTE)
        parts = urllib.parse.urlsplit(view_url(server.url, "zip", run_id=run_id))
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        assert answer.status == 200 and len(answer.read(MEGABYTE)) == MEGABYTE
        if harm == "vanish":
            os.remove(folder / "b.bin")
        else:
            os.truncate(folder / "a.bin", 63 * MEGABYTE)
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        connection.close()
        assert send("GET", server.url + "/health")[0] == 200


def test_the_tree_of_a_run_is_one_answer(uri, tracking, experiment):
    run_id = logged_run(FILES)
    status, tree = call(uri, VIEWS + "tree", run_id=run_id)
    assert status == 200 and tree["run_id"] == run_id
    sizes = {item["path"]: item.get("file_size") for item in tree["files"]}
    folders = {"checkpoints": None, "checkpoints/epoch_005": None, "plots": None}
    assert sizes == {path: len(content) for path, content in FILES.items()} | folders
    assert [item["path"] for item in tree["files"]] == sorted(sizes)
    assert (tree["file_count"], tree["total_bytes"]) == (len(FILES), sum(map(len, FILES.values())))
    assert all(item["modification_time"] > 1_600_000_000_000 for item in tree["files"])


def test_runs_are_compared_by_content(uri, tracking, experiment):
    large = os.urandom(MEGABYTE) * 40
    first = logged_run({"model.bin": large, "metrics.json": b"{1}", "old.txt": b"x"})
    second = logged_run({"model.bin": large, "metrics.json": b"{2}", "new/plot.png": b"png"})
    status, answer = call(uri, VIEWS + "compare", run_ids=f"{first},{second}")
    assert status == 200
    states = {item["path"]: item["state"] for item in answer["files"]}
    assert states == {"metrics.json": "changed", "model.bin": "same", "new/plot.png": "missing", "old.txt": "missing"}
    assert answer["summary"] == {"same": 1, "changed": 1, "missing": 2}
    items = {item["path"]: item for item in answer["files"]}
    assert items["model.bin"]["sha256"] == hashlib.sha256(large).hexdigest()
    assert [run["sha256"] for run in items["metrics.json"]["runs"]] == [
        hashlib.sha256(text).hexdigest() for text in (b"{1}", b"{2}")
    ]
    assert items["old.txt"]["missing_in"] == [second]
    assert call(uri, VIEWS + "compare", run_ids=[second, first])[1]["summary"] == answer["summary"]
    assert call(uri, VIEWS + "compare", run_ids=f"{first},unknown")[0] == 404


def test_a_client_that_leaves_a_comparison_does_not_hold_up_the_server(tmp_path):
    with ApusServer(directory=tmp_path) as server:
        runs = [new_run(server.url) for _ in range(2)]
        for run_id in runs:
            folder = artifact_folder(server, run_id)
            with open(folder / "huge.bin", "wb") as file:
                file.truncate(1 << 40)
        parts = urllib.parse.urlsplit(view_url(server.url, "compare", run_ids=",".join(runs)))
        connections = []
        for _ in range(12):
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
            connection.request("GET", f"{parts.path}?{parts.query}", headers={"Accept-Encoding": "gzip"})
            connections.append(connection)
        # More of them than workers, and others are served still.
        assert call(server.url, VIEWS + "tree", run_id=runs[0])[0] == 200
        for connection in connections:
            connection.close()


@pytest.mark.client
def test_text_arrives_as_it_was_logged(uri, tracking, experiment, tmp_path):
    files = {
        "table.csv": b"step,loss\n" * 100_000,
        "report.html": "<p>損失</p>".encode() * 1_000,
        "packed.txt.gz": gzip.compress(os.urandom(50_000)),
        "short.json": b"{}",
        "noise.txt": os.urandom(300_000),
        "exactly.log": b"x" * 1_024,
    }
    run_id = logged_run(files)
    for name, content in files.items():
        local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=name, dst_path=str(tmp_path))
        with open(local, "rb") as file:
            assert file.read() == content, name


def test_text_travels_compressed(uri, tracking, experiment):
    text = b"step,loss\n" * 1_000_000
    run_id = logged_run({"table.csv": text, "table.csv.gz": gzip.compress(text)})
    url = f"{uri}/get-artifact?run_id={run_id}&path=table.csv"
    accepts = {"Accept-Encoding": "gzip"}
    status, body, packed = send("GET", url, headers=accepts)
    assert (status, packed["Content-Encoding"], gzip.decompress(body)) == (200, "gzip", text)
    assert len(body) < len(text) / 20
    status, body, plain = send("GET", url, headers={"Accept-Encoding": "gzip;q=0, *"})
    assert (status, plain["Content-Encoding"], body) == (200, None, text)
    assert packed["ETag"] != plain["ETag"]
    assert all("Accept-Encoding" in headers.get_all("Vary") for headers in (packed, plain))
    status, body, head = send("HEAD", url, headers=accepts)
    assert (status, body) == (200, b"")
    for name in ("Content-Encoding", "ETag", "Content-Type", "Content-Disposition", "Content-Length"):
        assert head[name] == packed[name], name
    assert int(send("HEAD", url)[2]["Content-Length"]) == len(text)
    status, body, part = send("GET", url, headers=accepts | {"Range": "bytes=5-8"})
    assert (status, body, part["Content-Encoding"], part["ETag"]) == (206, b"loss", None, plain["ETag"])
    assert send("GET", url, headers=accepts | {"If-None-Match": packed["ETag"]})[0] == 304
    status, body, stored = send("GET", url + ".gz", headers=accepts)
    assert (status, stored["Content-Encoding"], gzip.decompress(body)) == (200, None, text)


def test_compressing_a_large_text_needs_little_memory(tmp_path):
    with ApusServer(directory=tmp_path) as server:
        run_id = new_run(server.url)
        put = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/log.txt"
        assert send("PUT", put, b"epoch 1 loss 0.5\n" * 6_000_000)[0] == 200
        before = memory(server.pid, "VmRSS")
        forget_peak(server.pid)
        body = send("GET", put, headers={"Accept-Encoding": "gzip"})[1]
        assert len(gzip.decompress(body)) == 17 * 6_000_000
        assert memory(server.pid, "VmHWM") - before < 8 * MEGABYTE


def test_two_archives_at_once_do_not_mix(uri, tracking, experiment):
    run_ids = [logged_run({"a.txt": letter * 3_000_000}) for letter in (b"x", b"y")]
    bodies = {}

    def fetch(run_id):
        bodies[run_id] = send("GET", view_url(uri, "zip", run_id=run_id))[1]

    threads = [threading.Thread(target=fetch, args=(run_id,)) for run_id in run_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run_id, letter in zip(run_ids, (b"x", b"y")):
        with zipfile.ZipFile(io.BytesIO(bodies[run_id])) as archive:
            assert archive.read("a.txt") == letter * 3_000_000
