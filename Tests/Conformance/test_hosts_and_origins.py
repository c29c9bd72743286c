"""Pages of strangers cannot reach the server; those that the operator named can."""

import json
import uuid

import pytest

from helpers import API, send
from servers import ApusServer

pytestmark = pytest.mark.apus
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def plain():
    with ApusServer() as server:
        yield server.url


@pytest.fixture(scope="module")
def named():
    arguments = [
        "--allowed-hosts",
        "apus:5000,tracking.example.com",
        "--cors-allowed-origins",
        "https://app.example.com",
    ]
    with ApusServer([*arguments, "--x-frame-options", "DENY"]) as server:
        yield server.url


@pytest.fixture(scope="module")
def bare():
    with ApusServer(["--disable-security-middleware"]) as server:
        yield server.url


def get(url, host, route=API + "experiments/get?experiment_id=0"):
    return send("GET", url + route, headers={"Host": host})


def create(url, **headers):
    body = json.dumps({"name": uuid.uuid4().hex}).encode()
    return send("POST", url + API + "experiments/create", body, {**JSON, **headers})


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:5000"]
)
def test_a_foreign_host_is_refused_and_told_the_flag(plain, host):
    status, body, _ = get(plain, host)
    assert status == 403
    assert host.split(":")[0].encode() in body
    assert b"--allowed-hosts" in body


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1", "127.0.0.1:80", "[::1]:5000", "LOCALHOST"]
)
def test_the_machine_itself_is_a_known_host(plain, host):
    assert get(plain, host)[0] == 200


@pytest.mark.parametrize("route", ["/health", "/version"])
def test_probes_may_come_by_any_name(plain, route):
    assert get(plain, "evil.example", route)[0] == 200


def test_a_foreign_origin_may_not_change_anything(plain):
    status, body, _ = create(plain, Origin="https://evil.example")
    assert status == 403
    assert b"--cors-allowed-origins" in body or b"rigin" in body
    assert create(plain, Origin="null")[0] == 403


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:8888", "http://[::1]:5000"])
def test_pages_of_this_machine_may_change_things(plain, origin):
    assert create(plain, Origin=origin)[0] == 200


def test_named_hosts_and_origins_are_let_in(named):
    assert get(named, "apus:5000")[0] == 200
    assert get(named, "tracking.example.com")[0] == 200
    assert get(named, "other.example.com")[0] == 403
    status, _, headers = create(named, Origin="https://app.example.com", Host="tracking.example.com")
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert create(named, Origin="https://evil.example", Host="tracking.example.com")[0] == 403


def test_an_allowed_preflight_succeeds_and_a_foreign_one_does_not(named):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    url = named + API + "experiments/create"
    host = {"Host": "tracking.example.com"}
    status, _, headers = send("OPTIONS", url, headers={**asked, **host, "Origin": "https://app.example.com"})
    assert status in (200, 204)
    assert headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "POST" in headers["Access-Control-Allow-Methods"]
    _, _, headers = send("OPTIONS", url, headers={**asked, **host, "Origin": "https://evil.example"})
    assert headers["Access-Control-Allow-Origin"] is None


def test_framing_is_for_the_same_site_unless_told_otherwise(plain, named):
    _, _, headers = send("GET", f"{plain}/health")
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("SAMEORIGIN", "nosniff")
    _, _, headers = send("GET", f"{named}/health", headers={"Host": "apus:5000"})
    assert headers["X-Frame-Options"] == "DENY"


def test_the_rules_can_be_switched_off(bare):
    assert get(bare, "evil.example")[0] == 200
    assert create(bare, Origin="https://evil.example")[0] == 200
