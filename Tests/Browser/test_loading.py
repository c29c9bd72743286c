"""What pages load only when somebody uses it."""

from __future__ import annotations

from playwright.sync_api import expect

from looking import visit
from table import open_table


def hold(page, pattern: str):
    """Holds back the requests for files until the returned function is called."""
    held = []
    page.route(pattern, lambda route: held.append(route))

    def release():
        for route in held:
            route.continue_()
        page.unroute(pattern)

    return release


def test_of_several_quick_clicks_only_one_opens_a_dialog(page, world):
    open_table(page, world.sweep.id)
    release = hold(page, "**/table-chooser.js")
    for _ in range(5):
        page.get_by_role("button", name="Columns", exact=True).click()
    release()
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("dialog")).to_have_count(1)


def test_a_dialog_that_loads_does_not_open_on_another_page(page, world):
    visit(page, "#/models")
    open_table(page, world.sweep.id)
    release = hold(page, "**/table-chooser.js")
    page.get_by_role("button", name="Columns", exact=True).click()
    page.go_back()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    with page.expect_response("**/table-chooser.js"):
        release()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_style_sheet_that_did_not_come_is_asked_for_again(page, world):
    page.watch.expect_message("net::ERR_FAILED")
    page.watch.allow_message("Failed to load resource: net::ERR_FAILED")
    page.watch.expect_message("A part of this page did not load")
    open_table(page, world.sweep.id)
    page.route("**/dialogs.css", lambda route: route.abort())
    page.get_by_role("button", name="Columns", exact=True).click()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.unroute("**/dialogs.css")
    with page.expect_response("**/dialogs.css") as response:
        page.get_by_role("button", name="Columns", exact=True).click()
    assert response.value.ok
    expect(page.get_by_role("dialog")).to_have_count(1)
