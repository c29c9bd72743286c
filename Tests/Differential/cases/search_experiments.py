"""experiments/search by POST and GET: filters, orders, views, pages."""

import base64

from scenario import AJAX, MISSING, Scenario

SEARCH = "experiments/search"
MINE = "name LIKE 'find %'"


def add_experiments(s, prefix):
    for name, tags in {
        "alpha": {"team": "a", "a/b": "x%y"},
        "Beta": {"team": "b"},
        "gamma_1": {"team": "A", "empty": ""},
        "gamma%2": {},
        "é": {"team": "é"},
        "it's": {"mlflow.note.content": "note"},
    }.items():
        placeholder = "".join(ch for ch in name if ch.isalnum() and ch.isascii()) or "accent"
        s.make_experiment(placeholder, f"{prefix} {name}", tags=[{"key": k, "value": v} for k, v in tags.items()])


GOOD = [
    "name = 'find alpha'",
    "attribute.name = 'find alpha'",
    "attr.name = 'find alpha'",
    "attributes.name = 'find alpha'",
    "name != 'find alpha'",
    "name LIKE 'find g%'",
    "name ILIKE 'FIND b%'",
    "name LIKE 'FIND%'",
    'name = "find it\'s"',
    "name = 'find it''s'",
    "name LIKE 'find gamma_1'",
    "name ILIKE 'find É'",
    "`name` = 'find alpha'",
    "attribute.`name` = 'find alpha'",
    "tags.team = 'a'",
    "tag.team = 'a'",
    "tags.team != 'a'",
    "tags.team LIKE 'A'",
    "tags.team ILIKE 'A'",
    "tags.`team` = 'a'",
    "tags.\"team\" = 'a'",
    "tags.`a/b` = 'x%y'",
    "tags.empty = ''",
    "tags.team IS NULL",
    "tags.team IS NOT NULL",
    "tags.`a/b` IS NOT NULL",
    "tags.team = 'a' AND tags.`a/b` LIKE 'x%'",
    "tags.mlflow.note.content = 'note'",
    "creation_time > 0",
    "creation_time < 0",
    "last_update_time >= 0",
    "creation_time = 1",
    "creation_time != 1",
    "attribute.creation_time > 1",
    "experiment_id = '{alpha}'",
    "experiment_id != '{alpha}'",
    "experiment_id IN ('{alpha}', '{Beta}')",
    "experiment_id NOT IN ('{alpha}')",
    "attribute.experiment_id = '{alpha}'",
    "experiment_id IN ('{alpha}')",
    "",
    "  ",
]
BAD = [
    "name > 'a'",
    "name = 1",
    "name = find",
    "name IN ('find alpha')",
    "name IS NULL",
    "name",
    "nonsense = 'a'",
    "tags.team > 'a'",
    "tags.team = 1",
    "tags.team IN ('a')",
    "tags. = 'a'",
    "tags = 'a'",
    "creation_time > 'a'",
    "creation_time > '1'",
    "creation_time LIKE '1'",
    "creation_time > 1.5",
    "creation_time = abc",
    "creation_time IN (1)",
    "creation_time IS NULL",
    "experiment_id > '1'",
    "experiment_id = 1",
    "experiment_id = 'abc'",
    "experiment_id LIKE '1'",
    "experiment_id IN (1, 2)",
    "experiment_id IN ('abc')",
    "experiment_id IN ()",
    "lifecycle_stage = 'active'",
    "artifact_location = 'a'",
    "metrics.a > 1",
    "params.a = '1'",
    "name = 'a' OR name = 'b'",
    "name = 'a' AND",
    "name = 'a",
    "attribute.nonsense = 'a'",
    "name = 'a' name = 'b'",
    "🙂",
    "created > 1",
    "tags.team IS 'a'",
    "name NOT LIKE 'a'",
    "workspace = 'default'",
]
s = Scenario("search experiments filter", experiment=False)
add_experiments(s, "find")
for text in dict.fromkeys(GOOD):
    whole = f"{text} AND {MINE}" if text.strip() and "name" not in text else text
    if text.strip() and "name" in text and not text.startswith(("name =", "name LIKE 'find")):
        whole = f"{text} AND {MINE}"
    s.post(
        f"«{text}»",
        SEARCH,
        {
            "max_results": 50 if text.strip() else 1,
            "filter": whole,
            "view_type": "ALL" if text.strip() else "ACTIVE_ONLY",
        },
    )
for text in dict.fromkeys(BAD):
    s.post(f"bad «{text}»", SEARCH, {"max_results": 50, "filter": text})
