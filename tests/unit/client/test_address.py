"""Addresses of servers: URLs are read once, and refused in words if something in them would count for nothing."""

import ssl
from typing import Any
from urllib.parse import quote

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from kombu import Connection
from kombu.transport.redis import Channel, SentinelChannel
from redis import asyncio as aio

from seriatim.celery_app import make_app
from seriatim.errors import Misconfigured
from seriatim.servers.redis_clients import ANSWER_S, BLOCK_S, blocking_client, command_client, streams
from seriatim.servers.sentinel_group import SentinelGroup
from seriatim.servers.server_address import Address, Broker
from seriatim.servers.server_urls import redacted_url
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
    "sentinel://u:p%2F%2C@a,[fd00::1]:7000,b.example:1/3?service=s&sentinel_username=v&sentinel_password=q%26": Address(
        "sentinel", port=0, user="u", password="p/,", db=3,
        sentinels=SentinelGroup((("a", 26379), ("fd00::1", 7000), ("b.example", 1)), "s", "v", "q&"),
    ),
    "SENTINEL://a?service=my%20master": Address(
        "sentinel", port=0, sentinels=SentinelGroup((("a", 26379),), "my master")
    ),
    "sentinels://a,b/?service=s&ssl_check_hostname=no&db=2": Address(
        "sentinels", port=0, db=2, options={"ssl_check_hostname": False},
        sentinels=SentinelGroup((("a", 26379), ("b", 26379)), "s"),
    ),
}  # fmt: skip
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
    "sentinel://a:26379/0": r"^'sentinel://a:26379/0' names no service; add \?service=NAME",
    "sentinel://:cret@a,/0?service=s": r"^'sentinel://a,/0' does not name Sentinels; expected sentinel://",
    "sentinel://a:26379;sentinel://b:26379/0?service=s": "does not name Sentinels; expected sentinel://",
    "sentinel://a,b:x/0?service=s": "does not name Sentinels; expected sentinel://",
    "sentinel://a/0?master_name=s": "unknown parameter 'master_name'; known: .*service",
    "sentinel://a/s?service=s": "its database is no number",
    "sentinel://:se#cret@a/0?service=s": "is no URL of a server; expected redis://",
    "sentinel://a/0?service=s&ssl_ca_certs=/x": "unknown parameter 'ssl_ca_certs'.*want rediss://, sentinels://",
    "redis://a/0?service=s": "unknown parameter 'service'",
    "redis://a/0?restarts=false": "unknown parameter 'restarts'",
    "redis://a:1,b:2/0": "is no URL of a server",
    "redis+sentinel://a/m": "is how other programs name Sentinels; expected sentinel://",
    "redis+cluster://a,": r"^'redis\+cluster://a,' does not name nodes of a cluster; expected redis\+cluster://",
    "redis+cluster://:cret@a:x,b": "does not name nodes of a cluster; expected",
    "redis+cluster://a/1": "a cluster has database 0 alone; expected redis",
    "redis+cluster://a?db=0": "unknown parameter 'db'; known: username",
    "redis+cluster://a?ssl_ca_certs=/x": "unknown parameter 'ssl_ca_certs'.*want rediss://",
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
        if found.sentinels:
            assert parameters["lookup"].group == found.sentinels
        elif found.scheme != "unix":
            assert (parameters["host"], parameters["port"]) == (found.host, found.port)
        pool.make_connection()  # whose class takes any parameters
    parameters = _read_by_kombu(url)
    assert (parameters["password"] or "", int(parameters["db"])) == (found.password, found.db)
    assert parameters.get("path", "") == found.path
    first = found.sentinels.hosts[0] if found.sentinels else (found.host, found.port)
    assert found.scheme == "unix" or (parameters["host"], parameters["port"]) == first


def _read_by_kombu(url: str) -> dict[str, Any]:
    """What kombu makes its connections of, without one."""
    with make_app(url).connection_for_write() as connection:
        channel: Any = Channel.__new__(Channel)  # its constructor would connect
        channel.connection = connection.transport
        return dict(channel._connparams())


