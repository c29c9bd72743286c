"""Upstreams that fail for some things only, or whose way is closed for a while: the rest goes on and nothing is given up."""

import json
import socket
import threading
import urllib.parse

import pytest

from forwarding import SOURCE_TAG, artifacts, experiments, history, pairs, put_artifact, search, status, wait_until_current
from helpers import PARENT_TAG, call, must, new_run, send
from keeping import apus
from servers import ApusServer, wait_until
from test_forward_limits import StandIn

pytestmark = pytest.mark.apus

REFUSED = (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "refused for a test"}, {})
BROKEN = (500, {"error_code": "INTERNAL_ERROR", "message": "broken for a test"}, {})


class Way(StandIn):
    """Passes everything on but what a test refuses; of another Apus or of a server of MLflow's API."""

    def __init__(self, behind, is_apus=False):
        self.refuses, self.is_apus = lambda method, path, body: None, is_apus
        super().__init__(behind)

    def answer(self, method, path, body):
        refusal = self.refuses(method, urllib.parse.unquote(path), body)
        if refusal:
            self.calls.append((method, path))
            code, content, headers = refusal
            return code, json.dumps(content).encode() if isinstance(content, dict) else content, headers
        if path.startswith("/api/apus/") and self.is_apus:
            return self.passed(method, path, body)
        return super().answer(method, path, body)

    def passed(self, method, path, body):
        code, content, _ = send(method, self.behind + path, body, {"Content-Type": "application/x-ndjson"})
        return code, content, {}

    def refusal(self, method, path, message):
        return None


@pytest.fixture(params=[False, True], ids=["as MLflow", "as Apus"])
def way(request):
    with ApusServer() as behind:
        stand_in = Way(behind.url, request.param)
        yield stand_in
        stand_in.close()


@pytest.fixture
def mlflow_way():
    with ApusServer() as behind:
        stand_in = Way(behind.url)
        yield stand_in
        stand_in.close()


def forwarding(way, **options):
    return ApusServer(["--upstream", way.url, "--forward-delay", "200ms"], **options)


def there(way) -> dict[str, dict]:
    """The runs there by their ids here."""
    ids = [found["experiment_id"] for found in experiments(way.behind).values()]
    found = {}
    for run in search(way.behind, ids):
        found[pairs(run["data"].get("tags", [])).get(SOURCE_TAG, run["info"]["run_id"])] = run
    return found


def state_of(server, run_id) -> dict:
    return status(server.url, run_ids=[run_id])["run_states"][0]


