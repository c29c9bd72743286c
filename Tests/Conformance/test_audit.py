"""The audit: what real clients and commands leave in it, and how it is shown, exported and trimmed."""

import csv
import io
import json
import os
import re
import sqlite3
import time

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from helpers import call, must, new_run, send
from keeping import apus
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
OWN = "/api/apus/1.0/"


def audit(server_or_folder, *arguments):
    """The entries that `apus audit` exports, the newest first."""
    folder = getattr(server_or_folder, "data_directory", server_or_folder)
    lines = apus("audit", "--data-dir", folder, "--format", "jsonl", *arguments).stdout.splitlines()
    return [json.loads(line) for line in lines]


def actions(*arguments):
    return [entry["action"] for entry in audit(*arguments)]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def server():
    with ApusServer(["--require-token"]) as running:
        yield running


@pytest.fixture
def ada(server, monkeypatch, request):
    """A client of a token, and the name of the token."""
    name = request.node.name
    token = apus("token", "create", name, "--scope", "admin", "--data-dir", server.data_directory).stdout.strip()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
    mlflow.set_tracking_uri(server.url)
    return name


def test_a_training_leaves_its_run_and_not_its_values(server, ada):
    mlflow.set_experiment("training")
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_params({"a": 1, "b": 2})
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.set_tag("note", "secret")
        mlflow.log_text("text", "file.txt")
    of_run = audit(server, "--resource", run.info.run_id)
    assert [entry["action"] for entry in of_run] == ["runs/update", "runs/create"]
    assert of_run[0]["detail"]["status"] == "FINISHED" and of_run[1]["detail"]["run_name"] == "first"
    assert all(entry["actor"] == {"kind": "token", "name": ada} for entry in of_run)
    assert all(entry["address"] == "127.0.0.1" for entry in of_run)
    assert actions(server, "--actor", ada) == ["runs/update", "runs/create", "experiments/create", "log-in"]


def test_a_registry_tells_who_did_what(server, ada):
    client = MlflowClient(server.url)
    experiment = client.create_experiment("registry")
    run_id = client.create_run(experiment).info.run_id
    name = client.create_registered_model("model").name
    client.create_model_version(name, f"runs:/{run_id}/m", run_id)
    client.set_registered_model_alias(name, "best", "1")
    client.delete_registered_model_alias(name, "best")
    client.set_model_version_tag(name, "1", "key", "secret")
    client.rename_registered_model(name, "renamed")
    client.delete_registered_model("renamed")
    assert actions(server, "--resource", "model") == [
        "registered-models/rename", "model-versions/set-tag", "registered-models/delete-alias",
        "registered-models/set-alias", "model-versions/create", "registered-models/create",
    ]  # fmt: skip
    assert actions(server, "--resource", "renamed") == ["registered-models/delete"]
    version = audit(server, "--resource", "model", "--action", "model-versions/create")[0]
    assert version["detail"] == {"run_id": run_id, "version": "1"}
    client.delete_experiment(experiment)
    client.restore_experiment(experiment)
    client.delete_run(run_id)
    assert actions(server, "--resource", run_id, "--limit", "1") == ["runs/delete"]
    assert actions(server, "--resource", experiment)[:3] == ["runs/delete", "experiments/restore", "experiments/delete"]
    assert "secret" not in json.dumps(audit(server))


def test_a_failed_call_leaves_nothing(server, ada):
    client = MlflowClient(server.url)
    before = audit(server)
    for refused in (
        lambda: client.create_experiment("Default"),
        lambda: client.delete_run("0" * 32),
        lambda: client.delete_registered_model("nothing"),
    ):
        with pytest.raises(MlflowException):
            refused()
    assert [entry for entry in audit(server) if entry not in before and entry["action"] != "log-in"] == []


def test_wrong_tokens_are_counted_by_address():
    def refused(folder):
        return [entry for entry in audit(folder, "--action", "log-in") if entry["outcome"] == "refused"]

    with ApusServer(["--require-token"]) as server:
        token = apus("token", "create", "watcher", "--scope", "admin", "--data-dir", server.data_directory).stdout.strip()
        # A report of what was refused until then is made a moment after the start; the next one comes after minutes.
        ran = re.compile(rb'^apus_background_runs_total{work="audit"} 1$', re.M)
        wait_until(lambda: ran.search(send("GET", server.url + "/metrics", headers=bearer(token))[1]), 20, "the first report")
        for number in range(500):
            assert send("GET", server.url + "/metrics", headers=bearer(f"apus_{number}"))[0] == 401
        # Nobody who is refused waits until that is written.
        first = wait_until(lambda: refused(server), 20, "the entry of the first one")
        assert [(entry["outcome"], entry["address"], entry["actor"]) for entry in first] == [
            ("refused", "127.0.0.1", {"kind": "anyone"})
        ]
        # The rest is told at the end of the server at the latest.
        server.stop(remove=False)
        told = refused(server.data_directory)
        assert sum(entry.get("count", 1) for entry in told) == 500 and len(told) == 2
        assert "apus_1" not in json.dumps(told)
        shown = apus("audit", "--data-dir", server.data_directory).stdout
        assert "log-in refused 499 times" in shown


