"""Things go wrong: processes die, texts are bad, pools are full; what is promised then."""

import signal

import pytest

from seriatim import enqueue_job
from seriatim.errors import NoWorkers, UnknownVoice
from tests.support.process_system import RealSystem, wait_until

TEXT = [f"Sentence {n} is spoken, whatever happens to whom." for n in range(12)]


def test_the_death_of_a_worker_is_not_heard(studio: RealSystem):
    """Its sentence is spoken by another one, from the byte on that was heard."""
    text = [*studio.held([]), *TEXT]  # the first sentence stops in its middle, until the gate is there
    job = enqueue_job(text, engine="tone")
    studio.kill_half_spoken()
    studio.gate.touch()
    assert b"".join(job.pcm()) == b"".join(enqueue_job(text, engine="tone").pcm())


def test_the_reassembler_is_killed_and_the_next_one_goes_on(studio: RealSystem):
    undisturbed = b"".join(enqueue_job(TEXT, engine="tone").pcm())
    job = enqueue_job(TEXT, engine="tone")
    wait_until(lambda: job.status().emitted)
    studio.end("reassembler", signal.SIGKILL)
    studio.reassembler()
    assert b"".join(job.pcm()) == undisturbed


def test_what_is_sent_twice_is_spoken_once():
    """A client that had no answer sends again; its idempotency key says that it is the same job."""
    first, second = (enqueue_job(TEXT, engine="tone", user="ann", idempotency_key="order 7") for _ in range(2))
    assert first.id == second.id
    first.cancel()


def test_a_mistake_is_answered_with_what_would_be_right():
    with pytest.raises(UnknownVoice, match=r"^unknown voice 'barritone'; pool 'tone' has: baritone"):
        enqueue_job("Hello.", engine="tone", voice="barritone")


def test_what_cannot_be_served_is_refused_at_once_with_a_time_to_retry():
    with pytest.raises(NoWorkers) as refused:
        enqueue_job("Hello.", engine="tone", pool="night-shift")
    assert refused.value.retry_after_s > 0
