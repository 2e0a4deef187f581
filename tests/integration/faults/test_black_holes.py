"""Black holes, connections that lose packets without an error: a waiting process notices in seconds and goes on."""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvloop

from seriatim.celery_app import make_app
from seriatim.servers.redis_clients import blocking_client, command_client, streams
from seriatim.servers.tcp_keepalive import OPTIONS
from tests.chaos.proxy import Proxy
from tests.support.redis_servers import PrivateServer, embedded

NEVER_S = 600  #: patience of a client that relies upon the kernel
SOON_S = 100  #: the kernel needs six; its usual patience is 15 min and more, that of the client above longer


@pytest.fixture
def server() -> Iterator[PrivateServer]:
    with PrivateServer(embedded()) as made:
        yield made


@pytest.fixture
def proxy(server: PrivateServer) -> Iterator[Proxy]:
    with Proxy(None, server.socket) as made:
        yield made


def url(proxy: Proxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}/0?socket_timeout={NEVER_S}"


@pytest.mark.thorough
def test_what_was_sent_and_never_arrived_is_sent_again(proxy: Proxy) -> None:
    began_s = time.monotonic()
    with command_client(url(proxy)) as client:
        client.ping()
        proxy.swallow()
        assert client.ping()
    assert time.monotonic() - began_s < SOON_S


@pytest.mark.parametrize(
    "run",
    [pytest.param(asyncio.run, marks=pytest.mark.thorough, id="asyncio"), pytest.param(uvloop.run, id="uvloop")],
)
@pytest.mark.thorough
def test_a_reader_that_only_waits_asks_again(
    server: PrivateServer, proxy: Proxy, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    """Its question arrived; the answer, a minute later, never would."""
    began_s = time.monotonic()

    async def waiting(readers: int) -> None:
        with server.client() as other:
            while other.info("clients")["blocked_clients"] < readers:
                assert time.monotonic() - began_s < SOON_S
                await asyncio.sleep(0.02)

    async def read() -> None:
        client = streams(url(proxy), max_connections=1)
        reading = asyncio.ensure_future(client.xread({"nothing": "$"}, 1, NEVER_S * 1000))
        await waiting(1)
        proxy.swallow()
        await waiting(2)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await client.aclose()

    run(read())


def test_the_connections_of_celery_are_kept_alive(proxy: Proxy) -> None:
    """A consumer sends nothing while there is nothing to do, and waits without an end."""
    with make_app(f"redis://127.0.0.1:{proxy.port}").connection_for_read() as connection:
        channel: Any = connection.default_channel
        client = channel.client
        client.ping()
        assert_kept_alive(client.connection_pool.get_connection()._sock)
    with blocking_client(url(proxy)) as reader:
        reader.ping()
        assert_kept_alive(reader.connection_pool.get_connection()._sock)


def assert_kept_alive(sock: socket.socket) -> None:
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    for option, value in OPTIONS.items():
        assert sock.getsockopt(socket.IPPROTO_TCP, option) == value
