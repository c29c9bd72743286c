"""Calls of the REST interface, for data that the tests write themselves."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor


class Rest:
    def __init__(self, address: str):
        self.address = address
        place = urllib.parse.urlsplit(address)
        self._host, self._port, self._prefix = place.hostname, place.port, place.path.rstrip("/")
        self._of_thread = threading.local()

    def at_once(self, work, items) -> list:
        """Does something for each item, sixteen at a time: the server writes what waits together in one go."""
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(work, items))

    def call(self, route: str, body: dict | None = None, method: str | None = None) -> dict:
        """One call of `api/2.0/mlflow`: a GET without a body, otherwise a POST. It has to succeed."""
        path = f"{self._prefix}/api/2.0/mlflow/{route}"
        data = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection = self._connection()
        connection.request(method or ("GET" if body is None else "POST"), path, data, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, (route, answer.status, content[:500])
        return json.loads(content or b"{}")

    def _connection(self):
        """The connection of this thread; a new one after a pause, in which the server may have closed it."""
        kept, now = self._of_thread, time.monotonic()
        if now - getattr(kept, "used", 0) > 5:
            kept.connection = http.client.HTTPConnection(self._host, self._port, timeout=60)
        kept.used = now
        return kept.connection

    def experiment(self, name: str, **tags: str) -> str:
        """Makes an experiment and returns its id."""
        return self.call("experiments/create", {"name": name, "tags": pairs(tags)})["experiment_id"]

    def run(
        self,
        experiment: str,
        name: str,
        start: int,
        *,
        params=None,
        tags=None,
        metrics=(),
        status="FINISHED",
        end: int | None = None,
    ) -> str:
        """
        Makes a run and returns its id.

        metrics: (key, value, step) in the order of time; a second lies between two of them.
        status: RUNNING leaves the run open.
        """
        created = {
            "experiment_id": experiment,
            "run_name": name,
            "start_time": start,
            "user_id": "ada",
            "tags": pairs(tags or {}),
        }
        run = self.call("runs/create", created)["run"]["info"]["run_id"]
        self.log(run, start, metrics, params)
        if status != "RUNNING":
            self.call("runs/update", {"run_id": run, "status": status, "end_time": end or start + 600_000})
        return run

    def log(self, run: str, start: int, metrics=(), params=None):
        points = [
            {"key": key, "value": value, "step": step, "timestamp": start + 1000 * index}
            for index, (key, value, step) in enumerate(metrics)
        ]
        for first in range(0, max(len(points), 1), 900):
            batch = {
                "run_id": run,
                "metrics": points[first : first + 900],
                "params": pairs(params or {}) if first == 0 else [],
            }
            if batch["metrics"] or batch["params"]:
                self.call("runs/log-batch", batch)

    def tag(self, run: str, key: str, value: str):
        self.call("runs/set-tag", {"run_id": run, "key": key, "value": value})

    def tags(self, run: str) -> dict[str, str]:
        """The tags that a run has now."""
        data = self.call(f"runs/get?run_id={run}")["run"]["data"]
        return {tag["key"]: tag["value"] for tag in data.get("tags", [])}


def pairs(values: dict) -> list[dict]:
    return [{"key": key, "value": str(value)} for key, value in values.items()]
