"""Early starts: a slot on standby has its engine begin with what it is given, while another thread claims that."""

import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import pytest
from celery.exceptions import Ignore

from seriatim.celery_app import make_app
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.dispatch import PoolClient
from seriatim.engine import AudioChunk, Utterance
from seriatim.errors import EngineFailed
from seriatim.keys import job_prefix, pool_prefix, standby_list, standby_slots
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import ChunkAppend
from seriatim.lua.pool_records import StandbySentence
from seriatim.lua.script_calls import run
from seriatim.records import BadRecord, TaskMessage
from seriatim.state.dispatched_sentences import read_dispatched
from tests.support.expected_audio import RATE_HZ, Listener, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from workers.attempt import run_attempt
from workers.engines.tone.engine import ToneEngine, ToneOptions
from workers.hot_slots.early_start import runs_here
from workers.registration import registration_of
from workers.worker_state import WorkerState

POOL = "tone"
LEASE_MS = 60_000
FIRST = ["The slot speaks this first."]


class WatchedEngine(ToneEngine):
    """The tone engine, which tells what it has started.

    A sentence that breaks fails before its first sound, and one that hums has none until the test says so.
    """

    def __init__(self, options: ToneOptions) -> None:
        super().__init__(options)
        self.started: list[str] = []
        self.may_sound = threading.Event()

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        self.started.append(utterance.text)
        if "breaks" in utterance.text:
            raise EngineFailed("it breaks")
        if "hums" in utterance.text:
            self.may_sound.wait(PATIENCE_S)
        yield from super().speak(utterance, cancelled)


@dataclass
class OneSlot:
    """A worker process with one slot, in a thread of the test's; `claims_may_go` holds its early claims back."""

    system: RealSystem
    engine: WatchedEngine = field(default_factory=lambda: WatchedEngine(ToneOptions(rate_hz=RATE_HZ)))
    claims_may_go: threading.Event = field(default_factory=threading.Event)
    outcomes: list[str] = field(default_factory=list)
    worker_state: WorkerState = field(init=False)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        settings = self.system.settings
        pool_client = PoolClient(self.system.redis, make_app(settings.broker, POOL), POOL, settings)
        facts = registration_of(self.engine, settings, 1)
        self.worker_state = WorkerState(pool_client, self.engine, "w1", facts)
        self.worker_state.waiting_redis = self.system.redis
        run(self.system.redis, pool_scripts.register(POOL, "w1", LEASE_MS, facts))

    def go_on_standby(self) -> None:
        """Speak a text, and wait for the next one; its claim will not be answered yet."""
        listener = Listener(self.enqueue(FIRST))
        (message,) = read_dispatched(self.system.redis, POOL)
        self.thread = threading.Thread(target=partial(self._run, message), daemon=True)
        self.thread.start()
        assert listener.pcm() == stream_of(FIRST)
        wait_until(lambda: self.system.redis.zcard(standby_slots(POOL)), "it waits")
        self.worker_state.claims.submit(self.claims_may_go.wait, PATIENCE_S)

    def _run(self, message: TaskMessage) -> None:
        try:
            self.outcomes.append(run_attempt(self.worker_state, message))
        except Ignore as why:
            self.outcomes.append(str(why))

    def enqueue(self, text: list[str]) -> Job:
        return self.system.producer().enqueue(text, JobRequest.of({"engine": "tone"}))

    def begin(self, text: list[str]) -> Job:
        """Have the engine begin with a text's only sentence, whose claim waits."""
        n_before = len(self.engine.started)
        job = self.enqueue(text)
        wait_until(lambda: len(self.engine.started) > n_before, "the engine begins")
        return job

    def end(self) -> str:
        """Let it claim what it has, speak that, and go back to Celery; returns how its run ended."""
        self.claims_may_go.set()

        def ended() -> bool:
            run(self.system.redis, pool_scripts.beat(POOL, "w1", LEASE_MS, 0, LEASE_MS, ()))
            return not self.thread.is_alive()

        wait_until(ended, "it ends")
        return self.outcomes[-1]

    @property
    def has_free_place(self) -> bool:
        """The engine speaks nothing, and is not held by what it has started."""
        with self.worker_state.places.place(_set()) as waited_s:
            return waited_s == 0


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@pytest.fixture
def slot(new_system: Callable[..., RealSystem]) -> Iterator[OneSlot]:
    calm = {"lease_ms": LEASE_MS, "message_timeout_ms": LEASE_MS, "hot_slots": "on"}
    with new_system(**calm) as system:
        system.reassembler()
        one = OneSlot(system)
        one.go_on_standby()
        try:
            yield one
        finally:
            one.claims_may_go.set()


def test_the_engine_begins_before_the_claim_and_nothing_is_heard_until_it(slot: OneSlot) -> None:
    text = ["It begins at once."]
    job = slot.begin(text)
    assert [message.job for message in read_dispatched(slot.system.redis, POOL)] == [job.id], "it is not claimed"
    wait_until(lambda: not slot.has_free_place, "the engine has a place taken")
    assert not slot.system.redis.hexists(f"{job_prefix(job.id)}:c:{job.id}", "a0"), "no attempt has sent anything"
    slot.claims_may_go.set()
    assert Listener(job).pcm() == stream_of(text)
    assert slot.end().startswith("SPOKEN")
    assert slot.engine.started.count(slot.engine.started[-1]) == 1
    assert slot.has_free_place
    assert slot.worker_state.running_attempts() == []


