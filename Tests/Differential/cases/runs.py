"""Runs: create, get, update, delete, restore."""

from scenario import AJAX, MISSING, Scenario, wrong_types

# ---- create
s = Scenario("runs create")
base = {"experiment_id": "{experiment}", "run_name": "a run", "start_time": 1234}
s.table(
    "runs/create",
    base,
    {
        "plain": {},
        "nothing but the experiment": {"run_name": MISSING, "start_time": MISSING},
        "with a user": {"user_id": "ada"},
        **{
            title: row for title, row in wrong_types("experiment_id").items() if title not in ("experiment_id missing",)
        },
        "unknown experiment": {"experiment_id": "99999999"},
        "experiment is a word": {"experiment_id": "abc"},
        **wrong_types("run_name", "missing"),
        "name of 500": {"run_name": "r" * 500},
        "name of one space": {"run_name": " "},
        "name in Chinese": {"run_name": "訓練🙂"},
        **wrong_types("user_id", "missing"),
        "start_time null": {"start_time": None},
        "start_time as a string": {"start_time": "1234"},
        "start_time as an empty string": {"start_time": ""},
        "start_time as a word": {"start_time": "soon"},
        "start_time as a whole float": {"start_time": 1234.0},
        "start_time as an exponent": {"start_time": "1e3"},
        "start_time negative": {"start_time": -5},
        "start_time zero": {"start_time": 0},
        "start_time at the upper end": {"start_time": 2**63 - 1},
        "start_time beyond the upper end": {"start_time": 2**63},
        "start_time below the lower end": {"start_time": -(2**63) - 1},
        "start_time as an array": {"start_time": [1]},
        "start_time as an object": {"start_time": {}},
        "tags": {"tags": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]},
        "tags null": {"tags": None},
        "tags empty": {"tags": []},
        "tags an object": {"tags": {"a": "b"}},
        "tags a string": {"tags": "a"},
        "tags a list of strings": {"tags": ["a"]},
        "tag without value": {"tags": [{"key": "a"}]},
        "tag with an empty value": {"tags": [{"key": "a", "value": ""}]},
        "tag without key": {"tags": [{"value": "1"}]},
        "tag with an empty key": {"tags": [{"key": "", "value": "1"}]},
        "tag with a null": {"tags": [None]},
        "tag with a number": {"tags": [{"key": "a", "value": 1}]},
        "tag with a bad key": {"tags": [{"key": "a!", "value": "1"}]},
        "tag with a key of 250": {"tags": [{"key": "k" * 250, "value": "1"}]},
        "tag with a value of 8000": {"tags": [{"key": "a", "value": "v" * 8000}]},
        "the same name twice": {"tags": [{"key": "mlflow.runName", "value": "a run"}]},
        "two names": {"tags": [{"key": "mlflow.runName", "value": "another"}]},
        "name by tag": {"run_name": MISSING, "tags": [{"key": "mlflow.runName", "value": "by tag"}]},
        "empty name and a name by tag": {"run_name": "", "tags": [{"key": "mlflow.runName", "value": "by tag"}]},
        "empty name by tag": {"run_name": MISSING, "tags": [{"key": "mlflow.runName", "value": ""}]},
        "name and an empty name by tag": {"tags": [{"key": "mlflow.runName", "value": ""}]},
        "parent": {"tags": [{"key": "mlflow.parentRunId", "value": "0" * 32}]},
        "unknown field": {"nonsense": 1, "status": "FINISHED"},
    },
    save={"run": "run.info.run_id"},
)
s.post(
    "camel case",
    "runs/create",
    {"experimentId": "{experiment}", "startTime": 77, "runName": "camel", "userId": "u"},
    save={"run": "run.info.run_id"},
    see="run",
)
s.post("under ajax-api", AJAX + "runs/create", base, save={"run": "run.info.run_id"}, see="run")
s.post("without an experiment", "runs/create", {"run_name": "orphan", "start_time": 5}, save={"run": "run.info.run_id"})
s.post("empty object", "runs/create", {}, save={"run": "run.info.run_id"})

for title, tags in {
    "key of 251": [{"key": "k" * 251, "value": "1"}],
    "value of 8001": [{"key": "a", "value": "v" * 8001}],
    "twice the same key": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
    "twice the same key and value": [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}],
    "two names by tag": [{"key": "mlflow.runName", "value": "1"}, {"key": "mlflow.runName", "value": "2"}],
}.items():
    s.post(
        f"tag, {title}",
        "runs/create",
        {"experiment_id": "{experiment}", "run_name": "", "tags": tags},
        save={"run": "run.info.run_id"},
    )
s.post("name of 501", "runs/create", {**base, "run_name": "r" * 501}, save={"run": "run.info.run_id"})

