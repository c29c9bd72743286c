"""What several flows need: plain HTTP, and work in many processes or threads at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import traceback
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from servers import REPOSITORY

# The environment of the reference server, which `make` creates beside the others.
REFERENCE_PYTHON = Path(os.environ.get("APUS_REFERENCE_PYTHON") or REPOSITORY / ".venv-reference/bin/python")
API = "/api/2.0/mlflow/"
PARENT_TAG = "mlflow.parentRunId"


def send(method, url, body=None, headers=None, timeout=60):
    """One request by urllib. Returns the status, the body as bytes, and the headers."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def call(uri, route, body=None, headers=None, method=None, **query):
    """One JSON call. Returns the status and the decoded body. With a body it is a POST unless told otherwise."""
    url = uri + (route if route.startswith("/") else API + route)
    if query:
        url += "?" + urllib.parse.urlencode(query, doseq=True)
    data, headers = None, dict(headers or {})
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    status, content, _ = send(method or ("GET" if body is None else "POST"), url, data, headers)
    return status, json.loads(content or b"{}")


def must(uri, route, body=None, **options):
    """A call that has to succeed; returns the decoded body."""
    status, answer = call(uri, route, body, **options)
    assert status == 200, (route, status, answer)
    return answer


def new_run(uri, experiment_id="0", **fields):
    """Creates a run by plain HTTP and returns its id."""
    return must(uri, "runs/create", {"experiment_id": experiment_id, **fields})["run"]["info"]["run_id"]


def history(uri, run_id, key, **query):
    """The points of one metric by plain HTTP."""
    return must(uri, "metrics/get-history", run_id=run_id, metric_key=key, **query).get("metrics", [])


def _in_child(function, barrier, connection, arguments):
    try:
        barrier.wait(60)
        connection.send((None, function(*arguments)))
    except BaseException:
        connection.send((traceback.format_exc(), None))
    finally:
        connection.close()


def in_processes(function, arguments, timeout=120):
    """Runs `function` once per tuple in `arguments`, each in its own process, all let go at the same moment.

    Returns the results in order; an error in any of them fails the caller with its traceback.
    """
    # The fork server imports the client once and has no threads: forking it is cheap and safe.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mlflow"])
    barrier = context.Barrier(len(arguments))
    children = []
    for one in arguments:
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_in_child, args=(function, barrier, there, one), daemon=True)
        child.start()
        there.close()
        children.append((child, here))
    results = []
    try:
        for child, here in children:
            assert here.poll(timeout), f"a process gave no result within {timeout} s"
            error, result = here.recv()
            assert error is None, error
            results.append(result)
    finally:
        for child, here in children:
            child.join(5)
            if child.is_alive():
                child.kill()
            here.close()
    return results


def in_threads(function, arguments, timeout=120):
    """The same with threads: for calls that spend their time in the server."""
    barrier = threading.Barrier(len(arguments))
    results, errors = [None] * len(arguments), []

    def work(index, one):
        try:
            barrier.wait(60)
            results[index] = function(*one)
        except BaseException:
            errors.append(traceback.format_exc())

    threads = [threading.Thread(target=work, args=item, daemon=True) for item in enumerate(arguments)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
        assert not thread.is_alive(), f"a thread did not end within {timeout} s"
    assert not errors, errors[0]
    return results
