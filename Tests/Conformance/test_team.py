"""Several servers on one database and one bucket: two of Apus and one of MLflow's at once."""

import contextlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import mlflow
import pytest
import yaml
from mlflow.entities import Metric, Param, RunTag

from helpers import REFERENCE_PYTHON
from object_storage import ObjectStorage
from postgres import PostgresServer
from servers import REPOSITORY, ApusServer, ReferenceServer
from test_deploy import NGINX, authority, get, nginx, served  # noqa: F401

pytestmark = pytest.mark.apus

TEAM = REPOSITORY / "Examples/team"
CLIENTS, CALLS, SEED = 16, 60, 20261129
EXPERIMENT = "/api/2.0/mlflow/experiments/get?experiment_id=0"
KEYS = ["loss", "accuracy", "rate"]


@pytest.fixture(scope="module")
def storage():
    with ObjectStorage() as running:
        yield running


def apus(postgres, database, storage, **changes):
    arguments = ["--backend-store-uri", postgres.uri(database), *storage.arguments("team")]
    return ApusServer(arguments, environment=storage.environment(), **changes)


class Worker:
    """One client, which uses another server for each call, and remembers what was acknowledged."""

    def __init__(self, number, urls, experiment, shared_run, model):
        self.random = random.Random(SEED * 100 + number)
        self.number = number
        self.clients = [mlflow.MlflowClient(url) for url in urls]
        self.experiment, self.shared_run, self.model = experiment, shared_run, model
        self.runs = {}
        self.versions = []
        self.shared_tags, self.shared_metrics = {}, {}

    @property
    def client(self):
        return self.random.choice(self.clients)

    def work(self):
        self.create()
        for _ in range(CALLS):
            self.random.choices(
                [self.create, self.log, self.tag, self.end, self.turn, self.share, self.version, self.read],
                [2, 8, 3, 1, 2, 4, 1, 4],
            )[0]()
        return self

    def create(self):
        name = f"run-{self.number}-{len(self.runs)}"
        run = self.client.create_run(self.experiment, run_name=name, tags={"worker": str(self.number)})
        self.runs[run.info.run_id] = {
            "name": name, "stage": "active", "status": "RUNNING", "params": {}, "tags": {}, "points": {}
        }

    def some_run(self):
        return self.random.choice(list(self.runs.items()))

    def active_run(self):
        active = [(run, facts) for run, facts in self.runs.items() if facts["stage"] == "active"]
        if not active:
            self.create()
            return list(self.runs.items())[-1]
        return self.random.choice(active)

    def log(self):
        run, facts = self.active_run()
        points = [
            Metric(self.random.choice(KEYS), self.random.random(), self.random.randrange(10**12), self.random.randrange(100))
            for _ in range(self.random.randrange(1, 30))
        ]
        params = [Param(f"p{len(facts['params'])}", str(self.random.random()))]
        tags = [RunTag(self.random.choice("ab"), str(self.random.random()))]
        self.client.log_batch(run, points, params, tags)
        for point in points:
            facts["points"].setdefault(point.key, set()).add((point.timestamp, point.step, point.value))
        facts["params"].update({param.key: param.value for param in params})
        facts["tags"].update({tag.key: tag.value for tag in tags})

    def tag(self):
        run, facts = self.active_run()
        value = str(self.random.random())
        self.client.set_tag(run, "c", value)
        facts["tags"]["c"] = value

    def end(self):
        run, facts = self.active_run()
        self.client.set_terminated(run, "FAILED")
        facts["status"] = "FAILED"

    def turn(self):
        """Deletes a run, or restores it."""
        run, facts = self.some_run()
        if facts["stage"] == "active":
            self.client.delete_run(run)
            facts["stage"] = "deleted"
        else:
            self.client.restore_run(run)
            facts["stage"] = "active"

    def share(self):
        """Writes into a run that all clients use, under keys of its own."""
        key, value, step = f"worker-{self.number}", self.random.random(), self.random.randrange(50)
        self.client.log_metric(self.shared_run, key, value, timestamp=step, step=step)
        self.shared_metrics.setdefault(key, set()).add((step, step, value))
        self.client.set_tag(self.shared_run, key, str(value))
        self.shared_tags[key] = str(value)

    def version(self):
        made = self.client.create_model_version(self.model, f"s3://elsewhere/{self.number}", description=str(self.number))
        self.versions.append(int(made.version))

    def read(self):
        run, facts = self.some_run()
        found = self.client.get_run(run)
        assert found.data.params == facts["params"]
        assert found.info.lifecycle_stage == facts["stage"]


