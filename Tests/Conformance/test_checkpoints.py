"""A training loop that talks to MlflowClient alone, as the loggers of training frameworks do."""

import json
import time

import mlflow
import pytest
from mlflow.entities import Metric, Param

EPOCHS, STEPS = 3, 4


def milliseconds():
    return int(time.time() * 1000)


@pytest.mark.client
def test_a_loop_of_epochs_leaves_curves_and_checkpoints(tracking, name, tmp_path):
    experiment = tracking.get_experiment_by_name(name)
    experiment_id = experiment.experiment_id if experiment else tracking.create_experiment(name)
    run = tracking.create_run(experiment_id, tags={"mlflow.runName": "net", "mlflow.source.name": "train.py"})
    run_id = run.info.run_id
    tracking.log_batch(run_id, params=[Param(f"layer_{index}/units", str(2**index)) for index in range(40)])
    for epoch in range(EPOCHS):
        for step in range(epoch * STEPS, (epoch + 1) * STEPS):
            now = milliseconds()
            losses = [Metric("train/loss", 1 / (step + 1), now, step), Metric("epoch", epoch, now, step)]
            tracking.log_batch(run_id, metrics=losses)
        folder = tmp_path / f"epoch={epoch}"
        folder.mkdir()
        (folder / "weights.bin").write_bytes(bytes([epoch]) * 10_000)
        (folder / "metadata.json").write_text(json.dumps({"epoch": epoch}))
        tracking.log_artifacts(run_id, str(folder), f"checkpoints/epoch={epoch}")
        tracking.log_metric(run_id, "val/loss", 1 / (epoch + 1), step=(epoch + 1) * STEPS - 1)
    tracking.set_tag(run_id, "best", "checkpoints/epoch=2")
    tracking.set_terminated(run_id, "FINISHED")

    (seen,) = tracking.search_runs([experiment_id], "metrics.`val/loss` < 0.5", order_by=["metrics.`train/loss` ASC"])
    assert (seen.info.status, seen.info.run_name, len(seen.data.params)) == ("FINISHED", "net", 40)
    curve = tracking.get_metric_history(run_id, "train/loss")
    assert [(point.step, point.value) for point in curve] == [(step, 1 / (step + 1)) for step in range(EPOCHS * STEPS)]
    saved = tracking.list_artifacts(run_id, "checkpoints")
    assert [item.path for item in saved] == [f"checkpoints/epoch={epoch}" for epoch in range(EPOCHS)]
    local = tracking.download_artifacts(run_id, seen.data.tags["best"] + "/weights.bin", str(tmp_path))
    assert open(local, "rb").read() == bytes([2]) * 10_000


def test_a_loop_that_saves_a_model_for_each_epoch_goes_on_from_the_best(tracking, experiment, name, tmp_path):
    run_id = tracking.create_run(experiment).info.run_id
    scores = [0.5, 0.75, 0.6]
    for epoch, score in enumerate(scores):
        model = tracking.create_logged_model(
            experiment, f"epoch-{epoch}", run_id, params={"epoch": str(epoch)}, model_type="checkpoint"
        )
        weights = tmp_path / f"weights-{epoch}.bin"
        weights.write_bytes(bytes([epoch]) * 1000)
        tracking.log_model_artifact(model.model_id, str(weights))
        scored = Metric("score", score, milliseconds(), epoch, model.model_id, "val", "v")
        tracking.log_batch(run_id, metrics=[scored])
        tracking.finalize_logged_model(model.model_id, "READY")
        tracking.log_outputs(run_id, [mlflow.entities.LoggedModelOutput(model.model_id, step=epoch)])
    tracking.set_terminated(run_id)

    order = {"field_name": "metrics.score", "ascending": False, "dataset_name": "val", "dataset_digest": "v"}
    (best,) = tracking.search_logged_models(
        [experiment], f"source_run_id = '{run_id}' AND model_type = 'checkpoint'", order_by=[order], max_results=1
    )
    assert (best.name, best.params, [one.value for one in best.metrics]) == ("epoch-1", {"epoch": "1"}, [0.75])
    assert [item.path for item in tracking.list_logged_model_artifacts(best.model_id)] == ["weights-1.bin"]
    local = mlflow.artifacts.download_artifacts(best.model_uri, dst_path=str(tmp_path / "down"))
    assert open(f"{local}/weights-1.bin", "rb").read() == bytes([1]) * 1000
    outputs = tracking.get_run(run_id).outputs.model_outputs
    assert sorted(one.step for one in outputs) == [0, 1, 2]
    version = mlflow.register_model(best.model_uri, name)
    assert (version.source, version.run_id) == (best.model_uri, run_id)
