"""Servers of one PostgreSQL database: they share quotas and the journal of artifacts."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers import call, must, new_run, send
from postgres import PostgresServer
from servers import ApusServer, apus_binary, wait_until

pytestmark = pytest.mark.apus
OWN = "/api/apus/1.0/"
ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"


@pytest.fixture(scope="module")
def postgres():
    with PostgresServer("max_connections=200") as server:
        yield server


@pytest.fixture
def database(postgres, request):
    return postgres.create("d" + str(abs(hash(request.node.nodeid)) % 10**12))


def pair(postgres, database, artifacts, *arguments):
    """Two servers of a database with one folder of artifacts."""
    words = ["--backend-store-uri", postgres.uri(database), "--artifacts-destination", artifacts, *arguments]
    return ApusServer(words), ApusServer(words)


def command(postgres, database, *arguments, check=True):
    words = [apus_binary(), *arguments, "--backend-store-uri", postgres.uri(database)]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return done


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def put(server, path, body=b"x", headers=None):
    return send("PUT", server.url + ROUTE + path, body, headers)[0]


def test_servers_hold_clients_to_the_same_quotas(postgres, database, tmp_path):
    flags = ["--require-token", "--client-runs", "7", "--client-artifacts", "1MB", "--server-artifacts", "1500KB"]
    one, other = pair(postgres, database, tmp_path / "artifacts", *flags)
    ana, bob = (command(postgres, database, "token", "create", name).stdout.strip() for name in ("ana", "bob"))
    chief = command(postgres, database, "token", "create", "chief", "--scope", "admin").stdout.strip()
    with one, other:
        with ThreadPoolExecutor(12) as pool:
            runs = [(server, token) for token in (ana, bob) for _ in range(10) for server in (one, other)]
            body = {"experiment_id": "0"}
            answers = list(pool.map(lambda run: call(run[0].url, "runs/create", body, headers=bearer(run[1])), runs))
        statuses = [status for status, _ in answers]
        assert (statuses.count(200), statuses.count(403)) == (14, 26), statuses
        refused = next(answer for status, answer in answers if status == 403)
        assert refused["error_code"] == "RESOURCE_LIMIT_EXCEEDED" and "--client-runs" in refused["message"]
        assert put(one, "a", b"a" * (1000 * 1024), bearer(ana)) == 200
        # The other server reads the sums again after two seconds.
        wait_until(lambda: put(other, "b", b"b" * (100 * 1024), bearer(ana)) == 413, 10, "the sums to be known")
        send("DELETE", other.url + ROUTE + "b", headers=bearer(chief))
        assert put(other, "c", b"c" * (400 * 1024), bearer(bob)) == 200
        use = must(other.url, OWN + "usage", headers=bearer(chief))
        by_name = {client["name"]: (client["artifact_bytes"], client["runs"]) for client in use["clients"]}
        assert by_name == {"ana": (1000 * 1024, 7), "bob": (400 * 1024, 7)}
        assert use == must(one.url, OWN + "usage", headers=bearer(chief))
        assert "the token bob: 409600 bytes in 1 artifact, 7 runs" in command(postgres, database, "usage").stdout
        assert send("DELETE", one.url + ROUTE + "c", headers=bearer(ana))[0] == 200
        assert put(one, "d", b"d" * (300 * 1024), bearer(bob)) == 200


def test_both_servers_show_one_journal(postgres, database, tmp_path):
    one, other = pair(postgres, database, tmp_path / "artifacts", "--audit")
    with one, other:
        run = new_run(one.url)
        for server, name in ((one, "a"), (other, "b")):
            assert put(server, f"0/{run}/artifacts/{name}") == 200
        assert send("DELETE", other.url + ROUTE + f"0/{run}/artifacts/a")[0] == 200
        shown = [
            [(entry["operation"], entry["path"][-1], entry.get("run_id")) for entry in answer["entries"]]
            for answer in (must(server.url, OWN + "artifacts/journal") for server in (one, other))
        ]
        assert shown == [[("DELETE", "a", run), ("UPLOAD", "b", run), ("UPLOAD", "a", run)]] * 2
        page = must(one.url, OWN + "artifacts/journal", run_id=run, max_results=2)
        rest = must(other.url, OWN + "artifacts/journal", run_id=run, max_results=2, page_token=page["next_page_token"])
        assert len(page["entries"]) == 2 and [entry["path"][-1] for entry in rest["entries"]] == ["a"]
