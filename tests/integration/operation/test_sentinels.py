"""Sentinels that are asked for the master: one that is down is skipped, and what is wrong is said in one line."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from gateway.cli.checks.check_result import CheckResult, CheckStatus
from gateway.cli.checks.server_checks import check_server
from seriatim.celery_app import make_app, publish, reach_broker
from seriatim.errors import SeriatimError, Unavailable
from seriatim.records import TaskMessage
from seriatim.servers.redis_clients import check_reachable, command_client, inspection_client, streams
from seriatim.settings import Settings
from tests.support.free_ports import free_port
from tests.support.redis_servers import embedded
from tests.support.sentinel_servers import SERVICE, SentinelServers

AWAY = free_port()  #: nothing listens here


@pytest.fixture(scope="module")
def servers() -> Iterator[SentinelServers]:
    with SentinelServers(embedded(), password="keep.this", sentinel_password="and.this") as group:
        yield group


def with_hosts(servers: SentinelServers, hosts: str) -> str:
    return re.sub(r"@[^/]*", f"@{hosts}", servers.url)


def with_one_away(servers: SentinelServers) -> str:
    """A URL whose first Sentinel is down."""
    return servers.url.replace("@", f"@127.0.0.1:{AWAY},")


def test_a_sentinel_that_is_down_is_skipped(servers: SentinelServers) -> None:
    """By both clients, and by the broker's."""
    url = with_one_away(servers)
    with command_client(url, outage_s=0.5) as client:
        client.set("tests:asked", b"1", ex=600)

    async def read() -> object:
        async with streams(url, outage_s=0.5) as reader:
            return await reader.get("tests:asked")

    assert asyncio.run(read()) == b"1"
    reach_broker(make_app(url), url)


#: what is wrong -> the line that says so
WRONG = {
    "service": r"the Sentinels know no service 'nope', they have speech; correct service= in the URL$",
    "a Redis": r"what answers at 127\.0\.0\.1:\d+ is no Sentinel: .*; name Sentinels, or write redis://$",
    "password": r"the Sentinel at 127\.0\.0\.1:\d+ refused the password: .*; see sentinel_password= in the URL$",
    "none": r"no Sentinel answers: Error \d+ connecting to 127\.0\.0\.1:\d+.*; are they up\?$",
}


def wrong_url(servers: SentinelServers, what: str) -> str:
    return {
        "service": servers.url.replace(f"service={SERVICE}", "service=nope"),
        "a Redis": with_hosts(servers, f"127.0.0.1:{servers.port}").replace("and.this", "keep.this"),
        "password": servers.url.replace("and.this", "wrong"),
        "none": with_hosts(servers, f"127.0.0.1:{AWAY}"),
    }[what]


@pytest.mark.parametrize(
    "what", ["service", *(pytest.param(what, marks=pytest.mark.thorough) for what in WRONG if what != "service")]
)
def test_what_is_wrong_is_said_in_one_line(servers: SentinelServers, what: str) -> None:
    """At a start, in an event loop, for the broker, and by doctor; with what to do, and without a password."""
    url = wrong_url(servers, what)
    with command_client(url, outage_s=0.1) as client, pytest.raises(Unavailable, match=WRONG[what]) as refused:
        check_reachable(client, url)
    assert str(refused.value).startswith("no Redis at sentinel://127.0.0.1:")

    async def read() -> None:
        async with streams(url, outage_s=0.1) as reader:
            await reader.get("nothing")

    with pytest.raises(SeriatimError, match=f"^{WRONG[what]}"):
        asyncio.run(read())
    with pytest.raises(Unavailable, match=f"^no broker at sentinel://[^?]*: {WRONG[what]}"):
        reach_broker(make_app(url), url)
    result = findings(url)["redis"]
    assert (result.status, bool(result.advice)) == (CheckStatus.FAIL, True)
    assert re.search(WRONG[what], f"{result.found}; {result.advice}")
    assert "keep.this" not in result.found


def test_a_message_that_cannot_be_sent_is_refused_in_one_line(servers: SentinelServers) -> None:
    """redis-py prints a client with all its options for each Sentinel that is down."""
    app = make_app(wrong_url(servers, "none"))
    with pytest.raises(Unavailable, match=r"^the broker does not answer: No master found for 'speech'; is it up"):
        publish(app, "tone", [TaskMessage("a" * 32, 0, 1)])


def findings(url: str) -> dict[str, CheckResult]:
    with inspection_client(url) as client:
        return {result.check: result for result in check_server(client, Settings(redis_url=url))}


def test_doctor_asks_each_sentinel(servers: SentinelServers) -> None:
    found = findings(servers.url)
    assert (found["redis role"].status, found["redis tls"].status) == (CheckStatus.OK, CheckStatus.OK)
    assert found["redis sentinels"].found == f"3 of 3 know {SERVICE}"
    lacking = findings(with_one_away(servers))["redis sentinels"]
    assert (lacking.status, lacking.found) == (CheckStatus.WARN, f"3 of 4 know {SERVICE}, not 127.0.0.1:{AWAY}")


@pytest.mark.thorough
def test_a_master_that_is_demoted_is_left() -> None:
    """By an orderly failover, after which the old master lives on and refuses writes."""
    with SentinelServers(embedded()) as group, command_client(group.url) as client:
        client.set("tests:asked", b"1", ex=600)
        group.demote_master()
        client.set("tests:asked", b"2", ex=600)
        with group.client() as promoted:
            assert promoted.get("tests:asked") == b"2"
