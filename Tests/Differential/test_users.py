"""A server with users (--app-name basic-auth): the client with a name and a password, its calls for users and roles, and
what the first start does.

They stand here, because `mlflow.server.get_app_client` needs the packages of MLflow's server."""

import base64
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException
from mlflow.server import get_app_client
from requests import HTTPError

sys.path.append(str(Path(__file__).parents[1] / "Conformance"))

from helpers import API, must, send  # noqa: E402
from servers import ApusServer, apus_binary  # noqa: E402

PASSWORD = "correct horse battery"
USERS = {"MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
BASIC_AUTH = ["--app-name", "basic-auth"]


@pytest.fixture(scope="module")
def server():
    with ApusServer(BASIC_AUTH, USERS) as running:
        yield running


@pytest.fixture
def as_user(monkeypatch):
    """Sets the credentials of the client."""

    def set_up(name, password=PASSWORD):
        monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)

    return set_up


@pytest.fixture
def accounts(server, as_user):
    """The client's calls about users, as the admin."""
    as_user("admin")
    return get_app_client("basic-auth", server.url)


@pytest.fixture
def people(server, accounts, request):
    """Two users of this test alone."""
    names = [f"{name}-{re.sub('[^a-z]', '-', request.node.name)}" for name in ("ada", "bob")]
    for name in names:
        accounts.create_user(name, PASSWORD)
    return names


def basic(name):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()}


def refused(function, *arguments, **options):
    with pytest.raises(MlflowException) as failure:
        function(*arguments, **options)
    assert failure.value.error_code == "PERMISSION_DENIED", failure.value
    return str(failure.value)


def test_a_training_of_a_user_is_logged_and_belongs_to_that_user(server, people, as_user, tmp_path):
    ada, bob = people
    as_user(ada)
    mlflow.set_tracking_uri(server.url)
    experiment = mlflow.create_experiment(f"of {ada}")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_metric("loss", 0.5)
        mlflow.log_param("depth", 3)
        mlflow.log_text("content", "a.txt")
    client = MlflowClient(server.url)
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}
    as_user(bob)
    # Everybody may read, as with the reference's default.
    assert client.get_run(run.info.run_id).data.params == {"depth": "3"}
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt") == "content"
    assert "EDIT" in refused(client.log_metric, run.info.run_id, "loss", 1)
    refused(client.delete_run, run.info.run_id)
    refused(client.create_run, experiment)
    with pytest.raises(HTTPError, match="403"):
        client.log_text(run.info.run_id, "other", "a.txt")
    as_user(ada)
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt") == "content"
    client.delete_run(run.info.run_id)


def test_grants_and_roles_count_at_once(server, people, as_user, accounts):
    ada, bob = people
    as_user(ada)
    client = MlflowClient(server.url)
    experiment = client.create_experiment(f"of {ada}")
    as_user(bob)
    refused(client.create_run, experiment)
    as_user(ada)
    get_app_client("basic-auth", server.url).grant_user_permission(bob, "experiment", experiment, "EDIT")
    as_user(bob)
    run = client.create_run(experiment)
    client.log_metric(run.info.run_id, "m", 1)
    refused(client.delete_experiment, experiment)
    as_user("admin")
    role = accounts.create_role("default", f"hidden from {bob}")
    accounts.add_role_permission(role.id, "experiment", experiment, "DENY")
    accounts.assign_role(bob, role.id)
    assert [each.id for each in accounts.list_user_roles(bob) if not each.name.startswith("__user_")] == [role.id]
    assert accounts.get_user_permission(bob, "experiment", experiment).permission == "DENY"
    as_user(bob)
    refused(client.get_run, run.info.run_id)
    assert experiment not in {each.experiment_id for each in client.search_experiments()}
    assert client.search_runs([experiment]) == []
    as_user("admin")
    accounts.unassign_role(bob, role.id)
    accounts.update_role(role.id, description="nobody has it")
    accounts.delete_role(role.id)
    as_user(bob)
    assert client.get_run(run.info.run_id).data.metrics == {"m": 1}


def test_registered_models_have_permissions_of_their_own(server, people, as_user):
    ada, bob = people
    client = MlflowClient(server.url)
    as_user(ada)
    name = f"model of {ada}"
    client.create_registered_model(name)
    run = client.create_run(client.create_experiment(name))
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version(name, source, run.info.run_id)
    client.set_registered_model_alias(name, "best", version.version)
    as_user(bob)
    assert client.get_model_version_by_alias(name, "best").source == source
    refused(client.update_registered_model, name, "mine")
    refused(client.create_model_version, name, source, run.info.run_id)
    refused(client.delete_model_version, name, version.version)
    as_user(ada)
    get_app_client("basic-auth", server.url).grant_user_permission(bob, "registered_model", name, "DENY")
    as_user(bob)
    refused(client.get_registered_model, name)
    assert name not in {each.name for each in client.search_registered_models()}
    assert not client.search_model_versions(f"name = '{name}'")


