"""The table of an experiment's runs."""

import re
import statistics
import uuid

from playwright.sync_api import expect

from looking import address_has, heading, settled
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


def by_metric(trials, key, highest_first):
    return [trial.name for trial in sorted(trials, key=lambda trial: trial.last[key], reverse=highest_first)]


def test_the_best_of_forty_trials_is_found_by_a_click_on_its_metric(page, world):
    sweep = world.sweep
    open_table(page, sweep.id)
    sort_by(page, "val/accuracy")
    expect(head(page, "val/accuracy")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Open the sweep").click()
    expect_names(page, ["the sweep", *by_metric(sweep.trials, "val/accuracy", True)[:5]])
    best = row(page, 1)
    expect(cell(page, best, "val/accuracy")).to_have_text(f"{sweep.best.last['val/accuracy']:.6g}")
    expect(cell(page, best, "lr")).to_have_text(sweep.best.params["lr"])
    name_in(best).click()
    expect(heading(page)).to_contain_text(sweep.best.name)


def test_a_metric_that_should_be_low_shows_its_lowest_first_and_a_second_click_turns_it_round(page, world):
    open_table(page, world.sweep.id, "?flat=1")
    sort_by(page, "val/loss")
    expect_names(page, by_metric(world.sweep.trials, "val/loss", False)[:6])
    sort_by(page, "val/loss")
    expect_names(page, by_metric(world.sweep.trials, "val/loss", True)[:6])
    address_has(page, "order=-metrics.val/loss")


def test_a_sweep_is_a_tree_that_opens_and_closes(page, world):
    open_table(page, world.sweep.id)
    expect(table(page)).to_have_attribute("aria-rowcount", "2")
    parent = row(page, 0)
    expect(name_in(parent)).to_have_text("the sweep")
    expect(parent).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Open the sweep").click()
    expect(parent).to_have_attribute("aria-expanded", "true")
    expect(table(page)).to_have_attribute("aria-rowcount", "42")
    expect(row(page, 1)).to_have_attribute("aria-level", "2")
    page.get_by_role("button", name="Close the sweep").click()
    expect(table(page)).to_have_attribute("aria-rowcount", "2")


def test_a_parent_shows_the_best_value_of_its_children(page, world):
    open_table(page, world.sweep.id)
    expect(cell(page, row(page, 0), "val/accuracy")).to_have_text(f"{world.sweep.best.last['val/accuracy']:.6g}")


def test_the_columns_are_those_that_differ_between_the_runs(page, world):
    open_table(page, world.sweep.id, "?flat=1")
    for label in ("lr", "optimizer", "batch_size", "val/accuracy", "val/loss"):
        expect(head(page, label)).to_have_count(1)
    open_table(page, world.pair.id)
    expect(head(page, "augment")).to_have_count(1)
    expect(head(page, "model")).to_have_count(0)
    expect(head(page, "patch")).to_have_count(0)


def test_a_column_is_added_and_taken_away_and_stays_after_a_reload(page, world):
    open_table(page, world.pair.id)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog").get_by_role("checkbox", name=re.compile("^patch")).check()
    page.get_by_role("dialog").get_by_role("checkbox", name=re.compile("^augment")).uncheck()
    page.keyboard.press("Escape")
    expect(cell(page, row_of(page, "run-a"), "patch")).to_have_text("96")
    expect(head(page, "augment")).to_have_count(0)
    address_has(page, "params.patch")
    page.reload()
    settled(page)
    expect(cell(page, row_of(page, "run-a"), "patch")).to_have_text("96")
    expect(head(page, "augment")).to_have_count(0)


def test_a_column_shows_the_lowest_value_of_a_metric_on_request(page, world):
    open_table(page, world.pair.id, "?columns=metrics.f1")
    expect(cell(page, row_of(page, "run-b"), "f1")).to_have_text("0.74")
    head(page, "f1").hover()
    page.get_by_role("button", name="Menu of the column f1").click()
    choose(page, "Lowest value")
    expect(cell(page, row_of(page, "run-b"), "f1")).to_have_text(f"{0.74 / 30:.6g}")
    address_has(page, "min.f1")


def test_runs_are_grouped_by_a_param_with_mean_and_spread(page, world):
    open_table(page, world.sweep.id)
    page.get_by_role("button", name="Group", exact=True).click()
    choose(page, "optimizer")
    address_has(page, "group=params.optimizer")
    values = [trial.last["val/accuracy"] for trial in world.sweep.trials if trial.params["optimizer"] == "adam"]
    adam = table(page).locator(".row").filter(has_text=re.compile("^.?adam(?!w)"))
    shown = cell(page, adam, "val/accuracy")
    expect(shown).to_contain_text("±")
    mean = float(shown.inner_text().split("±")[0])
    spread = float(shown.inner_text().split("±")[1])
    assert abs(mean - statistics.mean(values)) < 0.001
    assert abs(spread - statistics.stdev(values)) < 0.005
    page.get_by_role("button", name="Open adam", exact=True).click()
    expect(table(page).locator("[aria-level='2']").first).to_be_visible()


def test_a_filter_is_completed_from_the_keys_and_values_that_runs_have(page, world):
    sweep = world.sweep
    open_table(page, sweep.id, "?flat=1")
    box = page.get_by_role("combobox", name="Filter runs")
    box.press_sequentially("params.opt")
    option = page.get_by_role("option", name="params.optimizer")
    expect(option).to_be_visible()
    box.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value("params.optimizer ")
    box.press_sequentially("= ")
    page.get_by_role("option", name="'sgd'").click()
    expect(box).to_have_value("params.optimizer = 'sgd' ")
    box.press("Escape")
    box.press("Enter")
    expected = sum(trial.params["optimizer"] == "sgd" for trial in sweep.trials)
    expect_amount(page, f"{expected} runs")
    address_has(page, "filter=params.optimizer")


def test_a_refused_filter_says_why_at_its_place_and_is_mended_there(page, world):
    page.watch.expect(400, "runs/table")
    open_table(page, world.sweep.id, "?flat=1")
    box = page.get_by_role("combobox", name="Filter runs")
    box.fill("metrics.`val/accuracy` = 'high'")
    box.press("Enter")
    expect(box).to_have_attribute("aria-invalid", "true")
    note = page.locator("#" + box.get_attribute("aria-describedby"))
    expect(note).to_contain_text("'high'")
    # The message stands under the box, not somewhere else on the page.
    assert 0 <= note.bounding_box()["y"] - (box.bounding_box()["y"] + box.bounding_box()["height"]) < 60
    box.fill("metrics.`val/accuracy` > 0.9")
    box.press("Enter")
    expect(box).to_have_attribute("aria-invalid", "false")
    expected = sum(trial.last["val/accuracy"] > 0.9 for trial in world.sweep.trials)
    expect_amount(page, f"{expected} runs")
    expect(note).to_be_empty()


def test_a_word_in_the_filter_finds_runs_by_a_part_of_their_name(page, world):
    open_table(page, world.sweep.id, "?flat=1")
    box = page.get_by_role("combobox", name="Filter runs")
    box.fill("AL-07")
    box.press("Enter")
    expect_amount(page, "1 run")
    expect_names(page, ["trial-07"])


def test_every_row_of_600_runs_is_met_in_one_scroll(page, world):
    open_table(page, world.many.id, "?order=metrics.loss")
    expect_amount(page, "600 runs")
    seen = dict(table(page).evaluate("""async (grid) => {
        const seen = new Map();
        for (let before = -1; grid.scrollTop !== before;) {
            before = grid.scrollTop;
            const box = grid.getBoundingClientRect();
            for (const row of grid.querySelectorAll(".rows > .row")) {
                const { top, bottom } = row.getBoundingClientRect();
                if (bottom <= box.top || top >= box.bottom) continue;
                seen.set(Number(row.getAttribute("aria-rowindex")) - 2, row.querySelector(".name").textContent);
            }
            grid.scrollTop += grid.clientHeight * 0.7;
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }
        return [...seen];
    }"""))
    assert [seen.get(index) for index in range(600)] == sorted(world.many.losses, key=world.many.losses.get)


def test_a_table_holds_only_the_rows_in_sight(page, world):
    open_table(page, world.many.id)
    expect_amount(page, "600 runs")
    assert table(page).locator(".rows > .row").count() < 120


def test_integers_are_shown_in_full(page, world):
    open_table(page, world.sweep.id, "?flat=1&columns=metrics.examples,metrics.parameters&order=metrics.examples")
    expect(cell(page, row_of(page, "trial-00"), "examples")).to_have_text("9876543210")
    expect(cell(page, row_of(page, "trial-00"), "parameters")).to_have_text("1234567")


def test_two_selected_runs_are_compared_by_one_click(page, world):
    open_table(page, world.pair.id)
    select(page, "run-a", "run-b")
    expect(page.get_by_text("2 runs selected")).to_be_visible()
    page.get_by_role("link", name="Compare", exact=True).click()
    for run in world.pair.runs:
        address_has(page, run)
    settled(page)


def test_a_link_opens_the_parents_of_the_children_that_it_selects(page, world):
    child = world.sweep.trials[17]
    open_table(page, world.sweep.id, f"?runs={child.id}")
    expect(row_of(page, "the sweep")).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("checkbox", name="Select " + child.name, exact=True)).to_be_checked()
    # Whoever closes it again has it closed.
    page.get_by_role("button", name="Close the sweep").click()
    expect(table(page)).to_have_attribute("aria-rowcount", "2")


def test_a_key_that_no_run_has_is_named_with_the_one_that_was_meant(page, world):
    open_table(page, world.sweep.id, "?flat=1")
    box = page.get_by_role("combobox", name="Filter runs")
    box.fill("params.lrr != 'x'")
    box.press("Enter")
    note = page.locator("#filter-note")
    expect(note).to_contain_text("No run has params.lrr. Did you mean params.lr?")
    expect_amount(page, "0 runs")
    note.get_by_role("button", name="params.lr").click()
    expect(box).to_have_value("params.lr != 'x'")
    expect_amount(page, "40 runs")
    expect(note).to_be_empty()


def test_an_experiment_whose_runs_are_all_deleted_leads_to_them(page, rest):
    experiment = rest.experiment("emptied " + uuid.uuid4().hex[:8])
    open_table(page, experiment)
    expect(page.get_by_text("No runs yet.")).to_be_visible()
    run = rest.run(experiment, "thrown away", 1_790_000_000_000)
    rest.call("runs/delete", {"run_id": run})
    page.reload()
    expect(page.get_by_text("All runs are deleted.")).to_be_visible()
    page.get_by_role("link", name="Show the deleted runs").click()
    expect_names(page, ["thrown away"])
