"""Numbers of versions under a crowd of writers, and the sources that a version may have."""

import time

import mlflow
import pytest

from helpers import call, in_processes, in_threads, new_run
from registrars import register
from samples import error_code, new_version

PROCESSES, THREADS, EACH = 3, 4, 5


@pytest.mark.client
def test_versions_registered_by_many_at_once_have_consecutive_numbers(tracking, uri, name):
    run = tracking.create_run("0")
    tracking.create_registered_model(name)
    work = (uri, name, run.info.run_id, f"{run.info.artifact_uri}/model", THREADS, EACH)
    made = [numbers for process in in_processes(register, [work] * PROCESSES) for numbers in process]
    assert all(numbers == sorted(numbers) for numbers in made)
    count = PROCESSES * THREADS * EACH
    assert sorted(number for numbers in made for number in numbers) == list(range(1, count + 1))
    assert len(tracking.search_model_versions(f"name = '{name}'")) == count
    assert str(tracking.get_latest_versions(name)[0].version) == str(count)


@pytest.mark.client
def test_only_one_of_many_makes_a_model_of_a_name(tracking, name):
    def create():
        try:
            return tracking.create_registered_model(name).name
        except mlflow.exceptions.MlflowException as error:
            return error.error_code

    answers = in_threads(create, [()] * 8)
    assert sorted(answers) == sorted(["RESOURCE_ALREADY_EXISTS"] * 7 + [name])


@pytest.mark.client
@pytest.mark.parametrize(
    "source",
    [
        "/etc",
        "file:///etc",
        "file:/etc",
        "mlflow-artifacts:/../../etc",
        "mlflow-artifacts:/0/%2e%2e/%2e%2e/etc",
        "s3://bucket/../other",
        "https://example.com/a/../b",
        "models:/m-00000000000000000000000000000000",
        "runs:/00000000000000000000000000000000/model",
    ],
)
def test_a_source_that_is_not_the_run_s_own_is_refused_at_once(tracking, uri, name, source):
    tracking.create_registered_model(name)
    run_id = new_run(uri)
    began = time.monotonic()
    for owner in ({}, {"run_id": run_id}):
        status, answer = call(uri, "model-versions/create", {"name": name, "source": source, **owner})
        assert (status, answer.get("error_code")) in [
            (400, "INVALID_PARAMETER_VALUE"),
            (404, "RESOURCE_DOES_NOT_EXIST"),
        ], (owner, answer)
    assert time.monotonic() - began < 5
    assert tracking.get_registered_model(name).latest_versions == []


@pytest.mark.client
@pytest.mark.parametrize("source", ["s3://bucket/model", "gs://bucket/a/model", "dbfs:/models/one"])
def test_a_source_in_another_place_is_kept_as_it_is(tracking, name, source):
    tracking.create_registered_model(name)
    assert tracking.create_model_version(name, source, None).source == source
    assert tracking.get_model_version_download_uri(name, "1") == source


@pytest.mark.client
def test_the_run_of_a_version_has_to_hold_its_source(tracking, name):
    tracking.create_registered_model(name)
    mine, other = tracking.create_run("0"), tracking.create_run("0")
    source = f"{other.info.artifact_uri}/model"
    for run_id in (None, mine.info.run_id, "0" * 32):
        assert error_code(tracking.create_model_version, name, source, run_id) in (
            "INVALID_PARAMETER_VALUE",
            "RESOURCE_DOES_NOT_EXIST",
        )
    assert str(new_version(tracking, name, other).version) == "1"


@pytest.mark.apus
@pytest.mark.parametrize("source", ["file://elsewhere/etc", "file://elsewhere/share/model"])
def test_a_share_of_another_host_is_no_source(tracking, uri, name, source):
    tracking.create_registered_model(name)
    body = {"name": name, "source": source, "run_id": new_run(uri)}
    assert call(uri, "model-versions/create", body)[1]["error_code"] == "INVALID_PARAMETER_VALUE"
