"""Prints every route of the installed reference server, as a JSON list of [method, pattern].

The reference answers with two frameworks: the routes of the native one come first, and everything else falls through to
the mounted one. It must be imported into a process of its own, because it reads its settings from the environment.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

IMPLIED = {"HEAD", "OPTIONS"}


def routes() -> list[list[str]]:
    with tempfile.TemporaryDirectory(prefix="reference-routes-") as folder:
        os.environ.update(
            _MLFLOW_SERVER_FILE_STORE=f"sqlite:///{folder}/mlflow.db",
            _MLFLOW_SERVER_ARTIFACT_ROOT=f"{folder}/artifacts",
            _MLFLOW_SERVER_SERVE_ARTIFACTS="true",
        )
        from mlflow.server import app
        from mlflow.server.fastapi_app import create_fastapi_app

        found = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods}
        for included in create_fastapi_app(app).routes:
            # The mount of the first framework is no router, and has no candidates.
            for route in getattr(included, "effective_candidates", list)():
                methods = route.methods or route.original_route.methods
                found |= {(method, route.path or route.original_route.path) for method in methods}
    return sorted([method, pattern] for method, pattern in found if method not in IMPLIED)


if __name__ == "__main__":
    json.dump(routes(), sys.stdout)
