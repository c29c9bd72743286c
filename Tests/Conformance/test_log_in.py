"""Log-ins of browsers on a server that asks for tokens: the form, the cookie, its end, and pages of other sites."""

import http.client
import json
import sqlite3
import urllib.parse

import pytest

from browser_like import Browser
from helpers import API, send
from keeping import apus
from servers import ApusServer

pytestmark = pytest.mark.apus
SEARCH = "ajax-api/2.0/mlflow/experiments/search?max_results=5"
CREATE = "ajax-api/2.0/mlflow/experiments/create"


def make(server, name, *arguments):
    return apus("token", "create", name, "--data-dir", server.data_directory, *arguments).stdout.strip()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with ApusServer(["--require-token"], directory=tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def browser():
    return Browser()


def logged_in(server, name):
    browser = Browser()
    page = browser.submit(browser.open(server.url + "/"), token=make(server, name))
    assert page.status == 200
    return browser


def create(browser, server, name, **fields):
    data = json.dumps({"name": name}).encode()
    page = browser.send("POST", f"{server.url}/{CREATE}", data, Content_Type="application/json", **fields)
    return page.status


def test_a_browser_is_sent_to_the_form_and_back(server, browser):
    page = browser.open(server.url + "/?embed=1")
    assert page.status == 200 and "<h1>Log in</h1>" in page.text
    assert page.url == server.url + "/login?next=%2F%3Fembed%3D1"
    page = browser.submit(page, token=make(server, "ada"))
    assert (page.status, page.url) == (200, server.url + "/?embed=1")
    assert 'id="content"' in page.text
    assert browser.send("GET", f"{server.url}/{SEARCH}").status == 200
    assert "logged in as <strong>ada</strong>" in browser.open(server.url + "/login").text


def test_clients_get_a_401_as_before(server):
    status, _, headers = send("GET", server.url + API + "experiments/search?max_results=1")
    assert status == 401
    assert [field.split()[0] for field in headers.get_all("WWW-Authenticate")] == ["Basic", "Bearer"]
    # A script of a page gets no challenge for which the browser would open a dialog.
    script = Browser().send("GET", f"{server.url}/{SEARCH}", Sec_Fetch_Mode="cors", Sec_Fetch_Site="same-origin")
    assert script.status == 401
    assert [field.split()[0] for field in script.headers.get_all("WWW-Authenticate")] == ["Bearer"]


def test_deep_paths_lead_to_the_form_too(server, browser):
    page = browser.open(server.url + "/model-versions/get-artifact?path=a%20b")
    assert page.url.startswith(server.url + "/login?next=%2Fmodel-versions%2Fget-artifact%3Fpath%3Da%2520b")


def test_a_wrong_token_is_refused_in_plain_words(server, browser):
    page = browser.submit(browser.open(server.url + "/"), token="apus_wrong")
    assert page.status == 403 and "does not know this token" in page.text and not list(browser.jar)
    page = browser.submit(page, token=f"  {make(server, 'pasted')}\n")
    assert page.status == 200 and 'id="content"' in page.text


@pytest.mark.sqlite
def test_the_cookie_is_kept_from_scripts_and_other_sites(server, browser):
    answer = browser.submit(browser.open(server.url + "/"), follow=False, token=make(server, "cookie"))
    field = answer.headers["Set-Cookie"]
    parts = field.split("; ")
    assert parts[0].startswith("apus_log_in=apus_") and set(parts[1:]) == {
        "Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax"
    }
    assert answer.headers["Cache-Control"] == "no-store"
    key = parts[0].split("=", 1)[1]
    # The key of a cookie is no token, and a token is no cookie.
    assert send("GET", f"{server.url}/{SEARCH}", headers={"Authorization": f"Bearer {key}"})[0] == 401
    assert send("GET", f"{server.url}/{SEARCH}", headers={"Cookie": f"apus_log_in={make(server, 'no-cookie')}"})[0] == 401
    assert send("GET", f"{server.url}/{SEARCH}", headers={"Cookie": f"a=b; apus_log_in={key}; c"})[0] == 200
    for twice in (f"apus_log_in={key}; apus_log_in={key}", f"apus_log_in=x; apus_log_in={key}"):
        assert send("GET", f"{server.url}/{SEARCH}", headers={"Cookie": twice})[0] == 401
    with sqlite3.connect(f"file:{server.data_directory}/apus.db?mode=ro", uri=True) as database:
        stored = database.execute("SELECT * FROM log_ins").fetchall()
    assert stored and key not in str(stored)


def test_behind_https_the_cookie_belongs_to_its_host_alone(tmp_path):
    arguments = ["--require-token", "--public-url", "https://ml.example.org/", "--allowed-hosts", "*"]
    with ApusServer(arguments, directory=tmp_path / "server") as server:
        browser = Browser()
        answer = browser.submit(browser.open(server.url + "/"), follow=False, token=make(server, "ada"))
        assert answer.headers["Set-Cookie"].startswith("__Host-apus_log_in=apus_")
        assert "; Secure" in answer.headers["Set-Cookie"] and "Path=/;" in answer.headers["Set-Cookie"]
        key = answer.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
        plain = {"Cookie": f"apus_log_in={key}"}
        assert send("GET", f"{server.url}/{SEARCH}", headers=plain)[0] == 401
        # The proxy does not pass the name of the host on.
        own = {"Cookie": f"__Host-apus_log_in={key}", "Origin": "https://ml.example.org"}
        body = json.dumps({"name": "mine"}).encode()
        kind = {"Content-Type": "application/json"}
        assert send("POST", f"{server.url}/{CREATE}", body, {**own, **kind})[0] == 200
        for origin in ("https://example.org", "http://ml.example.org", "https://ml.example.org:8443", "null"):
            assert send("POST", f"{server.url}/{CREATE}", body, {**own, **kind, "Origin": origin})[0] == 403


def test_changes_by_cookie_come_from_the_pages_of_the_server_alone(server):
    browser = logged_in(server, "careful")
    own = server.url
    assert create(browser, server, "a", Origin=own) == 200
    assert create(browser, server, "b", Sec_Fetch_Site="same-origin") == 200
    # Neither says where it comes from; the others are pages of this machine, which tokens trust, or of strangers.
    assert create(browser, server, "c") == 403
    port = server.port + 1 if server.port < 65535 else 1024
    for origin in (f"http://127.0.0.1:{port}", f"http://localhost:{server.port}", "http://localhost:3000",
                   "https://evil.example", "null", own.replace("http:", "https:") + ".evil.example"):
        assert create(browser, server, "d", Origin=origin) == 403, origin
    for site in ("cross-site", "same-site", "odd"):
        assert create(browser, server, "e", Sec_Fetch_Site=site) == 403
        assert create(browser, server, "e", Sec_Fetch_Site=site, Origin=own) == 403
    # A page of another origin reads nothing by the cookie, but a link leads to the pages.
    assert browser.send("GET", f"{own}/{SEARCH}", Origin="http://localhost:3000").status == 403
    assert browser.send("GET", f"{own}/{SEARCH}", Sec_Fetch_Site="same-site", Sec_Fetch_Mode="no-cors").status == 403
    assert browser.navigate(own + "/", Sec_Fetch_Site="cross-site").status == 200


def test_a_program_with_a_token_needs_no_origin_even_with_a_cookie(server):
    browser = logged_in(server, "both")
    token = make(server, "program")
    assert create(browser, server, "by-token", Authorization=f"Bearer {token}") == 200
    assert create(browser, server, "by-wrong-token", Authorization="Bearer apus_x", Origin=server.url) == 401


def test_a_log_out_ends_the_log_in_on_the_server(server):
    browser = logged_in(server, "leaver")
    cookie = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in browser.jar)}
    page = browser.open(server.url + "/logout")
    assert "logged in as <strong>leaver</strong>" in page.text
    # Another site cannot log anybody out.
    assert browser.send("POST", server.url + "/logout", b"", Origin="http://localhost:3000").status == 403
    assert browser.send("POST", server.url + "/logout", b"").status == 403
    assert send("GET", f"{server.url}/{SEARCH}", headers=cookie)[0] == 200
    page = browser.submit(page)
    assert page.url == server.url + "/login" and not list(browser.jar)
    assert send("GET", f"{server.url}/{SEARCH}", headers=cookie)[0] == 401
    assert browser.open(server.url + "/logout").url == server.url + "/login"


