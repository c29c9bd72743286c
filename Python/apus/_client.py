"""Calls servers as MLflow's client does: with its user and token, its certificates and its proxies."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.client import HTTPResponse
    from ssl import SSLContext

_HERE = ("localhost", "127.0.0.1")


def reach_this_machine_directly() -> None:
    """Excepts this machine from the proxies that the environment names, for this process and its children.

    Clusters and companies set http_proxy; the client would ask the proxy for a server of this machine, in vain.
    """
    if not any(os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")):
        return
    lower, upper = os.environ.get("no_proxy"), os.environ.get("NO_PROXY")
    # Programs that read both prefer one of them: what only the other one says must stay true.
    for name, value in (("no_proxy", lower or upper), ("NO_PROXY", upper or lower)):
        hosts = [host.strip() for host in (value or "").split(",") if host.strip()]
        if "*" not in hosts:
            os.environ[name] = ",".join([*hosts, *(host for host in _HERE if host not in hosts)])


def open_as_client(uri: str, timeout: float, body: bytes | None = None) -> HTTPResponse:
    """The answer to a GET, or with a body to a POST of JSON; raises what `urllib.request.urlopen` does."""
    import urllib.request
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(uri)
    in_address = (unquote(parts.username), unquote(parts.password)) if parts.username and parts.password else None
    kind = {} if body is None else {"Content-Type": "application/json"}
    headers = {**kind, **_authorization(in_address)}
    request = urllib.request.Request(without_credentials(uri), data=body, headers=headers)
    context = _certificates() if parts.scheme == "https" else None
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=timeout, context=context)
    return answer


def without_credentials(uri: str) -> str:
    """The address as it may be printed."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(uri)
    except ValueError:
        # It is no address; what could be a password in it is still not shown.
        return uri.rpartition("@")[2]
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _authorization(in_address: tuple[str, str] | None) -> dict[str, str]:
    stored = _stored_credentials()
    user, password = (
        os.environ.get(name) or stored.get(name.lower())
        for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
    )
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    user, password = in_address or (user, password)
    if user and password:
        from base64 import b64encode

        return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _stored_credentials() -> dict[str, str]:
    """What the user keeps for the client in the file of the home folder."""
    path = os.path.expanduser("~/.mlflow/credentials")
    if not os.path.exists(path):
        return {}
    import configparser

    parser = configparser.ConfigParser()
    try:
        parser.read(path)
    except configparser.Error as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    return dict(parser["mlflow"]) if "mlflow" in parser else {}


def _certificates() -> SSLContext:
    """Whom the client trusts, and the certificate that it shows."""
    import ssl

    names = ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    trusted = next(filter(None, map(os.environ.get, names)), None) or _bundle_of_requests()
    is_folder = trusted is not None and os.path.isdir(trusted)
    context = ssl.create_default_context(cafile=None if is_folder else trusted, capath=trusted if is_folder else None)
    if os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("true", "1"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    own = os.environ.get("MLFLOW_TRACKING_CLIENT_CERT_PATH")
    if own:
        context.load_cert_chain(own)
    return context


def _bundle_of_requests() -> str | None:
    """The authorities that come with the client's library for http; None where only the system's are there."""
    try:
        from certifi import where
    except ImportError:
        return None
    return str(where())
