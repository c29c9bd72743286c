"""The files of Examples/deploy and the image, against the running server and real proxies."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from mlflow import MlflowClient

from activation import start_activated
from certificates import OPENSSL, Authority
from helpers import must, new_run
from servers import REPOSITORY, ApusServer, apus_binary, free_port, wait_until

pytestmark = pytest.mark.apus

DEPLOY = REPOSITORY / "Examples/deploy"
NGINX = shutil.which("nginx") or next(filter(os.path.exists, ["/usr/sbin/nginx"]), None)
CADDY = shutil.which("caddy")
# The server of the example of nginx.
LOCAL = "server 127.0.0.1:5000;"
# Runs a command in another root folder, with /proc as in a container, and as the user of the image.
INSIDE = """
mkdir -p "$0/proc" && mount --bind /proc "$0/proc" || exit 77
exec chroot --userspec=10001:10001 "$0" "$@"
"""


def replace(text, *pairs):
    """The text of an example with the places of this test; each must be there, so that the example stays what is tested."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, str(new))
    return text


def served(arguments, **options):
    """A server with the arguments of an example; where it listens and keeps its data is this test's."""
    left, rest = list(arguments), []
    assert left.pop(0) == "server"
    while left:
        word = left.pop(0)
        if word in ("--host", "--port", "--data-dir"):
            left.pop(0)
        else:
            rest.append(word)
    return ApusServer(rest, **options)


