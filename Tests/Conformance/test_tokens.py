"""A server that asks for tokens: the client with one, without one and with a wrong one, and the commands beside it."""

import base64
import fcntl
import http.client
import json
import os
import socket
import subprocess
import time

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from helpers import API, call, send
from keeping import apus
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus
OWN = "/api/apus/1.0/"


@pytest.fixture(scope="module")
def server():
    with ApusServer(["--require-token"]) as running:
        yield running


def make(server, name, *arguments):
    return apus("token", "create", name, "--data-dir", server.data_directory, *arguments).stdout.strip()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def token(server):
    return make(server, "flows")


@pytest.fixture
def as_user(monkeypatch):
    """Sets the credentials of the client."""

    def set_up(token=None, user=None):
        for name in ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
            monkeypatch.delenv(name, raising=False)
        if user:
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", token)
        elif token:
            monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)

    return set_up


@pytest.mark.parametrize("user", [None, "anybody"])
def test_a_whole_run_with_a_token(server, token, as_user, user, tmp_path):
    as_user(token, user)
    mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment(f"flow-{user}")
    (tmp_path / "small.txt").write_text("small")
    with open(tmp_path / "large.bin", "wb") as large:
        large.truncate(12 * 1024 * 1024)
    os.environ.update(
        MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="true",
        MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(6 * 1024 * 1024),
        MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=str(5 * 1024 * 1024),
    )
    try:
        with mlflow.start_run() as run:
            mlflow.log_param("a", 1)
            mlflow.log_metric("loss", 0.5)
            mlflow.log_artifact(str(tmp_path / "small.txt"))
            # The client sends no credentials with the parts of a large file.
            mlflow.log_artifact(str(tmp_path / "large.bin"))
        got = MlflowClient(server.url).download_artifacts(run.info.run_id, "large.bin", str(tmp_path / ".."))
        assert os.path.getsize(got) == 12 * 1024 * 1024
        found = mlflow.search_runs(experiment_names=[f"flow-{user}"])
        assert found["metrics.loss"].tolist() == [0.5]
    finally:
        for name in list(os.environ):
            if name.startswith(("MLFLOW_ENABLE_PROXY", "MLFLOW_MULTIPART")):
                del os.environ[name]


@pytest.mark.parametrize("wrong", [None, "apus_wrong", "with space"])
def test_the_client_fails_at_once_without_a_valid_token(server, as_user, monkeypatch, wrong):
    # With its usual seven attempts: a 401 is not repeated.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    as_user(wrong)
    start = time.monotonic()
    with pytest.raises(MlflowException, match="apus token create"):
        MlflowClient(server.url).create_experiment("never")
    assert time.monotonic() - start < 5


def test_every_path_but_two_needs_a_token(server):
    paths = ["/", "/metrics", "/nothing", "/static-files/app.js", "/graphql", "/get-artifact", "/v1/traces", "/healthy"]
    paths += [API + "experiments/search", API + "nothing", "/ajax-api/2.0/mlflow/runs/search", OWN + "tokens/list"]
    paths += ["/api/2.0/mlflow-artifacts/artifacts/0/x", "/api/2.0/mlflow-artifacts/mpu/parts/u/1", "//health", "/health/"]
    for path in paths:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            status, content, headers = send(method, server.url + path)
            if path == "//health":
                # The doubled slash of a base URL counts as one.
                assert status == 200 or method not in ("GET", "HEAD"), (method, path)
                continue
            assert status == 401, (method, path, status)
            assert [field.split()[0] for field in headers.get_all("WWW-Authenticate")] == ["Basic", "Bearer"]
            if method != "HEAD":
                assert json.loads(content)["error_code"] == "UNAUTHENTICATED", (method, path)
    for path in ("/health", "/version"):
        assert send("GET", server.url + path)[0] == 200
        assert send("HEAD", server.url + path)[0] == 200
        assert send("POST", server.url + path)[0] == 401
    assert "storage" not in send("GET", server.url + "/health?deep=1")[1].decode()


