"""The sentence ahead: the engine of a busy process goes on while a slot waits for the answer to its report."""

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seriatim.celery_app import TASK, make_app
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from workers.hot_slots.sentence_ahead import EnginePlaces, ThreadAhead

SLOTS, N = 4, 60
WAITED = re.compile(r"ahead_ms=(?!0\.0\b)")


@pytest.fixture
def system(new_system: Callable[..., RealSystem]) -> Iterator[RealSystem]:
    """Each sentence has one attempt, however busy the machine is."""
    with new_system(lease_ms=60_000, message_timeout_ms=60_000) as system:
        system.reassembler()
        system.workers(1, slots=SLOTS, options={"fixed_ms": 40})
        yield system


def enqueue(system: RealSystem, text: list[str]) -> Job:
    request = JobRequest.of({"engine": "tone", "kind": "batch", "drain": "window", "window_ms": 3_600_000})
    return system.producer().enqueue(text, request)


def inspected(system: RealSystem, what: str) -> Any:
    """What the one worker answers to `celery inspect`."""
    with make_app(system.settings.broker) as app:
        answer: Any = wait_until(getattr(app.control.inspect(limit=1, timeout=5), what), "it answers")
    (found,) = answer.values()
    return found


def test_a_sentence_ahead_is_spoken_in_its_turn_and_is_a_task_like_all(system: RealSystem) -> None:
    n_texts = itertools.count(1)

    def one_was_ahead() -> bool:
        text = sentences(N, f"ahead {next(n_texts)}")
        assert Listener(enqueue(system, text)).pcm() == stream_of(text)
        return bool(WAITED.search(system.log("workers")))

    wait_until(
        one_was_ahead, "one waits for a place in the engine; on a busy machine sentences may take too long for that"
    )
    wait_until(lambda: inspected(system, "active") == [], "each has ended")
    n_spoken = N * (next(n_texts) - 1)
    assert inspected(system, "stats")["total"] == {TASK: n_spoken}
    wait_until(lambda: system.log("workers").count("result='spoken'") == n_spoken, "each has its line")
    assert system.attempts_lost() == 0


@pytest.mark.thorough
def test_a_process_that_drains_speaks_what_it_holds(system: RealSystem) -> None:
    text = sentences(10 * N, "drained")
    job = enqueue(system, text)
    listener = Listener(job)
    wait_until(lambda: WAITED.search(system.log("workers")) or job.status().state == "done", "one was ahead")
    worker = system.children["workers"]
    worker.terminate()
    assert worker.wait(PATIENCE_S) == 0
    system.workers(1, name="others", slots=SLOTS, options={"fixed_ms": 1})
    assert listener.pcm() == stream_of(text)
    assert system.attempts_lost() == 0
    assert "Traceback" not in system.log("workers")


def test_no_more_sentences_than_places_are_in_the_engine() -> None:
    places, dropped = EnginePlaces(2), threading.Event()
    with places.place(dropped) as first, places.place(dropped) as second:
        assert (first, second) == (0, 0), "they did not wait"
        waiting = threading.Event()

        def wait() -> None:
            with places.place(dropped) as ahead_s:
                assert ahead_s > 0
                waiting.set()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        assert not waiting.wait(0.1)
    assert waiting.wait(PATIENCE_S)
    thread.join(PATIENCE_S)


def test_what_is_dropped_waits_for_no_place() -> None:
    places, dropped = EnginePlaces(1), threading.Event()
    dropped.set()
    with places.place(threading.Event()):
        with places.place(dropped):
            pass
        with places.place(dropped):
            pass
    with places.place(threading.Event()) as ahead_s:
        assert ahead_s == 0, "none was given back that was not taken"


def test_one_thread_at_most_speaks_the_sentence_ahead() -> None:
    ahead, end = ThreadAhead(allowed=True), threading.Event()
    assert not ThreadAhead(allowed=False).reserve(60)
    assert not ahead.reserve(1), "behind such a sentence it is not worth it"
    assert ahead.reserve(60)
    assert not ahead.reserve(60), "another slot asks already"
    ahead.give_up()
    assert ahead.reserve(60)
    ahead.start(lambda: end.wait(PATIENCE_S))
    assert not ahead.reserve(60)
    end.set()
    ahead.join()
    assert ahead.reserve(60), "it has ended"