def test_users_are_listed_changed_and_deleted(server, people, as_user, accounts):
    ada, bob = people
    assert accounts.get_user(ada).is_admin is False
    with pytest.raises(RestException) as taken:
        accounts.create_user(ada, PASSWORD)
    assert taken.value.error_code == "RESOURCE_ALREADY_EXISTS"
    accounts.update_user_admin(ada, True)
    as_user(ada)
    assert accounts.get_user(bob).username == bob
    new = PASSWORD + " staple"
    accounts.update_user_password(ada, new, current_password=PASSWORD)
    with pytest.raises(MlflowException) as unknown:
        accounts.get_user(ada)
    assert unknown.value.error_code == "UNAUTHENTICATED"
    as_user(ada, new)
    accounts.delete_user(bob)
    as_user(bob)
    with pytest.raises(MlflowException) as gone:
        MlflowClient(server.url).search_experiments()
    assert gone.value.error_code == "UNAUTHENTICATED"


def test_sixty_four_clients_with_one_password_wait_for_one_check(server, people):
    ada, _ = people
    statuses = []

    def ask():
        statuses.append(send("GET", server.url + API + "users/current", headers=basic(ada))[0])

    threads = [threading.Thread(target=ask) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 64


def test_users_and_their_grants_stay_over_a_restart(as_user, tmp_path):
    with ApusServer(BASIC_AUTH, USERS, tmp_path / "home") as server:
        as_user("admin")
        get_app_client("basic-auth", server.url).create_user("carol", PASSWORD)
        as_user("carol")
        experiment = MlflowClient(server.url).create_experiment("of carol")
        server.restart()
        client = MlflowClient(server.url)
        client.create_run(experiment)
        refused(client.create_run, "0")


def test_the_first_start_makes_a_password_and_shows_it_once(as_user, tmp_path):
    with ApusServer(BASIC_AUTH, {}, tmp_path / "home") as server:
        made = re.search(r"made the admin 'admin' with the password (\S+)", server.log())
        assert made, server.log()
        as_user("admin", made[1])
        assert get_app_client("basic-auth", server.url).get_user("admin").is_admin
        before = server.log(1000).count("made the admin")
        server.restart()
        assert server.log(1000).count("made the admin") == before
        assert made[1].encode() not in b"".join(path.read_bytes() for path in server.data_directory.glob("apus.db*"))


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"MLFLOW_AUTH_ADMIN_PASSWORD": "password1234"}, "publicly known"),
        ({"MLFLOW_AUTH_ADMIN_PASSWORD": "short"}, "at least 12 characters"),
        ({"MLFLOW_AUTH_ADMIN_USERNAME": "a:b"}, "a:b"),
        ({"APUS_DEFAULT_PERMISSION": "ALL"}, "ALL"),
        ({"MLFLOW_AUTH_CONFIG_PATH": "/no/such/file.ini"}, "/no/such/file.ini"),
    ],
)
def test_what_cannot_be_is_refused_at_the_start(variables, named, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "APUS_"))}
    result = subprocess.run(
        [apus_binary(), "server", *BASIC_AUTH, "--port", "0", "--data-dir", tmp_path],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert named in result.stderr


def test_the_file_of_the_reference_says_what_everybody_may_do(as_user, tmp_path):
    (tmp_path / "auth.ini").write_text(
        "[mlflow]\n# a remark\ndefault_permission = NO_PERMISSIONS\nadmin_username = boss\n"
        f"admin_password = {PASSWORD}\ndatabase_uri = sqlite:///basic_auth.db\n"
    )
    with ApusServer(BASIC_AUTH, {"MLFLOW_AUTH_CONFIG_PATH": tmp_path / "auth.ini"}) as server:
        as_user("boss")
        get_app_client("basic-auth", server.url).create_user("dave", PASSWORD)
        as_user("dave")
        client = MlflowClient(server.url)
        assert client.search_experiments() == []
        refused(client.get_experiment, "0")
        own = client.create_experiment("of dave")
        assert [each.experiment_id for each in client.search_experiments()] == [own]


def test_clients_of_older_versions_grant_by_their_calls(server, people, as_user):
    ada, bob = people
    as_user(ada)
    experiment = MlflowClient(server.url).create_experiment(f"of {ada}")
    route = "experiments/permissions/"
    body = {"experiment_id": experiment, "username": bob, "permission": "READ"}
    options = {"headers": basic(ada)}
    made = must(server.url, route + "create", body, **options)["experiment_permission"]
    assert made["permission"] == "READ" and made["experiment_id"] == experiment
    must(server.url, route + "update", {**body, "permission": "NO_PERMISSIONS"}, method="PATCH", **options)
    shown = must(server.url, route + "get", experiment_id=experiment, username=bob, **options)
    assert shown["experiment_permission"]["permission"] == "NO_PERMISSIONS"
    as_user(bob)
    refused(MlflowClient(server.url).get_experiment, experiment)
    must(server.url, route + "delete", {"experiment_id": experiment, "username": bob}, method="DELETE", **options)
    MlflowClient(server.url).get_experiment(experiment)
