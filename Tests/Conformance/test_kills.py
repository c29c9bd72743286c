"""Commands that are killed and run again end as those that nobody disturbed; `make reliability LONG=1` does this for longer."""

import random

import pytest

from command_kills import COMMANDS, kill_rounds, kill_snapshots, make_store

pytestmark = pytest.mark.apus


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"), runs=20, points=500)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_killed_command_that_is_run_again_ends_as_an_undisturbed_one(store, tmp_path, command):
    kill_rounds(command(tmp_path, store), rounds=4, seed=random.randrange(1 << 30))


def test_killed_servers_leave_whole_snapshots_and_the_last_has_everything(tmp_path):
    kill_snapshots(tmp_path, rounds=4, seed=random.randrange(1 << 30))
