"""Users with passwords who log in with a browser, and users of a server with permissions whom others name."""

import base64
import json
import socket

import pytest

pytest.importorskip("cryptography")

from browser_like import Browser  # noqa: E402
from helpers import API, call, send  # noqa: E402
from issuers import Issuer  # noqa: E402
from keeping import apus  # noqa: E402
from servers import ApusServer, wait_until  # noqa: E402

pytestmark = pytest.mark.apus
PASSWORD = "correct horse battery"
ADMIN = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
SEARCH = API + "experiments/search?max_results=5"
FIELD = "X-Forwarded-User"


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    arguments = [
        "--app-name", "basic-auth", "--trust-proxy-user", FIELD, "--trust-proxy-groups", "X-Forwarded-Groups",
        "--trusted-proxies", "127.0.0.1", "--group-scopes", "*=write,bosses=admin",
    ]
    with ApusServer(arguments, ADMIN, directory=tmp_path_factory.mktemp("server")) as running:
        assert call(running.url, "users/create", {"username": "ada", "password": PASSWORD}, basic("root"))[0] == 200
        yield running


def create(browser, server, name):
    data = json.dumps({"name": name}).encode()
    page = browser.send(
        "POST", f"{server.url}{API}experiments/create", data, Content_Type="application/json", Origin=server.url
    )
    return page.status


def test_a_user_logs_in_with_name_and_password_and_is_that_user(server):
    browser = Browser()
    page = browser.open(server.url + "/")
    assert "Name" in page.text and "Log in with a token" in page.text
    for name, password in (("ada", "wrong"), ("nobody", PASSWORD), ("ada", ""), ("", ""), ("ada", PASSWORD + "\0")):
        refused = browser.submit(page, username=name, password=password)
        assert refused.status == 403 and "is wrong" in refused.text and not list(browser.jar), name
    page = browser.submit(page, username="ada", password=PASSWORD)
    assert (page.status, page.url) == (200, server.url + "/")
    assert create(browser, server, "of ada") == 200
    # What she made is hers; of others, she has what everybody has.
    mine = call(server.url, "experiments/get-by-name", headers=basic("ada"), experiment_name="of ada")[1]["experiment"]
    granted = {"experiment_id": mine["experiment_id"], "username": "ada"}
    found = call(server.url, "experiments/permissions/get", headers=basic("root"), **granted)
    assert found[0] == 200 and found[1]["experiment_permission"]["permission"] == "MANAGE"
    data = json.dumps({"username": "eve", "password": PASSWORD}).encode()
    made = browser.send(
        "POST", f"{server.url}{API}users/create", data, Content_Type="application/json", Origin=server.url
    )
    assert made.status == 403


def test_another_password_ends_the_log_ins_of_the_old_one(server):
    assert call(server.url, "users/create", {"username": "eve", "password": PASSWORD}, basic("root"))[0] == 200
    browser, after = Browser(), Browser()
    browser.submit(browser.open(server.url + "/"), username="eve", password=PASSWORD)
    assert browser.send("GET", server.url + SEARCH).status == 200
    changed = {"username": "eve", "password": "another long password"}
    assert call(server.url, "users/update-password", changed, basic("root"), method="PATCH")[0] == 200
    assert browser.send("GET", server.url + SEARCH).status == 401
    after.submit(after.open(server.url + "/"), username="eve", password="another long password")
    assert after.send("GET", server.url + SEARCH).status == 200
    server.kill()
    server.start()
    # It is read from the store anew.
    assert after.send("GET", server.url + SEARCH).status == 200
    assert call(server.url, "users/delete", {"username": "eve"}, basic("root"), method="DELETE")[0] == 200
    assert after.send("GET", server.url + SEARCH).status == 401


def test_a_user_whom_the_proxy_names_is_the_one_of_that_name(server):
    ada = {FIELD: "ada"}
    assert call(server.url, "experiments/create", {"name": "by proxy"}, ada)[0] == 200
    assert call(server.url, "users/current", headers=ada)[1]["user"]["username"] == "ada"