def latest(points):
    """The value that the reference shows: of the largest (step, timestamp, value)."""
    timestamp, step, value = max(points, key=lambda point: (point[1], point[0], point[2]))
    return value


def compare(client, workers, experiment, shared_run, model):
    """What one server shows is what the clients were told."""
    found = {}
    for view in (mlflow.entities.ViewType.ACTIVE_ONLY, mlflow.entities.ViewType.DELETED_ONLY):
        token = None
        while True:
            page = client.search_runs([experiment], "", view, max_results=100, page_token=token)
            found.update({run.info.run_id: run for run in page})
            token = page.token
            if not token:
                break
    expected = {run: facts for worker in workers for run, facts in worker.runs.items()}
    assert found.keys() == expected.keys() | {shared_run}
    for run_id, facts in expected.items():
        run = found[run_id]
        assert (run.info.run_name, run.info.lifecycle_stage, run.info.status) == (
            facts["name"], facts["stage"], facts["status"]
        )
        assert run.data.params == facts["params"]
        assert {key: run.data.tags.get(key) for key in facts["tags"]} == facts["tags"]
        assert run.data.metrics == {key: latest(points) for key, points in facts["points"].items()}
        for key, points in facts["points"].items():
            history = client.get_metric_history(run_id, key)
            assert {(point.timestamp, point.step, point.value) for point in history} == points
    shared = client.get_run(shared_run)
    for worker in workers:
        assert {key: shared.data.tags[key] for key in worker.shared_tags} == worker.shared_tags
        for key, points in worker.shared_metrics.items():
            assert shared.data.metrics[key] == latest(points)
    versions = sorted(number for worker in workers for number in worker.versions)
    assert versions == list(range(1, len(versions) + 1))
    listed = client.search_model_versions(f"name = '{model}'")
    assert sorted(int(version.version) for version in listed) == versions


def test_two_servers_and_one_of_mlflows_share_one_database(storage, monkeypatch, tmp_path):
    # The creation of a version is repeated by MLflow's own server where two meet; between servers a client must.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    with PostgresServer("max_connections=100") as postgres:
        database = postgres.create("team")
        stock = ["--backend-store-uri", postgres.stock_uri(database), "--artifacts-destination", str(tmp_path)]
        with (
            apus(postgres, database, storage) as first,
            apus(postgres, database, storage) as second,
            ReferenceServer(stock, python=REFERENCE_PYTHON) as third,
        ):
            urls = [first.url, second.url, third.url]
            client = mlflow.MlflowClient(urls[0])
            experiment = client.create_experiment("shared")
            shared_run = client.create_run(experiment).info.run_id
            client.create_registered_model("shared")
            workers = [Worker(number, urls, experiment, shared_run, "shared") for number in range(CLIENTS)]
            with ThreadPoolExecutor(CLIENTS) as pool:
                for done in [pool.submit(worker.work) for worker in workers]:
                    done.result()
            for url in urls:
                compare(mlflow.MlflowClient(url), workers, experiment, shared_run, "shared")


