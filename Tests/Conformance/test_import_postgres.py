"""Databases of PostgreSQL: what the reference server keeps in one comes to Apus, and goes back into another, whole."""

import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest

from helpers import REFERENCE_PYTHON
from postgres import ESCAPED_PASSWORD, PASSWORD, USER, PostgresServer
from servers import ApusServer, ReferenceServer, apus_binary, wait_until
from test_import import dump, files, fill, look, run_import, stock  # noqa: F401
from test_mlflow_database_export import TRAINING_TABLES, export, rows

pytestmark = pytest.mark.apus

# Makes the tables of a revision, by the migrations of the reference itself.
MAKE_OLD_DATABASE = """
import sys, sqlalchemy
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
engine = sqlalchemy.create_engine(sys.argv[1])
Base.metadata.create_all(engine)
config = _get_alembic_config(sys.argv[1])
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, sys.argv[2])
"""
# The head of MLflow 2.9.
OLD_REVISION = "acf3f17fdcc7"


@pytest.fixture(scope="module")
def postgres():
    with PostgresServer() as server:
        yield server


@pytest.fixture
def database(postgres, request):
    """An empty database with a name that must be quoted."""
    name = "Größe " + str(abs(hash(request.node.name)) % 10**12)
    return postgres.create(name, "TEMPLATE template0")


@pytest.fixture(scope="module")
def trained(postgres, tmp_path_factory):
    """The database and the folder of a reference server, what the client saw of it, and its files."""
    folder, work = tmp_path_factory.mktemp("trained"), tmp_path_factory.mktemp("work")
    name = postgres.create("trained")
    before = Path.cwd()
    os.chdir(work)
    try:
        with reference(postgres, name, folder) as server:
            client = mlflow.MlflowClient(server.url)
            fill(client)
            seen = look(client)
            return name, folder, seen, files(client, server.url, seen)
    finally:
        os.chdir(before)


@contextmanager
def reference(postgres, database, folder, artifacts=None):
    arguments = ["--backend-store-uri", postgres.stock_uri(database)]
    if artifacts:
        arguments += ["--artifacts-destination", str(artifacts)]
    with ReferenceServer(arguments, python=REFERENCE_PYTHON, directory=folder) as server:
        yield server


def take(postgres, source, to, *arguments, check=None):
    """An import, which never shows the password."""
    status, summary, message = run_import(source, to, *arguments, check=check)
    for secret in (PASSWORD, ESCAPED_PASSWORD):
        assert secret not in f"{summary}{message}"
    return status, summary, message


def give(postgres, data, database, folder, *arguments, check=0):
    done = export(data, postgres.uri(database), "--artifacts-to", str(folder), *arguments)
    assert done.returncode == check, (done.stdout, done.stderr)
    for secret in (PASSWORD, ESCAPED_PASSWORD):
        assert secret not in done.stdout + done.stderr
    return done


def same_sight(theirs, mine):
    for part in theirs:
        assert mine.get(part) == theirs[part], part
    assert mine.keys() == theirs.keys()


def server_rows(postgres, database, table):
    """As `rows`, of a database of PostgreSQL."""
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
    found = postgres.rows(database, select)
    for row in found:
        row.pop("dataset_uuid", None)
        if table == "workspaces":
            row.pop("description")
    return found


def comparable(found):
    """Rows without what the engines write differently: the order of columns, truths, and numbers without a fraction."""
    def plain(value):
        return float(value) if isinstance(value, (int, float)) and abs(value) < 2**53 else value
    return sorted((sorted((key, plain(value)) for key, value in row.items()) for row in found), key=repr)


def test_the_client_sees_the_same_after_the_move(postgres, trained, tmp_path):
    name, folder, seen, stored = trained
    status, summary, _ = take(postgres, postgres.uri(name), tmp_path / "data", "--artifacts-from", folder / "artifacts")
    assert (status, summary["skipped"], summary["remarks"]) == (0, [], []), summary
    assert summary["source"] == f"MLflow database postgresql://{USER}@127.0.0.1:{postgres.port}/{name} (revision dc11669786a5)"
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        mine = look(client)
        same_sight(seen, mine)
        assert files(client, server.url, mine) == stored and len(stored) > 5
        model_id = seen["logged_models"][0]["_model_id"]
        assert int(client.create_model_version("prod", f"models:/{model_id}", model_id=model_id).version) == 4