def test_what_is_claimed_is_watched_before_its_first_sound(slot: OneSlot) -> None:
    """Its lease is renewed, and an engine that is stuck is found."""
    text = ["It hums for long."]
    job = slot.begin(text)
    assert slot.worker_state.running_attempts() == []
    slot.claims_may_go.set()
    (attempt,) = wait_until(slot.worker_state.running_attempts, "it is claimed")
    assert (attempt.message.job, attempt.epoch != "", attempt.in_engine) == (job.id, True, True)
    slot.engine.may_sound.set()
    assert Listener(job).pcm() == stream_of(text)
    assert slot.end().startswith("SPOKEN")


def test_what_is_not_due_any_more_is_thrown_away(slot: OneSlot) -> None:
    job = slot.begin(["Somebody else had it."])
    job.cancel()
    wait_until(lambda: job.status().state == "cancelled", "it is cancelled")
    assert slot.end() == "GONE"
    assert slot.has_free_place
    assert slot.worker_state.running_attempts() == []
    assert slot.worker_state.outcomes.empty()


def test_a_sentence_that_fails_early_has_failed_once_it_is_claimed(slot: OneSlot) -> None:
    slot.begin(["This breaks."])
    assert slot.worker_state.outcomes.empty()
    assert slot.end() == "FAILED EngineFailed: it breaks"
    assert slot.worker_state.outcomes.get(timeout=PATIENCE_S)
    assert slot.has_free_place


def test_what_fails_early_and_is_not_due_any_more_has_not_failed(slot: OneSlot) -> None:
    job = slot.begin(["This breaks, too."])
    job.cancel()
    wait_until(lambda: job.status().state == "cancelled", "it is cancelled")
    assert slot.end() == "GONE"
    assert slot.worker_state.outcomes.empty()


def test_what_this_version_cannot_read_is_left_to_the_claim(slot: OneSlot) -> None:
    """A spec of a newer version must not end the slot's task: the claim says what becomes of it."""
    (name,) = cast("list[bytes]", slot.system.redis.zrange(standby_slots(POOL), 0, -1))
    key = standby_list(POOL, name.decode())
    slot.system.redis.rpush(key, 'other|0|7\n0|1|\n{"v":99}\n{"v":99}')
    assert slot.end() == "GONE"
    assert slot.has_free_place


def test_the_engine_begins_anew_if_there_is_audio_of_the_sentence(slot: OneSlot) -> None:
    """Another attempt had sent some of it, of which the pool knows nothing any more."""
    text = ["Half of it is there already."]
    job = slot.begin(text)
    (message,) = read_dispatched(slot.system.redis, POOL)
    redis, lower = slot.system.redis, message.attempt - 1
    run(redis, job_scripts.open_sentence(job.id, 0, lower, "exact", RATE_HZ, text[0]))
    half = stream_of(text)[:8_000]
    run(
        redis,
        job_scripts.append(job.id, 0, lower, ChunkAppend(0, half, final=False, checksum=zlib.crc32(half)), emits=True),
    )
    slot.claims_may_go.set()
    assert Listener(job).pcm() == stream_of(text)
    assert slot.end().startswith("SPOKEN")
    assert slot.engine.started[-2] == slot.engine.started[-1]


def test_a_claim_that_waits_leaves_its_place_in_the_engine_to_others(slot: OneSlot) -> None:
    """A sentence that may have killed a process runs alone in this one, and needs that place."""
    text = ["It waits for the suspect."]
    job = slot.begin(text)
    redis, key = slot.system.redis, f"{pool_prefix(POOL)}:w:w1"
    redis.hset(key, "alone", "other|0")
    slot.claims_may_go.set()
    wait_until(lambda: slot.has_free_place, "the early start is over")
    redis.hdel(key, "alone")
    assert Listener(job).pcm() == stream_of(text)
    assert slot.end().startswith("SPOKEN")


def test_a_claim_that_gets_no_answer_ends_the_early_start(slot: OneSlot) -> None:
    slot.begin(["Redis goes away."])
    slot.system.server.kill()
    slot.claims_may_go.set()
    slot.thread.join(PATIENCE_S)
    (outcome,) = slot.outcomes
    assert outcome.startswith("FAILED Redis unavailable")
    assert slot.has_free_place


@pytest.mark.parametrize(("engine", "may"), [("tone", True), ("openai", False), ("route", False), ("unknown", False)])
def test_only_engines_of_this_machine_begin_early(engine: str, *, may: bool) -> None:
    """Others may be paid for by the request."""
    assert runs_here(engine) is may


@pytest.mark.parametrize("lines", ["", "12|1|ann\n{}", "12|1|ann\n{}\n{}\n{}", "soon|1|ann\n{}\n{}"])
def test_a_sentence_with_other_lines_is_refused(lines: str) -> None:
    with pytest.raises(BadRecord, match="lines of lead"):
        StandbySentence.parse(f"job|0|7\n{lines}")
