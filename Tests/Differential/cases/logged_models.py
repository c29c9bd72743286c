"""Logged models: create, get, finalize, delete, params, tags and artifacts."""

from scenario import AJAX, API, ARTIFACTS, MISSING, Scenario, wrong_types

UNKNOWN = "m-" + "0" * 32
TEXTS = {
    "unicode": "modèle 損失 🙂",
    "with a NUL": "a\u0000b",
    "with a newline": "a\nb",
    "with quotes": 'it\'s "a"',
    "of spaces": "   ",
    "of 5000": "n" * 5000,
}

s = Scenario("logged-models create")
base = {"experiment_id": "{experiment}", "name": "model"}
s.table(
    "logged-models",
    base,
    {
        "plain": {},
        **wrong_types("experiment_id"),
        "experiment unknown": {"experiment_id": "99999999"},
        "experiment a word": {"experiment_id": "abc"},
        "experiment of twenty nines": {"experiment_id": "9" * 20},
        **wrong_types("name"),
        **wrong_types("model_type", "missing"),
        **wrong_types("source_run_id", "missing"),
        "source run unknown": {"source_run_id": "0" * 32},
        "name a number": {"name": "5"},
        **{f"name with {c!r}": {"name": f"a{c}b"} for c in "/:.%\"'\\#?&*"},
        **{f"name {title}": {"name": text} for title, text in TEXTS.items()},
        "name of 500": {"name": "n" * 500},
        "name of 501": {"name": "n" * 501},
        "type of 500": {"model_type": "t" * 500},
        "type of 501": {"model_type": "t" * 501},
        "type unicode": {"model_type": "modèle"},
        "unknown field": {"nonsense": 1},
        "camel case": {"experiment_id": MISSING, "experimentId": "{experiment}", "modelType": "t", "sourceRunId": "r"},
        "model id of one's own": {"model_id": UNKNOWN},
        "everything missing": {"experiment_id": MISSING, "name": MISSING},
        "everything wrong": {"experiment_id": 1, "name": 2, "model_type": 3, "params": 4, "tags": 5},
    },
)
s.make_run("run")
s.post("with a source run", "logged-models", {**base, "source_run_id": "{run}", "model_type": "agent"})
s.post("under ajax-api", AJAX + "logged-models", base)
s.post("with a trailing slash", "logged-models/", base)
s.get("by GET", "logged-models", {"experiment_id": "{experiment}"})
PAIRS = {
    "one": [{"key": "a", "value": "1"}],
    "none": [],
    "null": None,
    "an object": {"a": "1"},
    "a string": "a",
    "a list of strings": ["a"],
    "a list of null": [None],
    "an empty object": [{}],
    "key missing": [{"value": "1"}],
    "key empty": [{"key": "", "value": "1"}],
    "key a number": [{"key": 1, "value": "1"}],
    "value missing": [{"key": "a"}],
    "value empty": [{"key": "a", "value": ""}],
    "value null": [{"key": "a", "value": None}],
    "value a number": [{"key": "a", "value": 1}],
    "value unicode": [{"key": "é損🙂", "value": "é損🙂"}],
    "value with a NUL": [{"key": "a", "value": "x\u0000y"}],
    "key with a NUL": [{"key": "a\u0000b", "value": "x"}],
    "two": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}],
    "the same key and value twice": [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}],
    "the same key twice": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
    "bad character in the key": [{"key": "a!", "value": "1"}],
    "key a path": [{"key": "a//b", "value": "1"}],
    "key upwards": [{"key": "../a", "value": "1"}],
    "key of 250": [{"key": "k" * 250, "value": "1"}],
    "key of 251": [{"key": "k" * 251, "value": "1"}],
    "key of 300": [{"key": "k" * 300, "value": "1"}],
    "value of 6000": [{"key": "a", "value": "v" * 6000}],
    "value of 6001": [{"key": "a", "value": "v" * 6001}],
    "value of 8001": [{"key": "a", "value": "v" * 8001}],
    "value of 20000": [{"key": "a", "value": "v" * 20000}],
    "a hundred and one": [{"key": f"k{n}", "value": "1"} for n in range(101)],
}
for title, pairs in PAIRS.items():
    s.post(f"params {title}", "logged-models", {**base, "params": pairs}, save={"model": "model.info.model_id"})
    s.post(f"tags {title}", "logged-models", {**base, "tags": pairs})
s.do("experiments/delete", {"experiment_id": "{experiment}"})
s.post("experiment deleted", "logged-models", base)

