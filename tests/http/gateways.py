"""Gateways as their users meet them: processes, reached over TCP by ordinary clients."""

import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any

import httpx2
from openai import OpenAI

from seriatim.text.reading import read_sentence
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  #: else each client reads all certificates of this machine: 20 ms
ADDRESS = re.compile(r"serving at http://127\.0\.0\.1:(\d+)")


@dataclass(slots=True)
class Gateway:
    """One gateway process of a system."""

    system: RealSystem
    name: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, key: str = "", **more: Any) -> httpx2.Client:
        """A client that waits."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx2.Client(
            base_url=self.url, headers=headers, timeout=PATIENCE_S, trust_env=False, verify=NO_TLS, **more
        )

    def openai(self, key: str = "no key is needed", **more: Any) -> OpenAI:
        """OpenAI's own client, unchanged."""
        http = httpx2.Client(trust_env=False, timeout=PATIENCE_S, verify=NO_TLS)
        return OpenAI(base_url=f"{self.url}/v1", api_key=key, http_client=http, **more)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)


def start(
    system: RealSystem, name: str = "gateway", *, at_port: int = 0, patch: str = "", **settings: object
) -> Gateway:
    """Start a gateway, and wait until it serves; `at_port` 0: it chooses. `settings` are its own.

    `patch`: Python that its process runs first, as to hold a step until the test lets it go on.
    """
    options: dict[str, object] = {"http_pool": "tone", "http_pcm_hz": 0, **settings}
    program = ["-c", f"{patch}\nimport sys\nfrom gateway.cli.main import main\nsys.exit(main(sys.argv[1:]))"]
    command = program if patch else ["-m", "gateway.cli.main"]
    before = system.children.get(name)
    assert before is None or before.poll() is not None, f"{name} still runs: give this gateway another name"
    begin = len(system.log(name)) if (system.folder / f"{name}.log").exists() else 0  # one of this name has ended
    child = system.start(name, *command, "serve", "--port", str(at_port), **options)

    def port() -> int | None:
        assert child.poll() is None, system.log(name)
        found = ADDRESS.search(system.log(name), begin)
        return int(found.group(1)) if found else None

    return Gateway(system, name, wait_until(port, "the gateway serves"))


def clear(n: int, name: str = "Fox") -> list[str]:
    """Sentences whose ends are unambiguous, none longer than a live job's first piece may be."""
    return [read_sentence(f"{name} {i} sings of green hills.", "en") for i in range(n)]
