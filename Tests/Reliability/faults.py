"""Calls of the system that fail: the server answers, lives, recovers, and loses nothing that it acknowledged."""

from __future__ import annotations

import errno
import shutil
import time
from collections import Counter

from cases import Options, Result
from database import damage
from faulty_files import ALWAYS, Control, Fault, FaultyServer, build
from ledger import Comparison, end_writers, merged_statuses, start_writers
from servers import ApusServer, ServerFailed

WRITERS = 4
# What may fail where, and how.
KINDS = [
    ("write", "log", [errno.EIO, errno.ENOSPC, errno.EDQUOT]),
    ("write", "database", [errno.EIO, errno.ENOSPC, errno.EDQUOT]),
    ("write", "artifact", [errno.EIO, errno.ENOSPC, errno.EDQUOT]),
    ("sync", "log", [errno.EIO, errno.ENOSPC]),
    ("sync", "database", [errno.EIO]),
    ("sync", "artifact", [errno.EIO, errno.ENOSPC, errno.EDQUOT]),
    ("truncate", "log", [errno.EIO]),
    ("truncate", "artifact", [errno.EIO, errno.ENOSPC]),
    ("rename", "artifact", [errno.EIO, errno.ENOSPC]),
    ("open", "artifact", [errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EDQUOT]),
    ("unlink", "artifact", [errno.EIO]),
    ("mkdir", "artifact", [errno.EIO, errno.ENOSPC, errno.EDQUOT]),
    ("read", "database", [errno.EIO]),
    ("read", "log", [errno.EIO]),
    ("read", "artifact", [errno.EIO]),
    ("allocate", "artifact", [errno.ENOSPC]),
]
# These happen in a start, too, and mostly there.
KINDS_AT_START = KINDS[:4] + [
    ("open", "database", [errno.EIO, errno.EMFILE, errno.ENOSPC]),
    ("open", "log", [errno.EIO, errno.EMFILE, errno.ENOSPC]),
    ("open", "index", [errno.EIO, errno.EMFILE, errno.ENOSPC]),
    ("truncate", "index", [errno.EIO, errno.ENOSPC]),
    ("map", "index", [errno.ENOMEM, errno.EIO]),
    ("write", "index", [errno.EIO, errno.ENOSPC]),
    ("write", "lock", [errno.EIO, errno.ENOSPC]),
    ("open", "lock", [errno.EIO, errno.EMFILE]),
    ("sync", "other", [errno.EIO]),
    ("mkdir", "artifact", [errno.EIO, errno.ENOSPC]),
    ("read", "database", [errno.EIO]),
    ("read", "log", [errno.EIO]),
]
AT_ONCE = [1, 1, 1, 2, 3, 5, 10, ALWAYS]


def drawn_fault(dice, kinds) -> Fault:
    call, place, errors = dice.choice(kinds)
    writes_half = call == "write" and dice.random() < 0.2
    return Fault(call, place, dice.choice([1, 1, 2, 3, 7, 20]), dice.choice(errors), dice.choice(AT_ONCE), writes_half)


def may_be_answered(kind, status) -> bool:
    """507 is what docs/limits.md and the API promise for a disk that fails; 501 has a client send a file in one piece."""
    if not isinstance(status, int):
        return False
    return status == 200 or 400 <= status < 500 or status == 507 or (status == 501 and kind == "begin parts")


def not_recovered(server, seed, ledgers) -> list[str]:
    """Sentences if no write succeeds within some seconds after a fault has gone; what was tried is added to the ledgers."""
    until = time.monotonic() + 10
    (writer,) = start_writers(server, seed, 1, goes_on=True)
    ledgers.append(writer.ledger)
    while time.monotonic() < until and not writer.ledger.acknowledged:
        time.sleep(0.01)
    end_writers([writer])
    if writer.ledger.acknowledged:
        return []
    tried = f"{dict(writer.ledger.statuses)} {' '.join(writer.ledger.messages[:1])}"
    return [f"No write succeeded within 10 s after the fault had gone: {tried}"]


