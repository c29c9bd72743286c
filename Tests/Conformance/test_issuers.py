"""Tokens of issuers of OpenID Connect: the client with one as MLFLOW_TRACKING_TOKEN, people who log in, hostile issuers."""

import base64
import hashlib
import hmac
import json
import os
import ssl
import subprocess
import time
import urllib.parse

import pytest

pytest.importorskip("cryptography")

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

from browser_like import Browser  # noqa: E402
from certificates import Authority  # noqa: E402
from helpers import API, send  # noqa: E402
from issuers import Issuer, Key, encoded  # noqa: E402
from servers import PATIENCE, ApusServer, apus_binary, free_port, wait_until  # noqa: E402

pytestmark = pytest.mark.apus
AUDIENCE = "https://ml.example.org"
SEARCH = API + "experiments/search?max_results=5"
SCOPES = "ml-admins=admin,ml-team=write,readers=read"


def flags(issuer, *more, scopes=SCOPES, audience=AUDIENCE):
    return ["--oidc-issuer", issuer.url, "--oidc-audience", audience, "--group-scopes", scopes, *more]


def status(server, token, method="GET", route=SEARCH, body=None, again=True):
    """The status of one request; while its issuer is away, the request is sent again, as clients do."""
    fields = {"Authorization": f"Bearer {token}"}
    if body is not None:
        body, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
    deadline = time.monotonic() + 20 * PATIENCE
    while True:
        code, content, headers = send(method, server.url + route, body, fields)
        if code != 503 or not again or time.monotonic() > deadline:
            status.content, status.headers = content.decode(), headers
            return code
        assert headers["Retry-After"] == "1"


@pytest.fixture(scope="module")
def issuer():
    with Issuer() as running:
        yield running


@pytest.fixture(scope="module")
def server(issuer, tmp_path_factory):
    with ApusServer(flags(issuer), directory=tmp_path_factory.mktemp("server")) as running:
        valid = issuer.token(sub="ada", aud=AUDIENCE, groups=["ml-team"])
        wait_until(lambda: status(running, valid) == 200, 20, "the issuer's keys")
        yield running


def test_the_client_works_with_a_token_of_the_issuer(server, issuer, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", issuer.token(sub="ci", aud=AUDIENCE, groups=["other", "ml-team"]))
    mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment("by-issuer")
    (tmp_path / "model.txt").write_text("weights")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5)
        mlflow.log_artifact(str(tmp_path / "model.txt"))
    client = MlflowClient(server.url)
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["model.txt"]


def test_the_token_may_be_the_password_of_a_user(server, issuer):
    token = issuer.token(sub="ci", aud=AUDIENCE, groups=["ml-team"])
    pair = base64.b64encode(f"any:{token}".encode()).decode()
    assert send("GET", server.url + SEARCH, headers={"Authorization": f"Basic {pair}"})[0] == 200


def test_groups_have_the_scopes_that_the_operator_gives_them(server, issuer, monkeypatch):
    create, gc = API + "experiments/create", "/api/apus/1.0/gc"
    for groups, expected in (
        (["readers"], [200, 403, 403]), (["ml-team"], [200, 200, 403]), (["ml-admins", "readers"], [200, 200, 200]),
        ("ml-team", [200, 200, 403]), ([], [403] * 3), (["ML-TEAM"], [403] * 3), (["*"], [403] * 3), (None, [403] * 3),
    ):
        token = issuer.token(sub="ada", aud=AUDIENCE, groups=groups)
        seen = [
            status(server, token), status(server, token, "POST", create, {"name": f"of {groups}"}),
            status(server, token, "POST", gc, {"dry_run": True}),
        ]
        assert seen == expected, groups
    assert "--group-scopes" in status.content
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", issuer.token(sub="ada", aud=AUDIENCE, groups=["readers"]))
    with pytest.raises(MlflowException, match="PERMISSION_DENIED"):
        MlflowClient(server.url).create_experiment("never")