def test_a_user_who_is_new_is_made_with_what_everybody_may_do(server):
    new = {FIELD: "bob@example.org"}
    assert call(server.url, "experiments/get", headers=new, experiment_id="0")[0] == 200
    assert call(server.url, "experiments/create", {"name": "of bob"}, new)[0] == 200
    found = call(server.url, "experiments/get-by-name", headers=basic("root"), experiment_name="of bob")[1]["experiment"]
    assert call(server.url, "users/get", headers=basic("root"), username="bob@example.org")[0] == 200
    other = {FIELD: "carol"}
    changed = {"experiment_id": found["experiment_id"], "new_name": "taken"}
    assert call(server.url, "experiments/update", changed, other)[0] == 403
    assert call(server.url, "experiments/update", changed, new)[0] == 200
    # Nobody logs in with the password of a user who has none.
    for password in ("", "None", "null"):
        assert send("GET", server.url + SEARCH, headers=basic("bob@example.org", password))[0] == 401
    # A name with a colon is none of a user.
    assert send("GET", server.url + SEARCH, headers={FIELD: "a:b"})[0] == 403


def test_an_admin_by_a_group_may_do_everything_and_is_none_without_it(server):
    boss = {FIELD: "boss", "X-Forwarded-Groups": "others, bosses"}
    made = {"username": "by-boss", "password": PASSWORD}
    assert call(server.url, "users/create", made, {FIELD: "boss"})[0] == 403
    assert call(server.url, "users/create", made, boss)[0] == 200
    listed = call(server.url, "users/list", headers=basic("root"))[1]["users"]
    assert {user["username"]: user["is_admin"] for user in listed}["boss"] is False


def own(server, route, body=None, headers=None):
    """The status and the answer of a call of Apus' own."""
    data = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    status, answer, _ = send("POST" if body else "GET", f"{server.url}/ajax-api/apus/1.0/{route}", data, {**headers, **kind})
    return status, json.loads(answer)


def test_a_page_learns_who_uses_it(server):
    known = {
        "name": "root", "kind": "user", "is_admin": True, "has_users": True, "has_password": True, "can_log_out": False,
        "makes_tokens": True,
    }
    assert own(server, "log-in", headers=basic("root")) == (200, known)
    assert own(server, "log-in", headers=basic("ada")) == (200, {**known, "name": "ada", "is_admin": False})
    # Whom the proxy names alone has no password to change.
    named = {**known, "name": "zoe", "is_admin": False, "has_password": False, "token_lifetime": 90 * 86_400_000}
    assert own(server, "log-in", headers={FIELD: "zoe"}) == (200, named)
    browser = Browser()
    page = browser.submit(browser.open(server.url + "/"), username="ada", password=PASSWORD)
    # The script that asks is in the page of such a server alone.
    assert page.text.count('src="static-files/core/account.js"') == 1
    answer = browser.send("GET", f"{server.url}/ajax-api/apus/1.0/log-in")
    assert json.loads(answer.text) == {**known, "name": "ada", "is_admin": False, "can_log_out": True}
    with ApusServer() as open_to_all:
        assert b"account" not in send("GET", open_to_all.url + "/")[1]
        nobody = {"is_admin": False, "has_users": False, "has_password": False, "can_log_out": False, "makes_tokens": False}
        assert own(open_to_all, "log-in", headers={}) == (200, nobody)
        assert send("GET", open_to_all.url + "/signup")[0] == 404


def test_what_a_logged_in_browser_is_shown_stays_in_no_cache(server):
    browser = Browser()
    browser.submit(browser.open(server.url + "/"), username="ada", password=PASSWORD)
    assert browser.send("GET", server.url + SEARCH).headers["Cache-Control"] == "no-store"
    # Files of the pages are kept, and programs keep nothing anyway.
    assert browser.send("GET", server.url + "/static-files/page.css").headers["Cache-Control"] == "no-cache"
    assert "Cache-Control" not in send("GET", server.url + SEARCH, headers=basic("ada"))[2]


