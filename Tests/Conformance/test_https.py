"""https: what `apus server` serves with a certificate, and what the commands say about certificates of others."""

import contextlib
import http.client
import os
import re
import signal
import socket
import socketserver
import ssl
import subprocess
import threading

import mlflow
import pytest
import requests
from mlflow import MlflowClient

from certificates import OPENSSL, Authority, self_signed
from servers import ApusServer, apus_binary, wait_until

pytestmark = [
    pytest.mark.apus,
    pytest.mark.skipif(OPENSSL is None, reason="the openssl command, which makes the certificates, is not installed"),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "root")


@pytest.fixture(scope="module")
def good(authority):
    return authority.issue("good")


class SecureServer(ApusServer):
    """`apus server` over https, which is asked for its health with the certificate of its issuer."""

    def __init__(self, authority, certificate, arguments=(), **others):
        files = ["--ssl-certfile", certificate.certificate, "--ssl-keyfile", certificate.key]
        super().__init__([*files, *arguments], **others)
        self.authority = authority.certificate

    def _answers(self):
        if self.process is None or self.process.poll() is not None:
            return super()._answers()
        self.url = self.url or self.find_url()
        if not self.url:
            return False
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(self.url + "/health", verify=str(self.authority), timeout=60).status_code == 200
        return False


class UntrustedServer(SecureServer):
    """A server whose certificate nobody trusts."""

    def _answers(self):
        if self.process is None or self.process.poll() is not None:
            return super()._answers()
        self.url = self.url or self.find_url()
        return bool(self.url)


@pytest.fixture(scope="module")
def server(authority, good):
    with SecureServer(authority, good) as server:
        yield server


def doctor(uri, **environment):
    command = [str(apus_binary()), "doctor", uri, "--timeout", "10"]
    environment = {"PATH": "/usr/bin:/bin", **{name: str(value) for name, value in environment.items()}}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def assert_fine(result):
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr


def assert_fails(result, *texts):
    assert (result.returncode, result.stderr) == (1, ""), result.stdout + result.stderr
    for text in texts:
        assert text in result.stdout, result.stdout


# The client of Apus.


@contextlib.contextmanager
def tls_server(certificate, *arguments):
    """OpenSSL's own server, which answers every request with a page about the connection."""
    command = [OPENSSL, "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.certificate, "-key", certificate.key]
    process = subprocess.Popen(
        [*map(str, command), "-www", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        # "ACCEPT 127.0.0.1:PORT"
        for line in process.stdout:
            if found := re.match(r"ACCEPT .*:(\d+)", line):
                break
        else:
            raise AssertionError("s_server has not started")
        yield int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_good_certificate_is_trusted_and_the_page_of_another_program_is_told(authority, good):
    with tls_server(good) as port:
        for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "MLFLOW_TRACKING_SERVER_CERT_PATH"]:
            for host in ["127.0.0.1", "localhost"]:
                result = doctor(f"https://{host}:{port}", **{variable: authority.certificate})
                assert_fails(result, "the answer is 200 in HTML")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda authority: authority.issue("expired", days=-1), "its certificate has expired: it was valid until 20"),
        (
            lambda authority: authority.issue("other", hosts="DNS:other.example,IP:10.1.2.3"),
            "its certificate is for another name: it is for other.example, 10.1.2.3",
        ),
        (lambda authority: authority.issue("nameless", hosts=""), "its certificate is for another name"),
        (lambda authority: self_signed(authority.folder, "own"), "its certificate is signed by itself"),
        (
            lambda authority: Authority(authority.folder / "foreign", "stranger").issue("strange"),
            "the issuer of its certificate is not among the trusted ones",
        ),
    ],
    ids=["expired", "other name", "no name", "self-signed", "unknown issuer"],
)
def test_what_is_wrong_with_a_certificate_is_said(authority, make, text):
    with tls_server(make(authority)) as port:
        uri = f"https://127.0.0.1:{port}"
        verified = doctor(uri, SSL_CERT_FILE=authority.certificate)
        assert_fails(verified, f"no https connection to 127.0.0.1:{port}: {text}")
        assert_fails(doctor(uri, MLFLOW_TRACKING_INSECURE_TLS="true"), "the answer is 200 in HTML")


