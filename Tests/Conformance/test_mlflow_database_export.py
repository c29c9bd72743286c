"""What Apus exports is a database and a folder with which the reference server goes on."""

import shutil
import sqlite3
import subprocess
import time

import mlflow
import pytest

from helpers import REFERENCE_PYTHON
from servers import ApusServer, ReferenceServer, apus_binary
from test_import import dump, files, look, run_import, stock  # noqa: F401

pytestmark = pytest.mark.apus
TRAINING_TABLES = [
    "experiments", "experiment_tags", "runs", "params", "tags", "metrics", "latest_metrics", "datasets", "inputs",
    "input_tags", "logged_models", "logged_model_params", "logged_model_tags", "logged_model_metrics",
    "registered_models", "registered_model_tags", "registered_model_aliases", "model_versions", "model_version_tags",
    "workspaces", "alembic_version",
]


def export(data, target, *arguments):
    command = [str(apus_binary()), "export", "--format", "mlflow-db", "--output", str(target), "--data-dir", str(data)]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120)


def rows(database, table):
    """The rows of a table by column, without what is drawn at random and never seen: ids of datasets and inputs."""
    select = f"SELECT * FROM {table}"
    if table == "inputs":
        select = """
            SELECT inputs.source_type, coalesce(datasets.name || '/' || datasets.digest, inputs.source_id) AS source,
                inputs.destination_type, inputs.destination_id, inputs.step
            FROM inputs LEFT JOIN datasets ON datasets.dataset_uuid = inputs.source_id
        """
    if table == "input_tags":
        select = """
            SELECT inputs.destination_id, inputs.destination_type, input_tags.name, input_tags.value
            FROM input_tags JOIN inputs USING (input_uuid)
        """
    if table == "model_version_tags":
        # Apus does not keep those of deleted versions, which MLflow shows to nobody.
        select += " JOIN model_versions USING (workspace, name, version) WHERE current_stage != 'Deleted_Internal'"
        select = select.replace("*", "model_version_tags.*")
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(select)]
    for row in found:
        row.pop("dataset_uuid", None)
        if table == "workspaces":
            row.pop("description")
        if row.get("current_stage") == "Deleted_Internal":
            # Apus keeps the number of a deleted version and nothing else of it.
            for column in row.keys() - {"name", "version", "current_stage"}:
                del row[column]
    return sorted(found, key=repr)


@pytest.fixture(scope="module")
def exported(stock, tmp_path_factory):  # noqa: F811
    """A data folder into which a store of the reference server came, and what was exported of it."""
    folder, _, _ = stock
    place = tmp_path_factory.mktemp("exported")
    run_import(folder / "mlflow.db", place / "data", check=0)
    done = export(place / "data", place / "out")
    assert done.returncode == 0, (done.stdout, done.stderr)
    return place / "data", place / "out"


@pytest.mark.parametrize("table", TRAINING_TABLES)
def test_every_row_is_that_of_the_source(stock, exported, table):  # noqa: F811
    source, out = rows(stock[0] / "mlflow.db", table), rows(exported[1] / "mlflow.db", table)
    assert source == out
    assert source, "the source has nothing of this kind, so that nothing is shown"


def test_the_schema_is_that_of_the_source(stock, exported):  # noqa: F811
    def schema(database):
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            facts = {}
            for table in tables:
                indexes = [row[1:] for row in connection.execute(f"PRAGMA index_list({table})")]
                facts[table] = (
                    list(connection.execute(f"PRAGMA table_xinfo({table})")),
                    sorted(connection.execute(f"PRAGMA foreign_key_list({table})")),
                    sorted(
                        (index, list(connection.execute(f"PRAGMA index_xinfo({index[0]})")))
                        for index in indexes
                        if not index[0].startswith("sqlite_autoindex")
                    ),
                )
            return facts

    source, mine = schema(stock[0] / "mlflow.db"), schema(exported[1] / "mlflow.db")
    assert source.keys() == mine.keys()
    for table in source:
        assert source[table] == mine[table], table


def test_the_reference_server_goes_on(stock, exported, tmp_path):  # noqa: F811
    _, seen, stored = stock
    # It writes into the folder, which other tests look at.
    out = shutil.copytree(exported[1], tmp_path / "out")
    arguments = ["--artifacts-destination", str(out / "mlartifacts")]
    with ReferenceServer(arguments, python=REFERENCE_PYTHON, directory=out) as server:
        client = mlflow.MlflowClient(server.url)
        theirs = look(client)
        for part in seen:
            assert theirs.get(part) == seen[part], part
        assert theirs.keys() == seen.keys()
        assert files(client, server.url, theirs) == stored
        run = client.create_run("0")
        client.log_metric(run.info.run_id, "loss", 1.5)
        client.log_text(run.info.run_id, "more", "more.txt")
        model_id = seen["logged_models"][0]["_model_id"]
        assert int(client.create_model_version("prod", f"models:/{model_id}", model_id=model_id).version) == 4
        assert client.get_run(run.info.run_id).data.metrics == {"loss": 1.5}


def test_a_store_in_use_is_exported_and_nothing_is_replaced(tmp_path):
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        run = client.create_run("0")
        client.log_metric(run.info.run_id, "loss", float("nan"), step=3)
        client.log_text(run.info.run_id, "text", "größe/a.txt")
        assert export(tmp_path / "data", tmp_path / "out").returncode == 0
    metrics = rows(tmp_path / "out" / "mlflow.db", "metrics")
    assert [(row["key"], row["value"], row["step"], row["is_nan"]) for row in metrics] == [("loss", 0, 3, 1)]
    assert [path.read_text() for path in (tmp_path / "out" / "mlartifacts").rglob("*.txt")] == ["text"]
    before = dump(tmp_path / "out" / "mlflow.db")
    again = export(tmp_path / "data", tmp_path / "out")
    assert again.returncode == 2 and "is there already" in again.stderr
    assert dump(tmp_path / "out" / "mlflow.db") == before
    assert not (tmp_path / "out.unfinished").exists()


def test_an_interrupted_export_begins_anew(exported, tmp_path):
    data, out = exported
    whole = dump(out / "mlflow.db")
    command = [str(apus_binary()), "export", "--format", "mlflow-db", "--output", str(tmp_path / "out"), "--data-dir", str(data)]
    for moment in (0.005, 0.02, 0.04):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        process.kill()
        process.wait()
        if (tmp_path / "out").exists():
            break
    else:
        assert export(data, tmp_path / "out").returncode == 0
    mine = dump(tmp_path / "out" / "mlflow.db")
    drawn = {"datasets", "inputs", "input_tags"}
    assert {table: mine[table] for table in mine if table not in drawn} == {
        table: whole[table] for table in whole if table not in drawn
    }


@pytest.mark.parametrize("arguments", [["some-run"], ["--experiment", "0"], ["--from", "http://127.0.0.1:1"]])
def test_a_part_is_refused(exported, tmp_path, arguments):
    done = export(exported[0], tmp_path / "out", *arguments)
    assert done.returncode != 0 and "everything" in done.stderr
    assert not (tmp_path / "out").exists()
