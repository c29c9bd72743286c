"""Every page in both themes, wide and on a phone: nothing runs out of the page, and axe finds nothing serious."""

import re

import pytest
from playwright.sync_api import expect

from looking import brightness_of_ground, faults_of_accessibility, overflow, picture, share_of_ground, visit
from table import name_in, open_table, row, select, table


def twenty(world):
    return ",".join(trial.id for trial in world.sweep.trials[:20])


PLACES = {
    "experiments": lambda world: "#/",
    "runs": lambda world: f"#/experiments/{world.sweep.id}",
    "runs flat, selected": lambda world: (
        f"#/experiments/{world.sweep.id}?flat=1&order=-metrics.val/accuracy&runs={world.sweep.best.id}"
    ),
    "runs in groups": lambda world: f"#/experiments/{world.sweep.id}?group=params.optimizer",
    "charts": lambda world: f"#/experiments/{world.pair.id}?view=charts",
    "models of an experiment": lambda world: f"#/experiments/{world.media.id}?view=models",
    "about an experiment": lambda world: f"#/experiments/{world.sweep.id}?view=about",
    "run": lambda world: f"#/experiments/{world.media.id}/runs/{world.media.run}",
    "run charts": lambda world: f"#/experiments/{world.media.id}/runs/{world.media.run}?view=charts",
    "run files": lambda world: f"#/runs/{world.media.run}?view=artifacts&file=tables/answers.json",
    "run pictures": lambda world: f"#/runs/{world.media.run}?view=artifacts&file=series:predictions",
    "logged model": lambda world: f"#/experiments/{world.media.id}/models/{world.media.model}",
    "compare charts": lambda world: f"#/compare?runs={','.join(world.pair.runs)}",
    "compare values": lambda world: f"#/compare?runs={','.join(world.pair.runs)}&view=values&all=1",
    "compare parallel": lambda world: f"#/compare?runs={twenty(world)}&view=parallel",
    "compare scatter": lambda world: f"#/compare?runs={twenty(world)}&view=scatter",
    "compare importance": lambda world: f"#/compare?runs={twenty(world)}&view=importance",
    "compare files": lambda world: f"#/compare?runs={','.join(world.pair.runs)}&view=artifacts&file=settings.txt",
    "models": lambda world: (world.registry and "#/models"),
    "model": lambda world: f"#/models/{world.registry.model}",
    "version": lambda world: f"#/models/{world.registry.model}/versions/2",
    "prompts": lambda world: (world.registry and "#/prompts"),
    "prompt": lambda world: f"#/prompts/{world.registry.prompt}?version=3&with=1",
    "unknown": lambda world: "#/nowhere",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_page_fits_its_window_and_is_accessible_in_both_themes(page, world, place):
    visit(page, PLACES[place](world))
    page.wait_for_load_state("networkidle")
    for theme, width, height in [("light", 1400, 900), ("dark", 1400, 900), ("dark", 360, 740), ("light", 360, 740)]:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": height})
        assert overflow(page) <= 0, (theme, width)
        image = picture(page, f"{place.replace(', ', ' ').replace(' ', '-')}-{theme}-{width}")
        assert image.size == (width, height)
        brightness = brightness_of_ground(image)
        assert brightness > 0.85 if theme == "light" else brightness < 0.2, (theme, width)
        # Something stands on the page: text and lines are a small but certain part of it.
        assert share_of_ground(image) < 0.99, (theme, width)
        # Each theme and each width once: the rules take most of the time of these tests.
        if (theme, width) in [("light", 1400), ("dark", 360)]:
            assert faults_of_accessibility(page) == [], (theme, width)


def test_the_table_can_be_used_on_a_phone(new_page, world):
    page = new_page(width=360, height=740, has_touch=True)
    open_table(page, world.sweep.id, "?flat=1&order=-metrics.val/accuracy")
    name = name_in(row(page, 0))
    # The name is not cut off, and there is room for about ten letters.
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth")
    assert row(page, 0).locator(".first").bounding_box()["width"] >= 100
    assert row(page, 0).bounding_box()["y"] + 200 < 740, "the first rows are in sight"
    select(page, world.sweep.best.name)
    bar = page.get_by_role("group", name="Selected runs")
    expect(bar).to_be_in_viewport()
    table(page).evaluate("grid => { grid.scrollLeft = 10000; }")
    expect(name).to_be_in_viewport()
    name.tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text(world.sweep.best.name)


def test_dialogs_and_menus_are_accessible_and_fit_a_phone(new_page, world):
    for theme, width in [("light", 1400), ("dark", 360)]:
        page = new_page(theme=theme, width=width, height=740)
        open_table(page, world.sweep.id)
        for button in ("Columns", "Group"):
            page.get_by_role("button", name=button, exact=True).click()
            expect(page.get_by_role("dialog").or_(page.get_by_role("menu"))).to_be_visible()
            assert faults_of_accessibility(page) == []
            assert overflow(page) <= 0
            page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert faults_of_accessibility(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog").get_by_role("option").first).to_be_visible()
        assert faults_of_accessibility(page) == []


def test_the_title_of_the_window_names_what_is_shown(page, world):
    for place, title in [
        ("#/", "Experiments"),
        (f"#/experiments/{world.pair.id}", f"pair {world.mark}"),
        (f"#/runs/{world.media.run}", "everything"),
        ("#/nowhere", "Unknown address"),
    ]:
        visit(page, place)
        expect(page).to_have_title(re.compile("^" + title))


def test_times_are_relative_with_the_full_time_as_title(page, world):
    visit(page, f"#/experiments/{world.media.id}/runs/{world.media.run}")
    time = page.locator("time").first
    expect(time).to_have_text(re.compile("just now|ago"))
    time.hover()
    expect(time).to_have_attribute("title", re.compile("20[0-9][0-9]"))
