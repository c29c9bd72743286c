"""Servers of one PostgreSQL database: they share quotas, the journal of artifacts, and what is removed for good."""

import json
import os
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import mlflow
import pytest

from helpers import REFERENCE_PYTHON, call, must, new_run, send
from keeping import make_deleted
from object_storage import ObjectStorage
from servers import ApusServer, ReferenceServer, apus_binary, wait_until

pytestmark = pytest.mark.apus
OWN = "/api/apus/1.0/"
ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"


def pair(postgres, database, artifacts, *arguments):
    """Two servers of a database with one folder of artifacts."""
    words = ["--backend-store-uri", postgres.uri(database), "--artifacts-destination", artifacts, *arguments]
    return ApusServer(words), ApusServer(words)


def command(postgres, database, *arguments, check=True):
    words = [apus_binary(), *arguments, "--backend-store-uri", postgres.uri(database)]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return done


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def put(server, path, body=b"x", headers=None):
    return send("PUT", server.url + ROUTE + path, body, headers)[0]


def stored(postgres, database):
    """What is in MLflow's tables of runs and models."""
    tables = ("experiments", "runs", "metrics", "params", "tags", "inputs", "logged_models", "latest_metrics")
    return {table: postgres.rows(database, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables}


def test_servers_hold_clients_to_the_same_quotas(postgres, database, tmp_path):
    flags = ["--require-token", "--client-runs", "7", "--client-artifacts", "1MB", "--server-artifacts", "1500KB"]
    one, other = pair(postgres, database, tmp_path / "artifacts", *flags)
    ana, bob = (command(postgres, database, "token", "create", name).stdout.strip() for name in ("ana", "bob"))
    chief = command(postgres, database, "token", "create", "chief", "--scope", "admin").stdout.strip()
    with one, other:
        with ThreadPoolExecutor(12) as pool:
            runs = [(server, token) for token in (ana, bob) for _ in range(10) for server in (one, other)]
            body = {"experiment_id": "0"}
            answers = list(pool.map(lambda run: call(run[0].url, "runs/create", body, headers=bearer(run[1])), runs))
        statuses = [status for status, _ in answers]
        assert (statuses.count(200), statuses.count(403)) == (14, 26), statuses
        refused = next(answer for status, answer in answers if status == 403)
        assert refused["error_code"] == "RESOURCE_LIMIT_EXCEEDED" and "--client-runs" in refused["message"]
        assert put(one, "a", b"a" * (1000 * 1024), bearer(ana)) == 200
        # The other server reads the sums again after two seconds.
        wait_until(lambda: put(other, "b", b"b" * (100 * 1024), bearer(ana)) == 413, 10, "the sums to be known")
        send("DELETE", other.url + ROUTE + "b", headers=bearer(chief))
        assert put(other, "c", b"c" * (400 * 1024), bearer(bob)) == 200
        use = must(other.url, OWN + "usage", headers=bearer(chief))
        by_name = {client["name"]: (client["artifact_bytes"], client["runs"]) for client in use["clients"]}
        assert by_name == {"ana": (1000 * 1024, 7), "bob": (400 * 1024, 7)}
        assert use == must(one.url, OWN + "usage", headers=bearer(chief))
        assert "the token bob: 409600 bytes in 1 artifact, 7 runs" in command(postgres, database, "usage").stdout
        assert send("DELETE", one.url + ROUTE + "c", headers=bearer(ana))[0] == 200
        assert put(one, "d", b"d" * (300 * 1024), bearer(bob)) == 200


def test_both_servers_show_one_journal(postgres, database, tmp_path):
    one, other = pair(postgres, database, tmp_path / "artifacts", "--audit")
    with one, other:
        run = new_run(one.url)
        for server, name in ((one, "a"), (other, "b")):
            assert put(server, f"0/{run}/artifacts/{name}") == 200
        assert send("DELETE", other.url + ROUTE + f"0/{run}/artifacts/a")[0] == 200
        shown = [
            [(entry["operation"], entry["path"][-1], entry.get("run_id")) for entry in answer["entries"]]
            for answer in (must(server.url, OWN + "artifacts/journal") for server in (one, other))
        ]
        assert shown == [[("DELETE", "a", run), ("UPLOAD", "b", run), ("UPLOAD", "a", run)]] * 2
        page = must(one.url, OWN + "artifacts/journal", run_id=run, max_results=2)
        rest = must(other.url, OWN + "artifacts/journal", run_id=run, max_results=2, page_token=page["next_page_token"])
        assert len(page["entries"]) == 2 and [entry["path"][-1] for entry in rest["entries"]] == ["a"]


def test_gc_removes_rows_and_files_and_stock_goes_on(postgres, database, tmp_path):
    artifacts = tmp_path / "artifacts"
    one, other = pair(postgres, database, artifacts)
    with one, other:
        make_deleted(one.url, runs=6, points=50)
        kept = {run["run_uuid"] for run in postgres.rows(database, "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'")}
        plan = json.loads(command(postgres, database, "gc", "--artifacts-destination", artifacts, "--dry-run", "--json").stdout)
        assert (plan["runs"], plan["experiments"], plan["metric_points"], plan["artifact_files"]) == (6, 1, 300, 12)
        done = json.loads(command(postgres, database, "gc", "--artifacts-destination", artifacts, "--json").stdout)
        assert {**done, "dry_run": True} == plan
        assert {path.name for path in artifacts.glob("0/*")} == kept
        # A plain server of Apus and its command need no schema of their own.
        assert postgres.rows(database, "SELECT 1 FROM pg_namespace WHERE nspname = 'apus'") == []
        assert must(other.url, "experiments/create", {"name": "gone"})["experiment_id"]
    with ReferenceServer(
        ["--backend-store-uri", postgres.stock_uri(database), "--artifacts-destination", str(artifacts)], python=REFERENCE_PYTHON
    ) as stock:
        client = mlflow.MlflowClient(stock.url)
        found = client.search_runs(["0"])
        assert {run.info.run_id for run in found} == kept
        assert {len(client.get_metric_history(run.info.run_id, "m0")) for run in found} == {17}
        assert client.list_artifacts(found[0].info.run_id)[0].path == "deep"


def test_gc_keeps_a_run_of_which_a_version_is_made_while_it_runs(postgres, database, tmp_path):
    artifacts = tmp_path / "artifacts"
    one, other = pair(postgres, database, artifacts)
    with one, other:
        must(one.url, "registered-models/create", {"name": "m"})
        runs = sorted(new_run(one.url) for _ in range(3))
        for run in runs:
            assert put(one, f"0/{run}/artifacts/model") == 200
            must(one.url, "runs/delete", {"run_id": run})
        waits = f"SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{database}'"
        with ThreadPoolExecutor(1) as pool:
            with postgres.holding(database, f"SELECT FROM runs WHERE run_uuid = '{runs[0]}' FOR UPDATE"):
                words = ("gc", "--artifacts-destination", artifacts, "--json")
                running = pool.submit(command, postgres, database, *words, check=False)
                wait_until(lambda: postgres.rows(database, waits), 60, "gc to wait for the first run")
                source = f"mlflow-artifacts:/0/{runs[2]}/artifacts/model"
                must(other.url, "model-versions/create", {"name": "m", "source": source, "run_id": runs[2]})
            done = json.loads(running.result().stdout)
        assert (done["runs"], done["kept"]) == (2, 1) and "version 1" in done["kept_because"][0], done
        assert send("GET", one.url + ROUTE + f"0/{runs[2]}/artifacts/model")[0] == 200
        assert {path.name for path in artifacts.glob("0/*")} == {runs[2]}


def test_gc_through_one_of_the_servers_goes_on_where_a_call_has_ended(postgres, database, tmp_path):
    one, other = pair(postgres, database, tmp_path / "artifacts")
    with one, other:
        runs = [new_run(one.url) for _ in range(5)]
        for run in runs:
            must(one.url, "runs/delete", {"run_id": run})
        first, second, *rest = sorted(runs)
        # As if a first call had come as far as the first run.
        answer = must(other.url, OWN + "gc", {"next": f"0:{first}"})
        assert (answer["runs"], answer["done"]) == (4, True) and "next" not in answer
        assert call(one.url, "runs/get", run_id=first)[0] == 200
        # What would remove more than the calls before have named is refused.
        for body in (
            {"next": "nonsense"}, {"next": "named:0"}, {"run_ids": [first], "next": "0:"}, {"continue": True}, {"continue": "0:"},
        ):
            status, refused = call(other.url, OWN + "gc", body)
            assert status == 400 and ("next" in refused["message"] or "continue" in refused["message"]), (body, refused)
        assert call(one.url, "runs/get", run_id=first)[0] == 200
        words = [apus_binary(), "gc", "--tracking-uri", one.url, "--json"]
        assert json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)["runs"] == 1
        # What is named is removed once; what is unknown is refused, and nothing removed then.
        a, b = new_run(one.url), new_run(one.url)
        must(one.url, "runs/delete", {"run_id": a})
        assert call(one.url, OWN + "gc", {"run_ids": [a, b]})[0] == 400
        assert call(one.url, "runs/get", run_id=a)[0] == 200
        must(one.url, "runs/delete", {"run_id": b})
        answer = must(one.url, OWN + "gc", {"run_ids": [a, b], "next": "named:1"})
        assert answer["runs"] == 1 and call(one.url, "runs/get", run_id=a)[0] == 200


