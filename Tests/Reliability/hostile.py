"""Hostile input: a table of requests that two servers could read differently, and bodies that grow when they are read.

After each request the server answers another client at once; at the end its memory and its descriptors are as before.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from cases import Options, Result
from servers import ApusServer, wait_until

API = "/api/2.0/mlflow/"
PARTS = "/api/2.0/mlflow-artifacts/mpu/"
MEMORY_MEBIBYTES = 400
PATIENCE = 20


@dataclass(frozen=True)
class Row:
    """What is sent on one connection, and what may come back.

    `{smuggled}` stands for a whole request that creates a run, `{size}` for its length; that run must never exist unless
    the row is one where the second request is a request.
    """

    name: str
    sent: bytes
    statuses: tuple[int, ...]
    # How many answers may come at the most.
    answers: int = 1
    closes: bool = True


def head(*fields: bytes, line=b"POST /api/2.0/mlflow/runs/search HTTP/1.1", host=b"Host: localhost") -> bytes:
    return b"\r\n".join([line, *([host] if host else []), *fields]) + b"\r\n\r\n"


# Any host may ask for /health and /version.
LOOK_UP = b"GET /api/2.0/mlflow/experiments/get?experiment_id=0 HTTP/1.1"
REFUSED = (400,)
# A request that is answered and whose rest is taken as its body.
SWALLOWED = (200, 400)


def rows() -> list[Row]:
    """The smuggling table; comments name the sections of RFC 9112."""
    json_type = b"Content-Type: application/json"
    chunked = b"Transfer-Encoding: chunked"
    end = b"0\r\n\r\n"
    table = []

    def add(name, sent, statuses=REFUSED, **options):
        table.append(Row(name, sent, statuses, **options))

    # Two lengths (§6.3).
    add("length and chunked", head(b"Content-Length: 5", chunked) + end + b"{smuggled}")
    add("chunked and length", head(chunked, b"Content-Length: {size}") + end + b"{smuggled}")
    add("two lengths", head(b"Content-Length: 0", b"Content-Length: {size}") + b"{smuggled}")
    add("two equal lengths", head(b"Content-Length: 0", b"Content-Length: 0") + b"{smuggled}")
    add("a list of lengths", head(b"Content-Length: 0, {size}") + b"{smuggled}")
    add("a list of equal lengths", head(b"Content-Length: 0, 0") + b"{smuggled}")
    for length in (b"+0", b"-0", b"-1", b"0x0", b"0 0", b"", b"0;", b"1e0", b"0.0", b"'0'", b"\xd9\xa0", b"9" * 30, b"0\x0b"):
        add(f"length {length!r}", head(b"Content-Length: " + length) + b"{smuggled}", (400, 413))
    # Codings (§6.1): what is not exactly chunked is refused, never ignored.
    codings = [b"xchunked", b"chunked, chunked", b"identity", b"gzip, chunked", b"chunked, identity", b"chunked\x0b", b"\x0bchunked"]
    codings += [b"chunke d", b"chunked;q=1", b"'chunked'", b'"chunked"', b"chunked,", b",chunked", b"", b"deflate", b"chunked\x00"]
    for coding in codings:
        add(f"coding {coding!r}", head(b"Transfer-Encoding: " + coding) + end + b"{smuggled}", (400, 501))
    add("two codings", head(chunked, b"Transfer-Encoding: identity") + end + b"{smuggled}", (400, 501))
    add("two chunked", head(chunked, chunked) + end + b"{smuggled}", (400, 501))
    add("chunked in HTTP/1.0", head(chunked, line=b"POST / HTTP/1.0") + end + b"{smuggled}", (400, 501))
    # Fields (§5.1, §5.2).
    add("space before the colon", head(b"Content-Length : 0") + b"{smuggled}")
    add("space before the colon of a coding", head(b"Transfer-Encoding : chunked") + end + b"{smuggled}")
    add("tab before the colon", head(b"Content-Length\t: 0") + b"{smuggled}")
    add("space before a field", head(b" Content-Length: 0") + b"{smuggled}")
    add("folded field", head(b"X: a", b" b", b"Content-Length: 0") + b"{smuggled}")
    add("folded coding", head(b"Transfer-Encoding:", b" chunked") + end + b"{smuggled}")
    add("folded with a tab", head(b"Transfer-Encoding: chunked", b"\tx") + end + b"{smuggled}")
    add("no name", head(b": x") + b"{smuggled}")
    add("no colon", head(b"Content-Length") + b"{smuggled}")
    add("space in a name", head(b"Content Length: 0") + b"{smuggled}")
    add("brackets in a name", head(b"X(): 0") + b"{smuggled}")
    add("a name beyond ASCII", head(b"Content-Length\xc2\xa0: 0") + b"{smuggled}")
    add("NUL in a name", head(b"Content-Length\x00: 0") + b"{smuggled}")
    add("NUL in a value", head(b"X: a\x00b") + b"{smuggled}")
    add("line feed alone in a value", head(b"X: a\nContent-Length: 0") + b"{smuggled}")
    add("carriage return alone in a value", head(b"X: a\rContent-Length: 0") + b"{smuggled}")
    add("two carriage returns", head(b"X: a\r") + b"{smuggled}")
    add("line feeds alone", b"POST / HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n{smuggled}")
    add("line feed alone at the end", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\n{smuggled}")
    # The request line (§3).
    add("two spaces", b"GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n{smuggled}")
    add("tab in the line", b"GET\t/health\tHTTP/1.1\r\nHost: localhost\r\n\r\n{smuggled}")
    add("space at the end", b"GET /health HTTP/1.1 \r\nHost: localhost\r\n\r\n{smuggled}")
    add("space in the target", b"GET /hea lth HTTP/1.1\r\nHost: localhost\r\n\r\n{smuggled}")
    add("NUL in the target", b"GET /health\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n{smuggled}")
    add("bytes beyond ASCII in the target", b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", (200, 400, 404), closes=False)
    add("no version", b"GET /health\r\n{smuggled}")
    add("a short version", b"GET /health HTTP/1\r\nHost: localhost\r\n\r\n{smuggled}", (400, 505))
    add("a high version", b"GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n{smuggled}", (400, 505))
    add("a version with more digits", b"GET /health HTTP/1.10\r\nHost: localhost\r\n\r\n{smuggled}", (400, 505))
    add("lower case version", b"GET /health http/1.1\r\nHost: localhost\r\n\r\n{smuggled}", (400, 505))
    add("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505))
    add("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100 + b"\r\n\r\n")
    add("an unknown method", b"SMUGGLE / HTTP/1.1\r\nHost: localhost\r\n\r\n", (400, 405, 501), closes=False)
    add("a method with a colon", b"GET: / HTTP/1.1\r\nHost: localhost\r\n\r\n{smuggled}", (400, 501))
    # Hosts (§3.2).
    add("no host", head(line=b"GET /health HTTP/1.1", host=None) + b"{smuggled}")
    add("two hosts", head(b"Host: evil", line=b"GET /health HTTP/1.1") + b"{smuggled}")
    add("two equal hosts", head(b"Host: localhost", line=b"GET /health HTTP/1.1") + b"{smuggled}")
    add("a list of hosts", head(line=LOOK_UP, host=b"Host: localhost, evil"), (400, 403), closes=False)
    add("a user in the host", head(line=LOOK_UP, host=b"Host: localhost@evil"), (400, 403), closes=False)
    add("a foreign host", head(line=LOOK_UP, host=b"Host: evil.example"), (403,), closes=False)
    add("absolute target of another host", head(line=LOOK_UP.replace(b" /", b" http://evil.example/")), (400, 403), closes=False)
    add("absolute target", head(line=b"GET http://localhost/version HTTP/1.1", host=b"Host: evil.example"), (200, 400), closes=False)
    add("absolute target of another scheme", head(line=b"GET ftp://localhost/version HTTP/1.1"), (400, 403, 404), closes=False)
    add("authority as the target", head(line=b"CONNECT localhost:80 HTTP/1.1"), (400, 405, 501), closes=False)
    add("star as the target", head(line=b"GET * HTTP/1.1"), (400, 404), closes=False)
    # Chunks (§7.1).
    for size in (b"-1", b"0x5", b"5 5", b" 5", b"", b"5,5", b"+5", b"g", b"5\x00", b"\xd9\xa5", b"5\r", b"1" * 40, b"5_0"):
        add(f"chunk size {size!r}", head(json_type, chunked) + size + b"\r\nabcde\r\n" + end + b"{smuggled}", (400, 413))
    for size in (b"FFFFFFFFFFFFFFFF", b"7FFFFFFFFFFFFFFF", b"FFFFFFFFFFFFFFF", b"100000000"):
        add(f"chunk size {size!r}", head(json_type, chunked) + size + b"\r\nabcde", (400, 413))
    add("chunk without its end", head(json_type, chunked) + b"2\r\n{}{}" + end + b"{smuggled}")
    add("chunk that is too short", head(json_type, chunked) + b"3\r\n{}\r\n" + end + b"{smuggled}")
    add("line feed behind a chunk's size", head(json_type, chunked) + b"2\n{}\r\n" + end + b"{smuggled}")
    add("line feed behind a chunk", head(json_type, chunked) + b"2\r\n{}\n" + end + b"{smuggled}")
    add("line feed in an extension", head(json_type, chunked) + b"2;a\n{}\r\n" + end + b"{smuggled}")
    add("a long extension", head(json_type, chunked) + b"2;" + b"a" * 100_000 + b"\r\n{}\r\n" + end, (400, 413, 431))
    add("line feed at the end of chunks", head(json_type, chunked) + b"2\r\n{}\r\n0\r\n\n{smuggled}")
    add("a folded trailer", head(json_type, chunked) + b"2\r\n{}\r\n0\r\nX: a\r\n b\r\n\r\n{smuggled}")
    add("long trailers", head(json_type, chunked) + b"2\r\n{}\r\n0\r\n" + b"X: a\r\n" * 50_000 + b"\r\n", (400, 413, 431))
    # What is a body is never a request.
    length = b"Content-Length: {size}"
    add("a request as a body", head(json_type, length) + b"{smuggled}", SWALLOWED, closes=False)
    add("a request as the body of GET", head(length, line=b"GET /version HTTP/1.1") + b"{smuggled}", (200, 400), closes=False)
    add("a request as the body of an unknown route", head(length, line=b"POST /nothing HTTP/1.1") + b"{smuggled}", (404,), closes=False)
    add("a request as the body of a refused host", head(length, host=b"Host: evil.example") + b"{smuggled}", (403,), closes=False)
    add("a request as a chunk", head(json_type, chunked) + b"{hex}\r\n{smuggled}\r\n" + end, SWALLOWED, closes=False)
    add(
        "a request as an expected body",
        head(json_type, length, b"Expect: 100-continue") + b"{smuggled}",
        (100, 200, 400),
        answers=2,
        closes=False,
    )
    add("another expectation", head(json_type, length, b"Expect: magic") + b"{smuggled}", (400, 417), closes=False)
    upgrade = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
    add("an upgrade to h2c", head(*upgrade, line=b"GET /version HTTP/1.1"), (200, 400), closes=False)
    add("an upgrade to a socket", head(b"Connection: Upgrade", b"Upgrade: websocket", line=b"GET /version HTTP/1.1"), (200, 400), closes=False)
    # Sizes.
    add("a long target", head(line=b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1"), (400, 414, 431))
    add("a long field", head(b"X: " + b"a" * 1_000_000), (400, 431))
    add("a long name", head(b"X" * 1_000_000 + b": a"), (400, 431))
    add("many fields", head(*[b"X: a"] * 100_000), (400, 431))
    add("many parameters", head(line=b"GET /health?" + b"a&" * 20_000 + b" HTTP/1.1"), (400, 414))
    add("a field for a proxy", head(b"X-HTTP-Method-Override: DELETE", line=b"GET /version HTTP/1.1"), (200,), closes=False)
    return table


def smuggled_request(marker: str) -> bytes:
    body = json.dumps({"experiment_id": "0", "run_id": marker}).encode()
    fields = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\n" + fields.encode() + body


STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def answers(address, sent: bytes, closes: bool) -> tuple[list[int], bool]:
    """All statuses on a connection, and whether the server has closed it; the wait ends as soon as it is known."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        try:
            connection.sendall(sent)
            if not closes:
                # The connection is fit for another request, whose answer tells that all before has been answered.
                connection.sendall(b"GET /last-of-all HTTP/1.1\r\nHost: localhost\r\n\r\n")
        except OSError:
            pass  # It was refused before all of it was sent.
        received, is_closed = b"", False
        try:
            while closes or b"last-of-all" not in received:
                piece = connection.recv(1 << 16)
                if not piece:
                    is_closed = True
                    break
                received += piece
        except ConnectionError:
            is_closed = True
        except TimeoutError:
            pass
    statuses = [int(status) for status in STATUS_LINE.findall(received)]
    if not closes and not is_closed:
        statuses = statuses[:-1]
    return statuses, is_closed


