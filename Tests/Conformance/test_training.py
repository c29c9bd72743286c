"""A person trains with scikit-learn and looks at the run afterwards."""

import json

import matplotlib.pyplot as plot
import mlflow
import mlflow.artifacts
import mlflow.sklearn
import numpy
import pandas
import pytest
import yaml
from PIL import Image
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from sklearn.model_selection import GridSearchCV, train_test_split

pytestmark = pytest.mark.client
EPOCHS = 12


def train():
    """Trains for some epochs and logs as it goes. Returns the run id and the accuracy of each epoch."""
    features, labels = make_classification(n_samples=400, n_features=8, random_state=7)
    train_x, test_x, train_y, test_y = train_test_split(features, labels, random_state=7)
    model = SGDClassifier(loss="log_loss", alpha=0.001, random_state=7)
    accuracies = []
    with mlflow.start_run(run_name="sgd", description="a small model") as run:
        mlflow.log_params({**model.get_params(), "epochs": EPOCHS})
        mlflow.set_tags({"stage": "training", "data": "synthetic"})
        mlflow.set_tag("unicode", "損失 é")
        for epoch in range(EPOCHS):
            model.partial_fit(train_x, train_y, classes=[0, 1])
            accuracies.append(float(accuracy_score(test_y, model.predict(test_x))))
            loss = float(log_loss(train_y, model.predict_proba(train_x)))
            mlflow.log_metrics({"accuracy": accuracies[-1], "loss": loss}, step=epoch)
        mlflow.log_metric("final accuracy", accuracies[-1])
        figure, axes = plot.subplots()
        axes.matshow(confusion_matrix(test_y, model.predict(test_x)))
        mlflow.log_figure(figure, "plots/confusion.png")
        plot.close(figure)
    return run.info.run_id, accuracies


def test_a_training_is_there_afterwards_with_params_metrics_and_tags(tracking, experiment):
    run_id, accuracies = train()
    run = tracking.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.info.experiment_id == experiment
    assert run.info.end_time >= run.info.start_time
    assert run.data.params["alpha"] == "0.001"
    assert run.data.params["epochs"] == str(EPOCHS)
    assert run.data.params["penalty"] == "l2"
    assert run.data.tags["stage"] == "training"
    assert run.data.tags["unicode"] == "損失 é"
    assert run.data.tags["mlflow.runName"] == "sgd"
    assert run.data.tags["mlflow.note.content"] == "a small model"
    assert run.data.metrics["accuracy"] == accuracies[-1]
    assert run.data.metrics["final accuracy"] == accuracies[-1]
    points = tracking.get_metric_history(run_id, "accuracy")
    assert [(point.step, point.value) for point in points] == list(enumerate(accuracies))
    with open(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="plots/confusion.png"), "rb") as image:
        assert image.read(8) == b"\x89PNG\r\n\x1a\n"


