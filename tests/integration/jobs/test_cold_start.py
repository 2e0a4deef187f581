"""Cold start: with a scaler declared, a live request waits for a first worker, and a scaler can see that it does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from seriatim import AsyncClient, Client
from seriatim.client.job import Job
from seriatim.client.open_job import OpenJob
from seriatim.errors import NoWorkers
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from tests.http.gateways import start
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

TEXT = sentences(3, "first")


def waits(system: RealSystem, pool: str) -> bool:
    """What a scaler sees of a pool."""
    with system.redis as client:
        return run(client, signals(pool)).cold_start


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(
        cold_start_s=10 * PATIENCE_S, lease_ms=60_000
    )  # who waits is not refused, and what is there stays
    system.reassembler()
    return system


def test_a_live_job_waits_for_the_first_worker_of_its_pool(system: RealSystem) -> None:
    with Client(settings=system.settings) as client, ThreadPoolExecutor() as threads:
        assert not waits(system, "late")
        job: Future[Job] = threads.submit(client.enqueue_job, list(TEXT), engine="tone", pool="late")
        talk: Future[OpenJob] = threads.submit(client.open_job, engine="tone", pool="late", user="talker")
        wait_until(lambda: waits(system, "late"), "a scaler sees it")
        assert not job.done()
        assert not talk.done()
        system.workers(1, name="late", pool="late", slots=2)
        assert Listener(job.result(PATIENCE_S)).pcm() == stream_of(TEXT)
        talk.result(PATIENCE_S).job.cancel()


def test_a_coroutine_waits_in_the_same_way(system: RealSystem) -> None:
    async def read_all() -> bytes:
        async with AsyncClient(settings=system.settings) as client:
            task = asyncio.create_task(client.enqueue_job(list(TEXT), engine="tone", pool="async"))
            await asyncio.to_thread(wait_until, lambda: waits(system, "async"), "a scaler sees it")
            assert not task.done()
            await asyncio.to_thread(lambda: system.workers(1, name="async", pool="async"))
            return b"".join([pcm async for pcm in (await task).pcm()])

    assert asyncio.run(read_all()) == stream_of(TEXT)


def test_a_request_over_http_waits_and_the_metrics_show_it(system: RealSystem) -> None:
    gateway = start(system, "gateway-cold", http_pool="cold")
    with gateway.client() as client, ThreadPoolExecutor() as threads:
        assert 'seriatim_cold_start{pool="cold"} 0.0' in client.get("/metrics").text
        answer = threads.submit(client.post, "/v1/audio/speech", json={"input": "Hello.", "response_format": "wav"})
        wait_until(lambda: 'seriatim_cold_start{pool="cold"} 1.0' in client.get("/metrics").text, "the metrics show it")
        assert not answer.done()
        system.workers(1, name="cold", pool="cold")
        assert answer.result(PATIENCE_S).raise_for_status().content.startswith(b"RIFF")


def test_who_waited_long_enough_is_refused(system: RealSystem) -> None:
    with (
        Client(settings=replace(system.settings, cold_start_s=0.2)) as client,
        pytest.raises(NoWorkers, match=r"^no worker of pool 'never' is alive; start one with: "),
    ):
        client.enqueue_job("Hello.", engine="tone", pool="never")
    assert waits(system, "never"), "a scaler that looks later sees that one was wanted"


def test_without_a_scaler_a_request_is_refused_at_once_and_leaves_no_sign(system: RealSystem) -> None:
    with Client(settings=replace(system.settings, cold_start_s=0)) as client, pytest.raises(NoWorkers):
        client.enqueue_job("Hello.", engine="tone", pool="nowhere")
    assert not waits(system, "nowhere")


def test_a_batch_job_does_not_wait(system: RealSystem) -> None:
    with Client(settings=system.settings) as client:
        client.enqueue_job("Hello.", engine="tone", pool="batch", kind="batch").cancel()
    assert not waits(system, "batch")
