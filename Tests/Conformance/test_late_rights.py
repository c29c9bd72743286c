"""Requests whose bodies come late, or that wait, while the right to them is taken away."""

import base64
import json
import socket
from urllib.parse import urlsplit

import pytest
from helpers import call, in_threads, must, send
from servers import ApusServer

pytestmark = pytest.mark.apus
PASSWORD = "correct horse battery"
OTHER = "another long password"
ADMIN = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
OWN = "/api/apus/1.0/"
FILES = "/api/2.0/mlflow-artifacts/artifacts/"


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    arguments = ["--app-name", "basic-auth", "--default-permission", "NO_PERMISSIONS"]
    with ApusServer(arguments, ADMIN, directory=tmp_path_factory.mktemp("server")) as running:
        yield running


def user(server, name):
    must(server.url, "users/create", {"username": name, "password": PASSWORD}, headers=basic("root"))
    return name


class LateBody:
    """A request whose head has been judged, and whose body is still to come."""

    def __init__(self, url, method, path, fields, body, sent=0):
        address = urlsplit(url)
        self.body = body[sent:]
        self.peer = socket.create_connection((address.hostname, address.port), timeout=60)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {address.netloc}", "Content-Type: application/json", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        lines += [f"Content-Length: {len(body)}"] + ([] if sent else ["Expect: 100-continue"])
        self.peer.sendall("\r\n".join([*lines, "", ""]).encode() + body[:sent])
        if not sent:
            # The server asks for a body after it has admitted the head.
            assert b" 100 " in self.peer.recv(4096)

    def finish(self):
        self.peer.sendall(self.body)
        answer = b""
        while piece := self.peer.recv(65536):
            answer += piece
        self.peer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body


def test_a_late_body_makes_no_token_after_the_password_was_reset(server):
    ann = user(server, "late-ann")
    late = LateBody(server.url, "POST", OWN + "tokens/create", basic(ann), json.dumps({"name": "late"}).encode())
    body = {"username": ann, "password": OTHER}
    assert call(server.url, "users/update-password", body, method="PATCH", headers=basic("root"))[0] == 200
    assert late.finish()[0] == 401
    assert must(server.url, OWN + "tokens/list", headers=basic(ann, OTHER))["tokens"] == []


def test_parallel_changes_of_the_own_password_do_not_undo_a_reset(server):
    eve = user(server, "late-eve")

    def own(number):
        body = {"username": eve, "password": f"a password of eve {number}", "current_password": PASSWORD}
        return call(server.url, "users/update-password", body, method="PATCH", headers=basic(eve))[0]

    def change(number):
        if number == 3:
            body = {"username": eve, "password": OTHER}
            return call(server.url, "users/update-password", body, method="PATCH", headers=basic("root"))[0]
        return own(number)

    statuses = in_threads(change, [(number,) for number in range(6)])
    assert statuses[3] == 200
    assert sum(status == 200 for status in statuses) <= 2
    assert all(status in (200, 400, 401) for status in statuses)
    # Whoever came first: in the end the admin's counts.
    assert send("GET", server.url + "/api/2.0/mlflow/users/current", headers=basic(eve, OTHER))[0] == 200
    assert own(9) == 401


def test_files_are_neither_stored_nor_deleted_after_manage_was_taken(server):
    bob = user(server, "late-bob")
    experiment = must(server.url, "experiments/create", {"name": "late files"}, headers=basic(bob))["experiment_id"]
    run = must(server.url, "runs/create", {"experiment_id": experiment}, headers=basic(bob))["run"]["info"]["run_id"]
    path = f"{FILES}{experiment}/{run}/artifacts/a.txt"
    assert send("PUT", server.url + path, b"one", headers=basic(bob))[0] == 200
    upload = LateBody(server.url, "PUT", path, basic(bob), b"two", sent=1)
    deletion = LateBody(server.url, "DELETE", path, basic(bob), b"{}")
    grant = {"username": bob, "resource_type": "experiment", "resource_id": experiment}
    must(server.url, "/api/3.0/mlflow/users/permissions/revoke", grant, headers=basic("root"))
    assert upload.finish()[0] == 403
    assert deletion.finish()[0] == 403
    assert send("GET", server.url + path, headers=basic("root"))[1] == b"one"


def test_spellings_of_a_right_password_are_one_password(server):
    ida = user(server, "late-ida")
    url = server.url + "/api/2.0/mlflow/users/current"
    assert send("GET", url, headers=basic(ida))[0] == 200
    wrong = [send("GET", url, headers=basic(ida, f"wrong password {number}"))[0] for number in range(30)]
    assert wrong[-1] == 429
    # No check is made now, and none is needed.
    value = basic(ida)["Authorization"].split()[1]
    for field in (f"basic {value}", f"BASIC {value}", f"bAsIc {value}"):
        assert send("GET", url, headers={"Authorization": field})[0] == 200


@pytest.mark.parametrize("name", ["the operator's command", "The Operator's  Command", "server", "Command", "anyone"])
def test_names_of_the_server_are_refused(server, name):
    status, error = call(server.url, "users/create", {"username": name, "password": PASSWORD}, headers=basic("root"))
    assert status == 400 and "shows it for itself" in error["message"]
    status, error = call(server.url, OWN + "tokens/create", {"name": name}, headers=basic("root"))
    assert status == 400 and "shows it for itself" in error["message"]


def test_a_late_body_brings_back_neither_groups_nor_a_user(tmp_path):
    arguments = ["--app-name", "basic-auth", "--trust-proxy-user", "X-User", "--trust-proxy-groups", "X-Groups"]
    arguments += ["--trusted-proxies", "127.0.0.1", "--group-scopes", "team=write"]
    with ApusServer(arguments, ADMIN, directory=tmp_path) as server:
        known = {"X-User": "ada", "X-Groups": "team"}
        make = json.dumps({"name": "late experiment"}).encode()
        path = "/api/2.0/mlflow/experiments/create"
        token = must(server.url, OWN + "tokens/create", {"name": "t"}, headers=known)["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        late = LateBody(server.url, "POST", path, known, make)
        assert send("GET", server.url + "/version", headers={**known, "X-Groups": ""})[0] == 200
        assert send("GET", server.url + OWN + "log-in", headers={**known, "X-Groups": ""})[0] == 403
        assert late.finish()[0] == 403
        assert send("GET", server.url + OWN + "log-in", headers=bearer)[0] == 403
        assert send("GET", server.url + OWN + "log-in", headers=known)[0] == 200
        late = LateBody(server.url, "POST", path, known, make)
        assert call(server.url, "users/delete", {"username": "ada"}, method="DELETE", headers=basic("root"))[0] == 200
        assert late.finish()[0] == 403
        names = [one["username"] for one in must(server.url, "users/list", headers=basic("root"))["users"]]
        assert "ada" not in names
        assert send("GET", server.url + OWN + "log-in", headers=known)[0] == 200
