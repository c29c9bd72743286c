"""Stores of many runs, the same in every server: 20 metrics, 20 params, 8 tags each.

Run n has metric m<j> = ((31 n + j) · 7919) mod 100003, param p<j> = (n + j) mod 20 and
tag t<j> = "group-<(n + j) mod 4>-<n>".
So `metrics.m0 > 90000 and params.p0 = '3'` matches 0.5 % and `tags.t0 LIKE 'group-1%'` a quarter.
The first experiment has all runs, the four others 250 more each.
"""

from __future__ import annotations

import sqlite3
import uuid

CALLED = "runs"
EXPERIMENTS = 5
OTHER_RUNS = 250
START = 1_700_000_000_000

METRICS = '${{20|{"key":"m${j}","value":${n*31+j*7919%100003},"timestamp":${n+1700000000000},"step":0}}}'
PARAMS = '${{20|{"key":"p${j}","value":"${n+j%20}"}}}'
TAGS = '${{8|{"key":"t${j}","value":"group-${n+j%4}-${n}"}}}'


def prepare(server):
    """The ids of the experiments, which are empty as yet."""
    from .bench import API, call

    connection = server.connect()
    names = [f"seeded {index}" for index in range(EXPERIMENTS)]
    made = [call(connection, "POST", API + "experiments/create", {"name": name})["experiment_id"] for name in names]
    connection.close()
    return made


def through_the_api(bench, server, experiments, runs):
    from .bench import post

    for experiment, count in zip(experiments, [runs] + [OTHER_RUNS] * (EXPERIMENTS - 1)):
        create = f'{{"experiment_id":"{experiment}","start_time":${{n+{START}}}}}'
        script = post("runs/create", create).replace("\nbody", "\ncapture run_id\nbody", 1)
        batch = f'{{"run_id":"${{run_id}}","metrics":[{METRICS}],"params":[{PARAMS}],"tags":[{TAGS}]}}'
        bench.load(server, script + post("runs/log-batch", batch), connections=8, iterations=count, seconds=1_800)


def into_reference_database(path, experiments, runs):
    """Writes the rows that the reference server would have written, because its API would take an hour."""
    database = sqlite3.connect(path)
    for experiment, count in zip(experiments, [runs] + [OTHER_RUNS] * (EXPERIMENTS - 1)):
        for first in range(0, count, 1_000):
            insert_reference_runs(database, experiment, range(first, min(first + 1_000, count)))
            database.commit()
    database.close()


def insert_reference_runs(database, experiment, numbers):
    ids = {n: uuid.uuid4().hex for n in numbers}
    database.executemany(
        "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, lifecycle_stage, artifact_uri, "
        "experiment_id) VALUES (?, ?, 'UNKNOWN', '', 'RUNNING', ?, 'active', ?, ?)",
        [
            (run, f"run-{n}", START + n, f"mlflow-artifacts:/{experiment}/{run}/artifacts", experiment)
            for n, run in ids.items()
        ],
    )
    metrics = [
        (f"m{j}", float((n * 31 + j) * 7919 % 100_003), START + n, run) for n, run in ids.items() for j in range(20)
    ]
    for table in ("metrics", "latest_metrics"):
        database.executemany(
            f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, 0, 0, ?)", metrics
        )
    params = [(f"p{j}", str((n + j) % 20), run) for n, run in ids.items() for j in range(20)]
    database.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params)
    tags = [(f"t{j}", f"group-{(n + j) % 4}-{n}", run) for n, run in ids.items() for j in range(8)]
    tags += [("mlflow.runName", f"run-{n}", run) for n, run in ids.items()]
    database.executemany("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", tags)


def insert_reference_points(path, run, key, count):
    """The long history, in the reference's tables."""
    database = sqlite3.connect(path)
    database.executemany(
        "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)",
        ((key, float(n * 7919 % 100_003), START + n, n, run) for n in range(count)),
    )
    database.commit()
    database.close()
