"""The real Python client, in an interpreter of its own."""

from __future__ import annotations

import json
import os
import subprocess

from harness.bench import Refused
from harness.kinds import HERE


def client(bench, kind):
    """Metrics one by one from one process; whole runs from eight."""
    if kind == "limits":
        return
    if not bench.client_python:
        bench.results.skip("client: no interpreter with mlflow (make environments, or --client-python)")
        return
    single, sweep = [], []
    for server in bench.repetitions(kind):
        count = bench.settings.client_metrics // (10 if server.is_slow else 1)
        single.append(program(bench, server, "metrics", count))
        count = bench.settings.client_runs // (4 if server.is_slow else 1)
        sweep.append(program(bench, server, "sweep", count))
    note = "fewer of them" if server.is_slow else ""
    bench.record("client", "log_metric one by one", "metrics/s", kind, single, True, note)
    bench.record("client", "runs in 8 processes", "runs/s", kind, sweep, True, note)


def program(bench, server, mode, count):
    command = [bench.client_python, str(HERE / "cases" / "client_program.py"), server.url, mode, str(count)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    environment.update(MLFLOW_DISABLE_TELEMETRY="true", GIT_PYTHON_REFRESH="quiet")
    output = subprocess.run(
        command, env=environment, cwd=bench.directory, capture_output=True, text=True, timeout=600, check=False
    )
    if output.returncode != 0:
        raise Refused(output.stderr[-300:])
    return json.loads(output.stdout.splitlines()[-1])["rate"]
