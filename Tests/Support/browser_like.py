"""A client that does what a browser does with cookies, redirects and forms, and says where its requests come from."""

from __future__ import annotations

import html
import http.client
import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass


@dataclass
class Page:
    url: str
    status: int
    text: str
    headers: http.client.HTTPMessage


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self, **fields):
        # Cookies of a name with `Secure` are sent to this machine over http too, as browsers do.
        self.jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https")))
        self.opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPCookieProcessor(self.jar))
        self.fields = fields
        # The addresses in the order visited.
        self.visited: list[str] = []

    def send(self, method: str, url: str, data: bytes | None = None, **fields) -> Page:
        fields = {name.replace("_", "-"): value for name, value in {**self.fields, **fields}.items() if value is not None}
        request = urllib.request.Request(url, data=data, headers=fields, method=method)
        try:
            with self.opener.open(request, timeout=30) as answer:
                return Page(url, answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Page(url, error.code, error.read().decode(), error.headers)

    def follow(self, page: Page) -> Page:
        for _ in range(10):
            self.visited.append(page.url)
            if page.status not in (301, 302, 303, 307, 308):
                return page
            page = self.navigate(urllib.parse.urljoin(page.url, page.headers["Location"]))
        raise AssertionError(f"too many redirects: {self.visited}")

    def navigate(self, url: str, **fields) -> Page:
        return self.send("GET", url, Accept="text/html,*/*", Sec_Fetch_Mode="navigate", **fields)

    def open(self, url: str, **fields) -> Page:
        return self.follow(self.navigate(url, **fields))

    def submit(self, page: Page, follow=True, **values) -> Page:
        """Sends the form of a page with its hidden fields and these values."""
        form = re.search(r'<form method="post" action="([^"]*)">(.*?)</form>', page.text, re.S)
        assert form, page.text
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[2])
        data = urllib.parse.urlencode({**{name: html.unescape(value) for name, value in fields}, **values}).encode()
        target = urllib.parse.urljoin(page.url, html.unescape(form[1]))
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(page.url))
        kind = "application/x-www-form-urlencoded"
        answer = self.send("POST", target, data, Content_Type=kind, Accept="text/html", Origin=origin)
        return self.follow(answer) if follow else answer

    def link(self, page: Page, words: str) -> str:
        found = re.search(r'<a [^>]*href="([^"]*)"[^>]*>' + re.escape(words), page.text)
        assert found, page.text
        return urllib.parse.urljoin(page.url, html.unescape(found[1]))
