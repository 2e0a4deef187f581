"""A server with few connections to spare: those who want more than there are take turns, and none waits for ever."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from redis import Redis

from seriatim.client.async_client import AsyncJob
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import Misconfigured, Unavailable
from seriatim.servers.redis_clients import blocking_client, streams
from seriatim.settings import Settings
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded

SPARE = 6  #: for those who listen
OTHERS = 12  #: that workers may open besides, when all their slots work for the first time
LISTENERS = 20


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    made = new_system()
    made.reassembler()
    made.workers(2, slots=4, options={"rtf": 0.02})
    Listener(made.producer().enqueue(sentences(16, "warm"), JobRequest(engine="tone"))).pcm()
    return made


@contextmanager
def full(system: RealSystem) -> Iterator["Redis"]:
    """Let the server take few connections more; gives one that there was before."""
    with system.redis as other:
        other.config_set("maxclients", other.info("clients")["connected_clients"] + SPARE + OTHERS)
        try:
            yield other
        finally:
            other.config_set("maxclients", 10_000)


@pytest.mark.thorough
def test_listeners_over_http_take_turns(system: RealSystem) -> None:
    texts = clear(12)
    url = f"{system.settings.redis_url}?client_name=gateway"
    # Not live: however busy the machine is, none of them is refused.
    request = {"input": " ".join(texts), "response_format": "pcm", "kind": "batch"}
    most, ended = [0], threading.Event()

    def ask(gateway: Gateway) -> tuple[int, bytes]:
        with gateway.client() as client:
            answer = client.post("/v1/audio/speech", json=request)
        return answer.status_code, answer.content

    def watch(other: "Redis") -> None:
        while not ended.is_set():
            most[0] = max(most[0], sum(client["name"] == "gateway" for client in other.client_list()))

    with full(system) as other, ThreadPoolExecutor(LISTENERS + 1) as threads:
        gateway = start(system, redis_connections=SPARE, redis_url=url)
        watching = threads.submit(watch, other)
        try:
            answers = list(threads.map(ask, [gateway] * LISTENERS))
        finally:
            ended.set()
        watching.result()
    system.end("gateway")
    assert set(answers) == {(200, stream_of(texts))}
    assert 0 < most[0] < SPARE, "the broker has one"


@pytest.mark.parametrize("kind", ["sync", pytest.param("asyncio", marks=pytest.mark.thorough)])
def test_readers_of_a_program_take_turns(system: RealSystem, kind: str) -> None:
    producer = Producer(replace(system.settings, redis_connections=SPARE))
    texts = sentences(12, "few")
    jobs = [producer.enqueue(texts, JobRequest(engine="tone")) for _ in range(LISTENERS)]

    async def read(job: AsyncJob) -> bytes:
        return b"".join([pcm async for pcm in job.pcm()])

    async def read_all() -> list[bytes]:
        return await asyncio.gather(*(read(AsyncJob(job)) for job in jobs))

    with full(system), ThreadPoolExecutor(LISTENERS) as threads:
        if kind == "sync":
            answers = list(threads.map(lambda job: Listener(job).pcm(60), jobs))
        else:
            answers = asyncio.run(read_all())
    producer.close()
    assert set(answers) == {stream_of(texts)}


def test_who_gets_no_turn_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seriatim.servers.redis_clients.POOL_WAIT_S", 0.2)
    with (
        PrivateServer(embedded()) as server,
        blocking_client(server.url, max_connections=1) as client,
        server.client() as other,
    ):
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(client.xread, {"nothing": "$"}, 1, 30_000)
            wait_until(lambda: other.info("clients")["blocked_clients"], "it waits")
            with pytest.raises(Unavailable, match=r"^all connections to Redis that SERIATIM_REDIS_CONNECTIONS allows"):
                client.ping()
            other.xadd("nothing", {"x": "y"})
            first.result()
        other.delete("nothing")

        async def two() -> None:
            few = streams(server.url, max_connections=1)
            first = asyncio.ensure_future(few.xread({"nothing": "$"}, 1, 30_000))
            await asyncio.to_thread(wait_until, lambda: other.info("clients")["blocked_clients"], "it waits")
            with pytest.raises(Unavailable, match=r"^all connections to Redis that SERIATIM_REDIS_CONNECTIONS allows"):
                await few.ping()
            other.xadd("nothing", {"x": "y"})
            await first
            await few.aclose()

        asyncio.run(two())
        other.delete("nothing")


def test_a_share_for_each_is_the_least() -> None:
    with pytest.raises(Misconfigured, match=r"SERIATIM_REDIS_CONNECTIONS=4: expected 5 or more, or 0"):
        Settings.from_env({"SERIATIM_REDIS_CONNECTIONS": "4"})
