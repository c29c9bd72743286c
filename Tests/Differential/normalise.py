"""Takes out of an answer what a server chooses for itself, so that two servers' answers can be compared."""

from __future__ import annotations

import json
import math
import re
import time
from typing import Any

MODEL_ID = re.compile(r"m-([0-9a-f]{32})")
HEX_ID = re.compile(r"\b[0-9a-f]{32}\b")
GENERATED_NAME = re.compile(r"^[a-z]+-[a-z]+-\d+$")
PYTHON_SET = re.compile(r"\{('[^'{}]*'(?:, '[^'{}]*')+)\}")
DAY_MILLISECONDS = 86_400_000
UNORDERED = {
    "tags": lambda item: (item.get("key", ""), item.get("value", "")),
    "params": lambda item: item.get("key", ""),
    "dataset_inputs": lambda item: json.dumps(item.get("dataset", {}), sort_keys=True),
    "dataset_summaries": lambda item: json.dumps(item, sort_keys=True),
    "model_inputs": lambda item: item.get("model_id", ""),
    "model_outputs": lambda item: item.get("model_id", ""),
    "latest_versions": lambda item: item.get("version", ""),
    "aliases": lambda item: json.dumps(item, sort_keys=True),
}
TIMES = ("creation_time", "last_update_time", "creation_timestamp", "creation_timestamp_ms")
# When something was changed -> when it was made.
CHANGES = {"last_updated_timestamp": "creation_timestamp", "last_updated_timestamp_ms": "creation_timestamp_ms"}


class Normaliser:
    """Knows the ids that one server gave out so far, and the text of the request they are judged by."""

    def __init__(self, context: dict[str, str], directory: str, url: str, request: str):
        self.directory = directory
        self.url = url
        self.request = request
        self.long_ids = {value: f"<{name}>" for name, value in context.items() if HEX_ID.fullmatch(value)}
        for name, value in context.items():
            if match := MODEL_ID.fullmatch(value):
                self.long_ids[match[1]] = f"<{name}>"
        self.experiments = {value: f"<{name}>" for name, value in context.items() if value.isdigit()}

    def text(self, text: str) -> str:
        """An error message or another string that may hold ids."""
        text = text.replace(self.directory, "<directory>").replace(self.url, "<url>")
        text = HEX_ID.sub(self._name_of_id, text)
        text = PYTHON_SET.sub(lambda match: "{" + ", ".join(sorted(match[1].split(", "))) + "}", text)
        for value, name in self.experiments.items():
            text = re.sub(rf"(mlflow-artifacts:/|artifacts/){value}(?=/|$)", rf"\g<1>{name}", text)
            text = re.sub(rf"'{value}/(?=<|models/)", f"'{name}/", text)
            text = re.sub(rf"(?i)(experiment[^0-9]{{0,20}}){value}\b", rf"\g<1>{name}", text)
        return text

    def value(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            items = [self.value(item, key) for item in value]
            return self._sorted(key, items)
        if isinstance(value, str):
            return self._string(value, key)
        return self._number(value, key)

    def _object(self, value: dict) -> dict:
        result = {key: self.value(item, key) for key, item in value.items()}
        for changed, made in CHANGES.items():
            if isinstance(value.get(changed), int) and isinstance(value.get(made), int):
                result[changed] = "<when made>" if value[changed] == value[made] else "<later>"
        if value.get("key") == "mlflow.runName" and GENERATED_NAME.match(str(value.get("value"))):
            result["value"] = "<generated>"
        metrics = result.get("metrics")
        if isinstance(metrics, list) and all("model_id" in item for item in metrics):
            # Every point of a logged model.
            result["metrics"] = sorted(metrics, key=lambda item: json.dumps(item, sort_keys=True))
        elif isinstance(metrics, list) and ("params" in result or "tags" in result):
            # The metrics of a run's data; those of a history have no such neighbours and keep their order.
            result["metrics"] = sorted(metrics, key=lambda item: str(item.get("key")))
        return result

    def _sorted(self, key: str, items: list) -> list:
        order = UNORDERED.get(key)
        if order is None or (key != "aliases" and not all(isinstance(item, dict) for item in items)):
            return items
        return sorted(items, key=order)

    def _string(self, value: str, key: str) -> str:
        if key == "next_page_token":
            return "<token>"
        if key == "experiment_id":
            return self.experiments.get(value, value)
        if key in ("run_name", "name") and GENERATED_NAME.match(value) and value not in self.request:
            return "<generated>"
        return self.text(value)

    @staticmethod
    def _number(value: Any, key: str) -> Any:
        if isinstance(value, bool):
            return "<true>" if value else "<false>"
        if isinstance(value, float) and not math.isfinite(value):
            return f"<bare {value}>"
        if key in TIMES and isinstance(value, int):
            if abs(value - time.time() * 1000) < DAY_MILLISECONDS:
                return "<now>"
        return value

    def _name_of_id(self, match: re.Match) -> str:
        found = match[0]
        if found in self.long_ids:
            return self.long_ids[found]
        return found if found in self.request else "<id>"
