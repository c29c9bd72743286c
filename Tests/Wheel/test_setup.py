"""`apus.setup` and `apus.show` on simulated machines: their variables and their folders."""

import base64
import contextlib
import html
import http.server
import shutil
import socket
import subprocess
import threading

import pytest

from certificates import OPENSSL, Authority
from conftest import opened, servers_of
from servers import ApusServer, wait_until

SETUP = """
import os, sys, apus
from apus import _places
_places.ROOT = sys.argv[1]
uri = apus.setup("my experiment", **eval(sys.argv[2]))
assert os.environ["MLFLOW_TRACKING_URI"] == uri
assert os.environ["MLFLOW_EXPERIMENT_NAME"] == "my experiment"
"""
LOG = """
import mlflow
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("hello", "note.txt")
assert mlflow.get_experiment(run.info.experiment_id).name == "my experiment"
print(mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt"))
"""
COLAB = {"COLAB_RELEASE_TAG": "release-colab_20261101", "COLAB_BACKEND_VERSION": "next"}


def test_on_colab_with_drive_the_database_is_local_and_snapshots_go_to_drive(with_client, tmp_path):
    drive = tmp_path / "content/drive/MyDrive"
    drive.mkdir(parents=True)
    said = with_client("3.17").run(SETUP + LOG, tmp_path, {}, **COLAB)
    assert "Colab with Drive" in said and f"snapshots in {drive}/apus" in said
    assert said.endswith("hello\n")
    assert (tmp_path / "content/apus-data/apus.db").exists()
    # The kernel is gone, the machine may go too: the last snapshot has everything.
    code = SETUP + """
import mlflow
client = mlflow.MlflowClient()
found = client.search_runs([client.get_experiment_by_name("my experiment").experiment_id])
print([run.data.metrics for run in found])
"""
    wait_until(lambda: not servers_of(tmp_path / "content/apus-data"), 15, "the server to end with its kernel")
    shutil.rmtree(tmp_path / "content/apus-data")
    assert "[{'loss': 0.5}]" in with_client("3.17").run(code, tmp_path, {}, **COLAB)


def test_a_drive_that_cannot_be_written_is_told(installed, tmp_path):
    drive = tmp_path / "content/drive/MyDrive/apus"
    drive.mkdir(parents=True)
    # Root may write everywhere but on a read-only mount.
    code = """
import os
access = os.access
os.access = lambda path, mode: "MyDrive" not in str(path) and access(path, mode)
""" + SETUP
    said = installed.run(code, tmp_path, {}, **COLAB)
    assert f"NO SNAPSHOTS, because {drive} cannot be written" in said and f"snapshots in {drive}" not in said
    wait_until(lambda: not servers_of(tmp_path / "content/apus-data"), 15, "the server to end with its kernel")


def test_what_was_set_for_another_server_is_unset_and_told(with_client, data, tmp_path):
    others = {
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "MLFLOW_EXPERIMENT_ID": "99",
        "MLFLOW_RUN_ID": "a" * 32,
        "MLFLOW_REGISTRY_URI": "http://127.0.0.1:9",
    }
    code = SETUP + LOG + """
mlflow.MlflowClient().create_registered_model("mine")
os.environ["MLFLOW_RUN_ID"] = run.info.run_id
apus.setup("my experiment", folder=eval(sys.argv[2])["folder"])
print(os.environ["MLFLOW_RUN_ID"] == run.info.run_id)
"""
    said = with_client("3.17").run(code, tmp_path, {"folder": str(data)}, **others)
    assert said.count("MLFLOW_RUN_ID and MLFLOW_REGISTRY_URI of another server: unset.") == 1
    # A run of this very server is one that a child is to go on with.
    assert said.endswith("True\n")


