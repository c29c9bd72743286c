"""How large each case is."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, fields

SERVERS = ("apus", "baseline", "mlflow", "fasttrackml", "limits")


@dataclass
class Settings:
    """Sizes of the cases; each is a flag of run.py. The values here are the full profile."""

    repetitions: int = 3
    seconds: int = 3  # of one measurement of writes
    runs: int = 10_000  # in the store that is searched
    large_runs: int = 100_000  # in the large one; 0 leaves it out
    models: int = 50_000  # logged models, and model versions, in the store that is searched
    calls: int = 100  # of each shape of search in one measurement
    points: int = 1_000_000  # of the long history
    stored_points: int = 1_000_000  # when the database is weighed
    artifact_mebibytes: int = 1024
    files: int = 500
    client_metrics: int = 1_000
    client_runs: int = 100


QUICK = Settings(
    seconds=1,
    large_runs=0,
    models=5_000,
    calls=30,
    stored_points=300_000,
    artifact_mebibytes=256,
    client_metrics=300,
    client_runs=40,
)


def parse(arguments, cases):
    """The command line: (settings, everything else)."""
    parser = argparse.ArgumentParser(description="Apus beside its peers and the machine's limits.")
    parser.add_argument("--quick", action="store_true", help="small sizes: about three minutes for Apus alone")
    parser.add_argument("--only", help="cases, by commas: " + ", ".join(cases))
    parser.add_argument("--servers", default=",".join(SERVERS), help="by commas: " + ", ".join(SERVERS))
    parser.add_argument("--baseline", help="another binary of Apus, to see what a change has cost or won")
    parser.add_argument("--install-peers", action="store_true", help="install both peers under .venv-peers first")
    parser.add_argument("--peers-large", action="store_true", help="the peers do search-large too (hours)")
    parser.add_argument("--client-python", help="an interpreter that has mlflow or mlflow-skinny")
    parser.add_argument("--output", help="the JSON file (default: one in Benchmarks/results/)")
    for field in fields(Settings):
        parser.add_argument("--" + field.name.replace("_", "-"), type=int, metavar="N")
    options = parser.parse_args(arguments)
    settings = QUICK if options.quick else Settings()
    for field in fields(Settings):
        given = getattr(options, field.name)
        if given is not None:
            setattr(settings, field.name, given)
    options.only = chosen(parser, "case", options.only, cases)
    options.servers = chosen(parser, "server", options.servers, SERVERS)
    if options.baseline:
        os.environ["APUS_BASELINE"] = os.path.abspath(options.baseline)
    else:
        options.servers = [server for server in options.servers if server != "baseline"]
    return settings, options


def chosen(parser, what, text, known):
    """The names of a list by commas, in the order in which they are known."""
    names = set(known) if text is None else set(text.split(","))
    if names - set(known):
        parser.error(f"no such {what}: {', '.join(sorted(names - set(known)))}")
    return [name for name in known if name in names]
