"""What an import brings goes to the things of its source alone, never to others that have the same number or id."""

import json
import os
import subprocess

import pytest

from damaged_sources import Tree, found_in
from helpers import must, new_run, send
from servers import ApusServer, apus_binary
from test_damaged_sources import places, run_import

pytestmark = pytest.mark.apus


def take(url, *records):
    body = "\n".join(json.dumps(record) for record in records).encode()
    status, answer, _ = send("POST", url + "/api/apus/1.0/import", body, {"Content-Type": "application/x-ndjson"})
    assert status == 200, answer
    return json.loads(answer)


def stored_files(data, run_id):
    return [path for path in (data / "artifacts").rglob("*") if run_id in path.parts and path.is_file()]


@pytest.mark.parametrize("target", ["folder", "server"])
def test_runs_of_an_experiment_that_is_left_out_come_to_no_other(tmp_path, target):
    tree = Tree(tmp_path / "source", 7)
    tree.write(tree.root / "3/tags/long", "x" * 2_000_000)
    lost = [run_id for run_id, run in tree.runs.items() if run["experiment"] == 3]
    # Other runs fill several bodies before those of experiment 3.
    first = next(run_id for run_id, run in tree.runs.items() if run["experiment"] == 1)
    lines = "".join(f"{1_700_000_000_000 + step} 0.5 {step}\n" for step in range(25_000))
    tree.write(tree.root / f"1/{first}/metrics/long", lines)
    with ApusServer(directory=tmp_path / "server") as server:
        data = server.data_directory
        theirs = {"experiment_id": "3", "name": "theirs", "creation_time": 77}
        assert take(server.url, {"experiment": theirs})["counts"]["experiment"]["added"] == 1
        own = new_run(server.url, "3")
        if target == "server":
            status, summary = run_import(tree.root, server.url)
    if target == "folder":
        status, summary = run_import(tree.root, data)
    assert status == 1
    found = found_in(data)
    assert [run_id for run_id, run in found.items() if run["experiment"] == 3] == [own]
    assert not set(lost) & set(found)
    assert set(lost) <= set(places(summary)) and summary["remark_count"] >= len(lost)
    assert not any(stored_files(data, run_id) for run_id in lost)


@pytest.mark.parametrize("target", ["folder", "server"])
@pytest.mark.parametrize("kind", ["of another experiment", "of another start"])
def test_a_run_that_only_has_the_same_id_gets_nothing(tmp_path, target, kind):
    tree = Tree(tmp_path / "source", 8)
    run_id, run = next(item for item in tree.runs.items() if item[1]["artifacts"])
    name = next(
        line.split(": ", 1)[1].strip("'\"")
        for line in (tree.root / f"{run['experiment']}/meta.yaml").read_text().splitlines()
        if line.startswith("name: ")
    )
    with ApusServer(directory=tmp_path / "server") as server:
        data = server.data_directory
        experiment = "0"
        if kind == "of another start":
            experiment = must(server.url, "experiments/create", {"name": name})["experiment_id"]
        new_run(server.url, experiment, run_id=run_id, start_time=1)
        if target == "server":
            status, summary = run_import(tree.root, server.url)
    if target == "folder":
        status, summary = run_import(tree.root, data)
    assert status == 1 and run_id in places(summary)
    found = found_in(data)
    assert found[run_id]["params"] == {} and found[run_id]["points"] == {}
    assert not stored_files(data, run_id)
    assert any(run_id in one["place"] for one in summary["skipped"])
    assert len(found) == len(tree.runs)


COMMANDS = [
    ["import", b"caf\xe9"],
    ["import", "x", "--to", b"caf\xe9"],
    ["import", "x", b"--experiment=caf\xe9"],
    ["server", "--data-dir", b"caf\xe9"],
    ["run", "--data-dir", b"caf\xe9", "--", "true"],
    ["export", "--format", "csv", "-o", b"caf\xe9"],
    ["backup", b"caf\xe9"],
    ["restore", b"caf\xe9"],
    ["push", "--to", b"caf\xe9"],
    ["token", "create", b"caf\xe9"],
    ["user", "create", b"caf\xe9"],
    ["check", "--data-dir", b"caf\xe9"],
    ["gc", "--data-dir", b"caf\xe9"],
    ["artifacts", "stats", "--data-dir", b"caf\xe9"],
    ["doctor", b"http://caf\xe9"],
    [b"caf\xe9"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda value: str(value[0]) + str(len(value)))
def test_an_argument_that_is_not_utf8_opens_no_other_file(tmp_path, arguments):
    # What Swift would make of the bytes.
    (tmp_path / "caf\ufffd").mkdir()
    done = subprocess.run([str(apus_binary()), *arguments], capture_output=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout) == (2, b""), done
    assert b"caf\\xe9' is not UTF-8" in done.stderr and len(done.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == ["caf\ufffd"] and not os.listdir(tmp_path / "caf\ufffd")


def test_a_variable_that_is_not_utf8_opens_no_other_folder(tmp_path):
    (tmp_path / "caf\ufffd").mkdir()
    environment = {**os.environb, b"APUS_DATA_DIR": bytes(tmp_path) + b"/caf\xe9"}
    done = subprocess.run([str(apus_binary()), "check"], capture_output=True, env=environment, timeout=60)
    assert done.returncode == 2 and b"'APUS_DATA_DIR' is not UTF-8" in done.stderr


def test_a_command_gets_its_arguments_as_they_are(tmp_path):
    data = tmp_path / "data"
    command = [str(apus_binary()), "run", "--data-dir", str(data), "--", "printf", "%s", b"caf\xe9"]
    done = subprocess.run(command, capture_output=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, b"caf\xe9"), done.stderr
