"""A server over PostgreSQL, in MLflow's own schema: stock servers open the same database, after it and beside it."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest

from helpers import REFERENCE_PYTHON, call, must, new_run, send
from postgres import ESCAPED_PASSWORD, PASSWORD, USER, PostgresServer
from postgres_pooler import TransactionPooler
from postgres_proxy import PostgresProxy
from servers import ApusServer, ReferenceServer, apus_binary, free_port, wait_until

pytestmark = pytest.mark.apus

HEAD = "dc11669786a5"


@contextmanager
def stock(postgres, database, artifacts):
    arguments = ["--backend-store-uri", postgres.stock_uri(database), "--artifacts-destination", str(artifacts)]
    with ReferenceServer(arguments, python=REFERENCE_PYTHON) as server:
        yield server


def apus(uri, *arguments, **options):
    return ApusServer(["--backend-store-uri", uri, *arguments], **options)


def refusal(*arguments, environment=None):
    """What `apus server` says when it does not start; it never shows the password."""
    done = subprocess.run(
        [str(apus_binary()), "server", "--port", "0", *arguments],
        capture_output=True, text=True, timeout=120, env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    for secret in (PASSWORD, ESCAPED_PASSWORD):
        assert secret not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def fill(client, experiment, prefix):
    """A run with all kinds of things, a registered model with a version, and an artifact. Returns the run's id."""
    run = client.create_run(experiment, run_name=f"{prefix} run", tags={"team": prefix})
    run_id = run.info.run_id
    for step in range(5):
        client.log_metric(run_id, "loss", 1 / (step + 1), step=step, timestamp=1_700_000_000_000 + step)
    client.log_metric(run_id, "bad", float("nan"), step=0)
    client.log_metric(run_id, "endless", float("inf"), step=0)
    client.log_param(run_id, "rate", "0.1")
    client.set_tag(run_id, "note", "Größe ✓")
    client.log_text(run_id, "content of " + prefix, "notes/text.txt")
    client.set_terminated(run_id)
    client.create_registered_model(f"{prefix} model", tags={"kind": "net"}, description="made by " + prefix)
    version = client.create_model_version(f"{prefix} model", f"runs:/{run_id}/notes", run_id=run_id)
    client.set_registered_model_alias(f"{prefix} model", "best", version.version)
    client.set_model_version_tag(f"{prefix} model", version.version, "state", "new")
    return run_id


def requires(client, run_id, experiment, prefix):
    """Checks all that `fill` has made."""
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED" and run.info.run_name == f"{prefix} run"
    assert run.data.params == {"rate": "0.1"}
    assert run.data.tags["note"] == "Größe ✓" and run.data.tags["team"] == prefix
    assert run.data.metrics["loss"] == 0.2 and run.data.metrics["bad"] != run.data.metrics["bad"]
    assert run.data.metrics["endless"] > 1e308
    history = client.get_metric_history(run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, 1 / (step + 1)) for step in range(5)]
    found = client.search_runs([experiment], f"metrics.loss < 0.3 and tags.team = '{prefix}' and params.rate = '0.1'")
    assert [run.info.run_id for run in found] == [run_id]
    model = client.get_registered_model(f"{prefix} model")
    assert model.tags == {"kind": "net"} and model.aliases == {"best": "1"} or model.aliases == {"best": 1}
    version = client.get_model_version_by_alias(f"{prefix} model", "best")
    assert version.run_id == run_id and version.tags == {"state": "new"}
    assert [v.version for v in client.search_model_versions(f"name = '{prefix} model'")] == [version.version]
    assert [m.name for m in client.search_registered_models(f"name = '{prefix} model'")] == [f"{prefix} model"]


