"""Jobs whose text is still being written: sentences go out as they are complete, and the writer is held back."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import cast

import pytest
from redis import Redis

from seriatim.client.job_options import JobRequest
from seriatim.client.open_job import OpenJob
from seriatim.client.producer import Producer
from seriatim.errors import Busy, JobNotOpen, UnknownVoice
from seriatim.keys import pool_prefix
from seriatim.lua.pool_records import ExtendVerdict
from tests.support.expected_audio import Listener, pcm_of, sentences, stream_of
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, wait_until

LEASE_S = 18  #: of the one test that waits for its end: longer than any pause of a writer on a busy machine

READER = """
import sys
from seriatim import attach
sys.stdout.buffer.write(b"".join(attach(sys.argv[1]).pcm()))
"""


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(queue_limit_ms=8_000, lease_ms=60_000)  # its workers are there, however busy the machine is
    system.reassembler()
    system.workers(1)
    return system


def opened(system: RealSystem, **options: object) -> OpenJob:
    return system.producer().open(JobRequest.of({"engine": "tone"} | options))


def with_short_leases(system: RealSystem) -> Producer:
    return Producer(replace(system.settings, open_job_lease_s=LEASE_S))


def write(job: OpenJob, text: list[str]) -> None:
    with job:
        for sentence in text:
            job.say(f"{sentence} ")


def leased_until_ms(redis: Redis, job: OpenJob) -> float:
    """When a job's lease ends, unless it is renewed."""
    return float(cast("bytes", redis.hget(f"{pool_prefix('tone')}:j:{job.job.id}", "producer")))


def for_a_moment(job: OpenJob, text: list[str]) -> None:
    for sentence in text:
        job.say(f"{sentence} ", timeout_s=0.2)


def write_badly(job: OpenJob) -> None:
    with job:
        job.say("Hello there. And")
        _ = 1 / 0


def test_a_voice_that_the_pool_does_not_have_is_refused_before_anything_is_said(system: RealSystem) -> None:
    with pytest.raises(UnknownVoice, match="unknown voice 'tennor'; pool 'tone' has: tenor"):
        opened(system, voice="tennor")


def test_complete_sentences_are_heard_before_the_rest_is_written(system: RealSystem) -> None:
    job = opened(system)
    listener = Listener(job.job)
    for piece in ("The first sent", "ence is complete", ". The second is no"):
        job.say(piece)
    first = stream_of(["The first sentence is complete."])
    wait_until(lambda: pcm_of(listener.entries) == first, "the first one is heard")
    assert not job.job.status().closed
    job.say("t. Not yet")
    job.close()
    assert listener.pcm() == stream_of(["The first sentence is complete.", "The second is not.", "Not yet"])
    job.close()
    with pytest.raises(JobNotOpen, match=rf"^job {job.job.id} is closed; open another$"):
        job.say("More.")


def test_another_process_listens_to_a_job_that_is_being_written(system: RealSystem) -> None:
    text = sentences(6, "Attached")
    with opened(system) as job:
        command = [sys.executable, "-c", READER, job.job.id]
        reader = subprocess.Popen(command, cwd=ROOT, env=system.environment, stdout=subprocess.PIPE)
        for sentence in text:
            for word in sentence.split():
                job.say(f"{word} ")
    assert reader.communicate(timeout=PATIENCE_S)[0] == stream_of(text)


def test_a_writer_waits_while_its_queue_is_full_and_goes_on_when_it_is_not(
    system: RealSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, extend = threading.Event(), OpenJob._extend_job

    def extend_watched(open_job: OpenJob, rows: list[str], *, close: bool) -> ExtendVerdict:
        verdict = extend(open_job, rows, close=close)
        if verdict is ExtendVerdict.FULL:
            full.set()
        return verdict

    monkeypatch.setattr(OpenJob, "_extend_job", extend_watched)
    text = sentences(12, "Queue")
    job = opened(system, pool="later", kind="batch", drain="window")
    writer = threading.Thread(target=write, args=(job, text), daemon=True)
    writer.start()
    assert full.wait(PATIENCE_S), "it waits"
    assert 2 <= job.n < len(text), "it has sent what the queue takes, and no more"
    assert writer.is_alive()

    system.workers(1, name="later", pool="later")
    assert Listener(job.job).pcm() == stream_of(text)
    writer.join(PATIENCE_S)
    assert not writer.is_alive()


def test_a_writer_that_does_not_want_to_wait_gets_an_error_and_loses_nothing(system: RealSystem) -> None:
    text = sentences(8, "Impatient")
    job = opened(system, pool="much-later", kind="batch", drain="window")
    began_s = time.monotonic()
    with pytest.raises(Busy, match=rf"^job {job.job.id} has as much text queued as SERIATIM_QUEUE_LIMIT_MS allows; "):
        for_a_moment(job, text)
    assert time.monotonic() - began_s >= 0.2
    system.workers(1, name="much-later", pool="much-later")
    listener = Listener(job.job)
    taken = job.n + len(job.waiting)
    for sentence in text[taken + 1 :]:  # one is held until the next one begins
        job.say(f"{sentence} ")
    job.close()
    assert listener.pcm() == stream_of(text)


@pytest.mark.thorough
def test_a_writer_that_pauses_longer_than_its_lease_is_not_taken_for_dead(system: RealSystem) -> None:
    with closing(with_short_leases(system)) as producer, system.redis as redis:
        job = producer.open(JobRequest(engine="tone"))
        first_ms = leased_until_ms(redis, job)
        job.say("Before the pause. And")
        wait_until(lambda: leased_until_ms(redis, job) > first_ms + LEASE_S * 1000, "its first lease has passed")
        job.say(" behind it.")
        job.close()
        listener = Listener(job.job)
        assert listener.pcm() == stream_of(["Before the pause.", "And behind it."])
        assert job.job.status().reason == ""


def test_a_writer_learns_that_its_job_was_cancelled(system: RealSystem) -> None:
    job = opened(system)
    job.say("Hello there. And")
    job.job.cancel("the listener hung up")
    with pytest.raises(JobNotOpen, match=rf"^job {job.job.id} takes no more text: it ended as cancelled: the listener"):
        job.say(" so on. And on. And on.")
    job.close()


def test_an_error_of_the_writer_cancels_its_job(system: RealSystem) -> None:
    job = opened(system)
    with pytest.raises(ZeroDivisionError):
        write_badly(job)
    status = job.job.wait(PATIENCE_S)
    assert (status.state, status.reason) == ("cancelled", "its producer failed: ZeroDivisionError")
