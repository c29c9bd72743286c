"""The page of a run."""

import re
import uuid

from playwright.sync_api import expect

from looking import heading, settled, visit


def open_run(page, world, query=""):
    visit(page, f"#/experiments/{world.media.id}/runs/{world.media.run}{query}")


def line(place, key):
    """The line of a table whose first cell is this key."""
    return place.locator("tr").filter(has=place.page.locator("th").get_by_text(key, exact=True))


def test_the_note_stands_first_and_is_rendered(page, world):
    open_run(page, world)
    first = page.locator("#content section").first
    expect(first).to_have_attribute("aria-label", "Note")
    expect(first.get_by_role("heading", name="What was tried")).to_be_visible()
    expect(first.locator("strong").filter(has_text="unet")).to_be_visible()
    expect(first.get_by_role("listitem")).to_have_text(["one", "two"])
    expect(first.get_by_role("link", name="the paper")).to_have_attribute("href", "https://example.org/paper")


def test_params_metrics_and_tags_are_listed_and_those_of_mlflow_are_folded(page, world):
    open_run(page, world)
    content = page.locator("#content")
    expect(line(content, "lr")).to_contain_text("0.1")
    expect(line(content, "steps_seen")).to_contain_text("1234567")
    expect(line(content, "loss/odd")).to_contain_text("NaN")
    tags = page.get_by_role("region", name="Tags", exact=True)
    expect(line(tags, "team")).to_contain_text("vision")
    expect(line(tags, "mlflow.source.type")).to_be_hidden()
    tags.get_by_text("Written by MLflow").click()
    expect(line(tags, "mlflow.source.type")).to_be_visible()


def test_system_metrics_have_a_section_of_their_own(page, world):
    open_run(page, world)
    row = page.get_by_role("row", name=re.compile("cpu_utilization_percentage"))
    expect(row).to_have_count(0)
    page.get_by_text("System metrics").first.click()
    expect(row.first).to_be_visible()


def test_the_dataset_is_shown(page, world):
    open_run(page, world)
    expect(page.get_by_text("train-set").first).to_be_visible()
    expect(page.get_by_text("training").first).to_be_visible()


def test_a_run_leads_to_its_child_its_experiment_and_its_model_and_the_child_to_its_parent(page, world):
    media = world.media
    open_run(page, world)
    page.get_by_role("link", name="a child").click()
    expect(heading(page)).to_have_text("a child")
    page.get_by_role("link", name="everything").first.click()
    expect(heading(page)).to_have_text("everything")
    page.locator(f"#content a[href*='models/{media.model}']").first.click()
    expect(heading(page)).to_have_text("classifier")
    page.go_back()
    page.get_by_role("link", name=f"media {world.mark}").first.click()
    expect(heading(page)).to_have_text(f"media {world.mark}")


def test_a_parent_of_forty_trials_names_them(page, world):
    sweep = world.sweep
    visit(page, f"#/experiments/{sweep.id}/runs/{sweep.parent}")
    expect(page.get_by_role("link", name=re.compile("^trial-")).first).to_be_visible()


def test_a_run_is_renamed_and_deleted_from_its_page(page, rest):
    experiment = rest.experiment(f"passing {uuid.uuid4().hex[:8]}")
    run = rest.run(experiment, "passing by", 1_600_000_000_000)
    visit(page, f"#/experiments/{experiment}/runs/{run}")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_text("Rename…").click()
    page.get_by_role("dialog").get_by_label("Name").fill("another name")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(heading(page)).to_have_text("another name")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_text("Delete", exact=True).click()
    expect(page.get_by_text("This run is deleted.")).to_be_visible()
    settled(page)
    assert rest.call(f"runs/get?run_id={run}")["run"]["info"]["lifecycle_stage"] == "deleted"
