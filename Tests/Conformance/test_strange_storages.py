"""Object storages that lie, redirect, confuse and forget, and users, names and files that make trouble in one."""

import base64
import json
import os
import socket
import ssl
import threading
import urllib.parse
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from certificates import OPENSSL, Authority
from helpers import call, must, new_run, send
from object_storage import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectStorage, Upload, tag_of
from servers import ApusServer, ServerFailed, wait_until
from test_object_storage import (  # noqa: F401  (fixtures)
    MEGABYTE,
    PREFIX,
    add,
    apus,
    artifact_url,
    doctor_fails,
    mpu,
    once,
    put,
    server,
    shared,
    storage,
)

pytestmark = pytest.mark.apus
PAGE = b"<html>log in</html>"
PASSWORD = "correct horse battery"


def always(operation, fault):
    return lambda call_: fault if call_.operation == operation else None


# Rights.


@pytest.mark.parametrize("flag", ["--artifacts-destination", "--default-artifact-root"])
@pytest.mark.parametrize("place", ["{root}", "{root}/1", "{root}//x", "S3://{bucket}/other", "s3://{bucket}"])
def test_a_user_cannot_choose_a_place_in_the_bucket_of_the_server(flag, place):
    root = f"s3://{BUCKET}/{PREFIX}"
    environment = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}

    def as_user(name):
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()}

    with ObjectStorage() as own:
        arguments = [flag, root, "--app-name", "basic-auth", "--default-permission", "NO_PERMISSIONS"]
        with ApusServer(arguments, environment={**own.environment(), **environment}) as running:
            for name in ("ann", "eve"):
                must(running.url, "users/create", {"username": name, "password": PASSWORD}, headers=as_user("root"))
            created = must(running.url, "experiments/create", {"name": "ann's"}, headers=as_user("ann"))
            run = must(running.url, "runs/create", {"experiment_id": created["experiment_id"]}, headers=as_user("ann"))
            run_id = run["run"]["info"]["run_id"]
            body = {"name": "evil", "artifact_location": place.format(root=root, bucket=BUCKET)}
            status, answer = call(running.url, "experiments/create", body, headers=as_user("eve"))
            assert status == 403 and "only admins may choose" in answer["message"], answer
            assert call(running.url, f"artifacts/list?run_id={run_id}", headers=as_user("ann"))[0] == 200
            elsewhere = {"name": "own bucket", "artifact_location": "s3://bucket-of-eve/x"}
            assert call(running.url, "experiments/create", elsewhere, headers=as_user("eve"))[0] == 200
            assert call(running.url, "experiments/create", body, headers=as_user("root"))[0] == 200


# Answers that are not what they seem.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("operation", ["put", "part", "complete", "get", "head", "list", "delete", "delete-many"])
def test_a_redirect_is_no_success(storage, server, operation, status):
    content = b"x" if operation == "put" else os.urandom(5 * MEGABYTE + 1_000)
    path = "r/file"
    if operation not in ("put", "part", "complete"):
        add(storage, path, content)
    storage.fault = always(operation, ("reply", status, b"", {"Location": "/login"}))
    if operation in ("put", "part", "complete"):
        answered, body, _ = send("PUT", artifact_url(server, path), content)
    elif operation == "list":
        answered, body, _ = send("GET", f"{server.url}/api/2.0/mlflow-artifacts/artifacts?path=r")
    elif operation == "delete-many":
        answered, body, _ = send("DELETE", artifact_url(server, "r"))
    else:
        method = {"get": "GET", "head": "GET", "delete": "DELETE"}[operation]
        answered, body, _ = send(method, artifact_url(server, path))
    assert answered == 400, (answered, body)
    assert str(status) in body.decode() and b"log in" not in body
    kept = [] if operation in ("put", "part", "complete") else [f"{PREFIX}/{path}"]
    assert list(storage.objects) == kept