def test_a_browser_is_asked_for_the_token_by_a_page(server, token):
    # A browser without a credential gets the form; one that has shown a wrong one is asked again.
    wrong = {"Accept": "text/html", "Authorization": "Basic " + base64.b64encode(b"me:wrong").decode()}
    status, content, headers = send("GET", server.url + "/", headers={"Accept": "text/html"})
    assert status == 200 and b"<h1>Log in</h1>" in content
    status, content, headers = send("GET", server.url + "/", headers=wrong)
    assert status == 401 and b"<h1>Apus needs a token</h1>" in content
    password = base64.b64encode(f"me:{token}".encode()).decode()
    assert send("GET", server.url + "/", headers={"Authorization": f"Basic {password}"})[0] == 200


def test_an_upload_is_refused_before_its_body_is_read(server):
    # The body is announced and never sent: only who does not wait for it can answer.
    for route in ("/api/2.0/mlflow-artifacts/artifacts/0/x", "/ajax-api/2.0/mlflow/upload-artifact?run_id=a&path=b"):
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        connection.putrequest("PUT" if "artifacts/" in route else "POST", route)
        connection.putheader("Content-Length", str(1 << 40))
        connection.endheaders()
        assert connection.getresponse().status == 401
        connection.close()


def test_a_part_needs_the_signature_in_its_address(server):
    part = f"{server.url}/api/2.0/mlflow-artifacts/mpu/parts/upload/1"
    assert send("PUT", part, b"x")[0] == 401
    assert send("PUT", part + "?expires=9999999999&signature=wrong", b"x")[0] == 403


def test_a_preflight_is_answered_without_a_token(server):
    preflight = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    status, _, headers = send("OPTIONS", server.url + API + "runs/create", headers=preflight)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "http://localhost:3000")


def test_a_token_that_reads_changes_nothing(server, as_user):
    reader = make(server, "reader", "--scope", "read")
    as_user(reader)
    client = MlflowClient(server.url)
    assert client.get_experiment("0").name == "Default"
    with pytest.raises(MlflowException, match="PERMISSION_DENIED.*scope read"):
        client.create_experiment("never")
    status, answer = call(server.url, OWN + "gc", {}, headers=bearer(make(server, "writer")))
    assert (status, answer["error_code"]) == (403, "PERMISSION_DENIED")


def test_a_revocation_counts_at_once_also_on_an_open_connection(server):
    token = make(server, "short")
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)

    def status():
        connection.request("GET", API + "experiments/get?experiment_id=0", headers=bearer(token))
        answer = connection.getresponse()
        answer.read()
        return answer.status

    assert status() == 200
    apus("token", "revoke", "short", "--data-dir", server.data_directory)
    assert status() == 401
    connection.close()


def test_tokens_are_listed_without_the_secret(server):
    token = make(server, "listed", "--scope", "read", "--experiment", "Default", "--expires", "30d")
    call(server.url, "experiments/get", headers=bearer(token), experiment_id="0")
    listed = apus("token", "list", "--data-dir", server.data_directory).stdout
    line = next(line for line in listed.splitlines() if line.startswith("listed: "))
    assert "scope read in experiment 0" in line and "valid until" in line and "last used" in line
    assert token not in listed
    answer = json.loads(apus("token", "list", "--data-dir", server.data_directory, "--json").stdout)
    entry = next(entry for entry in answer["tokens"] if entry["name"] == "listed")
    assert entry["experiment_ids"] == ["0"] and entry["last_used_time"] >= entry["creation_time"]


def test_administrators_manage_tokens_by_calls(server):
    root = bearer(make(server, "root", "--scope", "admin"))
    status, made = call(server.url, OWN + "tokens/create", {"name": "by-call", "scope": "read"}, headers=root)
    assert status == 200 and made["token"].startswith("apus_")
    assert call(server.url, "experiments/get", headers=bearer(made["token"]), experiment_id="0")[0] == 200
    names = [token["name"] for token in call(server.url, OWN + "tokens/list", headers=root)[1]["tokens"]]
    assert "by-call" in names and names == sorted(names)
    assert call(server.url, OWN + "tokens/revoke", {"name": "by-call"}, headers=root)[0] == 200
    assert call(server.url, "experiments/get", headers=bearer(made["token"]), experiment_id="0")[0] == 401


