"""Event files of TensorBoard come to Apus as runs, and what a training adds comes with the next import."""

import math
import struct

import mlflow
import pytest

import event_files
from servers import ApusServer
from test_import import dump, run_import

pytestmark = pytest.mark.apus
START = 1_700_000_000.0
NAME = "events.out.tfevents.1700000000.node.1.0"


def single(number):
    """A number with the precision of an event file."""
    return struct.unpack("<f", struct.pack("<f", number))[0]


@pytest.fixture
def logs(tmp_path):
    """What a sweep of two trainings leaves; one of them evaluates in a folder of its own."""
    root = tmp_path / "sweep"
    losses = [event_files.scalar("loss/train", 1 / (step + 1), START + 1 + step, step) for step in range(20)]
    write(root / "first" / NAME, [event_files.version(START), *losses, event_files.scalar("odd", math.nan, START + 30)])
    write(root / "first/eval" / NAME, [event_files.tensor("accuracy (top-5)", 0.9, START + 25.5, 19)])
    values = {"lr": 0.001, "layers": 3, "optimizer": "adam", "bias": True}
    write(
        root / "second" / NAME,
        [event_files.hyperparameters(values, START + 100, "g"), event_files.scalar("loss/train", 2, START + 101)],
    )
    return root


def write(path, records, mode="wb"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, mode) as file:
        file.write(b"".join(records))


def runs_by_name(client, experiment):
    experiment = client.get_experiment_by_name(experiment)
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def test_the_client_sees_the_trainings_as_runs(logs, tmp_path):
    _, summary, _ = run_import(logs, tmp_path / "data", check=0)
    assert summary["skipped"] == [] and summary["remarks"] == [] and summary["mappings"] == []
    assert [hint.count("accuracy _top-5_") for hint in summary["hints"]] == [1]
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        runs = runs_by_name(client, "sweep")
        assert set(runs) == {"first", "first/eval", "second"}
        first = runs["first"]
        assert first.info.status == "FINISHED"
        assert [first.info.start_time, first.info.end_time] == [int(START * 1_000), int((START + 30) * 1_000)]
        history = client.get_metric_history(first.info.run_id, "loss/train")
        assert [(point.step, point.value) for point in history] == [(n, single(1 / (n + 1))) for n in range(20)]
        assert history[3].timestamp == int((START + 4) * 1_000)
        assert math.isnan(first.data.metrics["odd"])
        assert runs["first/eval"].data.metrics == {"accuracy _top-5_": single(0.9)}
        assert runs["first/eval"].data.tags["mlflow.parentRunId"] == first.info.run_id
        second = runs["second"]
        assert second.data.params == {"lr": "0.001", "layers": "3", "optimizer": "adam", "bias": "True"}
        assert second.data.tags["tensorboard.group"] == "g"
        # The run is one like others: it takes points and artifacts.
        client.log_metric(second.info.run_id, "later", 1)
        client.log_text(second.info.run_id, "hello", "notes.txt")
        assert [file.path for file in client.list_artifacts(second.info.run_id)] == ["notes.txt"]


def test_importing_again_changes_nothing_and_brings_what_is_new(logs, tmp_path):
    data = tmp_path / "data"
    run_import(logs, data, check=0)
    before = dump(data / "apus.db")
    run_import(logs, data, check=0)
    assert dump(data / "apus.db") == before
    write(logs / "first" / NAME, [event_files.scalar("loss/train", 0, START + 40, 20)], "ab")
    resumed = "events.out.tfevents.1700000900.node.2.0"
    whole = event_files.scalar("loss/train", 0.5, START + 900, 21)
    write(logs / "first" / resumed, [whole, whole[:30]])
    moved = logs.rename(tmp_path / "elsewhere")
    _, summary, _ = run_import(moved, data, "--experiment-name", "sweep", check=0)
    assert summary["counts"]["run"] == {"added": 0, "completed": 1, "unchanged": 2}
    assert summary["counts"]["points"] == {"added": 2, "completed": 0, "unchanged": 23}
    assert summary["skipped"] == [] and summary["remarks"] == []
    with ApusServer(["--data-dir", data]) as server:
        run = runs_by_name(mlflow.MlflowClient(server.url), "sweep")["first"]
        assert run.info.end_time == int((START + 900) * 1_000)


def test_a_running_server_takes_event_files_too(logs, tmp_path):
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        client.create_experiment("taken")
        _, summary, _ = run_import(logs, server.url, "--experiment-name", "taken", check=0)
        assert summary["counts"]["run"]["added"] == 3
        runs = runs_by_name(client, "taken")
        location = client.get_experiment_by_name("taken").artifact_location
        assert runs["first"].info.artifact_uri == f"{location}/{runs['first'].info.run_id}/artifacts"


def test_damage_and_images_are_listed_and_the_rest_comes(logs, tmp_path):
    file = logs / "first" / NAME
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    write(logs / "second" / NAME, [event_files.image("picture", START + 120)], "ab")
    status, summary, _ = run_import(logs, tmp_path / "data")
    assert status == 1
    places = {skipped["place"]: skipped["reason"] for skipped in summary["skipped"]}
    assert set(places) == {str(file)} and "images: 1" in str(summary["hints"])
    assert summary["counts"]["points"]["added"] == 22


def test_a_name_for_the_experiment_is_refused_for_other_sources(tmp_path):
    data = tmp_path / "mlruns/0"
    data.mkdir(parents=True)
    (data / "meta.yaml").write_text("experiment_id: '0'\nname: Default\n")
    status, _, message = run_import(tmp_path / "mlruns", tmp_path / "data", "--experiment-name", "x")
    assert status == 2 and "--experiment-name" in message


def test_one_file_is_answered_with_what_to_give(logs, tmp_path):
    status, _, message = run_import(logs / "first" / NAME, tmp_path / "data")
    assert status == 2 and "name its folder" in message
