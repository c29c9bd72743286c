"""Registered models: create, get, update, rename, delete, tags, aliases, latest versions."""

from scenario import AJAX, MISSING, Scenario, wrong_types

OWN = "registered "
TAGS = {
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
    "key bad": [{"key": "a!", "value": "1"}],
    "key a path": [{"key": "a//b", "value": "1"}],
    "key upwards": [{"key": "../a", "value": "1"}],
    "key unicode": [{"key": "é損", "value": "é🙂"}],
    "key with a NUL": [{"key": "a\u0000", "value": "1"}],
    "key of 250": [{"key": "k" * 250, "value": "1"}],
    "key of 251": [{"key": "k" * 251, "value": "1"}],
    "value missing": [{"key": "a"}],
    "value null": [{"key": "a", "value": None}],
    "value empty": [{"key": "a", "value": ""}],
    "value a number": [{"key": "a", "value": 1}],
    "value of 100000": [{"key": "a", "value": "v" * 100_000}],
    "value of 100001": [{"key": "a", "value": "v" * 100_001}],
    "two": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}],
    "the same twice": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
    "a hundred and one": [{"key": f"k{n}", "value": "1"} for n in range(101)],
    "one good and one bad": [{"key": "a", "value": "1"}, {"key": "b!", "value": "1"}],
}
NAMES = {
    "with a slash": "a/b",
    "with a colon": "a:b",
    "of a dot": ".",
    "of two dots": "..",
    "of spaces": "   ",
    "with a newline": "name a\nb",
    "with a NUL": "name a\u0000b",
    "unicode": "name modèle 損失 🙂",
    "with quotes": 'name it\'s "a"',
    "with a percent": "name 100%_",
    "with a backslash": "name a\\b",
    "with spaces around": " name spaces ",
    "with an at": "name a@b",
    "of digits": "17",
    "like an id": "m-" + "1" * 32,
    "of 256": "n" * 256,
    "of 257": "o" * 257,
    "of 1000": "p" * 1000,
}

s = Scenario("registered-models create", experiment=False)
s.table(
    "registered-models/create",
    {"name": OWN + "plain"},
    {
        "plain": {},
        "again": {},
        "again with other tags": {"tags": TAGS["two"], "description": "other"},
        **wrong_types("name"),
        **{f"name {title}": {"name": name} for title, name in NAMES.items()},
        "name in another case": {"name": OWN + "PLAIN"},
        "name composed": {"name": OWN + "caf\u00e9"},
        "name decomposed": {"name": OWN + "cafe\u0301"},
        "camel case and unknown": {"name": OWN + "unknown field", "nonsense": 1, "deploymentJobId": "a"},
        "deployment job": {"name": OWN + "deployment", "deployment_job_id": "a"},
        "everything wrong": {"name": 1, "tags": 1, "description": 1},
    },
)
for title, value in {
    "missing": MISSING,
    "null": None,
    "empty": "",
    "number": 1,
    "array": ["a"],
    "unicode": "é損🙂",
    "with a NUL": "a\u0000b",
    "of 5000": "d" * 5000,
    "of 5001": "d" * 5001,
}.items():
    s.table("registered-models/create", {"name": OWN + f"d {title}"}, {f"description {title}": {"description": value}})
for title, tags in TAGS.items():
    s.post(f"tags {title}", "registered-models/create", {"name": OWN + f"tags {title}", "tags": tags})
s.post("under ajax-api", AJAX + "registered-models/create", {"name": OWN + "ajax"})
s.get("by GET", "registered-models/create", {"name": OWN + "get"})
for title, name in NAMES.items():
    s.get(f"get name {title}", "registered-models/get", {"name": name})

s = Scenario("registered-models get", experiment=False)
s.make_registered("got", versions=3, description="d", tags=TAGS["two"])
s.make_registered("got nothing")
for title, query in {
    "plain": {"name": "got"},
    "without versions": {"name": "got nothing"},
    "missing": {},
    "empty": {"name": ""},
    "spaces": {"name": "  "},
    "unknown": {"name": "got none"},
    "another case": {"name": "GOT"},
    "with a slash": {"name": "got/a"},
    "twice": [("name", "got"), ("name", "got nothing")],
}.items():
    s.get(title, "registered-models/get", query)
