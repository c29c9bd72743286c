"""A server that sends everything to MLflow's own server, which gives things ids of its own."""

import json
import random

import mlflow
import numpy
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from forwarding import SOURCE_TAG, BreakingNetwork, Training, assert_equal, described, kill_rounds, wait_until_current
from helpers import REFERENCE_PYTHON, call, must, new_run
from keeping import apus
from servers import ApusServer, ReferenceServer

pytestmark = pytest.mark.apus


@pytest.fixture(scope="module")
def upstream():
    with ReferenceServer(python=REFERENCE_PYTHON) as server:
        yield server


@pytest.fixture(scope="module")
def local(upstream):
    with ApusServer(["--upstream", upstream.url, "--forward-delay", "500ms"]) as server:
        yield server


def there_of(upstream, run_id, experiment):
    """The run of the upstream that stands for one from here."""
    client = MlflowClient(upstream.url)
    found = client.search_runs(
        [client.get_experiment_by_name(experiment).experiment_id], f"tags.`{SOURCE_TAG}` = '{run_id}'"
    )
    assert len(found) == 1
    return found[0]


def test_everything_of_random_runs_is_there_field_by_field(local, upstream):
    training = Training(local, random.randrange(1 << 30), "random runs")
    training.do(60)
    assert wait_until_current(local.url, timeout=180)["omissions"] == []
    assert_equal(described(local.url, {"random runs"}), described(upstream.url, {"random runs"}))


def test_a_training_with_a_model_is_loaded_from_the_upstream(local, upstream, tmp_path):
    class Doubling(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [2 * one for one in model_input]

    mlflow.set_tracking_uri(local.url)
    mlflow.set_experiment("with a model")
    (tmp_path / "notes.txt").write_text("notes")
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        mlflow.log_params({"lr": 0.1})
        mlflow.log_input(mlflow.data.from_numpy(numpy.array([1, 2]), name="numbers"))
        mlflow.log_artifact(tmp_path / "notes.txt", "texts")
        logged = mlflow.pyfunc.log_model(name="model", python_model=Doubling())
        mlflow.log_metric("auc", 0.9, step=1, model_id=logged.model_id)
        version = mlflow.register_model(logged.model_uri, "doubling")
    client = MlflowClient(local.url)
    client.set_registered_model_alias("doubling", "champion", version.version)
    wait_until_current(local.url, timeout=180)
    there = MlflowClient(upstream.url)
    run = there_of(upstream, child.info.run_id, "with a model")
    assert run.data.tags["mlflow.parentRunId"] == there_of(upstream, parent.info.run_id, "with a model").info.run_id
    assert [one.path for one in there.list_artifacts(run.info.run_id, "texts")] == ["texts/notes.txt"]
    assert len(run.inputs.dataset_inputs) == 1
    models = there.search_logged_models([run.info.experiment_id])
    assert len(models) == 1
    model = models[0]
    assert model.source_run_id == run.info.run_id and model.status == "READY"
    assert [(metric.key, metric.value) for metric in model.metrics] == [("auc", 0.9)]
    assert [output.model_id for output in run.outputs.model_outputs] == [model.model_id]
    assert there.get_model_version_by_alias("doubling", "champion").source == f"models:/{model.model_id}"
    mlflow.set_tracking_uri(upstream.url)
    loaded = mlflow.pyfunc.load_model(f"models:/{model.model_id}")
    assert list(loaded.predict([1, 2])) == [2, 4]
    assert loaded.metadata.run_id == run.info.run_id


# The tag with which clients make a registered model, or a version, a prompt.
MARK = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]


class Workshop:
    """A run that names models, a registered model and a prompt, all of which are made one after the other."""

    def __init__(self, url, name):
        self.url, self.name, self.client = url, name, MlflowClient(url)
        self.experiment_id = self.client.create_experiment(name)
        self.run_id = self.client.create_run(self.experiment_id).info.run_id

    def make_model(self, step):
        """A model that the run has made, as a checkpoint."""
        model = self.client.create_logged_model(self.experiment_id, name=f"checkpoint-{step}", source_run_id=self.run_id)
        self.client.finalize_logged_model(model.model_id, "READY")
        self.client.log_outputs(self.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, step)])
        return model.model_id

    def log_datasets(self, *names):
        datasets = [{"dataset": {"name": name, "digest": "d", "source_type": "local", "source": "{}"}} for name in names]
        must(self.url, "runs/log-inputs", {"run_id": self.run_id, "datasets": datasets})

    def make_prompt(self, name, text):
        call(self.url, "registered-models/create", {"name": name, "tags": MARK})
        tags = [*MARK, {"key": "mlflow.prompt.text", "value": text}, {"key": "author", "value": "ana"}]
        must(self.url, "model-versions/create", {"name": name, "source": "dummy-source", "tags": tags})

    def there(self, upstream):
        return there_of(upstream, self.run_id, self.name)


def prompt_versions(client, name):
    return client.search_model_versions(f"name = '{name}' AND tags.`mlflow.prompt.is_prompt` = 'true'")