def test_gc_names_what_is_missing_where_nothing_says_where_the_artifacts_are(postgres, database, tmp_path):
    with ApusServer(["--backend-store-uri", postgres.uri(database)]) as server:
        run = new_run(server.url)
        must(server.url, "runs/delete", {"run_id": run})
        refused = command(postgres, database, "gc", "--data-dir", tmp_path / "other", check=False)
        assert refused.returncode == 1 and "--artifacts-destination" in refused.stderr
        assert not (tmp_path / "other").exists()
        refused = command(postgres, database, "gc", "--artifacts-destination", tmp_path / "mistaken", check=False)
        assert refused.returncode == 1 and "There is no folder of artifacts" in refused.stderr
        assert not (tmp_path / "mistaken").exists()
        assert call(server.url, "runs/get", run_id=run)[0] == 200
        command(postgres, database, "gc", "--data-dir", server.data_directory)
        assert call(server.url, "runs/get", run_id=run)[0] == 404


def test_gc_that_cannot_remove_files_tells_it_and_is_finished_later(postgres, database, tmp_path):
    artifacts = tmp_path / "artifacts"
    with ApusServer(["--backend-store-uri", postgres.uri(database), "--artifacts-destination", artifacts]) as server:
        runs = [new_run(server.url) for _ in range(2)]
        for run in runs:
            assert put(server, f"0/{run}/artifacts/a") == 200
            must(server.url, "runs/delete", {"run_id": run})
        # Not even root removes a file that is marked so.
        marked = artifacts / "0" / runs[0] / "artifacts" / "a"
        if subprocess.run(["chattr", "+i", marked], capture_output=True).returncode:
            pytest.skip("no file can be marked here")
        try:
            done = command(postgres, database, "gc", "--artifacts-destination", artifacts, check=False)
            assert done.returncode == 1 and runs[0] in done.stderr and "removed 1 run," in done.stdout, done
            assert call(server.url, "runs/get", run_id=runs[0])[0] == 200
        finally:
            subprocess.run(["chattr", "-i", marked], check=True)
        assert "removed 1 run," in command(postgres, database, "gc", "--artifacts-destination", artifacts).stdout