class TestRetry:
    def refused_run(self, way, server):
        """A run of which a param, a tag, a metric and a file are refused, until the way refuses nothing."""

        def refuses(method, path, body):
            if path.endswith("log-batch") and b'"refused' in body:
                return REFUSED
            return (413, b"", {}) if method == "PUT" else None

        way.refuses = refuses
        experiment_id = must(server.url, "experiments/create", {"name": "retried"})["experiment_id"]
        run_id = new_run(server.url, experiment_id)
        must(server.url, "runs/log-batch", {
            "run_id": run_id,
            "params": [{"key": "refused-param", "value": "1"}],
            "tags": [{"key": "refused-tag", "value": "1"}],
            "metrics": [{"key": "refused-metric", "value": 1, "timestamp": step, "step": step} for step in range(5)],
        })
        put_artifact(server.url, run_id, "file", b"content")
        parts = {one["part"] for one in wait_until_current(server.url)["omissions"] if one["subject"] == run_id}
        assert parts == {"param refused-param", "tag refused-tag", "metric refused-metric", "file file"}
        return run_id

    def assert_whole(self, way, run_id):
        run = there(way)[run_id]
        assert pairs(run["data"]["params"]) == {"refused-param": "1"}
        assert pairs(run["data"]["tags"])["refused-tag"] == "1"
        assert len(history(way.behind, run["info"]["run_id"], "refused-metric")) == 5
        assert list(artifacts(way.behind, run["info"]["run_id"])) == ["file"]

    @pytest.mark.parametrize("is_named", [True, False])
    def test_what_was_refused_of_a_run_is_sent_again_and_listed_until_then(self, mlflow_way, is_named):
        with forwarding(mlflow_way) as server:
            run_id = self.refused_run(mlflow_way, server)
            ids = [run_id] if is_named else []
            apus("forward", "retry", "--tracking-uri", server.url, *ids)
            assert wait_until_current(server.url)["omission_count"] == 4
            mlflow_way.refuses = lambda *call: None
            apus("forward", "retry", "--tracking-uri", server.url, *ids)
            assert wait_until_current(server.url)["omission_count"] == 0
            self.assert_whole(mlflow_way, run_id)

    def test_a_push_sends_what_was_refused_again(self, mlflow_way, tmp_path):
        with forwarding(mlflow_way, directory=tmp_path / "local") as server:
            run_id = self.refused_run(mlflow_way, server)
            data = server.data_directory
        shown = apus("forward", "status", "--data-dir", data, check=False)
        assert shown.returncode == 1 and f"not there: {run_id}, param refused-param" in shown.stdout
        mlflow_way.refuses = lambda *call: None
        apus("push", "--to", mlflow_way.url, "--data-dir", data)
        self.assert_whole(mlflow_way, run_id)
        assert apus("forward", "status", "--data-dir", data).returncode == 0

    def test_refused_models_are_sent_again(self, mlflow_way):
        mlflow_way.refuses = lambda method, path, body: REFUSED if "logged-models" in path or "registered" in path else None
        with forwarding(mlflow_way) as server:
            experiment_id = must(server.url, "experiments/create", {"name": "models"})["experiment_id"]
            run_id = new_run(server.url, experiment_id)
            made = must(server.url, "logged-models", {"experiment_id": experiment_id, "name": "net", "source_run_id": run_id})
            model_id = made["model"]["info"]["model_id"]
            must(server.url, "runs/outputs", {"run_id": run_id, "models": [{"model_id": model_id, "step": 1}]})
            must(server.url, "registered-models/create", {"name": "models"})
            assert {one["subject"] for one in wait_until_current(server.url)["omissions"]} >= {model_id, "models"}
            mlflow_way.refuses = lambda *call: None
            apus("forward", "retry", "--tracking-uri", server.url, model_id, "models", run_id)
            assert wait_until_current(server.url)["omission_count"] == 0
            outputs = there(mlflow_way)[run_id]["outputs"]["model_outputs"]
            assert len(outputs) == 1
            assert must(mlflow_way.behind, "registered-models/get", name="models")

    def test_a_tag_and_a_version_that_name_a_refused_model_follow_it(self, mlflow_way):
        mlflow_way.refuses = lambda method, path, body: REFUSED if path.endswith("mlflow/logged-models") else None
        with forwarding(mlflow_way) as server:
            run_id = new_run(server.url)
            made = must(server.url, "logged-models", {"experiment_id": "0", "name": "net", "source_run_id": run_id})
            model_id = made["model"]["info"]["model_id"]
            must(server.url, "runs/set-tag", {"run_id": run_id, "key": "best", "value": f"models:/{model_id}"})
            must(server.url, "registered-models/create", {"name": "net"})
            must(server.url, "model-versions/create", {"name": "net", "source": f"models:/{model_id}", "model_id": model_id})
            must(server.url, "model-versions/create", {"name": "net", "source": "s3://bucket/net"})
            listed = {(one["subject"], one["part"]) for one in wait_until_current(server.url)["omissions"]}
            assert listed == {(model_id, "logged model"), (run_id, "tag best"), ("net", "version 1")}
            assert pairs(there(mlflow_way)[run_id]["data"]["tags"])["best"] == f"models:/{model_id}"
            mlflow_way.refuses = lambda *call: None
            apus("forward", "retry", "--tracking-uri", server.url)
            report = wait_until_current(server.url)
            assert report["omissions"] == [] and [one["part"] for one in report["notes"]] != []
            found = must(mlflow_way.behind, "logged-models/search", {"experiment_ids": ["0"]})["models"]
            assert pairs(there(mlflow_way)[run_id]["data"]["tags"])["best"] == f"models:/{found[0]['info']['model_id']}"


