"""What log-metric and runs/get feel of four searches that are as dear as a request may be."""

from __future__ import annotations

import json
import time

from harness.bench import API, create_runs, post
from harness.kinds import OURS

from .writes import POINT, prometheus, rate

RUNS = 20_000
# No tag has it, but each has its beginning at every place.
PATTERN = "tags.w LIKE '%" + "a" * 490 + "b%'"
MEGABYTE = 1 << 20


def dear_searches(bench, kind):
    """Four connections that search 20,000 tags of 8,000 characters without a pause; in turns with none."""
    if kind not in OURS:
        return
    seconds = bench.settings.seconds
    with bench.server(kind) as server:
        tagged = json.dumps({"experiment_id": "0", "tags": [{"key": "w", "value": "a" * 8_000}]})
        bench.load(server, post("runs/create", tagged), 8, iterations=RUNS, seconds=600)
        runs = f"list runs {bench.write_list(create_runs(server, 64))}\n"
        write = runs + post("runs/log-metric", POINT)
        get = f"{runs}step GET {API}runs/get?run_id=${{runs[n]}}\n"
        search = post("runs/search", json.dumps({"experiment_ids": ["0"], "filter": PATTERN, "max_results": 1}))
        shares, delays, logs, memory = [], [], [], []
        for _ in range(bench.settings.repetitions):
            alone = rate(bench.load(server, write, 64, seconds=seconds))
            # It ends a little after the measurements beside it.
            searches = bench.start_load(server, search, 4, iterations=1_000_000, seconds=2 * seconds + 2)
            time.sleep(1)
            beside = rate(bench.load(server, write, 64, seconds=seconds))
            delays.append(bench.load(server, get, 1, iterations=1_000_000, seconds=seconds)["request_us"]["p99"] / 1000)
            logs.append(prometheus(server, "apus_database_log_bytes") / MEGABYTE)
            memory.append(server.memory())
            # A search that is too dear gets 400.
            bench.finish_load(searches, allows_failures=True)
            alone = (alone + rate(bench.load(server, write, 64, seconds=seconds))) / 2
            shares.append(100 * beside / alone)
    bench.record("dear-searches", "log-metric, of the rate without", "%", kind, shares, True)
    bench.record("dear-searches", "runs/get, p99", "ms", kind, delays)
    bench.record("dear-searches", "write-ahead log", "MiB", kind, logs)
    bench.record("dear-searches", "memory", "MB", kind, memory)
