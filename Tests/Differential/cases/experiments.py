"""Experiments: create, get, rename, delete, restore and their tags."""

from scenario import AJAX, MISSING, Scenario, wrong_types

LONG_KEY = "k" * 250

# ---- create
s = Scenario("experiments create", experiment=False)
s.table(
    "experiments/create",
    {"name": "unused"},
    {
        **wrong_types("name"),
        "name of 500 characters": ({"name": "n" * 500}, {"save": {"long": "experiment_id"}}),
        "name of 501 characters": {"name": "n" * 501},
        "name of 500 characters outside the basic plane": {"name": "𝔘" * 500},
        "name of 501 characters outside the basic plane": {"name": "𝔘" * 501},
        "name of one space": {"name": " "},
        "name with every kind of character": {"name": "a/b\\c:d\"e'f%g?#\n\t损失 é 🙂"},
        "name that looks like a number": {"name": "12"},
        "name with a NUL": {"name": "a\u0000b"},
    },
)
s.post("first of a name", "experiments/create", {"name": "taken"}, save={"experiment": "experiment_id"})
s.post("second of a name", "experiments/create", {"name": "taken"}, mentions=("Experiment(name=taken) already exists",))
s.post("a name of another case is another name", "experiments/create", {"name": "Taken"})
s.post("a decomposed name", "experiments/create", {"name": "caf\u0065\u0301"})
s.post("a composed name is another name", "experiments/create", {"name": "caf\u00e9"})
s.post(
    "camel case",
    "experiments/create",
    {"name": "camel", "artifactLocation": "s3://bucket/camel"},
    save={"experiment": "experiment_id"},
    see="experiment",
)
s.post("unknown field", "experiments/create", {"name": "unknown field", "nonsense": {"a": [1]}})
s.post(
    "both spellings of a field",
    "experiments/create",
    {"name": "spellings", "artifact_location": "s3://a/b", "artifactLocation": "s3://a/c"},
)
s.post(
    "name of a deleted experiment",
    "experiments/create",
    {"name": "to be deleted"},
    save={"experiment": "experiment_id"},
)
s.post("deleting it", "experiments/delete", {"experiment_id": "{experiment}"})
s.post(
    "name taken by a deleted one",
    "experiments/create",
    {"name": "to be deleted"},
    mentions=("Experiment(name=to be deleted) already exists",),
)
s.post(
    "under ajax-api",
    AJAX + "experiments/create",
    {"name": "ajax"},
    save={"experiment": "experiment_id"},
    see="experiment",
)

s = Scenario("experiments create artifact location", experiment=False)
LOCATIONS = {
    "s3": "s3://bucket/folder",
    "s3 with a trailing slash": "s3://bucket/folder/",
    "s3 with a query": "s3://bucket/folder?a=b",
    "with a fragment": "s3://bucket/folder#fragment",
    "mlflow-artifacts": "mlflow-artifacts:/own/place",
    "mlflow-artifacts with a query": "mlflow-artifacts:/own?a=b",
    "local absolute": "/somewhere/absolute",
    "local absolute with a fragment": "/somewhere#else",
    "local relative": "some/relative/folder",
    "local relative with a dot": "./relative",
    "local relative upwards": "../above",
    "file uri": "file:///somewhere/by/uri",
    "file uri with a host": "file://host/somewhere",
    "file uri upwards": "file:///somewhere/../else",
    "http": "http://example.com/a",
    "http with a query": "http://example.com/a?b=c",
    "encoded upwards": "s3://bucket/%2e%2e/a",
    "s3 upwards": "s3://bucket/../a",
    "mlflow-artifacts upwards": "mlflow-artifacts:/../a",
    "dbfs": "dbfs:/a/b",
    "unknown scheme": "nonsense://a/b",
    "a space": " ",
    "with spaces": "s3://bucket/a b",
}
for title, location in LOCATIONS.items():
    s.post(
        title,
        "experiments/create",
        {"name": f"location {title}", "artifact_location": location},
        save={"experiment": "experiment_id"},
    )
    s.get(f"{title}, read back", "experiments/get-by-name", {"experiment_name": f"location {title}"})
for title in (
    "s3",
    "s3 with a trailing slash",
    "s3 with a query",
    "mlflow-artifacts",
    "mlflow-artifacts with a query",
    "local absolute",
    "local relative",
):
    s.get(
        f"{title}, found again",
        "experiments/get-by-name",
        {"experiment_name": f"location {title}"},
        save={"experiment": "experiment.experiment_id"},
    )
    s.post(
        f"{title}, a run inside",
        "runs/create",
        {"experiment_id": "{experiment}", "run_name": "inside"},
        save={"run": "run.info.run_id"},
    )