def test_admins_revoke_tokens_of_users_and_of_none_by_their_owner(server):
    text = apus("token", "create", "same", "--data-dir", server.data_directory).stdout.strip()
    for name in ("root", "ada"):
        assert own(server, "tokens/create", {"name": "same"}, basic(name))[0] == 200
    seen = [token.get("username") for token in own(server, "tokens/list", headers=basic("root"))[1]["tokens"]]
    assert sorted(map(str, seen)) == ["None", "ada", "root"]
    seen = own(server, "tokens/list", headers=basic("ada"))[1]["tokens"]
    assert [token["username"] for token in seen] == ["ada"]
    for owner in ("", "root"):
        assert own(server, "tokens/revoke", {"name": "same", "username": owner}, basic("ada"))[0] == 403
    bearer = {"Authorization": f"Bearer {text}"}
    assert send("GET", server.url + SEARCH, headers=bearer)[0] == 200
    assert own(server, "tokens/revoke", {"name": "same", "username": ""}, basic("root"))[0] == 200
    assert send("GET", server.url + SEARCH, headers=bearer)[0] == 401
    assert own(server, "tokens/revoke", {"name": "same", "username": ""}, basic("root"))[0] == 404
    assert own(server, "tokens/revoke", {"name": "same", "username": "ada"}, basic("root"))[0] == 200
    assert own(server, "tokens/revoke", {"name": "same"}, basic("root"))[0] == 200
    assert own(server, "tokens/list", headers=basic("root"))[1]["tokens"] == []


def test_where_admins_make_users_with_mlflow_the_users_are(server):
    browser = Browser()
    page = browser.open(server.url + "/signup")
    assert page.url == server.url + "/login?next=%2Fsignup"
    page = browser.submit(page, follow=False, username="root", password=PASSWORD)
    assert page.headers["Location"] == "./signup"
    answer = browser.navigate(server.url + "/signup")
    assert (answer.status, answer.headers["Location"]) == (303, "./#/users")


