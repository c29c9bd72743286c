"""Model versions: create from every kind of source, get, update, stages, delete, tags, download URI, artifacts."""

from cases.registered_models import TAGS
from scenario import AJAX, ARTIFACTS, MISSING, Scenario, wrong_types

UNKNOWN = "m-" + "0" * 32
CREATE = "model-versions/create"

s = Scenario("model-versions create", run=True)
base = {"name": "{name}", "source": "s3://bucket/model"}
s.table(
    CREATE,
    base,
    {
        "plain": {},
        **wrong_types("name"),
        "name unknown": {"name": "no such model"},
        "name bad": {"name": "a/b"},
        **wrong_types("source"),
        **wrong_types("run_id", "missing"),
        **wrong_types("run_link", "missing"),
        **wrong_types("description", "missing"),
        **wrong_types("model_id", "missing"),
        "with everything": {"run_id": "{run}", "run_link": "http://a/b", "description": "é損🙂", "tags": TAGS["two"]},
        "run unknown": {"run_id": "0" * 32},
        "run of another form": {"run_id": "nonsense"},
        "model unknown": {"model_id": UNKNOWN},
        "run link of 500": {"run_link": "l" * 500},
        "run link of 501": {"run_link": "l" * 501},
        "description of 5001": {"description": "d" * 5001},
        "description with a NUL": {"description": "a\u0000b"},
        "camel case": {"runId": "{run}", "runLink": "l", "modelId": ""},
        "version of one's own": {"version": "7"},
        "everything wrong": {"name": 1, "source": 1, "run_id": 1, "tags": 1},
        "name unknown and source bad": {"name": "no such model", "source": "/etc"},
        **{f"tags {title}": {"tags": tags} for title, tags in TAGS.items()},
    },
    fresh="registered",
    see="registered",
)
s.post("under ajax-api", AJAX + CREATE, base)
s.get("by GET", CREATE, {"name": "{name}"})
for number in (2, 3):
    s.post(f"number {number}", CREATE, base)
s.do("model-versions/delete", {"name": "{name}", "version": "3"}, method="DELETE")
s.post("after the last was deleted", CREATE, base, see="registered versions")

s = Scenario("model-versions source", run=True)
s.make_run("other")
s.make_model("model", source_run_id="{run}")
s.make_model("second")
s.make_model("gone")
s.do("logged-models/{gone}", None, method="DELETE")
s.make_registered("source of versions")
s.do(CREATE, {"name": "source of versions", "source": "models:/{model}", "model_id": "{model}"})
s.do(CREATE, {"name": "source of versions", "source": "runs:/{run}/model", "run_id": "{run}"})
s.make_version("source of versions")
s.do("registered-models/alias", {"name": "source of versions", "alias": "best", "version": "1"})
s.do("model-versions/transition-stage", {"name": "source of versions", "version": "2", "stage": "Staging"})
s.make_registered("source of prompts", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}])
PROXIED = "mlflow-artifacts:/{experiment}/{run}/artifacts"
SOURCES = (
    "runs:/{run}/model",
    "runs:/{run}",
    "runs:/{run}/",
    "runs:/{run}/a/../b",
    "runs:/{run}/a/../../b",
    "runs:/{run}//a",
    "runs:/",
    "runs:{run}/model",
    "runs://host/{run}/model",
    "runs:/" + "0" * 32 + "/model",
    "RUNS:/{run}/model",
    PROXIED,
    PROXIED + "/model",
    PROXIED + "/../model",
    PROXIED + "/%2e%2e/model",
    PROXIED + "/a b",
    PROXIED + "/a%20b",
    PROXIED + "elsewhere/model",
    "mlflow-artifacts:/{experiment}/{other}/artifacts/model",
    "mlflow-artifacts:/{experiment}/models/{model}/artifacts",
    "mlflow-artifacts:/{experiment}/models/{model}/artifacts/a",
    "mlflow-artifacts:/",
    "mlflow-artifacts://host/{experiment}/{run}/artifacts",
    "http://host/api/2.0/mlflow-artifacts/artifacts/a",
    "http://host/ajax-api/2.0/mlflow-artifacts/artifacts/a",
    "http://host/x/api/2.0/mlflow-artifacts/artifacts/a",
    "models:/{model}",
    "models:/{second}",
    "models:/{gone}",
    "models:/" + UNKNOWN,
    "models:/{model}/a",
    "models://host/{model}",
    "models:/source of versions/1",
    "models:/source of versions/2",
    "models:/source of versions/3",
    "models:/source of versions/9",
    "models:/source of versions/latest",
    "models:/source of versions/Staging",
    "models:/source of versions/Production",
    "models:/source of versions@best",
    "models:/source of versions@none",
    "models:/source of versions",
    "models:/no such model/1",
    "models:/source of prompts/1",
    "models:/",
    "models:",
    "models://host/source of versions/1",
    "s3://bucket/model",
    "s3://bucket/a/../b",
    "s3://bucket/a/./b",
    "s3://bucket//a",
    "s3://bucket/a/",
    "s3://bucket/%2e%2e/a",
    "s3://bucket/%252e%252e/a",
    "s3://bucket/a%00b",
    "s3://bucket/a?b=c#d",
    "s3:bucket",
    "gs://bucket/a",
    "wasbs://a@b/c",
    "dbfs:/a/b",
    "hdfs://host/a",
    "ftp://host/a",
    "http://host/a",
    "https://host/a/../b",
    "http:///#/../../etc",
    "abfss://x@y/z",
    "file:///etc",
    "file:/etc/passwd",
    "file://host/etc",
    "file://localhost/etc",
    "FILE:///etc",
    "file:///a/../etc",
    "/etc",
    "/etc/passwd",
    "etc",
    "./etc",
    "../etc",
    "a b",
    "nonsense:/a",
    "nonsense:a",
    "C:/a",
    "\\\\host\\share",
    "modèle",
    "s3://bucket/損失",
    "s3://bucket/" + "a" * 488,
    "s3://bucket/" + "a" * 489,
    "s3://bucket/a\nb",
    "s3://bucket/a\u0000b",
    " ",
    "dummy-source",
    "#",
    "?",
    "javascript:alert(1)",
)
for source in SOURCES:
    shown = source if len(source) < 300 else f"of {len(source)}"
    for title, fields in {
        "alone": {},
        "with the run": {"run_id": "{run}"},
        "with the model": {"model_id": "{model}"},
        "with both": {"run_id": "{run}", "model_id": "{model}"},
    }.items():
        if title != "with both" or source.startswith(("models", "runs")):
            s.post(f"{shown!r} {title}", CREATE, {"name": "{name}", "source": source, **fields}, fresh="registered")
