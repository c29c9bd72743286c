"""Where artifacts are served from: alone, from a moved folder, from a storage that fails."""

import http.client
import json
import os
import shutil
import subprocess
import zipfile

import mlflow
import pytest

from helpers import call, must, new_run, send
from servers import ApusServer, apus_binary, wait_until

pytestmark = pytest.mark.apus
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
# The statuses on which clients of any version send a request again, for minutes.
RETRIED = {408, 429, 500, 502, 503, 504}


@pytest.mark.parametrize(
    "arguments, environment",
    [(["--artifacts-only"], {}), ([], {"MLFLOW_ARTIFACTS_ONLY": "true"})],
    ids=["flag", "variable"],
)
def test_a_server_for_artifacts_alone(tmp_path, arguments, environment):
    with ApusServer([*arguments, "--artifacts-destination", tmp_path / "there"], environment) as server:
        assert send("PUT", f"{server.url}{ARTIFACTS}/a/b.txt", b"x")[0] == 200
        assert send("GET", f"{server.url}{ARTIFACTS}/a/b.txt")[1] == b"x"
        listed = {"files": [{"path": "b.txt", "is_dir": False, "file_size": 1}]}
        assert call(server.url, f"{ARTIFACTS}?path=a")[1] == listed
        assert (tmp_path / "there" / "a" / "b.txt").read_text() == "x"
        assert send("GET", f"{server.url}/version")[1] == b"3.17.2"
        assert call(server.url, "/api/3.0/mlflow/server-info")[0] == 200
        for route, body in (
            ("experiments/search", {"max_results": 1}),
            ("runs/create", {"experiment_id": "0"}),
            ("registered-models/create", {"name": "m"}),
        ):
            status, answer = call(server.url, route, body)
            assert (status, answer["error_code"]) == (501, "NOT_IMPLEMENTED"), answer
            assert "--artifacts-only" in answer["message"]
        for target in ("/get-artifact?run_id=x&path=a", "/api/2.0/mlflow/artifacts/list?run_id=x"):
            assert call(server.url, target)[0] == 501
        upload = f"{server.url}/ajax-api/2.0/mlflow/upload-artifact?run_uuid=x&path=a"
        assert send("POST", upload, b"x" * 100_000)[0] == 501


def test_a_server_for_artifacts_alone_takes_no_backend_store(tmp_path):
    command = [str(apus_binary()), "server", "--artifacts-only", "--backend-store-uri", f"sqlite:///{tmp_path}/x.db"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert result.returncode != 0
    assert "--artifacts-only" in result.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("how", ["renamed", "zipped"])
def test_a_data_directory_is_served_from_its_new_place(tmp_path, how):
    old, new = tmp_path / "old", tmp_path / "elsewhere" / "new"
    with ApusServer(["--data-dir", old]) as server:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("moved")
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1)
            mlflow.log_text("hello", "notes/a b.txt")
            mlflow.log_dict({"a": 1}, "d.json")
    new.parent.mkdir()
    if how == "renamed":
        old.rename(new)
    else:
        archive = shutil.make_archive(str(tmp_path / "data"), "zip", old)
        shutil.rmtree(old)
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(new)
    with ApusServer(["--data-dir", new]) as server:
        mlflow.set_tracking_uri(server.url)
        info = mlflow.get_run(run.info.run_id).info
        assert mlflow.artifacts.load_text(f"{info.artifact_uri}/notes/a b.txt") == "hello"
        assert mlflow.artifacts.load_dict(f"{info.artifact_uri}/d.json") == {"a": 1}
        # By plain HTTP: the client keeps a run's old address in mind.
        more = f"{ARTIFACTS}/{info.experiment_id}/{info.run_id}/artifacts/notes/more.txt"
        assert send("PUT", server.url + more, b"more")[0] == 200
        client = mlflow.MlflowClient(server.url)
        listed = client.list_artifacts(info.run_id, "notes")
        assert [item.path for item in listed] == ["notes/a b.txt", "notes/more.txt"]
    assert not old.exists()


def every_call(server, run):
    target = f"{ARTIFACTS}/0/{run}/artifacts/a"
    yield "PUT", target, b"x"
    yield "GET", target, None
    yield "HEAD", target, None
    yield "DELETE", target, None
    yield "GET", f"{ARTIFACTS}?path=0/{run}", None
    yield "GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}", None
    yield "GET", f"/get-artifact?run_id={run}&path=a", None
    yield "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=a", b"x"


def errors_of_every_call(server, run):
    """Sends every call; all must fail at once with an error that is not retried. Returns statuses and messages."""
    found = []
    for method, target, body in every_call(server, run):
        status, content, _ = send(method, server.url + target, body)
        assert 400 <= status and status not in RETRIED, (method, target, status, content)
        if method != "HEAD":
            found.append((status, json.loads(content)["message"]))
    assert send("GET", f"{server.url}/health")[1] == b"OK"
    return found


