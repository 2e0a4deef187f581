"""Producers: they enqueue jobs, add to open ones in pieces, send again after a crash, and sometimes never come back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seriatim.errors import MemoryFull
from seriatim.keys import job_prefix, pool_prefix
from seriatim.lua import job_scripts as slot
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import ExtendVerdict, Submission, SubmitResult, SubmitVerdict
from seriatim.records import JobSpec, Sentence, TaskMessage
from seriatim.user_limits import UserLimits
from tests.simulator import joint_calls
from tests.simulator.dispatch import MOST, PUBLISH_MS, dispatch, publish_picked
from tests.simulator.plan import ENDED_LIFE_MS, GRACE_MS, LIFE_MS, PRODUCER_MS, JobPlan, Memory
from tests.simulator.scheduler import POOL, Process, Steps

if TYPE_CHECKING:
    from tests.simulator.run import Run

TRIES = 40  #: of a submission; a live job may be refused until others end
FULL_MS = 500  #: after which a producer that the server had no memory for comes again
IMPATIENCE_MS = 5_000  #: after which a producer comes again, although it was asked to wait for longer
SPEC = JobSpec(voice="v", seed=7).to_json()


def sentence(seq: int) -> str:
    """A sentence's record: its text is its number, so that a foreign one is noticed."""
    return Sentence(text=f"{seq}").to_json()


def arguments(plan: JobPlan, start: int, end: int) -> list[str]:
    """Sentences as submit and extend take them."""
    return [
        pool_scripts.sentence_argument(line.estimate_ms, sentence(seq))
        for seq, line in enumerate(plan.lines[start:end], start)
    ]


