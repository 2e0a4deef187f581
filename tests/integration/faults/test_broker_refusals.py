"""A broker or a Redis that refuses commands for a while: workers keep their engine, and go on once it serves."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from redis import Redis

from seriatim.client.job_options import JobRequest
from seriatim.lua import job_scripts
from seriatim.lua.script_calls import run
from seriatim.servers.redis_clients import command_client
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, descendants, wait_until
from tests.support.redis_servers import PrivateServer, embedded
from workers.registration import until_accepted

TEXT = sentences(3, "refused")
REFUSED = "broker refuses commands; retrying"

#: code of the refusal -> what makes the broker give it, and what ends that
REFUSALS: dict[str, tuple[Callable[["Redis"], object], Callable[["Redis"], object]]] = {
    "NOREPLICAS": (
        lambda redis: redis.config_set("min-replicas-to-write", 1),
        lambda redis: redis.config_set("min-replicas-to-write", 0),
    ),
    "NOPERM": (
        lambda redis: redis.execute_command("ACL", "SETUSER", "default", "-brpop"),
        lambda redis: redis.execute_command("ACL", "SETUSER", "default", "+brpop"),
    ),
    "READONLY": (lambda redis: redis.replicaof("127.0.0.1", 1), lambda redis: redis.replicaof("NO", "ONE")),
}


@pytest.fixture(scope="module")
def broker() -> Iterator[PrivateServer]:
    with PrivateServer(embedded(), "--replica-serve-stale-data", "yes") as server:
        yield server


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem], broker: PrivateServer) -> RealSystem:
    system = new_system(broker=broker)
    system.reassembler()
    system.workers()
    return system


def speaks(system: RealSystem) -> None:
    job = system.producer().enqueue(TEXT, JobRequest.of({"engine": "tone", "pool": "tone"}))
    assert Listener(job).pcm() == stream_of(TEXT)


@pytest.mark.parametrize(
    "code",
    ["NOREPLICAS", *(pytest.param(code, marks=pytest.mark.thorough) for code in ("NOPERM", "READONLY"))],
)
@pytest.mark.thorough
def test_a_worker_outlives_a_broker_that_refuses(system: RealSystem, broker: PrivateServer, code: str) -> None:
    """It used to end, and its engine was loaded again until the server recovered."""
    speaks(system)
    processes, refusals = descendants(system.children["workers"].pid), system.log("workers").count(REFUSED)
    begin, end = REFUSALS[code]
    with broker.client() as redis:
        begin(redis)
        try:
            wait_until(lambda: system.log("workers").count(REFUSED) >= refusals + 2, "it tried twice")
        finally:
            end(redis)
    speaks(system)
    assert descendants(system.children["workers"].pid) == processes
    lines = system.log("workers").splitlines()
    assert any(REFUSED in line and code in line for line in lines)
    assert not any("unreadable broker message" in line or "CRITICAL" in line for line in lines)


def test_a_worker_that_may_not_register_waits_with_its_engine(
    broker: PrivateServer, caplog: pytest.LogCaptureFixture
) -> None:
    client, step = command_client(broker.url, outage_s=0.1), job_scripts.life("a" * 32, accepted=False)
    begin, end = REFUSALS["NOREPLICAS"]
    with broker.client() as redis, ThreadPoolExecutor(1) as threads:
        begin(redis)
        try:
            result = threads.submit(until_accepted, partial(run, client, step))
            wait_until(lambda: "no work taken yet; retrying" in caplog.text)
        finally:
            end(redis)
        assert result.result() is False, "there is no such job"
    client.close()
