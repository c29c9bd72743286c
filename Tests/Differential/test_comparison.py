"""The comparison itself: what it must see, and what it must not."""

from __future__ import annotations

import time

from normalise import Normaliser
from runner import Answer
from scenario import Step
from table import Known, differences

STEP = Step("a step", "GET", "/", case_id="scenario: a step")


def answer(status=200, media_type="application/json", code=None, message=None, body=None, **others) -> Answer:
    return Answer(status, media_type, code, message, body, **others)


def aspects(one: Answer, other: Answer, step: Step = STEP) -> list[str]:
    return [difference.aspect for difference in differences(step, one, other)]


def test_every_aspect_is_compared():
    one = answer(400, "application/json", "A", "a", {"a": 1}, headers={"X": "1"}, seen={"run": 1})
    other = answer(404, "text/html", "B", "b", {"a": 2}, headers={"X": "2"}, seen={"run": 2})
    assert aspects(one, other) == ["status", "type", "code", "message", "body", "headers", "seen"]
    assert aspects(one, one) == []


def test_a_later_page_counts_as_body():
    assert aspects(answer(body={}, pages=[[200, {"a": 1}]]), answer(body={}, pages=[[200, {"a": 2}]])) == ["body"]


def test_a_message_may_differ_only_where_both_mention_what_is_asked():
    step = Step("a step", "GET", "/", mentions=("name", "taken"))
    assert aspects(answer(message="name a is taken"), answer(message="taken: name a"), step) == []
    assert aspects(answer(message="name a is taken"), answer(message="no"), step) == ["message"]


def test_text_of_the_database_layer_is_not_compared():
    leaked = answer(400, message="(sqlite3.IntegrityError) UNIQUE constraint failed")
    assert aspects(leaked, answer(400, message="The name is taken.")) == []


def test_known_differences_explain_only_what_they_list():
    known = Known([{"cases": "scenario: *", "may_differ": ["status", "message"], "reason": "a test"}])
    one, other = answer(400, message="a", code="A"), answer(404, message="b", code="B")
    left = known.unexplained("scenario: a step", differences(STEP, one, other), one, other)
    assert [difference.aspect for difference in left] == ["code"]
    assert known.stale() == []


def test_a_difference_of_one_store_explains_nothing_over_the_other_and_is_stale_alone():
    pair = answer(400), answer(404)
    entry = {"cases": "*", "may_differ": ["status"], "reason": "a test"}
    for store, left in (("postgresql", 0), ("sqlite", 1)):
        known = Known([{**entry, "store": "postgresql"}], store=store)
        assert len(known.unexplained("a", differences(STEP, *pair), *pair)) == left
    assert Known([{**entry, "store": "postgresql"}, entry], store="postgresql").stale() == [
        "*: status no longer differ (a test)"
    ]


def test_a_known_difference_that_differs_no_more_is_stale():
    known = Known([{"cases": "scenario: a step", "may_differ": ["status", "code"], "reason": "a test"}])
    one, other = answer(400), answer(404)
    known.unexplained("scenario: a step", differences(STEP, one, other), one, other)
    assert known.stale() == ["scenario: a step: code no longer differ (a test)"]


def test_a_known_difference_holds_for_its_kinds_of_status_only():
    known = Known(
        [{"cases": "*", "reference_status": "5xx", "apus_status": "4xx", "may_differ": ["status"], "reason": "a"}]
    )
    for one, other, left in ((500, 400, 0), (400, 404, 1), (500, 503, 1)):
        pair = answer(one), answer(other)
        assert len(known.unexplained("a", differences(STEP, *pair), *pair)) == left


def test_ids_become_names_and_constants_stay():
    run, stranger, constant = "a" * 32, "b" * 32, "0" * 32
    normaliser = Normaliser({"run": run, "experiment": "12"}, "/somewhere", "http://127.0.0.1:1", constant)
    assert normaliser.text(f"Run {run} {stranger} {constant}") == f"Run <run> <id> {constant}"
    assert normaliser.text("mlflow-artifacts:/12/x") == "mlflow-artifacts:/<experiment>/x"
    assert normaliser.text("The experiment 12 of 12") == "The experiment <experiment> of 12"
    assert normaliser.value({"experiment_id": "12", "step": 12}) == {"experiment_id": "<experiment>", "step": 12}


def test_order_counts_in_a_history_and_not_among_the_values_of_a_run():
    normaliser = Normaliser({}, "/somewhere", "http://127.0.0.1:1", "")
    points = [{"key": "b", "step": 1}, {"key": "a", "step": 2}]
    assert normaliser.value({"metrics": points})["metrics"] == points
    assert normaliser.value({"metrics": points, "tags": []})["metrics"] == points[::-1]


def test_truth_and_bare_nan_are_no_numbers():
    normaliser = Normaliser({}, "/somewhere", "http://127.0.0.1:1", "")
    assert normaliser.value(True) != normaliser.value(1)
    assert normaliser.value(float("nan")) == normaliser.value(float("nan"))


def test_the_id_of_a_model_becomes_its_name():
    model = "m-" + "a" * 32
    normaliser = Normaliser({"model": model, "experiment": "12"}, "/somewhere", "http://127.0.0.1:1", "")
    assert normaliser.text(f"Logged model with ID '{model}'") == "Logged model with ID 'm-<model>'"
    assert normaliser.text(f"'12/models/{model}/x'") == "'<experiment>/models/m-<model>/x'"


def test_a_change_is_told_from_a_creation():
    normaliser = Normaliser({}, "/somewhere", "http://127.0.0.1:1", "")
    now = int(time.time() * 1000)
    made = {"creation_timestamp": now, "last_updated_timestamp": now}
    changed = {"creation_timestamp": now, "last_updated_timestamp": now + 1}
    assert normaliser.value(made) == {"creation_timestamp": "<now>", "last_updated_timestamp": "<when made>"}
    assert normaliser.value(changed) == {"creation_timestamp": "<now>", "last_updated_timestamp": "<later>"}
