"""A model is judged: metrics, curves, and what they were measured on."""

import mlflow
import mlflow.data
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from samples import log_sample, sample

# Explanations need a further package.
WITHOUT_EXPLANATIONS = {"log_model_explainability": False, "log_explainer": False}
CURVES = {"confusion_matrix.png", "precision_recall_curve_plot.png", "roc_curve_plot.png"}


def judged():
    """The data with its labels, as a dataset."""
    _, features, labels = sample()
    frame = features.assign(label=labels)
    return mlflow.data.from_pandas(frame, source="https://example.com/test.csv", name="test", targets="label")


@pytest.mark.client
def test_the_metrics_of_predictions_are_those_of_the_run(tracking, experiment):
    model, features, labels = sample()
    frame = features.assign(label=labels, guess=model.predict(features))
    with mlflow.start_run() as run:
        result = mlflow.evaluate(
            data=frame,
            targets="label",
            predictions="guess",
            model_type="classifier",
            evaluator_config=WITHOUT_EXPLANATIONS,
        )
    data = tracking.get_run(run.info.run_id).data
    assert data.metrics["accuracy_score"] == accuracy_score(labels, frame["guess"])
    assert data.metrics == {key: float(value) for key, value in result.metrics.items()}
    assert "confusion_matrix.png" in {item.path for item in tracking.list_artifacts(run.info.run_id)}


def test_an_evaluation_ties_its_metrics_to_the_model_and_to_the_dataset(tracking, experiment):
    model, features, labels = sample()
    with mlflow.start_run():
        info = log_sample()
    dataset = judged()
    with mlflow.start_run() as run:
        mlflow.models.evaluate(info.model_uri, dataset, model_type="classifier", evaluator_config=WITHOUT_EXPLANATIONS)
    run_id = run.info.run_id
    seen = tracking.get_run(run_id)
    assert [one.model_id for one in seen.inputs.model_inputs] == [info.model_id]
    (used,) = seen.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("test", dataset.digest)
    assert CURVES <= {item.path for item in tracking.list_artifacts(run_id)}

    metrics = tracking.get_logged_model(info.model_id).metrics
    assert {(one.run_id, one.dataset_name, one.dataset_digest) for one in metrics} == {(run_id, "test", dataset.digest)}
    scores = {one.key: one.value for one in metrics}
    assert scores == seen.data.metrics
    assert scores["accuracy_score"] == accuracy_score(labels, model.predict(features))
    assert scores["roc_auc"] == pytest.approx(roc_auc_score(labels, model.predict_proba(features)[:, 1]))
    found = tracking.search_logged_models(
        [experiment],
        "metrics.roc_auc > 0.5",
        datasets=[{"dataset_name": "test", "dataset_digest": dataset.digest}],
        order_by=[{"field_name": "metrics.roc_auc", "ascending": False}],
    )
    assert [one.model_id for one in found] == [info.model_id]
