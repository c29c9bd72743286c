"""Sources with many damages: each is reported by its place, and everything else comes."""

import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys

import pytest

from damaged_sources import Database, Pages, Tree, found_in
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus
SEED = int(os.environ.get("APUS_DAMAGE_SEED", "1"))


def run_import(source, to):
    command = [str(apus_binary()), "import", str(source), "--to", str(to), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    return done.returncode, json.loads(done.stdout)


def places(summary):
    return [one["place"] for one in summary["skipped"]] + [one["id"] for one in summary["remarks"]]


def state(folder):
    """The bytes of all files of a source."""
    return {
        path: hashlib.sha256(path.read_bytes()).digest()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def hold_against(source, path, data):
    """Imports a damaged source twice, and compares what is reported and what has come with what was planted."""
    before = state(source.folder)
    status, summary = run_import(path, data)
    named = places(summary)
    unreported = [text for text in source.reported if not any(text in place for place in named)]
    assert not unreported, (SEED, unreported)
    assert status == 1 and found_in(data) == source.runs, SEED
    assert state(source.folder) == before
    # Nothing else is reported, and the second time nothing changes.
    surplus = [place for place in named if not any(text in place or place in text for text in source.reported)]
    assert not surplus, (SEED, surplus)
    status, again = run_import(path, data)
    assert status == 1 and sorted(places(again)) == sorted(named)
    assert found_in(data) == source.runs
    assert all(count["added"] == count["completed"] == 0 for count in again["counts"].values())
    check = subprocess.run([str(apus_binary()), "check", "--data-dir", str(data)], capture_output=True, text=True)
    assert check.returncode == 0, check


def test_a_file_store_with_100_damages(tmp_path):
    tree = Tree(tmp_path / "source", SEED)
    tree.damage(100)
    assert len(tree.untouched) == 80
    hold_against(tree, tree.root, tmp_path / "data")


def test_a_database_with_100_damaged_rows(tmp_path):
    database = Database(tmp_path / "source", SEED)
    database.damage(100)
    database.close()
    hold_against(database, database.path, tmp_path / "data")


@pytest.mark.parametrize("table", ["metrics", "runs", "params", "tags"])
def test_of_a_database_with_damaged_pages_every_other_row_comes(tmp_path, table):
    dice = random.Random(SEED)
    database = Database(tmp_path / "source", SEED)
    key = {"metrics": "key, step", "runs": "run_uuid, 0"}.get(table, "key, 0")
    owners = {row: rest for row, *rest in database.connection.execute(f"SELECT rowid, run_uuid, {key} FROM {table}")}
    root, = database.connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    database.close()
    pages = Pages(database.path)
    leaves = list(pages.leaves(root))
    assert sum(len(rows) for _, rows in leaves) == len(owners) and len(leaves) > 3
    for page, rows in dice.sample(leaves, 2):
        pages.spoil(page, dice)
        for run_id, key, step in (owners[row] for row in rows):
            database.reported.append(run_id)
            if table == "runs":
                del database.runs[run_id]
            elif table == "metrics":
                points = database.runs[run_id]["points"]
                points[key] = [point for point in points[key] if point[1] != step]
            else:
                del database.runs[run_id][table][key]
    for run in database.runs.values():
        run["points"] = {key: points for key, points in run["points"].items() if points}
    pages.write()
    hold_against(database, database.path, tmp_path / "data")


def test_a_running_server_takes_what_is_sound_too(tmp_path):
    tree = Tree(tmp_path / "source", SEED + 1)
    tree.damage(60)
    with ApusServer(directory=tmp_path / "server") as server:
        status, summary = run_import(tree.root, server.url)
        named = places(summary)
        assert status == 1 and all(any(text in place for place in named) for text in tree.reported)
        assert found_in(server.data_directory) == tree.runs


def test_artifacts_of_an_experiment_that_is_left_out_do_not_come(tmp_path):
    tree = Tree(tmp_path / "source", SEED)
    tree.write(tree.root / "3/tags/long", "x" * 2_000_000)
    lost = [run_id for run_id, run in tree.runs.items() if run["experiment"] == 3]
    places = [f"{tree.lose(run_id)}/artifacts" for run_id in lost]
    status, summary = run_import(tree.root, tmp_path / "data")
    skipped = [one["place"] for one in summary["skipped"]]
    assert status == 1 and sorted(skipped) == sorted(places)
    assert found_in(tmp_path / "data") == tree.runs


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_database_that_was_cut_off_gives_what_is_left(tmp_path, part):
    database = Database(tmp_path / "source", SEED)
    database.close()
    size = database.path.stat().st_size
    os.truncate(database.path, int(size * part) // 4096 * 4096)
    command = [str(apus_binary()), "import", str(database.path), "--to", str(tmp_path / "data"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (1, 2), done
    if done.returncode == 1:
        assert json.loads(done.stdout)["skipped_count"] > 0
        for run_id, run in found_in(tmp_path / "data").items():
            whole = database.runs[run_id]
            assert run["params"].items() <= whole["params"].items() and run["tags"].items() <= whole["tags"].items()
            assert all(set(points) <= set(whole["points"][key]) for key, points in run["points"].items())
    else:
        assert "cannot be read" in done.stderr


def test_a_database_whose_writer_was_killed_is_not_touched(tmp_path):
    database = Database(tmp_path / "source", SEED)
    database.close()
    writing = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('PRAGMA cache_size = 5');"
        "c.execute('BEGIN'); c.execute('UPDATE metrics SET value = 99'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", writing, database.path])
    assert (database.folder / "mlflow.db-journal").stat().st_size > 0
    before = state(database.folder)
    command = [str(apus_binary()), "import", str(database.path), "--to", str(tmp_path / "data"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "killed while it wrote" in done.stderr, done
    assert state(database.folder) == before


def test_views_triggers_and_virtual_tables_in_a_source_do_nothing(tmp_path):
    database = Database(tmp_path / "source", SEED)
    database.connection.executescript(
        f"""
        CREATE TABLE marks (text);
        CREATE TRIGGER spy AFTER INSERT ON runs BEGIN INSERT INTO marks VALUES ('trigger'); END;
        DROP TABLE webhooks;
        CREATE VIEW webhooks AS SELECT writefile('{tmp_path}/written', 'x') AS a;
        DROP TABLE params;
        CREATE VIEW params AS SELECT 'p' AS key, readfile('/etc/passwd') AS value, run_uuid FROM runs;
        """
    )
    database.close()
    before = state(database.folder)
    command = [str(apus_binary()), "import", str(database.path), "--to", str(tmp_path / "data"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "has no table 'params'" in done.stderr, done
    assert state(database.folder) == before and not (tmp_path / "written").exists()
