"""What a newcomer meets: users by commands, what a start says of users, and who deleted a run."""

import base64
import csv
import io
import json
import shutil
import subprocess

import pytest

from helpers import API, call, must, new_run, send
from keeping import apus, spare
from servers import ApusServer

pytestmark = pytest.mark.apus
PASSWORD = "correct horse battery"
OTHER = "another long password"
OWN = "/api/apus/1.0/"
ADMIN = {"MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
USERS = ["--app-name", "basic-auth"]


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def user(*arguments, password=None, check=True):
    """A command about users that reads the password from its input."""
    result = subprocess.run(spare("user", *arguments), input=password or "", capture_output=True, text=True, timeout=60)
    assert not check or result.returncode == 0, result.stderr
    return result


def may(server, name, password):
    return call(server.url, "users/current", headers=basic(name, password))[0]


@pytest.fixture(scope="module")
def server():
    with ApusServer(USERS, ADMIN) as running:
        yield running


def test_users_are_made_listed_changed_and_deleted_by_commands_with_and_without_a_server(tmp_path):
    folder = tmp_path / "apus-data"
    place = ["--data-dir", folder]
    user("create", "root", "--admin", *place, password=PASSWORD + "\n")
    with ApusServer(USERS, directory=tmp_path) as server:
        place = ["--data-dir", server.data_directory]
        user("create", "ada", *place, password=PASSWORD)
        assert may(server, "ada", PASSWORD) == 200
        assert "the user's log-ins and tokens are invalid now" in user("set-password", "ada", *place, password=OTHER).stderr
        assert (may(server, "ada", PASSWORD), may(server, "ada", OTHER)) == (401, 200)
        user("admin", "ada", *place)
        listed = json.loads(user("list", "--json", *place).stdout)["users"]
        assert {"username": "ada", "is_admin": True} in listed
        user("admin", "ada", "--remove", *place)
        assert "ada\n" in user("list", *place).stdout
        short = user("create", "eve", *place, password="short", check=False)
        assert short.returncode == 1 and "12 characters" in short.stderr
        none = user("create", "eve", *place, check=False)
        assert none.returncode == 1 and "APUS_USER_PASSWORD" in none.stderr
        user("delete", "ada", *place)
        assert may(server, "ada", OTHER) == 401
        # One call makes an admin, so that nothing can come between the user and the rights.
        user("create", "chief", "--admin", *place, password=PASSWORD)
        entries = [json.loads(line) for line in apus("audit", "--format", "jsonl", "--actor", "command", *place).stdout.splitlines()]
        assert [entry["action"] for entry in entries if entry["resource"].get("id") == "chief"] == ["users/create"]
        assert call(server.url, "users/current", headers=basic("chief"))[1]["user"]["is_admin"] is True
    place = ["--data-dir", server.data_directory]


def test_a_forgotten_password_of_the_only_admin_is_set_anew_and_a_start_says_what_the_variable_does(tmp_path):
    with ApusServer(USERS, ADMIN, directory=tmp_path) as server:
        folder = server.data_directory
        assert "exists already" not in server.log()
        only = user("delete", "admin", "--data-dir", folder, check=False)
        assert only.returncode == 1 and "only admin" in only.stderr
    user("set-password", "admin", "--data-dir", folder, password=OTHER)
    with ApusServer(USERS, ADMIN, directory=tmp_path) as server:
        assert (may(server, "admin", PASSWORD), may(server, "admin", OTHER)) == (401, 200)
        assert "'admin' exists already" in server.log() and "apus user set-password admin --" in server.log()


@pytest.mark.sqlite
def test_a_database_with_users_is_open_to_everybody_only_if_that_is_said(tmp_path):
    with ApusServer(USERS, ADMIN, directory=tmp_path) as server:
        must(server.url, OWN + "tokens/create", {"name": "pipe"}, headers=basic("admin"))
        folder = server.data_directory
    alone = apus("server", "--port", "0", "--data-dir", folder, check=False)
    assert alone.returncode == 1 and "This database has users" in alone.stderr
    assert "Add --app-name basic-auth" in alone.stderr and "--no-require-token" in alone.stderr
    with ApusServer(["--no-require-token"], directory=tmp_path) as server:
        assert "this database has users, and with --no-require-token everybody may do everything" in server.log()
        refused = user("list", "--data-dir", folder, check=False)
        assert refused.returncode == 1 and "--app-name basic-auth" in refused.stderr
    with ApusServer(["--require-token"], directory=tmp_path) as server:
        assert "this database has users: add --app-name basic-auth" in server.log()
    ran = apus("run", "--data-dir", folder, "--", "true", check=False)
    assert ran.returncode == 125 and "This database has users" in ran.stderr
    ran = apus("run", "--data-dir", folder, "--no-require-token", "--", "true")
    assert "this database has users, and with --no-require-token" in ran.stderr


def test_tokens_that_are_made_and_revoked_through_a_server_say_whose_they_are(server):
    place = ["--data-dir", server.data_directory]
    user("create", "uma", *place, password=PASSWORD)

    def through(name):
        password = PASSWORD.replace(" ", "%20")
        return ["--tracking-uri", server.url.replace("http://", f"http://{name}:{password}@")]

    assert "the token 'ours' without an owner" in apus("token", "create", "ours", *place).stderr
    for name in ("admin", "uma"):
        assert f"the token 'ours' of the user '{name}'" in apus("token", "create", "ours", *through(name)).stderr
    made = json.loads(apus("token", "create", "other", "--json", *through("uma")).stdout)
    assert made["username"] == "uma"

    def owners():
        listed = json.loads(apus("token", "list", "--json", *place).stdout)["tokens"]
        return sorted(one.get("username", "") for one in listed if one["name"] == "ours")

    assert owners() == ["", "admin", "uma"]
    apus("token", "revoke", "ours", *through("admin"))
    assert owners() == ["admin", "uma"]
    again = apus("token", "revoke", "ours", *through("admin"), check=False)
    assert again.returncode == 1 and "--user admin" in again.stderr
    apus("token", "revoke", "ours", *through("uma"))
    assert owners() == ["admin"]
    apus("token", "revoke", "ours", "--user", "admin", *through("admin"))
    apus("token", "revoke", "other", "--user", "uma", *through("uma"))
    assert owners() == []


def test_a_token_shows_its_owner_and_is_revoked_by_that(server):
    place = ["--data-dir", server.data_directory]
    user("create", "tia", *place, password=PASSWORD)
    must(server.url, OWN + "tokens/create", {"name": "pipe", "expires_in": 86_400_000}, headers=basic("tia"))
    assert "pipe: of the user 'tia'" in apus("token", "list", *place).stdout
    listed = json.loads(apus("token", "list", "--json", *place).stdout)["tokens"]
    assert [(one["name"], one.get("username")) for one in listed] == [("pipe", "tia")]
    wrong = apus("token", "revoke", "pipe", *place, check=False)
    assert wrong.returncode == 1 and "--user tia" in wrong.stderr
    apus("token", "revoke", "pipe", "--user", "tia", *place)
    assert "there are no tokens" in apus("token", "list", *place).stderr
    entry = audit(server, "--action", "tokens/create")[0]
    assert {"scope", "expiration_time"} <= set(entry["detail"])


def audit(server, *arguments):
    found = apus("audit", "--data-dir", server.data_directory, "--format", "jsonl", *arguments).stdout
    return [json.loads(line) for line in found.splitlines()]


def test_the_audit_tells_who_deleted_a_run_with_its_experiment_and_its_files(server):
    admin = {"headers": basic("admin")}
    experiment = must(server.url, "experiments/create", {"name": "audited"}, **admin)["experiment_id"]
    runs = [must(server.url, "runs/create", {"experiment_id": experiment, "run_name": name}, **admin)["run"]["info"]["run_id"]
            for name in ("one", "two")]  # fmt: skip
    files = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{experiment}/{runs[0]}/artifacts/a.txt"
    assert send("PUT", files, b"content", basic("admin"))[0] == 200
    assert send("DELETE", files, headers=basic("admin"))[0] in (200, 204)
    must(server.url, "runs/delete", {"run_id": runs[1]}, **admin)
    must(server.url, "experiments/delete", {"experiment_id": experiment}, **admin)
    of_one = [entry["action"] for entry in audit(server, "--resource", runs[0])]
    assert of_one == ["experiments/delete", "artifacts/delete", "runs/create"]
    of_all = [entry["action"] for entry in audit(server, "--resource", experiment)]
    assert of_all == ["experiments/delete", "runs/delete", "artifacts/delete", "runs/create", "runs/create", "experiments/create"]
    deleted = audit(server, "--resource", runs[1], "--action", "runs/delete")[0]["detail"]
    assert deleted == {"run_name": "two", "experiment_id": experiment}
    # Of a run that is removed for good the audit itself knows the experiment.
    apus("gc", "--data-dir", server.data_directory, "--older-than", "0s")
    assert "runs/delete" in [entry["action"] for entry in audit(server, "--resource", runs[1])]
    of_all = [(entry["action"], entry["resource"].get("id")) for entry in audit(server, "--resource", experiment)]
    assert ("runs/delete", runs[1]) in of_all and ("runs/create", runs[0]) in of_all


def test_the_audit_is_readable_where_there_is_nothing_and_in_csv(server):
    place = ["--data-dir", server.data_directory]
    assert "no entries" in apus("audit", "--actor", "nobody at all", *place).stderr
    rows = list(csv.DictReader(io.StringIO(apus("audit", "--format", "csv", *place).stdout)))
    assert rows[0]["time"][4] == "-" and rows[0]["time"].endswith("Z") and "T" in rows[0]["time"]
    start = [entry for entry in audit(server, "--action", "server/start")][0]
    assert start["detail"]["basic_auth"] == "true"


def test_quotas_say_how_much_there_is(tmp_path):
    with ApusServer([*USERS, "--client-artifacts", "20KiB"], ADMIN, directory=tmp_path) as server:
        run = must(server.url, "runs/create", {"experiment_id": "0"}, headers=basic("admin"))["run"]["info"]["run_id"]
        files = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/"
        assert send("PUT", files + "small", b"x" * 42, basic("admin"))[0] == 200
        status, body, _ = send("PUT", files + "large", b"x" * 30_000, basic("admin"))
        assert status == 413 and "has 42 of the 20480 bytes" in json.loads(body)["message"]
        usage = apus("usage", "--data-dir", server.data_directory).stdout
        assert "the user admin: 42 bytes in 1 artifact, 1 run" in usage.splitlines()


@pytest.mark.sqlite
def test_the_doctor_stores_a_file_and_tells_of_a_full_disk(tmp_path):
    more_than_there_is = shutil.disk_usage(tmp_path).total
    with ApusServer(["--keep-free", more_than_there_is], directory=tmp_path) as server:
        report = json.loads(apus("doctor", server.url, "--json", check=False).stdout)
        failed = [step for step in report["steps"] if not step["ok"]]
        assert [step["name"] for step in failed] == ["artifact"] and "--keep-free" in failed[0]["detail"]
        assert " free (--keep-free)" in failed[0]["detail"] and "iB free" in failed[0]["detail"]


@pytest.mark.sqlite
def test_an_import_says_what_is_wrong_with_its_credentials(server, tmp_path):
    user("create", "imp", "--data-dir", server.data_directory, password=PASSWORD)
    with ApusServer(directory=tmp_path) as source:
        new_run(source.url)
        url = server.url.replace("http://", "http://imp:" + PASSWORD.replace(" ", "%20") + "@")
        taken = apus("import", source.url, "--to", url, check=False)
        assert taken.returncode != 0 and "only from admins" in taken.stderr and ".." not in taken.stderr
        assert "is it a server of this version" not in taken.stderr
    listed = apus("import", server.url, "--to", tmp_path / "target", check=False)
    assert listed.returncode != 0 and "an admin creates users" in listed.stderr
    assert "Is it a tracking server" not in listed.stderr and ".." not in listed.stderr


def test_the_prefix_without_its_slash_leads_to_the_log_in_beneath_it(tmp_path):
    with ApusServer([*USERS, "--static-prefix", "/tools/mlflow"], ADMIN, directory=tmp_path) as server:
        root = server.url.split("/tools")[0]
        connection = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{redirect_url}", "-H", "Accept: text/html", root + "/tools/mlflow"],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert connection.stdout == root + "/tools/mlflow/login"
