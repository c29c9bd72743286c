"""The model registry: models, versions, tags, aliases and stages, call by call."""

import pytest

from samples import error_code, new_version, registered

pytestmark = pytest.mark.client


def test_every_call_on_a_registered_model(tracking, name):
    model = tracking.create_registered_model(name, tags={"task": "ranking"}, description="first words")
    assert (model.name, model.description, model.tags) == (name, "first words", {"task": "ranking"})
    assert model.latest_versions == []
    assert model.last_updated_timestamp >= model.creation_timestamp > 0
    assert error_code(tracking.create_registered_model, name) == "RESOURCE_ALREADY_EXISTS"

    tracking.update_registered_model(name, "zweite Wörter")
    tracking.set_registered_model_tag(name, "task", "sorting")
    tracking.set_registered_model_tag(name, "owner", "損失")
    tracking.set_registered_model_tag(name, "number", 3)
    tracking.delete_registered_model_tag(name, "number")
    tracking.delete_registered_model_tag(name, "never there")
    seen = tracking.get_registered_model(name)
    assert seen.description == "zweite Wörter"
    assert seen.tags == {"task": "sorting", "owner": "損失"}
    assert seen.creation_timestamp == model.creation_timestamp
    assert seen.last_updated_timestamp >= model.last_updated_timestamp

    tracking.delete_registered_model(name)
    assert error_code(tracking.get_registered_model, name) == "RESOURCE_DOES_NOT_EXIST"
    assert error_code(tracking.delete_registered_model, name) == "RESOURCE_DOES_NOT_EXIST"
    assert error_code(tracking.set_registered_model_tag, name, "k", "v") == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("bad", ["", "a/b", "a:b"])
def test_a_name_that_no_address_can_carry_is_refused(tracking, bad):
    assert error_code(tracking.create_registered_model, bad) == "INVALID_PARAMETER_VALUE"


def test_every_call_on_a_version(tracking, name):
    run = registered(tracking, name, tags={"k": "v"}, description="the first")
    source = f"{run.info.artifact_uri}/model"
    version = tracking.get_model_version(name, "1")
    assert (version.name, str(version.version), version.source) == (name, "1", source)
    assert (version.run_id, version.description, version.tags) == (run.info.run_id, "the first", {"k": "v"})
    assert (version.status, version.current_stage) == ("READY", "None")
    assert version.last_updated_timestamp >= version.creation_timestamp > 0
    assert tracking.get_model_version_download_uri(name, "1") == source

    tracking.update_model_version(name, "1", "better words")
    tracking.set_model_version_tag(name, "1", "k", "w")
    tracking.set_model_version_tag(name, "1", "checked", True)
    tracking.set_model_version_tag(name, stage="None", key="by stage", value="yes")
    tracking.delete_model_version_tag(name, "1", "checked")
    tracking.delete_model_version_tag(name, "1", "never there")
    seen = tracking.get_model_version(name, "1")
    assert (seen.description, seen.tags) == ("better words", {"k": "w", "by stage": "yes"})
    assert seen.creation_timestamp == version.creation_timestamp

    assert error_code(tracking.get_model_version, name, "2") == "RESOURCE_DOES_NOT_EXIST"
    assert error_code(new_version, tracking, name + "-absent", run) == "RESOURCE_DOES_NOT_EXIST"


def test_a_deleted_version_is_gone_and_its_number_is_not_given_again(tracking, name):
    run = registered(tracking, name, versions=3)
    tracking.set_registered_model_alias(name, "champion", "3")
    tracking.delete_model_version(name, "3")
    for call in (tracking.get_model_version, tracking.delete_model_version, tracking.get_model_version_download_uri):
        assert error_code(call, name, "3") == "RESOURCE_DOES_NOT_EXIST"
    assert error_code(tracking.set_model_version_tag, name, "3", "k", "v") == "RESOURCE_DOES_NOT_EXIST"
    assert error_code(tracking.get_model_version_by_alias, name, "champion") == "INVALID_PARAMETER_VALUE"
    assert tracking.get_registered_model(name).aliases == {}
    assert [str(one.version) for one in tracking.get_latest_versions(name)] == ["2"]
    assert str(new_version(tracking, name, run).version) == "4"
    found = tracking.search_model_versions(f"name = '{name}'")
    assert sorted(int(one.version) for one in found) == [1, 2, 4]


def test_a_deleted_model_leaves_its_name_and_its_numbers_free(tracking, name):
    run = registered(tracking, name, versions=2, tags={"old": "yes"})
    tracking.set_registered_model_alias(name, "champion", "2")
    tracking.delete_registered_model(name)
    assert error_code(tracking.get_model_version, name, "1") == "RESOURCE_DOES_NOT_EXIST"
    assert list(tracking.search_model_versions(f"run_id = '{run.info.run_id}'")) == []
    tracking.create_registered_model(name)
    assert str(new_version(tracking, name, run).version) == "1"
    seen = tracking.get_registered_model(name)
    assert (seen.tags, seen.aliases) == ({}, {})
    assert tracking.get_model_version(name, "1").tags == {}


