"""Large files go up in parts over several connections, with the real client and no cloud storage behind it."""

import http.client
import os
import threading
import urllib.parse

import mlflow
import pytest

from helpers import call, must, new_run, send
from servers import ApusServer
from test_large_artifacts import MEGABYTE, digest, forget_peak, memory

KILOBYTE = 1 << 10
ENABLE = "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"
MPU = "/api/2.0/mlflow-artifacts/mpu/"
CLIENT = tuple(int(part) for part in mlflow.__version__.split(".")[:2])


@pytest.fixture
def in_parts(monkeypatch):
    """Makes the client send files of 64 KiB and more in parts of 16 KiB."""
    monkeypatch.setenv(ENABLE, "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(64 * KILOBYTE))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(16 * KILOBYTE))


@pytest.fixture
def begun(monkeypatch):
    """The multipart uploads that the client begins, and what the server said to each."""
    from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

    begun, create = [], HttpArtifactRepository.create_multipart_upload

    def record(self, local_file, num_parts=1, artifact_path=None):
        begun.append(num_parts)
        return create(self, local_file, num_parts, artifact_path)

    monkeypatch.setattr(HttpArtifactRepository, "create_multipart_upload", record)
    return begun


def written(path, size):
    path.write_bytes(os.urandom(size))
    return path


def downloaded(run_id, path, folder):
    folder.mkdir(exist_ok=True)
    return mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path, dst_path=str(folder))


@pytest.mark.client
def test_files_go_up_in_parts_and_come_down_the_same(tmp_path, uri, tracking, experiment, in_parts, begun):
    sizes = {"uneven.bin": 100_001, "even.bin": 96 * KILOBYTE, "just.bin": 64 * KILOBYTE, "sm\u00e5ll file.bin": 1000}
    files = {name: written(tmp_path / name, size) for name, size in sizes.items()}
    with mlflow.start_run() as run:
        for path in files.values():
            mlflow.log_artifact(str(path), "checkpoints/epoch_005")
    # Clients of 2.9 name a folder that is no run's: the server has them send the file whole.
    assert sorted(begun) == [4, 6, 7]
    for name, path in files.items():
        local = downloaded(run.info.run_id, f"checkpoints/epoch_005/{name}", tmp_path / "down")
        assert digest(local) == digest(path), name
    listed = mlflow.MlflowClient().list_artifacts(run.info.run_id, "checkpoints/epoch_005")
    assert {item.path.rsplit("/", 1)[-1]: item.file_size for item in listed} == sizes


@pytest.mark.client
def test_a_file_without_a_folder_and_a_whole_directory(tmp_path, uri, tracking, experiment, in_parts, begun):
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    weights = written(folder / "data/weights.bin", 200_000)
    (folder / "MLmodel").write_text("flavors: {}")
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(weights))
        mlflow.log_artifacts(str(folder), "model")
    assert begun == [13, 13]
    for path in ("weights.bin", "model/data/weights.bin"):
        assert digest(downloaded(run.info.run_id, path, tmp_path / "down")) == digest(weights)


@pytest.mark.apus
@pytest.mark.skipif(CLIENT < (3, 10), reason="asks no server what it can do")
def test_the_client_finds_out_by_itself(tmp_path, monkeypatch, in_parts, begun):
    monkeypatch.delenv(ENABLE)
    source = written(tmp_path / "big.bin", 100_000)
    for arguments, parts in (([], [7]), (["--static-prefix", "/mlflow"], [7])):
        begun.clear()
        with ApusServer(arguments) as server:
            base = server.url
            mlflow.set_tracking_uri(base)
            mlflow.set_experiment("parts")
            with mlflow.start_run() as run:
                mlflow.log_artifact(str(source))
            assert begun == parts
            local = downloaded(run.info.run_id, "big.bin", tmp_path / f"down{len(arguments)}")
            assert digest(local) == digest(source)


@pytest.mark.apus
def test_a_failed_part_is_aborted_and_leaves_nothing(tmp_path, monkeypatch, in_parts):
    from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

    source = written(tmp_path / "big.bin", 100_000)
    send_part = HttpArtifactRepository._upload_part

    def fail_once(credential, **options):
        if credential.part_number == 4:
            raise ConnectionError("the network is gone")
        return send_part(credential=credential, **options)

    with ApusServer() as server:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("parts")
        with mlflow.start_run() as run:
            monkeypatch.setattr(HttpArtifactRepository, "_upload_part", staticmethod(fail_once))
            with pytest.raises(mlflow.MlflowException, match="the network is gone"):
                mlflow.log_artifact(str(source))
            assert mlflow.MlflowClient().list_artifacts(run.info.run_id) == []
            assert uploads(server) == []
            monkeypatch.setattr(HttpArtifactRepository, "_upload_part", staticmethod(send_part))
            mlflow.log_artifact(str(source))
        assert digest(downloaded(run.info.run_id, "big.bin", tmp_path / "down")) == digest(source)


def uploads(server):
    """The uploads that have files on the server's disk."""
    hidden = next(server.directory.rglob(".apus-upload-multipart"))
    return [path for path in hidden.iterdir() if path.name != "key" and (path / "parts").exists()]


