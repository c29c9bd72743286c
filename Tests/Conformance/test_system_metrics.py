"""What the machine did while it trained."""

import mlflow
import pytest

from servers import wait_until

pytestmark = pytest.mark.client


def test_system_metrics_are_logged_beside_the_training(tracking, experiment):
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            run_id = run.info.run_id
            mlflow.log_metric("loss", 1)
            wait_until(
                lambda: len(tracking.get_metric_history(run_id, "system/cpu_utilization_percentage")) >= 2,
                20,
                "two samples of the processor",
            )
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        mlflow.set_system_metrics_samples_before_logging(None)
    data = tracking.get_run(run_id).data
    assert data.metrics["loss"] == 1
    assert any(key.startswith("system/system_memory_usage") for key in data.metrics)