def test_a_renamed_model_keeps_all_it_has(tracking, name):
    run = registered(tracking, name, versions=2, tags={"k": "v"}, description="words")
    tracking.set_registered_model_tag(name, "task", "ranking")
    tracking.set_registered_model_alias(name, "champion", "1")
    tracking.transition_model_version_stage(name, "2", "Production")
    before = tracking.get_registered_model(name)
    new = name + "-renamed"
    tracking.rename_registered_model(name, new)
    assert error_code(tracking.get_registered_model, name) == "RESOURCE_DOES_NOT_EXIST"
    assert error_code(tracking.get_model_version, name, "1") == "RESOURCE_DOES_NOT_EXIST"
    after = tracking.get_registered_model(new)
    assert (after.name, after.tags, after.aliases) == (new, {"task": "ranking"}, {"champion": "1"})
    assert after.creation_timestamp == before.creation_timestamp
    champion = tracking.get_model_version_by_alias(new, "champion")
    assert (champion.name, str(champion.version), champion.tags) == (new, "1", {"k": "v"})
    assert champion.source == f"{run.info.artifact_uri}/model"
    assert [(one.name, str(one.version)) for one in tracking.get_latest_versions(new, ["Production"])] == [(new, "2")]
    found = tracking.search_model_versions(f"run_id = '{run.info.run_id}'")
    assert sorted((one.name, int(one.version)) for one in found) == [(new, 1), (new, 2)]
    tracking.create_registered_model(name)
    assert error_code(tracking.rename_registered_model, new, name) == "RESOURCE_ALREADY_EXISTS"
    assert error_code(tracking.rename_registered_model, name + "-absent", "other") == "RESOURCE_DOES_NOT_EXIST"
    assert tracking.get_registered_model(new).aliases == {"champion": "1"}


def test_an_alias_points_to_one_version_and_moves(tracking, name):
    registered(tracking, name, versions=2)
    tracking.set_registered_model_alias(name, "champion", "1")
    tracking.set_registered_model_alias(name, "Champion", "2")
    tracking.set_registered_model_alias(name, "next", "2")
    assert tracking.get_registered_model(name).aliases == {"champion": "1", "Champion": "2", "next": "2"}
    assert sorted(tracking.get_model_version(name, "2").aliases) == ["Champion", "next"]
    tracking.set_registered_model_alias(name, "champion", "2")
    assert str(tracking.get_model_version_by_alias(name, "champion").version) == "2"
    assert tracking.get_model_version(name, "1").aliases == []
    tracking.delete_registered_model_alias(name, "champion")
    tracking.delete_registered_model_alias(name, "never-there")
    assert error_code(tracking.get_model_version_by_alias, name, "champion") == "INVALID_PARAMETER_VALUE"
    assert error_code(tracking.set_registered_model_alias, name, "champion", "9") == "RESOURCE_DOES_NOT_EXIST"
    for reserved in ("latest", "LATEST", "v1", "a/b"):
        assert error_code(tracking.set_registered_model_alias, name, reserved, "1") == "INVALID_PARAMETER_VALUE"


def test_a_version_that_goes_to_production_sends_the_others_to_the_archive_when_told_so(tracking, name):
    registered(tracking, name, versions=4)

    def stages():
        found = tracking.search_model_versions(f"name = '{name}'")
        return {int(one.version): one.current_stage for one in found}

    assert stages() == {1: "None", 2: "None", 3: "None", 4: "None"}
    tracking.transition_model_version_stage(name, "1", "Production")
    tracking.transition_model_version_stage(name, "2", "production")
    tracking.transition_model_version_stage(name, "4", "Staging")
    assert stages() == {1: "Production", 2: "Production", 3: "None", 4: "Staging"}
    moved = tracking.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    assert (str(moved.version), moved.current_stage) == ("3", "Production")
    assert stages() == {1: "Archived", 2: "Archived", 3: "Production", 4: "Staging"}
    latest = {one.current_stage: str(one.version) for one in tracking.get_latest_versions(name)}
    assert latest == {"Archived": "2", "Production": "3", "Staging": "4"}
    assert [str(one.version) for one in tracking.get_latest_versions(name, ["Staging"])] == ["4"]
    assert {one.current_stage for one in tracking.get_registered_model(name).latest_versions} == set(latest)
    assert tracking.get_model_version_stages(name, "1") == ["None", "Staging", "Production", "Archived"]
    assert error_code(tracking.transition_model_version_stage, name, "1", "Shipped") == "INVALID_PARAMETER_VALUE"
    assert error_code(tracking.get_latest_versions, name, ["Shipped"]) == "INVALID_PARAMETER_VALUE"
    assert error_code(tracking.transition_model_version_stage, name, "9", "Staging") == "RESOURCE_DOES_NOT_EXIST"
