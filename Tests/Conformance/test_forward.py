"""A server that sends everything to another Apus: the same runs with the same ids, also after kills and lost answers."""

import json
import random
import subprocess
import threading
import time

import mlflow
import pytest
from mlflow import MlflowClient

from forwarding import (
    BreakingNetwork,
    Training,
    artifacts,
    assert_equal,
    described,
    experiments,
    kill_rounds,
    put_artifact,
    status,
    wait_until_current,
)
from helpers import call, must, new_run, send
from keeping import apus, spare
from servers import PATIENCE, ApusServer, wait_until

pytestmark = pytest.mark.apus


@pytest.fixture(scope="module")
def upstream():
    with ApusServer() as server:
        yield server


@pytest.fixture(scope="module")
def local(upstream):
    with ApusServer(["--upstream", upstream.url, "--forward-delay", "200ms"]) as server:
        yield server


def test_a_run_appears_upstream_while_it_trains_with_its_id_and_times(local, upstream):
    client = MlflowClient(local.url)
    experiment_id = client.create_experiment("while it trains", tags={"team": "vision"})
    run = client.create_run(experiment_id, start_time=1_700_000_000_123, run_name="first", tags={"stage": "one"})
    client.log_param(run.info.run_id, "lr", "0.1")
    client.log_metric(run.info.run_id, "loss", 0.5, step=3, timestamp=1_700_000_001_000)
    there = MlflowClient(upstream.url)
    wait_until(lambda: call(upstream.url, "runs/get", run_id=run.info.run_id)[0] == 200, 20, "the run")
    wait_until(lambda: there.get_run(run.info.run_id).data.metrics == {"loss": 0.5}, 20, "its metric")
    found = there.get_run(run.info.run_id)
    assert found.info.status == "RUNNING"
    assert found.info.start_time == 1_700_000_000_123
    assert there.get_experiment_by_name("while it trains").tags["team"] == "vision"
    client.set_terminated(run.info.run_id, "FINISHED", end_time=1_700_000_002_000)
    wait_until(lambda: there.get_run(run.info.run_id).info.end_time == 1_700_000_002_000, 20, "its end")


def test_everything_of_random_runs_is_there_field_by_field(local, upstream):
    training = Training(local, random.randrange(1 << 30), "random runs")
    training.do(150)
    assert wait_until_current(local.url)["omission_count"] == 0
    assert_equal(described(local.url, {"random runs"}), described(upstream.url, {"random runs"}))


def test_changed_and_removed_tags_deleted_and_restored_runs_follow(local, upstream):
    experiment_id = must(local.url, "experiments/create", {"name": "changes"})["experiment_id"]
    run_id = new_run(local.url, experiment_id, tags=[{"key": "keep", "value": "1"}, {"key": "drop", "value": "2"}])
    wait_until_current(local.url)
    must(local.url, "runs/set-tag", {"run_id": run_id, "key": "keep", "value": "other"})
    must(local.url, "runs/delete-tag", {"run_id": run_id, "key": "drop"})
    must(local.url, "runs/update", {"run_id": run_id, "run_name": "renamed"})
    must(local.url, "experiments/update", {"experiment_id": experiment_id, "new_name": "changes, renamed"})
    wait_until_current(local.url)
    tags = MlflowClient(upstream.url).get_run(run_id).data.tags
    assert tags["keep"] == "other" and "drop" not in tags
    assert "changes, renamed" in experiments(upstream.url)
    must(local.url, "runs/delete", {"run_id": run_id})
    wait_until_current(local.url)
    assert MlflowClient(upstream.url).get_run(run_id).info.lifecycle_stage == "deleted"
    must(local.url, "runs/restore", {"run_id": run_id})
    must(local.url, "runs/log-metric", {"run_id": run_id, "key": "late", "value": 1, "timestamp": 1, "step": 0})
    wait_until_current(local.url)
    assert_equal(described(local.url, {"changes, renamed"}), described(upstream.url, {"changes, renamed"}))


