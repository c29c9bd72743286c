"""Logged models through MlflowClient: what they hold, how they are tied to runs, how they are found again."""

import mlflow
import pytest
from mlflow import entities

from samples import error_code

BEST_FIRST = [{"field_name": "metrics.accuracy", "ascending": False}]
TRAIN, TEST = ("train", "t1"), ("test", "t2")


def dataset(pair):
    name, digest = pair
    return entities.Dataset(name=name, digest=digest, source_type="http", source='{"url": "https://e.com"}')


def scored(tracking, experiment, **scores):
    """Models of one new run, each with its accuracy. Returns their ids by name."""
    run_id = tracking.create_run(experiment).info.run_id
    models = {}
    for name, score in scores.items():
        models[name] = tracking.create_logged_model(experiment, name=name, source_run_id=run_id).model_id
        if score is not None:
            tracking.log_metric(run_id, "accuracy", score, model_id=models[name])
    return models


def names(found):
    return [model.name for model in found]


def test_every_call_on_a_logged_model(tracking, experiment):
    run = tracking.create_run(experiment)
    model = tracking.create_logged_model(
        experiment,
        name="checkpoint",
        source_run_id=run.info.run_id,
        tags={"k": "v", "gone": "soon"},
        params={"lr": "0.1", "empty": ""},
        model_type="classifier",
    )
    assert model.model_id.startswith("m-")
    assert (model.name, model.experiment_id, model.source_run_id) == ("checkpoint", experiment, run.info.run_id)
    assert (model.status, model.model_type) == (entities.LoggedModelStatus.PENDING, "classifier")
    assert model.last_updated_timestamp >= model.creation_timestamp > 0
    assert model.model_uri == f"models:/{model.model_id}"

    tracking.log_model_params(model.model_id, {"depth": "3", "losses": "損失"})
    tracking.set_logged_model_tags(model.model_id, {"k": "w", "new": 1})
    tracking.delete_logged_model_tag(model.model_id, "gone")
    ready = tracking.finalize_logged_model(model.model_id, entities.LoggedModelStatus.READY)
    assert ready.status == entities.LoggedModelStatus.READY
    seen = tracking.get_logged_model(model.model_id)
    assert seen.params == {"lr": "0.1", "empty": "", "depth": "3", "losses": "損失"}
    assert seen.tags == {"k": "w", "new": "1"}
    assert (seen.status, seen.creation_timestamp) == (entities.LoggedModelStatus.READY, model.creation_timestamp)
    assert seen.last_updated_timestamp >= model.last_updated_timestamp
    assert tracking.finalize_logged_model(model.model_id, "FAILED").status == entities.LoggedModelStatus.FAILED

    tracking.delete_logged_model(model.model_id)
    assert error_code(tracking.get_logged_model, model.model_id) == "RESOURCE_DOES_NOT_EXIST"
    assert list(tracking.search_logged_models([experiment])) == []
    assert error_code(tracking.get_logged_model, "m-" + "0" * 32) == "RESOURCE_DOES_NOT_EXIST"
    assert error_code(tracking.create_logged_model, "987654321") == "RESOURCE_DOES_NOT_EXIST"


def test_a_model_without_a_name_gets_one_and_a_bad_name_is_refused(tracking, experiment):
    assert tracking.create_logged_model(experiment).name
    for bad in ("a/b", "a:b", "a%b", "a'b"):
        assert error_code(tracking.create_logged_model, experiment, bad) == "INVALID_PARAMETER_VALUE", bad