def test_a_token_that_is_not_for_this_server_is_refused(server, issuer):
    now = int(time.time())
    fine = {"sub": "ada", "aud": AUDIENCE, "groups": ["ml-team"]}
    assert status(server, issuer.token(**fine)) == 200
    for wrong, words in (
        ({"aud": "https://other.example.org"}, "not for this server"), ({"aud": None}, "not for this server"),
        ({"aud": ["a", 1]}, "not for this server"), ({"aud": {}}, "not for this server"), ({"aud": AUDIENCE + "/"}, "aud"),
        ({"iss": "https://evil.example.org"}, "does not know"), ({"iss": None}, "does not know"),
        ({"iss": issuer.url + "/"}, "does not know"), ({"exp": now - 61}, "expired"), ({"exp": None}, "no expiration time"),
        ({"exp": "tomorrow"}, "no expiration time"), ({"exp": -1}, "expired"), ({"exp": 0}, "expired"),
        ({"nbf": now + 120}, "not valid yet"),
        ({"nbf": "x"}, "not valid yet"), ({"iat": now + 120}, "in the future"), ({"sub": None}, "names no user"),
        ({"sub": ""}, "names no user"), ({"sub": 7}, "names no user"), ({"sub": "a\nb"}, "is not allowed"),
        ({"sub": "x" * 256}, "is not allowed"), ({"sub": "the operator's command"}, "is not allowed"),
        ({"groups": [1]}, "list of at most"), ({"groups": {}}, "list of at most"), ({"cnf": {"jkt": "x"}}, "bound to a key"),
    ):
        assert status(server, issuer.token(**{**fine, **wrong}), again=False) == 401, wrong
        assert words in status.content, (wrong, status.content)
        assert [field.split()[0] for field in status.headers.get_all("WWW-Authenticate")] == ["Basic", "Bearer"]
    # Clocks may differ by a minute.
    for right in ({"exp": now - 20}, {"nbf": now + 20}, {"iat": now + 20.5}, {"aud": ["a", AUDIENCE]}, {"exp": 1e300}):
        assert status(server, issuer.token(**{**fine, **right})) == 200, right


def test_a_token_that_the_issuer_has_not_signed_is_refused(server, issuer):
    fine = {"sub": "ada", "aud": AUDIENCE, "groups": ["ml-admins"]}
    valid = issuer.token(**fine)
    head, payload, signature = valid.split(".")
    other = Key("ES256")
    public = json.dumps(issuer.keys[0].published()).encode()
    pem = issuer.keys[0].private.public_key().public_numbers().n.to_bytes(256, "big")
    hostile = [
        issuer.token(key=other, head={"kid": issuer.keys[0].id}, **fine),
        issuer.token(head={"alg": "none"}, **fine), issuer.token(head={"alg": "None"}, **fine),
        issuer.token(head={"alg": "HS256"}, **fine), issuer.token(head={"alg": "RS512"}, **fine),
        issuer.token(head={"alg": "PS256"}, **fine), issuer.token(head={"alg": "ES256"}, **fine),
        issuer.token(head={"alg": None}, **fine), issuer.token(head={"alg": ["RS256"]}, **fine),
        issuer.token(head={"crit": ["exp"]}, **fine), issuer.token(head={"typ": "logout+jwt"}, **fine),
        # A key in the token itself is none.
        issuer.token(key=other, head={"jwk": other.published(), "kid": None}, **fine),
        issuer.token(key=other, head={"jku": issuer.url + "/keys", "kid": other.id}, **fine),
        f"{encoded({'alg': 'none'})}.{payload}.", f"{head}.{payload}.", f"{head}.{payload}.{signature[:-4]}",
        f"{head}.{payload}.{signature}AA", f"{head}.{payload}.{signature}==", f"{head}.{encoded(fine)}.{signature}",
        f"{head}..{signature}", f"{head}.{payload}", f"{head}.{payload}.{signature}.x", valid[:-300], "ey..", "eyJ.eyJ.eyJ",
        f"{encoded('[1]')}.{payload}.{signature}", f"{head}.{encoded('[1]')}.{signature}",
        f"{head}.{encoded(json.dumps({'a': [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}))}.{signature}",
        issuer.token(pad="x" * 20_000, **fine),
    ]
    for secret in (public, pem, b""):
        message = encoded({"alg": "HS256", "kid": issuer.keys[0].id, "typ": "JWT"}) + "." + payload
        hostile.append(message + "." + encoded(hmac.new(secret, message.encode(), hashlib.sha256).digest()))
    for token in hostile:
        # Whatever keys are fetched for it, it is refused for good.
        assert status(server, token, again=False) == 401, token
    assert status(server, valid) == 200
    # One without the name of a key is of the only one there is.
    assert status(server, issuer.token(head={"kid": None, "typ": None}, **fine)) == 200


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"])
def test_each_way_of_signing(algorithm, tmp_path):
    with Issuer(algorithm) as issuer, ApusServer(flags(issuer), directory=tmp_path / "server") as server:
        token = issuer.token(sub="ada", aud=AUDIENCE, groups=["readers"])
        assert status(server, token) == 200
        assert status(server, token[:-10] + token[-10:].swapcase()) == 401
        # The key is known by another name, and of another kind.
        assert status(server, issuer.token(head={"alg": "RS256"}, sub="ada", aud=AUDIENCE)) == 401


