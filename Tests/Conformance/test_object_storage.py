"""Artifacts in an object storage: the real client over a strict storage of the tests, and over moto's."""

import hashlib
import io
import os
import socket
import subprocess
import threading
import urllib.parse
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import mlflow
import pytest

from helpers import call, must, new_run, send
from object_storage import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectStorage, StoredObject, Upload, tag_of
from servers import REPOSITORY, ApusServer, ServerFailed, apus_binary, free_port, wait_until
from test_large_artifacts import digest, forget_peak, memory

pytestmark = pytest.mark.apus
MOTO_PYTHON = Path(os.environ.get("APUS_MOTO_PYTHON") or REPOSITORY / ".venv-s3/bin/python")
MEGABYTE = 1 << 20
PREFIX = "team/artifacts"


@pytest.fixture(scope="module")
def shared():
    """A storage, and a server that keeps artifacts in it."""
    with ObjectStorage() as storage:
        with ApusServer(storage.arguments(PREFIX), environment=storage.environment()) as server:
            yield storage, server


@pytest.fixture
def storage(shared):
    """An empty storage without faults."""
    shared[0].reset()
    return shared[0]


@pytest.fixture
def server(shared, storage):
    mlflow.set_tracking_uri(shared[1].url)
    mlflow.set_experiment("object storage")
    return shared[1]


@pytest.fixture(scope="module")
def moto():
    """The address of moto's server, with a bucket."""
    assert MOTO_PYTHON.exists(), f"{MOTO_PYTHON} is missing: make .venv-s3/.stamp"
    port = free_port()
    process = subprocess.Popen(
        [MOTO_PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:

        def answers():
            try:
                return send("PUT", f"{url}/{BUCKET}")[0] == 200
            except OSError:
                return False

        wait_until(answers, 60, "moto to answer")
        yield url
    finally:
        process.kill()
        process.wait()


def apus(*arguments, environment={}):
    merged = {key: value for key, value in {**os.environ, **environment}.items() if value is not None}
    return subprocess.run(
        [str(apus_binary()), *map(str, arguments)], env=merged, capture_output=True, text=True, timeout=120, check=False
    )


def artifact_url(server, path):
    return f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{urllib.parse.quote(path)}"


def log_and_compare(tmp_path):
    """Logs files, a folder and a model with the real client, and reads all of it back."""
    from sklearn.linear_model import LinearRegression

    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    contents = {"a.txt": b"text", "b.bin": os.urandom(100_000), "deep/\u00e4 b+.txt": b"odd", "empty": b""}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(MEGABYTE) * 12)
    mlflow.set_experiment("object storage")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "files")
        mlflow.log_artifact(str(big))
        mlflow.sklearn.log_model(LinearRegression().fit([[0], [1]], [0, 2]), name="model")
    run_id = run.info.run_id
    local = Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(tmp_path / "down")))
    assert {name: (local / "files" / name).read_bytes() for name in contents} == contents
    assert (local / "big.bin").read_bytes() == big.read_bytes()
    model = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
    assert round(float(model.predict([[3]])[0])) == 6
    return run, contents


def of_moto(url):
    return {
        "MLFLOW_S3_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }


def test_the_client_logs_and_loads_over_moto(tmp_path, moto):
    with ApusServer(["--artifacts-destination", f"s3://{BUCKET}/moto"], environment=of_moto(moto)) as server:
        mlflow.set_tracking_uri(server.url)
        run, _ = log_and_compare(tmp_path)
        client = mlflow.MlflowClient()
        listed = [(item.path, item.is_dir, item.file_size) for item in client.list_artifacts(run.info.run_id)]
        assert listed[:2] == [("big.bin", False, 12 * MEGABYTE), ("files", True, None)]
        path = urllib.parse.urlparse(run.info.artifact_uri).path.lstrip("/")
        assert send("DELETE", artifact_url(server, f"{path}/files"))[0] == 200
        assert "files" not in [item.path for item in client.list_artifacts(run.info.run_id)]
        assert must(server.url, "/health?deep=1")["status"] == "ok"


def test_the_client_sends_parts_to_moto_itself(tmp_path, moto, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(6 * MEGABYTE))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(6 * MEGABYTE))
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(MEGABYTE) * 20)
    with ApusServer(["--artifacts-destination", f"s3://{BUCKET}/parts"], environment=of_moto(moto)) as server:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("parts")
        with mlflow.start_run() as run:
            mlflow.log_artifact(str(source))
        local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="big.bin", dst_path=str(tmp_path / "d"))
        assert Path(local).read_bytes() == source.read_bytes()


