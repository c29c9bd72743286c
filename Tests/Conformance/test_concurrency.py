"""Many clients at once."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from helpers import API, history, in_threads, must, new_run, send

pytestmark = pytest.mark.client


def live(uri, experiment, steps):
    """A whole run over one kept-alive connection. Returns the statuses seen and the run id."""
    address = urlsplit(uri)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    statuses = []

    def ask(route, body):
        connection.request("POST", API + route, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        statuses.append(answer.status)
        return json.loads(content) if answer.status == 200 else {}

    try:
        run_id = ask("runs/create", {"experiment_id": experiment, "start_time": 1})["run"]["info"]["run_id"]
        for step in range(steps):
            ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": step, "timestamp": step, "step": step})
        ask("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "v"})
        ask("runs/search", {"experiment_ids": [experiment], "filter": "metrics.m >= 0", "max_results": 5})
        ask("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 2})
    finally:
        connection.close()
    return statuses, run_id


def test_a_crowd_of_clients_is_served_without_an_error(uri, experiment):
    lives = in_threads(live, [(uri, experiment, 5)] * 32)
    assert {status for statuses, _ in lives for status in statuses} == {200}
    assert len({run_id for _, run_id in lives}) == 32
    found = must(uri, "runs/search", {"experiment_ids": [experiment], "filter": "attributes.status = 'FINISHED'"})
    assert len(found["runs"]) == 32
    for _, run_id in lives[:4]:
        assert len(history(uri, run_id, "m")) == 5


@pytest.mark.apus
def test_hundreds_of_open_connections_are_served_without_an_error(uri, experiment):
    lives = in_threads(live, [(uri, experiment, 10)] * 300)
    assert {status for statuses, _ in lives for status in statuses} == {200}


@pytest.mark.apus
def test_writers_of_one_run_agree_on_its_params(uri, experiment):
    run_id = new_run(uri, experiment)

    def write(value):
        body = json.dumps({"run_id": run_id, "key": "p", "value": value}).encode()
        return send("POST", uri + API + "runs/log-parameter", body, {"Content-Type": "application/json"})[0]

    statuses = in_threads(write, [(str(index % 4),) for index in range(40)])
    winner = must(uri, "runs/get", run_id=run_id)["run"]["data"]["params"][0]["value"]
    assert [status == 200 for status in statuses] == [str(index % 4) == winner for index in range(40)]
    assert set(statuses) == {200, 400}