def test_stock_opens_what_apus_made_and_goes_on(postgres, database, tmp_path):
    artifacts = tmp_path / "artifacts"
    arguments = ["--artifacts-destination", str(artifacts)]
    with apus(postgres.uri(database), *arguments) as server:
        client = mlflow.MlflowClient(server.url)
        experiment = client.create_experiment("shared", tags={"of": "both"})
        first = fill(client, experiment, "apus")
        requires(client, first, experiment, "apus")
    assert postgres.rows(database, "SELECT version_num FROM alembic_version") == [{"version_num": HEAD}]
    with stock(postgres, database, artifacts) as server:
        client = mlflow.MlflowClient(server.url)
        assert client.get_experiment("0").name == "Default"
        assert client.get_experiment(experiment).tags["of"] == "both"
        requires(client, first, experiment, "apus")
        downloaded = client.download_artifacts(first, "notes/text.txt", str(tmp_path))
        assert Path(downloaded).read_text() == "content of apus"
        second = fill(client, experiment, "stock")
        client.log_metric(first, "loss", 7, step=9)
    with apus(postgres.uri(database, "postgresql+psycopg2"), *arguments) as server:
        client = mlflow.MlflowClient(server.url)
        requires(client, second, experiment, "stock")
        assert client.get_run(first).data.metrics["loss"] == 7
        assert {run.info.run_id for run in client.search_runs([experiment])} == {first, second}


def test_both_see_each_others_writes_at_the_same_time(postgres, database, tmp_path):
    artifacts = tmp_path / "artifacts"
    with apus(postgres.uri(database), "--artifacts-destination", str(artifacts)) as ours:
        with stock(postgres, database, artifacts) as theirs:
            clients = [mlflow.MlflowClient(server.url) for server in (ours, theirs)]
            experiment = clients[1].create_experiment("at once")
            run_id = clients[0].create_run(experiment).info.run_id
            for number in range(20):
                clients[number % 2].log_metric(run_id, "m", number, step=number, timestamp=1_000 + number)
                clients[number % 2].set_tag(run_id, f"t{number}", str(number))
                run = clients[(number + 1) % 2].get_run(run_id)
                assert run.data.metrics["m"] == number and run.data.tags[f"t{number}"] == str(number)
            clients[0].create_registered_model("both")
            versions = [clients[n % 2].create_model_version("both", "s3://bucket/x").version for n in range(6)]
            assert [int(version) for version in versions] == [1, 2, 3, 4, 5, 6]
            clients[1].delete_run(run_id)
            assert clients[0].get_run(run_id).info.lifecycle_stage == "deleted"
            with pytest.raises(mlflow.exceptions.MlflowException):
                clients[0].log_metric(run_id, "m", 1)
            clients[0].restore_run(run_id)
            assert clients[1].get_run(run_id).info.lifecycle_stage == "active"


def test_two_servers_make_the_tables_once(postgres, database):
    servers = [apus(postgres.uri(database)) for _ in range(2)]
    with servers[0] as first, servers[1] as second:
        assert sum("creating MLflow's tables" in server.log() for server in servers) == 1
        run_id = new_run(first.url)
        assert must(second.url, "runs/get", run_id=run_id)["run"]["info"]["run_id"] == run_id


def test_an_older_database_is_refused_with_the_command_that_upgrades_it(postgres, database):
    with apus(postgres.uri(database)):
        pass
    postgres.execute(database, "UPDATE alembic_version SET version_num = 'acf3f17fdcc7'")
    message = refusal("--backend-store-uri", postgres.uri(database))
    assert "mlflow db upgrade" in message and "acf3f17fdcc7" in message
    assert postgres.rows(database, "SELECT version_num FROM alembic_version") == [{"version_num": "acf3f17fdcc7"}]


def test_a_newer_database_serves_as_long_as_no_column_is_missing(postgres, database):
    with apus(postgres.uri(database)):
        pass
    postgres.execute(database, "UPDATE alembic_version SET version_num = 'ffffffffffff'; ALTER TABLE runs ADD COLUMN more text")
    with apus(postgres.uri(database)) as server:
        new_run(server.url)
    assert postgres.rows(database, "SELECT version_num FROM alembic_version") == [{"version_num": "ffffffffffff"}]
    postgres.execute(database, "ALTER TABLE latest_metrics RENAME COLUMN is_nan TO other")
    assert "latest_metrics.is_nan" in refusal("--backend-store-uri", postgres.uri(database))


