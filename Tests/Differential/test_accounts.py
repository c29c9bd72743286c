"""Users, roles and permissions: the reference with its basic-auth application and Apus answer the same status to each
call of each user, and the same members where accounts are listed."""

from __future__ import annotations

import base64
import itertools
import json

import pytest

from servers import ApusServer, ReferenceServer
from wire import Connection

PASSWORD = "correct horse battery"
ADMIN = "admin"
API = "/api/2.0/mlflow/"
API3 = "/api/3.0/mlflow/"
ENVIRONMENT = {"MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD, "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN}

# Who holds which grants, as (type, pattern, permission); the patterns E and M stand for the experiment and the model.
HOLDERS = {
    "nobody": [],
    "reader": [("experiment", "E", "READ"), ("registered_model", "M", "READ")],
    "user": [("experiment", "E", "USE"), ("registered_model", "M", "USE")],
    "editor": [("experiment", "E", "EDIT"), ("registered_model", "M", "EDIT")],
    "manager": [("experiment", "E", "MANAGE"), ("registered_model", "M", "MANAGE")],
    "denied": [("experiment", "E", "DENY"), ("registered_model", "M", "DENY")],
    "all-editor": [("experiment", "*", "EDIT"), ("registered_model", "*", "EDIT")],
    "all-denied": [("experiment", "*", "DENY"), ("registered_model", "*", "DENY")],
    "denied-and-manager": [("experiment", "*", "DENY"), ("experiment", "E", "MANAGE")],
    "run-editor": [("run", "*", "EDIT"), ("logged_model", "*", "EDIT"), ("registered_model_version", "*", "EDIT")],
    "run-manager": [("run", "*", "MANAGE"), ("registered_model_version", "*", "MANAGE")],
    "run-denied": [
        ("experiment", "E", "MANAGE"),
        ("registered_model", "M", "MANAGE"),
        ("run", "*", "DENY"),
        ("logged_model", "*", "DENY"),
        ("registered_model_version", "*", "DENY"),
    ],
    "run-reader": [
        ("experiment", "E", "MANAGE"),
        ("registered_model", "M", "MANAGE"),
        ("run", "*", "READ"),
        ("logged_model", "*", "READ"),
        ("registered_model_version", "*", "READ"),
    ],
}

