"""A server that refuses for now: demoted, or without replicas or disk. Who is refused says so, and goes on."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from gateway.http.reading.delivery_reports import DeliveryReports
from seriatim.errors import Unavailable
from seriatim.keys import StreamPosition, ordered_stream
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import JobSlot
from seriatim.lua.script_calls import ScriptCall, run, run_many
from seriatim.reader_state import DeliveryState
from seriatim.records import DrainMode, HoldPolicy
from seriatim.servers.redis_clients import command_client
from seriatim.stream_entries import ReaderCursor
from tests.http.gateways import start
from tests.support.process_system import HOLD, RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded

TEXT = [f"Finch {i} sings of green hills and of rivers." for i in range(30)]  # longer than a window
HELD = [*TEXT[:2], f"The {HOLD} sings, too.", *TEXT[2:]]  #: its reader waits for the rest


@pytest.fixture
def server() -> Iterator[PrivateServer]:
    with PrivateServer(embedded(), "--save", "3600 1", "--enable-protected-configs", "yes") as private:
        yield private


def made(job_id: str = "a" * 32) -> "ScriptCall[bool]":
    return job_scripts.init(
        job_id,
        1,
        JobSlot(hold=HoldPolicy.AUTO, drain=DrainMode.WINDOW, life_ms=60_000, ended_life_ms=1_000, pool="tone"),
    )


def no_replicas(redis: "Redis", server: PrivateServer) -> None:
    redis.config_set("min-replicas-to-write", 1)


def demoted(redis: "Redis", server: PrivateServer) -> None:
    redis.replicaof("127.0.0.1", 1)


def no_disk(redis: "Redis", server: PrivateServer) -> None:
    gone = server.directory / "gone"
    gone.mkdir()
    redis.config_set("dir", str(gone))
    gone.rmdir()
    redis.bgsave()
    wait_until(lambda: redis.info("persistence")["rdb_last_bgsave_status"] == "err")


@pytest.mark.parametrize(
    ("refuse", "code"), [(no_replicas, "NOREPLICAS"), (demoted, "MASTERDOWN|READONLY"), (no_disk, "MISCONF")]
)
def test_a_server_that_refuses_for_now_is_unavailable(
    server: PrivateServer, refuse: Callable[["Redis", PrivateServer], None], code: str
) -> None:
    """Not an error of redis-py's, that no caller waits out; one call or many."""
    client = command_client(server.url, outage_s=0.5)
    run(client, made())
    refuse(server.client(), server)
    with pytest.raises(Unavailable, match=code):
        run(client, made("b" * 32))
    with pytest.raises(Unavailable, match=code):
        run_many(client, [made("c" * 32)])
    client.close()


def test_what_was_refused_by_a_replica_is_asked_of_the_server_that_takes_over(server: PrivateServer) -> None:
    client, other = command_client(server.url), server.client()
    run(client, made())
    for call in (lambda: run(client, made("b" * 32)), lambda: run_many(client, [made("c" * 32)])):
        other.config_resetstat()
        other.replicaof("127.0.0.1", 1)
        with ThreadPoolExecutor(1) as threads:
            call_result = threads.submit(call)
            wait_until(lambda: other.info("errorstats"), "a command was refused")
            other.replicaof("NO", "ONE")
            call_result.result()
    client.close()


@pytest.mark.thorough
def test_a_gateway_and_its_workers_go_on_after_a_server_refused_writes(new_system: Callable[..., RealSystem]) -> None:
    """Its task that reports what listeners have ended unseen, and each later stream stood still after a window."""
    system = new_system()
    system.reassembler()
    system.workers(1, slots=2, options={"rtf": 0.02})
    gateway = start(system)
    system.gate.unlink(missing_ok=True)
    request = {"input": " ".join(HELD), "response_format": "pcm"}
    with gateway.client() as client:
        with client.stream("POST", "/v1/audio/speech", json=request) as stream:
            pieces = stream.iter_raw()
            first = len(next(pieces))
            system.redis.config_set("min-replicas-to-write", 1)
            try:
                wait_until(lambda: "readers were not reported" in system.log("gateway"))
            finally:
                system.redis.config_set("min-replicas-to-write", 0)
            system.gate.touch()
            n_bytes = first + sum(map(len, pieces))
        later = client.post("/v1/audio/speech", json=request)
    later.raise_for_status()
    assert len(later.content) == n_bytes


def test_what_a_reader_had_when_it_left_is_reported_once_the_server_serves_again(server: PrivateServer) -> None:
    """It comes back with no other report: what it had would keep its place in the stream, and its job its window."""
    client, other = command_client(server.url, outage_s=0.5), server.client()
    name, stream = "d" * 32, ordered_stream("d" * 32)
    for seq in range(4):
        other.xadd(stream, {"d": b"sound"}, id=f"{seq + 1}-2")
    reports = DeliveryReports(client)
    mark = DeliveryState(name, "tone")
    reports.open(mark)
    reports.move(mark, ReaderCursor(position=StreamPosition(4, 2)))
    no_replicas(other, server)
    reports.close(mark)
    asyncio.run(reports.flush())
    assert other.xlen(stream) == 4, "it was refused"
    other.config_set("min-replicas-to-write", 0)
    asyncio.run(reports.flush())
    assert other.xlen(stream) == 2, "what was heard long ago may go"
    assert reports.closed == []
    other.delete(stream)
    client.close()