def test_a_search_that_logs_itself_has_a_run_for_each_trial(tracking, experiment):
    features, labels = make_classification(n_samples=80, n_features=4, random_state=7)
    mlflow.sklearn.autolog(log_models=False, log_post_training_metrics=False, silent=True)
    try:
        with mlflow.start_run() as run:
            search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=2)
            search.fit(features, labels)
    finally:
        mlflow.sklearn.autolog(disable=True)
    data = tracking.get_run(run.info.run_id).data
    assert data.params["best_C"] == str(search.best_params_["C"])
    assert data.metrics["best_cv_score"] == search.best_score_
    children = tracking.search_runs([experiment], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert sorted(float(child.data.params["C"]) for child in children) == [0.1, 1.0, 10.0]
    assert {child.info.status for child in children} == {"FINISHED"}
    assert "estimator.html" in [item.path for item in tracking.list_artifacts(run.info.run_id)]


def test_dictionaries_and_texts_come_back_as_they_went(tracking, experiment):
    config = {"lr": 0.1, "layers": [1, 2, 3], "name": "損失", "nested": {"on": True}}
    with mlflow.start_run() as run:
        mlflow.log_dict(config, "config.json")
        mlflow.log_dict(config, "deep/er/config.yaml")
        mlflow.log_text("first line\nzweite Zeile ü\n", "notes/read me.txt")
        mlflow.log_text("", "empty.txt")
    root = run.info.artifact_uri
    assert mlflow.artifacts.load_dict(f"{root}/config.json") == config
    assert yaml.safe_load(mlflow.artifacts.load_text(f"{root}/deep/er/config.yaml")) == config
    assert mlflow.artifacts.load_text(f"{root}/notes/read me.txt") == "first line\nzweite Zeile ü\n"
    assert mlflow.artifacts.load_text(f"{root}/empty.txt") == ""


def test_a_table_grows_with_each_call(tracking, experiment):
    with mlflow.start_run() as run:
        mlflow.log_table({"question": ["a", "b"], "score": [1, 2]}, "eval/table.json")
        mlflow.log_table(pandas.DataFrame({"question": ["c"], "score": [3]}), "eval/table.json")
    path = tracking.download_artifacts(run.info.run_id, "eval/table.json")
    with open(path) as file:
        table = json.load(file)
    assert table == {"columns": ["question", "score"], "data": [["a", 1], ["b", 2], ["c", 3]]}
    assert "mlflow.loggedArtifacts" in tracking.get_run(run.info.run_id).data.tags


def test_images_come_back_as_they_went(tracking, experiment):
    pixels = numpy.arange(16 * 16 * 3, dtype=numpy.uint8).reshape(16, 16, 3)
    with mlflow.start_run() as run:
        mlflow.log_image(pixels, "images/array.png")
        mlflow.log_image(Image.fromarray(pixels), "images/pillow.png")
    for file in ("array.png", "pillow.png"):
        loaded = mlflow.artifacts.load_image(f"{run.info.artifact_uri}/images/{file}")
        assert (numpy.asarray(loaded.convert("RGB")) == pixels).all()


def test_folders_go_up_and_down_whole(tracking, experiment, tmp_path):
    files = {
        "model.bin": bytes(range(256)) * 40,
        "100%.txt": b"a percent sign",
        "a b/c+d.txt": b"space and plus",
        "a b/ü/損失.txt": b"beyond ascii",
        "a b/ü/&;=@,~.txt": b"what addresses mean something by",
        "x/y/z/deep.txt": b"deep",
    }
    source = tmp_path / "source"
    for path, content in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(content)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(source, "checkpoint")
        mlflow.log_artifact(source / "model.bin")
        mlflow.log_artifact(source / "100%.txt", "one/two")
    run_id = run.info.run_id
    root = tracking.list_artifacts(run_id)
    assert [(item.path, item.is_dir, item.file_size) for item in root] == [
        ("checkpoint", True, None),
        ("model.bin", False, len(files["model.bin"])),
        ("one", True, None),
    ]
    below = tracking.list_artifacts(run_id, "checkpoint")
    assert [item.path for item in below] == [
        "checkpoint/100%.txt",
        "checkpoint/a b",
        "checkpoint/model.bin",
        "checkpoint/x",
    ]
    assert [item.path for item in tracking.list_artifacts(run_id, "checkpoint/x/y/z")] == ["checkpoint/x/y/z/deep.txt"]
    target = tmp_path / "target"
    target.mkdir()
    local = tracking.download_artifacts(run_id, "checkpoint", str(target))
    for path, content in files.items():
        with open(f"{local}/{path}", "rb") as file:
            assert file.read() == content, path
    assert open(tracking.download_artifacts(run_id, "one/two/100%.txt"), "rb").read() == files["100%.txt"]


def test_an_artifact_written_again_is_replaced(tracking, experiment):
    with mlflow.start_run() as run:
        mlflow.log_text("first, and longer", "state.txt")
        mlflow.log_text("second", "state.txt")
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/state.txt") == "second"
    assert [item.file_size for item in tracking.list_artifacts(run.info.run_id)] == [6]


def test_an_artifact_that_is_not_there_is_an_error_at_once(tracking, experiment, tmp_path):
    with mlflow.start_run() as run:
        pass
    assert tracking.list_artifacts(run.info.run_id) == []
    assert tracking.list_artifacts(run.info.run_id, "nothing/here") == []
    with pytest.raises(Exception):
        tracking.download_artifacts(run.info.run_id, "nothing.txt", str(tmp_path))
