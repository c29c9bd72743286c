"""Fixtures of the conformance flows: one server for all flows, one experiment for each."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Support"), str(HERE.parent / "Reliability")]

# A retry would hide a 5xx, and plots need no screen. Worker processes inherit these.
os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    MLFLOW_DISABLE_TELEMETRY="true",
    GIT_PYTHON_REFRESH="quiet",
    MPLBACKEND="Agg",
    # Without it every model that is logged starts a second interpreter, only to see what it imports.
    MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT="0",
)
for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
    os.environ.pop(variable, None)

import mlflow  # noqa: E402
import pytest  # noqa: E402

from helpers import REFERENCE_PYTHON  # noqa: E402
from servers import ApusServer, ReferenceServer  # noqa: E402


def pytest_addoption(parser):
    parser.addoption(
        "--against",
        choices=["apus", "reference"],
        default="apus",
        help="the server that the flows run against; APUS_CONFORMANCE_URI names one that runs already, "
        "APUS_REFERENCE_PYTHON an interpreter with the full mlflow",
    )


# What is not run over PostgreSQL, by the reason: whole modules, or single tests as "module::test".
SQLITE_ONLY = {
    "another server is not sent what is logged": (
        "test_forward", "test_forward_doubt", "test_forward_failures", "test_forward_limits", "test_forward_mlflow",
        "test_hostile_users",
    ),
    "imports, exports and tables are of a data folder": (
        "test_archive", "test_damaged_sources", "test_import", "test_import_export_tool", "test_import_file_store",
        "test_import_postgres", "test_import_server", "test_import_tensorboard", "test_mlflow_database_export",
        "test_move_postgres", "test_table_export",
    ),
    "snapshots and backups are of a data folder": ("test_backup_load", "test_keeping", "test_snapshots"),
    "a server over PostgreSQL is not alone with its data folder": (
        "test_run_command", "test_running_twice",
        "test_durability::test_a_second_server_on_the_same_data_is_refused_and_told_who_has_it",
    ),
    "it is about the file of the database": (
        "test_database_apart", "test_database_files", "test_flags::test_a_flag_wins_over_its_variable",
        "test_flags::test_a_good_start_prints_one_line_and_nothing_else", "test_flags::test_further_variables_are_flags_too",
    ),
}


def is_over_postgresql():
    """Whether the flows run over PostgreSQL: APUS_TEST_STORE=postgresql."""
    return os.environ.get("APUS_TEST_STORE", "sqlite") != "sqlite"


def pytest_report_header(config):
    target = os.environ.get("APUS_CONFORMANCE_URI") or config.getoption("--against")
    return f"mlflow client {mlflow.__version__} against {target}"


def pytest_collection_modifyitems(config, items):
    if is_over_postgresql():
        left_out = {name for names in SQLITE_ONLY.values() for name in names}
        others = [
            item
            for item in items
            if {item.module.__name__, f"{item.module.__name__}::{item.originalname}"} & left_out
            or item.get_closest_marker("sqlite")
        ]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    if config.getoption("--against") == "apus" and not os.environ.get("APUS_CONFORMANCE_URI"):
        return
    apus_only = [item for item in items if item.get_closest_marker("apus")]
    if apus_only:
        config.hook.pytest_deselected(items=apus_only)
        items[:] = [item for item in items if item not in apus_only]


@pytest.fixture(scope="session")
def uri(request):
    """The address of the server that the flows share."""
    running = os.environ.get("APUS_CONFORMANCE_URI")
    if running:
        yield running.rstrip("/")
        return
    if request.config.getoption("--against") == "reference":
        server = ReferenceServer(python=REFERENCE_PYTHON)
    else:
        server = ApusServer()
    with server:
        yield server.url


@pytest.fixture(autouse=True)
def clean_client(tmp_path, monkeypatch):
    """Each flow works in a folder of its own, and leaves no run open and no model active behind it."""
    monkeypatch.chdir(tmp_path)
    yield
    while mlflow.active_run() is not None:
        mlflow.end_run()
    # A model that was loaded or evaluated would get the metrics of the flows after it.
    if hasattr(mlflow, "clear_active_model"):
        mlflow.clear_active_model()


@pytest.fixture
def tracking(uri):
    """Points the fluent client at the shared server, and returns a MlflowClient for it."""
    mlflow.set_tracking_uri(uri)
    return mlflow.MlflowClient(uri)


@pytest.fixture
def name():
    """A name that nothing else has."""
    return f"flow-{uuid.uuid4().hex}"


@pytest.fixture
def experiment(tracking, name):
    """The id of a new experiment, which is the active one."""
    return mlflow.set_experiment(name).experiment_id