def test_a_log_in_ends_with_its_token_and_has_its_scope(server):
    browser = Browser()
    browser.submit(browser.open(server.url + "/"), token=make(server, "reader", "--scope", "read"))
    assert browser.send("GET", f"{server.url}/{SEARCH}").status == 200
    assert create(browser, server, "never", Origin=server.url) == 403
    apus("token", "revoke", "reader", "--data-dir", server.data_directory)
    assert browser.send("GET", f"{server.url}/{SEARCH}").status == 401
    # A new token of the name is another one.
    make(server, "reader")
    assert browser.send("GET", f"{server.url}/{SEARCH}").status == 401
    assert browser.open(server.url + "/").url.startswith(server.url + "/login")


@pytest.mark.sqlite
def test_log_ins_outlive_the_server(tmp_path):
    with ApusServer(["--require-token"], directory=tmp_path / "server") as server:
        browser = logged_in(server, "ada")
        cookie = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in browser.jar)}
        server.kill()
        server.start()
        assert send("GET", f"{server.url}/{SEARCH}", headers=cookie)[0] == 200
        server.stop(remove=False)
        week = 7 * 86_400_000
        with sqlite3.connect(f"{server.data_directory}/apus.db") as database:
            changed = f"UPDATE log_ins SET expiration_time = expiration_time - {week}"
            assert database.execute(changed).rowcount == 1
        database.close()
        server.start()
        assert send("GET", f"{server.url}/{SEARCH}", headers=cookie)[0] == 401


