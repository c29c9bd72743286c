"""
What the server of the tests holds. Each part is made when a test first asks for it, from fixed seeds, and is never
changed; names carry a mark of their own, so that a server may be seeded twice.
"""

from __future__ import annotations

import functools
import io
import math
import random
import tempfile
import uuid
import wave
from pathlib import Path
from types import SimpleNamespace as Thing

import mlflow
import numpy
import pandas
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from PIL import Image

from rest import Rest, pairs

NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
# The pictures of the epochs 1 to 8 are of one colour each.
EPOCH_COLORS = [
    (200, 30, 30),
    (30, 160, 40),
    (30, 60, 200),
    (220, 180, 20),
    (150, 20, 190),
    (20, 180, 190),
    (240, 120, 20),
    (90, 90, 90),
]
EPOCH_MILLISECONDS = 1_790_000_000_000


class World:
    def __init__(self, rest: Rest):
        self.rest = rest
        self.mark = uuid.uuid4().hex[:6]

    @functools.cached_property
    def sweep(self):
        """Forty trials under a parent; `best` is the one with the highest last val/accuracy."""
        rest, chance = self.rest, random.Random(7)
        note = "# Which learning rate\n\nForty trials of **resnet18**.\n"
        experiment = rest.experiment(f"sweep {self.mark}", **{NOTE: note, "team": "vision"})
        parent = rest.run(experiment, "the sweep", EPOCH_MILLISECONDS, params={"search": "random"})
        drawn = [(number, 10 ** chance.uniform(-3, -1), chance.uniform(0, 0.2)) for number in range(40)]

        def trial(drawn):
            number, rate, quality = drawn
            params = {
                "lr": f"{rate:.4g}",
                "optimizer": ("adam", "sgd", "adamw")[number % 3],
                "batch_size": 32 * 2 ** (number % 3),
                "model": "resnet18",
                "epochs": 20,
                "patch": 224,
            }
            metrics = []
            for step in range(20):
                loss = 2 * math.exp(-step * 0.2) + 0.2 + quality
                metrics += [
                    ("train/loss", loss, step),
                    ("val/loss", loss * 1.1, step),
                    ("val/accuracy", 0.95 - quality - 0.5 * math.exp(-step * 0.3), step),
                ]
            metrics += [("examples", 9_876_543_210 + number, 0), ("parameters", 1_234_567, 0)]
            name = f"trial-{number:02d}"
            run = rest.run(
                experiment,
                name,
                EPOCH_MILLISECONDS + 60_000 * (number + 1),
                params=params,
                metrics=metrics,
                tags={PARENT: parent, "fold": number % 5},
                status="FAILED" if number == 5 else "FINISHED",
            )
            last = {key: value for key, value, _ in metrics}
            return Thing(id=run, name=name, params={key: str(value) for key, value in params.items()}, last=last)

        trials = rest.at_once(trial, drawn)
        best = max(trials, key=lambda trial: trial.last["val/accuracy"])
        return Thing(id=experiment, name=f"sweep {self.mark}", parent=parent, trials=trials, best=best)

    @functools.cached_property
    def pair(self):
        """Two runs that differ in the params `lr` and `augment` and in the metric `f1`, and are alike in the rest."""
        experiment = self.rest.experiment(f"pair {self.mark}")
        shared = {"model": "unet", "depth": 5, "patch": 96, "loss": "dice"}
        runs = []
        for number, (rate, augment, f1) in enumerate([("0.1", "none", 0.61), ("0.01", "flips", 0.74)]):
            metrics = [("same", 1.0, 0)] + [("f1", f1 * (step + 1) / 30, step) for step in range(30)]
            runs.append(
                self.rest.run(
                    experiment,
                    f"run-{'ab'[number]}",
                    EPOCH_MILLISECONDS + 1000 * number,
                    params={**shared, "lr": rate, "augment": augment},
                    metrics=metrics,
                )
            )
            text = "shared line\n" + f"rate {rate}\n"
            mlflow.MlflowClient(self.rest.address).log_text(runs[-1], text, "settings.txt")
        return Thing(id=experiment, runs=runs)

    @functools.cached_property
    def many(self):
        """600 runs: more than a table draws and more than it fetches at first."""
        rest, chance = self.rest, random.Random(11)
        experiment = rest.experiment(f"many {self.mark}")
        losses = {f"run-{number:03d}": chance.random() for number in range(600)}
        rest.at_once(
            lambda name: rest.run(
                experiment,
                name,
                EPOCH_MILLISECONDS + 1000 * int(name[-3:]),
                params={"layers": int(name[-3:]) % 7},
                metrics=[("loss", losses[name], 1)],
            ),
            losses,
        )
        return Thing(id=experiment, losses=losses)

    @functools.cached_property
    def media(self):
        """One run with a file of each type that can be looked at, pictures of eight epochs, and all else that runs have."""
        mlflow.set_tracking_uri(self.rest.address)
        experiment = mlflow.create_experiment(f"media {self.mark}")
        with mlflow.start_run(experiment_id=experiment, run_name="everything") as run:
            mlflow.log_params({"lr": 0.1, "model": "unet"})
            for step in range(50):
                mlflow.log_metric("loss", 2 * math.exp(-step / 12), step=step)
                mlflow.log_metric("system/cpu_utilization_percentage", 50 + step % 7, step=step)
            mlflow.log_metric("loss/odd", float("nan"), step=0)
            mlflow.log_metric("steps_seen", 1_234_567)
            mlflow.set_tag(
                NOTE,
                "# What was tried\n\nA **unet**, see [the paper](https://example.org/paper).\n\n- one\n- two\n\n`code`",
            )
            mlflow.set_tag("team", "vision")
            for epoch, color in enumerate(EPOCH_COLORS, start=1):
                mlflow.log_image(Image.new("RGB", (48, 48), color), key="predictions", step=epoch, synchronous=True)
            mlflow.log_table({"prompt": ["first row", "second row"], "score": [0.25, 0.75]}, "tables/answers.json")
            for name, text in TEXTS.items():
                mlflow.log_text(text, name)
            mlflow.log_image(Image.new("RGB", (40, 30), (10, 120, 220)), "plots/plain.png")
            with tempfile.TemporaryDirectory() as folder:
                for name, data in {"tone.wav": tone(), "page.pdf": PDF, "weights.bin": bytes(range(256)) * 20}.items():
                    (Path(folder) / name).write_bytes(data)
                mlflow.log_artifacts(folder, "binary")
            frame = pandas.DataFrame({"age": [31.0, 44.0], "plan": ["a", "b"]})
            dataset = mlflow.data.from_pandas(
                frame, source="https://example.org/train.csv", name="train-set", targets=None
            )
            mlflow.log_input(dataset, context="training")
            with mlflow.start_run(nested=True, run_name="a child", experiment_id=experiment) as child:
                mlflow.log_metric("loss", 0.5)
            logged = log_model()
        return Thing(
            id=experiment,
            run=run.info.run_id,
            child=child.info.run_id,
            model=logged.model_id,
            model_uri=logged.model_uri,
        )

    @functools.cached_property
    def registry(self):
        """A registered model of three versions, and a prompt of three versions with the alias `live` on the second."""
        client = mlflow.MlflowClient(self.rest.address)
        model = f"churn-{self.mark}"
        client.create_registered_model(model, tags={"owner": "ada"}, description="Predicts *who leaves*.")
        for number in (1, 2, 3):
            client.create_model_version(
                model,
                self.media.model_uri,
                self.media.run,
                tags={"quality": str(number)},
                description=f"Version number {number}",
                model_id=self.media.model,
            )
        client.set_registered_model_alias(model, "champion", "2")
        prompt = f"summary-{self.mark}"
        is_prompt = {"mlflow.prompt.is_prompt": "true"}
        self.rest.call("registered-models/create", {"name": prompt, "tags": pairs(is_prompt)})
        for text in (
            "Summarise {{text}} in one sentence.",
            "Summarise {{text}}\nin {{count}} sentences.\nBe brief.",
            "You are an editor.\nSummarise {{text}}\nin {{count}} sentences.\nBe kind.",
        ):
            tags = {**is_prompt, "mlflow.prompt.text": text, "_mlflow_prompt_type": "text"}
            self.rest.call("model-versions/create", {"name": prompt, "source": "dummy-source", "tags": pairs(tags)})
        self.rest.call("registered-models/alias", {"name": prompt, "alias": "live", "version": "2"})
        return Thing(model=model, prompt=prompt)


