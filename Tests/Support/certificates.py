"""Makes certificates with the openssl command, for servers and clients of the tests."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OPENSSL = shutil.which("openssl")


def openssl(*arguments: object, cwd: Path) -> str:
    command = [OPENSSL or "openssl", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=60).stdout


@dataclass
class Certificate:
    """The files of one certificate, all in PEM form."""

    certificate: Path
    key: Path
    # Certificate and key in one file, as MLFLOW_TRACKING_CLIENT_CERT_PATH takes them.
    both: Path


class Authority:
    """An issuer of certificates in a folder of its own."""

    def __init__(self, folder: Path, name: str):
        self.folder = folder
        self.name = name
        folder.mkdir(parents=True, exist_ok=True)
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30),
            *("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            cwd=folder,
        )

    @property
    def certificate(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def issue(self, name: str, hosts="DNS:localhost,IP:127.0.0.1", days: int = 10, usage="serverAuth") -> Certificate:
        """A certificate for these hosts; one with negative days has expired."""
        extensions = self.folder / f"{name}.ext"
        lines = ["basicConstraints=CA:FALSE", f"extendedKeyUsage={usage}"]
        extensions.write_text("\n".join(lines + ([f"subjectAltName={hosts}"] if hosts else [])))
        openssl(
            *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
            cwd=self.folder,
        )
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", self.certificate.name, "-CAkey", f"{self.name}.key"),
            *("-CAcreateserial", "-days", days, "-extfile", extensions.name, "-out", f"{name}.pem"),
            cwd=self.folder,
        )
        made = Certificate(*(self.folder / f"{name}{ending}" for ending in (".pem", ".key", ".both.pem")))
        made.both.write_text(made.certificate.read_text() + made.key.read_text())
        made.key.chmod(0o600)
        return made


def self_signed(folder: Path, name: str) -> Certificate:
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(*(folder / f"{name}{ending}" for ending in (".pem", ".key", ".both.pem")))
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30),
        *("-subj", f"/CN={name}", "-keyout", made.key.name, "-out", made.certificate.name),
        *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        cwd=folder,
    )
    made.both.write_text(made.certificate.read_text() + made.key.read_text())
    made.key.chmod(0o600)
    return made