@pytest.mark.parametrize("options", ["experiment=None", "experiment=''", "upstream=7", "timeout=float('inf')"])
def test_setup_refuses_what_cannot_be_by_its_name(installed, tmp_path, options):
    code = f"""
import apus
try:
    apus.setup(**{{"experiment": "mine", **dict({options})}})
except ValueError as failure:
    print(failure)
"""
    assert installed.run(code, cwd=tmp_path).startswith(options.partition("=")[0] + ":")
    assert list(tmp_path.iterdir()) == []


def test_an_upstream_that_is_no_address_is_told_and_one_in_capitals_is_taken(with_client, tmp_path):
    code = """
import sys, apus
try:
    apus.setup("mine", upstream="http://ana:s3cret@[::1", fallback_to_local=False)
except apus.UpstreamUnavailable as failure:
    print(failure)
"""
    assert "cannot be used" in (said := with_client("3.17").run(code)) and "s3cret" not in said
    with ApusServer() as central:
        said = with_client("3.17").run(SETUP + LOG, tmp_path, {"upstream": central.url.replace("http", "HTTP")})
        assert f"{central.url} (upstream, which answers)" in said


def test_on_colab_without_drive_it_says_what_is_lost(with_client, tmp_path):
    (tmp_path / "content").mkdir()
    said = with_client("3.17").run(SETUP + LOG, tmp_path, {}, **COLAB)
    assert "Colab without Drive" in said and "mount Drive first" in said


def test_on_kaggle_data_is_where_it_is_kept(with_client, tmp_path):
    (tmp_path / "kaggle/working").mkdir(parents=True)
    said = with_client("3.17").run(SETUP + LOG, tmp_path, {}, KAGGLE_KERNEL_RUN_TYPE="Interactive")
    assert "Kaggle" in said and "20 GB" in said
    assert (tmp_path / "kaggle/working/apus/apus.db").exists()


def test_in_a_job_of_slurm_the_database_is_local_and_snapshots_go_home(with_client, tmp_path):
    scratch, home = tmp_path / "scratch", tmp_path / "home"
    scratch.mkdir()
    home.mkdir()
    slurm = {"SLURM_JOB_ID": "4711", "SLURM_TMPDIR": str(scratch), "SLURM_SUBMIT_DIR": str(home)}
    said = with_client("3.17").run(SETUP + LOG, tmp_path, {}, cwd=home, **slurm)
    assert f"snapshots in {home}/apus-4711" in said
    assert (scratch / "apus/apus.db").exists()
    wait_until(lambda: not servers_of(scratch / "apus"), 15, "the server to end with its kernel")
    assert any((home / "apus-4711").iterdir())


def test_nodes_of_one_job_do_not_share_a_folder_of_snapshots(installed, tmp_path):
    code = """
from apus import _places
place = _places.find()
print(place.folder, place.snapshot_to, place.remark, sep="|")
"""
    slurm = {"SLURM_JOB_ID": "7", "SLURM_TMPDIR": str(tmp_path), "SLURM_SUBMIT_DIR": "/home", "SLURM_JOB_NUM_NODES": "2"}
    for node in ["n1", "n2"]:
        said = installed.run(code, SLURMD_NODENAME=node, **slurm).strip().split("|")
        assert said[:2] == [f"{tmp_path}/apus", f"/home/apus-7-{node}"]
        assert "a server of its own" in said[2]


@pytest.mark.parametrize(
    "environment, name, folder",
    [
        ({}, "this machine", "apus-data"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "a container", "apus-data"),
        ({"JPY_PARENT_PID": "7"}, "Jupyter", "apus-data"),
        ({"JPY_PARENT_PID": "7", "APUS_DATA_DIR": "/there"}, "Jupyter", "/there"),
        ({"SLURM_JOB_ID": "7"}, "SLURM", "apus-data"),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "1"}, "SLURM", "apus-data"),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "2", "SLURMD_NODENAME": "n2"}, "SLURM", "apus-data-n2"),
    ],
)
def test_other_places(installed, tmp_path, environment, name, folder):
    code = """
import sys
from apus import _places
_places.ROOT = sys.argv[1]
place = _places.find()
print(place.name, place.folder, place.snapshot_to, sep="|")
"""
    found = installed.run(code, tmp_path, cwd=tmp_path, **environment).strip().split("|")
    assert found == [name, str(tmp_path / folder), "None"]


