"""Where the program `apus` of this installation is."""

from __future__ import annotations

import os

from ._failures import ServerFailed


def binary() -> str:
    """The path of the program: `APUS_BINARY`, the one that was installed with this package, or one on the PATH."""
    given = os.environ.get("APUS_BINARY")
    if given:
        return given
    for folder in _script_folders():
        path = os.path.join(folder, "apus")
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    import shutil

    found = shutil.which("apus")
    if found:
        return found
    raise ServerFailed("The program 'apus' is missing; install the wheel again, or name the program in APUS_BINARY.")


def version() -> str:
    """The version of the program and of the MLflow that it answers as."""
    import subprocess

    return subprocess.run([binary(), "--version"], check=True, capture_output=True, text=True).stdout.strip()


def _script_folders() -> list[str]:
    """Where pip puts commands: of the environment, of the user, and of `pip install --target`."""
    import sysconfig

    package = os.path.dirname(os.path.abspath(__file__))
    return [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", f"{os.name}_user"),
        os.path.join(os.path.dirname(package), "bin"),
    ]
