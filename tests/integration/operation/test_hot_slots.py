"""Hot slots: short sentences follow each other in a slot without messages, and each is a Celery task all the same."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from redis import Redis

from seriatim.celery_app import make_app
from seriatim.client.job_options import JobRequest
from seriatim.dispatch import PoolClient
from seriatim.settings import Settings
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded
from tests.support.thorough_cases import mostly_thorough
from workers.engines.engine_registry import load
from workers.hot_slots.next_sentence import begin_run, may_take_next
from workers.hot_slots.standby import await_sentence
from workers.registration import registration_of
from workers.worker_state import SlotRun, WorkerState

N = 8
FEW = range(1, N)  #: where a worker on a busy machine gets no turn for 250 ms, there is one more
WINDOW_MS = 600_000  #: more than the text: whether the next sentence is there does not depend on the listener


@pytest.fixture
def broker() -> Iterator[PrivateServer]:
    with PrivateServer(embedded()) as server:
        yield server


def published(broker: PrivateServer) -> int:
    """Messages that were put into the broker's queues."""
    with broker.client() as client:
        return int(client.info("commandstats").get("cmdstat_lpush", {"calls": 0})["calls"])


def hear(system: RealSystem, name: str) -> None:
    text = sentences(N, name)
    request = JobRequest.of({"engine": "tone", "window_ms": WINDOW_MS})
    assert Listener(system.producer().enqueue(text, request)).pcm() == stream_of(text)


@pytest.mark.parametrize(
    ("setting", "cost_ms", "n_messages"),
    mostly_thorough([("auto", 0, FEW), ("auto", 260, [N]), ("on", 260, [1]), ("off", 0, [N])], 4),
)
def test_short_sentences_of_a_slot_need_one_message(
    new_system: Callable[..., RealSystem], broker: PrivateServer, setting: str, cost_ms: int, n_messages: Sequence[int]
) -> None:
    """By default only where a message would cost more than 2 % of a sentence's time."""
    with new_system(broker=broker, hot_slots=setting, message_timeout_ms=60_000, lease_ms=60_000) as system:
        system.reassembler()
        system.workers(1, options={"fixed_ms": cost_ms})
        n_texts = itertools.count(1)

        def counted() -> bool:
            """Whether a text had so many messages; where FEW may be more on a busy machine, we try again."""
            before = published(broker)
            hear(system, f"counted {next(n_texts)}")
            grown = published(broker) - before
            assert grown in n_messages or n_messages is FEW
            return grown in n_messages

        wait_until(counted, "short sentences follow each other without messages")
        n_ended = N * (next(n_texts) - 1)
        wait_until(
            lambda: system.log("workers").count("attempt ended") >= n_ended, "each has its line, behind its sound"
        )
        assert system.log("workers").count("attempt ended") == n_ended


def test_an_idle_slot_is_given_the_next_text_without_a_message(
    new_system: Callable[..., RealSystem], broker: PrivateServer
) -> None:
    """It waits in Redis for a moment behind each text; on a busy machine the next one may come later than that."""
    with new_system(broker=broker, hot_slots="on") as system:
        system.reassembler()
        system.workers(1)
        n_texts = itertools.count(1)

        def without_a_message() -> bool:
            before = published(broker)
            text = [f"This is text {next(n_texts)}."]
            assert Listener(system.producer().enqueue(text, JobRequest.of({"engine": "tone"}))).pcm() == stream_of(text)
            return published(broker) == before

        wait_until(without_a_message, "the slot was still waiting")


@pytest.fixture
def system(new_system: Callable[..., RealSystem]) -> Iterator[RealSystem]:
    # Each sentence has one attempt, and a drain lasts as long as the test holds it, however busy the machine is.
    calm = {"lease_ms": 60_000, "message_timeout_ms": 60_000, "worker_drain_s": 600}
    with new_system(hot_slots="on", **calm) as system:
        system.reassembler()
        system.workers(1, options={"fail_on": "trips"})
        yield system


def active(system: RealSystem) -> list[dict[str, Any]]:
    """The tasks that the one worker shows as active."""
    with make_app(system.settings.broker) as app:
        answer: Any = wait_until(app.control.inspect(limit=1, timeout=5).active, "it answers")
    return [task for tasks in answer.values() for task in tasks]


def test_celery_shows_the_sentence_that_is_spoken(system: RealSystem) -> None:
    text = system.held(["One.", "Two."])
    job = system.producer().enqueue(text, JobRequest.of({"engine": "tone"}))
    listener = Listener(job)
    (task,) = wait_until(lambda: [t for t in active(system) if t["id"].startswith(f"{job.id}:2:")], "it is active")
    assert task["args"][:2] == [job.id, 2]
    wait_until(lambda: len(active(system)) == 1, "those before it have ended")
    system.gate.touch()
    assert listener.pcm() == stream_of(text)
    wait_until(lambda: active(system) == [], "it has ended, too")


@pytest.mark.thorough
def test_a_worker_that_drains_takes_no_further_sentence(system: RealSystem) -> None:
    text = [*system.held(["One."]), "Three.", "Four."]
    job = system.producer().enqueue(text, JobRequest.of({"engine": "tone"}))
    listener = Listener(job)
    wait_until(lambda: [t for t in active(system) if t["id"].startswith(f"{job.id}:1:")], "it speaks")
    worker = system.children["workers"]
    worker.terminate()
    wait_until(lambda: system.slots() == 0, "it offers no slot")
    system.gate.touch()
    assert worker.wait(PATIENCE_S) == 0
    assert system.log("workers").count("result='spoken'") == 2
    system.workers(1, name="others")
    assert listener.pcm() == stream_of(text)


@pytest.mark.parametrize("end", ["it drains", "it is paused", "it is renewed", "the run is over"])
def test_a_slot_of_a_process_that_takes_no_more_work_does_not_go_on(redis: Redis, end: str) -> None:
    """Whatever the pool still believes: until the next heartbeat it has work for this process."""
    settings, engine = Settings(redis_url="redis://nowhere", hot_slots="on"), load("tone", {})
    pool_client = PoolClient(redis, make_app("memory://", "p"), "p", settings)
    worker_state = WorkerState(pool_client, engine, "w", registration_of(engine, settings, 1))
    slot_run = begin_run(worker_state)
    assert may_take_next(worker_state, slot_run, 70.0)
    if end == "it drains":
        worker_state.draining.set()
    elif end == "it is paused":
        worker_state.accepting.clear()
    elif end == "it is renewed":
        worker_state.renewing.set()
    else:
        slot_run = SlotRun(time.monotonic())
    assert not may_take_next(worker_state, slot_run, 70.0)


def test_a_slot_on_standby_whose_redis_is_gone_goes_back_to_celery(broker: PrivateServer) -> None:
    """Its last sentence is reported: the task must not fail."""
    redis, engine = broker.client(), load("tone", {})
    settings = Settings(redis_url="redis://nowhere")
    pool_client = PoolClient(redis, make_app("memory://", "p"), "p", settings)
    worker_state = WorkerState(pool_client, engine, "w", registration_of(engine, settings, 1))
    worker_state.waiting_redis = redis
    broker.kill()
    assert await_sentence(worker_state) is None


def test_a_failed_sentence_ends_the_run_and_is_spoken_again(system: RealSystem) -> None:
    text = ["One.", "This trips.", "Three."]
    job = system.producer().enqueue(text, JobRequest.of({"engine": "tone", "gap": "skip"}))
    Listener(job).all()
    failures = system.log("workers").count("attempt failed")
    assert failures == system.settings.max_failures
    assert "Traceback" not in system.log("workers")