def test_a_new_key_is_fetched_once_and_a_token_of_nobodys_key_does_not_fetch_again(tmp_path):
    with Issuer("ES256") as issuer, ApusServer(flags(issuer), directory=tmp_path / "server") as server:
        fine = {"sub": "ada", "aud": AUDIENCE, "groups": ["readers"]}
        first = issuer.token(**fine)
        assert status(server, first) == 200
        fetched = issuer.calls.count("/keys")
        assert fetched == 1
        for _ in range(20):
            assert status(server, issuer.token(key=Key("ES256"), **fine), again=False) == 401
            # A token that is no good anyhow asks for no key.
            assert status(server, issuer.token(key=Key("ES256"), **{**fine, "aud": "x"}), again=False) == 401
        assert issuer.calls.count("/keys") == fetched
        assert status(server, first) == 200


def test_while_the_issuer_is_away_its_keys_count_on(tmp_path):
    with Issuer("ES256") as issuer, ApusServer(flags(issuer), directory=tmp_path / "server") as server:
        fine = {"sub": "ada", "aud": AUDIENCE, "groups": ["readers"]}
        assert status(server, issuer.token(**fine)) == 200
        issuer.faults.update({"/keys": lambda handler: handler.reply(500, {}), "/.well-known/openid-configuration": None})
        assert status(server, issuer.token(**{**fine, "sub": "another"})) == 200


def hold(issuer):
    def fault(handler):
        issuer.released.wait(60)
        handler.close_connection = True

    return fault


def drip(issuer):
    def fault(handler):
        handler.send_response(200)
        handler.end_headers()
        while not issuer.released.wait(0.2):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return fault


