"""Servers that send everything to another one: what both hold, a network that breaks, and kills at random moments.

By hand, for longer than the suite does:

    APUS_BINARY=… python Tests/Conformance/forwarding.py --rounds 50 --seed 1
    APUS_BINARY=… python Tests/Conformance/forwarding.py --rounds 50 --seed 1 --against reference
"""

from __future__ import annotations

import argparse
import hashlib
import random
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "Support")]

from helpers import PARENT_TAG, REFERENCE_PYTHON, must, new_run, send  # noqa: E402
from servers import ApusServer, ReferenceServer, wait_until  # noqa: E402

SOURCE_TAG = "apus.source_run_id"


def status(url, **question):
    """What a server says about its upstream."""
    return must(url, "/api/apus/1.0/forward/status", question)


def wait_until_current(url, timeout=60):
    """Waits until the upstream has everything, and returns what the server says then."""
    must(url, "/api/apus/1.0/forward/drain", {})
    try:
        wait_until(lambda: status(url, max_results=0)["current"], timeout, "the upstream to have everything")
    except TimeoutError as error:
        raise AssertionError(f"{error}: {status(url)}") from error
    return status(url, max_results=1_000)


def pairs(things) -> dict:
    return {thing["key"]: thing["value"] for thing in things}


def search(url, experiment_ids):
    """All runs of some experiments, deleted ones too."""
    found, token = [], ""
    while True:
        question = {"experiment_ids": experiment_ids, "run_view_type": "ALL", "max_results": 500, "page_token": token}
        page = must(url, "runs/search", {key: value for key, value in question.items() if value})
        found += page.get("runs", [])
        token = page.get("next_page_token")
        if not token:
            return found


def experiments(url) -> dict[str, dict]:
    page = must(url, "experiments/search", {"max_results": 1_000, "view_type": "ALL"})
    return {found["name"]: found for found in page.get("experiments", [])}


def history(url, run_id, key):
    points, token = [], None
    while True:
        query = {"run_id": run_id, "metric_key": key, "max_results": 20_000}
        if token:
            query["page_token"] = token
        page = must(url, "metrics/get-history", **query)
        points += [(point["timestamp"], point["step"], str(float(point["value"]))) for point in page.get("metrics", [])]
        token = page.get("next_page_token")
        if not token:
            return sorted(points)


def artifacts(url, run_id, path="") -> dict[str, str]:
    """The digests of a run's files by their paths."""
    listed = must(url, "artifacts/list", run_id=run_id, **({"path": path} if path else {}))
    found = {}
    for file in listed.get("files", []):
        if file.get("is_dir"):
            found |= artifacts(url, run_id, file["path"])
        else:
            code, content, _ = send("GET", f"{url}/get-artifact?run_uuid={run_id}&path={file['path']}")
            assert code == 200, (file, code)
            found[file["path"]] = hashlib.sha256(content).hexdigest()
    return found


def described(url, names=None) -> dict[str, dict]:
    """Everything that a server has of runs, by the ids that they have where they were logged."""
    named = {name: found for name, found in experiments(url).items() if names is None or name in names}
    name_of = {found["experiment_id"]: name for name, found in named.items()}
    runs = search(url, list(name_of))
    source = {}
    for run in runs:
        tags = pairs(run["data"].get("tags", []))
        source[run["info"]["run_id"]] = tags.get(SOURCE_TAG, run["info"]["run_id"])
    found = {}
    for run in runs:
        info, data = run["info"], run["data"]
        run_id = info["run_id"]
        assert source[run_id] not in found, f"{source[run_id]} is there twice"
        tags = {key: value for key, value in pairs(data.get("tags", [])).items() if key != SOURCE_TAG}
        if PARENT_TAG in tags:
            tags[PARENT_TAG] = source.get(tags[PARENT_TAG], tags[PARENT_TAG])
        is_active = info["lifecycle_stage"] == "active"
        inputs = run.get("inputs", {}).get("dataset_inputs", [])
        found[source[run_id]] = {
            "experiment": name_of[info["experiment_id"]],
            "name": info["run_name"],
            "status": info["status"],
            "start": info["start_time"],
            "end": info.get("end_time"),
            "user": info.get("user_id"),
            "stage": info["lifecycle_stage"],
            "params": pairs(data.get("params", [])),
            "tags": tags,
            "metrics": {
                metric["key"]: history(url, run_id, metric["key"]) for metric in data.get("metrics", []) if is_active
            },
            "datasets": sorted((one["dataset"]["name"], one["dataset"]["digest"]) for one in inputs),
            "artifacts": artifacts(url, run_id) if is_active else {},
        }
    return found


def put_artifact(url, run_id, path, content: bytes):
    uri = must(url, "runs/get", run_id=run_id)["run"]["info"]["artifact_uri"]
    place = uri.removeprefix("mlflow-artifacts:/")
    code, answer, _ = send("PUT", f"{url}/api/2.0/mlflow-artifacts/artifacts/{place}/{path}", content)
    assert code == 200, answer


