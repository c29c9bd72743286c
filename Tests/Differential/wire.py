"""One kept-alive HTTP connection that sends a target exactly as given: no client library tidies the path."""

from __future__ import annotations

import http.client
import urllib.parse
from dataclasses import dataclass

TIMEOUT_SECONDS = 60
# A server may close a kept-alive connection after an early answer to an upload; the next request meets it.
ATTEMPTS = 3


@dataclass
class Response:
    status: int
    headers: http.client.HTTPMessage
    content: bytes


class Connection:
    """Not for several threads at once."""

    def __init__(self, url: str):
        parts = urllib.parse.urlsplit(url)
        self.url = url
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)

    def send(self, method: str, path: str, query=None, body: bytes | None = None, headers=None) -> Response:
        """query: a dict, or a list of pairs; it is encoded and put behind the path, which is sent as it is."""
        target = self._prefix + urllib.parse.quote(path, safe="!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
        if query:
            pairs = query.items() if isinstance(query, dict) else query
            target += "?" + urllib.parse.urlencode([(key, value) for key, value in pairs])
        for _ in range(ATTEMPTS):
            try:
                return self._exchange(method, target, body, headers or {})
            except (ConnectionError, http.client.BadStatusLine):
                self._connection.close()
        raise RuntimeError(f"{method} {target}: {self.url} closes the connection")

    def _exchange(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Response:
        try:
            self._connection.request(method, target, body=body, headers=headers)
        except BrokenPipeError:
            # The answer may have come before the whole body was taken.
            pass
        answer = self._connection.getresponse()
        return Response(answer.status, answer.headers, answer.read())
