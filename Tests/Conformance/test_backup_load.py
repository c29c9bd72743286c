"""A backup under full load holds every write that was acknowledged before it began."""

import json
import sqlite3

import pytest

from backup_load import Load, rate
from keeping import apus
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus


def steps_in(generation):
    """The steps of each run."""
    with sqlite3.connect(f"file:{generation}/apus.db?mode=ro", uri=True) as connection:
        query = "SELECT runs.run_id, step FROM metrics JOIN runs ON runs.id = metrics.run_id ORDER BY step"
        steps = {}
        for run_id, step in connection.execute(query):
            steps.setdefault(run_id, []).append(step)
    return steps


def test_backups_under_load_hold_every_acknowledged_write(tmp_path):
    place = tmp_path / "place"
    with ApusServer(directory=tmp_path / "server") as server, Load(server.url) as load:
        wait_until(lambda: min(load.acknowledged().values()) > 200, 60, "the clients to log")
        for _ in range(4):
            before = load.acknowledged()
            made = json.loads(apus("backup", place, "--data-dir", server.data_directory, "--json").stdout)["backup"]
            # A small backup may be done before the next answers come.
            wait_until(lambda: sum(load.acknowledged().values()) > sum(before.values()), 10, "the clients to go on")
            steps = steps_in(made)
            for run_id, count in before.items():
                # Each client waits for its answers, so that there is no gap either.
                assert steps[run_id] == list(range(len(steps[run_id]))) and len(steps[run_id]) >= count
            assert json.loads(apus("check", place, "--json").stdout)["sound"]
            rate(load, 0.2)
        assert json.loads(apus("check", "--data-dir", server.data_directory, "--json").stdout)["sound"]