for title, fields in {
    "another run": {"run_id": "{other}"},
    "another model": {"model_id": "{second}"},
    "an unknown run": {"run_id": "0" * 32},
    "an unknown model": {"model_id": UNKNOWN},
    "a deleted model": {"model_id": "{gone}"},
    "an empty run": {"run_id": ""},
    "an empty model": {"model_id": ""},
}.items():
    for source in (
        "runs:/{run}/model",
        "models:/{model}",
        "models:/source of versions/1",
        PROXIED + "/model",
        "s3://b/a",
        "/etc",
    ):
        s.post(f"{source!r} with {title}", CREATE, {"name": "{name}", "source": source, **fields}, fresh="registered")
s.do("runs/delete", {"run_id": "{run}"})
s.post("of a deleted run", CREATE, {"name": "{name}", "source": "runs:/{run}/a", "run_id": "{run}"})

s = Scenario("model-versions get", experiment=False)
s.make_registered("versioned", versions=2)
VERSIONS = (
    "1",
    "2",
    "3",
    "0",
    "-1",
    "one",
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "1.0",
    "1_0",
    "١",
    "9" * 20,
    "latest",
    "\u0000",
)
for version in VERSIONS:
    s.get(f"version {version!r}", "model-versions/get", {"name": "versioned", "version": version})
    s.get(f"URI of version {version!r}", "model-versions/get-download-uri", {"name": "versioned", "version": version})
for title, query in {
    "name missing": {"version": "1"},
    "version missing": {"name": "versioned"},
    "nothing": {},
    "name unknown": {"name": "none", "version": "1"},
    "name bad": {"name": "a/b", "version": "1"},
    "name bad and version bad": {"name": "a/b", "version": "one"},
    "name in another case": {"name": "Versioned", "version": "1"},
}.items():
    for path in ("get", "get-download-uri"):
        s.get(f"{path} {title}", f"model-versions/{path}", query)
s.get("under ajax-api", AJAX + "model-versions/get", {"name": "versioned", "version": "1"})
s.get("URI under ajax-api", AJAX + "model-versions/get-download-uri", {"name": "versioned", "version": "1"})