class Training:
    """Logs runs that are drawn at random; a call that fails because the server is down is made again."""

    def __init__(self, server, seed: int, experiment: str):
        self.server, self.dice, self.name = server, random.Random(seed), experiment
        self.experiment_id = must(server.url, "experiments/create", {"name": experiment})["experiment_id"]
        self.runs: list[str] = []
        self.steps: dict[str, int] = {}

    def do(self, count: int):
        for _ in range(count):
            self.one()

    def one(self):
        url, dice = self.server.url, self.dice
        if not self.runs or dice.random() < 0.2:
            tags = [{"key": "team", "value": f"team-{dice.randrange(3)}"}]
            if self.runs and dice.random() < 0.5:
                tags.append({"key": PARENT_TAG, "value": dice.choice(self.runs)})
            run_id = new_run(url, self.experiment_id, start_time=1_700_000_000_000 + len(self.runs), tags=tags, user_id="ana")
            self.runs.append(run_id)
            self.steps[run_id] = 0
            params = [{"key": f"p{index}", "value": str(dice.random())} for index in range(dice.randrange(5))]
            must(url, "runs/log-batch", {"run_id": run_id, "params": params})
            return
        run_id = dice.choice(self.runs)
        kind = dice.random()
        if kind < 0.6:
            start = self.steps[run_id]
            self.steps[run_id] += 50
            points = [
                {"key": dice.choice(["loss", "accuracy"]), "value": dice.random(), "timestamp": 1_700_000_000_000 + step, "step": step}
                for step in range(start, start + 50)
            ]
            # A part of them comes late.
            if dice.random() < 0.3:
                dice.shuffle(points)
            must(url, "runs/log-batch", {"run_id": run_id, "metrics": points})
        elif kind < 0.75:
            must(url, "runs/set-tag", {"run_id": run_id, "key": "note", "value": str(dice.random())})
        elif kind < 0.9:
            put_artifact(url, run_id, f"folder/file-{dice.randrange(4)}", dice.randbytes(dice.randrange(1, 20_000)))
        else:
            must(url, "runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 1_700_000_100_000 + dice.randrange(1_000)})


class BreakingNetwork:
    """A way to a server that loses answers after the server has given them, and can be shut."""

    def __init__(self, port: int, seed: int, loss: float):
        self.port, self.dice, self.loss = port, random.Random(seed), loss
        self.is_open, self.delay, self.lost = True, 0.0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_open:
                client.close()
                continue
            threading.Thread(target=self.join, args=(client,), daemon=True).start()

    def join(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        except OSError:
            client.close()
            return
        ends = (client, server)
        threading.Thread(target=self.copy, args=(client, server, ends, False), daemon=True).start()
        self.copy(server, client, ends, True)

    def copy(self, source, target, ends, is_answer):
        try:
            while content := source.recv(65_536):
                if is_answer and self.delay:
                    time.sleep(self.delay)
                if not self.is_open or (is_answer and self.dice.random() < self.loss):
                    self.lost += 1
                    break
                target.sendall(content)
        except OSError:
            pass
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def close(self):
        self.is_open = False
        self.listener.close()


def assert_equal(here: dict, there: dict):
    """Compares field by field, so that a failure names what differs."""
    assert there.keys() == here.keys(), (sorted(here.keys() - there.keys()), sorted(there.keys() - here.keys()))
    for run_id, run in here.items():
        for field, value in run.items():
            assert there[run_id][field] == value, (run_id, field, value, there[run_id][field])


def kill_rounds(scratch: Path, upstream, rounds: int, seed: int, kills_upstream: bool) -> int:
    """Kills a server that forwards, and perhaps its upstream, at random moments while runs are logged and answers lost.

    Returns how many answers were lost.
    """
    dice = random.Random(seed)
    network = BreakingNetwork(upstream.port, seed, loss=0.05)
    name = f"killed-{seed}"
    arguments = ["--upstream", network.url, "--forward-delay", "200ms"]
    try:
        with ApusServer(arguments, directory=scratch / "local") as server:
            training = Training(server, seed, name)
            for _ in range(rounds):
                training.do(dice.randrange(5, 25))
                time.sleep(dice.uniform(0, 0.3))
                server.kill()
                if kills_upstream and dice.random() < 0.5:
                    upstream.kill()
                    upstream.start()
                    network.port = upstream.port
                server.start()
            network.loss = 0
            wait_until_current(server.url, timeout=120)
            assert_equal(described(server.url, {name}), described(upstream.url, {name}))
    finally:
        network.close()
    return network.lost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--against", choices=["apus", "reference"], default="apus")
    options = parser.parse_args()
    upstream = ApusServer() if options.against == "apus" else ReferenceServer(python=REFERENCE_PYTHON)
    with tempfile.TemporaryDirectory() as scratch, upstream:
        lost = kill_rounds(Path(scratch), upstream, options.rounds, options.seed, options.against == "apus")
    print(f"seed {options.seed}: {options.rounds} kills, {lost} answers lost, nothing is missing and nothing is there twice")


if __name__ == "__main__":
    main()