def test_a_self_signed_certificate_can_be_trusted_by_itself(tmp_path):
    certificate = self_signed(tmp_path, "own")
    with tls_server(certificate) as port:
        result = doctor(f"https://127.0.0.1:{port}", MLFLOW_TRACKING_SERVER_CERT_PATH=certificate.certificate)
        assert_fails(result, "the answer is 200 in HTML")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_client_certificate_is_shown_where_the_server_wants_one(authority, good, version):
    client = authority.issue("client", hosts="", usage="clientAuth")
    with tls_server(good, "-Verify", "1", "-verify_return_error", "-CAfile", authority.certificate, version) as port:
        uri = f"https://127.0.0.1:{port}"
        trusting = {"SSL_CERT_FILE": authority.certificate}
        assert_fails(doctor(uri, MLFLOW_TRACKING_CLIENT_CERT_PATH=client.both, **trusting), "the answer is 200 in HTML")
        assert_fails(doctor(uri, **trusting), "MLFLOW_TRACKING_CLIENT_CERT_PATH")


def test_an_old_version_of_tls_is_refused(authority, good):
    with tls_server(good, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0") as port:
        result = doctor(f"https://127.0.0.1:{port}", SSL_CERT_FILE=authority.certificate)
        assert_fails(result, "no https connection")


def test_settings_that_cannot_be_followed_are_named(server, authority, tmp_path):
    (tmp_path / "empty.pem").write_text("nothing")
    for variables, text in [
        ({"MLFLOW_TRACKING_SERVER_CERT_PATH": tmp_path / "missing.pem"}, "No such file"),
        ({"REQUESTS_CA_BUNDLE": tmp_path / "empty.pem"}, "holds no trusted certificates"),
        ({"MLFLOW_TRACKING_CLIENT_CERT_PATH": authority.certificate}, "holds no private key"),
        (
            {"MLFLOW_TRACKING_SERVER_CERT_PATH": authority.certificate, "MLFLOW_TRACKING_INSECURE_TLS": "true"},
            "contradict each other",
        ),
    ]:
        assert_fails(doctor(server.url, **variables), text, next(iter(variables)))


def test_https_to_a_plain_port_and_http_to_an_encrypted_one_are_told(server, authority):
    with ApusServer() as plain:
        result = doctor(f"https://127.0.0.1:{plain.port}", SSL_CERT_FILE=authority.certificate)
        assert_fails(result, "it does not speak TLS", "Write http:// instead of https://")
    result = doctor(f"http://127.0.0.1:{server.port}")
    assert_fails(result, "This port speaks https", "Write https:// instead of http://")


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy that connects whoever names itself as me:word, and remembers to what."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.targets = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class ProxyHandler(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode()
        fields = [field for field in iter(lambda: self.rfile.readline().decode().strip(), "")]
        self.server.targets.append(line.strip())
        if "Proxy-Authorization: Basic bWU6d29yZA==" not in fields:
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = line.split()[1].rsplit(":", 1)
        with socket.create_connection((host, int(port))) as target:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, self.connection), daemon=True)
            back.start()
            pump(self.connection, target)
            back.join(10)


