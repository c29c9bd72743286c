"""Uploads in parts that a load balancer spreads over two servers of one database and one folder of artifacts."""

import os
import threading

import pytest

from helpers import call, must, new_run, send
from postgres import database_of
from servers import ApusServer

pytestmark = pytest.mark.apus
MPU = "/api/2.0/mlflow-artifacts/mpu/"
FILES = "/api/2.0/mlflow-artifacts/artifacts/"
PART = 5 << 20


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    return ["--backend-store-uri", database_of("shared uploads"), "--artifacts-destination", folder]


@pytest.fixture(scope="module")
def pair(place):
    with ApusServer(place) as one, ApusServer(place) as other:
        yield one.url, other.url


def begin(server, count):
    """Begins an upload of `big.bin`. Returns its folder, its id and the addresses of the parts without the server."""
    folder = f"0/{new_run(server)}/artifacts"
    made = must(server, MPU + "create/" + folder, {"path": "big.bin", "num_parts": count})
    return folder, made["upload_id"], [one["url"].removeprefix(server) for one in made["credentials"]]


def put(server, address, content):
    status, body, headers = send("PUT", server + address, content)
    assert status == 200, body
    return headers["ETag"]


def finish(server, folder, upload, tags):
    parts = [{"part_number": number + 1, "etag": tag, "url": ""} for number, tag in enumerate(tags)]
    return call(server, MPU + "complete/" + folder, {"path": "big.bin", "upload_id": upload, "parts": parts})


@pytest.mark.parametrize("pattern", range(8))
def test_parts_that_come_to_different_servers_make_one_file(pair, pattern):
    folder, upload, addresses = begin(pair[0], 3)
    contents = [os.urandom(PART), os.urandom(PART), os.urandom(1_000)]
    tags = [put(pair[pattern >> part & 1], addresses[part], contents[part]) for part in (2, 0, 1)]
    tags = [tags[1], tags[2], tags[0]]
    last = pair[pattern & 1]
    assert finish(last, folder, upload, tags) == (200, {})
    # A client that misses the answer asks again, and may reach the other server.
    for server in pair:
        assert finish(server, folder, upload, tags) == (200, {})
        assert send("GET", server + FILES + folder + "/big.bin")[1] == b"".join(contents)


def test_both_servers_say_what_is_missing_of_all_parts(pair):
    folder, upload, addresses = begin(pair[0], 3)
    tags = [put(pair[0], addresses[0], b"x" * PART), put(pair[1], addresses[1], b"y" * PART), "none"]
    for server in pair:
        status, answer = finish(server, folder, upload, tags)
        assert status == 400 and "Part 3 has not arrived; missing parts in all: 1" in answer["message"]


def test_a_server_that_starts_spares_the_uploads_of_others(pair, place, tmp_path):
    folder, upload, addresses = begin(pair[0], 2)
    first = put(pair[1], addresses[0], b"x" * PART)
    with ApusServer(place, directory=tmp_path / "third") as third:
        second = put(third.url, addresses[1], b"end")
        assert finish(pair[0], folder, upload, [first, second]) == (200, {})
    assert send("GET", pair[1] + FILES + folder + "/big.bin")[1] == b"x" * PART + b"end"


def test_an_aborted_upload_ends_at_the_other_server(pair):
    folder, upload, addresses = begin(pair[0], 2)
    tag = put(pair[1], addresses[0], b"x" * PART)
    assert call(pair[0], MPU + "abort/" + folder, {"path": "big.bin", "upload_id": upload})[0] == 200
    assert send("PUT", pair[1] + addresses[1], b"end")[0] == 404
    assert finish(pair[1], folder, upload, [tag, "none"])[0] == 404


def test_two_completions_at_once_store_one_whole_file(pair):
    for _ in range(5):
        folder, upload, addresses = begin(pair[0], 4)
        contents = [bytes([65 + part]) * PART for part in range(4)]
        tags = [put(pair[part % 2], addresses[part], contents[part]) for part in range(4)]
        statuses = []
        threads = [
            threading.Thread(target=lambda server=server: statuses.append(finish(server, folder, upload, tags)[0]))
            for server in pair * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 200 in statuses and set(statuses) <= {200, 429}, statuses
        assert send("GET", pair[1] + FILES + folder + "/big.bin")[1] == b"".join(contents)
