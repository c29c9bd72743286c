"""A disk that is full, and has room again: what cannot be stored is refused, nothing is lost, and the server goes on.

Where the machine lets us, the disk is a small one in memory; elsewhere the library makes writes fail.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from cases import Options, Result
from database import damage
from faults import may_be_answered, not_recovered
from faulty_files import Control, FaultyServer, build
from ledger import Comparison, end_writers, merged_statuses, start_writers
from servers import ApusServer, ServerFailed

DISK_MEBIBYTES = 96
# What is given back: more than the write-ahead log and what is copied from it.
BALLAST_MEBIBYTES = 48
WRITERS = 6


class SmallDisk:
    """A file system in memory; `fill` takes all room but a little, `empty` gives back what was set aside."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.ballast = folder / "ballast"
        options = f"size={DISK_MEBIBYTES}m,mode=700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            self.is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            self.is_mounted = False
        if self.is_mounted:
            self.ballast.write_bytes(bytes(BALLAST_MEBIBYTES << 20))

    def fill(self, left: int):
        used = shutil.disk_usage(self.folder)
        try:
            (self.folder / "more").write_bytes(bytes(max(0, used.free - left)))
        except OSError:
            pass  # The server has taken the room meanwhile.

    def empty(self):
        (self.folder / "more").unlink(missing_ok=True)
        self.ballast.unlink(missing_ok=True)

    def close(self):
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)


class Filling:
    """Fills the disk under load, looks, empties it, and looks again."""

    def __init__(self, options: Options, dice, number: int, result: Result):
        self.dice, self.result, self.where = dice, result, f"disk {number}"
        folder = options.folder(f"full-disk-{number}")
        (folder / "disk").mkdir()
        self.disk = SmallDisk(folder / "disk")
        self.control = None
        if self.disk.is_mounted:
            self.server = ApusServer(directory=folder / "disk" / "server")
        else:
            self.control = Control(folder / "control")
            self.server = FaultyServer(build(options.scratch), folder / "disk" / "server", control=self.control)
        self.ledgers = []
        self.checked = self.refused = 0

    def run(self):
        self.server.start()
        self._load(lambda: self.refused_now() >= 20, until_refused=True)
        self._look("full")
        # A kill and a start on the full disk: it starts, or says why it cannot.
        self.server.kill()
        try:
            self.server.start()
            self._compare("started on the full disk")
        except ServerFailed as error:
            if "ended with status 1 " not in str(error):
                self.result.fault(self.where, [f"The start on the full disk failed: {error}"])
        if self.control:
            self.control.stop()
        self.disk.empty()
        if self.server.process is None:
            self.server.start()
        self.result.fault(self.where, not_recovered(self.server, self.dice.getrandbits(40), self.ledgers))
        self._compare("with room again")
        self.server.kill()
        self.result.fault(self.where, damage(self.server.data_directory))
        self.server.start()
        self._compare("after a kill")

    def refused_now(self) -> int:
        return sum(count for (_, status), count in merged_statuses([one.ledger for one in self.writers]).items() if status == 507)

    def _load(self, is_enough, until_refused):
        self.writers = start_writers(self.server, self.dice.getrandbits(40), WRITERS, goes_on=True)
        time.sleep(0.3)
        if self.control:
            self.control.fill_disk()
        else:
            self.disk.fill(left=self.dice.randrange(1 << 20))
        until = time.monotonic() + 20
        while time.monotonic() < until and not is_enough():
            time.sleep(0.02)
        self.result.fault(self.where, end_writers(self.writers))
        self.ledgers += [writer.ledger for writer in self.writers]
        self.refused += self.refused_now()
        if until_refused and not self.refused:
            self.result.fault(self.where, ["Nothing was refused although the disk was full."])

    def _look(self, where):
        for (kind, status), count in merged_statuses(self.ledgers).items():
            if not may_be_answered(kind, status):
                self.result.fault(self.where, [f"{where}: {count} times {kind} ended with {status}."])
        if self.server.process.poll() is not None:
            self.result.fault(self.where, [f"The server ended: {self.server.log()}"])
        self._compare(where)

    def _compare(self, where):
        comparison = Comparison(self.server, self.ledgers).run()
        self.checked += comparison.checked
        self.result.fault(f"{self.where} {where}", comparison.faults)


def run(options: Options) -> Result:
    dice, result = options.dice("full-disk"), Result()
    refused = checked = acknowledged = 0
    rounds = options.count(2, 30)
    kind = ""
    for number in range(rounds):
        filling = Filling(options, dice, number, result)
        kind = "in memory" if filling.disk.is_mounted else "simulated"
        try:
            filling.run()
        except ServerFailed as error:
            result.fault(filling.where, [f"{error}"])
        finally:
            filling.server.kill()
            filling.disk.close()
        refused += filling.refused
        checked += filling.checked
        acknowledged += sum(ledger.acknowledged for ledger in filling.ledgers)
        if result.faults:
            break
    result.figures = (
        f"{rounds} disks ({kind}) filled and emptied, {acknowledged} acknowledged writes, {refused} refused, {checked} things "
        f"compared"
    )
    return result
