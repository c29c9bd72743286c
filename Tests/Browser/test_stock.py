"""MLflow's own pages, unmodified, over Apus: every page of training shows its content, and no call fails."""

import os
import shutil
from json import dumps
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

import seed
from conftest import judge, open_window
from looking import heading, picture, visit
from rest import Rest
from servers import REPOSITORY, ApusServer, wait_until

# The environment of the reference, whose bundle is served; `make` creates it beside the others.
REFERENCE_PYTHON = Path(os.environ.get("APUS_REFERENCE_PYTHON") or REPOSITORY / ".venv-reference/bin/python")

pytestmark = pytest.mark.skipif("APUS_BROWSER_ADDRESS" in os.environ, reason="starts a server of its own, with --ui")


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """The address of a server that serves the bundle of the reference, and what it holds."""
    # `--ui mlflow` asks the python3 that is first on the path.
    path = f"{REFERENCE_PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    assert Path(shutil.which("python3", path=path)).parent == REFERENCE_PYTHON.parent
    with ApusServer(["--ui", "mlflow"], {"PATH": path}) as server:
        yield server.url, seed.World(Rest(server.url))


@pytest.fixture(scope="module")
def stock_window(browser, stock):
    """One window for all tests: it keeps the bundle, of which every page loads some megabytes."""
    context, watch = open_window(browser, stock[0], warnings=False)
    # They ask for a user that MLflow's own server does not have either.
    watch.allow(404, "users/current")
    yield context, watch
    context.close()


@pytest.fixture
def stock_page(request, stock_window):
    context, watch = stock_window
    watch.begin()
    page = context.new_page()
    page.watch = watch
    yield page
    try:
        judge(request, [watch])
    finally:
        page.close()


def run_place(world, rest=""):
    return f"#/experiments/{world.media.id}/runs/{world.media.run}{rest}"


def compared(world):
    return f"#/compare-runs?runs={quote(dumps(world.pair.runs))}&experiments={quote(dumps([world.pair.id]))}"


# The address of each page and what must be seen on it.
PLACES = {
    "experiments": lambda world: ("#/experiments", [f"sweep {world.mark}" if world.sweep else ""]),
    "an experiment": lambda world: (f"#/experiments/{world.pair.id}", ["run-a", "run-b"]),
    "runs": lambda world: (f"#/experiments/{world.pair.id}/runs", ["run-a", "run-b"]),
    "runs as charts": lambda world: (f"#/experiments/{world.pair.id}/runs?compareRunsMode=CHART", ["f1", "run-b"]),
    "runs as artifacts": lambda world: (f"#/experiments/{world.pair.id}/runs?compareRunsMode=ARTIFACT", ["run-a"]),
    "models of an experiment": lambda world: (f"#/experiments/{world.media.id}/models", ["classifier"]),
    "a run": lambda world: (run_place(world), ["everything", "steps_seen", "1234567", "train-set", "What was tried"]),
    "metrics of a run": lambda world: (run_place(world, "/model-metrics"), ["loss"]),
    "system metrics of a run": lambda world: (run_place(world, "/system-metrics"), ["cpu_utilization_percentage"]),
    "artifacts of a run": lambda world: (run_place(world, "/artifacts"), ["notes.txt", "report.html"]),
    "a text": lambda world: (run_place(world, "/artifacts/notes.txt"), ["second line"]),
    "a table": lambda world: (run_place(world, "/artifacts/tables/answers.json"), ["second row"]),
    "a csv": lambda world: (run_place(world, "/artifacts/data/report.csv"), ["Smith, Jo"]),
    "a logged model": lambda world: (f"#/experiments/{world.media.id}/models/{world.media.model}", ["classifier"]),
    "two runs compared": lambda world: (compared(world), ["run-a", "run-b", "augment"]),
    "models": lambda world: (("#/models"), [world.registry.model]),
    "a model": lambda world: (f"#/models/{world.registry.model}", [world.registry.model, "Version 2"]),
    "a version": lambda world: (f"#/models/{world.registry.model}/versions/2", ["champion", "Version number 2"]),
    "prompts": lambda world: ("#/prompts", [world.registry.prompt]),
    "a prompt": lambda world: (f"#/prompts/{world.registry.prompt}", ["You are an editor."]),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_page_of_training_shows_its_content(stock_page, stock, place):
    address, texts = PLACES[place](stock[1])
    stock_page.goto("./" + address)
    for text in texts:
        # These pages need seconds even on a machine that does nothing else.
        expect(stock_page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=60_000)
    # Their worker keeps a request open, so the network is never idle; their calls end.
    wait_until(lambda: stock_page.evaluate("true") and not stock_page.watch.waits(), 60, "the calls of the page")
    picture(stock_page, "stock-" + place.replace(" ", "-"))


def test_an_experiment_opens_on_its_runs_and_not_on_traces(stock_page, stock):
    stock_page.goto(f"./#/experiments/{stock[1].pair.id}")
    expect(stock_page.get_by_text("run-a").first).to_be_visible()
    assert "/traces" not in stock_page.url and "/overview" not in stock_page.url


def test_our_own_pages_stay_beside_them(new_page, stock):
    address, world = stock
    page = new_page(base=address + "/apus")
    visit(page, f"#/experiments/{world.pair.id}")
    expect(heading(page)).to_have_text(f"pair {world.mark}")
