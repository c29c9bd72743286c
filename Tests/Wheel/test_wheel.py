"""The file itself: what is in it, and that pip installs and removes it."""

import base64
import csv
import hashlib
import io
import os
import subprocess
import sys
import time
import zipfile

from conftest import REPOSITORY, install, pip, servers_of
from servers import wait_until


def test_the_list_of_files_is_true_and_complete(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        record = next(name for name in names if name.endswith("/RECORD"))
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert sorted(row[0] for row in rows) == sorted(names)
        for name, digest, size in rows:
            if name == record:
                continue
            content = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={expected}", len(content)), name
        assert archive.testzip() is None


def test_the_same_input_gives_the_same_bytes(wheel, tmp_path):
    folder = wheel.parent
    command = [sys.executable, REPOSITORY / "Scripts/wheel", folder / "apus", tmp_path, "linux", folder / "tree"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_command_is_the_binary_itself(wheel, installed):
    assert installed.apus.read_bytes() == (wheel.parent / "apus").read_bytes()
    assert os.access(installed.apus, os.X_OK)
    said = subprocess.run([installed.apus, "--version"], check=True, capture_output=True, text=True).stdout
    assert said.split()[1] in wheel.name
    module = subprocess.run([installed.python, "-m", "apus", "--version"], check=True, capture_output=True, text=True)
    assert module.stdout == said


def test_between_the_shell_and_a_command_there_is_the_binary_alone(installed, tmp_path):
    script = "readlink /proc/$PPID/exe; echo $MLFLOW_TRACKING_URI; exit 5"
    command = [installed.apus, "run", "--data-dir", tmp_path / "data", "--", "sh", "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    above, uri = said.stdout.splitlines()
    assert (said.returncode, above) == (5, str(installed.apus.resolve()))
    assert uri.startswith("http://127.0.0.1:")


def test_the_manual_page_and_the_completions_are_where_shells_look_for_them(installed):
    share = installed.folder / "share"
    page = (share / "man/man1/apus.1").read_text()
    assert page.startswith(".")
    assert "\\-\\-snapshot\\-to" in page
    assert "complete" in (share / "bash-completion/completions/apus").read_text()
    assert (share / "zsh/site-functions/_apus").read_text().startswith("#compdef apus")
    assert "complete" in (share / "fish/vendor_completions.d/apus.fish").read_text()


def test_an_uninstall_leaves_nothing(wheel, tmp_path):
    environment = install(wheel, tmp_path / "environment")
    pip(environment.folder, "uninstall", "--quiet", "--yes", "apus")
    left = [path for path in environment.folder.rglob("*") if "apus" in path.name.lower()]
    assert left == []


def test_the_import_loads_nothing_that_takes_time(installed, capsys):
    code = """
import sys, time
before = set(sys.modules)
begin = time.perf_counter()
import apus
took = time.perf_counter() - begin
print(took, *sorted(set(sys.modules) - before))
"""
    times = []
    # The best of some: other programs of the machine take time too, and a busy one needs more attempts.
    while len(times) < 3 or (min(times) >= 0.02 and len(times) < 30):
        took, *loaded = installed.run(code).split()
        assert set(loaded) - {"__future__"} == {"apus"}
        times.append(float(took))
    with capsys.disabled():
        print(f"\nimport apus: {min(times) * 1_000:.1f} ms; ", end="")
    assert min(times) < 0.02


def test_from_pip_to_the_first_metric_apus_adds_less_than_a_second(wheel, with_client, data, tmp_path, capsys):
    """What pip takes for an empty package, and what the client takes with a server that runs, is theirs."""
    environment = with_client("3.17")
    code = """
import sys, time
import mlflow, apus
begin = time.monotonic()
server = apus.start(sys.argv[1])
print("started", time.monotonic() - begin)
mlflow.set_tracking_uri(server.uri)
mlflow.log_metric("loss", 0.5)
assert mlflow.active_run().info.status == "RUNNING"
"""
    target, empty = tmp_path / "environment", empty_wheel(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", target], check=True)
    pips, apuses, starts = [], [], []

    def added():
        """What is there of it in the best of the attempts: other programs of the machine take time too."""
        return min(apuses) - min(pips) + min(starts)

    # A busy machine needs more attempts than three.
    while len(starts) < 3 or (added() >= 1 and len(starts) < 15):
        number = len(starts)
        for times, package in [(pips, empty), (apuses, wheel)]:
            begin = time.monotonic()
            pip(target, "install", "--quiet", "--no-index", "--force-reinstall", package)
            times.append(time.monotonic() - begin)
        said = environment.run(code, data / str(number)).splitlines()
        starts.append(float(next(line for line in said if line.startswith("started ")).split()[1]))
        wait_until(lambda number=number: not servers_of(data / str(number)), 15, "the server to end")
    installing = min(apuses) - min(pips)
    with capsys.disabled():
        parts = f"pip {min(pips):.2f} s, and {installing:.2f} s more for the wheel; server {min(starts) * 1_000:.0f} ms; "
        print(f"\n{parts}", end="")
    assert added() < 1


def empty_wheel(folder):
    path = folder / "nothing-1.0-py3-none-any.whl"
    files = {
        "METADATA": "Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "".join(f"nothing-1.0.dist-info/{name},,\n" for name in ["METADATA", "WHEEL", "RECORD"]),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"nothing-1.0.dist-info/{name}", text)
    return path