s.get("under ajax-api", AJAX + "registered-models/get", {"name": "got"})
s.post("by POST", "registered-models/get", {"name": "got"})
s.step("name in a body", "GET", "registered-models/get", body={"name": "got"})

s = Scenario("registered-models update", experiment=False)
s.table(
    "registered-models/update",
    {"name": "{name}", "description": "new"},
    {
        "plain": {},
        **wrong_types("name"),
        "name unknown": {"name": "no such model"},
        "name with a slash": {"name": "a/b"},
        **wrong_types("description"),
        "description unicode": {"description": "é損🙂"},
        "description with a NUL": {"description": "a\u0000b"},
        "description of 5001": {"description": "d" * 5001},
        "unknown field": {"nonsense": 1},
    },
    method="PATCH",
    fresh="registered",
    see="registered",
)
s.step("under ajax-api", "PATCH", AJAX + "registered-models/update", body={"name": "{name}"}, see="registered")
s.post("by POST", "registered-models/update", {"name": "{name}"})

s = Scenario("registered-models rename", experiment=False)
s.make_registered("rename taken")
s.table(
    "registered-models/rename",
    {"name": "{name}", "new_name": "renamed never"},
    {
        **wrong_types("name"),
        **wrong_types("new_name"),
        "unknown": {"name": "no such model"},
        "to a taken name": {"new_name": "rename taken"},
        "to itself": {"new_name": "{name}"},
        **{
            f"to a name {title}": {"new_name": NAMES[title]}
            for title in ("with a slash", "with a colon", "of spaces", "of two dots")
        },
        "unknown to a bad name": {"name": "no such model", "new_name": "a/b"},
    },
    fresh="version",
    see="registered versions",
)
s.make_registered("rename old", versions=2, tags=TAGS["two"])
s.do("registered-models/alias", {"name": "rename old", "alias": "best", "version": "2"})
s.do("model-versions/set-tag", {"name": "rename old", "version": "1", "key": "k", "value": "v"})
s.do("model-versions/delete", {"name": "rename old", "version": "2"}, method="DELETE")
s.post("plain", "registered-models/rename", {"name": "rename old", "new_name": "rename new"})
s.get("the old name", "registered-models/get", {"name": "rename old"})
s.get("the new name", "registered-models/get", {"name": "rename new"})
s.get("versions of the new name", "model-versions/search", {"filter": "name = 'rename new'"})
s.get("alias under the new name", "registered-models/alias", {"name": "rename new", "alias": "best"})
s.post("a version of the new name", "model-versions/create", {"name": "rename new", "source": "s3://a/b"})
s.post("the old name again", "registered-models/create", {"name": "rename old"})
s.post("back to the old name", "registered-models/rename", {"name": "rename new", "new_name": "rename old"})
s.post("to the case of it", "registered-models/rename", {"name": "rename new", "new_name": "Rename New"})
s.post("under ajax-api", AJAX + "registered-models/rename", {"name": "Rename New", "new_name": "rename new"})

s = Scenario("registered-models delete", experiment=False)
s.table(
    "registered-models/delete",
    {"name": "{name}"},
    {"plain": {}, **wrong_types("name"), "unknown": {"name": "no such model"}, "bad": {"name": "a/b"}},
    method="DELETE",
    fresh="version",
    see="registered versions",
)
s.step(
    "name in the query",
    "DELETE",
    "registered-models/delete",
    query={"name": "{name}"},
    fresh="version",
    see="registered",
)
s.step("under ajax-api", "DELETE", AJAX + "registered-models/delete", body={"name": "{name}"}, see="registered")
s.make_registered("deleted model", versions=2, tags=TAGS["two"])
s.do("registered-models/alias", {"name": "deleted model", "alias": "best", "version": "2"})
s.step("with everything", "DELETE", "registered-models/delete", body={"name": "deleted model"})
s.step("again", "DELETE", "registered-models/delete", body={"name": "deleted model"})
s.get("its version", "model-versions/get", {"name": "deleted model", "version": "1"})
s.get("its alias", "registered-models/alias", {"name": "deleted model", "alias": "best"})
s.post("made anew", "registered-models/create", {"name": "deleted model"})
s.post("its first version", "model-versions/create", {"name": "deleted model", "source": "s3://a/b"})
s.get("as it is now", "registered-models/get", {"name": "deleted model"})