def test_a_database_of_another_program_is_refused(postgres, database):
    postgres.execute(database, "CREATE TABLE people (name text)")
    assert "not those of MLflow" in refusal("--backend-store-uri", postgres.uri(database))


def test_a_database_that_cannot_be_reached_ends_the_start(postgres, database):
    assert "SQLSTATE 3D000" in refusal("--backend-store-uri", postgres.uri("absent"))
    assert "28P01" in refusal("--backend-store-uri", postgres.uri(database, password="wrong"))
    away = f"postgresql://{USER}:{ESCAPED_PASSWORD}@127.0.0.1:{free_port()}/mlflow"
    message = refusal(environment={"MLFLOW_BACKEND_STORE_URI": away})
    assert "MLFLOW_BACKEND_STORE_URI" in message and "Start PostgreSQL" in message


def test_a_command_on_a_data_folder_says_what_to_use_instead(postgres, database, tmp_path):
    for command in (["check"], ["backup", str(tmp_path / "copies")]):
        words = [str(apus_binary()), *command, "--backend-store-uri", postgres.uri(database)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120)
        assert done.returncode != 0 and PASSWORD not in done.stderr
        assert "pg_dump" in done.stderr, done.stderr
    assert "--require-token" in refusal("--backend-store-uri", postgres.uri(database), "--client-runs", "5")


def test_a_new_folder_of_artifacts_under_old_runs_is_told(postgres, database, tmp_path):
    with apus(postgres.uri(database), "--artifacts-destination", str(tmp_path / "first")) as server:
        assert "folder of artifacts is new" not in server.log()
        new_run(server.url)
    for folder, is_told in (("first", False), ("second", True), ("second", False)):
        with apus(postgres.uri(database), "--artifacts-destination", str(tmp_path / folder)) as server:
            assert ("folder of artifacts is new" in server.log()) is is_told


