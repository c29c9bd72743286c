"""Rows of numbers, their bars, and the table."""

from __future__ import annotations

import os
import statistics
from dataclasses import dataclass, field

from .bars import BARS

COLUMNS = ("apus", "baseline", "mlflow", "fasttrackml", "limits")
# Less is noise when a binary is compared with another one of Apus.
TOLERANCE = 0.03
PEERS = {"baseline": "the baseline", "mlflow": "MLflow", "fasttrackml": "FastTrackML"}


@dataclass
class Row:
    case: str
    name: str
    unit: str
    more_is_better: bool
    values: dict = field(default_factory=dict)  # server: [one number a repetition]
    notes: dict = field(default_factory=dict)  # server: text
    loads: dict = field(default_factory=dict)  # server: load average when it was recorded

    def median(self, server):
        values = self.values.get(server)
        return statistics.median(values) if values else None

    def ratio(self, server):
        """How many times better Apus is than this server."""
        apus, other = self.median("apus"), self.median(server)
        if not apus or not other:
            return None
        return apus / other if self.more_is_better else other / apus


class Results:
    def __init__(self, progress):
        self.rows: dict[str, Row] = {}
        self.progress = progress
        self.skipped: list[str] = []

    def record(self, case, name, unit, server, values, more_is_better=False, note=""):
        """Keeps the numbers of one server in one row, one number a repetition; none with a note for a failure."""
        row = self.rows.setdefault(f"{case} {name}", Row(case, name, unit, more_is_better))
        row.values[server] = values = list(values)
        row.loads[server] = round(os.getloadavg()[0], 2)
        if note:
            row.notes[server] = note
        self.progress(f"{server}: {case}, {name}: {', '.join(map(number, values))} {unit} {note}")

    def skip(self, text):
        self.skipped.append(text)
        self.progress("skipped: " + text)

    def table(self):
        """The rows as text: medians, spread, ratios, bars."""
        lines = [["case", "row", "unit", "Apus", "spread", "baseline", "MLflow", "FastTrackML", "limit", "bar", ""]]
        for row in self.rows.values():
            lines.append([row.case, row.name, row.unit, *self.cells(row)])
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        lines.insert(1, ["-" * width for width in widths])
        text = [aligned(line, widths) for line in lines]
        notes = [
            f"{row.case}, {row.name}, {server}: {note}"
            for row in self.rows.values()
            for server, note in row.notes.items()
        ]
        text += ["", "In brackets: how many times better Apus is; for the limit, Apus' share of it."]
        text += [self.comparison(peer, title) for peer, title in PEERS.items() if self.compared(peer)]
        text += (["", "Notes", *notes] if notes else []) + (["", "Skipped", *self.skipped] if self.skipped else [])
        return "\n".join(text)

    def compared(self, peer):
        return [row for row in self.rows.values() if row.ratio(peer) is not None]

    def comparison(self, peer, title):
        """On how many rows Apus is ahead of a peer, and which are the others."""
        rows = self.compared(peer)
        enough = 1 - TOLERANCE if peer == "baseline" else 1
        behind = [f"{row.case} {row.name}" for row in rows if row.ratio(peer) <= enough]
        verb = "Level with" if peer == "baseline" else "Ahead of"
        text = f"{verb} {title} on {len(rows) - len(behind)} of {len(rows)} rows."
        return text + (f" Behind: {'; '.join(behind)}." if behind else "")

    def cells(self, row):
        values = row.values.get("apus") or []
        spread = f"{number(min(values))}–{number(max(values))}" if len(values) > 1 else ""
        cells = [number(row.median("apus")), spread]
        for server in COLUMNS[1:]:
            ratio = row.ratio(server)
            if ratio is None:
                shown = ""
            elif server == "limits":
                shown = f" ({ratio * 100:.0f} %)"
            else:
                shown = f" (×{number(ratio)})"
            cells.append(number(row.median(server)) + shown)
        bar = BARS.get(f"{row.case} {row.name}")
        verdict = bar.verdict(row, self.rows) if bar else None
        cells.append(bar.text if bar else "")
        cells.append({True: "met", False: "MISSED", None: ""}[verdict])
        return cells

    def as_json(self):
        return [
            {
                "case": row.case,
                "row": row.name,
                "unit": row.unit,
                "more_is_better": row.more_is_better,
                "servers": {
                    server: {
                        "median": row.median(server),
                        "values": values,
                        "times_better_is_apus": row.ratio(server) if server != "apus" else None,
                        "load_average": row.loads[server],
                        "note": row.notes.get(server, ""),
                    }
                    for server, values in row.values.items()
                },
            }
            for row in self.rows.values()
        ]


def number(value):
    """A number with three digits that matter, or with all before the point."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def aligned(cells, widths):
    texts = []
    for column, (cell, width) in enumerate(zip(cells, widths)):
        texts.append(cell.ljust(width) if column in (0, 1, 2, 10) else cell.rjust(width))
    return "  ".join(texts).rstrip()
