"""Large files pass through without settling in memory."""

import hashlib
import os

import mlflow
import pytest

from helpers import send
from servers import ApusServer

pytestmark = pytest.mark.apus
MEGABYTE = 1 << 20


def memory(pid, field):
    """A line of /proc/<pid>/status in bytes."""
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_fifty_megabytes_go_up_and_down_in_little_memory(tmp_path):
    source = tmp_path / "model.bin"
    source.write_bytes(os.urandom(MEGABYTE) * 50)
    with ApusServer() as server:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("large")
        with mlflow.start_run() as run:
            mlflow.log_text("warm", "warm.txt")
            before = memory(server.pid, "VmRSS")
            forget_peak(server.pid)
            mlflow.log_artifact(str(source), "checkpoints")
        target = tmp_path / "down"
        target.mkdir()
        local = mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id, artifact_path="checkpoints/model.bin", dst_path=str(target)
        )
        assert memory(server.pid, "VmHWM") - before < 8 * MEGABYTE
        assert digest(local) == digest(source)
        listed = mlflow.MlflowClient().list_artifacts(run.info.run_id, "checkpoints")
        assert [(item.path, item.file_size) for item in listed] == [("checkpoints/model.bin", 50 * MEGABYTE)]


def test_a_part_of_a_file_can_be_asked_for(uri, tracking, experiment):
    with mlflow.start_run() as run:
        mlflow.log_text("0123456789", "digits.txt")
    url = f"{uri}/get-artifact?run_id={run.info.run_id}&path=digits.txt"
    status, body, headers = send("GET", url, headers={"Range": "bytes=2-4"})
    assert (status, body, headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert send("GET", url, headers={"Range": "bytes=20-"})[0] == 416
