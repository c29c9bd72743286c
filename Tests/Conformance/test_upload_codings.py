"""An upload is stored as it is sent, whatever Content-Encoding it carries."""

import gzip

import pytest

from helpers import must, new_run, send
from servers import ApusServer

pytestmark = pytest.mark.apus
CODINGS = ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "nonsense", "identity"]
BOMB = gzip.compress(bytes(64 << 20))


@pytest.fixture(scope="module")
def server():
    with ApusServer() as server:
        yield server


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("content", [BOMB, b"not coded at all"], ids=["coded", "uncoded"])
def test_the_bytes_on_the_wire_are_the_file(server, coding, content):
    run = new_run(server.url)
    headers = {"Content-Encoding": coding, "Content-Type": "application/octet-stream"}
    path = f"0/{run}/artifacts/put.bin"
    route = "/api/2.0/mlflow-artifacts/artifacts/"
    assert send("PUT", server.url + route + path, content, headers)[0] == 200
    upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=posted.bin"
    assert send("POST", server.url + upload, content, headers)[0] == 200
    listed = must(server.url, "artifacts/list", run_id=run)["files"]
    assert [(item["path"], item["file_size"]) for item in listed] == [
        ("posted.bin", len(content)),
        ("put.bin", len(content)),
    ]
    for name in ("put.bin", "posted.bin"):
        status, body, answered = send("GET", f"{server.url}/get-artifact?run_id={run}&path={name}")
        assert (status, body, answered["Content-Encoding"]) == (200, content, None)


def test_a_json_body_is_unpacked_all_the_same(server):
    body = gzip.compress(b'{"experiment_id": "0"}')
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert send("POST", server.url + "/api/2.0/mlflow/runs/create", body, headers)[0] == 200
