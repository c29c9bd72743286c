"""runs/search over many runs, runs/get, and both beside a writer."""

from __future__ import annotations

import base64
import json
import time

from harness.bench import API, Refused, call, create_runs, post
from harness.kinds import OURS
from harness.seed import EXPERIMENTS

from . import read_limits

FOUND = 100
PAGE = 40
DEPTH = 200


def search(bench, kind):
    """100 of the runs by each shape, whole result sets, a page deep inside."""
    if kind == "limits":
        return
    with bench.server(kind, bench.settings.runs) as server:
        experiments, ids = names_of_store(server)
        bodies = shapes(experiments, ids)
        measure_shapes(bench, kind, server, "search", bodies, limits=search_limits(bench, kind, server, bodies))
        gets = read_limits.limit_of_gets(bench, server, ids) if bench.measures_limit_of(kind) else None
        measure_gets(bench, kind, server, ids, "runs/get", limit=gets)
        measure_all_pages(bench, kind, server, experiments[0])
        measure_depth(bench, kind, server, experiments[0])
        with_writer(bench, kind, server, bodies, ids)


def search_large(bench, kind):
    """The same shapes over ten times the runs."""
    if kind == "limits" or not bench.settings.large_runs:
        return
    if kind not in OURS and not bench.options.peers_large:
        bench.results.skip(f"search-large, {kind}: seeding takes long (--peers-large)")
        return
    with bench.server(kind, bench.settings.large_runs) as server:
        experiments, ids = names_of_store(server)
        bodies = shapes(experiments, ids)
        measure_shapes(bench, kind, server, "search-large", bodies, limits=search_limits(bench, kind, server, bodies))