class Attack:
    def __init__(self, server, result: Result, dice):
        self.server, self.result, self.dice = server, result, dice
        self.address = (server.host, server.port)
        self.slowest = 0.0

    def table(self) -> int:
        table = rows()
        for row in table:
            marker = f"{self.dice.getrandbits(128):032x}"
            smuggled = smuggled_request(marker)
            sent = row.sent
            for name, value in ((b"{smuggled}", smuggled), (b"{size}", b"%d" % len(smuggled)), (b"{hex}", b"%x" % len(smuggled))):
                sent = sent.replace(name, value)
            statuses, is_closed = answers(self.address, sent, row.closes)
            if not statuses or len(statuses) > row.answers or not set(statuses) <= set(row.statuses):
                self.result.fault(row.name, [f"It was answered with {statuses}, and may be with {row.statuses}."])
            if row.closes and not is_closed:
                self.result.fault(row.name, [f"The connection stayed open for {PATIENCE} s."])
            if self.call("GET", f"{API}runs/get?run_id={marker}")[0] != 404:
                self.result.fault(row.name, ["The request within it was carried out."])
        return len(table)

    def call(self, method, path, body=None, fields=()):
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            fields = {"Content-Type": "application/json", **dict(fields)} if body is not None else dict(fields)
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def bombs(self) -> int:
        bombs = [*json_bombs(), *filter_bombs(), *packed_bombs(), *graphql_bombs(), *other_bombs()]
        for name, (method, path, body, fields) in bombs:
            began = time.monotonic()
            try:
                status, text = self.call(method, path, body, fields)
            except (OSError, http.client.HTTPException) as error:
                # A body that is refused before it has been sent may end in a broken connection.
                status, text = (413, b"") if body is not None and len(body) > 1 << 20 else (0, repr(error).encode())
            seconds = time.monotonic() - began
            self.slowest = max(self.slowest, seconds)
            # 501 is the answer of routes that are not offered, and has a client send a file in one piece.
            is_declined = status == 501 and path.startswith(("/v1/traces", PARTS))
            if not (status == 200 or 400 <= status < 500 or is_declined):
                self.result.fault(name, [f"It was answered with {status} {text[:200]!r}."])
            if seconds > 30:
                self.result.fault(name, [f"The answer took {seconds:.1f} s."])
            if self.call("GET", "/health")[0] != 200:
                self.result.fault(name, ["The server does not answer after it."])
        return len(bombs)


