"""The servers that are compared, and nginx as what this machine can do at best.

Each runs as it is by default: Apus syncs every answer, MLflow syncs as SQLite's rollback journal does and runs its
four workers, FastTrackML does not sync.
"""

from __future__ import annotations

import http.client
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE.parent / "Tests" / "Support"))

import servers  # noqa: E402

PEERS = HERE.parent / ".venv-peers"


class Measured:
    """What the cases want of a running server, beside what Tests/Support gives."""

    # Calls of this server take tens of milliseconds: fewer of them are made, and it lives through repetitions.
    is_slow = False
    # Paced log-metric calls a second that it keeps up with while it is searched.
    writer_rate = 2_000
    poll_seconds = 0.001

    def start(self):
        servers.POLL_SECONDS = self.poll_seconds
        return super().start()

    def database(self) -> Path:
        raise NotImplementedError

    def database_bytes(self) -> int:
        """The database file and what lies beside it."""
        path = self.database()
        return sum(file.stat().st_size for file in path.parent.glob(path.name + "*") if file.suffix != ".lock")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)

    def processes(self):
        """The ids of the server's processes: it leads a process group of its own."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if os.getpgid(int(entry.name)) == self.pid:
                        yield entry
                except OSError:
                    pass  # It ended meanwhile.

    def memory(self) -> float:
        """Resident megabytes of all its processes."""
        total = 0
        for entry in self.processes():
            try:
                total += int((entry / "statm").read_text().split()[1])
            except OSError:
                pass  # It ended meanwhile.
        return total * os.sysconf("SC_PAGE_SIZE") / 1e6


class Apus(Measured, servers.ApusServer):
    name = "apus"
    stop_timeout = 60.0

    def database(self):
        return self.directory / "data" / "apus.db"


class Baseline(Apus):
    """Another binary of Apus, such as the one before a change."""

    name = "baseline"

    def command(self):
        return [os.environ["APUS_BASELINE"], *super().command()[1:]]


class MLflow(Measured, servers.ReferenceServer):
    name = "mlflow"
    is_slow = True
    writer_rate = 20
    poll_seconds = 0.01

    def __init__(self, directory):
        super().__init__(["--workers", "4"], directory=directory, python=mlflow_python())

    def database(self):
        return self.directory / "mlflow.db"


class FastTrackML(Measured, servers._Server):
    name = "fasttrackml"
    writer_rate = 500
    start_timeout = 30.0

    def command(self):
        self.chosen_port = servers.free_port()
        return [
            str(fasttrackml_binary()),
            "server",
            "--listen-address",
            f"127.0.0.1:{self.chosen_port}",
            "--database-uri",
            f"sqlite://{self.database()}",
            "--default-artifact-root",
            str(self.directory / "artifacts"),
            "--log-level",
            "error",
        ]

    def find_url(self):
        return f"http://127.0.0.1:{self.chosen_port}"

    def database(self):
        return self.directory / "fasttrackml.db"


CONFIGURATION = """
{user} daemon off; master_process on; worker_processes 2; pid {directory}/pid; error_log {directory}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off; sendfile on; keepalive_requests 1000000000; client_max_body_size 0; default_type application/json;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 '{{}}'; }}
        location /files/ {{ root {directory}; }}
    }}
}}
"""


class Nginx(Measured, servers._Server):
    """A static answer to everything, and files beneath /files/."""

    name = "nginx"

    def command(self):
        self.chosen_port = servers.free_port()
        configuration = self.directory / "nginx.conf"
        # Started by root, nginx serves as another user, who may not read the directory.
        user = "user root;" if os.geteuid() == 0 else ""
        configuration.write_text(CONFIGURATION.format(user=user, directory=self.directory, port=self.chosen_port))
        (self.directory / "files").mkdir(exist_ok=True)
        return [nginx_binary(), "-p", str(self.directory), "-c", str(configuration)]

    def find_url(self):
        return f"http://127.0.0.1:{self.chosen_port}"


# Binaries of Apus.
OURS = ("apus", "baseline")
KINDS = {"apus": Apus, "baseline": Baseline, "mlflow": MLflow, "fasttrackml": FastTrackML}


def first_that_exists(*paths):
    return next((str(path) for path in paths if path and Path(path).exists()), None)


def mlflow_python():
    return first_that_exists(
        os.environ.get("APUS_REFERENCE_PYTHON"),
        PEERS / "mlflow/bin/python",
        HERE.parent / ".venv-reference/bin/python",
    )


def fasttrackml_binary():
    return first_that_exists(PEERS / "fasttrackml/bin/fml", shutil.which("fml"))


def nginx_binary():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


def client_python(given):
    # The client works in a directory of its own. A link stays one: resolved, it would lose its environment.
    return first_that_exists(given and os.path.abspath(given), HERE.parent / ".venv/bin/python", mlflow_python())


def missing(name):
    """Why a server cannot be measured, or None."""
    if name == "apus" and not servers.apus_binary().exists():
        return "no release binary: run `make build`, or set APUS_BINARY"
    if name == "baseline" and not Path(os.environ.get("APUS_BASELINE", "")).is_file():
        return "no binary: give one with --baseline"
    if name == "mlflow" and not mlflow_python():
        return "not installed: --install-peers"
    if name == "fasttrackml" and not fasttrackml_binary():
        return "not installed: --install-peers"
    return None
