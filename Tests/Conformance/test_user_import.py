"""Users, roles and grants of MLflow's own server that apus user import takes over."""

import base64
import subprocess
from contextlib import nullcontext

import pytest

from helpers import REFERENCE_PYTHON, call, must
from keeping import apus, spare
from postgres import PostgresServer
from servers import ApusServer

pytestmark = [
    pytest.mark.apus,
    pytest.mark.skipif(not REFERENCE_PYTHON.exists(), reason="the reference server is not installed here"),
]
PASSWORD = "correct horse battery"
USERS = ["--app-name", "basic-auth", "--default-permission", "NO_PERMISSIONS"]
ADMIN = {"MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
MAKE = """
import sys
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from werkzeug.security import generate_password_hash
from mlflow.server.auth.db.models import SqlUser
store = SqlAlchemyStore()
store.init_db(sys.argv[1])
users = {name: store.create_user(name, "correct horse battery", is_admin=name == "chief") for name in ("ada", "bob", "chief", "old")}
role = store.create_role("readers", "default", "who read")
store.add_role_permission(role.id, "experiment", "*", "READ")
store.assign_role_to_user(users["ada"].id, role.id)
store.assign_role_to_user(users["bob"].id, role.id)
store.create_role("others", "elsewhere")
store.grant_user_permission("ada", "experiment", "0", "MANAGE")
store.grant_user_permission("bob", "registered_model", "*", "EDIT")
with store.ManagedSessionMaker(read_only=False) as session:
    old = session.query(SqlUser).filter(SqlUser.username == "old").one()
    old.password_hash = generate_password_hash("correct horse battery", "pbkdf2:sha256:1000")
"""


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def make(uri):
    subprocess.run([REFERENCE_PYTHON, "-W", "ignore", "-c", MAKE, uri], check=True, timeout=120)


def set_password(name, *place):
    subprocess.run(spare("user", "set-password", name, *place), input=PASSWORD, text=True, check=True, timeout=60)


def requires(server, made):
    """Checks that the users of `MAKE` may do what they may at MLflow's server."""
    assert call(server.url, "users/current", headers=basic("ada"))[0] == 401
    assert must(server.url, "users/current", headers=basic("old"))["user"]["username"] == "old"
    for name in ("ada", "bob", "chief"):
        set_password(name, *made)
    assert must(server.url, "users/current", headers=basic("chief"))["user"]["is_admin"] is True
    statuses = [
        call(server.url, "runs/create", {"experiment_id": "0"}, headers=basic(name))[0] for name in ("ada", "bob", "old")
    ]
    assert statuses == [200, 403, 403]
    found = [call(server.url, "experiments/get", headers=basic(name), experiment_id="0")[0] for name in ("ada", "bob", "old")]
    assert found == [200, 200, 403]
    roles = must(server.url, "/api/3.0/mlflow/roles/list", headers=basic("admin"), workspace="default")["roles"]
    assert "readers" in [role["name"] for role in roles]


@pytest.mark.sqlite
def test_users_of_a_sqlite_database_come_into_a_data_folder(tmp_path):
    source = tmp_path / "basic_auth.db"
    make(f"sqlite:///{source}")
    config = tmp_path / "auth.ini"
    config.write_text(f"[mlflow]\ndatabase_uri = sqlite:///{source}\n")
    environment = {**ADMIN, "MLFLOW_AUTH_CONFIG_PATH": str(config)}
    with ApusServer(USERS, environment, directory=tmp_path / "server") as server:
        place = ["--data-dir", server.data_directory]
        assert "MLflow has users in the database that database_uri names" in server.log()
        assert f"apus user import URI --data-dir {server.data_directory}" in server.log()
        refused = apus("user", "import", source, *place, check=False)
        assert refused.returncode == 1 and "Stop the server during the import" in refused.stderr
    done = apus("user", "import", f"sqlite:///{source}", *place)
    assert "made 4 users, 2 roles and 3 grants" in done.stderr, done.stderr
    assert "without a password until apus user set-password NAME: ada, bob, chief" in done.stderr
    assert "the role 'others' has no effect" in done.stderr
    again = apus("user", "import", source, *place)
    assert "made 0 users, 0 roles and 0 grants" in again.stderr
    with ApusServer(USERS, environment, directory=tmp_path / "server") as server:
        # The log has the lines of both starts.
        assert server.log().count("MLflow has users") == 1
        requires(server, place)


@pytest.mark.parametrize("store", [pytest.param("sqlite", marks=pytest.mark.sqlite), "postgresql"])
def test_a_user_who_is_there_already_gets_no_rights_of_a_namesake(tmp_path, store):
    source = tmp_path / "basic_auth.db"
    make(f"sqlite:///{source}")
    with PostgresServer() if store == "postgresql" else nullcontext() as postgres:
        database = ["--backend-store-uri", postgres.uri(postgres.create("data"))] if postgres else []
        with ApusServer([*database, *USERS], ADMIN, directory=tmp_path / "server") as server:
            must(server.url, "users/create", {"username": "bob", "password": PASSWORD}, headers=basic("admin"))
            place = database or ["--data-dir", server.data_directory]
        done = apus("user", "import", source, *place)
        assert "the user 'bob' exists already and is not changed" in done.stderr
        assert "the user 'bob' existed before the import and does not get the role 'readers'" in done.stderr
        set_password("ada", *place)
        with ApusServer([*database, *USERS], ADMIN, directory=tmp_path / "server") as server:
            found = [call(server.url, "experiments/get", headers=basic(name), experiment_id="0")[0] for name in ("ada", "bob")]
            assert found == [200, 403]


def test_what_has_no_users_is_refused_with_a_word_on_where_they_are(tmp_path):
    missing = apus("user", "import", tmp_path / "none.db", "--data-dir", tmp_path / "data", check=False)
    assert missing.returncode == 1 and "There is no database" in missing.stderr
    other = tmp_path / "other.db"
    subprocess.run([REFERENCE_PYTHON, "-c", f"import sqlite3; sqlite3.connect('{other}').execute('CREATE TABLE a (b)')"], check=True)
    wrong = apus("user", "import", other, "--data-dir", tmp_path / "data", check=False)
    assert wrong.returncode == 1 and "has no users of MLflow" in wrong.stderr and "database_uri" in wrong.stderr


def test_users_of_the_same_postgresql_database_come_over_while_a_server_runs(tmp_path):
    with PostgresServer() as postgres:
        name = postgres.create("both")
        make(postgres.uri(name).replace("postgresql://", "postgresql+psycopg2://"))
        place = ["--backend-store-uri", postgres.uri(postgres.create("data"))]
        with ApusServer([*place, *USERS], ADMIN, directory=tmp_path / "server") as server:
            assert "MLflow has users" not in server.log()
            apus("user", "import", postgres.uri(name), *place)
            requires(server, place)


def test_a_server_tells_of_users_beside_its_tables(tmp_path):
    with PostgresServer() as postgres:
        uri = postgres.uri(postgres.create("beside"))
        with ApusServer(["--backend-store-uri", uri], directory=tmp_path / "plain") as server:
            assert "MLflow has users" not in server.log()
        make(uri.replace("postgresql://", "postgresql+psycopg2://"))
        with ApusServer(["--backend-store-uri", uri, *USERS], ADMIN, directory=tmp_path / "server") as server:
            assert "MLflow has users in this database" in server.log()
            assert "apus user import URI --backend-store-uri 'postgresql://" in server.log()