@pytest.mark.sqlite
def test_other_commands_on_the_machine_need_no_token(server, tmp_path):
    assert json.loads(apus("gc", "--data-dir", server.data_directory, "--dry-run", "--json").stdout)["dry_run"]
    apus("doctor", "--data-dir", server.data_directory)
    apus("export", "--format", "archive", "--data-dir", server.data_directory, "--output", tmp_path / "all.tar")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_TRACKING")}
    outside = subprocess.run(
        [apus_binary(), "doctor", server.url], capture_output=True, text=True, env=environment, timeout=60
    )
    assert outside.returncode == 1 and "401" in outside.stdout + outside.stderr


def test_tokens_outlive_the_server_and_are_made_without_one(tmp_path):
    with ApusServer(["--require-token"], directory=tmp_path / "server") as first:
        assert "there is none yet" in first.log()
        token = make(first, "kept")
        first.stop(remove=False)
        second = make(first, "offline")
        first.start()
        for known in (token, second):
            assert call(first.url, "experiments/get", headers=bearer(known), experiment_id="0")[0] == 200
        assert first.log().count("there is none yet") == 1


def test_a_first_token_makes_the_folder(tmp_path):
    folder = tmp_path / "new" / "data"
    token = apus("token", "create", "first", "--scope", "admin", "--data-dir", folder).stdout.strip()
    with ApusServer(["--require-token", "--data-dir", folder], directory=tmp_path / "server") as first:
        assert "there is none yet" not in first.log()
        assert call(first.url, "experiments/get", headers=bearer(token), experiment_id="0")[0] == 200


def test_a_client_with_a_wrong_token_never_waits(server, token, as_user):
    for number in range(60):
        status, _, headers = send("GET", server.url + "/metrics", headers=bearer(f"apus_{number}"))
        assert (status, headers.get("Retry-After")) == (401, None)
    as_user("apus_wrong")
    start = time.monotonic()
    with pytest.raises(MlflowException, match="apus token create"):
        MlflowClient(server.url).create_experiment("never")
    assert time.monotonic() - start < 5
    page = send("GET", server.url + "/metrics", headers=bearer(token))[1].decode()
    count = next(line for line in page.splitlines() if line.startswith("apus_wrong_tokens_total "))
    assert int(count.split()[1]) >= 61


