"""Redis clients with timeouts, retries and the restart guard.

Two kinds, because redis-py's default of a 5 s socket timeout with retries breaks blocking reads: `command_client` for
what is answered at once, `blocking_client` for XREAD BLOCK and BLPOP, whose socket waits longer than the command does.
Of a cluster, each is one client with connections to every node (seriatim/servers/cluster_client.py).
A command that timed out may have been executed; it is sent again, which every script of ours allows.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import redis
from redis import asyncio as aio
from redis import exceptions
from redis.asyncio.retry import Retry as AioRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from seriatim.errors import Misconfigured, SeriatimError, Unavailable
from seriatim.lua.pool_scripts import rebase
from seriatim.servers import redis_connections
from seriatim.servers.async_cluster_client import AsyncClusterClient
from seriatim.servers.cluster_client import ClusterClient
from seriatim.servers.host_list import Host
from seriatim.servers.idle_first_pool import IdleFirstPool
from seriatim.servers.master_lookup import MasterLookup
from seriatim.servers.password_file import PasswordFile
from seriatim.servers.redis_checks import guard_restart
from seriatim.servers.redis_errors import NOT_NOW, PASSWORD, RECONNECT, TOO_MANY, NoMaster, code_of, tls_reason
from seriatim.servers.retries import aio_retry_of, retry_of
from seriatim.servers.server_address import Address, tls_options
from seriatim.servers.server_urls import ENCRYPTED
from seriatim.servers.server_urls import redacted_url as redacted_url  # re-exported for messages about connections
from seriatim.servers.tcp_keepalive import KEPT_ALIVE

ANSWER_S = 3.0  #: a command that is not answered for so long is sent again, over another connection
OUTAGE_S = 10.0  #: about how long a process waits for a server that is restarted, before it gives up
BLOCK_S = 2.0  #: longest blocking read; also the reader's sign of life. A connection that is swallowed costs both
CONNECT_S = 2.0
ANY = 20_000  #: connections of one process: more than it may have descriptors
SHARED_BLOCK_S = 0.1  #: a read blocks for so long while others may wait for its connection
POOL_WAIT_S = 20.0  #: who has not had a turn within so long is refused
Greeting = Callable[[Any], None] | None  #: called with each new connection
SILENCE = ("Timeout", "Connection closed by server")  #: redis-py's words where a server says nothing, or hangs up
#: how a URL begins -> what may be wrong with it where a server says nothing
TLS_QUESTIONS = {"rediss": "does it speak TLS? redis:// is without", "redis": "does it want TLS? rediss:// is with it"}
#: how a URL begins -> its connections, and those for event loops
CLASSES: dict[str, Any] = {
    "redis": redis_connections.TcpConnection,
    "rediss": redis_connections.TlsConnection,
    "unix": redis_connections.UnixConnection,
    "sentinel": redis_connections.SentinelConnection,
    "sentinels": redis_connections.SentinelTlsConnection,
}
AIO_CLASSES: dict[str, Any] = {
    "redis": redis_connections.AioTcpConnection,
    "rediss": redis_connections.AioTlsConnection,
    "unix": redis_connections.AioUnixConnection,
    "sentinel": redis_connections.AioSentinelConnection,
    "sentinels": redis_connections.AioSentinelTlsConnection,
}


def command_client(
    url: str, pools: Iterable[str] = (), *, outage_s: float = OUTAGE_S, max_connections: int = 0
) -> "redis.Redis":
    """A client for commands that are answered at once. Thread-safe.

    With `max_connections`, callers that find none free wait for one; 0: any number.

    Raises:
        Misconfigured: the URL is not one of Redis.
    """
    return _make_client(url, pools, 0.0, outage_s, max_connections)


def blocking_client(
    url: str, pools: Iterable[str] = (), *, outage_s: float = OUTAGE_S, max_connections: int = 0
) -> "redis.Redis":
    """A client for reads that block for up to BLOCK_S; `max_connections` as for `command_client`."""
    return _make_client(url, pools, BLOCK_S, outage_s, max_connections)


def inspection_client(url: str, *, outage_s: float = 0.0) -> "redis.Redis":
    """A client that only looks, also at a server that takes no writes: its connections have no restart guard.

    Nothing may be written with it: after a restart, the server's log may be torn (seriatim/servers/redis_checks.py).

    Raises:
        Misconfigured: the URL is not one of Redis.
    """
    address = Address.of(url)
    if address.cluster:
        return ClusterClient(address.cluster, lambda host: _node_client(address.node(host), 0.0, None, 0), outage_s)
    return redis_connections.RedisClient.from_pool(_pool(address, 0.0, retry_of(outage_s), None, 0))


def check_reachable(client: "redis.Redis", url: str) -> None:
    """Ping the server once, to fail early.

    Raises:
        Unavailable: it does not answer.
        Misconfigured: it refuses the password, or its certificate is not trusted.
    """
    try:
        client.ping()
    except SeriatimError as error:
        why = error.__cause__
        if isinstance(why, exceptions.AuthenticationError):
            raise Misconfigured(f"the server at {redacted_url(url)} refused the password: {why}; {PASSWORD}") from None
        if code_of(why) in NOT_NOW:
            raise Unavailable(f"the server at {redacted_url(url)} refuses for now: {error}") from None
        if reason := tls_reason(why):
            raise Misconfigured(f"the server at {redacted_url(url)}: {reason}") from None
        if NoMaster in (type(why), type(why and why.__cause__)):
            raise Unavailable(f"no Redis at {redacted_url(url)}: {why}") from None
        if why is None or not isinstance(error, Unavailable) or TOO_MANY in str(why):
            raise  # it says itself what is wrong
        question = TLS_QUESTIONS.get(Address.of(url).scheme) if any(word in str(why) for word in SILENCE) else None
        hint = question or "start one, or set SERIATIM_REDIS_URL"
        reason = str(why).rstrip(".")  # redis-py's lines are sentences
        raise Unavailable(f"no Redis at {redacted_url(url)}: {reason}; {hint}") from None


def streams(url: str, *, max_connections: int = 0, outage_s: float = OUTAGE_S) -> "aio.Redis":
    """A client for an event loop whose reads block for up to BLOCK_S; `max_connections` as for `command_client`.

    They read and write nothing, so they need no guard against a log that a restart left torn
    (seriatim/servers/redis_checks.py).
    """
    address = Address.of(url)
    if address.cluster:

        def make_client(host: Host) -> "aio.Redis":
            return aio.Redis.from_pool(_aio_pool(address.node(host), AioRetry(NoBackoff(), 0), max_connections))

        return AsyncClusterClient(address.cluster, make_client, outage_s)
    return redis_connections.AsyncRedisClient.from_pool(_aio_pool(address, aio_retry_of(outage_s), max_connections))


def block_of(client: "redis.Redis | aio.Redis", block_s: float) -> float:
    """How long a read may block, of at most `block_s`: not for long while all connections are in use."""
    pools: Iterable[Any] = [client.connection_pool]
    if isinstance(client, ClusterClient | AsyncClusterClient):
        pools = client.pools()
    return min(block_s, SHARED_BLOCK_S) if any(map(_is_exhausted, pools)) else block_s


def _is_exhausted(pool: Any) -> bool:
    return (isinstance(pool, redis.BlockingConnectionPool) and pool.pool.empty()) or (
        isinstance(pool, aio.BlockingConnectionPool) and not pool.can_get_connection()
    )


def _make_client(
    url: str, pools: Iterable[str], block_s: float, outage_s: float, max_connections: int
) -> "redis.Redis":
    address, rebases = Address.of(url), [rebase(pool) for pool in pools]
    if address.cluster:
        greeting = partial(_on_connect, rebases, in_cluster=True)

        def make_client(host: Host) -> "redis.Redis":
            return _node_client(address.node(host), block_s, greeting, max_connections)

        return ClusterClient(address.cluster, make_client, outage_s, rebases)
    pool = _pool(address, block_s, retry_of(outage_s), partial(_on_connect, rebases), max_connections)
    return redis_connections.RedisClient.from_pool(pool)


def _node_client(address: Address, block_s: float, greeting: Greeting, max_connections: int) -> "redis.Redis":
    """A client of one node of a cluster, whose errors are redis-py's: the cluster's client tries again by itself."""
    return redis.Redis.from_pool(_pool(address, block_s, Retry(NoBackoff(), 0), greeting, max_connections))


def _pool(
    address: Address, block_s: float, retry: Retry, greeting: Greeting, max_connections: int
) -> "redis.ConnectionPool":
    found, kind = _connection_arguments(address, block_s, retry), CLASSES[address.scheme]
    if max_connections:
        return redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]  # redis-py has no types here
            max_connections, POOL_WAIT_S, kind, redis_connect_func=greeting, **found
        )
    return IdleFirstPool(kind, redis_connect_func=greeting, **found)


def _aio_pool(address: Address, retry: AioRetry, max_connections: int) -> "aio.ConnectionPool":
    found, kind = _connection_arguments(address, BLOCK_S, retry), AIO_CLASSES[address.scheme]
    if max_connections:
        return aio.BlockingConnectionPool(max_connections, POOL_WAIT_S, kind, **found)
    return aio.ConnectionPool(kind, max_connections=ANY, **found)


def _connection_arguments(address: Address, block_s: float, retry: Any) -> dict[str, Any]:
    """What a connection is made of, the same for both clients. A URL's socket_timeout counts for an answer alone."""
    options = dict(address.options)
    answer_s = float(str(options.pop("socket_timeout", ANSWER_S)))
    place: dict[str, Any] = {"path": address.path}
    if address.sentinels:
        place = {"lookup": lookup_of(address), **KEPT_ALIVE}
    elif address.scheme != "unix":
        place = {"host": address.host, "port": address.port, **KEPT_ALIVE}
    credentials: dict[str, Any] = {"username": address.user or None, "password": address.password or None}
    if address.password_file and not address.password:
        credentials = {"credential_provider": PasswordFile(address.user, address.password_file)}
    return {
        **place, **credentials, "db": address.db,
        "socket_timeout": block_s + answer_s, "socket_connect_timeout": CONNECT_S,
        "retry": retry, "retry_on_error": RECONNECT, **options,
    }  # fmt: skip


def lookup_of(address: Address) -> MasterLookup:
    """The lookup of an address that has Sentinels.

    Raises:
        Misconfigured: it has none.
    """
    if not address.sentinels:
        raise Misconfigured("the URL names no Sentinels")
    return MasterLookup(address.sentinels, tls_options(address.options) if address.scheme in ENCRYPTED else None)


def _on_connect(rebases: list[Any], connection: Any, *, in_cluster: bool = False) -> None:
    try:
        connection.on_connect()
        guard_restart(connection, rebases, in_cluster=in_cluster)
    except SeriatimError:  # redis-py would keep the connection, and take it for one that was greeted
        connection.disconnect()
        raise
