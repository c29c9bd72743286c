"""From SQLite to PostgreSQL and back: nothing is lost, whatever interrupts it, and stock servers go on with the result."""

import json
import random
import signal
import subprocess
import time

import mlflow
import pytest

from object_storage import ObjectStorage
from postgres import ESCAPED_PASSWORD, PASSWORD, PostgresServer
from servers import ApusServer, apus_binary
from test_archive import export, get, origin, records  # noqa: F401
from test_import import look, run_import
from test_postgres_store import apus, stock

pytestmark = pytest.mark.apus


def move(source, to, *arguments, check=0):
    """An import, which never shows the password."""
    status, summary, message = run_import(source, to, *arguments, check=check)
    for secret in (PASSWORD, ESCAPED_PASSWORD):
        assert secret not in f"{summary}{message}"
    return summary


def content(archive):
    """The records of an archive in an order that does not depend on the store, and its files."""
    found, files = records(archive)
    return sorted(json.dumps(ordered(record), sort_keys=True) for record in found), files


def ordered(thing):
    """A record whose lists have an order that does not depend on the store, other than those of points."""
    if isinstance(thing, dict):
        return {key: ordered(value) for key, value in thing.items()}
    if isinstance(thing, list) and thing and isinstance(thing[0], dict):
        return sorted((ordered(one) for one in thing), key=lambda one: json.dumps(one, sort_keys=True))
    return thing


def archive_of(uri, artifacts, *arguments):
    return export(
        "--format", "archive", "--backend-store-uri", uri, "--artifacts-destination", artifacts, *arguments, "-o", "-"
    ).stdout


def test_there_and_back_and_a_stock_server_goes_on(postgres, database, origin, tmp_path):  # noqa: F811
    folder, seen, _, _, running, _, _ = origin
    uri, artifacts = postgres.uri(database), tmp_path / "artifacts"
    summary = move(folder, uri, "--artifacts-to", artifacts)
    assert (summary["skipped"], summary["remarks"], summary["mappings"]) == ([], [], []), summary
    assert content(archive_of(uri, artifacts)) == content(running)

    again = move(folder, uri, "--artifacts-to", artifacts)
    for counts in again["counts"].values():
        assert (counts["added"], counts["completed"]) == (0, 0), again
    move(uri, tmp_path / "back", "--artifacts-from", artifacts)
    back = export("--format", "archive", "--data-dir", tmp_path / "back", "-o", "-").stdout
    assert content(back) == content(running)

    with stock(postgres, database, artifacts) as server:
        client = mlflow.MlflowClient(server.url)
        assert look(client) == seen
        experiment = client.create_experiment("after the move")
        run = client.create_run(experiment)
        client.log_metric(run.info.run_id, "loss", 1.0)
        client.create_registered_model("after the move")
        client.create_model_version("after the move", "runs:/" + run.info.run_id + "/model", run.info.run_id)
        version = client.create_model_version("prod", "runs:/" + run.info.run_id + "/model", run.info.run_id)
        assert int(version.version) == 4


def test_kills_at_any_moment_leave_nothing_out(postgres, database, origin, tmp_path):  # noqa: F811
    folder, *_, running, _, _ = origin
    uri, artifacts = postgres.uri(database), tmp_path / "artifacts"
    dice = random.Random(20_261_130)
    for source, target, place in [(folder, uri, "--artifacts-to"), (uri, tmp_path / "back", "--artifacts-from")]:
        command = [str(apus_binary()), "import", str(source), "--to", str(target), place, str(artifacts)]
        for _ in range(8):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(0, 0.25))
            process.send_signal(signal.SIGKILL)
            process.wait()
        left = None
        if place == "--artifacts-from":
            # As an import leaves it that is ended while it writes a file.
            left = next(path for path in artifacts.rglob("*") if path.is_file()).with_name(".apus-upload-left")
            left.write_bytes(b"x")
        summary = move(source, target, place, artifacts)
        assert (summary["skipped"], summary["remarks"]) == ([], []), summary
        if left:
            left.unlink()
    assert content(archive_of(uri, artifacts)) == content(running)
    back = export("--format", "archive", "--data-dir", tmp_path / "back", "-o", "-").stdout
    assert content(back) == content(running)