def get(port, path, host, method="GET", body=None, **fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Host": host, **fields})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# Compose and Kubernetes.


def test_the_compose_file_serves_the_names_that_its_services_use():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    apus, train = services["apus"], services["train"]
    assert (DEPLOY / apus["build"]).resolve() == REPOSITORY
    assert apus["read_only"] and apus["tmpfs"] == ["/tmp"] and apus["volumes"] == ["apus:/data"]
    uri = train["environment"]["MLFLOW_TRACKING_URI"]
    assert apus["ports"] == ["127.0.0.1:5000:5000"] and uri == "http://apus:5000"
    assert train["depends_on"]["apus"]["condition"] == "service_healthy"
    with served(apus["command"]) as server:
        assert get(server.port, "/version", "apus:5000")[0] == 200
        assert get(server.port, "/api/2.0/mlflow/experiments/get?experiment_id=0", "apus:5000")[0] == 200
        assert get(server.port, "/api/2.0/mlflow/experiments/get?experiment_id=0", "other:5000")[0] == 403


def test_the_objects_for_kubernetes_fit_together_and_the_probes_are_answered():
    objects = {each["kind"]: each for each in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}
    spec = objects["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")
    labels = spec["template"]["metadata"]["labels"].items()
    assert objects["Service"]["spec"]["selector"].items() <= labels
    assert spec["selector"]["matchLabels"].items() <= labels
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    places = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert places.keys() == {"/data", "/tmp"}
    claim = volumes[places["/data"]]["persistentVolumeClaim"]["claimName"]
    assert objects["PersistentVolumeClaim"]["metadata"]["name"] == claim
    assert pod["terminationGracePeriodSeconds"] >= 5
    (port,) = container["ports"]
    assert container["args"][container["args"].index("--port") + 1] == str(port["containerPort"])
    assert objects["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    with served(container["args"]) as server:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["port"] == port["name"]
            # The kubelet asks by the address of the pod, which is no allowed name.
            assert get(server.port, asked["path"], "10.1.2.3:5000")[0] == 200
        for name in ("apus", "apus.default", "apus.default.svc"):
            assert get(server.port, "/api/2.0/mlflow/experiments/get?experiment_id=0", f"{name}:5000")[0] == 200
        assert get(server.port, "/api/2.0/mlflow/experiments/get?experiment_id=0", "10.1.2.3:5000")[0] == 403


# systemd.


def settings(name):
    """The settings of a unit, as lists."""
    found = {}
    for line in (DEPLOY / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_finds_no_fault_in_the_units(tmp_path):
    for name in ("apus.socket", "apus.service"):
        text = (DEPLOY / name).read_text().replace("/usr/local/bin/apus", str(apus_binary()))
        (tmp_path / name).write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", tmp_path / "apus.socket", tmp_path / "apus.service"]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (outcome.returncode, outcome.stderr.strip()) == (0, "")


def test_the_service_serves_on_the_sockets_of_its_unit_and_says_that_it_is_ready(tmp_path):
    unit, service = settings("apus.socket"), settings("apus.service")
    assert service["Type"] == ["notify"] and service["Requires"] == ["apus.socket"]
    command = service["ExecStart"][0].split()
    assert command[:2] == ["/usr/local/bin/apus", "server"]
    arguments = replace(" ".join(command[2:]), ("/var/lib/apus", tmp_path / "data")).split()
    held = []
    for place in unit["ListenStream"]:
        if place.startswith("/"):
            held.append(socket.socket(socket.AF_UNIX))
            held[-1].bind(str(tmp_path / "apus.sock"))
        else:
            held.append(socket.socket())
            held[-1].bind((place.split(":")[0], 0))
        held[-1].listen(int(unit["Backlog"][0]))
    words = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    words.settimeout(60)
    words.bind(str(tmp_path / "notify"))
    place = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    process = start_activated(held, arguments, place, stdout=subprocess.DEVNULL)
    try:
        assert words.recv(4096).startswith(b"READY=1\n")
        assert get(held[0].getsockname()[1], "/version", "ml.example.org")[0] == 200
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        for each in (*held, words):
            each.close()


# Proxies.


@contextlib.contextmanager
def running(command, is_ready, log):
    """A proxy in the foreground, ended by its id."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_until(lambda: process.poll() is not None or is_ready(), 30, "the proxy")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def nginx(folder, authority, *places, example=DEPLOY / "nginx.conf"):
    """An example's part of nginx's configuration, with this test's places, for a plain user. Yields the port."""
    certificate, port = authority.issue("nginx"), free_port()
    part = replace(
        example.read_text(),
        *places,
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/apus/chain.pem", certificate.certificate),
        ("/etc/apus/key.pem", certificate.key),
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n"
        + ("user root;\n" if os.geteuid() == 0 else "")
        + f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{part}}}\n"
    )
    command = [NGINX, "-e", folder / "nginx.log", "-p", folder, "-c", folder / "nginx.conf"]
    with running(command, lambda: is_open(port), folder / "nginx.out"):
        yield port


FLAGS = ["--allowed-hosts", "ml.example.org,localhost"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if OPENSSL is None:
        pytest.skip("there is no openssl")
    return Authority(tmp_path_factory.mktemp("authority"), "root")


def check_through(uri, authority, folder, monkeypatch):
    """What a client does, through the proxy."""
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(authority.certificate))
    client = MlflowClient(tracking_uri=uri)
    run_id = client.create_run("0").info.run_id
    for step in range(20):
        client.log_metric(run_id, "loss", step, step=step)
    client.set_tag(run_id, "note", "é" * 200)
    assert len(client.get_metric_history(run_id, "loss")) == 20
    content = os.urandom(8 * 1_048_576)
    (folder / "weights.bin").write_bytes(content)
    client.log_artifact(run_id, str(folder / "weights.bin"), "checkpoints")
    (folder / "back").mkdir()
    back = client.download_artifacts(run_id, "checkpoints/weights.bin", str(folder / "back"))
    assert Path(back).read_bytes() == content
    client.set_terminated(run_id)
    return run_id


@pytest.mark.skipif(NGINX is None, reason="there is no nginx")
def test_a_client_works_through_nginx_with_https(tmp_path, authority, monkeypatch):
    with ApusServer(FLAGS) as server, nginx(tmp_path, authority, (LOCAL, f"server 127.0.0.1:{server.port};")) as port:
        run_id = check_through(f"https://localhost:{port}", authority, tmp_path, monkeypatch)
        assert must(server.url.replace("127.0.0.1", "localhost"), "runs/get", run_id=run_id)
        check_names(port, authority)


def check_names(port, authority):
    """The server sees the Host and the Origin that the client has sent."""
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    for host, origin, status in [
        ("ml.example.org", "https://ml.example.org", 200),
        ("ml.example.org", "https://evil.example", 403),
        ("evil.example", "", 403),
    ]:
        connection = http.client.HTTPSConnection("localhost", port, timeout=60, context=trust)
        fields = {"Host": host, "Content-Type": "application/json", **({"Origin": origin} if origin else {})}
        connection.request("POST", "/api/2.0/mlflow/runs/create", json.dumps({"experiment_id": "0"}), fields)
        answer = connection.getresponse()
        assert (host, origin, answer.status) == (host, origin, status), answer.read()
        connection.close()


@pytest.mark.skipif(NGINX is None, reason="there is no nginx")
def test_nginx_reaches_the_unix_socket_of_the_unit(tmp_path, authority, monkeypatch):
    assert "server unix:/run/apus/apus.sock;" in (DEPLOY / "nginx.conf").read_text()
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "apus.sock"))
    unix.listen(1_024)
    arguments = ["--data-dir", tmp_path / "data", *FLAGS]
    process = start_activated([unix], arguments, stdout=subprocess.DEVNULL)
    try:
        with nginx(tmp_path, authority, (LOCAL, f"server unix:{tmp_path}/apus.sock;")) as port:
            check_through(f"https://localhost:{port}", authority, tmp_path, monkeypatch)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        unix.close()