def test_a_killed_gc_that_is_run_again_ends_as_an_undisturbed_one(postgres, database, tmp_path):
    artifacts = tmp_path / "artifacts"
    chance = random.Random(os.environ.get("APUS_TEST_SEED", "1"))
    with ApusServer(["--backend-store-uri", postgres.uri(database), "--artifacts-destination", artifacts, "--audit"]) as server:
        make_deleted(server.url, runs=30, points=500)
        kept = postgres.rows(database, "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'")
        words = [apus_binary(), "gc", "--backend-store-uri", postgres.uri(database), "--artifacts-destination", artifacts]
        began = time.monotonic()
        kills = 0
        while time.monotonic() - began < 60:
            process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(chance.uniform(0.02, 0.25))
                if process.returncode == 0:
                    break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
        assert kills > 0
        command(postgres, database, "gc", "--artifacts-destination", artifacts)
        left = stored(postgres, database)
        assert {run["run_uuid"] for run in left["runs"]} == {run["run_uuid"] for run in kept}
        assert len(left["metrics"]) == 30 * 500 and [one["name"] for one in left["experiments"]] == ["Default"]
        assert {path.name for path in artifacts.glob("*/*")} == {run["run_uuid"] for run in kept}
        use = must(server.url, OWN + "usage")["server"]
        assert (use["runs"], use["artifacts"]) == (30, 60)
        removed = postgres.rows(database, "SELECT resource_id FROM apus.audit_entries WHERE action = 'gc'")
        assert len(removed) == len({entry["resource_id"] for entry in removed}) == 31


def test_gc_removes_objects_of_a_bucket(postgres, database):
    with ObjectStorage() as storage:
        arguments = ["--backend-store-uri", postgres.uri(database), *storage.arguments()]
        with ApusServer(arguments, storage.environment()) as server:
            runs = [new_run(server.url) for _ in range(2)]
            for run in runs:
                assert put(server, f"0/{run}/artifacts/deep/a") == 200
            must(server.url, "runs/delete", {"run_id": runs[0]})
            answer = must(server.url, OWN + "gc", {})
            assert (answer["runs"], answer["artifact_files"], answer["done"]) == (1, 1, True)
            assert len(storage.objects) == 1 and runs[1] in next(iter(storage.objects))
            must(server.url, "runs/delete", {"run_id": runs[1]})
            words = [apus_binary(), "gc", *arguments, "--json"]
            environment = {**os.environ, **{name: str(value) for name, value in storage.environment().items() if value is not None}}
            done = subprocess.run(list(map(str, words)), capture_output=True, text=True, env=environment, timeout=120)
            assert done.returncode == 0 and json.loads(done.stdout)["artifact_files"] == 1, done
            assert not storage.objects
