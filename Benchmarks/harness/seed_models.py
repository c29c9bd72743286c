"""Stores of many logged models and as many model versions, the same in every server.

Logged model n is called model-<n> and has 5 metrics m<j> = ((31 n + j) · 7919) mod 100003, the first of them again on
the dataset "train", 5 params p<j> = (n + j) mod 20 and 3 tags t<j> = "group-<(n + j) mod 4>".
Version n belongs to the registered model "seeded <n mod 50>" and to run n mod 32; its tag t0 is "group-<n mod 4>".
"""

from __future__ import annotations

import sqlite3
import uuid

CALLED = "logged models and model versions"
EXPERIMENT = "seeded models"
RUNS = 32
REGISTERED_MODELS = 50
START = 1_700_000_000_000

PARAMS = '${{5|{"key":"p${j}","value":"${n+j%20}"}}}'
TAGS = '${{3|{"key":"t${j}","value":"group-${n+j%4}"}}}'
POINT = '"value":${n*31+j*7919%100003},"timestamp":${n+1700000000000},"model_id":"${model_id}"'
POINTS = '${{5|{"key":"m${j}","step":0,' + POINT + "}}}"
ON_DATASET = '{"key":"m0","step":1,"dataset_name":"train","dataset_digest":"1",' + POINT.replace("+j", "") + "}"


def prepare(server):
    """The experiment and its runs; the registered models are there then too, without a version."""
    from .bench import API, call, create_runs

    connection = server.connect()
    experiment = call(connection, "POST", API + "experiments/create", {"name": EXPERIMENT})["experiment_id"]
    for number in range(REGISTERED_MODELS):
        call(connection, "POST", API + "registered-models/create", {"name": f"seeded {number}"})
    connection.close()
    return experiment, create_runs(server, RUNS, experiment)


def through_the_api(bench, server, prepared, count):
    from .bench import post

    experiment, runs = prepared
    listed = f"list runs {bench.write_list(runs)}\n"
    model = f'{{"experiment_id":"{experiment}","name":"model-${{n}}","params":[{PARAMS}],"tags":[{TAGS}]}}'
    script = post("logged-models", model).replace("\nbody", "\ncapture model_id\nbody", 1)
    script += post("runs/log-batch", f'{{"run_id":"${{runs[n]}}","metrics":[{POINTS},{ON_DATASET}]}}')
    bench.load(server, listed + script, connections=8, iterations=count, seconds=1_800)
    version = (
        f'{{"name":"seeded ${{n%{REGISTERED_MODELS}}}","source":"s3://bucket/model-${{n}}","run_id":"${{runs[n]}}",'
        '"tags":[{"key":"t0","value":"group-${n%4}"}]}'
    )
    bench.load(server, listed + post("model-versions/create", version), connections=8, iterations=count, seconds=1_800)


def into_reference_database(path, prepared, count):
    """Writes the rows that the reference server would have written, because its API would take an hour."""
    experiment, runs = prepared
    database = sqlite3.connect(path)
    for first in range(0, count, 1_000):
        numbers = range(first, min(first + 1_000, count))
        insert_logged_models(database, experiment, runs, numbers)
        insert_versions(database, runs, numbers)
        database.commit()
    database.close()


def insert_logged_models(database, experiment, runs, numbers):
    ids = {n: f"m-{uuid.uuid4().hex}" for n in numbers}
    place = f"mlflow-artifacts:/{experiment}/models"
    database.executemany(
        "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
        "last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id) "
        "VALUES (?, ?, ?, ?, ?, ?, 1, 'active', '', '')",
        [
            (model, experiment, f"model-{n}", f"{place}/{model}/artifacts", START + n, START + n)
            for n, model in ids.items()
        ],
    )
    points = [(n, j, 0, None, None) for n in numbers for j in range(5)] + [(n, 0, 1, "train", "1") for n in numbers]
    database.executemany(
        "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, "
        "experiment_id, run_id, dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (ids[n], f"m{j}", START + n, step, float((n * 31 + j) * 7919 % 100_003), experiment, runs[n % RUNS], *of)
            for n, j, step, *of in points
        ],
    )
    for table, column, values in (
        ("params", "param", [(ids[n], f"p{j}", str((n + j) % 20)) for n in numbers for j in range(5)]),
        ("tags", "tag", [(ids[n], f"t{j}", f"group-{(n + j) % 4}") for n in numbers for j in range(3)]),
    ):
        database.executemany(
            f"INSERT INTO logged_model_{table} (model_id, {column}_key, {column}_value, experiment_id) "
            f"VALUES (?, ?, ?, {int(experiment)})",
            values,
        )


def insert_versions(database, runs, numbers):
    places = {n: (f"seeded {n % REGISTERED_MODELS}", n // REGISTERED_MODELS + 1) for n in numbers}
    database.executemany(
        "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, current_stage, "
        "source, run_id, status, run_link, storage_location) VALUES (?, ?, ?, ?, '', 'None', ?, ?, 'READY', '', ?)",
        [
            (*place, START + n, START + n, f"s3://bucket/model-{n}", runs[n % RUNS], f"s3://bucket/model-{n}")
            for n, place in places.items()
        ],
    )
    database.executemany(
        "INSERT INTO model_version_tags (key, value, name, version) VALUES ('t0', ?, ?, ?)",
        [(f"group-{n % 4}", *place) for n, place in places.items()],
    )