class TestOneThatFails:
    def test_a_run_that_the_server_breaks_on_holds_up_no_other_and_is_named(self, way):
        way.refuses = lambda method, path, body: BROKEN if b"poison" in body else None
        with forwarding(way) as server:
            poison = new_run(server.url, run_name="poison")
            others = [new_run(server.url) for _ in range(4)]
            wait_until(lambda: there(way).keys() >= set(others), 30, "the others")
            wait_until(lambda: "broken for a test" in state_of(server, poison).get("reason", ""), 30, "the reason")
            assert state_of(server, poison)["state"] == "waiting"
            assert not status(server.url)["current"]
            way.refuses = lambda *call: None
            wait_until_current(server.url)
            assert poison in there(way)

    def test_an_experiment_that_is_forbidden_holds_up_no_other(self, mlflow_way):
        forbidden = must(mlflow_way.behind, "experiments/create", {"name": "forbidden"})["experiment_id"]
        denied = (403, {"error_code": "PERMISSION_DENIED", "message": "not yours"}, {})

        def refuses(method, path, body):
            mine = f'"experiment_id":"{forbidden}"'.encode() in body.replace(b" ", b"")
            return denied if path.endswith("runs/create") and mine else None

        mlflow_way.refuses = refuses
        with forwarding(mlflow_way) as server:
            here = must(server.url, "experiments/create", {"name": "forbidden"})["experiment_id"]
            waiting = [new_run(server.url, here) for _ in range(30)]
            other = new_run(server.url)
            wait_until(lambda: other in there(mlflow_way), 30, "the other run")
            wait_until(lambda: "not yours" in state_of(server, waiting[-1]).get("reason", ""), 30, "the reason")
            tried = [path for _, path in mlflow_way.calls if path.endswith("runs/create")]
            assert len(tried) < len(waiting), "not each run of the experiment is tried"

    def test_a_file_and_a_model_that_fail_hold_up_no_other(self, mlflow_way):
        def refuses(method, path, body):
            return BROKEN if b'"poison"' in body and path.endswith("logged-models") or path.endswith("poison.bin") else None

        mlflow_way.refuses = refuses
        with forwarding(mlflow_way) as server:
            runs = [new_run(server.url) for _ in range(3)]
            put_artifact(server.url, runs[0], "poison.bin", b"x")
            for run_id in runs[1:]:
                put_artifact(server.url, run_id, "good.bin", b"x")
            for name in ("poison", "good"):
                must(server.url, "logged-models", {"experiment_id": "0", "name": name})

            def are_there():
                found = there(mlflow_way)
                return found.keys() >= set(runs) and all(
                    artifacts(mlflow_way.behind, found[run_id]["info"]["run_id"]) for run_id in runs[1:]
                )

            wait_until(are_there, 30, "the other files")

            def models_there():
                found = must(mlflow_way.behind, "logged-models/search", {"experiment_ids": ["0"]})
                return [model["info"]["name"] for model in found.get("models", [])]

            wait_until(lambda: models_there() == ["good"], 30, "the other model")
            wait_until(lambda: status(server.url)["postponed"], 30, "the reason of the model")
            assert "broken for a test" in status(server.url)["postponed"][0]["reason"]
            wait_until(lambda: "file poison.bin" in state_of(server, runs[0]).get("reason", ""), 30, "the reason of the file")
            mlflow_way.refuses = lambda *call: None
            wait_until_current(server.url)

    def test_a_list_that_never_ends_is_left(self, mlflow_way):
        def refuses(method, path, body):
            endless = (200, {"model_versions": [], "next_page_token": "again"}, {})
            return endless if "model-versions/search" in path else None

        mlflow_way.refuses = refuses
        with forwarding(mlflow_way) as server:
            must(server.url, "registered-models/create", {"name": "endless"})
            wait_until(lambda: status(server.url)["postponed"], 30, "the reason")
            assert "does not end" in status(server.url)["postponed"][0]["reason"]
            run_id = new_run(server.url)
            wait_until(lambda: run_id in there(mlflow_way), 30, "a run")


