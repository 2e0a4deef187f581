"""A Seriatim system with the engine `tone`, and a proxy that can cut connections."""

import asyncio
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

START_S = 60.0
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running system."""
    folder = tmp_path_factory.mktemp("system")
    log = folder / "log"
    command = [sys.executable, "-m", "gateway.cli.main", "up", "--engine", "tone", "--workers", "2"]
    options = ["--engine-option", "rate_hz=24000", "--port", _free_port(), "--http", _free_port()]
    with log.open("wb") as file:
        process = subprocess.Popen([*command, *options], stdout=file, stderr=subprocess.STDOUT, cwd=folder)
    try:
        yield f"http://127.0.0.1:{_port(process, log)}"
    finally:
        process.terminate()
        process.wait(START_S)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _port(process: "subprocess.Popen[bytes]", log: Path) -> str:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        assert process.poll() is None, log.read_text()
        if (found := ADDRESS.search(log.read_text())) is not None:
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"not ready after {START_S:g} s: {log.read_text()}")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


class CuttingProxy:
    """Passes bytes on to a gateway; `cut` breaks all connections."""

    def __init__(self, target: str) -> None:
        self.host, self.port = target.removeprefix("http://").split(":")
        self.writers: list[asyncio.StreamWriter] = []
        self.accepted = 0
        self.server: asyncio.Server | None = None

    async def start(self) -> str:
        """Serve, and return the URL."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(self.host, int(self.port))
            self.writers += [writer, far_writer]
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy(gateway: str) -> AsyncIterator[CuttingProxy]:
    made = CuttingProxy(gateway)
    yield made
    made.cut()
    if made.server is not None:
        made.server.close()
