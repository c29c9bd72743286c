"""No client can reach the database as if it were an artifact."""

import os
import subprocess

import pytest

from helpers import send
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus


def start(folder, *arguments):
    command = [str(apus_binary()), "server", "--port", "0", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder)


@pytest.mark.parametrize("flag", ["--artifacts-destination", "--default-artifact-root"])
@pytest.mark.parametrize("place", ["data", "", "link", "data/deeper/..", "/", "data/apus.db-journal", "data/apus.db.lock"])
def test_a_folder_of_artifacts_that_holds_the_database_is_refused(tmp_path, flag, place):
    (tmp_path / "data" / "deeper").mkdir(parents=True)
    (tmp_path / "link").symlink_to("data")
    result = start(tmp_path, "--data-dir", tmp_path / "data", flag, tmp_path / place)
    assert result.returncode == 1
    assert flag in result.stderr and "apus.db" in result.stderr
    assert os.listdir(tmp_path / "data") == ["deeper"]


def test_a_database_within_the_folder_of_artifacts_is_refused_by_its_own_flag_too(tmp_path):
    uri = f"sqlite:///{tmp_path}/data/artifacts/apus.db"
    result = start(tmp_path, "--data-dir", tmp_path / "data", "--backend-store-uri", uri)
    assert result.returncode == 1
    assert "would contain the database" in result.stderr
    assert os.listdir(tmp_path) == []


def test_a_folder_beside_the_database_whose_name_begins_alike_is_served(tmp_path):
    arguments = ["--data-dir", tmp_path / "data", "--artifacts-destination", tmp_path / "data-artifacts"]
    with ApusServer(arguments) as server:
        assert send("GET", f"{server.url}/api/2.0/mlflow-artifacts/artifacts")[0] == 200
