"""Every route and field that takes an artifact path refuses every hostile path, over real HTTP."""

import http.client
import json
import os
import urllib.parse

import pytest

from helpers import must, new_run
from servers import ApusServer

pytestmark = pytest.mark.apus
JSON = {"Content-Type": "application/json"}
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
MPU = "/ajax-api/2.0/mlflow-artifacts/mpu"

# As they stand in a URL; a JSON field gets them decoded once.
HOSTILE = {
    "up": "../x",
    "up, at the end": "a/..",
    "up, in the middle": "a/../b",
    "up, encoded": "%2e%2e/x",
    "up, encoded twice": "%252e%252e/x",
    "up, encoded three times": "%25252e%25252e/x",
    "up, its slash encoded": "..%2fx",
    "up, its slash encoded twice": "..%252fx",
    "up, half encoded": ".%2e/x",
    "up, with a tab between": ".%09./x",
    "up, with a tab between, encoded twice": ".%2509./x",
    "up, with a line break in the middle": "a/.%0d%0a./x",
    "a tab and a slash in front": "%09/etc/passwd",
    "up, with a backslash": "..%5cx",
    "up, its backslash encoded twice": "..%255cx",
    "a backslash in front": "%5cx",
    "two backslashes": "%5c%5chost%5cx",
    "up behind a backslash": "a%5c..%5cb",
    "up at the end, behind a backslash": "a%5c..",
    "a dot between backslashes": "a%5c.%5cb",
    "four dots": "....//x",
    "a semicolon and up": ";/../x",
    "a fragment and up": "%23/../x",
    "a fragment": "a%23b",
    "a slash in front": "/etc/passwd",
    "an encoded slash in front": "%2fetc%2fpasswd",
    "a slash in front, encoded twice": "%252fetc%252fpasswd",
    "a drive": "C:/x",
    "a drive and a backslash": "C:%5cx",
    "a drive alone": "C:",
    "a drive, encoded twice": "C%253a%252fx",
    "a host": "//host/share",
    "a doubled slash": "a//b",
    "a file URI": "file:%2f%2f%2fetc%2fpasswd",
    "a file URI in capitals": "FILE:%2f%2f%2fetc%2fpasswd",
    "a file URI without slashes": "file:x",
    "a URL with a fragment": "http:%2f%2f%2f%23%2f..%2fx",
    "a bucket": "s3:%2f%2fb%2fx",
    "NUL": "a%00b",
    "NUL after up": "..%2500/x",
    "up in overlong UTF-8": "%c0%ae%c0%ae/x",
    "a slash in overlong UTF-8": "..%c0%afx",
    "no UTF-8": "a%ffb",
    "a name of 256 bytes": "n" * 256,
    "a path of 5,000 bytes": "/".join(["d" * 99] * 50),
    "200 folders": "/".join(["d"] * 200),
    "a dot": ".",
    "a dot in front": "./a",
    "a dot in the middle": "folder/./b",
    "an unfinished upload": ".apus-upload-x",
    "an unfinished upload of the reference": ".artifact.uploading.x",
}
LEGAL = (
    "100%25.txt sp%20ace a..b ~ -rf %f0%9f%98%80.txt e%cc%81.txt %c3%a9.txt a+b .hidden a%3bb a%3fb a:b.txt %2541 "
    "epoch=1-val.ckpt end. v1.0. %20lead trail%20 %20 a%5cb a%5cb.%5cc a%01b a%7fb ... .... ..;x ..;a=b "
    "%3f.. a%3f.. a.. s3: http: CON loss%25step%250%25timestamp%251700%2500ab.png a%252fb 12:30:00.txt " + "n" * 255
).split()


