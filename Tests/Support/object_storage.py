"""A small object storage with the API of S3, stricter than most: it verifies every signature, every hash of a body, and the
rules of uploads in parts, and it fails when a test says so.

    with ObjectStorage() as storage:
        with ApusServer([*storage.arguments("prefix")], environment=storage.environment()) as server:
            ...
            assert storage.objects["prefix/0/x"].content == b"..."

It is written from AWS's documentation of the API and of Signature Version 4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import socket
import struct
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree
from xml.sax.saxutils import escape, unescape

ACCESS_KEY = "AKIATESTTESTTESTTEST"
SECRET_KEY = "secret/of+the/tests"
BUCKET = "apus-artifacts"
REGION = "eu-test-1"
SMALLEST_PART = 5 * 1_048_576


@dataclass
class StoredObject:
    content: bytes
    tag: str
    content_type: str
    modified: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    # The header fields x-amz-meta-*.
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Upload:
    key: str
    content_type: str
    begun: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    parts: dict[int, StoredObject] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """A request as the storage saw it."""

    method: str
    key: str | None
    query: dict[str, str]
    bytes: int

    @property
    def operation(self) -> str:
        if self.key is None:
            return {"GET": "uploads" if "uploads" in self.query else "list", "POST": "delete-many"}.get(self.method, "")
        if "uploads" in self.query:
            return "begin"
        if "uploadId" in self.query:
            return {"PUT": "part", "POST": "complete", "DELETE": "abort", "GET": "parts"}[self.method]
        return {"GET": "get", "HEAD": "head", "PUT": "put", "DELETE": "delete"}[self.method]


class Refusal(Exception):
    def __init__(self, status: int, code: str):
        super().__init__(code)
        self.status, self.code = status, code


class ObjectStorage:
    """
    fault: called with each `Call` after it was found to be legal; returns None, or what happens to it:
        ("reply", status, body, fields)  is not carried out, and answered with just that
        ("some", code, count)     of a deletion of many objects so many are not deleted, and reported with that code
        ("answer", status, code)  is not carried out, and answered so
        ("cut",)                  is not carried out, and the connection is cut
        ("late cut",)             is carried out, and the connection is cut instead of an answer
        ("half", bytes)           the answer's body breaks off after so many bytes
        ("damage",)               the body is taken for damaged on its way
        ("error in 200",)         answers 200 with an error in the body, as completions may
        ("silence",)              is not carried out, and nothing is answered before the storage is reset
    encrypts: whether tags are not MD5 sums, as where a key of KMS encrypts
    renames_roots: whether the XML of answers begins with `<ListPartsResponse>` where S3 has `<ListPartsResult>`, and so on
    """

    def __init__(self, buckets=(BUCKET,), secret=SECRET_KEY):
        self.buckets = set(buckets)
        self.secret = secret
        self.objects: dict[str, StoredObject] = {}
        self.uploads: dict[str, Upload] = {}
        self.calls: list[Call] = []
        self.fault = lambda call: None
        self.encrypts = False
        self.renames_roots = False
        self.speaks = threading.Event()
        self.lock = threading.Lock()
        storage = self

        class Handler(_Handler):
            owner = storage

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def reset(self):
        """Forgets all objects, uploads, calls and faults."""
        self.speaks.set()
        self.speaks = threading.Event()
        self.encrypts = False
        self.renames_roots = False
        with self.lock:
            for kept in (self.objects, self.uploads, self.calls):
                kept.clear()
            self.fault = lambda call: None

    def environment(self, **others) -> dict:
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": None,
            "AWS_PROFILE": None,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **others,
        }

    def arguments(self, prefix="team/artifacts", bucket=BUCKET) -> list[str]:
        return ["--artifacts-destination", f"s3://{bucket}/{prefix}"]

    def count(self, operation: str) -> int:
        return sum(call.operation == operation for call in self.calls)


def metadata_of(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("x-amz-meta-")}


def tag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: ObjectStorage
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._handle()

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

    # The frame of every request.

    def _handle(self):
        length = int(self.headers.get("Content-Length") or 0)
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            self.close_connection = True
            return self._answer(411, b"")
        body = self.rfile.read(length)
        path, _, query = self.path.partition("?")
        pairs = [tuple((part.partition("=") + ("",))[::2][:2]) for part in query.split("&") if part]
        values = {urllib.parse.unquote(name): urllib.parse.unquote(value) for name, value in pairs}
        segments = urllib.parse.unquote(path).lstrip("/").split("/", 1)
        key = segments[1] if len(segments) > 1 and segments[1] else None
        if path == "/login":
            # The page of a log-in, to which what stands before a storage may redirect.
            return self._answer(200, b"<html>log in</html>", {"ETag": '"page"'})
        call = Call(self.command, key, values, length)
        after = None
        try:
            self._verify(path, pairs, values, body)
            fault = self.owner.fault(call)
            with self.owner.lock:
                self.owner.calls.append(call)
            if fault:
                if fault[0] == "reply":
                    return self._answer(fault[1], fault[2], fault[3])
                if fault[0] == "answer":
                    raise Refusal(fault[1], fault[2])
                if fault[0] == "damage":
                    raise Refusal(400, "XAmzContentSHA256Mismatch")
                if fault[0] == "cut":
                    return self._cut()
                if fault[0] == "silence":
                    self.owner.speaks.wait()
                    return self._cut()
                if fault[0] == "error in 200":
                    return self._answer(200, b"<Error><Code>InternalError</Code></Error>")
                after = fault
            if segments[0] not in self.owner.buckets:
                raise Refusal(404, "NoSuchBucket")
            if after and after[0] == "some":
                status, content, fields = self._delete_many(call, body, *after[1:])
            else:
                status, content, fields = self._carry_out(call, body)
            if self.owner.renames_roots:
                content = re.sub(rb"^<(\w+)Result>(.*)</\1Result>$", rb"<\1Response>\2</\1Response>", content, flags=re.DOTALL)
        except Refusal as refusal:
            text = f"<?xml version='1.0'?><Error><Code>{refusal.code}</Code><Message>m</Message></Error>"
            return self._answer(refusal.status, b"" if self.command == "HEAD" else text.encode())
        if after and after[0] == "late cut":
            return self._cut()
        self._answer(status, content, fields, only=after[1] if after and after[0] == "half" else None)

    def _answer(self, status, content, fields=(), only=None):
        self.send_response(status)
        fields = dict(fields)
        if status != 204:
            self.send_header("Content-Length", fields.pop("Content-Length", str(len(content))))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content if only is None else content[:only])
        if only is not None:
            self.wfile.flush()
            self._cut()

    def _cut(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    # Signatures.

    def _verify(self, path, pairs, values, body):
        presigned = "X-Amz-Signature" in values
        if presigned:
            names = values["X-Amz-SignedHeaders"].split(";")
            credential, moment = values["X-Amz-Credential"], values["X-Amz-Date"]
            signature, payload = values["X-Amz-Signature"], "UNSIGNED-PAYLOAD"
            pairs = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
            begun = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
            if not 1 <= int(values["X-Amz-Expires"]) <= 604_800:
                raise Refusal(400, "AuthorizationQueryParametersError")
            if time.time() > begun + int(values["X-Amz-Expires"]):
                raise Refusal(403, "AccessDenied")
        else:
            given = self.headers.get("Authorization") or ""
            match = re.fullmatch(
                r"AWS4-HMAC-SHA256 Credential=(\S+?),\s*SignedHeaders=(\S+?),\s*Signature=([0-9a-f]{64})", given
            )
            if not match:
                raise Refusal(403, "AccessDenied")
            credential, names, signature = match[1], match[2].split(";"), match[3]
            moment = self.headers["x-amz-date"]
            payload = self.headers["x-amz-content-sha256"]
            sent = [name.lower() for name in self.headers if name.lower().startswith("x-amz-")]
            if not {"host", *sent} <= set(names):
                raise Refusal(403, "AccessDenied")
            if payload != hashlib.sha256(body).hexdigest():
                raise Refusal(400, "XAmzContentSHA256Mismatch")
        key, day, region, service, end = credential.split("/")
        if key != ACCESS_KEY:
            raise Refusal(403, "InvalidAccessKeyId")
        if (region, service, end) != (REGION, "s3", "aws4_request") or not moment.startswith(day):
            raise Refusal(400, "AuthorizationHeaderMalformed")
        canonical = "\n".join(
            [
                self.command,
                urllib.parse.quote(urllib.parse.unquote(path), safe="/-._~"),
                "&".join(f"{name}={value}" for name, value in sorted(pairs)),
                "".join(f"{name}:{' '.join((self.headers[name] or '').split())}\n" for name in names),
                ";".join(names),
                payload,
            ]
        )
        scope = f"{day}/{region}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        code = f"AWS4{self.owner.secret}".encode()
        for part in (day, region, service, "aws4_request", text):
            code = hmac.new(code, part.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(code.hex(), signature):
            raise Refusal(403, "SignatureDoesNotMatch")

    # What is asked for.

    def _carry_out(self, call: Call, body: bytes):
        with self.owner.lock:
            return getattr(self, "_" + call.operation.replace("-", "_"))(call, body)

    def _put(self, call, body):
        stored = StoredObject(body, self._tag(body), self.headers.get("Content-Type") or "")
        stored.metadata = metadata_of(self.headers)
        self.owner.objects[call.key] = stored
        return 200, b"", {"ETag": stored.tag}

    def _tag(self, content) -> str:
        return f'"{uuid.uuid4().hex}"' if self.owner.encrypts else tag_of(content)

    def _find(self, call) -> StoredObject:
        stored = self.owner.objects.get(call.key)
        if stored is None:
            raise Refusal(404, "NoSuchKey")
        if self.headers.get("If-Match") not in (None, stored.tag):
            raise Refusal(412, "PreconditionFailed")
        return stored

    def _fields(self, stored, length):
        return {
            "ETag": stored.tag,
            "Content-Type": stored.content_type,
            "Content-Length": str(length),
            "Last-Modified": stored.modified.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            **stored.metadata,
        }

    def _head(self, call, _):
        stored = self._find(call)
        return 200, b"", self._fields(stored, len(stored.content))

    def _get(self, call, _):
        stored = self._find(call)
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if not match:
            return 200, stored.content, self._fields(stored, len(stored.content))
        first, last = int(match[1]), int(match[2])
        if first >= len(stored.content):
            raise Refusal(416, "InvalidRange")
        content = stored.content[first : last + 1]
        fields = self._fields(stored, len(content))
        fields["Content-Range"] = f"bytes {first}-{first + len(content) - 1}/{len(stored.content)}"
        return 206, content, fields

    def _delete(self, call, _):
        self.owner.objects.pop(call.key, None)
        return 204, b"", {}

    def _delete_many(self, _, body, code="", count=0):
        if self.headers.get("Content-MD5") != base64.b64encode(hashlib.md5(body).digest()).decode():
            raise Refusal(400, "BadDigest")
        try:
            keys = [element.text or "" for element in ElementTree.fromstring(body).iter("Key")]
        except ElementTree.ParseError as error:
            raise Refusal(400, "MalformedXML") from error
        if not 1 <= len(keys) <= 1_000:
            raise Refusal(400, "MalformedXML")
        for key in keys[count:]:
            self.owner.objects.pop(key, None)
        errors = "".join(f"<Error><Key>{escape(key)}</Key><Code>{code}</Code></Error>" for key in keys[:count])
        return 200, f"<DeleteResult>{errors}</DeleteResult>".encode(), {}

    def _list(self, call, _):
        if call.query.get("list-type") != "2":
            raise Refusal(400, "InvalidArgument")
        prefix, delimiter = call.query.get("prefix", ""), call.query.get("delimiter")
        limit = min(int(call.query.get("max-keys", 1_000)), 1_000)
        after = call.query.get("continuation-token", "")
        after = base64.b64decode(after).decode() if after else ""
        lines, last, truncated = [], "", False
        seen = set()
        for key in sorted(self.owner.objects, key=lambda text: text.encode()):
            if not key.startswith(prefix):
                continue
            is_gathered = bool(delimiter) and delimiter in key[len(prefix) :]
            name = prefix + key[len(prefix) :].split(delimiter, 1)[0] + delimiter if is_gathered else key
            if name in seen or name.encode() <= after.encode():
                continue
            if len(seen) == limit:
                truncated = True
                break
            seen.add(name)
            last = name
            shown = urllib.parse.quote_plus(name, safe="/")
            if is_gathered:
                lines.append(f"<CommonPrefixes><Prefix>{shown}</Prefix></CommonPrefixes>")
            else:
                stored = self.owner.objects[key]
                lines.append(
                    f"<Contents><Key>{shown}</Key><LastModified>{stored.modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
                    f"<ETag>{escape(stored.tag)}</ETag><Size>{len(stored.content)}</Size></Contents>"
                )
        token = base64.b64encode(last.encode()).decode()
        more = f"<NextContinuationToken>{token}</NextContinuationToken>" if truncated else ""
        text = (
            f"<ListBucketResult><IsTruncated>{str(truncated).lower()}</IsTruncated>"
            f"<EncodingType>url</EncodingType>{more}{''.join(lines)}</ListBucketResult>"
        )
        return 200, text.encode(), {"Content-Type": "application/xml"}

    def _begin(self, call, _):
        identifier = uuid.uuid4().hex
        upload = Upload(call.key, self.headers.get("Content-Type") or "", metadata=metadata_of(self.headers))
        self.owner.uploads[identifier] = upload
        text = f"<InitiateMultipartUploadResult><UploadId>{identifier}</UploadId></InitiateMultipartUploadResult>"
        return 200, text.encode(), {}

    def _upload(self, call) -> Upload:
        upload = self.owner.uploads.get(call.query["uploadId"])
        if upload is None or upload.key != call.key:
            raise Refusal(404, "NoSuchUpload")
        return upload

    def _part(self, call, body):
        upload = self._upload(call)
        number = int(call.query["partNumber"])
        if not 1 <= number <= 10_000:
            raise Refusal(400, "InvalidArgument")
        upload.parts[number] = StoredObject(body, self._tag(body), "")
        return 200, b"", {"ETag": upload.parts[number].tag}

    def _parts(self, call, _):
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(part.tag)}</ETag><Size>{len(part.content)}</Size></Part>"
            for number, part in sorted(self._upload(call).parts.items())
        )
        return 200, f"<ListPartsResult><IsTruncated>false</IsTruncated>{parts}</ListPartsResult>".encode(), {}

    def _complete(self, call, body):
        upload = self._upload(call)
        listed = [
            (re.search(r"<PartNumber>(\d+)<", part)[1], re.search(r"<ETag>(.*?)</ETag>", part, re.S)[1])
            for part in re.findall(r"<Part>(.*?)</Part>", body.decode(), re.S)
        ]
        numbers = [int(number) for number, _ in listed]
        if not numbers:
            raise Refusal(400, "MalformedXML")
        if numbers != sorted(set(numbers)):
            raise Refusal(400, "InvalidPartOrder")
        parts = []
        for number, tag in listed:
            part = upload.parts.get(int(number))
            if part is None or part.tag.strip('"') != unescape(tag, {"&quot;": '"'}).strip('"'):
                raise Refusal(400, "InvalidPart")
            parts.append(part)
        if any(len(part.content) < SMALLEST_PART for part in parts[:-1]):
            raise Refusal(400, "EntityTooSmall")
        sums = b"".join(bytes.fromhex(part.tag.strip('"')) for part in parts)
        total = uuid.uuid4().hex if self.owner.encrypts else hashlib.md5(sums).hexdigest()
        tag = f'"{total}-{len(parts)}"'
        stored = StoredObject(b"".join(part.content for part in parts), tag, upload.content_type)
        stored.metadata = upload.metadata
        self.owner.objects[call.key] = stored
        del self.owner.uploads[call.query["uploadId"]]
        return 200, f"<CompleteMultipartUploadResult><ETag>{escape(tag)}</ETag></CompleteMultipartUploadResult>".encode(), {}

    def _abort(self, call, _):
        self._upload(call)
        del self.owner.uploads[call.query["uploadId"]]
        return 204, b"", {}

    def _uploads(self, call, _):
        if call.query.get("encoding-type") != "url":
            raise Refusal(400, "InvalidArgument")
        after = (call.query.get("key-marker", "").encode(), call.query.get("upload-id-marker", ""))
        found = sorted((upload.key.encode(), identifier) for identifier, upload in self.owner.uploads.items())
        prefix = call.query.get("prefix", "").encode()
        found = [pair for pair in found if pair[0].startswith(prefix) and pair > after]
        page, more = found[:1_000], len(found) > 1_000
        lines = "".join(
            f"<Upload><Key>{urllib.parse.quote_plus(key, safe='/')}</Key><UploadId>{identifier}</UploadId>"
            f"<Initiated>{self.owner.uploads[identifier].begun:%Y-%m-%dT%H:%M:%S.000Z}</Initiated></Upload>"
            for key, identifier in page
        )
        if more:
            lines += (
                f"<NextKeyMarker>{urllib.parse.quote_plus(page[-1][0], safe='/')}</NextKeyMarker>"
                f"<NextUploadIdMarker>{page[-1][1]}</NextUploadIdMarker>"
            )
        text = (
            f"<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{lines}</ListMultipartUploadsResult>"
        )
        return 200, text.encode(), {}