@pytest.mark.parametrize(
    "operation, reply",
    [
        ("put", (200, b"", {})),
        ("put", (200, PAGE, {})),
        ("put", (200, b"", {"ETag": '"00000000000000000000000000000000"'})),
        ("put", (200, b"", {"ETag": tag_of(b"x" * 9)})),
        ("begin", (200, PAGE, {})),
        ("complete", (200, PAGE, {})),
        ("complete", (200, b"", {})),
        ("complete", (200, b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>", {})),
        ("complete", (200, b"<CompleteMultipartUploadResult><ETag>\"0\"</ETag></CompleteMultipartUploadResult>", {})),
    ],
    ids=str,
)
def test_a_file_is_not_acknowledged_by_an_answer_that_is_none(storage, server, operation, reply):
    content = b"x" * 10 if operation == "put" else os.urandom(5 * MEGABYTE + 1_000)
    storage.fault = always(operation, ("reply", *reply))
    answered, body, headers = send("PUT", artifact_url(server, "l/file"), content)
    assert answered == 400 or (answered == 503 and headers["Retry-After"]), (answered, body)
    assert not storage.objects


def test_a_tag_that_is_no_md5_is_one_where_the_object_has_it(storage, server):
    def encrypt(call_):
        if call_.operation == "put":
            add(storage, "k/file", b"x" * 10)
            storage.objects[f"{PREFIX}/k/file"].tag = '"0123456789abcdef0123456789abcdef"'
            return ("reply", 200, b"", {"ETag": '"0123456789abcdef0123456789abcdef"'})
        return None

    storage.fault = encrypt
    assert put(server, "k/file", b"x" * 10) == 200


@pytest.mark.parametrize(
    "operation, reply",
    [
        ("delete", (200, PAGE, {})),
        ("delete-many", (200, PAGE, {})),
        ("delete-many", (200, b"<Error><Code>AccessDenied</Code></Error>", {})),
        ("list", (200, PAGE, {})),
        ("list", (200, b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", {})),
        ("head", (200, PAGE, {})),
        ("get", (200, PAGE, {})),
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_told(storage, server, operation, reply):
    add(storage, "l/file", b"x" * len(PAGE))
    add(storage, "l/folder/file", b"x")
    storage.fault = always(operation, ("reply", *reply))
    method = "GET" if operation in ("head", "get") else "DELETE"
    path = "l/folder" if operation in ("delete-many", "list") else "l/file"
    answered, body, _ = send(method, artifact_url(server, path))
    assert answered in (400, 403) and b"log in" not in body, (answered, body)
    assert len(storage.objects) == 2


def test_a_part_of_another_range_is_not_taken(storage, server):
    content = os.urandom(1_000)
    add(storage, "r/file", content)
    reply = (206, content[:100], {"ETag": tag_of(content), "Content-Range": "bytes 0-99/1000"})
    storage.fault = always("get", ("reply", *reply))
    answered, body, _ = send("GET", artifact_url(server, "r/file"), headers={"Range": "bytes=200-299"})
    assert answered == 400 and b"does not answer like an object storage" in body


def test_a_list_that_ignores_the_delimiter_is_told(storage, server):
    add(storage, "l/a/../../z")
    key = f"{PREFIX}/l/a/../../z"
    text = (
        f"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>{key}</Key><Size>1</Size>"
        f'<ETag>"0"</ETag></Contents></ListBucketResult>'
    )
    storage.fault = always("list", ("reply", 200, text.encode(), {}))
    assert call(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=l")[0] == 400


def test_the_log_says_in_words_that_the_storage_denies(storage):
    with ApusServer(storage.arguments(PREFIX), environment=storage.environment(AWS_SECRET_ACCESS_KEY="wrong")) as running:
        wait_until(lambda: "upload-expiry failed" in running.log(), 30, "the log to tell the failure")
        assert "object storage" in running.log() and "storageDenies" not in running.log()


def test_a_folder_in_a_bucket_has_no_time(storage, server):
    run_id = new_run(server.url)
    add(storage, f"0/{run_id}/artifacts/folder/file")
    files = must(server.url, f"/api/apus/1.0/runs/artifacts/tree?run_id={run_id}")["files"]
    assert [(item["is_dir"], "modification_time" in item) for item in files] == [(True, False), (False, True)]


def test_the_doctor_sees_that_nothing_can_be_read(storage, server):
    storage.fault = always("get", ("answer", 403, "AccessDenied"))
    doctor_fails(server, "403", "s3:GetObject")
    answered, health = call(server.url, "/health?deep=1")
    assert (answered, "s3:GetObject" in health["problems"]["artifacts"]) == (503, True)
    storage.fault = lambda call_: ("reply", 200, PAGE, {})
    doctor_fails(server, "400", "object storage")
    # A storage that acknowledges files and forgets them.
    storage.fault = lambda call_: ("reply", 200, b"", {"ETag": tag_of(b"apus doctor\n")}) if call_.operation == "put" else None
    assert apus("doctor", server.url).returncode == 1


# Names.


NAMES = ["\u0301x.txt", "a\u0301", "a\x01b", "tab\tand\rmore", "\ufffe", "\uffff.txt", "\x1f"]


def test_a_folder_of_strange_names_is_listed_and_deleted(storage, server):
    for name in NAMES:
        add(storage, f"n/{name}")
        add(storage, f"n/deep/{name}")
    listed = must(server.url, "/api/2.0/mlflow-artifacts/artifacts?path=n")["files"]
    # No path of a client can have tabs and line breaks.
    named = sorted((name for name in NAMES if "\t" not in name), key=str.encode)
    assert [item["path"] for item in listed if not item["is_dir"]] == named
    assert send("DELETE", artifact_url(server, "n"))[0] == 200
    assert not storage.objects


# Faults that pass.


@pytest.mark.parametrize("times", [1, 3])
def test_objects_that_a_storage_is_too_busy_to_delete_are_deleted_later(storage, server, times):
    for number in range(10):
        add(storage, f"d/{number}")
    storage.fault = once("delete-many", ("some", "SlowDown", 3), times)
    assert send("DELETE", artifact_url(server, "d"))[0] == 200
    assert not storage.objects


def test_a_storage_that_cannot_delete_many_deletes_one_by_one(storage, server):
    for number in range(10):
        add(storage, f"d/{number}")
    storage.fault = always("delete-many", ("answer", 501, "NotImplemented"))
    assert send("DELETE", artifact_url(server, "d"))[0] == 200
    assert not storage.objects and storage.count("delete") == 10


@pytest.mark.parametrize("status, code", [(400, "RequestTimeout"), (409, "OperationAborted")])
def test_a_head_that_is_refused_without_a_reason_is_repeated(storage, server, status, code):
    add(storage, "h/file", b"content")
    storage.fault = once("head", ("answer", status, code))
    assert send("GET", artifact_url(server, "h/file"))[:2] == (200, b"content")


def test_a_download_goes_on_however_often_it_breaks_if_it_gets_on(storage, server):
    content = os.urandom(300_000) * 12
    add(storage, "d/file", content)
    storage.fault = always("get", ("half", 300_000))
    assert send("GET", artifact_url(server, "d/file"))[:2] == (200, content)
    assert storage.count("get") >= 12


def test_a_download_that_does_not_get_on_ends(storage, server):
    import http.client

    add(storage, "d/file", os.urandom(2_000_000))
    storage.fault = always("get", ("half", 1_000))
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        send("GET", artifact_url(server, "d/file"))
    assert storage.count("get") <= 8


def test_a_file_that_is_replaced_before_it_is_sent_is_sent_as_it_is_now(storage, server):
    add(storage, "c/file", b"o" * 100)

    def replace(call_):
        if call_.operation == "get" and storage.count("get") < 3:
            add(storage, "c/file", b"%03d" % storage.count("get") * 100)
        return None

    storage.fault = replace
    assert send("GET", artifact_url(server, "c/file"))[:2] == (200, b"002" * 100)
    run_id = new_run(server.url)
    add(storage, f"0/{run_id}/artifacts/f", b"o")
    storage.fault = once("get", ("answer", 412, "PreconditionFailed"))
    assert send("GET", f"{server.url}/get-artifact?run_id={run_id}&path=f")[:2] == (200, b"o")


# Keys.


class Agent:
    """Gives out keys, as the agent of a container does, and is silent when it is told so."""

    def __init__(self, lifetime=3_600):
        self.lifetime = lifetime
        self.asked = 0
        self.speaks = threading.Event()
        self.speaks.set()
        agent = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                agent.asked += 1
                agent.speaks.wait(60)
                expires = datetime.now(timezone.utc) + timedelta(seconds=agent.lifetime)
                body = json.dumps(
                    {
                        "AccessKeyId": ACCESS_KEY,
                        "SecretAccessKey": SECRET_KEY,
                        "Token": "token",
                        "Expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
                    }
                ).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.speaks.set()
        self.server.shutdown()
        self.server.server_close()

    def environment(self, own, **others):
        return own.environment(
            AWS_ACCESS_KEY_ID=None,
            AWS_SECRET_ACCESS_KEY=None,
            HOME="/nonexistent",
            **(others or {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url + "/keys"}),
        )


def test_keys_that_end_early_are_replaced_for_requests_without_a_body_too(storage):
    add(storage, "k/file", b"content")
    with Agent() as agent, ApusServer(storage.arguments(PREFIX), environment=agent.environment(storage)) as running:
        for method, wanted in [("GET", 200), ("DELETE", 200)]:
            asked = agent.asked
            storage.fault = lambda call_, asked=asked: ("answer", 400, "ExpiredToken") if agent.asked == max(asked, 1) else None
            assert send(method, artifact_url(running, "k/file"))[0] == wanted
            assert agent.asked == max(asked, 1) + 1


def test_keys_that_are_valid_for_some_minutes_are_not_asked_for_with_each_request(storage):
    with Agent(lifetime=240) as agent:
        with ApusServer(storage.arguments(PREFIX), environment=agent.environment(storage)) as running:
            assert [put(running, "k/file", b"x") for _ in range(5)] == [200] * 5
            assert agent.asked == 1


def test_a_metadata_service_that_is_silent_is_asked_once_for_all_requests(storage):
    with Agent() as agent:
        agent.speaks.clear()
        environment = agent.environment(
            storage, AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT=agent.url
        )
        with ApusServer(storage.arguments(PREFIX), environment=environment) as running:
            answers = []
            threads = [
                threading.Thread(target=lambda: answers.append(send("PUT", artifact_url(running, "k/file"), b"x")))
                for _ in range(12)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert {status for status, _, _ in answers} == {503}
            assert all(b"metadata" in body for _, body, _ in answers)
            # Each request tries five times, and a failed search is remembered.
            assert agent.asked <= 12


# Regions of AWS, behind a proxy that answers instead of AWS.


class Amazon:
    """Takes CONNECT as a proxy does, and answers in the place of AWS, where a bucket is in eu-west-3."""

    def __init__(self, folder, named=lambda count: "eu-west-3"):
        authority = Authority(folder / "authority", "authority")
        hosts = ",".join(f"DNS:*.s3.{region}.amazonaws.com" for region in ("us-east-1", "eu-west-3", "eu-west-9"))
        certificate = authority.issue("amazon", hosts)
        self.authority = authority.certificate
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.certificate, certificate.key)
        self.named = named
        self.refusals = 0
        self.hosts = []
        self.barrier = None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            host = connection.recv(65_536).split(b" ")[1].decode()
            self.hosts.append(host)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self.context.wrap_socket(connection, server_side=True) as stream:
                file = stream.makefile("rb")
                while line := file.readline():
                    length = 0
                    while (field := file.readline()) not in (b"\r\n", b""):
                        name, _, value = field.decode().partition(":")
                        length = int(value) if name.lower() == "content-length" else length
                    file.read(length)
                    stream.sendall(self._answer(host, line))
        except (OSError, IndexError, ValueError):
            pass

    def _answer(self, host, line):
        if b"uploads" in line:
            # The server looks for expired uploads when it starts.
            body = b"<ListMultipartUploadsResult></ListMultipartUploadsResult>"
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        if "us-east-1" in host and (region := self.named(self.refusals)):
            self.refusals += 1
            if self.barrier:
                self.barrier.wait(30)
            body = f"<Error><Code>PermanentRedirect</Code><Region>{region}</Region></Error>".encode()
            return b"HTTP/1.1 301 Moved\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        if line.startswith(b"GET"):
            body = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        return b'HTTP/1.1 200 OK\r\nETag: "%b"\r\nContent-Length: 0\r\n\r\n' % tag_of(b"x").strip('"').encode()

    def environment(self):
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": "us-east-1",
            "AWS_PROFILE": None, "AWS_SESSION_TOKEN": None, "MLFLOW_S3_ENDPOINT_URL": None,
            "AWS_CA_BUNDLE": str(self.authority), "no_proxy": None, "NO_PROXY": None,
            "https_proxy": f"http://127.0.0.1:{self.listener.getsockname()[1]}",
        }  # fmt: skip


needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="the openssl command is not installed")


@needs_openssl
def test_uploads_that_find_the_region_at_once_all_succeed(tmp_path):
    with Amazon(tmp_path) as amazon:
        amazon.barrier = threading.Barrier(4)
        with ApusServer(["--artifacts-destination", "s3://my-bucket/p"], environment=amazon.environment()) as running:
            answers = []
            threads = [
                threading.Thread(target=lambda name=name: answers.append(put(running, name, b"x"))) for name in "abcd"
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert answers == [200] * 4
            assert amazon.refusals == 4 and put(running, "file", b"x") == 200 and amazon.refusals == 4


@needs_openssl
@pytest.mark.parametrize("region", ["x.evil.example", "evil:443/#", "a\r\nb", "eu-west-9.", ""])
def test_a_region_that_is_none_has_no_effect(tmp_path, region):
    with Amazon(tmp_path, lambda count: region if count == 0 else None) as amazon:
        with ApusServer(["--artifacts-destination", "s3://my-bucket/p"], environment=amazon.environment()) as running:
            first = put(running, "file", b"x")
            assert first == 400 or not region
            assert put(running, "file", b"x") == 200
        assert set(amazon.hosts) == {"my-bucket.s3.us-east-1.amazonaws.com:443"}


@needs_openssl
def test_a_region_that_does_not_answer_is_not_kept(tmp_path):
    with Amazon(tmp_path, lambda count: "nowhere-1" if count == 0 else None) as amazon:
        with ApusServer(["--artifacts-destination", "s3://my-bucket/p"], environment=amazon.environment()) as running:
            assert put(running, "file", b"x") != 200
            assert put(running, "file", b"x") == 200


@needs_openssl
def test_an_address_is_signed_for_the_region_of_the_bucket_from_the_start(tmp_path):
    with Amazon(tmp_path) as amazon:
        with ApusServer(["--default-artifact-root", "s3://my-bucket/p"], environment=amazon.environment()) as running:
            run_id = new_run(running.url)
            body = {"run_id": run_id, "path": "a"}
            url = must(running.url, "artifacts/presigned-upload-url", body)["presigned_url"]
            assert urllib.parse.urlparse(url).netloc == "my-bucket.s3.eu-west-3.amazonaws.com"
            assert "eu-west-3" in urllib.parse.unquote(url.split("X-Amz-Credential=")[1])


# Uploads in parts.


def begin(server, run_id, name="f.bin", contents=(b"content",)):
    """Begins an upload in parts and sends the parts; returns the message that completes it."""
    begun = mpu(server, "create", run_id, {"path": name, "num_parts": len(contents)})[1]
    parts = []
    for credential, content in zip(begun["credentials"], contents):
        _, _, headers = send("PUT", credential["url"], content)
        parts.append({"part_number": credential["part_number"], "etag": headers["ETag"], "url": credential["url"]})
    return {"path": name, "upload_id": begun["upload_id"], "parts": parts}


def journal(server, run_id):
    return must(server.url, f"/api/apus/1.0/artifacts/journal?run_id={run_id}").get("entries", [])


@pytest.mark.parametrize("quota", [[], ["--server-artifacts", "1GB"]], ids=["no quota", "quota"])
def test_a_completion_is_journalled_and_counted_once(storage, quota):
    with ApusServer([*storage.arguments(PREFIX), *quota], environment=storage.environment()) as running:
        run_id = new_run(running.url)
        message = begin(running, run_id)
        for _ in range(3):
            assert mpu(running, "complete", run_id, message) == (200, {})
        assert [entry["bytes"] for entry in journal(running, run_id)] == [7]
        # A client repeats what this server was not able to finish.
        message = begin(running, run_id, "g.bin", [b"content of g"])
        storage.fault = lambda call_: ("late cut",) if call_.operation == "complete" else (
            ("answer", 503, "SlowDown") if call_.operation in ("head", "parts") else None
        )
        assert mpu(running, "complete", run_id, message)[0] != 200
        storage.fault = lambda call_: None
        # The first completion may have been carried out or not.
        assert mpu(running, "complete", run_id, message) == (200, {})
        assert sorted(entry["bytes"] for entry in journal(running, run_id)) == [7, 12]


def test_a_completion_that_the_storage_has_carried_out_already_is_no_failure_with_quotas(storage):
    arguments = [*storage.arguments(PREFIX), "--server-artifacts", "1GB"]
    with ApusServer(arguments, environment=storage.environment()) as running:
        run_id = new_run(running.url)
        message = begin(running, run_id)
        storage.fault = always("complete", ("late cut",))
        status = mpu(running, "complete", run_id, message)[0]
        storage.fault = lambda call_: None
        assert storage.objects and not storage.uploads
        assert status == 200 or mpu(running, "complete", run_id, message) == (200, {})
        assert [entry["bytes"] for entry in journal(running, run_id)] == [7]


def test_a_part_that_the_client_leaves_out_is_told(storage, server):
    run_id = new_run(server.url)
    message = begin(server, run_id, contents=[os.urandom(5 * MEGABYTE), os.urandom(5 * MEGABYTE), b"end"])
    for left in (0, 1, 2):
        parts = [part for number, part in enumerate(message["parts"]) if number != left]
        status, answer = mpu(server, "complete", run_id, {**message, "parts": parts})
        assert status == 400 and str(left + 1) in answer["message"], answer
    assert not storage.objects
    assert mpu(server, "complete", run_id, message) == (200, {})


def test_an_answer_is_known_by_its_elements_whatever_its_root(storage, server):
    """Moto's server, for instance, has ListPartsResponse where S3 has ListPartsResult."""
    run_id = new_run(server.url)
    storage.renames_roots = True
    message = begin(server, run_id, contents=[os.urandom(5 * MEGABYTE), b"end"])
    left_out = {**message, "parts": message["parts"][:1]}
    status, answer = mpu(server, "complete", run_id, left_out)
    assert status == 400 and "2" in answer["message"]
    assert mpu(server, "complete", run_id, message) == (200, {})
    assert must(server.url, f"artifacts/list?run_id={run_id}")["files"]


def test_a_list_of_parts_that_cannot_be_read_stops_no_upload_that_needs_none(storage, server):
    run_id = new_run(server.url)
    message = begin(server, run_id, contents=[os.urandom(5 * MEGABYTE), b"end"])
    storage.fault = always("parts", ("reply", 200, PAGE, {}))
    assert mpu(server, "complete", run_id, message) == (200, {})


def test_an_answer_that_is_none_is_told_with_the_request(storage):
    arguments = [*storage.arguments(PREFIX), "--server-artifacts", "1GB"]
    with ApusServer(arguments, environment=storage.environment()) as running:
        run_id = new_run(running.url)
        message = begin(running, run_id, contents=[b"end"])
        storage.fault = always("parts", ("reply", 200, PAGE, {}))
        status, answer = mpu(running, "complete", run_id, message)
        assert status == 400 and "ListParts" in answer["message"], answer


@pytest.mark.parametrize("number", [-1, 0, 10_001, 10**9, 2**63 - 1])
def test_a_part_number_that_no_part_can_have_is_refused_at_once(storage, server, number):
    run_id = new_run(server.url)
    message = begin(server, run_id)
    status, answer = mpu(server, "complete", run_id, {**message, "parts": [{"part_number": number, "etag": "x"}]})
    assert status == 400 and "10000" in answer["message"], answer


def test_a_mistake_of_the_client_is_no_fault_of_the_storage(storage):
    with ApusServer(storage.arguments(PREFIX), environment=storage.environment()) as running:
        run_id = new_run(running.url)
        message = begin(running, run_id, contents=[b"too small", b"end"])
        status, answer = mpu(running, "complete", run_id, message)
        assert status == 400 and "EntityTooSmall" in answer["message"]
        parts = [{**part, "etag": '"0"'} for part in message["parts"]]
        assert mpu(running, "complete", run_id, {**message, "parts": parts})[0] == 400
        assert put(running, "/".join(["x" * 200] * 6), b"x") == 400
        assert "a request failed" not in running.log()
        storage.fault = lambda call_: ("answer", 403, "AccessDenied")
        assert put(running, "x", b"x") == 403
        wait_until(lambda: "a request failed" in running.log(), 30, "the log to tell the fault of the storage")


def test_open_uploads_have_a_bound_that_ends_with_them(storage):
    arguments = [*storage.arguments(PREFIX), "--client-uploads", "2"]
    with ApusServer(arguments, environment=storage.environment()) as running:
        run_id = new_run(running.url)
        first, second = begin(running, run_id, "a"), begin(running, run_id, "b")
        status, answer = mpu(running, "create", run_id, {"path": "c", "num_parts": 1})
        assert status == 501 and "too many uploads are open" in answer["message"]
        assert len(storage.uploads) == 2
        assert mpu(running, "complete", run_id, first) == (200, {})
        third = begin(running, run_id, "c")
        assert mpu(running, "create", run_id, {"path": "d", "num_parts": 1})[0] == 501
        for message in (second, third):
            assert mpu(running, "abort", run_id, message) == (200, {})
        assert mpu(running, "create", run_id, {"path": "d", "num_parts": 1})[0] == 200


def test_an_upload_that_another_server_has_completed_is_open_no_more(storage):
    arguments = [*storage.arguments(PREFIX), "--client-uploads", "1"]
    with ApusServer(arguments, environment=storage.environment()) as one:
        with ApusServer(arguments, environment=storage.environment()) as other:
            run_id = new_run(one.url)
            assert mpu(other, "complete", run_id, begin(one, run_id, "a")) == (200, {})
            assert mpu(one, "create", run_id, {"path": "b", "num_parts": 1})[0] == 200
            assert mpu(one, "create", run_id, {"path": "c", "num_parts": 1})[0] == 501


def test_an_upload_in_parts_does_not_begin_where_a_quota_is_spent(storage):
    arguments = [*storage.arguments(PREFIX), "--server-artifacts", "1MB"]
    with ApusServer(arguments, environment=storage.environment()) as running:
        run_id = new_run(running.url)
        assert put(running, f"0/{run_id}/artifacts/a", b"x" * MEGABYTE) == 200
        assert mpu(running, "create", run_id, {"path": "c", "num_parts": 1})[0] == 413
        assert not storage.uploads


# What an operator does.


def test_gc_leaves_the_uploads_of_others_and_finds_all_of_its_own(storage, tmp_path):
    old = datetime.now(timezone.utc) - timedelta(days=8)
    arguments = ["--artifacts-destination", f"s3://{BUCKET}"]
    with ApusServer(arguments, environment=storage.environment(), directory=tmp_path / "server") as running:
        run_id = new_run(running.url)
        for key in ("backups/db.dump", "0/db.dump", "artifacts/x", f"x/{run_id}/artifacts/f"):
            storage.uploads[f"foreign {key}"] = Upload(key, "", begun=old)
        for number in range(1_003):
            storage.uploads[f"own{number}"] = Upload(f"0/{run_id}/artifacts/\x01 {number % 7}", "", begun=old)
        data = running.data_directory
        result = apus("gc", "--data-dir", data, *arguments, environment=storage.environment())
        assert result.returncode == 0, result.stderr
        assert all(name.startswith("foreign") for name in storage.uploads) and len(storage.uploads) == 4


def test_a_storage_that_knows_no_unfinished_upload_is_none_that_fails(storage, tmp_path):
    storage.fault = always("uploads", ("answer", 404, "NoSuchUpload"))
    with ApusServer(storage.arguments(), environment=storage.environment(), directory=tmp_path / "server") as running:
        data = running.data_directory
        result = apus("gc", "--data-dir", data, *storage.arguments(), environment=storage.environment())
        assert result.returncode == 0, result.stderr
        assert "upload-expiry failed" not in running.log()


@pytest.fixture
def folder_of_a_bucket(storage, tmp_path):
    """A data folder whose server has kept artifacts in the bucket and has ended; also a run with an artifact."""
    running = ApusServer(storage.arguments(PREFIX), environment=storage.environment(), directory=tmp_path / "server")
    with running:
        run_id = new_run(running.url)
        assert put(running, f"0/{run_id}/artifacts/f", b"content") == 200
        data = running.data_directory
        running.stop(remove=False)
        yield data, run_id


@pytest.mark.parametrize(
    "command",
    [
        ("export", "--format", "archive", "--data-dir", "{data}", "--output", "{out}"),
        ("export", "--format", "html", "--data-dir", "{data}", "--output", "{out}", "--experiment", "0"),
        ("import", "{data}", "--to", "{out}"),
        ("push", "--data-dir", "{data}", "--to", "http://127.0.0.1:9"),
        ("gc", "--data-dir", "{data}"),
        ("check", "--data-dir", "{data}"),
        ("artifacts", "stats", "--data-dir", "{data}"),
    ],
    ids=lambda command: " ".join(command[:3]),
)
def test_a_command_that_does_not_know_the_bucket_says_so(storage, folder_of_a_bucket, tmp_path, command):
    data, run_id = folder_of_a_bucket
    words = [word.format(data=data, out=tmp_path / "out") for word in command]
    result = apus(*words, environment={"MLFLOW_ARTIFACTS_DESTINATION": None})
    assert result.returncode in (1, 2), (result.stdout, result.stderr)
    assert f"s3://{BUCKET}/{PREFIX}" in result.stderr
    assert list(storage.objects) == [f"{PREFIX}/0/{run_id}/artifacts/f"]


def test_a_command_that_knows_the_bucket_brings_its_artifacts(storage, folder_of_a_bucket, tmp_path):
    data, run_id = folder_of_a_bucket
    environment = storage.environment(MLFLOW_ARTIFACTS_DESTINATION=f"s3://{BUCKET}/{PREFIX}")
    result = apus("import", data, "--to", tmp_path / "out", environment=environment)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / f"out/artifacts/0/{run_id}/artifacts/f").read_bytes() == b"content"
    # An import into the folder itself would put files where its server does not look.
    result = apus("import", tmp_path / "out", "--to", data, environment={"MLFLOW_ARTIFACTS_DESTINATION": None})
    assert result.returncode == 2 and BUCKET in result.stderr


def test_an_export_without_the_artifacts_of_the_bucket_is_not_whole(storage, folder_of_a_bucket, tmp_path):
    data, _ = folder_of_a_bucket
    for arguments in ([], storage.arguments(PREFIX)):
        result = apus(
            "export", "--format", "mlflow-db", "--data-dir", data, "--output", tmp_path / f"db{len(arguments)}", *arguments,
            environment={**storage.environment(), "MLFLOW_ARTIFACTS_DESTINATION": None},
        )  # fmt: skip
        assert result.returncode == 1 and f"s3://{BUCKET}/{PREFIX}" in result.stderr, result.stderr


def test_a_backup_says_what_is_not_in_it_even_if_nobody_says_where_that_is(folder_of_a_bucket, tmp_path):
    data, _ = folder_of_a_bucket
    result = apus("backup", tmp_path / "copies", "--data-dir", data, environment={"MLFLOW_ARTIFACTS_DESTINATION": None})
    assert result.returncode == 0 and f"s3://{BUCKET}/{PREFIX}" in result.stderr


def test_a_server_that_forgets_the_bucket_does_not_start(storage, folder_of_a_bucket, tmp_path):
    data, run_id = folder_of_a_bucket
    forgotten = {"MLFLOW_ARTIFACTS_DESTINATION": None}
    for _ in range(2):
        result = apus("server", "--data-dir", data, "--port", "0", environment=forgotten)
        assert result.returncode == 1, (result.stdout, result.stderr)
        assert f"--artifacts-destination 's3://{BUCKET}/{PREFIX}'" in result.stderr
        assert f"--artifacts-destination '{data}/artifacts'" in result.stderr
    export = ["export", "--format", "archive", "--data-dir", data, "--output", tmp_path / "out"]
    assert apus(*export, environment=forgotten).returncode == 2
    with ApusServer(["--data-dir", str(data), *storage.arguments(PREFIX)], environment=storage.environment()) as running:
        assert send("GET", artifact_url(running, f"0/{run_id}/artifacts/f"))[:2] == (200, b"content")


def test_the_place_is_forgotten_when_a_server_keeps_artifacts_in_a_folder(storage, folder_of_a_bucket):
    data, _ = folder_of_a_bucket
    with ApusServer(["--data-dir", str(data), "--artifacts-destination", str(data / "artifacts")]) as running:
        assert f"s3://{BUCKET}/{PREFIX}" in running.log()
    assert apus("gc", "--data-dir", data, environment={"MLFLOW_ARTIFACTS_DESTINATION": None}).returncode == 0


@pytest.mark.parametrize(
    "arguments, environment, words, hidden",
    [
        (["--artifacts-destination", " s3://bucket/x"], {}, "space", None),
        ([], {"MLFLOW_S3_ENDPOINT_URL": "http://user:hunter2@127.0.0.1:9"}, "MLFLOW_S3_ENDPOINT_URL", "hunter2"),
    ],
    ids=["space", "password"],
)
def test_a_slip_of_the_pen_is_refused_at_the_start(storage, arguments, environment, words, hidden):
    with pytest.raises(ServerFailed) as failure:
        ApusServer(arguments or storage.arguments(), environment=storage.environment(**environment)).start()
    assert words in str(failure.value) and (hidden is None or hidden not in str(failure.value))