def posted(route, body, **fields):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return "POST", route if route.startswith("/") else API + route, body, {key.replace("_", "-"): value for key, value in fields.items()}


def json_bombs():
    nested = b"[" * 1_000_000
    yield "JSON that is deep", posted("runs/create", nested)
    yield "JSON that is deep and closed", posted("runs/create", nested + b"]" * 1_000_000)
    yield "objects that are deep", posted("runs/create", b'{"a":' * 500_000)
    yield "JSON that is wide", posted("runs/create", b"[" + b"0," * 5_000_000 + b"0]")
    yield "many metrics", posted("runs/log-batch", b'{"run_id":"x","metrics":[' + b"{}," * 2_000_000 + b"{}]}")
    yield "a long number", posted("runs/create", b'{"start_time":' + b"9" * 10_000_000 + b"}")
    yield "a long fraction", posted("runs/log-metric", b'{"value":0.' + b"1" * 10_000_000 + b"}")
    yield "a long exponent", posted("runs/log-metric", b'{"value":1e' + b"9" * 1_000_000 + b"}")
    yield "one name a million times", posted("runs/create", b"{" + b'"a":1,' * 1_000_000 + b'"a":1}')
    yield "a million names", posted("runs/create", b"{" + b",".join(b'"a%d":1' % n for n in range(1_000_000)) + b"}")
    yield "two names that say different things", posted("runs/create", b'{"experiment_id":"0","experiment_id":"1"}')
    for text in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\\ud800", b"\\udc00\\ud800", b"\\u0000", b"\x00", b"\xf4\x90\x80\x80", b"\\x"):
        yield f"text {text!r}", posted("runs/create", b'{"experiment_id":"0","run_name":"' + text + b'"}')
    for body in (b"", b"\xef\xbb\xbf{}", b"{}{}", b"nul", b'"', b"[1,]", b"{'a':1}", b"NaN", b"-", b"01", b"/**/{}", b"\xff\xfe{\x00}\x00"):
        yield f"body {body!r}", posted("runs/create", body)
    for number in (2**63, -(2**63) - 1, 1e400, -0.0, 2**200, 0.1):
        yield f"number {number}", posted("runs/create", json.dumps({"experiment_id": "0", "start_time": number}).encode())
    yield "long blanks", posted("runs/search", b" " * 20_000_000 + b"{}")
    yield "a long text", posted("runs/create", b'{"run_name":"' + b"a" * 30_000_000 + b'"}')
    yield "many escapes", posted("runs/create", b'{"run_name":"' + b"\\u0041" * 4_000_000 + b'"}')


