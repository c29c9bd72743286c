"""The tracking URI `apus:FOLDER` for the MLflow client, by its plug-in entry points.

MLflow imports this module when it is imported itself, so that nothing is imported here before it is needed. The stores
are the client's own for http; they ask for the address before each call, and so find a server that was started again.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._keeper import Keeper

_PREFIX = "apus:"
# For how long a server outlives the last process that used it, unless APUS_IDLE_EXIT says otherwise.
_IDLE_EXIT = "60s"

_folders: dict[str, str] = {}


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """The store of experiments and runs behind `apus:FOLDER`."""
    from mlflow.store.tracking.rest_store import RestStore

    return RestStore(_credentials(store_uri))


def model_registry_store(store_uri: str, tracking_uri: str | None = None) -> Any:
    """The store of registered models behind `apus:FOLDER`."""
    from mlflow.store.model_registry.rest_store import RestStore

    return RestStore(_credentials(store_uri))


def artifact_repository(artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> Any:
    """The files behind an `mlflow-artifacts:` URI, which the client asks the server of its tracking URI for.

    With a tracking URI of another kind the result is what the client makes without this package.
    """
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
    from mlflow.tracking import get_tracking_uri

    class Repository(MlflowArtifactsRepository):  # type: ignore[misc]
        @classmethod
        def resolve_uri(cls, artifact_uri: str, tracking_uri: str) -> Any:
            return super().resolve_uri(artifact_uri, address(tracking_uri))

    is_ours = (tracking_uri or get_tracking_uri()).startswith(_PREFIX)
    # Clients before 3 know no further arguments.
    given = {"tracking_uri": tracking_uri, "registry_uri": registry_uri}
    further = {name: value for name, value in given.items() if value is not None}
    return (Repository if is_ours else MlflowArtifactsRepository)(artifact_uri, **further)


def folder(uri: str) -> str:
    """The folder that a URI names: `apus:./runs`, `apus:~/runs`, `apus:/data/runs` or `apus:///data/runs`; of `apus:` the default one.

    A relative folder is that of the first use in a process, also after the process has changed its folder. Raises
    ValueError for `apus://runs`, where `runs` would be the name of a machine.
    """
    if uri not in _folders:
        from ._server import default_folder
        from ._values import absolute

        path = uri[len(_PREFIX) :]
        if path.startswith("//"):
            name = path.lstrip("/")
            if not path.startswith("///"):
                raise ValueError(
                    f"'{uri}' names no folder: write {_PREFIX}{name or '.'} for '{name or '.'}' in the current folder, and "
                    f"{_PREFIX}/{name} for '/{name}'."
                )
            path = f"/{name}"
        _folders[uri] = absolute(path or default_folder())
    return _folders[uri]


def address(uri: str) -> str:
    """The http address of the server behind a URI, which is started where none runs."""
    return _keeper(uri).uri()


def _credentials(uri: str) -> Any:
    from mlflow.utils.rest_utils import MlflowHostCreds

    kept = _keeper(uri)
    return lambda: MlflowHostCreds(kept.uri())


def _keeper(uri: str) -> Keeper:
    import os

    from ._keeper import keeper

    return keeper(folder(uri), lambda: ["--idle-exit", os.environ.get("APUS_IDLE_EXIT") or _IDLE_EXIT])