def test_models_and_datasets_that_come_over_time_are_all_there(local, upstream):
    workshop = Workshop(local.url, "over time")
    for step in range(3):
        workshop.make_model(step)
        workshop.log_datasets(f"numbers {step}", "all numbers")
        assert wait_until_current(local.url, timeout=60)["omissions"] == []
        run = workshop.there(upstream)
        assert sorted(output.step for output in run.outputs.model_outputs) == list(range(step + 1))
        assert len(run.inputs.dataset_inputs) == step + 2


def test_a_push_to_another_address_of_the_same_server_sends_nothing_twice(upstream, tmp_path):
    with ApusServer(directory=tmp_path / "local") as server:
        workshop = Workshop(server.url, "twice")
        workshop.make_model(1)
        workshop.log_datasets("numbers")
        used = workshop.make_model(2)
        other = workshop.client.create_run(workshop.experiment_id).info.run_id
        must(server.url, "runs/log-inputs", {"run_id": other, "models": [{"model_id": used}]})
        workshop.client.create_registered_model("twice")
        workshop.client.create_model_version("twice", f"models:/{used}", model_id=used)
        workshop.make_prompt("twice, a prompt", "Say {{x}}")
        data = server.data_directory
    for host in ("127.0.0.1", "localhost"):
        apus("push", "--to", f"http://{host}:{upstream.port}", "--data-dir", data)
        client = MlflowClient(upstream.url)
        assert len(workshop.there(upstream).outputs.model_outputs) == 2
        assert len(workshop.there(upstream).inputs.dataset_inputs) == 1
        # Searches do not tell the models that a run has used.
        user = client.get_run(there_of(upstream, other, "twice").info.run_id)
        assert len(user.inputs.model_inputs) == 1
        assert len(client.search_logged_models([workshop.there(upstream).info.experiment_id])) == 2
        assert len(client.search_model_versions("name = 'twice'")) == 1
        assert len(prompt_versions(client, "twice, a prompt")) == 1


def test_prompts_follow_with_their_texts_and_aliases(local, upstream):
    workshop = Workshop(local.url, "prompts")
    workshop.make_prompt("greeting", "Say {{x}}")
    assert wait_until_current(local.url, timeout=60)["omissions"] == []
    workshop.make_prompt("greeting", "Please say {{x}}")
    workshop.client.set_prompt_alias("greeting", "best", 2)
    assert wait_until_current(local.url, timeout=60)["omissions"] == []
    there = MlflowClient(upstream.url)
    versions = sorted(prompt_versions(there, "greeting"), key=lambda version: int(version.version))
    assert [str(version.version) for version in versions] == ["1", "2"]
    prompt = there.get_prompt_version("greeting", 2)
    assert prompt.template == "Please say {{x}}" and prompt.tags["author"] == "ana"
    named = must(upstream.url, "registered-models/alias", name="greeting", alias="best")
    assert named["model_version"]["version"] == "2"
    # Searches for models do not find it, as on the server where it was made.
    assert there.search_model_versions("name = 'greeting'") == []


def test_tags_and_sources_name_runs_and_models_by_their_ids_there(local, upstream):
    workshop = Workshop(local.url, "named")
    other = workshop.client.create_run(workshop.experiment_id).info.run_id
    first = workshop.make_model(1)
    unknown = "m-" + "0" * 32
    for key, value in {
        "where": f"models:/{first}",
        "text": f"models:/{first}/data, runs:/{workshop.run_id}/x and models:/{unknown}",
        "foreign": f"models:/{unknown}",
        "registered": "models:/named/1",
    }.items():
        workshop.client.set_tag(workshop.run_id, key, value)
    workshop.client.set_logged_model_tags(first, {"made by": f"runs:/{workshop.run_id}", "itself": f"models:/{first}"})
    there = MlflowClient(upstream.url)
    there.create_registered_model("named")
    there.create_model_version("named", "s3://bucket/elsewhere")
    workshop.client.create_registered_model("named", tags={"best": f"models:/{first}"})
    location = must(local.url, f"logged-models/{first}")["model"]["info"]["artifact_uri"]
    for source in (f"models:/{first}", f"{location}/data"):
        workshop.client.create_model_version("named", source, model_id=first, tags={"of": f"runs:/{other}"})
    report = wait_until_current(local.url, timeout=60)
    assert report["omissions"] == []
    run, of = workshop.there(upstream), there_of(upstream, other, "named").info.run_id
    model = there.search_logged_models([run.info.experiment_id])[0]
    assert run.data.tags["where"] == f"models:/{model.model_id}"
    assert run.data.tags["text"] == f"models:/{model.model_id}/data, runs:/{run.info.run_id}/x and models:/{unknown}"
    assert run.data.tags["foreign"] == f"models:/{unknown}" and run.data.tags["registered"] == "models:/named/1"
    assert model.tags["made by"] == f"runs:/{run.info.run_id}" and model.tags["itself"] == f"models:/{model.model_id}"
    assert there.get_registered_model("named").tags["best"] == f"models:/{model.model_id}"
    versions = [there.get_model_version("named", number) for number in ("2", "3")]
    assert [version.source for version in versions] == [f"models:/{model.model_id}", f"{model.artifact_location}/data"]
    assert {version.tags["of"] for version in versions} == {f"runs:/{of}"}
    # The upstream counts on from the version that it had.
    listed = {(str(one["name"]), str(one["version"])) for one in json.loads(model.tags["mlflow.modelVersions"])}
    assert listed == {("named", "2"), ("named", "3")}
    notes = {(note["part"], note["reason"]) for note in report["notes"] if note["subject"] == "named"}
    assert notes == {
        ("number of version 1", "it is version 2 at the upstream"),
        ("number of version 2", "it is version 3 at the upstream"),
    }