def reuse(server):
    command = [apus_binary(), "server", "--port", "0", "--data-dir", server.data_directory, "--reuse", "--require-token"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.sqlite
def test_a_server_that_asks_nobody_is_not_reused_in_place_of_one_that_asks(server):
    assert reuse(server).returncode == 0
    with ApusServer() as open_server:
        second = reuse(open_server)
        assert second.returncode == 1 and second.stdout == ""
        assert open_server.url in second.stderr and "does not ask for credentials" in second.stderr


@pytest.mark.sqlite
def test_a_server_that_has_tokens_asks_nobody_only_if_it_is_told_to(tmp_path):
    with ApusServer(directory=tmp_path / "server") as first:
        make(first, "unused")
        assert "--require-token" not in first.log()
        folder = first.data_directory
    refused = apus("server", "--port", "0", "--data-dir", folder, check=False)
    assert refused.returncode == 1 and "This database has tokens" in refused.stderr and "--no-require-token" in refused.stderr
    with ApusServer(["--no-require-token", "--data-dir", folder], directory=tmp_path / "open") as second:
        assert second.log().count("this database has tokens, and with --no-require-token everybody may do everything") == 1
    apus("token", "revoke", "unused", "--data-dir", folder)
    with ApusServer(["--data-dir", folder], directory=tmp_path / "without") as third:
        assert "WARNING" not in third.log()


@pytest.mark.sqlite
def test_beside_a_server_at_a_socket_alone_the_command_says_what_to_do(tmp_path):
    lock = tmp_path / "apus.db.lock"
    apus("token", "create", "first", "--data-dir", tmp_path)
    with open(lock, "r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.truncate()
        held.write(f"{os.getpid()}\nunix:/run/apus.sock\n{os.uname().nodename}\nstore\n")
        held.flush()
        refused = apus("token", "create", "second", "--data-dir", tmp_path, check=False)
    assert refused.returncode == 1
    assert "only at unix:/run/apus.sock" in refused.stderr and "127.0.0.1" in refused.stderr


@pytest.mark.sqlite
def test_without_the_flag_nobody_is_asked_and_only_the_machine_manages_tokens():
    with ApusServer() as open_server:
        assert call(open_server.url, "experiments/get", experiment_id="0")[0] == 200
        assert call(open_server.url, "experiments/get", headers=bearer("wrong"), experiment_id="0")[0] == 200
        assert call(open_server.url, OWN + "tokens/create", {"name": "x", "scope": "admin"})[0] == 403
        assert make(open_server, "later").startswith("apus_")


def test_the_variable_stands_in_for_the_flag():
    with ApusServer(environment={"APUS_REQUIRE_TOKEN": "true"}) as guarded:
        assert call(guarded.url, "experiments/get", experiment_id="0")[0] == 401
    with ApusServer(["--no-require-token"], environment={"APUS_REQUIRE_TOKEN": "true"}) as open_server:
        assert call(open_server.url, "experiments/get", experiment_id="0")[0] == 200


def test_pipelined_requests_with_different_tokens_are_told_apart(server, token):
    request = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n"
    route = API + "experiments/get?experiment_id=0"
    field = f"Authorization: Bearer {token}\r\n"
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.sendall("".join([request.format(route, part) for part in (field, "", field)]).encode())
        received = b""
        while received.count(b"HTTP/1.1 ") < 3:
            received += connection.recv(65536)
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"401", b"200"]


def test_a_limited_token_is_at_home_in_its_experiment_and_nowhere_else(server, as_user, tmp_path):
    root = make(server, "owner", "--scope", "admin")
    as_user(root)
    client = MlflowClient(server.url)
    own, other = client.create_experiment("team-a"), client.create_experiment("team-b")
    theirs = client.create_run(other)
    (tmp_path / "secret.txt").write_text("secret")
    client.log_artifact(theirs.info.run_id, str(tmp_path / "secret.txt"))
    client.log_metric(theirs.info.run_id, "loss", 1.0)

    as_user(make(server, "team-a", "--experiment", "team-a"))
    mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment("team-a")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5)
        mlflow.log_artifact(str(tmp_path / "secret.txt"))
    client = MlflowClient(server.url)
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["secret.txt"]
    assert [experiment.name for experiment in client.search_experiments()] == ["team-a"]
    assert [found.info.run_id for found in client.search_runs([own, other])] == [run.info.run_id]
    for refused in (
        lambda: client.get_run(theirs.info.run_id),
        lambda: client.log_metric(theirs.info.run_id, "loss", 2.0),
        lambda: client.delete_experiment(other),
        lambda: client.download_artifacts(theirs.info.run_id, "secret.txt", str(tmp_path)),
        lambda: client.create_experiment("team-c"),
        lambda: client.create_registered_model("model"),
        lambda: mlflow.set_experiment("team-b"),
    ):
        with pytest.raises(MlflowException, match="RESOURCE_DOES_NOT_EXIST|PERMISSION_DENIED"):
            refused()
    path = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{other}/{theirs.info.run_id}/artifacts/secret.txt"
    own_token = make(server, "team-a-again", "--experiment", own)
    assert send("GET", path, headers=bearer(own_token))[0] == 403
    assert send("GET", server.url + "/metrics", headers=bearer(own_token))[0] == 403
    assert send("GET", path, headers=bearer(root))[:2] == (200, b"secret")