s = Scenario("logged-models get", run=True)
s.make_model("model", source_run_id="{run}", model_type="t", params=PAIRS["two"], tags=PAIRS["two"])
for title, path in {
    "plain": "logged-models/{model}",
    "unknown": f"logged-models/{UNKNOWN}",
    "of another form": "logged-models/nonsense",
    "of a run": "logged-models/{run}",
    "encoded": "logged-models/%6d-0",
    "unicode": "logged-models/損失",
    "with a NUL": "logged-models/a%00b",
    "trailing slash": "logged-models/{model}/",
    "upper case": "logged-models/M-ABC",
    "allow_deleted": "logged-models/{model}?allow_deleted=true",
    "allow_deleted nonsense": "logged-models/{model}?allow_deleted=nonsense",
    "model_id in the query": "logged-models/{model}?model_id=other",
    "under ajax-api": AJAX + "logged-models/{model}",
    "unknown part beneath": "logged-models/{model}/nonsense",
}.items():
    s.get(title, path)
s.step("delete", "DELETE", "logged-models/{model}")
for value in ("", "?allow_deleted=true", "?allow_deleted=True", "?allow_deleted=1", "?allow_deleted=false"):
    s.get(f"deleted, {value}", "logged-models/{model}" + value)
s.step("delete again", "DELETE", "logged-models/{model}", see="model")
s.step("delete unknown", "DELETE", f"logged-models/{UNKNOWN}")
s.step("delete with a body", "DELETE", "logged-models/{model}", body={"model_id": "{model}"})
s.step("delete under ajax-api", "DELETE", AJAX + f"logged-models/{UNKNOWN}")
for title, (method, path, body) in {
    "finalize": ("PATCH", "", {"model_id": "{model}", "status": "LOGGED_MODEL_READY"}),
    "params": ("POST", "/params", {"model_id": "{model}", "params": [{"key": "late", "value": "1"}]}),
    "tags": ("PATCH", "/tags", {"model_id": "{model}", "tags": [{"key": "late", "value": "1"}]}),
    "tag removal": ("DELETE", "/tags/a", None),
    "files": ("GET", "/artifacts/directories", None),
}.items():
    s.step(f"deleted model, {title}", method, "logged-models/{model}" + path, body=body, see="model")
s.make_model("fleeting")
s.do("experiments/delete", {"experiment_id": "{experiment}"})
s.get("in a deleted experiment", "logged-models/{fleeting}")

s = Scenario("logged-models finalize")
s.make_model("other")
s.table(
    "logged-models/{model}",
    {"model_id": "{model}", "status": "LOGGED_MODEL_READY"},
    {
        "ready": {},
        **{f"status {value!r}": {"status": value} for value in (0, 1, 2, 3, 4, -1, "2", "3", "", None, True, 2.0, 2.5)},
        **{
            f"status {name}": {"status": name}
            for name in (
                "LOGGED_MODEL_PENDING",
                "LOGGED_MODEL_UPLOAD_FAILED",
                "LOGGED_MODEL_STATUS_UNSPECIFIED",
                "READY",
                "logged_model_ready",
                "nonsense",
            )
        },
        "status missing": {"status": MISSING},
        "status an array": {"status": ["LOGGED_MODEL_READY"]},
        "status an object": {"status": {}},
        **wrong_types("model_id"),
        "model id of another": {"model_id": "{other}"},
        "model id unknown": {"model_id": UNKNOWN},
        "camel case": {"model_id": MISSING, "modelId": "{model}"},
        "unknown field": {"nonsense": 1},
        "nothing": {"model_id": MISSING, "status": MISSING},
    },
    method="PATCH",
    fresh="model",
    see="model",
)
s.step("unknown", "PATCH", f"logged-models/{UNKNOWN}", body={"model_id": UNKNOWN, "status": "LOGGED_MODEL_READY"})
s.step("without a body", "PATCH", "logged-models/{model}")
s.step("an array as body", "PATCH", "logged-models/{model}", body=[])
s.step(
    "under ajax-api", "PATCH", AJAX + "logged-models/{model}", body={"model_id": "{model}", "status": 2}, see="model"
)
s.step("back to pending", "PATCH", "logged-models/{model}", body={"model_id": "{model}", "status": 1}, see="model")

s = Scenario("logged-models params and tags")
for title, pairs in PAIRS.items():
    body = {"model_id": "{model}", "params": pairs}
    s.step(f"params {title}", "POST", "logged-models/{model}/params", body=body, fresh="model", see="model")
    body = {"model_id": "{model}", "tags": pairs}
    s.step(f"tags {title}", "PATCH", "logged-models/{model}/tags", body=body, fresh="model", see="model")
s.make_model("model", params=PAIRS["two"], tags=PAIRS["two"])
for title, value in {"the same": "1", "another value": "9"}.items():
    pairs = [{"key": "a", "value": value}, {"key": f"new {value}", "value": "1"}]
    s.post(
        f"param again, {title}", "logged-models/{model}/params", {"model_id": "{model}", "params": pairs}, see="model"
    )
    s.step(f"tag again, {title}", "PATCH", "logged-models/{model}/tags", body={"tags": pairs}, see="model")