@pytest.mark.sqlite
def test_commands_are_told_with_and_without_a_server(tmp_path):
    folder = tmp_path / "data"
    with ApusServer(["--data-dir", folder, "--require-token"], directory=tmp_path / "server") as server:
        apus("token", "create", "ci", "--scope", "admin", "--data-dir", folder)
        made = audit(folder, "--resource", "ci")
        assert [(entry["action"], entry["actor"], entry["detail"]) for entry in made] == [
            ("tokens/create", {"kind": "command"}, {"scope": "admin"})
        ]
        backup = json.loads(apus("backup", tmp_path / "backups", "--data-dir", folder, "--json").stdout)["backup"]
        assert audit(folder, "--action", "backup")[0]["detail"] == {"place": backup}
        assert actions(folder)[-1] == "server/start"
        server.stop(remove=False)
    apus("token", "revoke", "ci", "--data-dir", folder)
    second = json.loads(apus("backup", tmp_path / "backups", "--data-dir", folder, "--json").stdout)["backup"]
    assert actions(folder)[:2] == ["backup", "tokens/revoke"]
    # A backup holds the audit up to its moment.
    restored = tmp_path / "restored"
    apus("restore", tmp_path / "backups", "--data-dir", restored)
    entries = audit(restored)
    assert [entry["action"] for entry in entries] == ["restore", "tokens/revoke", "backup", "tokens/create", "server/start"]
    assert entries[0]["detail"] == {"place": second}


def test_removal_for_good_tells_of_each_thing(tmp_path):
    with ApusServer(["--audit"], directory=tmp_path / "server") as server:
        runs = {new_run(server.url) for _ in range(3)}
        for run_id in runs:
            must(server.url, "runs/delete", {"run_id": run_id})
        apus("gc", "--data-dir", server.data_directory, "--dry-run")
        assert actions(server, "--action", "gc") == []
        apus("gc", "--data-dir", server.data_directory)
        removed = audit(server, "--action", "gc")
        assert {entry["resource"]["id"] for entry in removed} == runs and len(removed) == 3
        assert {entry["actor"]["kind"] for entry in removed} == {"command"}


@pytest.mark.sqlite
def test_an_import_tells_what_it_made(tmp_path):
    with ApusServer(directory=tmp_path / "source") as source, ApusServer(directory=tmp_path / "target") as target:
        run_id = new_run(source.url)
        must(source.url, "runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
        apus("import", source.url, "--to", target.url)
        assert [entry["detail"] for entry in audit(target, "--action", "import")] == [{"runs": "1"}]
        # The same again makes nothing.
        apus("import", source.url, "--to", target.url)
        assert actions(target).count("import") == 1
        apus("import", source.url, "--to", tmp_path / "folder")
        assert [entry["actor"] for entry in audit(tmp_path / "folder", "--action", "import")] == [{"kind": "command"}]


@pytest.mark.sqlite
def test_filters_and_forms_say_the_same_through_a_server_and_without_one(tmp_path):
    with ApusServer(directory=tmp_path / "server") as server:
        for number in range(3):
            must(server.url, "experiments/create", {"name": f"e{number}"})
        # A name that a spreadsheet would take for a formula, and one that would change the colours of a terminal.
        must(server.url, "registered-models/create", {"name": "=1+1"})
        must(server.url, "registered-models/create", {"name": "\x1b[31mred, \"quoted\""})
        folder = server.data_directory
        asked = [
            (), ("--action", "experiments/"), ("--actor", "anyone"), ("--address", "127.0.0.1"), ("--limit", "2"),
            ("--resource", "=1+1"), ("--since", "2026-01-01", "--until", "9999-01-01"), ("--until", "2020-01-01T00:00Z"),
        ]  # fmt: skip
        online = [[apus("audit", "--data-dir", folder, "--format", form, *words).stdout for words in asked]
                  for form in ("jsonl", "csv", "table")]  # fmt: skip
        server.stop(remove=False)
        offline = [[apus("audit", "--data-dir", folder, "--format", form, *words).stdout for words in asked]
                   for form in ("jsonl", "csv", "table")]  # fmt: skip
    assert online == offline
    assert [len(text.splitlines()) for text in online[0]] == [6, 3, 5, 5, 2, 1, 6, 0]
    rows = list(csv.DictReader(io.StringIO(online[1][0])))
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in online[0][0].splitlines()]
    assert rows[1]["resource_id"] == "'=1+1" and rows[0]["resource_id"] == "\x1b[31mred, \"quoted\""
    assert "\x1b" not in online[2][0]