s = Scenario("model-versions update", experiment=False)
change = {"name": "{name}", "version": "1", "description": "new"}
TARGETS = {
    **wrong_types("name"),
    **wrong_types("version"),
    "name unknown": {"name": "no such model"},
    "version unknown": {"version": "2"},
    "version a word": {"version": "one"},
    "version too large": {"version": "9" * 20},
}
s.table(
    "model-versions/update",
    change,
    {
        "plain": {},
        **TARGETS,
        **wrong_types("description"),
        "description unicode": {"description": "é損🙂"},
        "description of 5001": {"description": "d" * 5001},
        "description with a NUL": {"description": "a\u0000"},
    },
    method="PATCH",
    fresh="version",
    see="registered version",
)
s.step("under ajax-api", "PATCH", AJAX + "model-versions/update", body=change, see="version")

s = Scenario("model-versions delete", experiment=False)
one = {"name": "{name}", "version": "1"}
s.table(
    "model-versions/delete",
    one,
    {"plain": {}, **TARGETS},
    method="DELETE",
    fresh="version",
    see="registered versions version",
)
s.make_registered("shrinking", versions=2)
s.do("model-versions/set-tag", {"name": "shrinking", "version": "1", "key": "k", "value": "v"})
s.do("registered-models/alias", {"name": "shrinking", "alias": "best", "version": "1"})
gone = {"name": "shrinking", "version": "1"}
s.step("with a tag and an alias", "DELETE", "model-versions/delete", body=gone)
s.step("again", "DELETE", "model-versions/delete", body=gone)
for title, (method, path, more) in {
    "get": ("GET", "get", {}),
    "URI": ("GET", "get-download-uri", {}),
    "update": ("PATCH", "update", {"description": "d"}),
    "transition": ("POST", "transition-stage", {"stage": "Staging"}),
    "tag": ("POST", "set-tag", {"key": "a", "value": "b"}),
    "tag removal": ("DELETE", "delete-tag", {"key": "k"}),
}.items():
    content = {"query": {**gone, **more}} if method == "GET" else {"body": {**gone, **more}}
    s.step(f"{title} of a deleted version", method, f"model-versions/{path}", **content)
s.post("alias of a deleted version", "registered-models/alias", {**gone, "alias": "late"})
s.get("its model", "registered-models/get", {"name": "shrinking"})
s.get("artifact of a deleted version", "/model-versions/get-artifact", {**gone, "path": "a"})

s = Scenario("model-versions tags", experiment=False)
tag = {"name": "{name}", "version": "1", "key": "a", "value": "1"}
ROWS = {
    "plain": {},
    **TARGETS,
    **wrong_types("key"),
    **wrong_types("value"),
    **{
        f"{title}": {"key": TAGS[title][0]["key"]}
        for title in TAGS
        if title.startswith("key ") and "missing" not in title
    },
    **{f"{title}": {"value": TAGS[title][0]["value"]} for title in ("value of 100000", "value of 100001")},
    "value with a NUL": {"value": "a\u0000b"},
}
s.table("model-versions/set-tag", tag, ROWS, fresh="version", see="registered version")
s.table(
    "model-versions/delete-tag",
    {"name": "{name}", "version": "1", "key": "a"},
    {
        f"delete, {title}": row
        for title, row in {"plain": {}, **TARGETS, **wrong_types("key"), "key bad": {"key": "a!"}}.items()
    },
    method="DELETE",
    fresh="version",
    see="version",
)
s.make_registered("version tagged", versions=1)
mine = {"name": "version tagged", "version": "1", "key": "a"}
s.post("set", "model-versions/set-tag", {**mine, "value": "1"})
s.post("set to another value", "model-versions/set-tag", {**mine, "value": "2"})
s.get("read back", "model-versions/get", {"name": "version tagged", "version": "1"})
s.step("delete", "DELETE", "model-versions/delete-tag", body=mine)
s.step("delete again", "DELETE", "model-versions/delete-tag", body=mine)
s.get("read back after the removal", "model-versions/get", {"name": "version tagged", "version": "1"})
s.get("its model", "registered-models/get", {"name": "version tagged"})

