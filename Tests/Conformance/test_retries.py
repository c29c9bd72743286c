"""Creations that are sent again because their answers were lost, and those that are meant twice."""

import http.client
import json
import socket
import struct

import pytest

from helpers import API, call, in_threads, must, send
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
JSON = {"Content-Type": "application/json"}
CREATIONS = {
    "run": ("runs/create", {"experiment_id": "0", "start_time": 1234, "tags": [{"key": "a", "value": "b"}]}),
    "model version": ("model-versions/create", {"name": "versions", "source": "s3://bucket/model"}),
    "logged model": ("logged-models", {"experiment_id": "0", "name": "logged"}),
    "experiment": ("experiments/create", {"name": "experiment"}),
    "registered model": ("registered-models/create", {"name": "registered"}),
}
BY_NAME = {"experiment", "registered model"}


@pytest.fixture(scope="module")
def server():
    with ApusServer() as server:
        must(server.url, "registered-models/create", {"name": "versions"})
        yield server


def of(title, mark):
    """The route and a body that no other test sends."""
    route, body = CREATIONS[title]
    body = dict(body)
    if title == "run":
        body["user_id"] = mark
    elif title == "model version":
        body["description"] = mark
    else:
        body["name"] += mark
    return route, body


def things(server, title):
    """How many there are."""
    if title == "run":
        return len(must(server.url, "runs/search", {"experiment_ids": ["0"], "max_results": 5000}).get("runs", []))
    if title == "model version":
        return len(must(server.url, "model-versions/search").get("model_versions", []))
    if title == "logged model":
        found = must(server.url, "logged-models/search", {"experiment_ids": ["0"], "max_results": 50})
        return len(found.get("models", []))
    if title == "experiment":
        return len(must(server.url, "experiments/search", {"max_results": 5000})["experiments"])
    return len(must(server.url, "registered-models/search").get("registered_models", []))


def metrics(server):
    return send("GET", f"{server.url}/metrics")[1].decode()


def send_and_break_off(server, title, route, body, reset):
    """Sends a request and goes away without reading its answer."""
    before = things(server, title)
    peer = socket.create_connection((server.host, server.port), timeout=60)
    content = json.dumps(body).encode()
    head = f"POST {API}{route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    peer.sendall(head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content)
    if reset:
        wait_until(lambda: things(server, title) == before + 1, 30, "the creation")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    wait_until(lambda: things(server, title) == before + 1, 30, "the creation")
    # The end of the connection travels behind the request. When only the one that asks is open, the server knows of it.
    wait_until(lambda: "\napus_open_connections 1\n" in metrics(server), 30, "the end of the connection")
    return before + 1


@pytest.mark.parametrize("reset", [False, True], ids=["closed at once", "reset behind the commit"])
@pytest.mark.parametrize("title", CREATIONS)
def test_a_creation_whose_answer_was_lost_is_not_made_twice(server, title, reset):
    route, body = of(title, f" lost {reset}")
    count = send_and_break_off(server, title, route, body, reset)
    first = must(server.url, route, body)
    assert things(server, title) == count
    assert must(server.url, route, body) == first
    assert things(server, title) == count


@pytest.mark.parametrize("title", sorted(set(CREATIONS) - BY_NAME))
@pytest.mark.parametrize("ending", ["", "Connection: close\r\n"], ids=["kept", "closed"])
def test_a_creation_is_made_again_whose_answer_came_behind_the_end_of_the_request(server, title, ending):
    route, body = of(title, f" half {ending[:1]}")
    before = things(server, title)
    answers = set()
    for _ in range(3):
        with socket.create_connection((server.host, server.port), timeout=60) as peer:
            content = json.dumps(body).encode()
            head = f"POST {API}{route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{ending}"
            peer.sendall(head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content)
            # As programs do that send all they have and read until the end.
            peer.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := peer.recv(65536):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 200 ")
        answers.add(answer.partition(b"\r\n\r\n")[2])
    assert len(answers) == 3
    assert things(server, title) == before + 3


@pytest.mark.parametrize("title", sorted(set(CREATIONS) - BY_NAME))
def test_a_creation_that_was_answered_is_made_again(server, title):
    route, body = of(title, " answered")
    before = things(server, title)
    content = json.dumps(body).encode()
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    answers = set()
    for _ in range(10):
        connection.request("POST", API + route, content, JSON)
        answers.add(connection.getresponse().read())
    connection.close()
    for _ in range(5):
        answers.add(json.dumps(must(server.url, route, body)).encode())
    assert len(answers) == 15
    assert things(server, title) == before + 15


def test_equal_creations_at_one_moment_are_all_made(server):
    route, body = of("run", "at one moment")
    before = things(server, "run")
    runs = in_threads(lambda: must(server.url, route, body)["run"]["info"]["run_id"], [()] * 16)
    assert len(set(runs)) == 16
    assert things(server, "run") == before + 16


def test_a_run_has_the_id_that_its_client_chose(server):
    body = {"run_id": "0123456789abcdef" * 2, "experiment_id": "0", "start_time": 5, "run_name": "chosen"}
    first = must(server.url, "runs/create", body)["run"]
    assert first["info"]["run_id"] == body["run_id"]
    assert must(server.url, "runs/create", body)["run"] == first
    status, error = call(server.url, "runs/create", {**body, "start_time": 6})
    assert (status, error["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    status, error = call(server.url, "runs/create", {**body, "run_id": "../x"})
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert must(server.url, "runs/get", run_id=body["run_id"])["run"]["info"]["start_time"] == 5


def test_retries_are_creations_of_their_own_where_the_flag_says_so():
    with ApusServer(["--no-recognize-retries"]) as server:
        route, body = of("run", "unrecognised")
        count = send_and_break_off(server, "run", route, body, reset=True)
        must(server.url, route, body)
        assert things(server, "run") == count + 1
