"""Tables of runs and points, as pandas reads them, hold what the client says."""

import json
import math
import subprocess
import urllib.request

import mlflow
import pandas
import pytest

from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus
ODD = ' a "quoted", text\r\nof two lines 🦩 \t'


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    with ApusServer(["--data-dir", folder]) as server:
        mlflow.set_tracking_uri(server.url)
        client = mlflow.MlflowClient(server.url)
        first = client.create_experiment("first")
        second = client.create_experiment("größer, 🦩")
        for number in range(60):
            run = client.create_run(first if number % 3 else second, start_time=1_764_349_389_000 + number)
            client.log_param(run.info.run_id, "lr", str(0.1 * number))
            if number % 2:
                client.log_param(run.info.run_id, "note", ODD)
            for step, value in enumerate([0.1 + number, math.nan, math.inf, -math.inf, 1e-300][: number % 6]):
                client.log_metric(run.info.run_id, "loss", value, step=step, timestamp=1_000 + step)
            if number % 4:
                client.log_metric(run.info.run_id, f"m{number % 4}", number / 7)
                client.set_terminated(run.info.run_id, "FINISHED", 1_764_349_400_000 + number)
            if number == 13:
                client.delete_run(run.info.run_id)
        client.log_batch(run.info.run_id, metrics=[mlflow.entities.Metric("long", i / 3, i, i) for i in range(1_000)])
        yield server, client, folder, [first, second]


def export(*arguments, check=0):
    command = [str(apus_binary()), "export", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=120)
    assert done.returncode == check, done.stderr
    return done


def comparable(frame):
    """The rows by run, with what pandas shows of them."""
    rows = {}
    for row in frame.to_dict("records"):
        kept = {}
        for name, value in row.items():
            if name in ("start_time", "end_time"):
                value = None if pandas.isna(value) else pandas.Timestamp(value).isoformat()
            elif name == "experiment_id":
                value = str(value)
            elif value is None or (isinstance(value, float) and math.isnan(value)):
                continue
            kept[name] = value
        rows[row["run_id"]] = kept
    return rows


def same(left, right):
    assert left.keys() == right.keys()
    for run_id in left:
        assert left[run_id] == right[run_id], run_id


@pytest.mark.parametrize("place", ["server", "folder"])
def test_the_runs_are_those_that_the_client_finds(trained, place, tmp_path):
    server, _, folder, experiments = trained
    expected = mlflow.search_runs(experiments, max_results=1_000)
    where = ["--from", server.url] if place == "server" else ["--data-dir", folder]
    file = tmp_path / "runs.csv"
    export("--format", "csv", *where, "-o", file)
    params = {name: str for name in expected.columns if name.startswith("params.")}
    frame = pandas.read_csv(file, dtype=params, parse_dates=["start_time", "end_time"], keep_default_na=False,
                            float_precision="round_trip", na_values={name: ["", "nan"] for name in expected.columns if not name.startswith("params.")})
    assert list(frame.columns[:6]) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert set(frame.columns) == set(expected.columns)
    frame = frame.replace({name: {"": None} for name in params})
    same(comparable(frame), comparable(expected))
    lines = export("--format", "jsonl", *where, "-o", "-").stdout.decode().splitlines()
    same(comparable(pandas.DataFrame(numbers(json.loads(line)) for line in lines)), comparable(expected))


def numbers(row):
    return {name: float(value) if name.startswith("metrics.") else value for name, value in row.items()}


def test_the_points_are_the_histories_of_the_client(trained, tmp_path):
    server, client, _, experiments = trained
    expected = []
    for run in client.search_runs(experiments, max_results=1_000):
        for key in run.data.metrics:
            for point in client.get_metric_history(run.info.run_id, key):
                expected.append((run.info.run_id, key, repr(point.value), point.timestamp, point.step))
    file = tmp_path / "metrics.csv"
    export("--format", "csv", "--table", "metrics", "--from", server.url, "-o", file)
    frame = pandas.read_csv(file, float_precision="round_trip")
    assert frame.dtypes["value"] == "float64" and frame.dtypes["timestamp"] == frame.dtypes["step"] == "int64"
    rows = [(run, key, repr(float(value)), int(time), int(step)) for run, key, value, time, step in frame.itertuples(index=False)]
    assert sorted(rows) == sorted(expected)
    lines = export("--format", "jsonl", "--table", "metrics", "--from", server.url, "-o", "-").stdout.decode().splitlines()
    rows = [json.loads(line) for line in lines]
    rows = [(row["run_id"], row["key"], repr(float(row["value"])), row["timestamp"], row["step"]) for row in rows]
    assert sorted(rows) == sorted(expected)


def test_a_part_is_named_as_for_an_archive(trained, tmp_path):
    server, client, folder, experiments = trained
    text = export("--format", "csv", "--experiment", "größer, 🦩", "--data-dir", folder, "-o", "-").stdout.decode()
    assert f",{experiments[1]}," in text and f",{experiments[0]}," not in text
    deleted = client.search_runs(experiments, run_view_type=mlflow.entities.ViewType.DELETED_ONLY)[0].info.run_id
    row, = export("--format", "jsonl", deleted, "--data-dir", folder, "-o", "-").stdout.decode().splitlines()
    assert json.loads(row)["run_id"] == deleted and json.loads(row)["params.note"] == ODD
    with urllib.request.urlopen(f"{server.url}/api/apus/1.0/export/table?experiment_ids={experiments[1]}") as reply:
        assert reply.headers["Content-Type"] == "text/csv; charset=utf-8" and reply.read().decode() == text
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}/api/apus/1.0/export/table?format=xlsx")
    assert refused.value.code == 400 and "'csv' or 'jsonl'" in refused.value.read().decode()
    export("--format", "csv", "f" * 32, "--data-dir", folder, "-o", tmp_path / "none.csv", check=2)
    assert not (tmp_path / "none.csv").exists()


def test_a_store_without_runs_is_a_head_without_rows(tmp_path):
    with ApusServer(directory=tmp_path) as server:
        head = export("--format", "csv", "--from", server.url, "-o", "-").stdout
        assert head == b"run_id,experiment_id,status,artifact_uri,start_time,end_time\n"
        assert export("--format", "jsonl", "--from", server.url, "-o", "-").stdout == b""


def test_duckdb_reads_the_tables(trained, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    server, *_ = trained
    export("--format", "csv", "--from", server.url, "-o", tmp_path / "runs.csv")
    export("--format", "csv", "--table", "metrics", "--from", server.url, "-o", tmp_path / "metrics.csv")
    count, notes = duckdb.sql(f"""SELECT count(*), count(*) FILTER ("params.note" = $${ODD}$$) FROM '{tmp_path}/runs.csv'""").fetchone()
    assert (count, notes) == (59, 29)
    value_type, = duckdb.sql(f"SELECT DISTINCT typeof(value) FROM '{tmp_path}/metrics.csv'").fetchone()
    assert value_type == "DOUBLE"
    count, = duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/metrics.csv' WHERE isnan(value)").fetchone()
    assert count > 0
