"""Bad input gets a clear refusal or a closed connection; the server goes on, and nothing is half-written."""

import json
import os
import socket

import pytest

from helpers import API, must, send
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
CREATE = f"POST {API}experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()

FRAMING = {
    "no request at all": (b"\x00\x01\x02\x03\r\n\r\n", {400}),
    "no version": (b"GET /health\r\n\r\n", {400}),
    "a version of the future": (b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", {400, 505}),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", {400}),
    "a space before the colon": (b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n", {400}),
    "a folded field": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n", {400}),
    "a field with NUL": (b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: \x00\r\n\r\n", {400}),
    "both framings": (CREATE + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "two lengths": (CREATE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", {400}),
    "a negative length": (CREATE + b"Content-Length: -2\r\n\r\n{}", {400}),
    "a length that is no number": (CREATE + b"Content-Length: two\r\n\r\n{}", {400}),
    "a length beyond all numbers": (CREATE + b"Content-Length: 99999999999999999999999\r\n\r\n{}", {400, 413}),
    "a chunk size that is no number": (CREATE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", {400}),
    "a chunk size beyond all numbers": (
        CREATE + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        {400, 413},
    ),
    "a chunk longer than it says": (CREATE + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}}\r\n0\r\n\r\n", {400}),
    "an unknown transfer coding": (CREATE + b"Transfer-Encoding: brotli\r\n\r\n", {400, 501}),
    "an unknown content coding": (CREATE + b"Content-Encoding: brotli\r\nContent-Length: 2\r\n\r\n{}", {415}),
    "gzip that is none": (CREATE + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", {400}),
    "an unknown method": (b"BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n", {405, 501}),
    "a target that is too long": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {414}),
    "a field that is too long": (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 140_000 + b"\r\n\r\n", {431}),
    "too many fields": (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 1000 + b"\r\n", {431}),
    "an escape that is none": (b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
    "an escape that is no text": (b"GET /%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 404}),
    "an oversized body": (CREATE + b"Content-Length: 33554433\r\n\r\n" + b" " * 100_000, {413}),
    "a body for a terabyte": (CREATE + b"Content-Length: 1099511627776\r\n\r\n" + b" " * 100_000, {413}),
}

BODIES = {
    "nothing": b"",
    "half an object": b'{"name": "x"',
    "two objects": b'{"name": "x"}{}',
    "an array": b"[]",
    "a bare word": b"name",
    "a text without end": b'{"name": "x',
    "a raw control character": b'{"name": "a\x01b"}',
    "no text at all": b'{"name": "\xff\xfe"}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "an escape that is none": b'{"name": "\\x"}',
    "a trailing comma": b'{"name": "x",}',
    "a deep well": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a deep well in an unknown field": b'{"other": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "a number for a name": b'{"name": 1}',
    "a list for a name": b'{"name": ["x"]}',
    "tags that are none": b'{"name": "x", "tags": 5}',
    "a null name": b'{"name": null}',
    "an empty name": b'{"name": ""}',
    "a name that is too long": json.dumps({"name": "x" * 501}).encode(),
}


@pytest.fixture(scope="module")
def server():
    with ApusServer() as server:
        yield server


@pytest.fixture(autouse=True)
def server_stays_well(server):
    """After each piece of bad input the same process answers, and nothing was created."""
    pid = server.pid
    yield
    assert server.process.poll() is None and server.pid == pid, server.log()
    assert send("GET", f"{server.url}/health")[1] == b"OK"
    experiments = must(server.url, "experiments/search", max_results=10, view_type="ALL")["experiments"]
    assert [one["experiment_id"] for one in experiments] == ["0"]


def exchange(server, data):
    """Sends bytes, reads until the server closes or one whole answer is there. Returns status, head and body."""
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent; the answer is still to be read
        answer = b""
        while True:
            head, separator, body = answer.partition(b"\r\n\r\n")
            if separator:
                lengths = [
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ]
                if lengths and len(body) >= lengths[0]:
                    return int(head.split()[1]), head, body[: lengths[0]]
            piece = connection.recv(65536)
            if not piece:
                return (int(answer.split()[1]) if answer else None), head, body
            answer += piece


@pytest.mark.parametrize("case", FRAMING)
def test_broken_framing_is_refused_in_json(server, case):
    data, allowed = FRAMING[case]
    status, head, body = exchange(server, data)
    assert status in allowed, (status, body[:300])
    assert b"application/json" in head.lower()
    answer = json.loads(body)
    assert answer["error_code"] and answer["message"]


@pytest.mark.parametrize("case", BODIES)
def test_a_bad_body_is_a_400_that_says_why(server, case):
    body = BODIES[case]
    status, head, answer = exchange(server, CREATE + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert status == 400, (status, answer[:300])
    assert json.loads(answer)["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE", "MALFORMED_REQUEST")
    assert json.loads(answer)["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_json_route_wants_a_json_content_type(server, content_type):
    line = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"POST {API}experiments/create HTTP/1.1\r\nHost: localhost\r\n{line}Content-Length: 13\r\n\r\n"
    assert exchange(server, head.encode() + b'{"name": "x"}')[0] == 400


@pytest.mark.parametrize(
    ("method", "route", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", API + "runs/fly", 404),
        ("GET", "/api/2.0/mlflow/runs/create", 405),
        ("PUT", "/health", 405),
        ("DELETE", API + "runs/get", 405),
    ],
)
def test_an_unknown_route_and_a_wrong_method_are_told_apart(server, method, route, status):
    seen, _, body = exchange(
        server, f"{method} {route} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert seen == status
    answer = json.loads(body)
    assert answer["message"]
    if status == 404:
        assert answer["error_code"] == "ENDPOINT_NOT_FOUND"


def test_clients_that_leave_early_leave_nothing_behind(server):
    artifact = (
        b"PUT /api/2.0/mlflow-artifacts/artifacts/0/early.bin HTTP/1.1\r\n"
        b"Host: localhost\r\nContent-Length: 1000\r\n\r\n"
    )
    beginnings = [
        b"",
        b"GET /hea",
        CREATE,
        CREATE + b'Content-Length: 13\r\n\r\n{"name":',
        CREATE + b'Transfer-Encoding: chunked\r\n\r\nd\r\n{"name":',
        artifact + b"x" * 500,
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50,
    ]
    for beginning in beginnings:
        for reset in (False, True):
            connection = socket.create_connection((server.host, server.port), timeout=60)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall(beginning)
            connection.close()
    artifacts = server.data_directory / "artifacts"
    wait_until(
        # Not by rglob, which fails when a folder vanishes under it.
        lambda: not any(files for _, _, files in os.walk(artifacts)),
        10,
        "no trace of the cut upload",
    )
    assert send("GET", f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/early.bin")[0] == 404


def test_requests_sent_all_at_once_are_answered_in_order(server):
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        routes = ["/health", "/version", "/nowhere", "/health"]
        last = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        connection.sendall(
            b"".join(f"GET {route} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for route in routes) + last
        )
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 200, 404, 200, 200]


def test_a_body_in_pieces_is_one_body(server):
    body = b'{"experiment_ids": ["0"], "max_results": 1}'
    head = f"POST {API}runs/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        whole = head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        whole += b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        for byte in whole:
            connection.send(bytes([byte]))
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200"), answer
