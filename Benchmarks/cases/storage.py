"""What a point weighs on disk."""

from __future__ import annotations

from harness.bench import create_runs, post
from harness.kinds import OURS


def storage(bench, kind):
    """The whole file after 64 runs × 20 keys were logged in turn, the server stopped."""
    if kind == "limits":
        return
    points = bench.settings.stored_points
    if kind not in OURS:
        points //= 50 if kind == "mlflow" else 5
    requests = max(64, points // 20)
    with bench.server(kind) as server:
        runs = f"list runs {bench.write_list(create_runs(server, 64))}\n"
        point = '{"key":"k${j}","value":0.${n+j*7919%100003},"timestamp":${n*7+1700000000000},"step":${n/64}}'
        body = '{"run_id":"${runs[n]}","metrics":[${{20|' + point + "}}]}"
        bench.load(server, runs + post("runs/log-batch", body), 8, iterations=requests, seconds=600)
        server.stop(remove=False)
        size = server.database_bytes()
    note = f"{requests * 20:,} points" if kind not in OURS else ""
    bench.record("storage", "bytes per point", "bytes", kind, [size / (requests * 20)], note=note)
