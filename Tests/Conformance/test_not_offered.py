"""What is not offered says so at the first request, with the client's own patience left as it is."""

import logging

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from samples import log_sample

pytestmark = pytest.mark.apus

CALLS = {
    "create a webhook": lambda client: client.create_webhook("hook", "https://e.com", ["model_version.created"]),
    "list webhooks": lambda client: client.list_webhooks(),
    "get a webhook": lambda client: client.get_webhook("hook"),
    "delete a webhook": lambda client: client.delete_webhook("hook"),
    "create an evaluation dataset": lambda client: mlflow.genai.create_dataset("data", experiment_id="0"),
    "search evaluation datasets": lambda client: mlflow.genai.search_datasets(experiment_ids=["0"]),
    "get an evaluation dataset": lambda client: mlflow.genai.get_dataset(dataset_id="d-1"),
    "register a scorer": lambda client: scorer().register(experiment_id="0"),
    "list scorers": lambda client: mlflow.genai.list_scorers(experiment_id="0"),
    "get a scorer": lambda client: mlflow.genai.get_scorer(name="kind", experiment_id="0"),
    "search traces": lambda client: client.search_traces(locations=["0"]),
    "delete traces": lambda client: client.delete_traces("0", trace_ids=["tr-1"]),
    "log feedback": lambda client: mlflow.log_feedback(trace_id="tr-1", name="good", value=True),
    "list workspaces": lambda client: client.list_workspaces(),
}


def scorer():
    return mlflow.genai.scorers.Guidelines(name="kind", guidelines="Be kind.")


@pytest.fixture
def requests_sent(caplog, monkeypatch):
    """The method and status of every request that left the process, told by the client's own connection pool."""
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")

    def sent():
        records = [one.args for one in caplog.records if one.name == "urllib3.connectionpool"]
        return [(arguments[3], arguments[6]) for arguments in records if len(arguments) == 8]

    return sent


@pytest.mark.parametrize("what", CALLS)
def test_a_call_of_what_is_not_offered_fails_at_its_first_request(tracking, requests_sent, what):
    with pytest.raises(MlflowException, match="not offered") as caught:
        CALLS[what](tracking)
    assert caught.value.error_code == "NOT_IMPLEMENTED"
    assert [status for _, status in requests_sent()] == [501]


def test_a_training_that_meets_a_refusal_goes_on(tracking, experiment):
    with mlflow.start_run() as run:
        mlflow.log_metric("before", 1)
        for what in CALLS:
            with pytest.raises(MlflowException):
                CALLS[what](tracking)
        mlflow.log_metric("after", 2)
        info = log_sample()
    seen = tracking.get_run(run.info.run_id)
    assert (seen.info.status, seen.data.metrics) == ("FINISHED", {"before": 1.0, "after": 2.0})
    assert str(tracking.get_logged_model(info.model_id).status) == "READY"
