"""Idle connections to Redis: each goes from one command to the next, and none to two at once."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis

from seriatim.servers.idle_first_pool import IdleFirstPool
from seriatim.servers.redis_clients import command_client


@pytest.fixture
def client(redis: Redis) -> Iterator[Redis]:
    """A client of the test's server, as processes have them."""
    with command_client(f"unix://{redis.connection_pool.connection_kwargs['path']}") as made:
        assert isinstance(made.connection_pool, IdleFirstPool)
        yield made


def test_commands_one_after_another_use_one_connection(client: Redis) -> None:
    assert len({client.client_id() for _ in range(5)}) == 1


def test_commands_at_once_have_a_connection_each(client: Redis) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: client.blpop(["none"], timeout=0.05), range(4)))
    assert len(client.client_list()) >= 4
    assert client.echo("a") == b"a"


def test_a_connection_that_is_given_back_twice_is_taken_once(client: Redis) -> None:
    pool: Any = client.connection_pool
    connection = pool.get_connection()
    pool.release(connection)
    pool.release(connection)
    assert pool.get_connection() is connection
    assert pool.get_connection() is not connection


def test_an_idle_connection_that_the_server_closed_is_made_anew(client: Redis, redis: Redis) -> None:
    before = client.client_id()
    redis.client_kill_filter(_id=str(before))
    assert client.client_id() != before


def test_an_idle_connection_with_a_reply_that_was_not_read_is_made_anew(client: Redis) -> None:
    pool: Any = client.connection_pool
    connection = pool.get_connection()
    connection.send_command("ECHO", "of another command")
    assert connection.can_read(timeout=1)
    pool.release(connection)
    assert client.echo("a") == b"a"


def test_idle_connections_are_closed_with_the_pool(client: Redis, redis: Redis) -> None:
    closed = client.client_id()
    client.connection_pool.disconnect(inuse_connections=False)
    assert str(closed) not in {each["id"] for each in redis.client_list()}
    assert client.echo("a") == b"a"


def test_a_forked_process_takes_none_of_its_parents_connections(client: Redis) -> None:
    parents = client.client_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, str(client.client_id()).encode())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert int(os.read(reading, 100)) != parents
    assert client.client_id() == parents
    os.close(reading)
    os.close(writing)