def test_a_file_in_the_place_of_the_root_is_a_clear_error():
    with ApusServer() as server:
        run = new_run(server.url)
        root = server.data_directory / "artifacts"
        root.rmdir()
        root.write_text("in the way")
        for status, message in errors_of_every_call(server, run):
            assert status == 507 and "--artifacts-destination" in message
        root.unlink()
        assert send("PUT", f"{server.url}{ARTIFACTS}/0/{run}/artifacts/a", b"x")[0] == 200


def test_a_root_that_vanished_is_made_again_by_the_next_upload():
    with ApusServer() as server:
        run = new_run(server.url)
        target = f"{server.url}{ARTIFACTS}/0/{run}/artifacts/a"
        assert send("PUT", target, b"x")[0] == 200
        shutil.rmtree(server.data_directory / "artifacts")
        assert send("GET", target)[0] == 404
        assert must(server.url, "artifacts/list", run_id=run).get("files") is None
        assert send("PUT", target, b"y")[0] == 200
        assert send("GET", target)[1] == b"y"


class OrdinaryServer(ApusServer):
    """Apus as a user whom permissions bind, also when the tests run as root."""

    nobody = 65_534

    def command(self):
        if os.geteuid() != 0:
            return super().command()
        os.chown(self.directory, self.nobody, self.nobody)
        return ["setpriv", f"--reuid={self.nobody}", f"--regid={self.nobody}", "--clear-groups", *super().command()]


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may do all")
@pytest.mark.parametrize("mode", [0o000, 0o500], ids=["closed", "read-only"])
def test_a_folder_that_may_not_be_written_is_a_403(mode):
    with OrdinaryServer() as server:
        run = new_run(server.url)
        target = f"{server.url}{ARTIFACTS}/0/{run}/artifacts/a"
        folder = server.data_directory / "artifacts" / "0" / run / "artifacts"
        assert send("PUT", target, b"x")[0] == 200
        folder.chmod(mode)
        try:
            for method in ("PUT", "DELETE"):
                status, content, _ = send(method, target, b"y" if method == "PUT" else None)
                assert (status, json.loads(content)["error_code"]) == (403, "PERMISSION_DENIED"), method
            status, content, _ = send("GET", target)
            assert (status, content) == (200, b"x") if mode else status == 403
            status, answer = call(server.url, "artifacts/list", run_id=run)
            assert status == (200 if mode else 403), answer
        finally:
            folder.chmod(0o700)
        assert send("PUT", target, b"y")[0] == 200
        assert not [path for path in folder.iterdir() if path.name != "a"]


def test_an_upload_whose_folder_is_deleted_meanwhile_is_no_server_fault():
    with ApusServer() as server:
        run = new_run(server.url)
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        connection.putrequest("PUT", f"{ARTIFACTS}/0/{run}/artifacts/deep/a")
        connection.putheader("Content-Length", "6")
        connection.endheaders()
        connection.send(b"abc")
        folder = server.data_directory / "artifacts" / "0" / run / "artifacts" / "deep"
        wait_until(lambda: folder.exists() and list(folder.iterdir()), 10, "the unfinished upload")
        while folder.exists():
            assert send("DELETE", f"{server.url}{ARTIFACTS}/0/{run}/artifacts")[0] == 200
        connection.send(b"def")
        answer = connection.getresponse()
        # The client sends the file again, which then succeeds.
        assert answer.status == 429
        assert json.loads(answer.read())["error_code"] == "REQUEST_LIMIT_EXCEEDED"
        target = f"{server.url}{ARTIFACTS}/0/{run}/artifacts/deep/a"
        assert send("PUT", target, b"abcdef")[0] == 200 and send("GET", target)[1] == b"abcdef"


def test_leftovers_of_a_crash_are_never_seen_and_swept_from_every_root(tmp_path):
    with ApusServer(["--default-artifact-root", tmp_path / "root"]) as server:
        run = new_run(server.url)
        upload = f"{server.url}/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=d/a"
        assert send("POST", upload, b"x")[0] == 200
        server.kill()
        beside = server.data_directory / "artifacts"
        beside.mkdir(exist_ok=True)
        left = [tmp_path / "root" / "0" / run / "artifacts" / "d" / ".apus-upload-dead-1", beside / ".apus-upload-dead-2"]
        for path in left:
            path.write_bytes(b"half")
        server.start()
        listed = must(server.url, "artifacts/list", run_id=run, path="d")["files"]
        assert [item["path"] for item in listed] == ["d/a"]
        assert "files" not in call(server.url, ARTIFACTS)[1]
        wait_until(lambda: not any(path.exists() for path in left), 10, "the sweep")
