"""Users whom a proxy names: from its own address alone, and in one field that can be read."""

import http.client
import http.server
import threading

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from browser_like import Browser
from helpers import API, call, send
from keeping import apus
from servers import ApusServer
from test_issuers import refused

pytestmark = pytest.mark.apus
SEARCH = API + "experiments/search?max_results=5"
CREATE = API + "experiments/create"
FIELD = "X-Forwarded-User"
TRUSTED = ["--trust-proxy-user", FIELD, "--trust-proxy-groups", "X-Forwarded-Groups", "--group-scopes",
           "admins=admin,team=write,*=read"]


class Proxy:
    """Passes requests on and names their user, as oauth2-proxy does; what clients say of it themselves is dropped."""

    def __init__(self, server, user, groups):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_call(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fields = {name: value for name, value in self.headers.items() if not name.lower().startswith("x-forwarded")}
                fields.update({FIELD: user, "X-Forwarded-Groups": groups})
                connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
                connection.request(self.command, self.path, body or None, fields)
                answer = connection.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_call

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    arguments = [*TRUSTED, "--trusted-proxies", "10.0.0.0/8, 127.0.0.1"]
    with ApusServer(arguments, directory=tmp_path_factory.mktemp("server")) as running:
        yield running


def test_the_client_behind_a_proxy_is_the_user_whom_it_names(server):
    with Proxy(server, "ada@example.org", "team, others") as proxy:
        client = MlflowClient(proxy.url)
        run = client.create_run(client.create_experiment("by-proxy"))
        client.log_metric(run.info.run_id, "loss", 1.0)
        assert client.get_run(run.info.run_id).data.metrics == {"loss": 1.0}
        assert call(proxy.url, "/api/apus/1.0/gc", {"dry_run": True})[0] == 403
        page = Browser().open(proxy.url + "/")
        assert page.status == 200 and page.url == proxy.url + "/"
    with Proxy(server, "eve", "") as proxy:
        assert MlflowClient(proxy.url).get_experiment("0").name == "Default"
        with pytest.raises(MlflowException, match="PERMISSION_DENIED"):
            MlflowClient(proxy.url).create_experiment("never")


def test_without_the_field_a_token_is_needed(server):
    assert send("GET", server.url + SEARCH)[0] == 401
    token = apus("token", "create", "direct", "--data-dir", server.data_directory).stdout.strip()
    assert send("GET", server.url + SEARCH, headers={"Authorization": f"Bearer {token}"})[0] == 200
    # What the proxy says counts, whatever the client sends besides.
    both = {"Authorization": f"Bearer {token}", FIELD: "eve"}
    assert call(server.url, "experiments/create", {"name": "never"}, headers=both)[0] == 403


@pytest.mark.parametrize("peers", ["10.0.0.5", "127.0.0.2", "127.0.1.0/24", "::1", "192.168.0.0/16,unix"])
def test_from_other_addresses_the_field_is_nothing(tmp_path, peers):
    with ApusServer([*TRUSTED, "--trusted-proxies", peers], directory=tmp_path / "server") as server:
        for fields in ({FIELD: "ada", "X-Forwarded-Groups": "admins"}, {FIELD: "ada", "X-Forwarded-For": "10.0.0.5"}):
            assert send("GET", server.url + SEARCH, headers=fields)[0] == 401
        token = apus("token", "create", "direct", "--scope", "read", "--data-dir", server.data_directory).stdout.strip()
        fields = {"Authorization": f"Bearer {token}", FIELD: "ada", "X-Forwarded-Groups": "admins"}
        assert send("GET", server.url + SEARCH, headers=fields)[0] == 200
        assert call(server.url, "experiments/create", {"name": "never"}, headers=fields)[0] == 403


@pytest.mark.parametrize("peers", ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "127.0.0.1/32", "10.0.0.1,127.0.0.0/31"])
def test_a_range_holds_the_addresses_that_begin_like_it(tmp_path, peers):
    with ApusServer([*TRUSTED, "--trusted-proxies", peers], directory=tmp_path / "server") as server:
        assert send("GET", server.url + SEARCH, headers={FIELD: "ada"})[0] == 200


def raw(server, *lines):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.putrequest("GET", SEARCH)
    for name, value in lines:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def test_a_field_that_names_nobody_is_refused(server):
    for value in (b"", b" ", b"a,b", b"a\xffb", b"\xc3", b"a\tb", b"a" * 256, b"the operator's command", "a\u202eb".encode(), b"a\x7fb"):
        status, content = raw(server, (FIELD, value))
        assert status == 400, value
    assert raw(server, (FIELD, "ada"), (FIELD, "ada"))[0] == 400
    assert raw(server, (FIELD, "ada"), (FIELD.lower(), "eve"))[0] == 400
    assert raw(server, (FIELD, "ada"), ("X-Forwarded-Groups", "a"), ("X-Forwarded-Groups", "admins"))[0] == 400
    assert raw(server, (FIELD, "ada"), ("X-Forwarded-Groups", "a," * 1_500))[0] in (200, 400)
    assert raw(server, (FIELD, "zoë ž 東".encode()))[0] == 200
    assert raw(server, ("X_Forwarded_User", "ada"))[0] == 401


def test_pages_of_other_sites_change_nothing_in_the_name_of_the_proxys_user(server):
    user = {FIELD: "ada", "X-Forwarded-Groups": "team"}
    for number, fields in enumerate((
        {"Origin": "https://evil.example"}, {"Origin": "http://localhost:3000"}, {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    )):
        status, _ = call(server.url, "experiments/create", {"name": f"never {number}"}, headers={**user, **fields})
        assert status == 403, fields
        assert send("GET", server.url + SEARCH, headers={**user, **fields})[0] == 403, fields
    own = {**user, "Origin": server.url}
    assert call(server.url, "experiments/create", {"name": "own"}, headers=own)[0] == 200
    link = {**user, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert send("GET", server.url + "/", headers=link)[0] == 200


def test_settings_that_would_trust_everybody_end_the_start(tmp_path):
    user, groups = ["--trust-proxy-user", FIELD], ["--group-scopes", "*=read"]
    assert "--trusted-proxies" in refused(tmp_path, *user, *groups)
    assert "--group-scopes" in refused(tmp_path, *user, "--trusted-proxies", "127.0.0.1")
    for peers in ("proxy.example.org", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0", "10.0.0.1/8/8", "10.0.0.1/"):
        assert "is no address" in refused(tmp_path, *user, *groups, "--trusted-proxies", peers)
    for field in ("Authorization", "Host", "a b", "a:", "X_User"):
        message = refused(tmp_path, "--trust-proxy-user", field, *groups, "--trusted-proxies", "127.0.0.1")
        assert "is no header field" in message
    assert "only with --trust-proxy-user" in refused(tmp_path, "--trusted-proxies", "127.0.0.1")
    assert "same field" in refused(
        tmp_path, *user, *groups, "--trusted-proxies", "127.0.0.1", "--trust-proxy-groups", FIELD.lower()
    )


def test_variables_stand_in_for_the_flags(tmp_path):
    environment = {
        "APUS_TRUST_PROXY_USER": "Remote-User", "APUS_TRUSTED_PROXIES": "127.0.0.1", "APUS_GROUP_SCOPES": "*=write",
    }
    with ApusServer([], environment, directory=tmp_path / "server") as server:
        assert send("GET", server.url + SEARCH)[0] == 401
        assert call(server.url, "experiments/create", {"name": "x"}, headers={"Remote-User": "ada"})[0] == 200
