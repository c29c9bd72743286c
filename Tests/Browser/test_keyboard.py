"""Everything that is done all day works without a mouse."""

import re

from playwright.sync_api import expect

from looking import address_has, heading, settled, visit
from table import open_table, row, table


def press(page, *keys: str):
    for key in keys:
        page.keyboard.press(key)


def test_runs_are_walked_selected_and_compared_by_keys(page, world):
    open_table(page, world.pair.id)
    press(page, "j", "x", "j", "x")
    expect(page.get_by_text("2 runs selected")).to_be_visible()
    expect(row(page, 1)).to_have_class(re.compile("cursor"))
    press(page, "c")
    for run in world.pair.runs:
        address_has(page, run)
    settled(page)


def test_escape_selects_nothing(page, world):
    open_table(page, world.pair.id)
    press(page, "j", "x")
    expect(page.get_by_text("1 run selected")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_text("1 run selected")).to_be_hidden()


def test_the_slash_goes_to_the_filter_where_letters_are_letters(page, world):
    open_table(page, world.pair.id)
    press(page, "/")
    box = page.get_by_role("combobox", name="Filter runs")
    expect(box).to_be_focused()
    page.keyboard.type("jx/c?")
    expect(box).to_have_value("jx/c?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_run_is_opened_by_enter(page, world):
    open_table(page, world.pair.id)
    press(page, "j", "j", "k", "Enter")
    expect(heading(page)).to_have_text("run-b")


def test_a_tree_opens_and_closes_by_the_arrows(page, world):
    open_table(page, world.sweep.id)
    press(page, "j", "ArrowRight")
    expect(table(page)).to_have_attribute("aria-rowcount", "42")
    press(page, "ArrowLeft")
    expect(table(page)).to_have_attribute("aria-rowcount", "2")


def test_the_question_mark_lists_the_keys(page, world):
    open_table(page, world.pair.id)
    press(page, "?")
    keys = page.get_by_role("dialog")
    for label in ("Filter", "Next run", "Select the run", "Compare the selected runs", "Jump to"):
        expect(keys.get_by_text(label).first).to_be_visible()
    press(page, "Escape")
    expect(keys).to_have_count(0)


def test_any_experiment_run_or_model_is_reached_by_its_name(page, world):
    registry, sweep = world.registry, world.sweep
    visit(page, "#/")
    for name, shown in [
        (sweep.name, sweep.name),
        (registry.model, registry.model),
        (registry.prompt, registry.prompt),
        (sweep.best.id, sweep.best.name),
    ]:
        press(page, "Control+k")
        page.keyboard.type(name)
        option = page.get_by_role("dialog").get_by_role("option").filter(has_text=shown).first
        expect(option).to_have_attribute("aria-selected", "true")
        press(page, "Enter")
        expect(heading(page)).to_contain_text(shown)


def test_enter_opens_what_the_typed_text_finds_and_not_what_an_earlier_one_did(page, world):
    visit(page, "#/")
    for text, last in [(world.registry.model, world.registry.model), (world.sweep.best.id, world.sweep.best.name)]:
        press(page, "Control+k")
        page.keyboard.type(text)
        press(page, "Enter")
        expect(heading(page)).to_contain_text(last)


def test_the_first_stop_of_tab_skips_to_the_content(page, world):
    visit(page, "#/models")
    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_list_is_walked_by_j_and_k(page, world):
    world.registry
    visit(page, "#/prompts")
    press(page, "j")
    expect(page.get_by_role("rowheader").first.get_by_role("link")).to_be_focused()
    press(page, "/")
    expect(page.get_by_role("searchbox", name="Search prompts")).to_be_focused()


def test_the_focus_returns_when_a_dialog_closes(page, world):
    visit(page, f"#/experiments/{world.media.id}/runs/{world.media.run}")
    button = page.get_by_role("button", name="Add a tag")
    button.focus()
    press(page, "Enter")
    expect(page.get_by_role("dialog").get_by_label("Key")).to_be_focused()
    press(page, "Escape")
    expect(button).to_be_focused()
