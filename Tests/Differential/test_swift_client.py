"""The flows of the Swift client against the reference server, and its example against both servers.

`make test` has built the Swift tests; the same tests run against Apus with `swift test`.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from mlflow import MlflowClient
from servers import REPOSITORY, ApusServer, ReferenceServer

BUILD = REPOSITORY / ".build/debug"
TESTS = BUILD / "apusPackageTests.xctest"
EXAMPLE = BUILD / "tiny-training"


def run(command: list[str | Path], **variables: str) -> str:
    """The output of a command that must succeed, with nothing of MLflow's in its environment but these variables."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "APUS_"))}
    done = subprocess.run(
        [str(part) for part in command],
        env={**clean, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.fixture(scope="module")
def reference():
    with ReferenceServer() as server:
        yield server


@pytest.mark.parametrize("suite", ["ServerFlowTests", "WorkflowTests"])
def test_the_flows_of_the_client_pass_against_the_reference(reference, suite):
    command = [TESTS, "--testing-library", "swift-testing", "--filter", f"MLflowClientTests.{suite}"]
    output = run(command, CLIENT_TEST_URI=reference.url)
    assert "0 tests" not in output and "passed" in output, output


def check_example(server):
    """The example trains, goes on with its run after an interruption, and ends it."""
    variables = {"MLFLOW_TRACKING_URI": server.url, "JOB_ID": "job-1"}
    output = run([EXAMPLE], **variables)
    client = MlflowClient(server.url)
    experiment = client.get_experiment_by_name("tiny-training")
    (done,) = client.search_runs([experiment.experiment_id])
    assert f"/runs/{done.info.run_id}" in output
    assert done.info.status == "FINISHED"
    history = client.get_metric_history(done.info.run_id, "loss")
    assert [metric.step for metric in history] == list(range(1, 21))
    assert history[-1].value < history[0].value / 100
    assert abs(float(done.data.tags["slope"]) - 3) < 0.5
    names = {file.path.rsplit("/", 1)[1] for file in client.list_artifacts(done.info.run_id, "epochs/epoch_0020")}
    assert names == {"line.txt", "manifest.json", "metadata.json", "summary.md"}
    run([EXAMPLE], **variables)
    assert len(client.search_runs([experiment.experiment_id])) == 1


def test_the_example_trains_against_the_reference(reference):
    check_example(reference)


def test_the_example_trains_against_apus():
    with ApusServer() as server:
        check_example(server)