class Upload:
    """An upload by plain HTTP."""

    def __init__(self, server, run_id, parts, **options):
        self.server, self.place = server, f"0/{run_id}/artifacts"
        answer = must(server.url, MPU + "create/" + self.place, {"path": "/tmp/f.bin", "num_parts": parts}, **options)
        self.id = answer["upload_id"]
        self.urls = [part["url"] for part in answer["credentials"]]
        self.tags = {}

    def put(self, number, content):
        # The server may have another port since.
        target = urllib.parse.urlsplit(self.urls[number - 1])
        status, answer, headers = send("PUT", f"{self.server.url}{target.path}?{target.query}", content)
        if status == 200:
            self.tags[number] = headers["ETag"]
        return status, answer

    def complete(self):
        parts = [{"part_number": number, "etag": tag} for number, tag in sorted(self.tags.items())]
        body = {"path": "/tmp/f.bin", "upload_id": self.id, "parts": parts}
        return call(self.server.url, MPU + "complete/" + self.place, body)

    def content(self):
        url = f"{self.server.url}/api/2.0/mlflow-artifacts/artifacts/{self.place}/f.bin"
        status, content, _ = send("GET", url)
        return content if status == 200 else status


@pytest.mark.apus
@pytest.mark.parametrize("stop", ["restart", "kill"])
def test_an_upload_goes_on_after_the_server_was_started_again(stop):
    pieces = [os.urandom(50_000), os.urandom(50_000), os.urandom(50_000), os.urandom(7)]
    with ApusServer() as server:
        upload = Upload(server, new_run(server.url), 4)
        assert upload.put(4, pieces[3])[0] == 200
        assert upload.put(1, pieces[0])[0] == 200
        cut = half_a_part(upload, 2, pieces[1])
        if stop == "restart":
            cut.close()
            server.restart()
        else:
            server.kill()
            cut.close()
            server.start()
        status, answer = upload.complete()
        assert (status, answer["message"]) == (400, "Part 2 has not arrived; missing parts in all: 2.")
        for number in (3, 2):
            assert upload.put(number, pieces[number - 1])[0] == 200
        assert upload.complete() == (200, {})
        server.restart()
        # The client asks again when it has missed the answer.
        assert upload.complete() == (200, {})
        assert upload.content() == b"".join(pieces)
        assert upload.put(1, pieces[0])[0] == 404


def half_a_part(upload, number, content):
    """A connection on which half of a part has been sent and taken."""
    target = urllib.parse.urlsplit(upload.urls[number - 1])
    connection = http.client.HTTPConnection(upload.server.host, upload.server.port, timeout=60)
    connection.putrequest("PUT", f"{target.path}?{target.query}")
    connection.putheader("Content-Length", str(len(content)))
    connection.endheaders(content[: len(content) // 2])
    return connection


@pytest.mark.apus
def test_urls_name_the_host_and_the_prefix_that_the_client_used():
    with ApusServer(["--static-prefix", "/mlflow"]) as server:
        root = server.url.removesuffix("/mlflow")
        run_id = new_run(server.url)
        for base in (root, root + "/mlflow"):
            body = {"path": "f", "num_parts": 1}
            for host in ("localhost:1234", "192.168.0.7"):
                place = f"{MPU}create/0/{run_id}/artifacts"
                answer = must(base, place, body, headers={"Host": host})
                expected = f"http://{host}{base.removeprefix(root)}{MPU}parts/{answer['upload_id']}/1?expires="
                assert answer["credentials"][0]["url"].startswith(expected)
            information = must(base, "/api/3.0/mlflow/server-info")
            assert information["multipart_uploads_enabled"] is True
            # Behind a proxy that ends https the URLs would lead nowhere: the client sends the file whole.
            behind = {"X-Forwarded-Proto": "https"}
            information = must(base, "/api/3.0/mlflow/server-info", headers=behind)
            assert information["multipart_uploads_enabled"] is False
            status, answer = call(base, f"{MPU}create/0/{run_id}/artifacts", body, headers=behind)
            assert status == 501 and answer["message"].startswith("Multipart upload is not supported for the current")


@pytest.mark.apus
def test_parts_of_many_megabytes_pass_in_little_memory():
    part = os.urandom(MEGABYTE) * 8
    with ApusServer() as server:
        upload = Upload(server, new_run(server.url), 13)
        assert Upload(server, new_run(server.url), 1).put(1, part)[0] == 200
        before = memory(server.pid, "VmRSS")
        forget_peak(server.pid)
        failures = []

        def work(numbers):
            for number in numbers:
                content = part if number < 13 else part[:1000]
                if upload.put(number, content)[0] != 200:
                    failures.append(number)

        threads = [threading.Thread(target=work, args=(range(first, 0, -4),)) for first in (13, 12, 11, 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert failures == []
        assert upload.complete() == (200, {})
        assert memory(server.pid, "VmHWM") - before < 8 * MEGABYTE
        assert upload.content() == part * 12 + part[:1000]


@pytest.mark.apus
def test_ten_thousand_parts_and_not_one_more():
    with ApusServer() as server:
        upload = Upload(server, new_run(server.url), 10_000)
        assert len(upload.urls) == 10_000
        # Its body is larger than that of other messages.
        upload.tags = {number: "x" * 300 for number in range(1, 10_001)}
        status, answer = upload.complete()
        assert (status, answer["message"]) == (400, "Part 1 has not arrived; missing parts in all: 10000.")
        body = {"path": "f", "num_parts": 10_001}
        assert call(server.url, MPU + "create/" + upload.place, body)[0] == 400
