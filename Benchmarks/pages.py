#!/usr/bin/env python3
"""
The pages in a headless Chromium, beside MLflow's own pages over MLflow's own server, on the same data in one run.

    .venv-browser/bin/python Benchmarks/pages.py            # needs `make build environments`; some minutes
    .venv-browser/bin/python Benchmarks/pages.py --runs 1000 --repetitions 3
    .venv-browser/bin/python Benchmarks/pages.py --bytes    # only what a first visit of each page loads; seconds

Every number but the bytes is a median; its values stand beside it. Nothing here fails: read the times on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "Tests/Browser"), str(HERE.parent / "Tests/Support")]

from playwright.sync_api import sync_playwright  # noqa: E402

from rest import Rest  # noqa: E402
from servers import ApusServer, ReferenceServer  # noqa: E402

REFERENCE_PYTHON = Path(os.environ.get("APUS_REFERENCE_PYTHON") or HERE.parent / ".venv-reference/bin/python")
STARTED = 1_790_000_000_000
BARS = {
    "first row": "300 ms",
    "sorted by a metric": "200 ms",
    "50 curves drawn": "100 ms",
    "a live point": "3,000 ms",
    "processor of an idle page": "0 %",
}

# What a first visit may load without the answers of the API: in kB as the files are, and as they are sent with gzip.
BYTE_BARS = (120, 40)

# Runs before a page: says when a text is in the document, in milliseconds since the address was opened.
WAIT_FOR_TEXT = """
globalThis.seen = (text) => new Promise((done) => {
  const look = () => document.body?.innerText.includes(text) ? done(performance.now()) : requestAnimationFrame(look);
  look();
});
"""


def many_runs(rest, amount):
    """An experiment of many runs with two metrics and two params; returns its id and the name of the newest run."""
    chance = random.Random(3)
    experiment = rest.experiment("many runs")
    drawn = [(number, chance.random(), chance.random()) for number in range(amount)]

    def make(drawn):
        number, loss, accuracy = drawn
        rest.run(
            experiment,
            f"run-{number:05d}",
            STARTED + number,
            params={"lr": f"{loss:.4g}", "layers": number % 7},
            metrics=[("loss", loss, 1), ("accuracy", accuracy, 1)],
        )

    rest.at_once(make, drawn)
    return experiment, f"run-{amount - 1:05d}", f"run-{max(drawn, key=lambda one: one[2])[0]:05d}"


def fifty_curves(rest):
    """An experiment of 50 runs with one metric of 2,000 points each."""
    chance = random.Random(5)
    experiment = rest.experiment("fifty curves")
    curves = [[("loss", 2 / (1 + step / 200) + chance.random() / 10, step) for step in range(2000)] for _ in range(50)]
    return experiment, rest.at_once(
        lambda index: rest.run(experiment, f"curve-{index:02d}", STARTED + index, metrics=curves[index]), range(50)
    )


class Window:
    """A new browser for each measurement, so that nothing is cached."""

    def __init__(self, playwright, address):
        # Chromium's sandbox refuses root; see Tests/Browser/conftest.py.
        self.browser = playwright.chromium.launch(
            executable_path=os.environ.get("APUS_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        context = self.browser.new_context(viewport={"width": 1400, "height": 900}, base_url=address + "/")
        context.add_init_script(WAIT_FOR_TEXT)
        self.page = context.new_page()
        self.page.set_default_timeout(120_000)

    def __enter__(self):
        return self.page

    def __exit__(self, *error):
        self.browser.close()


def first_row(page, experiment, name):
    """From the opening of the address to the first row in the document."""
    page.goto(f"./#/experiments/{experiment}/runs")
    return page.evaluate("text => seen(text)", name)


def sort_ours(page, experiment, newest, best):
    """From the click on a metric to its best run in the first row, of all runs."""
    first_row(page, experiment, newest)
    page.get_by_role("status").filter(has_text=" runs").first.wait_for()
    return page.evaluate(
        """async (best) => {
        const buttons = [...document.querySelectorAll("[role=columnheader] button")];
        const button = buttons.find(({ textContent }) => textContent.startsWith("accuracy"));
        const first = () => document.querySelector("[aria-rowindex='2'] .name")?.textContent;
        const began = performance.now();
        button.click();
        await new Promise((done) => {
            const look = () => first() === best ? done() : requestAnimationFrame(look);
            look();
        });
        return performance.now() - began;
    }""",
        best,
    )


def draw_ours(page, experiment, runs):
    """What the page works to draw 50 curves of 2,000 points anew: in the event and in the frame behind it."""
    page.goto(f"./#/experiments/{experiment}?view=charts&runs={','.join(runs)}")
    page.locator("canvas[aria-label^='loss, 50 runs']").wait_for()
    # Another smoothing draws all curves anew without a call.
    return page.evaluate("""async () => {
        const slider = document.querySelector("input[aria-label=Smoothing]");
        const canvas = document.querySelector("canvas[aria-label^='loss, 50 runs']");
        const before = canvas.toDataURL();
        const began = performance.now();
        slider.value = 0.5;
        slider.dispatchEvent(new Event("input"));
        const inEvent = performance.now() - began;
        const inFrame = await new Promise((done) => requestAnimationFrame((frame) => done(performance.now() - frame)));
        const spent = inEvent + inFrame;
        if (canvas.toDataURL() === before) throw new Error("nothing was drawn");
        return spent;
    }""")


def live_point(page, rest):
    """From the answer to a logged point until the page shows it."""
    experiment = rest.experiment(f"live {time.time_ns()}")
    run = rest.run(experiment, "live", int(time.time() * 1000), metrics=[("loss", 1.0, 0)], status="RUNNING")
    page.goto(f"./#/experiments/{experiment}?view=charts&runs={run}")
    page.locator("canvas[aria-label$='last 1']").wait_for()
    rest.log(run, int(time.time() * 1000), [("loss", 0.5, 1)])
    logged = time.monotonic()
    page.locator("canvas[aria-label$='last 0.5']").wait_for()
    return (time.monotonic() - logged) * 1000


def idle(page, experiment, name, seconds=10):
    """Which part of a processor the page uses in some seconds in which nobody touches it, in percent."""
    first_row(page, experiment, name)
    page.wait_for_load_state("networkidle")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy():
        return {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}[
            "TaskDuration"
        ]

    before = busy()
    page.wait_for_timeout(seconds * 1000)
    return (busy() - before) / seconds * 100


def first_visits(playwright, address, experiment, runs):
    """Prints what a first visit of each page loads that is no answer of the API."""
    chart = "canvas[aria-label^=loss]"
    for what, place, shown in [
        ("the experiments", "#/", "main a >> text=fifty curves"),
        ("a run table", f"#/experiments/{experiment}/runs", "[aria-rowindex='2'] .name"),
        ("charts of a table", f"#/experiments/{experiment}?view=charts", chart),
        ("a run", f"#/experiments/{experiment}/runs/{runs[0]}", ".sparkline"),
        ("charts of a run", f"#/experiments/{experiment}/runs/{runs[0]}?view=charts", chart),
        ("files of a run", f"#/experiments/{experiment}/runs/{runs[0]}?view=artifacts", ".journal"),
        ("a comparison", f"#/compare?runs={','.join(runs[:5])}", chart),
        ("values compared", f"#/compare?runs={','.join(runs[:5])}&view=values", ".side"),
        ("the models", "#/models", "main h1"),
        ("the prompts", "#/prompts", "main h1"),
    ]:
        with Window(playwright, address) as page:
            requests = []
            page.on("requestfinished", lambda request, to=requests: to.append(request))
            page.goto("./" + place)
            page.locator(shown).first.wait_for(state="attached")
            page.wait_for_load_state("networkidle")
            files = [one for one in requests if one.resource_type not in ("fetch", "xhr")]
            plain = sum(len(one.response().body()) for one in files)
            packed = sum(one.sizes()["responseBodySize"] for one in files)
        bars = "bar {} kB, {} kB".format(*BYTE_BARS)
        print(
            f"{'Apus':12} {'first visit: ' + what:32} {plain / 1000:6.1f} kB, with gzip {packed / 1000:5.1f} kB, "
            f"{len(files):2} files {bars}",
            flush=True,
        )


def report(who, what, values, unit="ms"):
    shown = ", ".join(f"{value:.1f}" if unit == "%" else f"{value:,.0f}" for value in values)
    middle = statistics.median(values)
    print(f"{who:12} {what:28} {middle:9,.1f} {unit:3} bar {BARS[what]:9} ({shown})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--runs", type=int, default=10_000, help="runs of the large experiment on Apus (default 10,000)"
    )
    parser.add_argument(
        "--reference-runs",
        type=int,
        default=1_000,
        help="the same on MLflow, which takes long to write them (default 1,000; 0 leaves it out)",
    )
    parser.add_argument("--repetitions", type=int, default=5, help="fresh browsers for each number (default 5)")
    parser.add_argument("--bytes", action="store_true", help="only count the bytes of first visits")
    options = parser.parse_args()
    rounds = range(options.repetitions)
    with sync_playwright() as playwright:
        with ApusServer() as server:
            rest = Rest(server.url)
            curves, runs = fifty_curves(rest)
            first_visits(playwright, server.url, curves, runs)
            if options.bytes:
                return
            experiment, newest, best = many_runs(rest, options.runs)

            def each(work, *arguments):
                found = []
                for _ in rounds:
                    with Window(playwright, server.url) as page:
                        found.append(work(page, *arguments))
                return found

            report("Apus", "first row", each(first_row, experiment, newest))
            report("Apus", "sorted by a metric", each(sort_ours, experiment, newest, best))
            report("Apus", "50 curves drawn", each(draw_ours, curves, runs))
            report("Apus", "a live point", each(live_point, rest))
            report("Apus", "processor of an idle page", each(idle, experiment, newest), "%")
        if not options.reference_runs:
            return
        with ReferenceServer(python=REFERENCE_PYTHON) as server:
            experiment, newest, _ = many_runs(Rest(server.url), options.reference_runs)
            found = []
            for _ in rounds:
                with Window(playwright, server.url) as page:
                    found.append(first_row(page, experiment, newest))
            report(f"MLflow/{options.reference_runs}", "first row", found)


if __name__ == "__main__":
    main()