def test_metrics_of_a_run_belong_to_the_model_and_the_dataset_they_name(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    model = tracking.create_logged_model(experiment, source_run_id=run_id)
    tracking.log_metric(run_id, "loss", 0.5, timestamp=1000, step=1, model_id=model.model_id)
    tracking.log_metric(
        run_id, "loss", 0.25, timestamp=2000, step=2, model_id=model.model_id, dataset_name="test", dataset_digest="t2"
    )
    of_model, of_run = entities.Metric("auc", 0.75, 3000, 3, model.model_id), entities.Metric("own", 1, 1, 1)
    tracking.log_batch(run_id, metrics=[of_model, of_run])
    found = {
        (one.key, one.value, one.timestamp, one.step, one.dataset_name, one.dataset_digest, one.run_id)
        for one in tracking.get_logged_model(model.model_id).metrics
    }
    assert found == {
        ("loss", 0.5, 1000, 1, None, None, run_id),
        ("loss", 0.25, 2000, 2, "test", "t2", run_id),
        ("auc", 0.75, 3000, 3, None, None, run_id),
    }
    assert tracking.get_run(run_id).data.metrics == {"loss": 0.25, "auc": 0.75, "own": 1.0}


def test_metrics_without_a_run_of_their_own_go_to_the_active_model_and_run(tracking, experiment):
    model = tracking.create_logged_model(experiment)
    with mlflow.start_run() as run:
        mlflow.log_metrics({"a": 1, "b": 2}, step=3, model_id=model.model_id)
    found = tracking.get_logged_model(model.model_id).metrics
    assert {(one.key, one.value, one.step, one.run_id) for one in found} == {
        ("a", 1.0, 3, run.info.run_id),
        ("b", 2.0, 3, run.info.run_id),
    }


def test_models_go_into_a_run_and_come_out_of_it(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    read, first, second = (tracking.create_logged_model(experiment).model_id for _ in range(3))
    tracking.log_inputs(
        run_id,
        datasets=[entities.DatasetInput(dataset(TRAIN), [entities.InputTag("mlflow.data.context", "eval")])],
        models=[entities.LoggedModelInput(read)],
    )
    tracking.log_inputs(run_id, models=[entities.LoggedModelInput(read)])
    made = [entities.LoggedModelOutput(model_id, step) for step, model_id in enumerate([first, second], 1)]
    tracking.log_outputs(run_id, made)
    run = tracking.get_run(run_id)
    assert [one.model_id for one in run.inputs.model_inputs] == [read]
    assert [one.dataset.name for one in run.inputs.dataset_inputs] == ["train"]
    assert {(one.model_id, one.step) for one in run.outputs.model_outputs} == {(first, 1), (second, 2)}
    found = tracking.search_runs([experiment])[0]
    assert {one.model_id for one in found.outputs.model_outputs} == {first, second}


def test_the_best_model_is_the_first_of_an_ordered_search(tracking, experiment):
    models = scored(tracking, experiment, low=0.25, none=None, high=0.75, middle=0.5)
    found = tracking.search_logged_models([experiment], order_by=BEST_FIRST)
    assert names(found) == ["high", "middle", "low", "none"]
    worst = [{"field_name": "metrics.accuracy", "ascending": True}]
    assert names(tracking.search_logged_models([experiment], order_by=worst)) == ["low", "middle", "high", "none"]
    run_id = found[0].source_run_id
    tracking.log_metric(run_id, "accuracy", 1, step=5, model_id=models["low"])
    found = tracking.search_logged_models([experiment], "metrics.accuracy > 0.6", order_by=BEST_FIRST)
    assert names(found) == ["low", "high"]
    assert {(one.step, one.value) for one in found[0].metrics} == {(0, 0.25), (5, 1.0)}
    newest = [{"field_name": "creation_timestamp", "ascending": False}]
    times = [one.creation_timestamp for one in tracking.search_logged_models([experiment], order_by=newest)]
    assert times == sorted(times, reverse=True)


def test_the_best_model_on_one_dataset_is_not_the_best_on_another(tracking, experiment):
    models = scored(tracking, experiment, one=None, two=None, three=None)
    run_id = tracking.create_run(experiment).info.run_id
    for name, train, test in (("one", 0.9, 0.1), ("two", 0.8, 0.2), ("three", 0.7, None)):
        for (data, digest), value in ((TRAIN, train), (TEST, test)):
            if value is not None:
                tracking.log_metric(
                    run_id, "f1", value, model_id=models[name], dataset_name=data, dataset_digest=digest
                )

    def ordered(pair):
        order = {"field_name": "metrics.f1", "ascending": False, "dataset_name": pair[0], "dataset_digest": pair[1]}
        return names(tracking.search_logged_models([experiment], order_by=[order]))

    assert ordered(TRAIN) == ["one", "two", "three"]
    assert ordered(TEST) == ["two", "one", "three"]

    def above(bound, *pairs):
        wanted = [{"dataset_name": name, "dataset_digest": digest} for name, digest in pairs]
        found = tracking.search_logged_models([experiment], f"metrics.f1 > {bound}", datasets=wanted or None)
        return set(names(found))

    assert above(0.15) == {"one", "two", "three"}
    assert above(0.15, TEST) == {"two"}
    assert above(0.75, TRAIN) == {"one", "two"}
    assert above(0.15, ("test", "another")) == set()


def test_models_are_found_by_name_params_tags_status_and_run(tracking, experiment):
    run_id = tracking.create_run(experiment).info.run_id
    first = tracking.create_logged_model(experiment, "first", run_id, {"k": "v"}, {"lr": "0.1"}, "linear")
    second = tracking.create_logged_model(experiment, "second", None, {"k": "w"}, {"lr": "0.2"}, "tree")
    for condition, expected in {
        "": {"first", "second"},
        "name = 'first'": {"first"},
        "name LIKE 'f%'": {"first"},
        "name ILIKE 'F%'": {"first"},
        "name IN ('first', 'second')": {"first", "second"},
        "name != 'first'": {"second"},
        "params.lr = '0.1'": {"first"},
        "tags.k = 'w'": {"second"},
        "tags.`k` != 'w'": {"first"},
        "model_type = 'tree'": {"second"},
        f"source_run_id = '{run_id}'": {"first"},
        f"model_id = '{second.model_id}'": {"second"},
        f"creation_timestamp >= {first.creation_timestamp}": {"first", "second"},
        f"creation_timestamp < {first.creation_timestamp}": set(),
        "name = 'first' AND params.lr = '0.2'": set(),
    }.items():
        assert set(names(tracking.search_logged_models([experiment], condition))) == expected, condition
    for condition in ("name = 'a' OR name = 'b'", "name >"):
        code = error_code(tracking.search_logged_models, [experiment], condition)
        assert code == "INVALID_PARAMETER_VALUE", condition
    assert len(mlflow.search_logged_models(experiment_ids=[experiment], output_format="list")) == 2
    assert set(mlflow.search_logged_models(experiment_ids=[experiment])["name"]) == {"first", "second"}


def test_pages_of_models_go_on_exactly(tracking, experiment):
    scored(tracking, experiment, **{f"m{index}": index / 10 for index in range(7)})
    seen, token, pages = [], None, 0
    while pages < 9:
        page = tracking.search_logged_models([experiment], max_results=3, order_by=BEST_FIRST, page_token=token)
        seen += names(page)
        token, pages = page.token, pages + 1
        if not token:
            break
    assert (seen, pages) == ([f"m{index}" for index in reversed(range(7))], 3)


def test_a_param_of_a_model_does_not_change(tracking, experiment):
    model_id = tracking.create_logged_model(experiment, params={"lr": "0.1"}).model_id
    with pytest.raises(mlflow.exceptions.MlflowException):
        tracking.log_model_params(model_id, {"depth": "3", "lr": "0.2"})
    assert tracking.get_logged_model(model_id).params == {"lr": "0.1"}


def test_a_model_kept_elsewhere_collects_what_is_measured_of_it(tracking, experiment):
    model = mlflow.create_external_model(name="service", params={"prompt": "short"}, tags={"team": "vision"})
    assert model.status == entities.LoggedModelStatus.READY
    mlflow.set_active_model(model_id=model.model_id)
    with mlflow.start_run() as run:
        mlflow.log_metric("latency", 0.25)
    mlflow.log_model_params({"region": "north"})
    seen = mlflow.get_logged_model(model.model_id)
    assert [(one.key, one.value, one.run_id) for one in seen.metrics] == [("latency", 0.25, run.info.run_id)]
    assert seen.params == {"prompt": "short", "region": "north"}
    assert seen.tags["team"] == "vision"
    assert mlflow.set_active_model(name="service").model_id == model.model_id
    made = mlflow.initialize_logged_model(name="next", source_run_id=run.info.run_id)
    assert (made.status, made.experiment_id) == (entities.LoggedModelStatus.PENDING, experiment)
    assert mlflow.finalize_logged_model(made.model_id, "READY").status == entities.LoggedModelStatus.READY
    mlflow.delete_logged_model_tag(model.model_id, "team")
    assert "team" not in mlflow.get_logged_model(model.model_id).tags


@pytest.mark.parametrize("field", ["tags.t", "params.p"])
@pytest.mark.parametrize("condition", ["IS NULL", "IS NOT NULL"])
def test_a_null_test_is_refused_without_being_promised(tracking, experiment, field, condition):
    with pytest.raises(mlflow.exceptions.MlflowException, match="INVALID_PARAMETER_VALUE") as refusal:
        tracking.search_logged_models([experiment], filter_string=f"{field} {condition}")
    assert "supported for tags and params" not in str(refusal.value)


def test_an_operator_that_metrics_lack_is_the_fault_and_not_its_value(tracking, experiment):
    with pytest.raises(mlflow.exceptions.MlflowException, match="Invalid comparison operator"):
        tracking.search_logged_models([experiment], filter_string="metrics.m LIKE 'a'")
