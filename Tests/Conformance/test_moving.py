"""What people name wrongly when they move data is told with what works, and what moves keeps its rights."""

import json
import subprocess
from pathlib import Path

import mlflow
import pytest

from helpers import call, must, send
from servers import ApusServer, apus_binary
from test_archive import export
from test_import import run_import
from test_shared_rights import ADMIN, basic, user

pytestmark = pytest.mark.apus
FILES = "/api/2.0/mlflow-artifacts/artifacts/"


def fill(server, name, text="mine"):
    """An experiment with a run, a logged model and a version, each with a file. Returns their ids."""
    client = mlflow.MlflowClient(server.url)
    experiment = client.create_experiment(name)
    run = client.create_run(experiment).info.run_id
    client.log_text(run, text, "notes.txt")
    client.set_terminated(run)
    model = client.create_logged_model(experiment, name="net", source_run_id=run).model_id
    Path("weights.bin").write_text(text)
    client.log_model_artifact(model, "weights.bin")
    client.finalize_logged_model(model, "READY")
    client.create_registered_model(name)
    client.create_model_version(name, f"{client.get_run(run).info.artifact_uri}/notes.txt", run)
    return experiment, run, model


@pytest.fixture
def laptop(tmp_path, monkeypatch):
    """The data folder of somebody whose experiment has the number of another one in the team, and the ids in it."""
    monkeypatch.chdir(tmp_path)
    with ApusServer(["--data-dir", tmp_path / "laptop"]) as server:
        return tmp_path / "laptop", fill(server, "of a laptop")


@pytest.fixture
def team(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "root")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN["MLFLOW_AUTH_ADMIN_PASSWORD"])
    arguments = ["--app-name", "basic-auth", "--default-permission", "NO_PERMISSIONS"]
    with ApusServer(arguments, ADMIN, directory=tmp_path / "team") as server:
        yield server


def downloaded(place, folder):
    return Path(mlflow.artifacts.download_artifacts(place, dst_path=str(folder))).read_text()


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_artifacts_go_into_the_folder_of_the_new_number(laptop, team, tmp_path, kind):
    source, (old, run, model) = laptop
    theirs, *_ = fill(team, "of the team", "theirs")
    assert theirs == old
    if kind == "archive":
        export("--format", "archive", "--data-dir", source, "-o", tmp_path / "all.tar")
        source = tmp_path / "all.tar"
    _, summary, _ = run_import(source, team.url, check=0)
    client = mlflow.MlflowClient(team.url)
    new = client.get_experiment_by_name("of a laptop").experiment_id
    assert new != old and summary["artifacts"]["added"] == 2
    assert client.get_run(run).info.artifact_uri == f"mlflow-artifacts:/{new}/{run}/artifacts"
    assert client.get_logged_model(model).artifact_location.startswith(f"mlflow-artifacts:/{new}/")
    assert client.get_model_version("of a laptop", "1").source == f"mlflow-artifacts:/{new}/{run}/artifacts/notes.txt"
    mlflow.set_tracking_uri(team.url)
    assert downloaded(f"runs:/{run}/notes.txt", tmp_path / "run") == "mine"
    assert downloaded(client.get_model_version_download_uri("of a laptop", "1"), tmp_path / "version") == "mine"

    _, again, _ = run_import(source, team.url, check=0)
    assert again["artifacts"] == {"added": 0, "unchanged": 2, "bytes": 0} and again["remarks"] == []

    user(team.url, "ada")
    for experiment, level in ((new, "MANAGE"), (old, "READ")):
        grant = {"experiment_id": experiment, "username": "ada", "permission": level}
        must(team.url, "experiments/permissions/create", grant, headers=basic("root"))
    for path, status in ((f"{new}/{run}/artifacts/more.txt", 200), (f"{old}/{run}/artifacts/more.txt", 403)):
        assert send("PUT", team.url + FILES + path, b"x", basic("ada"))[0] == status, path
    grant = {"experiment_id": old, "username": "ada", "permission": "NO_PERMISSIONS"}
    must(team.url, "experiments/permissions/update", grant, headers=basic("root"), method="PATCH")
    status, found = call(team.url, "artifacts/list", headers=basic("ada"), run_id=run)[:2]
    assert status == 200 and len(found["files"]) == 2


def test_files_of_a_run_that_is_there_go_where_it_has_them(laptop, tmp_path):
    """As an import left them that gave the run the location of the source."""
    source, (old, run, _) = laptop
    target = tmp_path / "target"
    with ApusServer(["--data-dir", target]) as server:
        fill(server, "of the team")
    run_import(source, target, "--artifacts", "leave")
    _, summary, _ = run_import(source, target, check=0)
    assert summary["remarks"] == [] and summary["artifacts"]["added"] == 2
    with ApusServer(["--data-dir", target]) as server:
        client = mlflow.MlflowClient(server.url)
        assert client.get_run(run).info.artifact_uri == f"mlflow-artifacts:/{old}/{run}/artifacts"
        mlflow.set_tracking_uri(server.url)
        assert downloaded(f"runs:/{run}/notes.txt", tmp_path / "run") == "mine"
        assert downloaded(client.get_model_version_download_uri("of a laptop", "1"), tmp_path / "version") == "mine"


