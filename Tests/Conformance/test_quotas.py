"""Quotas and kept space: what is refused, to whom, with what the client does then, and what goes on meanwhile."""

import gzip
import json
import os
import subprocess
import threading
import time

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from helpers import call, must, new_run, send
from keeping import apus
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus
ROUTE = "/api/2.0/mlflow-artifacts/artifacts/"
OWN = "/api/apus/1.0/"
MEGABYTE = 1 << 20


def put(server, path, body, headers=None):
    return send("PUT", server.url + ROUTE + path, body, headers)


def error(answer):
    return answer[0], json.loads(answer[1])["error_code"]


def make_token(server, name, *arguments):
    return apus("token", "create", name, "--data-dir", server.data_directory, *arguments).stdout.strip()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def figures(server, token=None):
    body = send("GET", f"{server.url}/metrics", headers=bearer(token) if token else None)[1].decode()
    lines = [line.rsplit(" ", 1) for line in body.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


@pytest.fixture
def disk(tmp_path):
    """A file system of 64 MiB, mounted and gone again."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def used(folder):
    space = os.statvfs(folder)
    return (space.f_blocks - space.f_bavail) * space.f_frsize


def test_uploads_end_before_the_disk_of_the_database_is_full_and_metrics_go_on(disk):
    with ApusServer(["--keep-free", "16MB"], directory=disk / "server") as server:
        run_id = new_run(server.url)
        body = b"x" * (4 * MEGABYTE)
        statuses = []

        def upload(number):
            statuses.append(put(server, f"{number}.bin", body)[0])

        threads = [threading.Thread(target=upload, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert set(statuses) == {200, 413}
        # What is in flight counts: 40 at once do not go beyond what stays free by more than the log takes.
        assert used(disk) <= 64 * MEGABYTE - 16 * MEGABYTE + 5 * MEGABYTE
        for step in range(50):
            must(server.url, "runs/log-metric", {"run_id": run_id, "key": "k", "value": 1, "timestamp": step, "step": step})
        small = put(server, "more.bin", body)
        assert error(small) == (413, "RESOURCE_LIMIT_EXCEEDED")
        assert "--keep-free" in json.loads(small[1])["message"]
        begun = call(server.url, f"/api/2.0/mlflow-artifacts/mpu/create/0/{run_id}/artifacts", {"path": "p", "num_parts": 2})
        assert begun[0] in (200, 413)
        assert server.log().count("uploads are refused (--keep-free)") <= 1
        for name in sorted((disk / "server").rglob("*.bin")):
            assert send("DELETE", f"{server.url}{ROUTE}{name.name}")[0] == 200
        wait_until(lambda: put(server, "again.bin", body)[0] == 200, 10, "the space to be known")


def test_the_end_of_the_space_is_told_in_time(disk):
    with ApusServer(["--keep-free", "16MB", "--database-log-limit", "4MB"], directory=disk / "server") as server:

        def space():
            return must(server.url, "/health", verbose=1)["artifact_space"]

        assert space()["level"] == "ample"
        assert figures(server)["apus_artifact_space_low"] == 0
        filler = disk / "filler"
        filler.write_bytes(b"\0" * (36 * MEGABYTE))
        wait_until(lambda: space()["level"] == "low", 10, "a warning")
        assert must(server.url, "/health", deep=1)["artifact_space"]["kept_bytes"] == 16 * MEGABYTE
        assert figures(server)["apus_artifact_space_low"] == 1
        assert put(server, "fits.bin", b"x" * MEGABYTE)[0] == 200
        filler.write_bytes(b"\0" * (50 * MEGABYTE))
        wait_until(lambda: space()["level"] == "spent", 10, "the level to be known")
        for _ in range(5):
            assert put(server, "more.bin", b"x" * MEGABYTE)[0] == 413
        assert figures(server)["apus_artifact_space_low"] == 2
        assert figures(server)["apus_artifact_space_refusals_total"] == 5
        filler.unlink()
        wait_until(lambda: space()["level"] == "ample", 10, "the space to be there again")
        # Log lines are written on a thread of their own.
        wait_until(lambda: "has enough free space again" in server.log(), 10, "the line of the log")
        log = server.log()
        for line in ("will soon be full", "uploads are refused", "has enough free space again"):
            assert log.count(line) == 1, log


def test_the_client_fails_at_once_where_space_is_kept(disk, tmp_path):
    (tmp_path / "model.bin").write_bytes(os.urandom(30 * MEGABYTE))
    with ApusServer(["--keep-free", "90%"], directory=disk / "server") as server:
        client = MlflowClient(server.url)
        run = client.create_run("0")
        began = time.monotonic()
        with pytest.raises(Exception, match="413|keep-free"):
            client.log_artifact(run.info.run_id, tmp_path / "model.bin")
        assert time.monotonic() - began < 10
        client.log_metric(run.info.run_id, "loss", 1.0)
        client.set_terminated(run.info.run_id)


@pytest.mark.parametrize("value", ["91%", "-1", "much", "5 %"])
def test_a_kept_space_that_cannot_be_is_no_start(value, tmp_path):
    ended = apus("server", "--port", "0", "--data-dir", tmp_path / "data", f"--keep-free={value}", check=False)
    assert ended.returncode != 0 and "--keep-free" in ended.stderr


def test_bytes_count_as_they_are_stored_for_who_sent_them_and_come_back_with_deletions(tmp_path):
    flags = ["--require-token", "--client-artifacts", "1MB", "--server-artifacts", "1500KB"]
    with ApusServer(flags) as server:
        ana, bob = (make_token(server, name) for name in ("ana", "bob"))
        chief = make_token(server, "chief", "--scope", "admin")
        # What is sent in a coding is stored in it.
        packed = gzip.compress(b"\0" * (2 * MEGABYTE))
        assert put(server, "packed", packed, bearer(ana) | {"Content-Encoding": "gzip"})[0] == 200
        assert must(server.url, OWN + "usage", headers=bearer(chief))["server"]["artifact_bytes"] == len(packed)
        assert send("DELETE", server.url + ROUTE + "packed", headers=bearer(ana))[0] == 200
        assert put(server, "a", b"a" * (1000 * 1024), bearer(ana))[0] == 200
        answer = put(server, "b", b"b" * (100 * 1024), bearer(ana))
        assert error(answer) == (413, "RESOURCE_LIMIT_EXCEEDED")
        message = json.loads(answer[1])["message"]
        assert "'ana'" in message and str(MEGABYTE) in message and "--client-artifacts" in message
        assert put(server, "b", b"b" * (400 * 1024), bearer(bob))[0] == 200
        assert "--server-artifacts" in json.loads(put(server, "c", b"c" * (200 * 1024), bearer(bob))[1])["message"]
        server.restart()
        assert error(put(server, "b2", b"b" * (100 * 1024), bearer(ana)))[0] == 413
        use = must(server.url, OWN + "usage", headers=bearer(chief))
        by_name = {one["name"]: one["artifact_bytes"] for one in use["clients"]}
        assert by_name == {"ana": 1000 * 1024, "bob": 400 * 1024}
        assert use["server"]["artifact_bytes"] == figures(server, chief)["apus_stored_artifact_bytes"] == 1400 * 1024
        assert call(server.url, OWN + "usage", headers=bearer(ana))[0] == 403
        assert "ana: 1024000 bytes in 1 artifact, 0 runs" in apus("usage", "--data-dir", server.data_directory).stdout
        assert send("DELETE", server.url + ROUTE + "a", headers=bearer(bob))[0] == 200
        assert put(server, "b2", b"b" * (100 * 1024), bearer(ana))[0] == 200


def test_the_client_fails_at_once_when_its_quota_is_spent(monkeypatch, tmp_path):
    with ApusServer(["--require-token", "--client-artifacts", "1MB", "--client-runs", "2"]) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", make_token(server, "ana"))
        client = MlflowClient(server.url)
        run = client.create_run("0")
        (tmp_path / "model.bin").write_bytes(b"m" * (20 * MEGABYTE))
        began = time.monotonic()
        with pytest.raises(Exception, match="413|client-artifacts"):
            client.log_artifact(run.info.run_id, tmp_path / "model.bin")
        client.create_run("0")
        with pytest.raises(MlflowException, match="--client-runs") as failure:
            client.create_run("0")
        assert failure.value.error_code == "RESOURCE_LIMIT_EXCEEDED"
        assert time.monotonic() - began < 10
        client.delete_run(run.info.run_id)
        with pytest.raises(MlflowException, match="apus gc"):
            client.create_run("0")
        assert not any(server.data_directory.rglob("model.bin"))


def test_a_client_that_is_too_fast_waits_and_loses_nothing(monkeypatch):
    # As many as the client has by itself; the other tests make it fail at once.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    with ApusServer(["--client-requests", "4"]) as server:
        mlflow.set_tracking_uri(server.url)
        client = MlflowClient(server.url)
        run = client.create_run("0")
        began = time.monotonic()
        for step in range(50):
            client.log_metric(run.info.run_id, "loss", 1.0, step=step, timestamp=step, synchronous=True)
        # 40 may be saved up; those beyond it are told to come again.
        assert time.monotonic() - began > 1
        status, _, headers = 200, b"", {}
        while status == 200:
            status, _, headers = send("GET", f"{server.url}/api/2.0/mlflow/runs/get?run_id={run.info.run_id}")
        assert status == 429 and 1 <= int(headers["Retry-After"]) <= 30
        for _ in range(20):
            assert send("GET", server.url + "/health")[0] == 200
        assert len(client.get_metric_history(run.info.run_id, "loss")) == 50


def test_one_client_has_only_so_many_connections_and_uploads(monkeypatch):
    import http.client

    with ApusServer(["--require-token", "--client-connections", "3", "--client-uploads", "1"]) as server:
        token = make_token(server, "ana")
        address = server.url.split("//")[1]
        held = []
        statuses = []
        for _ in range(5):
            connection = http.client.HTTPConnection(address, timeout=60)
            connection.request("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", headers=bearer(token))
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            held.append(connection)
        assert statuses == [200, 200, 200, 429, 429]
        for connection in held:
            connection.close()

        def are_gone():
            # Until the server has seen the end of all, the next one may be one too many; the one that asks is open.
            status, page, _ = send("GET", server.url + "/metrics", headers=bearer(token))
            return status == 200 and b"\napus_open_connections 1\n" in page

        wait_until(are_gone, 10, "the connections to be gone")
        sending = http.client.HTTPConnection(address, timeout=60)
        sending.putrequest("PUT", ROUTE + "slow")
        for name, value in (bearer(token) | {"Content-Length": "1000", "Expect": "100-continue"}).items():
            sending.putheader(name, value)
        sending.endheaders()
        # From here on the upload is under way: before, one of the others could have its place.
        assert sending.sock.recv(100).startswith(b"HTTP/1.1 100")
        sending.send(b"begin")
        status, body, _ = put(server, "other", b"x", bearer(token))
        assert status == 429 and "--client-uploads" in json.loads(body)["message"]
        sending.close()
        wait_until(lambda: put(server, "other", b"x", bearer(token))[0] == 200, 10, "the first upload to be given up")


@pytest.mark.parametrize("flag", ["--client-artifacts=1MB", "--client-runs=5"])
def test_what_counts_for_clients_needs_to_know_them(flag, tmp_path):
    ended = apus("server", "--port", "0", "--data-dir", tmp_path / "data", flag, check=False)
    assert ended.returncode != 0 and "--require-token" in ended.stderr
