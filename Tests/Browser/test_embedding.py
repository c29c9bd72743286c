"""Pages within other pages: a view without its head, and who may frame it."""

import http.server
import os
import re
import threading
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import expect

from looking import heading, overflow, visit
from rest import Rest
from servers import ApusServer
from table import expect_amount
from test_charts import canvas

needs_own_server = pytest.mark.skipif(
    "APUS_BROWSER_ADDRESS" in os.environ, reason="starts a server of its own, with other settings"
)


def test_an_embedded_table_has_no_head(page, world):
    visit(page, f"?embed=1#/experiments/{world.pair.id}")
    expect_amount(page, "2 runs")
    expect(page.get_by_role("banner")).to_be_hidden()


def test_an_embedded_run_shows_only_the_charts_that_are_asked_for(new_page, world):
    page = new_page(width=480, height=320)
    visit(page, f"?embed=1&metrics=loss#/runs/{world.media.run}")
    expect(canvas(page, "loss")).to_be_visible()
    expect(page.locator("figure.chart")).to_have_count(1)
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_have_count(0)
    assert overflow(page) <= 0


def test_a_comparison_can_be_embedded(page, world):
    visit(page, f"?embed=1&metrics=f1#/compare?runs={','.join(world.pair.runs)}")
    expect(canvas(page, "f1")).to_have_attribute("aria-label", re.compile("2 runs"))
    expect(page.locator("figure.chart")).to_have_count(1)


@pytest.fixture
def notebook():
    """The address of a page of another origin, which has a frame with the address in its query."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            framed = unquote(self.path.partition("?")[2])
            head = '<!doctype html><title>notebook</title><link rel="icon" href="data:,">'
            body = f'{head}<iframe width="800" height="500" src="{framed}"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@needs_own_server
def test_an_origin_that_is_allowed_may_frame_the_pages_and_another_may_not(new_page, notebook):
    with ApusServer(["--frame-ancestors", notebook]) as server:
        experiment = Rest(server.url).experiment("framed")
        framed = f"{notebook}/?" + quote(f"{server.url}/?embed=1#/experiments/{experiment}")
        page = new_page(base=notebook, others=[server.url])
        page.goto(framed)
        expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text("framed")
        stranger = notebook.replace("127.0.0.1", "localhost")
        page = new_page(base=stranger, others=[server.url])
        page.watch.allow_message("Framing ")
        page.watch.allow_message("Refused to frame")
        page.watch.expect_message("net::ERR_BLOCKED_BY_RESPONSE")
        page.goto(framed.replace(notebook, stranger))
        expect(page.locator("iframe")).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(page.frame_locator("iframe").get_by_role("heading", name="framed")).to_have_count(0)


@needs_own_server
def test_a_browser_that_asks_by_a_name_that_is_not_allowed_gets_a_page_with_the_remedy(new_page):
    with ApusServer(["--allowed-hosts", "tracker.example"]) as server:
        page = new_page(base=server.url)
        page.watch.expect(403, server.url)
        page.goto(server.url)
        expect(page.locator("body")).to_contain_text("--allowed-hosts")
        assert not page.locator("body").inner_text().lstrip().startswith("{")


@needs_own_server
def test_all_pages_work_beneath_a_prefix(new_page):
    with ApusServer(["--static-prefix", "/tools/mlflow"]) as server:
        assert server.url.endswith("/tools/mlflow")
        experiment = Rest(server.url).experiment("beneath")
        page = new_page(base=server.url)
        visit(page, "#/")
        page.get_by_role("link", name="beneath").click()
        expect(heading(page)).to_have_text("beneath")
        assert f"/tools/mlflow/#/experiments/{experiment}" in page.url
        assert all(address.startswith(server.url) for address in page.watch.requests)
