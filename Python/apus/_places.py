"""Finds out where this process runs, and where data can lie there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

# Tests put the folders of a simulated machine here.
ROOT = "/"


class Place:
    """What is known of a machine: where the database goes, where snapshots go, and what a person should know."""

    def __init__(self, name: str, folder: str, snapshot_to: str | None = None, remark: str = "") -> None:
        """
        folder: on a disk of the machine itself, because a database needs one.
        snapshot_to: what is left when the machine is gone; None where the folder itself is kept.
        """
        self.name = name
        self.folder = folder
        self.snapshot_to = snapshot_to
        self.remark = remark


def find(environment: Mapping[str, str] = os.environ) -> Place:
    """The place where this process runs; `APUS_DATA_DIR` names another folder for data."""
    place = (
        _colab(environment)
        or _kaggle(environment)
        or _slurm(environment)
        or _container(environment)
        or _jupyter(environment)
        or Place("this machine", _here("apus-data"))
    )
    place.folder = environment.get("APUS_DATA_DIR") or place.folder
    return place


def _at(path: str) -> str:
    return os.path.join(ROOT, path.lstrip("/"))


def _here(name: str) -> str:
    """The whole path; where the current folder is gone, the name, with which a start fails that needs it."""
    try:
        return os.path.abspath(name)
    except FileNotFoundError:
        return name


def _colab(environment: Mapping[str, str]) -> Place | None:
    if "COLAB_RELEASE_TAG" not in environment and "COLAB_BACKEND_VERSION" not in environment:
        return None
    folder, drive = _at("/content/apus-data"), _at("/content/drive/MyDrive")
    if os.path.isdir(drive):
        return Place("Colab with Drive", folder, os.path.join(drive, "apus"))
    return Place(
        "Colab without Drive",
        folder,
        remark="All is lost with this machine; mount Drive first to keep it: "
        "from google.colab import drive; drive.mount('/content/drive')",
    )


def _kaggle(environment: Mapping[str, str]) -> Place | None:
    if "KAGGLE_KERNEL_RUN_TYPE" not in environment and "KAGGLE_URL_BASE" not in environment:
        return None
    return Place(
        "Kaggle",
        _at("/kaggle/working/apus"),
        remark="Kaggle keeps /kaggle/working with a saved version, up to 20 GB in all.",
    )


def _slurm(environment: Mapping[str, str]) -> Place | None:
    job = environment.get("SLURM_JOB_ID")
    if not job:
        return None
    submitted = environment.get("SLURM_SUBMIT_DIR") or _here(".")
    scratch = environment.get("SLURM_TMPDIR")
    suffix, remarks = "", []
    if environment.get("SLURM_JOB_NUM_NODES", "1") != "1":
        # The server of one node is out of reach for the others, and so each has its own, with folders of its own.
        suffix = f"-{environment.get('SLURMD_NODENAME') or os.uname().nodename}"
        remarks.append("Each node of this job has a server of its own; docs/hpc.md says how all of them share one.")
    if scratch and os.path.isdir(scratch):
        snapshots = os.path.join(submitted, f"apus-{job}{suffix}")
        return Place("SLURM", os.path.join(scratch, "apus"), snapshots, " ".join(remarks))
    remarks.append("This cluster sets no SLURM_TMPDIR; the database is in the folder that the job was submitted from.")
    return Place("SLURM", os.path.join(submitted, f"apus-data{suffix}"), remark=" ".join(remarks))


def _container(environment: Mapping[str, str]) -> Place | None:
    marks = [_at("/.dockerenv"), _at("/run/.containerenv")]
    if "KUBERNETES_SERVICE_HOST" not in environment and not any(map(os.path.exists, marks)):
        return None
    return Place(
        "a container",
        _here("apus-data"),
        remark="The data goes with the container unless its folder is on a volume.",
    )


def _jupyter(environment: Mapping[str, str]) -> Place | None:
    if "JPY_PARENT_PID" not in environment and "ipykernel" not in sys.modules:
        return None
    return Place("Jupyter", _here("apus-data"))