def names_of_store(server):
    """The experiments in the order in which they were seeded, and 100 run ids from all over the first."""
    connection = server.connect()
    found = call(connection, "POST", API + "experiments/search", {"max_results": 100})["experiments"]
    seeded = sorted((entry["name"], entry["experiment_id"]) for entry in found if entry["name"].startswith("seeded"))
    experiments = [identifier for _, identifier in seeded]
    body = {"experiment_ids": experiments[:1], "max_results": 1000, "order_by": ["metrics.m3 ASC"]}
    runs = call(connection, "POST", API + "runs/search", body)["runs"]
    connection.close()
    assert len(experiments) == EXPERIMENTS
    return experiments, [run["info"]["run_id"] for run in runs[:: max(1, len(runs) // 100)]][:100]


def shapes(experiments, ids):
    first = experiments[:1]
    quoted = ", ".join(f"'{identifier}'" for identifier in ids)
    bodies = {
        "no filter": {"experiment_ids": first},
        "metric and param filter": {
            "experiment_ids": first,
            "filter": "metrics.m0 > 90000 and params.p0 = '3'",
            "order_by": ["metrics.m1 DESC"],
        },
        "LIKE on a tag": {"experiment_ids": first, "filter": "tags.t0 LIKE 'group-1%'"},
        "IN on run ids": {"experiment_ids": first, "filter": f"attributes.run_id IN ({quoted})"},
        "5 experiments": {"experiment_ids": experiments},
    }
    return {name: {**body, "max_results": FOUND} for name, body in bodies.items()}


def search_limits(bench, kind, server, bodies):
    """By shape, a measurement of the same search in C."""
    if not bench.measures_limit_of(kind):
        return {}
    experiments, ids = names_of_store(server)
    statements = read_limits.statements(experiments, ids, FOUND)
    return {name: read_limits.limit_of_search(bench, server, statements[name], body) for name, body in bodies.items()}


def measure_shapes(bench, kind, server, case, bodies, suffix="", note="", limits=None):
    for name, body in bodies.items():
        script = post("runs/search", json.dumps(body))
        measure(bench, kind, server, case, name + suffix, script, note, (limits or {}).get(name))


def measure(bench, kind, server, case, name, script, note="", limit=None):
    """limit: measures the row's limit, in ms, at once after each repetition."""
    calls = max(3, bench.settings.calls // 20) if server.is_slow else bench.settings.calls
    values, limits = [], []
    for _ in range(bench.settings.repetitions):
        values.append(bench.load(server, script, iterations=calls, seconds=60)["request_us"]["p50"] / 1000)
        if limit:
            limits.append(limit())
    bench.record(case, name, "ms", kind, values, note=note)
    if limits:
        bench.record(case, name, "ms", "limits", limits, note=read_limits.NOTE)


def measure_gets(bench, kind, server, ids, name, note="", limit=None):
    script = f"list runs {bench.write_list(ids)}\nstep GET {API}runs/get?run_id=${{runs[n]}}\n"
    measure(bench, kind, server, "search", name, script, note, limit)


def measure_all_pages(bench, kind, server, experiment):
    """Every run of the store, a thousand at a time, ordered by a metric."""
    pages = max(1, bench.settings.runs // 1_000)
    body = {"experiment_ids": [experiment], "max_results": 1_000, "order_by": ["metrics.m0 DESC"]}
    if server.is_slow:
        pages, script = 1, post("runs/search", json.dumps(body))
    else:
        body["page_token"] = "${next_page_token}"
        script = post("runs/search", json.dumps(body)).replace("\nbody", "\nmore next_page_token\nbody")
    values = []
    for _ in range(bench.settings.repetitions):
        # FastTrackML gives a token with a last page that is full, and cannot read it from an offset of 10,000 on.
        result = bench.load(server, script, iterations=1, allows_failures=kind == "fasttrackml")
        if result["statuses"].get("200", 0) < pages:
            raise Refused(f"not all {pages} pages came: {result['statuses']}")
        values.append(result["seconds"] * 10 / pages)
    note = "from its first page" if server.is_slow else ""
    bench.record("search", "10,000 runs in pages of 1,000", "s", kind, values, note=note)


def measure_depth(bench, kind, server, experiment):
    """The first page, one deep inside and the last, which alone has to look for runs without the metric."""
    body = {"experiment_ids": [experiment], "max_results": PAGE, "order_by": ["metrics.m0 DESC"]}
    last = bench.settings.runs // PAGE
    measure(bench, kind, server, "search", f"page 1 of {PAGE} runs", post("runs/search", json.dumps(body)))
    for name, depth in ((f"page {DEPTH} of {PAGE} runs", min(DEPTH, last - 1)), (f"last page of {PAGE} runs", last)):
        if kind in OURS:
            token = walk(server, body, depth - 1)
        else:
            # The peers' tokens are offsets; FastTrackML's own ones lose their padding and cannot be read by it.
            token = base64.b64encode(json.dumps({"offset": (depth - 1) * PAGE}).encode()).decode()
        script = post("runs/search", json.dumps({**body, "page_token": token}))
        measure(bench, kind, server, "search", name, script, f"page {depth}" if str(depth) not in name else "")


def walk(server, body, pages):
    connection = server.connect()
    token = None
    for _ in range(pages):
        asked = {**body, "page_token": token} if token else body
        token = call(connection, "POST", API + "runs/search", asked)["next_page_token"]
    connection.close()
    return token


def with_writer(bench, kind, server, bodies, ids):
    """The same while other clients log metrics at a steady rate to runs of the Default experiment."""
    runs = f"list runs {bench.write_list(create_runs(server, 8))}\n"
    point = '{"run_id":"${runs[c]}","key":"k${i%20}","value":${n},"timestamp":${n+1700000000000},"step":${i}}'
    writer = bench.start_load(server, runs + post("runs/log-metric", point), 8, seconds=900, rate=server.writer_rate)
    try:
        time.sleep(0.5)
        note = f"{server.writer_rate} log-metric/s"
        measure_shapes(bench, kind, server, "search", bodies, ", beside a writer", note)
        measure_gets(bench, kind, server, ids, "runs/get, beside a writer", note)
    finally:
        writer.terminate()
        writer.communicate()
