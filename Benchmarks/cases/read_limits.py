"""The reads of Apus as a small server in C does them: the same rows by the same statements, as the same JSON."""

from __future__ import annotations

import json
import subprocess

from harness.bench import API, Refused, call

NOTE = "the same statements and JSON in C"
NEWEST_FIRST = "ORDER BY runs.start_time DESC, runs.run_id"


def key(name):
    return f"(SELECT id FROM keys WHERE name = '{name}')"


def statements(experiments, ids, page):
    """By the name of a shape of search, the statement that finds its rows: one more than a page."""
    first = f"runs.experiment_id = {experiments[0]} AND runs.lifecycle_stage = 0"
    quoted = ", ".join(f"'{identifier}'" for identifier in ids)
    found = {
        "no filter": f"SELECT runs.id FROM runs WHERE {first} {NEWEST_FIRST}",
        "metric and param filter": f"""
            SELECT runs.id FROM params
            CROSS JOIN latest_metrics AS m0 ON m0.run_id = params.run_id AND m0.key_id = {key("m0")}
            CROSS JOIN runs ON runs.id = params.run_id
            LEFT JOIN latest_metrics AS m1 ON m1.run_id = runs.id AND m1.key_id = {key("m1")}
            WHERE params.key_id = {key("p0")} AND substr(params.value, 1, 40) = substr('3', 1, 40)
                AND +params.value = '3' AND m0.value > 90000 AND m0.is_nan = 0 AND {first}
            ORDER BY (m1.value IS NULL), m1.is_nan, m1.value DESC, runs.start_time DESC, runs.run_id""",
        "LIKE on a tag": f"""
            SELECT runs.id FROM runs
            CROSS JOIN run_tags AS tag ON tag.run_id = runs.id AND tag.key_id = {key("t0")}
            WHERE {first} AND tag.value LIKE 'group-1%' {NEWEST_FIRST}""",
        "IN on run ids": f"""
            SELECT runs.id FROM runs
            WHERE runs.run_id IN ({quoted}) AND +{first} {NEWEST_FIRST}""",
        "5 experiments": f"""
            SELECT runs.id FROM runs
            WHERE runs.experiment_id IN ({", ".join(experiments)}) AND runs.lifecycle_stage = 0 {NEWEST_FIRST}""",
    }
    return {name: f"{sql} LIMIT {page + 1}" for name, sql in found.items()}


def limit_of_search(bench, server, sql, body):
    """A measurement of one shape, in ms, after a look at whether it gives the answer that Apus gives."""
    page = body["max_results"]
    require_same(bench, server, "runs/search", body, "runs", sql, page)
    return lambda: bench.read_limit("runs", server.database(), sql, page, bench.settings.calls)["p50_us"] / 1000


def limit_of_gets(bench, server, ids):
    path = bench.write_list(ids)
    require_same(bench, server, f"runs/get?run_id={ids[0]}", None, "run", path)
    return lambda: bench.read_limit("run", server.database(), path, bench.settings.calls)["p50_us"] / 1000


def limit_of_history(bench, server, run, points, page):
    """Points a second of a whole history of the metric `loss`, in pages or with 0 in one answer."""

    def measure():
        result = bench.read_limit("history", server.database(), run, "loss", page, 1)
        if result["count"] != points:
            raise Refused(f"reads.c read {result['count']:,} points instead of {points:,}")
        return result["rate"]

    target = f"metrics/get-history?run_id={run}&metric_key=loss" + (f"&max_results={page}" if page else "")
    require_same(bench, server, target, None, "history", run, "loss", page)
    return measure


def require_same(bench, server, target, body, what, *arguments):
    """Refused unless the program in C answers as Apus does, its page token apart."""
    connection = server.connect()
    expected = call(connection, "GET" if body is None else "POST", API + target, body)
    connection.close()
    expected.pop("next_page_token", None)
    try:
        answer = json.loads(bench.read_answer(what, server.database(), *arguments, 0))
    except subprocess.CalledProcessError as error:
        raise Refused(f"reads.c: {error.stderr.strip()}") from error
    if answer != expected:
        raise Refused(f"reads.c does not give the answer of {target.split('?')[0]}; mend the statements there")