def test_an_upstream_that_answers_is_taken(with_client, tmp_path):
    with ApusServer() as central:
        said = with_client("2.22").run(SETUP + LOG, tmp_path, {"upstream": central.url}, cwd=tmp_path)
        assert f"{central.url} (upstream, which answers)" in said
    assert not (tmp_path / "apus-data").exists()


class Refusing(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_error(403)

    def log_message(self, *_):
        pass


class Login(Refusing):
    """As a proxy that wants a login before it lets calls through."""

    def do_POST(self):
        page = b"<html>Who are you?</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


class Other(Refusing):
    """Speaks another protocol."""

    def do_POST(self):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


class Guarded(Refusing):
    """Lets ana in."""

    def do_POST(self):
        if self.headers["Authorization"] != "Basic " + base64.b64encode(b"ana:s3cret").decode():
            return self.send_error(401)
        answer = b'{"run": {"info": {"experiment_id": "7"}}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST


@contextlib.contextmanager
def serving(handler):
    """The address of a server with these answers."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def refusing():
    """A server that answers every call with a 403."""
    with serving(Refusing) as address:
        yield address


@pytest.fixture
def silent():
    """A server that takes connections and never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_an_upstream_that_refuses_is_left_with_the_reason(with_client, data, refusing, tmp_path):
    options = {"upstream": refusing, "folder": str(data)}
    said = with_client("2.9").run(SETUP + LOG, tmp_path, options)
    assert f"{refusing} cannot be used: it answers with 403 Forbidden" in said
    assert said.endswith("hello\n")


def test_an_upstream_that_hangs_is_left_after_its_time(with_client, data, silent, tmp_path):
    options = {"upstream": silent, "folder": str(data), "timeout": 0.5}
    said = with_client("3.17").run(SETUP + LOG, tmp_path, options)
    assert "no answer within 0.5 s" in said or "timed out" in said


def test_without_a_fallback_the_failure_has_the_reason(installed, tmp_path, refusing):
    code = """
import sys, apus
try:
    apus.setup("my experiment", sys.argv[1], fallback_to_local=False)
except apus.UpstreamUnavailable as failure:
    print(failure)
"""
    said = installed.run(code, refusing, cwd=tmp_path)
    assert said == f"{refusing} cannot be used: it answers with 403 Forbidden\n"
    assert not (tmp_path / "apus-data").exists()


COMPLAIN = """
import sys
from apus._upstream import complaint
print(complaint(sys.argv[1], 10))
"""


@pytest.mark.parametrize(
    "handler, reason",
    [(Login, "its answer is not that of an MLflow server"), (Other, "SSH-2.0-OpenSSH_9.6"), (Guarded, "it answers with 401")],
)
def test_what_is_no_mlflow_server_is_left_with_the_reason(installed, handler, reason):
    with serving(handler) as address:
        process = installed.start(COMPLAIN, address)
        said, errors = process.communicate(timeout=60)
    assert said.startswith(reason) and errors == ""


@pytest.mark.parametrize(
    "address, reason",
    [
        ("mlflow.example.org:5000", "an address begins with http:// or https://"),
        ("databricks", "an address begins with http:// or https://"),
        ("http://127.0.0.1:port", "nonnumeric port: 'port'"),
        ("http://127.0.0.1:9", "[Errno 111] Connection refused"),
    ],
)
def test_an_address_that_cannot_be_right_is_left_with_the_reason(installed, address, reason):
    assert installed.run(COMPLAIN, address).strip() == reason


@pytest.mark.parametrize("where", ["variables", "file", "address"])
def test_the_upstream_is_asked_with_the_credentials_that_the_client_has(installed, tmp_path, where):
    code = """
import sys, apus
apus.setup("my experiment", sys.argv[1], fallback_to_local=False)
print(apus.show("abc"))
"""
    variables = {"HOME": str(tmp_path)}
    with serving(Guarded) as address:
        given = address
        if where == "variables":
            variables |= {"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": "s3cret"}
        elif where == "file":
            (tmp_path / ".mlflow").mkdir()
            lines = ["[mlflow]", "mlflow_tracking_username = ana", "mlflow_tracking_password = s3cret", ""]
            (tmp_path / ".mlflow/credentials").write_text("\n".join(lines))
        else:
            given = address.replace("http://", "http://ana:s3cret@")
        said = installed.run(code, given, **variables)
    assert said == f"Apus: {address} (upstream, which answers)\n{address}/#/experiments/7/runs/abc\n"


def test_a_password_in_the_address_is_not_printed(installed, tmp_path, refusing):
    given = refusing.replace("http://", "http://ana:s3cret@")
    for code in [SETUP, SETUP.replace("apus.setup(", "apus.setup(fallback_to_local=False, experiment=")]:
        process = installed.start(code, tmp_path, {"upstream": given}, cwd=tmp_path)
        said, errors = process.communicate(timeout=60)
        assert f"{refusing} cannot be used: it answers with 403 Forbidden" in said + errors
        assert "s3cret" not in said + errors.replace(str({"upstream": given}), "")


@pytest.mark.skipif(OPENSSL is None, reason="the openssl command, which makes the certificates, is not installed")
def test_the_upstream_is_trusted_as_the_client_trusts_it(with_client, tmp_path):
    authority = Authority(tmp_path / "authority", "root")
    certificate = authority.issue("server")
    arguments = ["--ssl-certfile", certificate.certificate, "--ssl-keyfile", certificate.key]
    environment = with_client("3.17")
    with subprocess.Popen(
        [environment.apus, "server", "--port", "0", "--data-dir", tmp_path / "data", "--ready-file", tmp_path / "ready"]
        + arguments,
        stderr=subprocess.DEVNULL,
    ) as central:
        try:
            wait_until((tmp_path / "ready").exists, 15, "the server")
            address = (tmp_path / "ready").read_text().strip()
            assert "CERTIFICATE_VERIFY_FAILED" in environment.run(COMPLAIN, address)
            trusting = [
                {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(authority.certificate)},
                {"REQUESTS_CA_BUNDLE": str(authority.certificate)},
                {"MLFLOW_TRACKING_INSECURE_TLS": "true"},
            ]
            for variables in trusting:
                assert environment.run(COMPLAIN, address, **variables) == "\n", variables
            said = environment.run(SETUP + LOG, tmp_path, {"upstream": address}, **trusting[0])
            assert f"{address} (upstream, which answers)" in said and said.endswith("hello\n")
        finally:
            central.terminate()


# A proxy that is not there: who asks it gets no answer.
PROXY = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "intra.example.org"}