class Trial:
    """One store with faults, one after another."""

    def __init__(self, options: Options, dice, number: int, result: Result):
        self.dice, self.result = dice, result
        self.folder = options.folder(f"faults-{number}")
        self.control = Control(self.folder / "control")
        arguments = ["--database-log-limit", "4MB"] if dice.random() < 0.7 else []
        arguments += ["--deduplicate-artifacts"] if dice.random() < 0.3 else []
        self.server = FaultyServer(build(options.scratch), self.folder / "server", arguments, self.control)
        self.clean = ApusServer(arguments, directory=self.folder / "server")
        self.ledgers = []
        self.checked = 0
        self.statuses = Counter()

    def fault_under_load(self) -> bool:
        """Lets a call fail under load; whether any did."""
        fault = drawn_fault(self.dice, KINDS)
        where = f"{fault} in {self.folder.name}"
        writers = start_writers(self.server, self.dice.getrandbits(40), WRITERS, goes_on=True)
        time.sleep(self.dice.uniform(0.02, 0.1))
        self.control.arm(fault)
        until = time.monotonic() + 1.5
        while time.monotonic() < until and not self.control.fired:
            time.sleep(0.01)
        time.sleep(self.dice.uniform(0.05, 0.3))
        fired = self.control.stop()
        self.result.fault(where, end_writers(writers))
        self.ledgers += [writer.ledger for writer in writers]
        statuses = merged_statuses([writer.ledger for writer in writers])
        self.statuses.update(status for (_, status), count in statuses.items() for _ in range(count))
        for (kind, status), count in statuses.items():
            if not may_be_answered(kind, status):
                messages = [text for writer in writers for text in writer.ledger.messages if text.startswith(kind)]
                self.result.fault(where, [f"{count} times {kind} ended with {status}. {' '.join(messages[:1])}"])
        if self.server.process.poll() is not None:
            self.result.fault(where, [f"The server ended with {self.server.process.returncode}. {self.server.log()}"])
            return fired > 0
        self.result.fault(where, not_recovered(self.server, self.dice.getrandbits(40), self.ledgers))
        self.compare_after_restart(where)
        return fired > 0

    def compare_after_restart(self, where):
        """Ends the server, looks at what it left with another one without faults, and starts it again."""
        if self.dice.random() < 0.5:
            self.server.kill()
        else:
            self.server.stop(remove=False)
        self.result.fault(where, damage(self.server.data_directory))
        self.clean.start()
        comparison = Comparison(self.clean, self.ledgers).run()
        self.checked += comparison.checked
        self.result.fault(where, comparison.faults)
        self.clean.stop(remove=False)
        self.server.start()

    def fault_at_start(self) -> bool:
        """Lets a call fail while the server starts: it starts nevertheless, or ends with a sentence."""
        fault = drawn_fault(self.dice, KINDS_AT_START)
        where = f"{fault} at a start in {self.folder.name}"
        self.server.kill()
        self.control.arm(fault)
        length = self.server.log_path.stat().st_size
        try:
            self.server.start()
        except ServerFailed as error:
            with open(self.server.log_path, "rb") as log:
                log.seek(length)
                said = log.read().decode(errors="replace").strip()
            status = str(error).split("ended with status ", 1)[-1].split(" ", 1)[0]
            if status != "1" or not said:
                self.result.fault(where, [f"The start ended with status {status} and said {said[-300:]!r}."])
        fired = self.control.stop()
        if self.server.process is None:
            self.server.start()
        self.compare_after_restart(where)
        return fired > 0


def run(options: Options) -> Result:
    dice, result = options.dice("faults"), Result()
    wanted = options.count(12, 500)
    fired = drawn = checked = acknowledged = number = 0
    statuses = Counter()
    while fired < wanted and not result.faults and drawn < 6 * wanted:
        number += 1
        trial = Trial(options, dice, number, result)
        try:
            trial.server.start()
            for _ in range(8):
                drawn += 1
                happened = trial.fault_at_start() if dice.random() < 0.3 else trial.fault_under_load()
                fired += int(happened)
                if result.faults or fired >= wanted:
                    break
        except ServerFailed as error:
            result.fault(trial.folder.name, [f"The server does not start without faults: {error}"])
        finally:
            trial.server.kill()
            trial.clean.kill()
        checked += trial.checked
        statuses.update(trial.statuses)
        acknowledged += sum(ledger.acknowledged for ledger in trial.ledgers)
        if not result.faults:
            shutil.rmtree(trial.folder)
    answers = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items(), key=str))
    result.figures = (
        f"{fired} faults of {drawn} that were drawn, in {number} stores, {acknowledged} acknowledged writes, {checked} things "
        f"compared; answers {answers}"
    )
    return result
