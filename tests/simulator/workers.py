"""Worker processes: slots that claim, open, speak and append, a beat that renews, and their supervisor."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seriatim import job as slot
from seriatim import pool
from seriatim.job import Append, Chunk, Open, Opened
from seriatim.pcm import ms_of_bytes
from seriatim.pool import Claim, Claimed, Facts, Retry
from seriatim.records import Doorbell
from tasks.engine import Continuity
from tests.simulator.dispatch import dispatch, receive
from tests.simulator.plan import ENDED_LIFE_MS, MAX_FAILURES, RATE_HZ, JobPlan
from tests.simulator.producers import SPEC, sentence
from tests.simulator.studio import Take, state
from tests.simulator.world import POOL, Died, Process, Steps, Violation

if TYPE_CHECKING:
    from tests.simulator.run import Run

LEASE_MS = 1_200  #: shorter than the longest sentence: who does not beat becomes a zombie in the midst of it
LIFE_MS = 1_600  #: a process without a beat for so long counts as dead
BEAT_MS = 400
RETRY = Retry(max_failures=MAX_FAILURES, backoff_ms=200, ended_life_ms=ENDED_LIFE_MS)
DRAIN = 0.002  #: share of looks into an empty queue at which a process is asked to end in order


@dataclass(slots=True)
class Speech:
    """One attempt's sound, from byte `base` of the sentence on."""

    base: int
    body: bytes
    take: Take
    begin: int  #: byte of the take at which the body begins
    checksum: int  #: of the bytes before `base`
    differs: bool  #: the bytes before `base` were heard differently

    @property
    def end(self) -> int:
        """Length of the sentence."""
        return self.base + len(self.body)

    def chunk(self, plan: JobPlan, start: int, end: int, final: bool, forget: bool) -> Chunk:
        """Bytes `start` to `end` of the sentence; `forget`: the engine gives no state here."""
        pcm = self.body[start - self.base : end - self.base]
        checksum = zlib.crc32(self.body[: end - self.base], self.checksum)
        note = b"" if forget else state(plan, self.take, self.begin + end - self.base)
        return Chunk(start, pcm, final, checksum, note, self.differs and start == self.base)


