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
from postgres import PostgresServer  # noqa: E402
from servers import ApusServer, ReferenceServer  # noqa: E402


def pytest_addoption(parser):
    parser.addoption(
        "--against",
        choices=["apus", "reference"],
        default="apus",
        help="the server that the flows run against; APUS_CONFORMANCE_URI names one that runs already, "
        "APUS_REFERENCE_PYTHON an interpreter with the full mlflow",
    )
    parser.addoption("--part", metavar="N/COUNT", help="only every COUNT-th file, from the N-th on")


# What is not run over PostgreSQL, by the reason: whole modules, or single tests as "module::test".
SQLITE_ONLY = {
    "files that share space are of a data folder": (
        "test_artifact_kills[deduplicated]", "test_artifact_space[deduplicated]",
        "test_artifact_space::test_equal_files_are_stored_once_over_restarts_and_moves_and_leave_with_their_last_path",
        "test_command_paths::test_statistics_of_what_is_no_folder_of_artifacts_fail",
    ),
    "without quotas, users or an audit there is no journal of artifacts and no count of what is stored": (
        "test_artifact_space::test_the_journal_tells_what_happened_to_a_run_and_to_a_path",
        "test_object_storage::test_a_storage_that_is_silent_keeps_no_request_that_needs_none",
        "test_object_storage::test_the_client_sends_parts_to_the_storage_itself",
        "test_strange_storages::test_a_completion_is_journalled_and_counted_once[no quota]",
    ),
    "another server is not sent what is logged": (
        "test_forward", "test_forward_doubt", "test_forward_failures", "test_forward_limits", "test_forward_mlflow",
        "test_hostile_users",
    ),
    "imports, exports and tables are of a data folder": (
        "test_archive", "test_damaged_sources", "test_import", "test_import_export_tool", "test_import_file_store",
        "test_import_postgres", "test_import_server", "test_import_tensorboard", "test_mlflow_database_export", "test_moving",
        "test_move_postgres", "test_table_export",
    ),
    "snapshots, backups and some commands are of a data folder": (
        "test_backup_load", "test_keeping", "test_snapshots", "test_https::test_the_commands_of_this_machine_reach_the_owner_of_a_folder",
        "test_issuers::test_groups_have_the_scopes_that_the_operator_gives_them",
        "test_kills::test_a_killed_command_that_is_run_again_ends_as_an_undisturbed_one",
        "test_kills::test_killed_servers_leave_whole_snapshots_and_the_last_has_everything",
        "test_object_storage::test_gc_removes_the_objects_of_deleted_runs",
        "test_object_storage::test_a_backup_says_that_objects_are_not_in_it",
        "test_strange_storages::test_gc_leaves_the_uploads_of_others_and_finds_all_of_its_own",
        "test_strange_storages::test_a_storage_that_knows_no_unfinished_upload_is_none_that_fails",
        "test_strange_storages::test_a_command_that_does_not_know_the_bucket_says_so",
        "test_strange_storages::test_a_command_that_knows_the_bucket_brings_its_artifacts",
        "test_strange_storages::test_an_export_without_the_artifacts_of_the_bucket_is_not_whole",
        "test_strange_storages::test_a_backup_says_what_is_not_in_it_even_if_nobody_says_where_that_is",
    ),
    "a server over PostgreSQL is not alone with its data folder": (
        "test_run_command", "test_running_twice",
        "test_durability::test_a_second_server_on_the_same_data_is_refused_and_told_who_has_it", "test_own_end",
    ),
    "it is about the file of the database": (
        "test_shared_rights::test_a_server_that_forgets_the_flags_of_the_others_does_not_start",
        "test_database_apart", "test_database_files", "test_flags::test_a_flag_wins_over_its_variable",
        "test_flags::test_a_good_start_prints_one_line_and_nothing_else", "test_flags::test_further_variables_are_flags_too",
        "test_artifact_places::test_a_server_for_artifacts_alone[variable]",
        "test_artifact_places::test_a_data_directory_is_served_from_its_new_place",
        "test_https::test_without_a_certificate_openssl_is_not_loaded",
        "test_import_identity::test_runs_of_an_experiment_that_is_left_out_come_to_no_other",
        "test_import_identity::test_a_run_that_only_has_the_same_id_gets_nothing",
        "test_model_places::test_models_of_a_moved_data_directory_are_still_loaded",
        "test_overload::test_a_locked_database_is_told_as_a_wait_and_logged_once",
        "test_reliability::test_a_lost_run_a_half_batch_and_a_changed_file_are_found",
        "test_reliability::test_a_disk_that_fails_is_answered_with_507_and_a_write_after_it_with_200",
        "test_reliability::test_the_record_tells_the_changes_of_a_data_folder_in_their_order",
        "test_strange_storages::test_a_server_that_forgets_the_bucket_does_not_start",
        "test_strange_storages::test_the_place_is_forgotten_when_a_server_keeps_artifacts_in_a_folder",
    ),
}


def is_over_postgresql():
    """Whether the flows run over PostgreSQL: APUS_TEST_STORE=postgresql."""
    return os.environ.get("APUS_TEST_STORE", "sqlite") != "sqlite"


def pytest_report_header(config):
    target = os.environ.get("APUS_CONFORMANCE_URI") or config.getoption("--against")
    return f"mlflow client {mlflow.__version__} against {target}"


def names_of(item):
    """By what SQLITE_ONLY may name a test: its module, its name there, and both with its parameters."""
    module, parameters = item.module.__name__, item.name.removeprefix(item.originalname)
    return {module, module + parameters, f"{module}::{item.originalname}", f"{module}::{item.name}"}


def pytest_collection_modifyitems(config, items):
    # What failed is run again whichever part it is in.
    if config.getoption("--part") and not config.getoption("lf", False):
        number, count = map(int, config.getoption("--part").split("/"))
        kept = set(sorted({item.path for item in items})[number - 1 :: count])
        config.hook.pytest_deselected(items=[item for item in items if item.path not in kept])
        items[:] = [item for item in items if item.path in kept]
    if is_over_postgresql():
        left_out = {name for names in SQLITE_ONLY.values() for name in names}
        others = [item for item in items if names_of(item) & left_out or item.get_closest_marker("sqlite")]
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


@pytest.fixture(scope="module")
def postgres():
    """A server of PostgreSQL for the flows of a module."""
    with PostgresServer("max_connections=200") as server:
        yield server


@pytest.fixture
def database(postgres, request):
    """The name of an empty database of the flow's own."""
    return postgres.create("d" + str(abs(hash(request.node.nodeid)) % 10**12))
