"""Connections to the data server, with timeouts, retries and the restart guard.

Two kinds, because redis-py's default of a 5 s socket timeout with retries breaks blocking reads: `commands` for
what is answered at once, `blocking` for XREAD BLOCK and BLPOP, whose socket waits longer than the command does. A
command that timed out may have been executed; it is sent again, which every script of ours allows.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import redis
from redis import asyncio as aio
from redis import exceptions
from redis.asyncio.retry import Retry as AioRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from seriatim import connections
from seriatim.address import Address
from seriatim.credentials import shown as shown  # whoever connects says to whom
from seriatim.errors import Misconfigured, SeriatimError, Unavailable
from seriatim.keepalive import KEPT_ALIVE
from seriatim.pool import rebase
from seriatim.server import guard
from seriatim.server_errors import NOT_NOW, PASSWORD, RECONNECT, code_of, tls_reason

ANSWER_S = 3.0  #: a command that is not answered for so long is sent again, over another connection
OUTAGE_S = 10.0  #: about how long a process waits for a server that is restarted, before it gives up
BLOCK_S = 2.0  #: longest blocking read; also the reader's sign of life. A connection that is swallowed costs both
CONNECT_S = 2.0
#: how a URL begins -> its connections, and those for event loops
CLASSES: dict[str, Any] = {
    "redis": connections.TcpConnection,
    "rediss": connections.TlsConnection,
    "unix": connections.UnixConnection,
}
AIO_CLASSES: dict[str, Any] = {
    "redis": connections.AioTcpConnection,
    "rediss": connections.AioTlsConnection,
    "unix": connections.AioUnixConnection,
}


def commands(url: str, pools: Iterable[str] = (), *, outage_s: float = OUTAGE_S) -> "redis.Redis":
    """A client for commands that are answered at once. Thread-safe.

    Raises:
        Misconfigured: the URL is not one of Redis.
    """
    return _client(url, pools, 0.0, outage_s)


def blocking(url: str, pools: Iterable[str] = (), *, outage_s: float = OUTAGE_S) -> "redis.Redis":
    """A client for reads that block for up to BLOCK_S."""
    return _client(url, pools, BLOCK_S, outage_s)


def reach(client: "redis.Redis", url: str) -> None:
    """Say hello, once and quickly, before work begins.

    Raises:
        Unavailable: nobody answers.
        Misconfigured: the server wants another password, or its certificate is not trusted.
    """
    try:
        client.ping()
    except SeriatimError as error:
        why = error.__cause__
        if isinstance(why, exceptions.AuthenticationError):
            raise Misconfigured(f"the server at {shown(url)} refused the password: {why}; {PASSWORD}") from None
        if code_of(why) in NOT_NOW:
            raise Unavailable(f"the server at {shown(url)} refuses for now: {error}") from None
        if reason := tls_reason(why):
            raise Misconfigured(f"the server at {shown(url)}: {reason}") from None
        if isinstance(error, Unavailable) and why is not None:  # without a cause it says itself what is wrong
            raise Unavailable(f"no Redis at {shown(url)}: {why}; start one, or set SERIATIM_REDIS_URL") from None
        raise


def streams(url: str, *, most: int, outage_s: float = OUTAGE_S) -> "aio.Redis":
    """A client for an event loop whose reads block for up to BLOCK_S, over `most` connections at once.

    They read and write nothing, so they need no guard against a log that a restart left torn (seriatim/server.py).
    """
    address = Address.of(url)
    found = _arguments(address, BLOCK_S, AioRetry(*_patience(outage_s)))
    pool = aio.ConnectionPool(AIO_CLASSES[address.scheme], max_connections=most, **found)
    return connections.AioClient.from_pool(pool)


def _client(url: str, pools: Iterable[str], block_s: float, outage_s: float) -> "redis.Redis":
    address = Address.of(url)
    found = _arguments(address, block_s, Retry(*_patience(outage_s)))
    pool = redis.ConnectionPool(CLASSES[address.scheme], redis_connect_func=_greeting(pools), **found)
    return connections.Client.from_pool(pool)


def _arguments(address: Address, block_s: float, retry: Any) -> dict[str, Any]:
    """What a connection is made of, the same for both clients. A URL's socket_timeout counts for an answer alone."""
    options = dict(address.options)
    answer_s = float(str(options.pop("socket_timeout", ANSWER_S)))
    place: dict[str, Any] = {"path": address.path}
    if address.scheme != "unix":
        place = {"host": address.host, "port": address.port, **KEPT_ALIVE}
    return {
        **place, "username": address.user or None, "password": address.password or None, "db": address.db,
        "socket_timeout": block_s + answer_s, "socket_connect_timeout": CONNECT_S,
        "retry": retry, "retry_on_error": RECONNECT, **options,
    }  # fmt: skip


def _patience(outage_s: float) -> tuple[ExponentialBackoff, int]:
    cap_s = 0.5
    return ExponentialBackoff(cap=cap_s, base=0.02), max(1, round(outage_s / cap_s)) + 5


def _greeting(pools: Iterable[str]) -> Callable[[Any], None]:
    return partial(_greet, [rebase(pool) for pool in pools])


def _greet(rebases: list[Any], connection: Any) -> None:
    try:
        connection.on_connect()
        guard(connection, rebases)
    except SeriatimError:  # redis-py would keep the connection, and take it for one that was greeted
        connection.disconnect()
        raise
