"""The pages for accounts: who uses a page, tokens, users and roles, the end of a log-in, and pages of other sites."""

import base64
import http.server
import json
import os
import re
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from looking import address_has, brightness_of_ground, faults_of_accessibility, heading, overflow, picture, settled, visit
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.skipif("APUS_BROWSER_ADDRESS" in os.environ, reason="starts servers of its own, with other settings")

PASSWORD = "correct horse battery"
ADMIN = {"MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
LOG_IN = "apus/1.0/log-in"


class Calls:
    """Calls of the REST interface by somebody, beside the pages."""

    def __init__(self, server, name="root", password=PASSWORD, token=None, cookie=None):
        self.url = server.url
        text = f"Bearer {token}" if token else "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
        self.headers = {"Cookie": cookie} if cookie else {"Authorization": text}

    def send(self, method, route, body=None):
        """The status and the answer of `api/…`."""
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({} if body is None else {"Content-Type": "application/json"})
        request = urllib.request.Request(f"{self.url}/api/{route}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def get(self, route, **query):
        return self.send("GET", route + "?" + urllib.parse.urlencode(query))

    def make(self, route, **body):
        status, answer = self.send("POST", route, body)
        assert status == 200, (route, answer)
        return answer

    def experiment(self, name):
        return self.make("2.0/mlflow/experiments/create", name=name)["experiment_id"]

    def user(self, name, password=PASSWORD):
        self.make("2.0/mlflow/users/create", username=name, password=password)
        return name

    def may_log_in(self):
        return self.get("2.0/mlflow/experiments/search", max_results=1)[0] == 200

    def tokens(self):
        return {(one.get("username"), one["name"]) for one in self.get("apus/1.0/tokens/list")[1]["tokens"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with ApusServer(["--app-name", "basic-auth"], ADMIN, directory=tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def root(server):
    return Calls(server)


def fill_form(page, name, password=PASSWORD):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").first.click()


@pytest.fixture
def enter(new_page, server):
    """Opens a page as somebody, through the log-in: `enter("ada", "#/tokens", width=360)`."""

    def open_page(name, place="", **options):
        page = new_page(base=server.url, **options)
        page.goto("./" + place)
        fill_form(page, name)
        expect(page.get_by_role("button", name=f"{name}: your account")).to_be_visible()
        settled(page)
        return page

    return open_page


def menu(page):
    """Opens the menu of the account."""
    page.get_by_role("button", name=re.compile(": your account$")).click()
    return page.get_by_role("menu")


def choose(page, item):
    menu(page).get_by_role("menuitem", name=item, exact=True).click()


def dialog(page):
    return page.get_by_role("dialog")


def answer(page, action, **values):
    """Fills the fields of a dialog by their labels, and acts."""
    for label, value in values.items():
        field = dialog(page).get_by_label(label.replace("_", " "), exact=False).first
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    dialog(page).get_by_role("button", name=action, exact=True).click()


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def more(page, name, item):
    page.get_by_role("button", name=f"More about {name}", exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def made_by_command(server, name, *arguments):
    """A token that belongs to no user."""
    command = [apus_binary(), "token", "create", name, "--data-dir", server.data_directory, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


# Who uses the page.


def test_where_nobody_is_asked_the_pages_ask_and_load_nothing_for_it(page, world):
    for place in ("#/", f"#/experiments/{world.pair.id}", "#/models"):
        visit(page, place)
        page.wait_for_load_state("networkidle")
    page.keyboard.press("?")
    expect(dialog(page)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.watch.asked("start.js")
    for route in (LOG_IN, "account", "password", "users"):
        assert not page.watch.asked(route), route
    expect(page.locator("header .account")).to_have_count(0)
    assert "account" not in page.content()


def test_pages_of_accounts_say_that_nobody_is_asked(page):
    for place in ("#/tokens", "#/users", "#/roles"):
        visit(page, place)
        expect(page.get_by_role("main")).to_contain_text("--app-name basic-auth")


def test_the_head_says_who_one_is_and_leads_an_admin_everywhere(enter):
    page = enter("root")
    items = menu(page).get_by_role("menuitem")
    expect(items).to_have_text(["Tokens", "Users and roles", "Change your password…", "Log out"])
    items.nth(1).click()
    expect(heading(page)).to_have_text("Users and roles")
    choose(page, "Tokens")
    expect(heading(page)).to_have_text("Tokens")
    assert len(page.watch.asked(LOG_IN)) == 1


def test_the_head_of_a_user_leads_to_the_tokens_and_not_to_users(enter, root):
    page = enter(root.user("plain"))
    expect(menu(page).get_by_role("menuitem")).to_have_text(["Your tokens", "Change your password…", "Log out"])
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#/users'")
    expect(page.get_by_role("main").get_by_role("alert")).to_have_text("Only admins look after users and roles.")


def test_the_account_works_by_keys(enter, root):
    page = enter(root.user("keys"))
    page.get_by_role("button", name="keys: your account").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Your tokens")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="keys: your account")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(heading(page)).to_be_focused()
    page.get_by_role("button", name="New token").press("Enter")
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name="The token by keys is made")).to_be_focused()
    assert ("keys", "by keys") in root.tokens()


# The log-in and its end.


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(enter):
    page = enter("root")
    cookies = page.context.cookies()
    assert [(cookie["name"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [("apus_log_in", True, "Lax")]
    assert page.evaluate("document.cookie") == ""


def test_a_log_out_ends_the_log_in_on_the_server(enter, server):
    page = enter("root")
    [cookie] = page.context.cookies()
    kept = Calls(server, cookie=f"{cookie['name']}={cookie['value']}")
    assert kept.may_log_in()
    choose(page, "Log out")
    expect(heading(page)).to_have_text("Log in")
    assert not kept.may_log_in() and not page.context.cookies()
    # The page that Back brings out of the browser's memory shows nothing that the server has.
    page.watch.allow(401, "/")
    page.go_back()
    expect(page.locator(".banner")).to_contain_text("Your log-in has ended.")
    expect(page.get_by_role("link", name="Default", exact=True)).to_have_count(0)
    expect(page.locator("header .account")).to_have_count(0)


def test_a_page_whose_log_in_ends_says_so_and_one_comes_back_to_where_one_was(enter, root):
    experiment = root.experiment("kept open")
    page = enter("root", f"#/experiments/{experiment}?view=about")
    page.context.clear_cookies()
    page.watch.expect(401, "/ajax-api/")
    page.watch.allow(401, "/static-files/")
    page.evaluate("location.hash = '#/models?q=a%20b'")
    banner = page.locator(".banner")
    expect(banner).to_contain_text("Your log-in has ended.")
    expect(page.get_by_role("main").get_by_role("alert").first).to_contain_text("Your log-in has ended")
    banner.get_by_role("link", name="Log in again").press("Enter")
    expect(heading(page)).to_have_text("Log in")
    fill_form(page, "root")
    expect(heading(page)).to_have_text("Registered models")
    address_has(page, "#/models?q=a%20b")
    expect(banner).to_have_count(0)


def test_what_one_writes_stays_when_the_log_in_ends(enter, server):
    page = enter("root", "#/tokens")
    page.get_by_role("button", name="New token").click()
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.watch.expect(401, "/tokens/create")
    answer(page, "Create", Name="kept text")
    expect(dialog(page).locator(".banner")).to_contain_text("Your log-in has ended.")
    expect(dialog(page).get_by_role("link", name="Log in again")).to_be_visible()
    # Another window has logged in.
    page.context.add_cookies(cookies)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator(".banner")).to_have_count(0)
    answer(page, "Create")
    expect(page.get_by_role("heading", name="The token kept text is made")).to_be_visible()


def test_a_refusal_shows_its_message(enter, root):
    root.experiment("of root alone")
    page = enter(root.user("reader"))
    more(page, "of root alone", "Delete…")
    page.watch.expect(403, "/experiments/delete")
    answer(page, "Delete")
    expect(dialog(page).get_by_role("alert")).to_contain_text("Permission denied")
    expect(page.locator(".banner")).to_have_count(0)


def test_whom_a_proxy_names_is_offered_no_password_to_change(new_page, tmp_path):
    trusted = ["--trust-proxy-user", "X-Forwarded-User", "--trusted-proxies", "127.0.0.1", "--group-scopes", "*=write"]
    with ApusServer(["--app-name", "basic-auth", *trusted], ADMIN, directory=tmp_path / "server") as server:
        page = new_page(base=server.url)
        page.set_extra_http_headers({"X-Forwarded-User": "zoe"})
        page.goto("./")
        expect(menu(page).get_by_role("menuitem")).to_have_text(["Your tokens"])


def test_the_address_where_admins_make_users_leads_to_the_users(enter):
    page = enter("root", "signup")
    expect(heading(page)).to_have_text("Users and roles")
    address_has(page, "/#/users")


def test_one_changes_ones_own_password(enter, root, server):
    page = enter(root.user("changer"))
    choose(page, "Change your password…")
    changed = "another battery horse"
    page.watch.expect(400, "/users/update-password")
    answer(page, "Change", Your_password_now="no such password", New_password=changed, The_new_password_once_more=changed)
    expect(dialog(page).get_by_role("alert")).to_have_text("Current password does not match.")
    answer(page, "Change", Your_password_now=PASSWORD, The_new_password_once_more=changed + "!")
    expect(dialog(page).get_by_role("alert")).to_contain_text("The two new passwords differ.")
    answer(page, "Change", The_new_password_once_more=changed)
    expect(heading(page)).to_have_text("Log in")
    assert not Calls(server, "changer").may_log_in()
    fill_form(page, "changer", changed)
    expect(page.get_by_role("button", name="changer: your account")).to_be_visible()


# Tokens.


def test_a_token_is_made_shown_once_used_and_revoked(enter, root, server):
    experiment = root.experiment("for a token")
    page = enter(root.user("ada"), "#/tokens")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.get_by_role("main")).to_contain_text("No tokens yet.")
    page.get_by_role("button", name="New token").click()
    expect(dialog(page).get_by_label("Scope").locator("option")).to_have_count(2)
    page.watch.expect(404, "/tokens/create")
    answer(page, "Create", Name="ci", Scope="read", It_ends="7", Only_for="no such experiment")
    expect(dialog(page).get_by_role("alert")).to_be_visible()
    answer(page, "Create", Only_for="for a token")
    box = page.get_by_role("region", name="The new token")
    token = box.locator("pre").first.inner_text()
    assert re.fullmatch(r"apus_[-\w]+", token)
    lines = f"export MLFLOW_TRACKING_URI={server.url}\nexport MLFLOW_TRACKING_TOKEN={token}"
    assert box.locator("pre").nth(1).inner_text() == lines
    box.get_by_role("button", name="Copy the token").click()
    expect(page.locator("#toasts")).to_contain_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == token
    # A message goes by itself after some seconds.
    page.locator("#toasts").get_by_role("button", name="Dismiss").click()
    expect(page.locator("#toasts").get_by_text("Copied.")).to_have_count(0)
    box.get_by_role("button", name="Copy both lines").click()
    expect(page.locator("#toasts")).to_contain_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == lines
    cells = row(page, "ci").get_by_role("cell")
    expect(cells).to_have_text(["read", experiment, re.compile("just now|ago"), re.compile("^in 6 d|^in 7 d"), "Never", "Revoke…"])
    expect(cells.nth(1).get_by_role("link")).to_have_attribute("href", f"#/experiments/{experiment}")
    box.get_by_role("button", name="Done").click()
    expect(box).to_have_count(0)
    assert token not in page.content()
    page.reload()
    settled(page)
    assert token not in page.content()
    client = Calls(server, token=token)
    assert client.may_log_in()
    assert client.send("POST", "2.0/mlflow/experiments/create", {"name": "never"})[0] == 403
    page.get_by_role("button", name="Revoke ci…").click()
    answer(page, "Cancel")
    assert client.may_log_in()
    page.get_by_role("button", name="Revoke ci…").click()
    answer(page, "Revoke")
    expect(page.get_by_role("main")).to_contain_text("No tokens yet.")
    assert not client.may_log_in()


def test_an_admin_sees_all_tokens_with_their_owners_and_revokes_them(enter, root, server):
    Calls(server, root.user("owner")).make("apus/1.0/tokens/create", name="shared name")
    root.make("apus/1.0/tokens/create", name="shared name")
    made_by_command(server, "shared name")
    page = enter("root", "#/tokens?q=shared")
    owners = row(page, "shared name")
    expect(owners).to_have_count(3)
    for owner in ("owner", "Nobody", "root"):
        mine = owners.filter(has=page.get_by_role("cell", name=owner, exact=True))
        mine.get_by_role("button", name="Revoke shared name…").click()
        answer(page, "Revoke")
        expect(mine).to_have_count(0)
        assert ({"Nobody": None}.get(owner, owner), "shared name") not in root.tokens()
    expect(owners).to_have_count(0)


def test_on_a_server_with_tokens_alone_who_looks_after_them_has_a_page(new_page, tmp_path):
    with ApusServer(["--require-token"], directory=tmp_path / "server") as running:

        def come(text):
            page = new_page(base=running.url)
            page.goto("./#/tokens")
            page.get_by_label("Token").fill(text)
            page.get_by_role("button", name="Log in").click()
            return page

        page = come(made_by_command(running, "keeper", "--scope", "admin"))
        expect(row(page, "keeper")).to_be_visible()
        expect(menu(page).get_by_role("menuitem")).to_have_text(["Tokens", "Log out"])
        page.keyboard.press("Escape")
        page.evaluate("location.hash = '#/users'")
        expect(page.get_by_role("main")).to_contain_text("This server has no users.")
        page = come(made_by_command(running, "writer"))
        expect(page.get_by_role("main")).to_contain_text("A token of the scope admin")
        expect(menu(page).get_by_role("menuitem")).to_have_text(["Log out"])


# Users and roles.


def test_users_are_made_changed_and_deleted(enter, root, server):
    page = enter("root", "#/users")
    page.get_by_role("button", name="New user").click()
    page.watch.expect(400, "/users/create")
    answer(page, "Create", Name="a:b", New_password=PASSWORD, The_new_password_once_more=PASSWORD)
    expect(dialog(page).get_by_role("alert")).to_contain_text("is not a valid name of a user")
    answer(page, "Create", Name="grace <b>hopper</b>", Rights="admin")
    expect(heading(page)).to_have_text("grace <b>hopper</b>")
    grace = Calls(server, "grace <b>hopper</b>")
    assert grace.get("3.0/mlflow/roles/list")[0] == 200
    page.get_by_role("link", name="Users", exact=True).click()
    expect(row(page, "grace <b>hopper</b>").get_by_role("cell").first).to_have_text("Admin")
    more(page, "grace <b>hopper</b>", "Make no admin")
    expect(row(page, "grace <b>hopper</b>").get_by_role("cell").first).to_have_text("User")
    assert grace.get("3.0/mlflow/roles/list")[0] == 403
    more(page, "grace <b>hopper</b>", "Set a password…")
    answer(page, "Set", New_password="twelve letters", The_new_password_once_more="twelve letters")
    expect(dialog(page)).to_have_count(0)
    assert not grace.may_log_in() and Calls(server, "grace <b>hopper</b>", "twelve letters").may_log_in()
    page.get_by_role("searchbox", name="Search users").fill("HOPPER")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    more(page, "grace <b>hopper</b>", "Delete…")
    answer(page, "Delete")
    expect(page.get_by_role("main")).to_contain_text("No user has this in the name.")
    assert not Calls(server, "grace <b>hopper</b>", "twelve letters").may_log_in()
    # The one who uses the page stays.
    page.get_by_role("searchbox", name="Search users").fill("root")
    more(page, "root", "Delete…")
    page.watch.expect(400, "/users/delete")
    answer(page, "Delete")
    expect(dialog(page).get_by_role("alert")).to_contain_text("cannot delete their own account")


def test_a_role_grants_something_to_those_who_have_it(enter, root, server):
    experiment = root.experiment("for a role")
    editor = Calls(server, root.user("editor"))

    def may_write():
        return editor.send("POST", "2.0/mlflow/runs/create", {"experiment_id": experiment})[0] == 200

    page = enter("root", "#/roles")
    page.get_by_role("button", name="New role").click()
    answer(page, "Create", Name="team", Description="Who trains")
    expect(heading(page)).to_have_text("team")
    page.get_by_role("button", name="Grant…").click()
    page.watch.expect(400, "/roles/permissions/add")
    answer(page, "Grant", What="run", Which=experiment)
    expect(dialog(page).get_by_role("alert")).to_contain_text("Invalid resource_pattern")
    answer(page, "Grant", What="experiment", How_much="EDIT")
    level = page.get_by_label(f"How much is granted for {experiment} (experiments)")
    expect(level).to_have_value("EDIT")
    assert not may_write()
    page.get_by_role("button", name="Give to a user…").click()
    answer(page, "Give", Name="editor")
    expect(page.get_by_role("region", name="Users").get_by_role("link", name="editor")).to_be_visible()
    assert may_write()
    level.select_option("READ")
    expect(page.locator("#toasts")).to_contain_text("Granted READ")
    assert not may_write()
    page.get_by_role("region", name="Users").get_by_role("link", name="editor").click()
    expect(heading(page)).to_have_text("editor")
    page.get_by_role("button", name="Take the role team").click()
    expect(page.get_by_role("region", name="Roles")).to_contain_text("None.")
    assert editor.get("3.0/mlflow/users/roles/list", username="editor")[1]["roles"] == []
    page.get_by_role("button", name="Give a role…").click()
    dialog(page).get_by_role("combobox").select_option("team")
    answer(page, "Give")
    page.get_by_role("region", name="Roles").get_by_role("link", name="team").click()
    page.get_by_role("button", name="Remove the grant for").click()
    answer(page, "Remove")
    expect(page.get_by_role("region", name="Grants")).to_contain_text("Nothing is granted.")
    page.get_by_role("button", name="Rename…").click()
    answer(page, "Save", Name="crew")
    expect(heading(page)).to_have_text("crew")
    page.get_by_role("button", name="Delete…").click()
    answer(page, "Delete")
    address_has(page, "#/roles")
    expect(page.get_by_role("main").get_by_text("crew")).to_have_count(0)
    assert editor.get("3.0/mlflow/users/roles/list", username="editor")[1]["roles"] == []


def test_a_user_is_granted_something_alone(enter, root, server):
    experiment = root.experiment("for one")
    single = Calls(server, root.user("single"))
    page = enter("root", "#/users/single")
    page.get_by_role("button", name="Grant…").click()
    expect(dialog(page).get_by_label("What")).not_to_contain_text("workspace")
    answer(page, "Grant", Which=experiment, How_much="MANAGE")
    level = page.get_by_label(f"How much is granted for {experiment} (experiments)")
    expect(level).to_have_value("MANAGE")
    assert single.send("POST", "2.0/mlflow/runs/create", {"experiment_id": experiment})[0] == 200
    level.select_option("DENY")
    expect(page.locator("#toasts")).to_contain_text("Granted DENY")
    assert single.get("2.0/mlflow/experiments/get", experiment_id=experiment)[0] == 403
    page.get_by_role("button", name="Remove the grant for").click()
    answer(page, "Remove")
    expect(page.get_by_role("main")).to_contain_text("Nothing is granted.")
    assert single.get("2.0/mlflow/experiments/get", experiment_id=experiment)[0] == 200


# Pages of other sites.


@pytest.fixture
def stranger():
    """Serves a page of another origin, whose script sends what its tests say."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b'<!doctype html><title>stranger</title><link rel="icon" href="data:,"><h1>Stranger</h1>')

        def log_message(self, *arguments):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


SEND = """async ([url, mode, type]) => {
  try {
    const body = JSON.stringify({ name: "stolen" });
    const answer = await fetch(url, { method: "POST", credentials: "include", mode, headers: { "Content-Type": type }, body });
    return answer.status;
  } catch { return "refused"; }
}"""
FORM = """(url) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: url, enctype: "text/plain" });
  const field = Object.assign(document.createElement("input"), { name: '{"name": "stolen", "x": "', value: '"}' });
  form.append(field);
  document.body.append(form);
  form.submit();
}"""


def test_a_page_of_another_origin_makes_no_token_and_logs_nobody_out(new_page, server, root, stranger):
    origins = (stranger, stranger.replace("127.0.0.1", "localhost"))
    page = new_page(base=server.url, others=origins)
    page.goto("./")
    fill_form(page, "root")
    expect(page.get_by_role("button", name="root: your account")).to_be_visible()
    [cookie] = page.context.cookies()
    for route in ("/tokens/create", "/logout"):
        page.watch.allow(403, route)
        page.watch.allow(401, route)
    page.watch.allow_message("Access to fetch at ")
    page.watch.allow_message("Failed to load resource")
    page.watch.allow(404, "/favicon.ico")
    page.watch.allow(401, "/favicon.ico")
    create = server.url + "/ajax-api/apus/1.0/tokens/create"
    for origin in origins:
        page.goto(origin)
        for mode, kind in (("no-cors", "text/plain"), ("cors", "application/json"), ("cors", "text/plain")):
            assert page.evaluate(SEND, [create, mode, kind]) in ("refused", 0, 401, 403)
        assert page.evaluate(SEND, [server.url + "/logout", "no-cors", "text/plain"]) in ("refused", 0, 401, 403)
    # The browser shows the refusal of a form in the place of the page.
    page.goto(stranger)
    page.evaluate(FORM, create)
    page.wait_for_url(create)
    expect(page.locator("body")).to_contain_text("A browser's log-in is valid only for requests of the server's own pages")
    assert "stolen" not in {name for _, name in root.tokens()}
    assert Calls(server, cookie=f"{cookie['name']}={cookie['value']}").may_log_in()
    # The same call from a page of the server makes one: the test would see it.
    page.goto(server.url + "/")
    settled(page)
    assert page.evaluate(SEND, [create, "cors", "application/json"]) == 200
    assert ("root", "stolen") in root.tokens()


def test_beneath_a_prefix_the_account_leads_to_the_same_places(new_page, tmp_path):
    arguments = ["--app-name", "basic-auth", "--static-prefix", "/ml"]
    with ApusServer(arguments, ADMIN, directory=tmp_path / "server") as running:
        base = running.url.removesuffix("/ml")
        page = new_page(base=base)
        page.goto(base + "/ml/signup")
        fill_form(page, "root")
        expect(heading(page)).to_have_text("Users and roles")
        assert page.url == base + "/ml/#/users"
        choose(page, "Log out")
        expect(heading(page)).to_have_text("Log in")
        assert page.url == base + "/ml/login"


# How it looks.


@pytest.fixture(scope="module")
def furnished(root, server):
    """Some things to look at: a role with grants, a user with it, tokens."""
    user = root.user("margarethe-with-a-long-name@example.org")
    role = root.make("3.0/mlflow/roles/create", name="seen", workspace="default", description="To be looked at")["role"]["id"]
    for kind, pattern in (("experiment", "*"), ("registered_model", "a-model-whose-name-is-long-enough-to-break")):
        root.make("3.0/mlflow/roles/permissions/add", role_id=role, resource_type=kind, resource_pattern=pattern, permission="EDIT")
    root.make("3.0/mlflow/roles/assign", role_id=role, username=user)
    Calls(server, user).make("apus/1.0/tokens/create", name="laptop", expires_in=86_400_000)
    return {"tokens": "#/tokens", "users": "#/users", "roles": "#/roles", "user": f"#/users/{user}", "role": f"#/roles/{role}"}


@pytest.mark.parametrize("place", ["tokens", "users", "roles", "user", "role"])
def test_a_page_fits_its_window_and_is_accessible_in_both_themes(enter, furnished, place):
    page = enter("root", furnished[place])
    page.wait_for_load_state("networkidle")
    for theme, width, height in [("light", 1400, 900), ("dark", 1400, 900), ("dark", 360, 740), ("light", 360, 740)]:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": height})
        assert overflow(page) <= 0, (theme, width)
        brightness = brightness_of_ground(picture(page, f"account-{place}-{theme}-{width}"))
        assert brightness > 0.85 if theme == "light" else brightness < 0.2, (theme, width)
        assert faults_of_accessibility(page) == [], (theme, width)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_new_token_and_the_banner_are_accessible_on_a_phone(enter, theme):
    page = enter("root", "#/tokens", width=360, height=740, theme=theme)
    page.get_by_role("button", name="New token").click()
    assert faults_of_accessibility(page) == []
    answer(page, "Create", Name=f"on a phone, {theme}")
    expect(page.get_by_role("region", name="The new token")).to_be_visible()
    revoke = page.get_by_role("button", name=f"Revoke on a phone, {theme}…")
    # The page has read the list anew, for which it needs the cookie.
    expect(revoke).to_be_visible()
    page.context.clear_cookies()
    page.watch.expect(401, "/tokens/revoke")
    revoke.click()
    answer(page, "Revoke")
    page.keyboard.press("Escape")
    expect(page.locator(".banner").get_by_role("link")).to_be_visible()
    picture(page, f"account-banner-{theme}-360")
    assert overflow(page) <= 0
    assert faults_of_accessibility(page) == []


def test_the_ends_of_tokens_are_told_as_people_count(enter, root, server):
    owner = Calls(server, root.user("counting"))
    hour = 3_600_000
    for name, hours in (("hour", 1), ("day", 24), ("week", 168), ("quarter", 90 * 24), ("year", 365 * 24)):
        owner.make("apus/1.0/tokens/create", name=name, expires_in=hours * hour)
    page = enter("counting", "#/tokens")
    page.get_by_role("button", name="New token").click()
    answer(page, "Create", Name="month")
    for name, words in (("hour", "in 1 h"), ("day", "in 1 d"), ("week", "in 7 d"), ("month", "in 30 d"), ("quarter", "in 3 months"),
                        ("year", "in 12 months")):  # fmt: skip
        expect(page.get_by_role("row").filter(has=page.get_by_text(name, exact=True)).get_by_text(words, exact=True)).to_be_visible()


def test_whom_a_proxy_names_makes_tokens_with_an_end_on_the_page(new_page, tmp_path):
    arguments = ["--app-name", "basic-auth", "--trust-proxy-user", "Remote-User", "--trust-proxy-groups", "Remote-Groups",
                 "--trusted-proxies", "127.0.0.1", "--group-scopes", "team=write,readers=read"]  # fmt: skip
    with ApusServer(arguments, ADMIN, directory=tmp_path / "server") as running:
        for group, makes in (("team", True), ("readers", False)):
            page = new_page(base=running.url)
            page.set_extra_http_headers({"Remote-User": "ada", "Remote-Groups": group})
            page.goto("./#/tokens")
            expect(heading(page)).to_have_text("Your tokens")
            settled(page)
            assert page.get_by_role("button", name="New token").count() == int(makes)
            if makes:
                page.get_by_role("button", name="New token").click()
                ends = dialog(page).get_by_label("It ends").locator("option").all_text_contents()
                assert "Never" not in ends and "After a year" not in ends and "After 90 days" in ends
                answer(page, "Create", Name="laptop")
                expect(page.get_by_role("region", name="The new token")).to_be_visible()


def test_a_grant_names_an_experiment_by_its_name(enter, root, server):
    experiment = root.experiment("by its name")
    single = Calls(server, root.user("named"))
    page = enter("root", "#/users/named")
    page.get_by_role("button", name="Grant…").click()
    page.watch.expect(404, "/experiments/get-by-name")
    answer(page, "Grant", Which="no such experiment")
    expect(dialog(page).get_by_role("alert")).to_contain_text("There is no experiment")
    answer(page, "Grant", Which="by its name", How_much="DENY")
    expect(page.get_by_role("main")).to_contain_text(f"by its name (id {experiment})")
    assert single.get("2.0/mlflow/experiments/get", experiment_id=experiment)[0] == 403


def test_who_manages_an_experiment_shares_it_on_its_page(enter, root, server):
    experiment = root.experiment("to share")
    root.user("sharer")
    guest = root.user("guest")
    root.make("3.0/mlflow/users/permissions/grant", username="sharer", resource_type="experiment", resource_id=experiment,
              permission="MANAGE")  # fmt: skip
    page = enter("sharer", f"#/experiments/{experiment}?view=about")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "grants/" in request.url or "/permissions/" in request.url else None)
    page.get_by_text("Who may", exact=True).click()
    section = page.get_by_role("region", name="Who may")
    expect(section).to_contain_text("sharer")
    # One call tells it, however many users there are, and no browser notes a grant that is not there as an error.
    assert [url.rsplit("?")[0].rsplit("/", 2)[1:] for url in asked] == [["grants", "list"]]
    section.get_by_role("button", name="Share…").click()
    answer(page, "Share", User="guest", How_much="EDIT")
    expect(section).to_contain_text("guest")
    assert Calls(server, guest).send("POST", "2.0/mlflow/runs/create", {"experiment_id": experiment})[0] == 200
    section.get_by_role("button", name="Remove what guest may").click()
    answer(page, "Remove")
    expect(section).not_to_contain_text("guest")
    assert Calls(server, guest).send("POST", "2.0/mlflow/runs/create", {"experiment_id": experiment})[0] == 403
