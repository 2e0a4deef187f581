"""Patience with a server that takes connections and says nothing: another port, a plain server asked for TLS."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from seriatim.errors import Unavailable
from seriatim.servers.redis_checks import server_version
from seriatim.servers.redis_clients import check_reachable, command_client, streams

TRY_S = 1.1  #: what one try takes
FEW = 7  #: without a look at the clock there would be eight tries, or more


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server


def count_tries(server: socket.socket) -> int:
    """The connections that wait to be accepted: a slow machine makes them later, and never more."""
    server.setblocking(False)
    n_tries = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            n_tries += 1
    return n_tries


@pytest.mark.parametrize(
    ("scheme", "says"),
    [pytest.param("redis", "does it want TLS", marks=pytest.mark.thorough), ("rediss", "does it speak TLS")],
)
def test_who_is_in_a_hurry_hears_soon_that_no_server_answers(silent: socket.socket, scheme: str, says: str) -> None:
    port = silent.getsockname()[1]
    url = f"{scheme}://127.0.0.1:{port}/0?socket_timeout={TRY_S}&socket_connect_timeout={TRY_S}"
    with pytest.raises(Unavailable, match=rf"^no Redis at .*{says}"):
        check_reachable(command_client(url, outage_s=1.0), url)
    assert 0 < count_tries(silent) < FEW


@pytest.mark.thorough
def test_so_does_an_event_loop(silent: socket.socket) -> None:
    async def ask() -> None:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0?socket_timeout=0.1&socket_connect_timeout=0.1"
        async with streams(url, outage_s=1.0) as client:  # a read may block for two seconds
            await client.exists("nothing")

    with pytest.raises(Unavailable):
        asyncio.run(ask())
    assert 0 < count_tries(silent) < FEW


@pytest.mark.parametrize(
    ("info", "name", "too_old"),
    [
        ({"redis_version": "7.2.4"}, "redis 7.2.4", False),
        ({"redis_version": "6.2.6"}, "redis 6.2.6", True),
        ({"redis_version": "7.4-rc1"}, "redis 7.4-rc1", False),
        ({"redis_version": "df-v1.26.0"}, "redis df-v1.26.0", True),
        ({"redis_version": "7.2.4", "valkey_version": "8.0.1-rc2"}, "valkey 8.0.1-rc2", False),
        ({}, "redis of an unknown version", True),
    ],
)
def test_any_version_is_read(info: dict[str, str], name: str, too_old: bool) -> None:
    found, problem = server_version(info)
    assert (found, bool(problem)) == (name, too_old)
