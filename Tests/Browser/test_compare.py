"""Runs side by side, by an address that can be sent."""

import re

from playwright.sync_api import expect

from looking import address_has, heading, picture_of, settled, share_of_ground, visit
from test_charts import canvas
from test_run_page import line


def compare(page, runs, query=""):
    visit(page, f"#/compare?runs={','.join(runs)}{query}")


def view(page, name):
    page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()


def test_why_two_runs_differ_is_seen_at_once(page, world):
    compare(page, world.pair.runs)
    expect(heading(page)).to_have_text("2 runs")
    view(page, "Values")
    table = page.locator("table.side")
    expect(line(table, "lr")).to_contain_text("0.1")
    expect(line(table, "lr")).to_contain_text("0.01")
    expect(line(table, "augment")).to_contain_text("flips")
    expect(line(table, "f1")).to_contain_text("0.74")
    for alike in ("model", "depth", "patch", "loss", "same"):
        expect(line(table, alike)).to_have_count(0)
    page.get_by_role("button", name="equal rows too").click()
    expect(line(table, "model")).to_contain_text("unet")
    address_has(page, "all=1")


def test_the_curves_of_compared_runs_lie_over_each_other(page, world):
    compare(page, world.pair.runs)
    expect(canvas(page, "f1")).to_have_attribute("aria-label", re.compile("2 runs: run-a from .* run-b from"))


def test_forty_trials_are_shown_as_parallel_coordinates_and_as_points(page, world):
    trials = [trial.id for trial in world.sweep.trials]
    for name in ("Parallel", "Scatter"):
        compare(page, trials)
        view(page, name)
        plot = page.locator("#content canvas").first
        expect(plot).to_be_visible()
        expect(plot).to_have_attribute("aria-label", re.compile("40 runs|40 of"))
        assert share_of_ground(picture_of(plot)) < 0.99
        address_has(page, "view=" + name.lower())


def test_the_importance_of_params_says_by_which_method(page, world):
    compare(page, [trial.id for trial in world.sweep.trials], "&view=importance")
    expect(page.get_by_text("random forest").first).to_be_visible()
    expect(page.get_by_text("correlation").first).to_be_visible()
    expect(line(page.locator("#content"), "lr")).to_have_count(1)


def test_a_file_that_differs_is_shown_line_by_line(page, world):
    compare(page, world.pair.runs, "&view=artifacts")
    page.get_by_role("navigation", name="Files").get_by_role("link", name="settings.txt").click()
    difference = page.get_by_role("group", name="Difference")
    expect(difference.locator("del")).to_have_text("rate 0.1")
    expect(difference.locator("ins")).to_have_text("rate 0.01")
    expect(difference.get_by_text("shared line")).to_be_visible()
    address_has(page, "file=settings.txt")


def test_a_run_is_left_out_of_the_comparison(page, world):
    compare(page, world.pair.runs)
    page.get_by_role("button", name="Runs…").click()
    page.get_by_text("Leave out run-b").click()
    expect(heading(page)).to_have_text("1 run")
    assert world.pair.runs[1] not in page.url
    page.go_back()
    expect(heading(page)).to_have_text("2 runs")


def test_a_hundred_runs_and_no_more_are_compared(page, world, rest):
    found = rest.call("runs/search", {"experiment_ids": [world.many.id], "max_results": 101})["runs"]
    compare(page, [run["info"]["run_id"] for run in found])
    expect(heading(page)).to_have_text("100 runs")
    expect(page.get_by_text("The first 100 of 101")).to_be_visible()
    expect(canvas(page, "loss")).to_have_attribute("aria-label", re.compile("100 runs"))


def test_a_run_that_is_gone_is_said_and_the_others_are_compared(page, world):
    page.watch.expect(404, "runs/get")
    compare(page, [*world.pair.runs, "0" * 32])
    expect(heading(page)).to_have_text("2 runs")
    expect(page.get_by_text("0" * 32).first).to_be_visible()
