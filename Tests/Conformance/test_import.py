"""A store of the reference server comes to Apus whole, and the client cannot tell the two apart."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import mlflow
import pytest

from helpers import REFERENCE_PYTHON
from servers import ApusServer, ReferenceServer, apus_binary

pytestmark = pytest.mark.apus
VIEW_ALL = mlflow.entities.ViewType.ALL


def run_import(source, to, *arguments, check=None):
    """`apus import`; returns the exit status and its JSON."""
    command = [str(apus_binary()), "import", str(source), "--to", str(to), "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if check is not None:
        assert done.returncode == check, (done.returncode, done.stdout, done.stderr)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def fill(client):
    """One of everything that a training leaves behind."""
    uri = client.tracking_uri
    mlflow.set_tracking_uri(uri)
    plain = client.create_experiment("größer 🦩", tags={"team": "blue", "größe": "x" * 5_000})
    gone = client.create_experiment("deleted")
    with mlflow.start_run(experiment_id=plain, run_name="parent") as parent:
        mlflow.log_params({"lr": 0.1, "long": "p" * 6_000})
        mlflow.set_tag("note", "t" * 8_000)
        mlflow.set_tag("mlflow.note.content", "a *note*")
        for step in range(50):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        for step, value in enumerate([float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e-300]):
            mlflow.log_metric("odd", value, step=step)
        # The same step again, and a step that is lower than one before it.
        mlflow.log_metric("loss", 0.25, step=3)
        mlflow.log_metric("back", 2.0, step=-5)
        data = mlflow.data.meta_dataset.MetaDataset(
            mlflow.data.http_dataset_source.HTTPDatasetSource("http://example.org/iris.csv"), name="iris", digest="d1"
        )
        mlflow.log_input(data, context="train")
        Path("notes.txt").write_text("hello")
        Path("leer").write_text("")
        mlflow.log_artifact("notes.txt", "größe/deep")
        mlflow.log_artifact("leer")
        mlflow.log_metric("größe/µ: x.y-z", 1e308, step=2**53 + 1)
        mlflow.log_param("größe/µ: x.y-z", "\"'\\ \t zwei\nZeilen 🦩")
        with mlflow.start_run(experiment_id=plain, run_name="child", nested=True) as child:
            mlflow.log_metric("loss", 0.5)
            # The same data in another run, in another role.
            mlflow.log_input(data, context="test")
            with mlflow.start_run(experiment_id=plain, run_name="grandchild", nested=True):
                mlflow.set_tag("empty", "")
    failed = client.create_run(gone, start_time=5)
    client.set_terminated(failed.info.run_id, "FAILED", 9)
    removed = client.create_run(plain, run_name="removed")
    client.log_metric(removed.info.run_id, "loss", 7, timestamp=11, step=2)
    client.delete_run(removed.info.run_id)
    client.create_run(plain, run_name="still running")
    killed = client.create_run(plain, run_name="killed")
    client.set_terminated(killed.info.run_id, "KILLED")
    client.delete_experiment(gone)
    model = client.create_logged_model(
        plain, name="forest", source_run_id=parent.info.run_id, params={"depth": "3"}, tags={"a 📦": "c"}
    )
    client.log_model_artifacts(model.model_id, make_model_folder())
    client.finalize_logged_model(model.model_id, "READY")
    mlflow.log_metric("auc", 0.9, step=1, model_id=model.model_id, run_id=parent.info.run_id, dataset=data)
    client.log_inputs(child.info.run_id, models=[mlflow.entities.LoggedModelInput(model.model_id)])
    dropped = client.create_logged_model(plain, name="dropped", source_run_id=child.info.run_id, tags={"k": "v"})
    client.finalize_logged_model(dropped.model_id, "FAILED")
    client.delete_logged_model(dropped.model_id)
    client.create_logged_model(plain, name="pending")
    client.log_outputs(parent.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 4)])
    client.create_registered_model("prod", tags={"owner": "ana"}, description="the one")
    for number in range(3):
        client.create_model_version(
            "prod", f"models:/{model.model_id}", run_id=parent.info.run_id, model_id=model.model_id,
            tags={"number": str(number)},
        )
    client.set_registered_model_alias("prod", "champion", 2)
    client.set_registered_model_alias("prod", "2nd-best_ü", 2)
    client.update_model_version("prod", "2", description="größer 🦩")
    client.create_registered_model("without versions 📦")
    client.transition_model_version_stage("prod", "1", "Archived")
    # The number of a deleted version is not used again.
    client.delete_model_version("prod", "3")
    mlflow.genai.register_prompt("greeting", "Say {{what}} — größer", commit_message="first", tags={"k": "v"})
    mlflow.genai.set_prompt_alias("greeting", alias="live", version=1)
    mlflow.genai.register_prompt("greeting", "{{what}}\n" * 900)
    return parent.info.run_id, child.info.run_id, model.model_id


def make_model_folder():
    folder = Path("model")
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "weights.bin").write_bytes(os.urandom(300_000))
    return str(folder)


def plain(thing):
    """An entity as data that can be compared; what each server makes up by itself is left out."""
    if isinstance(thing, (list, tuple)):
        return [plain(one) for one in thing]
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, (str, int, type(None), bool)):
        return thing
    if isinstance(thing, float):
        return repr(thing)
    if not hasattr(thing, "__dict__"):
        return str(thing)
    return {key: plain(value) for key, value in sorted(vars(thing).items())}


def ordered(thing, key):
    return sorted(plain(thing), key=lambda one: json.dumps(one.get(key), sort_keys=True))


def look(client):
    """All that the client can see of a store."""
    seen = {"experiments": ordered(client.search_experiments(VIEW_ALL, max_results=1_000), "_experiment_id")}
    ids = [experiment["_experiment_id"] for experiment in seen["experiments"]]
    runs = client.search_runs(ids, run_view_type=VIEW_ALL, max_results=1_000)
    seen["runs"] = {}
    for found in runs:
        run = client.get_run(found.info.run_id)
        assert plain(run) == plain(client.get_run(run.info.run_id))
        seen["runs"][run.info.run_id] = {
            "info": plain(run.info),
            "params": run.data.params,
            "tags": run.data.tags,
            "metrics": plain(run.data.metrics),
            "datasets": plain(run.inputs.dataset_inputs),
            "model_inputs": ordered(run.inputs.model_inputs, "_model_id"),
            "model_outputs": ordered(run.outputs.model_outputs, "_model_id"),
            "histories": {
                key: plain(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics
            },
        }
    models = client.search_logged_models(ids)
    seen["logged_models"] = ordered([client.get_logged_model(model.model_id) for model in models], "_model_id")
    for filter_string in ("", "tags.`mlflow.prompt.is_prompt` = 'true'"):
        for model in client.search_registered_models(filter_string):
            # The client keeps prompts out of what it gets by name.
            seen["model " + model.name] = plain(model if filter_string else client.get_registered_model(model.name))
        for version in client.search_model_versions(filter_string):
            got = version if filter_string else client.get_model_version(version.name, version.version)
            seen[f"version {version.name}/{version.version}"] = plain(got)
            if not filter_string:
                place = client.get_model_version_download_uri(version.name, version.version)
                seen[f"place {version.name}/{version.version}"] = place
    return json.loads(json.dumps(seen, sort_keys=True, default=str))


def files(client, uri, seen):
    """The bytes of all artifacts that the client can fetch."""
    mlflow.set_tracking_uri(uri)
    found = {}
    for place in [*(f"runs:/{run_id}" for run_id in seen["runs"]), *(f"models:/{m['_model_id']}" for m in seen["logged_models"])]:
        try:
            folder = Path(mlflow.artifacts.download_artifacts(place))
        except Exception as error:
            found[place] = type(error).__name__
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found[f"{place}/{path.relative_to(folder)}"] = path.read_bytes()
    return found


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """The folder of a reference server that has been stopped, what the client saw of it, and its files."""
    if not REFERENCE_PYTHON.exists():
        pytest.fail(f"the reference server is missing: {REFERENCE_PYTHON}; run: make environments")
    folder = tmp_path_factory.mktemp("stock")
    work = tmp_path_factory.mktemp("work")
    before = Path.cwd()
    os.chdir(work)
    try:
        with ReferenceServer(python=REFERENCE_PYTHON, directory=folder) as server:
            client = mlflow.MlflowClient(server.url)
            fill(client)
            seen = look(client)
            return folder, seen, files(client, server.url, seen)
    finally:
        os.chdir(before)


def test_the_client_sees_the_same_after_the_move(stock, tmp_path):
    folder, seen, stored = stock
    content = (folder / "mlflow.db").read_bytes()
    status, summary, _ = run_import(folder / "mlflow.db", tmp_path / "data")
    assert (status, summary["skipped"], summary["remarks"]) == (0, [], []), summary
    assert (folder / "mlflow.db").read_bytes() == content
    with ApusServer(["--data-dir", tmp_path / "data"]) as server:
        client = mlflow.MlflowClient(server.url)
        mine = look(client)
        for part in seen:
            assert mine.get(part) == seen[part], part
        assert mine.keys() == seen.keys()
        assert files(client, server.url, mine) == stored
        assert len(stored) > 5
        # What was imported goes on: the next version has the next number, and deleted runs come back.
        model_id = seen["logged_models"][0]["_model_id"]
        assert int(client.create_model_version("prod", f"models:/{model_id}", model_id=model_id).version) == 4


def test_twice_changes_nothing_and_growth_comes(stock, tmp_path):
    folder, _, _ = stock
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "mlflow.db").write_bytes((folder / "mlflow.db").read_bytes())
    data = tmp_path / "data"
    run_import(copy, data, "--artifacts-from", folder / "artifacts", check=0)
    before = dump(data / "apus.db")
    _, summary, _ = run_import(copy, data, "--artifacts-from", folder / "artifacts", check=0)
    assert dump(data / "apus.db") == before
    assert all(count["added"] == count["completed"] == 0 for count in summary["counts"].values())
    assert summary["artifacts"]["added"] == 0 and summary["artifacts"]["unchanged"] > 3
    with sqlite3.connect(copy / "mlflow.db") as database:
        run_id, = database.execute("SELECT run_uuid FROM runs WHERE name = 'still running'").fetchone()
        database.execute("UPDATE runs SET status = 'FINISHED', end_time = 77 WHERE run_uuid = ?", (run_id,))
        database.execute("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('new', 4, 5, ?, 6, 0)", (run_id,))
    _, summary, _ = run_import(copy, data, "--artifacts-from", folder / "artifacts", check=0)
    assert summary["counts"]["run"]["completed"] == 1 and summary["counts"]["points"]["added"] == 1
    with sqlite3.connect(copy / "mlflow.db") as database:
        database.execute("UPDATE params SET value = '0.2' WHERE key = 'lr'")
    before = dump(data / "apus.db")
    _, summary, _ = run_import(copy, data, "--artifacts-from", folder / "artifacts", check=1)
    assert [remark["kind"] for remark in summary["remarks"]] == ["run"] and "lr" in summary["remarks"][0]["text"]
    assert dump(data / "apus.db") == before


def dump(database):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in tables}


def test_a_running_server_takes_the_same(stock, tmp_path):
    folder, seen, stored = stock
    with ApusServer(directory=tmp_path / "server") as server:
        _, summary, _ = run_import(folder, server.url, check=0)
        assert summary["target"].startswith("server ")
        client = mlflow.MlflowClient(server.url)
        mine = look(client)
        for part in seen:
            assert mine.get(part) == seen[part], part
        assert files(client, server.url, mine) == stored
        # By its folder, which it holds, the server is found too.
        _, summary, _ = run_import(folder, server.data_directory, check=0)
        assert summary["target"] == f"server {server.url}"
        assert all(count["added"] == count["completed"] == 0 for count in summary["counts"].values())
        assert summary["artifacts"]["added"] == 0


def test_an_import_into_a_store_in_use_maps_experiments_and_overwrites_nothing(stock, tmp_path):
    folder, seen, _ = stock
    with ApusServer(directory=tmp_path / "server") as server:
        client = mlflow.MlflowClient(server.url)
        mine = client.create_experiment("mine")
        run = client.create_run(mine)
        client.log_metric(run.info.run_id, "loss", 3)
        before = plain(client.get_run(run.info.run_id))
        _, summary, _ = run_import(folder, server.url)
        assert plain(client.get_run(run.info.run_id)) == before
        theirs = client.get_experiment_by_name("größer 🦩")
        assert [m["name"] for m in summary["mappings"] if m["experiment_id"] == theirs.experiment_id] == [theirs.name]
        parents = client.search_runs([theirs.experiment_id], "attributes.run_name = 'parent'")
        assert plain(parents[0].data.params) == seen["runs"][parents[0].info.run_id]["params"]


def test_a_part_comes_alone(stock, tmp_path):
    folder, seen, _ = stock
    parent = next(run_id for run_id, run in seen["runs"].items() if run["tags"].get("mlflow.runName") == "parent")
    _, summary, _ = run_import(folder, tmp_path / "data", "--run", parent)
    assert summary["found"]["run"] == 1 and "registered_model" not in summary["found"]
    _, summary, _ = run_import(folder, tmp_path / "more", "--experiment", "deleted")
    assert summary["found"] == {"experiment": 1, "run": 1}
    _, summary, _ = run_import(folder, tmp_path / "none", "--dry-run", check=0)
    assert summary["found"]["run"] == len(seen["runs"]) and summary["dry_run"] and not (tmp_path / "none").exists()


def test_files_that_were_left_behind_are_told(stock, tmp_path):
    folder, seen, _ = stock
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(folder / "mlflow.db", copy)
    _, summary, _ = run_import(copy, tmp_path / "none", check=1)
    assert "artifacts of logged models" in {entry["place"] for entry in summary["skipped"]}, summary
    shutil.copytree(folder / "artifacts", copy / "mlartifacts", ignore=shutil.ignore_patterns("models"))
    _, summary, _ = run_import(copy, tmp_path / "some", check=1)
    assert [entry["place"] for entry in summary["skipped"]] == ["artifacts of logged models"], summary


def test_of_one_experiment_only_its_own_traces_are_told(stock, tmp_path):
    folder, _, _ = stock
    copy = tmp_path / "mlflow.db"
    shutil.copy(folder / "mlflow.db", copy)
    with sqlite3.connect(copy) as database:
        database.execute(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) SELECT 'tr-1', experiment_id, 1, 'OK' "
            "FROM experiments WHERE name = 'deleted'"
        )
    arguments = ("--artifacts-from", folder / "artifacts", "--experiment")
    _, summary, _ = run_import(copy, tmp_path / "data", *arguments, "größer 🦩", check=0)
    _, summary, _ = run_import(copy, tmp_path / "data", *arguments, "deleted", check=1)
    assert [entry["place"] for entry in summary["skipped"]] == ["table trace_info"]


def test_a_folder_is_not_imported_into_itself_and_links_need_files_on_both_sides(stock, tmp_path):
    folder, _, _ = stock
    data = tmp_path / "new/deep/data"
    run_import(folder, data, check=0)
    status, _, message = run_import(data, data)
    assert status == 2 and "is the target of the import too" in message
    with ApusServer(["--data-dir", data]) as server:
        for source, place in ((folder, server.url), (folder, data), (server.url, tmp_path / "other")):
            status, _, message = run_import(source, place, "--link")
            assert status == 2 and "--link is for" in message, message
    assert not (tmp_path / "other").exists()


def test_artifacts_are_linked_or_left(stock, tmp_path):
    folder, seen, _ = stock
    run_import(folder, tmp_path / "linked", "--link", check=0)
    weights = list((tmp_path / "linked/artifacts").rglob("weights.bin"))
    assert len(weights) == 1 and weights[0].read_bytes() == next(folder.rglob("weights.bin")).read_bytes()
    _, summary, _ = run_import(folder, tmp_path / "left", "--artifacts", "leave", check=0)
    assert summary["artifacts"]["added"] == 0 and not (tmp_path / "left/artifacts").exists()


def test_what_was_killed_goes_on(stock, tmp_path):
    folder, _, _ = stock
    run_import(folder, tmp_path / "whole", check=0)
    command = [str(apus_binary()), "import", str(folder), "--to", str(tmp_path / "data")]
    for delay in range(12):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay * 0.004)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run_import(folder, tmp_path / "data", check=0)
    left, right = dump(tmp_path / "data/apus.db"), dump(tmp_path / "whole/apus.db")
    assert {table: len(rows) for table, rows in left.items()} == {table: len(rows) for table, rows in right.items()}
    assert left["metrics"] == right["metrics"] and left["latest_metrics"] == right["latest_metrics"]
    names = [sorted(p.relative_to(root / "artifacts") for p in (root / "artifacts").rglob("*") if p.is_file() and not p.name.startswith(".apus-upload"))
             for root in (tmp_path / "data", tmp_path / "whole")]
    assert names[0] == names[1]


@pytest.mark.parametrize("kind", ["nothing", "text", "folder", "other database"])
def test_what_is_no_source_is_refused(kind, tmp_path):
    source = tmp_path / "source"
    if kind == "text":
        source.write_text("not a database\n" * 100)
    elif kind == "folder":
        source.mkdir()
    elif kind == "other database":
        with sqlite3.connect(source) as database:
            database.execute("CREATE TABLE t (x)")
    status, _, message = run_import(source, tmp_path / "data")
    assert status == 2 and message.startswith("apus: ") and str(source) in message
    assert not (tmp_path / "data").exists()


def test_two_imports_at_once_into_one_folder_leave_what_one_leaves(stock, tmp_path):
    folder, _, _ = stock
    run_import(folder, tmp_path / "whole", check=0)
    command = [str(apus_binary()), "import", str(folder), "--to", str(tmp_path / "data")]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [(process.communicate()[1], process.returncode) for process in running]
    assert any(status == 0 for _, status in ends), ends
    assert all(status == 0 or status == 2 and "owns the database" in text for text, status in ends), ends
    run_import(folder, tmp_path / "data", check=0)
    left, right = dump(tmp_path / "data/apus.db"), dump(tmp_path / "whole/apus.db")
    assert {table: len(rows) for table, rows in left.items()} == {table: len(rows) for table, rows in right.items()}


def test_two_imports_at_once_into_one_server(stock, tmp_path):
    folder, seen, stored = stock
    with ApusServer(directory=tmp_path / "server") as server:
        command = [str(apus_binary()), "import", str(folder), "--to", server.url]
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0)] * 3
        client = mlflow.MlflowClient(server.url)
        mine = look(client)
        for part in seen:
            assert mine.get(part) == seen[part], part
        assert files(client, server.url, mine) == stored


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(stock, tmp_path):
    folder, _, _ = stock
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", "/proc/apus-data", tmp_path / "file/below"):
        status, _, text = run_import(folder, place)
        assert status == 2 and len(text.splitlines()) == 1 and text.startswith("apus: "), text
