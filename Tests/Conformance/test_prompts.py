"""Prompts live in the registry beside the models, and neither is taken for the other."""

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from samples import HAS_LOGGED_MODELS, error_code

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not hasattr(mlflow, "register_prompt"), reason="this client has no prompts yet"),
]
IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'"
# The second series tried prompts out; the third has the calls that a program relies on.
third_series = pytest.mark.skipif(not HAS_LOGGED_MODELS, reason="this client has fewer calls for prompts")


@pytest.fixture
def prompt(tracking, name):
    """The name of a new prompt of two versions."""
    mlflow.register_prompt(name, "Hello {{who}}", commit_message="the first", tags={"k": "v"})
    mlflow.register_prompt(name, "Bye {{who}}, größer {{how}}", commit_message="the second")
    return name


def test_a_prompt_is_loaded_by_version_address_and_alias(tracking, prompt):
    assert mlflow.load_prompt(prompt, version=1).template == "Hello {{who}}"
    second = mlflow.load_prompt(f"prompts:/{prompt}/2")
    assert (int(second.version), second.commit_message) == (2, "the second")
    assert second.format(who="Ada", how="too") == "Bye Ada, größer too"
    assert set(second.variables) == {"who", "how"}
    mlflow.set_prompt_alias(prompt, alias="production", version=1)
    assert mlflow.load_prompt(f"prompts:/{prompt}@production").template == "Hello {{who}}"
    mlflow.set_prompt_alias(prompt, alias="production", version=2)
    assert mlflow.load_prompt(f"prompts:/{prompt}@production").template == second.template
    mlflow.delete_prompt_alias(prompt, alias="production")
    for address in (f"prompts:/{prompt}@production", f"prompts:/{prompt}/9", f"prompts:/{prompt}-absent/1"):
        with pytest.raises(MlflowException):
            mlflow.load_prompt(address)


def test_a_search_of_models_leaves_prompts_out_until_it_names_them(tracking, prompt):
    tracking.create_registered_model(f"{prompt}-model")
    tracking.create_model_version(f"{prompt}-model", "s3://bucket/model", None)
    mine = f"name LIKE '{prompt}%'"
    assert [model.name for model in tracking.search_registered_models(mine)] == [f"{prompt}-model"]
    assert [model.name for model in tracking.search_model_versions(mine)] == [f"{prompt}-model"]
    assert [model.name for model in tracking.search_registered_models(f"{mine} AND {IS_PROMPT}")] == [prompt]
    versions = tracking.search_model_versions(f"{mine} AND {IS_PROMPT}")
    assert {(one.name, int(one.version)) for one in versions} == {(prompt, 1), (prompt, 2)}


def test_a_name_is_a_prompt_or_a_model_but_not_both(tracking, prompt):
    assert error_code(tracking.create_registered_model, prompt) == "RESOURCE_ALREADY_EXISTS"
    tracking.create_registered_model(f"{prompt}-model")
    with pytest.raises(MlflowException):
        mlflow.register_prompt(f"{prompt}-model", "a text")
    assert list(tracking.get_registered_model(f"{prompt}-model").latest_versions) == []


@third_series
def test_every_call_of_the_third_series_on_a_prompt(tracking, prompt):
    genai = mlflow.genai
    (found,) = genai.search_prompts(f"name = '{prompt}'")
    assert (found.name, found.tags["k"]) == (prompt, "v")
    assert [one.version for one in tracking.search_prompt_versions(prompt)] == [2, 1]
    genai.set_prompt_tag(prompt, "team", "vision")
    genai.set_prompt_version_tag(prompt, 1, "checked", "yes")
    assert tracking.get_prompt(prompt).tags["team"] == "vision"
    assert tracking.get_prompt_version(prompt, 1).tags["checked"] == "yes"
    genai.delete_prompt_tag(prompt, "team")
    genai.delete_prompt_version_tag(prompt, 1, "checked")
    assert "team" not in tracking.get_prompt(prompt).tags
    assert "checked" not in tracking.get_prompt_version(prompt, 1).tags

    talk = [{"role": "system", "content": "Be {{mood}}."}, {"role": "user", "content": "{{question}}"}]
    third = genai.register_prompt(prompt, talk, response_format={"type": "object"}, model_config={"temperature": 0.5})
    assert third.version == 3
    loaded = genai.load_prompt(f"prompts:/{prompt}@latest")
    assert (loaded.template, loaded.response_format) == (talk, {"type": "object"})
    assert loaded.model_config["temperature"] == 0.5
    assert loaded.format(mood="brief", question="Why?")[1] == {"role": "user", "content": "Why?"}
    with mlflow.start_run() as run:
        genai.load_prompt(prompt, version=2)
    assert prompt in tracking.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"]

    tracking.delete_prompt_version(prompt, "3")
    assert genai.load_prompt(prompt, version=3, allow_missing=True) is None
    tracking.delete_prompt(prompt)
    assert tracking.get_prompt(prompt) is None
    assert list(genai.search_prompts(f"name = '{prompt}'")) == []
