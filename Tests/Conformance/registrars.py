"""What each process of a crowd of registrars does. The processes import this, so it imports little."""

import mlflow

from helpers import in_threads


def register(uri, name, run_id, source, threads, each):
    """Several threads register version after version; returns the numbers that each of them got, in order."""
    client = mlflow.MlflowClient(uri)

    def work():
        made = (client.create_model_version(name, source, run_id) for _ in range(each))
        return [int(version.version) for version in made]

    return in_threads(work, [()] * threads)
