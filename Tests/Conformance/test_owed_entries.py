"""Artifacts change while the database cannot be told: nothing is acknowledged then, and nothing is missing afterwards."""

import subprocess
import sys

import pytest

from helpers import call, must, new_run, send
from postgres import PostgresServer
from servers import ApusServer, wait_until
from test_shared_storage import OWN, ROUTE, bearer, command, put

pytestmark = pytest.mark.apus


def serve(postgres, database, artifacts, *arguments):
    return ApusServer(["--backend-store-uri", postgres.uri(database), "--artifacts-destination", artifacts, *arguments])


def on_disk(artifacts):
    return sum(path.stat().st_size for path in artifacts.rglob("*") if path.is_file() and ".apus" not in str(path))


def counted(postgres, database):
    return postgres.rows(database, "SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM apus.storage_owners")[0]["bytes"]


@pytest.mark.parametrize("table", ["stored_artifacts", "storage_owners"])
def test_an_upload_that_cannot_be_counted_is_repeated_and_the_quota_holds(postgres, database, tmp_path, table):
    artifacts = tmp_path / "artifacts"
    ana = command(postgres, database, "token", "create", "ana").stdout.strip()
    body = b"x" * 100_000
    with serve(postgres, database, artifacts, "--require-token", "--client-artifacts", "450KB") as server:
        assert put(server, "first", body, bearer(ana)) == 200
        with postgres.holding(database, f"LOCK TABLE apus.{table} IN SHARE MODE"):
            status, answer = send("PUT", server.url + ROUTE + "a", body, bearer(ana))[:2]
            assert status == 429 and b"Send the request again" in answer
            # Before the database was told of the first one, no other becomes visible.
            assert [put(server, name, body, bearer(ana)) for name in ("b", "a")] == [429] * 2
            assert on_disk(artifacts) == 200_000
        wait_until(lambda: put(server, "a", body, bearer(ana)) == 200, 30, "the database to be told")
        assert counted(postgres, database) == on_disk(artifacts) == 200_000
        assert [put(server, name, body, bearer(ana)) for name in ("b", "c", "d")] == [200, 200, 413]
        assert counted(postgres, database) == on_disk(artifacts) == 400_000


@pytest.mark.parametrize("table", ["audit_entries", "artifact_journal"])
def test_a_deletion_gets_its_audit_entry_even_if_nobody_repeats_it(postgres, database, tmp_path, table):
    chief = command(postgres, database, "token", "create", "chief", "--scope", "admin").stdout.strip()
    with serve(postgres, database, tmp_path / "artifacts", "--require-token") as server:
        assert put(server, "a", b"x" * 1_000, bearer(chief)) == 200
        with postgres.holding(database, f"LOCK TABLE apus.{table} IN SHARE MODE"):
            assert send("DELETE", server.url + ROUTE + "a", headers=bearer(chief))[0] == 429

        def deletions():
            entries = must(server.url, OWN + "audit/list", headers=bearer(chief))["entries"]
            return [entry for entry in entries if entry["action"] == "artifacts/delete"]

        wait_until(lambda: len(deletions()) == 1, 30, "the audit to tell of the deletion")
        assert counted(postgres, database) == 0
        journal = must(server.url, OWN + "artifacts/journal", headers=bearer(chief))["entries"]
        assert [entry["operation"] for entry in journal] == ["DELETE", "UPLOAD"]
        assert send("DELETE", server.url + ROUTE + "a", headers=bearer(chief))[0] == 200


def test_no_quota_is_exceeded_while_the_database_is_away(tmp_path):
    artifacts = tmp_path / "artifacts"
    with PostgresServer() as postgres:
        database = postgres.create("away")
        with serve(postgres, database, artifacts, "--server-artifacts", "250KB") as server:
            body = b"x" * 100_000
            assert put(server, "a", body) == 200
            postgres.stop()
            assert [put(server, name, body) for name in ("b", "c")] == [429, 413]
            assert on_disk(artifacts) <= 200_000
            assert send("DELETE", server.url + ROUTE + "a")[0] == 429
            assert send("GET", server.url + ROUTE + "a")[0] == 200
            postgres.start()
            wait_until(lambda: put(server, "small", b"x") == 200, 60, "the database to be back")
            assert counted(postgres, database) == on_disk(artifacts)
            assert call(server.url, "runs/get", run_id=new_run(server.url))[0] == 200


@pytest.mark.sqlite
def test_a_locked_database_in_sqlite_is_told_afterwards():
    with ApusServer() as server:
        # From another process, whose lock SQLite respects.
        script = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
            "c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
        )
        assert put(server, "gone") == 200
        words = [sys.executable, "-c", script, str(server.data_directory / "apus.db")]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
            assert locker.stdout.readline() == b"locked\n"
            assert send("DELETE", server.url + ROUTE + "gone")[0] == 429
            assert put(server, "a") == 429
            assert send("GET", server.url + ROUTE + "a")[0] == 404
            locker.stdin.close()
        wait_until(lambda: put(server, "a") == 200, 30, "the database to be told")
        entries = must(server.url, OWN + "artifacts/journal")["entries"]
        assert [(entry["operation"], entry["path"]) for entry in entries] == [
            ("UPLOAD", "a"), ("DELETE", "gone"), ("UPLOAD", "gone"),
        ]