def test_twice_changes_nothing_and_growth_comes(postgres, trained, tmp_path):
    name, folder, _, _ = trained
    copy = postgres.create("copy of trained", f'TEMPLATE "{name}"')
    arguments = ("--artifacts-from", folder / "artifacts")
    take(postgres, postgres.uri(copy), tmp_path / "data", *arguments, check=0)
    before = dump(tmp_path / "data/apus.db")
    take(postgres, postgres.uri(copy), tmp_path / "data", *arguments, check=0)
    assert dump(tmp_path / "data/apus.db") == before
    postgres.execute(
        copy,
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
        "SELECT 'new', 4, 5, run_uuid, 6, false FROM runs WHERE name = 'still running'",
    )
    _, summary, _ = take(postgres, postgres.uri(copy), tmp_path / "data", *arguments, check=0)
    assert summary["counts"]["points"]["added"] == 1


def test_a_part_comes_alone_and_nothing_of_a_dry_run(postgres, trained, tmp_path):
    name, folder, seen, _ = trained
    parent = next(run_id for run_id, run in seen["runs"].items() if run["tags"].get("mlflow.runName") == "parent")
    _, summary, _ = take(postgres, postgres.uri(name), tmp_path / "data", "--run", parent)
    assert summary["found"]["run"] == 1 and "registered_model" not in summary["found"]
    _, summary, _ = take(postgres, postgres.uri(name), tmp_path / "typo", "--experiment", "visoin", check=2)
    assert [entry["place"] for entry in summary["skipped"]] == ["experiment visoin"], summary
    _, summary, _ = take(
        postgres, postgres.uri(name), tmp_path / "none", "--dry-run", "--artifacts-from", folder / "artifacts", check=0
    )
    assert summary["found"]["run"] == len(seen["runs"]) and not (tmp_path / "none").exists()


@pytest.mark.parametrize("form", ["postgres", "socket", "driver", "environment", "pgpass", "service"])
def test_addresses_and_passwords_come_from_where_libpq_finds_them(postgres, trained, tmp_path, monkeypatch, form):
    name = trained[0]
    bare = f"postgresql://{USER}@127.0.0.1:{postgres.port}/{name}"
    source = bare
    if form == "postgres":
        source = postgres.uri(name, "postgres") + "?sslmode=disable&connect_timeout=5"
    elif form == "driver":
        source = postgres.stock_uri(name)
    elif form == "socket":
        source = f"postgresql+psycopg2://{USER}:{ESCAPED_PASSWORD}@/{name}?host={postgres.folder}&port={postgres.port}"
    elif form == "environment":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    elif form == "pgpass":
        (tmp_path / "pgpass").write_text("*:*:*:*:" + PASSWORD.replace(":", "\\:") + "\n")
        (tmp_path / "pgpass").chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    else:
        (tmp_path / "services").write_text(
            f"[training]\nhost=127.0.0.1\nport={postgres.port}\nuser={USER}\npassword={PASSWORD}\ndbname={name}\n"
        )
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
        source = "postgresql:///?service=training"
    _, summary, message = take(postgres, source, tmp_path / "none", "--dry-run")
    assert summary["found"]["run"] > 3, message