def pump(source, target):
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_a_proxy_leads_to_the_server_and_sees_nothing_of_the_calls(server, authority):
    with Proxy() as proxy:
        place = f"127.0.0.1:{proxy.server_address[1]}"
        trusting = {"SSL_CERT_FILE": authority.certificate, "MLFLOW_TRACKING_TOKEN": "secret"}
        assert_fine(doctor(server.url, HTTPS_PROXY=f"http://me:word@{place}", **trusting))
        assert set(proxy.targets) == {f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"}
        count = len(proxy.targets)
        assert_fails(doctor(server.url, HTTPS_PROXY=place, **trusting), f"the proxy {place} of HTTPS_PROXY", "407")
        assert_fine(doctor(server.url, HTTPS_PROXY=place, NO_PROXY="10.0.0.0/8, 127.0.0.1", **trusting))
        assert len(proxy.targets) == count + 1


# The server.


@pytest.fixture
def client(server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(server.authority))
    mlflow.set_tracking_uri(server.url)
    yield MlflowClient(server.url)


def test_the_client_logs_searches_and_moves_artifacts(client, tmp_path):
    experiment = client.create_experiment("over https")
    run = client.create_run(experiment)
    run_id = run.info.run_id
    for step in range(50):
        client.log_metric(run_id, "loss", 1 / (step + 1), step=step)
    client.log_param(run_id, "p", "q")
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(1 << 20) * 24)
    client.log_artifact(run_id, str(large))
    (tmp_path / "small.txt").write_text("small")
    client.log_artifact(run_id, str(tmp_path / "small.txt"), "folder")
    target = tmp_path / "back"
    target.mkdir()
    assert (target / client.download_artifacts(run_id, "large.bin", str(target))).read_bytes() == large.read_bytes()
    assert client.get_run(run_id).data.metrics == {"loss": 1 / 50}
    assert len(client.get_metric_history(run_id, "loss")) == 50
    assert [found.info.run_id for found in client.search_runs([experiment], "params.p = 'q'")] == [run_id]
    client.set_terminated(run_id)


def test_files_sent_in_parts_go_over_https_too(client, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(1 << 20))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 << 20))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.environ["MLFLOW_TRACKING_SERVER_CERT_PATH"])
    run_id = client.create_run("0").info.run_id
    large = tmp_path / "parts.bin"
    large.write_bytes(os.urandom(1 << 20) * 12)
    client.log_artifact(run_id, str(large))
    assert [(file.path, file.file_size) for file in client.list_artifacts(run_id)] == [("parts.bin", 12 << 20)]


def test_the_pages_come_over_https(server):
    page = requests.get(server.url + "/", verify=str(server.authority), timeout=60)
    assert page.status_code == 200 and "<title>" in page.text


def test_the_commands_of_this_machine_reach_the_owner_of_a_folder(authority, tmp_path):
    certificate = authority.issue("elsewhere", hosts="DNS:tracking.example")
    with UntrustedServer(authority, certificate, directory=tmp_path / "served") as server:
        command = [str(apus_binary()), "gc", "--data-dir", str(server.data_directory), "--older-than", "0d"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stdout + result.stderr


def handshake(port, authority, **settings):
    context = ssl.create_default_context(cafile=str(authority.certificate))
    for name, value in settings.items():
        setattr(context, name, value)
    raw = socket.create_connection(("127.0.0.1", port), timeout=60)
    return context.wrap_socket(raw, server_hostname="localhost")


def test_versions_from_1_2_on_are_spoken(server, authority):
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        with handshake(server.port, authority, minimum_version=version, maximum_version=version) as connection:
            assert connection.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
    command = [OPENSSL, "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]
    old = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert old.returncode != 0 and "alert protocol version" in old.stderr


def test_openssl_is_satisfied_with_the_chain_and_the_name(server, authority):
    command = [OPENSSL, "s_client", "-connect", f"127.0.0.1:{server.port}", "-verify_return_error", "-brief"]
    command += ["-CAfile", str(authority.certificate), "-verify_hostname", "localhost", "-alpn", "h2,http/1.1"]
    seen = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert seen.returncode == 0 and "Verification: OK" in seen.stderr, seen.stderr


def test_a_plain_request_gets_a_plain_answer(server):
    for method in ["GET", "POST", "DELETE"]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request(method, "/api/2.0/mlflow/experiments/get", body=b"x" * 100_000 if method == "POST" else None)
        answer = connection.getresponse()
        assert answer.status == 400 and b"This port speaks https" in answer.read()
        assert answer.headers["Connection"] == "close"
        connection.close()


def test_what_is_neither_http_nor_tls_is_closed(server, authority):
    for rubbish in [b"\x00" * 100, b"\x16\x03\x01\x00\x05hello", b"\x80\x2e\x01\x00\x02" + b"\x00" * 60]:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(rubbish)
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(4_096):
                    pass
    with handshake(server.port, authority) as connection:
        assert connection.version()


def test_clients_that_stop_in_the_handshake_hold_nobody_up(server, authority):
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(50)]
    for connection in silent[:25]:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    try:
        for _ in range(5):
            health = requests.get(server.url + "/health", verify=str(authority.certificate), timeout=60)
            assert health.status_code == 200
    finally:
        for connection in silent:
            connection.close()


def test_requests_that_follow_each_other_in_one_record_are_answered_in_order(server, authority):
    with handshake(server.port, authority) as connection:
        one = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sendall(one * 40 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    assert received.count(b"HTTP/1.1 200 OK") == 41


def served_serial(server, authority):
    with handshake(server.port, authority) as connection:
        return connection.getpeercert()["serialNumber"]


def test_a_hangup_signal_renews_the_certificate_and_a_bad_file_keeps_the_old_one(authority, tmp_path):
    certificate = authority.issue("renewed")
    with SecureServer(authority, certificate, directory=tmp_path / "served") as server:
        kept = handshake(server.port, authority)
        first = served_serial(server, authority)
        authority.issue("renewed")
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: served_serial(server, authority) != first, 20, "the new certificate")
        second = served_serial(server, authority)
        certificate.key.write_text("broken")
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: "the server keeps the old certificate" in server.log(), 20, "the refusal")
        assert served_serial(server, authority) == second
        # A connection from before goes on.
        kept.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert kept.recv(4_096).startswith(b"HTTP/1.1 200 OK")
        kept.close()