s = Scenario("registered-models tags", experiment=False)
tag = {"name": "{name}", "key": "a", "value": "1"}
ROWS = {
    "plain": {},
    **wrong_types("name"),
    **wrong_types("key"),
    **wrong_types("value"),
    "unknown": {"name": "no such model"},
    **{
        f"{title}": {"key": TAGS[title][0]["key"]}
        for title in TAGS
        if title.startswith("key ") and "missing" not in title
    },
    **{f"{title}": {"value": TAGS[title][0]["value"]} for title in ("value of 100000", "value of 100001")},
    "value with a NUL": {"value": "a\u0000b"},
    "unknown and a bad key": {"name": "no such model", "key": "a!"},
}
s.table("registered-models/set-tag", tag, ROWS, fresh="registered", see="registered")
s.make_registered("tagged", tags=TAGS["two"])
s.post("over another value", "registered-models/set-tag", {**tag, "name": "tagged", "value": "9"})
s.get("read back", "registered-models/get", {"name": "tagged"})
remove = {"name": "tagged", "key": "a"}
s.table(
    "registered-models/delete-tag",
    remove,
    {
        "delete plain": {},
        "delete again": {},
        "delete unknown": {"key": "none"},
        "delete of an unknown": {"name": "none"},
        "delete key empty": {"key": ""},
        "delete key missing": {"key": MISSING},
        "delete key bad": {"key": "a!"},
        "delete key a number": {"key": 1},
        "delete name missing": {"name": MISSING},
        "delete key of 251": {"key": "k" * 251},
    },
    method="DELETE",
)
s.step("delete by the query", "DELETE", "registered-models/delete-tag", query={"name": "tagged", "key": "b"})
s.get("read back at the end", "registered-models/get", {"name": "tagged"})
s.post("under ajax-api", AJAX + "registered-models/set-tag", {**tag, "name": "tagged"})

s = Scenario("registered-models aliases", experiment=False)
alias = {"name": "{name}", "alias": "best", "version": "1"}
ALIASES = {
    "plain": {},
    **wrong_types("name"),
    **wrong_types("alias"),
    **wrong_types("version"),
    "name unknown": {"name": "no such model"},
    "version unknown": {"version": "2"},
    "version nought": {"version": "0"},
    "version negative": {"version": "-1"},
    "version a word": {"version": "one"},
    "version with spaces": {"version": " 1 "},
    "version with a plus": {"version": "+1"},
    "version with noughts": {"version": "001"},
    "version Arabic": {"version": "١"},
    "version too large": {"version": "9" * 20},
    **{
        f"alias {value!r}": {"alias": value}
        for value in (
            "latest",
            "Latest",
            "v1",
            "V12",
            "v",
            "vv1",
            "v1a",
            "a b",
            "a/b",
            "a:b",
            "é損",
            "a-b_c",
            "1",
            "a\n",
            "🙂",
        )
    },
    "alias with a NUL": {"alias": "a\u0000b"},
    "alias of 255": {"alias": "a" * 255},
    "alias of 256": {"alias": "a" * 256},
    "name unknown, alias bad": {"name": "no such model", "alias": "a b"},
}
s.table("registered-models/alias", alias, ALIASES, fresh="version", see="registered version")
s.make_registered("aliased", versions=3)
one = {"name": "aliased", "alias": "best"}
s.post("to the first", "registered-models/alias", {**one, "version": "1"})
s.get("get", "registered-models/alias", one)
s.post("moved to the second", "registered-models/alias", {**one, "version": "2"})
s.post("a second one", "registered-models/alias", {"name": "aliased", "alias": "Best", "version": "2"})
s.post("a third one", "registered-models/alias", {"name": "aliased", "alias": "another", "version": "3"})
s.get("the model", "registered-models/get", {"name": "aliased"})
s.get("the second version", "model-versions/get", {"name": "aliased", "version": "2"})
s.get("in a search of versions", "model-versions/search", {"filter": "name = 'aliased'"})
s.get("in a search of models", "registered-models/search", {"filter": "name = 'aliased'"})
for title, query in {
    "alias missing": {"name": "aliased"},
    "alias empty": {"name": "aliased", "alias": ""},
    "alias unknown": {"name": "aliased", "alias": "none"},
    "alias latest": {"name": "aliased", "alias": "latest"},
    "alias latest in capitals": {"name": "aliased", "alias": "LATEST"},
    "alias a version": {"name": "aliased", "alias": "v1"},
    "alias bad": {"name": "aliased", "alias": "a b"},
    "alias of 256": {"name": "aliased", "alias": "a" * 256},
    "alias in another case": {"name": "aliased", "alias": "BEST"},
    "name missing": {"alias": "best"},
    "name unknown": {"name": "none", "alias": "best"},
    "name bad": {"name": "a/b", "alias": "best"},
    "under ajax-api": {"name": "aliased", "alias": "best"},
}.items():
    s.get(f"get {title}", (AJAX if "ajax" in title else "") + "registered-models/alias", query)
