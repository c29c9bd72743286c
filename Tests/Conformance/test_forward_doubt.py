"""Upstreams that answer strangely, lose answers, are others than they were, or send everything back."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from forwarding import SOURCE_TAG, experiments, history, pairs, search, status, wait_until_current
from helpers import call, must, new_run, send
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus

LIMIT = 1_048_576


class Way:
    """A way to a server of Apus, as such or as one of MLflow, on which `hook` may answer itself.

    `hook(method, path, body)` returns a status and a body, "lost" for an answer that is lost, or nothing. What is `behind`
    may be said later.
    """

    def __init__(self, behind: str | None, kind: str, hook=lambda method, path, body: None):
        self.behind, self.kind, self.hook = behind, kind, hook
        way = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = way.answer(self.command, self.path, body, self.headers)
                if answer == "lost":
                    self.close_connection = True
                    return
                code, content = answer
                self.send_response(code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method, path, body, headers):
        if self.behind is None:
            return 503, b""
        if self.kind == "MLflow" and path.startswith("/api/apus/"):
            return 404, b'{"error_code": "ENDPOINT_NOT_FOUND", "message": "no such call"}'
        found = self.hook(method, path, body)
        if isinstance(found, tuple):
            return found
        answer = self.pass_on(method, path, body, headers)
        return found or answer

    def pass_on(self, method, path, body, headers=None):
        names = ("Content-Type", "Apus-Forwarded-By")
        kept = {name: headers[name] for name in names if headers and headers[name]}
        code, content, _ = send(method, self.behind + path, body or None, kept)
        return code, content

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def behind():
    with ApusServer() as server:
        yield server


def forwarding_to(url, **keywords):
    return ApusServer(["--upstream", url, "--forward-delay", "200ms"], **keywords)


def runs_in(url, name):
    return search(url, [experiments(url)[name]["experiment_id"]])


BOTH = pytest.mark.parametrize("kind", ["Apus", "MLflow"])


def test_runs_of_others_stay_as_they_are_where_the_filter_of_a_search_is_ignored(behind):
    shared = must(behind.url, "experiments/create", {"name": "shared"})["experiment_id"]
    others = [new_run(behind.url, shared, run_name=f"other {index}") for index in range(3)]

    def hook(method, path, body):
        if path.endswith("/search") and method == "POST":
            message = json.loads(body)
            message.pop("filter", None)
            code, content, _ = send("POST", behind.url + path, json.dumps(message).encode(), {"Content-Type": "application/json"})
            return code, content
        return None

    with Way(behind.url, "MLflow", hook) as way, forwarding_to(way.url) as local:
        experiment_id = must(local.url, "experiments/create", {"name": "shared"})["experiment_id"]
        run_id = new_run(local.url, experiment_id, run_name="mine")
        must(local.url, "logged-models", {"experiment_id": experiment_id, "name": "net", "source_run_id": run_id})
        wait_until_current(local.url)
        there = {run["info"]["run_name"]: run for run in runs_in(behind.url, "shared")}
        assert set(there) == {"mine", "other 0", "other 1", "other 2"}
        assert all(run["info"]["lifecycle_stage"] == "active" for run in there.values())
        for run_id in others:
            assert SOURCE_TAG not in pairs(must(behind.url, "runs/get", run_id=run_id)["run"]["data"].get("tags", []))


def test_runs_to_which_the_upstream_gives_one_id_do_not_become_one(behind):
    first = []

    def hook(method, path, body):
        if not path.endswith("runs/create") or len(first) > 3:
            return None
        code, content, _ = send(method, behind.url + path, body, {"Content-Type": "application/json"})
        first.append(json.loads(content)["run"]["info"]["run_id"])
        return code, content.replace(first[-1].encode(), first[0].encode())

    with Way(behind.url, "MLflow", hook) as way, forwarding_to(way.url) as local:
        experiment_id = must(local.url, "experiments/create", {"name": "ids"})["experiment_id"]
        for index in range(3):
            run_id = new_run(local.url, experiment_id, run_name=f"run {index}")
            must(local.url, "runs/log-batch", {"run_id": run_id, "params": [{"key": "index", "value": str(index)}]})
        wait_until_current(local.url, timeout=90)
        there = {run["info"]["run_name"]: pairs(run["data"].get("params", [])) for run in runs_in(behind.url, "ids")}
        assert there == {f"run {index}": {"index": str(index)} for index in range(3)}


@BOTH
def test_a_run_is_restored_there_although_the_answer_to_its_deletion_was_lost(behind, kind):
    state = {"loses": False, "is_away": False}

    def hook(method, path, body):
        if state["is_away"]:
            return 503, b""
        if state["loses"] and path.endswith(("runs/delete", "experiments/delete", "runs/set-tag", "runs/log-batch")):
            state["is_away"] = True
            return "lost"
        return None

    with Way(behind.url, kind, hook) as way, forwarding_to(way.url) as local:
        experiment_id = must(local.url, "experiments/create", {"name": "lost"})["experiment_id"]
        run_id = new_run(local.url, experiment_id, tags=[{"key": "note", "value": "first"}])
        wait_until_current(local.url)

        def loses_one(change, undo):
            state["loses"] = True
            must(local.url, *change)
            wait_until(lambda: state["is_away"], 20, "the lost answer")
            must(local.url, *undo)
            state["loses"] = state["is_away"] = False
            wait_until_current(local.url)
            here, there = runs_in(local.url, "lost"), runs_in(behind.url, "lost")
            assert [run["info"]["lifecycle_stage"] for run in there] == ["active"]
            assert pairs(there[0]["data"]["tags"])["note"] == pairs(here[0]["data"]["tags"])["note"] == "first"
            assert experiments(behind.url)["lost"]["lifecycle_stage"] == "active"

        loses_one(("runs/delete", {"run_id": run_id}), ("runs/restore", {"run_id": run_id}))
        tag = {"run_id": run_id, "key": "note"}
        loses_one(("runs/set-tag", tag | {"value": "second"}), ("runs/set-tag", tag | {"value": "first"}))
        experiment = {"experiment_id": experiment_id}
        loses_one(("experiments/delete", experiment), ("experiments/restore", experiment))


@BOTH
def test_a_server_with_another_database_gets_everything_and_mixes_nothing(behind, kind, tmp_path):
    with Way(behind.url, kind) as way, forwarding_to(way.url, directory=tmp_path / "local") as local, ApusServer() as other:
        experiment_id = must(local.url, "experiments/create", {"name": "mine"})["experiment_id"]
        first = new_run(local.url, experiment_id, run_name="first")
        must(local.url, "runs/log-metric", {"run_id": first, "key": "m", "value": 1, "timestamp": 1, "step": 0})
        wait_until_current(local.url)
        must(other.url, "experiments/create", {"name": "of somebody else"})
        way.behind = other.url
        local.restart()
        new_run(local.url, experiment_id, run_name="second")
        wait_until_current(local.url)
        there = runs_in(other.url, "mine")
        assert {run["info"]["run_name"] for run in there} == {"first", "second"}
        assert runs_in(other.url, "of somebody else") == []
        run = next(run for run in there if run["info"]["run_name"] == "first")
        assert len(history(other.url, run["info"]["run_id"], "m")) == 1


@BOTH
def test_an_experiment_that_is_deleted_there_is_restored_for_its_runs(behind, kind):
    there = must(behind.url, "experiments/create", {"name": "deleted there"})
    must(behind.url, "experiments/delete", there)
    kept = must(behind.url, "experiments/create", {"name": "deleted here"})
    with Way(behind.url, kind) as way, forwarding_to(way.url) as local:
        new_run(local.url, must(local.url, "experiments/create", {"name": "deleted there"})["experiment_id"])
        must(local.url, "experiments/delete", must(local.url, "experiments/create", {"name": "deleted here"}))
        wait_until_current(local.url)
        assert experiments(behind.url)["deleted there"]["lifecycle_stage"] == "active"
        assert must(behind.url, "experiments/get", **kept)["experiment"]["lifecycle_stage"] == "active"


def test_what_is_created_late_is_not_created_again(behind):
    created = {}

    def hook(method, path, body):
        for call_name in ("runs/create", "mlflow/logged-models", "model-versions/create"):
            if method == "POST" and path.endswith(call_name) and call_name not in created:
                created[call_name] = True
                headers = {"Content-Type": "application/json"}
                threading.Timer(2, lambda: send(method, behind.url + path, body, headers)).start()
                return "dropped"
        return None

    class Queue(Way):
        def answer(self, method, path, body, headers):
            return "lost" if hook(method, path, body) else super().answer(method, path, body, headers)

    with Queue(behind.url, "MLflow") as way, forwarding_to(way.url) as local:
        experiment_id = must(local.url, "experiments/create", {"name": "late"})["experiment_id"]
        run_id = new_run(local.url, experiment_id)
        must(local.url, "logged-models", {"experiment_id": experiment_id, "name": "net", "source_run_id": run_id})
        must(local.url, "registered-models/create", {"name": "registered"})
        must(local.url, "model-versions/create", {"name": "registered", "source": "s3://a/b", "run_id": run_id})
        wait_until_current(local.url, timeout=120)
        assert len(created) == 3
        assert len(runs_in(behind.url, "late")) == 1
        there = experiments(behind.url)["late"]["experiment_id"]
        assert len(must(behind.url, "logged-models/search", {"experiment_ids": [there]})["models"]) == 1
        assert len(must(behind.url, "model-versions/search")["model_versions"]) == 1


@BOTH
def test_bodies_that_are_too_long_for_a_proxy_are_divided(behind, kind):
    def hook(method, path, body):
        return (413, b"<html>413 Request Entity Too Large</html>") if len(body) > LIMIT else None

    with Way(behind.url, kind, hook) as way, ApusServer() as local:
        experiment_id = must(local.url, "experiments/create", {"name": "long"})["experiment_id"]
        run_id = new_run(local.url, experiment_id)
        for start in (0, 100):
            params = [{"key": f"p{index}", "value": "v" * 6_000} for index in range(start, start + 100)]
            must(local.url, "runs/log-batch", {"run_id": run_id, "params": params})
        for start in range(0, 18_000, 1_000):
            points = [
                {"key": "loss", "value": 1e-9 / (step + 3), "timestamp": 1_700_000_000_000 + step, "step": 10**15 + step}
                for step in range(start, start + 1_000)
            ]
            must(local.url, "runs/log-batch", {"run_id": run_id, "metrics": points})
        local.stop(remove=False)
        with forwarding_to(way.url, directory=local.directory) as again:
            assert wait_until_current(again.url)["omission_count"] == 0
            (there,) = runs_in(behind.url, "long")
            assert len(pairs(there["data"]["params"])) == 200
            assert history(behind.url, there["info"]["run_id"], "loss") == history(again.url, run_id, "loss")


def test_one_point_dataset_or_tag_that_is_refused_costs_no_other_one(behind):
    def hook(method, path, body):
        message = json.loads(body) if body[:1] == b"{" else {}
        is_bad = any(point["step"] > 2**31 for point in message.get("metrics", []))
        is_bad = is_bad or any(found["dataset"]["name"] == "bad" for found in message.get("datasets", []))
        is_bad = is_bad or message.get("key") == "bad" or any(tag["key"] == "bad" for tag in message.get("tags", []))
        return (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "too much"}') if is_bad else None

    with Way(behind.url, "MLflow", hook) as way, forwarding_to(way.url) as local:
        tags = [{"key": "bad", "value": "1"}, {"key": "good", "value": "2"}]
        experiment_id = must(local.url, "experiments/create", {"name": "refused", "tags": tags})["experiment_id"]
        run_id = new_run(local.url, experiment_id, tags=tags)
        points = [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(999)]
        points.append({"key": "m", "value": 1, "timestamp": 5, "step": 2**40})
        must(local.url, "runs/log-batch", {"run_id": run_id, "metrics": points})
        for name in ("good", "bad", "better"):
            dataset = {"name": name, "digest": "1", "source_type": "x", "source": "s"}
            must(local.url, "runs/log-inputs", {"run_id": run_id, "datasets": [{"tags": [], "dataset": dataset}]})
        must(local.url, "registered-models/create", {"name": "registered", "tags": tags, "description": "all of it"})
        report = wait_until_current(local.url)
        parts = {(found["subject"], found["part"]): found["reason"] for found in report["omissions"]}
        assert set(parts) == {
            ("refused", "experiment tag bad"),
            (run_id, "tag bad"),
            (run_id, "metric m"),
            (run_id, "dataset bad"),
            ("registered", "tag bad"),
        }
        assert parts[run_id, "metric m"].startswith(f"1 point, the first at step {2**40}: ")
        (there,) = runs_in(behind.url, "refused")
        assert len(history(behind.url, there["info"]["run_id"], "m")) == 999
        assert {one["dataset"]["name"] for one in there["inputs"]["dataset_inputs"]} == {"good", "better"}
        assert pairs(experiments(behind.url)["refused"]["tags"])["good"] == "2"
        assert must(behind.url, "registered-models/get", name="registered")["registered_model"]["description"] == "all of it"


def test_registered_models_with_quotes_in_their_names_get_their_versions(behind):
    with Way(behind.url, "MLflow") as way, forwarding_to(way.url) as local:
        for name in ("it's", 'say "x"', "both ' and \""):
            must(local.url, "registered-models/create", {"name": name})
            for version in ("one", "two"):
                must(local.url, "model-versions/create", {"name": name, "source": f"s3://a/{version}"})
            must(local.url, "registered-models/alias", {"name": name, "alias": "best", "version": "2"})
        assert wait_until_current(local.url)["omissions"] == []
        for name in ("it's", 'say "x"', "both ' and \""):
            must(local.url, "registered-models/set-tag", {"name": name, "key": "k", "value": "v"})
        assert wait_until_current(local.url)["omissions"] == []
        found = must(behind.url, "model-versions/search", max_results=100)["model_versions"]
        assert sorted((one["name"], one["version"]) for one in found) == sorted(
            (name, version) for name in ("it's", 'say "x"', "both ' and \"") for version in ("1", "2")
        )


def test_two_servers_with_one_registered_model_both_get_their_versions(behind):
    with Way(behind.url, "MLflow") as way, forwarding_to(way.url) as one, forwarding_to(way.url) as two:
        for local in (one, two):
            run_id = new_run(local.url)
            must(local.url, "registered-models/create", {"name": "shared"})
            must(local.url, "model-versions/create", {"name": "shared", "source": "s3://a/b", "run_id": run_id})
            wait_until_current(local.url)
        found = must(behind.url, "model-versions/search", max_results=100)["model_versions"]
        assert len({version["run_id"] for version in found}) == 2


@BOTH
def test_a_server_that_is_its_own_upstream_says_so_and_stays_as_it_is(kind):
    with Way(None, kind) as way, forwarding_to(way.url) as local:
        way.behind = local.url
        new_run(local.url)
        wait_until(lambda: "comes back to it" in status(local.url).get("failure", {}).get("message", ""), 30, "the failure")
        assert len(search(local.url, ["0"])) == 1


@BOTH
def test_two_servers_that_send_to_each_other_overwrite_nothing(kind):
    with Way(None, kind) as to_one, Way(None, kind) as to_two:
        with forwarding_to(to_two.url) as one, forwarding_to(to_one.url) as two:
            # The second one knows of the first one before it sends anything itself.
            to_two.behind = two.url
            wait_until(lambda: "kind" in status(one.url), 30, "the first server to reach the second one")
            to_one.behind = one.url
            run_id = new_run(one.url)
            for value in range(60):
                must(one.url, "runs/set-tag", {"run_id": run_id, "key": "t", "value": str(value)})
                time.sleep(0.02)
                tags = pairs(must(one.url, "runs/get", run_id=run_id)["run"]["data"]["tags"])
                assert tags["t"] == str(value)
            wait_until(lambda: "comes back to it" in status(two.url).get("failure", {}).get("message", ""), 30, "the failure")
            wait_until_current(one.url)
            assert len(search(one.url, ["0"])) == 1


@pytest.mark.parametrize("location", ["mlflow-artifacts:/a/../../b", "mlflow-artifacts:", "mlflow-artifacts:/"])
def test_files_go_to_no_place_above_the_artifacts_of_a_run(behind, location):
    put = []

    def hook(method, path, body):
        if method == "PUT":
            put.append(path)
        if method == "GET" and "/runs/get" in path:
            code, content, _ = send(method, behind.url + path)
            answer = json.loads(content)
            answer["run"]["info"]["artifact_uri"] = location
            return code, json.dumps(answer).encode()
        return None

    with Way(behind.url, "MLflow", hook) as way, forwarding_to(way.url) as local:
        run_id = new_run(local.url)
        place = must(local.url, "runs/get", run_id=run_id)["run"]["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
        assert send("PUT", f"{local.url}/api/2.0/mlflow-artifacts/artifacts/{place}/f", b"x")[0] == 200
        report = wait_until_current(local.url)
        assert put == []
        assert "not among its proxied artifacts" in report["omissions"][0]["reason"]
        assert call(behind.url, "runs/search", {"experiment_ids": ["0"]})[0] == 200