def routes(run, base):
    """(name, value as in a URL) -> method, target, body, headers; `field` ones take the decoded value."""
    under = f"{ARTIFACTS}/{base}/"
    logged = "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts"

    def field(route, **others):
        def make(value):
            decoded = urllib.parse.unquote(value, errors="strict")
            return "POST", route, json.dumps({"path": decoded, **others}).encode(), JSON

        return make

    parts = json.dumps({"path": "f", "upload_id": "u", "num_parts": 1, "parts": []}).encode()
    return {
        "GET": lambda value: ("GET", under + value, None, {}),
        "GET beneath the root": lambda value: ("GET", f"{ARTIFACTS}/{value}", None, {}),
        "HEAD": lambda value: ("HEAD", under + value, None, {}),
        "PUT": lambda value: ("PUT", under + value, b"x", {}),
        "PUT beneath the root": lambda value: ("PUT", f"{ARTIFACTS}/{value}", b"x", {}),
        "DELETE": lambda value: ("DELETE", under + value, None, {}),
        "DELETE beneath the root": lambda value: ("DELETE", f"{ARTIFACTS}/{value}", None, {}),
        "list": lambda value: ("GET", f"{ARTIFACTS}?path={value}", None, {}),
        "list beneath a run": lambda value: ("GET", f"{ARTIFACTS}?path={base}/{value}", None, {}),
        "list by run": lambda value: ("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}&path={value}", None, {}),
        "get-artifact": lambda value: ("GET", f"/get-artifact?run_id={run}&path={value}", None, {}),
        "upload-artifact": lambda value: (
            "POST",
            f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={value}",
            b"x",
            {},
        ),
        "multipart create": lambda value: ("POST", f"{MPU}/create/{value}", parts, JSON),
        "multipart complete": lambda value: ("POST", f"{MPU}/complete/{value}", parts, JSON),
        "multipart abort": lambda value: ("POST", f"{MPU}/abort/{value}", parts, JSON),
        "presigned": lambda value: ("GET", f"/api/2.0/mlflow-artifacts/presigned/{value}", None, {}),
        "presigned upload": field("/api/2.0/mlflow/artifacts/presigned-upload-url", run_id=run),
        "presigned download": field("/api/2.0/mlflow/artifacts/presigned-download-url", run_id=run),
        "model version": lambda value: (
            "GET",
            f"/model-versions/get-artifact?name=m&version=1&path={value}",
            None,
            {},
        ),
        "logged model, file": lambda value: ("GET", f"{logged}/files?artifact_file_path={value}", None, {}),
        "logged model, folder": lambda value: ("GET", f"{logged}/directories?artifact_directory_path={value}", None, {}),
        "trace": lambda value: (
            "GET",
            f"/ajax-api/3.0/mlflow/get-trace-artifact?request_id=tr-1&path={value}",
            None,
            {},
        ),
    }


ROUTES = list(routes("RUN", "0/RUN/artifacts"))


class World:
    """A server with one run and one file, and what lies on its disk."""

    def __init__(self, server):
        self.server = server
        self.run = new_run(server.url)
        self.base = f"0/{self.run}/artifacts"
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        assert self.send("PUT", f"{ARTIFACTS}/{self.base}/folder/b", b"kept")[0] == 200
        self.before = self.files()

    def send(self, method, target, body=None, headers=None):
        self.connection.request(method, target, body, headers or {})
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers

    def files(self):
        """Every file and folder beneath the server's directory but those of the database and the logs."""
        found = set()
        for folder, folders, files in os.walk(os.fsencode(self.server.directory)):
            found.update(os.path.join(folder, name) for name in folders + files)
        return {path for path in found if b"apus.db" not in path}


@pytest.fixture(scope="module")
def world():
    with ApusServer() as server:
        yield World(server)


