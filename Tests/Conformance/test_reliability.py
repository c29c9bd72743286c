"""The attacks of Tests/Reliability find what they look for: losses, half batches, and calls that failed."""

import errno
import os
import random
import sqlite3

import pytest

from faulty_files import ALWAYS, Control, Fault, FaultyServer, build
from helpers import call, must, new_run, send
from ledger import Cell, Comparison, end_writers, start_writers
from outages import longest_beyond
from power_cuts import CREATE, FILE_SYNC, FOLDER_SYNC, MOVE, STORE, Change, Disk, read_record
from servers import ApusServer, wait_until

pytestmark = pytest.mark.apus


def test_what_was_acknowledged_must_be_there_and_what_was_begun_later_may_be():
    cell = Cell("first")
    cell.begin("second", 10).acknowledged = 20
    cell.begin("third", 30)
    cell.begin("fourth", 40).refused = True
    assert cell.possible(5) == ["first"]
    assert cell.possible(15) == ["first", "second"]
    assert cell.possible(20) == ["second"]
    assert cell.possible() == ["second", "third"]


def test_a_request_counts_from_the_end_of_the_last_outage_that_it_met():
    spans = [(1, 2, "before"), (5, 13, "during"), (9, 11, "late"), (18, 33, "two"), (40, 42, "after")]
    assert longest_beyond([(4, 10), (17, 19), (25, 32)], spans) == {None: (2, "after"), 0: (3, "during"), 2: (1, "two")}


def images(changes, tmp_path):
    """The files of many folders that a cut behind the changes could leave, as sets of pairs."""
    disk, dice = Disk("/d"), random.Random(1)
    for operation, file, number, path, data in changes:
        disk.play(Change(operation, file, number, path, data, 0))
    found = set()
    for number in range(60):
        folder = tmp_path / str(number)
        disk.write_image(folder, dice, dice.choice(["nothing", "everything", "some", "torn at 512"]))
        found.add(tuple(sorted((path.name, path.read_bytes()) for path in folder.rglob("*"))))
    return found


def test_a_cut_keeps_what_was_synced_and_any_of_the_rest(tmp_path):
    begun = [
        (CREATE, 1, 0, "/d/f", b""),
        (STORE, 1, 0, "", b"kept"),
        (FILE_SYNC, 1, 0, "", b""),
        (FOLDER_SYNC, 9, 0, "/d", b""),
    ]
    assert images(begun, tmp_path / "synced") == {(("f", b"kept"),)}
    assert images(begun[:3], tmp_path / "no name") == {(), (("f", b"kept"),)}
    assert images([*begun[:2], begun[3]], tmp_path / "no sync") == {(("f", b""),), (("f", b"kept"),)}
    moved = [*begun, (STORE, 1, 4, "", b"more"), (MOVE, 0, 0, "/d/f", b"/d/g")]
    contents = (b"kept", b"keptmore")
    assert images(moved, tmp_path / "moved") == {((name, one),) for name in "fg" for one in contents}


def written(server):
    """What a writer was told while it did a hundred things."""
    (writer,) = start_writers(server, 1, 1)
    wait_until(lambda: writer.ledger.acknowledged >= 100, 60, "a hundred acknowledged writes")
    assert end_writers([writer]) == []
    return writer.ledger


def test_a_lost_run_a_half_batch_and_a_changed_file_are_found():
    with ApusServer() as server:
        ledger = written(server)
        whole = Comparison(server, [ledger]).run()
        assert whole.faults == []
        assert whole.checked > 50
        server.stop(remove=False)
        run_id, step = next((key[1], key[2]) for key in ledger.cells if key[0] == "step")
        lost = next(key[1] for key in ledger.cells if key[0] == "run" and key[1] != run_id)
        with sqlite3.connect(server.data_directory / "apus.db") as database:
            run = database.execute("SELECT id FROM runs WHERE run_id = ?", (run_id,)).fetchone()[0]
            key = database.execute("SELECT id FROM keys WHERE name = ?", (f"p{step}",)).fetchone()[0]
            assert database.execute("DELETE FROM params WHERE run_id = ? AND key_id = ?", (run, key)).rowcount == 1
            database.execute("UPDATE runs SET run_id = ? WHERE run_id = ?", ("0" * 32, lost))
        database.close()
        file = next(path for path in (server.data_directory / "artifacts").rglob("*.bin"))
        file.write_bytes(file.read_bytes()[:-1])
        server.start()
        faults = Comparison(server, [ledger]).run().faults
        assert any(f"Run {lost} is False" in fault for fault in faults)
        assert any(f"Run {run_id} has a half batch" in fault for fault in faults)
        assert any(f"Batch {step} of run {run_id} is False" in fault for fault in faults)
        assert any(fault.startswith("File ") and file.name in fault for fault in faults)


def test_a_disk_that_fails_is_answered_with_507_and_a_write_after_it_with_200(tmp_path):
    control = Control(tmp_path / "control")
    server = FaultyServer(build(tmp_path), tmp_path / "server", control=control)
    with server:
        run_id = new_run(server.url)
        for error in (errno.ENOSPC, errno.EIO):
            body = {"run_id": run_id, "key": "m", "value": error, "timestamp": 1}
            control.arm(Fault("write", "log", 1, error, ALWAYS))
            status, answer = call(server.url, "runs/log-metric", body)
            assert (status, answer["error_code"]) == (507, "RESOURCE_LIMIT_EXCEEDED")
            assert control.stop() > 0
            must(server.url, "runs/log-metric", body)


def test_a_disk_that_fails_while_an_upload_arrives_ends_the_upload_and_leaves_no_file(tmp_path):
    control = Control(tmp_path / "control")
    server = FaultyServer(build(tmp_path), tmp_path / "server", control=control)
    with server:
        url = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/a/large.bin"
        content = os.urandom(4 << 20)
        # The end of an upload makes two calls, for the file and its folder. Only the early ones can be the fourth.
        control.arm(Fault("sync", "artifact", 4, errno.EIO))
        status, _, _ = send("PUT", url, content)
        assert (status, control.stop()) == (507, 1)
        artifacts = server.data_directory / "artifacts"
        assert not [path for path in artifacts.rglob("*") if path.is_file() and path.stat().st_size > 0]
        assert send("PUT", url, content)[0] == 200
        assert (artifacts / "a/large.bin").read_bytes() == content


def test_the_record_tells_the_changes_of_a_data_folder_in_their_order(tmp_path):
    record = tmp_path / "record"
    server = FaultyServer(build(tmp_path), tmp_path / "server", record=record)
    with server:
        new_run(server.url)
        server.kill()
        changes = read_record(record)
        names = {change.file: change.path for change in changes if change.operation == CREATE}
        log = next(file for file, path in names.items() if path.endswith("/apus.db-wal"))
        of_log = [change.operation for change in changes if change.file == log]
        assert of_log[0] == CREATE
        assert of_log[-1] == FILE_SYNC and STORE in of_log
