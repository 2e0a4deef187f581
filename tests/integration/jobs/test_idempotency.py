"""One idempotency key, one job: the same text goes on where it stopped, another is refused, nothing is a splice."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.open_job import OpenJob
from seriatim.client.producer import FIRST_BATCH, Producer
from seriatim.errors import BadInput, IdempotencyConflict, JobEnded
from seriatim.keys import pool_prefix
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run
from seriatim.records import DrainMode, Sentence
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, wait_until

CRASHED = """
import os
from seriatim import enqueue_job

def book():
    for seq in range(900):
        yield f"Alpha {seq}."
    os._exit(7)

enqueue_job(book(), engine="tone", pool="silent", kind="batch", idempotency_key="crashed")
"""
LONG = "A first sentence, of which listeners want the beginning as soon as it is there, is long enough to be parted."


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    """The pool `silent` has no workers: what is accepted there stays as it is."""
    system = new_system()
    system.reassembler()
    system.workers(2)
    return system


def request(**options: object) -> JobRequest:
    return JobRequest.of({"engine": "tone", "kind": "batch"} | options)


def enqueue(system: RealSystem, text: object, **options: object) -> Job:
    return system.producer().enqueue(text, request(**options))  # type: ignore[arg-type]  # lists and strings


def known(job: Job) -> int:
    return job.status().sentences


def opened(producer: Producer, key: str) -> OpenJob:
    return producer.open(request(idempotency_key=key))


def test_another_text_after_a_crash_is_refused_and_the_same_text_goes_on(system: RealSystem) -> None:
    """The producer of 1,200 sentences died at the 900th: 532 were accepted."""
    done = subprocess.run([sys.executable, "-c", CRASHED], cwd=ROOT, env=system.environment, check=False)
    assert done.returncode == 7
    silent = {"pool": "silent", "idempotency_key": "crashed"}
    with pytest.raises(IdempotencyConflict, match="use another key for another text"):
        enqueue(system, [f"Beta {seq}." for seq in range(1_200)], **silent)
    late = [f"Alpha {seq}." for seq in range(531)] + [f"Beta {seq}." for seq in range(531, 1_200)]
    with pytest.raises(IdempotencyConflict):
        enqueue(system, late, **silent)
    job = enqueue(system, [f"Alpha {seq}." for seq in range(1_200)], **silent)
    assert (job.status().state, known(job), job.status().closed) == ("run", 1_200, True)
    with system.redis as client:
        texts = client.hgetall(f"{pool_prefix('silent')}:jt:{job.id}")
    assert len(texts) == 1_200
    assert all(b"Alpha" in row for row in texts.values())


@pytest.mark.thorough
@pytest.mark.parametrize("other", [sentences(30, "race"), sentences(50, "race"), [*sentences(39, "race"), "Other."]])
def test_a_duplicate_while_the_first_is_still_sending_goes_on_or_is_refused(
    system: RealSystem, other: list[str]
) -> None:
    """The first has sent 32 of 40 sentences. What is shorter, longer or other is not its text."""
    text, key = sentences(40, "race"), {"idempotency_key": f"race {len(other)} {other[-1]}"}
    submission = system.producer().begin(text, request(**key))
    assert submission.n == FIRST_BATCH
    again = enqueue(system, text, **key)
    assert submission.send_rest() == 40
    with pytest.raises(IdempotencyConflict):
        enqueue(system, other, **key)
    assert again.id == submission.job.id
    assert Listener(again).pcm() == stream_of(text)


def test_a_duplicate_that_fails_leaves_the_job_to_its_first_producer(system: RealSystem) -> None:
    def broken() -> Iterator[str]:
        yield from text[:35]
        raise BadInput("its source is gone")

    text, key = sentences(40, "left"), {"idempotency_key": "left"}
    submission = system.producer().begin(text, request(**key))
    with pytest.raises(BadInput, match="its source is gone"):
        enqueue(system, broken(), **key)
    submission.send_rest()
    assert Listener(submission.job).pcm() == stream_of(text)


@pytest.mark.parametrize(
    "other", [{"voice": "tenor"}, {"speed": 1.5}, {"seed": 7}, {"language": "de"}, {"pause_ms": 0}], ids=str
)
def test_the_same_text_said_otherwise_is_another_text(system: RealSystem, other: dict[str, object]) -> None:
    key = {"pool": "silent", "idempotency_key": f"otherwise {other}"}
    first = enqueue(system, "One. Two. Three.", **key)
    with pytest.raises(IdempotencyConflict):
        enqueue(system, "One. Two. Three.", **key, **other)
    assert enqueue(system, "One. Two. Three.", **key).id == first.id


def test_who_pays_and_who_waits_are_not_the_text(system: RealSystem) -> None:
    """A listener, or a pool that is nearly full, would have the text cut otherwise: it is cut as it was before."""
    first = enqueue(system, LONG, idempotency_key="cut")
    again = enqueue(system, LONG, idempotency_key="cut", kind="live", priority=3, gap="skip", window_ms=9_000)
    assert (again.id, known(again)) == (first.id, known(first))


def test_what_is_said_of_a_duplicate_comes_from_the_job(system: RealSystem) -> None:
    """A listener's request for a job of the store hears it from the store, as often as it likes."""
    text = sentences(3, "drained")
    first = enqueue(system, text, idempotency_key="drained")
    assert first.wait(PATIENCE_S).state == "done"
    again = enqueue(system, text, idempotency_key="drained", kind="live")
    assert (again.id, again.drain, again.status().kind) == (first.id, DrainMode.STORE, "batch")
    assert b"".join(again.pcm()) == b"".join(again.pcm()) == stream_of(text)
    session = system.producer().open(request(idempotency_key="an open one"))
    assert opened(system.producer(), "an open one").job.drain is session.job.drain is DrainMode.STORE
    session.job.cancel()