@pytest.mark.parametrize("route", ROUTES)
def test_a_hostile_path_is_refused(world, route):
    make = routes(world.run, world.base)[route]
    wrong = []
    for title, value in HOSTILE.items():
        try:
            method, target, body, headers = make(value)
        except UnicodeDecodeError:
            continue  # No JSON text holds it.
        status, content, answered = world.send(method, target, body, headers)
        if status != 400 or answered["Content-Type"] != "application/json":
            wrong.append((title, status, content[:200]))
        elif method != "HEAD":
            error = json.loads(content)
            # What is no UTF-8 or holds NUL is refused with the request itself.
            if error["error_code"] not in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST") or not error["message"]:
                wrong.append((title, error))
            elif error["error_code"] == "BAD_REQUEST" and "percent-encoded" not in error["message"]:
                wrong.append((title, error))
    assert wrong == []
    assert world.files() == world.before


# Where an empty path is none at all, or stands for the whole; a run's own folder may be deleted.
NAMELESS = {"list", "list beneath a run", "list by run", "logged model, folder", "trace", "DELETE"}


@pytest.mark.parametrize("route", [name for name in ROUTES if name not in NAMELESS])
def test_a_path_without_a_name_is_refused(world, route):
    method, target, body, headers = routes(world.run, world.base)[route]("")
    status, content, _ = world.send(method, target, body, headers)
    assert 400 <= status < 405, content
    assert world.files() == world.before


@pytest.mark.parametrize("name", LEGAL, ids=lambda name: name[:24])
def test_an_unusual_name_is_served(world, name):
    target = f"{ARTIFACTS}/{world.base}/legal/{name}"
    assert world.send("PUT", target, name.encode())[0] == 200
    assert world.send("GET", target)[:2] == (200, name.encode())
    folder = f"{world.server.data_directory}/artifacts/{world.base}/legal"
    assert os.fsencode(urllib.parse.unquote(name)) in os.listdir(os.fsencode(folder))
    listed = must(world.server.url, "artifacts/list", run_id=world.run, path="legal")["files"]
    assert [item["path"] for item in listed] == [f"legal/{urllib.parse.unquote(name)}"]
    quoted = urllib.parse.quote(f"legal/{urllib.parse.unquote(name)}")
    assert world.send("GET", f"/get-artifact?run_id={world.run}&path={quoted}")[:2] == (200, name.encode())
    assert world.send("DELETE", f"{ARTIFACTS}/{world.base}/legal")[:2] == (200, b"{}")
    assert world.files() == world.before


@pytest.mark.parametrize("name", ["a%09b", "a%0db", "%09ab", "ab%0d%0a", "ab"])
def test_tabs_and_line_breaks_are_left_out_of_names(world, name):
    """As in the reference: its clients drop them from what a listing says, and ask for what is left."""
    target = f"{ARTIFACTS}/{world.base}/breaks/{name}"
    assert world.send("PUT", target, name.encode())[0] == 200
    listed = must(world.server.url, "artifacts/list", run_id=world.run, path="breaks")["files"]
    assert [item["path"] for item in listed] == ["breaks/ab"]
    for asked in (name, "ab"):
        assert world.send("GET", f"{ARTIFACTS}/{world.base}/breaks/{asked}")[:2] == (200, name.encode())
    assert world.send("DELETE", f"{ARTIFACTS}/{world.base}/breaks")[:2] == (200, b"{}")


def test_a_raw_byte_in_the_target_is_refused(world):
    for raw in (b"\xff", b"\x00", b"\\", b"#"):
        with http.client.socket.create_connection((world.server.host, world.server.port), timeout=60) as peer:
            target = ARTIFACTS.encode() + b"/a" + raw + b"/../b"
            peer.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert peer.makefile("rb").readline().split()[1] == b"400", raw


def test_a_slash_at_the_end_deletes_a_folder_and_no_file(world):
    base = f"{ARTIFACTS}/{world.base}"
    assert world.send("DELETE", f"{base}/folder/b/")[:2] == (200, b"{}")
    assert world.files() == world.before
    assert world.send("PUT", f"{base}/gone/x", b"x")[0] == 200
    assert world.send("DELETE", f"{base}/gone/")[:2] == (200, b"{}")
    assert world.files() == world.before
