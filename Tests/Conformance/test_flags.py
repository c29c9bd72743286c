"""Flags and environment variables of `mlflow server`, by the same names."""

import json
import os
import posixpath
import re
import subprocess
import uuid

import mlflow
import pytest

from helpers import call, must, new_run, send
from servers import ApusServer, apus_binary, wait_until

pytestmark = pytest.mark.apus


def train(url):
    """A short training with an artifact. Returns the run."""
    mlflow.set_tracking_uri(url)
    experiment = mlflow.set_experiment(uuid.uuid4().hex).experiment_id
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_metric("m", 1)
        mlflow.log_text("hello", "notes/a b.txt")
    return run.info


@pytest.mark.parametrize("scheme", ["", "file://"], ids=["folder", "file uri"])
def test_with_a_local_artifact_root_the_client_writes_there_itself(tmp_path, scheme):
    root = tmp_path / "shared artifacts"
    root.mkdir()
    given = f"{scheme}{root}".replace(" ", "%20") if scheme else str(root)
    with ApusServer(["--default-artifact-root", given]) as server:
        info = train(server.url)
        assert not info.artifact_uri.startswith("mlflow-artifacts:")
        written = list(root.rglob("a b.txt"))
        assert [path.read_text() for path in written] == ["hello"]
        client = mlflow.MlflowClient(server.url)
        assert [item.path for item in client.list_artifacts(info.run_id, "notes")] == ["notes/a b.txt"]
        listed = must(server.url, "artifacts/list", run_id=info.run_id, path="notes")
        assert listed["files"] == [{"path": "notes/a b.txt", "is_dir": False, "file_size": 5}]
        status, body, _ = send("GET", f"{server.url}/get-artifact?run_id={info.run_id}&path=notes/a%20b.txt")
        assert (status, body) == (200, b"hello")


def test_a_location_that_nobody_named_is_stored_but_not_opened(tmp_path):
    outside = tmp_path / "outside"
    (outside / "secret").mkdir(parents=True)
    with ApusServer() as server:
        body = {"name": "elsewhere", "artifact_location": str(outside)}
        experiment = must(server.url, "experiments/create", body)["experiment_id"]
        run_id = new_run(server.url, experiment)
        assert must(server.url, "experiments/get", experiment_id=experiment)["experiment"]["artifact_location"] == str(
            outside
        )
        status, answer = call(server.url, "artifacts/list", run_id=run_id)
        assert 400 <= status < 500
        assert "--" in answer["message"]


def test_without_served_artifacts_their_routes_are_closed(tmp_path):
    with ApusServer(["--no-serve-artifacts", "--default-artifact-root", tmp_path / "root"]) as server:
        status, answer = call(server.url, "/api/2.0/mlflow-artifacts/artifacts")
        assert 400 <= status <= 503 and status != 500
        assert answer["message"]
        assert train(server.url).artifact_uri.startswith(str(tmp_path / "root"))


def test_everything_is_under_the_static_prefix_too():
    with ApusServer(["--static-prefix", "/mlflow"]) as server:
        base = f"{server.url.removesuffix('/mlflow')}/mlflow"
        assert send("GET", f"{base}/health")[1] == b"OK"
        assert send("GET", f"{base}/version")[1] == b"3.17.2"
        assert send("GET", f"{base}/")[0] == 200
        assert must(base, "/ajax-api/2.0/mlflow/experiments/get", experiment_id="0")
        info = train(base)
        assert must(base, "runs/get", run_id=info.run_id)["run"]["info"]["status"] == "FINISHED"
        status, body, _ = send("GET", f"{base}/get-artifact?run_id={info.run_id}&path=notes/a%20b.txt")
        assert (status, body) == (200, b"hello")


def test_database_and_artifacts_can_live_apart(tmp_path):
    arguments = ["--backend-store-uri", f"sqlite:///{tmp_path}/here.db", "--artifacts-destination", tmp_path / "there"]
    with ApusServer(arguments) as server:
        info = train(server.url)
        assert info.artifact_uri.startswith("mlflow-artifacts:/")
    assert (tmp_path / "here.db").exists()
    assert [path.read_text() for path in (tmp_path / "there").rglob("a b.txt")] == ["hello"]


def test_environment_variables_are_flags_too(tmp_path):
    environment = {
        "MLFLOW_HOST": "127.0.0.1",
        "MLFLOW_PORT": "0",
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path}/here.db",
        "MLFLOW_ARTIFACTS_DESTINATION": str(tmp_path / "there"),
        "MLFLOW_SERVER_X_FRAME_OPTIONS": "DENY",
    }
    with ApusServer(environment=environment) as server:
        train(server.url)
        assert (tmp_path / "here.db").exists()
        assert list((tmp_path / "there").rglob("a b.txt"))
        _, _, headers = send("GET", f"{server.url}/health")
        assert headers["X-Frame-Options"] == "DENY"


def test_allowed_hosts_may_come_from_the_environment():
    with ApusServer(environment={"MLFLOW_SERVER_ALLOWED_HOSTS": "tracking.example.com"}) as server:
        route = "/api/2.0/mlflow/experiments/get?experiment_id=0"
        assert send("GET", server.url + route, headers={"Host": "tracking.example.com"})[0] == 200
        assert send("GET", server.url + route, headers={"Host": "other.example.com"})[0] == 403


def test_further_variables_are_flags_too(tmp_path):
    environment = {
        "APUS_DATA_DIR": str(tmp_path / "data"),
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": str(tmp_path / "root"),
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true",
    }
    with ApusServer(environment=environment) as server:
        assert train(server.url).artifact_uri.startswith(str(tmp_path / "root"))
        assert (tmp_path / "data" / "apus.db").exists()
        assert send("GET", f"{server.url}/", headers={"Host": "other.example.com"})[0] == 200


