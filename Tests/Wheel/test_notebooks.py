"""The notebooks of Examples/, executed on simulated machines; what counts is what their servers hold afterwards."""

import csv
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from mlflow import MlflowClient

from conftest import HERE, REPOSITORY, Installed, lend, opened, servers_of
from servers import ApusServer, wait_until
from test_setup import COLAB

NOTEBOOKS = sorted((REPOSITORY / "Examples/notebooks").glob("*.ipynb"))
EPOCHS, TRIALS = 5, 6

# Run by every kernel when it starts: the folders of a simulated machine are beneath a folder of the test.
STARTUP = """
from apus import _places
_places.ROOT = {root!r}
"""
# Stands for Colab's module: Drive appears in the simulated machine, and the frame says what it was asked for.
DRIVE = """
import os
def mount(path):
    os.makedirs({root!r} + path + "/MyDrive", exist_ok=True)
    print("Mounted at", path)
"""
OUTPUT = """
def serve_kernel_port_as_iframe(port, **options):
    print("frame of port", port, options)
"""
# Folders that code for Colab or Kaggle would make here if a part of it did not heed the simulated root.
REAL_FOLDERS = [Path("/content"), Path("/kaggle")]


class Machine:
    """A simulated machine: its variables, the folder in which notebooks run, and the folder in which data must be."""

    def __init__(self, root: Path, folder: str, data: str, notebooks=NOTEBOOKS, drive=True, **variables: str):
        self.folder = root / folder
        self.data = root / data
        self.notebooks = notebooks
        self.folder.mkdir(parents=True)
        startup = root / "ipython/profile_default/startup"
        startup.mkdir(parents=True)
        (startup / "root.py").write_text(STARTUP.format(root=str(root)))
        # The server of a tracking URI ends soon after its last user.
        self.variables = {**isolated(root), "IPYTHONDIR": str(root / "ipython"), "APUS_IDLE_EXIT": "1s", **variables}
        if variables == COLAB:
            colab = root / "modules/google/colab"
            colab.mkdir(parents=True)
            for name, text in [("__init__", ""), ("output", OUTPUT), ("drive", DRIVE if drive else "mount = print")]:
                (colab / f"{name}.py").write_text(text.format(root=str(root)))
            self.variables["PYTHONPATH"] = str(root / "modules")

    def outputs(self, number: int) -> str:
        """What the cells of a notebook have printed and shown, as one text."""
        path = next(self.folder.glob(f"{number:02}-*.ipynb"))
        shown = []
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                shown += ["".join(part) for part in [output.get("text", []), *data.values()]]
        return "\n".join(shown)


def isolated(root: Path) -> dict[str, str]:
    """Keeps Jupyter away from the settings and kernels of whoever runs the tests."""
    names = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]
    return {**{name: str(root / "jupyter") for name in names}, "JUPYTER_PATH": str(root / "jupyter")}


def execute(environment, machine: Machine, notebooks) -> subprocess.Popen:
    variables = environment.environment(**machine.variables)
    command = [environment.python, HERE / "execute.py", machine.folder, *notebooks]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=variables)


@pytest.fixture(scope="module")
def machines(with_client, tmp_path_factory):
    """All notebooks executed on all machines, at once and each with a kernel of its own."""
    root = tmp_path_factory.mktemp("machines")
    found = {
        # Nobody promises that a folder has a plain name.
        "plain": Machine(root / "plain", "Mes essais été", "Mes essais été/apus-data"),
        "Colab": Machine(root / "colab", "content", "content/apus-data", **COLAB),
        "Colab without Drive": Machine(
            root / "bare", "content", "content/apus-data", notebooks=NOTEBOOKS[:1], drive=False, **COLAB
        ),
        "Kaggle": Machine(root / "kaggle", "kaggle/working", "kaggle/working/apus", KAGGLE_KERNEL_RUN_TYPE="Interactive"),
    }
    real = [folder.exists() for folder in REAL_FOLDERS]
    processes = {name: execute(with_client("notebooks"), machine, machine.notebooks) for name, machine in found.items()}
    try:
        failures = {name: process.communicate(timeout=900)[1] for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
    assert {name: process.returncode for name, process in processes.items() if process.returncode} == {}, failures
    for machine in found.values():
        for folder in [machine.data, machine.folder / "second-store", machine.folder / "central-data"]:
            wait_until(lambda folder=folder: not servers_of(folder), 15, f"the server of {folder} to end")
    assert [folder.exists() for folder in REAL_FOLDERS] == real
    return found


@pytest.fixture(scope="module")
def clients(machines):
    """A client for what each machine has left, by the name of the machine."""
    servers = {name: ApusServer(["--data-dir", machine.data]) for name, machine in machines.items()}
    try:
        yield {name: MlflowClient(server.start().url) for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.stop()


on_every_machine = pytest.mark.parametrize("place", ["plain", "Colab", "Kaggle"])


def runs_of(client, experiment, condition=""):
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id], condition, order_by=["attributes.start_time"])


def curve(client, run, key):
    return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, key)]