@pytest.mark.sqlite
def test_everything_is_exported_however_much_there_is(tmp_path):
    with ApusServer(directory=tmp_path / "server") as server:
        for number in range(2_500):
            must(server.url, "experiments/set-experiment-tag", {"experiment_id": "0", "key": f"k{number}", "value": ""})
        keys = [entry["detail"]["key"] for entry in audit(server, "--action", "experiments/")]
        assert keys == [f"k{number}" for number in reversed(range(2_500))]
        table = apus("audit", "--data-dir", server.data_directory)
        assert len(table.stdout.splitlines()) == 100 and "--limit" in table.stderr


@pytest.mark.sqlite
def test_only_administrators_see_it(server, ada):
    for scope, expected in (("read", 403), ("write", 403), ("admin", 200)):
        name = f"{ada}-{scope}"
        token = apus("token", "create", name, "--scope", scope, "--data-dir", server.data_directory).stdout.strip()
        assert call(server.url, OWN + "audit/list", headers=bearer(token))[0] == expected
    with ApusServer() as open_server:
        status, answer = call(open_server.url, OWN + "audit/list")
        assert (status, answer["error_code"]) == (403, "PERMISSION_DENIED")
        assert "apus audit" in answer["message"]
        # A server that answers may have this still to write.
        assert wait_until(lambda: actions(open_server), 20, "the entry of the start") == ["server/start"]


@pytest.mark.sqlite
def test_old_entries_are_removed(tmp_path):
    with ApusServer(["--audit-retention", "1d"], directory=tmp_path / "server") as server:
        run_id = new_run(server.url)
        assert actions(server) == ["runs/create", "server/start"]
        server.stop(remove=False)
        day = 86_400_000
        with sqlite3.connect(server.data_directory / "apus.db") as database:
            young = (int(time.time() * 1_000) - day // 2) << 20
            old = (int(time.time() * 1_000) - 2 * day) << 20
            for first, name in ((young, "young"), (old, "old")):
                for number in range(1_200 if name == "old" else 1):
                    values = (first + number, name)
                    database.execute(
                        "INSERT INTO audit_entries VALUES (?, 0, '', '', ?, 0, '', '', 0, 1)", values
                    )
        database.close()
        server.start()
        wait_until(lambda: "old" not in actions(server), 30, "the removal of old entries")
        assert actions(server, "--action", "young") == ["young"]
        assert actions(server, "--resource", run_id) == ["runs/create"]


def test_it_can_be_switched_off(tmp_path):
    with ApusServer(["--no-audit"], directory=tmp_path / "server") as server:
        new_run(server.url)
        send("GET", server.url + "/health", headers=bearer("wrong"))
        assert actions(server) == []
    with ApusServer(environment={"APUS_AUDIT": "false"}, directory=tmp_path / "second") as server:
        new_run(server.url)
        assert actions(server) == []


@pytest.mark.parametrize("age", ["", "0s", "soon", "-1d"])
def test_a_retention_that_is_none_is_refused(age, tmp_path):
    refused = apus("server", "--port", "0", "--data-dir", tmp_path / "data", f"--audit-retention={age}", check=False)
    assert refused.returncode != 0 and "audit-retention" in refused.stderr
    assert not os.path.exists(tmp_path / "data")


@pytest.mark.sqlite
def test_a_backup_of_a_database_that_cannot_be_told_is_made_all_the_same(tmp_path):
    folder = tmp_path / "data"
    apus("token", "create", "ci", "--data-dir", folder)
    with sqlite3.connect(folder / "apus.db") as database:
        # As in a version without an audit.
        database.execute("DROP TABLE audit_entries")
    database.close()
    made = apus("backup", tmp_path / "backups", "--data-dir", folder)
    assert made.stderr == ""