def reply(content, code=200, **fields):
    return lambda issuer: lambda handler: handler.reply(code, content, **fields)


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize("path,fault,words", [
    (DISCOVERY, hold, None), (DISCOVERY, drip, None), ("/keys", hold, None),
    (DISCOVERY, reply(b"x" * 300_000), "larger"), ("/keys", reply(b"x" * 300_000), "larger"),
    (DISCOVERY, reply(b"<html>"), "not answer with a JSON object"), (DISCOVERY, reply(b"[]"), "not answer with a JSON object"),
    (DISCOVERY, reply(b""), "not answer with a JSON object"), (DISCOVERY, reply({}, 404), "answers 404"),
    (DISCOVERY, reply({}, 302, Location="http://169.254.169.254/latest"), "answers 302"),
    (DISCOVERY, reply({"issuer": "https://evil.example"}), "another issuer"),
    ("/keys", reply(b"nothing"), "not answer with a set of keys"), ("/keys", reply({"keys": {}}), "not answer with a set of keys"),
    ("/keys", reply({"keys": []}), "no key that can be used"), ("/keys", reply({"keys": [{}] * 101}), "101 keys"),
    ("/keys", reply({"keys": [{"kty": "oct", "k": "AAAA"}, 7, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}), "no key"),
    ("/keys", reply({}, 307, Location="https://evil.example/keys"), "answers 307"),
])
def test_an_issuer_that_misbehaves_holds_nothing_up(tmp_path, path, fault, words):
    with Issuer("ES256") as issuer:
        issuer.faults[path] = fault(issuer)
        with ApusServer(flags(issuer), directory=tmp_path / "server") as server:
            token = issuer.token(sub="ada", aud=AUDIENCE, groups=["readers"])
            start = time.monotonic()
            for _ in range(20):
                assert status(server, token, again=False) == 503
                assert send("GET", server.url + "/health")[0] == 200
            # One request may wait two seconds for the keys. If each did, this would take forty.
            assert time.monotonic() - start < 5 * PATIENCE
            if words:
                wait_until(lambda: words in server.log(), 20, words)

                def is_told():
                    assert status(server, token, again=False) == 503
                    return words in status.content

                # While the keys are being fetched again, the answer says that.
                wait_until(is_told, 20, words)
            issuer.released.set()


@pytest.mark.parametrize("document,words", [
    ({"jwks_uri": "http://example.org/keys"}, "no https address as jwks_uri"),
    ({"jwks_uri": "https://example.org/keys"}, "--oidc-endpoint-origins"), ({"jwks_uri": None}, "names no keys"),
    ({"jwks_uri": "file:///etc/passwd"}, "no https address"), ({"jwks_uri": "http://127.0.0.1:1/keys"}, "--oidc-endpoint-origins"),
    ({"jwks_uri": "https://a@127.0.0.1/keys"}, "no https address"), ({"jwks_uri": ["x"]}, "no https address"),
    ({"token_endpoint": "https://example.org/"}, "--oidc-endpoint-origins"),
    ({"authorization_endpoint": "javascript:alert(1)"}, "no https address"),
])
def test_only_addresses_that_the_operator_has_named_are_called(tmp_path, document, words):
    with Issuer("ES256") as issuer:
        issuer.document.update(document)
        with ApusServer(flags(issuer), directory=tmp_path / "server") as server:
            wait_until(lambda: words in server.log(), 20, words)
            assert status(server, issuer.token(sub="a", aud=AUDIENCE, groups=["readers"]), again=False) == 503
            assert set(issuer.calls) == {DISCOVERY}


def test_keys_may_be_at_an_origin_that_the_operator_names(tmp_path):
    with Issuer("ES256") as issuer, Issuer("ES256") as keys:
        keys.keys = issuer.keys
        issuer.document["jwks_uri"] = keys.url + "/keys"
        more = ["--oidc-endpoint-origins", keys.url]
        with ApusServer(flags(issuer, *more), directory=tmp_path / "server") as server:
            assert status(server, issuer.token(sub="ada", aud=AUDIENCE, groups=["readers"])) == 200
            assert keys.calls == ["/keys"]


def test_over_https_the_certificate_of_the_issuer_is_checked(tmp_path):
    authority = Authority(tmp_path / "authority", "ca")
    certificate = authority.issue("issuer")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with Issuer("ES256", context=context) as issuer:
        token = issuer.token(sub="ada", aud=AUDIENCE, groups=["readers"])
        trusted = {"REQUESTS_CA_BUNDLE": str(authority.certificate)}
        with ApusServer(flags(issuer), trusted, directory=tmp_path / "one") as server:
            assert status(server, token) == 200
        # What makes the client trust everyone does not concern issuers.
        with ApusServer(flags(issuer), {"MLFLOW_TRACKING_INSECURE_TLS": "true"}, directory=tmp_path / "two") as server:
            wait_until(lambda: "certificate" in server.log(), 20, "the refusal")
            assert status(server, token, again=False) == 503


# People who log in.


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An issuer and a server that lets people log in there."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "secret").write_text("a secret/with: odd&parts\n")
    with Issuer() as issuer:
        # The public address is that of a port which is known before.
        port = free_port()
        arguments = [
            "--port", port, "--public-url", f"http://127.0.0.1:{port}", "--oidc-client-id", "apus",
            "--oidc-client-secret-file", folder / "secret",
        ]
        with ApusServer([*flags(issuer), *arguments], directory=folder / "server") as server:
            wait_until_known(server)
            yield issuer, server


def wait_until_known(server):
    """Waits until the server knows its issuer: it asks when it has started."""
    wait_until(lambda: begun(server).status == 303, 20, "the issuer's keys")


def begun(server, browser=None, number=0, path="/"):
    browser = browser or Browser()
    query = urllib.parse.urlencode({"number": number, "next": path})
    return browser.navigate(f"{server.url}/login/issuer?{query}")


def answered(issuer, server, browser, path="/"):
    """The address with which the issuer sends the browser back."""
    begin = begun(server, browser, path=path)
    assert begin.status == 303, begin.text
    return Browser().navigate(begin.headers["Location"]).headers["Location"]


def test_people_log_in_at_the_issuer(house):
    issuer, server = house
    browser = Browser()
    page = browser.open(server.url + "/?embed=1")
    page = browser.open(browser.link(page, "Log in with"))
    assert (page.status, page.url) == (200, server.url + "/?embed=1")
    query = issuer.last_query
    assert query["redirect_uri"] == server.url + "/login/callback"
    assert len(query["state"]) == len(query["nonce"]) == len(query["code_challenge"]) == 43
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert browser.send("GET", server.url + SEARCH).status == 200
    assert "logged in as <strong>ada</strong>" in browser.open(server.url + "/login").text
    data = json.dumps({"name": "by-ada"}).encode()
    route = server.url + "/ajax-api/2.0/mlflow/experiments/create"
    assert browser.send("POST", route, data, Content_Type="application/json", Origin=server.url).status == 200
    assert [one.name for one in browser.jar] == ["apus_log_in"]
    # The log-in outlives the token by which it was made, and the server, but not the rights of the groups.
    server.kill()
    server.start()
    assert browser.send("GET", server.url + SEARCH).status == 200
    # For the tests that follow.
    wait_until_known(server)


def test_the_redirect_address_is_never_that_of_the_request(house):
    issuer, server = house
    begin = Browser().navigate(server.url + "/login/issuer?number=0", Host="localhost:1")
    assert begin.status == 303
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(begin.headers["Location"]).query)
    assert query["redirect_uri"] == [server.url + "/login/callback"]
    assert begin.headers["Location"].startswith(issuer.url + "/authorize?")


