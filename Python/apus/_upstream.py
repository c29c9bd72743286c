"""Whether a server can be used, found out within a bounded time."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error

from ._client import open_as_client

_LARGEST_ANSWER = 1_048_576


def complaint(uri: str, timeout: float) -> str:
    """Why the server cannot be used; empty if it answers a search of experiments within the time.

    The time includes the look-up of the name and a body that comes in drops, which no timeout of a socket bounds.
    """
    outcome: list[str] = []
    worker = threading.Thread(target=lambda: outcome.append(_ask(uri, timeout)), name="apus-upstream", daemon=True)
    worker.start()
    worker.join(timeout)
    return outcome[0] if outcome else f"no answer within {timeout:g} s"


def _ask(uri: str, timeout: float) -> str:
    uri = uri.strip()
    if not uri.lower().startswith(("http://", "https://")):
        return "an address begins with http:// or https://"
    try:
        address = uri.rstrip("/") + "/api/2.0/mlflow/experiments/search"
        with open_as_client(address, timeout, b'{"max_results": 1}') as answer:
            return _judge(answer.read(_LARGEST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return f"it answers with {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _judge(answer: bytes) -> str:
    """A proxy that wants a login answers with a page, and with status 200."""
    try:
        is_ours = isinstance(json.loads(answer), dict)
    except ValueError:
        is_ours = False
    return "" if is_ours else "its answer is not that of an MLflow server"