# ---- get
s = Scenario("runs get", run=True)
s.get("by id", "runs/get", {"run_id": "{run}"})
s.get("by run_uuid", "runs/get", {"run_uuid": "{run}"})
s.get("run_id before run_uuid", "runs/get", {"run_id": "{run}", "run_uuid": "0" * 32})
s.get("missing", "runs/get")
s.get("under ajax-api", AJAX + "runs/get", {"run_id": "{run}"})
for title, value in {
    "empty": "",
    "unknown": "0" * 32,
    "word": "abc",
    "capitals": "ABCDEF",
    "path": "../a",
    "emoji": "🙂",
}.items():
    s.get(title, "runs/get", {"run_id": value})
s.step("with a JSON body", "GET", "runs/get", body={"run_id": "{run}"})
s.get("run_id twice", "runs/get", [("run_id", "{run}"), ("run_id", "x")])

# ---- update
s = Scenario("runs update")
update = {"run_id": "{run}", "status": "FINISHED", "end_time": 2000}
s.table(
    "runs/update",
    update,
    {
        "finish": {},
        "nothing": {"status": MISSING, "end_time": MISSING},
        "by run_uuid": {"run_id": MISSING, "run_uuid": "{run}"},
        "camel case": {"run_id": MISSING, "end_time": MISSING, "runId": "{run}", "endTime": 3},
        "camel case end time": {"end_time": MISSING, "endTime": 3},
        **wrong_types("run_id"),
        "unknown run": {"run_id": "0" * 32},
        **{
            f"status {value}": {"status": value}
            for value in (
                "RUNNING",
                "SCHEDULED",
                "FINISHED",
                "FAILED",
                "KILLED",
                "finished",
                "UNKNOWN",
                "",
                1,
                3,
                5,
                6,
                0,
                "3",
                None,
                True,
                [],
                2.0,
            )
        },
        **{
            f"end_time {value!r}": {"end_time": value}
            for value in (0, -1, "2000", "", "soon", None, 2000.0, 2**63 - 1, 2**63, True, [], {})
        },
        **wrong_types("run_name", "missing"),
        "run_name": {"run_name": "renamed"},
        "run_name of 500": {"run_name": "r" * 500},
        "run_name of one space": {"run_name": " "},
        "unknown field": {"nonsense": 1, "lifecycle_stage": "deleted"},
        "end before start": {"end_time": 1},
        "only a name": {"status": MISSING, "end_time": MISSING, "run_name": "only"},
        "only an end": {"status": MISSING},
    },
    fresh="run",
    see="run",
)
s.make_run("run")
s.post("ended", "runs/update", update, see="run")
s.post("and running again", "runs/update", {"run_id": "{run}", "status": "RUNNING"}, see="run")
s.post("name of 501", "runs/update", {"run_id": "{run}", "run_name": "r" * 501})
s.do("runs/delete", {"run_id": "{run}"})
s.post("deleted run", "runs/update", update, see="run")
s.post("deleted run and a bad status", "runs/update", {**update, "status": "NO"}, see="run")

# ---- delete and restore
s = Scenario("runs delete and restore", run=True)
s.post("restore an active one", "runs/restore", {"run_id": "{run}"}, see="run")
s.post("delete", "runs/delete", {"run_id": "{run}"}, see="run")
s.post("delete again", "runs/delete", {"run_id": "{run}"}, see="run")
WRITES = {
    "log-metric": {"key": "a", "value": 1, "timestamp": 1},
    "log-parameter": {"key": "a", "value": "1"},
    "set-tag": {"key": "a", "value": "1"},
    "delete-tag": {"key": "mlflow.runName"},
    "log-batch": {"params": [{"key": "a", "value": "1"}]},
    "log-batch of nothing": {},
    "log-inputs": {"datasets": []},
    "outputs": {"models": [{"model_id": "m-1"}]},
    "log-model": {"model_json": '{"artifact_path": "m", "flavors": {}, "utc_time_created": "x", "run_id": "{run}"}'},
}
for title, fields in WRITES.items():
    path = "runs/" + title.split(" ")[0]
    s.post(f"{title} while deleted", path, {"run_id": "{run}", **fields}, see="run")
s.post("restore", "runs/restore", {"run_id": "{run}"}, see="run")
for title, fields in WRITES.items():
    path = "runs/" + title.split(" ")[0]
    s.post(f"{title} after the restore", path, {"run_id": "{run}", **fields})
for verb in ("delete", "restore"):
    s.table(
        f"runs/{verb}",
        {"run_id": "{run}"},
        {
            f"{verb}, {title}": changes
            for title, changes in {
                **wrong_types("run_id"),
                "unknown": {"run_id": "0" * 32},
                "word": {"run_id": "abc"},
                "run_uuid": {"run_id": MISSING, "run_uuid": "{run}"},
                "camel case": {"run_id": MISSING, "runId": "{run}"},
            }.items()
        },
    )