def test_a_recorded_job_that_the_pool_has_forgotten_keeps_its_text(system: RealSystem) -> None:
    """Of a job that is over only the recording and its key are left; a duplicate of any length is that job."""
    text = sentences(70, "recorded")
    first = enqueue(system, text, idempotency_key="recorded")
    assert first.wait(PATIENCE_S).state == "done"
    with system.redis as client:
        client.delete(f"{pool_prefix('tone')}:j:{first.id}")
    for kind in ("batch", "live"):
        again = enqueue(system, text, idempotency_key="recorded", kind=kind)
        assert (again.id, again.drain, again.status().kind) == (first.id, DrainMode.STORE, "")
        assert b"".join(again.pcm()) == stream_of(text)
    for other in (text[:69], [*text, "More."], [*text[:69], "Other."]):
        with pytest.raises(IdempotencyConflict):
            enqueue(system, other, idempotency_key="recorded")


def test_a_job_that_was_cancelled_is_still_the_job_of_its_key(system: RealSystem) -> None:
    """However long its text was."""
    text, silent = sentences(70, "cancelled"), {"pool": "silent", "idempotency_key": "cancelled"}
    first = enqueue(system, text, **silent)
    first.cancel()
    again = enqueue(system, text, **silent)
    assert (again.id, again.status().state) == (first.id, "cancelled")


def test_an_open_job_of_a_key_takes_the_same_text_again_and_no_other(system: RealSystem) -> None:
    """As after a crash of its writer: the text is sent again from the beginning."""
    first = opened(system.producer(), "open")
    first.say("One is said. Two is said. Thr")
    with pytest.raises(IdempotencyConflict), opened(system.producer(), "open") as other:  # it raises inside
        other.say("One is said. But not so. ")
    with pytest.raises(IdempotencyConflict), opened(system.producer(), "open") as shorter:
        shorter.say("One is said. ")
    first.closed.set()  # as if its process were gone: its lease is not renewed
    with opened(system.producer(), "open") as again:
        again.say("One is said. Two is said. Three is said.")
    assert again.job.id == first.job.id
    assert Listener(again.job).pcm() == stream_of(["One is said.", "Two is said.", "Three is said."])


def test_a_text_whose_producer_was_taken_for_dead_is_heard_whole_under_its_key(system: RealSystem) -> None:
    """It stood still for longer than its lease. What it has sent is closed; it learns so, and half is not all."""
    text = [*system.held(sentences(3, "stood still")), *sentences(40, "stands still")]
    submission = system.producer().begin(text, request(idempotency_key="slow"))
    assert submission.n == FIRST_BATCH
    run(
        submission.pool_client.redis,
        pool_calls.extend(submission.pool_client.pool, submission.job.id, submission.n, [], producer_ms=1),
    )
    # A sweep that came before the lease was shortened would look again after the old one.
    system.make_due(f"{pool_prefix(submission.job.pool)}:act", submission.job.id)
    wait_until(lambda: submission.job.status().closed, "its lease is over")
    with pytest.raises(JobEnded, match="was closed with 32 sentences: its producer's lease expired"):
        submission.send_rest()
    system.gate.touch()  # had it ended before, it could not be distinguished from a job that was closed
    job = enqueue(system, text, idempotency_key="slow")
    assert job.id != submission.job.id
    assert Listener(job).pcm() == stream_of(text)
    assert enqueue(system, text, idempotency_key="slow").id == job.id


def test_a_text_at_hand_goes_on_with_an_open_job(system: RealSystem) -> None:
    first = opened(system.producer(), "half")
    first.say("One is said. Two is said. ")
    first.closed.set()
    job = enqueue(system, [Sentence("One is said."), "Two is said.", "Three is said."], idempotency_key="half")
    assert job.id == first.job.id
    assert Listener(job).pcm() == stream_of(["One is said.", "Two is said.", "Three is said."])
