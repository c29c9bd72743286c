"""A pipeline that checks its tracking by plain HTTP before it trains."""

import time

import pytest

from helpers import call, must, send

pytestmark = pytest.mark.client


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer 0f3c.not-checked"}], ids=["open", "bearer"])
def test_a_pipeline_validates_tracking_before_it_trains(uri, name, headers):
    status, body, _ = send("GET", f"{uri}/health", headers=headers)
    assert (status, body) == (200, b"OK")

    status, answer = call(uri, "experiments/get-by-name", headers=headers, experiment_name=name)
    assert (status, answer["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    created = must(uri, "experiments/create", {"name": name}, headers=headers)
    by_name = must(uri, "experiments/get-by-name", headers=headers, experiment_name=name)["experiment"]
    assert by_name["experiment_id"] == created["experiment_id"]
    assert by_name["lifecycle_stage"] == "active"
    assert by_name["artifact_location"]

    now = time.time_ns() // 1_000_000
    body = {
        "experiment_id": created["experiment_id"],
        "run_name": "preflight",
        "start_time": now,
        "tags": [{"key": "purpose", "value": "preflight"}],
    }
    run = must(uri, "runs/create", body, headers=headers)["run"]
    run_id = run["info"]["run_id"]
    assert run["info"]["run_uuid"] == run_id
    assert run["info"]["status"] == "RUNNING"
    assert run["info"]["start_time"] == now

    metric = {"run_id": run_id, "key": "ok", "value": 1, "timestamp": now, "step": 0}
    assert must(uri, "runs/log-metric", metric, headers=headers) == {}
    finished = {"run_id": run_id, "status": "FINISHED", "end_time": now + 5}
    assert must(uri, "runs/update", finished, headers=headers)["run_info"]["status"] == "FINISHED"

    run = must(uri, "runs/get", headers=headers, run_id=run_id)["run"]
    assert run["info"]["status"] == "FINISHED"
    assert run["info"]["end_time"] == now + 5
    assert run["info"]["run_name"] == "preflight"
    assert run["data"]["metrics"] == [{"key": "ok", "value": 1.0, "timestamp": now, "step": 0}]
    tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
    assert tags == {"purpose": "preflight", "mlflow.runName": "preflight"}


def test_the_web_routes_answer_as_the_programs_routes_do(uri, name):
    experiment = must(uri, "/ajax-api/2.0/mlflow/experiments/create", {"name": name})["experiment_id"]
    found = must(uri, "/ajax-api/2.0/mlflow/experiments/get", experiment_id=experiment)["experiment"]
    assert found["name"] == name


def test_numbers_may_come_as_text_and_names_in_camel_case(uri, name):
    experiment = must(uri, "experiments/create", {"name": name})["experiment_id"]
    run_id = must(uri, "runs/create", {"experimentId": experiment, "startTime": "12"})["run"]["info"]["run_id"]
    must(uri, "runs/log-metric", {"run_id": run_id, "key": "m", "value": 0.5, "timestamp": "34", "step": "-2"})
    run = must(uri, "runs/get", run_id=run_id)["run"]
    assert run["info"]["start_time"] == 12
    assert run["data"]["metrics"] == [{"key": "m", "value": 0.5, "timestamp": 34, "step": -2}]


@pytest.mark.parametrize(
    ("route", "body", "status", "code"),
    [
        ("runs/create", {"experiment_id": "987654321"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 1}, 400, "INVALID_PARAMETER_VALUE"),
        (
            "runs/log-metric",
            {"run_id": "f" * 32, "key": "a", "value": 1, "timestamp": 1},
            404,
            "RESOURCE_DOES_NOT_EXIST",
        ),
        ("runs/update", {"run_id": "f" * 32, "status": "FINISHED"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("experiments/create", {}, 400, "INVALID_PARAMETER_VALUE"),
        ("experiments/create", {"name": 12}, 400, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_a_mistake_has_its_status_and_code(uri, route, body, status, code):
    seen, answer = call(uri, route, body)
    assert (seen, answer["error_code"]) == (status, code)
    assert answer["message"]


def test_the_version_is_one_that_the_client_can_read(uri):
    status, body, _ = send("GET", f"{uri}/version")
    assert status == 200
    assert body.decode() == "3.17.2"


def test_a_small_file_is_read_through_the_page_route(uri, name):
    experiment = must(uri, "experiments/create", {"name": name})["experiment_id"]
    run = must(uri, "runs/create", {"experiment_id": experiment})["run"]["info"]
    path = run["artifact_uri"].split("mlflow-artifacts:/", 1)[1].lstrip("/")
    url = f"{uri}/api/2.0/mlflow-artifacts/artifacts/{path}/notes/a%20b.txt"
    assert send("PUT", url, b"hello", {"Content-Type": "text/plain"})[0] == 200
    status, body, headers = send("GET", f"{uri}/get-artifact?run_id={run['run_id']}&path=notes/a%20b.txt")
    assert (status, body) == (200, b"hello")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment")
    listed = must(uri, "artifacts/list", run_id=run["run_id"], path="notes")
    assert listed["files"] == [{"path": "notes/a b.txt", "is_dir": False, "file_size": 5}]
    assert send("DELETE", url)[0] in (200, 204)
    assert must(uri, "artifacts/list", run_id=run["run_id"], path="notes").get("files", []) == []
