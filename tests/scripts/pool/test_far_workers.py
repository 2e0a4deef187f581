"""Workers far from Redis, in a simulated time: the listeners that are accepted hear no silence.

The scripts are real, and what is between them is an event of the simulation: a trip to Redis or to the broker takes
`delay_ms` each way, a second of audio `RTF` seconds of a slot. So no machine is too slow for it.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import pytest
from redis import Redis

from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import ClaimVerdict, FinishedSentence, NextSentence, SubmitVerdict
from seriatim.records import TaskMessage
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, PoolDriver
from workers.registration import first_rtf

SLOTS, RTF = 2, 0.2
SENTENCE_MS, CHUNKS = 1_000, 5
TEXT = (SENTENCE_MS,) * 30
ARRIVAL_MS, N_ARRIVALS = 1_500, 20  #: more than there is room for
BURST_MS = (0, 50, 400, 800)  #: between arrivals, of which most come before a sentence was measured
REPORT_MS = 500  #: between two reports of what a listener has heard
SILENCE_MS = 100


@dataclass(slots=True)
class FarListener:
    """One who plays what there is, in order."""

    chunks: dict[tuple[int, int], float] = field(default_factory=dict)  #: (seq, chunk) -> when it was in Redis
    heard_ms: float = 0.0
    free_at: float = 0.0  #: when the player has played what it got
    longest_ms: float = 0.0  #: silence
    position: int = 0  #: chunks played or queued

    def take(self) -> None:
        """Play on with what has come."""
        while (at := self.chunks.get(divmod(self.position, CHUNKS))) is not None:
            if self.position:
                self.longest_ms = max(self.longest_ms, at - self.free_at)
            self.free_at = max(self.free_at, at) + SENTENCE_MS / CHUNKS
            self.position += 1

    def played_ms(self, now: float) -> float:
        return self.position * SENTENCE_MS / CHUNKS - max(0, self.free_at - now)


class FarWorkers:
    """A pool whose slots are `delay_ms` from Redis and the broker; producers and listeners are beside them."""

    def __init__(self, redis: Redis, delay_ms: int, *, hot: bool, arrival_ms: int = ARRIVAL_MS) -> None:
        self.pool = PoolDriver(redis, slots=0, rtf=first_rtf(RTF, 2 * delay_ms / 1000))
        self.delay_ms, self.hot, self.arrival_ms = delay_ms, hot, arrival_ms
        self.pool.hire("w1", SLOTS, hot=hot)
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = count()
        self.queue: deque[TaskMessage] = deque()
        self.free: deque[float | None] = deque([None] * SLOTS)  #: when each free slot's last sentence ended
        self.listeners: dict[str, FarListener] = {}

    def after(self, ms: float, event: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.pool.now + ms, next(self.numbers), event))

    def run(self) -> None:
        for n in range(N_ARRIVALS):
            self.after(n * self.arrival_ms, lambda n=n: self.arrive(f"talk{n}"))  # type: ignore[misc]  # bound now
        while self.events:
            at, _, event = heapq.heappop(self.events)
            self.pool.now = at  # type: ignore[assignment]  # ms, whole or not
            event()

    def arrive(self, job: str) -> None:
        if self.pool.submit(job, *TEXT, user=job).verdict is SubmitVerdict.ACCEPTED:
            self.listeners[job] = FarListener()
            self.publish(self.pool.pick())
            self.after(REPORT_MS, lambda: self.report(job))

    def report(self, job: str) -> None:
        listener = self.listeners[job]
        listener.take()
        played, delivered = listener.played_ms(self.pool.now), listener.position * SENTENCE_MS / CHUNKS
        if played < sum(TEXT):
            self.pool.ack(job, delivered, played if delivered else -1)
            self.publish(self.pool.pick())
            self.after(REPORT_MS, lambda: self.report(job))

    def publish(self, messages: list[TaskMessage]) -> None:
        self.queue += messages
        while self.queue and self.free:
            message, free_since = self.queue.popleft(), self.free.popleft()
            self.after(2 * self.delay_ms, lambda m=message, f=free_since: self.claim(m, f))  # type: ignore[misc]

    def claim(self, message: TaskMessage, free_since: float | None) -> None:
        """The message went to the worker, and its claim to Redis."""
        idle_ms = None if free_since is None else round(self.pool.now - self.delay_ms - free_since)
        assert self.pool.claim(message, idle_ms=idle_ms).verdict is ClaimVerdict.CLAIMED
        self.after(self.delay_ms, lambda: self.open(message))

    def open(self, message: TaskMessage) -> None:
        self.after(2 * self.delay_ms, lambda: self.speak(message, 0, self.pool.now))

    def speak(self, message: TaskMessage, chunk: int, began: float) -> None:
        """The engine makes a chunk, which is appended, and then the next one."""
        cost_ms, listener = RTF * SENTENCE_MS / CHUNKS, self.listeners[message.job]
        self.after(cost_ms + self.delay_ms, lambda: listener.chunks.__setitem__((message.seq, chunk), self.pool.now))
        last = chunk == CHUNKS - 1
        step = (lambda: self.end(message, began)) if last else (lambda: self.speak(message, chunk + 1, began))
        self.after(cost_ms + 2 * self.delay_ms, step)

    def end(self, message: TaskMessage, began: float) -> None:
        """The slot is free, or takes the next one with its report."""
        finished = FinishedSentence(self.pool.epochs[message], self.pool.now - began, SENTENCE_MS)
        if self.hot:
            self.after(self.delay_ms, lambda: self.finish_and_claim(message, finished))
            return
        self.free.append(self.pool.now)
        self.after(self.delay_ms, lambda: self.finish(message, finished))
        self.publish([])

    def finish(self, message: TaskMessage, finished: FinishedSentence) -> None:
        """The report, and the pick with it; what was picked is published with the reply."""
        self.pool.do(pool_scripts.finish(POOL, message, finished).at(self.pool.now))
        picked = self.pool.pick()
        self.after(2 * self.delay_ms, lambda: self.publish(picked))

    def finish_and_claim(self, message: TaskMessage, finished: FinishedSentence) -> None:
        call = pool_scripts.finish_and_claim(POOL, message, finished, 600_000, "w1", LEASE_MS, 32, 4_000)
        reply: NextSentence = self.pool.do(call.at(self.pool.now))
        self.after(2 * self.delay_ms, lambda: self.publish(list(reply.picked)))
        following = reply.message
        if following is None or reply.claimed is None:
            free_since = self.pool.now
            self.after(self.delay_ms, lambda: self.free.append(free_since))
            self.after(self.delay_ms, lambda: self.publish([]))
            return
        self.pool.epochs[following] = reply.claimed.epoch
        self.after(self.delay_ms, lambda: self.open(following))


def accepted(redis: Redis, delay_ms: int, *, hot: bool, arrival_ms: int = ARRIVAL_MS) -> int:
    """How many listeners were accepted; none of them heard silence."""
    system = FarWorkers(redis, delay_ms, hot=hot, arrival_ms=arrival_ms)
    system.run()
    for listener in system.listeners.values():
        listener.take()
        assert listener.position == len(TEXT) * CHUNKS, "all was spoken"
    silences = {job: round(listener.longest_ms) for job, listener in system.listeners.items()}
    late = {job: ms for job, ms in silences.items() if ms > SILENCE_MS}
    assert late == {}, f"at {delay_ms} ms, {arrival_ms} ms between arrivals"
    return len(silences)


@pytest.mark.parametrize("hot", [False, True], ids=["by message", "hot"])
def test_no_accepted_listener_hears_silence_however_far_the_workers_are(redis: Redis, *, hot: bool) -> None:
    """The farther they are, the fewer listeners: a slot speaks a second of audio in 200 to 560 ms."""
    found = []
    for delay_ms in (0, 5, 20):
        redis.flushall()
        found.append(accepted(redis, delay_ms, hot=hot))
    assert found == sorted(set(found), reverse=True)
    assert found[0] >= SLOTS / RTF * 0.9, "and not fewer than there is room for"
    assert found[-1] >= SLOTS / 0.56 * 0.9


@pytest.mark.parametrize("arrival_ms", BURST_MS)
def test_nor_do_those_who_come_before_anything_was_measured(redis: Redis, arrival_ms: int) -> None:
    """A worker's first guess counts the trips: by its engine alone nine were accepted, and heard silence."""
    assert accepted(redis, 20, hot=False, arrival_ms=arrival_ms) >= 3
