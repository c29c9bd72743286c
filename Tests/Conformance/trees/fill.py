"""Fills `mlruns` of the working directory with one of everything that the client at hand can write.

Runs in the environment of each client, so it uses only what all of them have, or asks.
"""

import os
from pathlib import Path

import mlflow

major = int(mlflow.__version__.split(".")[0])
mlflow.set_tracking_uri("file:" + os.getcwd() + "/mlruns")
client = mlflow.MlflowClient()
experiment = client.create_experiment("größer: 🦩 - #x, y", tags={"team": "a b", "n": "1"})
with mlflow.start_run(experiment_id=experiment, run_name="a: long " + "name " * 40 + "end") as run:
    mlflow.log_params({"lr": 0.1, "model/depth": 3, "long": "p " * (1_000 if major > 1 else 200) + "p"})
    mlflow.set_tags({"note": "x\n\ny", "empty": "", "mlflow.note.content": "'quoted' \"twice\""})
    for step in range(30):
        mlflow.log_metric("a/b loss", 1 / (step + 1), step=step)
    mlflow.log_metric("nan", float("nan"))
    mlflow.log_metric("inf", -float("inf"), step=-3)
    if major > 1:
        try:
            from mlflow.data.http_dataset_source import HTTPDatasetSource
            from mlflow.data.meta_dataset import MetaDataset
            data = MetaDataset(HTTPDatasetSource("http://example.org/iris.csv"), name="iris", digest="d1")
        except ImportError:
            import numpy
            data = mlflow.data.from_numpy(numpy.zeros((2, 2)), name="iris", digest="d1")
        mlflow.log_input(data, context="train")
    Path("notes.txt").write_text("hello")
    mlflow.log_artifact("notes.txt", "deep")
    with mlflow.start_run(experiment_id=experiment, nested=True):
        mlflow.log_metric("a/b loss", 0.5)
removed = client.create_run(experiment)
client.log_metric(removed.info.run_id, "m", 1)
client.delete_run(removed.info.run_id)
gone = client.create_experiment("gone")
client.create_run(gone)
client.delete_experiment(gone)
# The file store of the first series has no registry.
if major > 1:
    client.create_registered_model("prod", tags={"k": "v"}, description="two\nlines: 'x' \"y\"\tz")
    for number in range(3):
        client.create_model_version("prod", run.info.artifact_uri + "/deep", run.info.run_id, tags={"n": str(number)})
    client.set_registered_model_alias("prod", "champion", 2)
    client.delete_model_version("prod", "3")
if hasattr(client, "create_logged_model"):
    model = client.create_logged_model(
        experiment, name="forest", source_run_id=run.info.run_id, params={"d": "3"}, tags={"a b": "c"}
    )
    os.mkdir("model")
    Path("model/MLmodel").write_text("flavors: {}")
    client.log_model_artifacts(model.model_id, "model")
    client.finalize_logged_model(model.model_id, "READY")
    mlflow.log_metric("auc", 0.9, step=1, model_id=model.model_id, run_id=run.info.run_id)
    client.log_outputs(run.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 4)])