def test_beside_other_pages_too_the_users_are_found(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("<!doctype html><title>others</title>")
    for place, path, wanted in (("/", "/signup", "./apus/#/users"), ("/", "/apus/signup", "./#/users"),
                                ("/a/b", "/a/b/signup", "../../#/users"), ("/a/b", "/signup", "./#/users")):
        arguments = ["--app-name", "basic-auth", "--ui", tmp_path / "pages", "--ui-path", place]
        with ApusServer(arguments, ADMIN) as server:
            answer = Browser(**basic("root")).send("GET", server.url + path)
            assert (answer.status, answer.headers["Location"]) == (303, wanted), (place, path)


def test_tokens_of_an_issuer_are_those_of_users(tmp_path):
    with Issuer("ES256") as issuer:
        arguments = [
            "--app-name", "basic-auth", "--oidc-issuer", issuer.url, "--oidc-audience", "apus", "--group-scopes", "*=write",
            "--default-permission", "NO_PERMISSIONS",
        ]
        with ApusServer(arguments, ADMIN, directory=tmp_path / "server") as server:
            ada = {"Authorization": "Bearer " + issuer.token(sub="ada", aud="apus")}
            bob = {"Authorization": "Bearer " + issuer.token(sub="bob", aud="apus")}
            wait_until(lambda: call(server.url, "users/current", headers=ada)[0] == 200, 20, "the keys")
            own = call(server.url, "experiments/create", {"name": "of ada"}, ada)[1]["experiment_id"]
            assert call(server.url, "experiments/get", headers=ada, experiment_id=own)[0] == 200
            assert call(server.url, "experiments/get", headers=bob, experiment_id=own)[0] in (403, 404)
            assert send("GET", server.url + SEARCH, headers=basic("root"))[0] == 200


def test_whom_a_proxy_names_makes_tokens_and_shares_what_is_theirs(server):
    ada, eve = {FIELD: "ada by proxy"}, {FIELD: "eve by proxy"}
    experiment = call(server.url, "experiments/create", {"name": "of ada by proxy"}, ada)[1]["experiment_id"]
    status, made = own(server, "tokens/create", {"name": "laptop"}, ada)
    assert status == 200 and made["expiration_time"] - made["creation_time"] == 90 * 86_400_000
    assert own(server, "tokens/create", {"name": "wide", "scope": "admin"}, ada)[0] == 403
    assert own(server, "tokens/create", {"name": "long", "expires_in": 91 * 86_400_000}, ada)[0] == 400
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert call(server.url, "users/current", headers=bearer)[1]["user"]["username"] == "ada by proxy"
    assert own(server, "tokens/create", {"name": "of a token"}, bearer)[0] == 403
    run = {"experiment_id": experiment}
    assert call(server.url, "runs/create", run, eve)[0] == 403
    grant = {"experiment_id": experiment, "username": "eve by proxy", "permission": "EDIT"}
    assert call(server.url, "experiments/permissions/create", grant, eve)[0] == 403
    assert call(server.url, "experiments/permissions/create", grant, ada)[0] == 200
    assert call(server.url, "runs/create", run, eve)[0] == 200
    assert own(server, "tokens/revoke", {"name": "laptop"}, ada)[0] == 200
    assert send("GET", server.url + SEARCH, headers=bearer)[0] == 401


def by_cookie(browser, server, route, body):
    page = browser.send(
        "POST", server.url + route, json.dumps(body).encode(), Content_Type="application/json", Origin=server.url
    )
    return page.status, json.loads(page.text)


def test_who_logs_in_at_an_issuer_makes_tokens_and_shares_until_the_groups_change(tmp_path):
    with Issuer() as issuer, ApusServer(directory=tmp_path / "first") as first:
        # The public address is known once the port is.
        port = first.port
        first.stop(remove=False)
        issuer.secret = None
        arguments = [
            "--port", port, "--public-url", f"http://127.0.0.1:{port}", "--app-name", "basic-auth", "--oidc-issuer", issuer.url,
            "--oidc-client-id", "apus", "--group-scopes", "ml-team=write,readers=read",
        ]
        with ApusServer(arguments, ADMIN, directory=tmp_path / "server") as server:
            place = f"{server.url}/login/issuer?number=0"
            wait_until(lambda: Browser().navigate(place).status == 303, 20, "the issuer's keys")
            browser = Browser()
            page = browser.open(browser.link(browser.open(server.url + "/"), "Log in with"))
            assert (page.status, page.url) == (200, server.url + "/")
            # The answer of the issuer was for this browser and this log-in alone: a code by PKCE, with state and nonce.
            assert issuer.last_query["code_challenge_method"] == "S256" and issuer.calls.count("/token") == 1
            assert {"state", "nonce", "code_challenge"} <= set(issuer.last_query)
            status, made = by_cookie(browser, server, "/ajax-api/apus/1.0/tokens/create", {"name": "laptop"})
            assert (status, made["username"], made["scope"]) == (200, "ada", "write")
            bearer = {"Authorization": f"Bearer {made['token']}"}
            status, made = by_cookie(browser, server, API + "experiments/create", {"name": "hers"})
            grant = {"experiment_id": made["experiment_id"], "username": "root", "permission": "READ"}
            assert by_cookie(browser, server, API + "experiments/permissions/create", grant)[0] == 200
            # Later the issuer says that she may read alone, and then that she may do nothing.
            for groups, expected in ((["readers"], [200, 403]), (["none"], [403, 403])):
                word = {"Authorization": "Bearer " + issuer.token(aud="apus", sub="ada", groups=groups)}
                assert call(server.url, "users/current", headers=word)[0] == expected[0]
                seen = [send("GET", server.url + SEARCH, headers=bearer)[0],
                        call(server.url, "experiments/create", {"name": "never"}, bearer)[0]]
                assert seen == expected, groups
            # Logging out ends it for good.
            cookie = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in browser.jar)}
            assert b"Log in" in send("POST", server.url + "/logout", b"", {**cookie, "Origin": server.url})[1]
            assert send("GET", server.url + SEARCH, headers=cookie)[0] == 401


