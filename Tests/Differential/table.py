"""Compares the answers of two servers, and knows which differences are agreed upon."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cases  # noqa: F401  (importing it declares every scenario)
from runner import Answer, Runner
from scenario import EVERY_SCENARIO, Scenario, Step

KNOWN_PATH = Path(__file__).with_name("known.json")
LEAK = re.compile(r"sqlite3\.|sqlalche\.me| at 0x")
ASPECTS = ("status", "type", "code", "message", "body", "headers", "seen")


@dataclass
class Difference:
    """One aspect in which two answers to a case differ."""

    aspect: str
    reference: Any
    apus: Any

    def __str__(self) -> str:
        return f"  {self.aspect}\n    reference: {shown(self.reference)}\n    apus:      {shown(self.apus)}"


def shown(value: Any, limit: int = 2500) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def all_cases() -> dict[str, Step]:
    return {step.case_id: step for scenario in EVERY_SCENARIO.values() for step in scenario.steps if step.is_case}


def scenarios_of(case_ids) -> list[Scenario]:
    wanted = set(case_ids)
    return [
        scenario
        for scenario in EVERY_SCENARIO.values()
        if any(step.case_id in wanted for step in scenario.steps if step.is_case)
    ]


def run_on_both(reference, apus, scenarios: list[Scenario]) -> tuple[dict[str, Answer], dict[str, Answer]]:
    """Runs the scenarios on both servers at the same time; raises what a side raised."""
    results: list[dict[str, Answer]] = [{}, {}]
    failures: list[Exception] = []

    def work(index: int, server):
        runner = Runner(server)
        try:
            for scenario in scenarios:
                results[index].update(runner.run(scenario))
        except Exception as error:  # noqa: BLE001  (a thread must hand every failure over)
            failures.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate((reference, apus))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results[0], results[1]


def differences(step: Step, reference: Answer, apus: Answer) -> list[Difference]:
    """Every aspect in which the two answers differ, in the order of `ASPECTS`."""
    pairs = {
        "status": (reference.status, apus.status),
        "type": (reference.media_type, apus.media_type),
        "code": (reference.code, apus.code),
        "message": (reference.message, apus.message),
        "body": ([reference.body, reference.pages], [apus.body, apus.pages]),
        "headers": (reference.headers, apus.headers),
        "seen": (reference.seen, apus.seen),
    }
    found = [Difference(aspect, *pairs[aspect]) for aspect in ASPECTS if pairs[aspect][0] != pairs[aspect][1]]
    if LEAK.search(reference.message or ""):
        # Text of the reference's database layer: nobody can rely on it, and it holds times and ids.
        found = [difference for difference in found if difference.aspect != "message"]
    if step.mentions is not None:
        texts = [answer.message if answer.message is not None else shown(answer.body) for answer in (reference, apus)]
        if all(part in text for part in step.mentions for text in texts):
            found = [difference for difference in found if difference.aspect != "message"]
    return found


class Known:
    """The agreed differences: entries of known.json.

    An entry names cases by a shell pattern, the aspects that may differ and the reason. `reference_status` and
    `apus_status` (such as "5xx" or "404") narrow it to answers of those kinds. One with `store` holds only for Apus over
    that store. An entry that explains nothing any more, or lists an aspect that no longer differs, is stale.
    """

    def __init__(self, entries: list[dict] | None = None, store: str | None = None):
        self.store = store or os.environ.get("APUS_TEST_STORE", "sqlite")
        entries = json.loads(KNOWN_PATH.read_text()) if entries is None else entries
        self.entries = [entry for entry in entries if entry.get("store", self.store) == self.store]
        self._used: list[set[str]] = [set() for _ in self.entries]
        self._met = [False] * len(self.entries)

    def unexplained(self, case_id: str, found: list[Difference], reference: Answer, apus: Answer):
        """The differences that no entry allows; what entries allow counts as used."""
        left = list(found)
        for index, entry in enumerate(self.entries):
            if not self._matches(entry, case_id, reference, apus):
                continue
            self._met[index] = True
            explained = [difference for difference in found if difference.aspect in entry["may_differ"]]
            self._used[index].update(difference.aspect for difference in explained)
            left = [difference for difference in left if difference not in explained]
        return left

    def stale(self) -> list[str]:
        """Entries that explained nothing, or more aspects than differ; of entries for any store a run over SQLite tells."""
        lines = []
        for entry, used in zip(self.entries, self._used):
            if self.store != "sqlite" and "store" not in entry:
                continue
            unused = [aspect for aspect in entry["may_differ"] if aspect not in used]
            if unused:
                lines.append(f"{entry['cases']}: {', '.join(unused)} no longer differ ({entry['reason']})")
        return lines

    @staticmethod
    def _matches(entry: dict, case_id: str, reference: Answer, apus: Answer) -> bool:
        patterns = entry["cases"] if isinstance(entry["cases"], list) else [entry["cases"]]
        if not any(pattern == case_id or fnmatch.fnmatchcase(case_id, pattern) for pattern in patterns):
            return False
        return _is_kind(reference.status, entry.get("reference_status")) and _is_kind(
            apus.status, entry.get("apus_status")
        )


def _is_kind(status: int, kind: str | None) -> bool:
    return kind is None or all(want in ("x", have) for want, have in zip(kind, str(status)))
