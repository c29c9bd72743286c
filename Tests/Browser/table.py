"""The table of runs. Its rows are drawn only where they are in sight, so tests find them by their index."""

from __future__ import annotations

from playwright.sync_api import expect

from looking import visit


def table(page):
    return page.locator("[role=grid][aria-label=Runs], [role=treegrid][aria-label=Runs]")


def open_table(page, experiment: str, query: str = ""):
    """Opens the runs of an experiment and waits for the first row, unless there is none."""
    visit(page, f"#/experiments/{experiment}{query}")
    expect(page.get_by_role("status").filter(has_text="run").first).to_be_visible()


def row(page, position: int):
    """The row at a position; the first is 0."""
    return table(page).locator(f"[role=row][aria-rowindex='{position + 2}']")


def row_of(page, name: str):
    """The row of a run."""
    return table(page).locator(".row").filter(has=page.get_by_role("link", name=name, exact=True))


def name_in(row):
    return row.locator("a.name")


def expect_names(page, names: list[str]):
    """The first rows are those of these runs or groups, in this order."""
    for position, name in enumerate(names):
        expect(name_in(row(page, position))).to_have_text(name)


def head(page, label: str):
    """The head of a column."""
    return table(page).get_by_role("columnheader").filter(has=page.locator(".label").get_by_text(label, exact=True))


def sort_by(page, label: str):
    head(page, label).locator("button.sort").click()


def cell(page, row, label: str):
    """The cell of a row in a column."""
    position = head(page, label).get_attribute("aria-colindex")
    return row.locator(f"[aria-colindex='{position}']")


def expect_amount(page, text: str):
    """The number of runs that the table says it has."""
    expect(page.locator(".amount")).to_have_text(text)


def select(page, *names: str):
    for name in names:
        row_of(page, name).get_by_role("checkbox").check()


def choose(page, label: str):
    """Takes an item of the menu that is open."""
    page.locator("[role=menu]").get_by_role("button").or_(page.get_by_role("menuitem")).or_(
        page.get_by_role("menuitemradio")
    ).filter(has_text=label).first.click()
