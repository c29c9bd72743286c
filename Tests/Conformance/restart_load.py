"""Writes to a server from many connections until told to stop, and counts what failed; run by any version of the client.

Usage: python restart_load.py URI THREADS, with a line on standard input as the word to stop.

No call is sent twice by the client: MLFLOW_HTTP_REQUEST_MAX_RETRIES is 0. Prints JSON: the calls, the failures, and for
each run how many points it was told were stored.
"""

import json
import os
import sys
import threading
import time

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

from mlflow import MlflowClient  # noqa: E402

uri, count = sys.argv[1], int(sys.argv[2])
stop = threading.Event()
lock = threading.Lock()
calls, failures, points = 0, [], {}


def write(index: int) -> None:
    global calls
    client = MlflowClient(tracking_uri=uri)
    while not stop.is_set():
        made = 0
        run_id = None
        try:
            # A creation is what later clients never repeat.
            run_id = client.create_run("0", tags={"writer": str(index)}).info.run_id
            made += 1
            points[run_id] = 0
            for step in range(20):
                client.log_metric(run_id, "loss", step / 20, step=step)
                made += 1
                points[run_id] = step + 1
                if stop.is_set():
                    break
            client.set_terminated(run_id)
            made += 1
        except Exception as error:
            with lock:
                failures.append(f"{time.time():.3f} {run_id} {type(error).__name__}: {error}"[:600])
        with lock:
            calls += made


threads = [threading.Thread(target=write, args=(index,), daemon=True) for index in range(count)]
for thread in threads:
    thread.start()
print("writing", flush=True)
sys.stdin.readline()
stop.set()
for thread in threads:
    thread.join(60)
print(json.dumps({"calls": calls, "failures": failures, "points": points}))
