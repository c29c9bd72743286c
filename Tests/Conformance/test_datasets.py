"""What a run was trained on."""

import mlflow
import mlflow.data
import numpy
import pandas
import pytest

from helpers import must
from samples import HAS_LOGGED_MODELS

pytestmark = pytest.mark.client


def test_a_frame_and_an_array_are_remembered_as_inputs(tracking, experiment):
    frame = pandas.DataFrame({"x": [1.0, 2.0, 3.0], "label": [0, 1, 0]})
    tables = mlflow.data.from_pandas(frame, source="https://example.com/train.csv", name="table", targets="label")
    arrays = mlflow.data.from_numpy(numpy.zeros((4, 2)), source="https://example.com/test.npy", name="array")
    with mlflow.start_run() as run:
        mlflow.log_input(tables, context="training")
        mlflow.log_input(arrays, context="evaluation")
        mlflow.log_input(tables, context="training")
    inputs = {one.dataset.name: one for one in tracking.get_run(run.info.run_id).inputs.dataset_inputs}
    assert set(inputs) == {"table", "array"}
    assert inputs["table"].dataset.digest == tables.digest
    assert "label" in inputs["table"].dataset.schema
    assert "example.com/train.csv" in inputs["table"].dataset.source
    assert '"num_rows": 3' in inputs["table"].dataset.profile
    assert [(tag.key, tag.value) for tag in inputs["array"].tags] == [("mlflow.data.context", "evaluation")]


def test_runs_are_found_by_their_dataset(tracking, experiment):
    dataset = mlflow.data.from_numpy(numpy.ones(3), source="https://example.com/a.npy", name="ones")
    with mlflow.start_run() as used:
        mlflow.log_input(dataset, context="training")
    with mlflow.start_run():
        pass
    for text in (
        "datasets.name = 'ones'",
        f"datasets.digest = '{dataset.digest}'",
        "datasets.context = 'training'",
        "dataset.name ILIKE 'ON%'",
    ):
        assert [run.info.run_id for run in tracking.search_runs([experiment], text)] == [used.info.run_id], text
    assert tracking.search_runs([experiment], "datasets.name = 'twos'") == []


def test_a_dataset_carries_its_context_and_its_tags(tracking, experiment):
    dataset = mlflow.data.from_numpy(numpy.ones(3), source="https://example.com/a.npy", name="ones")
    labels = {"tags": {"split": "first", "sprache": "größer"}} if HAS_LOGGED_MODELS else {}
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training", **labels)
    (one,) = tracking.get_run(run.info.run_id).inputs.dataset_inputs
    expected = {"mlflow.data.context": "training", **labels.get("tags", {})}
    assert {tag.key: tag.value for tag in one.tags} == expected
    (found,) = tracking.search_runs([experiment])
    assert {tag.key: tag.value for tag in found.inputs.dataset_inputs[0].tags} == expected


def test_a_dataset_of_an_experiment_is_there_once_for_all_its_runs(tracking, experiment):
    first, second = (
        mlflow.data.from_numpy(numpy.full(3, value), source="https://example.com/a.npy", name=name)
        for name, value in (("ones", 1), ("twos", 2))
    )
    runs = []
    for dataset, context in ((first, "training"), (first, "evaluation"), (second, "training")):
        with mlflow.start_run() as run:
            mlflow.log_input(dataset, context=context)
        runs.append(run.info.run_id)
    for text, expected in {
        "datasets.name = 'ones'": runs[:2],
        "datasets.name IN ('ones', 'twos')": runs,
        "datasets.name = 'ones' AND datasets.context = 'evaluation'": runs[1:2],
        "datasets.context LIKE '%ing'": [runs[0], runs[2]],
        f"datasets.digest IN ('{second.digest}')": runs[2:],
        "datasets.name != 'ones' AND datasets.context = 'training'": runs[2:],
    }.items():
        found = tracking.search_runs([experiment], text)
        assert {run.info.run_id for run in found} == set(expected), text
    uri = mlflow.get_tracking_uri()
    answer = must(uri, "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [experiment]})
    assert {(one["name"], one["digest"], one["context"]) for one in answer["dataset_summaries"]} == {
        ("ones", first.digest, "training"),
        ("ones", first.digest, "evaluation"),
        ("twos", second.digest, "training"),
    }


def test_a_dataset_is_read_again_from_where_a_run_says_it_came(tracking, experiment, tmp_path):
    frame = pandas.DataFrame({"x": [1.0, 2.0], "label": [0, 1]})
    path = tmp_path / "train.csv"
    frame.to_csv(path, index=False)
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(frame, source=str(path), name="train"), context="training")
    (one,) = tracking.get_run(run.info.run_id).inputs.dataset_inputs
    source = mlflow.data.get_source(one.dataset)
    assert pandas.read_csv(source.load()).equals(frame)
