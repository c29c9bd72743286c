"""What a run was trained on."""

import mlflow
import mlflow.data
import numpy
import pandas
import pytest

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
