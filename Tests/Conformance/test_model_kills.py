"""Models and versions that were acknowledged survive a kill of the server."""

import http.client
import threading

import mlflow
import mlflow.pyfunc
import pytest

from helpers import call, must, new_run
from samples import assert_same_predictions, log_sample
from servers import ApusServer, free_port, wait_until

pytestmark = pytest.mark.apus
WRITERS = 6


class Registrars:
    """Threads that make versions and logged models with a metric each, until the server is gone."""

    def __init__(self, uri, name):
        self.uri, self.name, self.run_id = uri, name, new_run(uri)
        self.versions, self.models, self.statuses = [], [], set()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WRITERS)]

    def _send(self, route, body):
        status, answer = call(self.uri, route, body)
        self.statuses.add(status)
        return answer

    def _work(self):
        try:
            while True:
                version = self._send("model-versions/create", {"name": self.name, "source": "s3://bucket/model"})
                self.versions.append(int(version["model_version"]["version"]))
                model = self._send("logged-models", {"experiment_id": "0", "source_run_id": self.run_id})
                model_id = model["model"]["info"]["model_id"]
                value = len(self.models)
                metric = {"key": "m", "value": value, "timestamp": 1, "model_id": model_id}
                self._send("runs/log-metric", {"run_id": self.run_id, **metric})
                self.models.append((model_id, value))
        except (OSError, ValueError, http.client.HTTPException):
            return  # the connection was refused, or cut in the middle of an answer

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()


def test_a_killed_server_has_kept_every_version_and_every_logged_model():
    with ApusServer() as server:
        must(server.url, "registered-models/create", {"name": "kept"})
        registrars = Registrars(server.url, "kept")
        with registrars:
            wait_until(lambda: len(registrars.models) >= 60, 30, "sixty acknowledged models")
            server.kill()
        assert registrars.statuses == {200}
        server.start()
        search = {"filter": "name = 'kept'", "max_results": 10_000}
        found = must(server.url, "model-versions/search", **search)["model_versions"]
        numbers = sorted(int(one["version"]) for one in found)
        assert set(registrars.versions) <= set(numbers)
        assert numbers == list(range(1, len(numbers) + 1))
        for model_id, value in registrars.models:
            model = must(server.url, f"logged-models/{model_id}")["model"]
            assert [one["value"] for one in model["data"]["metrics"]] == [value]
        made = must(server.url, "model-versions/create", {"name": "kept", "source": "s3://bucket/model"})
        assert int(made["model_version"]["version"]) == len(numbers) + 1


def test_a_model_that_was_logged_is_loaded_after_a_kill():
    with ApusServer(["--port", free_port()]) as server:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("kept")
        with mlflow.start_run() as run:
            info = log_sample(registered_model_name="kept")
            mlflow.log_metric("accuracy", 0.75, model_id=info.model_id)
            mlflow.MlflowClient().set_registered_model_alias("kept", "champion", "1")
            server.kill()
            server.start()
        assert_same_predictions(mlflow.pyfunc.load_model("models:/kept@champion"))
        assert_same_predictions(mlflow.pyfunc.load_model(info.model_uri))
        model = mlflow.get_logged_model(info.model_id)
        assert [(one.key, one.value, one.run_id) for one in model.metrics] == [("accuracy", 0.75, run.info.run_id)]
        assert str(model.status) == "READY"
        outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
        assert [one.model_id for one in outputs] == [info.model_id]