def test_points_that_come_late_are_sent_too(local, upstream):
    run_id = new_run(local.url)
    for steps in (range(100, 200), range(0, 50), range(150, 151)):
        metrics = [{"key": "m", "value": step / 7, "timestamp": step, "step": step} for step in steps]
        must(local.url, "runs/log-batch", {"run_id": run_id, "metrics": metrics})
        wait_until_current(local.url)
    here, there = described(local.url, {"Default"})[run_id], described(upstream.url, {"Default"})[run_id]
    assert len(here["metrics"]["m"]) == 150
    assert there == here


def test_a_replaced_artifact_is_replaced_there(local, upstream):
    run_id = new_run(local.url)
    put_artifact(local.url, run_id, "a/b.txt", b"first")
    wait_until_current(local.url)
    put_artifact(local.url, run_id, "a/b.txt", b"other")
    put_artifact(local.url, run_id, "empty", b"")
    wait_until_current(local.url)
    assert artifacts(upstream.url, run_id) == artifacts(local.url, run_id)
    assert len(artifacts(upstream.url, run_id)) == 2


def test_models_and_the_registry_follow(local, upstream):
    mlflow.set_tracking_uri(local.url)
    client = MlflowClient(local.url)
    experiment_id = client.create_experiment("models")
    run = client.create_run(experiment_id)
    model = client.create_logged_model(experiment_id, name="net", source_run_id=run.info.run_id, params={"depth": "3"})
    client.log_metric(run.info.run_id, "auc", 0.75, step=1, model_id=model.model_id)
    client.finalize_logged_model(model.model_id, "READY")
    client.create_registered_model("registered", tags={"a": "b"}, description="all of it")
    version = client.create_model_version(
        "registered", f"models:/{model.model_id}", run.info.run_id, model_id=model.model_id
    )
    client.set_registered_model_alias("registered", "champion", version.version)
    wait_until_current(local.url)
    there = MlflowClient(upstream.url)
    found = there.get_logged_model(model.model_id)
    assert found.params == {"depth": "3"} and found.status == "READY" and found.source_run_id == run.info.run_id
    assert [(metric.key, metric.value) for metric in found.metrics] == [("auc", 0.75)]
    assert there.get_model_version_by_alias("registered", "champion").source == f"models:/{model.model_id}"
    client.set_model_version_tag("registered", version.version, "checked", "yes")
    client.update_registered_model("registered", description="changed")
    client.set_registered_model_alias("registered", "challenger", version.version)
    wait_until_current(local.url)
    assert there.get_model_version("registered", version.version).tags["checked"] == "yes"
    assert there.get_registered_model("registered").description == "changed"
    assert there.get_registered_model("registered").aliases == {"champion": version.version, "challenger": version.version}


def test_another_model_of_the_same_name_stays_as_it_is_there(upstream):
    there = MlflowClient(upstream.url)
    there.create_registered_model("taken", description="that of the team")
    with ApusServer(["--upstream", upstream.url, "--forward-delay", "200ms"]) as server:
        here = MlflowClient(server.url)
        here.create_registered_model("taken", description="mine")
        here.create_model_version("taken", "s3://bucket/mine")
        for description in ("mine", "changed"):
            here.update_registered_model("taken", description=description)
            omissions = wait_until_current(server.url)["omissions"]
            assert {one["part"] for one in omissions} == {"registered model taken", "model version taken/1"}
            reason = "the upstream says: left out: the name is that of another model, which was created at another time"
            assert {one["reason"] for one in omissions} == {reason}
            assert there.get_registered_model("taken").description == "that of the team"
            assert there.search_model_versions("name = 'taken'") == []


def test_a_server_that_starts_again_sends_what_its_predecessor_left(upstream, tmp_path):
    network = BreakingNetwork(upstream.port, 1, loss=0)
    network.is_open = False
    with ApusServer(["--upstream", network.url, "--forward-delay", "200ms"], directory=tmp_path / "local") as server:
        Training(server, 5, "left behind").do(60)
        wait_until(lambda: status(server.url)["backlog_runs"] > 0, 10, "the backlog")
        assert not status(server.url)["current"]
        server.restart()
        network.is_open = True
        wait_until_current(server.url)
        assert_equal(described(server.url, {"left behind"}), described(upstream.url, {"left behind"}))
    network.close()