s.table(
    "experiments/create",
    {"name": "location types"},
    {
        f"location {kind}": {"name": f"location type {kind}", "artifact_location": value}
        for kind, value in {
            "null": None,
            "empty": "",
            "number": 1,
            "array": ["a"],
            "object": {},
            "boolean": False,
        }.items()
    },
)
s.table(
    "experiments/create",
    {},
    {
        f"location of {size} characters": {
            "name": f"location of {size}",
            "artifact_location": "s3://" + "a" * (size - 5),
        }
        for size in (2048, 2049, 5000)
    },
)

s = Scenario("experiments create tags", experiment=False)
TAGS = {
    "two": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}],
    "empty list": [],
    "null": None,
    "object": {"a": "b"},
    "string": "a",
    "list of strings": ["a"],
    "without value": [{"key": "a"}],
    "with an empty value": [{"key": "a", "value": ""}],
    "without key": [{"value": "a"}],
    "with an empty key": [{"key": "", "value": "a"}],
    "null in the list": [None],
    "null key": [{"key": None, "value": "a"}],
    "number as key": [{"key": 1, "value": "a"}],
    "number as value": [{"key": "a", "value": 1}],
    "null value": [{"key": "a", "value": None}],
    "twice the same key": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
    "key of 250": [{"key": LONG_KEY, "value": "a"}],
    "key of 251": [{"key": LONG_KEY + "k", "value": "a"}],
    "value of 20000": [{"key": "a", "value": "v" * 20000}],
    "value of 20001": [{"key": "a", "value": "v" * 20001}],
    "bad character in a key": [{"key": "a!", "value": "b"}],
    "key that is a path": [{"key": "a//b", "value": "b"}],
    "second one bad": [{"key": "a", "value": "b"}, {"key": "../b", "value": "b"}],
}
for title, tags in TAGS.items():
    s.post(title, "experiments/create", {"name": f"tags {title}", "tags": tags})
    s.get(
        f"{title}, read back",
        "experiments/get-by-name",
        {"experiment_name": f"tags {title}"},
        save={"experiment": "experiment.experiment_id"},
    )

# ---- get
s = Scenario("experiments get")
s.get("by id", "experiments/get", {"experiment_id": "{experiment}"})
s.get("Default", "experiments/get", {"experiment_id": "0"})
s.get("camel case in a query is unknown", "experiments/get", {"experimentId": "{experiment}"})
s.get("no id", "experiments/get")
s.get("unknown field", "experiments/get", {"experiment_id": "{experiment}", "nonsense": "1"})
for title, value in {
    "unknown": "99999999",
    "empty": "",
    "word": "abc",
    "negative": "-1",
    "with a plus": "+0",
    "float": "1.5",
    "with spaces": " 0 ",
    "with leading zeros": "000",
    "with an underscore": "0_0",
    "space": " ",
    "nineteen nines": "9" * 19,
    "twenty nines": "9" * 20,
    "punctuation": "a/b?c",
    "hexadecimal": "0x0",
    "Arabic digits": "٠",
    "longer than 64": "1" * 65,
}.items():
    s.get(f"id {title}", "experiments/get", {"experiment_id": value})
s.get("id twice", "experiments/get", [("experiment_id", "{experiment}"), ("experiment_id", "0")])
s.get("by name", "experiments/get-by-name", {"experiment_name": "experiments get experiment"})
s.get("by name, Default", "experiments/get-by-name", {"experiment_name": "Default"})
s.get("by name, unknown", "experiments/get-by-name", {"experiment_name": "no such thing"})
s.get("by name, in another case", "experiments/get-by-name", {"experiment_name": "Experiments Get experiment"})
s.get("by name, with a wildcard", "experiments/get-by-name", {"experiment_name": "experiments get%"})
s.get("by name, empty", "experiments/get-by-name", {"experiment_name": ""})
s.get("by name, missing", "experiments/get-by-name")
s.get("by name, under ajax-api", AJAX + "experiments/get-by-name", {"experiment_name": "experiments get experiment"})
s.step(
    "by name, with a JSON body",
    "GET",
    "experiments/get-by-name",
    body={"experiment_name": "experiments get experiment"},
)
s.step("by id, with a JSON body", "GET", "experiments/get", body={"experiment_id": "{experiment}"})