@pytest.mark.parametrize(
    "fault, words",
    [
        ("password", ["28P01", "PGPASSWORD"]),
        ("missing", ["3D000", "createdb"]),
        ("empty", ["is not a database of MLflow", "'experiments'"]),
        ("closed", ["Connection refused"]),
        ("address", ["%40"]),
        ("option", ["options of libpq"]),
        ("library", ["libpq5"]),
        ("privilege", ["42501"]),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(postgres, trained, tmp_path, monkeypatch, fault, words):
    name = trained[0]
    source = postgres.uri(name)
    if fault == "password":
        source = postgres.uri(name, password="hidden")
    elif fault == "missing":
        source = postgres.uri("missing")
    elif fault == "empty":
        source = postgres.uri("postgres")
    elif fault == "closed":
        source = f"postgresql://{USER}:hidden@127.0.0.1:1/{name}"
    elif fault == "address":
        source = f"postgresql://{USER}:hid@den/hidden@127.0.0.1/{name}"
    elif fault == "option":
        source += "?hidden=hidden"
    elif fault == "library":
        (tmp_path / "libpq.so.5").write_bytes(b"")
        monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    else:
        postgres.execute("postgres", "CREATE ROLE stranger LOGIN PASSWORD 'hidden'")
        source = postgres.uri(name, user="stranger", password="hidden")
    status, _, message = take(postgres, source, tmp_path / "data")
    assert status == 2 and all(word in message for word in words), message
    assert "hidden" not in message
    assert not (tmp_path / "data" / "apus.db").exists() or not dump(tmp_path / "data" / "apus.db")["runs"]


def test_an_old_database_is_read_by_the_columns_that_it_has(postgres, database, tmp_path):
    make = [str(REFERENCE_PYTHON), "-c", MAKE_OLD_DATABASE, postgres.stock_uri(database), OLD_REVISION]
    done = subprocess.run(make, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    postgres.execute(
        database,
        """
        INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES (0, 'Default', '/gone/0', 'active');
        INSERT INTO runs (run_uuid, name, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id)
            VALUES ('r1', 'old', 'ana', 'RUNNING', 5, 'active', 's3://bucket/r1', 0);
        INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('loss', 0, 2, 'r1', 1, true);
        INSERT INTO params (key, value, run_uuid) VALUES ('lr', '0.1', 'r1'), ('LR', '0.2', 'r1');
        """,
    )
    _, summary, _ = take(postgres, postgres.uri(database), tmp_path / "data", check=0)
    assert summary["found"] == {"experiment": 1, "run": 1, "points": 1} and OLD_REVISION in summary["source"]
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        run = mlflow.MlflowClient(server.url).get_run("r1")
        assert run.data.params == {"lr": "0.1", "LR": "0.2"} and str(run.data.metrics["loss"]) == "nan"


def test_a_newer_database_is_read_by_the_columns_that_are_known(postgres, trained, tmp_path):
    copy = postgres.create("newer", f'TEMPLATE "{trained[0]}"')
    postgres.execute(
        copy, "UPDATE alembic_version SET version_num = 'feedfeedfeed'; ALTER TABLE runs ADD COLUMN shiny INTEGER DEFAULT 1"
    )
    _, summary, _ = take(postgres, postgres.uri(copy), tmp_path / "none", "--dry-run")
    assert summary["found"]["run"] == len(trained[2]["runs"]) and "feedfeedfeed" in summary["source"]


@contextmanager
def held_back(postgres, database, table, *arguments):
    """An import or export that waits for a lock; yields its process and a function that ends the wait by SQL."""
    holder = subprocess.Popen(
        [shutil.which("psql"), "-X", "-q", "-d", postgres.uri(database)], stdin=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    def send(sql):
        holder.stdin.write(sql + "\n")
        holder.stdin.flush()
    def waits(condition):
        return postgres.rows("postgres", f"SELECT 1 AS one FROM pg_stat_activity WHERE {condition}")
    process = None
    try:
        send(f"BEGIN; LOCK TABLE {table};")
        wait_until(lambda: waits("state = 'idle in transaction' AND application_name = 'psql'"), 30, "the lock")
        process = subprocess.Popen(
            [str(apus_binary()), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: waits("wait_event_type = 'Lock' AND application_name LIKE 'apus%'"), 60, "Apus to wait")
        yield process, send
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
        holder.kill()
        holder.communicate()


def test_everything_is_of_one_moment(postgres, trained, tmp_path):
    copy = postgres.create("one_moment", f'TEMPLATE "{trained[0]}"')
    target = tmp_path / "data"
    with held_back(postgres, copy, "registered_models", "import", postgres.uri(copy), "--to", target) as (process, send):
        send("INSERT INTO registered_models (name, creation_time) VALUES ('too late', 1); COMMIT;")
        _, message = process.communicate(timeout=60)
        assert process.returncode in (0, 1), message
    with sqlite3.connect(target / "apus.db") as database:
        names = {name for name, in database.execute("SELECT name FROM registered_models")}
    assert "prod" in names and "too late" not in names


@pytest.mark.parametrize("who", ["server", "import"])
def test_an_interrupted_import_goes_on(postgres, trained, tmp_path, who):
    name, folder, seen, _ = trained
    data = tmp_path / "data"
    with PostgresServer() if who == "server" else contextmanager(lambda: (yield postgres))() as own:
        copy = f"interrupted_{who}"
        if who == "server":
            content = subprocess.run(
                [shutil.which("pg_dump"), "--no-owner", postgres.uri(name)], capture_output=True, text=True, check=True
            ).stdout
            own.execute(own.create(copy), content)
        else:
            own.create(copy, f'TEMPLATE "{name}"')
        arguments = ("--artifacts-from", folder / "artifacts")
        with held_back(own, copy, "registered_models", "import", own.uri(copy), "--to", data, *arguments) as (process, _):
            if who == "server":
                own.stop(signal.SIGQUIT)
                _, message = process.communicate(timeout=60)
                assert process.returncode == 1 and "unexpectedly. The data imported so far is kept; import again to continue." in message, message
                assert PASSWORD not in message and ESCAPED_PASSWORD not in message
            else:
                process.kill()
                process.communicate()
        if who == "server":
            own.start()
        take(own, own.uri(copy), data, *arguments, check=0)
    with ApusServer(["--data-dir", data]) as server:
        same_sight(seen, look(mlflow.MlflowClient(server.url)))


def test_long_histories_need_no_more_memory(postgres, trained, tmp_path):
    copy = postgres.create("long_histories", f'TEMPLATE "{trained[0]}"')
    def peak(to):
        process = subprocess.Popen(
            [str(apus_binary()), "import", postgres.uri(copy), "--to", str(to), "--json", "--artifacts", "leave"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss / 1024
    little = peak(tmp_path / "little")
    postgres.execute(
        copy,
        """
        INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
        SELECT 'long', random(), n, run_uuid, n, false FROM runs, generate_series(1, 300000) AS n WHERE name = 'parent'
        """,
    )
    much = peak(tmp_path / "much")
    # 300,000 rows of libpq alone would take more than this.
    assert much < little + 40, (little, much)
    with sqlite3.connect(tmp_path / "much/apus.db") as database:
        assert database.execute("SELECT count(*) FROM metrics").fetchone()[0] > 300_000


@pytest.fixture(scope="module")
def exported(stock, postgres, tmp_path_factory):  # noqa: F811
    """A data folder into which a store of the reference server in SQLite came, and the database it was exported to."""
    place = tmp_path_factory.mktemp("exported")
    run_import(stock[0] / "mlflow.db", place / "data", check=0)
    name = postgres.create("Exported")
    give(postgres, place / "data", name, place / "artifacts")
    return place / "data", name, place / "artifacts"


@pytest.mark.parametrize("table", TRAINING_TABLES)
def test_every_row_is_that_of_the_source(stock, postgres, exported, table):  # noqa: F811
    source = rows(stock[0] / "mlflow.db", table)
    mine = server_rows(postgres, exported[1], table)
    if table == "model_versions":
        mine = [
            {key: row[key] for key in ("name", "version", "current_stage")} if row["current_stage"] == "Deleted_Internal" else row
            for row in mine
        ]
    assert comparable(source) == comparable(mine)
    assert source, "the source has nothing of this kind, so that nothing is shown"


def test_the_schema_is_that_of_the_reference(postgres, trained, exported):
    facts = {
        "columns": """
            SELECT relname, row_number() OVER (PARTITION BY relname ORDER BY attnum) AS place, attname, format_type(atttypid, atttypmod) AS type, attnotnull, attidentity, attgenerated,
                replace(pg_get_expr(adbin, adrelid), '''0''::bigint', '0') AS usual
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND attnum > 0
                AND NOT attisdropped
            ORDER BY relname, attnum
        """,
        "constraints": """
            SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid) AS definition FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
        """,
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "triggers": "SELECT tgrelid::regclass::text, tgname, tgtype FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
        "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
        "sequences": "SELECT sequencename, data_type::text, start_value FROM pg_sequences ORDER BY 1",
    }
    for what, sql in facts.items():
        assert postgres.rows(trained[0], sql) == postgres.rows(exported[1], sql), what


def test_the_reference_server_sees_the_same_and_goes_on(stock, postgres, exported, tmp_path):  # noqa: F811
    _, seen, stored = stock
    _, name, artifacts = exported
    copy = postgres.create("goes_on", f'TEMPLATE "{name}"')
    own = shutil.copytree(artifacts, tmp_path / "artifacts")
    with reference(postgres, copy, tmp_path / "server", own) as server:
        client = mlflow.MlflowClient(server.url)
        theirs = look(client)
        same_sight(seen, theirs)
        assert files(client, server.url, theirs) == stored
        known = max(int(experiment["_experiment_id"]) for experiment in seen["experiments"])
        assert int(client.create_experiment("next")) == known + 1
        run = client.create_run("0")
        client.log_metric(run.info.run_id, "loss", 1.5)
        client.log_text(run.info.run_id, "more", "more.txt")
        model_id = seen["logged_models"][0]["_model_id"]
        assert int(client.create_model_version("prod", f"models:/{model_id}", model_id=model_id).version) == 4
        assert client.get_run(run.info.run_id).data.metrics == {"loss": 1.5}


def test_there_and_back_is_the_same(postgres, exported, tmp_path):
    data, name, artifacts = exported
    assert export(data, tmp_path / "before").returncode == 0
    take(postgres, postgres.uri(name), tmp_path / "data", "--artifacts-from", artifacts, check=0)
    assert export(tmp_path / "data", tmp_path / "after").returncode == 0
    for table in TRAINING_TABLES:
        assert rows(tmp_path / "before/mlflow.db", table) == rows(tmp_path / "after/mlflow.db", table), table
    def tree(folder):
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert tree(tmp_path / "before/mlartifacts") == tree(tmp_path / "after/mlartifacts") == tree(artifacts)


def test_a_database_that_is_not_empty_is_refused_and_stays(postgres, exported, database, tmp_path):
    data, name, _ = exported
    done = give(postgres, data, name, tmp_path / "out", check=2)
    assert "is not empty" in done.stderr and "createdb" in done.stderr, done.stderr
    postgres.execute(database, "CREATE TABLE mine (x integer)")
    done = give(postgres, data, database, tmp_path / "out", check=2)
    assert "'mine'" in done.stderr
    assert postgres.rows(database, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [
        {"relname": "mine"}
    ]
    assert not (tmp_path / "out").exists() and not (tmp_path / "out.unfinished").exists()


def test_a_database_in_another_encoding_is_refused(postgres, exported, tmp_path):
    latin = postgres.create("latin", "TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'")
    assert "LATIN1" in give(postgres, exported[0], latin, tmp_path / "out", check=2).stderr


def test_an_interrupted_export_leaves_an_empty_database(postgres, exported, database, tmp_path):
    data, _, _ = exported
    command = ["export", "--format", "mlflow-db", "--data-dir", data, "--output", postgres.uri(database), "--artifacts-to"]
    # The tables are in the catalog only after the commit; a lock on it holds the export back in its middle.
    with held_back(postgres, database, "pg_catalog.pg_trigger", *command, tmp_path / "out") as (process, _):
        process.kill()
        process.communicate()
    # PostgreSQL may still hold the lock of the killed export; the next one waits, and refuses a database that is not empty.
    give(postgres, data, database, tmp_path / "out")
    assert len(postgres.rows(database, "SELECT run_uuid FROM runs")) == len(postgres.rows("Exported", "SELECT run_uuid FROM runs"))


def test_what_the_columns_cannot_hold_is_told_and_the_rest_comes(postgres, database, tmp_path):
    odd = "q'\"\\;--\t\r\n\\N\\. 🦩"
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        run = client.create_run("0")
        client.set_tag(run.info.run_id, "odd", odd)
        client.set_tag(run.info.run_id, "Odd", "another")
        client.set_tag(run.info.run_id, "long", "ü" * 8_000)
        client.log_param(run.info.run_id, "huge", "p" * 6_000)
        client.log_metric(run.info.run_id, "loss", 1.5)
        far = client.create_experiment("far", artifact_location="file:///" + "a" * 190)
        lost = client.create_run(far)
        client.log_metric(lost.info.run_id, "loss", 2)
    with sqlite3.connect(tmp_path / "data/apus.db") as store:
        store.execute("UPDATE run_tags SET value = 'a' || char(0) || 'b' WHERE value = 'another'")
        store.execute("UPDATE experiments SET id = 876543210987654321 WHERE name = 'far'")
        store.execute("UPDATE runs SET experiment_id = 876543210987654321 WHERE run_id = ?", (lost.info.run_id,))
        store.commit()
    done = give(postgres, tmp_path / "data", database, tmp_path / "out", check=1)
    assert f"run {run.info.run_id}, tag 'Odd': PostgreSQL cannot store a text with the character NUL" in done.stderr, done.stderr
    assert f"run {lost.info.run_id}: its artifact_uri has" in done.stderr and "can store at most 200" in done.stderr, done.stderr
    assert "its id 876543210987654321 becomes 1" in done.stderr, done.stderr
    assert done.stderr.count("left out") == 3
    tags = {row["key"]: row["value"] for row in postgres.rows(database, "SELECT key, value FROM tags")}
    assert tags["odd"] == odd and tags["long"] == "ü" * 8_000 and "Odd" not in tags
    assert postgres.rows(database, "SELECT value FROM params") == [{"value": "p" * 6_000}]
    assert [row["value"] for row in postgres.rows(database, "SELECT value FROM metrics")] == [1.5]
    assert postgres.rows(database, "SELECT experiment_id FROM experiments ORDER BY 1") == [
        {"experiment_id": 0}, {"experiment_id": 1}
    ]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--format", "csv", "--output", "postgresql://h/d"], "mlflow-db"),
        (["--format", "mlflow-db", "--artifacts-to", "x"], "--artifacts-to"),
        (["--format", "mlflow-db", "--output", "postgresql://u:hid@den@h/d"], "%40"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(exported, tmp_path, arguments, words):
    done = subprocess.run(
        [str(apus_binary()), "export", "--data-dir", str(exported[0]), *arguments],
        capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )
    assert done.returncode != 0 and words in done.stderr and "hid@den" not in done.stderr, done.stderr
