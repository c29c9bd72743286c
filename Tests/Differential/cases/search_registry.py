"""registered-models/search and model-versions/search, and the prompts that both leave out."""

import base64

from scenario import AJAX, Scenario

MODELS, VERSIONS = "registered-models/search", "model-versions/search"
PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}


def tags(**pairs):
    return [{"key": key, "value": value} for key, value in pairs.items()]


def add_models(s, prefix):
    """Names share the prefix, for the registry is one for all scenarios."""
    s.make_run("run")
    s.make_run("second")
    s.make_registered(prefix + "one", tags=tags(stage="hpo", owner="ada"))
    s.make_registered(prefix + "Two", tags=tags(stage="HPO"))
    s.make_registered(prefix + "three", tags=tags(owner="eve"))
    s.make_registered(prefix + "é", tags=[{"key": "a/b", "value": "x%y_z"}])
    s.make_registered(prefix + "none")
    s.make_registered(prefix + "prompt", tags=[PROMPT, *tags(owner="ada")])
    s.make_version(prefix + "one", source="s3://bucket/a", tags=tags(stage="hpo", k="1"))
    s.make_version(prefix + "one", source="runs:/{run}/a", run_id="{run}", tags=tags(stage="HPO"))
    s.make_version(prefix + "Two", source="S3://bucket/B", description="d")
    s.make_version(prefix + "three", source="s3://bucket/c", tags=tags(stage="é", k="it's"))
    s.make_version(prefix + "one", source="runs:/{second}/b", run_id="{second}")
    s.make_version(prefix + "prompt", source="dummy-source", tags=[PROMPT, *tags(stage="hpo")])
    s.make_version(prefix + "é", source="s3://bucket/d", tags=[{"key": "a/b", "value": "x%y_z"}])
    s.do("model-versions/delete", {"name": prefix + "é", "version": "1"}, method="DELETE")


