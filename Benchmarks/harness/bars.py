"""What Apus promises, row by row, on two cores shared with the load generator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Bar:
    """One promise, or alternatives of which one is enough."""

    at_least: float | None = None
    at_most: float | None = None
    # Of the row's own limit: Apus has at least this share of it, or takes at most this many times as long.
    share_of_limit: float | None = None
    times_limit: float | None = None
    # Of another row of Apus: at most this many times as much, or no less than it.
    times_row: tuple[float, str] | None = None
    no_less_than_row: str | None = None

    @property
    def text(self):
        parts = []
        if self.at_least is not None:
            parts.append(f"≥ {self.at_least:,g}")
        if self.at_most is not None:
            parts.append(f"≤ {self.at_most:,g}")
        if self.share_of_limit is not None:
            parts.append(f"≥ {self.share_of_limit * 100:.0f} % of limit")
        if self.times_limit is not None:
            parts.append(f"≤ {self.times_limit:g} × limit")
        if self.times_row is not None:
            parts.append(f"≤ {self.times_row[0]:g} × {self.times_row[1].split(' ', 1)[1]}")
        if self.no_less_than_row is not None:
            parts.append(f"≥ {self.no_less_than_row.split(' ', 1)[1]}")
        return " or ".join(parts)

    def verdict(self, row, rows):
        """True when met, False when missed, None when there is nothing to compare."""
        apus, limit = row.median("apus"), row.median("limits")
        if apus is None:
            return None
        checks = []
        if self.at_least is not None:
            checks.append(apus >= self.at_least)
        if self.at_most is not None:
            checks.append(apus <= self.at_most)
        if self.share_of_limit is not None and limit:
            checks.append(apus >= self.share_of_limit * limit)
        if self.times_limit is not None and limit:
            checks.append(apus <= self.times_limit * limit)
        if self.times_row is not None:
            other = rows.get(self.times_row[1])
            if other and other.median("apus"):
                checks.append(apus <= self.times_row[0] * other.median("apus"))
        if self.no_less_than_row is not None:
            other = rows.get(self.no_less_than_row)
            if other and other.median("apus"):
                checks.append(apus >= other.median("apus"))
        return any(checks) if checks else None


SHAPES = ("no filter", "metric and param filter", "LIKE on a tag", "IN on run ids", "5 experiments")
MODEL_ROWS = (
    *(f"logged models, {shape}" for shape in ("no filter", "by a metric", "by a metric on a dataset")),
    *(f"logged models, {shape}" for shape in ("metric filter", "metric and param filter")),
    *(f"model versions, {shape}" for shape in ("no filter", "of one model", "tag filter", "by version", "of one run")),
)

BARS = {
    "start empty store": Bar(at_most=20),
    "start large store": Bar(at_most=20),
    "memory idle, empty store": Bar(at_most=15),
    "memory after the load": Bar(at_most=60),
    "log-metric 64 connections": Bar(at_least=30_000),
    "log-metric 64 connections, p99": Bar(at_most=10),
    "log-metric 512 connections": Bar(no_less_than_row="log-metric 64 connections"),
    "log-metric 1 connection, median": Bar(times_limit=1.3),
    "tokens of the rate without": Bar(at_least=95),
    "users of the rate without": Bar(at_least=90),
    "log-metric-wide 64 runs × 20 keys": Bar(share_of_limit=0.6),
    "log-metric-wide longest checkpoint": Bar(at_most=50),
    "log-batch 1 connection": Bar(at_least=120_000),
    "log-batch 4 connections": Bar(at_least=200_000, share_of_limit=0.7),
    "run-life 8 connections": Bar(at_least=3_000),
    **{f"search {shape}": Bar(times_limit=2) for shape in SHAPES},
    **{f"search-large {shape}": Bar(times_limit=2) for shape in SHAPES},
    **{f"search {shape}, beside a writer": Bar(times_row=(2, f"search {shape}")) for shape in SHAPES},
    "search 10,000 runs in pages of 1,000": Bar(at_most=0.4),
    "search page 200 of 40 runs": Bar(times_row=(1.2, "search page 1 of 40 runs")),
    "search runs/get": Bar(times_limit=2),
    "dear-searches log-metric, of the rate without": Bar(at_least=90),
    "dear-searches runs/get, p99": Bar(at_most=20),
    "dear-searches write-ahead log": Bar(at_most=64),
    "dear-searches memory": Bar(at_most=150),
    **{f"models {row}": Bar(at_most=10) for row in MODEL_ROWS},
    "search runs/get, beside a writer": Bar(times_row=(2, "search runs/get")),
    "history pages of 25,000": Bar(share_of_limit=0.5),
    "history in one answer": Bar(share_of_limit=0.5),
    "history bulk-interval of 1 run": Bar(times_limit=2.5),
    "history bulk-interval of 50 runs": Bar(times_limit=2.5),
    "artifacts upload": Bar(share_of_limit=1 / 1.5),
    "artifacts download": Bar(share_of_limit=1 / 1.5),
    "artifacts memory growth": Bar(at_most=8),
    "storage bytes per point": Bar(at_most=34),
}
