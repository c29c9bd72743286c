#!/usr/bin/env python3
"""Apus beside its peers and the machine's limits: one table and one JSON file. See README.md."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from cases import CASES  # noqa: E402
from harness import kinds, settings as sizes  # noqa: E402
from harness.bench import Bench, Refused  # noqa: E402
from harness.results import Results  # noqa: E402


def progress(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def install_peers():
    """One environment each, because they want different versions of the same packages."""
    for peer in ("mlflow", "fasttrackml"):
        environment = kinds.PEERS / peer
        progress(f"installing {peer}")
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HERE / f"peers-{peer}.txt")], check=True)


def measure(bench, results, options):
    for server in options.servers:
        reason = kinds.missing(server)
        if reason:
            results.skip(f"{server}: {reason}")
        if server == "limits" and not bench.has_nginx():
            results.skip("limits of nginx: it is not installed")
    present = [server for server in options.servers if not kinds.missing(server)]
    for name in options.only:
        for server in present:
            try:
                CASES[name](bench, server)
            except Refused as refusal:
                results.skip(f"{name}, {server}: {refusal}")
            except Exception as error:  # One broken case must not cost the numbers of the others.
                traceback.print_exc()
                results.skip(f"{name}, {server}: {type(error).__name__}: {str(error)[:200]}")


def machine():
    """What the numbers were measured on."""
    models = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "load_average": os.getloadavg(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def main():
    settings, options = sizes.parse(sys.argv[1:], CASES)
    if options.install_peers:
        install_peers()
    results = Results(progress)
    before = machine()
    # Ended from outside, it still ends its servers and prints what it has.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bench = Bench(settings, options, results)
    try:
        measure(bench, results, options)
    except KeyboardInterrupt:
        results.skip("the rest: interrupted")
    finally:
        bench.close()
    after = os.getloadavg()[0]
    loads = f"load average {before['load_average'][0]:.1f} before, {after:.1f} after"
    print(f"{before['processor']}, {before['cores']} cores; {loads}\n")
    print(results.table())
    output = Path(options.output) if options.output else HERE / "results" / time.strftime("%Y%m%d-%H%M%S.json")
    output.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": before, "settings": vars(settings), "skipped": results.skipped, "rows": results.as_json()}
    output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    print(f"\nWritten to {os.path.relpath(output)}")


if __name__ == "__main__":
    main()
