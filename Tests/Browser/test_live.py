"""Runs that go on are followed; a page that has nothing to follow, or is not looked at, asks for nothing."""

import re
import statistics
import time
import uuid

import pytest
from playwright.sync_api import expect

from looking import settled, visit
from servers import wait_until
from table import cell, open_table, row_of
from test_charts import canvas, open_charts


@pytest.fixture
def running(rest):
    """A run that goes on: its experiment, its id, and how to log a point."""
    experiment = rest.experiment(f"live {uuid.uuid4().hex[:8]}")
    started = int(time.time() * 1000)
    run = rest.run(
        experiment,
        "going on",
        started,
        metrics=[("loss", 1.0 - step / 100, step) for step in range(10)],
        status="RUNNING",
    )
    yield experiment, run, lambda value, step: rest.log(run, started + 1000 * step, [("loss", value, step)])
    rest.call("runs/update", {"run_id": run, "status": "FINISHED"})


def test_a_new_point_is_on_the_screen_within_three_seconds(page, running):
    experiment, run, log = running
    open_charts(page, experiment, [run])
    expect(canvas(page, "loss")).to_be_visible()
    waited = []
    for step, value in enumerate([0.5, 0.375, 0.125], start=10):
        before = time.monotonic()
        log(value, step)
        wait_until(lambda: f"last {value}" in (canvas(page, "loss").get_attribute("aria-label") or ""), 10, "the point")
        waited.append(time.monotonic() - before)
    # A machine that is busy with other things may lose one.
    assert statistics.median(waited) < 3, waited


def test_only_new_points_are_asked_for(page, running):
    experiment, run, log = running
    open_charts(page, experiment, [run])
    expect(canvas(page, "loss")).to_be_visible()
    with page.expect_request(
        lambda request: "metrics/curves" in request.url and "after" in (request.post_data or "")
    ) as asked:
        log(0.25, 10)
    assert run in asked.value.post_data_json["after"]


def test_a_finished_run_shows_its_state_without_a_reload(page, rest, running):
    experiment, run, _ = running
    visit(page, f"#/experiments/{experiment}/runs/{run}")
    expect(page.get_by_text("Running").first).to_be_visible()
    rest.call("runs/update", {"run_id": run, "status": "FAILED"})
    expect(page.get_by_text("Failed").first).to_be_visible()


def test_the_table_follows_a_run_that_goes_on(page, rest, running):
    experiment, _, log = running
    open_table(page, experiment)
    expect(cell(page, row_of(page, "going on"), "loss")).to_have_text("0.91")
    log(0.0625, 10)
    expect(cell(page, row_of(page, "going on"), "loss")).to_have_text("0.0625")


def test_a_run_that_has_gone_silent_is_marked(page, rest):
    experiment = rest.experiment(f"silent {uuid.uuid4().hex[:8]}")
    rest.run(experiment, "quiet", 1_600_000_000_000, metrics=[("loss", 1.0, 0)], status="RUNNING")
    open_table(page, experiment)
    expect(row_of(page, "quiet")).to_contain_text("Silent")


def calls(page):
    return [address for address in page.watch.requests if "ajax-api" in address]


def let_time_pass(page, seconds: int):
    """Lets the clock of the page go on, and then the calls that it began end."""
    page.clock.run_for(seconds * 1000)
    # The state of the network that a page is loaded in tells nothing of later calls.
    wait_until(lambda: page.evaluate("true") and not page.watch.waits(), 20, "the calls of the page")


def hide(page, hidden: bool):
    """What a browser does when another tab is looked at: a headless one has no such tab."""
    page.evaluate(
        """(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => hidden ? "hidden" : "visible" });
        document.dispatchEvent(new Event("visibilitychange"));
    }""",
        hidden,
    )


def test_a_hidden_page_asks_for_nothing_and_goes_on_when_it_is_seen_again(page, running):
    experiment, run, log = running
    page.clock.install()
    open_charts(page, experiment, [run])
    expect(canvas(page, "loss")).to_be_visible()
    let_time_pass(page, 5)
    assert calls(page)
    hide(page, True)
    let_time_pass(page, 5)
    page.watch.forget()
    let_time_pass(page, 300)
    assert calls(page) == []
    log(0.5, 10)
    hide(page, False)
    let_time_pass(page, 5)
    expect(canvas(page, "loss")).to_have_attribute("aria-label", re.compile("last 0.5"))


@pytest.mark.parametrize("place", ["?view=charts", "/runs/RUN", "/runs/RUN?view=charts", "/runs/RUN?view=artifacts"])
def test_a_page_whose_runs_have_ended_asks_for_no_values(page, world, place):
    page.clock.install()
    visit(page, f"#/experiments/{world.pair.id}{place.replace('RUN', world.pair.runs[0])}")
    if "charts" in place:
        expect(page.locator(".plot canvas").first).to_be_attached()
    let_time_pass(page, 5)
    page.watch.forget()
    let_time_pass(page, 120)
    # A table looks for new runs now and then; nothing else is asked for.
    assert [address for address in calls(page) if not address.endswith("/apus/1.0/runs/table")] == []
    assert len(calls(page)) <= 120 / 15 + 1
