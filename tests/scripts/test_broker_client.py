"""A channel of a Redis broker keeps its client, as long as it has its pool of connections."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from seriatim.celery_app import make_app


@pytest.fixture
def channel(redis: Redis) -> Iterator[Any]:
    """A channel to the test's server, of an application as ours are."""
    path = redis.connection_pool.connection_kwargs["path"]
    with make_app(f"redis+socket://{path}", "p") as app, app.connection_for_write() as connection:
        yield connection.default_channel


def client_of(channel: Any) -> Any:
    with channel.conn_or_acquire() as client:
        return client


def test_a_channel_uses_one_client(channel: Any) -> None:
    assert client_of(channel) is client_of(channel)


def test_a_channel_whose_pool_was_replaced_gets_a_client_of_the_new_one(channel: Any) -> None:
    """The old one's connections are closed, and nothing closes those that its client would make."""
    old = client_of(channel)
    channel._disconnect_pools()  # as kombu does behind a fork, and with a channel that closes
    new = client_of(channel)
    assert new is not old
    assert new.connection_pool is channel.pool
    assert new.ping()
