"""`apus doctor URI`: what a pipeline runs before it trains."""

import json
import re
import socket
import subprocess
import threading
import time

import pytest

from helpers import REFERENCE_PYTHON, must
from servers import PATIENCE, ApusServer, ReferenceServer, apus_binary, free_port

pytestmark = pytest.mark.apus


def doctor(*arguments, **environment):
    command = [str(apus_binary()), "doctor", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin", **environment}
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


STEPS = ["health", "experiment", "create-run", "log-metric", "read-metric", "artifact", "end-run", "delete-run"]


def assert_all_is_fine(result, url, experiment="found, id 0", health=None):
    """The whole report, line by line."""
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    details = {"experiment": experiment, "health": health}
    *lines, verdict = result.stdout.splitlines()
    assert len(lines) == len(STEPS), result.stdout
    for line, step in zip(lines, STEPS):
        detail = f"  {details[step]}" if details.get(step) else ""
        assert re.fullmatch(rf"ok    {step:<11} +\d+\.\d ms{detail}", line), line
    assert verdict == f"All is fine: a training can use {url}."


def left_behind(url):
    """The names of the experiments, and the runs that are not deleted."""
    found = must(url, "experiments/search", max_results=100, view_type="ALL")["experiments"]
    ids = [one["experiment_id"] for one in found]
    return [one["name"] for one in found], must(url, "runs/search", {"experiment_ids": ids}).get("runs", [])


def test_a_healthy_server_passes_and_is_left_tidy(server):
    assert_all_is_fine(doctor(server.url), server.url)
    assert_all_is_fine(doctor(server.url + "/"), server.url)
    assert left_behind(server.url) == (["Default"], [])


def test_an_experiment_that_is_named_is_made_once_and_stays():
    with ApusServer() as server:
        assert_all_is_fine(doctor(server.url, "--experiment", "mine"), server.url, r"created, id 1")
        assert_all_is_fine(doctor(server.url, "--experiment", "mine"), server.url, r"found, id 1")
        assert left_behind(server.url) == (["mine", "Default"], [])


def test_without_the_default_experiment_it_makes_its_own():
    with ApusServer() as server:
        must(server.url, "experiments/delete", {"experiment_id": "0"})
        assert_all_is_fine(doctor(server.url), server.url, r"created, id 1")
        assert_all_is_fine(doctor(server.url), server.url, r"found, id 1")


def test_its_findings_can_be_read_by_programs(server):
    result = doctor(server.url, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert (report["uri"], report["ok"]) == (server.url, True)
    assert [step["name"] for step in report["steps"]] == STEPS
    # The whole command has a minute.
    assert all(step["ok"] and 0 <= step["milliseconds"] < 60_000 for step in report["steps"])
    assert report["steps"][1]["detail"] == "found, id 0"


def test_credentials_of_the_client_are_taken(server):
    for variables in [
        {"MLFLOW_TRACKING_TOKEN": "secret-token"},
        {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "secret-word"},
    ]:
        result = doctor(server.url, **variables)
        assert_all_is_fine(result, server.url)
        assert "secret" not in result.stdout + result.stderr


def test_the_variable_of_the_client_names_the_server(server):
    assert_all_is_fine(doctor(MLFLOW_TRACKING_URI=server.url), server.url)


@pytest.mark.skipif(not REFERENCE_PYTHON.exists(), reason="the reference server is not installed here")
def test_the_reference_server_passes_too():
    with ReferenceServer(python=REFERENCE_PYTHON) as reference:
        assert_all_is_fine(doctor(reference.url), reference.url)
        assert left_behind(reference.url) == (["Default"], [])


def assert_refused(result, uri, port):
    *steps, advice, verdict = result.stdout.splitlines()
    assert len(steps) == 1
    what = re.escape(f"connection refused: nothing listens on port {port} of 127.0.0.1")
    assert re.fullmatch(rf"FAIL  health +\d+\.\d ms  {what}", steps[0]), steps[0]
    assert advice.endswith(f"Start it: apus server --port {port}")
    assert verdict == f"Not ready for a training: {uri}."


def test_a_dead_port_fails_with_advice(dead_port):
    uri = f"http://127.0.0.1:{dead_port}"
    result = doctor(uri)
    assert (result.returncode, result.stderr) == (1, "")
    assert_refused(result, uri, dead_port)
    report = doctor(uri, "--json")
    assert report.returncode == 1
    findings = json.loads(report.stdout)
    assert (findings["uri"], findings["ok"], len(findings["steps"])) == (uri, False, 1)
    assert findings["steps"][0]["detail"].startswith("connection refused")
    assert findings["steps"][0]["advice"].endswith(f"apus server --port {dead_port}")


def test_a_wait_that_is_in_vain_ends_in_time_and_says_one_thing(dead_port):
    uri = f"http://127.0.0.1:{dead_port}"
    began = time.monotonic()
    result = doctor(uri, "--wait", "700ms")
    assert 0.3 < time.monotonic() - began < 5 * PATIENCE
    assert (result.returncode, result.stderr) == (1, "")
    assert_refused(result, uri, dead_port)


def test_it_waits_for_a_server_that_starts_later(tmp_path):
    port = free_port()
    results = []
    waiting = threading.Thread(target=lambda: results.append(doctor(f"http://127.0.0.1:{port}", "--wait", "50s")))
    waiting.start()
    # Until the first try has failed.
    waiting.join(0.3)
    assert results == []
    with ApusServer(["--port", port]) as server:
        waiting.join(60)
        assert_all_is_fine(results[0], server.url, health=r"after \d+\.\d s of waiting")
        # What is timed is the answer, not the wait for it.
        assert float(re.search(r"health +([\d.]+) ms", results[0].stdout)[1]) < 1_000


@pytest.mark.parametrize("time", ["soon", "-1s", "25h", ""])
def test_a_time_that_is_none_is_refused(server, time):
    result = doctor(server.url, f"--wait={time}")
    assert result.returncode > 0
    assert "--wait" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "uri, detail",
    [
        ("nonsense", "the URI"),
        ("ftp://127.0.0.1", "the URI's scheme is not http, https or azureml"),
        ("http://", "the URI's host is missing or malformed"),
        ("http://127.0.0.1:99999", "the URI's port is not a number from 1 to 65535"),
    ],
)
def test_an_address_it_cannot_check_is_said_to_be_one(uri, detail):
    result = doctor(uri)
    assert (result.returncode, result.stderr) == (1, "")
    finding, advice, verdict = result.stdout.splitlines()
    assert re.match(r"FAIL  uri +0\.0 ms  ", finding)
    assert detail in finding
    assert advice.startswith("      ") and advice.endswith((".", "/health"))
    assert verdict == f"Not ready for a training: {uri}."
