"""Certificates made for a test, and a TLS endpoint in front of a server that has none."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.redis_servers import PrivateServer

DAYS = "2"
TAKEN_S = 60.0  #: what came on one side is taken by the other at once, unless the machine is busy


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs certificates."""

    folder: Path
    name: str

    @classmethod
    def made(cls, folder: Path, name: str) -> "Authority":
        """A new one. Skips the test where openssl is missing; on CI that is a failure."""
        if shutil.which("openssl") is None:
            why = "the command openssl is not installed: no certificate can be made"
            pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
        authority = cls(folder, name)
        authority._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", DAYS,
            "-subj", f"/CN={name}", "-keyout", str(authority.key), "-out", str(authority.certificate),
        )  # fmt: skip
        return authority

    @property
    def certificate(self) -> Path:
        """Its own certificate."""
        return self.folder / f"{self.name}.crt"

    @property
    def key(self) -> Path:
        """Its key."""
        return self.folder / f"{self.name}.key"

    def sign(self, name: str, host: str = "") -> tuple[Path, Path]:
        """A certificate and its key, for a server of that host or for a client."""
        key, request, made = (self.folder / f"{self.name}-{name}.{ending}" for ending in ("key", "csr", "crt"))
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", str(key), "-out", str(request),
        )  # fmt: skip
        named = self.folder / f"{name}.ext"
        named.write_text(f"subjectAltName=DNS:{host or name}\n", "utf-8")
        self._openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
            "-CAcreateserial", "-days", DAYS, "-extfile", str(named), "-out", str(made),
        )  # fmt: skip
        return made, key

    @staticmethod
    def _openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@contextlib.contextmanager
def tls_endpoint(server: PrivateServer, certificate: Path, key: Path, clients: Path) -> Iterator[int]:
    """TLS in front of a server's socket, for clients whose certificate `clients` has signed; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(clients)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, context, server.socket), daemon=True).start()
        yield int(listening.getsockname()[1])


def _serve(listening: socket.socket, context: ssl.SSLContext, path: Path) -> None:
    while True:
        try:
            raw, _ = listening.accept()
        except OSError:  # the endpoint is closed
            return
        threading.Thread(target=_pass_on, args=(raw, context, path), daemon=True).start()


def _pass_on(raw: socket.socket, context: ssl.SSLContext, path: Path) -> None:
    """Both directions, until one side is done. One TLS connection must not be used by two threads: it is polled."""
    inner = socket.socket(socket.AF_UNIX)
    try:
        with context.wrap_socket(raw, server_side=True) as outer, inner:
            inner.connect(str(path))
            outer.settimeout(0.005)
            inner.settimeout(0.005)
            while _move(outer, inner) and _move(inner, outer):
                pass
    except OSError:  # a stranger, or the end
        raw.close()
        inner.close()


def _move(source: socket.socket, target: socket.socket) -> bool:
    """What came within a moment; False at the end."""
    try:
        part = source.recv(65536)
    except (TimeoutError, ssl.SSLWantReadError):
        return True
    target.settimeout(TAKEN_S)
    target.sendall(part)
    target.settimeout(0.005)
    return bool(part)
