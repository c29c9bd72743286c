"""Cold start, and memory before and after a mixed load."""

from __future__ import annotations

import shutil
import time

from harness.bench import Refused, create_runs, post
from harness.kinds import KINDS

from . import artifacts


def start(bench, kind):
    """From the start of the process to the first 200 of /health."""
    if kind == "limits":
        return
    for name, runs in (("empty store", 0), ("large store", bench.settings.runs)):
        template = bench.seeded_directory(kind, runs) if runs else None
        values = []
        for _ in range(bench.settings.repetitions):
            directory = bench.new_path(kind)
            if template:
                shutil.copytree(template, directory)
            server = KINDS[kind](directory=directory)
            begin = time.perf_counter()
            with server:
                values.append((time.perf_counter() - begin) * 1000)
            shutil.rmtree(directory, ignore_errors=True)
        bench.record("start", name, "ms", kind, values, note=f"{runs:,} runs" if runs else "")


def memory(bench, kind):
    """Resident memory of one server that lives through some of everything."""
    if kind == "limits":
        return
    with bench.server(kind) as server:
        time.sleep(0.5)
        bench.record("memory", "idle, empty store", "MB", kind, [server.memory()])
    idle, after = [], []
    for server in bench.repetitions(kind, bench.settings.runs):
        if not server.is_slow or not idle:
            time.sleep(0.5)
            idle.append(server.memory())
        mixed_load(bench, server)
        after.append(server.memory())
    bench.record("memory", "idle, large store", "MB", kind, idle)
    bench.record("memory", "after the load", "MB", kind, after)


def mixed_load(bench, server):
    seconds = bench.settings.seconds
    runs = f"list runs {bench.write_list(create_runs(server, 64))}\n"
    point = '{"run_id":"${runs[c]}","key":"k","value":${n},"timestamp":${n+1700000000000},"step":${n}}'
    bench.load(server, runs + post("runs/log-metric", point), 64, seconds=seconds)
    points = '${{1000|{"key":"b${j%10}","value":${j},"timestamp":${n*1000+j+1700000000000},"step":${j}}}}'
    batch = '{"run_id":"${runs[c]}","metrics":[' + points + "]}"
    bench.load(server, runs + post("runs/log-batch", batch), 4, seconds=seconds)
    search = '{"experiment_ids":["1"],"max_results":1000,"order_by":["metrics.m0 DESC"]}'
    bench.load(server, post("runs/search", search), 4, iterations=2 if server.is_slow else 40, seconds=60)
    history = "step GET /api/2.0/mlflow/metrics/get-history?run_id=${runs[c]}&metric_key=b1\n"
    bench.load(server, runs + history, 4, iterations=8, seconds=60)
    try:
        bench.load(server, artifacts.small_files_script(), 8, iterations=100)
    except Refused:
        pass  # A server without an artifact proxy: its memory counts all the same.
