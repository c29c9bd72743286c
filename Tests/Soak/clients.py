"""The load of the soak: clients that write, search, read and upload, and remember what was acknowledged."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import socket
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/0/"
KEYS, POINTS = 10, 20
JSON = {"Content-Type": "application/json"}


@dataclass
class Told:
    """What a client was told: how often, how fast, and what it may now rely on."""

    calls: Counter = field(default_factory=Counter)
    waited: Counter = field(default_factory=Counter)  # answers 429: nothing was done, and the client came again
    failures: Counter = field(default_factory=Counter)
    seconds: dict = field(default_factory=lambda: defaultdict(float))
    batches: dict = field(default_factory=lambda: defaultdict(set))  # run: first steps of its batches
    params: dict = field(default_factory=lambda: defaultdict(dict))
    tags: dict = field(default_factory=lambda: defaultdict(dict))
    files: dict = field(default_factory=dict)  # path: SHA-256

    def add(self, other):
        for name in ("calls", "waited", "failures"):
            getattr(self, name).update(getattr(other, name))
        for kind, seconds in other.seconds.items():
            self.seconds[kind] += seconds
        for name in ("batches", "params", "tags", "files"):
            getattr(self, name).update(getattr(other, name))  # Each run belongs to one client.


class Connection:
    """One kept-alive connection to the server."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method, path, body=None, headers=None):
        """The status, the body and the headers."""
        if self.http.sock is None:
            self.http.connect()
            self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.http.request(method, path, body, headers or {})
        answer = self.http.getresponse()
        return answer.status, answer.read(), answer.headers

    def post(self, route, body):
        return self.call("POST", API + route, json.dumps(body), JSON)

    def get(self, route):
        return self.call("GET", API + route)


class Client:
    """One of the clients: draws its next call from its seed until the time is over."""

    def __init__(self, port, seed):
        self.random = random.Random(seed)
        self.connection = Connection(port)
        self.told = Told()
        self.runs: list[str] = []
        self.number = 0

    def work(self, until):
        kinds = {
            self.create_run: 3,
            self.log_batch: 10,
            self.log_param: 6,
            self.set_tag: 6,
            self.search: 6,
            self.read_history: 4,
            self.get_run: 4,
            self.upload: 3,
            self.download: 2,
        }
        self.create_run()
        while time.monotonic() < until:
            self.number += 1
            self.random.choices(list(kinds), list(kinds.values()))[0]()

    def ask(self, kind, call, *arguments):
        """The body of a successful answer; None after a failure. An answer 429 is waited for and repeated."""
        while True:
            began = time.monotonic()
            status, body, headers = call(*arguments)
            self.told.seconds[kind] += time.monotonic() - began
            if status != 429:
                break
            self.told.waited[kind] += 1
            time.sleep(min(5, float(headers.get("Retry-After") or 1)))
        self.told.calls[kind] += 1
        if status == 200:
            return body
        self.told.failures[f"{kind}: {status} {body[:120].decode(errors='replace')}"] += 1
        return None

    def create_run(self):
        fields = {"experiment_id": "0", "start_time": int(time.time() * 1000)}
        body = self.ask("create run", self.connection.post, "runs/create", fields)
        if body is not None:
            self.runs.append(json.loads(body)["run"]["info"]["run_id"])

    def log_batch(self):
        run, first = self.random.choice(self.runs), self.number * POINTS
        metrics = [
            {"key": f"m{key}", "value": self.random.random(), "timestamp": first + place, "step": first + place}
            for key in range(KEYS)
            for place in range(POINTS)
        ]
        body = {"run_id": run, "metrics": metrics}
        if self.ask("log batch", self.connection.post, "runs/log-batch", body) is not None:
            self.told.batches[run].add(first)

    def log_param(self):
        run, key, value = self.random.choice(self.runs), f"p{self.number}", "x" * self.random.randrange(500)
        body = {"run_id": run, "key": key, "value": value}
        if self.ask("log param", self.connection.post, "runs/log-parameter", body) is not None:
            self.told.params[run][key] = value

    def set_tag(self):
        run, key = self.random.choice(self.runs), f"t{self.random.randrange(20)}"
        value = f"{self.number} " + "w" * self.random.randrange(4_000)
        body = {"run_id": run, "key": key, "value": value}
        if self.ask("set tag", self.connection.post, "runs/set-tag", body) is not None:
            self.told.tags[run][key] = value

    def search(self):
        shape = self.random.choice(
            (
                {},
                {"filter": f"metrics.m1 > {self.random.random():.3f}", "order_by": ["metrics.m2 DESC"]},
                {"filter": f"tags.t{self.random.randrange(20)} LIKE '%ww%'"},
                {"order_by": ["metrics.m3 ASC"]},
            )
        )
        body = {"experiment_ids": ["0"], "max_results": self.random.choice((20, 100, 500)), **shape}
        self.ask("search", self.connection.post, "runs/search", body)

    def read_history(self):
        run, key = self.random.choice(self.runs), f"m{self.random.randrange(KEYS)}"
        self.ask("history", self.connection.get, f"metrics/get-history?run_id={run}&metric_key={key}")

    def get_run(self):
        self.ask("get run", self.connection.get, f"runs/get?run_id={self.random.choice(self.runs)}")

    def upload(self):
        path = f"{self.random.choice(self.runs)}/artifacts/{self.number}.bin"
        content = self.random.randbytes(self.random.randrange(200_000))
        if self.ask("upload", self.connection.call, "PUT", ARTIFACTS + path, content) is not None:
            self.told.files[path] = hashlib.sha256(content).hexdigest()

    def download(self):
        if self.told.files:
            path = self.random.choice(list(self.told.files))
            self.ask("download", self.connection.call, "GET", ARTIFACTS + path)


def work_in_threads(port, until, seeds):
    """What the clients of one process were told, together."""
    clients = [Client(port, seed) for seed in seeds]
    threads = [threading.Thread(target=keep_failure, args=(client, until)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Told()
    for client in clients:
        told.add(client.told)
    return told


def keep_failure(client, until):
    """A client that cannot go on is a failure of the soak, not of its thread."""
    try:
        client.work(until)
    except (OSError, http.client.HTTPException) as error:
        client.told.failures[f"a connection broke: {type(error).__name__}: {error}"] += 1
