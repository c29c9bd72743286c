"""Charts. What a canvas shows is also said in its label, which tests read; a picture shows that something is drawn."""

import re

from playwright.sync_api import expect

from looking import address_has, picture_of, settled, share_of_ground, visit
from servers import wait_until


def open_charts(page, experiment, runs=(), query=""):
    chosen = "&runs=" + ",".join(runs) if runs else ""
    visit(page, f"#/experiments/{experiment}?view=charts{chosen}{query}")


def canvas(page, key):
    return page.locator(f'canvas[aria-label^="{key}, "]')


def drawn(page, key):
    """What is drawn of a metric, as text that changes with every pixel."""
    return canvas(page, key).evaluate("canvas => canvas.toDataURL()")


def changed(page, key, before):
    """Waits until the drawing of a metric is another one, and returns it."""
    wait_until(lambda: drawn(page, key) != before, 10, "another drawing")
    return drawn(page, key)


def test_every_metric_of_the_selected_runs_is_drawn(page, world):
    runs = world.pair.runs
    open_charts(page, world.pair.id, runs)
    label = canvas(page, "f1")
    expect(label).to_have_attribute("aria-label", re.compile("2 runs"))
    expect(label).to_have_attribute("aria-label", re.compile("run-b from 0.0246667 to 0.74, last 0.74"))
    expect(canvas(page, "same")).to_be_visible()
    assert share_of_ground(picture_of(label)) < 0.995


def test_a_run_that_is_selected_comes_into_the_charts(page, world):
    open_charts(page, world.pair.id, world.pair.runs[:1])
    expect(canvas(page, "f1")).to_have_attribute("aria-label", re.compile("1 run:"))
    page.get_by_role("checkbox", name="Select run-b").check()
    expect(canvas(page, "f1")).to_have_attribute("aria-label", re.compile("2 runs"))
    address_has(page, world.pair.runs[1])


def test_charts_are_found_by_a_part_of_their_key(page, world):
    open_charts(page, world.sweep.id, [trial.id for trial in world.sweep.trials[:3]])
    expect(canvas(page, "train/loss")).to_be_visible()
    page.get_by_role("searchbox", name="Find metrics").fill("val/")
    expect(canvas(page, "train/loss")).to_have_count(0)
    expect(canvas(page, "val/loss")).to_be_visible()
    address_has(page, "chart=val/")


def test_metrics_are_grouped_by_their_prefix(page, world):
    open_charts(page, world.sweep.id, [world.sweep.trials[0].id])
    group = page.locator("summary").filter(has_text=re.compile("^val"))
    expect(group).to_be_visible()
    group.click()
    expect(canvas(page, "val/loss")).to_be_hidden()


def test_smoothing_log_and_the_axis_change_the_drawing_and_stand_in_the_address(page, world):
    open_charts(page, world.pair.id, world.pair.runs)
    expect(canvas(page, "f1")).to_be_visible()
    plain = drawn(page, "f1")
    page.get_by_role("slider", name="Smoothing").fill("0.8")
    smooth = changed(page, "f1", plain)
    address_has(page, "chartsmooth=0.8")
    page.get_by_role("button", name="log y").click()
    logarithmic = changed(page, "f1", smooth)
    address_has(page, "chartlog=y")
    page.get_by_role("combobox", name="Along x").select_option("relative")
    changed(page, "f1", logarithmic)
    address_has(page, "chartx=relative")
    page.reload()
    settled(page)
    expect(page.get_by_role("slider", name="Smoothing")).to_have_value("0.8")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("combobox", name="Along x")).to_have_value("relative")
    expect(canvas(page, "f1")).to_be_visible()


def test_another_metric_can_be_the_axis(page, world):
    open_charts(page, world.sweep.id, [trial.id for trial in world.sweep.trials[:2]])
    expect(canvas(page, "val/accuracy")).to_be_visible()
    before = drawn(page, "val/accuracy")
    page.get_by_role("combobox", name="Along x").select_option("metric:val/loss")
    changed(page, "val/accuracy", before)
    address_has(page, "chartx=metric:val/loss")


def test_the_pointer_shows_the_values_of_all_runs_at_its_place(page, world):
    open_charts(page, world.pair.id, world.pair.runs)
    canvas(page, "f1").hover()
    tip = page.get_by_role("tooltip").or_(page.locator(".tip"))
    expect(tip).to_contain_text("run-a")
    expect(tip).to_contain_text("run-b")
    expect(tip).to_contain_text("step")


