"""Upstreams that do not hold everything: stand-ins for Azure ML and Databricks, which pass on what these would take."""

import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from mlflow import MlflowClient

from forwarding import SOURCE_TAG, history, pairs, put_artifact, search, wait_until_current
from helpers import must, new_run, send
from servers import ApusServer

pytestmark = pytest.mark.apus

# Databricks allows 1,600; the stand-in less, so that a test is short.
PARAMS_OF_RUN = 30


class StandIn:
    """A server of the REST API before one of Apus, with the limits of another product."""

    def __init__(self, behind: str):
        self.behind, self.calls, self.refused = behind, [], 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                code, content, headers = stand_in.answer(self.command, self.path, body)
                self.send_response(code)
                for name, value in {"Content-Length": len(content), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method, path, body):
        self.calls.append((method, path))
        message = json.loads(body) if body[:1] == b"{" else {}
        if path.startswith("/api/apus/"):
            return 404, b"", {}
        refusal = self.refusal(method, path, message)
        if refusal:
            self.refused += 1
            code, error, headers = refusal
            return code, json.dumps(error).encode() if error else b"", headers
        headers = {"Content-Type": "application/json"} if body[:1] == b"{" else {}
        code, content, _ = send(method, self.behind + path, body or None, headers)
        return code, self.changed(path, content), {}

    def refusal(self, method, path, message):
        raise NotImplementedError

    def changed(self, path, content):
        return content

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class AzureML(StandIn):
    """No logged models, artifacts in a store of its own, no LIKE, no other name for an experiment."""

    def refusal(self, method, path, message):
        if "/logged-models" in path:
            return 404, None, {}
        text = message.get("filter", "") + urllib.parse.unquote(path)
        if "LIKE" in text:
            return 400, {"error_code": "BAD_REQUEST", "message": "LIKE is not supported"}, {}
        if path.endswith("experiments/update"):
            return 400, {"error_code": "BAD_REQUEST", "message": "Renaming is not supported"}, {}
        return None

    def changed(self, path, content):
        return content.replace(b'"mlflow-artifacts:/', b'"azureml://experiments/artifacts/')


class Databricks(StandIn):
    """Quotas for a run, and a rate that it asks to keep."""

    def refusal(self, method, path, message):
        if len(self.calls) % 5 == 0:
            return 429, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slower"}, {"Retry-After": 1}
        if path.endswith("runs/log-batch") and message.get("params"):
            run = must(self.behind, "runs/get", run_id=message["run_id"])["run"]
            there = pairs(run["data"].get("params", []))
            if len(there.keys() | {param["key"] for param in message["params"]}) > PARAMS_OF_RUN:
                return 429, {"error_code": "RESOURCE_EXHAUSTED", "message": "Quota of params for a run"}, {}
        if path.endswith("runs/log-batch") and any(tag["value"] == "too much" for tag in message.get("tags", [])):
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "This is too much"}, {}
        return None


class WithoutLoggedModels(StandIn):
    """As MLflow 2.22: no logged models, and a version that names one is an error of the server."""

    def refusal(self, method, path, message):
        if "/logged-models" in path or path.endswith("runs/outputs"):
            return 404, None, {}
        if path.endswith("model-versions/create") and message["source"].startswith("models:/m-"):
            return 500, {"error_code": "INTERNAL_ERROR", "message": "Not a proper models:/ URI"}, {}
        return None


@pytest.fixture
def behind():
    with ApusServer() as server:
        yield server


def run_there(url, run_id):
    ids = [found["experiment_id"] for found in must(url, "experiments/search", {"max_results": 100})["experiments"]]
    found = [run for run in search(url, ids) if pairs(run["data"].get("tags", [])).get(SOURCE_TAG) == run_id]
    assert len(found) == 1
    return found[0]


def test_azure_gets_runs_and_what_it_lacks_is_listed_and_not_tried_again(behind):
    stand_in = AzureML(behind.url)
    with ApusServer(["--upstream", stand_in.url, "--forward-delay", "200ms"]) as local:
        experiment_id = must(local.url, "experiments/create", {"name": "limits"})["experiment_id"]
        run_id = new_run(local.url, experiment_id)
        points = [{"key": "loss", "value": step, "timestamp": step, "step": step} for step in range(100)]
        must(local.url, "runs/log-batch", {"run_id": run_id, "metrics": points, "params": [{"key": "lr", "value": "1"}]})
        put_artifact(local.url, run_id, "weights.bin", b"x" * 1_000)
        model = must(local.url, "logged-models", {"experiment_id": experiment_id, "name": "net", "source_run_id": run_id})
        model_id = model["model"]["info"]["model_id"]
        must(local.url, "runs/outputs", {"run_id": run_id, "models": [{"model_id": model_id, "step": 1}]})
        report = wait_until_current(local.url)
        parts = {(omission["subject"], omission["part"]) for omission in report["omissions"]}
        assert (model_id, "logged model") in parts
        assert (run_id, "files") in parts
        assert (run_id, f"model {model_id}") in parts
        there = run_there(behind.url, run_id)
        assert pairs(there["data"]["params"]) == {"lr": "1"}
        assert len(history(behind.url, there["info"]["run_id"], "loss")) == 100
        before = len([path for _, path in stand_in.calls if "logged-models" in path])
        must(local.url, "runs/set-tag", {"run_id": run_id, "key": "note", "value": "changed"})
        wait_until_current(local.url)
        assert len([path for _, path in stand_in.calls if "logged-models" in path]) == before
        assert pairs(run_there(behind.url, run_id)["data"]["tags"])["note"] == "changed"
    stand_in.close()