def test_an_answer_counts_once_and_in_its_own_browser(house):
    issuer, server = house
    browser, other = Browser(), Browser()
    place = answered(issuer, server, browser)
    # Another browser, with and without an attempt of its own, gets nothing by it.
    assert other.navigate(place).status == 400
    begun(server, other)
    assert other.navigate(place).status == 400
    wrong = place.replace("state=", "state=A")
    assert browser.navigate(wrong).status == 400
    # The failed answer has ended the attempt, even with the right state.
    assert browser.navigate(place).status == 400
    place = answered(issuer, server, browser)
    assert browser.navigate(place).status == 303
    assert browser.navigate(place).status == 400
    assert not [one for one in other.jar if one.name.endswith("log_in")]


def test_a_code_of_somebody_else_is_of_no_use(house):
    issuer, server = house
    victim, attacker = Browser(), Browser()
    stolen = urllib.parse.parse_qs(urllib.parse.urlsplit(answered(issuer, server, victim)).query)["code"][0]
    own = urllib.parse.urlsplit(answered(issuer, server, attacker))
    state = urllib.parse.parse_qs(own.query)["state"][0]
    query = urllib.parse.urlencode({"code": stolen, "state": state})
    # The verifier is another one (PKCE).
    page = attacker.navigate(f"{server.url}/login/callback?{query}")
    assert page.status == 403 and "invalid_grant" in page.text and not list(attacker.jar)


