"""Runs of many processes on one folder, for test_uri.py: many.py FOLDER PROCESSES POINTS.

The processes are forked after the client was imported, and begin at the same moment. Each logs one run with that many
points and a file, by the tracking URI alone.
"""

import multiprocessing
import sys

import mlflow


def log(number, points, barrier, failures):
    try:
        barrier.wait(120)
        with mlflow.start_run(run_name=f"worker {number}", tags={"number": str(number)}) as run:
            for step in range(points):
                mlflow.log_metric("loss", step * 0.5, step=step)
            mlflow.log_text(f"from {number}", "notes/note.txt")
            mlflow.set_tag("done", "yes")
        client = mlflow.MlflowClient()
        assert client.get_run(run.info.run_id).data.tags["done"] == "yes"
    except BaseException as error:
        failures.put(f"{number}: {type(error).__name__}: {error}")
        raise


def main(folder, processes, points):
    mlflow.set_tracking_uri(f"apus:{folder}")
    context = multiprocessing.get_context("fork")
    barrier, failures = context.Barrier(processes), context.SimpleQueue()
    workers = [context.Process(target=log, args=[number, points, barrier, failures]) for number in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while not failures.empty():
        print(failures.get(), file=sys.stderr)
    sys.exit(any(worker.exitcode != 0 for worker in workers))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