def test_kills_and_lost_answers_lose_nothing_and_send_nothing_twice(upstream, tmp_path):
    kill_rounds(tmp_path, upstream, rounds=4, seed=random.randrange(1 << 30), kills_upstream=False)


def test_status_retry_and_skip_by_the_command(local, upstream):
    run_id = new_run(local.url)
    wait_until_current(local.url)
    shown = apus("forward", "status", "--tracking-uri", local.url, "--run", run_id, "--json", check=False)
    line = json.loads(shown.stdout)["run_states"][0]
    assert (line["state"], line["upstream_run_id"]) == ("sent", run_id)
    apus("forward", "skip", "--tracking-uri", local.url, run_id)
    must(local.url, "runs/set-tag", {"run_id": run_id, "key": "after", "value": "skipped"})
    other = new_run(local.url)
    wait_until_current(local.url)
    assert call(upstream.url, "runs/get", run_id=other)[0] == 200
    assert "after" not in MlflowClient(upstream.url).get_run(run_id).data.tags
    assert status(local.url, run_ids=[run_id])["run_states"][0]["state"] == "skipped"
    apus("forward", "retry", "--tracking-uri", local.url, run_id)
    wait_until_current(local.url)
    assert MlflowClient(upstream.url).get_run(run_id).data.tags["after"] == "skipped"
    unknown = apus("forward", "skip", "--tracking-uri", local.url, "no-such-run", check=False)
    assert unknown.returncode == 1 and "1 of 1 does not exist here" in unknown.stderr


def test_health_metrics_and_the_calls_tell_the_backlog(local):
    wait_until_current(local.url)
    health = must(local.url, "/health", verbose=1)["forwarding"]
    assert health["current"] and health["kind"] == "Apus" and health["backlog_runs"] == 0
    text = send("GET", local.url + "/metrics")[1].decode()
    for line in ("apus_forward_backlog_runs 0", "apus_forward_backlog_artifact_bytes 0", "apus_forward_failing 0"):
        assert line in text.splitlines()
    assert 'apus_forward_failures_total{kind="unclear"}' in text
    assert call(local.url, "/api/apus/1.0/forward/skip", {})[0] == 400
    assert call(local.url, "/api/apus/1.0/forward/status", {"max_results": 5_000})[0] == 400


def test_a_server_without_upstream_says_so(upstream):
    code, answer = call(upstream.url, "/api/apus/1.0/forward/status", {})
    assert code == 404 and "--upstream" in answer["message"]
    assert "forwarding" not in must(upstream.url, "/health", verbose=1)


def test_nobody_waits_for_an_upstream_that_does_not_answer(upstream, tmp_path):
    network = BreakingNetwork(upstream.port, 1, loss=0)
    network.delay = 60
    with ApusServer(["--upstream", network.url, "--forward-delay", "100ms"], directory=tmp_path / "local") as server:
        run_id = new_run(server.url)
        slowest = 0.0
        for step in range(200):
            start = time.monotonic()
            must(server.url, "runs/log-metric", {"run_id": run_id, "key": "m", "value": step, "timestamp": step, "step": step})
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 3 * PATIENCE
        start = time.monotonic()
        assert server.stop(remove=False) == 0
        assert time.monotonic() - start < 6 * PATIENCE
    network.close()