@pytest.mark.parametrize(
    "closed",
    [
        (302, b"", {"Location": "http://login.invalid/"}),
        (404, b"<html>default backend</html>", {}),
        (200, b"<html>please log in</html>", {}),
    ],
    ids=["redirect", "bare 404", "login page"],
)
def test_a_way_that_is_closed_for_a_while_fails_nothing(way, closed):
    with forwarding(way) as server:
        before = new_run(server.url)
        wait_until_current(server.url)
        way.refuses = lambda *call: closed
        experiment_id = must(server.url, "experiments/create", {"name": "meanwhile"})["experiment_id"]
        runs = [new_run(server.url, experiment_id), new_run(server.url)]
        put_artifact(server.url, runs[0], "file", b"x")
        must(server.url, "runs/set-tag", {"run_id": before, "key": "note", "value": "meanwhile"})
        must(server.url, "logged-models", {"experiment_id": experiment_id, "name": "net"})
        # More attempts than a refused run has.
        for _ in range(8):
            must(server.url, "/api/apus/1.0/forward/drain", {})
            calls = len(way.calls)
            wait_until(lambda: len(way.calls) > calls, 20, "an attempt")
        found = status(server.url, max_results=100)
        assert found["omission_count"] == 0 and found["failure"]["kind"] == "broken"
        assert {run["state"] for run in found["run_states"]} <= {"waiting", "sent"}
        way.refuses = lambda *call: None
        assert wait_until_current(server.url)["omission_count"] == 0
        assert there(way).keys() >= set(runs)
        ids = [experiments(way.behind)["meanwhile"]["experiment_id"]]
        assert len(must(way.behind, "logged-models/search", {"experiment_ids": ids})["models"]) == 1


def test_an_apus_behind_a_way_that_opens_late_is_known_as_apus():
    with ApusServer() as behind:
        way = Way(behind.url, is_apus=True)
        way.refuses = lambda *call: (404, b"default backend - 404", {})
        with forwarding(way) as server:
            run_id = new_run(server.url)
            wait_until(lambda: status(server.url).get("failure"), 20, "a failure")
            assert "kind" not in status(server.url)
            way.refuses = lambda *call: None
            wait_until_current(server.url)
            assert status(server.url)["kind"] == "Apus"
            assert call(behind.url, "runs/get", run_id=run_id)[0] == 200
        way.close()


