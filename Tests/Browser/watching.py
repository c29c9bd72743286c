"""Watches all pages of a test: what a browser complains of fails the test, unless the test said that it comes."""

from __future__ import annotations

import urllib.parse
from typing import NamedTuple

# Runs before every page. `apusRan` is what the hostile texts of the tests would set.
BEFORE_EACH_PAGE = """
globalThis.apusRan = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
  console.error(`policy violation: ${violatedDirective} stopped ${blockedURI} ${sample}`));
"""


class Refusal(NamedTuple):
    """A call that a test makes fail on purpose."""

    status: int
    route: str


class Watch:
    def __init__(self, context, addresses, warnings=True):
        """
        addresses: where requests may go; a request elsewhere is a complaint.
        warnings: whether warnings on the console are complaints too.
        """
        self._types = ("error", "warning") if warnings else ("error",)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._open = set()
        self._elsewhere = set()
        self._hosts = {urllib.parse.urlsplit(address).netloc for address in addresses}
        self._expected: list[Refusal] = []
        self._allowed: list[Refusal] = []
        self._seen: set[Refusal | str] = set()
        self._expected_messages: list[str] = []
        self._allowed_messages: list[str] = []
        context.add_init_script(BEFORE_EACH_PAGE)
        context.on("page", self._watch_page)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("dialog", self._dialog)
        context.on("request", self._request)
        context.on("requestfinished", lambda request: self._open.discard(request))
        context.on("requestfailed", self._request_failed)
        context.on("response", self._response)
        self.pages = []

    def expect(self, status: int, route: str):
        """Says that calls whose address contains `route` are answered with this status; one must come."""
        self._expected.append(Refusal(status, route))

    def allow(self, status: int, route: str):
        """Says that calls whose address contains `route` may be answered with this status."""
        self._allowed.append(Refusal(status, route))

    def expect_message(self, beginning: str):
        """Says that the browser must complain with a text that begins so: on its console, of a request, or by an error."""
        self._expected_messages.append(beginning)

    def allow_message(self, beginning: str):
        """Says that the browser may complain on its console with a text that begins so."""
        self._allowed_messages.append(beginning)

    def asked(self, route: str) -> list[str]:
        """The addresses so far that contain a text."""
        return [address for address in self.requests if route in address]

    def waits(self) -> bool:
        """Whether a call of a page has not been answered yet."""
        return any(request.resource_type in ("fetch", "xhr") for request in self._open)

    def forget(self):
        """Begins to collect requests anew."""
        self.requests.clear()

    def verdict(self) -> list[str]:
        """Everything that was wrong, once the test is over."""
        for page in self.pages:
            if not page.is_closed():
                for frame in page.frames:
                    ran = frame.evaluate("globalThis.apusRan")
                    if ran:
                        self._complain(f"a text ran as a script: {ran}")
        for request in self._elsewhere:
            self._complain(f"request elsewhere: {request.url}")
        for expected in self._expected:
            if expected not in self._seen:
                self._complain(f"no call of {expected.route} was answered with {expected.status}")
        for beginning in self._expected_messages:
            if beginning not in self._seen:
                self._complain(f"the browser did not say: {beginning}")
        return self.complaints

    def begin(self):
        """Begins anew, for a test that goes on in the window of another."""
        self.complaints.clear()
        self.requests.clear()
        self._elsewhere.clear()
        self._allowed_messages.clear()

    def _complain(self, text: str):
        self.complaints.append(text)

    def _watch_page(self, page):
        self.pages.append(page)

    def _console(self, message):
        if message.type not in self._types:
            return
        # Chromium reports a failed call here as well; `_response` judges it.
        if message.text.startswith("Failed to load resource") and self._is_expected(message.location.get("url", "")):
            return
        for beginning in self._expected_messages:
            if message.text.startswith(beginning):
                self._seen.add(beginning)
                return
        if not message.text.startswith(tuple(self._allowed_messages)):
            self._complain(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _error(self, thrown):
        text = str(thrown.error)
        expected = next((one for one in self._expected_messages if text.startswith(one)), None)
        if expected is None:
            self._complain(f"page error: {text}")
        else:
            self._seen.add(expected)

    def _dialog(self, dialog):
        self._complain(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request):
        self.requests.append(request.url)
        self._open.add(request)
        place = urllib.parse.urlsplit(request.url)
        if place.scheme in ("http", "https", "ws", "wss") and place.netloc not in self._hosts:
            self._elsewhere.add(request)

    def _request_failed(self, request):
        self._open.discard(request)
        if request.failure == "csp" and request in self._elsewhere:
            # The policy stopped it before it left the browser, whose console says so.
            self._elsewhere.discard(request)
        # A page gives up what it no longer needs when it is left.
        elif request.failure in self._expected_messages:
            self._seen.add(request.failure)
        elif request.failure != "net::ERR_ABORTED":
            self._complain(f"failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response):
        if response.status < 400:
            return
        for expected in self._expected:
            if response.status == expected.status and expected.route in response.url:
                self._seen.add(expected)
                return
        if any(response.status == allowed.status and allowed.route in response.url for allowed in self._allowed):
            return
        self._complain(f"{response.status}: {response.request.method} {response.url}")

    def _is_expected(self, address: str) -> bool:
        return any(expected.route in address for expected in [*self._expected, *self._allowed])
