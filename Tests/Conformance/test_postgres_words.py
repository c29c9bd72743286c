"""What a server over PostgreSQL says of odd databases, of rows that others wrote, and of mistakes."""

import os
import subprocess
import time

import pytest

from helpers import call, must, new_run
from postgres import ESCAPED_PASSWORD, PASSWORD, USER
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus


def apus(uri):
    return ApusServer(["--backend-store-uri", uri])


def said(*arguments, cwd=None):
    """What `apus` says when it does not start; it never shows the password."""
    done = subprocess.run(
        [str(apus_binary()), *arguments], capture_output=True, text=True, timeout=120, cwd=cwd,
        env={key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "APUS_", "PG"))},
    )
    assert done.returncode > 0, (done.returncode, done.stdout, done.stderr)
    for secret in (PASSWORD, ESCAPED_PASSWORD):
        assert secret not in done.stdout + done.stderr
    return done.stderr + done.stdout


def refusal(uri):
    return said("server", "--port", "0", "--backend-store-uri", uri)


def tables(postgres, database):
    return postgres.rows(
        database,
        "SELECT schemaname, count(*) AS count FROM pg_tables WHERE schemaname !~ '^pg_|^information' GROUP BY 1 ORDER BY 1",
    )


def test_a_schema_named_like_the_user_hides_nothing(postgres, database):
    with apus(postgres.uri(database)) as server:
        new_run(server.url)
        assert "(schema public)" in server.log()
    before = tables(postgres, database)
    postgres.execute(database, f"CREATE SCHEMA {USER}")
    with apus(postgres.uri(database)) as server:
        assert len(must(server.url, "runs/search", {"experiment_ids": ["0"]})["runs"]) == 1
        assert "(schema public)" in server.log()
    assert tables(postgres, database) == before


def test_no_tables_are_made_beside_those_that_the_user_may_not_see(postgres, database):
    with apus(postgres.uri(database)):
        pass
    role = f"role_{database}"
    postgres.execute(database, f"""
        CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; CREATE SCHEMA {role} AUTHORIZATION {role};
        REVOKE ALL ON SCHEMA public FROM PUBLIC
    """)
    before = tables(postgres, database)
    message = refusal(postgres.uri(database, user=role))
    assert "GRANT USAGE ON SCHEMA public" in message
    assert tables(postgres, database) == before
    postgres.execute(database, f"DROP SCHEMA {role}")
    assert "GRANT USAGE" in refusal(postgres.uri(database, user=role))


def test_tables_of_two_schemas_are_not_mixed(postgres, database):
    with apus(postgres.uri(database)):
        pass
    postgres.execute(database, f"CREATE SCHEMA {USER}; CREATE TABLE {USER}.runs (LIKE public.runs)")
    message = refusal(postgres.uri(database))
    assert "'runs'" in message and f"schema {USER}" in message and "search_path" in message


@pytest.mark.parametrize(
    "change, words",
    [
        ("DELETE FROM alembic_version", "0 rows in alembic_version"),
        ("INSERT INTO alembic_version VALUES ('ffffffffffff')", "2 rows in alembic_version"),
        ("ALTER TABLE latest_metrics DROP COLUMN is_nan", "latest_metrics.is_nan"),
        ("DROP TABLE input_tags", "input_tags.name"),
    ],
)
def test_tables_that_are_not_as_their_revision_says_are_refused(postgres, database, change, words):
    with apus(postgres.uri(database)):
        pass
    postgres.execute(database, change)
    assert words in refusal(postgres.uri(database))


