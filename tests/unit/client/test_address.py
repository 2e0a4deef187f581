"""Addresses of servers: URLs are read once, and refused in words if something in them would count for nothing."""

import ssl
from typing import Any
from urllib.parse import quote

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from kombu import Connection
from kombu.transport.redis import Channel
from redis import asyncio as aio

from seriatim.celery_app import make_app
from seriatim.errors import Misconfigured
from seriatim.servers.redis_clients import ANSWER_S, BLOCK_S, blocking_client, command_client, streams
from seriatim.servers.server_address import Address, Broker
from seriatim.settings import Settings

GOOD = {
    "redis://": Address("redis", "localhost"),
    "redis://h": Address("redis", "h"),
    "redis://h:1234/5": Address("redis", "h", 1234, db=5),
    "redis://h?db=7&protocol=2": Address("redis", "h", db=7, options={"protocol": 2}),
    "redis://[fd00::1]:7000/1": Address("redis", "fd00::1", 7000, db=1),
    "redis://u%40v:p%2F%3A%23%3B%25@h/2": Address("redis", "h", user="u@v", password="p/:#;%", db=2),
    "redis://:p@h": Address("redis", "h", password="p"),
    "unix:///run/r.sock?db=3": Address("unix", "localhost", path="/run/r.sock", db=3),
    "unix:///a%20b?username=u&password=p": Address("unix", "localhost", path="/a b", user="u", password="p"),
    "redis+socket:///r?virtual_host=2": Address("unix", "localhost", path="/r", db=2),
    "redis://h?retry_on_timeout=true&socket_keepalive=1": Address("redis", "h"),
    "rediss://h?ssl_cert_reqs=CERT_NONE&ssl_check_hostname=no": Address(
        "rediss", "h", options={"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    ),
}
BAD = {
    "redis://h?bogus=1": r"^'redis://h': unknown parameter 'bogus'; known: db, .*socket_timeout",
    "redis://h?decode_responses=1": "unknown parameter 'decode_responses'",
    "redis://h?ssl_ca_certs=/x": "unknown parameter 'ssl_ca_certs'.*those of TLS want rediss://",
    "redis://h?protocol=4": "its parameter protocol is not 2 or 3",
    "redis://h?db=x": "its parameter db is not a number",
    "redis://h?socket_timeout=0": "its parameter socket_timeout is not seconds",
    "redis://h?socket_timeout=nan": "its parameter socket_timeout is not seconds",
    "rediss://h?ssl_cert_reqs=maybe": "its parameter ssl_cert_reqs is not none, optional or required",
    "redis://h/one": "'redis://h/one': its database is no number; expected redis://",
    "sentinel://a:26379/0": r"^'sentinel://a:26379/0' names Sentinels, which .*; name the server that takes writes",
    "redis+sentinel://a/m": "names Sentinels, which Seriatim cannot ask; name the server",
    "redis+cluster://a": "names a cluster, which Seriatim cannot ask; name the server",
    "http://h": "is no Redis URL; expected redis://",
    "localhost:6379": "is no Redis URL; expected redis://",
    "redis://:se#cret@h": "is no URL of a server; expected redis://",
    "redis://:se?cret@h": "is no URL of a server; expected redis://",
}


@pytest.mark.parametrize("url", GOOD)
def test_a_url_is_read(url: str) -> None:
    assert Address.of(url) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_a_url_that_cannot_be_used_is_refused_alike_everywhere(url: str) -> None:
    """By both clients, for the broker, and when settings are read; without a piece of its password."""
    ways = [
        lambda: command_client(url),
        lambda: blocking_client(url),
        lambda: streams(url, max_connections=1),
        lambda: Settings.from_env({"SERIATIM_REDIS_URL": url}),
    ]
    for way in ways:
        with pytest.raises(Misconfigured, match=BAD[url]) as refused:
            way()
        assert "cret" not in str(refused.value)
    with pytest.raises(Misconfigured):
        make_app(url)


@pytest.mark.parametrize("url", GOOD)
def test_both_clients_and_the_broker_are_made_of_the_same_parts(url: str) -> None:
    found = GOOD[url]
    clients = (
        command_client(url).connection_pool,
        blocking_client(url).connection_pool,
        streams(url, max_connections=1).connection_pool,
    )
    for pool in clients:
        parameters = pool.connection_kwargs
        assert (parameters["username"] or "", parameters["password"] or "", parameters["db"]) == (
            found.user,
            found.password,
            found.db,
        )
        assert parameters.get("path", "") == found.path
        if found.scheme != "unix":
            assert (parameters["host"], parameters["port"]) == (found.host, found.port)
        pool.make_connection()  # whose class takes any parameters
    parameters = _read_by_kombu(url)
    assert (parameters["password"] or "", int(parameters["db"])) == (found.password, found.db)
    assert parameters.get("path", "") == found.path
    assert found.scheme == "unix" or (parameters["host"], parameters["port"]) == (found.host, found.port)


def _read_by_kombu(url: str) -> dict[str, Any]:
    """What kombu makes its connections of, without one."""
    with make_app(url).connection_for_write() as connection:
        channel: Any = Channel.__new__(Channel)  # its constructor would connect
        channel.connection = connection.transport
        return dict(channel._connparams())


def test_a_timeout_of_the_url_counts_for_an_answer_and_not_for_a_wait() -> None:
    """With a second for all, every read that blocks for two would have failed."""
    url = "redis://h?socket_timeout=1&socket_connect_timeout=3"
    waits = {
        client.connection_pool.connection_kwargs["socket_timeout"]: client.connection_pool.connection_kwargs[
            "socket_connect_timeout"
        ]
        for client in (command_client(url), blocking_client(url), streams(url, max_connections=1))
    }
    assert waits == {1.0: 3.0, BLOCK_S + 1.0: 3.0}
    assert blocking_client("redis://h").connection_pool.connection_kwargs["socket_timeout"] == BLOCK_S + ANSWER_S


@pytest.mark.parametrize(
    ("query", "reqs", "named"),
    [
        ("", ssl.CERT_REQUIRED, True),
        ("?ssl_cert_reqs=required", ssl.CERT_REQUIRED, True),
        ("?ssl_check_hostname=false", ssl.CERT_REQUIRED, False),
        ("?ssl_cert_reqs=none", ssl.CERT_NONE, False),
    ],
)
def test_certificates_and_names_are_checked_unless_the_url_says_otherwise(
    query: str, reqs: ssl.VerifyMode, *, named: bool
) -> None:
    """The same in redis-py's clients, in kombu's, and in that of RabbitMQ."""
    for connection in (
        command_client(f"rediss://h{query}").connection_pool.make_connection(),
        streams(f"rediss://h{query}", max_connections=1).connection_pool.make_connection(),
    ):
        assert isinstance(connection, redis.SSLConnection | aio.SSLConnection)
        assert (connection.cert_reqs, connection.check_hostname) == (reqs, named)
    parameters = Broker.of(f"rediss://h{query}").tls
    assert parameters is not None
    kombu = redis.SSLConnection(**parameters)  # type: ignore[arg-type]  # as kombu does
    assert (kombu.cert_reqs, kombu.check_hostname) == (reqs, named)
    rabbit = Broker.of(f"amqps://h{query}").tls
    assert rabbit is not None
    assert (rabbit["cert_reqs"], "server_hostname" in rabbit) == (reqs, named)


@given(st.text(min_size=1, max_size=12), st.text(max_size=12), st.integers(0, 15))
def test_any_password_comes_through_to_kombu(password: str, user: str, db: int) -> None:
    url = f"redis://{quote(user, safe='')}:{quote(password, safe='', errors='replace')}@h/{db}"
    with Connection(Broker.of(url).url) as connection:
        found = Address.of(url)
        assert (connection.password, connection.userid or "") == (found.password, found.user)
        assert connection.virtual_host == str(db)


@pytest.mark.parametrize("scheme", ["amqp", "amqps", "pyamqp", "redis", "rediss"])
def test_rabbitmq_confirms_each_message(scheme: str) -> None:
    """It says nothing of a message that it refuses or loses, unless it is asked; Redis answers each command."""
    with make_app(f"{scheme}://h").connection_for_write() as connection:
        options = connection.transport_options or {}
        assert options.get("confirm_publish", False) == ("amqp" in scheme)


def test_a_brokers_parameters_are_known_or_refused() -> None:
    assert Broker.of("amqp://u:p@h//?heartbeat=10").url == "amqp://u:p@h//?heartbeat=10.0"
    with pytest.raises(Misconfigured, match=r"unknown parameter 'beat'; known: heartbeat, login_method"):
        Broker.of("amqp://h//?beat=1")
    with pytest.raises(Misconfigured, match="is no broker's URL; expected redis://"):
        Broker.of("sqs://h")
