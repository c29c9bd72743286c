"""Two servers of one PostgreSQL database: what one of them changes about users, tokens and log-ins holds at the other at once."""

import base64
import json
import os
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from browser_like import Browser
from helpers import API, call, must, send
import keeping
from keeping import spare
from postgres import PostgresServer, database_of
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
PASSWORD, OTHER = "correct horse battery", "staple battery horse"
ADMIN = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
SEARCH = API + "experiments/search?max_results=5"
OWN = "/api/apus/1.0/"


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def address():
    return database_of("shared rights")


@pytest.fixture(scope="module")
def pair(address, tmp_path_factory):
    """Two servers with users, one folder of artifacts and one database."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    arguments = [
        "--app-name", "basic-auth", "--default-permission", "NO_PERMISSIONS", "--backend-store-uri", address,
        "--artifacts-destination", artifacts,
    ]
    with ApusServer(arguments, ADMIN) as one, ApusServer(arguments, ADMIN) as other:
        yield one.url, other.url


def user(url, name, password=PASSWORD):
    must(url, "users/create", {"username": name, "password": password}, headers=basic("root"))
    return name


def test_a_new_user_is_known_at_once_even_where_the_name_was_unknown(pair):
    one, other = pair
    assert call(other, "users/current", headers=basic("ada"))[0] == 401
    user(one, "ada")
    assert call(other, "users/current", headers=basic("ada"))[0] == 200


def test_a_deleted_user_and_an_old_password_are_refused_at_once(pair):
    one, other = pair
    for name in (user(one, "bob"), user(one, "cid")):
        assert call(other, "users/current", headers=basic(name))[0] == 200
    must(one, "users/delete", {"username": "bob"}, headers=basic("root"), method="DELETE")
    assert call(other, "users/current", headers=basic("bob"))[0] == 401
    must(one, "users/update-password", {"username": "cid", "password": OTHER}, headers=basic("root"), method="PATCH")
    assert call(other, "users/current", headers=basic("cid"))[0] == 401
    assert call(other, "users/current", headers=basic("cid", OTHER))[0] == 200


def test_grants_and_their_ends_hold_at_once_for_reads_writes_and_files(pair):
    one, other = pair
    name = user(one, "dan")
    experiment = must(one, "experiments/create", {"name": "of root"}, headers=basic("root"))["experiment_id"]
    run = must(one, "runs/create", {"experiment_id": experiment}, headers=basic("root"))["run"]["info"]["run_id"]
    path = f"{other}/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/file.txt"

    def may():
        tag = {"run_id": run, "key": "by", "value": name}
        return (
            call(other, "runs/get", headers=basic(name), run_id=run)[0] == 200,
            call(other, "runs/set-tag", tag, basic(name))[0] == 200,
            send("PUT", path, b"x", basic(name))[0] == 200,
        )

    grant = {"experiment_id": experiment, "username": name, "permission": "READ"}
    assert may() == (False, False, False)
    for level, expected in (("READ", (True, False, False)), ("EDIT", (True, True, True)), (None, (False, False, False))):
        if level == "READ":
            must(one, "experiments/permissions/create", grant, headers=basic("root"))
        elif level:
            must(one, "experiments/permissions/update", {**grant, "permission": level}, headers=basic("root"), method="PATCH")
        else:
            must(one, "experiments/permissions/delete", grant, headers=basic("root"), method="DELETE")
        assert may() == expected, level


def test_what_a_user_makes_at_one_server_the_user_manages_at_the_other(pair):
    one, other = pair
    name = user(one, "eve")
    made = must(one, "experiments/create", {"name": "of eve"}, headers=basic(name))["experiment_id"]
    must(other, "experiments/set-experiment-tag", {"experiment_id": made, "key": "k", "value": "v"}, headers=basic(name))
    must(other, "registered-models/create", {"name": "of eve"}, headers=basic(name))
    must(one, "registered-models/rename", {"name": "of eve", "new_name": "still of eve"}, headers=basic(name))
    must(other, "registered-models/delete", {"name": "still of eve"}, headers=basic(name), method="DELETE")


def test_tokens_count_at_once_and_end_at_once(pair):
    one, other = pair
    name = user(one, "fay")
    token = must(one, OWN + "tokens/create", {"name": "laptop"}, headers=basic(name))["token"]
    assert call(other, "users/current", headers=bearer(token))[0] == 200
    must(other, OWN + "tokens/revoke", {"name": "laptop"}, headers=basic(name))
    assert call(one, "users/current", headers=bearer(token))[0] == 401


def test_a_log_in_of_a_browser_counts_at_both_servers_until_it_ends_at_one(pair):
    one, other = pair
    name = user(one, "gil")
    browser = Browser()
    page = browser.submit(browser.open(one + "/"), username=name, password=PASSWORD)
    assert page.status == 200
    cookie = {"Cookie": "; ".join(f"{each.name}={each.value}" for each in browser.jar)}
    assert send("GET", other + SEARCH, headers=cookie)[0] == 200
    must(other, "users/delete", {"username": name}, headers=basic("root"), method="DELETE")
    assert send("GET", one + SEARCH, headers=cookie)[0] == 401


def test_a_request_whose_body_comes_after_its_sender_lost_the_right_is_refused(pair):
    one, other = pair
    name = user(one, "hal")
    experiment = must(one, "experiments/create", {"name": "of hal"}, headers=basic(name))["experiment_id"]
    run = must(other, "runs/create", {"experiment_id": experiment}, headers=basic(name))["run"]["info"]["run_id"]
    host, port = other.removeprefix("http://").split(":")
    grant = {"experiment_id": experiment, "username": name}
    for route, body in (
        ("runs/set-tag", {"run_id": run, "key": "late", "value": "1"}),
        ("runs/log-metric", {"run_id": run, "key": "late", "value": 1, "timestamp": 1, "step": 0}),
        ("runs/search", {"experiment_ids": [experiment]}),
    ):
        data = json.dumps(body).encode()
        with socket.create_connection((host, int(port)), 20) as connection:
            field = basic(name)["Authorization"]
            head = (
                f"POST {API}{route} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: {field}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
            )
            connection.sendall(head.encode() + data[:5])
            must(one, "experiments/permissions/delete", grant, headers=basic("root"), method="DELETE")
            connection.sendall(data[5:])
            answer = b""
            while part := connection.recv(65_536):
                answer += part
        refused = answer.startswith(b"HTTP/1.1 403")
        hidden = route == "runs/search" and b"run_id" not in answer
        assert refused or hidden, (route, answer[:300])
        must(one, "experiments/permissions/create", {**grant, "permission": "MANAGE"}, headers=basic("root"))
    found = must(one, "runs/get", headers=basic("root"), run_id=run)["run"]["data"]
    assert "late" not in json.dumps(found)


def test_commands_work_on_the_database_while_servers_use_it(pair, address):
    one, other = pair

    def apus(*words, text=None):
        command = spare(*words, "--backend-store-uri", address)
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    apus("user", "create", "ida", text=PASSWORD + "\n")
    assert call(one, "users/current", headers=basic("ida"))[0] == 200
    token = apus("token", "create", "ci", "--scope", "admin").strip()
    assert call(other, "users/list", headers=bearer(token))[0] == 200
    apus("token", "revoke", "ci")
    assert call(other, "users/list", headers=bearer(token))[0] == 401
    apus("user", "delete", "ida")
    assert call(one, "users/current", headers=basic("ida"))[0] == 401
    entries = [json.loads(line) for line in apus("audit", "--format", "jsonl").splitlines()]
    # Servers and commands of several machines write to one database.
    for entry in entries:
        if entry["actor"]["kind"] in ("command", "server"):
            assert entry["address"].endswith("@" + os.uname().nodename), entry
    starts = [entry["detail"]["process"] for entry in entries if entry["action"] == "server/start"]
    assert len(set(starts)) == len(starts) == 2
    actions = [entry["action"] for entry in entries]
    for action in ("users/create", "users/delete", "tokens/create", "tokens/revoke", "log-in", "server/start"):
        assert action in actions, action


def test_of_two_admins_that_two_servers_demote_at_once_one_stays(pair):
    one, other = pair
    for round in range(5):
        name = user(one, f"boss {round}")
        must(one, "users/update-admin", {"username": name, "is_admin": True}, headers=basic("root"), method="PATCH")
        answers = []

        def demote(url, whom, by):
            body = {"username": whom, "is_admin": False}
            answers.append(call(url, "users/update-admin", body, basic(by), "PATCH")[0])

        threads = [
            threading.Thread(target=demote, args=arguments) for arguments in ((one, name, name), (other, "root", "root"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        admins = [who for who in ("root", name) if must(one, OWN + "log-in", headers=basic(who))["is_admin"]]
        assert len(admins) == 1 and sorted(answers) in ([200, 400], [200, 403]), (answers, admins)
        if "root" not in admins:
            must(other, "users/update-admin", {"username": "root", "is_admin": True}, headers=basic(name), method="PATCH")
        if name in admins:
            must(one, "users/update-admin", {"username": name, "is_admin": False}, headers=basic("root"), method="PATCH")


def test_servers_of_mlflow_and_plain_servers_need_no_schema_of_their_own(tmp_path):
    with PostgresServer() as postgres:
        name = postgres.create("plain")
        with ApusServer(["--backend-store-uri", postgres.uri(name)], directory=tmp_path / "plain"):
            pass
        assert postgres.rows(name, "SELECT nspname FROM pg_namespace WHERE nspname = 'apus'") == []
        arguments = ["--backend-store-uri", postgres.uri(name), "--require-token"]
        with ApusServer(arguments, directory=tmp_path / "asking") as server:
            assert call(server.url, "experiments/search", {"max_results": 1})[0] == 401
        assert len(postgres.rows(name, "SELECT nspname FROM pg_namespace WHERE nspname = 'apus'")) == 1
        assert postgres.rows(name, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename = 'users'") == []


def test_a_server_that_forgets_the_flags_of_the_others_does_not_start(tmp_path):
    with PostgresServer() as postgres:
        place = ["--backend-store-uri", postgres.uri(postgres.create("guarded"))]
        plain = ["server", "--port", "0", "--data-dir", tmp_path / "plain", *place]

        def refusal():
            done = keeping.apus(*plain, check=False)
            assert done.returncode == 1 and "This database has users or tokens" in done.stderr
            assert "--app-name basic-auth" in done.stderr and "--no-require-token" in done.stderr

        # The tables alone, as --audit makes them, keep nobody out.
        with ApusServer([*place, "--audit"], directory=tmp_path / "audited"):
            pass
        with ApusServer(place, directory=tmp_path / "before"):
            pass
        keeping.apus("token", "create", "ci", *place)
        refusal()
        keeping.apus("token", "revoke", "ci", *place)
        with ApusServer([*place, "--app-name", "basic-auth"], ADMIN, directory=tmp_path / "asking") as asking:
            refusal()
            # Commands find the server in its folder, although its database is elsewhere.
            assert "root: admin" in keeping.apus("user", "list", "--data-dir", asking.data_directory).stdout
            with ApusServer([*place, "--no-require-token"], directory=tmp_path / "open") as server:
                assert "with --no-require-token everybody may do everything" in server.log()
                assert call(server.url, "experiments/search", {"max_results": 1})[0] == 200
            # Tokens of users are not asked for either, but nobody gets in without a token.
            with ApusServer([*place, "--require-token"], directory=tmp_path / "tokens") as server:
                assert "this database has users: add --app-name basic-auth" in server.log()
                assert call(server.url, "experiments/search", {"max_results": 1})[0] == 401
        with ApusServer([*place, "--app-name", "basic-auth"], ADMIN, directory=tmp_path / "again") as again:
            assert "apus user set-password root --backend-store-uri 'postgresql://" in again.log()


def test_a_server_with_other_flags_than_the_one_before_says_so(tmp_path):
    with PostgresServer() as postgres:
        place = [
            "--backend-store-uri", postgres.uri(postgres.create("drift")), "--artifacts-destination", tmp_path / "artifacts",
            "--app-name", "basic-auth",
        ]

        def warnings(*arguments):
            with ApusServer([*place, *arguments], ADMIN) as server:
                return [line for line in server.log().splitlines() if "has a different value of a setting" in line]

        assert warnings("--default-permission", "NO_PERMISSIONS", "--client-runs", "9") == []
        assert warnings("--default-permission", "NO_PERMISSIONS", "--client-runs", "9") == []
        quota, level = sorted(warnings("--default-permission", "MANAGE"), key=lambda line: "default-permission" in line)
        assert "setting=--client-runs" in quota and 'here="no limit"' in quota and "there=9" in quota
        assert "setting=--default-permission" in level and "here=MANAGE" in level and "there=NO_PERMISSIONS" in level
        assert warnings("--default-permission", "MANAGE") == []


def test_the_metrics_are_there_for_admins_while_the_database_is_away():
    with PostgresServer() as own:
        address = own.uri(own.create("metrics"))
        with ApusServer(["--app-name", "basic-auth", "--client-runs", "9", "--backend-store-uri", address], ADMIN) as server:
            url = server.url
            user(url, "ada")
            ada, root = basic("ada"), basic("root")
            assert call(url, "users/current", headers=ada)[0] == 200
            token = must(url, OWN + "tokens/create", {"name": "prometheus", "scope": "read"}, headers=root)["token"]
            senders = [(root, 200), (bearer(token), 200), (ada, 403), (bearer("apus_nobody"), 401), ({}, 401)]

            def metrics(headers):
                return send("GET", url + "/metrics", headers=headers, timeout=5)

            assert [metrics(headers)[0] for headers, _ in senders] == [status for _, status in senders]
            own.stop()
            # This one notices, after some seconds; the page does not wait for the database from then on.
            assert call(url, "users/current", headers=root)[0] == 429
            assert [metrics(headers)[0] for headers, _ in senders] == [status for _, status in senders]
            assert b"\napus_database_reachable 0\n" in metrics(root)[1]
            # Who is not known from before the outage cannot be told from a stranger.
            assert metrics(basic("root", OTHER))[0] == 429 and metrics(basic("eve"))[0] == 429
            assert call(url, "users/current", headers=root)[0] == 429
            own.start()
            wait_until(lambda: b"\napus_database_reachable 1\n" in metrics(root)[1], 30, "the page to tell that the database is back")
            must(url, OWN + "tokens/revoke", {"name": "prometheus"}, headers=root)
            assert metrics(bearer(token))[0] == 401


def test_no_request_waits_twice_as_long_for_a_database_that_is_away():
    with PostgresServer() as own:
        address = own.uri(own.create("waits"))
        with ApusServer(["--app-name", "basic-auth", "--backend-store-uri", address], ADMIN) as server:
            root = basic("root")
            assert call(server.url, "users/current", headers=root)[0] == 200
            own.stop()

            def timed(_):
                start = time.monotonic()
                return call(server.url, "experiments/get?experiment_id=0", headers=root)[0], time.monotonic() - start

            # All but the first come while the mark of changes is being read.
            with ThreadPoolExecutor(12) as pool:
                answers = list(pool.map(timed, range(12)))
            assert {status for status, _ in answers} == {429}
            assert max(seconds for _, seconds in answers) < 15, answers
            own.start()
            wait_until(lambda: call(server.url, "users/current", headers=root)[0] == 200, 30, "the database to be back")