# What each of them asks; E, R, L and M stand for the ids and names of things of the admin, and ? for a name of its own.
READS = [
    ("GET", API + "experiments/get", {"experiment_id": "E"}),
    ("GET", API + "experiments/get-by-name", {"experiment_name": "shared"}),
    ("GET", API + "experiments/get-by-name", {"experiment_name": "no such"}),
    ("POST", API + "experiments/search", {"max_results": 100}),
    ("GET", API + "runs/get", {"run_id": "R"}),
    ("GET", API + "runs/get", {"run_id": "0" * 32}),
    ("POST", API + "runs/search", {"experiment_ids": ["E"]}),
    ("GET", API + "metrics/get-history", {"run_id": "R", "metric_key": "m"}),
    ("GET", API + "artifacts/list", {"run_id": "R"}),
    ("GET", "/get-artifact", {"run_id": "R", "path": "a.txt"}),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts", {"path": "E/R/artifacts"}),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts/E/R/artifacts/a.txt", {}),
    ("GET", API + "logged-models/L", {}),
    ("POST", API + "logged-models/search", {"experiment_ids": ["E"]}),
    ("GET", API + "registered-models/get", {"name": "M"}),
    ("GET", API + "registered-models/get", {"name": "no such"}),
    ("GET", API + "registered-models/search", {}),
    ("GET", API + "registered-models/get-latest-versions", {"name": "M"}),
    ("GET", API + "registered-models/alias", {"name": "M", "alias": "best"}),
    ("GET", API + "model-versions/get", {"name": "M", "version": "1"}),
    ("GET", API + "model-versions/get", {"name": "no such", "version": "1"}),
    ("GET", API + "model-versions/get-download-uri", {"name": "M", "version": "1"}),
    ("GET", API + "model-versions/search", {}),
    ("GET", API + "users/current", {}),
    ("GET", API + "users/list", {}),
    ("GET", API + "users/get", {"username": "nobody"}),
    ("GET", API3 + "users/current/permissions", {}),
    ("GET", API3 + "users/permissions/list", {"username": "nobody"}),
    ("GET", API3 + "users/roles/list", {"username": "nobody"}),
    ("GET", API3 + "roles/list", {}),
    ("GET", API3 + "roles/list", {"workspace": "default"}),
    ("GET", API3 + "users/permissions/get", {"username": "reader", "resource_type": "experiment", "resource_id": "E"}),
]
CHANGES = [
    ("POST", API + "experiments/create", {"name": "?"}),
    ("POST", API + "experiments/set-experiment-tag", {"experiment_id": "E", "key": "k", "value": "v"}),
    ("POST", API + "experiments/update", {"experiment_id": "999", "new_name": "x"}),
    ("POST", API + "runs/create", {"experiment_id": "E"}),
    ("POST", API + "runs/create", {"experiment_id": "999"}),
    ("POST", API + "runs/log-metric", {"run_id": "R", "key": "m", "value": 1, "timestamp": 1, "step": 1}),
    ("POST", API + "runs/log-metric", {"run_id": "0" * 32, "key": "m", "value": 1, "timestamp": 1, "step": 1}),
    ("POST", API + "runs/log-metric",
     {"run_id": "R", "key": "n", "value": 1, "timestamp": 1, "step": 1, "model_id": "L"}),
    ("POST", API + "runs/log-batch", {"run_id": "R", "metrics": [{"key": "b", "value": 1, "timestamp": 1, "step": 1}]}),
    ("POST", API + "runs/log-parameter", {"run_id": "R", "key": "p", "value": "1"}),
    ("POST", API + "runs/set-tag", {"run_id": "R", "key": "k", "value": "v"}),
    ("POST", API + "runs/update", {"run_id": "R", "status": "RUNNING"}),
    ("POST", API + "runs/log-inputs", {"run_id": "R", "models": [{"model_id": "L"}]}),
    ("POST", API + "runs/outputs", {"run_id": "R", "models": [{"model_id": "L", "step": 0}]}),
    ("POST", API + "logged-models", {"experiment_id": "E", "name": "x"}),
    ("PATCH", API + "logged-models/L", {"model_id": "L", "status": "LOGGED_MODEL_READY"}),
    ("PATCH", API + "logged-models/L/tags", {"tags": [{"key": "k", "value": "v"}]}),
    ("PATCH", API + "logged-models/m-00000000000000000000000000000000/tags", {"tags": [{"key": "k", "value": "v"}]}),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/E/R/artifacts/b.txt", b"content"),
    ("POST", API + "registered-models/create", {"name": "?"}),
    ("PATCH", API + "registered-models/update", {"name": "M", "description": "d"}),
    ("POST", API + "registered-models/set-tag", {"name": "M", "key": "k", "value": "v"}),
    ("DELETE", API + "registered-models/delete-tag", {"name": "M", "key": "none"}),
    ("POST", API + "registered-models/alias", {"name": "M", "alias": "best", "version": "1"}),
    ("DELETE", API + "registered-models/alias", {"name": "M", "alias": "none"}),
    ("POST", API + "model-versions/create", {"name": "M", "source": "mlflow-artifacts:/E/R/artifacts", "run_id": "R"}),
    ("POST", API + "model-versions/create", {"name": "no such", "source": "mlflow-artifacts:/E/R/artifacts"}),
    ("PATCH", API + "model-versions/update", {"name": "M", "version": "1", "description": "d"}),
    ("POST", API + "model-versions/set-tag", {"name": "M", "version": "1", "key": "k", "value": "v"}),
    ("DELETE", API + "model-versions/delete-tag", {"name": "M", "version": "1", "key": "none"}),
    ("DELETE", API + "registered-models/delete", {"name": "no such"}),
    ("POST", API + "users/create", {"username": "?", "password": PASSWORD}),
    ("PATCH", API + "users/update-admin", {"username": "nobody", "is_admin": False}),
    ("PATCH", API + "users/update-password", {"username": "nobody", "password": PASSWORD + "!"}),
    ("DELETE", API + "users/delete", {"username": "no such"}),
    ("POST", API3 + "roles/create", {"name": "?", "workspace": "default"}),
    ("POST", API3 + "users/permissions/grant",
     {"username": "nobody", "resource_type": "prompt", "resource_id": "?", "permission": "READ"}),
    ("POST", API3 + "users/permissions/revoke", {"username": "nobody", "resource_type": "experiment", "resource_id": "E"}),
    ("POST", API3 + "users/permissions/grant",
     {"username": "nobody", "resource_type": "experiment", "resource_id": "*", "permission": "READ"}),
    ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/E/R/artifacts/b.txt", {}),
    ("DELETE", API + "logged-models/L/tags/none", {}),
]
# They come last, in this order; what they do is undone by the next one.
ENDS = [
    ("POST", API + "runs/delete", {"run_id": "R"}),
    ("POST", API + "runs/restore", {"run_id": "R"}),
    ("POST", API + "experiments/delete", {"experiment_id": "E"}),
    ("POST", API + "experiments/restore", {"experiment_id": "E"}),
]
CALLS = READS + CHANGES + ENDS


