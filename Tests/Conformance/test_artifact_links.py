"""A symbolic link planted in the tree is never followed, on any route."""

import ctypes
import os
import threading

import pytest

from helpers import must, new_run, send
from servers import ApusServer

pytestmark = pytest.mark.apus
SECRET = b"outside the root"


class Planted:
    """A run with links in its folder; `folder` is that folder on the disk, `base` its path on the by-path routes."""

    def __init__(self, server, root, base, outside):
        self.url = server.url
        self.run = new_run(server.url)
        self.base = None if base is None else f"{base}/{self.run}/artifacts"
        self.folder = root / "0" / self.run / "artifacts"
        self.outside = outside
        (self.folder / "inner").mkdir(parents=True)
        (self.folder / "inner" / "a").write_bytes(b"inside")
        for name, target in {
            "file": outside / "secret",
            "folder": outside,
            "dangling": outside / "nothing",
            "inside": "inner/a",
            "inner/up": "../../../..",
        }.items():
            (self.folder / name).symlink_to(target)

    def calls(self, path):
        """Every route that opens what the path names."""
        yield "GET", f"/get-artifact?run_id={self.run}&path={path}", None
        yield "GET", f"/api/2.0/mlflow/artifacts/list?run_id={self.run}&path={path}", None
        yield "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={self.run}&path={path}", b"x"
        if self.base is not None:
            target = f"/api/2.0/mlflow-artifacts/artifacts/{self.base}/{path}"
            yield "GET", target, None
            yield "HEAD", target, None
            yield "PUT", target, b"x"
            yield "GET", f"/api/2.0/mlflow-artifacts/artifacts?path={self.base}/{path}", None


@pytest.fixture(scope="module", params=["through the server", "default artifact root"])
def planted(request, tmp_path_factory):
    place = tmp_path_factory.mktemp("links")
    outside = place / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(SECRET)
    local = request.param == "default artifact root"
    with ApusServer(["--default-artifact-root", place / "root"] if local else []) as server:
        root = place / "root" if local else server.data_directory / "artifacts"
        yield Planted(server, root, None if local else "0", outside)


@pytest.mark.parametrize(
    "path", ["file", "folder", "folder/secret", "dangling", "dangling/x", "inside", "inner/up", "inner/up/x"]
)
def test_a_link_is_not_followed(planted, path):
    before = sorted(os.listdir(planted.outside))
    for method, target, body in planted.calls(path):
        status, content, _ = send(method, planted.url + target, body)
        if "list" in target or "artifacts?path" in target:
            # A list of what is no folder is empty; through a link it is refused.
            assert status in (200, 400) and b"files" not in content, (method, target, status, content)
        else:
            assert status == 400, (method, target, status, content)
        assert SECRET not in content
    assert sorted(os.listdir(planted.outside)) == before
    assert (planted.outside / "secret").read_bytes() == SECRET
    assert (planted.folder / "inner" / "a").read_bytes() == b"inside"


def test_links_are_left_out_of_listings(planted):
    listed = must(planted.url, "artifacts/list", run_id=planted.run)["files"]
    assert [item["path"] for item in listed] == ["inner"]


def test_a_deletion_takes_the_link_and_not_what_it_names(planted):
    if planted.base is None:
        pytest.skip("no route deletes by run")
    target = f"{planted.url}/api/2.0/mlflow-artifacts/artifacts/{planted.base}"
    assert send("DELETE", f"{target}/folder/secret")[0] == 400
    assert (planted.outside / "secret").read_bytes() == SECRET
    (planted.folder / "doomed").symlink_to(planted.outside)
    assert send("DELETE", f"{target}/doomed")[0] == 200
    assert not (planted.folder / "doomed").is_symlink()
    assert (planted.outside / "secret").read_bytes() == SECRET


def exchange(one, other) -> bool:
    """Exchanges two names at once (renameat2(2))."""
    at_working_directory, exchange_names = -100, 2
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), at_working_directory, os.fsencode(other)
    return library.renameat2(at_working_directory, *names, exchange_names) == 0


def test_a_folder_swapped_for_a_link_during_the_request_is_not_followed(planted):
    folder, link = planted.folder / "swapped", planted.folder / "link"
    folder.mkdir()
    (folder / "secret").write_bytes(b"inside")
    link.symlink_to(planted.outside)
    stop, swaps = threading.Event(), []

    def swap():
        # One call, so that an upload finds one of the two and never makes a folder between them.
        while not stop.is_set() and exchange(folder, link):
            swaps.append(1)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(100):
            for method, target, body in planted.calls("swapped/secret"):
                status, content, _ = send(method, planted.url + target, body)
                assert SECRET not in content
                assert status in (200, 400, 404), (method, target, status, content)
    finally:
        stop.set()
        swapper.join()
    assert len(swaps) > 100
    assert (planted.outside / "secret").read_bytes() == SECRET
    assert os.listdir(planted.outside) == ["secret"]