# A model as code: nothing is pickled.
MODEL = """
import mlflow

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input

mlflow.models.set_model(Echo())
"""


def log_model():
    """Logs a model with a signature to the active run."""
    signature = ModelSignature(
        Schema([ColSpec("double", "age"), ColSpec("string", "plan", required=False)]),
        Schema([ColSpec("boolean", "leaves")]),
    )
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "echo.py"
        code.write_text(MODEL)
        return mlflow.pyfunc.log_model(
            name="classifier", python_model=str(code), signature=signature, pip_requirements=[]
        )


def tone() -> bytes:
    """A tenth of a second of sound."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        samples = numpy.sin(numpy.arange(800) * 0.3) * 8000
        sound.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


# Files of text and what a preview must show of each.
TEXTS = {
    "readme.md": "# Card of the model\n\nIt is **small**.\n",
    "notes.txt": "plain words\nsecond line\n",
    "logs/train.log": "".join(f"line {number} loss={1 / (number + 1):.4f}\n" for number in range(40_000)),
    "src/train.py": "import torch\n\n\ndef main():\n    return 42\n",
    "config.json": '{"depth": 50, "layers": [1, 2, 3]}',
    "config.yaml": "depth: 50\nlayers:\n  - 1\n",
    "data/report.csv": 'id,name,score\n1,"Smith, Jo",0.5\n2,<b>bold</b>,0.001\n',
    "data/report.tsv": "left\tright\n1\t2\n",
    "plots/drawing.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='120' height='80'>"
    "<script>parent.apusRan.push('svg')</script>"
    "<rect width='120' height='80' fill='#008060'/></svg>",
    "report.html": "<html><body><h1>Report of the run</h1>"
    "<script>parent.apusRan.push('html'); document.body.append('script ran')</script></body></html>",
}

PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
"""