def test_the_client_logs_and_loads_over_a_strict_storage(tmp_path, storage, server):
    run, contents = log_and_compare(tmp_path)
    base = f"{PREFIX}/{run.info.experiment_id}/{run.info.run_id}/artifacts"
    assert {storage.objects[f"{base}/files/{name}"].content for name in contents} == set(contents.values())
    assert all(key.startswith(PREFIX + "/") for key in storage.objects)
    assert storage.objects[f"{base}/big.bin"].tag.endswith('-3"')
    assert storage.objects[f"{base}/files/a.txt"].content_type == "text/plain"
    assert not storage.uploads


def test_a_folder_of_five_hundred_files(tmp_path, storage, server):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(500):
        (folder / f"{number:03}.txt").write_text(str(number))
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "many")
    client = mlflow.MlflowClient()
    listed = client.list_artifacts(run.info.run_id, "many")
    assert [item.path for item in listed] == [f"many/{number:03}.txt" for number in range(500)]
    local = Path(client.download_artifacts(run.info.run_id, "many", str(tmp_path)))
    assert all((local / f"{number:03}.txt").read_text() == str(number) for number in range(500))


def put(server, path, content):
    return send("PUT", artifact_url(server, path), content)[0]


def add(storage, path, content=b"x"):
    storage.objects[f"{PREFIX}/{path}"] = StoredObject(content, tag_of(content), "text/plain")