def test_latest_versions_come_in_the_order_of_stock(postgres, database, tmp_path):
    with apus(postgres.uri(database)) as server, stock(postgres, database, tmp_path) as reference:
        client = mlflow.MlflowClient(server.url)
        client.create_registered_model("net")
        for number in range(3):
            client.create_model_version("net", f"s3://bucket/{number}")
        client.transition_model_version_stage("net", "1", "Production")
        found = [
            [(version["version"], version["current_stage"]) for version in model["latest_versions"]]
            for url in (server.url, reference.url)
            for model in (
                must(url, "registered-models/get", name="net")["registered_model"],
                must(url, "registered-models/search")["registered_models"][0],
            )
        ]
        assert found == [[("1", "Production"), ("3", "None")]] * 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["--upstream", "http://127.0.0.1:9"], ["--snapshot-to", "/nowhere"], ["--deduplicate-artifacts"], ["--reuse"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_needs_sqlite_is_refused(postgres, database, arguments):
    message = refusal("--backend-store-uri", postgres.uri(database), *arguments)
    assert "SQLite" in message and arguments[0] in message


@pytest.mark.parametrize("option, word", [("colour=red", "colour"), ("sslmode=disable&sslmode=require", "sslmode")])
def test_an_option_that_is_not_understood_is_named(postgres, database, option, word):
    assert word in refusal("--backend-store-uri", postgres.uri(database) + "?" + option)


def test_options_of_libpq_and_the_environment_are_taken(postgres, database, tmp_path):
    uri = f"postgres://{USER}@127.0.0.1:{postgres.port}/{database}?connect_timeout=5&application_name=mine"
    with apus(uri, environment={"PGPASSWORD": PASSWORD}) as server:
        new_run(server.url)
        assert {"application_name": "mine"} in postgres.rows(database, "SELECT application_name FROM pg_stat_activity")


def test_nothing_shows_the_password(postgres, database):
    with apus(postgres.uri(database), "--log-level", "debug") as server:
        new_run(server.url)
        call(server.url, "runs/get", run_id="missing")
        command = Path(f"/proc/{server.process.pid}/cmdline").read_bytes().decode()
        shown = [command, server.log(), send("GET", server.url + "/metrics")[1].decode()]
        shown.append(send("GET", server.url + "/health?deep=1")[1].decode())
        assert USER in command and f"/{database}" in command
        for text in shown:
            assert PASSWORD not in text and ESCAPED_PASSWORD not in text


def test_a_password_among_the_options_is_not_shown_either(postgres, database):
    uri = f"postgresql://127.0.0.1:{postgres.port}/{database}?password={ESCAPED_PASSWORD}&user={USER}"
    with apus(uri) as server:
        command = Path(f"/proc/{server.process.pid}/cmdline").read_bytes().decode()
        assert f"user={USER}" in command and ESCAPED_PASSWORD not in command


# Without this function a server has no timeline, as with Aurora, where it fails.
NO_TIMELINE = "ALTER FUNCTION pg_catalog.pg_current_wal_lsn() RENAME TO pg_hidden_wal_lsn"


@pytest.mark.parametrize("has_timeline", [True, False])
def test_a_lost_answer_to_a_commit_does_not_lose_or_repeat_the_change(postgres, database, has_timeline):
    if not has_timeline:
        postgres.execute(database, NO_TIMELINE)
    with PostgresProxy(postgres.port) as proxy:
        with apus(through(proxy.port, database)) as server:
            proxy.lose_next_commit()
            run_id = new_run(server.url)
            assert proxy.lost.is_set()
            assert postgres.rows(database, "SELECT run_uuid FROM runs") == [{"run_uuid": run_id}]
            proxy.lose_next_commit()
            status, answer = call(server.url, "registered-models/create", {"name": "model"})
            assert proxy.lost.is_set()
            assert postgres.rows(database, "SELECT name FROM registered_models") == [{"name": "model"}]
            # Without a timeline nobody can know whether the server is still the same.
            assert status == (200 if has_timeline else 503), answer
            proxy.lose_next_commit()
            must(server.url, "runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1, "step": 0})
            assert proxy.lost.is_set()
            assert postgres.rows(database, "SELECT value FROM metrics") == [{"value": 1}]


def through(port, database, options="connect_timeout=5"):
    return f"postgresql://{USER}:{ESCAPED_PASSWORD}@127.0.0.1:{port}/{database}?{options}"


def tag(server, run_id, key):
    return call(server.url, "runs/set-tag", {"run_id": run_id, "key": key, "value": "1"})


def test_a_change_is_not_said_to_be_refused_if_it_may_be_stored(postgres, database):
    with PostgresProxy(postgres.port) as proxy, apus(through(proxy.port, database)) as server:
        run_id = new_run(server.url)
        proxy.lose_next_commit(cut=True)
        status, answer = tag(server, run_id, "a")
        assert status == 503 and "Nothing" not in answer["message"], answer
        assert postgres.rows(database, "SELECT key FROM tags WHERE key = 'a'") == [{"key": "a"}]
        proxy.mend()
        assert tag(server, run_id, "a")[0] == 200


def test_answers_to_commits_that_never_come_are_not_waited_for(postgres, database):
    with PostgresProxy(postgres.port) as proxy, apus(through(proxy.port, database)) as server:
        run_id = new_run(server.url)
        proxy.hold_commits()
        with ThreadPoolExecutor() as pool:
            first = pool.submit(tag, server, run_id, "a")
            assert proxy.held.wait(60)
            second = pool.submit(call, server.url, "experiments/create", {"name": "b"})
            # The first one may be stored; the second one did not get its turn.
            assert [first.result()[0], second.result()[0]] == [503, 429]
        proxy.mend()
        assert tag(server, run_id, "c")[0] == 200
        assert postgres.rows(database, "SELECT name FROM experiments WHERE name = 'b'") == []


def test_a_server_that_falls_silent_after_the_log_in_is_away(postgres, database):
    with PostgresProxy(postgres.port) as proxy:
        uri = through(proxy.port, database, "connect_timeout=1")
        with apus(uri) as server:
            run_id = new_run(server.url)
            proxy.mute()
            proxy.drop()
            assert tag(server, run_id, "a")[0] == 429
            assert call(server.url, "runs/get", run_id=run_id)[0] == 429
            proxy.mend()
            assert tag(server, run_id, "a")[0] == 200
            must(server.url, "runs/get", run_id=run_id)
        proxy.mute()
        assert "does not answer" in refusal("--backend-store-uri", uri)


def test_a_database_that_hangs_holds_up_only_requests_that_need_it(postgres, database, tmp_path):
    with PostgresProxy(postgres.port) as proxy:
        arguments = ["--artifacts-destination", tmp_path / "artifacts", "--server-artifacts", "1GB"]
        with apus(through(proxy.port, database), *arguments) as server:
            run_id = new_run(server.url)
            file = server.url + "/api/2.0/mlflow-artifacts/artifacts/f.bin"
            assert send("PUT", file, b"content")[0] == 200

            def timed(*request, **query):
                start = time.monotonic()
                status = call(*request, **query)[0] if query else send("GET", *request)[0]
                return status, time.monotonic() - start

            proxy.fall_silent()
            free = []
            # Many more than there are threads for work that blocks.
            with ThreadPoolExecutor(40) as pool:
                waiting = [pool.submit(timed, server.url, "artifacts/list", run_id=run_id) for _ in range(40)]
                while not all(one.done() for one in waiting):
                    free += [timed(file), timed(server.url + "/metrics")]
            assert {status for status, _ in free} == {200}
            assert max(seconds for _, seconds in free) < 5, free
            answers = [one.result() for one in waiting]
            assert {status for status, _ in answers} == {429}
            assert max(seconds for _, seconds in answers) < 15, answers
            assert b"\napus_database_reachable 0\n" in send("GET", server.url + "/metrics")[1]
            proxy.mend()
            wait_until(lambda: tag(server, run_id, "a")[0] == 200, 60, "the database to be back")


def test_a_pooler_of_transactions_is_refused(postgres, database):
    with TransactionPooler(postgres.port) as pooler:
        assert "pool_mode = session" in refusal("--backend-store-uri", through(pooler.port, database))


@pytest.mark.parametrize("option", ["", "?target_session_attrs=any"])
def test_a_standby_that_takes_over_gets_the_waiting_change(option):
    with PostgresServer() as own:
        uri = own.uri(own.create("failover")) + option
        with apus(uri) as server:
            run_id = new_run(server.url)
            own.stop()
            (own.data / "standby.signal").touch()
            own.start()
            assert must(server.url, "runs/get", run_id=run_id)["run"]["info"]["run_id"] == run_id
            assert call(server.url, "/health", deep=1)[0] == 503
            status, answer = call(server.url, "runs/set-tag", {"run_id": run_id, "key": "a", "value": "1"})
            assert status == 429, answer
            own.execute("postgres", "SELECT pg_promote()")
            must(server.url, "runs/set-tag", {"run_id": run_id, "key": "a", "value": "2"})
            tags = must(server.url, "runs/get", run_id=run_id)["run"]["data"]["tags"]
            assert {"key": "a", "value": "2"} in tags


def test_what_is_not_offered_answers_501_and_says_why(postgres, database):
    with apus(postgres.uri(database)) as server:
        status, answer = call(server.url, "/api/apus/1.0/forward/status", {})
        assert status == 501 and "docs/postgresql.md" in answer["message"], answer
        # Without a flag that asks for them, there are no tables for these.
        for path in ("artifacts/journal", "usage"):
            status, answer = call(server.url, "/api/apus/1.0/" + path)
            assert status == 501 and "--audit" in answer["message"], (path, answer)
    assert postgres.rows(database, "SELECT 1 FROM pg_namespace WHERE nspname = 'apus'") == []


def test_the_deep_health_check_looks_at_the_database(postgres, tmp_path):
    with PostgresServer() as own:
        with apus(own.uri(own.create("health"))) as server:
            assert call(server.url, "/health", deep=1)[1]["status"] == "ok"
            own.stop()
            assert send("GET", server.url + "/health")[0] == 200
            status, answer = call(server.url, "/health", deep=1)
            assert status == 503 and set(answer["problems"]) >= {"reader", "writer"}
            assert call(server.url, "experiments/search", {"max_results": 1})[0] == 429
            assert b"\napus_database_reachable 0\n" in send("GET", server.url + "/metrics")[1]
            own.start()
            assert call(server.url, "/health", deep=1)[0] == 200
            new_run(server.url)
            assert b"\napus_database_reachable 1\n" in send("GET", server.url + "/metrics")[1]


def test_what_belongs_to_a_run_comes_by_the_bytes_of_the_keys(postgres, database):
    with apus(postgres.uri(database)) as server:
        run_id = new_run(server.url)
        keys = ["b", "é", "B", "a.b", "a", "Z"]
        must(server.url, "runs/log-batch", {
            "run_id": run_id,
            "params": [{"key": key, "value": "1"} for key in keys],
            "tags": [{"key": key, "value": "1"} for key in keys],
            "metrics": [{"key": key, "value": 1, "timestamp": 1, "step": 0} for key in keys],
        })
        # An update moves the row in the table.
        must(server.url, "runs/set-tag", {"run_id": run_id, "key": "B", "value": "2"})
        data = must(server.url, "runs/get", run_id=run_id)["run"]["data"]
        for part in ("params", "tags", "metrics"):
            found = [item["key"] for item in data[part] if not item["key"].startswith("mlflow.")]
            assert found == sorted(keys, key=str.encode), part


def test_doctor_finds_nothing_wrong(postgres, database):
    with apus(postgres.uri(database)) as server:
        done = subprocess.run([str(apus_binary()), "doctor", server.url], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["backup", "copy"], "pg_dump"), (["check"], "pg_dump"), (["push", "--to", "http://127.0.0.1:9"], "pg_dump"),
    (["export", "--format", "mlflow-db", "--output", "out"], "pg_dump"),
    (["export", "--format", "csv"], "--backend-store-uri postgresql://"), (["gc"], "--backend-store-uri postgresql://"),
    (["user", "list"], "--backend-store-uri postgresql://"), (["doctor"], "--backend-store-uri postgresql://"),
])
def test_a_command_on_the_folder_of_a_server_that_has_ended_says_where_the_data_is(
    postgres, database, tmp_path, arguments, words,
):
    folder = tmp_path / "data"
    with apus(postgres.uri(database), "--data-dir", str(folder)):
        pass
    done = subprocess.run(
        [str(apus_binary()), *arguments, "--data-dir", str(folder)], capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )
    assert done.returncode > 0 and words in done.stderr + done.stdout, (done.stdout, done.stderr)
    assert not (folder / "apus.db").exists()