def filter_bombs():
    def searched(route="runs/search", **query):
        return posted(route, {"experiment_ids": ["0"], **query})

    filters = {
        "a long filter": "a" * 1_000_000,
        "deep parentheses": "(" * 100_000 + "metrics.a > 1" + ")" * 100_000,
        "many comparisons": " and ".join(["metrics.a > 1"] * 100_000),
        "as many comparisons as may be": " and ".join(f"metrics.a{n} > 1" for n in range(200)),
        "many quotes": "tags." + "`" * 100_000,
        "many quotes that are doubled": "tags.a = '" + "''" * 100_000,
        "a long list": "attributes.run_id IN (" + ",".join(["'a'"] * 100_000) + ")",
        "as long a list as may be": "attributes.run_id IN (" + ",".join(["'a'"] * 10_000) + ")",
        "a deep list": "attributes.run_id IN " + "(" * 10_000,
        "a long pattern": "tags.a LIKE '" + "%a" * 25_000 + "'",
        "many patterns": " and ".join(["tags.w LIKE '%" + "a" * 400 + "b%'"] * 200),
        "a pattern of wildcards": "tags.w ILIKE '" + "%_" * 20_000 + "b'",
        "a long number": "metrics.a > " + "9" * 100_000,
        "a long exponent": "metrics.a > 1e" + "9" * 1_000,
        "SQL": "tags.a = 'x' OR 1=1; DROP TABLE runs --",
        "SQL in a key": "tags.`a' OR 1=1; --` = 'x'",
        "NUL": "tags.a = '\0'",
        "no end": "tags.a = '",
    }
    for name, text in filters.items():
        for route in ("runs/search", "logged-models/search", "experiments/search"):
            yield f"filter with {name} in {route}", searched(route, filter=text, max_results=10)
    yield "many orders", searched(order_by=["metrics.a"] * 100_000)
    yield "a long order", searched(order_by=["metrics." + "a" * 1_000_000])
    yield "many experiments", posted("runs/search", {"experiment_ids": [str(n) for n in range(500_000)]})
    for token in ("a" * 1_000_000, "AAAA", "oQ==", "e30=", "\0", "eyJvZmZzZXQiOiA5OTk5OTk5OTk5OTk5OTk5OTk5fQ=="):
        yield f"page token {token[:50]!r}", searched(page_token=token)


