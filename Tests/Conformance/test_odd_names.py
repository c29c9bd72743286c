"""Names of artifacts that few programs use: the real client logs them, lists them and gets them back."""

import os

import mlflow
import pytest

from helpers import must

pytestmark = pytest.mark.client
NAMES = [
    "end.",
    "v1.0.",
    "fold 1./x",
    "trail ",
    "back\\slash",
    "a\\b.\\c",
    "...",
    "..;x",
    "..a",
    "a..",
    "s3:",
    "a:b",
    "CON",
    "*",
    '"q"',
    "<x>",
    "~",
    "-rf",
    "a b",
    "a;b",
    "a+b",
    "100%",
    "\u202e",
    "\u00a0",
    "\ufeffx",
]


def write(folder, name):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(name.encode())


def listed(client, run_id, path=None):
    for item in client.list_artifacts(run_id, path):
        if item.is_dir:
            yield from listed(client, run_id, item.path)
        else:
            yield item.path


def test_a_folder_with_odd_names_is_logged_whole(tracking, experiment, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    target.mkdir()
    for name in NAMES:
        write(source, name)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(source))
    assert sorted(listed(tracking, run.info.run_id)) == sorted(NAMES)
    tracking.download_artifacts(run.info.run_id, "", str(target))
    found = {
        os.path.relpath(os.path.join(folder, name), target): open(os.path.join(folder, name), "rb").read().decode()
        for folder, _, names in os.walk(target)
        for name in names
    }
    assert found == {name: name for name in NAMES}


@pytest.mark.apus
def test_spaces_in_front_are_kept_and_tabs_are_left_out(tracking, experiment, uri, tmp_path):
    """The client drops such spaces from what a listing says, so that the listing itself is looked at."""
    source = tmp_path / "source"
    for name in (" lead", " ", "tab\tx"):
        write(source, name)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(source))
    files = must(uri, "artifacts/list", run_id=run.info.run_id)["files"]
    assert [item["path"] for item in files] == [" ", " lead", "tabx"]