def test_a_filter_of_many_comparisons_takes_no_longer_than_its_runs_ask_for(postgres, database):
    with apus(postgres.uri(database)) as server:
        for number in range(30):
            tags = [{"key": f"t{key}", "value": str(number)} for key in range(3)]
            must(server.url, "runs/create", {"experiment_id": "0", "tags": tags})
        for count in (1, 3, 4, 100):
            comparisons = [f"tags.t{number % 3} != 'x{number}'" for number in range(count)] + ["tags.t0 = '7'"]
            start = time.monotonic()
            found = must(
                server.url, "runs/search", {"experiment_ids": ["0"], "filter": " and ".join(comparisons)}
            )["runs"]
            assert len(found) == 1 and time.monotonic() - start < 20
        order = [f"tags.t{number % 3} {'DESC' if number % 2 else 'ASC'}" for number in range(1)]
        order += [f"params.p{number}" for number in range(40)]
        seen, token = [], ""
        while True:
            page = must(server.url, "runs/search", {
                "experiment_ids": ["0"], "order_by": order, "max_results": 12, "page_token": token,
            })
            seen += [run["info"]["run_id"] for run in page["runs"]]
            token = page.get("next_page_token", "")
            if not token:
                break
        assert len(seen) == len(set(seen)) == 30


@pytest.mark.parametrize("name", ["''", "NULL"])
def test_runs_of_old_clients_have_the_name_of_their_tag(postgres, database, name):
    with apus(postgres.uri(database)) as server:
        run_id = must(server.url, "runs/create", {"experiment_id": "0", "run_name": "mine"})["run"]["info"]["run_id"]
        postgres.execute(database, f"UPDATE runs SET name = {name}")
        assert must(server.url, "runs/get", run_id=run_id)["run"]["info"]["run_name"] == "mine"
        search = {"experiment_ids": ["0"], "filter": "attributes.run_name = 'mine'"}
        assert [run["info"]["run_name"] for run in must(server.url, "runs/search", search)["runs"]] == ["mine"]
        updated = must(server.url, "runs/update", {"run_id": run_id, "status": "FINISHED"})["run_info"]
        assert updated["run_name"] == "mine"


def test_rows_of_other_programs_are_shown(postgres, database):
    with apus(postgres.uri(database)) as server:
        run_id = new_run(server.url)
        must(server.url, "registered-models/create", {"name": "m"})
        must(server.url, "model-versions/create", {"name": "m", "source": "s3://bucket/x"})
        model = must(server.url, "logged-models", {"experiment_id": "0", "name": "lm"})["model"]["info"]["model_id"]

        def version():
            return must(server.url, "model-versions/get", name="m", version="1")["model_version"]

        assert version()["status"] == "READY" and "status_message" not in version()
        postgres.execute(database, "UPDATE model_versions SET status = 'FAILED_REGISTRATION', status_message = 'why'")
        assert (version()["status"], version()["status_message"]) == ("FAILED_REGISTRATION", "why")
        postgres.execute(database, "UPDATE model_versions SET status = 'PENDING_REGISTRATION', current_stage = 'Odd'")
        assert (version()["status"], version()["current_stage"]) == ("PENDING_REGISTRATION", "None")
        assert len(must(server.url, "model-versions/search")["model_versions"]) == 1
        assert len(must(server.url, "registered-models/search")["registered_models"]) == 1
        postgres.execute(database, "UPDATE runs SET status = NULL; UPDATE logged_models SET status = 99")
        assert must(server.url, "runs/get", run_id=run_id)["run"]["info"]["status"] == "SCHEDULED"
        assert len(must(server.url, "runs/search", {"experiment_ids": ["0"]})["runs"]) == 1
        assert len(must(server.url, "logged-models/search", {"experiment_ids": ["0"]})["models"]) == 1
        assert call(server.url, f"logged-models/{model}")[0] == 200