@pytest.mark.sqlite
def test_a_log_in_ends_when_it_is_not_used_for_a_day(tmp_path):
    with ApusServer(["--require-token"], directory=tmp_path / "server") as server:
        browser = logged_in(server, "ada")
        server.stop(remove=False)
        with sqlite3.connect(f"{server.data_directory}/apus.db") as database:
            database.execute(f"UPDATE log_ins SET last_used_time = last_used_time - {86_400_000}")
        database.close()
        server.start()
        cookie = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in browser.jar)}
        assert send("GET", f"{server.url}/{SEARCH}", headers=cookie)[0] == 401


@pytest.mark.parametrize("place", [
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/a b", "/a\nb",
    "/\"><script>", "evil", "", "/" + "x" * 3000, "/%0d%0aSet-Cookie:x=y\r\n",
])
def test_nobody_is_sent_elsewhere_after_a_log_in(server, place):
    browser = Browser()
    page = browser.navigate(server.url + "/login?" + urllib.parse.urlencode({"next": place}))
    answer = browser.submit(page, follow=False, token=make_once(server))
    assert (answer.status, answer.headers["Location"]) == (303, "./")
    # The field of the form can be made up as well.
    answer = browser.submit(page, follow=False, token=make_once(server), next=place)
    assert (answer.status, answer.headers["Location"]) == (303, "./")


_once = {}


def make_once(server):
    if server.url not in _once:
        _once[server.url] = make(server, "once")
    return _once[server.url]


