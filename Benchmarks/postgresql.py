#!/usr/bin/env python3
"""Apus and MLflow's server over one PostgreSQL, and what pgbench gets from it: one table.

    python3 Benchmarks/postgresql.py [--seconds 3] [--repetitions 3] [--runs 10000] [--servers apus,mlflow,limits]

PostgreSQL is Debian's with its defaults, thus with fsync, on a fresh folder. MLflow makes the schema; each measurement
has a copy of that database, or of one with runs that Apus has logged into it. The load is that of `run.py`. The limits
are pgbench's, with as many connections as the load: statements that store or find the same rows, written by hand,
prepared, one transaction for each request. Apus stores many requests in one transaction, so it may be above them.
Needs a release build and .venv-reference.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Tests/Support")]

from cases import search as searches, writes  # noqa: E402
from harness import kinds, seed, settings as sizes  # noqa: E402
from harness.bench import Bench  # noqa: E402
from harness.kinds import KINDS  # noqa: E402
from harness.results import Results  # noqa: E402
from postgres import PostgresServer, programs  # noqa: E402
from run import machine, progress  # noqa: E402

EMPTY, SEEDED = "empty", "seeded"
# The defaults of PostgreSQL 15, and room for the processes of two servers.
SETTINGS = ("fsync=on", "shared_buffers=128MB", "max_connections=200")
BATCHES = ((1_000, 4), (10, 8))

# The statements of the limits. The runs of pgbench have the ids 1 to 64, filled up with zeros.
PREPARE = """
    INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id)
    SELECT lpad(n::text, 32, '0'), 'run', 'UNKNOWN', '', 'RUNNING', n, 'active', 'mlflow-artifacts:/0', 0
    FROM generate_series(1, 64) n;
    CREATE SEQUENCE points;
"""
RUN = "lpad(:run::text, 32, '0')"
LATEST = """
    ON CONFLICT (run_uuid, key) DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step
"""
LOG_METRIC = f"""
    \\set run :client_id + 1
    WITH point AS (
        INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
        SELECT 'loss', random(), n, {RUN}, n, false FROM nextval('points') n RETURNING *
    ) INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
    SELECT key, value, timestamp, step, is_nan, run_uuid FROM point {LATEST};
"""
LOG_BATCH = """
    \\set run :client_id + 1
    WITH points AS (
        INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
        SELECT 'k' || j % 10, random(), n * 1000 + j, {run}, n * 1000 + j, false
        FROM nextval('points') n, generate_series(1, {size}) j RETURNING *
    ) INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
    SELECT DISTINCT ON (key) key, value, timestamp, step, is_nan, run_uuid FROM points ORDER BY key, step DESC {latest};
"""
RUN_LIFE = """
    BEGIN;
    INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id)
    SELECT 'life' || lpad(n::text, 28, '0'), 'run', 'UNKNOWN', '', 'RUNNING', n, 'active', 'mlflow-artifacts:/0', 0
    FROM nextval('points') n;
    INSERT INTO tags (key, value, run_uuid) SELECT 'mlflow.runName', 'run', 'life' || lpad(currval('points')::text, 28, '0');
    COMMIT;
    BEGIN;
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
    SELECT 'm' || j, 1, 1, 'life' || lpad(currval('points')::text, 28, '0'), 0, false FROM generate_series(1, 10) j;
    INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)
    SELECT 'm' || j, 1, 1, 'life' || lpad(currval('points')::text, 28, '0'), 0, false FROM generate_series(1, 10) j;
    INSERT INTO params (key, value, run_uuid)
    SELECT 'p' || j, '1', 'life' || lpad(currval('points')::text, 28, '0') FROM generate_series(1, 10) j;
    INSERT INTO tags (key, value, run_uuid)
    SELECT 't' || j, '1', 'life' || lpad(currval('points')::text, 28, '0') FROM generate_series(1, 5) j;
    COMMIT;
    UPDATE runs SET status = 'FINISHED', end_time = 1 WHERE run_uuid = 'life' || lpad(currval('points')::text, 28, '0');
"""
# One statement that finds the page and all that belongs to it.
SEARCH = """
    WITH page AS (
        SELECT * FROM runs WHERE experiment_id = {experiment} AND lifecycle_stage = 'active'
        ORDER BY start_time DESC, run_uuid LIMIT 100
    )
    SELECT run_uuid, name, status, user_id, start_time, end_time, artifact_uri, NULL AS value FROM page
    UNION ALL SELECT run_uuid, key, NULL, NULL, timestamp, step, NULL, value::text FROM page JOIN latest_metrics USING (run_uuid)
    UNION ALL SELECT run_uuid, key, NULL, NULL, NULL, NULL, NULL, value FROM page JOIN params USING (run_uuid)
    UNION ALL SELECT run_uuid, key, NULL, NULL, NULL, NULL, NULL, value FROM page JOIN tags USING (run_uuid);