def test_a_text_that_is_too_long_is_refused_with_its_column(postgres, database):
    with apus(postgres.uri(database)) as server:
        run_id = new_run(server.url)
        tags = [{"key": "note", "value": "x" * 8000}, {"key": "mlflow.runName", "value": "x" * 300}]
        status, answer = call(server.url, "runs/log-batch", {"run_id": run_id, "tags": tags})
        assert status == 400 and "runs.name can store at most 250 characters" in answer["message"], answer
        for route in ("experiments/create", "experiments/update"):
            body = {"name": "x" * 300} if route.endswith("create") else {"experiment_id": "0", "new_name": "x" * 300}
            status, answer = call(server.url, route, body)
            assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
            assert "experiments.name" in answer["message"] and "can store at most 256 characters" in answer["message"], answer
        place = "s3://b/" + "x" * 150
        fitting = must(server.url, "experiments/create", {"name": "fits", "artifact_location": place})
        new_run(server.url, fitting["experiment_id"])
        status, answer = call(server.url, "experiments/create", {"name": "long", "artifact_location": place + "x"})
        assert status == 400 and "runs.artifact_uri" in answer["message"] and "by 1." in answer["message"], answer


def test_null_in_an_array_stays_null(postgres, database):
    postgres.execute("postgres", f"ALTER DATABASE {database} SET array_nulls = off")
    with apus(postgres.uri(database)) as server:
        run_id = new_run(server.url)
        model = must(server.url, "logged-models", {"experiment_id": "0", "name": "lm"})["model"]["info"]["model_id"]
        metric = {"key": "m", "value": 1, "timestamp": 1, "step": 1, "model_id": model}
        must(server.url, "runs/log-batch", {"run_id": run_id, "metrics": [metric]})
    assert postgres.rows(database, "SELECT dataset_name FROM logged_model_metrics") == [{"dataset_name": None}]


def test_a_table_that_is_gone_is_told_with_a_sentence(postgres, database):
    with apus(postgres.uri(database)) as server:
        run_id = new_run(server.url)
        postgres.execute(database, "ALTER TABLE tags RENAME TO other")
        for status, answer in (
            call(server.url, "runs/get", run_id=run_id),
            call(server.url, "runs/set-tag", {"run_id": run_id, "key": "k", "value": "v"}),
        ):
            assert status == 507 and "has changed since the server started" in answer["message"], (status, answer)


@pytest.mark.parametrize("arguments", [
    ["{uri}"], ["server", "{uri}"], ["server", "--backend-store-uri", "postgresql//{secret}@db/m.db"],
    ["server", "--backend-store-uri", "postgresql:/{secret}@db/m"],
    ["server", "--backend-store-uri", "host=127.0.0.1 dbname=m.db user=ana password={password}"],
    ["server", "--backend-store-uri", "host=127.0.0.1 dbname=m.db"],
    *([*words, spelling] for spelling in (
        "postgresql:/{secret}@db/m", "{secret}@db/m", "//{secret}@db/m", "host=db PASSWORD = {password}",
    ) for words in (
        ["import"], ["import", "mlruns", "--to"], ["export", "--format", "csv", "--data-dir"], ["check"], ["check", "--data-dir"],
        ["gc", "--data-dir"], ["backup", "folder", "--data-dir"], ["doctor"], ["doctor", "--data-dir"], ["push", "--to"],
        ["server", "--backend-store-uri"], ["server", "--data-dir"], ["server", "--artifacts-destination"],
        ["server", "--default-artifact-root"], ["server", "--port"],
    )),
])
def test_mistakes_in_an_address_show_no_password_and_make_no_file(tmp_path, arguments):
    secret = f"ana:{ESCAPED_PASSWORD}"
    words = {"uri": f"postgresql://{secret}@db/m", "secret": secret, "password": ESCAPED_PASSWORD}
    message = said(*[argument.format(**words) for argument in arguments], cwd=tmp_path)
    assert message and list(tmp_path.iterdir()) == []


def test_an_import_makes_no_folder_that_is_named_by_a_mistaken_address(tmp_path):
    runs = tmp_path / "mlruns" / "0"
    runs.mkdir(parents=True)
    (runs / "meta.yaml").write_text("artifact_location: x\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n")
    message = said("import", "mlruns", "--to", f"postgresql:/ana:{ESCAPED_PASSWORD}@db/m", cwd=tmp_path)
    assert "--to postgresql://USER:PASSWORD@HOST" in message
    assert [path.name for path in tmp_path.iterdir()] == ["mlruns"]
