"""Ends of jobs that no worker finishes: by their timeout, without their reader, without their producer."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from redis import Redis

from seriatim.client.async_client import AsyncJob
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import JobCancelled, TimedOut
from seriatim.keys import pool_prefix
from tests.support.expected_audio import Listener, pcm_of, sentences, stream_of
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, wait_until

READER = """
import sys
from seriatim import Client
client = Client()
client.pools()
print("ready", flush=True)
for entry in client.attach(sys.stdin.readline().strip()).audio():
    print(entry.position, flush=True)
"""
PRODUCER = """
import sys
from seriatim import open_job
job = open_job(engine="tone", kind=sys.argv[1])
job.say("The first sentence is said. The second one, too. A third was beg")
print(job.job.id, flush=True)
sys.stdin.read()
"""
HELD = "This one is held."  #: in the pool of that name no test lasts as long as this sentence: a job with it cannot end
GRACE_S = 60  #: and a reader that stands still on a busy machine is back by then
SLOW_GRACE_S = 15  #: of the one test that waits for as long, and more
TEXTS = ["The first sentence is said.", "The second one, too."]


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000)  # its workers are there, however busy the machine is
    system.reassembler()
    system.workers(1)
    system.workers(1, name="held", pool="held", options={"slow_on": HELD, "slow_ms": 600_000})
    return system


def run(system: RealSystem, program: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=system.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_job_that_is_not_spoken_in_time_has_timed_out_and_says_so(system: RealSystem) -> None:
    text = [*sentences(3, "too long"), HELD]
    listener = Listener(system.enqueue(text, pool="held", kind="batch", drain="window", timeout_s=2))
    with pytest.raises(TimedOut, match=r"^job \w+ timed out: not spoken within 2 s$"):
        listener.all()
    status = listener.job.wait(PATIENCE_S)
    assert (status.state, status.reason) == ("timed_out", "not spoken within 2 s")
    assert stream_of(text).startswith(pcm_of(listener.entries)), "what was spoken until then is right"


@pytest.mark.thorough
def test_a_job_whose_reader_was_killed_is_cancelled_after_its_grace(system: RealSystem) -> None:
    text = [*sentences(5, "reader killed"), HELD]
    with run(system, READER) as reader:
        assert line_of(reader) == "ready", "its grace is no time for a process to start"
        job = system.enqueue(text, pool="held", reader_grace_s=GRACE_S)
        assert reader.stdin is not None
        print(job.id, file=reader.stdin, flush=True)
        for _ in range(10):
            assert line_of(reader), job.status()
        wait_until(lambda: job.status().emitted == 5, "all is spoken that can be")
        assert job.status().state == "run", "it is there"
        reader.send_signal(signal.SIGKILL)
    make_older(system, job, "seen", GRACE_S)
    status = job.wait(PATIENCE_S)
    assert (status.state, status.reason, status.emitted) == ("cancelled", f"no reader for {GRACE_S} s", 5)


def test_an_asyncio_program_that_stops_listening_leaves_no_reader_behind(system: RealSystem) -> None:
    """A reader without a listener would keep its job alive for ever."""
    answer = system.producer().open(JobRequest.of({"engine": "tone"}))
    answer.say("The first sentence is said. The second one waits")

    async def hear_a_little() -> None:
        async with contextlib.aclosing(AsyncJob(answer.job).pcm()) as pcm:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    async for _ in pcm:
                        pass

    asyncio.run(hear_a_little())
    wait_until(lambda: not any(thread.name == "reader" for thread in threading.enumerate()), "no reader is left")
    answer.job.cancel()


@pytest.mark.thorough
def test_a_job_whose_reader_is_slow_is_not_cancelled(system: RealSystem) -> None:
    """Waiting for the next entry is a sign of life, however long nothing comes."""
    job = system.enqueue([HELD], pool="held", reader_grace_s=SLOW_GRACE_S)
    listener = Listener(job)
    with system.redis as client:
        facts = f"{pool_prefix('held')}:j:{job.id}"
        wait_until(
            lambda: seen_for_ms(client, facts) > SLOW_GRACE_S * 1_200, "its signs of life go on beyond its grace"
        )
    assert job.status().state == "run"
    job.cancel()
    with pytest.raises(JobCancelled):
        listener.all()


def seen_for_ms(redis: Redis, facts: str) -> int:
    """How long after it was accepted a job's reader showed life last."""
    seen, since = redis.hmget(facts, "seen", "since")
    return int(float(seen or 0)) - int(float(since or 0))


def make_older(system: RealSystem, job: Job, sign: str, by_s: float) -> None:
    """Make the last sign of life of a process that was killed so much older, and have the job looked at."""
    with system.redis as client:
        client.ping()  # what the dead one sent is carried out before the next command
        client.hincrby(f"{pool_prefix(job.pool)}:j:{job.id}", sign, -round(by_s * 1000))
    system.make_due(f"{pool_prefix(job.pool)}:act", job.id)


def test_a_job_that_ends_while_a_test_makes_it_older_leaves_no_key_behind(system: RealSystem) -> None:
    """A sweep may come between the two steps; the fixture that checks the keys saw one that nothing took away."""
    job = system.enqueue(TEXTS, pool="held")
    job.wait(PATIENCE_S)
    make_older(system, job, "seen", GRACE_S)


@pytest.mark.parametrize("kind", ["live", "batch"])
def test_an_open_job_whose_producer_was_killed_is_closed_with_what_was_said(system: RealSystem, kind: str) -> None:
    with run(system, PRODUCER, kind) as producer:
        job = system.producer().attach(line_of(producer))
        wait_until(lambda: job.status().emitted == len(TEXTS), "what was sent is spoken")
        os.kill(producer.pid, signal.SIGKILL)
    make_older(system, job, "producer", system.settings.open_job_lease_s)
    status = job.wait(PATIENCE_S)
    assert (status.state, status.reason, status.sentences) == ("done", "the producer is gone", 2)
    assert pcm_of(job.audio()) == stream_of(TEXTS)


def test_a_cancelled_job_stops_where_it_is_and_frees_its_slots(system: RealSystem) -> None:
    listener = Listener(system.enqueue([*sentences(3, "barge-in"), HELD], pool="held"))
    wait_until(lambda: listener.entries)
    assert listener.job.cancel("the user began to speak")
    with pytest.raises(JobCancelled, match=r"^job \w+ was cancelled: the user began to speak$"):
        listener.all()
    assert not listener.job.cancel(), "it had ended already"
    wait_until(lambda: listener.job.status().in_flight == 0)
    text = sentences(1, "next")
    assert Listener(system.enqueue(text, pool="held")).pcm() == stream_of(text)
