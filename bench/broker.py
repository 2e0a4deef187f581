"""The broker of one bench run, a private Redis: nothing that ran before it is in its memory or its log.

It is the embedded server that `seriatim speak` starts, on its unix socket, with the log that the bench asks for and a
loopback port besides.
"""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import redis

from gateway.local.embedded_redis import EmbeddedRedis
from tests.support.free_ports import free_port

PORT_ATTEMPTS = 10  #: a port that was free a moment ago is almost always free still
LOG_READY_S = 10.0  #: the first log of an empty server is written in some ms


class Profile(StrEnum):
    """How much of what was acknowledged survives the end of the server."""

    NONE = "none"  #: nothing: no log at all
    EVERYSEC = "everysec"  #: all but about the last second
    ALWAYS = "always"  #: all of it


class BrokerFailed(Exception):
    """The server does not listen on its port, or writes no log."""


@dataclass(frozen=True, slots=True)
class BenchBroker:
    """A running server."""

    folder: Path  #: its socket and log, and room for the logs of workers; removed with it
    pid: int
    url: str  #: for redis-py and Dramatiq
    celery_url: str  #: for kombu and Celery's result backend
    port: int  #: on 127.0.0.1
    profile: Profile

    def connect(self) -> redis.Redis:
        """Return a new client, the caller's to close; its blocking reads may take as long as they say."""
        return redis.Redis.from_url(self.url, socket_timeout=None)  # its default cuts them off at 5 s

    def peak_mb(self) -> float:
        """Return the most memory, in MB (1e6 bytes), that the server has held since it started."""
        with self.connect() as client:
            return float(client.info("memory")["used_memory_peak"]) / 1e6


@contextlib.contextmanager
def started(profile: Profile = Profile.NONE) -> Iterator[BenchBroker]:
    """Start a server, and end it and remove all it wrote on the way out. No other thread may change folders meanwhile.

    Raises:
        Unavailable: it did not start.
        BrokerFailed: it found no port, or did not start its log.
    """
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with contextlib.chdir(folder):  # its log lies where it is started
            server = EmbeddedRedis.private(folder)
            server.await_ready()
        try:
            port = _listening_port(server.url)
            broker = BenchBroker(folder, server.process.pid, server.url, server.broker_url, port, profile)
            _configure(broker)
            yield broker
        finally:
            server.close()


def _listening_port(url: str) -> int:
    """Have the server listen on a port of 127.0.0.1 as well, and return it."""
    with redis.Redis.from_url(url) as client:
        client.config_set("bind", "127.0.0.1")
        for _ in range(PORT_ATTEMPTS):
            port = free_port()
            with contextlib.suppress(redis.ResponseError):  # another program was faster
                client.config_set("port", port)
                return port
    raise BrokerFailed("the server found no port to listen on")


def _configure(broker: BenchBroker) -> None:
    with broker.connect() as client:
        # Celery's results come by pub/sub, and a consumer that is 32 MB behind would be cut off and lose them.
        client.config_set("client-output-buffer-limit", "pubsub 0 0 0")
        if broker.profile is not Profile.NONE:
            client.config_set("appendfsync", broker.profile.value, "appendonly", "yes")
            _wait_for_log(client)


def _wait_for_log(client: redis.Redis) -> None:
    """Wait until the first rewrite is over: only from then on every write goes to the log."""
    end = time.monotonic() + LOG_READY_S
    while True:
        state = client.info("persistence")
        if not state["aof_rewrite_in_progress"] and not state["aof_rewrite_scheduled"]:
            break
        if time.monotonic() > end:
            raise BrokerFailed(f"the server's first log took more than {LOG_READY_S:.0f} s")
        time.sleep(0.01)
    if not state["aof_enabled"] or state["aof_last_bgrewrite_status"] != "ok":
        raise BrokerFailed(f"the server writes no log; its last try: {state['aof_last_bgrewrite_status']}")