@pytest.mark.parametrize("claims,words", [
    ({"nonce": "x"}, "another log-in"), ({"nonce": None}, "another log-in"), ({"aud": AUDIENCE}, "not for this server"),
    ({"aud": ["apus", "other"]}, "another client"), ({"azp": "other"}, "another client"), ({"exp": 1}, "expired"),
    ({"iss": "https://evil.example"}, "another issuer"), ({"sub": None}, "names no user"),
    ({"groups": ["unknown"]}, "none of your groups"),
])
def test_a_token_of_the_issuer_must_belong_to_the_log_in(house, claims, words):
    issuer, server = house
    browser = Browser()
    issuer.claims = claims
    try:
        page = browser.navigate(answered(issuer, server, browser))
    finally:
        issuer.claims = {}
    assert page.status == 403 and words in page.text, page.text
    assert "Begin again" in page.text and not list(browser.jar)


def test_what_the_issuer_says_instead_of_a_code_is_shown(house):
    issuer, server = house
    browser = Browser()
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(answered(issuer, server, browser)).query)["state"][0]
    query = urllib.parse.urlencode({"error": "access_denied", "error_description": "<b>not today", "state": state})
    page = browser.navigate(f"{server.url}/login/callback?{query}")
    assert page.status == 403 and "access_denied: &lt;b&gt;not today" in page.text
    # Without a log-in that was begun, nothing of it is shown.
    page = browser.navigate(f"{server.url}/login/callback?{query}")
    assert page.status == 400 and "access_denied" not in page.text


def test_a_slow_issuer_holds_up_nobody_but_who_logs_in(house):
    issuer, server = house
    issuer.faults["/token"] = hold(issuer)
    try:
        browsers = [Browser() for _ in range(4)]
        places = [answered(issuer, server, browser) for browser in browsers]
        asked = issuer.calls.count("/token")
        children = [
            subprocess.Popen(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-b",
                 "; ".join(f"{one.name}={one.value}" for one in browser.jar), place],
                stdout=subprocess.PIPE, text=True,
            )
            for browser, place in zip(browsers, places)
        ]

        def waiting():
            return sum(child.poll() is None for child in children)

        # Two may wait at once, and the others are told so.
        wait_until(lambda: issuer.calls.count("/token") == asked + 2 and waiting() == 2, 20, "the issuer to be asked")
        for _ in range(20):
            assert send("GET", server.url + "/login")[0] == 200
        # They still wait; after ten seconds they are told that the issuer does not answer.
        assert waiting() == 2
        issuer.released.set()
        assert {child.communicate(timeout=60)[0] for child in children} == {"503"}
    finally:
        issuer.released.clear()
        del issuer.faults["/token"]


def test_an_attempt_leads_to_a_place_of_this_server_alone(house):
    issuer, server = house
    for path, expected in (("/?x=1#/runs/1", "../?x=1#/runs/1"), ("//evil.example", "../"), ("https://evil.example", "../")):
        browser = Browser()
        answer = browser.navigate(answered(issuer, server, browser, path))
        assert (answer.status, answer.headers["Location"]) == (303, expected)
    assert begun(server, number=1).status == begun(server, number=-1).status == begun(server, number="x").status == 404


# Settings.


def refused(tmp_path, *arguments, **environment):
    command = [apus_binary(), "server", "--port", "0", "--data-dir", tmp_path / "data", *arguments]
    ended = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )
    assert ended.returncode == 1, ended.stderr
    assert not (tmp_path / "data").exists()
    return ended.stderr