class TestFilesThatComeMeanwhile:
    @pytest.mark.parametrize("kind", ["run", "model"])
    def test_a_file_that_comes_while_an_earlier_one_is_sent_follows(self, way, kind):
        under_way, released = threading.Event(), threading.Event()

        def refuses(method, path, body):
            if method == "PUT" and path.endswith("/first"):
                under_way.set()
                released.wait(60)

        way.refuses = refuses
        with forwarding(way) as server:
            run_id = new_run(server.url)
            made = must(server.url, "logged-models", {"experiment_id": "0", "name": "net", "source_run_id": run_id})
            run = must(server.url, "runs/get", run_id=run_id)["run"]
            info = (run if kind == "run" else made["model"])["info"]
            put_beneath(server.url, info, "first")
            must(server.url, "/api/apus/1.0/forward/drain", {})
            assert under_way.wait(120)
            put_beneath(server.url, info, "second")
            # The registry is sent last in a round.
            must(server.url, "registered-models/create", {"name": "sign"})
            must(server.url, "/api/apus/1.0/forward/drain", {})
            wait_until(lambda: call(way.behind, "registered-models/get", name="sign")[0] == 200, 30, "a round")
            # Rounds have seen the second file, and its owner is among those whose files are to be sent already.
            wait_until(lambda: is_all_seen(status(server.url)), 30, "the end of the rounds")
            released.set()
            assert wait_until_current(server.url)["omission_count"] == 0
            found = there(way)[run_id]
            if kind == "model":
                found = must(way.behind, "logged-models/search", {"experiment_ids": ["0"]})["models"][0]
            place = found["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
            listed = must(way.behind, "/api/2.0/mlflow-artifacts/artifacts", path=place)["files"]
            assert [file["path"] for file in listed] == ["first", "second"]


def is_all_seen(found) -> bool:
    return found["backlog_runs"] == 0 and not found["comparing"]


def put_beneath(url, info, name):
    place = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert send("PUT", f"{url}/api/2.0/mlflow-artifacts/artifacts/{place}/{name}", b"x")[0] == 200


class TestParents:
    def test_a_parent_of_another_store_is_named_as_it_is_and_files_follow(self, mlflow_way):
        with forwarding(mlflow_way) as server:
            run_id = new_run(server.url, tags=[{"key": PARENT_TAG, "value": "f" * 32}])
            put_artifact(server.url, run_id, "file", b"x")
            assert wait_until_current(server.url)["omission_count"] == 0
            run = there(mlflow_way)[run_id]
            assert pairs(run["data"]["tags"])[PARENT_TAG] == "f" * 32
            assert list(artifacts(mlflow_way.behind, run["info"]["run_id"])) == ["file"]

    def test_a_child_of_a_skipped_run_is_sent_and_gets_its_parent_when_that_comes(self, mlflow_way):
        mlflow_way.refuses = lambda *call: (503, b"", {})
        with forwarding(mlflow_way) as server:
            parent = new_run(server.url)
            child = new_run(server.url, tags=[{"key": PARENT_TAG, "value": parent}])
            put_artifact(server.url, child, "file", b"x")
            apus("forward", "skip", "--tracking-uri", server.url, parent)
            mlflow_way.refuses = lambda *call: None
            omissions = wait_until_current(server.url)["omissions"]
            assert [(one["subject"], one["part"]) for one in omissions] == [(child, f"tag {PARENT_TAG}")]
            found = there(mlflow_way)
            assert parent not in found and PARENT_TAG not in pairs(found[child]["data"]["tags"])
            assert artifacts(mlflow_way.behind, found[child]["info"]["run_id"])
            apus("forward", "retry", "--tracking-uri", server.url, parent)
            assert wait_until_current(server.url)["omission_count"] == 0
            found = there(mlflow_way)
            assert pairs(found[child]["data"]["tags"])[PARENT_TAG] == found[parent]["info"]["run_id"]

    def test_a_push_of_a_child_or_a_user_of_a_model_ends_and_the_next_one_completes_it(self, mlflow_way, tmp_path):
        with ApusServer(directory=tmp_path / "local") as server:
            parent = new_run(server.url)
            child = new_run(server.url, tags=[{"key": PARENT_TAG, "value": parent}])
            made = must(server.url, "logged-models", {"experiment_id": "0", "name": "net", "source_run_id": parent})
            model_id = made["model"]["info"]["model_id"]
            must(server.url, "runs/log-inputs", {"run_id": child, "models": [{"model_id": model_id}]})
            data = server.data_directory
        first = apus("push", "--to", mlflow_way.url, "--data-dir", data, "--run", child, check=False)
        assert first.returncode == 1
        assert f"tag {PARENT_TAG}" in first.stdout and f"model {model_id}" in first.stdout
        apus("push", "--to", mlflow_way.url, "--data-dir", data)
        found = there(mlflow_way)
        assert pairs(found[child]["data"]["tags"])[PARENT_TAG] == found[parent]["info"]["run_id"]
        run = must(mlflow_way.behind, "runs/get", run_id=found[child]["info"]["run_id"])["run"]
        assert len(run["inputs"]["model_inputs"]) == 1


class TestPush:
    def test_a_refused_run_behind_many_others_is_told(self, tmp_path):
        with ApusServer() as behind:
            way = Way(behind.url, is_apus=True)
            way.refuses = lambda method, path, body: REFUSED if b"refused" in body else None
            self.push_many(way, tmp_path)
            way.close()

    def push_many(self, way, tmp_path):
        with ApusServer(directory=tmp_path / "local") as server:
            for _ in range(1_001):
                new_run(server.url)
            refused = new_run(server.url, run_name="refused")
            data = server.data_directory
        shown = apus("push", "--to", way.url, "--data-dir", data, check=False)
        assert shown.returncode == 1 and refused in shown.stdout
        listed = json.loads(apus("forward", "status", "--data-dir", data, "--json", check=False).stdout)
        assert len(listed["run_states"]) == 1_002
        with forwarding(way, directory=tmp_path / "local") as server:
            shown = apus("forward", "status", "--tracking-uri", server.url, "--json", check=False)
            assert len(json.loads(shown.stdout)["run_states"]) == 1_002

    def test_an_upstream_that_hangs_is_told_and_not_waited_for(self, tmp_path):
        listener = socket.create_server(("127.0.0.1", 0))
        held = []
        threading.Thread(target=lambda: accept_all(listener, held), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with ApusServer(["--upstream", url, "--forward-delay", "100ms"], directory=tmp_path / "local") as server:
            new_run(server.url)
            wait_until(lambda: status(server.url).get("failure"), 30, "a word")
            assert "has not answered" in status(server.url)["failure"]["message"]
            data = server.data_directory
        shown = apus("push", "--to", url, "--data-dir", data, "--patience", "1s", check=False, timeout=30)
        assert shown.returncode == 2
        listener.close()


def accept_all(listener, held):
    while True:
        try:
            held.append(listener.accept())
        except OSError:
            return
