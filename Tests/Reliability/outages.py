"""The database in PostgreSQL goes away under mixed writes: it is restarted, crashes, ends its connections, or the network fails.

What was acknowledged is there afterwards, nothing is there by halves, and no request takes longer than the outage and two
seconds.
"""

from __future__ import annotations

import json
import signal
import statistics
import time

from cases import Options, Result
from ledger import API, Comparison, Gone, Writer, end_writers, merged_statuses, start_writers
from postgres import PostgresServer
from postgres_proxy import PostgresProxy
from servers import ApusServer, ServerFailed

WRITERS, READERS = 8, 2
LONGEST_OUTAGE = 3.0
# How much longer than the outage a request may take.
GRACE = 2.0


class Reader(Writer):
    """Searches until it is told to stop."""

    def run(self):
        body = json.dumps({"experiment_ids": ["0"], "max_results": 20}).encode()
        while not self._over.is_set():
            try:
                self._send("search", "POST", API + "runs/search", body)
            except Gone:
                self.broken += 1


class Outages:
    """The ways in which the database goes away, each for some seconds."""

    def __init__(self, postgres, proxy):
        self.postgres, self.proxy = postgres, proxy
        self.of_server = {"restarted": self.restart, "crashed": self.crash, "disconnected": self.disconnect}
        self.of_network = {"reset": self.reset, "silent": self.fall_silent, "silent, then reset": self.fall_silent_and_reset}

    def restart(self, seconds):
        self._stop(signal.SIGINT, seconds)

    def crash(self, seconds):
        self._stop(signal.SIGQUIT, seconds)

    def _stop(self, kind, seconds):
        self.postgres.stop(kind)
        time.sleep(seconds)
        self.postgres.start()

    def disconnect(self, _):
        self.postgres.execute(
            "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'apus-%'"
        )

    def reset(self, seconds):
        self.proxy.cut()
        time.sleep(seconds)
        self.proxy.mend()

    def fall_silent(self, seconds):
        self.proxy.fall_silent()
        time.sleep(seconds)
        self.proxy.mend()

    def fall_silent_and_reset(self, seconds):
        self.proxy.fall_silent()
        time.sleep(seconds)
        self.proxy.drop()
        self.proxy.mend()


def longest_beyond(outages, spans) -> dict:
    """By the number of an outage, and None for no outage, the longest time that a request has taken beyond it, and what it was.

    A request counts from the end of the last outage that it met.
    """
    longest = {}
    for begin, end, kind in spans:
        met = [number for number, (went, came) in enumerate(outages) if begin < came and end > went]
        last = met[-1] if met else None
        seconds = end - (begin if last is None else max(begin, outages[last][1]))
        longest[last] = max(longest.get(last, (0.0, "nothing")), (seconds, kind))
    return longest


def check_statuses(result, where, clients):
    for client in clients:
        if client.broken:
            result.fault(where, [f"{client.broken} requests got no answer."])
    ledgers = [client.ledger for client in clients]
    for (kind, status), count in merged_statuses(ledgers).items():
        # 429 says that nothing was done, and 503 that nobody knows.
        if status not in (200, 429, 503):
            result.fault(where, [f"{count} times {kind} was answered with {status}."])
    result.fault(where, [text for ledger in ledgers for text in ledger.messages if ": 503 " not in text])


def run(options: Options) -> Result:
    dice, result = options.dice("outages"), Result()
    rounds = options.count(6, 50)
    late: dict[str, list[float]] = {}
    checked = acknowledged = repeated = unknown = number = done = 0
    with PostgresServer("fsync=on", "max_connections=100") as postgres, PostgresProxy(postgres.port) as proxy:
        kinds = Outages(postgres, proxy)
        while done < rounds and not result.faults:
            number += 1
            of_network = number % 2 == 0
            uri = postgres.uri(postgres.create(f"outages_{number}"))
            if of_network:
                uri = uri.replace(f":{postgres.port}/", f":{proxy.port}/")
            server = ApusServer(["--backend-store-uri", uri], directory=options.folder(f"outages-{number}"))
            clients = []
            try:
                server.start()
                clients = start_writers(server, dice.getrandbits(40), WRITERS, goes_on=True)
                readers = [Reader((server.host, server.port), 0, goes_on=True) for _ in range(READERS)]
                for reader in readers:
                    reader.start()
                clients += readers
                seen = []
                ways = list((kinds.of_network if of_network else kinds.of_server).items())
                dice.shuffle(ways)
                for kind, go_away in ways[: rounds - done]:
                    time.sleep(dice.uniform(0.1, 1))
                    begun = time.monotonic()
                    go_away(dice.uniform(0, LONGEST_OUTAGE))
                    seen.append((kind, (begun, time.monotonic())))
                time.sleep(GRACE)
                result.fault(f"store {number}", end_writers(clients))
                spans = [span for client in clients for span in client.ledger.spans]
                for place, (seconds, request) in longest_beyond([outage for _, outage in seen], spans).items():
                    kind, (went, came) = seen[place] if place is not None else ("nothing away", (0, 0))
                    late.setdefault(kind, []).append(seconds)
                    if seconds > GRACE:
                        where = f"store {number}, {kind} for {came - went:.1f} s"
                        result.fault(where, [f"{request} took {seconds:.1f} s longer than that."])
                check_statuses(result, f"store {number}", clients)
                comparison = Comparison(server, [client.ledger for client in clients]).run()
                checked += comparison.checked
                result.fault(f"store {number}", comparison.faults)
                done += len(seen)
            except ServerFailed as error:
                result.fault(f"store {number}", [f"The server does not start: {error}"])
            finally:
                end_writers(clients)
                server.kill()
            statuses = merged_statuses([client.ledger for client in clients])
            acknowledged += sum(client.ledger.acknowledged for client in clients)
            repeated += sum(count for (_, status), count in statuses.items() if status == 429)
            unknown += sum(count for (_, status), count in statuses.items() if status == 503)
    spread = "; ".join(
        f"{kind} {len(times)}, at most {max(times):.2f} s and in the middle {statistics.median(times):.2f} s longer"
        for kind, times in sorted(late.items())
    )
    result.figures = (
        f"{done} outages of {number} stores, {acknowledged} acknowledged writes, {repeated} answers 429, {unknown} answers 503, "
        f"{checked} things compared: {spread}"
    )
    return result

