"""Paths that a person gets wrong: each command says so and ends with an error."""

import json
import subprocess

import pytest

from helpers import new_run, send
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus


def apus(*arguments, cwd=None):
    command = [str(apus_binary()), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd)


def test_statistics_of_what_is_no_folder_of_artifacts_fail(tmp_path):
    (tmp_path / "file").write_text("x")
    with ApusServer() as server:
        data = server.data_directory
        for arguments, named in [
            (["--artifacts-destination", tmp_path / "absent"], "absent"),
            (["--artifacts-destination", tmp_path / "file"], "is not a folder"),
            (["--artifacts-destination", data], "--data-dir"),
            (["--data-dir", tmp_path / "absent"], "absent/artifacts"),
            (["--data-dir", tmp_path], "artifacts"),
            (["--data-dir", tmp_path / "file"], "file/artifacts"),
            (["--data-dir", ""], "--data-dir is empty"),
            ([], "apus-data/artifacts"),
        ]:
            result = apus("artifacts", "stats", *arguments, cwd=tmp_path)
            assert (result.returncode, result.stdout) == (1, ""), arguments
            assert named in result.stderr
            assert len(result.stderr.splitlines()) == 1


def test_statistics_of_a_server_without_artifacts_are_zero_and_no_error():
    with ApusServer() as server:
        data = ["--data-dir", server.data_directory, "--json"]
        assert json.loads(apus("artifacts", "stats", *data).stdout)["files"] == 0
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{new_run(server.url)}/artifacts/f"
        assert send("PUT", server.url + path, b"12345")[0] == 200
        assert json.loads(apus("artifacts", "stats", *data).stdout)["apparent_bytes"] == 5


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--data-dir", "file"], "is a file where a folder is needed"),
        (["--data-dir", "data", "--artifacts-destination", "file"], "--artifacts-destination: "),
        (["--data-dir", "data", "--default-artifact-root", "file"], "--default-artifact-root: "),
        (["--data-dir", "data", "--ready-file", "absent/ready"], "absent/ready"),
        (["--data-dir", "data", "--ready-file", ""], "--ready-file"),
        (["--data-dir", "data", "--ready-file", "folder"], "--ready-file"),
        (["--data-dir", "mlruns"], "file store"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_server_is_not_started_on_a_wrong_path(arguments, named, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("name: Default\n")
    before = sorted(tmp_path.iterdir())
    result = apus("server", "--port", "0", *arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert named in result.stderr
    assert sorted(tmp_path.iterdir()) == before
