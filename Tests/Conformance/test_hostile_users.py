"""What somebody without an account, or with a plain one, must neither see nor take from others."""

import base64
import socket
from urllib.parse import urlsplit

import pytest
from helpers import must, send
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
PASSWORD = "correct horse battery"
ADMIN = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
OWN = "/api/apus/1.0/"


def basic(name):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with users that forwards to a port at which nobody listens."""
    arguments = ["--app-name", "basic-auth", "--default-permission", "NO_PERMISSIONS", "--upstream", "http://127.0.0.1:9"]
    with ApusServer(arguments, ADMIN, directory=tmp_path_factory.mktemp("server")) as running:
        for name in ("ann", "eve"):
            must(running.url, "users/create", {"username": name, "password": PASSWORD}, headers=basic("root"))
        yield running


def test_the_state_of_forwarding_shows_what_its_reader_may_read(server):
    root, ann, eve = basic("root"), basic("ann"), basic("eve")
    experiment = must(server.url, "experiments/create", {"name": "secret experiment"}, headers=ann)["experiment_id"]
    run = must(
        server.url, "runs/create", {"experiment_id": experiment, "run_name": "secret run"}, headers=ann
    )["run"]["info"]["run_id"]
    must(server.url, "registered-models/create", {"name": "secret model"}, headers=ann)

    def status(headers):
        return str(must(server.url, OWN + "forward/status", {}, headers=headers))

    wait_until(lambda: "secret run" in status(root), 30, "the forwarder to know of the run")
    assert run in status(ann)
    for shown in (status(eve), send("GET", server.url + "/health?verbose=1", headers=eve)[1].decode()):
        assert "secret" not in shown and run not in shown and "backlog_runs" in shown
    page = must(server.url, OWN + "forward/status", {"run_ids": [run]}, headers=eve)
    assert page["run_states"] == [] and page["omissions"] == [] and page["postponed"] == []


def test_metrics_are_for_admins_and_tokens_of_the_operator(server):
    assert send("GET", server.url + "/metrics", headers=basic("eve"))[0] == 403
    assert send("GET", server.url + "/metrics", headers=basic("root"))[0] == 200
    for name, status in (("eve", 403), ("root", 200)):
        token = must(server.url, OWN + "tokens/create", {"name": "m", "scope": "read"}, headers=basic(name))["token"]
        assert send("GET", server.url + "/metrics", headers={"Authorization": f"Bearer {token}"})[0] == status


@pytest.mark.parametrize("line", ["POST /login", "POST /logout", "GET /login", "GET /health", "GET /version"])
def test_a_request_without_a_credential_takes_no_memory_for_its_body(server, line):
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(
            f"{line} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: 33000000\r\n\r\n".encode()
        )
        # The answer comes at the head, before any of the body.
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]
