"""Patience with a server that takes connections and says nothing: another port, a plain server asked for TLS."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from seriatim.errors import Unavailable
from seriatim.servers.redis_checks import server_version
from seriatim.servers.redis_clients import check_reachable, command_client, streams

TRY_S = 1.5  #: what one try takes; without a look at the clock there would be eight


@pytest.fixture
def silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("scheme", "says"),
    [pytest.param("redis", "does it want TLS", marks=pytest.mark.thorough), ("rediss", "does it speak TLS")],
)
def test_who_is_in_a_hurry_hears_soon_that_nobody_answers(silent: int, scheme: str, says: str) -> None:
    url = f"{scheme}://127.0.0.1:{silent}/0?socket_timeout={TRY_S}&socket_connect_timeout={TRY_S}"
    before_s = time.monotonic()
    with pytest.raises(Unavailable, match=rf"^no Redis at .*{says}"):
        check_reachable(command_client(url, outage_s=1.0), url)
    assert time.monotonic() - before_s < 7 * TRY_S


@pytest.mark.thorough
def test_so_does_an_event_loop(silent: int) -> None:
    async def ask() -> None:
        url = f"redis://127.0.0.1:{silent}/0?socket_timeout=0.1&socket_connect_timeout=0.1"
        async with streams(url, outage_s=1.0) as client:  # a read may block for two seconds
            await client.exists("nothing")

    before_s = time.monotonic()
    with pytest.raises(Unavailable):
        asyncio.run(ask())
    assert time.monotonic() - before_s < 14


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