def test_a_proxy_of_the_company_is_not_asked_for_the_server_of_this_machine(with_client, data, tmp_path):
    code = SETUP + LOG + """
apus.show(run.info.run_id)
print(os.environ["NO_PROXY"], os.environ["no_proxy"])
"""
    said = with_client("3.17").run(code, tmp_path, {"folder": str(data)}, **PROXY)
    assert said.endswith("intra.example.org,localhost,127.0.0.1 intra.example.org,localhost,127.0.0.1\n")


def test_a_proxy_of_the_company_is_not_asked_for_the_server_of_a_tracking_uri(with_client, data):
    code = "import mlflow\nwith mlflow.start_run() as run:\n    mlflow.log_metric('loss', 0.5)\nprint('logged')"
    variables = {**PROXY, "NO_PROXY": "", "MLFLOW_TRACKING_URI": f"apus:{data}", "APUS_IDLE_EXIT": "1s"}
    assert with_client("2.9").run(code, **variables).splitlines()[-1] == "logged"


def test_a_proxy_that_is_not_asked_at_all_stays_so(installed, data, tmp_path):
    code = SETUP + 'print(os.environ["NO_PROXY"], os.environ.get("no_proxy"))'
    said = installed.run(code, tmp_path, {"folder": str(data)}, **{**PROXY, "NO_PROXY": "*"})
    assert said.splitlines()[-1] == "* None"


