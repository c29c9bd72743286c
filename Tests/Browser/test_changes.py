"""What a reader changes: names, tags, notes, deletion and restoration."""

import uuid

import pytest
from playwright.sync_api import expect

from looking import address_has, heading, settled, visit
from seed import EPOCH_MILLISECONDS, NOTE
from table import cell, choose, expect_amount, open_table, row_of, select, table


@pytest.fixture
def experiment(rest):
    """An experiment of three runs that only this test changes."""
    name = f"changed {uuid.uuid4().hex[:8]}"
    made = rest.experiment(name)
    runs = [
        rest.run(
            made,
            label,
            EPOCH_MILLISECONDS + 1000 * number,
            params={"lr": number},
            metrics=[("loss", 1 / (number + 1), 1)],
        )
        for number, label in enumerate(["first", "second", "third"])
    ]
    return made, name, runs


def answer(page, button: str, **fields: str):
    """Fills in the fields of the dialog that is open and presses its button."""
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_run_is_renamed_from_the_table(page, rest, experiment):
    made, _, runs = experiment
    open_table(page, made)
    select(page, "second")
    page.get_by_role("button", name="Rename", exact=True).click()
    answer(page, "Rename", Name="the better one")
    expect(row_of(page, "the better one")).to_be_visible()
    expect(row_of(page, "second")).to_have_count(0)
    assert rest.call(f"runs/get?run_id={runs[1]}")["run"]["info"]["run_name"] == "the better one"


def test_several_runs_get_a_tag_at_once(page, rest, experiment):
    made, _, runs = experiment
    open_table(page, made, "?columns=tags.state")
    select(page, "first", "third")
    page.get_by_role("button", name="Tag", exact=True).click()
    answer(page, "Tag", Key="state", Value="kept")
    expect(cell(page, row_of(page, "first"), "state")).to_have_text("kept")
    assert [rest.tags(run).get("state") for run in runs] == ["kept", None, "kept"]


def test_a_run_gets_a_note_from_the_table_that_stands_first_on_its_page(page, rest, experiment):
    made, _, runs = experiment
    open_table(page, made)
    select(page, "first")
    page.get_by_role("button", name="Note", exact=True).click()
    answer(page, "Save", Markdown="# Why\n\nIt **works**.")
    # The note is there once the dialog has closed.
    assert rest.tags(runs[0])[NOTE] == "# Why\n\nIt **works**."
    visit(page, f"#/experiments/{made}/runs/{runs[0]}")
    note = page.get_by_role("region", name="Note")
    expect(note.locator("strong").filter(has_text="works")).to_be_visible()
    first_section = page.locator("#content section").first
    expect(first_section).to_have_attribute("aria-label", "Note")


def test_deleted_runs_go_to_the_deleted_ones_and_come_back(page, rest, experiment):
    made, _, runs = experiment
    open_table(page, made)
    expect_amount(page, "3 runs")
    select(page, "first", "second")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect_amount(page, "1 run")
    stage = lambda run: rest.call(f"runs/get?run_id={run}")["run"]["info"]["lifecycle_stage"]
    assert [stage(run) for run in runs] == ["deleted", "deleted", "active"]
    page.get_by_role("button", name="Active", exact=True).click()
    choose(page, "Deleted")
    expect_amount(page, "2 runs")
    address_has(page, "stage=deleted")
    select(page, "second")
    page.get_by_role("button", name="Restore", exact=True).click()
    expect_amount(page, "1 run")
    assert [stage(run) for run in runs] == ["deleted", "active", "active"]


def test_a_deletion_is_undone_from_its_message(page, experiment):
    made, _, _ = experiment
    open_table(page, made)
    select(page, "third")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect_amount(page, "2 runs")
    page.get_by_role("button", name="Undo").click()
    expect_amount(page, "3 runs")
    expect(row_of(page, "third")).to_be_visible()


def test_a_tag_is_added_changed_and_removed_on_the_page_of_a_run(page, rest, experiment):
    made, _, runs = experiment
    visit(page, f"#/experiments/{made}/runs/{runs[0]}")
    page.get_by_role("button", name="Add a tag").click()
    answer(page, "Save", Key="owner", Value="ada")
    tags = page.get_by_role("region", name="Tags", exact=True)
    expect(tags.get_by_role("row", name="owner")).to_contain_text("ada")
    page.get_by_role("button", name="Edit owner").click()
    answer(page, "Save", Value="grace")
    expect(tags.get_by_role("row", name="owner")).to_contain_text("grace")
    assert rest.tags(runs[0])["owner"] == "grace"
    page.get_by_role("button", name="Remove owner").click()
    expect(tags.get_by_role("row", name="owner")).to_have_count(0)
    assert "owner" not in rest.tags(runs[0])


def test_a_refused_name_is_said_in_the_dialog_which_stays_open(page, rest, experiment):
    made, name, _ = experiment
    other = f"other {uuid.uuid4().hex[:8]}"
    rest.experiment(other)
    page.watch.expect(400, "experiments/update")
    visit(page, f"#/experiments/{made}")
    page.get_by_role("button", name="More", exact=True).click()
    choose(page, "Rename")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(other)
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.get_by_role("alert").or_(dialog.locator(".error"))).to_contain_text(other)
    expect(dialog.get_by_label("Name")).to_have_value(other)
    page.keyboard.press("Escape")
    expect(heading(page)).to_have_text(name)


def test_an_experiment_is_made_renamed_noted_deleted_and_restored(page, rest):
    name = f"made {uuid.uuid4().hex[:8]}"
    visit(page, "#/")
    page.get_by_role("button", name="New experiment").click()
    answer(page, "Create", Name=name)
    expect(heading(page)).to_have_text(name)
    experiment = page.url.split("/experiments/")[1].split("?")[0]
    page.get_by_role("button", name="More", exact=True).click()
    choose(page, "Rename")
    answer(page, "Rename", Name=name + " again")
    expect(heading(page)).to_have_text(name + " again")
    page.get_by_role("button", name="More", exact=True).click()
    choose(page, "Edit note and tags")
    page.get_by_role("button", name="Edit: Note").click()
    answer(page, "Save", Markdown="A *new* note")
    expect(page.get_by_role("region", name="Note").locator("em")).to_have_text("new")
    page.get_by_role("button", name="More", exact=True).click()
    choose(page, "Delete")
    answer(page, "Delete")
    expect(heading(page)).to_have_text("Experiments")
    expect(page.get_by_role("link", name=name + " again")).to_have_count(0)
    assert rest.call(f"experiments/get?experiment_id={experiment}")["experiment"]["lifecycle_stage"] == "deleted"
    visit(page, "#/?stage=deleted")
    page.get_by_role("button", name=f"More about {name} again").click()
    choose(page, "Restore")
    expect(page.get_by_role("link", name=name + " again")).to_have_count(0)
    visit(page, "#/")
    expect(page.get_by_role("link", name=name + " again")).to_be_visible()