def test_two_servers_that_start_at_once_make_one_schema(storage):
    with PostgresServer() as postgres:
        database = postgres.create("fresh")
        servers = [apus(postgres, database, storage) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            started = [pool.submit(server.start) for server in servers]
        try:
            for server in started:
                assert mlflow.MlflowClient(server.result().url).get_experiment("0").name == "Default"
            assert len(postgres.rows(database, "SELECT version_num FROM alembic_version")) == 1
        finally:
            for server in servers:
                server.stop()


def test_a_file_that_one_server_stored_is_read_from_the_other(storage, tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    with PostgresServer() as postgres:
        database = postgres.create("files")
        with apus(postgres, database, storage) as first, apus(postgres, database, storage) as second:
            run = mlflow.MlflowClient(first.url).create_run("0").info.run_id
            mlflow.MlflowClient(first.url).log_artifact(run, tmp_path / "note.txt")
            there = mlflow.MlflowClient(second.url).download_artifacts(run, "note.txt", str(tmp_path))
            assert open(there).read() == "hello"


# The examples, and the balancer.


def without_credentials(arguments, *places):
    """The arguments of an example without those that this test gives."""
    left = list(arguments)
    for flag in places:
        at = left.index(flag)
        del left[at : at + 2]
    return left


def test_the_compose_file_starts_two_servers_with_what_the_text_names(storage):
    compose = yaml.safe_load((TEAM / "compose.yaml").read_text())
    services = compose["services"]
    first, second = services["apus-1"], services["apus-2"]
    assert first == second and (TEAM / first["build"]).resolve() == REPOSITORY
    assert first["read_only"] and set(first["tmpfs"]) == {"/tmp", "/data"}
    assert first["depends_on"]["postgres"]["condition"] == "service_healthy"
    environment = services["postgres"]["environment"]
    database = first["command"][first["command"].index("--backend-store-uri") + 1]
    assert database == (
        f"postgresql://{environment['POSTGRES_USER']}:{environment['POSTGRES_PASSWORD']}@postgres/{environment['POSTGRES_DB']}"
    )
    assert first["environment"]["AWS_SECRET_ACCESS_KEY"] == services["minio"]["environment"]["MINIO_ROOT_PASSWORD"]
    rest = without_credentials(first["command"], "--backend-store-uri", "--artifacts-destination")
    with PostgresServer() as postgres:
        uri = postgres.uri(postgres.create("mlflow"))
        arguments = [*rest, "--backend-store-uri", uri, *storage.arguments("compose")]
        with served(arguments, environment=storage.environment()) as server:
            for name in ("apus", "localhost"):
                assert get(server.port, EXPERIMENT, f"{name}:5000")[0] == 200


def test_the_two_forms_of_the_balancer_say_the_same():
    balancer = yaml.safe_load((TEAM / "compose.yaml").read_text())["configs"]["nginx"]["content"].replace("$$", "$")
    example = (TEAM / "nginx.conf").read_text()
    lines = [line.strip() for line in balancer.splitlines()]
    assert [line for line in lines if line not in example] == ["listen 80;"]


def test_the_objects_for_kubernetes_fit_together(storage):
    objects = {each["kind"]: each for each in yaml.safe_load_all((TEAM / "kubernetes.yaml").read_text())}
    spec = objects["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    labels = spec["template"]["metadata"]["labels"].items()
    assert spec["replicas"] == 2 and spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert objects["Service"]["spec"]["selector"].items() <= labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert spec["selector"]["matchLabels"].items() <= labels
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    names = {variable["name"] for variable in container["env"]}
    assert names == {
        "MLFLOW_BACKEND_STORE_URI", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MLFLOW_S3_ENDPOINT_URL"
    }
    rest = without_credentials(container["args"], "--artifacts-destination")
    with PostgresServer() as postgres:
        uri = postgres.uri(postgres.create("mlflow"))
        environment = {**storage.environment(), "MLFLOW_BACKEND_STORE_URI": uri}
        with served([*rest, *storage.arguments("kubernetes")], environment=environment) as server:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                # The kubelet asks by the address of the pod, which is no allowed name.
                assert get(server.port, container[probe]["httpGet"]["path"], "10.1.2.3:5000")[0] == 200
            for name in ("apus", "apus.default", "apus.default.svc"):
                assert get(server.port, EXPERIMENT, f"{name}:5000")[0] == 200


@pytest.mark.skipif(NGINX is None, reason="there is no nginx")
def test_clients_go_on_behind_nginx_while_one_server_after_the_other_is_exchanged(
    storage, authority, tmp_path, monkeypatch  # noqa: F811
):
    """With the retries that the client has by default, each call succeeds."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(authority.certificate))
    with PostgresServer() as postgres, contextlib.ExitStack() as stack:
        database = postgres.create("balanced")
        servers = [stack.enter_context(apus(postgres, database, storage)) for _ in range(2)]
        places = [(f"server apus-{n + 1}:5000 ", f"server 127.0.0.1:{server.port} ") for n, server in enumerate(servers)]
        port = stack.enter_context(nginx(tmp_path, authority, *places, example=TEAM / "nginx.conf"))
        client = mlflow.MlflowClient(f"https://localhost:{port}")
        run = client.create_run("0").info.run_id
        stop = threading.Event()

        def write(number):
            step = 0
            while not stop.is_set():
                client.log_metric(run, f"m{number}", float(step), timestamp=step + 1, step=step)
                step += 1
            return step

        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, number) for number in range(4)]
            try:
                for server in servers:
                    stop.wait(0.5)
                    port_before = server.port
                    server.stop(remove=False)
                    server.arguments += ["--port", str(port_before)]
                    server.start()
            finally:
                stop.set()
            written = [writer.result() for writer in writers]
        for number, steps in enumerate(written):
            assert steps > 0
            assert [point.step for point in client.get_metric_history(run, f"m{number}")] == list(range(steps))
