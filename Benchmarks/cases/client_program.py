"""Runs under an interpreter that has mlflow: client_program.py URI metrics|sweep COUNT; prints {"rate": …}."""

from __future__ import annotations

import json
import logging
import multiprocessing
import sys
import time

import mlflow

PROCESSES = 8


def log_metrics(count):
    with mlflow.start_run():
        mlflow.log_metric("warm", 0.0)
        begin = time.perf_counter()
        for step in range(count):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        return count / (time.perf_counter() - begin)


def one_run(number):
    with mlflow.start_run(run_name=f"run {number}"):
        mlflow.log_params({f"p{index}": number + index for index in range(10)})
        for step in range(3):
            mlflow.log_metrics({f"m{index}": step / (index + 1) for index in range(10)}, step=step)
        mlflow.set_tags({f"t{index}": number for index in range(5)})


def worker(uri, numbers, barrier):
    mlflow.set_tracking_uri(uri)
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    barrier.wait()
    for number in numbers:
        one_run(number)


def sweep(uri, count):
    barrier = multiprocessing.Barrier(PROCESSES + 1)
    workers = [
        multiprocessing.Process(target=worker, args=(uri, range(first, count, PROCESSES), barrier))
        for first in range(PROCESSES)
    ]
    for process in workers:
        process.start()
    barrier.wait()
    begin = time.perf_counter()
    for process in workers:
        process.join()
    if any(process.exitcode for process in workers):
        sys.exit("a worker failed")
    return count / (time.perf_counter() - begin)


if __name__ == "__main__":
    address, mode, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    mlflow.set_tracking_uri(address)
    print(json.dumps({"rate": log_metrics(size) if mode == "metrics" else sweep(address, size)}))