for kind, value in {"null": None, "number": 1, "boolean": True, "array": ["a"], "object": {}}.items():
    s.post(f"filter {kind}", SEARCH, {"max_results": 1, "filter": value})
s.get("by GET", SEARCH, {"max_results": "10", "filter": MINE})
s.get(
    "by GET with orders",
    SEARCH,
    [("max_results", "10"), ("filter", MINE), ("order_by", "name DESC"), ("order_by", "experiment_id")],
)
s.get("by GET with a view", SEARCH, {"max_results": "10", "filter": MINE, "view_type": "DELETED_ONLY"})
s.get("by GET with a view of a number", SEARCH, {"max_results": "10", "filter": MINE, "view_type": "3"})
s.get("by GET with nothing", SEARCH)
s.get("by GET with a bad size", SEARCH, {"max_results": "many"})
s.get("by GET under ajax-api", AJAX + SEARCH, {"max_results": "10", "filter": MINE})

ORDERS = [
    ["name"],
    ["name ASC"],
    ["name DESC"],
    ["name desc"],
    ["creation_time"],
    ["creation_time DESC"],
    ["last_update_time"],
    ["last_update_time DESC"],
    ["experiment_id"],
    ["experiment_id DESC"],
    ["attribute.name"],
    ["attributes.name"],
    ["attr.name DESC"],
    ["`name`"],
    ["attribute.`name` DESC"],
    ["name", "experiment_id DESC"],
    [],
    ["name", "name"],
    ["name", "name DESC"],
    [" name  DESC "],
    ["nonsense"],
    ["tags.team"],
    ["name DOWN"],
    [""],
    ["name, creation_time"],
    ["lifecycle_stage"],
    ["artifact_location"],
    ["metrics.a"],
    ["DESC"],
    ["'name'"],
    ["name ASC DESC"],
]
s = Scenario("search experiments order and pages", experiment=False)
add_experiments(s, "sort")
s.do("experiments/update", {"experiment_id": "{Beta}", "new_name": "sort Beta renamed"})
s.do("experiments/delete", {"experiment_id": "{alpha}"})
mine = {"filter": "name LIKE 'sort %'"}
for order in ORDERS:
    s.post(f"by {order}", SEARCH, {**mine, "max_results": 50, "order_by": order})
for kind, value in {
    "null": None,
    "a string": "name",
    "numbers": [1],
    "an object": {},
    "a list of null": [None],
}.items():
    s.post(f"order_by {kind}", SEARCH, {**mine, "max_results": 50, "order_by": value})
for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "active_only", "nonsense", "", 1, 2, 3, 0, 4, None, True, []):
    s.post(f"view {view!r}", SEARCH, {**mine, "max_results": 50, "view_type": view})
for size in (1, 2, 4, 5, 6, 50000):
    s.post(f"pages of {size}", SEARCH, {**mine, "max_results": size}, follow=True)
    s.post(
        f"pages of {size} of all",
        SEARCH,
        {**mine, "max_results": size, "view_type": "ALL", "order_by": ["name"]},
        follow=True,
    )
for size in (0, -1, 50001, "2", "many", "", 1.5, 2.0, None, True, [], 2**63, MISSING):
    body = {**mine, "max_results": size}
    s.post(f"max_results {size!r}", SEARCH, {key: value for key, value in body.items() if value is not MISSING})
s.post("nothing at all", SEARCH, {})
s.post("camel case", SEARCH, {**mine, "maxResults": 2, "viewType": "ALL", "orderBy": ["name"]})
for title, token in {
    "of the reference": base64.b64encode(b'{"offset": 2}').decode(),
    "beyond the end": base64.b64encode(b'{"offset": 2000}').decode(),
    "that is no base64": "abc",
    "of punctuation": "!!!",
    "that is empty": "",
    "that holds no JSON": base64.b64encode(b"nothing").decode(),
    "without an offset": base64.b64encode(b"{}").decode(),
    "of a number": 5,
    "of null": None,
}.items():
    s.post(f"page token {title}", SEARCH, {**mine, "max_results": 2, "page_token": token})
s.post("bad size and a bad filter", SEARCH, {"max_results": 0, "filter": "nonsense"})
s.post("bad filter and a bad order", SEARCH, {"max_results": 5, "filter": "nonsense", "order_by": ["nonsense"]})
s.post("bad order and a bad token", SEARCH, {"max_results": 5, "order_by": ["nonsense"], "page_token": "abc"})
