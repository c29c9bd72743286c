"""The tracking URI `apus:FOLDER`: one server for all processes, however many there are and whatever ends them."""

import os
import signal
import subprocess

import pytest

from conftest import HERE, REPOSITORY, owner_of, servers_of
from servers import wait_until

PROCESSES = 64
POINTS = 20

# Flows of the conformance suite that know the server by its tracking URI alone.
FLOWS = {
    "3.17": "async_logging checkpoints client_calls lifecycle prompts registry registry_search training".split(),
    "2.22": "client_calls lifecycle registry training".split(),
    "2.9": "client_calls lifecycle registry training".split(),
}


def started(folder):
    """How many servers have started on the folder."""
    return (folder / "apus.log").read_text().count(f", database {folder}/apus.db, artifacts ")


def many(with_client, data):
    environment = with_client("3.17")
    return subprocess.Popen(
        [environment.python, HERE / "many.py", data, str(PROCESSES), str(POINTS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment.environment(APUS_IDLE_EXIT="2s"),
    )


CHECK = """
import sys, mlflow
mlflow.set_tracking_uri("apus:" + sys.argv[1])
client = mlflow.MlflowClient()
for run in client.search_runs(["0"], "tags.done = 'yes'", max_results=1000):
    points = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in points] == [(s, s * 0.5) for s in range(int(sys.argv[2]))], run
    number = run.data.tags["number"]
    text = mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/note.txt")
    assert text == f"from {number}", text
    print(number)
"""


def check_all_is_there(with_client, data):
    found = with_client("3.17").run(CHECK, data, POINTS, APUS_IDLE_EXIT="1s").split()
    assert sorted(map(int, set(found))) == list(range(PROCESSES))


def check_nothing_is_left(data):
    wait_until(lambda: not servers_of(data), 20, "the server to end for lack of use")
    assert owner_of(data) is None
    assert [path.name for path in data.iterdir() if path.name.startswith(".")] == []
    assert not (data / "apus.db-wal").exists()


def test_64_processes_at_once_share_one_server(with_client, data):
    process = many(with_client, data)
    output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors[-4000:]
    assert started(data) == 1
    check_nothing_is_left(data)
    check_all_is_there(with_client, data)
    check_nothing_is_left(data)


def test_64_processes_go_on_when_the_server_is_killed(with_client, data):
    process = many(with_client, data)
    log = data / "apus.db-wal"
    wait_until(lambda: log.exists() and log.stat().st_size > 1_000_000, 120, "some of the points to be logged")
    os.kill(owner_of(data), signal.SIGKILL)
    output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors[-4000:]
    assert started(data) == 2
    check_nothing_is_left(data)
    check_all_is_there(with_client, data)


@pytest.mark.parametrize("version", FLOWS)
def test_flows_of_the_conformance_suite_pass(with_client, data, version):
    environment = with_client(version)
    files = [REPOSITORY / f"Tests/Conformance/test_{name}.py" for name in FLOWS[version]]
    outcome = subprocess.run(
        [environment.python, "-m", "pytest", "-q", "-m", "client", *files],
        capture_output=True,
        text=True,
        timeout=1_800,
        cwd=REPOSITORY,
        env=environment.environment(APUS_CONFORMANCE_URI=f"apus:{data}", APUS_IDLE_EXIT="1s"),
    )
    assert outcome.returncode == 0, outcome.stdout[-6000:] + outcome.stderr[-2000:]
    assert started(data) == 1


def test_a_relative_folder_is_that_of_the_first_use(with_client, data, tmp_path):
    code = """
import os, mlflow
mlflow.set_tracking_uri("apus:./data")
first = mlflow.search_experiments()
os.chdir("/")
with mlflow.start_run() as run:
    mlflow.log_text("here", "note.txt")
print(mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt"))
"""
    assert "here" in with_client("3.17").run(code, cwd=tmp_path, APUS_IDLE_EXIT="1s")
    assert (data / "apus.db").exists()


@pytest.mark.parametrize("uri, folder", [("apus:", "apus-data"), ("apus:data", "data"), ("apus:~/data", "data"), ("apus://{}/data", "data")])
def test_forms_of_the_uri(installed, tmp_path, uri, folder):
    code = """
import os, sys
from apus._mlflow import folder
print(folder(sys.argv[1].format(os.getcwd())))
"""
    assert installed.run(code, uri, cwd=tmp_path, HOME=str(tmp_path)).strip() == str(tmp_path / folder)
    assert installed.run(code, "apus:", cwd=tmp_path, APUS_DATA_DIR="/there").strip() == "/there"


@pytest.mark.parametrize("uri, right", [("apus://runs", "apus:runs"), ("apus://", "apus:."), ("apus://a/b", "apus:a/b")])
def test_a_uri_that_names_a_machine_is_refused_with_the_right_form(installed, uri, right):
    code = """
import sys
from apus._mlflow import folder
try:
    folder(sys.argv[1])
except ValueError as failure:
    print(failure)
"""
    assert f"write {right} for" in installed.run(code, uri)


def test_three_or_four_slashes_are_an_absolute_path(installed):
    code = "from apus._mlflow import folder\nprint(folder('apus:///mlflow.db'), folder('apus:////data/mlflow.db'))"
    assert installed.run(code).split() == ["/mlflow.db", "/data/mlflow.db"]


def test_other_tracking_uris_get_what_the_client_makes_itself(with_client):
    code = """
import mlflow
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
mlflow.set_tracking_uri("http://127.0.0.1:9")
repository = get_artifact_repository("mlflow-artifacts:/0/x/artifacts")
assert type(repository) is MlflowArtifactsRepository
print(repository.artifact_uri)
"""
    for version in ["3.17", "2.22", "2.9"]:
        printed = with_client(version).run(code).strip()
        assert printed.splitlines()[-1] == "http://127.0.0.1:9/api/2.0/mlflow-artifacts/artifacts/0/x/artifacts"
