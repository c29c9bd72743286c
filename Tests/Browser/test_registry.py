"""Models, versions, aliases and prompts."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from looking import address_has, heading, settled, visit
from test_changes import answer


@pytest.fixture
def model(rest):
    """A registered model of two versions that only this test changes."""
    name = f"mine-{uuid.uuid4().hex[:8]}"
    rest.call("registered-models/create", {"name": name})
    for _ in range(2):
        rest.call("model-versions/create", {"name": name, "source": "s3://models/mine"})
    return name


def test_a_model_is_found_by_a_part_of_its_name(page, world):
    registry = world.registry
    visit(page, "#/models")
    expect(page.get_by_role("link", name=registry.model)).to_be_visible()
    expect(page.get_by_role("link", name=registry.prompt)).to_have_count(0)
    page.get_by_role("searchbox", name="Search models").fill(registry.model[-6:].upper())
    expect(page.get_by_role("rowheader")).to_have_text([registry.model])
    address_has(page, "q=")
    page.get_by_role("searchbox", name="Search models").fill("no model is called so")
    expect(page.get_by_text("No model has this in its name.")).to_be_visible()


def test_a_model_shows_its_description_its_versions_and_their_aliases(page, world):
    visit(page, f"#/models/{world.registry.model}")
    expect(heading(page)).to_have_text(world.registry.model)
    expect(page.get_by_role("region", name="Description").locator("em")).to_have_text("who leaves")
    expect(page.get_by_role("rowheader")).to_contain_text(["Version 3", "Version 2", "Version 1"])
    second = page.get_by_role("row").filter(has=page.get_by_role("link", name="Version 2"))
    expect(second).to_contain_text("@champion")
    expect(second).to_contain_text("Version number 2")


def test_a_version_shows_its_signature_and_the_run_that_it_came_from(page, world):
    visit(page, f"#/models/{world.registry.model}/versions/2")
    signature = page.get_by_role("region", name="Signature")
    expect(signature.get_by_role("table", name="inputs")).to_contain_text("age")
    expect(signature.get_by_role("table", name="inputs")).to_contain_text("double")
    expect(signature.get_by_role("table", name="inputs")).to_contain_text("optional")
    expect(signature.get_by_role("table", name="outputs")).to_contain_text("boolean")
    page.get_by_role("link", name=world.media.run[:8]).click()
    expect(heading(page)).to_have_text("everything")


def test_an_alias_is_set_moved_and_taken_back(page, rest, model):
    visit(page, f"#/models/{model}")
    page.get_by_role("button", name="Add an alias to version 1").click()
    answer(page, "Set", Alias="best")
    first, second = (
        page.get_by_role("row").filter(has=page.get_by_role("link", name=f"Version {number}")) for number in (1, 2)
    )
    expect(first).to_contain_text("@best")
    page.get_by_role("button", name="Add an alias to version 2").click()
    answer(page, "Set", Alias="best")
    expect(second).to_contain_text("@best")
    expect(first).not_to_contain_text("@best")
    assert rest.call(f"registered-models/alias?name={model}&alias=best")["model_version"]["version"] == "2"
    page.get_by_role("button", name="Remove the alias best").click()
    expect(second).not_to_contain_text("@best")


def test_a_stage_and_a_description_are_given_to_a_version(page, rest, model):
    visit(page, f"#/models/{model}/versions/1")
    page.get_by_role("combobox", name="Stage of version 1").select_option("Production")
    expect(page.get_by_text("is now in Production")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Edit: Description").click()
    answer(page, "Save", Markdown="For **October**")
    expect(page.get_by_role("region", name="Description").locator("strong")).to_have_text("October")
    version = rest.call(f"model-versions/get?name={model}&version=1")["model_version"]
    assert (version["current_stage"], version["description"]) == ("Production", "For **October**")


def test_a_version_and_a_model_are_deleted_after_a_question(page, rest, model):
    visit(page, f"#/models/{model}/versions/2")
    page.get_by_role("button", name="Delete…").click()
    answer(page, "Delete for ever")
    expect(page.get_by_role("rowheader")).to_contain_text(["Version 1"])
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_text("Delete…").click()
    answer(page, "Delete for ever")
    expect(heading(page)).to_have_text("Registered models")
    expect(page.get_by_role("link", name=model)).to_have_count(0)


def test_a_prompt_shows_its_text_its_versions_and_what_changed_between_them(page, world):
    prompt = world.registry.prompt
    visit(page, "#/prompts")
    page.get_by_role("link", name=prompt).click()
    expect(heading(page)).to_have_text(prompt)
    expect(page.locator("pre.prompt")).to_have_text(
        "You are an editor.\nSummarise {{text}}\nin {{count}} sentences.\nBe kind."
    )
    versions = page.get_by_role("navigation", name="Versions")
    expect(versions).to_contain_text("@live")
    versions.get_by_role("link", name=re.compile("^Version 2")).click()
    expect(page.locator("pre.prompt")).to_contain_text("Be brief.")
    address_has(page, "version=2")
    page.get_by_role("combobox", name="Compare with").select_option("1")
    expect(page.get_by_role("heading", name="Version 2, changed since version 1")).to_be_visible()
    difference = page.get_by_role("region", name="Version 2")
    for line in ("Summarise {{text}} in one sentence.", "in {{count}} sentences.", "Be brief."):
        expect(difference).to_contain_text(line)
    expect(difference.locator("del, .removed, .minus").first).to_be_visible()
    expect(difference.locator("ins, .added, .plus").first).to_be_visible()
    address_has(page, "with=1")


def test_the_models_of_an_experiment_are_listed(page, world):
    visit(page, f"#/experiments/{world.media.id}")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Models").click()
    page.get_by_role("link", name="classifier").click()
    expect(heading(page)).to_have_text("classifier")
    expect(page.get_by_role("region", name="Signature")).to_contain_text("age")
