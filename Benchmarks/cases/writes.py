"""Writes: single points, batches, whole runs."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request

from harness.bench import create_runs, post
from harness.kinds import HERE, OURS

SCHEMA = HERE.parent / "migrations" / "0001_initial.sql"
PASSWORD = "correct horse battery"
BASIC_AUTH = ("--app-name", "basic-auth")
CONNECTIONS = (1, 8, 64, 512)
POINT = '{"run_id":"${runs[c]}","key":"loss","value":0.${n*7919%100003},"timestamp":${n+1700000000000},"step":${i}}'
BATCH_POINT = (
    '{"key":"k${j%10}","value":0.${n+j*7919%100003},"timestamp":${n*1000+j+1700000000000},"step":${i*1000+j}}'
)


def log_metric(bench, kind, connections=CONNECTIONS):
    """One run and one key a connection, in a fresh store; for each of these numbers of connections."""
    for count in connections:
        log_metric_over(bench, kind, count)


def log_metric_over(bench, kind, connections):
    name = name_of_connections(connections)
    if kind == "limits":
        static_answers(bench, name, connections)
        return
    results, lone = [], []
    for server in bench.repetitions(kind):
        # A slow server needs a minute to create 512; its connections share 64.
        count = min(connections, 64) if server.is_slow else connections
        runs = f"list runs {bench.write_list(create_runs(server, count))}\n"
        script = runs + post("runs/log-metric", POINT)
        results.append(bench.load(server, script, connections, seconds=bench.settings.seconds))
        if connections == 1 and bench.measures_limit_of(kind):
            lone.append(lone_limit(bench))
    bench.record("log-metric", name, "requests/s", kind, map(rate, results), True)
    if connections == 1:
        medians = [result["request_us"]["p50"] for result in results]
        bench.record("log-metric", f"{name}, median", "µs", kind, medians)
    if lone:
        note = "fdatasync of 4 KiB + round trip"
        bench.record("log-metric", f"{name}, median", "µs", "limits", lone, note=note)
    bench.record("log-metric", f"{name}, p99", "ms", kind, milliseconds(results, "p99"))


def tokens(bench, kind):
    """log-metric with a token in each request, in turns with a server that asks for none."""
    if kind not in OURS:
        return
    shares, rates = [], []
    for server in bench.repetitions(kind):
        runs = f"list runs {bench.write_list(create_runs(server, 64))}\n"
        script = runs + post("runs/log-metric", POINT)
        command = [server.command()[0], "token", "create", "load", "--data-dir", server.data_directory]
        token = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        plain, guarded = 0, 0
        for _ in range(3):
            server.arguments = [argument for argument in server.arguments if argument != "--require-token"]
            server.restart()
            plain += rate(bench.load(server, script, 64, seconds=bench.settings.seconds))
            server.arguments.append("--require-token")
            server.restart()
            guarded += rate(bench.load(server, script, 64, seconds=bench.settings.seconds, authorization=f"Bearer {token}"))
        shares.append(100 * guarded / plain)
        rates.append(guarded / 3)
    bench.record("tokens", "log-metric, 64 connections", "requests/s", kind, rates, True)
    bench.record("tokens", "of the rate without", "%", kind, shares, True)


def users(bench, kind):
    """log-metric with a name and a password in each request, in turns with a server that asks for none."""
    if kind not in OURS:
        return
    shares, rates = [], []
    for server in bench.repetitions(kind):
        server.environment["MLFLOW_AUTH_ADMIN_PASSWORD"] = PASSWORD
        guarded_arguments = [*server.arguments, *BASIC_AUTH]
        plain_arguments = list(server.arguments)
        server.arguments = guarded_arguments
        server.restart()
        runs = f"list runs {bench.write_list(runs_of_a_user(server, 64))}\n"
        script = runs + post("runs/log-metric", POINT)
        plain, guarded = 0, 0
        for _ in range(3):
            server.arguments = plain_arguments
            server.restart()
            plain += rate(bench.load(server, script, 64, seconds=bench.settings.seconds))
            server.arguments = guarded_arguments
            server.restart()
            guarded += rate(
                bench.load(server, script, 64, seconds=bench.settings.seconds, authorization=basic("ada"))
            )
        server.arguments = plain_arguments
        shares.append(100 * guarded / plain)
        rates.append(guarded / 3)
    bench.record("users", "log-metric, 64 connections", "requests/s", kind, rates, True)
    bench.record("users", "of the rate without", "%", kind, shares, True)


def basic(name):
    return "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()


def runs_of_a_user(server, count):
    """Runs of an experiment that a user made who is no admin."""

    def ask(name, route, body):
        headers = {"Authorization": basic(name), "Content-Type": "application/json"}
        url = f"{server.url}/api/2.0/mlflow/{route}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    ask("admin", "users/create", {"username": "ada", "password": PASSWORD})
    experiment = ask("ada", "experiments/create", {"name": "of ada"})["experiment_id"]
    runs = [ask("ada", "runs/create", {"experiment_id": experiment}) for _ in range(count)]
    return [run["run"]["info"]["run_id"] for run in runs]


def static_answers(bench, name, connections):
    if not bench.has_nginx():
        return
    with bench.nginx() as server:
        script = post("runs/log-metric", POINT.replace("${runs[c]}", "0" * 32))
        results = [bench.load(server, script, connections, seconds=bench.settings.seconds) for _ in range(3)]
    bench.record("log-metric", name, "requests/s", "limits", map(rate, results), True, "nginx, static answer")


def lone_limit(bench):
    """One appended fsync and one trip over loopback, in µs."""
    seconds = bench.settings.seconds
    return bench.limit("fsync", bench.directory, seconds)["p50_us"] + bench.limit("roundtrip", seconds)["p50_us"]


def log_metric_wide(bench, kind):
    """64 runs × 20 keys in turn, in a store that has many other runs."""
    if kind == "limits":
        return
    name = "64 runs × 20 keys"
    results, checkpoints, limits = [], [], []
    for server in bench.repetitions(kind, bench.settings.runs):
        runs = f"list runs {bench.write_list(create_runs(server, 64))}\n"
        point = POINT.replace('"loss"', '"m${i%20}"')
        script = runs + post("runs/log-metric", point)
        results.append(bench.load(server, script, 64, seconds=bench.settings.seconds * 2))
        if kind in OURS:
            checkpoints.append(prometheus(server, "apus_checkpoint_seconds_max") * 1000)
        if bench.measures_limit_of(kind):
            limits.append(raw_inserts(bench, 64, 20, bench.settings.runs, 64, is_batch=False))
    bench.record("log-metric-wide", name, "requests/s", kind, map(rate, results), True)
    bench.record("log-metric-wide", "p99", "ms", kind, milliseconds(results, "p99"))
    bench.record("log-metric-wide", "longest answer", "ms", kind, milliseconds(results, "max"))
    if checkpoints:
        bench.record("log-metric-wide", "longest checkpoint", "ms", kind, checkpoints)
    if limits:
        note = "the same statements in C, commits of 64"
        bench.record("log-metric-wide", name, "requests/s", "limits", limits, True, note)


def name_of_connections(count):
    return f"{count} connection" + ("s" if count > 1 else "")


def name_of_batches(size, connections):
    name = name_of_connections(connections)
    return name if size == 1_000 else f"batches of {size}, {name}"


def raw_inserts(bench, runs, keys, other, per_commit, is_batch):
    """Points per second through SQLite in C."""
    path = bench.new_path("raw.db")
    sizes = (runs, keys, other, per_commit, int(is_batch))
    result = bench.limit("sqlite", path, SCHEMA, *sizes, bench.settings.seconds)
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
    return result["rate"]


def log_batch(bench, kind, shapes=((1_000, 1), (1_000, 4), (10, 8))):
    """Batches of 1,000 points over 10 keys, and of 10; each with a number of connections."""
    if kind == "limits":
        return
    for size, connections in shapes:
        name = name_of_batches(size, connections)
        rates, limits = [], []
        for server in bench.repetitions(kind):
            runs = f"list runs {bench.write_list(create_runs(server, connections))}\n"
            body = '{"run_id":"${runs[c]}","metrics":[${{' + f"{size}|{BATCH_POINT}" + "}}]}"
            script = runs + post("runs/log-batch", body)
            result = bench.load(server, script, connections, seconds=bench.settings.seconds)
            rates.append(rate(result) * size)
            if bench.measures_limit_of(kind):
                # A commit holds one batch, which is all that one connection can have under way.
                limits.append(raw_inserts(bench, connections, 10, 0, size, is_batch=True))
        bench.record("log-batch", name, "points/s", kind, rates, True)
        if limits:
            note = "the same statements in C, a commit a batch"
            bench.record("log-batch", name, "points/s", "limits", limits, True, note)


def run_life(bench, kind):
    """Create, one batch of 10 metrics, 10 params and 5 tags, finish."""
    if kind == "limits":
        return
    metrics = '${{10|{"key":"m${j}","value":${n},"timestamp":${n+1700000000000},"step":0}}}'
    params = '${{10|{"key":"p${j}","value":"${n+j}"}}}'
    tags = '${{5|{"key":"t${j}","value":"${n}"}}}'
    create = post("runs/create", '{"experiment_id":"0","start_time":${n+1700000000000}}')
    script = create.replace("\nbody", "\ncapture run_id\nbody")
    batch = f'{{"run_id":"${{run_id}}","metrics":[{metrics}],"params":[{params}],"tags":[{tags}]}}'
    script += post("runs/log-batch", batch)
    script += post("runs/update", '{"run_id":"${run_id}","status":"FINISHED","end_time":${n+1700000000100}}')
    results = [bench.load(server, script, 8, seconds=bench.settings.seconds) for server in bench.repetitions(kind)]
    rates = [result["iterations"] / result["seconds"] for result in results]
    bench.record("run-life", "8 connections", "runs/s", kind, rates, True)
    bench.record("run-life", "p99", "ms", kind, milliseconds(results, "p99", "iteration_us"))


def rate(result):
    return result["requests"] / result["seconds"]


def milliseconds(results, part, latencies="request_us"):
    return [result[latencies][part] / 1000 for result in results]


def prometheus(server, name):
    """One number of Apus' /metrics."""
    connection = server.connect()
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return float(next(line.split()[1] for line in lines if line.startswith(name + " ")))
