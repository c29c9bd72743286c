"""The address holds what is seen: a link, a reload and Back show the same again."""

from playwright.sync_api import expect

from looking import address_has, heading, settled, visit
from servers import wait_until
from table import (
    cell,
    choose,
    expect_amount,
    expect_names,
    head,
    name_in,
    open_table,
    row,
    row_of,
    select,
    sort_by,
    table,
)


def test_a_link_shows_filter_order_columns_and_selection_to_somebody_else(new_page, world):
    sweep = world.sweep
    page = new_page()
    open_table(page, sweep.id, "?flat=1")
    box = page.get_by_role("combobox", name="Filter runs")
    box.fill("params.optimizer = 'adam'")
    box.press("Enter")
    sort_by(page, "val/loss")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog").get_by_role("checkbox", name="epochs").check()
    page.keyboard.press("Escape")
    adam = sorted(
        (trial for trial in sweep.trials if trial.params["optimizer"] == "adam"),
        key=lambda trial: trial.last["val/loss"],
    )
    expect_names(page, [trial.name for trial in adam[:4]])
    select(page, adam[0].name, adam[2].name)
    expect(page.get_by_text("2 runs selected")).to_be_visible()

    other = new_page()
    visit(other, page.url)
    expect_amount(other, f"{len(adam)} runs")
    expect_names(other, [trial.name for trial in adam[:4]])
    expect(other.get_by_role("combobox", name="Filter runs")).to_have_value("params.optimizer = 'adam'")
    expect(head(other, "val/loss")).to_have_attribute("aria-sort", "ascending")
    expect(cell(other, row(other, 0), "epochs")).to_have_text("20")
    expect(row(other, 0)).to_have_attribute("aria-selected", "true")
    expect(row(other, 1)).to_have_attribute("aria-selected", "false")
    expect(row(other, 2)).to_have_attribute("aria-selected", "true")


def scroll_to(page, top: int):
    """Scrolls the table and waits until the rows of that place are there."""
    table(page).evaluate("(grid, top) => { grid.scrollTop = top; }", top)
    expect(row(page, top // 30 + 3)).to_be_in_viewport()
    # A moment later the place stands in the history.
    wait_until(lambda: page.evaluate("history.state?.kept?.table?.[0] > 100"), 10, "the place to be kept")


def test_back_returns_to_the_place_in_a_long_table(page, world):
    open_table(page, world.many.id, "?order=metrics.loss")
    expect_amount(page, "600 runs")
    scroll_to(page, 9000)
    link = name_in(row(page, 303))
    name = link.inner_text()
    link.click()
    expect(heading(page)).to_contain_text(name)
    page.go_back()
    expect_amount(page, "600 runs")
    expect(row_of(page, name)).to_be_in_viewport()
    wait_until(lambda: abs(table(page).evaluate("grid => grid.scrollTop") - 9000) < 40, 10, "the place of before")


def test_a_reload_keeps_the_place_and_what_is_open(page, world):
    open_table(page, world.many.id)
    expect_amount(page, "600 runs")
    scroll_to(page, 12000)
    page.reload()
    settled(page)
    expect_amount(page, "600 runs")
    expect(row(page, 403)).to_be_in_viewport()
    open_table(page, world.sweep.id)
    page.get_by_role("button", name="Open the sweep").click()
    name_in(row(page, 3)).click()
    settled(page)
    page.go_back()
    expect(table(page)).to_have_attribute("aria-rowcount", "42")


def test_back_takes_back_a_filter_and_an_order(page, world):
    open_table(page, world.sweep.id, "?flat=1")
    expect_amount(page, "41 runs")
    sort_by(page, "val/loss")
    address_has(page, "order=")
    box = page.get_by_role("combobox", name="Filter runs")
    box.fill("params.optimizer = 'adam'")
    box.press("Enter")
    expect_amount(page, "14 runs")
    page.go_back()
    expect_amount(page, "41 runs")
    expect(page.get_by_role("combobox", name="Filter runs")).to_have_value("")
    expect(head(page, "val/loss")).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    expect(head(page, "val/loss")).to_have_attribute("aria-sort", "none")


def test_active_and_deleted_runs_are_a_switch_that_stands_in_the_address(page, world):
    open_table(page, world.pair.id)
    page.get_by_role("button", name="Active", exact=True).click()
    choose(page, "Active and deleted")
    address_has(page, "stage=all")
    expect_amount(page, "2 runs")


def test_an_unknown_address_says_so(page):
    visit(page, "#/nowhere/at/all?x=1")
    expect(heading(page)).to_have_text("Nothing is at this address")
    expect(page.get_by_text("#/nowhere/at/all")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="experiments").click()
    expect(heading(page)).to_have_text("Experiments")


def test_what_the_server_does_not_have_is_said_in_its_words(page):
    page.watch.expect(404, "experiments/get")
    page.goto("./#/experiments/999999999")
    expect(page.get_by_text("999999999' exists").or_(page.get_by_text("999999999 exists")).first).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.watch.expect(404, "runs/get")
    visit(page, "#/experiments/0/runs/" + "0" * 32)
    expect(page.get_by_text("0" * 32).first).to_be_visible()


def test_the_addresses_that_the_client_prints_open_the_run(page, world):
    media = world.media
    visit(page, f"#/experiments/{media.id}/runs/{media.run}/artifacts/notes.txt")
    expect(page.get_by_text("plain words")).to_be_visible()
    visit(page, f"#/runs/{media.run}")
    expect(heading(page)).to_contain_text("everything")
    first, second = world.pair.runs
    visit(page, f'#/compare-runs?runs=["{first}","{second}"]&experiments=["{world.pair.id}"]')
    expect(page.get_by_text("run-a").first).to_be_visible()
    expect(page.get_by_text("run-b").first).to_be_visible()


def test_the_focus_is_on_the_heading_after_a_click_on_a_link(page, world):
    visit(page, "#/")
    page.get_by_role("navigation", name="Parts").get_by_role("link", name="Models").click()
    expect(heading(page)).to_have_text("Registered models")
    expect(heading(page)).to_be_focused()