def test_a_prompt_is_left_out_where_a_model_has_its_name(local, upstream):
    there = MlflowClient(upstream.url)
    there.create_registered_model("both")
    Workshop(local.url, "both").make_prompt("both", "Say {{x}}")
    omissions = [one for one in wait_until_current(local.url, timeout=60)["omissions"] if one["subject"] == "both"]
    assert [one["part"] for one in omissions] == ["registered model"]
    assert "already taken" in omissions[0]["reason"]
    assert there.search_model_versions("name = 'both'") == [] and prompt_versions(there, "both") == []


def test_another_number_there_is_a_note_and_no_omission(upstream, tmp_path):
    there = MlflowClient(upstream.url)
    there.create_registered_model("counted")
    there.create_model_version("counted", "s3://bucket/first")
    with ApusServer(directory=tmp_path / "local") as server:
        client = MlflowClient(server.url)
        client.create_registered_model("counted")
        client.create_model_version("counted", "s3://bucket/second")
        data = server.data_directory
    for _ in range(2):
        shown = apus("push", "--to", upstream.url, "--data-dir", data)
        assert shown.returncode == 0, shown.stderr
        assert "note: counted, number of version 1: it is version 2 at the upstream" in shown.stdout
        assert "not there" not in shown.stdout
        state = apus("forward", "status", "--data-dir", data, check=False)
        assert state.returncode == 0, state.stdout + state.stderr
        # A change here is sent to the version that was sent, and the note stays.
        with ApusServer(directory=tmp_path / "local") as server:
            MlflowClient(server.url).update_model_version("counted", "1", description="changed")
    apus("push", "--to", upstream.url, "--data-dir", data)
    assert len(there.search_model_versions("name = 'counted'")) == 2
    assert there.get_model_version("counted", "2").description == "changed"


def test_an_answer_that_is_lost_makes_no_second_run(upstream, tmp_path):
    network = BreakingNetwork(upstream.port, 3, loss=0.15)
    with ApusServer(["--upstream", network.url, "--forward-delay", "200ms"], directory=tmp_path / "local") as server:
        Training(server, 7, "lost answers").do(40)
        wait_until_lossy(server, network)
        assert_equal(described(server.url, {"lost answers"}), described(upstream.url, {"lost answers"}))
    network.close()


def wait_until_lossy(server, network):
    """Drains again and again while answers are lost, and then without a loss."""
    for _ in range(5):
        try:
            wait_until_current(server.url, timeout=5)
        except AssertionError:
            continue
    network.loss = 0
    wait_until_current(server.url, timeout=180)


def test_kills_make_no_second_run(upstream, tmp_path):
    kill_rounds(tmp_path, upstream, rounds=2, seed=random.randrange(1 << 30), kills_upstream=False)


def test_an_experiment_that_is_deleted_before_a_push_follows_with_its_runs(upstream, tmp_path):
    with ApusServer(directory=tmp_path / "local") as server:
        client = MlflowClient(server.url)
        experiment_id = client.create_experiment("deleted before")
        runs = [client.create_run(experiment_id, run_name=f"run {number}").info.run_id for number in range(3)]
        for run_id in runs:
            client.log_param(run_id, "p", run_id)
            client.log_metric(run_id, "m", 1.5)
        client.delete_experiment(experiment_id)
        data = server.data_directory
    for _ in range(2):
        apus("push", "--to", upstream.url, "--data-dir", data)
        there = MlflowClient(upstream.url)
        experiment = there.get_experiment_by_name("deleted before")
        assert experiment.lifecycle_stage == "deleted"
        found = there.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
        assert {run.data.tags[SOURCE_TAG]: run.data.params["p"] for run in found} == {run_id: run_id for run_id in runs}
        assert all(run.info.lifecycle_stage == "deleted" and run.data.metrics == {"m": 1.5} for run in found)


def test_a_run_that_is_deleted_here_is_deleted_there(local, upstream):
    experiment_id = must(local.url, "experiments/create", {"name": "deleted"})["experiment_id"]
    run_id = new_run(local.url, experiment_id)
    wait_until_current(local.url, timeout=60)
    run = there_of(upstream, run_id, "deleted")
    must(local.url, "runs/delete", {"run_id": run_id})
    wait_until_current(local.url, timeout=60)
    assert MlflowClient(upstream.url).get_run(run.info.run_id).info.lifecycle_stage == "deleted"