"""


class PostgresBench(Bench):
    """A Bench whose servers stand over databases of one PostgreSQL."""

    def __init__(self, settings, options, results, postgres):
        super().__init__(settings, options, results)
        self.postgres = postgres
        self.address = "stock_uri"
        self.make_databases()

    def measures_limit_of(self, kind):
        return False

    @contextmanager
    def database(self, template):
        """A database that is gone afterwards."""
        self.counter += 1
        name = self.postgres.create(f"bench_{self.counter}", f'TEMPLATE "{template}"')
        try:
            yield name
        finally:
            self.postgres.execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def server(self, kind, count=0, store=seed):
        with self.database(SEEDED if count else EMPTY) as database, self.server_over(kind, database) as server:
            yield server

    @contextmanager
    def server_over(self, kind, database):
        directory = self.new_path(kind)
        directory.mkdir()
        server = KINDS[kind](directory=directory)
        server.arguments += ["--backend-store-uri", self.postgres.stock_uri(database)]
        with server:
            yield server

    def make_databases(self):
        progress("MLflow makes its schema")
        self.postgres.create(EMPTY)
        with self.server_over("mlflow", EMPTY):
            pass
        progress(f"Apus logs {self.settings.runs:,} runs")
        self.postgres.create(SEEDED, f'TEMPLATE "{EMPTY}"')
        with self.server_over("apus", SEEDED) as server:
            seed.through_the_api(self, server, seed.prepare(server), self.settings.runs)
        # What its own daemon would do within a minute.
        for database in (EMPTY, SEEDED):
            self.postgres.execute(database, "VACUUM ANALYZE")

    def pgbench(self, text, connections, template=EMPTY):
        """Transactions a second and the mean of their milliseconds, one of each repetition."""
        script = self.write_list([" ".join(line.split()) for line in joined(text)])
        rates, latencies = [], []
        for _ in range(self.settings.repetitions):
            with self.database(template) as database:
                self.postgres.execute(database, PREPARE)
                command = [
                    programs() / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={connections}",
                    f"--jobs={min(2, connections)}", f"--time={self.settings.seconds}", f"--file={script}",
                    self.postgres.uri(database),
                ]
                output = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout
            rates.append(float(re.search(r"tps = ([\d.]+)", output).group(1)))
            latencies.append(float(re.search(r"latency average = ([\d.]+)", output).group(1)))
        return rates, latencies


def joined(text):
    """The lines of a script of pgbench: commands with a backslash, and statements that end with a semicolon."""
    lines = [""]
    for line in filter(None, map(str.strip, text.splitlines())):
        lines[-1] += " " + line
        if line.startswith("\\") or line.endswith(";"):
            lines.append("")
    return lines[:-1]


def log_metric(bench, kind):
    if kind == "limits":
        rates, latencies = bench.pgbench(LOG_METRIC, 64)
        bench.record("log-metric", "64 connections", "requests/s", kind, rates, True)
    else:
        writes.log_metric(bench, kind, connections=(64,))


def log_batch(bench, kind):
    if kind != "limits":
        return writes.log_batch(bench, kind, shapes=BATCHES)
    for size, connections in BATCHES:
        rates, _ = bench.pgbench(LOG_BATCH.format(run=RUN, size=size, latest=LATEST), connections)
        rates = [rate * size for rate in rates]
        bench.record("log-batch", writes.name_of_batches(size, connections), "points/s", kind, rates, True)


def run_life(bench, kind):
    if kind == "limits":
        rates, _ = bench.pgbench(RUN_LIFE, 8)
        bench.record("run-life", "8 connections", "runs/s", kind, rates, True)
    else:
        writes.run_life(bench, kind)


def search(bench, kind):
    if kind == "limits":
        experiment = bench.postgres.rows(SEEDED, "SELECT experiment_id FROM experiments WHERE name = 'seeded 0'")[0]
        _, latencies = bench.pgbench(SEARCH.format(experiment=experiment["experiment_id"]), 1, SEEDED)
        return bench.record("search", "no filter", "ms", kind, latencies)
    with bench.server(kind, bench.settings.runs) as server:
        experiments, ids = searches.names_of_store(server)
        searches.measure_shapes(bench, kind, server, "search", searches.shapes(experiments, ids))
        searches.measure_gets(bench, kind, server, ids, "runs/get")


CASES = {"log-metric": log_metric, "log-batch": log_batch, "run-life": run_life, "search": search}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement of writes")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--runs", type=int, default=10_000, help="in the database that is searched")
    parser.add_argument("--only", default=",".join(CASES), help="cases, by commas")
    parser.add_argument("--servers", default="apus,mlflow,limits", help="by commas; also baseline")
    parser.add_argument("--baseline", help="another binary of Apus")
    options = parser.parse_args()
    options.servers, options.only = options.servers.split(","), options.only.split(",")
    options.client_python = None
    if options.baseline:
        os.environ["APUS_BASELINE"] = os.path.abspath(options.baseline)
        options.servers.append("baseline")
    return options


def main():
    options = parse()
    for kind in {"apus", "mlflow", *options.servers} - {"limits"}:
        if kinds.missing(kind):
            sys.exit(f"{kind}: {kinds.missing(kind)}")
    settings = sizes.Settings(seconds=options.seconds, repetitions=options.repetitions, runs=options.runs)
    results = Results(progress)
    before = machine()
    with PostgresServer(*SETTINGS) as postgres:
        bench = PostgresBench(settings, options, results, postgres)
        try:
            for name in options.only:
                for kind in options.servers:
                    CASES[name](bench, kind)
        finally:
            bench.close()
    print(f"{before['processor']}, {before['cores']} cores; load average {before['load_average'][0]:.1f} before\n")
    print(results.table())


if __name__ == "__main__":
    main()
