"""Every flag and variable of `mlflow server` has an answer, and so have those of a cluster."""

import json
import os
import re
import shutil
import subprocess

import pytest

from helpers import REFERENCE_PYTHON, send
from servers import ApusServer, apus_binary

pytestmark = pytest.mark.apus

LIST_OPTIONS = """
import json
import mlflow.cli
import click
command = mlflow.cli.cli.get_command(None, "server")
print(json.dumps([
    {"names": one.opts + one.secondary_opts, "is_flag": one.is_flag, "variable": one.envvar}
    for one in command.params if isinstance(one, click.Option)
]))
"""


def start(*arguments, **environment):
    """A start that must end by itself. Returns the ended process."""
    command = [str(apus_binary()), *arguments]
    variables = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=variables)


@pytest.fixture(scope="module")
def reference_options():
    if not REFERENCE_PYTHON.exists():
        pytest.skip("the reference server is not installed here")
    listed = subprocess.run([REFERENCE_PYTHON, "-c", LIST_OPTIONS], capture_output=True, text=True, check=True)
    return json.loads(listed.stdout.splitlines()[-1])


def test_every_option_of_the_reference_is_known_and_in_the_help(reference_options, tmp_path):
    assert len(reference_options) >= 26
    documented = start("server", "--help").stdout
    for option in reference_options:
        for name in option["names"]:
            value = [] if option["is_flag"] else ["x"]
            # The host is refused at once, so that none of them gets as far as a server.
            result = start("server", "--data-dir", str(tmp_path / "data"), "--host", "a/b", name, *value)
            assert result.returncode > 0
            assert "--host 'a/b'" in result.stderr or "-h" == name or "--host" == name, (name, result.stderr)
            assert re.search(rf"(^|[\s,/]){re.escape(name)}([\s,/]|$)", documented, re.MULTILINE), name
        if option["variable"]:
            assert option["variable"] in documented


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--app-name", "other"], "--app-name 'other'"),
        (["--enable-workspaces"], "--enable-workspaces"),
        (["--artifacts-presigned-only"], "--artifacts-presigned-only"),
        (["--registry-store-uri", "postgresql://h/d"], "--registry-store-uri"),
        (["--uvicorn-opts", "--ssl-certfile c.pem --ssl-keyfile-password x"], "--ssl-keyfile-password"),
        (["--backend-store-uri", "./mlruns", "--default-artifact-root", "./mlruns"], "--data-dir"),
        (["--backend-store-uri", "sqlite:///:memory:"], "in memory"),
        (["--backend-store-uri", "sqlite:///a.db?vfs=x"], "vfs=x"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_honoured_is_refused_by_name_and_nothing_is_made(arguments, named, tmp_path):
    data = [] if "--backend-store-uri" in arguments else ["--data-dir", str(tmp_path / "data")]
    result = subprocess.run(
        [str(apus_binary()), "server", "--port", "0", *data, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert named in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_environment_file_is_refused_with_what_works():
    result = start("--env-file", ".env", "server")
    assert result.returncode > 0
    assert "--env-file is not offered" in result.stderr


def lines_about_flags(server):
    """What the server says of its flags; over PostgreSQL it also says that it makes MLflow's tables."""
    lines = server.log_path.read_text().splitlines()
    return [line for line in lines if not line.endswith(" in the empty database, which takes some seconds")]


def test_flags_without_effect_are_taken_with_a_line_each(tmp_path):
    flags = {
        "--expose-prometheus": str(tmp_path / "metrics"),
        "--read-replica-backend-store-uri": "sqlite:///replica.db",
        "--secrets-cache-ttl": "60",
        "--secrets-cache-max-size": "1000",
        "--trace-archival-config": "archival.yaml",
        "--workspace-store-uri": "sqlite:///workspaces.db",
    }
    environment = {"MLFLOW_WORKERS": "4", "MLFLOW_ENABLE_WORKSPACES": "false"}
    with ApusServer([part for pair in flags.items() for part in pair], environment) as server:
        lines = lines_about_flags(server)
        assert sorted(line.split(" ")[1] for line in lines) == sorted([*flags, "MLFLOW_WORKERS"])
        assert all(" has no effect here: " in line for line in lines)
        assert send("GET", f"{server.url}/metrics")[0] == 200
        assert not (tmp_path / "metrics").exists()


def test_the_registry_may_be_named_where_it_is(tmp_path):
    uri = f"sqlite:///{tmp_path}/a.db"
    with ApusServer(["--backend-store-uri", f"{uri}?timeout=30", "--registry-store-uri", uri]) as server:
        assert (tmp_path / "a.db").exists()
        assert server.log_path.read_text() == "apus: the option timeout in --backend-store-uri has no effect here.\n"


def test_ui_is_another_name_for_server():
    class Alias(ApusServer):
        def command(self):
            command = super().command()
            command[1] = "ui"
            return command

    with Alias() as server:
        assert send("GET", f"{server.url}/health")[1] == b"OK"


LINK = "tcp://10.96.0.17:5000"


def test_the_variable_that_kubernetes_makes_for_a_service_is_ignored_with_a_line():
    with ApusServer(environment={"MLFLOW_PORT": LINK, "PORT": "0"}) as server:
        assert send("GET", f"{server.url}/health")[1] == b"OK"
        (line,) = lines_about_flags(server)
        assert line.startswith(f"apus: MLFLOW_PORT={LINK} is ignored: ")


def test_every_interface_is_opened_with_a_word_and_a_usable_address(tmp_path):
    """In a network of its own, so that nothing is opened to the one of this machine."""
    network = ["unshare", "--map-root-user", "--net", "sh", "-c"]
    allowed = shutil.which("unshare") and subprocess.run([*network, "true"], capture_output=True).returncode == 0
    if not allowed:
        pytest.skip("this machine does not allow namespaces")
    for host, url in [("0.0.0.0", r"http://127\.0\.0\.1:\d+"), ("::", r"http://\[::1\]:\d+")]:
        ready, said = tmp_path / "ready", tmp_path / f"said-{len(host)}"
        # The line on standard output comes behind the ready file.
        script = f"""
            {apus_binary()} server --host {host} --port 0 --data-dir {tmp_path}/data --ready-file {ready} >{said} &
            until [ -s {said} ]; do kill -0 $! || exit 9; sleep 0.05; done
            cat {ready} >&2; kill $!; wait $! && cat {said}
        """
        result = subprocess.run([*network, script], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        opened, address = result.stderr.splitlines()[:2]
        assert re.match(r"apus: (0\.0\.0\.0|\[::\]):\d+ can be reached from other machines, and there is no login", opened)
        assert "--allowed-hosts" in opened
        assert re.fullmatch(url, address)
        assert f"at {address}," in result.stdout