# ---- update
s = Scenario("experiments update")
s.make_experiment("other", "update other")
s.post("rename", "experiments/update", {"experiment_id": "{experiment}", "new_name": "renamed"}, see="experiment")
s.post(
    "rename to the same name",
    "experiments/update",
    {"experiment_id": "{experiment}", "new_name": "renamed"},
    see="experiment",
)
s.post(
    "rename to a name that is taken",
    "experiments/update",
    {"experiment_id": "{experiment}", "new_name": "update other"},
    see="experiment",
)
s.post(
    "camel case", "experiments/update", {"experimentId": "{experiment}", "newName": "camel renamed"}, see="experiment"
)
s.table(
    "experiments/update",
    {"experiment_id": "{experiment}", "new_name": "never"},
    {
        **wrong_types("experiment_id"),
        **wrong_types("new_name"),
        "unknown experiment": {"experiment_id": "99999999"},
        "id is a word": {"experiment_id": "abc"},
        "both missing": {"experiment_id": MISSING, "new_name": MISSING},
        "new_name of 500": {"new_name": "m" * 500},
        "new_name of 501": {"new_name": "m" * 501},
        "unknown experiment and a long name": {"experiment_id": "99999999", "new_name": "m" * 501},
    },
    see="experiment",
)
s.do("experiments/delete", {"experiment_id": "{experiment}"})
s.post(
    "rename a deleted one",
    "experiments/update",
    {"experiment_id": "{experiment}", "new_name": "gone"},
    see="experiment",
)

# ---- delete and restore
s = Scenario("experiments delete and restore", run=True)
s.make_run("deleted_before")
s.do("runs/delete", {"run_id": "{deleted_before}"})
s.post("delete", "experiments/delete", {"experiment_id": "{experiment}"}, see="both")
s.post("delete again", "experiments/delete", {"experiment_id": "{experiment}"})
s.get("a deleted one by id", "experiments/get", {"experiment_id": "{experiment}"})
s.get(
    "a deleted one by name", "experiments/get-by-name", {"experiment_name": "experiments delete and restore experiment"}
)
s.post("create a run inside", "runs/create", {"experiment_id": "{experiment}"})
s.post("set a tag on it", "experiments/set-experiment-tag", {"experiment_id": "{experiment}", "key": "a", "value": "b"})
s.post("delete a tag of it", "experiments/delete-experiment-tag", {"experiment_id": "{experiment}", "key": "a"})
s.post("log a metric to its run", "runs/log-metric", {"run_id": "{run}", "key": "a", "value": 1, "timestamp": 1})
s.post("restore its run alone", "runs/restore", {"run_id": "{run}"}, see="run")
s.post(
    "log a param to the restored run", "runs/log-parameter", {"run_id": "{run}", "key": "a", "value": "1"}, see="run"
)
s.post("restore", "experiments/restore", {"experiment_id": "{experiment}"}, see="both")
s.get("a run deleted before comes back too", "runs/get", {"run_id": "{deleted_before}"})
s.post("restore again", "experiments/restore", {"experiment_id": "{experiment}"})
s.post("camel case delete", "experiments/delete", {"experimentId": "{experiment}"}, see="experiment")
s.post("camel case restore", "experiments/restore", {"experimentId": "{experiment}"}, see="experiment")
for verb in ("delete", "restore"):
    s.table(
        f"experiments/{verb}",
        {"experiment_id": "{experiment}"},
        {
            f"{verb}, {title}": changes
            for title, changes in {
                **wrong_types("experiment_id"),
                "unknown": {"experiment_id": "99999999"},
                "word": {"experiment_id": "abc"},
            }.items()
        },
    )

# ---- tags
s = Scenario("experiments tags")
tag = {"experiment_id": "{experiment}", "key": "a", "value": "1"}
s.post("set", "experiments/set-experiment-tag", tag, see="experiment")
s.post("overwrite", "experiments/set-experiment-tag", {**tag, "value": "2"}, see="experiment")
s.post(
    "camel case",
    "experiments/set-experiment-tag",
    {"experimentId": "{experiment}", "key": "b", "value": "3"},
    see="experiment",
)
s.table(
    "experiments/set-experiment-tag",
    tag,
    {
        **wrong_types("experiment_id"),
        **wrong_types("key"),
        **wrong_types("value"),
        "unknown experiment": {"experiment_id": "99999999"},
        "id is a word": {"experiment_id": "abc"},
        "key of 250": {"key": LONG_KEY},
        "key of 251": {"key": LONG_KEY + "k"},
        "value of 20000": {"value": "v" * 20000},
        "value of 20001": {"value": "v" * 20001},
        "value of 20000 outside the basic plane": {"value": "🙂" * 20000},
        "bad character": {"key": "a!"},
        "emoji as key": {"key": "🙂"},
        "accented key": {"key": "é"},
        "key in Chinese": {"key": "損失"},
        "key with a slash": {"key": "a/b"},
        "key with a doubled slash": {"key": "a//b"},
        "absolute key": {"key": "/a"},
        "key with a trailing slash": {"key": "a/"},
        "key of a dot": {"key": "."},
        "key upwards": {"key": "../a"},
        "key with a trailing newline": {"key": "a\n"},
        "key of a space": {"key": " "},
        "key with a colon": {"key": "a:b"},
        "long key that is bad too": {"key": "!" * 251},
        "note": {"key": "mlflow.note.content", "value": "# a note"},
        "unknown experiment and a bad key": {"experiment_id": "99999999", "key": "a!"},
    },
    fresh="experiment",
    see="experiment",
)
s.do("experiments/set-experiment-tag", tag)
s.post("delete", "experiments/delete-experiment-tag", {"experiment_id": "{experiment}", "key": "a"}, see="experiment")
s.post("delete again", "experiments/delete-experiment-tag", {"experiment_id": "{experiment}", "key": "a"})
s.table(
    "experiments/delete-experiment-tag",
    {"experiment_id": "{experiment}", "key": "b"},
    {
        f"delete, {title}": changes
        for title, changes in {
            **wrong_types("experiment_id"),
            **wrong_types("key"),
            "unknown experiment": {"experiment_id": "99999999"},
            "id is a word": {"experiment_id": "abc"},
            "unknown key": {"key": "nothing"},
            "bad key": {"key": "a!"},
        }.items()
    },
)

