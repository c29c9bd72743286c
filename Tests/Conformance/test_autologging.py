"""Training that logs itself: runs, params, metrics, models and datasets, without a call to log anything."""

import uuid

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from samples import COLUMNS, sample

PARENT = "mlflow.parentRunId"


@pytest.fixture
def autologged():
    """Switches the autologging of a flavor on, and off again afterwards."""
    flavors = []

    def on(flavor, **options):
        flavors.append(flavor)
        flavor.autolog(silent=True, **options)

    yield on
    for flavor in flavors:
        flavor.autolog(disable=True, silent=True)


@pytest.fixture(scope="module")
def searched(uri):
    """A grid search that logged itself: the search, the id of its run, and the id of its experiment."""
    _, features, labels = sample()
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.set_experiment(f"grid-search-{uuid.uuid4().hex}").experiment_id
    mlflow.sklearn.autolog(silent=True, log_input_examples=True)
    try:
        with mlflow.start_run() as run:
            search = GridSearchCV(LogisticRegression(), {"C": [0.01, 0.1, 10.0]}, cv=2).fit(features, labels)
    finally:
        mlflow.sklearn.autolog(disable=True)
    return search, run.info.run_id, experiment


def test_a_grid_search_leaves_runs_models_datasets_and_artifacts(tracking, searched):
    search, run_id, experiment = searched
    run = tracking.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["estimator_name"] == "GridSearchCV"
    assert run.data.params["best_C"] == str(search.best_params_["C"])
    assert run.data.metrics["best_cv_score"] == search.best_score_
    assert run.data.metrics["training_score"] == search.score(*sample()[1:])

    children = tracking.search_runs([experiment], f"tags.`{PARENT}` = '{run_id}'", order_by=["params.C ASC"])
    assert [float(child.data.params["C"]) for child in children] == [0.01, 0.1, 10.0]
    scores = [child.data.metrics["mean_test_score"] for child in children]
    assert scores == list(search.cv_results_["mean_test_score"])
    best = tracking.search_runs([experiment], f"tags.`{PARENT}` = '{run_id}'", order_by=["metrics.rank_test_score"])[0]
    assert float(best.data.params["C"]) == search.best_params_["C"]

    for one in [run, *children]:
        (trained_on,) = one.inputs.dataset_inputs
        assert [(tag.key, tag.value) for tag in trained_on.tags] == [("mlflow.data.context", "train")]
        assert all(column in trained_on.dataset.schema for column in COLUMNS)
    found = tracking.search_runs([experiment], f"datasets.digest = '{trained_on.dataset.digest}'")
    assert len(found) == 4

    files = {item.path for item in tracking.list_artifacts(run_id)}
    assert {"cv_results.csv", "estimator.html", "training_confusion_matrix.png"} <= files


def test_the_models_of_a_grid_search_are_found_loaded_and_ranked(tracking, searched):
    search, run_id, experiment = searched
    _, features, labels = sample()
    models = {model.name: model for model in tracking.search_logged_models([experiment])}
    assert set(models) == {"model", "best_estimator"}
    outputs = {one.model_id for one in tracking.get_run(run_id).outputs.model_outputs}
    assert outputs == {model.model_id for model in models.values()}
    for model in models.values():
        assert (model.source_run_id, str(model.status)) == (run_id, "READY")
        loaded = mlflow.sklearn.load_model(f"models:/{model.model_id}")
        assert list(loaded.predict(features)) == list(search.predict(features))
        assert mlflow.models.get_model_info(model.model_uri).signature.inputs.input_names() == COLUMNS
    best = [{"field_name": "metrics.training_score", "ascending": False}]
    ranked = tracking.search_logged_models([experiment], order_by=best)
    assert {one.key: one.value for one in ranked[0].metrics}["training_score"] == search.score(features, labels)
    trained_on = tracking.get_run(run_id).inputs.dataset_inputs[0].dataset
    above = "metrics.training_score > 0.5"
    wanted = {"dataset_name": trained_on.name, "dataset_digest": trained_on.digest}
    assert len(tracking.search_logged_models([experiment], above, datasets=[wanted])) == 1
    assert len(tracking.search_logged_models([experiment], above, datasets=[{"dataset_name": "another"}])) == 0


@pytest.mark.client
def test_a_fit_that_logs_itself_registers_its_model(tracking, experiment, name, autologged):
    model, features, labels = sample()
    autologged(mlflow.sklearn, registered_model_name=name, log_post_training_metrics=False, log_datasets=False)
    fitted = LogisticRegression().fit(features, labels)
    (run,) = tracking.search_runs([experiment])
    assert (run.data.params["C"], run.info.status) == ("1.0", "FINISHED")
    assert list(run.inputs.dataset_inputs) == []
    version = tracking.get_model_version(name, "1")
    assert version.run_id == run.info.run_id
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert list(loaded.predict(features)) == list(fitted.predict(features)) == list(model.predict(features))


def test_a_boosted_training_leaves_its_rounds_its_importance_and_its_model(tracking, experiment, autologged):
    # The environments of the older clients do not have it.
    import lightgbm
    import mlflow.lightgbm

    _, features, labels = sample()
    data = lightgbm.Dataset(features, labels)
    autologged(mlflow.lightgbm)
    with mlflow.start_run() as run:
        booster = lightgbm.train(
            {"objective": "binary", "num_leaves": 4, "num_threads": 1, "verbosity": -1, "metric": "binary_logloss"},
            data,
            num_boost_round=8,
            valid_sets=[data],
            valid_names=["train"],
        )
    run_id = run.info.run_id
    data = tracking.get_run(run_id).data
    assert (data.params["num_leaves"], data.params["num_boost_round"]) == ("4", "8")
    losses = tracking.get_metric_history(run_id, "train-binary_logloss")
    assert [point.step for point in losses] == list(range(8))
    assert losses[-1].value == data.metrics["train-binary_logloss"] < losses[0].value
    files = {item.path for item in tracking.list_artifacts(run_id)}
    assert {"feature_importance_gain.json", "feature_importance_split.json"} <= files
    inputs = tracking.get_run(run_id).inputs.dataset_inputs
    assert {tag.value for one in inputs for tag in one.tags} == {"train", "eval"}
    (model,) = tracking.search_logged_models([experiment])
    assert (model.source_run_id, str(model.status)) == (run_id, "READY")
    for address in (model.model_uri, f"runs:/{run_id}/model"):
        assert numpy.allclose(mlflow.lightgbm.load_model(address).predict(features), booster.predict(features))
