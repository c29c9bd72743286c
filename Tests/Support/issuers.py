"""An issuer of OpenID Connect on the loopback: it signs tokens with keys of its own, logs people in, and can misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils


def encoded(data: bytes | str | dict) -> str:
    """base64url without padding; an object as JSON."""
    if isinstance(data, dict):
        data = json.dumps(data)
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
# A key of RSA takes long to make, and no test needs two unlike ones.
_made: dict[str, object] = {}


class Key:
    """A key pair with the algorithm that it is used with."""

    def __init__(self, algorithm: str = "RS256", key_id: str | None = None):
        self.algorithm = algorithm
        self.id = key_id or secrets.token_hex(4)
        if algorithm[:2] in ("RS", "PS"):
            self.private = _made.setdefault("rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048))
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1())

    def published(self) -> dict:
        public, common = self.private.public_key(), {"kid": self.id, "use": "sig", "alg": self.algorithm}
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **common}
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": encoded(public.public_bytes_raw()), **common}
        numbers, size = public.public_numbers(), (public.key_size + 7) // 8
        return {"kty": "EC", "crv": f"P-{public.key_size}", "x": number(numbers.x, size), "y": number(numbers.y, size), **common}

    def sign(self, message: bytes) -> bytes:
        kind = self.algorithm[:2]
        if self.algorithm == "EdDSA":
            return self.private.sign(message)
        digest = HASHES[self.algorithm[2:]]()
        if kind == "RS":
            return self.private.sign(message, padding.PKCS1v15(), digest)
        if kind == "PS":
            return self.private.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        r, s = utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(digest)))
        size = (self.private.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def token(key: Key, claims: dict, **head) -> str:
    """A signed token; members of the head can be set, or left out with None."""
    head = {"alg": key.algorithm, "kid": key.id, "typ": "JWT", **head}
    message = encoded({name: value for name, value in head.items() if value is not None}) + "." + encoded(claims)
    return message + "." + encoded(key.sign(message.encode()))


class Issuer:
    """A context manager; `url` is the issuer. People log in at once, as `person`."""

    def __init__(self, algorithm: str = "RS256", context=None):
        self.keys = [Key(algorithm)]
        self.calls: list[str] = []
        self.person = {"sub": "ada", "groups": ["ml-team"]}
        self.client, self.secret = "apus", "a secret/with: odd&parts"
        # What is put into the discovery document, and how calls misbehave: by path, a function of the handler.
        self.document: dict = {}
        self.faults: dict = {}
        self.last_query: dict = {}
        # Claims of the next tokens that people get.
        self.claims: dict = {}
        self.codes: dict[str, dict] = {}
        self.released = threading.Event()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, status, body, **fields):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **fields}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def handle_call(self):
                path = urllib.parse.urlsplit(self.path).path
                issuer.calls.append(path)
                length = int(self.headers.get("Content-Length") or 0)
                self.form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
                self.query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                try:
                    if path in issuer.faults:
                        issuer.faults[path](self)
                    else:
                        issuer.answer(self, path)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = handle_call

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # A server that gives up on a slow answer closes its connection.
        self.server.handle_error = lambda *_: None
        scheme, host = "http", "127.0.0.1"
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme, host = "https", "localhost"
        self.url = f"{scheme}://{host}:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, path):
        if path == "/.well-known/openid-configuration":
            return handler.reply(200, {
                "issuer": self.url, "jwks_uri": self.url + "/keys", "authorization_endpoint": self.url + "/authorize",
                "token_endpoint": self.url + "/token", **self.document,
            })
        if path == "/keys":
            return handler.reply(200, {"keys": [key.published() for key in self.keys]})
        if path == "/authorize":
            return self.authorize(handler)
        if path == "/token":
            return self.exchange(handler)
        return handler.reply(404, {})

    def authorize(self, handler):
        query = self.last_query = handler.query
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        assert query["client_id"] == self.client and "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        target = query["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": query["state"]})
        handler.reply(302, {}, Location=target)

    def exchange(self, handler):
        form, query = handler.form, self.codes.pop(handler.form.get("code", ""), None)
        shown = handler.headers.get("Authorization", "")
        if self.secret:
            pair = f"{urllib.parse.quote(self.client, safe='')}:{urllib.parse.quote(self.secret, safe='')}"
            if shown != "Basic " + base64.b64encode(pair.encode()).decode():
                return handler.reply(401, {"error": "invalid_client"})
        elif form.get("client_id") != self.client or shown:
            return handler.reply(401, {"error": "invalid_client"})
        challenge = encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not query or challenge != query["code_challenge"] or form["redirect_uri"] != query["redirect_uri"]:
            return handler.reply(400, {"error": "invalid_grant"})
        claims = {"aud": self.client, "nonce": query["nonce"], **self.person, **self.claims}
        return handler.reply(200, {"access_token": "x", "token_type": "Bearer", "id_token": self.token(**claims)})

    def token(self, key: Key | None = None, head: dict | None = None, **claims) -> str:
        """A token that is valid for five minutes; a claim can be left out with None."""
        now = int(time.time())
        whole = {"iss": self.url, "iat": now, "exp": now + 300, **claims}
        return token(key or self.keys[0], {name: value for name, value in whole.items() if value is not None}, **(head or {}))