def authorization(name, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class Server:
    """One of the two servers, with the things and the users of the test."""

    def __init__(self, server, default):
        self.connection = Connection(server.url)
        self.names = {}
        made = self.made(API + "experiments/create", {"name": "shared"})
        self.names["E"] = made["experiment_id"]
        self.names["R"] = self.made(API + "runs/create", {"experiment_id": self.names["E"]})["run"]["info"]["run_id"]
        self.made(API + "runs/log-metric", {"run_id": self.names["R"], "key": "m", "value": 1, "timestamp": 1, "step": 0})
        model = self.made(API + "logged-models", {"experiment_id": self.names["E"], "name": "made"})
        self.names["L"] = model["model"]["info"]["model_id"]
        self.names["M"] = self.made(API + "registered-models/create", {"name": "model"})["registered_model"]["name"]
        self.send(ADMIN, "PUT", self.named("/api/2.0/mlflow-artifacts/artifacts/E/R/artifacts/a.txt"), b"content")
        source = self.named("mlflow-artifacts:/E/R/artifacts")
        self.made(API + "model-versions/create", {"name": "model", "source": source, "run_id": self.names["R"]})
        self.made(API + "registered-models/alias", {"name": "model", "alias": "best", "version": "1"})
        for holder, grants in HOLDERS.items():
            self.made(API + "users/create", {"username": holder, "password": PASSWORD})
            for kind, pattern, permission in grants:
                body = {
                    "username": holder,
                    "resource_type": kind,
                    "resource_id": self.names.get(pattern, pattern),
                    "permission": permission,
                }
                self.made(API3 + "users/permissions/grant", body)

    def named(self, value, own=""):
        """The value with the ids of this server."""
        if isinstance(value, dict):
            return {key: self.named(element, own) for key, element in value.items()}
        if isinstance(value, list):
            return [self.named(element, own) for element in value]
        if not isinstance(value, str):
            return value
        if value == "?":
            return own
        if value in self.names:
            return self.names[value]
        if "/" in value:
            return "/".join(self.names.get(part, part) for part in value.split("/"))
        return value

    def made(self, path, body):
        response = self.send(ADMIN, "POST", path, body)
        assert response.status == 200, (path, body, response.content)
        return json.loads(response.content or b"{}")

    def send(self, name, method, path, body):
        headers = {"Authorization": authorization(name)}
        if method == "GET":
            query = [(key, value) for key, value in body.items()]
            return self.connection.send(method, path, query, None, headers)
        if isinstance(body, bytes):
            return self.connection.send(method, path, None, body, headers)
        headers["Content-Type"] = "application/json"
        return self.connection.send(method, path, None, json.dumps(body).encode(), headers)

    def status(self, name, call, number):
        method, path, body = call
        response = self.send(name, method, self.named(path), self.named(body, f"{name}-{number}"))
        return response.status, response.content[:300]


@pytest.fixture(scope="module", params=["READ", "NO_PERMISSIONS", "EDIT"])
def servers(request, tmp_path_factory):
    settings = tmp_path_factory.mktemp("auth")
    configuration = settings / "auth.ini"
    configuration.write_text(
        f"[mlflow]\ndefault_permission = {request.param}\ndatabase_uri = sqlite:///{settings}/auth.db\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\nauth_cache_ttl_seconds = 600\n"
    )
    environment = {
        **ENVIRONMENT,
        "MLFLOW_AUTH_CONFIG_PATH": configuration,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key for tests",
    }
    arguments = ["--app-name", "basic-auth"]
    with ReferenceServer(arguments, environment) as reference, ApusServer(arguments, environment) as apus:
        yield request.param, Server(reference, request.param), Server(apus, request.param)


# Departures that are meant, by the body of the call.
MEANT = [
    # The reference fails when a run names an output again (its unique index); Apus keeps the last step.
    {"run_id": "R", "models": [{"model_id": "L", "step": 0}]},
    # The reference lets nobody but admins grant something for one prompt; here who manages it may.
    {"username": "nobody", "resource_type": "prompt", "resource_id": "?", "permission": "READ"},
]


def test_each_user_gets_the_same_status_for_each_call(servers):
    default, reference, apus = servers
    differences = []
    for holder in [*HOLDERS, ADMIN]:
        for number, call in enumerate(CALLS):
            expected, expected_text = reference.status(holder, call, number)
            found, found_text = apus.status(holder, call, number)
            if expected != found and call[2] not in MEANT:
                differences.append((default, holder, call, expected, expected_text, found, found_text))
        for server in (reference, apus):
            for call in ENDS[1::2]:
                server.status(ADMIN, call, 0)
    assert not differences, "\n".join(map(str, differences))


def test_lists_show_the_same_things_to_each_user(servers):
    _, reference, apus = servers
    for holder, call in itertools.product(HOLDERS, READS):
        method, path, body = call
        if "search" not in path:
            continue
        counts = []
        for server in (reference, apus):
            response = server.send(holder, method, server.named(path), server.named(body))
            if response.status != 200:
                counts.append(response.status)
                continue
            listed = next((value for value in json.loads(response.content).values() if isinstance(value, list)), [])
            counts.append(
                sorted(str(thing.get("name", thing.get("info", {}).get("experiment_id"))) for thing in listed)
            )
        assert counts[0] == counts[1], (holder, call)


def test_wrong_names_and_passwords_are_refused_alike(servers):
    _, reference, apus = servers
    for server in (reference, apus):
        for name, password in [("nobody", "wrong password"), ("no such", PASSWORD), ("", "")]:
            headers = {"Authorization": authorization(name, password)}
            response = server.connection.send("GET", API + "experiments/search", None, None, headers)
            assert response.status == 401
            assert "Basic" in response.headers["WWW-Authenticate"]
        assert server.connection.send("GET", "/health").status == 200