def artifact(client, run, path, folder):
    return Path(client.download_artifacts(run.info.run_id, path, str(folder)))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_as_they_are_read(path):
    notebook = json.loads(path.read_text())
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []


@on_every_machine
def test_every_cell_of_code_shows_something(machines, place):
    for path in NOTEBOOKS:
        cells = json.loads((machines[place].folder / path.name).read_text())["cells"]
        silent = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code" and not cell["outputs"]]
        assert silent == [], path.name


@pytest.mark.parametrize("place", ["plain", "Colab", "Colab without Drive", "Kaggle"])
def test_the_first_run_is_kept(clients, place, tmp_path):
    client = clients[place]
    (run,) = runs_of(client, "first run")
    assert (run.info.status, run.info.run_name, run.data.params) == ("FINISHED", "square root", {"start": "1.0", "steps": "6"})
    errors = curve(client, run, "error")
    assert [step for step, _ in errors] == list(range(6))
    assert errors[0][1] == 1.0 and errors[-1][1] < 1e-12
    assert artifact(client, run, "result.txt", tmp_path).read_text() == "The square root of 2 is about 1.414213562373."


def test_the_first_notebook_says_where_everything_is(machines):
    plain, colab, bare, kaggle = (machines[name].outputs(1) for name in ["plain", "Colab", "Colab without Drive", "Kaggle"])
    assert f"data in {machines['plain'].data}" in plain and "<iframe" in plain
    assert "This is not Colab" in plain and "This is not Colab" in kaggle
    assert "Mounted at /content/drive" in colab
    assert f"Colab with Drive, data in {machines['Colab'].data}, snapshots in" in colab
    assert "frame of port" in colab and "frame of port" in bare
    assert "Colab without Drive" in bare and "All is lost with this machine" in bare
    assert "Kaggle" in kaggle and "20 GB" in kaggle and "srcdoc" in kaggle and "square root" in kaggle
    # IPython warns of a frame that is given to it bare.
    assert "Consider using" not in kaggle


def test_on_colab_the_last_snapshot_on_drive_has_the_runs_of_all_notebooks(machines, tmp_path):
    snapshots = machines["Colab"].folder / "drive/MyDrive/apus"
    with ApusServer(["--data-dir", tmp_path / "new machine", "--snapshot-to", snapshots]) as server:
        client = MlflowClient(server.url)
        names = {experiment.name for experiment in client.search_experiments()}
        expected = {"first run", "optuna sweep", "training loop", "compare and export", "central first"}
        assert expected <= names
        (run,) = runs_of(client, "training loop")
        weights = artifact(client, run, run.data.tags["best.checkpoint"] + "/weights.npz", tmp_path)
        assert weights.stat().st_size > 0


