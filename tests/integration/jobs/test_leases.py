"""Leases of open jobs: one thread of a producer renews them all, and is there as long as it is needed."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seriatim.client import open_job_leases
from seriatim.client.job_options import JobRequest
from seriatim.client.open_job import OpenJob
from seriatim.client.open_job_leases import OpenJobLeases
from seriatim.client.producer import Producer
from seriatim.errors import JobNotOpen
from seriatim.lua.pool_records import ExtendVerdict
from seriatim.records import DrainMode, JobKind
from tests.integration.jobs.test_open_jobs import leased_until_ms
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

LEASE_S = 60  #: longer than any pause in which a thread on a busy machine does not get a turn
RENEW_S = 0.3  #: so often it is renewed here, instead of three times a lease
MANY = 25


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(open_job_lease_s=LEASE_S, reader_grace_s=60)
    system.reassembler()
    system.workers(1, slots=4)
    return system


@pytest.fixture(autouse=True)
def _frequent_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_job_leases, "_third_s", lambda _: RENEW_S)


@pytest.fixture
def producer(system: RealSystem) -> Iterator[Producer]:
    made = system.producer()
    yield made
    wait_until(lambda: not made.leases.running, "the thread ends with the last job")


def keepers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "leases"}


def opened(producer: Producer) -> OpenJob:
    return producer.open(JobRequest(engine="tone", pool="tone", kind=JobKind.BATCH, drain=DrainMode.STORE))


def see_renewals(system: RealSystem, *jobs: OpenJob) -> None:
    """Wait until each job's lease was renewed twice."""
    with system.redis as redis:
        for _ in range(2):
            before_ms = [leased_until_ms(redis, job) for job in jobs]
            for job, ms in zip(jobs, before_ms, strict=True):
                wait_until(lambda job=job, ms=ms: leased_until_ms(redis, job) > ms)  # type: ignore[misc]  # called at once


def test_one_thread_keeps_every_writer_alive(producer: Producer, system: RealSystem) -> None:
    before = keepers()
    jobs = [opened(producer) for _ in range(MANY)]
    see_renewals(system, *jobs)
    assert len(keepers() - before) == 1
    for job in jobs:
        job.say("Still here. ")
        job.close()
    assert all(job.job.wait(PATIENCE_S).state == "done" for job in jobs)


@pytest.mark.thorough
def test_a_fault_in_the_thread_costs_no_job_its_lease(
    producer: Producer, system: RealSystem, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended, and open jobs were closed under their writers, until another one was opened."""
    job = opened(producer)
    with monkeypatch.context() as broken:  # as an answer of a newer version's script would be
        broken.setattr(OpenJobLeases, "_renew_leases", lambda self, some: [ExtendVerdict(99)])
        wait_until(lambda: "background task failed; restarting" in caplog.text)
    see_renewals(system, job)
    job.say("Still here. ")
    job.close()
    assert job.job.wait(PATIENCE_S).state == "done"


def test_a_job_that_is_over_needs_no_lease(producer: Producer) -> None:
    """Also if its writer does not know."""
    job = opened(producer)
    producer.attach(job.job.id).cancel()
    wait_until(lambda: not producer.leases.due, "it is not renewed for ever")
    with pytest.raises(JobNotOpen):
        job.say("Too late. And")


@pytest.mark.thorough
def test_a_writer_who_comes_after_the_last_has_left_is_kept_too(producer: Producer, system: RealSystem) -> None:
    first = opened(producer)
    first.say("First.")
    first.close()
    wait_until(lambda: not producer.leases.running)
    second = opened(producer)
    see_renewals(system, second)
    second.say("Second.")
    second.close()
    assert second.job.wait(PATIENCE_S).state == "done"


def test_an_outage_of_one_third_of_a_lease_is_survived(producer: Producer, system: RealSystem) -> None:
    """A renewal that comes to nothing is tried again; the writers of other jobs do not notice."""
    with system.redis as redis:
        job = opened(producer)
        redis.client_kill_filter(_type="normal", skipme=True)
        see_renewals(system, job)
        job.say("Still here.")
        job.close()
    assert job.job.wait(PATIENCE_S).state == "done"


@pytest.mark.thorough
def test_a_server_that_is_away_takes_no_other_producers_jobs_with_it(
    producer: Producer, system: RealSystem, tmp_path: Path
) -> None:
    with RealSystem.on(tmp_path, open_job_lease_s=LEASE_S) as other:
        other.workers(1)
        lost = opened(other.producer())
        job = opened(producer)
        other.end("workers")  # they would wait for their server
        other.server.kill()
        see_renewals(system, job)
        job.say("Still here.")
        job.close()
        assert job.job.wait(PATIENCE_S).state == "done"
        lost.closed.set()


def test_a_producer_that_closes_renews_nothing(system: RealSystem) -> None:
    closing = Producer(replace(system.settings, open_job_lease_s=1))
    job = opened(closing)
    closing.close()
    wait_until(lambda: not closing.leases.running, "its thread ends")
    wait_until(lambda: system.producer().attach(job.job.id).status().ended, "its job is closed")