class Worker(Process):
    """One process with its slots."""

    def __init__(self, run: "Run", slots: int) -> None:
        super().__init__(run.world, run.world.name("worker"))
        self.run, self.slots = run, slots
        self.running: dict[Doorbell, None] = {}
        self.lost: set[Doorbell] = set()
        self.draining = False

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "beat", self._beat()
        for number in range(self.slots):
            yield f"slot{number}", self._slot(f"{self.name}.{number}")

    def died(self) -> Process | None:
        if self.world.rng.random() < 0.5:  # its supervisor saw it
            self.world.spawn(Undertaker(self.run, self.name), self.world.rng.randint(0, 300))
        return Worker(self.run, self.slots)

    def _register(self, who: str) -> Steps[None]:
        yield from self.world.ask(who, pool.rebase, POOL)
        facts = Facts(self.slots, RATE_HZ, "exact", self.world.plan.rtf, 0.9, 0.05, "[]", "sim", "here", 1, 1)
        yield from self.world.ask(who, pool.register, POOL, self.name, LIFE_MS, facts)

    def _beat(self) -> Steps[None]:
        yield from self._register(self.name)
        while not (self.draining and not self.running):
            slots = 0 if self.draining else self.slots
            known, lost = yield from self.world.ask(
                self.name, pool.beat, POOL, self.name, LIFE_MS, slots, LEASE_MS, list(self.running)
            )
            self.lost |= lost
            if not known and not self.draining:
                yield from self._register(self.name)
            yield BEAT_MS
        yield from self.world.ask(self.name, pool.leave, POOL, self.name, RETRY, died=False)
        self.world.spawn(Worker(self.run, self.slots), self.world.rng.randint(0, 500))

    def _slot(self, who: str) -> Steps[None]:
        yield 50
        while not self.draining:
            bell = receive(self.run)
            if bell is None:
                self.draining = self._asked_to_end()
                yield self.world.rng.randint(40, 250)
                if self.world.rng.random() < 0.3:
                    yield from dispatch(self.run, who)
                continue
            yield from self._take(who, bell)
            yield from dispatch(self.run, who)

    def _asked_to_end(self) -> bool:
        return self.world.faulty and not self.world.plan.calm and self.world.rng.random() < DRAIN

    def _take(self, who: str, bell: Doorbell) -> Steps[None]:
        claimed = yield from self._claim(who, bell)
        if claimed.verdict is not Claim.CLAIMED:
            return
        plan = self.world.plans[bell.job]
        if (claimed.sentence, claimed.spec) != (sentence(bell.seq), SPEC):
            raise Violation(f"{bell}: claimed {claimed}")
        self.running[bell] = None
        try:
            yield from self._attempt(who, bell, plan, claimed)
        finally:
            self.running.pop(bell, None)

    def _claim(self, who: str, bell: Doorbell) -> Steps[Claimed]:
        while True:
            claimed = yield from self.world.ask(who, pool.claim, POOL, bell, self.name, LEASE_MS)
            if claimed.verdict is Claim.UNKNOWN:
                yield from self._register(who)
            elif claimed.verdict is Claim.WAIT:
                self.world.tally["waits"] += 1
                yield self.world.rng.randint(50, 300)
            else:
                return claimed

    def _attempt(self, who: str, bell: Doorbell, plan: JobPlan, claimed: Claimed) -> Steps[None]:
        yield from self._hang()
        started = self.world.now
        line = plan.lines[bell.seq]
        opened = yield from self.world.ask(
            who, slot.open_sentence, bell.job, bell.seq, bell.attempt, plan.continuity, RATE_HZ, f"{bell.seq}"
        )
        if opened.verdict is Open.DONE:
            yield from self._finish(who, bell, claimed, 0, opened.base)
        elif opened.verdict is not Open.OPEN:
            self.world.count("fenced", bell, opened.verdict)
        elif self._refuses(bell, line.flaky):
            yield from self._fail(who, bell, claimed, "the engine gave nothing", blame=True)
        else:
            length = yield from self._deliver(who, bell, plan, opened, claimed)
            if length is not None:
                yield from self._finish(who, bell, claimed, self.world.now - started, length)

    def _refuses(self, bell: Doorbell, flaky: int) -> bool:
        return self.run.ledger.claims[bell.job, bell.seq] <= flaky

    def _deliver(self, who: str, bell: Doorbell, plan: JobPlan, opened: Opened, claimed: Claimed) -> Steps[int | None]:
        """Speak and append; returns the sentence's length in bytes once it is whole, None if this attempt is over."""
        speech = self._speech(plan, bell.seq, opened)
        at = speech.base
        while True:
            end = min(speech.end, at + 2 * self.world.rng.randint(20, 250))
            yield ms_of_bytes(end - at, RATE_HZ) * self.world.plan.rtf
            if (yield from self._interrupted(who, bell, plan, claimed)):
                return None
            chunk = self._chunk(speech, plan, bell.seq, (at, end))
            verdict, received = yield from self.world.ask(who, slot.append, bell.job, bell.seq, bell.attempt, chunk)
            if verdict in (Append.OK, Append.DONE) and chunk.final:
                return speech.end
            if verdict is Append.DONE:
                return received
            if verdict is not Append.OK and not (verdict is Append.GAP and received >= speech.base):
                self.world.count("fenced", bell, verdict)
                return None
            at = end if verdict is Append.OK else received

    def _hang(self) -> Steps[None]:
        """The whole process may stop here, and come back when somebody else is at its sentence."""
        if self.world.dice("hang"):
            yield self.world.stop(self.threads, self.world.rng.randint(1_300, 3_500))

    def _interrupted(self, who: str, bell: Doorbell, plan: JobPlan, claimed: Claimed) -> Steps[bool]:
        """What may come between two chunks: poison works, the beat says it is lost, the process is to end."""
        rng = self.world.rng
        yield from self._hang()
        if plan.lines[bell.seq].poison and rng.random() < 0.6:
            raise Died(f"{bell} is poison")
        if bell in self.lost and rng.random() < 0.3:  # or it learns of it when it is fenced out
            return True
        if self.draining and rng.random() < 0.3:
            yield from self._fail(who, bell, claimed, "the process ends", blame=False)
            return True
        return False

    def _chunk(self, speech: Speech, plan: JobPlan, seq: int, at: tuple[int, int]) -> Chunk:
        """The next chunk, perhaps from further back, perhaps not yet said to be the last."""
        rng, (start, end) = self.world.rng, at
        final = end == speech.end and not plan.lines[seq].poison and rng.random() < 0.8
        if self.world.dice("overlap"):
            start = max(speech.base, start - 2 * rng.randint(0, 400))
        return speech.chunk(plan, start, end, final, forget=rng.random() < 0.2)

    def _speech(self, plan: JobPlan, seq: int, opened: Opened) -> Speech:
        """What a real worker does with the answer to an open: resume, or speak from the beginning and compare."""
        heard = opened.checksum or 0
        if opened.state and plan.continuity is Continuity.RESUMABLE:
            take, begin = self.run.world.studio.resume(plan, seq, opened.state)
            return Speech(opened.base, take.pcm[begin:], take, begin, heard, differs=False)
        take = self.run.world.studio.speak(plan, seq)
        own = zlib.crc32(take.pcm[: opened.base])
        differs = (
            opened.base > 0 and plan.continuity is not Continuity.NONE and (own != heard or len(take.pcm) < opened.base)
        )
        return Speech(opened.base, take.pcm[opened.base :], take, opened.base, own, differs)

    def _finish(self, who: str, bell: Doorbell, claimed: Claimed, wall_ms: float, length: int) -> Steps[None]:
        yield from self.world.ask(
            who, pool.finish, POOL, bell, claimed.epoch, wall_ms, ms_of_bytes(length, RATE_HZ), ENDED_LIFE_MS
        )

    def _fail(self, who: str, bell: Doorbell, claimed: Claimed, reason: str, *, blame: bool) -> Steps[None]:
        self.world.tally["failures"] += 1
        yield from self.world.ask(who, pool.fail, POOL, bell, claimed.epoch, reason, RETRY, blame=blame)


class Undertaker(Process):
    """A supervisor that saw a worker process die."""

    def __init__(self, run: "Run", owner: str) -> None:
        super().__init__(run.world, f"undertaker-{owner}")
        self.owner = owner

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "", self._work()

    def died(self) -> Process | None:
        return None

    def _work(self) -> Steps[None]:
        yield from self.world.ask(self.name, pool.leave, POOL, self.owner, RETRY, died=True)