def packed(text: bytes, size: int, bits=31) -> bytes:
    """A text that is repeated to that size, packed as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    block = text * (1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(size // len(block))), packer.flush()])


def packed_bombs():
    bomb = packed(b" ", 128 << 20)
    yield "gzip of 128 MiB", posted("runs/search", bomb, Content_Encoding="gzip")
    yield "gzip of gzip", posted("runs/search", gzip.compress(bomb), Content_Encoding="gzip, gzip")
    yield "gzip behind gzip", posted("runs/search", gzip.compress(b"{}") * 2, Content_Encoding="gzip")
    yield "deflate of 64 MiB", posted("runs/search", packed(b" ", 64 << 20, 15), Content_Encoding="deflate")
    yield "broken gzip", posted("runs/search", bomb[: len(bomb) // 2], Content_Encoding="gzip")
    yield "no gzip", posted("runs/search", b"{}", Content_Encoding="gzip")
    yield "an unknown coding", posted("runs/search", b"{}", Content_Encoding="br, gzip, zstd, x")
    yield "gzip with a wrong checksum", posted("runs/search", gzip.compress(b"{}")[:-8] + b"\0" * 8, Content_Encoding="gzip")


def graphql_bombs():
    def asked(query, **more):
        return posted("/graphql", {"query": query, **more})

    test = "mlflowGetRun(input: {runId: \"x\"})"
    yield "a deep query", asked("{" + "a{" * 10_000)
    yield "a deep query that is closed", asked("{" + "a{" * 1_000 + "b" + "}" * 1_001)
    yield "many aliases", asked("{" + " ".join(f"a{n}: {test} {{ run {{ info {{ runId }} }} }}" for n in range(1_000)) + "}")
    yield "fragments in a circle", asked("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    yield "fragments that double", asked(f"{{ ...F0 }} {doubling} fragment F30 on Query {{ __typename }}")
    yield "a long query", asked("{" + " " * 10_000_000 + "}")
    yield "deep variables", posted("/graphql", b'{"query":"{a}","variables":' + b'{"a":' * 90 + b"1" + b"}" * 91)
    yield "many variables", asked("{ a }", variables={f"v{n}": n for n in range(100_000)})
    yield "introspection", asked("{ __schema { types { fields { type { fields { type { name } } } } } } }")
    yield "many directives", asked("{ a " + "@skip(if: true) " * 3_000 + "}")
    yield "a list of lists", asked("{ a(b: " + "[" * 10_000 + ") }")
    yield "a batch", posted("/graphql", [{"query": "{a}"}] * 10_000)


def other_bombs():
    varints = b"\xff" * 1_000_000
    nested = b""
    for _ in range(1_000):
        length, size = len(nested), b""
        while length > 127:
            size += bytes([length & 127 | 128])
            length >>= 7
        nested = b"\x0a" + size + bytes([length]) + nested
    for name, body in (("numbers without an end", varints), ("deep messages", nested), ("a length beyond", b"\x0a\xff\xff\xff\xff\x7f")):
        yield f"protobuf with {name}", ("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
    parts = PARTS + "create/0/x/artifacts"
    for count in (0, -1, 2**31, 2**63, 10**30, 10_001):
        yield f"{count} parts", posted(parts, {"path": "f", "num_parts": count})
    for path in ("../" * 500 + "etc/passwd", "%2e%2e/" * 100, "a/" * 3_000, "a" * 70_000, "%00", "..%5c" * 50, "%" * 500, "%ff" * 100):
        yield f"path {path[:20]!r}", ("GET", "/api/2.0/mlflow-artifacts/artifacts/" + path, None, {})
    yield "many ids", posted("metrics/get-history-bulk-interval", {"run_ids": ["a" * 32] * 100_000, "metric_key": "m"})
    bulk = "&".join(["run_id=" + "a" * 32] * 900)
    yield "many ids in a query", ("GET", f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?{bulk}&metric_key=m", None, {})
    for value in ("Basic " + "A" * 60_000, "Bearer " + "a" * 60_000, "Basic \xff", "Bearer", "Basic", "Negotiate x"):
        yield f"authorization {value[:12]!r}", ("GET", "/version", None, {"Authorization": value})


def memory_mebibytes(server, field) -> float:
    with open(f"/proc/{server.pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1_024


def run(options: Options) -> Result:
    result = Result()
    with ApusServer(directory=options.folder("hostile")) as server:
        descriptors = lambda: len(list(Path(f"/proc/{server.pid}/fd").iterdir()))  # noqa: E731
        before = descriptors()
        requests = bombs = 0
        attack = Attack(server, result, options.dice("hostile"))
        for _ in range(options.count(1, 20)):
            requests += attack.table()
            bombs += attack.bombs()
        peak = memory_mebibytes(server, "VmHWM:")
        if peak > MEMORY_MEBIBYTES:
            result.fault("memory", [f"The server took {peak:.0f} MiB; its limit is {MEMORY_MEBIBYTES} MiB."])
        try:
            wait_until(lambda: descriptors() <= before + 16, 60, "descriptors to be closed")
        except TimeoutError as error:
            result.fault("descriptors", [f"{error}"])
        rest = memory_mebibytes(server, "VmRSS:")
        if server.stop(remove=False) != 0:
            result.fault("end", [f"The server did not end with 0: {server.log(10)}"])
    result.figures = (
        f"{requests} requests of the smuggling table, {bombs} bombs, slowest {attack.slowest:.1f} s, memory at most "
        f"{peak:.0f} MiB, {rest:.0f} at the end"
    )
    return result