@pytest.mark.skipif(CADDY is None, reason="there is no caddy")
def test_a_client_works_through_caddy(tmp_path, authority, monkeypatch):
    with ApusServer(FLAGS) as server:
        certificate, port = authority.issue("caddy"), free_port()
        example = replace(
            (DEPLOY / "Caddyfile").read_text(),
            (
                "ml.example.org {",
                f"https://localhost:{port}, https://ml.example.org:{port} {{\n\tbind 127.0.0.1\n"
                f"\ttls {certificate.certificate} {certificate.key}",
            ),
            ("127.0.0.1:5000", f"127.0.0.1:{server.port}"),
        )
        options = "{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system %s\n}\n" % tmp_path
        (tmp_path / "Caddyfile").write_text(options + example)
        command = [CADDY, "run", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"]
        with running(command, lambda: is_open(port), tmp_path / "caddy.log"):
            check_through(f"https://localhost:{port}", authority, tmp_path, monkeypatch)


def test_jupyter_keeps_a_server_that_its_proxy_and_its_notebooks_find(tmp_path, monkeypatch):
    text = (DEPLOY / "jupyter_server_config.py").read_text()
    config = SimpleNamespace(ServerProxy=SimpleNamespace(servers={}))
    monkeypatch.syspath_prepend(REPOSITORY / "Python")
    monkeypatch.setenv("APUS_BINARY", str(apus_binary()))
    monkeypatch.setenv("APUS_DATA_DIR", "elsewhere")
    monkeypatch.chdir(tmp_path)
    names = {"c": config}
    exec(compile(text, "jupyter_server_config.py", "exec"), names)
    with names["kept"]:
        entry = config.ServerProxy.servers["apus"]
        # With a command the proxy would start a server itself, and not take the one that listens at the port.
        assert entry["command"] == []
        # A notebook in a folder of its own finds the same server.
        notebook = tmp_path / "deep/folder"
        notebook.mkdir(parents=True)
        code = "import apus\nprint(apus.setup('nb', quiet=True))"
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "Python")}
        command = [sys.executable, "-c", code]
        found = subprocess.run(command, cwd=notebook, env=environment, check=True, capture_output=True, text=True).stdout
        assert found.strip() == f"http://127.0.0.1:{entry['port']}"
        # The proxy takes its own prefix away, so that the pages must work with relative addresses.
        assert entry["absolute_url"] is False
        status, page = get(entry["port"], "/", f"127.0.0.1:{entry['port']}")
        assert status == 200
        assert not re.findall(rb'(?:src|href)="/[^"]*"', page)


# The image.


def health_check(data):
    """The command of the image's health check, for the binary and the data folder of this test."""
    line = next(one for one in (REPOSITORY / "Dockerfile").read_text().splitlines() if one.startswith("    CMD ["))
    command = json.loads(line.removeprefix("    CMD "))
    assert command[0] == "/usr/local/bin/apus" and "/data" in command
    return [str(apus_binary()), *(str(data) if word == "/data" else word for word in command[1:])]


@pytest.mark.parametrize(
    "host, arguments",
    [("localhost", []), ("ml.example.org", ["--static-prefix", "/mlflow", "--allowed-hosts", "ml.example.org"])],
)
def test_the_health_check_of_the_image_finds_the_server_and_writes_nothing(host, arguments):
    with ApusServer(arguments) as server:
        command = health_check(server.data_directory)
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert outcome.returncode == 0, outcome.stdout
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(60)
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert outcome.returncode == 1
        assert "no server runs on" in outcome.stdout
        server.start()
        asked = {"experiment_ids": ["0"], "run_view_type": "ALL"}
        runs = must(server.url.removesuffix("/mlflow"), "runs/search", asked, headers={"Host": host})
        assert runs.get("runs", []) == []