def check_sweep(client, folder):
    """One parent; each child has each epoch once, with its checkpoint; returns the children."""
    (parent,) = runs_of(client, "optuna sweep", "tags.kind = 'sweep'")
    children = runs_of(client, "optuna sweep", f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert [child.info.run_name for child in children] == [f"trial {number}" for number in range(TRIALS)]
    assert {run.info.status for run in [parent, *children]} == {"FINISHED"}
    assert len({(child.data.params["learning_rate"], child.data.params["decay"]) for child in children}) == TRIALS
    for child in children:
        losses = curve(client, child, "loss")
        assert [step for step, _ in losses] == list(range(EPOCHS))
        (folder / child.info.run_id).mkdir()
        artifact(client, child, "checkpoints", folder / child.info.run_id)
        for epoch in range(EPOCHS):
            path = f"checkpoints/epoch_{epoch:03d}"
            files = folder / child.info.run_id / path
            assert json.loads((files / "checkpoint.json").read_text()) == {"epoch": epoch, "loss": losses[epoch][1]}
            assert (files / "weights.npy").read_bytes()[:6] == b"\x93NUMPY"
        assert child.data.tags["checkpoint.path"] == path
    best = min(children, key=lambda child: child.data.metrics["loss"])
    assert parent.data.tags["best.run"] == best.info.run_id
    assert parent.data.metrics["best_loss"] == best.data.metrics["loss"] < 0.6
    return children


@on_every_machine
def test_the_sweep_has_its_children_and_the_resumed_trial_each_epoch_once(clients, place, tmp_path):
    children = check_sweep(clients[place], tmp_path)
    resumed = [child.data.tags.get("resumed.after_epoch") for child in children]
    assert resumed == [None, None, None, "2", None, None]


def test_a_sweep_whose_kernel_is_killed_goes_on_in_the_next_one(with_client, tmp_path):
    machine = Machine(tmp_path, "here", "here/apus-data")
    sweep = next(path for path in NOTEBOOKS if "sweep" in path.name)
    gentle, killed = 'raise MachineFailed(\\"The plug was pulled.\\")', "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert sweep.read_text().count(gentle) == 1
    deadly = tmp_path / "deadly.ipynb"
    deadly.write_text(sweep.read_text().replace(gentle, killed))

    process = execute(with_client("notebooks"), machine, [deadly])
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 1 and "DeadKernelError" in errors, errors
    process = execute(with_client("notebooks"), machine, [sweep])
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors

    wait_until(lambda: not servers_of(machine.data), 15, "the server to end")
    with ApusServer(["--data-dir", machine.data]) as server:
        children = check_sweep(MlflowClient(server.url), tmp_path)
    resumed = [child.data.tags.get("resumed.after_epoch") for child in children]
    assert resumed == [None, None, None, "2", None, None]


@on_every_machine
def test_the_training_loop_has_files_for_each_epoch(clients, place, tmp_path):
    client = clients[place]
    (run,) = runs_of(client, "training loop")
    epochs, steps = int(run.data.params["epochs"]), 480 // int(run.data.params["batch_size"])
    assert [step for step, _ in curve(client, run, "train/loss")] == list(range(epochs * steps))
    accuracies = curve(client, run, "valid/accuracy")
    assert [step for step, _ in accuracies] == [steps * epoch - 1 for epoch in range(1, epochs + 1)]
    files = artifact(client, run, "checkpoints", tmp_path)
    assert sorted(folder.name for folder in files.iterdir()) == [f"epoch_{epoch:03d}" for epoch in range(epochs)]
    for folder in files.iterdir():
        assert sorted(file.name for file in folder.iterdir()) == ["checkpoint.json", "weights.npz", "wrong.csv"]
    best = max(value for _, value in accuracies)
    assert best > 0.85
    told = json.loads((tmp_path / run.data.tags["best.checkpoint"] / "checkpoint.json").read_text())
    assert told["valid/accuracy"] == best == float(run.data.tags["best.accuracy"])


@on_every_machine
def test_what_was_exported_is_complete_and_opens(machines, clients, place, tmp_path):
    client, folder = clients[place], machines[place].folder
    runs = runs_of(client, "compare and export")
    assert [run.data.params["rate"] for run in runs] == ["0.05", "0.4", "1.02"]
    side_by_side = "#/compare?runs=" + ",".join(run.info.run_id for run in runs)
    said = machines[place].outputs(4)
    assert ("srcdoc" if place == "Kaggle" else side_by_side) in said

    with open(folder / "points.csv", newline="") as file:
        points = {(row["run_id"], int(row["step"])): float(row["value"]) for row in csv.DictReader(file)}
    assert points == {(run.info.run_id, step): value for run in runs for step, value in curve(client, run, "height")}

    with tarfile.open(folder / "runs.tar") as archive:
        assert sum(name.endswith("summary.json") for name in archive.getnames()) == 3
    with ApusServer(["--data-dir", folder / "second-store"]) as server:
        second = MlflowClient(server.url)
        for run in runs:
            there = second.get_run(run.info.run_id)
            assert (there.info, there.data.params) == (run.info, run.data.params)
            assert curve(second, there, "height") == curve(client, run, "height")
            (tmp_path / run.info.run_id).mkdir()
            summary = artifact(second, there, "summary.json", tmp_path / run.info.run_id)
            assert json.loads(summary.read_text())["rate"] == float(run.data.params["rate"])


def test_the_exported_page_opens_in_a_browser_without_a_server(machines, tmp_path):
    page = machines["plain"].folder / "comparison.html"
    document = opened(page, tmp_path)
    assert "3 runs compared" in document
    for name in ["rate 0.05", "rate 0.4", "rate 1.02"]:
        assert document.count(name) > page.read_text().count(name)


@on_every_machine
def test_the_run_of_the_fallback_is_on_both_servers(machines, clients, place, tmp_path):
    client, folder = clients[place], machines[place].folder
    said = machines[place].outputs(5)
    assert "https://mlflow.invalid cannot be used: " in said and "(upstream, which answers)" in said
    (here,) = runs_of(client, "central first")
    with ApusServer(["--data-dir", folder / "central-data"]) as server:
        central = MlflowClient(server.url)
        there, new = runs_of(central, "central first")
        assert (there.info.run_id, there.info.end_time) == (here.info.run_id, here.info.end_time)
        assert curve(central, there, "loss") == curve(client, here, "loss") != []
        text = artifact(central, there, "note.txt", tmp_path).read_text()
        assert text == "written while the central server was away"
        assert new.info.run_name == "at home"


def test_the_cell_that_installs_takes_the_wheel_beside_the_notebook(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "environment"], check=True)
    environment = Installed(tmp_path / "environment")
    lend(environment.folder, "notebooks")
    machine = Machine(tmp_path, "here", "here/apus-data", PIP_NO_INDEX="1")
    # Apus is not there yet when the kernel starts.
    shutil.rmtree(tmp_path / "ipython")

    process = execute(environment, machine, NOTEBOOKS[:1])
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 1 and "Put the wheel apus-<version>" in errors, errors
    shutil.copy(wheel, machine.folder)
    process = execute(environment, machine, NOTEBOOKS[:1])
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert f"Installed: {wheel.name}" in machine.outputs(1)
    assert environment.apus.exists()
    assert (machine.data / "apus.db").exists()