class SimulatedProducer(Process):
    """One job's producer."""

    def __init__(self, run: "Run", plan: JobPlan, first: bool = True) -> None:
        super().__init__(run.world, run.world.name(f"producer-{plan.job}-"))
        self.run, self.plan, self.first = run, plan, first
        self.job = run.world.name(f"{plan.job}k") if plan.keyed else plan.job
        self.n_sent = -1  #: sentences of an open job that are sent; -1: it is not accepted, or closed
        self.known = ""  #: its job's id once it is accepted
        self.joint: tuple[TaskMessage, ...] | None = None  #: what the step picked that made slot and job; None: no such
        run.ledger.waiting.add(plan.job)

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "", self._work()
        if self.plan.open and self.plan.keeps:
            yield "keep", self._keep()

    def died(self) -> Process | None:
        if self.plan.faithful and self.world.blackout_ms < LIFE_MS:  # after that its jobs are over
            return SimulatedProducer(self.run, self.plan, first=False)
        self.run.ledger.waiting.discard(self.plan.job)
        return None

    def _work(self) -> Steps[None]:
        if self.first:
            yield self.plan.start_ms
        self.known = known = yield from self._enter()
        if known:
            yield from self._confirm(known)
            if self.plan.open:
                yield from self._say(known)
        else:
            self.run.ledger.refused.add(self.plan.job)
        self.run.ledger.waiting.discard(self.plan.job)

    def _enter(self) -> Steps[str]:
        """Submit until accepted; returns the job's id, '' if it was always refused."""
        world, plan = self.world, self.plan
        world.plans[self.job] = plan
        if (yield from self._lost()):
            return ""
        for _ in range(TRIES):
            try:
                answer = yield from self._submit()
            except MemoryFull:
                yield FULL_MS
                continue
            if answer.verdict in (SubmitVerdict.ACCEPTED, SubmitVerdict.DUPLICATE):
                if answer.job != self.job:
                    yield from self._withdraw()
                return answer.job
            yield from self._withdraw()
            world.tally["refused"] += 1
            yield min(answer.retry_after_ms, IMPATIENCE_MS)
        return ""

    def _lost(self) -> Steps[bool]:
        """Did the slot of the job that this one comes back to run out, unconfirmed, while its producer was away?

        A real producer would not notice: it takes a new id for every try, and never makes a slot anew.
        """
        yield 0
        redis = self.world.redis
        known = redis.exists(f"{pool_prefix(POOL)}:j:{self.job}")
        return bool(known and not redis.exists(f"{job_prefix(self.job)}:c:{self.job}"))

    def _submit(self) -> Steps[SubmitResult]:
        n = -1 if self.plan.open else len(self.plan.lines)
        made_with = slot.JobSlot(self.plan.hold, self.plan.drain, life_ms=LIFE_MS, ended_life_ms=ENDED_LIFE_MS)
        first = arguments(self.plan, 0, self._n_first())
        if first and self.world.rng.random() < self.world.plan.joint:
            answer, self.joint = yield from self.world.ask(
                self.name, joint_calls.init_and_submit, self.job, n, made_with, POOL, self._submission(), first, MOST,
                PUBLISH_MS,
            )  # fmt: skip
            self.world.tally["accepted in one step"] += answer.verdict is SubmitVerdict.ACCEPTED
            return answer
        self.joint = None
        yield from self.world.ask(self.name, slot.init, self.job, n, made_with)
        return (yield from self.world.ask(self.name, pool_scripts.submit, POOL, self._submission(), first))

    def _withdraw(self) -> Steps[None]:
        """A job was not accepted: its slot need not live. The joint step has seen to that."""
        if self.joint is None:
            yield from self.world.ask(self.name, slot.life, self.job, accepted=False)

    def _n_first(self) -> int:
        """How many sentences are known from the beginning."""
        return len(self.plan.lines) // 3 if self.plan.open else len(self.plan.lines)

    def _submission(self) -> Submission:
        plan = self.plan
        return Submission(
            job=self.job, user=plan.user, kind=plan.kind, spec=SPEC, closed=not plan.open,
            idempotency_key=f"key-{plan.job}" if plan.keyed else "", weight=plan.weight, gap=plan.gap,
            drain=plan.drain, window_ms=plan.window_ms, timeout_ms=plan.timeout_ms, life_ms=LIFE_MS,
            grace_ms=GRACE_MS, producer_ms=PRODUCER_MS if plan.open else 0, queue_limit_ms=plan.queue_limit_ms,
            ended_life_ms=ENDED_LIFE_MS, limits=UserLimits(jobs=plan.cap_jobs, in_flight=plan.cap_infl),
            memory_share=0.0 if self.world.room is Memory.TIGHT else 0.8,
        )  # fmt: skip

    def _confirm(self, job: str) -> Steps[None]:
        self.run.accepted(self.plan, job)
        if self.joint is not None and job == self.job:
            yield from publish_picked(self.run, self.name, self.joint)
            if not self.joint or len(self.joint) == MOST:
                yield from dispatch(self.run, self.name)
            return
        yield from self.world.settle(self.name, f"life|{job}", slot.life, job, accepted=True)
        yield from dispatch(self.run, self.name)

    def _say(self, job: str) -> Steps[None]:
        """The rest of an open job in pieces, the last one with `close`. Sent from where this process thinks it is."""
        plan, self.n_sent = self.plan, self._n_first()
        while True:
            end = min(len(plan.lines), self.n_sent + self.world.rng.randint(1, 3))
            verdict, known = yield from self._extend(job, end, close=end == len(plan.lines))
            if verdict in (ExtendVerdict.GONE, ExtendVerdict.CLOSED):
                break
            if verdict is ExtendVerdict.OK:
                yield from dispatch(self.run, self.name)
                self.n_sent = end
            if verdict is ExtendVerdict.OK and end == len(plan.lines):
                yield from self.world.settle(self.name, f"close|{job}|{known}|", slot.close, job, known)
                break
            self.n_sent = known if verdict is ExtendVerdict.GAP else self.n_sent
            yield 300 if verdict is ExtendVerdict.FULL else self.world.rng.randint(0, plan.pause_ms)
        self.n_sent = -1

    def _extend(self, job: str, end: int, *, close: bool) -> Steps[tuple[ExtendVerdict, int]]:
        """Send sentences up to `end`; where memory is full, again and again."""
        while True:
            try:
                return (yield from self.world.ask(
                    self.name, pool_scripts.extend, POOL, job, self.n_sent, arguments(self.plan, self.n_sent, end),
                    close=close, producer_ms=PRODUCER_MS, ended_life_ms=ENDED_LIFE_MS,
                ))  # fmt: skip
            except MemoryFull:
                yield FULL_MS

    def _keep(self) -> Steps[None]:
        """Renew the producer's lease while the job is open, in whatever it pauses."""
        while self.run.ledger.waiting & {self.plan.job}:
            yield PRODUCER_MS / 3
            if self.n_sent < 0:
                continue
            try:
                verdict, _ = yield from self.world.ask(
                    f"{self.name}.keep", pool_scripts.extend, POOL, self.known, self.n_sent, [], producer_ms=PRODUCER_MS
                )
            except MemoryFull:  # the next third of the lease may do
                continue
            if verdict in (ExtendVerdict.GONE, ExtendVerdict.CLOSED):
                return


class Canceller(Process):
    """A process that ends a job from outside, once."""

    def __init__(self, run: "Run", job: str, after_ms: int) -> None:
        super().__init__(run.world, run.world.name("canceller"))
        self.run, self.job, self.after_ms = run, job, after_ms

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "", self._work()

    def _work(self) -> Steps[None]:
        yield self.after_ms
        ending = "cancelled", "barge-in | by the user"
        entry = yield from self.world.ask(self.name, pool_scripts.cancel, POOL, self.job, *ending, ENDED_LIFE_MS)
        if entry:
            yield from self.world.settle(self.name, entry, slot.end, self.job, *ending)
