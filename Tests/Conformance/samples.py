"""A small model and its data, fitted once, and how the flows log it with every version of the client."""

from __future__ import annotations

import functools
from typing import NamedTuple

import mlflow
import mlflow.sklearn
import pandas
from mlflow.models import infer_signature
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

COLUMNS = ["a", "b", "c", "d"]
# Logged models came with the third series of the client.
HAS_LOGGED_MODELS = hasattr(mlflow.MlflowClient, "search_logged_models")


class Sample(NamedTuple):
    model: LogisticRegression
    features: pandas.DataFrame
    labels: pandas.Series


@functools.cache
def sample():
    """A fitted classifier, the features it was fitted on, and their labels."""
    values, labels = make_classification(n_samples=80, n_features=len(COLUMNS), random_state=7)
    features = pandas.DataFrame(values, columns=COLUMNS)
    return Sample(LogisticRegression().fit(features, labels), features, pandas.Series(labels, name="label"))


def log_sample(**options):
    """Logs the classifier to the active run as `model`, with signature and input example."""
    model, features, _ = sample()
    options = {
        "name" if HAS_LOGGED_MODELS else "artifact_path": "model",
        "signature": infer_signature(features, model.predict(features)),
        "input_example": features.head(2),
        **options,
    }
    return mlflow.sklearn.log_model(model, **options)


def log_old_way(**options):
    """The same as clients before the third series write it: the place in the run instead of a name."""
    return log_sample(**({"name": None} if HAS_LOGGED_MODELS else {}), artifact_path="model", **options)


def assert_same_predictions(loaded):
    """The loaded model says of its training data what the fitted one says."""
    model, features, _ = sample()
    assert list(loaded.predict(features)) == list(model.predict(features))


def registered(tracking, name, versions=1, **fields):
    """Registers a model of that name with versions whose source is an artifact of one new run. Returns the run."""
    run = tracking.create_run("0")
    tracking.create_registered_model(name)
    for _ in range(versions):
        new_version(tracking, name, run, **fields)
    return run


def new_version(tracking, name, run, **fields):
    """One more version of a registered model, from an artifact of the run."""
    return tracking.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id, **fields)


def error_code(function, *arguments, **options):
    """The error code of a call that has to be refused."""
    try:
        result = function(*arguments, **options)
    except mlflow.exceptions.MlflowException as error:
        return error.error_code
    raise AssertionError(f"{function.__name__} was not refused: {result}")
