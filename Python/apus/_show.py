"""`apus.show`: the pages of the server inside a notebook."""

from __future__ import annotations

import json
import os
from html import escape
from urllib.parse import quote, urlsplit

from ._client import open_as_client, without_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._places import Place

_SECONDS = 30.0

# The frame has no address of its own, so that "#/…" would be one of the notebook: links would open it inside the frame, and
# the history refuses such addresses. The listener comes last, after those of the pages.
_ADDRESSES = """<script>
for (const name of ["pushState", "replaceState"]) {
  const change = history[name].bind(history);
  history[name] = (state, title, address) =>
    change(state, title, address?.startsWith("#") ? location.href.split("#")[0] + address : address);
}
addEventListener("DOMContentLoaded", () => addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (!link || event.defaultPrevented) return;
  event.preventDefault();
  location.hash = link.getAttribute("href");
}));
</script>"""


def show(run: Any = None, height: int = 600) -> Any:
    """The pages of the server that `setup` took, or of MLFLOW_TRACKING_URI.

    run: a run, or its id, for its page; a list of them for their comparison.

    Returns what the last line of a cell shows: a frame where there is IPython, otherwise the address. On Colab the
    frame goes through Colab's proxy of ports. From Kaggle and a JupyterHub no browser reaches this machine: there the
    run, or the table of the experiment, is shown as one file without a server. A server on another machine is shown as
    a link, because servers rarely let others put them into a frame.
    """
    from . import _places

    uri, name, runs = _server_uri(), _places.find().name, _ids(run)
    place = _fragment(uri, runs)
    address = f"{without_credentials(uri)}/{place}"
    if urlsplit(uri).hostname not in ("127.0.0.1", "localhost", "::1"):
        return _link(address)
    if name.startswith("Colab"):
        from google.colab import output

        return output.serve_kernel_port_as_iframe(urlsplit(uri).port, path=f"/{place}", height=str(height))
    try:
        from IPython.display import HTML, IFrame
    except ImportError:
        return address
    if name == "Kaggle" or "JUPYTERHUB_SERVICE_PREFIX" in os.environ:
        return HTML(_frame(_exported(uri, runs), height))
    return IFrame(address, width="100%", height=height)


def frame_arguments(place: Place) -> list[str]:
    """The arguments of a server whose pages are shown in a frame of that place's notebooks."""
    if place.name.startswith("Colab"):
        return [
            "--allowed-hosts",
            "localhost,127.0.0.1,*.googleusercontent.com",
            "--cors-allowed-origins",
            "https://*.googleusercontent.com",
            "--frame-ancestors",
            "https://colab.research.google.com,https://*.googleusercontent.com",
        ]
    # Jupyter's pages come from another port of this machine.
    return ["--frame-ancestors", "http://localhost:*,http://127.0.0.1:*"]


def _server_uri() -> str:
    from . import _setup

    if _setup.server is not None:
        return _setup.server.uri
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if uri.startswith("apus:"):
        from ._mlflow import address

        return address(uri)
    if uri.startswith(("http://", "https://")):
        return uri.rstrip("/")
    raise ValueError("There is no server to show: call apus.setup(experiment) first, or set MLFLOW_TRACKING_URI.")


def _ids(run: Any) -> list[str]:
    runs = [] if run is None else run if isinstance(run, (list, tuple)) else [run]
    return [str(getattr(getattr(each, "info", None), "run_id", each)) for each in runs]


def _fragment(uri: str, runs: list[str]) -> str:
    """The part of the address of the pages behind the server's own."""
    if not runs:
        return ""
    if len(runs) > 1:
        return f"#/compare?runs={','.join(map(quote, runs))}"
    try:
        experiment = _asked(uri, f"runs/get?run_id={quote(runs[0])}")["run"]["info"]["experiment_id"]
    except OSError as error:
        raise ValueError(f"The run '{runs[0]}' cannot be shown: {without_credentials(uri)} says '{error}'.") from error
    return f"#/experiments/{experiment}/runs/{runs[0]}"


def _asked(uri: str, question: str) -> Any:
    with open_as_client(f"{uri}/api/2.0/mlflow/{question}", _SECONDS) as answer:
        return json.load(answer)


def _exported(uri: str, runs: list[str]) -> str:
    """The document of these runs, or of the table of the experiment that `setup` was told, which needs no server."""
    import subprocess

    from ._binary import binary

    wanted = runs
    if not runs:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "Default"
        try:
            found = _asked(uri, f"experiments/get-by-name?experiment_name={quote(name, safe='')}")
        except OSError:
            return f"<p>The experiment '{escape(name)}' has no runs yet.</p>"
        wanted = ["--experiment", found["experiment"]["experiment_id"]]
    command = [binary(), "export", "--format", "html", "--from", uri, "--output", "-", *wanted]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode()


def _link(address: str) -> Any:
    try:
        from IPython.display import HTML
    except ImportError:
        return address
    return HTML(f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(address)}</a>')


def _frame(document: str, height: int) -> str:
    document = document.replace("<head>", "<head>" + _ADDRESSES, 1)
    # IPython warns of a frame that is given to it bare.
    return f'<div><iframe srcdoc="{escape(document)}" width="100%" height="{height}" frameborder="0"></iframe></div>'
