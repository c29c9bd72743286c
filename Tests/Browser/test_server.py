"""What the pages say of their server: that it is gone and there again, its snapshots, and its upstream."""

import json
import re
import socket
import urllib.request

from playwright.sync_api import expect

from looking import visit
from rest import Rest
from servers import ApusServer, free_port, wait_until


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_an_open_page_says_that_its_server_is_gone_and_goes_on_when_it_is_there_again(new_page):
    with ApusServer(["--port", free_port()]) as server:
        rest = Rest(server.url)
        experiment = rest.experiment("kept open")
        rest.run(experiment, "before", 1_790_000_000_000)
        page = new_page(base=server.url)
        page.watch.expect_message("net::ERR_CONNECTION_REFUSED")
        page.watch.allow_message("Failed to load resource: net::ERR_")
        visit(page, f"#/experiments/{experiment}")
        expect(page.get_by_role("link", name="before", exact=True)).to_be_visible()
        port = server.port
        server.stop(remove=False)
        wait_until(lambda: free(port), 10, "the end of the server")
        # As when a reader comes back to the window.
        page.evaluate("dispatchEvent(new Event('focus'))")
        banner = page.locator(".banner")
        expect(banner).to_contain_text("The server does not answer.")
        server.start()
        Rest(server.url).run(experiment, "after", 1_790_000_000_001)
        expect(banner).to_have_count(0)
        expect(page.get_by_role("link", name="after", exact=True)).to_be_visible()


def test_a_page_whose_first_call_fails_comes_when_the_server_is_there_again(new_page):
    with ApusServer(["--port", free_port()]) as server:
        page = new_page(base=server.url)
        page.watch.expect_message("net::ERR_CONNECTION_REFUSED")
        page.watch.allow_message("Failed to load resource: net::ERR_")
        visit(page, "#/models")
        port = server.port
        server.stop(remove=False)
        wait_until(lambda: free(port), 10, "the end of the server")
        page.evaluate("location.hash = '#/experiments'")
        expect(page.locator(".banner")).to_be_visible()
        expect(page.get_by_role("main").get_by_text("The server does not answer.")).to_be_visible()
        server.start()
        expect(page.get_by_role("link", name="Default", exact=True)).to_be_visible()
        expect(page.get_by_role("main").get_by_text("The server does not answer.")).to_have_count(0)


def test_the_experiments_say_how_old_the_newest_snapshot_is(new_page, tmp_path):
    with ApusServer(arguments=["--snapshot-to", tmp_path / "snapshots"]) as server:
        Rest(server.url).experiment("worth keeping")
        page = new_page(base=server.url)
        visit(page, "#/experiments")
        line = page.locator("#snapshots")
        expect(line).to_contain_text(re.compile("No snapshot yet|Newest snapshot: "))
        expect(line).to_contain_text(", in snapshots.")


def test_a_bar_says_that_the_disk_of_the_artifacts_is_nearly_full(new_page):
    with ApusServer(arguments=["--keep-free", "90%"]) as server:
        page = new_page(base=server.url)
        visit(page, "#/experiments")
        bar = page.locator("#space")
        expect(bar).to_contain_text(re.compile("Artifacts (are|will soon be) refused: .* left on the disk of the artifacts"))
        page.get_by_role("link", name="Models", exact=True).click()
        expect(page.get_by_role("heading", name="Models")).to_be_visible()
        expect(bar).to_be_visible()


def test_a_server_without_snapshots_says_nothing_of_them(page):
    visit(page, "#/experiments")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#snapshots")).to_have_count(0)


def forwarding(server) -> dict:
    with urllib.request.urlopen(server.url + "/health?verbose=1", timeout=10) as answer:
        return json.load(answer)["forwarding"]


def test_the_experiments_say_what_the_upstream_lacks(new_page):
    with ApusServer() as upstream, ApusServer(arguments=["--upstream", upstream.url, "--forward-delay", "100ms"]) as server:
        rest = Rest(server.url)
        rest.run(rest.experiment("sent on"), "first", 1_790_000_000_000)
        wait_until(lambda: forwarding(server)["current"], 20, "the upstream to have everything")
        page = new_page(base=server.url)
        visit(page, "#/experiments")
        line = page.locator("#forwarding")
        expect(line).to_contain_text(f"Upstream {upstream.url}: has everything, last sent ")
        upstream.stop(remove=False)
        rest.run(rest.experiment("waits"), "second", 1_790_000_000_001)
        wait_until(lambda: "failure" in forwarding(server), 20, "a failure")
        page.reload()
        expect(line).to_contain_text("to be sent")
        expect(line).to_contain_text("The last call failed: ")


def test_a_server_without_upstream_says_nothing_of_one(page):
    visit(page, "#/experiments")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#forwarding")).to_have_count(0)