COMMON = """
name = 'P one'
name != 'P one' AND name LIKE 'P %'
name LIKE 'P t%'
name ILIKE 'p T%'
name like 'P o%'
name IN ('P one', 'P three')
name NOT IN ('P one') AND name LIKE 'P %'
name = "P one"
name='P one'
name = 'P é'
name ILIKE 'P É'
attribute.name = 'P one'
`name` = 'P one'
attribute.`name` = 'P one'
name LIKE 'P %' AND tags.stage = 'hpo'
name LIKE 'P %' AND tag.stage = 'hpo'
name LIKE 'P %' AND tags.stage != 'hpo'
name LIKE 'P %' AND tags.stage LIKE 'h%'
name LIKE 'P %' AND tags.stage ILIKE 'HPO'
name LIKE 'P %' AND tags.`a/b` = 'x%y_z'
name LIKE 'P %' AND tags.`stage` = 'hpo'
name LIKE 'P %' AND tags."stage" = 'hpo'
name LIKE 'P %' AND tags.none = 'x'
name LIKE 'P %' AND tags.none != 'x'
name LIKE 'P %' AND tags.stage = 'hpo' AND tags.owner = 'ada'
name LIKE 'P %' AND tags.stage = 'hpo' AND tags.k = '1'
name LIKE 'P %' AND tags.stage = 'hpo' AND tags.stage = 'HPO'
name LIKE 'P %' AND tags.stage LIKE 'h%' AND tags.stage LIKE '%o'
name LIKE 'P %' AND tags.k = 'it''s'
name LIKE 'P %' AND tags.k = "it's"
name LIKE 'P %' AND tags.mlflow.prompt.is_prompt = 'true'
name LIKE 'P %' AND tags.`mlflow.prompt.is_prompt` = 'true'
name LIKE 'P %' AND tags.`mlflow.prompt.is_prompt` = 'True'
name LIKE 'P %' AND tags.`mlflow.prompt.is_prompt` = 'false'
name LIKE 'P %' AND tags.`mlflow.prompt.is_prompt` != 'true'
name LIKE 'P %' AND tags.`mlflow.prompt.is_prompt` != 'false'
name LIKE 'P %' AND tags.`mlflow.prompt.is_prompt` LIKE 'true'
tags.`mlflow.prompt.is_prompt` = 'true' AND tags.owner = 'ada' AND name LIKE 'P %'
tags.`mlflow.prompt.is_prompt` = 'true' AND tags.stage = 'hpo' AND name LIKE 'P %'
tags.`mlflow.prompt.is_prompt` = 'false' AND tags.stage = 'hpo' AND name LIKE 'P %'
name = 'P prompt'
name = 'no such'
name = 'P one' and name LIKE 'P%'
name = 'P one' AND name = 'P three'
nonsense
name
name =
= 'P one'
name > 'P'
name = one
name = 1
name IS NULL
name = 'P one' OR name = 'P three'
(name = 'P one')
NOT name = 'P one'
name IN ()
name IN ('P one'
name IN (one)
name IN (1, 2)
name IN 'P one'
name = ('P one')
tags.stage IN ('hpo')
tags.stage > 'a'
tags.stage = 1
tags.stage = hpo
tags.stage IS NULL
tags.stage
tags = 'a'
attributes.name = 'P one'
params.a = '1'
nonsense.a = '1'
nonsense = '1'
description = 'd'
creation_timestamp > 0
last_updated_timestamp > 0
name = 'P one' AND
AND name = 'P one'
name = 'P one'; name = 'P two'
name = 'P one', name = 'P two'
name = 'P one
""".strip("\n").split("\n")
OF_VERSIONS = """
run_id = '{run}'
run_id != '{run}' AND name LIKE 'P %'
run_id IN ('{run}', '{second}')
run_id NOT IN ('{run}') AND name LIKE 'P %'
run_id LIKE '{run}'
run_id IN ()
run_id IN ('{run}', 1)
attribute.run_id = '{run}'
run_id > 'a'
run_id = '' AND name LIKE 'P %'
source_path = 's3://bucket/a'
source_path LIKE 's3://bucket/%' AND name LIKE 'P %'
source_path ILIKE 's3://bucket/B' AND name LIKE 'P %'
source_path != 's3://bucket/a' AND name LIKE 'P %'
source_path IN ('s3://bucket/a') AND name LIKE 'P %'
source = 's3://bucket/a'
version_number = 1 AND name LIKE 'P %'
version_number != 1 AND name LIKE 'P %'
version_number > 1 AND name LIKE 'P %'
version_number >= 2 AND name = 'P one'
version_number < 2 AND name LIKE 'P %'
version_number <= 2 AND name = 'P one'
version_number = '1' AND name = 'P one'
version_number = 1.5
version_number = 1.0
version_number = 'one'
version_number LIKE '1'
version_number IN (1, 2)
version_number IN ('1', '2')
version_number = -1
version_number > 99999999999999999999
version = 1
name = 'P one' AND run_id = '{run}' AND version_number = 2
current_stage = 'None'
status = 'READY'
model_id = 'x'
user_id = ''
""".strip("\n").split("\n")
ORDERS = (
    ["name"],
    ["name ASC"],
    ["name DESC"],
    ["name desc"],
    ["attribute.name"],
    ["attributes.name"],
    ["`name`"],
    ["last_updated_timestamp"],
    ["last_updated_timestamp DESC"],
    ["timestamp"],
    ["timestamp DESC"],
    ["creation_timestamp"],
    ["creation_timestamp DESC"],
    ["version_number"],
    ["version_number DESC"],
    ["version_number", "name DESC"],
    ["name", "version_number ASC"],
    ["last_updated_timestamp", "name"],
    ["name", "name DESC"],
    ["timestamp", "last_updated_timestamp"],
    ["version"],
    ["run_id"],
    ["tags.stage"],
    ["nonsense"],
    ["name NONSENSE"],
    ["name ASC DESC"],
    [""],
    ["name,version_number"],
    [],
)
for path, title in ((MODELS, "search registered models"), (VERSIONS, "search model versions")):
    prefix = f"{title} "
    mine = f"name LIKE '{prefix}%'"
    s = Scenario(title)
    add_models(s, prefix)
    for text in dict.fromkeys(COMMON + (OF_VERSIONS if path == VERSIONS else OF_VERSIONS[:4])):
        s.get(
            f"«{text}»",
            path,
            {"filter": text.replace("'P ", f"'{prefix}").replace("'p ", f"'{prefix}").replace('"P ', f'"{prefix}')},
        )
    for order in ORDERS:
        query = [("filter", mine), *(("order_by", item) for item in order)]
        s.get(f"by {order}", path, query)
    for size in (1, 2, 3, 4, 5, 6, 100, 1000):
        s.get(f"pages of {size}", path, {"filter": mine, "max_results": size}, follow=True)
        by = {"order_by": "last_updated_timestamp DESC"}
        s.get(f"pages of {size} by time", path, {"filter": mine, "max_results": size, **by}, follow=True)
    for order in ("name DESC", "version_number", "creation_timestamp DESC"):
        s.get(f"pages of 2 by {order}", path, {"filter": mine, "max_results": 2, "order_by": order}, follow=True)
    for size in ("0", "-1", "1001", "200001", "many", "", "1.5", "2.0", "2147483648", "9223372036854775808"):
        s.get(f"max_results {size!r}", path, {"filter": mine, "max_results": size})
    for of, token in {
        "of the reference": base64.b64encode(b'{"offset": 2}').decode(),
        "beyond the end": base64.b64encode(b'{"offset": 200}').decode(),
        "that is no base64": "abc",
        "of punctuation": "!!!",
        "that is empty": "",
        "that holds no JSON": base64.b64encode(b"nothing").decode(),
        "without an offset": base64.b64encode(b"{}").decode(),
    }.items():
        s.get(f"page token {of}", path, {"filter": mine, "max_results": 2, "page_token": token})
    s.get("an empty filter and size nought", path, {"filter": "", "max_results": 0})
    s.get("under ajax-api", AJAX + path, {"filter": mine})
    s.get("camel case", path, {"filter": mine, "maxResults": 1, "orderBy": "name DESC"})
    s.post("by POST", path, {"filter": mine})
    s.get("filter twice", path, [("filter", mine), ("filter", "nonsense")])
    s.get("bad filter and bad order", path, {"filter": "nonsense", "order_by": "nonsense"})
    s.get("bad order and bad token", path, {"order_by": "nonsense", "page_token": "abc"})
    s.get("bad size and bad filter", path, {"max_results": "many", "filter": "nonsense"})
    s.get("a filter with a NUL", path, {"filter": "name = 'a\u0000b'"})
    s.get("a filter of spaces", path, {"filter": "  ", "max_results": 0})
    s.get("a long list", path, {"filter": "name IN (" + ", ".join(f"'{n}'" for n in range(300)) + f", '{prefix}one')"})
    # What changes a model's place in an order by time.
    for what, (method, route, body) in {
        "a version": ("POST", "model-versions/create", {"source": "s3://a/b"}),
        "a tag": ("POST", "registered-models/set-tag", {"key": "late", "value": "1"}),
        "a description": ("PATCH", "registered-models/update", {"description": "late"}),
        "an alias": ("POST", "registered-models/alias", {"alias": "late", "version": "1"}),
        "a version's tag": ("POST", "model-versions/set-tag", {"version": "1", "key": "late", "value": "1"}),
        "a version's description": ("PATCH", "model-versions/update", {"version": "1", "description": "late"}),
        "a version's stage": ("POST", "model-versions/transition-stage", {"version": "1", "stage": "Staging"}),
        "a version's end": ("DELETE", "model-versions/delete", {"version": "1"}),
    }.items():
        s.do(route, {"name": prefix + "one", **body}, method=method)
        s.get(f"by time after {what}", path, {"filter": mine, "order_by": "last_updated_timestamp DESC"})
        s.get(f"as it is after {what}", path, {"filter": mine})