def test_an_imported_mlflow_follows_and_a_second_setup_changes_the_experiment(with_client, data, tmp_path):
    code = """
import sys
import mlflow, apus
mlflow.set_tracking_uri("http://127.0.0.1:9")
first = apus.setup("one", folder=sys.argv[1])
with mlflow.start_run() as run:
    pass
second = apus.setup("two", folder=sys.argv[1])
with mlflow.start_run() as other:
    pass
assert first == second == mlflow.get_tracking_uri()
print([mlflow.get_experiment(each.info.experiment_id).name for each in (run, other)])
"""
    assert "['one', 'two']" in with_client("3.17").run(code, data, cwd=tmp_path)


# Stands for IPython, and for the module of Colab, where the pages are shown. The client needs another part of `google`.
IPYTHON = """
import sys, types
display = types.ModuleType("IPython.display")
display.IFrame = lambda src, **size: ("frame", src, size)
display.HTML = lambda text: ("html", text)
sys.modules["IPython"] = types.ModuleType("IPython")
sys.modules["IPython.display"] = display
"""
GOOGLE = """
import sys, types
try:
    import google
except ImportError:
    sys.modules["google"] = types.ModuleType("google")
colab = types.ModuleType("google.colab")
colab.output = types.SimpleNamespace(serve_kernel_port_as_iframe=lambda port, **options: (port, options))
sys.modules["google.colab"] = colab
"""
NEW_RUN = """
import json, urllib.request
def new_run():
    body, kind = b'{"experiment_id": "0", "run_name": "shown"}', {"Content-Type": "application/json"}
    request = urllib.request.Request(uri + "/api/2.0/mlflow/runs/create", data=body, headers=kind)
    return json.load(urllib.request.urlopen(request))["run"]["info"]["run_id"]
"""


def test_show_without_a_notebook_is_an_address(installed, data, tmp_path):
    code = SETUP + NEW_RUN + """
run = new_run()
assert apus.show() == uri + "/"
assert apus.show(run) == f"{uri}/#/experiments/0/runs/{run}"
"""
    installed.run(code, tmp_path, {"folder": str(data)})


def test_show_in_a_notebook_is_a_frame_that_the_server_allows(installed, data, tmp_path):
    code = IPYTHON + SETUP + NEW_RUN + """
kind, address, size = apus.show(height=300)
assert (kind, address, size["height"]) == ("frame", uri + "/", 300)
with urllib.request.urlopen(address) as answer:
    print(answer.headers.get_all("Content-Security-Policy"))
"""
    said = installed.run(code, tmp_path, {"folder": str(data)})
    assert "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*" in said


def test_show_on_colab_goes_through_its_proxy_whose_names_the_server_allows(installed, data, tmp_path):
    code = GOOGLE + SETUP + NEW_RUN + """
run = new_run()
port, options = apus.show(run, height=300)
assert uri.endswith(f":{port}")
assert options == {"path": f"/#/experiments/0/runs/{run}", "height": "300"}
host = {"Host": "abc-5000-colab.googleusercontent.com"}
with urllib.request.urlopen(urllib.request.Request(uri + "/", headers=host)) as answer:
    print(answer.status, answer.headers.get_all("Content-Security-Policy"))
"""
    said = installed.run(code, tmp_path, {"folder": str(data)}, **COLAB)
    assert "200" in said and "https://*.googleusercontent.com" in said


