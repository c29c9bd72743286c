"""
Fixtures of the tests in a browser: one server with seeded data and one browser for all, one window for each test.

APUS_BROWSER_ADDRESS names a server that runs already (while the pages are being written, one that reads them from their
folder); the tests seed it. Without it they start the binary, which has the pages within.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Support")]

os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    MLFLOW_DISABLE_TELEMETRY="true",
    GIT_PYTHON_REFRESH="quiet",
    MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT="0",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
)
for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
    os.environ.pop(variable, None)

import pytest  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402

import seed  # noqa: E402
from looking import picture  # noqa: E402
from rest import Rest  # noqa: E402
from servers import ApusServer  # noqa: E402
from watching import Watch  # noqa: E402

# Long enough for a busy machine; an expectation that holds goes on at once.
TIMEOUT = 20_000
expect.set_options(timeout=TIMEOUT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tells the fixtures of a test whether it has failed."""
    report = yield
    if report.when == "call":
        item.failed = report.failed
    return report


@pytest.fixture(scope="session")
def address():
    """The address of the server that the tests share, without a slash at its end."""
    running = os.environ.get("APUS_BROWSER_ADDRESS")
    if running:
        yield running.rstrip("/")
        return
    with ApusServer() as server:
        yield server.url


@pytest.fixture(scope="session")
def rest(address):
    return Rest(address)


@pytest.fixture(scope="session")
def world(rest):
    """What the server holds; see seed.py. Tests that change something make things of their own."""
    return seed.World(rest)


@pytest.fixture(scope="session")
def browser():
    chromium = os.environ.get("APUS_CHROMIUM") or shutil.which("chromium")
    assert chromium, "chromium is not installed: make test-packages, or name its file by APUS_CHROMIUM"
    with sync_playwright() as playwright:
        # Chromium refuses to start its sandbox as root, as whom builds run. Only our own pages are opened.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


def open_window(browser, base, *, width=1400, height=900, theme="light", others=(), warnings=True, **options):
    """A window with a cache of its own, and the watch over its pages; see Watch for `others` and `warnings`."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        base_url=base + "/",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(TIMEOUT)
    return context, Watch(context, [base, *others], warnings)


def judge(request, watches):
    """The end of a test: pictures of what has failed, and the complaints of its watches."""
    complaints = [complaint for watch in watches for complaint in watch.verdict()]
    if complaints or getattr(request.node, "failed", True):
        pages = [page for watch in watches for page in watch.pages if not page.is_closed()]
        for number, page in enumerate(pages):
            picture(page, f"failed {request.node.name} {number}".replace("/", "-"))
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def new_page(request, browser, address):
    """Makes windows: `new_page(width=360, theme="dark")`. What goes wrong in one fails the test at its end."""
    opened = []

    def make(*, base=address, **options):
        context, watch = open_window(browser, base, **options)
        opened.append((context, watch))
        page = context.new_page()
        page.watch = watch
        return page

    yield make
    try:
        judge(request, [watch for _, watch in opened])
    finally:
        for context, _ in opened:
            context.close()


@pytest.fixture
def page(new_page):
    """A window of 1,400 pixels in the light theme."""
    return new_page()