def test_only_an_issuer_of_people_lets_its_tokens_make_tokens(tmp_path):
    with Issuer("ES256") as jobs, Issuer("ES256") as people:
        file = tmp_path / "issuers.json"
        common = {"audience": "apus", "group_scopes": {"*": "write"}}
        described = [{"issuer": jobs.url, "user_prefix": "job/", **common}, {"issuer": people.url, "people": True, **common}]
        file.write_text(json.dumps({"issuers": described}))
        arguments = ["--app-name", "basic-auth", "--oidc-config", file]
        with ApusServer(arguments, ADMIN, directory=tmp_path / "server") as server:
            for issuer, expected in ((jobs, 403), (people, 200)):
                word = {"Authorization": "Bearer " + issuer.token(sub="ada", aud="apus")}
                wait_until(lambda: call(server.url, "users/current", headers=word)[0] == 200, 20, "the keys")
                assert own(server, "tokens/create", {"name": "t"}, word)[0] == expected
                made = call(server.url, "experiments/create", {"name": f"of {expected}"}, word)[1]["experiment_id"]
                grant = {"experiment_id": made, "username": "root", "permission": "READ"}
                assert call(server.url, "experiments/permissions/create", grant, word)[0] == expected


def late(server, method, route, body, headers, meanwhile):
    """The status of a request whose body is sent when its head has been judged and something has changed since."""
    with socket.create_connection((server.host, server.port), timeout=20) as connection:
        lines = [
            f"{method} {route} HTTP/1.1", f"Host: {server.host}:{server.port}", "Content-Type: application/json",
            "Expect: 100-continue", f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items()),
        ]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = connection.makefile("rb")
        assert answer.readline().split()[1] == b"100" and answer.readline() == b"\r\n"
        meanwhile()
        connection.sendall(body)
        return int(answer.readline().split()[1])


def test_what_comes_after_the_right_was_lost_changes_nothing(server):
    make = {"username": "late", "password": PASSWORD}
    assert call(server.url, "users/create", make, basic("root"))[0] == 200
    experiment = call(server.url, "experiments/create", {"name": "of late"}, basic("late"))[1]["experiment_id"]
    assert own(server, "tokens/create", {"name": "t"}, basic("late"))[0] == 200
    token = own(server, "tokens/create", {"name": "u"}, basic("late"))[1]["token"]
    grant = {"username": "late", "experiment_id": experiment}
    tag = json.dumps({"experiment_id": experiment, "key": "k", "value": "v"}).encode()
    route = API + "experiments/set-experiment-tag"
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/late.txt"

    def nothing():
        pass

    def revoke():
        assert call(server.url, "experiments/permissions/delete", grant, basic("root"), method="DELETE")[0] == 200

    def end():
        assert own(server, "tokens/revoke", {"name": "u"}, basic("late"))[0] == 200

    def delete():
        assert call(server.url, "users/delete", {"username": "late"}, basic("root"), method="DELETE")[0] == 200

    assert late(server, "POST", "/" + route.lstrip("/"), tag, basic("late"), nothing) == 200
    bearer = {"Authorization": f"Bearer {token}"}
    assert late(server, "POST", "/" + route.lstrip("/"), tag, bearer, end) == 401
    assert late(server, "POST", "/" + route.lstrip("/"), tag, basic("late"), revoke) == 403
    assert call(server.url, "experiments/permissions/create", {**grant, "permission": "EDIT"}, basic("root"))[0] == 200
    assert late(server, "PUT", path, b"x", basic("late"), delete) == 401
    assert send("GET", server.url + path, headers=basic("root"))[0] == 404