@pytest.mark.parametrize("place", [{"KAGGLE_KERNEL_RUN_TYPE": "Batch"}, {"JUPYTERHUB_SERVICE_PREFIX": "/user/ana/"}])
def test_show_where_no_browser_reaches_the_machine_is_one_file(with_client, data, tmp_path, place):
    code = IPYTHON + SETUP + """
print(*apus.show())
import mlflow
with mlflow.start_run(run_name="shown") as run:
    mlflow.log_text("of this run alone", "note.txt")
for shown in [apus.show(), apus.show(run)]:
    kind, text = shown
    print(kind, text[:20], "shown" in text, run.info.run_id in text)
"""
    said = with_client("3.17").run(code, tmp_path, {"folder": str(data)}, **place).splitlines()
    assert "The experiment 'my experiment' has no runs yet." in html.unescape("\n".join(said))
    assert said[-2:] == ["html <div><iframe srcdoc= True True"] * 2


# Around a frame without an address: follows a link in it when it is there, and notes what the frame shows then.
FOLLOW = """<!doctype html><meta charset="utf-8">%s<pre id="seen"></pre>
<script>
let followed = false;
setInterval(() => {
  const { document: inner, location: address } = frames[0];
  const link = inner.querySelector("a[href*='%s']");
  if (link && !followed) { followed = true; link.click(); }
  if (followed) document.getElementById("seen").textContent = address.href + "\\n" + inner.body.innerText;
}, 100);
</script>"""


@pytest.mark.parametrize(
    "shown, link, text",
    [
        ("", "runs/", "Run id"),
        ("run", "view=artifacts", "note.txt"),
        ("[run, other]", "runs/", "Run id"),
    ],
)
def test_the_file_in_the_frame_shows_its_pages_and_follows_their_links(with_client, data, tmp_path, shown, link, text):
    code = IPYTHON + SETUP + """
import mlflow
with mlflow.start_run(run_name="shown") as run:
    mlflow.log_text("of this run alone", "note.txt")
with mlflow.start_run(run_name="another") as other:
    pass
""" + f"open({str(tmp_path / 'frame')!r}, 'w').write(apus.show({shown})[1])"
    with_client("3.17").run(code, tmp_path, {"folder": str(data)}, KAGGLE_KERNEL_RUN_TYPE="Batch")
    page = tmp_path / "notebook.html"
    page.write_text(FOLLOW % ((tmp_path / "frame").read_text(), link))
    seen = opened(page, tmp_path).rpartition('<pre id="seen">')[2].partition("</pre>")[0]
    assert seen.startswith("about:srcdoc#/experiments/1/runs/") and text in seen


def test_show_takes_a_run_too_and_names_one_that_is_not_there(with_client, data, tmp_path):
    code = SETUP + LOG + """
assert apus.show(run) == f"{uri}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
assert apus.show([run]) == apus.show(run)
assert apus.show([run, "other"]) == f"{uri}/#/compare?runs={run.info.run_id},other"
try:
    apus.show("nonsense of mine")
except ValueError as failure:
    print(failure)
"""
    said = with_client("2.22").run(code, tmp_path, {"folder": str(data)})
    assert said.splitlines()[-1].startswith("The run 'nonsense of mine' cannot be shown: http://127.0.0.1:")


@pytest.mark.parametrize("place", [{}, COLAB, {"KAGGLE_KERNEL_RUN_TYPE": "Batch"}])
def test_show_of_a_server_on_another_machine_is_a_link(installed, place):
    code = IPYTHON + GOOGLE + "import apus\nprint(*apus.show())"
    said = installed.run(code, MLFLOW_TRACKING_URI="https://ana:s3cret@mlflow.example.org", **place)
    address = "https://mlflow.example.org/"
    assert said == f'html <a href="{address}" target="_blank" rel="noopener">{address}</a>\n'


def test_show_before_any_setup_says_what_to_do(installed, tmp_path):
    code = """
import apus
try:
    apus.show()
except ValueError as failure:
    print(failure)
"""
    assert "apus.setup(experiment)" in installed.run(code)
