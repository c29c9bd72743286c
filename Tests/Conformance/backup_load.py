"""Backs up a store while clients log, and says how much slower they are meanwhile.

    APUS_BINARY=… python Tests/Conformance/backup_load.py --rounds 5 --seconds 4                # as fast as they can
    APUS_BINARY=… python Tests/Conformance/backup_load.py --rounds 5 --seconds 4 --rate 5000    # at a steady rate

A machine that does other things meanwhile gives wrong figures; rounds with and without backups take turns.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "Support")]

from helpers import must, new_run  # noqa: E402
from keeping import apus  # noqa: E402
from servers import ApusServer  # noqa: E402

# Requests that a client sends before it reads the answers; what is unanswered counts as not acknowledged.
PIPELINED = 16


def request(run_id, step) -> bytes:
    body = b'{"run_id":"%s","key":"m","value":%d,"timestamp":%d,"step":%d}' % (run_id.encode(), step, step, step)
    head = b"POST /api/2.0/mlflow/runs/log-metric HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def log_without_end(address, runs, acknowledged, stop, pause):
    """Logs the steps 0, 1, 2… of a metric of each run, on a connection each, and notes how many were acknowledged.

    pause: seconds from one batch of requests to the next; a client that is late makes up for it.
    """
    connections = [socket.create_connection(address) for _ in runs]
    step, due = 0, time.monotonic()
    while not stop.is_set():
        due += pause
        time.sleep(max(0, due - time.monotonic()))
        for connection, run_id in zip(connections, runs):
            connection.sendall(b"".join(request(run_id, number) for number in range(step, step + PIPELINED)))
        for number, connection in enumerate(connections):
            text = b""
            # The answer to each is an empty object.
            while (answered := text.count(b"\r\n\r\n{}")) < PIPELINED:
                piece = connection.recv(65_536)
                assert piece, "the server ended the connection"
                text += piece
            assert answered == PIPELINED == text.count(b"HTTP/1.1 200 "), text
            acknowledged[number] = step + PIPELINED
        step += PIPELINED
    for connection in connections:
        connection.close()


class Load:
    """Clients in processes of their own, with some connections each; points_a_second of all together, or no bound."""

    def __init__(self, url, processes=2, connections=8, points_a_second=None):
        parts = urlsplit(url)
        pause = processes * connections * PIPELINED / points_a_second if points_a_second else 0
        self.stop = multiprocessing.Event()
        self.parts = []
        for _ in range(processes):
            runs, counts = [new_run(url) for _ in range(connections)], multiprocessing.Array("q", connections)
            arguments = ((parts.hostname, parts.port), runs, counts, self.stop, pause)
            self.parts.append((runs, counts, multiprocessing.Process(target=log_without_end, args=arguments, daemon=True)))

    def __enter__(self):
        for *_, process in self.parts:
            process.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for *_, process in self.parts:
            process.join(30)
            assert process.exitcode == 0, process.exitcode

    def acknowledged(self) -> dict[str, int]:
        """How many steps of each run were acknowledged by now."""
        return {run: count for runs, counts, _ in self.parts for run, count in zip(runs, counts)}


def rate(load, seconds, meanwhile=lambda: time.sleep(0.01)) -> float:
    """Points a second while something is done again and again."""
    start, before = time.monotonic(), sum(load.acknowledged().values())
    while time.monotonic() < start + seconds:
        meanwhile()
    return (sum(load.acknowledged().values()) - before) / (time.monotonic() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each half of a round")
    parser.add_argument("--rate", type=float, help="points a second that the clients log; without it as many as they can")
    parser.add_argument("--points", type=int, default=300_000, help="that the store has at the beginning")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ApusServer(directory=Path(folder) / "server") as server:
        run = new_run(server.url)
        for start in range(0, options.points, 1_000):
            metrics = [{"key": "h", "value": step, "timestamp": step, "step": step} for step in range(start, start + 1_000)]
            must(server.url, "runs/log-batch", {"run_id": run, "metrics": metrics})
        place, ratios, took = Path(folder) / "place", [], []

        def back_up():
            start = time.monotonic()
            apus("backup", place, "--keep", "2", "--data-dir", server.data_directory)
            took.append(time.monotonic() - start)

        with Load(server.url, points_a_second=options.rate) as load:
            rate(load, 1)
            for _ in range(options.rounds):
                quiet, busy = rate(load, options.seconds), rate(load, options.seconds, back_up)
                ratios.append(busy / quiet)
                print(f"quiet {quiet:.0f}/s, beside backups one after another {busy:.0f}/s: {ratios[-1]:.2f}", flush=True)
        apus("check", place)
        print(f"median {statistics.median(ratios):.2f}; {len(took)} backups of {statistics.median(took):.2f} s; the last is sound")


if __name__ == "__main__":
    main()