def test_the_form_of_another_site_logs_nobody_in(server):
    data = urllib.parse.urlencode({"token": make_once(server)}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for fields in ({"Origin": "https://evil.example"}, {"Origin": "http://localhost:1"}, {"Sec-Fetch-Site": "cross-site"}):
        status, _, headers = send("POST", server.url + "/login", data, {**kind, **fields})
        assert status == 403 and "Set-Cookie" not in headers
    assert send("POST", server.url + "/login", data, {"Content-Type": "text/plain"})[0] == 400
    assert send("POST", server.url + "/login", b"token=" + b"x" * 20_000, kind)[0] == 413
    for body in (b"", b"&&&=", b"token", b"token=%zz", b"token=" + bytes([255, 254]), b"next=/"):
        assert send("POST", server.url + "/login", body, kind)[0] == 403


def test_the_page_allows_nothing_that_it_does_not_need(server, browser):
    page = browser.open(server.url + "/login")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "base-uri 'none'" in policy
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN" and page.headers["Cache-Control"] == "no-store"
    assert "src=" not in page.text and "<link" not in page.text


def test_beneath_a_prefix_the_form_is_there_too(tmp_path):
    arguments = ["--require-token", "--static-prefix", "/mlflow"]
    with ApusServer(arguments, directory=tmp_path / "server") as server:
        browser = Browser()
        root = f"http://127.0.0.1:{server.port}"
        page = browser.open(root + "/mlflow/")
        assert page.url == root + "/mlflow/login"
        page = browser.submit(page, token=make(server, "ada"))
        assert (page.status, page.url) == (200, root + "/mlflow/")
        assert [(one.name, one.path) for one in browser.jar] == [("apus_log_in.mlflow", "/mlflow")]
        # A path that only begins like the prefix is not beneath it, and the root asks anew.
        assert browser.open(root + "/").url == root + "/login"
        page = browser.submit(browser.open(root + "/mlflow/logout"))
        assert page.url == root + "/mlflow/login" and not list(browser.jar)


def test_servers_beneath_two_prefixes_of_one_host_keep_their_log_ins_apart(tmp_path):
    def start(prefix, name):
        return ApusServer(["--require-token", *prefix], directory=tmp_path / name)

    with start(["--static-prefix", "/a"], "a") as a, start(["--static-prefix", "/b"], "b") as b, start([], "c") as c:
        # A browser knows no ports: to it these are places of one host, as behind a proxy.
        browser = Browser()
        places = [(a, f"http://127.0.0.1:{a.port}/a"), (b, f"http://127.0.0.1:{b.port}/b"), (c, f"http://127.0.0.1:{c.port}")]
        for server, place in places:
            assert browser.submit(browser.open(place + "/"), token=make(server, "ada")).url == place + "/"
        for server, place in places:
            assert browser.send("GET", f"{place}/{SEARCH}").status == 200, place
        browser.submit(browser.open(places[0][1] + "/logout"))
        seen = [browser.send("GET", f"{place}/{SEARCH}").status for _, place in places]
        assert seen == [401, 200, 200]


def test_behind_a_proxy_that_takes_the_prefix_away_the_cookie_has_it(tmp_path):
    arguments = ["--require-token", "--public-url", "https://ml.example.org/team/apus/", "--allowed-hosts", "*"]
    with ApusServer(arguments, directory=tmp_path / "server") as server:
        answer = Browser().submit(Browser().open(server.url + "/"), follow=False, token=make(server, "ada"))
        field = answer.headers["Set-Cookie"]
        assert field.startswith("__Secure-apus_log_in.team.apus=apus_")
        assert "; Path=/team/apus;" in field and field.endswith("; Secure")
        cookie = {"Cookie": field.split(";")[0], "Origin": "https://ml.example.org"}
        assert send("GET", f"{server.url}/{SEARCH}", headers=cookie)[0] == 200
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        connection.request("POST", "/logout", b"", cookie)
        ended = connection.getresponse()
        connection.close()
        assert ended.getheader("Set-Cookie").startswith("__Secure-apus_log_in.team.apus=; Path=/team/apus; Max-Age=0;")
        assert send("GET", f"{server.url}/{SEARCH}", headers=cookie)[0] == 401


def test_a_server_that_asks_nobody_has_no_log_in():
    with ApusServer() as server:
        assert send("GET", server.url + "/login")[0] == 404
        assert send("POST", server.url + "/logout", b"")[0] == 404