# ---- the Default experiment; the last scenario touches what others share, and puts it back
s = Scenario("experiments default", experiment=False)
s.get("as it is", "experiments/get", {"experiment_id": "0"})
s.post("create again", "experiments/create", {"name": "Default"}, mentions=("Experiment(name=Default) already exists",))
s.post("delete", "experiments/delete", {"experiment_id": "0"})
s.get("deleted", "experiments/get", {"experiment_id": "0"})
s.post("a run without experiment while it is deleted", "runs/create", {})
s.post("restore", "experiments/restore", {"experiment_id": "0"})
s.post("rename", "experiments/update", {"experiment_id": "0", "new_name": "Default renamed"})
s.post("rename back", "experiments/update", {"experiment_id": "0", "new_name": "Default"})
s.post("set a tag", "experiments/set-experiment-tag", {"experiment_id": "0", "key": "a", "value": "b"})
s.post("delete the tag", "experiments/delete-experiment-tag", {"experiment_id": "0", "key": "a"})
s.get("as it was", "experiments/get", {"experiment_id": "0"})

# ---- what every JSON route does with what is no JSON
s = Scenario("json bodies", run=True)
BODIES = {
    "no body": "",
    "an empty object": "{}",
    "null": "null",
    "an array": "[]",
    "a string": '"a"',
    "a number": "1",
    "true": "true",
    "an object as a string": '"{\\"experiment_id\\": \\"{experiment}\\"}"',
    "malformed": "{",
    "malformed after a good field": '{"experiment_id": "{experiment}",}',
    "trailing text": '{"experiment_id": "{experiment}"} x',
    "single quotes": "{'experiment_id': '1'}",
    "a duplicate key": '{"experiment_id": "99999999", "experiment_id": "{experiment}"}',
    "a byte order mark": b'\xef\xbb\xbf{"experiment_id": "0"}',
    "invalid UTF-8": b'{"experiment_id": "\xff\xfe"}',
    "a lone surrogate": '{"experiment_id": "\\ud800"}',
    "a raw control character": '{"experiment_id": "a\tb"}',
    "deep nesting": '{"experiment_id": "{experiment}", "nonsense": ' + "[" * 5000 + "]" * 5000 + "}",
    "deep nesting, moderately": '{"experiment_id": "{experiment}", "nonsense": ' + "[" * 90 + "]" * 90 + "}",
    "NaN in an unknown field": '{"experiment_id": "{experiment}", "nonsense": NaN}',
    "a huge number in an unknown field": '{"experiment_id": "{experiment}", "nonsense": 1e999}',
    "spaces around": ' \n\t{ "experiment_id" : "{experiment}" }\r\n ',
}
for title, body in BODIES.items():
    s.step(f"{title} to experiments/restore", "POST", "experiments/restore", raw=body)
for title in ("no body", "an array", "a number", "true", "an object as a string"):
    s.step(f"{title} to runs/search", "POST", "runs/search", raw=BODIES[title])
s.step("an array as a string to runs/search", "POST", "runs/search", raw='"[ ]"')
s.step("a GET with a body", "GET", "experiments/get", raw='{"experiment_id": "0"}')
TYPES = {
    "no content type": "-",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "json with a charset": "application/json; charset=utf-8",
    "json with a space before the charset": "application/json ; charset=utf-8",
    "json in capitals": "Application/JSON",
    "json of another name": "application/vnd.api+json",
    "empty": "",
    "multipart": "multipart/form-data; boundary=a",
}
for path, body in {
    "experiments/set-experiment-tag": {"experiment_id": "{experiment}", "key": "a", "value": "b"},
    "runs/log-batch": {"run_id": "{run}"},
    "experiments/search": {"max_results": 1},
}.items():
    for title, kind in TYPES.items():
        s.post(f"{title} to {path}", path, body, headers={"Content-Type": kind})
