"""Models and versions are found again: filters, orders and pages."""

import mlflow
import pytest

from samples import error_code, new_version, registered

pytestmark = pytest.mark.client


@pytest.fixture
def shelf(tracking, name):
    """Four registered models whose names begin alike; returns that beginning."""
    for letter, task in (("a", "ranking"), ("B", "ranking"), ("c", "sorting"), ("d_x", None)):
        tracking.create_registered_model(f"{name}-{letter}", tags={"task": task} if task else None)
    return name


def letters(shelf, found):
    return [one.name.removeprefix(f"{shelf}-") for one in found]


def test_models_are_found_by_name_and_tag(tracking, shelf):
    for condition, expected in {
        f"name = '{shelf}-c'": ["c"],
        f"name LIKE '{shelf}-%'": ["B", "a", "c", "d_x"],
        f"name LIKE '{shelf}-b'": [],
        f"name ILIKE '{shelf.upper()}-b'": ["B"],
        f"name LIKE '{shelf}-_'": ["B", "a", "c"],
        f"name LIKE '{shelf}-%' AND name != '{shelf}-c'": ["B", "a", "d_x"],
        f"name LIKE '{shelf}-%' AND tags.task = 'ranking'": ["B", "a"],
        f"name LIKE '{shelf}-%' AND tag.`task` != 'ranking'": ["c"],
        f"name LIKE '{shelf}-%' AND tags.task LIKE '%ing' AND tags.task = 'sorting'": ["c"],
        f"name = '{shelf}'": [],
    }.items():
        assert letters(shelf, tracking.search_registered_models(condition)) == expected, condition


def test_models_come_in_the_order_asked_for(tracking, shelf):
    mine = f"name LIKE '{shelf}-%'"
    tracking.update_registered_model(f"{shelf}-c", "touched last")
    for order, expected in {"name ASC": ["B", "a", "c", "d_x"], "name DESC": ["d_x", "c", "a", "B"]}.items():
        assert letters(shelf, tracking.search_registered_models(mine, order_by=[order])) == expected, order
    newest = tracking.search_registered_models(mine, order_by=["last_updated_timestamp DESC"])
    assert letters(shelf, newest)[0] == "c"
    oldest = tracking.search_registered_models(mine, order_by=["timestamp ASC"])
    times = [one.last_updated_timestamp for one in oldest]
    assert times == sorted(times)


def test_pages_of_models_go_on_exactly(tracking, shelf):
    seen, token, pages = [], None, 0
    while pages < 9:
        page = tracking.search_registered_models(
            f"name LIKE '{shelf}-%'", max_results=3, order_by=["name DESC"], page_token=token
        )
        seen += letters(shelf, page)
        token, pages = page.token, pages + 1
        if not token:
            break
    assert (seen, pages) == (["d_x", "c", "a", "B"], 2)


def test_versions_are_found_by_what_they_carry(tracking, name):
    run = registered(tracking, name, versions=2)
    other = tracking.create_run("0")
    new_version(tracking, name, other, tags={"checked": "yes"})
    mine = f"name = '{name}'"
    for condition, expected in {
        mine: [1, 2, 3],
        f"name LIKE '{name[:-1]}%'": [1, 2, 3],
        f"name ILIKE '{name.upper()}'": [1, 2, 3],
        f"run_id = '{run.info.run_id}'": [1, 2],
        f"run_id IN ('{run.info.run_id}', '{other.info.run_id}')": [1, 2, 3],
        f"source_path = '{other.info.artifact_uri}/model'": [3],
        f"{mine} AND tags.checked = 'yes'": [3],
        f"{mine} AND tags.checked = 'no'": [],
        f"{mine} AND run_id != '{run.info.run_id}'": [3],
    }.items():
        found = tracking.search_model_versions(condition)
        assert sorted(int(one.version) for one in found) == expected, condition


def test_versions_come_in_the_order_and_the_pages_asked_for(tracking, name):
    run = registered(tracking, name, versions=5)
    registered(tracking, name + "-other")
    tracking.update_model_version(name, "2", "touched last")
    mine = f"name LIKE '{name}%'"
    order = ["name DESC", "version_number DESC"]
    whole = [(one.name, int(one.version)) for one in tracking.search_model_versions(mine, order_by=order)]
    assert whole == [(name + "-other", 1), *((name, number) for number in (5, 4, 3, 2, 1))]
    newest = tracking.search_model_versions(f"name = '{name}'", order_by=["last_updated_timestamp DESC"])
    assert int(newest[0].version) == 2
    first = tracking.search_model_versions(f"run_id = '{run.info.run_id}'", order_by=["version_number ASC"])
    assert [int(one.version) for one in first] == [1, 2, 3, 4, 5]
    seen, token, pages = [], None, 0
    while pages < 9:
        page = tracking.search_model_versions(mine, max_results=2, order_by=order, page_token=token)
        seen += [(one.name, int(one.version)) for one in page]
        token, pages = page.token, pages + 1
        if not token:
            break
    assert (seen, pages) == (whole, 3)


def test_what_cannot_be_asked_is_refused_with_a_reason(tracking):
    for condition in ("color = 'red'", "name > 'a'", "name = 'a' OR name = 'b'", "name =", "timestamp > 3"):
        assert error_code(tracking.search_registered_models, condition) == "INVALID_PARAMETER_VALUE", condition
    for condition in ("color = 'red'", "version_number > 'three'", "name =", "current_stage = 'Production'"):
        assert error_code(tracking.search_model_versions, condition) == "INVALID_PARAMETER_VALUE", condition
    for order in ("color", "name SIDEWAYS"):
        assert error_code(tracking.search_registered_models, order_by=[order]) == "INVALID_PARAMETER_VALUE", order
        assert error_code(tracking.search_model_versions, order_by=[order]) == "INVALID_PARAMETER_VALUE", order


def test_a_clause_without_a_value_is_named_although_the_client_adds_one(tracking):
    # The client joins ` AND tag.… != 'true'` to it, to leave prompts out: that word is not the value.
    with pytest.raises(mlflow.exceptions.MlflowException, match="Invalid clause") as refusal:
        tracking.search_registered_models("name =")
    assert "value AND" not in str(refusal.value)
