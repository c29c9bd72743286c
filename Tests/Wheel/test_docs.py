"""The cells of docs/notebooks.md and docs/hpc.md, as they are pasted."""

import os
import re
import subprocess

from conftest import REPOSITORY, owner_of, servers_of
from servers import ApusServer, wait_until
from test_setup import COLAB, GOOGLE, IPYTHON


def cells(page, language="python"):
    return re.findall(rf"```{language}\n(.*?)```", (REPOSITORY / "docs" / page).read_text(), re.DOTALL)


def test_the_cells_for_notebooks_run_in_order(with_client, tmp_path):
    with ApusServer() as central:
        code = "\n".join([IPYTHON, *cells("notebooks.md")]).replace("https://mlflow.example.org", central.url)
        said = with_client("3.17").run(code, cwd=tmp_path)
        assert f"{central.url} (upstream, which answers)" in said
    assert (tmp_path / "apus-data/apus.db").exists()
    assert (tmp_path / "runs/apus.db").exists()
    for folder in ["apus-data", "runs"]:
        wait_until(lambda folder=folder: not servers_of(tmp_path / folder), 15, "the server to end with its kernel")


def test_the_first_cells_run_on_colab(with_client, tmp_path):
    (tmp_path / "content/drive/MyDrive").mkdir(parents=True)
    place = f"from apus import _places\n_places.ROOT = {str(tmp_path)!r}\n"
    said = with_client("2.22").run(GOOGLE + place + "\n".join(cells("notebooks.md")[:4]), cwd=tmp_path, **COLAB)
    assert f"snapshots in {tmp_path}/content/drive/MyDrive/apus" in said


TRAIN = """
import os, mlflow
with mlflow.start_run(run_name=os.environ["SLURM_PROCID"]):
    mlflow.log_metric("loss", 0.5)
"""
# Stands for SLURM's command: runs the program as many times as the job has tasks on this node.
SRUN = """#!/bin/bash
for task in 0 1 2 3; do SLURM_PROCID=$task "$@" & pids+=" $!"; done
for pid in $pids; do wait "$pid" || exit 1; done
"""


def run_job(environment, folder, script, **more):
    commands = folder / "bin"
    commands.mkdir()
    for name, text in [("srun", SRUN), ("hostname", "#!/bin/sh\necho 127.0.0.1\n")]:
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    (folder / "train.py").write_text(TRAIN)
    (folder / "scratch").mkdir()
    variables = environment.environment(
        PATH=f"{commands}:{environment.folder / 'bin'}:{os.environ['PATH']}",
        SLURM_JOB_ID="4711",
        SLURM_TMPDIR=str(folder / "scratch"),
        SLURM_SUBMIT_DIR=str(folder),
        **more,
    )
    # A file and no pipe: a server that the job leaves behind would hold the pipe open.
    with open(folder / "job.log", "w+") as log:
        job = subprocess.run(["bash", "-c", script], cwd=folder, stdout=log, stderr=log, timeout=600, env=variables)
        log.seek(0)
        assert job.returncode == 0, log.read()


COUNT = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
print(len(mlflow.MlflowClient().search_runs(["0"])))
"""


def test_the_job_of_one_node_takes_its_runs_home(with_client, tmp_path):
    environment = with_client("3.17")
    run_job(environment, tmp_path, cells("hpc.md", "bash")[0], APUS_IDLE_EXIT="1s")
    home = tmp_path / "runs-4711"
    imported = subprocess.run(
        [environment.apus, "import", home / "mlflow.db", "--to", tmp_path / "imported"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert imported.returncode == 0, (imported.stderr, list(home.iterdir()))
    found = environment.run(COUNT, f"apus:{tmp_path}/imported", APUS_IDLE_EXIT="1s")
    assert found.split()[-1] == "4"


def test_the_job_of_several_nodes_ends_its_server_with_a_snapshot(with_client, tmp_path):
    environment = with_client("3.17")
    run_job(environment, tmp_path, cells("hpc.md", "bash")[1])
    assert owner_of(tmp_path / "scratch/apus") is None
    assert any((tmp_path / "apus-4711").iterdir())