def test_a_refused_token_is_made_anew_by_the_operators_command(tmp_path):
    """A server that knows the tokens of a file, and an upstream command that prints the newest of them."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    token = tmp_path / "token"
    token.write_text("first\n")
    seen, valid, created = [], ["first"], {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            granted = self.headers.get("Authorization") == f"Bearer {valid[0]}"
            seen.append((self.path, granted))
            text = b'{"experiments": [], "runs": []}' if granted else b'{"error_code": "UNAUTHENTICATED", "message": "no"}'
            if granted and self.path.startswith("/api/2.0/mlflow/runs/create"):
                run_id = f"there-{len(created)}"
                created[run_id] = {"info": {"run_id": run_id}, "data": {"tags": json.loads(body)["tags"]}}
                text = json.dumps({"run": created[run_id]}).encode()
            if granted and self.path.startswith("/api/2.0/mlflow/runs/get?"):
                text = json.dumps({"run": created[self.path.rpartition("=")[2]]}).encode()
            if granted and self.path.startswith("/api/2.0/mlflow/experiments/get"):
                text = b'{"experiment": {"experiment_id": "7", "name": "Default", "lifecycle_stage": "active"}}'
            self.send_response(200 if granted else 401)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = answer

        def log_message(self, *arguments):
            pass

    stand_in = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=stand_in.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{stand_in.server_address[1]}"
    command = f"cat {token}"
    with ApusServer(["--upstream", url, "--upstream-token-command", command, "--forward-delay", "100ms"]) as server:
        new_run(server.url)
        wait_until_current(server.url)
        assert all(granted for _, granted in seen)
        valid[0] = "second"
        new_run(server.url)
        wait_until(lambda: any(not granted for _, granted in seen), 20, "a refusal")
        wait_until(lambda: status(server.url).get("failure"), 20, "the failure")
        assert status(server.url)["failure"]["kind"] == "credentials"
        token.write_text("second\n")
        # A command is run again twenty seconds after the last time at the earliest.
        wait_until(lambda: status(server.url)["current"], 90, "the new token")
    stand_in.shutdown()


class TestPush:
    def test_a_folder_is_sent_once_and_then_only_what_is_new(self, upstream, tmp_path):
        with ApusServer(directory=tmp_path / "local") as server:
            Training(server, 9, "pushed").do(80)
            data = server.data_directory
            here = described(server.url, {"pushed"})
        first = json.loads(apus("push", "--to", upstream.url, "--data-dir", data, "--json").stdout)
        assert first["sent_runs"] == len(here) and first["current"]
        assert_equal(here, described(upstream.url, {"pushed"}))
        again = json.loads(apus("push", "--to", upstream.url, "--data-dir", data, "--json").stdout)
        assert (again["sent_runs"], again["sent_points"], again["sent_files"]) == (0, 0, 0)

    def test_named_runs_are_sent_alone(self, upstream, tmp_path):
        with ApusServer(directory=tmp_path / "local") as server:
            wanted, other = new_run(server.url), new_run(server.url)
            data = server.data_directory
        apus("push", "--to", upstream.url, "--data-dir", data, "--run", wanted)
        assert call(upstream.url, "runs/get", run_id=wanted)[0] == 200
        assert call(upstream.url, "runs/get", run_id=other)[0] == 404

    def test_a_server_that_holds_the_folder_is_hurried(self, local, upstream):
        run_id = new_run(local.url)
        shown = apus("push", "--to", upstream.url, "--data-dir", local.data_directory)
        assert "everything is at" in shown.stdout
        assert call(upstream.url, "runs/get", run_id=run_id)[0] == 200

    def test_an_upstream_that_is_not_there_is_status_2(self, tmp_path):
        with ApusServer(directory=tmp_path / "local") as server:
            new_run(server.url)
            data = server.data_directory
        shown = apus("push", "--to", "http://127.0.0.1:1", "--data-dir", data, "--patience", "1s", check=False)
        assert shown.returncode == 2 and "nothing listens there" in shown.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--forward-delay", "5s"], ["--upstream", "nowhere"], ["--upstream", "http://x", "--forward-delay", "never"]],
)
def test_settings_that_cannot_be_used_are_refused(arguments, tmp_path):
    refused = subprocess.run(
        spare("server", "--port", "0", "--data-dir", tmp_path / "data", *arguments), capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1 and arguments[-2] in refused.stderr
