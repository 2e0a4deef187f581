"""A Seriatim system with the engine `tone`, or that of TEST_ENGINE."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

START_S = 60.0
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running system."""
    folder = tmp_path_factory.mktemp("system")
    log = folder / "log"
    engine = os.environ.get("TEST_ENGINE", "tone")
    command = [sys.executable, "-m", "gateway.cli.main", "up", "--engine", engine, "--workers", "2"]
    options = ["--engine-option", "rate_hz=24000"] if engine == "tone" else []
    options += ["--port", _free_port(), "--http", _free_port()]
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
