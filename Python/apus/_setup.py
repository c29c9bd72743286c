"""`apus.setup`: what every notebook begins with."""

from __future__ import annotations

import os
import sys

from . import _places, _values
from ._client import reach_this_machine_directly, without_credentials
from ._failures import UpstreamUnavailable
from ._show import frame_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._server import Server

# The server of the last local setup, for `show`.
server: Server | None = None


def setup(
    experiment: str,
    upstream: str | None = None,
    fallback_to_local: bool = True,
    *,
    folder: str | os.PathLike[str] | None = None,
    snapshot_to: str | os.PathLike[str] | None = None,
    port: int = 0,
    ends_with_process: bool = True,
    timeout: float = 5.0,
    start_timeout: float = 600.0,
    quiet: bool = False,
) -> str:
    """Makes a tracking server available to this process and its children, and returns its address.

    Sets MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME, unsets what was set for another server (MLFLOW_EXPERIMENT_ID,
    MLFLOW_RUN_ID, MLFLOW_REGISTRY_URI), tells an MLflow that is imported already, and prints which server was taken and
    why.

    experiment: the name of the experiment for the next runs; it is made when there is none.
    upstream: the address of a central server, taken if it answers a search within `timeout` seconds. User, token
        and certificates are the client's: MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN,
        MLFLOW_TRACKING_SERVER_CERT_PATH and so on.
    fallback_to_local: whether a server on this machine is taken when the upstream does not answer; without it that
        raises UpstreamUnavailable.
    folder, snapshot_to, port, ends_with_process: as in `apus.start`, with what fits the place where this runs: on Colab
        snapshots go to Drive if it is mounted, on Kaggle data is in /kaggle/working, in a job of SLURM it is in
        $SLURM_TMPDIR and snapshots go to where the job was submitted.
    start_timeout: for how many seconds the start of a server on this machine is waited for, which restores the newest
        snapshot first.
    """
    global server
    _values.experiment(experiment)
    _values.seconds(timeout, "timeout")
    if upstream is not None and not isinstance(upstream, str):
        raise ValueError(f"upstream: use the address of a server, not {upstream!r}.")
    reason = ""
    reach_this_machine_directly()
    if upstream:
        from ._upstream import complaint

        reason = complaint(upstream, timeout)
        if not reason:
            # The client knows schemes in small letters alone.
            scheme, rest = upstream.strip().rstrip("/").split(":", 1)
            uri = f"{scheme.lower()}:{rest}"
            server = None
            unset = _announce(uri, experiment)
            _say(f"{without_credentials(uri)} (upstream, which answers)", [unset], quiet)
            return uri
        reason = f"{without_credentials(upstream)} cannot be used: {reason}"
        if not fallback_to_local:
            raise UpstreamUnavailable(reason)
        reason = f"; {reason}"
    from ._server import start

    place = _places.find()
    snapshots = snapshot_to if snapshot_to is not None else None if folder is not None else place.snapshot_to
    server = start(
        folder if folder is not None else place.folder,
        port=port,
        ends_with_process=ends_with_process,
        snapshot_to=snapshots,
        arguments=frame_arguments(place),
        timeout=start_timeout,
    )
    uri = server.uri
    unset = _announce(uri, experiment)
    kept, remarks = "", [place.remark if folder is None else "", unset]
    if snapshots is not None:
        target = os.fsdecode(snapshots)
        kept = f", snapshots in {target}"
        if os.path.isdir(target) and not os.access(target, os.W_OK | os.X_OK):
            kept = f", NO SNAPSHOTS, because {target} cannot be written"
            remarks.append("All is lost with this machine unless that folder is made writable, or snapshot_to= names another.")
    _say(f"{uri} ({place.name}, data in {server.folder}{kept}{reason})", remarks, quiet)
    return uri


def _announce(uri: str, experiment: str) -> str:
    """Returns what was unset because it belonged to another server."""
    was_this = os.environ.get("MLFLOW_TRACKING_URI") == uri
    os.environ["MLFLOW_TRACKING_URI"] = uri
    os.environ["MLFLOW_EXPERIMENT_NAME"] = experiment
    # An id that was set for another server would contradict the name.
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    # A run is resumed where it is, and a registry on another server would be asked for the models of this one.
    names = ("MLFLOW_RUN_ID", "MLFLOW_REGISTRY_URI")
    unset = [name for name in names if not was_this and os.environ.pop(name, None)]
    mlflow = sys.modules.get("mlflow")
    if mlflow is not None:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(experiment)
    return f"{' and '.join(unset)} of another server: unset." if unset else ""


def _say(text: str, remarks: list[str], quiet: bool) -> None:
    if not quiet:
        print("\n      ".join([f"Apus: {text}", *filter(None, remarks)]))
