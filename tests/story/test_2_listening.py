"""A listener may come late, leave, come back elsewhere, or never listen at all."""

import subprocess
import sys

import pytest

from seriatim import Audio, SentenceStart, attach, enqueue_job
from seriatim.errors import JobCancelled
from tests.support.process_system import RealSystem

BOOK = [f"Page {n} of a book has this sentence." for n in ("one", "two", "three", "four", "five", "six")]


def test_markers_say_where_each_sentence_begins_so_that_captions_come_for_free():
    captions = {}
    for entry in enqueue_job(BOOK, engine="tone").audio():
        if isinstance(entry, SentenceStart):
            captions[entry.at / 2 / entry.rate_hz] = entry.text  # the second of the job at which it is heard
    assert list(captions.values()) == BOOK
    assert sorted(captions) == list(captions)


def test_a_listener_goes_on_where_the_connection_broke():
    """Every entry has a position; with the last one that it has, a listener goes on at the next byte."""
    whole = b"".join(enqueue_job(BOOK, engine="tone").pcm())

    job = enqueue_job(BOOK, engine="tone")
    first, position = b"", "0-0"
    for entry in job.audio():
        first += entry.pcm if isinstance(entry, Audio) else b""
        position = str(entry.position)
        if len(first) > len(whole) // 2:
            break  # the train went into a tunnel
    assert first + b"".join(job.pcm(after=position)) == whole


def test_a_job_is_known_by_its_id_in_any_process(studio: RealSystem):
    job = enqueue_job(BOOK, engine="tone")
    elsewhere = "import sys, tasks; print(sum(len(pcm) for pcm in tasks.attach(sys.argv[1]).pcm()))"
    n_bytes = subprocess.check_output([sys.executable, "-c", elsewhere, job.id], env=studio.environment)
    assert int(n_bytes) == job.status().n_bytes


def test_a_batch_job_is_recorded_and_heard_later():
    """It has no listener while it is spoken. The recording is there for the first listener, and for the second."""
    job = enqueue_job(BOOK, engine="tone", kind="batch")
    assert job.wait(timeout_s=60).state == "done"
    first, second = (b"".join(attach(job.id).pcm()) for _ in range(2))
    assert first == second != b""


def test_a_listener_who_takes_nothing_stops_the_synthesis_of_that_job_alone():
    """The window: what lies between synthesis and listener is bounded, so that nothing is spoken in vain."""
    unheard = enqueue_job([f"Nobody hears sentence {n} yet." for n in range(40)], engine="tone", window_ms=4_000)
    read = enqueue_job(7 * BOOK, engine="tone")  # as many: a job that shared with it would have been spoken, too
    assert len(list(read.pcm())) >= 7 * len(BOOK)
    assert unheard.status().emitted < 10
    unheard.cancel()


def test_a_job_is_cancelled_in_the_middle_of_a_word():
    """Barge-in: the user begins to speak, and the voice stops."""
    job = enqueue_job([f"I could go on and on, {n} times." for n in range(50)], engine="tone", window_ms=5_000)
    listening = job.audio()
    next(listening)
    job.cancel("the user began to speak")
    with pytest.raises(JobCancelled, match="the user began to speak"):
        list(listening)
