"""What MLflow's own tools do to a database of Apus that they are pointed at: nothing."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from servers import ApusServer

MLFLOW = Path(sys.executable).with_name("mlflow")
TOOLS = {
    "client": [sys.executable, "-c", "import mlflow; mlflow.MlflowClient({uri!r}).search_experiments()"],
    "registry": [sys.executable, "-c", "import mlflow; mlflow.MlflowClient({uri!r}).search_registered_models()"],
    "gc": [str(MLFLOW), "gc", "--backend-store-uri", "{uri}"],
    "upgrade": [str(MLFLOW), "db", "upgrade", "{uri}"],
}


def contents(database):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return list(connection.iterdump())


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stock")
    with ApusServer(["--data-dir", folder]) as server:
        body = json.dumps({"experiment_id": "0", "run_name": "kept"}).encode()
        url = f"{server.url}/api/2.0/mlflow/runs/create"
        urlopen(Request(url, body, {"Content-Type": "application/json"}), timeout=60).close()
    return folder / "apus.db"


@pytest.mark.parametrize("tool", TOOLS)
def test_a_stock_tool_stops_before_it_changes_the_database(database, tool):
    before = contents(database)
    command = [part.format(uri=f"sqlite:///{database}") for part in TOOLS[tool]]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=database.parent)
    assert result.returncode != 0
    assert "this is a database of Apus" in result.stdout + result.stderr
    assert contents(database) == before