def test_uvicorns_options_are_taken(authority, good, tmp_path):
    options = f"--ssl-certfile '{good.certificate}' --ssl-keyfile={good.key}"
    with SecureServer(authority, good, directory=tmp_path / "served") as server:
        server.stop(remove=False)
        server.arguments = ["--uvicorn-opts", options]
        server.start()
        assert server.url.startswith("https://")


def refusal(tmp_path, *arguments):
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", str(tmp_path / "data"), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stderr


def test_files_that_cannot_be_used_are_named(authority, good, tmp_path):
    other = authority.issue("another")
    missing = tmp_path / "missing.pem"
    assert "No such file" in refusal(tmp_path, "--ssl-certfile", missing)
    assert "--ssl-keyfile" in refusal(tmp_path, "--ssl-certfile", good.certificate, "--ssl-keyfile", missing)
    assert "holds no private key" in refusal(tmp_path, "--ssl-certfile", good.certificate)
    text = refusal(tmp_path, "--ssl-certfile", good.certificate, "--ssl-keyfile", other.key)
    assert "is not that of the certificate" in text
    assert "--ssl-certfile" in refusal(tmp_path, "--ssl-keyfile", good.key)


def test_a_key_that_others_may_read_and_an_expired_certificate_are_warned_of(authority, tmp_path):
    expired = authority.issue("ended", days=-1)
    expired.key.chmod(0o644)
    with UntrustedServer(authority, expired, directory=tmp_path / "served") as server:
        assert "every user of this machine may read the private key" in server.log()
        assert "the certificate has expired" in server.log()


def test_a_missing_library_is_named_with_what_to_install(server, good, tmp_path):
    for name in ["libcrypto.so.3", "libssl.so.3"]:
        (tmp_path / name).write_text("no library")
    result = doctor(server.url, LD_LIBRARY_PATH=tmp_path)
    assert_fails(result, "https needs OpenSSL 3", "cannot be loaded", "Install it")
    command = [str(apus_binary()), "server", "--port", "0", "--data-dir", str(tmp_path / "data")]
    command += ["--ssl-certfile", str(good.both)]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert result.returncode == 1 and "https needs OpenSSL 3" in result.stderr


def test_without_a_certificate_openssl_is_not_loaded():
    with ApusServer() as server:
        requests.get(server.url + "/health", timeout=60)
        with open(f"/proc/{server.pid}/maps") as maps:
            assert "libssl" not in maps.read()