def test_doctor_finds_the_server_of_a_data_folder(postgres, database, tmp_path):
    folder = tmp_path / "data"
    doctor = [str(apus_binary()), "doctor", "--health", "--data-dir", str(folder)]
    with apus(postgres.uri(database), "--data-dir", str(folder), "--artifacts-destination", "s3://bucket/x") as server:
        assert [path.name for path in folder.iterdir()] == ["apus.db.lock"]
        done = subprocess.run(doctor, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (folder / "apus.db.lock").read_text().splitlines()[1] == server.url
        # Servers over PostgreSQL may share a folder; the first one is found there.
        with apus(postgres.uri(database), "--data-dir", str(folder)) as second:
            new_run(second.url)
            assert "do not find this server" in second.log()
    assert subprocess.run(doctor, capture_output=True, timeout=120).returncode == 1


def test_artifacts_go_through_the_server(postgres, database, tmp_path):
    with apus(postgres.uri(database)) as server:
        client = mlflow.MlflowClient(server.url)
        run_id = client.create_run("0").info.run_id
        client.log_text(run_id, "one", "a/one.txt")
        client.log_text(run_id, "two", "a/two.txt")
        assert [item.path for item in client.list_artifacts(run_id, "a")] == ["a/one.txt", "a/two.txt"]
        assert Path(client.download_artifacts(run_id, "a/one.txt", str(tmp_path))).read_text() == "one"
