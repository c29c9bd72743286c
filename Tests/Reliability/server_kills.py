"""SIGKILL at random moments under mixed writes; then everything that was acknowledged is there, and nothing half."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time

from cases import Options, Result
from database import damage
from ledger import Comparison, end_writers, merged_statuses, start_writers
from servers import ApusServer, ServerFailed

WRITERS = 8
ROUNDS_OF_ONE_STORE = 5


def kill_at_start(server: ApusServer, seconds: float):
    """Starts the server and kills it before it may be ready."""
    with open(server.log_path, "ab") as log:
        process = subprocess.Popen(server.command() + server.arguments, cwd=server.directory, stdout=log, stderr=log)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def server_over_sqlite(folder, number, dice) -> ApusServer:
    arguments = ["--database-log-limit", "4MB"] if dice.random() < 0.5 else []
    arguments += ["--deduplicate-artifacts"] if dice.random() < 0.3 else []
    return ApusServer(arguments, directory=folder)


def run(options: Options) -> Result:
    return kill_servers(options, "kills", 500, server_over_sqlite)


def kill_servers(options: Options, name: str, long: int, new_server) -> Result:
    """Kills servers at random moments.

    long: the number of kills of the long form.
    new_server: makes a server that has no data yet, from a folder, a number and random numbers.
    """
    dice, result = options.dice(name), Result()
    rounds = options.count(10, long)
    kills = checked = acknowledged = 0
    slowest = 0.0
    number = 0
    while kills < rounds and not result.faults:
        number += 1
        folder = options.folder(f"{name}-{number}")
        server = new_server(folder, number, dice)
        ledgers = []
        try:
            server.start()
            for _ in range(ROUNDS_OF_ONE_STORE):
                where = f"kill {kills + 1} of store {number} {' '.join(server.arguments)}"
                writers = start_writers(server, dice.getrandbits(40), WRITERS)
                time.sleep(dice.uniform(0.02, 0.8))
                server.kill()
                kills += 1
                result.fault(where, end_writers(writers))
                ledgers += [writer.ledger for writer in writers]
                for (kind, status), count in merged_statuses([writer.ledger for writer in writers]).items():
                    if isinstance(status, int) and status not in (200, 429):
                        result.fault(where, [f"{count} times {kind} was answered with {status}."])
                if dice.random() < 0.3:
                    kill_at_start(server, dice.uniform(0, 0.08))
                    kills += 1
                result.fault(where, damage(server.data_directory))
                began = time.monotonic()
                server.start()
                slowest = max(slowest, time.monotonic() - began)
                comparison = Comparison(server, ledgers).run()
                checked += comparison.checked
                result.fault(where, comparison.faults)
                if result.faults or kills >= rounds:
                    break
            server.stop(remove=False)
            result.fault(f"store {number}", damage(server.data_directory))
        except ServerFailed as error:
            result.fault(f"store {number}", [f"The server does not start: {error}"])
        finally:
            server.kill()
        acknowledged += sum(ledger.acknowledged for ledger in ledgers)
        if not result.faults:
            shutil.rmtree(folder)
    result.figures = (
        f"{kills} kills in {number} stores, {acknowledged} acknowledged writes, {checked} things compared, "
        f"slowest start {slowest:.2f} s"
    )
    return result