def test_a_flag_wins_over_its_variable(tmp_path):
    environment = {"APUS_DATA_DIR": str(tmp_path / "variable"), "MLFLOW_SERVER_X_FRAME_OPTIONS": "DENY"}
    with ApusServer(["--data-dir", tmp_path / "flag", "--x-frame-options", "SAMEORIGIN"], environment) as server:
        assert (tmp_path / "flag" / "apus.db").exists()
        assert not (tmp_path / "variable").exists()
        assert send("GET", f"{server.url}/health")[2]["X-Frame-Options"] == "SAMEORIGIN"


def lines_of_the_start(server):
    """What a server says when it has started, a moment after its first answers."""
    return wait_until(lambda: server.output().splitlines(), 10, "the line of the start")


@pytest.mark.parametrize(
    "flag", [["--workers", "4"], ["-w", "2"], ["--gunicorn-opts", "-t 9"], ["--dev"]], ids=" ".join
)
def test_flags_that_mean_nothing_here_are_taken_with_a_word(flag):
    with ApusServer(flag) as server:
        assert send("GET", f"{server.url}/health")[1] == b"OK"
        assert flag[0] in server.log_path.read_text() or "--workers" in server.log_path.read_text()
        assert len(lines_of_the_start(server)) == 1


def test_a_good_start_prints_one_line_and_nothing_else():
    with ApusServer() as server:
        lines = lines_of_the_start(server)
        assert len(lines) == 1
        assert server.url in lines[0]
        assert "apus.db" in lines[0]
        assert server.ready_path.read_text().strip() == server.url
        train(server.url)
        assert server.output().splitlines() == lines


def test_data_outlives_a_restart():
    with ApusServer() as server:
        info = train(server.url)
        server.restart()
        client = mlflow.MlflowClient(server.url)
        run = client.get_run(info.run_id)
        assert (run.data.metrics, run.info.run_name) == ({"m": 1}, info.run_name)
        mlflow.set_tracking_uri(server.url)
        assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/a b.txt") == "hello"


def test_a_deleted_default_experiment_does_not_come_back():
    with ApusServer() as server:
        must(server.url, "experiments/delete", {"experiment_id": "0"})
        server.restart()
        found = must(server.url, "experiments/get", experiment_id="0")["experiment"]
        assert found["lifecycle_stage"] == "deleted"


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["server", "--help"], ["doctor", "--help"]], ids=" ".join
)
def test_help_and_version_end_well(arguments):
    result = subprocess.run([str(apus_binary()), *arguments], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0
    assert result.stderr == ""
    # A subcommand has a help of its own.
    assert " ".join(["apus", *arguments[:-1]]) in result.stdout


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["--port", "99999"], ["--port", "x"], ["--log-level", "loud"]], ids=" ".join
)
def test_a_wrong_flag_is_refused(arguments, tmp_path):
    command = [str(apus_binary()), "server", "--data-dir", str(tmp_path / "data"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode > 0
    assert result.stderr


SOURCE_PATTERN = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"


def test_sources_of_versions_must_match_the_pattern_of_the_operator():
    with ApusServer(environment={SOURCE_PATTERN: r"^s3://(?:team-\d+|shared)/"}) as server:
        must(server.url, "registered-models/create", {"name": "m"})
        for source, expected in [("s3://team-7/x", 200), ("s3://team-x/x", 400)]:
            status, answer = call(server.url, "model-versions/create", {"name": "m", "source": source})
            assert status == expected
        assert answer["message"].startswith("Invalid model version source: 's3://team-x/x'.")


def test_a_pattern_that_is_none_stops_the_start(tmp_path):
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", str(tmp_path / "data")]
    environment = os.environ | {SOURCE_PATTERN: "(unclosed"}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert result.returncode > 0
    assert SOURCE_PATTERN in result.stderr


def test_the_metrics_page_counts_requests():
    with ApusServer() as server:
        new_run(server.url)
        status, body, headers = send("GET", f"{server.url}/metrics")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain")
        lines = body.decode().splitlines()
        assert any("runs/create" in line and "200" in line for line in lines)


def test_the_first_page_and_the_server_info_are_there():
    with ApusServer() as server:
        status, body, headers = send("GET", f"{server.url}/")
        assert (status, headers["Content-Type"].split(";")[0]) == (200, "text/html")
        assert b"<html" in body.lower()
        named = {path.decode() for path in re.findall(rb'"(static-files/[^"]+)"', body)}
        assert {"static-files/page.css", "static-files/core/start.js"} <= named
        seen = {}
        while named:
            path = named.pop()
            status, body, _ = send("GET", f"{server.url}/{path}")
            assert status == 200, path
            seen[path] = body
            imported = re.findall(r'(?:from|import)"(\.[^"]+)"', body.decode()) if path.endswith(".js") else []
            named |= {posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in imported} - seen.keys()
        # The router comes with the start; both are there before any page.
        assert {"static-files/core/ahead.js", "static-files/core/start.js"} == {path for path in seen if path.endswith(".js")}
        assert b'$held["core/router.js"]' in seen["static-files/core/start.js"]
        # A module that comes later takes from there what it needs.
        status, body, _ = send("GET", f"{server.url}/static-files/pages/run.js")
        assert status == 200 and b'=$held["core/dom.js"];' in body
        status, body, _ = send("GET", f"{server.url}/api/3.0/mlflow/server-info")
        assert status == 200
        assert isinstance(json.loads(body), dict)
