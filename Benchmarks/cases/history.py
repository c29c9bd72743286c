"""One metric of a million points: read whole, in pages, sampled."""

from __future__ import annotations

import sqlite3
import time

from harness.bench import API, Refused, create_runs, post
from harness.kinds import OURS
from harness.seed import insert_reference_points

from . import read_limits

SAMPLED_RUNS = 50
PAGE = 25_000
BULK = "step GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{runs}&metric_key=loss&max_results=320\n"


def history(bench, kind):
    if kind == "limits":
        return
    with bench.server(kind) as server:
        run, *others = create_runs(server, 1 + SAMPLED_RUNS)
        points = bench.settings.points if kind != "fasttrackml" else bench.settings.points // 10
        if server.is_slow:
            insert_reference_points(server.database(), run, "loss", points)
            for other in others:
                insert_reference_points(server.database(), other, "loss", points // SAMPLED_RUNS)
        else:
            log_points(bench, server, [run], points)
            log_points(bench, server, others, points)
        note = f"{points:,} points" if points != bench.settings.points else ""
        measure_reading(bench, kind, server, run, points, note)
        one = measure_sampling(bench, kind, server, "bulk-interval of 1 run", [run], note)
        many = measure_sampling(bench, kind, server, "bulk-interval of 50 runs", others, note)
        if kind in OURS:
            count_rows(bench, server, "bulk-interval of 1 run", [run], one)
            count_rows(bench, server, "bulk-interval of 50 runs", others, many)


def log_points(bench, server, runs, count):
    """In order of time and step, in batches of 1,000 over one connection: run by run in turn."""
    turns = len(runs)
    place = f"${{n/{turns}*1000+j}}"
    stamp = f"${{n/{turns}*1000+j+1700000000000}}"
    point = f'{{"key":"loss","value":${{n+j*7919%100003}},"timestamp":{stamp},"step":{place}}}'
    body = '{"run_id":"${runs[n]}","metrics":[${{1000|' + point + "}}]}"
    script = f"list runs {bench.write_list(runs)}\n" + post("runs/log-batch", body)
    bench.load(server, script, iterations=count // 1_000, seconds=900)


def measure_reading(bench, kind, server, run, points, note):
    target = f"{API}metrics/get-history?run_id={run}&metric_key=loss"
    paged = f"step GET {target}&max_results={PAGE}&page_token=${{next_page_token}}\nmore next_page_token\n"
    if server.is_slow:
        paged, points, note = f"step GET {target}&max_results={PAGE}\n", PAGE, "its first page"
    measures = [("pages of 25,000", paged, PAGE)]
    if not server.is_slow:
        measures.append(("in one answer", f"step GET {target}\n", 0))
    for name, script, page in measures:
        limit = None
        if bench.measures_limit_of(kind):
            limit = read_limits.limit_of_history(bench, server, run, points, page)
        measure_points(bench, kind, server, name, script, points, note, limit)


def measure_points(bench, kind, server, name, script, points, note, limit=None):
    """limit: measures the row's limit, in points a second, at once after each repetition."""
    values, limits = [], []
    try:
        for _ in range(bench.settings.repetitions):
            result = bench.load(server, script, iterations=1, seconds=120)
            # FastTrackML sends an empty "context" object with each point.
            braces = 2 if kind == "fasttrackml" else 1
            read = (result["braces"] - result["requests"]) // braces
            if read != points:
                raise Refused(f"{read:,} points came instead of {points:,}")
            values.append(points / result["seconds"])
            if limit:
                limits.append(limit())
    except Refused as refusal:
        values, note = [], str(refusal)
    bench.record("history", name, "points/s", kind, values, True, note)
    if limits:
        bench.record("history", name, "points/s", "limits", limits, True, read_limits.NOTE)


def measure_sampling(bench, kind, server, name, runs, note):
    """The median of some calls; returns what they cost, for the row of the limit."""
    script = BULK.format(runs="&".join(f"run_ids={run}" for run in runs))
    calls = 1 if server.is_slow else 5
    values = []
    try:
        for _ in range(bench.settings.repetitions):
            values.append(bench.load(server, script, iterations=calls)["request_us"]["p50"] / 1000)
    except Refused as refusal:
        values, note = [], str(refusal)
    bench.record("history", name, "ms", kind, values, note=note)
    return values


def count_rows(bench, server, name, runs, measured):
    """count(*) over the rows that were sampled, in Apus' own database through sqlite3."""
    if not measured or "limits" not in bench.options.servers:
        return
    database = sqlite3.connect(f"file:{server.database()}?mode=ro", uri=True)
    database.execute("PRAGMA cache_size = -8192")
    marks = ", ".join("?" * len(runs))
    rows = [row for (row,) in database.execute(f"SELECT id FROM runs WHERE run_id IN ({marks})", runs)]
    values = []
    for _ in range(bench.settings.repetitions):
        begin = time.perf_counter()
        count = "SELECT count(*) FROM metrics WHERE run_id = ? AND key_id = (SELECT id FROM keys WHERE name = 'loss')"
        found = sum(database.execute(count, [row]).fetchone()[0] for row in rows)
        values.append((time.perf_counter() - begin) * 1000)
        assert found == bench.settings.points, found
    database.close()
    bench.record("history", name, "ms", "limits", values, note="count(*) of the same rows")