s.make_model("other")
for title, body in {
    "without the model": {},
    "with the id of another": {"model_id": "{other}"},
    "with a model of a wrong type": {"model_id": 1},
    "with an unknown model": {"model_id": UNKNOWN},
}.items():
    more = [{"key": title, "value": "1"}]
    s.post(f"params {title}", "logged-models/{model}/params", {**body, "params": more}, fresh="model", see="model")
    s.step(
        f"tags {title}", "PATCH", "logged-models/{model}/tags", body={**body, "tags": more}, fresh="model", see="model"
    )
    s.get(f"the other after {title}", "logged-models/{other}")
s.make_model("model", params=PAIRS["two"], tags=PAIRS["two"])
s.do("logged-models/{model}/tags", {"tags": [{"key": "new 1", "value": "1"}]}, method="PATCH")
s.post("params missing", "logged-models/{model}/params", {"model_id": "{model}"})
s.step("tags missing", "PATCH", "logged-models/{model}/tags", body={"model_id": "{model}"})
s.post("params of an unknown model", f"logged-models/{UNKNOWN}/params", {"model_id": UNKNOWN, "params": PAIRS["one"]})
s.step("tags of an unknown model", "PATCH", f"logged-models/{UNKNOWN}/tags", body={"tags": PAIRS["one"]})
s.post("tags by POST", "logged-models/{model}/tags", {"model_id": "{model}", "tags": PAIRS["one"]})
for title, key in {
    "plain": "a",
    "again": "a",
    "unknown": "nonsense",
    "with a slash": "x/y",
    "encoded slash": "x%2Fy",
    "encoded": "new%201",
    "unicode": "損失",
    "with a quote": "it's",
    "empty": "",
}.items():
    s.step(f"delete tag {title}", "DELETE", "logged-models/{model}/tags/" + key, see="model")
s.step("delete tag of an unknown model", "DELETE", f"logged-models/{UNKNOWN}/tags/a")
s.step("delete tag under ajax-api", "DELETE", AJAX + "logged-models/{model}/tags/b", see="model")

s = Scenario("logged-models artifacts")
s.make_model("model")
FILES = AJAX + "logged-models/{model}/artifacts/files"
FOLDERS = "logged-models/{model}/artifacts/directories"
s.get("folder without anything", FOLDERS)
PLACE = ARTIFACTS + "/{experiment}/models/{model}/artifacts/"
s.put(PLACE + "MLmodel", b"flavors: {}\n")
s.put(PLACE + "a/b.txt", b"text")
s.put(PLACE + "a/c/d.json", b"{}")
s.put(PLACE + "100%25.txt", b"percent")
for title, path in {
    "root": None,
    "empty": "",
    "folder": "a",
    "folder with a slash": "a/",
    "deeper": "a/c",
    "a file": "MLmodel",
    "unknown": "nonsense",
    "upwards": "..",
    "upwards inside": "a/../..",
    "absolute": "/etc",
    "doubled slash": "//a",
    "encoded upwards": "%2e%2e",
    "a URI": "file:///etc",
    "with a NUL": "a\u0000b",
    "a dot": ".",
    "a percent": "100%.txt",
}.items():
    s.get(f"list {title}", FOLDERS, None if path is None else {"artifact_directory_path": path})
    if path is not None:
        headers = ("Content-Disposition", "X-Content-Type-Options")
        s.get(f"file {title}", FILES, {"artifact_file_path": path}, compare_headers=headers)
s.get("file b", FILES, {"artifact_file_path": "a/b.txt"})
s.get("file without a path", FILES)
s.get("list camel case", FOLDERS, {"artifactDirectoryPath": "a"})
s.get("list under ajax-api", AJAX + FOLDERS)
s.get("file under api", API + "logged-models/{model}/artifacts/files", {"artifact_file_path": "MLmodel"})
s.get("list of an unknown model", f"logged-models/{UNKNOWN}/artifacts/directories")
s.get("file of an unknown model", AJAX + f"logged-models/{UNKNOWN}/artifacts/files", {"artifact_file_path": "a"})
s.get("bad path of an unknown model", AJAX + f"logged-models/{UNKNOWN}/artifacts/files", {"artifact_file_path": ".."})
PRESIGNED = "artifacts/presigned-upload-url"
for title, fields in {
    "a model": {"model_id": "{model}"},
    "an unknown model": {"model_id": UNKNOWN},
    "an empty model": {"model_id": ""},
    "a model and a bad path": {"model_id": "{model}", "path": "../a"},
    "a model of a wrong type": {"model_id": 1},
    "a model and a run": {"model_id": "{model}", "run_id": "0" * 32},
}.items():
    s.post(f"presigned upload to {title}", PRESIGNED, {"path": "a", **fields})
s.make_experiment("elsewhere", artifact_location="s3://bucket/somewhere")
s.make_model("remote", experiment="elsewhere")
s.get("model in a bucket", "logged-models/{remote}")
s.step("delete the model", "DELETE", "logged-models/{model}")
s.get("list of a deleted model", FOLDERS)
s.get("file of a deleted model", FILES, {"artifact_file_path": "MLmodel"})