s.table(
    "registered-models/alias",
    one,
    {
        "delete": {},
        "delete again": {},
        "delete unknown": {"alias": "none"},
        "delete of an unknown": {"name": "none"},
        "delete alias missing": {"alias": MISSING},
        "delete alias empty": {"alias": ""},
        "delete alias bad": {"alias": "a b"},
        "delete alias latest": {"alias": "latest"},
        "delete alias a number": {"alias": 1},
        "delete name missing": {"name": MISSING},
    },
    method="DELETE",
)
s.step("delete by the query", "DELETE", "registered-models/alias", query={"name": "aliased", "alias": "Best"})
s.get("the model after that", "registered-models/get", {"name": "aliased"})
s.do("model-versions/delete", {"name": "aliased", "version": "3"}, method="DELETE")
s.get("alias of a deleted version", "registered-models/alias", {"name": "aliased", "alias": "another"})
s.get("the model after a version went", "registered-models/get", {"name": "aliased"})

s = Scenario("registered-models latest versions", experiment=False)
s.make_registered("staged", versions=6)
for version, stage in {"1": "Production", "2": "Production", "3": "Staging", "4": "Archived"}.items():
    s.do("model-versions/transition-stage", {"name": "staged", "version": version, "stage": stage})
s.do("registered-models/alias", {"name": "staged", "alias": "best", "version": "2"})
STAGES = {
    "all": MISSING,
    "none": [],
    "null": None,
    "production": ["Production"],
    "lower case": ["production"],
    "two": ["Production", "Staging"],
    "twice": ["Staging", "Staging"],
    "without a stage": ["None"],
    "archived": ["Archived"],
    "nonsense": ["nonsense"],
    "empty": [""],
    "a string": "Production",
    "a number": [1],
    "deleted": ["Deleted_Internal"],
}
for title, stages in STAGES.items():
    s.table("registered-models/get-latest-versions", {"name": "staged"}, {title: {"stages": stages}})
    if stages is None or isinstance(stages, list) and stages != [1]:
        query = [("name", "staged"), *(("stages", stage) for stage in stages or [])]
        s.get(f"{title}, by GET", "registered-models/get-latest-versions", query)
s.table(
    "registered-models/get-latest-versions",
    {"name": "staged"},
    {
        **wrong_types("name"),
        "unknown": {"name": "none"},
        "unknown and nonsense": {"name": "none", "stages": ["nonsense"]},
    },
)
s.do("model-versions/delete", {"name": "staged", "version": "6"}, method="DELETE")
s.post("after a deletion", "registered-models/get-latest-versions", {"name": "staged"})
s.post("under ajax-api", AJAX + "registered-models/get-latest-versions", {"name": "staged"})
