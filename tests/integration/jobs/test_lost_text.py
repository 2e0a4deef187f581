"""Text of which a part was lost on its way is an error, never a job that is done too soon."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.producer import FIRST_BATCH
from seriatim.errors import BadInput, JobCancelled, JobFailed, JobNotOpen
from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import run
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem

N = FIRST_BATCH + 700  #: the first step, and two more


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system()
    system.reassembler()
    system.workers(1)
    return system


def request(**options: object) -> JobRequest:
    return JobRequest.of({"engine": "tone", "kind": "batch", "drain": "window"} | options)


def lines(n: int = N) -> Iterator[str]:
    return (f"Line {i} of a text." for i in range(n))


def lose(system: RealSystem, job: str, n: int) -> None:
    """What a server that is killed under `everysec` may do: it knows fewer sentences than it acknowledged."""
    system.producer().redis.hset(f"{pool_prefix('tone')}:j:{job}", "n", n)


def test_a_long_text_of_which_the_server_lost_a_part_is_cancelled(system: RealSystem) -> None:
    submission = system.producer().begin(lines(), request())
    lose(system, submission.job.id, FIRST_BATCH - 5)
    with pytest.raises(JobFailed, match=f"the server lost sentences {FIRST_BATCH - 5} to {FIRST_BATCH} of job"):
        submission.send_rest()
    assert submission.job.status().state == "cancelled"


def test_an_open_job_of_which_the_server_lost_a_part_takes_no_more(system: RealSystem) -> None:
    job = system.producer().open(request())
    job.say("One sentence. And two. And three. And then ")
    lose(system, job.job.id, 1)
    with pytest.raises(JobNotOpen, match=r"the server lost sentences 1 to \d of job .*; open another job"):
        job.say("some more. And a last one. ")
    assert job.job.status().state == "cancelled"


def test_an_iterable_that_fails_leaves_no_job_that_is_done_with_half_the_text(system: RealSystem) -> None:
    def failing() -> Iterator[str]:
        yield from lines(FIRST_BATCH + 10)
        raise KeyError("the caller's own")

    submission = system.producer().begin(failing(), request())
    with pytest.raises(KeyError):
        submission.send_rest()
    with pytest.raises(JobCancelled, match="its text could not be read"):
        list(submission.job.audio())


def test_an_element_that_is_no_sentence_is_named(system: RealSystem) -> None:
    with pytest.raises(BadInput, match="element 1 of the text is bytes; expected a string or a Sentence"):
        system.producer().enqueue(["fine", b"not fine"], request())  # type: ignore[list-item]  # the point of the test


def test_a_submit_that_was_sent_twice_is_one_job(system: RealSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py sends again what was not answered in time: the second answer says DUPLICATE, of ourselves."""
    producer = system.producer()
    monkeypatch.setattr("seriatim.client.admission.run", lambda redis, call: [run(redis, call), run(redis, call)][-1])
    job = producer.enqueue(["Once."], replace(request(), idempotency_key="twice"))
    assert b"".join(job.pcm()) == stream_of(["Once."])
    assert job.status().state == "done"