def test_settings_that_would_let_in_more_than_is_meant_end_the_start(tmp_path):
    good = ["--oidc-issuer", "https://issuer.example.org"]
    assert "--group-scopes" in refused(tmp_path, *good, "--oidc-audience", "x")
    assert "--oidc-audience" in refused(tmp_path, *good, "--group-scopes", "a=read")
    assert "--public-url" in refused(tmp_path, *good, "--oidc-client-id", "x", "--group-scopes", "a=read")
    assert "--no-require-token" in refused(
        tmp_path, *good, "--oidc-audience", "x", "--group-scopes", "a=read", "--no-require-token"
    )
    for issuer in ("http://issuer.example.org", "issuer.example.org", "https://a@b", "https://a?b", "ftp://a", "https://"):
        assert "is no issuer" in refused(tmp_path, "--oidc-issuer", issuer, "--oidc-audience", "x", "--group-scopes", "a=read")
    assert "GROUP=SCOPE" in refused(tmp_path, *good, "--oidc-audience", "x", "--group-scopes", "a=root")
    assert "only with --oidc-issuer" in refused(tmp_path, "--oidc-audience", "x")
    assert "has an effect only with" in refused(tmp_path, "--group-scopes", "a=read")
    assert "cannot be opened" in refused(
        tmp_path, *good, "--oidc-client-id", "x", "--oidc-client-secret-file", tmp_path / "none"
    )


def test_a_file_describes_several_issuers(tmp_path):
    with Issuer("ES256") as machines, Issuer("EdDSA") as people:
        file = tmp_path / "issuers.json"
        file.write_text(json.dumps({"issuers": [
            {"issuer": machines.url, "audience": [AUDIENCE, "other"], "user_claim": "repository", "user_prefix": "ci:",
             "groups_claim": "repository_owner", "required_claims": {"repository_owner": "acme", "ref_protected": "true"},
             "group_scopes": {"acme": "write"}},
            {"issuer": people.url, "title": "Acme", "audience": "people", "groups_claim": "realm_access.roles"},
        ]}))
        environment = {"APUS_OIDC_CONFIG": str(file), "APUS_GROUP_SCOPES": "*=read,boss=admin"}
        with ApusServer([], environment, directory=tmp_path / "server") as server:
            fine = {"sub": "x", "aud": "other", "repository": "acme/x", "repository_owner": "acme", "ref_protected": True}
            create = API + "experiments/create"
            assert status(server, machines.token(**fine), "POST", create, {"name": "a"}) == 200
            assert status(server, machines.token(**{**fine, "repository_owner": "evil"})) == 401
            assert status(server, machines.token(**{**fine, "ref_protected": False})) == 401
            # Each issuer signs for itself alone.
            assert status(server, people.token(sub="x", aud="other", iss=machines.url)) == 401
            assert status(server, people.token(sub="x", aud=AUDIENCE)) == 401
            assert status(server, people.token(sub="x", aud="people")) == 200
            assert status(server, people.token(sub="x", aud="people"), "POST", create, {"name": "b"}) == 403
            boss = people.token(sub="x", aud="people", realm_access={"roles": ["boss"]})
            assert status(server, boss, "POST", create, {"name": "b"}) == 200
        for wrong, words in (
            ({"issuers": []}, "the list 'issuers'"), ({"issuer": 1}, "the list 'issuers'"),
            ({"issuers": [{"issuer": "https://a", "audience": "x", "requiredclaims": {}}]}, "which is not known"),
            ({"issuers": [{"issuer": "https://a"}]}, "no 'audience'"), ({"issuers": [7]}, "not a JSON object"),
            ({"issuers": [{"issuer": "https://a", "audience": "x"}] * 2}, "named twice"),
            ({"issuers": [{"issuer": "https://a", "audience": "x", "required_claims": {"a": 1}}]}, "whose values are texts"),
            ({"issuers": [{"issuer": "https://a", "audience": "x", "people": "yes"}]}, "neither true nor false"),
        ):
            file.write_text(json.dumps(wrong))
            assert words in refused(tmp_path, "--oidc-config", file, "--group-scopes", "*=read"), wrong