@pytest.mark.parametrize("form", ["sqlite:///{}", "file://{}"])
def test_a_source_may_have_the_form_that_mlflow_takes(laptop, tmp_path, form):
    export("--format", "mlflow-db", "--data-dir", laptop[0], "--output", "stock")
    source = form.format(tmp_path / "stock/mlflow.db")
    _, summary, _ = run_import(source, "copy", "--artifacts-from", "stock/mlartifacts", check=0)
    assert summary["counts"]["run"]["added"] == 1 and summary["artifacts"]["added"] == 2
    if form.startswith("sqlite"):
        run_import("sqlite:///stock/mlflow.db", "relative", "--link", check=0)
    else:
        status, _, message = run_import(f"file://{tmp_path / 'copy'}", "copy")
        assert status == 2 and "is the target of the import too" in message


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["mysql://u:hid@den@h/d"], "Databases of SQLite and of PostgreSQL"),
        (["s3://bucket/mlruns"], "cannot be imported"),
        (["sqlite://nowhere"], "sqlite:///relative/mlflow.db"),
        (["laptop", "--artifacts-from", "s3://bucket/x"], "is for a folder of this machine"),
        (["laptop", "--artifacts-from", "typo"], "no folder at 'typo'"),
        (["laptop", "--to", "sqlite:///mlflow.db"], "the address of a database"),
    ],
)
def test_what_cannot_be_read_or_written_is_told_with_what_works(laptop, tmp_path, arguments, words):
    before = sorted(path.name for path in tmp_path.iterdir())
    to = [] if "--to" in arguments else ["--to", "target"]
    done = subprocess.run([str(apus_binary()), "import", *arguments, *to], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and words in done.stderr and "hid@den" not in done.stderr, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", [["push", "--to"], ["export", "--format", "archive", "--from"]])
@pytest.mark.parametrize("address", ["postgresql://u:hidden@h/d", "sqlite:///mlflow.db"])
def test_the_address_of_a_database_in_place_of_a_server_is_told(laptop, command, address):
    folder = ["--data-dir", "laptop"] if command[0] == "push" else []
    done = subprocess.run(
        [str(apus_binary()), *command, address, *folder], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "the address of a database, not of a server" in done.stderr, done.stderr
    assert ("apus import FOLDER --to postgresql://" in done.stderr) == (command[0] == "push")
    assert "hidden" not in done.stderr


def test_a_served_folder_is_no_source_and_its_server_is(laptop):
    with ApusServer(["--data-dir", Path("laptop").absolute()]) as server:
        status, _, message = run_import("laptop", "copy")
        assert status == 2 and f"apus import {server.url}" in message, message


def test_a_time_after_all_runs_is_told_and_is_no_failure(laptop):
    _, summary, _ = run_import("laptop", "copy", "--since", "2999-01-01", check=0)
    assert summary["found"] == {} and any("--since" in hint for hint in summary["hints"]), summary


def test_a_page_of_an_experiment_takes_its_name(laptop):
    _, (experiment, run, _) = laptop
    export("--format", "html", "--data-dir", "laptop", "--experiment", "of a laptop", "-o", "folder.html")
    with ApusServer(["--data-dir", Path("laptop").absolute()]) as server:
        export("--format", "html", "--from", server.url, "--experiment", "of a laptop", "-o", "served.html")
        export("--format", "html", "--data-dir", "laptop", "--experiment", experiment, "-o", "number.html")
        for name in ("none", "77"):
            done = export("--format", "html", "--from", server.url, "--experiment", name, "-o", "none.html", check=2)
            assert name.encode() in done.stderr
    assert all(run in Path(f"{name}.html").read_text() for name in ("folder", "served", "number"))


def test_an_archive_with_a_mistyped_folder_of_artifacts_is_refused(laptop):
    arguments = ["--data-dir", "laptop", "--artifacts-destination", "typo"]
    for kind in (["archive", "-o", "all.tar"], ["mlflow-db", "-o", "stock"]):
        done = export("--format", *kind, *arguments, check=2)
        assert b"There is no folder of artifacts at" in done.stderr, done.stderr
    done = export("--format", "mlflow-db", "--data-dir", "laptop", "-o", "s3://bucket/stock", check=2)
    assert b"by its path" in done.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["laptop", "weights.bin"]


def test_a_model_that_is_left_out_counts_as_nothing_else(laptop, tmp_path):
    with ApusServer(["--data-dir", Path("copy").absolute()]) as server:
        mlflow.MlflowClient(server.url).create_registered_model("of a laptop")
    _, summary, _ = run_import("laptop", "copy", check=1)
    assert {"registered_model", "model_version"}.isdisjoint(summary["counts"]), json.dumps(summary)
    assert [remark["kind"] for remark in summary["remarks"]] == ["registered_model", "model_version"]
