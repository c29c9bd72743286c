"""One run of the benchmark: tools, directories, running servers, seeded stores."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from . import kinds, seed
from .kinds import HERE, KINDS, Nginx

API = "/api/2.0/mlflow/"
GENERATOR = ("load.c", "script.c", "template.c", "response.c")


class Refused(Exception):
    """The server answered a measured request with an error; the text is the first answer."""


class Bench:
    def __init__(self, settings, options, results):
        self.settings = settings
        self.options = options
        self.results = results
        self.record = results.record
        self.directory = Path(tempfile.mkdtemp(prefix="apus-bench-"))
        self.client_python = kinds.client_python(options.client_python)
        self.load_tool = self.compiled("load", GENERATOR)
        self.limits_tool = self.compiled("limits", ("limits.c", "measure.c"), "-lsqlite3")
        self.reads_tool = self.compiled("reads", ("reads.c", "writing.c", "measure.c"), "-lsqlite3", "-lm")
        self.seeded: dict[tuple, Path] = {}
        self.counter = 0

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def compiled(self, name, sources, *libraries):
        output = self.directory / name
        paths = [str(HERE / "native" / source) for source in sources]
        compiler = shutil.which("clang") or "cc"
        command = [compiler, "-O2", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-o", str(output), *paths, *libraries]
        subprocess.run(command, check=True)
        return str(output)

    def new_path(self, name):
        self.counter += 1
        return self.directory / f"{self.counter:03}-{name}"

    # Servers.
    @contextmanager
    def server(self, kind, count=0, store=seed):
        """A running server on a fresh directory, or on a copy of a store that was seeded with runs (or models)."""
        directory = self.new_path(kind)
        if count:
            shutil.copytree(self.seeded_directory(kind, count, store), directory)
        else:
            directory.mkdir()
        server = KINDS[kind](directory=directory)
        try:
            with server:
                yield server
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def repetitions(self, kind, runs=0):
        """A server for each repetition; a slow one lives through all."""
        if KINDS[kind].is_slow:
            with self.server(kind, runs) as server:
                for _ in range(self.settings.repetitions):
                    yield server
        else:
            for _ in range(self.settings.repetitions):
                with self.server(kind, runs) as server:
                    yield server

    @contextmanager
    def nginx(self):
        directory = self.new_path("nginx")
        directory.mkdir()
        with Nginx(directory=directory) as server:
            yield server
        shutil.rmtree(directory, ignore_errors=True)

    def has_nginx(self):
        return kinds.nginx_binary() is not None

    def seeded_directory(self, kind, count, store=seed):
        """The directory of a stopped server that has this many runs (or models); made once.

        store: a module such as `seed`, with what it is called, `prepare` and the two ways to fill a store.
        """
        if (kind, count, store) not in self.seeded:
            self.results.progress(f"{kind}: seeding {count:,} {store.CALLED}")
            directory = self.new_path(f"{kind}-seeded")
            directory.mkdir()
            server = KINDS[kind](directory=directory)
            with server:
                prepared = store.prepare(server)
                if not server.is_slow:
                    store.through_the_api(self, server, prepared, count)
            if server.is_slow:
                store.into_reference_database(server.database(), prepared, count)
            self.seeded[kind, count, store] = directory
        return self.seeded[kind, count, store]

    # Load.
    def load(
        self, server, script, connections=1, iterations=0, seconds=0, rate=0, allows_failures=False, authorization=None
    ):
        """Drives a script and returns what the generator saw; Refused when an answer was not a success."""
        process = self.start_load(server, script, connections, iterations, seconds, rate, authorization)
        return self.finish_load(process, allows_failures)

    def start_load(self, server, script, connections=1, iterations=0, seconds=0, rate=0, authorization=None):
        path = self.new_path("script")
        path.write_text(script)
        arguments = {
            "port": server.port,
            "script": path,
            "connections": connections,
            "iterations": iterations,
            "seconds": seconds or 120,
            "rate": rate,
            **({"authorization": authorization} if authorization else {}),
        }
        command = [self.load_tool] + [text for name, value in arguments.items() for text in (f"--{name}", str(value))]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def finish_load(self, process, allows_failures=False):
        try:
            output = process.communicate()[0]
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.returncode != 0:
            raise Refused(f"the load generator ended with {process.returncode}")
        result = json.loads(output)
        if result["failures"] and not allows_failures:
            raise Refused(f"{result['failures']} failures, {result['statuses']}: {result['first_failure'][:120]}")
        return result

    def measures_limit_of(self, kind):
        """Whether a close ratio is to be taken: the limit at once after each repetition, on the same disk and hour."""
        return kind == "apus" and "limits" in self.options.servers

    def limit(self, *arguments):
        """What limits.c measures."""
        output = subprocess.run([self.limits_tool, *map(str, arguments)], check=True, capture_output=True, text=True)
        return json.loads(output.stdout)

    def read_limit(self, *arguments):
        """What reads.c measures."""
        return json.loads(self.read_answer(*arguments))

    def read_answer(self, *arguments):
        """What reads.c prints: figures, or for no calls the answer that they are about."""
        command = [self.reads_tool, *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout

    def write_list(self, lines):
        path = self.new_path("list")
        path.write_text("\n".join(lines) + "\n")
        return path


def call(connection, method, path, body=None):
    """One JSON call over an http.client connection; Refused when it fails."""
    text = json.dumps(body) if body is not None else None
    connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
    answer = connection.getresponse()
    data = answer.read()
    if answer.status != 200:
        raise Refused(f"{answer.status}: {data[:120]!r}")
    return json.loads(data or b"{}")


def create_runs(server, count, experiment="0"):
    """The ids of new runs."""
    connection = server.connect()
    made = [call(connection, "POST", API + "runs/create", {"experiment_id": experiment}) for _ in range(count)]
    connection.close()
    return [answer["run"]["info"]["run_id"] for answer in made]


def post(path, body):
    """The script of one POST."""
    return f"step POST {API}{path}\nbody {body}\n"
