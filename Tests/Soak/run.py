#!/usr/bin/env python3
"""A soak: sixteen clients write, search, read and upload for a while, and what they leave behind is looked at.

It prints the log, the memory and the descriptors over time, and ends with 1 and a sentence for each thing that is
wrong: the write-ahead log passed its limit, descriptors or memory did not come back, something acknowledged is missing,
or a call failed. SOAK_SECONDS is the length of the load (60), SOAK_SEED what the clients draw from.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import time
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Support")]

from clients import ARTIFACTS, KEYS, POINTS, Connection, Told, work_in_threads  # noqa: E402
from servers import ApusServer, wait_until  # noqa: E402
from watch import Watch, highest  # noqa: E402

BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
PROCESSES, CLIENTS = 4, 16
LOG_MEBIBYTES = 64
MEMORY_MEGABYTES = 60
LONG_SECONDS, MEMORY_GROWTH = 900, 1.1
# Files of the server's own that come and go: readers that were opened late, a folder that is being listed.
SPARE_DESCRIPTORS = 16
REST_SECONDS = 60


def load(port, seconds, seed):
    """Lets the clients work, and returns what they were told."""
    until = time.monotonic() + seconds
    seeds = [seed * 1_000 + number for number in range(CLIENTS)]
    parts = [(port, until, seeds[first::PROCESSES]) for first in range(PROCESSES)]
    told = Told()
    # A fork would copy the thread that watches in the middle of its work; a spawned interpreter has none.
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        for part in pool.starmap(work_in_threads, parts):
            told.add(part)
    return told


def missing(port, told):
    """What was acknowledged and is not there, as sentences."""
    connection = Connection(port)
    return [*missing_points(connection, told), *missing_values(connection, told), *missing_files(connection, told)]


def missing_points(connection, told):
    for runs in groups(told.batches):
        for key in range(KEYS):
            query = urllib.parse.urlencode([("metric_key", f"m{key}"), *(("run_id", run) for run in runs)])
            found = {run: set() for run in runs}
            for point in json.loads(read(connection, f"{BULK}?{query}")).get("metrics", []):
                found[point["run_id"]].add(point["step"])
            for run in runs:
                expected = {first + place for first in told.batches[run] for place in range(POINTS)}
                if expected - found[run]:
                    yield f"run {run}: {len(expected - found[run])} points of m{key} are missing"


def groups(batches):
    """Runs whose histories fit into one answer, which has up to 25,000 points."""
    group, points = [], 0
    for run, firsts in batches.items():
        if group and (len(group) == 50 or points + len(firsts) * POINTS > 10_000):
            yield group
            group, points = [], 0
        group.append(run)
        points += len(firsts) * POINTS
    if group:
        yield group


def missing_values(connection, told):
    expected = {run: (told.params.get(run, {}), told.tags.get(run, {})) for run in told.params.keys() | told.tags.keys()}
    for run in all_runs(connection):
        data = run["data"]
        run_id = run["info"]["run_id"]
        for kind, values in zip(("params", "tags"), expected.pop(run_id, ({}, {})), strict=True):
            found = {item["key"]: item.get("value", "") for item in data.get(kind, [])}
            lost = [key for key, value in values.items() if found.get(key) != value]
            if lost:
                yield f"run {run_id}: {kind} {', '.join(lost[:5])} are missing or have another value"
    for run_id in expected:
        yield f"run {run_id} is missing"


def all_runs(connection):
    token = None
    while True:
        body = {"experiment_ids": ["0"], "max_results": 100, **({"page_token": token} if token else {})}
        status, text, _ = connection.post("runs/search", body)
        answer = json.loads(text) if status == 200 else {}
        yield from answer.get("runs", [])
        token = answer.get("next_page_token")
        if not token:
            return


def missing_files(connection, told):
    for path, digest in told.files.items():
        if hashlib.sha256(read(connection, ARTIFACTS + path)).hexdigest() != digest:
            yield f"artifact {path} is missing or has other content"


def read(connection, path):
    status, body, _ = connection.call("GET", path)
    return body if status == 200 else b"{}"


def came_back(watch, limit):
    """Waits for memory to come back; whether it did."""
    try:
        wait_until(lambda: watch.now().memory_megabytes <= limit, REST_SECONDS, "memory to come back")
    except TimeoutError:
        return False
    return True


def wrong(watch, told, before, memory_returned, lost):
    """Each thing that is wrong, as a sentence."""
    log, rest = highest(watch.samples, "log_mebibytes"), watch.now()
    if log > LOG_MEBIBYTES:
        yield f"The write-ahead log grew to {log:.1f} MiB; its limit is {LOG_MEBIBYTES} MiB."
    if not memory_returned:
        held = f"{REST_SECONDS} s after the load the server still held {rest.memory_megabytes:.1f} MB"
        yield f"{held}; its limit is {MEMORY_MEGABYTES} MB."
    third = len(watch.samples) // 3
    early, late = (highest(part, "descriptors") for part in (watch.samples[:third], watch.samples[-third:]))
    # Caches are full long before; a shorter soak ends while they fill.
    middle, end = (highest(part, "memory_megabytes") for part in (watch.samples[third:-third], watch.samples[-third:]))
    if watch.samples[-1].seconds > LONG_SECONDS and end > MEMORY_GROWTH * middle:
        yield f"Memory grew from {middle:.1f} MB in the second third of the load to {end:.1f} MB in the last."
    if late > early + SPARE_DESCRIPTORS:
        yield f"Descriptors grew from {early} in the first third of the load to {late} in the last."
    if rest.descriptors > before.descriptors + SPARE_DESCRIPTORS:
        yield f"{rest.descriptors} descriptors were open after the load, and {before.descriptors} before it."
    for text, count in told.failures.most_common(10):
        yield f"{count} calls failed: {text}"
    yield from lost


def report(watch, told, seconds):
    print("\n".join(watch.table()))
    for kind, count in sorted(told.calls.items()):
        mean = 1_000 * told.seconds[kind] / count
        print(f"{kind}: {count / seconds:.1f}/s, mean {mean:.1f} ms, told to wait {told.waited[kind]} times")
    rest = watch.now()
    held = f"memory {rest.memory_megabytes:.1f} MB, {rest.descriptors} descriptors"
    print(f"at rest: log {rest.log_mebibytes:.1f} MiB, {held}")


def main():
    seconds, seed = float(os.environ.get("SOAK_SECONDS") or 60), int(os.environ.get("SOAK_SEED") or 1)
    with ApusServer() as server:
        watch = Watch(server)
        before = watch.now()
        print(f"soak: {CLIENTS} clients for {seconds:g} s, SOAK_SEED={seed}")
        with watch:
            told = load(server.port, seconds, seed)
        memory_returned = came_back(watch, MEMORY_MEGABYTES)
        report(watch, told, seconds)
        faults = list(wrong(watch, told, before, memory_returned, list(missing(server.port, told))))
        if server.stop(remove=False) != 0:
            faults.append("The server did not end with 0 after SIGTERM.")
    for fault in faults:
        print("soak: " + fault)
    if not faults:
        print("soak: clean")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
