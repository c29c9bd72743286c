"""Uploads that end half-way: by a client that goes, or with a server that is killed. Nothing waits for a time to pass."""

import http.client
import os
import random
import re
import socket
import struct
import threading

import pytest

from helpers import must, new_run, send
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
UPLOADS = 100
ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"


@pytest.fixture(params=[[], ["--deduplicate-artifacts"]], ids=["plain", "deduplicated"])
def server(request):
    with ApusServer(request.param) as started:
        yield started


def metric(server, name):
    text = send("GET", server.url + "/metrics")[1].decode()
    return int(float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE).group(1)))


def content(number):
    """A body that tells which one it is; some hundred kilobytes."""
    return f"content {number:6}\n".encode() * (4_000 + 1_000 * (number % 17))


def stored_files(server):
    """Every file beneath the artifacts, temporary ones too, as path -> bytes."""
    root = server.data_directory / "artifacts"
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if not file.is_dir()}


def names_on_disk(server):
    """The paths of `stored_files`, also while files vanish."""
    root = server.data_directory / "artifacts"
    folders = os.walk(root)
    return {os.path.relpath(os.path.join(folder, name), root) for folder, _, files in folders for name in files}


def listed_files(server, run_id, path=""):
    """Every file that a client sees in a run."""
    found = []
    for entry in must(server.url, "artifacts/list", run_id=run_id, path=path).get("files", []):
        found += listed_files(server, run_id, entry["path"]) if entry["is_dir"] else [entry["path"]]
    return found


def held_files(server):
    """Files without a name that the server still holds: space that is not free yet."""
    links = []
    for entry in os.scandir(f"/proc/{server.pid}/fd"):
        try:
            links.append(os.readlink(entry.path))
        except FileNotFoundError:
            pass
    root = str(server.data_directory / "artifacts")
    return [link for link in links if link.startswith(root) and link.endswith("(deleted)")]


def half_upload(server, path, body):
    """Sends the head and half of the body."""
    upload = socket.create_connection((server.host, server.port), timeout=60)
    head = f"PUT {ROUTE}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    upload.sendall(head.encode() + body[: len(body) // 2])
    return upload


def half_uploads(server, bodies):
    """Begins an upload for each path, and waits until the server has all bytes that were sent."""
    before = metric(server, "apus_received_bytes_total")
    uploads = [half_upload(server, path, body) for path, body in bodies.items()]
    sent = sum(len(body) // 2 for body in bodies.values())
    wait_until(lambda: metric(server, "apus_received_bytes_total") - before >= sent, 60, "the halves to arrive")
    return uploads


def put(server, path, body):
    status, answer, _ = send("PUT", server.url + ROUTE + path, body)
    assert status == 200, answer


def test_a_hundred_uploads_that_clients_break_off_leave_nothing(server):
    run_id = new_run(server.url)
    base = f"0/{run_id}/artifacts/"
    stored = {f"{base}kept/{number}.bin": content(number) for number in range(20)}
    for path, body in stored.items():
        put(server, path, body)
    # Eighty new files and twenty over files that are there.
    bodies = {f"{base}new/{number}.bin": content(100 + number) for number in range(UPLOADS - len(stored))}
    bodies |= {path: content(500 + number) for number, path in enumerate(stored)}
    for number, upload in enumerate(half_uploads(server, bodies)):
        if number % 2:  # with a reset; the others with an orderly end
            upload.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        upload.close()
    # A connection counts as closed before a worker has removed its file: the disk itself is the condition.
    wait_until(
        lambda: metric(server, "apus_open_connections") == 1
        and names_on_disk(server) == stored.keys()
        and not held_files(server),
        60,
        "all to be undone",
    )
    assert stored_files(server) == stored
    assert sorted(base + path for path in listed_files(server, run_id)) == sorted(stored)
    server.kill()
    server.start()
    assert stored_files(server) == stored


class Uploader(threading.Thread):
    """Writes three files over and over until it is cut off, and remembers the last content that was acknowledged."""

    def __init__(self, server, base, seed):
        super().__init__(daemon=True)
        self.address = (server.host, server.port)
        self.paths = [f"{base}{seed}/{name}" for name in ("a.bin", "deep/er/b.bin", "c.bin")]
        self.random = random.Random(seed)
        self.acknowledged, self.under_way, self.statuses, self.count = {}, {}, set(), 0

    def run(self):
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            while True:
                path, number = self.random.choice(self.paths), self.random.randrange(60)
                self.under_way = {path: number}
                connection.request("PUT", ROUTE + path, content(number))
                answer = connection.getresponse()
                answer.read()
                self.statuses.add(answer.status)
                if answer.status != 200:
                    return
                self.acknowledged[path], self.under_way = number, {}
                self.count += 1
        except (OSError, http.client.HTTPException):
            pass  # cut off by the kill
        finally:
            connection.close()


def test_a_server_killed_during_a_hundred_uploads_keeps_what_it_acknowledged_and_nothing_else(server):
    for _ in range(2):
        run_id = new_run(server.url)
        base = f"0/{run_id}/artifacts/"
        before = stored_files(server)
        uploaders = [Uploader(server, base, seed) for seed in range(UPLOADS)]
        for uploader in uploaders:
            uploader.start()
        wait_until(lambda: sum(one.count for one in uploaders) >= 3 * UPLOADS, 120, "three hundred answers")
        server.kill()
        for uploader in uploaders:
            uploader.join(60)
            assert not uploader.is_alive()
            assert uploader.statuses <= {200}
        server.start()
        stored = stored_files(server)
        possible = {path: {body} for path, body in before.items()}
        for uploader in uploaders:
            for path in uploader.paths:
                known = [one[path] for one in (uploader.acknowledged, uploader.under_way) if path in one]
                possible[path] = {content(number) for number in known}
            # What was acknowledged is there, unless what came after it is there already.
            assert set(uploader.acknowledged) <= stored.keys()
        for path, body in stored.items():
            assert body in possible[path], path
        visible = {base + path for path in listed_files(server, run_id)}
        assert visible == {path for path in stored if path.startswith(base)}


def test_half_uploads_of_a_killed_server_are_gone_when_the_next_one_is_ready(server):
    base = f"0/{new_run(server.url)}/artifacts/"
    put(server, base + "kept.bin", content(1))
    bodies = {f"{base}{number}/half.bin": content(number) for number in range(UPLOADS - 1)}
    uploads = half_uploads(server, bodies | {base + "kept.bin": content(2)})
    server.kill()
    for upload in uploads:
        upload.close()
    server.start()
    assert stored_files(server) == {base + "kept.bin": content(1)}
    # The paths take new files at once.
    for path in bodies:
        put(server, path, b"whole")
    assert stored_files(server) == {base + "kept.bin": content(1)} | dict.fromkeys(bodies, b"whole")


def test_leftovers_of_a_file_system_that_cannot_hide_them_are_gone_when_the_server_is_ready(server):
    base = server.data_directory / "artifacts" / "0" / new_run(server.url) / "artifacts"
    (base / "deep").mkdir(parents=True)
    server.kill()
    for folder in (base, base / "deep"):
        (folder / ".apus-upload-1234-5").write_bytes(b"half")
    server.start()
    assert stored_files(server) == {}
