"""logged-models/search and model-versions/search over many of them."""

from __future__ import annotations

import json
import urllib.parse

from harness import seed_models
from harness.bench import API, call, post

from .search import measure

PAGE = 100


def models(bench, kind):
    """100 of the logged models, and 100 of the versions, by each shape."""
    if kind == "limits":
        return
    if kind == "fasttrackml":
        bench.results.skip("models, fasttrackml: it has neither logged models nor a registry")
        return
    with bench.server(kind, bench.settings.models, seed_models) as server:
        experiment, run = names_of_store(server)
        for name, fields in logged_model_shapes().items():
            body = {"experiment_ids": [experiment], "max_results": PAGE, **fields}
            check(server, "POST", "logged-models/search", "models", body)
            script = post("logged-models/search", json.dumps(body))
            measure(bench, kind, server, "models", f"logged models, {name}", script)
        for name, fields in version_shapes(run).items():
            target = "model-versions/search?" + urllib.parse.urlencode({"max_results": PAGE, **fields})
            check(server, "GET", target, "model_versions")
            measure(bench, kind, server, "models", f"model versions, {name}", f"step GET {API}{target}\n")


def names_of_store(server):
    """The experiment, and one of its runs."""
    connection = server.connect()
    target = API + "experiments/get-by-name?" + urllib.parse.urlencode({"experiment_name": seed_models.EXPERIMENT})
    experiment = call(connection, "GET", target)["experiment"]["experiment_id"]
    body = {"experiment_ids": [experiment], "max_results": 1}
    runs = call(connection, "POST", API + "runs/search", body)["runs"]
    connection.close()
    return experiment, runs[0]["info"]["run_id"]


def check(server, method, target, member, body=None):
    """A page that is not full would be measured as a fast one."""
    connection = server.connect()
    found = call(connection, method, API + target, body)[member]
    connection.close()
    assert len(found) == PAGE, f"{target}: {len(found)} of {PAGE}"


def logged_model_shapes():
    by_metric = {"field_name": "metrics.m0", "ascending": False}
    return {
        "no filter": {},
        "by a metric": {"order_by": [by_metric]},
        "by a metric on a dataset": {"order_by": [{**by_metric, "dataset_name": "train", "dataset_digest": "1"}]},
        "metric filter": {"filter": "metrics.m0 > 90000", "order_by": [{"field_name": "metrics.m1"}]},
        "metric and param filter": {
            "filter": "metrics.m0 > 50000 AND params.p0 = '3'",
            "order_by": [{"field_name": "metrics.m1"}],
        },
    }


def version_shapes(run):
    return {
        "no filter": {},
        "of one model": {"filter": "name = 'seeded 7'"},
        "tag filter": {"filter": "tags.t0 = 'group-1'"},
        "by version": {"order_by": "version_number DESC"},
        "of one run": {"filter": f"run_id = '{run}'"},
    }
