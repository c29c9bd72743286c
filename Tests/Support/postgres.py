"""A throw-away server of PostgreSQL, from Debian's package: its own folder, a free port of the loopback, without fsync.

    with PostgresServer() as server:
        server.uri("postgres")                 # postgresql://owner:secret@127.0.0.1:…/postgres
        server.rows("postgres", "SELECT 1 AS one")    # [{"one": 1}]

As a program it runs a command with the address of a server in APUS_TEST_POSTGRES:

    python3 Tests/Support/postgres.py swift test --filter PostgreSQLTests
"""

from __future__ import annotations

import atexit
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from servers import free_port, wait_until  # noqa: E402

USER = "owner"
# With what must be escaped in an address.
PASSWORD = "s%ecr:et"
ESCAPED_PASSWORD = "s%25ecr%3Aet"


def programs() -> Path:
    """The folder with initdb and postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("initdb")
    if not found and not beside:
        raise FileNotFoundError("PostgreSQL is not installed: run Scripts/install-packages test")
    return (found[-1] if found else Path(beside)).parent


class PostgresServer:
    def __init__(self, *settings):
        """settings: further lines of postgresql.conf, as in `max_connections=20`."""
        self.settings = settings
        self.process = None
        self.port = 0
        # A short path, which its socket needs, in a folder that every account may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
        # The server refuses to run as root.
        self.account = {}
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def __enter__(self):
        try:
            password = self.folder / "password"
            password.write_text(PASSWORD + "\n")
            password.chmod(0o644)
            self._run(
                programs() / "initdb", "--pgdata", self.data, "--username", USER, "--pwfile", password,
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
            )
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Starts the server, again on the port that it had before."""
        for attempt in range(3):
            self.port = self.port or free_port()
            settings = [
                f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}", "fsync=off",
                "shared_buffers=32MB", "max_connections=200", *self.settings,
            ]
            with open(self.folder / "log", "ab") as log:
                # Should the tests be killed, the server ends with them.
                self.process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "INT", programs() / "postgres", "-D", self.data]
                    + [word for line in settings for word in ("-c", line)],
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True, **self.account,
                )
            try:
                wait_until(self._answers, 60, "PostgreSQL to answer")
                return
            except (ChildProcessError, TimeoutError):
                self.stop()
                if attempt == 2:
                    raise
                self.port = 0

    def stop(self, kind=signal.SIGINT):
        """Ends the server: at once with SIGQUIT, which is like a crash."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(kind)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def _answers(self):
        if self.process.poll() is not None:
            raise ChildProcessError((self.folder / "log").read_text(errors="replace")[-2_000:])
        return self._psql("postgres", "SELECT 1").returncode == 0

    def uri(self, database, scheme="postgresql", user=USER, password=ESCAPED_PASSWORD) -> str:
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.port}/{urllib.parse.quote(database)}"

    def stock_uri(self, database) -> str:
        """The address as MLflow's server takes it, for the driver that is installed beside it."""
        # SQLAlchemy takes the name as it stands.
        return self.uri("", "postgresql+psycopg2") + database

    def create(self, database, options="") -> str:
        """Makes an empty database, and returns its name."""
        self.execute("postgres", f'CREATE DATABASE "{database}" {options}')
        return database

    def execute(self, database, sql):
        done = self._psql(database, sql)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def holding(self, database, sql):
        """Another program, whose transaction with these statements is open for as long as the block."""
        program = subprocess.Popen(
            [programs() / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", self.uri(database)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        try:
            program.stdin.write(f"BEGIN;\n{sql};\n\\echo held\n")
            program.stdin.flush()
            said = []
            while not said or said[-1] != "held":
                line = program.stdout.readline()
                assert line, said
                said.append(line.strip())
            yield
        finally:
            # At the end of its input the program ends, and its transaction is undone.
            program.stdin.close()
            program.stdout.close()
            program.wait(30)

    def rows(self, database, sql) -> list:
        """The rows of a query as dictionaries; numbers with all their digits."""
        return json.loads(self.execute(database, f"SELECT coalesce(json_agg(found), '[]') FROM ({sql}) AS found"))

    def _psql(self, database, sql):
        return subprocess.run(
            [programs() / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", self.uri(database)],
            input=sql, capture_output=True, text=True, timeout=120,
        )

    def _run(self, *command):
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=120, cwd=self.folder, **self.account
        )
        if done.returncode != 0:
            raise ChildProcessError(done.stdout + done.stderr)


_shared: PostgresServer | None = None
_databases: dict[str, str] = {}


def shared_server() -> PostgresServer:
    """One server for all that this process tests, which ends with it."""
    global _shared
    if _shared is None:
        _shared = PostgresServer("max_connections=2000")
        atexit.register(_shared.__exit__)
        _shared.__enter__()
    return _shared


def database_of(folder: str) -> str:
    """The address of a database for a data folder: an empty one at first, and the same for the same folder."""
    server = shared_server()
    if folder not in _databases:
        _databases[folder] = server.create(f"apus_{len(_databases)}")
    return server.uri(_databases[folder])


if __name__ == "__main__":
    with PostgresServer() as running:
        environment = dict(os.environ, APUS_TEST_POSTGRES=running.uri("postgres"))
        sys.exit(subprocess.run(sys.argv[1:], env=environment).returncode)