s = Scenario("prompts", experiment=False)
text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
s.post("register", "registered-models/create", {"name": "greeting", "tags": [PROMPT, {"key": "team", "value": "a"}]})
first = {"name": "greeting", "source": "dummy-source", "description": "first", "tags": [PROMPT, text]}
s.post("first version", "model-versions/create", first)
s.post("second version", "model-versions/create", {**first, "tags": [PROMPT, {**text, "value": "Hi {{name}}"}]})
s.get("load a version", "model-versions/get", {"name": "greeting", "version": "1"})
s.post("set an alias", "registered-models/alias", {"name": "greeting", "alias": "production", "version": "1"})
s.get("load by alias", "registered-models/alias", {"name": "greeting", "alias": "production"})
s.get("the prompt", "registered-models/get", {"name": "greeting"})
s.get("latest", "registered-models/alias", {"name": "greeting", "alias": "latest"})
s.post("register again", "registered-models/create", {"name": "greeting", "tags": [PROMPT]})
s.post("a model of the same name", "registered-models/create", {"name": "greeting"})
s.post("a version that is no prompt", "model-versions/create", {"name": "greeting", "source": "s3://a/b"})
s.make_registered("greeting model")
s.post("a prompt of a model's name", "registered-models/create", {"name": "greeting model", "tags": [PROMPT]})
s.post("a prompt version of a model", "model-versions/create", {**first, "name": "greeting model"})
for source in (
    "dummy-source",
    "mlflow-prompt",
    "",
    "prompt-template",
    "s3://a/b",
    "/etc",
    "runs:/a/b",
    "models:/greeting/1",
):
    s.post(f"version with source {source!r}", "model-versions/create", {**first, "source": source})
