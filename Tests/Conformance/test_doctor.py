"""`apus doctor URI`: what a pipeline runs before it trains."""

import json
import socket
import subprocess

import pytest

from helpers import REFERENCE_PYTHON, must
from servers import ApusServer, ReferenceServer, apus_binary

pytestmark = pytest.mark.apus


def doctor(*arguments, **environment):
    command = [str(apus_binary()), "doctor", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, env={"PATH": "/usr/bin:/bin", **environment}
    )


@pytest.fixture(scope="module")
def server():
    with ApusServer() as server:
        yield server


@pytest.fixture
def dead_port():
    """A port that is held by us and answers nobody."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_healthy_server_passes_and_is_left_tidy(server):
    result = doctor(server.url)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(result.stdout.splitlines()) >= 5
    assert "ms" in result.stdout
    ids = [one["experiment_id"] for one in must(server.url, "experiments/search", max_results=10)["experiments"]]
    left = must(server.url, "runs/search", {"experiment_ids": ids, "run_view_type": "ACTIVE_ONLY"})
    assert left.get("runs", []) == []


def test_a_second_check_finds_the_experiment_of_the_first(server):
    assert doctor(server.url).returncode == 0
    assert doctor(server.url + "/").returncode == 0


def test_its_findings_can_be_read_by_programs(server):
    result = doctor(server.url, "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)


def test_credentials_of_the_client_are_taken(server):
    assert doctor(server.url, MLFLOW_TRACKING_TOKEN="secret-token").returncode == 0
    basic = doctor(server.url, MLFLOW_TRACKING_USERNAME="me", MLFLOW_TRACKING_PASSWORD="secret-word")
    assert basic.returncode == 0
    assert "secret-word" not in basic.stdout + basic.stderr


@pytest.mark.skipif(not REFERENCE_PYTHON.exists(), reason="the reference server is not installed here")
def test_the_reference_server_passes_too():
    with ReferenceServer(python=REFERENCE_PYTHON) as reference:
        result = doctor(reference.url)
        assert result.returncode == 0, result.stdout + result.stderr


def test_a_dead_port_fails_with_advice(dead_port):
    uri = f"http://127.0.0.1:{dead_port}"
    result = doctor(uri)
    assert result.returncode == 1
    assert str(dead_port) in result.stdout + result.stderr
    report = doctor(uri, "--json")
    assert report.returncode == 1
    assert json.loads(report.stdout)


@pytest.mark.parametrize(
    "uri", ["https://127.0.0.1:5000", "nonsense", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999"]
)
def test_an_address_it_cannot_check_is_said_to_be_one(uri):
    result = doctor(uri)
    assert result.returncode == 1
    assert result.stdout + result.stderr
