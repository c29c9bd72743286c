"""Every route of the reference is either served by Apus or refused at once with 501: never a 404, never a hang."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from servers import ApusServer
from wire import Connection

LISTING = Path(__file__).parents[1] / "Support/reference_routes.py"
PLACEHOLDER = re.compile(r"<[^>]+>|\{[^}]+\}")
SECONDS_AT_ONCE = 1.0
API = r"/(ajax-)?api/2\.0/mlflow/"
SERVED = [
    API + r"(experiments|metrics|registered-models|model-versions|logged-models)(/.*)?",
    API + r"runs/(?!create-promptlab-run).*",
    API + r"(artifacts/list|upload-artifact)",
    r"/(ajax-)?api/2\.0/mlflow-artifacts/(artifacts|mpu)(/.*)?",
    r"/(ajax-)?api/3\.0/mlflow/server-info",
    r"/(health|version|get-artifact|model-versions/get-artifact)?",
]
# They are refused too, but what is wrong with the request is said first; cases of the table compare them.
CHECKED_FIRST = [
    API + r"artifacts/presigned-(up|down)load-url",
    r"/ajax-api/[23]\.0/mlflow/get-trace-artifact",
]
# What MLflow's pages ask: queries, and empty answers of families that are refused otherwise.
FOR_PAGES = {
    ("POST", "/graphql"),
    ("GET", "/ajax-api/2.0/mlflow/gateway-proxy"),
    ("GET", "/ajax-api/2.0/mlflow/traces"),
    ("GET", "/ajax-api/3.0/mlflow/assistant/config"),
    ("GET", "/ajax-api/3.0/mlflow/assistant/providers"),
    ("GET", "/ajax-api/3.0/mlflow/mcp-servers"),
    ("GET", "/ajax-api/3.0/mlflow/scorers/list"),
    ("GET", "/ajax-api/3.0/mlflow/skills"),
    ("GET", "/ajax-api/3.0/mlflow/ui-telemetry"),
    ("POST", "/ajax-api/3.0/mlflow/datasets/search"),
    ("POST", "/ajax-api/3.0/mlflow/issues/search"),
    ("POST", "/ajax-api/3.0/mlflow/traces/metrics"),
    ("POST", "/ajax-api/3.0/mlflow/traces/search"),
    ("POST", "/ajax-api/3.0/mlflow/ui-telemetry"),
}
NO_API = [
    r"/(static-files|build)/.*",  # the files of the reference's own pages
    r"/(ajax-)?api/2\.0mlflow/.*",  # a slip of the reference: the slash is missing, and no client knows it
]


def is_one_of(patterns: list[str], path: str) -> bool:
    return any(re.fullmatch(pattern, path) for pattern in patterns)


@pytest.fixture(scope="module")
def routes() -> list[tuple[str, str]]:
    listed = subprocess.run([sys.executable, str(LISTING)], check=True, capture_output=True, text=True, timeout=120)
    return [(method, pattern) for method, pattern in json.loads(listed.stdout) if not is_one_of(NO_API, pattern)]


@pytest.fixture(scope="module")
def ask():
    with ApusServer() as server:
        connection = Connection(server.url)

        def send(method: str, pattern: str) -> tuple[int, str, float]:
            """Status, error code and seconds."""
            start = time.monotonic()
            body = None if method in ("GET", "DELETE") else b"{}"
            headers = {"Content-Type": "application/json"} if body else {}
            answer = connection.send(method, PLACEHOLDER.sub("0", pattern), body=body, headers=headers)
            try:
                code = json.loads(answer.content).get("error_code", "")
            except (ValueError, AttributeError):
                code = ""
            return answer.status, code, time.monotonic() - start

        yield send


def test_the_list_of_routes_is_the_whole_of_it(routes):
    """A change of the reference's frameworks must not empty the list unseen."""
    found = {pattern for _, pattern in routes}
    assert len(routes) > 400
    for pattern in ("/v1/traces", "/graphql", "/api/2.0/mlflow/webhooks", "/ajax-api/3.0/jobs/search"):
        assert pattern in found


def test_what_apus_does_not_serve_is_refused_at_once(routes, ask):
    wrong = []
    for method, pattern in routes:
        if is_one_of(SERVED + CHECKED_FIRST, pattern) or (method, pattern) in FOR_PAGES:
            continue
        # A busy machine delays an answer or two; a server that waits for something delays each.
        for _ in range(5):
            status, code, seconds = ask(method, pattern)
            if seconds <= SECONDS_AT_ONCE:
                break
        if (status, code) != (501, "NOT_IMPLEMENTED") or seconds > SECONDS_AT_ONCE:
            wrong.append(f"{method} {pattern}: {status} {code} after {seconds:.2f} s")
    assert not wrong, "\n".join(wrong)


def test_what_the_pages_ask_is_answered(ask):
    for method, path in sorted(FOR_PAGES):
        status, code, _ = ask(method, path)
        # A query without its text is refused; all else has nothing to say.
        assert (status, code) == ((400, "INVALID_PARAMETER_VALUE") if path == "/graphql" else (200, "")), path
        if path.startswith("/ajax-api"):
            assert ask(method, path.replace("/ajax-api", "/api"))[0] == 501, path


def test_what_apus_serves_is_there(routes, ask):
    wrong = []
    for method, pattern in routes:
        if is_one_of(SERVED + CHECKED_FIRST, pattern):
            status, code, _ = ask(method, pattern)
            if status in (405, 501) or status >= 500 or code == "ENDPOINT_NOT_FOUND":
                wrong.append(f"{method} {pattern}: {status} {code}")
    assert not wrong, "\n".join(wrong)