def test_kombu_asks_the_same_sentinels_for_the_same_service() -> None:
    """With the password and the database at each of them, and TLS to both."""
    app = make_app("sentinels://:p%3B@a,[::1]:7/2?service=s&sentinel_password=q&ssl_ca_certs=/x")
    with app.connection_for_write() as connection:
        assert connection.alt == ["sentinel://:p%3B@a:26379/2", "sentinel://:p%3B@[::1]:7/2"]
        transport: Any = connection.transport
        options: Any = connection.transport_options
    assert transport.Channel is SentinelChannel
    lookup = options["sentinel_kwargs"]
    assert (options["master_name"], lookup["password"], lookup["username"]) == ("s", "q", None)
    encrypted = {"ssl_ca_certs": "/x", "ssl_cert_reqs": ssl.CERT_REQUIRED}
    assert app.conf.broker_use_ssl == encrypted
    assert lookup == lookup | encrypted | {"ssl": True}


def test_a_sentinel_url_is_completed_like_any_other() -> None:
    settings = Settings.from_env(
        {
            "SERIATIM_REDIS_URL": "sentinels://u@a,[::1]/0?service=s",
            "SERIATIM_REDIS_PASSWORD": "p/",
            "SERIATIM_TLS_CA_FILE": __file__,
        }
    )
    found = Address.of(settings.redis_url)
    assert (found.user, found.password, found.options) == ("u", "p/", {"ssl_ca_certs": __file__})
    assert found.sentinels == SentinelGroup((("a", 26379), ("::1", 26379)), "s")
    assert "p/" not in redacted_url(settings.redis_url)


CLUSTERS = {
    "redis+cluster://a:7000,[fd00::1],b.example:1": Address(
        "redis+cluster", port=0, cluster=(("a", 7000), ("fd00::1", 6379), ("b.example", 1))
    ),
    "REDIS+CLUSTER://u:p%2F%2C@a/0": Address("redis+cluster", port=0, user="u", password="p/,", cluster=(("a", 6379),)),
    "rediss+cluster://a,b?ssl_check_hostname=no&protocol=3": Address(
        "rediss+cluster", port=0, cluster=(("a", 6379), ("b", 6379)),
        options={"ssl_check_hostname": False, "protocol": 3},
    ),
}  # fmt: skip


@pytest.mark.parametrize("url", CLUSTERS)
def test_a_url_of_a_cluster_names_some_of_its_nodes(url: str) -> None:
    """Clients are made without a question to any of them; each node is reached like a single server."""
    found = CLUSTERS[url]
    assert Address.of(url) == found
    node = found.node(("n", 5))
    kind = redis.SSLConnection if "rediss" in found.scheme else redis.Connection
    assert (node.scheme, node.host, node.port, node.cluster) == (found.scheme.partition("+")[0], "n", 5, ())
    for client in (command_client(url, ["tone"]), blocking_client(url), streams(url, max_connections=1)):
        parameters = client.connection_pool.connection_kwargs
        assert (parameters["host"], parameters["port"]) == found.cluster[0]
        assert (parameters["username"] or "", parameters["password"] or "") == (found.user, found.password)
    assert isinstance(command_client(url).connection_pool.make_connection(), kind)


def test_a_cluster_is_no_broker() -> None:
    """Celery's messages need another server, which is said when the settings are read."""
    environ = {"SERIATIM_REDIS_URL": "redis+cluster://a:7000,b"}
    with pytest.raises(Misconfigured, match=r"^'redis\+cluster://a:7000,b' is a cluster.*set SERIATIM_BROKER_URL"):
        Settings.from_env(environ)
    found = Settings.from_env(environ | {"SERIATIM_BROKER_URL": "redis://c", "SERIATIM_REDIS_PASSWORD": "p/"})
    assert Address.of(found.redis_url) == Address(
        "redis+cluster", port=0, password="p/", cluster=(("a", 7000), ("b", 6379))
    )


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