s = Scenario("model-versions stages", experiment=False)
move = {"name": "{name}", "version": "1", "stage": "Staging"}
STAGES = (
    "Production",
    "production",
    "PRODUCTION",
    "Archived",
    "None",
    "none",
    "Staging ",
    "nonsense",
    "Deleted_Internal",
    "é",
)
s.table(
    "model-versions/transition-stage",
    move,
    {
        "plain": {},
        **TARGETS,
        **wrong_types("stage"),
        **{f"to {stage!r}": {"stage": stage} for stage in STAGES},
        **{
            f"archiving {value!r}": {"archive_existing_versions": value}
            for value in (True, False, None, "true", "no", "", 1, 0, [])
        },
        **{f"archiving, to {stage!r}": {"stage": stage, "archive_existing_versions": True} for stage in STAGES},
        "camel case": {"archiveExistingVersions": True},
        "unknown and nonsense": {"name": "no such model", "stage": "nonsense"},
    },
    fresh="version",
    see="registered version",
)
s.make_registered("moving", versions=4)
for version, stage, archive in (
    ("1", "Production", False),
    ("2", "Production", False),
    ("3", "production", True),
    ("3", "Production", True),
    ("4", "Staging", True),
    ("1", "None", False),
):
    body = {"name": "moving", "version": version, "stage": stage, "archive_existing_versions": archive}
    s.post(f"{version} to {stage}, {archive}", "model-versions/transition-stage", body)
    s.get(f"the model after {version} to {stage}, {archive}", "registered-models/get", {"name": "moving"})
    s.get(f"the versions after {version} to {stage}, {archive}", "model-versions/search", {"filter": "name = 'moving'"})
body = {"name": "moving", "version": "99", "stage": "Production", "archive_existing_versions": True}
s.post("an unknown version archives nothing", "model-versions/transition-stage", body)
s.get("the versions after that", "model-versions/search", {"filter": "name = 'moving'"})
s.post(
    "under ajax-api", AJAX + "model-versions/transition-stage", {"name": "moving", "version": "1", "stage": "Staging"}
)

s = Scenario("model-versions artifacts", run=True)
s.make_model("model")
s.put(ARTIFACTS + "/{experiment}/{run}/artifacts/model/MLmodel", b"flavors: {}\n")
s.put(ARTIFACTS + "/{experiment}/models/{model}/artifacts/MLmodel", b"flavors: {a: b}\n")
s.make_registered("with artifacts")
s.do(
    CREATE,
    {"name": "with artifacts", "source": "mlflow-artifacts:/{experiment}/{run}/artifacts/model", "run_id": "{run}"},
)
s.do(CREATE, {"name": "with artifacts", "source": "models:/{model}", "model_id": "{model}"})
s.do(CREATE, {"name": "with artifacts", "source": "models:/with artifacts/1"})
s.do(CREATE, {"name": "with artifacts", "source": "runs:/{run}/model", "run_id": "{run}"})
s.get("the model's tag of its versions", "logged-models/{model}")
s.do(CREATE, {"name": "with artifacts", "source": "models:/{model}", "model_id": "{model}"})
s.get("the model's tag of two versions", "logged-models/{model}")
GET = "/model-versions/get-artifact"
for version in ("1", "2", "3"):
    query = {"name": "with artifacts", "version": version}
    s.get(f"URI of {version}", "model-versions/get-download-uri", query)
    headers = ("Content-Disposition", "X-Content-Type-Options")
    s.get(f"file of {version}", GET, {**query, "path": "MLmodel"}, compare_headers=headers)
    s.get(f"no such file of {version}", GET, {**query, "path": "none"})
s.get("URI of a run's source", "model-versions/get-download-uri", {"name": "with artifacts", "version": "4"})
for title, query in {
    "path missing": {"name": "with artifacts", "version": "1"},
    "path empty": {"name": "with artifacts", "version": "1", "path": ""},
    "path upwards": {"name": "with artifacts", "version": "1", "path": "../MLmodel"},
    "path absolute": {"name": "with artifacts", "version": "1", "path": "/etc/passwd"},
    "path encoded upwards": {"name": "with artifacts", "version": "1", "path": "%2e%2e/a"},
    "name missing": {"version": "1", "path": "MLmodel"},
    "version missing": {"name": "with artifacts", "path": "MLmodel"},
    "name unknown": {"name": "none", "version": "1", "path": "MLmodel"},
    "version unknown": {"name": "with artifacts", "version": "9", "path": "MLmodel"},
    "version a word": {"name": "with artifacts", "version": "one", "path": "MLmodel"},
    "name bad": {"name": "a/b", "version": "1", "path": "MLmodel"},
    "nothing": {},
}.items():
    s.get(title, GET, query)
s.get(
    "under api",
    "/api/2.0/mlflow/model-versions/get-artifact",
    {"name": "with artifacts", "version": "1", "path": "MLmodel"},
)