def test_a_part_of_the_axis_is_zoomed_by_dragging_and_the_whole_comes_back(page, world):
    open_charts(page, world.pair.id, world.pair.runs)
    expect(canvas(page, "f1")).to_be_visible()
    before = drawn(page, "f1")
    box = canvas(page, "f1").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
    page.mouse.up()
    changed(page, "f1", before)
    address_has(page, "chartzoom=")
    page.get_by_role("button", name="Whole range").click()
    wait_until(lambda: "chartzoom" not in page.url, 10, "the whole range")


def test_the_values_of_a_chart_are_a_table_too(page, world):
    open_charts(page, world.pair.id, world.pair.runs)
    page.get_by_role("button", name="Values of f1").click()
    line = page.get_by_role("dialog").get_by_role("row", name=re.compile("^run-b"))
    expect(line).to_contain_text("0.74")
    expect(line).to_contain_text("0.0246667")


def test_a_run_is_hidden_from_the_charts_by_its_name_in_the_legend(page, world):
    open_charts(page, world.pair.id, world.pair.runs)
    expect(canvas(page, "f1")).to_have_attribute("aria-label", re.compile("2 runs"))
    legend = page.get_by_role("list", name="Runs")
    legend.get_by_role("button").first.click()
    expect(canvas(page, "f1")).to_have_attribute("aria-label", re.compile("1 run:"))
    address_has(page, "charthide=")


def test_points_that_are_no_numbers_are_said(page, world):
    visit(page, f"#/experiments/{world.media.id}/runs/{world.media.run}?view=charts&chart=odd")
    expect(canvas(page, "loss/odd")).to_have_attribute("aria-label", re.compile("1 point not finite"))


def test_a_curve_is_read_by_the_arrow_keys(page, world):
    open_charts(page, world.pair.id, world.pair.runs)
    canvas(page, "f1").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcements")).to_have_text(re.compile(r"run-[ab]: [\d.]+ at step 0"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcements")).to_have_text(re.compile(r"run-[ab]: [\d.]+ at step 1"))


def test_charts_out_of_sight_are_not_asked_for(page, rest):
    experiment = rest.experiment(f"tall {rest.address[-5:]} {id(page)}")
    rest.run(
        experiment,
        "one",
        1_600_000_000_000,
        metrics=[(f"m{number:02d}", step, step) for number in range(60) for step in (0, 1)],
    )
    open_charts(page, experiment)
    expect(canvas(page, "m00")).to_be_visible()
    expect(canvas(page, "m59")).to_have_count(0)
    page.locator("figure").filter(has=page.get_by_text("m59", exact=True)).scroll_into_view_if_needed()
    expect(canvas(page, "m59")).to_be_visible()


def test_what_is_drawn_beside_the_pointer_stays_inside_of_the_axes(page, world):
    open_charts(page, world.pair.id, world.pair.runs)
    page.get_by_role("button", name="Enlarge f1").click()
    chart = canvas(page, "f1")
    chart.hover()
    page.keyboard.press("+")
    page.keyboard.press("+")
    over = page.locator(".chart.large canvas.over")
    # Left of the axis there are only labels, which are on the other canvas.
    painted = """canvas => {
        const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
        const context = copy.getContext("2d", { willReadFrequently: true });
        context.drawImage(canvas, 0, 0);
        const ratio = canvas.width / canvas.clientWidth;
        const count = (x, width) => context.getImageData(x * ratio, 0, width * ratio, canvas.height).data.some((byte) => byte);
        return [count(0, 50), count(54, canvas.clientWidth - 70)];
    }"""
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chart.focus()
    page.keyboard.press("+")
    wait_until(lambda: over.evaluate(painted)[1], 10, "the line beside the pointer")
    assert not over.evaluate(painted)[0]


def test_a_tap_shows_the_values_until_another_place_is_tapped(new_page, world):
    page = new_page(width=390, has_touch=True)
    page.goto(f"./#/experiments/{world.pair.id}/runs/{world.pair.runs[0]}?view=charts")
    settled(page)
    chart = canvas(page, "f1")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.locator(".tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("run-a")
    page.get_by_role("heading", level=1).tap()
    expect(tip).to_be_hidden()


def test_charts_say_that_they_show_the_first_of_many_runs(page, world):
    open_charts(page, world.sweep.id)
    expect(page.get_by_text("The first 10 of 41 runs are drawn. Select runs to draw others.")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("^Select ")).first.check()
    expect(page.get_by_text("runs are drawn")).to_have_count(0)