def test_the_health_check_finds_a_server_of_https(authority):
    certificate = authority.issue("health", hosts="DNS:ml.example.org")
    arguments = ["--port", "0", "--ssl-certfile", certificate.certificate, "--ssl-keyfile", certificate.key]
    ready = authority.folder / "ready"
    data = authority.folder / "data"
    command = [str(apus_binary()), "server", "--data-dir", data, "--ready-file", ready, *arguments]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    try:
        wait_until(ready.exists, 15, "the server")
        assert subprocess.run(health_check(data), capture_output=True, timeout=60).returncode == 0
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def packed_documents():
    """What goes into the archive beside the binary."""
    copied = re.search(r"^cp -r --parents (.*) \"\$scratch", (REPOSITORY / "Scripts/dist").read_text(), re.MULTILINE)
    return set(copied[1].split())


def test_the_documents_in_the_archive_find_what_they_link_to():
    packed = packed_documents()
    documents = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    links = 0
    for document in documents:
        for link in re.findall(r"\]\(([^)#]+)", document.read_text()):
            if "://" in link:
                continue
            links += 1
            path = Path(os.path.relpath((document.parent / link).resolve(), REPOSITORY))
            assert (REPOSITORY / path).exists(), f"{document.name}: {link}"
            assert str(path) in packed or path.parts[0] in packed, f"{document.name}: {link}"
    assert links > 50


def test_what_the_image_is_built_from_is_sent_to_its_build(tmp_path):
    """The files that are sent: by .dockerignore, everything is left out but what is named there."""
    lines = (REPOSITORY / ".dockerignore").read_text().split()
    assert lines[0] == "*" and all(line.startswith("!") for line in lines[1:])
    sent = {line[1:] for line in lines[1:]}
    assert {"Makefile", "Package.swift", "Sources", "Scripts", "Tests", "migrations", "schemas", "static"} <= sent
    targets = re.findall(r'path: "([^"/]+)', (REPOSITORY / "Package.swift").read_text())
    assert "Examples" in targets and set(targets) <= sent
    assert packed_documents() <= sent
    for script in re.findall(r"Scripts/[\w-]+", (REPOSITORY / "Dockerfile").read_text()):
        assert os.access(REPOSITORY / script, os.X_OK)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the root folder")
def test_the_image_holds_all_that_the_server_needs_and_little_more(tmp_path, authority):
    root, binary = tmp_path / "image", tmp_path / "apus"
    subprocess.run(["strip", "-o", str(binary), str(apus_binary())], check=True, timeout=120)
    subprocess.run([REPOSITORY / "Scripts/image-root", binary, root], check=True, capture_output=True, timeout=60)
    programs = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and os.access(path, os.X_OK)}
    assert {name for name in programs if ".so" not in name} == {"usr/local/bin/apus"}
    sizes = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    if not list(root.rglob("libswiftCore.so")):
        assert sizes < 45_000_000
    certificate = authority.issue("image")
    for name in ("certificate", "key"):
        shutil.copy(getattr(certificate, name), root / "data" / f"{name}.pem")
    for path in (root / "data", *(root / "data").iterdir()):
        os.chown(path, 10001, 10001)
    # As container engines do.
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    inside = ["unshare", "--mount", "sh", "-c", INSIDE, str(root), "/usr/local/bin/apus"]
    if subprocess.run([*inside, "--version"], capture_output=True, timeout=60).returncode == 77:
        pytest.skip("this machine allows no mounts")
    tls = ["--ssl-certfile", "/data/certificate.pem", "--ssl-keyfile", "/data/key.pem"]
    command = [*inside, "server", "--host", "localhost", "--port", "0", "--data-dir", "/data", *tls]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert "at https://127.0.0.1:" in line, process.stderr.read() if not line else line
        check = [*inside, "doctor", "--health", "--data-dir", "/data"]
        assert subprocess.run(check, capture_output=True, timeout=60).returncode == 0
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
        process.stdout.close()
        process.stderr.close()
    assert status == 0
    assert subprocess.run(check, capture_output=True, timeout=60).returncode == 1
