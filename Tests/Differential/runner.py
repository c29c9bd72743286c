"""Sends a scenario to one server and records normalised answers."""

from __future__ import annotations

import copy
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from normalise import Normaliser
from scenario import API, JSON_TYPE, SIGHTS, Scenario, Step
from wire import Connection, Response

PLACEHOLDER = re.compile(r"\{(\w+)\}")
PAGE_LIMIT = 60
# Ids that no later step asks for are saved all the same: two servers need not count alike.
IMPLICIT_SAVES = {
    "experiments/create": {"created": "experiment_id"},
    "runs/create": {"created_run": "run.info.run_id"},
    "logged-models": {"created_model": "model.info.model_id"},
}
# What carries times of creation or change in milliseconds: two of one millisecond would tie.
TIMED = re.compile(r"experiments/create$|/(logged-models|registered-models|model-versions)\b")
# What the reference adds to its errors, and Apus does not.
UNCOMPARED = ("sqlstate", "error_class")
NO_NAME = re.compile(r"[^\w ]")


@dataclass
class Answer:
    """What a server said to one step, normalised."""

    status: int
    media_type: str
    code: str | None
    message: str | None
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    seen: Any = None
    pages: list[Any] | None = None


class Runner:
    """One kept-alive connection to one server."""

    def __init__(self, server):
        self.server = server
        self.connection = Connection(server.url)
        self.names = 0

    def run(self, scenario: Scenario) -> dict[str, Answer]:
        """Case id -> answer. A set-up step that fails is an error: nothing after it would mean anything."""
        context: dict[str, str] = {}
        answers = {}
        for step in scenario.steps:
            if step.fresh:
                self._make_fresh(step, context)
            answer = self._perform(step, context)
            if step.is_case:
                answers[step.case_id] = answer
            elif answer.status != 200:
                raise RuntimeError(f"{scenario.name}: {step.path} failed on {self.server.url}: {answer}")
        return answers

    def _make_fresh(self, step: Step, context: dict[str, str]):
        if step.fresh in ("experiment", "both"):
            body = {"name": f"{step.case_id} fresh"}
            self._make(step, "experiments/create", body, {"experiment": "experiment_id"}, context)
        if step.fresh in ("run", "both"):
            body = {"experiment_id": context["experiment"], "start_time": 1000, "run_name": "fresh"}
            self._make(step, "runs/create", body, {"run": "run.info.run_id"}, context)
        if step.fresh == "model":
            body = {"experiment_id": context["experiment"], "name": "fresh"}
            self._make(step, "logged-models", body, {"model": "model.info.model_id"}, context)
        if step.fresh in ("registered", "version"):
            self.names += 1
            body = {"name": f"{NO_NAME.sub('_', step.case_id)[:150]} {self.names}"}
            self._make(step, "registered-models/create", body, {"name": "registered_model.name"}, context)
        if step.fresh == "version":
            body = {"name": context["name"], "source": "s3://bucket/model"}
            self._make(step, "model-versions/create", body, {"of": "model_version.name"}, context)

    def _make(self, step: Step, path: str, body: dict, save: dict[str, str], context: dict[str, str]):
        made = self._perform(Step(step.case_id, "POST", API + path, body=body, save=save), context)
        if made.status != 200:
            raise RuntimeError(f"{step.case_id}: could not make what it needs: {made}")

    def _perform(self, step: Step, context: dict[str, str]) -> Answer:
        response = self._send(step, context)
        if TIMED.search(step.path) and step.method != "GET":
            self._let_the_clock_move()
        parsed = self._parse(response)
        for name, path in (step.save or IMPLICIT_SAVES.get(step.path.rsplit("mlflow/")[-1], {})).items():
            value = dig(parsed, path)
            if value is not None:
                context[name] = str(value)
        context.update(zip(step.rank, sorted(context[name] for name in step.rank)))
        normaliser = Normaliser(context, str(self.server.directory), self.server.url, self._request_text(step))
        answer = self._answer(response, parsed, step, normaliser)
        if step.follow and response.status == 200:
            answer.pages = self._follow(step, context, parsed, normaliser)
        if step.see:
            answer.seen = self._see(step, context, normaliser)
        return answer

    def _send(self, step: Step, context: dict[str, str], token: str | None = None) -> Response:
        headers = {name: fill(value, context) for name, value in step.headers.items()}
        data = None
        if step.raw is not None:
            data = step.raw if isinstance(step.raw, bytes) else fill(step.raw, context).encode("utf-8", "surrogatepass")
        elif step.body is not None:
            body = fill(copy.deepcopy(step.body), context)
            if token is not None:
                body["page_token"] = token
            data = json.dumps(body).encode()
        names = {name.lower() for name in headers}
        wants_type = step.method == "POST" or (step.body is not None)
        if wants_type and "content-type" not in names:
            headers["Content-Type"] = JSON_TYPE
        headers = {name: value for name, value in headers.items() if value != "-"}
        query = fill(copy.deepcopy(step.query), context)
        if token is not None and step.body is None:
            query = {**(query or {}), "page_token": token}
        return self.connection.send(step.method, fill(step.path, context), query, data, headers)

    def _follow(self, step: Step, context: dict[str, str], first: Any, normaliser: Normaliser) -> list[Any]:
        pages = []
        token = first.get("next_page_token") if isinstance(first, dict) else None
        while token and len(pages) < PAGE_LIMIT:
            response = self._send(step, context, token)
            parsed = self._parse(response)
            pages.append([response.status, normaliser.value(parsed)])
            token = parsed.get("next_page_token") if isinstance(parsed, dict) else None
        return pages

    def _see(self, step: Step, context: dict[str, str], normaliser: Normaliser) -> Any:
        names = step.see.replace("both", "run experiment").split()
        return {name: self._look(fill(SIGHTS[name], context), normaliser) for name in names}

    def _look(self, path: str, normaliser: Normaliser) -> Any:
        response = self.connection.send("GET", path)
        parsed = self._parse(response)
        if response.status >= 400 and isinstance(parsed, dict):
            parsed = {key: value for key, value in parsed.items() if key not in UNCOMPARED}
        return [response.status, normaliser.value(parsed)]

    @staticmethod
    def _parse(response: Response) -> Any:
        if "json" in response.headers.get("Content-Type", ""):
            try:
                return json.loads(response.content)
            except ValueError:
                return {"<unparsable JSON>": response.content.decode("utf-8", "replace")}
        return response.content.decode("utf-8", "replace")

    @staticmethod
    def _answer(response, parsed, step: Step, normaliser: Normaliser) -> Answer:
        error = parsed if isinstance(parsed, dict) and "error_code" in parsed else {}
        if error and response.status >= 400:
            body = {key: value for key, value in error.items() if key not in ("error_code", "message", *UNCOMPARED)}
        else:
            body = parsed
        return Answer(
            status=response.status,
            media_type=response.headers.get("Content-Type", "").split(";")[0].strip().lower(),
            code=error.get("error_code"),
            message=normaliser.text(str(error["message"])) if "message" in error else None,
            body=normaliser.value(body),
            headers={name: normaliser.text(response.headers.get(name, "<absent>")) for name in step.compare_headers},
        )

    @staticmethod
    def _request_text(step: Step) -> str:
        return json.dumps([step.path, step.query, step.body, str(step.raw)[:10_000]], default=str)

    @staticmethod
    def _let_the_clock_move():
        start = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 < start + 2:
            time.sleep(0.0005)


def fill(value: Any, context: dict[str, str]) -> Any:
    """Puts the saved values into the placeholders of a JSON-like value; unknown placeholders stay."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: context.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {fill(key, context): fill(item, context) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(item, context) for item in value]
    return value


def dig(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value