def test_lists_have_the_order_and_the_form_of_local_ones(storage, server):
    names = ["a", "a.b", "a/x", "a0", "b/c/d", "Z", "\u00e4", "%41"]
    for name in names:
        add(storage, f"list/{name}")
    add(storage, "list/")
    add(storage, "list/b/")
    add(storage, "listed")
    run_id = new_run(server.url)
    for name in names:
        if name != "a":
            add(storage, f"0/{run_id}/artifacts/{name}", b"12")
    listed = must(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=list")["files"]
    assert [(item["path"], item["is_dir"]) for item in listed] == [
        ("%41", False), ("Z", False), ("a", False), ("a", True), ("a.b", False), ("a0", False), ("b", True),
        ("\u00e4", False),
    ]  # fmt: skip
    assert call(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=list/a0") == (200, {})
    assert call(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=nothing") == (200, {})
    tree = must(server.url, f"/api/apus/1.0/runs/artifacts/tree?run_id={run_id}")
    assert [item["path"] for item in tree["files"]] == ["%41", "Z", "a", "a.b", "a/x", "a0", "b", "b/c", "b/c/d", "\u00e4"]
    assert (tree["file_count"], tree["total_bytes"]) == (7, 14)
    page = must(server.url, f"/api/apus/1.0/runs/artifacts/tree?run_id={run_id}&max_results=4")
    rest = must(
        server.url, f"/api/apus/1.0/runs/artifacts/tree?run_id={run_id}&page_token=" + page["next_page_token"]
    )
    assert page["files"] + rest["files"] == tree["files"]


def test_a_list_of_more_than_a_page(storage, server):
    for number in range(2_345):
        add(storage, f"long/{number:05}")
    listed = must(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=long")["files"]
    assert [item["path"] for item in listed] == [f"{number:05}" for number in range(2_345)]


def test_zip_and_comparison(storage, server):
    runs = [new_run(server.url) for _ in range(2)]
    for number, run_id in enumerate(runs):
        add(storage, f"0/{run_id}/artifacts/same.txt", b"same" * 300_000)
        add(storage, f"0/{run_id}/artifacts/deep/other.txt", b"other %d" % number)
    add(storage, f"0/{runs[0]}/artifacts/alone", b"")
    status, content, _ = send("GET", f"{server.url}/api/apus/1.0/runs/artifacts/zip?run_id={runs[0]}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == ["alone", "deep/", "deep/other.txt", "same.txt"]
        assert archive.read("same.txt") == b"same" * 300_000
    found = must(server.url, f"/api/apus/1.0/runs/artifacts/compare?run_ids={','.join(runs)}")
    assert [(item["path"], item["state"]) for item in found["files"]] == [
        ("alone", "missing"), ("deep/other.txt", "changed"), ("same.txt", "same"),
    ]  # fmt: skip
    assert found["files"][2]["sha256"] == hashlib.sha256(b"same" * 300_000).hexdigest()


def test_ranges_conditions_and_heads(storage, server):
    content = bytes(range(256)) * 4_096
    add(storage, "r/file.bin", content)
    url = artifact_url(server, "r/file.bin")
    status, body, headers = send("GET", url)
    assert (status, body, headers["Content-Length"]) == (200, content, str(len(content)))
    tag = headers["ETag"]
    assert tag == tag_of(content)
    for field, first, last in [("2-4", 2, 5), ("1000-", 1_000, None), ("-7", -7, None)]:
        status, body, headers = send("GET", url, headers={"Range": f"bytes={field}"})
        assert (status, body) == (206, content[first:last])
        assert headers["Content-Length"] == str(len(body))
    assert send("GET", url, headers={"Range": f"bytes={len(content)}-"})[0] == 416
    assert send("GET", url, headers={"If-None-Match": tag})[0] == 304
    before = storage.count("get")
    status, body, headers = send("HEAD", url)
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(content)))
    assert storage.count("get") == before
    add(storage, "r/text.txt", b"text " * 10_000)
    status, body, headers = send("GET", artifact_url(server, "r/text.txt"), headers={"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"


def test_what_is_not_there(storage, server):
    add(storage, "f/x")
    assert send("GET", artifact_url(server, "f/y"))[0] == 404
    assert send("GET", artifact_url(server, "f"))[0] == 400
    assert send("DELETE", artifact_url(server, "f/y"))[0] == 200
    assert f"{PREFIX}/f/x" in storage.objects


def test_a_folder_is_deleted_and_its_neighbours_stay(storage, server):
    for name in ["d/a", "d/b/c", "d.txt", "de/a", "d"]:
        add(storage, f"del/{name}")
    for number in range(1_100):
        add(storage, f"del/d/many/{number}")
    assert send("DELETE", artifact_url(server, "del/d"))[0] == 200
    assert sorted(storage.objects) == [f"{PREFIX}/del/d.txt", f"{PREFIX}/del/de/a"]


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/x", "%2e%2e/x", "a//b", "a/./b", "s3://other/x", "a%00b", "..%5cx"]
)
def test_no_path_leads_out_of_the_prefix(storage, server, path):
    status = send("PUT", f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}", b"x")[0]
    assert status < 500
    assert all(call_.key is None or call_.key.startswith(PREFIX + "/") for call_ in storage.calls)
    assert all(key.startswith(PREFIX + "/") for key in storage.objects)


def test_a_file_takes_the_place_of_an_older_one_and_a_cut_upload_of_none(storage, server):
    assert put(server, "p/file", b"old") == 200
    before = dict(storage.objects)
    import http.client

    for length in (100, 7 * MEGABYTE, 30 * MEGABYTE):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.putrequest("PUT", "/api/2.0/mlflow-artifacts/artifacts/p/file")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        connection.send(b"n" * (length * 9 // 10))
        connection.close()
    wait_until(lambda: storage.count("begin") == storage.count("abort") >= 1, 10, "the uploads to be given up")
    assert storage.objects == before
    assert not storage.uploads
    assert put(server, "p/file", b"new") == 200
    assert storage.objects[f"{PREFIX}/p/file"].content == b"new"


# Faults.


def once(operation, fault, times=1):
    """A fault that befalls the first calls of an operation."""
    left = [times]

    def choose(call_):
        if call_.operation == operation and left[0] > 0:
            left[0] -= 1
            return fault
        return None

    return choose


FAULTS = [
    (operation, fault)
    for operation in ("put", "begin", "part", "complete", "list", "head", "get", "delete")
    for fault in (("answer", 500, "InternalError"), ("answer", 503, "SlowDown"), ("cut",), ("late cut",))
]
# Bodies are damaged on the way there, and only a completion answers before it has done what it says.
FAULTS += [("put", ("damage",)), ("part", ("damage",)), ("complete", ("error in 200",))]


@pytest.mark.parametrize("operation, fault", FAULTS, ids=str)
def test_a_fault_that_passes_is_not_seen(storage, server, operation, fault):
    content = os.urandom(5 * MEGABYTE + 1_000)
    storage.fault = once(operation, fault)
    assert put(server, "f/long", content) == 200
    assert put(server, "f/short", b"short") == 200
    assert storage.objects[f"{PREFIX}/f/long"].content == content
    assert send("GET", artifact_url(server, "f/long"))[:2] == (200, content)
    assert [item["path"] for item in must(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=f")["files"]] == [
        "long", "short",
    ]  # fmt: skip
    assert send("DELETE", artifact_url(server, "f/short"))[0] == 200
    assert list(storage.objects) == [f"{PREFIX}/f/long"]


@pytest.mark.parametrize("operation", ["put", "begin", "part", "complete"])
def test_an_outage_is_told_and_nothing_is_stored(storage, server, operation):
    content = b"x" if operation == "put" else os.urandom(5 * MEGABYTE + 1_000)
    storage.fault = lambda call_: ("answer", 503, "SlowDown") if call_.operation == operation else None
    status, body, headers = send("PUT", artifact_url(server, "o/file"), content)
    assert status == 503
    assert headers["Retry-After"]
    assert not storage.objects
    storage.fault = lambda call_: None
    assert put(server, "o/file", content) == 200
    assert storage.objects[f"{PREFIX}/o/file"].content == content


def answers_of_completions(*faults):
    """The faults of the completions in their order; the last one befalls all later ones."""
    left = list(faults)

    def choose(call_):
        if call_.operation != "complete":
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return choose


@pytest.mark.parametrize("encrypts", [False, True], ids=["MD5", "KMS"])
@pytest.mark.parametrize("later", [None, ("answer", 503, "SlowDown"), ("late cut",)], ids=str)
def test_a_completion_whose_answer_is_lost_is_looked_up(storage, server, encrypts, later):
    storage.encrypts = encrypts
    content = os.urandom(5 * MEGABYTE + 1_000)
    storage.fault = answers_of_completions(("late cut",), later)
    assert put(server, "c/file", content) == 200
    assert storage.objects[f"{PREFIX}/c/file"].content == content
    # The same for parts that clients have sent to the storage themselves.
    run_id = new_run(server.url)
    storage.fault = answers_of_completions(("late cut",), later)
    begun = mpu(server, "create", run_id, {"path": "f.bin", "num_parts": 1})[1]
    _, _, headers = send("PUT", begun["credentials"][0]["url"], b"content")
    parts = [{"part_number": 1, "etag": headers["ETag"], "url": begun["credentials"][0]["url"]}]
    body = {"path": "f.bin", "upload_id": begun["upload_id"], "parts": parts}
    assert mpu(server, "complete", run_id, body) == (200, {})


@pytest.mark.parametrize("encrypts", [False, True], ids=["MD5", "KMS"])
def test_another_file_of_the_same_size_is_not_taken_for_the_completed_one(storage, server, encrypts):
    storage.encrypts = encrypts
    older, content = os.urandom(5 * MEGABYTE + 1_000), os.urandom(5 * MEGABYTE + 1_000)
    assert put(server, "c/file", older) == 200
    storage.fault = lambda call_: ("answer", 503, "SlowDown") if call_.operation == "complete" else None
    assert put(server, "c/file", content) == 503
    storage.fault = lambda call_: ("answer", 404, "NoSuchUpload") if call_.operation == "complete" else None
    assert put(server, "c/file", content) != 200
    assert storage.objects[f"{PREFIX}/c/file"].content == older


def begin_put(server, path, length, first=b"x"):
    """A connection that has begun to send a file."""
    address = urllib.parse.urlsplit(server.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    target = f"/api/2.0/mlflow-artifacts/artifacts/{path}"
    connection.sendall(f"PUT {target} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {length}\r\n\r\n".encode() + first)
    return connection


def test_uploads_that_trickle_give_way_and_are_not_taken_for_an_outage(storage, server):
    slow = [begin_put(server, f"slow/{number}", 5 * MEGABYTE) for number in range(110)]
    try:
        seen = []

        def is_stored():
            status, _, headers = send("PUT", artifact_url(server, "fast"), os.urandom(6 * MEGABYTE))
            seen.append(status)
            assert status == 200 or (status == 429 and headers["Retry-After"]), seen
            return status == 200

        wait_until(is_stored, 60, "room for a fast upload")
        metrics = send("GET", server.url + "/metrics")[1].decode()
        assert f'apus_budget_limit{{budget="upload_bytes"}} {512 * MEGABYTE}' in metrics
    finally:
        for connection in slow:
            connection.close()
    assert "storage" not in "".join(line for line in server.log().splitlines() if '"fast"' in line)


def test_a_storage_that_is_silent_keeps_no_request_that_needs_none(storage, server):
    """More requests wait for the storage than there are threads of any kind."""
    add(storage, "h/file")
    storage.fault = lambda call_: ("silence",)
    address = urllib.parse.urlsplit(server.url)
    waiting = []
    try:
        for _ in range(40):
            connection = socket.create_connection((address.hostname, address.port), timeout=120)
            connection.sendall(
                f"GET /api/2.0/mlflow-artifacts/artifacts/h/file HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
            )
            waiting.append(connection)
        wait_until(lambda: storage.count("head") >= 4, 30, "requests at the storage")
        # These need one of the threads for work that blocks.
        assert send("GET", server.url + "/api/apus/1.0/usage")[0] in (200, 403)
        new_run(server.url)
        before = storage.count("head")
        # The first is told of the outage, and was not repeated.
        first = waiting[0].recv(4096)
        assert b" 503 " in first.split(b"\r\n")[0] and b"retry-after" in first.lower()
        assert before <= 12
    finally:
        for connection in waiting:
            connection.close()
        storage.speaks.set()


def test_a_download_goes_on_where_an_answer_broke_off(storage, server):
    content = os.urandom(MEGABYTE) * 3
    add(storage, "d/file", content)
    storage.fault = once("get", ("half", 1_000_000), times=3)
    assert send("GET", artifact_url(server, "d/file"))[:2] == (200, content)
    assert storage.count("get") == 4


def test_a_file_that_changes_while_it_is_sent_is_cut_and_never_mixed(storage, server):
    import http.client

    old, new = b"o" * (3 * MEGABYTE), b"n" * (3 * MEGABYTE)
    add(storage, "c/file", old)
    seen = []

    def change(call_):
        if call_.operation == "get" and not seen:
            seen.append(call_)
            return ("half", 1_000_000)
        if call_.operation == "get":
            storage.objects[f"{PREFIX}/c/file"] = StoredObject(new, tag_of(new), "")
        return None

    storage.fault = change
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        send("GET", artifact_url(server, "c/file"))


@pytest.mark.parametrize(
    "environment, bucket, status, words",
    [
        ({}, "not-there", 400, "not-there"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, BUCKET, 403, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, BUCKET, 403, "AWS_ACCESS_KEY_ID"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "HOME": "/nonexistent"}, BUCKET, 403, "AWS_PROFILE"),
        ({"AWS_REGION": "other-region-1"}, BUCKET, 400, "AWS_REGION"),
    ],
    ids=["no bucket", "wrong secret", "wrong key", "no keys", "wrong region"],
)
def test_what_the_operator_must_mend_is_told_and_not_retried(storage, environment, bucket, status, words):
    arguments = storage.arguments(PREFIX, bucket)
    with ApusServer(arguments, environment=storage.environment(**environment)) as server:
        for method, path, body in [("PUT", "a", b"x"), ("GET", "a", None), ("DELETE", "a", None)]:
            answered, content, _ = send(method, artifact_url(server, path), body)
            assert (answered, words in content.decode()) == (status, True), (method, content)
        assert call(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=a")[0] == status
        answered, health = call(server.url, "/health?deep=1")
        assert (answered, words in health["problems"]["artifacts"]) == (503, True)
        assert call(server.url, "experiments/create", {"name": "works"})[0] == 200


def test_a_storage_that_is_denied_is_told(storage, server):
    storage.fault = lambda call_: ("answer", 403, "AccessDenied")
    for method in ("PUT", "GET", "DELETE"):
        status, content, _ = send(method, artifact_url(server, "a"), b"x" if method == "PUT" else None)
        assert (status, "s3:PutObject" in content.decode()) == (403, True)


def doctor_fails(server, *words):
    """The doctor fails at the artifact, with these words and with advice for whoever runs the server."""
    result = apus("doctor", server.url)
    failed, advice = [
        (line, following)
        for line, following in zip(result.stdout.splitlines(), result.stdout.splitlines()[1:])
        if line.startswith("FAIL")
    ][0]
    assert result.returncode == 1 and failed.split()[1] == "artifact", result.stdout
    assert all(word in failed for word in words) and "whoever runs the server" in advice, result.stdout


def test_keys_that_may_not_write_are_found_before_a_training(storage, server):
    assert must(server.url, "/health?deep=1")["status"] == "ok"
    assert storage.count("begin") == storage.count("abort") == 1 and not storage.objects
    assert apus("doctor", server.url).returncode == 0
    storage.fault = lambda call_: ("answer", 403, "AccessDenied") if call_.operation in ("begin", "put") else None
    answered, health = call(server.url, "/health?deep=1")
    assert (answered, "s3:PutObject" in health["problems"]["artifacts"]) == (503, True)
    doctor_fails(server, "403", "s3:PutObject")


def test_a_storage_that_is_away_does_not_keep_the_server_from_starting(storage):
    port = free_port()
    environment = storage.environment(MLFLOW_S3_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    with ApusServer(storage.arguments(), environment=environment) as server:
        assert send("GET", artifact_url(server, "a"))[0] == 503
        assert send("GET", server.url + "/health")[0] == 200
        answered, health = call(server.url, "/health?deep=1")
        assert (answered, str(port) in health["problems"]["artifacts"]) == (503, True)
        doctor_fails(server, "503", str(port))


# Without the server: uploads in parts, and presigned addresses.


def test_the_client_sends_parts_to_the_storage_itself(tmp_path, storage, server, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(6 * MEGABYTE))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(6 * MEGABYTE))
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(MEGABYTE) * 20)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(source))
    key = f"{PREFIX}/{run.info.experiment_id}/{run.info.run_id}/artifacts/big.bin"
    assert storage.objects[key].content == source.read_bytes()
    parts = [call_ for call_ in storage.calls if call_.operation == "part"]
    assert len(parts) == 4 and all("X-Amz-Signature" in call_.query for call_ in parts)
    journal = must(server.url, f"/api/apus/1.0/artifacts/journal?run_id={run.info.run_id}")["entries"]
    assert [(entry["path"].split("/")[-1], entry["bytes"]) for entry in journal] == [("big.bin", 20 * MEGABYTE)]


def mpu(server, verb, run_id, body):
    return call(server.url, f"/api/2.0/mlflow-artifacts/mpu/{verb}/0/{run_id}/artifacts", body)


def test_uploads_in_parts_are_completed_once_and_given_up(storage, server):
    run_id = new_run(server.url)
    begun = mpu(server, "create", run_id, {"path": "f.bin", "num_parts": 2})[1]
    contents = [os.urandom(5 * MEGABYTE), b"end"]
    parts = []
    for credential, content in zip(begun["credentials"], contents):
        status, _, headers = send("PUT", credential["url"], content)
        assert status == 200
        parts.append({"part_number": credential["part_number"], "etag": headers["ETag"], "url": credential["url"]})
    wrong = [{**parts[0], "etag": '"0"'}, parts[1]]
    body = {"path": "f.bin", "upload_id": begun["upload_id"]}
    assert mpu(server, "complete", run_id, {**body, "parts": wrong})[0] == 400
    assert not storage.objects
    for _ in range(2):
        assert mpu(server, "complete", run_id, {**body, "parts": parts}) == (200, {})
    assert storage.objects[f"{PREFIX}/0/{run_id}/artifacts/f.bin"].content == b"".join(contents)
    begun = mpu(server, "create", run_id, {"path": "g.bin", "num_parts": 1})[1]
    body = {"path": "g.bin", "upload_id": begun["upload_id"]}
    for _ in range(2):
        assert mpu(server, "abort", run_id, body) == (200, {})
    assert not storage.uploads
    assert mpu(server, "complete", run_id, {**body, "parts": parts})[0] == 404


def test_a_completion_that_is_repeated_at_another_server_gets_the_same_answer(storage, server):
    run_id = new_run(server.url)
    begun = mpu(server, "create", run_id, {"path": "f.bin", "num_parts": 1})[1]
    url = begun["credentials"][0]["url"]
    status, _, headers = send("PUT", url, b"all")
    assert status == 200
    body = {
        "path": "f.bin", "upload_id": begun["upload_id"],
        "parts": [{"part_number": 1, "etag": headers["ETag"], "url": url}],
    }
    with ApusServer(storage.arguments(PREFIX), environment=storage.environment()) as other:
        for one in (server, other, server, other):
            assert mpu(one, "complete", run_id, body) == (200, {})
    assert storage.objects[f"{PREFIX}/0/{run_id}/artifacts/f.bin"].content == b"all"


def test_a_key_that_is_too_long_for_the_storage_is_refused_before_it_is_asked(storage, server):
    run_id = new_run(server.url)
    folder = f"0/{run_id}/artifacts"
    room = 1024 - len(f"{PREFIX}/{folder}/")
    name = "/".join(["n" * 200] * 5)[:room]
    longest = f"{folder}/{name.ljust(room, 'n')}"
    assert send("PUT", artifact_url(server, longest), b"x")[0] == 200
    assert send("GET", artifact_url(server, longest))[:2] == (200, b"x")
    before = set(storage.objects)
    for method, content in (("PUT", b"x"), ("GET", None)):
        status, answer, _ = send(method, artifact_url(server, longest + "n"), content)
        assert status == 400 and b"use shorter names" in answer, (method, status, answer)
    leaf = (name.ljust(room, "n") + "n").rsplit("/", 1)
    path = f"/api/2.0/mlflow-artifacts/mpu/create/{folder}/{leaf[0]}"
    assert call(server.url, path, {"path": leaf[1], "num_parts": 1})[0] == 400
    assert set(storage.objects) == before and not storage.uploads


def test_an_address_of_a_part_is_good_for_that_part_alone(storage, server):
    run_id = new_run(server.url)
    begun = mpu(server, "create", run_id, {"path": "f.bin", "num_parts": 1})[1]
    url = begun["credentials"][0]["url"]
    assert send("PUT", url.replace("partNumber=1", "partNumber=2"), b"x")[0] == 403
    assert send("PUT", url.replace("f.bin", "g.bin"), b"x")[0] == 403
    assert send("GET", url)[0] == 403
    assert send("PUT", url, b"x")[0] == 200


def test_a_proxied_file_has_an_address_in_the_storage(storage, server):
    add(storage, "p/\u00e4 b.txt", b"content")
    route = "/api/2.0/mlflow-artifacts/presigned/" + urllib.parse.quote("p/\u00e4 b.txt")
    answer = must(server.url, route)
    assert (answer["headers"], answer["file_size"]) == ({}, 7)
    assert send("GET", answer["url"])[:2] == (200, b"content")
    assert send("PUT", answer["url"], b"x")[0] == 403
    assert call(server.url, "/api/2.0/mlflow-artifacts/presigned/p/none")[0] == 404
    information = must(server.url, "/api/3.0/mlflow/server-info")
    assert information["multipart_uploads_enabled"] and information["multipart_downloads_enabled"]


def test_runs_whose_clients_reach_the_storage_themselves(storage):
    root = f"s3://{BUCKET}/direct"
    arguments = ["--default-artifact-root", root]
    with ApusServer(arguments, environment=storage.environment()) as server:
        run_id = new_run(server.url)
        run = must(server.url, f"runs/get?run_id={run_id}")["run"]
        assert run["info"]["artifact_uri"] == f"{root}/0/{run_id}/artifacts"
        upload = must(server.url, "artifacts/presigned-upload-url", {"run_id": run_id, "path": "m/a.txt", "expiration": 60})
        assert upload["headers"] == {"Content-Type": "text/plain"}
        assert send("PUT", upload["presigned_url"], b"mine", {"Content-Type": "image/png"})[0] == 403
        assert send("PUT", upload["presigned_url"], b"mine", upload["headers"])[0] == 200
        assert storage.objects[f"direct/0/{run_id}/artifacts/m/a.txt"].content == b"mine"
        listed = must(server.url, f"artifacts/list?run_id={run_id}&path=m")
        assert listed == {"root_uri": f"{root}/0/{run_id}/artifacts", "files": [
            {"path": "m/a.txt", "is_dir": False, "file_size": 4}
        ]}  # fmt: skip
        assert send("GET", f"{server.url}/get-artifact?run_id={run_id}&path=m/a.txt")[1] == b"mine"
        download = must(server.url, "artifacts/presigned-download-url", {"run_id": run_id, "path": "m/a.txt"})
        assert (download["file_size"], send("GET", download["presigned_url"])[1]) == (4, b"mine")
        assert must(server.url, "/health?deep=1")["status"] == "ok"
        storage.fault = lambda call_: ("answer", 403, "AccessDenied")
        assert call(server.url, "/health?deep=1")[0] == 503
        storage.fault = lambda call_: None
        # A client may name any place, but the server opens none but the operator's.
        elsewhere = must(server.url, "experiments/create", {"name": "e", "artifact_location": f"s3://{BUCKET}/private"})
        other = new_run(server.url, elsewhere["experiment_id"])
        storage.objects[f"private/{other}/artifacts/secret"] = StoredObject(b"s", tag_of(b"s"), "")
        for route in ("artifacts/list", "/get-artifact"):
            assert call(server.url, f"{route}?run_id={other}&path=secret")[0] == 400
        body = {"run_id": other, "path": "secret"}
        assert call(server.url, "artifacts/presigned-download-url", body)[0] == 400
        assert call(server.url, "artifacts/presigned-upload-url", body)[0] == 400


# What an operator does.


def test_gc_removes_the_objects_of_deleted_runs(storage, tmp_path):
    arguments = storage.arguments(PREFIX)
    with ApusServer(arguments, environment=storage.environment(), directory=tmp_path / "server") as server:
        kept, gone = new_run(server.url), new_run(server.url)
        for run_id in (kept, gone):
            assert put(server, f"0/{run_id}/artifacts/a/b.txt", b"content") == 200
        must(server.url, "runs/delete", {"run_id": gone})
        old = datetime.now(timezone.utc) - timedelta(days=8)
        storage.uploads["old"] = Upload(f"{PREFIX}/0/x", "", begun=old)
        storage.uploads["new"] = Upload(f"{PREFIX}/0/y", "")
        storage.uploads["foreign"] = Upload("elsewhere/z", "", begun=old)
        data = server.data_directory
        for _ in range(2):
            result = apus("gc", "--data-dir", data, *arguments, environment=storage.environment())
            assert result.returncode == 0, result.stderr
        assert [key.split("/")[3] for key in storage.objects] == [kept]
        assert set(storage.uploads) == {"new", "foreign"}


def test_a_backup_says_that_objects_are_not_in_it(storage, tmp_path):
    arguments = storage.arguments(PREFIX)
    with ApusServer(arguments, environment=storage.environment(), directory=tmp_path / "server") as server:
        put(server, "0/a", b"x")
        result = apus(
            "backup", tmp_path / "copies", "--data-dir", server.data_directory, *arguments,
            environment=storage.environment(),
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert f"s3://{BUCKET}/{PREFIX}" in result.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--deduplicate-artifacts"], "--deduplicate-artifacts"),
        (["--artifacts-destination", "s3://UP/../x"], "s3://BUCKET/PREFIX"),
        (["--artifacts-destination", "gs://bucket/x"], "s3://"),
    ],
)
def test_what_cannot_be_honoured_is_refused_at_the_start(storage, arguments, words):
    with pytest.raises(ServerFailed) as failure:
        ApusServer([*storage.arguments(), *arguments], environment=storage.environment()).start()
    assert words in str(failure.value)


def test_an_ignored_setting_is_told(storage):
    with ApusServer([*storage.arguments(), "--keep-free", "1GB"], environment=storage.environment()) as server:
        assert "--keep-free" in server.log()


def test_keys_come_from_a_profile(storage, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(
        f"[default]\naws_access_key_id=no\naws_secret_access_key=no\n"
        f"[work]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    environment = storage.environment(
        AWS_ACCESS_KEY_ID=None,
        AWS_SECRET_ACCESS_KEY=None,
        AWS_SHARED_CREDENTIALS_FILE=str(credentials),
        AWS_PROFILE="work",
    )
    with ApusServer(storage.arguments(), environment=environment) as server:
        assert put(server, "a", b"x") == 200


def test_sixteen_clients_at_once(storage, server):
    failures = []

    def work(number):
        content = bytes([number]) * (6 * MEGABYTE if number % 4 == 0 else 10_000)
        for turn in range(5):
            path = f"w/{number}/{turn}"
            try:
                assert put(server, path, content) == 200
                assert send("GET", artifact_url(server, path))[1] == content
            except BaseException as error:
                failures.append((path, error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(storage.objects) == 80 and not storage.uploads


def test_a_large_file_goes_through_in_little_memory(tmp_path, storage, server):
    source = tmp_path / "large.bin"
    source.write_bytes(os.urandom(MEGABYTE) * 40)
    with mlflow.start_run() as run:
        mlflow.log_text("warm", "warm.txt")
        before = memory(server.pid, "VmRSS")
        forget_peak(server.pid)
        mlflow.log_artifact(str(source))
    local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="large.bin", dst_path=str(tmp_path / "d"))
    assert memory(server.pid, "VmHWM") - before < 16 * MEGABYTE
    assert digest(local) == digest(source)