for value in ("true", "True", "TRUE", "false", "", "yes"):
    tag = {**PROMPT, "value": value}
    s.post(f"flag {value!r}", "registered-models/create", {"name": f"greeting {value} flag", "tags": [tag]})
    s.post(
        f"flag {value!r}, local source",
        "model-versions/create",
        {"name": f"greeting {value} flag", "source": "/etc", "tags": [tag]},
    )
    query = {"filter": f"name = 'greeting {value} flag'"}
    s.get(f"flag {value!r}, found by name", MODELS, query)
    s.get(f"flag {value!r}, versions found by name", VERSIONS, query)
for of in ("true", "false"):
    s.get(f"search {of}", MODELS, {"filter": f"name LIKE 'greeting%' AND tags.`mlflow.prompt.is_prompt` = '{of}'"})
    s.get(
        f"search versions {of}",
        VERSIONS,
        {"filter": f"name LIKE 'greeting%' AND tags.`mlflow.prompt.is_prompt` = '{of}'"},
    )
s.post("becomes a prompt", "registered-models/set-tag", {"name": "greeting model", **PROMPT})
s.get("search after it became one", MODELS, {"filter": "name = 'greeting model'"})
s.step(
    "is one no more", "DELETE", "registered-models/delete-tag", body={"name": "greeting model", "key": PROMPT["key"]}
)
s.get("search after it is one no more", MODELS, {"filter": "name = 'greeting model'"})
s.post("a version becomes a prompt", "model-versions/set-tag", {"name": "greeting model", "version": "1", **PROMPT})
s.get("search of versions after that", VERSIONS, {"filter": "name = 'greeting model'"})
long = [PROMPT, {**text, "value": "t" * 100_001}]
s.post("a long text", "model-versions/create", {**first, "tags": long})
s.post("a text of 100000", "model-versions/create", {**first, "tags": [PROMPT, {**text, "value": "t" * 100_000}]})
s.post("tag of a prompt", "registered-models/set-tag", {"name": "greeting", "key": "team", "value": "b"})
s.post(
    "tag of a prompt's version",
    "model-versions/set-tag",
    {"name": "greeting", "version": "2", "key": "a", "value": "b"},
)
s.step("delete a version", "DELETE", "model-versions/delete", body={"name": "greeting", "version": "1"})
s.get("alias of the deleted version", "registered-models/alias", {"name": "greeting", "alias": "production"})
s.make_registered("greeting mixed")
s.make_version("greeting mixed")
s.make_version("greeting mixed", source="dummy-source", tags=[PROMPT])
s.get("versions beside one of a prompt", VERSIONS, {"filter": "name = 'greeting mixed'"})
s.step("delete the one", "DELETE", "model-versions/delete", body={"name": "greeting mixed", "version": "2"})
s.get("versions left by one of a prompt", VERSIONS, {"filter": "name = 'greeting mixed'"})
s.step("delete the prompt", "DELETE", "registered-models/delete", body={"name": "greeting"})
s.get("the deleted prompt", "registered-models/get", {"name": "greeting"})
