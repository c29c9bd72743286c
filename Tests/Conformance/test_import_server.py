"""A running server of MLflow, or of Apus, is imported by its address, and the client cannot tell the two apart."""

import os
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen
from urllib.error import HTTPError

import mlflow
import pytest

from helpers import REFERENCE_PYTHON
from servers import ApusServer, ReferenceServer, apus_binary
from test_import import VIEW_ALL, dump, files, fill, look, plain, run_import

pytestmark = pytest.mark.apus


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A running reference server with one of everything, what the client sees of it, and its files."""
    if not REFERENCE_PYTHON.exists():
        pytest.fail(f"the reference server is missing: {REFERENCE_PYTHON}; run: make environments")
    folder = tmp_path_factory.mktemp("stock")
    with ReferenceServer(python=REFERENCE_PYTHON, directory=folder) as server:
        yield filled(server, tmp_path_factory.mktemp("work"))


def filled(server, work):
    before = Path.cwd()
    os.chdir(work)
    try:
        client = mlflow.MlflowClient(server.url)
        fill(client)
        seen = look(client)
        return server, seen, files(client, server.url, seen)
    finally:
        os.chdir(before)


def check_same(server, seen, stored):
    client = mlflow.MlflowClient(server.url)
    mine = look(client)
    for part in seen:
        assert mine.get(part) == seen[part], part
    assert mine.keys() == seen.keys()
    assert files(client, server.url, mine) == stored
    assert len(stored) > 5


def test_the_client_sees_the_same_as_on_the_reference_server(stock, tmp_path):
    server, seen, stored = stock
    data = tmp_path / "data"
    _, summary, _ = run_import(server.url, data, check=0)
    assert (summary["skipped"], summary["remarks"]) == ([], []), summary
    assert server.url in summary["source"] and mlflow.__version__ in summary["source"]
    with ApusServer(["--data-dir", data]) as copy:
        check_same(copy, seen, stored)
    before = dump(data / "apus.db")
    _, summary, _ = run_import(server.url, data, check=0)
    assert dump(data / "apus.db") == before
    assert all(count["added"] == count["completed"] == 0 for count in summary["counts"].values())
    assert summary["artifacts"]["added"] == summary["artifacts"]["bytes"] == 0 and summary["artifacts"]["unchanged"] > 3


def test_an_apus_server_moves_to_another_one(stock, tmp_path):
    server, seen, stored = stock
    with ApusServer(directory=tmp_path / "first") as first, ApusServer(directory=tmp_path / "second") as second:
        run_import(server.url, first.url, check=0)
        _, summary, _ = run_import(first.url, second.url, check=0)
        assert (summary["skipped"], summary["remarks"], summary["mappings"]) == ([], [], []), summary
        check_same(second, seen, stored)
        _, summary, _ = run_import(first.url, second.url, check=0)
        assert all(count["added"] == count["completed"] == 0 for count in summary["counts"].values())


def test_what_grew_on_the_server_comes_with_the_next_import(tmp_path):
    with ApusServer(directory=tmp_path / "first") as server:
        client = mlflow.MlflowClient(server.url)
        experiment = client.create_experiment("growing")
        run = client.create_run(experiment)
        client.log_metric(run.info.run_id, "loss", 1, step=1)
        data = tmp_path / "data"
        run_import(server.url, data, check=0)
        client.log_metric(run.info.run_id, "loss", float("nan"), step=2)
        client.log_param(run.info.run_id, "late", "yes")
        client.log_text(run.info.run_id, "text", "notes.txt")
        client.set_terminated(run.info.run_id, "FAILED", 77)
        client.create_registered_model("new")
        _, summary, _ = run_import(server.url, data, check=0)
        assert summary["counts"]["run"] == {"added": 0, "completed": 1, "unchanged": 0}
        assert summary["counts"]["points"]["added"] == 1 and summary["counts"]["registered_model"]["added"] == 1
        assert summary["artifacts"]["added"] == 1
        seen = plain(client.get_run(run.info.run_id))
    with ApusServer(["--data-dir", data]) as copy:
        assert plain(mlflow.MlflowClient(copy.url).get_run(run.info.run_id)) == seen


def test_long_histories_and_many_runs_come_page_by_page(tmp_path):
    with ApusServer(directory=tmp_path / "first") as server:
        client = mlflow.MlflowClient(server.url)
        experiment = client.create_experiment("long")
        runs = [client.create_run(experiment, start_time=1_000 + number) for number in range(120)]
        run_id = runs[0].info.run_id
        # More than one page, with several points for each step and time.
        points = [mlflow.entities.Metric("a/b loss", number / 7, number // 3, number // 2) for number in range(12_000)]
        for start in range(0, len(points), 1_000):
            client.log_batch(run_id, metrics=points[start : start + 1_000])
        data = tmp_path / "data"
        _, summary, _ = run_import(server.url, data, check=0)
        assert summary["counts"]["run"]["added"] == len(runs) and summary["counts"]["points"]["added"] == len(points)
        history = plain(client.get_metric_history(run_id, "a/b loss"))
    with ApusServer(["--data-dir", data]) as copy:
        assert plain(mlflow.MlflowClient(copy.url).get_metric_history(run_id, "a/b loss")) == history


def test_a_part_comes_alone(stock, tmp_path):
    server, seen, _ = stock
    parent = next(run_id for run_id, run in seen["runs"].items() if run["tags"].get("mlflow.runName") == "parent")
    _, summary, _ = run_import(server.url, tmp_path / "data", "--run", parent, check=0)
    assert summary["found"]["run"] == 1 and "registered_model" not in summary["found"]
    _, summary, _ = run_import(server.url, tmp_path / "more", "--experiment", "deleted", check=0)
    assert summary["found"] == {"experiment": 1, "run": 1}
    _, summary, _ = run_import(server.url, tmp_path / "none", "--dry-run", check=0)
    assert summary["found"]["run"] == len(seen["runs"]) and summary["artifacts"]["added"] > 3
    assert not (tmp_path / "none").exists()
    _, summary, _ = run_import(server.url, tmp_path / "absent", "--run", "f" * 32, check=2)
    assert [entry["place"] for entry in summary["skipped"]] == ["run " + "f" * 32]
    _, summary, _ = run_import(server.url, tmp_path / "left", "--artifacts", "leave", check=0)
    assert summary["artifacts"]["added"] == 0 and not (tmp_path / "left/artifacts").exists()


def test_only_later_runs_come(tmp_path):
    with ApusServer(directory=tmp_path / "first") as server:
        client = mlflow.MlflowClient(server.url)
        experiment = client.create_experiment("times")
        wanted = set()
        for start, end, status, is_wanted in [
            (10, 20, "FINISHED", False),
            (10, 30, "FINISHED", True),
            (10, 30, "FAILED", True),
            (10, 29, "KILLED", False),
            (30, 31, "FINISHED", True),
            (10, None, "RUNNING", True),
        ]:
            run = client.create_run(experiment, start_time=start)
            if end is not None:
                client.set_terminated(run.info.run_id, status, end)
            if is_wanted:
                wanted.add(run.info.run_id)
        data = tmp_path / "data"
        _, summary, _ = run_import(server.url, data, "--since", "30", check=0)
        assert summary["found"]["run"] == len(wanted)
    with ApusServer(["--data-dir", data]) as copy:
        client = mlflow.MlflowClient(copy.url)
        found = client.search_runs([experiment], run_view_type=VIEW_ALL)
        assert {run.info.run_id for run in found} == wanted


def test_files_that_the_server_keeps_on_its_own_disk_come_too(tmp_path):
    """A server without proxied artifacts has them at paths of its own machine."""
    root = tmp_path / "root"
    arguments = ["--no-serve-artifacts", "--default-artifact-root", str(root)]
    work = tmp_path / "work"
    work.mkdir()
    (work / "notes.txt").write_text("hello")
    with ReferenceServer(arguments, python=REFERENCE_PYTHON, directory=tmp_path / "stock") as server:
        client = mlflow.MlflowClient(server.url)
        experiment = client.create_experiment("local")
        run = client.create_run(experiment)
        client.log_artifact(run.info.run_id, str(work / "notes.txt"), "größe/deep")
        model = client.create_logged_model(experiment, name="forest")
        client.log_model_artifacts(model.model_id, str(work))
        data = tmp_path / "data"
        _, summary, _ = run_import(server.url, data, check=0)
        assert summary["artifacts"]["added"] == 2, summary
    with ApusServer(["--data-dir", data]) as copy:
        client = mlflow.MlflowClient(copy.url)
        stored = client.get_run(run.info.run_id).info.artifact_uri
        assert stored == f"mlflow-artifacts:/{experiment}/{run.info.run_id}/artifacts"
        mlflow.set_tracking_uri(copy.url)
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/größe/deep/notes.txt") == "hello"
        folder = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path=str(tmp_path / "fetched"))
        assert (Path(folder) / "notes.txt").read_text() == "hello"


def test_what_was_killed_goes_on(stock, tmp_path):
    server, _, _ = stock
    start = time.monotonic()
    run_import(server.url, tmp_path / "whole", check=0)
    duration = time.monotonic() - start
    command = [str(apus_binary()), "import", server.url, "--to", str(tmp_path / "data")]
    for part in range(8):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(duration * part / 8)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
    run_import(server.url, tmp_path / "data", check=0)
    assert contents(tmp_path / "data") == contents(tmp_path / "whole")


def contents(data):
    """The rows without those that each store makes up by itself, and the files with their bytes."""
    rows = dump(data / "apus.db")
    root = data / "artifacts"
    names = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".apus-upload")]
    return (
        {table: len(lines) for table, lines in rows.items()},
        rows["metrics"],
        rows["latest_metrics"],
        {path.relative_to(root): path.read_bytes() for path in names},
    )


class Proxy(ThreadingHTTPServer):
    """Passes requests on to a server; `fault` may answer one itself, as (status, headers, body), or break off with None."""

    daemon_threads = True

    def __init__(self, target, fault):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = target
        self.fault = fault
        self.count = 0
        self.requests = []
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        with self.server.lock:
            self.server.count += 1
            number = self.server.count
            self.server.requests.append((self.command, self.path, self.headers.get("Authorization")))
        answer = self.server.fault(number, self.path)
        if answer == "pass":
            kind = {"Content-Type": self.headers["Content-Type"]} if body else {}
            request = Request(self.server.target + self.path, data=body, headers=kind, method=self.command)
            try:
                with urlopen(request) as reply:
                    answer = (reply.status, {}, reply.read())
            except HTTPError as error:
                answer = (error.code, {}, error.read())
        if answer is None:
            self.close_connection = True
            return
        status, fields, content = answer
        self.send_response(status)
        length = {} if "Connection" in fields else {"Content-Length": str(len(content))}
        for name, value in {**length, **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        # The rest of a body that is announced as longer is waited for as long as the connection is open.
        self.close_connection |= "Content-Length" in fields or "Connection" in fields

    do_POST = do_GET


def test_a_server_that_is_busy_or_breaks_off_is_asked_again(stock, tmp_path):
    server, _, _ = stock
    run_import(server.url, tmp_path / "whole", check=0)

    def fault(number, path):
        if number % 9 == 3:
            return (503, {"Retry-After": "0"}, b"busy")
        if number % 9 == 5:
            return None
        if number % 9 == 7:
            return (200, {"Content-Length": "900"}, b'{"half": ')
        return "pass"

    with Proxy(server.url, fault) as proxy:
        run_import(proxy.url, tmp_path / "data", check=0)
    assert contents(tmp_path / "data") == contents(tmp_path / "whole")


def test_a_file_that_always_breaks_off_is_listed_and_the_rest_comes(stock, tmp_path):
    server, _, _ = stock
    run_import(server.url, tmp_path / "whole", check=0)
    asked = []

    def fault(number, path):
        if path.endswith("/leer"):
            asked.append(path)
            return (200, {"Content-Length": "900"}, b"half")
        return "pass"

    with Proxy(server.url, fault) as proxy:
        _, summary, _ = run_import(proxy.url, tmp_path / "data", check=1)
    assert summary["skipped_count"] == 1 and "its answer breaks off" in summary["skipped"][0]["reason"], summary
    assert len(asked) > 3
    mine, whole = contents(tmp_path / "data"), contents(tmp_path / "whole")
    assert mine[0].pop("stored_artifacts") == whole[0].pop("stored_artifacts") - 1
    assert mine[:3] == whole[:3] and len(mine[3]) == len(whole[3]) - 1


@pytest.mark.parametrize("answer", ["<html>login</html>", "", "cut"])
def test_a_file_of_another_size_than_listed_is_not_stored(stock, tmp_path, answer):
    server, _, _ = stock

    def fault(number, path):
        if not path.endswith("/text.txt"):
            return "pass"
        # Without a length the end of the connection is the end of the body.
        return (200, {"Content-Length": str(len(answer))} if answer != "cut" else {"Connection": "close"}, answer.encode())

    with ApusServer(directory=tmp_path / "source") as source:
        client = mlflow.MlflowClient(source.url)
        run = client.create_run("0").info.run_id
        client.log_text(run, "what was logged", "text.txt")
        with Proxy(source.url, fault) as proxy:
            _, summary, _ = run_import(proxy.url, tmp_path / "data", check=1)
        assert "lists the file with 15 bytes" in summary["skipped"][0]["reason"], summary
        assert not list((tmp_path / "data").glob("artifacts/**/text.txt"))
        run_import(source.url, tmp_path / "data", check=0)
    assert [path.read_text() for path in (tmp_path / "data").glob("artifacts/**/text.txt")] == ["what was logged"]


def test_a_server_that_only_says_that_it_is_busy_ends_the_import(stock, tmp_path):
    server, _, _ = stock
    refused = []

    def fault(number, path):
        if "get-history" in path:
            refused.append(path)
            return (429, {"Retry-After": "0"}, b"")
        return "pass"

    with Proxy(server.url, fault) as proxy:
        status, _, message = run_import(proxy.url, tmp_path / "data")
    assert status == 1 and "is busy" in message and "import again" in message
    assert len(set(refused)) == 1


def test_a_redirect_to_elsewhere_is_told_with_its_place(stock, tmp_path):
    server, _, _ = stock

    def fault(number, path):
        return (302, {"Location": "https://login.example/x", "Content-Length": "0"}, b"") if path.endswith("/leer") else "pass"

    with Proxy(server.url, fault) as proxy:
        _, summary, _ = run_import(proxy.url, tmp_path / "data", check=1)
    assert "status 302: it redirects to https://login.example/x" in summary["skipped"][0]["reason"]


def test_what_one_call_refuses_is_reported_and_the_rest_comes(stock, tmp_path):
    server, seen, _ = stock
    parent = next(run_id for run_id, run in seen["runs"].items() if run["tags"].get("mlflow.runName") == "parent")

    def fault(number, path):
        if "get-history" in path and parent in path and "metric_key=odd" in path:
            return (400, {}, b'{"error_code": "BAD_REQUEST", "message": "no secret-word"}')
        if "registered-models/search" in path and "is_prompt" in path:
            return (200, {}, b"<html>")
        if path.endswith("/leer"):
            return (404, {}, b"")
        return "pass"

    environment = {"MLFLOW_TRACKING_TOKEN": "secret-word"}
    command = [str(apus_binary()), "import"]
    with Proxy(server.url, fault) as proxy:
        done = subprocess.run(
            [*command, proxy.url, "--to", str(tmp_path / "data")],
            capture_output=True, text=True, timeout=120, env={**os.environ, **environment},
        )
        assert {token for _, _, token in proxy.requests} == {"Bearer secret-word"}
    assert done.returncode == 1, done
    text = done.stdout
    assert f"skipped metric odd of run {parent}: the server answers with status 400: no ***" in text
    assert f"skipped artifact leer of run {parent}: the server answers with status 404" in text
    assert "skipped prompts: the server answers with status 200: its answer is not JSON" in text
    assert "secret-word" not in text + done.stderr
    with ApusServer(["--data-dir", tmp_path / "data"]) as copy:
        found = mlflow.MlflowClient(copy.url).get_run(parent)
        assert "odd" not in found.data.metrics and "loss" in found.data.metrics


@pytest.mark.parametrize("name", ["../up", "a/b", ".", "..", ""])
def test_names_that_lead_out_of_their_folder_are_refused(stock, tmp_path, name):
    server, seen, _ = stock
    body = ('{"files": [{"path": "%s", "is_dir": false, "file_size": 3}]}' % name).encode()

    def fault(number, path):
        return (200, {}, body) if "mlflow-artifacts/artifacts?path=" in path else "pass"

    with Proxy(server.url, fault) as proxy:
        _, summary, _ = run_import(proxy.url, tmp_path / "data", check=1)
    assert summary["artifacts"]["added"] == 0 and summary["skipped_count"] >= len(seen["runs"])
    assert not list((tmp_path / "data").glob("artifacts/**/*")) and not (tmp_path / "up").exists()


@pytest.mark.parametrize("kind", ["nobody", "https", "not a tracking server", "no list"])
def test_what_is_no_server_is_refused(kind, tmp_path):
    answers = {"not a tracking server": (404, {}, b"<html>"), "no list": (200, {}, b'{"experiments": [{}]}')}
    with Proxy("", lambda number, path: answers.get(kind)) as proxy, socket.socket() as held:
        address = proxy.url
        if kind == "https":
            address = address.replace("http:", "https:")
        if kind == "nobody":
            # Held, and not listened at.
            held.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{held.getsockname()[1]}"
        status, _, message = run_import(address, tmp_path / "data")
    assert status == 2 and message.startswith("apus: "), message
    assert ("https" if kind == "https" else address) in message