def test_two_imports_at_once_leave_what_one_leaves(postgres, database, origin, tmp_path):  # noqa: F811
    folder, *_, running, _, _ = origin
    (tmp_path / "all.tar").write_bytes(running)
    uri, artifacts = postgres.uri(database), tmp_path / "artifacts"
    move(folder, uri, "--artifacts-to", artifacts, "--experiment", "Default")
    command = [str(apus_binary()), "import", str(tmp_path / "all.tar"), "--to", uri, "--artifacts-to", str(artifacts)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        said, message = process.communicate(timeout=120)
        assert process.returncode == 0, (said, message)
    assert content(archive_of(uri, artifacts)) == content(running)


def test_a_server_over_postgresql_takes_and_gives_the_same(postgres, database, origin, tmp_path):  # noqa: F811
    folder, _, _, _, running, parent, _ = origin
    with apus(postgres.uri(database)) as server:
        move(folder, server.url)
        given = export("--format", "archive", "--from", server.url, "-o", "-").stdout
        assert content(given) == content(running)
        one = get(server, f"/api/apus/1.0/export/archive?run_ids={parent}")
        (tmp_path / "one.tar").write_bytes(one)
        move(tmp_path / "one.tar", tmp_path / "one")
        with ApusServer(["--data-dir", folder]) as first:
            for query in ("", "table=metrics&format=jsonl", f"run_ids={parent}"):
                path = f"/api/apus/1.0/export/table?{query}"
                assert sorted(get(server, path).splitlines()) == sorted(get(first, path).splitlines())
        export("--format", "html", "--from", server.url, parent, "-o", tmp_path / "run.html")
        assert parent in (tmp_path / "run.html").read_text()


def test_what_is_there_already_stays(postgres, database, origin, tmp_path):  # noqa: F811
    """Into the database of a stock server that has an experiment with an id, and one with a name, that come."""
    folder, seen, *_ = origin
    with stock(postgres, database, tmp_path / "artifacts") as server:
        client = mlflow.MlflowClient(server.url)
        theirs = [client.create_experiment("theirs"), client.create_experiment("größer 🦩")]
        run = client.create_run(theirs[0])
        client.log_metric(run.info.run_id, "loss", 5.0)
        before = client.get_run(run.info.run_id).to_dictionary()
        summary = move(folder, postgres.uri(database), "--artifacts-to", tmp_path / "artifacts")
        assert summary["mappings"], summary
        assert client.get_run(run.info.run_id).to_dictionary() == before
        found = {one.info.run_id for one in client.search_runs(theirs[1:], run_view_type=3, max_results=1_000)}
        assert len(found) > 3 and run.info.run_id not in found
        assert {one["_name"] for one in seen["experiments"]} < {
            one.name for one in client.search_experiments(3, max_results=1_000)
        }
        client.create_experiment("the next one")


@pytest.mark.parametrize(
    "port, arguments, words",
    [
        (None, [], ["--artifacts-to", "--artifacts leave"]),
        (1, ["--artifacts", "leave"], ["of --to cannot be used", "refused"]),
    ],
)
def test_a_database_that_cannot_take_it_is_told(postgres, database, origin, port, arguments, words):  # noqa: F811
    uri = postgres.uri(database).replace(f":{postgres.port}/", f":{port or postgres.port}/")
    command = [str(apus_binary()), "import", str(origin[0]), "--to", uri, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == (2 if port else 64), (done.returncode, done.stderr)
    assert all(word in " ".join(done.stderr.split()) for word in words), done.stderr
    assert PASSWORD not in done.stderr and ESCAPED_PASSWORD not in done.stderr


def test_artifacts_go_into_a_bucket_and_come_from_it(postgres, database, origin, tmp_path, monkeypatch):  # noqa: F811
    folder, *_, running, _, _ = origin
    uri = postgres.uri(database)
    monkeypatch.chdir(tmp_path)
    with ObjectStorage() as storage:
        for name, value in storage.environment().items():
            monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
        place = storage.arguments()[-1]
        added = move(folder, uri, "--artifacts-to", place)["artifacts"]["added"]
        again = move(folder, uri, "--artifacts-to", place)["artifacts"]
        assert (again["added"], again["unchanged"]) == (0, added) and added > 3
        assert content(archive_of(uri, place)) == content(running)
        status, _, message = run_import(folder, uri, "--artifacts-to", place, "--link")
        assert status == 2 and "cannot be linked" in message
    status, _, message = run_import(folder, uri, "--artifacts-to", place)
    assert status == 2 and f"--artifacts-to '{place}'" in message, "a storage that is away is told before anything is stored"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place, words", [("gs://b/x", "cannot be kept there"), ("s3://", "--artifacts-to")])
def test_what_is_no_place_for_artifacts_is_refused(postgres, database, origin, tmp_path, monkeypatch, place, words):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    for more in ([], ["--dry-run"]):
        status, _, message = run_import(origin[0], postgres.uri(database), "--artifacts-to", place, *more)
        assert status == 2 and words in message, message
    to = ["--format", "mlflow-db", "--data-dir", origin[0], "--output", postgres.uri(database), "--artifacts-to", place]
    assert b"new folder of this machine" in export(*to, check=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_of_artifacts_is_told(postgres, database, origin, tmp_path):  # noqa: F811
    for more, expected in ((["--dry-run"], True), ([], True), ([], False)):
        summary = move(origin[0], postgres.uri(database), "--artifacts-to", tmp_path / "typo", *more)
        assert any("is new" in hint for hint in summary["hints"]) == expected, summary["hints"]


def test_the_audit_tells_of_an_import(postgres, database, origin, tmp_path):  # noqa: F811
    uri = postgres.uri(database)
    account = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": "correct horse battery"}

    def told():
        command = [str(apus_binary()), "audit", "--format", "jsonl", "--backend-store-uri", uri]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return sum(entry["action"] == "import" for entry in entries)

    with apus(uri, "--app-name", "basic-auth", environment=account):
        move(origin[0], uri, "--artifacts-to", tmp_path / "artifacts")
        assert told() > 0
    before = told()
    move(origin[0], uri, "--artifacts-to", tmp_path / "artifacts")
    assert told() == before, "nothing was added"


def test_an_import_that_may_not_see_who_made_a_run_is_refused(postgres, database, origin, tmp_path):  # noqa: F811
    uri = postgres.uri(database)
    account = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": "correct horse battery"}
    with apus(uri):
        pass
    role = f"writer_{abs(hash(database)) % 10**9}"
    postgres.execute(
        database,
        f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA public TO {role}; "
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}",
    )
    target = postgres.uri(database, user=role, password="x")
    move(origin[0], target, "--artifacts-to", tmp_path / "artifacts", "--experiment", "Default")
    with apus(uri, "--app-name", "basic-auth", environment=account):
        before = postgres.rows(database, "SELECT count(*) FROM runs")
        done = subprocess.run(
            [str(apus_binary()), "import", str(origin[0]), "--to", target, "--artifacts-to", str(tmp_path / "artifacts")],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode != 0 and "must read the table of the users who created the runs" in done.stderr, done.stderr
        assert "ALTER SCHEMA apus OWNER" in done.stderr, "the message says what to change"
        assert postgres.rows(database, "SELECT count(*) FROM runs") == before


@pytest.mark.parametrize("arguments", [[], ["--artifacts-destination", "nowhere"]])
def test_an_archive_without_its_artifacts_is_refused(postgres, database, origin, tmp_path, arguments):  # noqa: F811
    uri = postgres.uri(database)
    move(origin[0], uri, "--artifacts-to", tmp_path / "artifacts", "--experiment", "Default")
    work = tmp_path / "work"
    work.mkdir()
    for kind in (["archive"], ["html", "--experiment", "Default"]):
        done = export("--format", *kind, "--backend-store-uri", uri, *arguments, "-o", "file", check=2, cwd=work)
        assert b"--artifacts-destination" in done.stderr and list(work.iterdir()) == [], done.stderr
    export("--format", "csv", "--backend-store-uri", uri, "-o", "runs.csv", cwd=work)
    assert [path.name for path in work.iterdir()] == ["runs.csv"]