def test_databricks_gets_what_its_quotas_allow_and_the_rest_is_listed(behind):
    stand_in = Databricks(behind.url)
    with ApusServer(["--upstream", stand_in.url, "--forward-delay", "200ms"]) as local:
        full, other = new_run(local.url), new_run(local.url)
        params = [{"key": f"p{index:03}", "value": str(index)} for index in range(PARAMS_OF_RUN + 5)]
        must(local.url, "runs/log-batch", {"run_id": full, "params": params})
        must(local.url, "runs/log-metric", {"run_id": full, "key": "m", "value": 1, "timestamp": 1, "step": 1})
        must(local.url, "runs/log-batch", {"run_id": other, "params": params[:3]})
        report = wait_until_current(local.url, timeout=180)
        assert {omission["part"] for omission in report["omissions"]} == {f"param p{index:03}" for index in range(30, 35)}
        assert all("Quota of params" in omission["reason"] for omission in report["omissions"])
        there = run_there(behind.url, full)
        assert len(pairs(there["data"]["params"])) == PARAMS_OF_RUN
        assert len(history(behind.url, there["info"]["run_id"], "m")) == 1
        assert pairs(run_there(behind.url, other)["data"]["params"]) == {"p000": "0", "p001": "1", "p002": "2"}
        must(local.url, "runs/set-tag", {"run_id": other, "key": "note", "value": "too much"})
        report = wait_until_current(local.url, timeout=60)
        assert {"subject": other, "part": "tag note"}.items() <= report["omissions"][0].items()
        # What was refused and is accepted in another form is no longer listed.
        must(local.url, "runs/set-tag", {"run_id": other, "key": "note", "value": "enough"})
        report = wait_until_current(local.url, timeout=60)
        assert "tag note" not in {omission["part"] for omission in report["omissions"]}
        assert pairs(run_there(behind.url, other)["data"]["tags"])["note"] == "enough"
    stand_in.close()


def test_a_version_whose_logged_model_is_not_there_is_listed_and_the_others_follow(behind):
    stand_in = WithoutLoggedModels(behind.url)
    with ApusServer(["--upstream", stand_in.url, "--forward-delay", "200ms"]) as local:
        client = MlflowClient(local.url)
        experiment_id = client.create_experiment("versions")
        run_id = client.create_run(experiment_id).info.run_id
        model = client.create_logged_model(experiment_id, name="net", source_run_id=run_id)
        client.set_tag(run_id, "where", f"models:/{model.model_id}")
        client.create_registered_model("mixed")
        client.create_model_version("mixed", f"models:/{model.model_id}", run_id, model_id=model.model_id)
        client.create_model_version("mixed", f"runs:/{run_id}/model", run_id)
        client.set_registered_model_alias("mixed", "champion", "2")
        mark = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
        must(local.url, "registered-models/create", {"name": "text", "tags": mark})
        tags = [*mark, {"key": "mlflow.prompt.text", "value": "Say {{x}}"}]
        must(local.url, "model-versions/create", {"name": "text", "source": "dummy-source", "tags": tags})
        report = wait_until_current(local.url)
        listed = {(one["subject"], one["part"]): one["reason"] for one in report["omissions"]}
        assert listed[("mixed", "version 1")] == f"the upstream does not have its logged model {model.model_id}"
        assert set(listed) == {("mixed", "version 1"), (model.model_id, "logged model"), (run_id, "tag where")}, listed
        there, run = MlflowClient(behind.url), run_there(behind.url, run_id)
        version = there.get_model_version_by_alias("mixed", "champion")
        assert version.source == f"runs:/{run['info']['run_id']}/model"
        assert len(there.search_model_versions("name = 'mixed'")) == 1
        assert there.get_prompt_version("text", 1).template == "Say {{x}}"
        # A tag does not wait for what does not come.
        assert pairs(run["data"]["tags"])["where"] == f"models:/{model.model_id}"
    stand_in.close()
