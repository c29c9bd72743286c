"""Packs the binary under test into a wheel and installs it into fresh environments, offline."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "Support"))

from servers import apus_binary, wait_until  # noqa: E402

# Environments of the project with another version of the client, and one that executes notebooks too; a fresh environment
# borrows the client from them.
CLIENTS = {"3.17": ".venv", "2.22": ".venv-2.22", "2.9": ".venv-2.9", "notebooks": ".venv-notebooks"}

for variable in [name for name in os.environ if name.startswith(("MLFLOW_", "APUS_"))]:
    if variable not in ("APUS_BINARY",):
        del os.environ[variable]


class Installed:
    """A fresh environment with the wheel, and perhaps a client of MLflow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin/python"
        self.apus = folder / "bin/apus"

    def environment(self, **further: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if key != "APUS_BINARY"}
        return {**inherited, "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet", **further}

    def start(self, code: str, *arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.Popen:
        """A Python process of the environment that runs the code, with pipes."""
        return subprocess.Popen(
            [self.python, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env=self.environment(**environment),
        )

    def run(self, code: str, *arguments: object, cwd: Path | None = None, timeout=600, **environment: str) -> str:
        """What the code prints; it must succeed."""
        process = self.start(code, *arguments, cwd=cwd, **environment)
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            raise AssertionError(f"no end within {timeout} s\n{output}{errors}") from None
        assert process.returncode == 0, output + errors
        return output


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel of the binary under test. Its tag promises nothing about other machines than this one."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(["strip", "-o", folder / "apus", apus_binary()], check=True)
    tree = folder / "tree"
    subprocess.run([REPOSITORY / "Scripts/command-pages", folder / "apus", tree], check=True)
    subprocess.run(
        [sys.executable, REPOSITORY / "Scripts/wheel", folder / "apus", folder, "linux", tree],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return next(folder.glob("*.whl"))


def install(wheel: Path, folder: Path) -> Installed:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip(folder, "install", "--quiet", "--no-index", wheel)
    return Installed(folder)


def lend(environment: Path, version: str) -> None:
    """Lets an environment see the packages of one of `CLIENTS`."""
    lender = next((REPOSITORY / CLIENTS[version]).glob("lib/python3*/site-packages"))
    own = next(environment.glob("lib/python3*/site-packages"))
    (own / "client.pth").write_text(f"{lender}\n")


def pip(environment: Path, *arguments: object) -> None:
    """The pip of the tests at work in a fresh environment, which takes a second less than giving it one of its own."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", environment / "bin/python"]
    subprocess.run([*command, *arguments], check=True)


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory) -> Installed:
    """A fresh environment with the wheel and nothing else."""
    return install(wheel, tmp_path_factory.mktemp("environments") / "plain")


@pytest.fixture(scope="session")
def with_client(wheel, tmp_path_factory):
    """Makes a fresh environment with the wheel that sees a client of MLflow; one for each version."""
    made: dict[str, Installed] = {}

    def make(version: str) -> Installed:
        if version not in made:
            environment = install(wheel, tmp_path_factory.mktemp("environments") / version)
            lend(environment.folder, version)
            made[version] = environment
        return made[version]

    return make


@pytest.fixture
def data(tmp_path):
    """A data folder; no server of it may be left at the end."""
    folder = tmp_path / "data"
    yield folder
    try:
        wait_until(lambda: not servers_of(folder), 15, "the server to end")
    finally:
        for pid in servers_of(folder):
            os.kill(pid, 9)
        shutil.rmtree(folder, ignore_errors=True)


def opened(page: Path, folder: Path) -> str:
    """The document of a page after its scripts have run for a while in Chromium, which keeps its own files in the folder."""
    chromium = os.environ.get("APUS_CHROMIUM") or shutil.which("chromium")
    assert chromium, "chromium is not installed: make test-packages, or name its file by APUS_CHROMIUM"
    # Chromium refuses to start its sandbox as root, as whom builds run. Only our own pages are opened.
    command = [chromium, "--headless", "--no-sandbox", f"--user-data-dir={folder / 'chromium'}"]
    command += ["--virtual-time-budget=10000", "--dump-dom", page.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def servers_of(folder: Path) -> list[int]:
    """The ids of the processes of `apus server` on a folder."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"server" in words and str(folder).encode() in words:
            found.append(int(process.name))
    return found


def owner_of(folder: Path) -> int | None:
    """The process that its lock file names as the owner of a folder. A server that stops leaves it before it has ended."""
    try:
        first = (folder / "apus.db.lock").read_text().partition("\n")[0]
    except FileNotFoundError:
        return None
    return int(first) if first else None


