"""Traces left in a training loop do not stop the training."""

import time

import mlflow
import pytest

from helpers import send

needs_traces = pytest.mark.skipif(not hasattr(mlflow, "trace"), reason="this client has no traces yet")


@pytest.mark.client
@needs_traces
def test_a_training_with_a_traced_step_goes_on(tracking, experiment):
    @mlflow.trace
    def step(number):
        return 1 / (number + 1)

    began = time.monotonic()
    with mlflow.start_run() as run:
        for number in range(10):
            mlflow.log_metric("loss", step(number), step=number)
    if hasattr(mlflow, "flush_trace_async_logging"):
        mlflow.flush_trace_async_logging()
    assert time.monotonic() - began < 20
    seen = tracking.get_run(run.info.run_id)
    assert seen.info.status == "FINISHED"
    assert seen.data.metrics == {"loss": 0.1}
    assert len(tracking.get_metric_history(run.info.run_id, "loss")) == 10


@pytest.mark.apus
@pytest.mark.parametrize(
    ("method", "route", "content_type"),
    [
        ("POST", "/v1/traces", "application/x-protobuf"),
        ("POST", "/api/3.0/mlflow/traces", "application/json"),
        ("POST", "/api/2.0/mlflow/traces", "application/json"),
        ("POST", "/api/3.0/mlflow/traces/search", "application/json"),
    ],
)
def test_trace_routes_say_at_once_that_they_are_not_offered(uri, method, route, content_type):
    status, body, headers = send(method, uri + route, b"{}", {"Content-Type": content_type})
    assert status == 501
    assert headers["Content-Type"].startswith("application/json")
    assert b"NOT_IMPLEMENTED" in body
