"""Worker processes: slots that claim, speak and append, a heartbeat that renews, a reporter that tells the pool."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from seriatim.audio.pcm import ms_of_bytes
from seriatim.engine import Continuity
from seriatim.errors import BUSY_SCOPES, MemoryFull
from seriatim.lua import job_scripts as slot
from seriatim.lua import pool_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, OpenResult, OpenVerdict
from seriatim.lua.joint_scripts import FinalAppend, WorkerAudio
from seriatim.lua.pool_records import (
    ClaimResult,
    ClaimVerdict,
    FinishedSentence,
    NextSentence,
    RetryPolicy,
    WorkerRegistration,
)
from seriatim.lua.script_calls import ScriptCall
from seriatim.records import TaskMessage
from tests.simulator import joint_calls, standby
from tests.simulator.dispatch import MOST, PUBLISH_MS, dispatch, publish, publish_picked, receive
from tests.simulator.joint_calls import TakeTerms
from tests.simulator.plan import ENDED_LIFE_MS, MAX_FAILURES, RATE_HZ, JobPlan
from tests.simulator.producers import SPEC, sentence
from tests.simulator.scheduler import POOL, Died, Process, Steps, Violation
from tests.simulator.speech import Speech, speech_of

if TYPE_CHECKING:
    from tests.simulator.run import Run

LEASE_MS = 1_200  #: shorter than the longest sentence: who does not beat becomes a zombie in the midst of it
LIFE_MS = 1_600  #: a process without a beat for so long counts as dead
BEAT_MS = 400
RETRY = RetryPolicy(max_failures=MAX_FAILURES, backoff_ms=200, ended_life_ms=ENDED_LIFE_MS)
FULL_MS = 6_000  #: how long a chunk waits for memory
RUN_MS = 3_000  #: after which a slot takes its next sentence by message again
TOGETHER = 4  #: results that are reported at once
AHEAD = ".ahead"  #: end of the name of the thread of the sentence ahead
DRAIN = 0.002  #: share of looks into an empty queue at which a process is asked to end in order


class Dropped(Exception):
    """This attempt was cancelled or taken over."""


class ChunkRefused(Exception):
    """The engine did not speak; `blame`: that counts towards giving the sentence up."""

    def __init__(self, why: str, *, blame: bool) -> None:
        super().__init__(why)
        self.blame = blame


class EngineOccupied(Exception):
    """The engine's server accepts no request now."""


class SimulatedWorker(Process):
    """One process with its slots."""

    def __init__(self, run: "Run", slots: int, machine: int = 0) -> None:
        super().__init__(run.world, run.world.name("worker"))
        self.run, self.slots, self.machine = run, slots, machine % run.world.plan.machines
        self.running: dict[TaskMessage, str] = {}  #: epoch of each claim
        self.handed_over: set[TaskMessage] = set()  #: others speak them, too
        self.lost: set[TaskMessage] = set()
        self.spilled: set[TaskMessage] = set()  #: the engine's memory was full: they all fail
        self.results: list[tuple[TaskMessage, Callable[[str], Steps[None]]]] = []  #: for the reporter
        self.next_ahead: TaskMessage | None = None  #: the sentence ahead
        self.asking = ""  #: the slot that asks for one
        self.ahead_runs = False  #: there is one, or the thread speaks that began with it
        self.draining = self.gone = False

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "beat", self._beat()
        yield "reporter", self._reporter(f"{self.name}.reporter")
        for number in range(self.slots):
            yield f"slot{number}", self._slot(f"{self.name}.{number}")
        if self.world.plan.ahead:
            yield "ahead", self._speak_ahead(f"{self.name}{AHEAD}")

    def died(self) -> Process:
        if self.world.rng.random() < 0.5:  # its supervisor saw it
            self.world.spawn(Undertaker(self.run, self.name), self.world.rng.randint(0, 300))
        return self._successor()

    def _successor(self) -> "SimulatedWorker":
        """The next process: perhaps after an upgrade, which changes what the engine gives."""
        return SimulatedWorker(self.run, self.slots, self.machine + 1)

    def _register(self, who: str) -> Steps[None]:
        yield from self.world.ask(who, pool_scripts.rebase, POOL)
        facts = WorkerRegistration(
            self.slots, RATE_HZ, self.world.plan.pool_continuity, self.world.plan.rtf, 0.9, 0.05, "[]", "sim", "here",
            1, 1, fingerprint=f"machine {self.machine}", hot=self.world.plan.hot > 0,
            ahead=self.world.plan.hot > 0 and self.world.plan.ahead > 0,
        )  # fmt: skip
        yield from self.world.ask(who, pool_scripts.register, POOL, self.name, LIFE_MS, facts)

    def _beat(self) -> Steps[None]:
        known = False
        while not (self.draining and not self.running and self.next_ahead is None):
            try:
                if not known and not self.draining:
                    yield from self._register(self.name)
                yield from self._hand_over()
                renewed = [message for message in self.running if message not in self.handed_over]
                slots = 0 if self.draining else max(0, self.slots - (len(self.running) - len(renewed)))
                known, lost = yield from self.world.ask(
                    self.name, pool_scripts.beat, POOL, self.name, LIFE_MS, slots, LEASE_MS, renewed
                )
                self.lost |= lost
            except MemoryFull:
                self.world.tally["not registered"] += 1
            yield BEAT_MS
        self.gone = True
        yield from self.world.ask(self.name, pool_scripts.leave, POOL, self.name, RETRY, died=False)
        self.world.spawn(self._successor(), self.world.rng.randint(0, 500))

    def _hand_over(self) -> Steps[None]:
        """The engine is silent for a sentence: another process speaks it, too, and this slot goes on all the same."""
        if not (self.running and self.world.dice("silent")):
            return
        message = self.world.rng.choice(list(self.running))
        if (
            yield from self.world.ask(
                self.name, pool_scripts.handover, POOL, message, self.name, self.running[message], 3_000
            )
        ):
            self.handed_over.add(message)
            self.world.count("handed over", message)

    def _slot(self, who: str) -> Steps[None]:
        yield 50
        while not self.draining:
            message = receive(self.run)
            if message is not None:
                yield from self._take(who, message)
                continue
            self.draining = self._asked_to_end()
            yield self.world.rng.randint(40, 250)
            if self.world.rng.random() < 0.3:
                yield from dispatch(self.run, who)

    def _asked_to_end(self) -> bool:
        return self.world.faulty and not self.world.plan.calm and self.world.rng.random() < DRAIN

    def _reporter(self, who: str) -> Steps[None]:
        """Tell the pool what became of sentences, and hand out the next; the slots take theirs meanwhile."""
        while not self.gone:
            results, self.results = self.results[:TOGETHER], self.results[TOGETHER:]
            for message, tell in results:
                yield from tell(who)
                self.running.pop(message, None)
            if results:
                yield from dispatch(self.run, who)
            yield self.world.rng.randint(0, 60)

    def _speak_ahead(self, who: str) -> Steps[None]:
        """The thread of the sentence ahead, and of what follows it."""
        while not self.gone:
            if self.next_ahead is not None:
                message, self.next_ahead = self.next_ahead, None
                self.world.tally["ahead"] += 1
                yield from self._take_run(who, message, self.world.now + RUN_MS)
                self.ahead_runs = False
            yield self.world.rng.randint(0, 60)

    def _own(self, who: str) -> int:
        """How many sentences a finish asks for: 2 if one is to be ahead."""
        if self.asking != who:
            if self.asking or self.ahead_runs or self.world.rng.random() >= self.world.plan.ahead:
                return 1
            self.asking = who
        return 2

    def _keep_ahead(self, who: str, reply: NextSentence) -> tuple[TaskMessage, ...]:
        """Keep the sentence ahead; returns what has to be published."""
        if reply.ahead:
            self.next_ahead, self.ahead_runs = reply.ahead, True
        self._settle(who)
        return reply.picked

    def _settle(self, who: str) -> None:
        """A slot asks no more."""
        if self.asking == who:
            self.asking = ""

    def _take(self, who: str, message: TaskMessage) -> Steps[None]:
        """Speak the sentence of a message, and those that the slot takes behind it."""
        until_ms = self.world.now + RUN_MS
        while (following := (yield from self._take_run(who, message, until_ms))) and following.standby:
            found = yield from standby.await_sentence(self.run, who, f"{self.name}|{who}{self.world.plan.slot_end}")
            if found is None:
                return
            if self.draining:
                return publish(self.run, found.message)
            message = found.message
            if found.expected is not None:
                self._check_text(message, found.expected)

    def _take_run(self, who: str, message: TaskMessage, until_ms: float) -> Steps[NextSentence | None]:
        """Speak a sentence, and those that follow it at once; returns the answer to the last finish."""
        following = None
        try:
            claimed = yield from self._claim(who, message)
            if claimed.verdict is ClaimVerdict.CLAIMED:
                following = yield from self._speak(who, message, claimed, until_ms)
            while following is not None and following.message and following.claimed:
                message = following.message
                following = yield from self._speak(who, message, following.claimed, until_ms)
        except (Dropped, MemoryFull):  # it belongs to others, to none, or its lease gives it to others
            self.running.pop(message, None)
            return None
        return following

    def _check_text(self, message: TaskMessage, claimed: ClaimResult) -> None:
        if (claimed.sentence, claimed.spec) != (sentence(message.seq), SPEC):
            raise Violation(f"{message}: claimed {claimed}")

    def _claim(self, who: str, message: TaskMessage) -> Steps[ClaimResult]:
        while True:
            terms = POOL, message, self.name, LEASE_MS
            if self._joint():
                audio = self._audio(self.world.plans[message.job])
                claimed = yield from self.world.ask(who, joint_calls.claim_and_open, *terms, audio)
            else:
                claimed = yield from self.world.ask(who, pool_scripts.claim, *terms)
            if claimed.verdict not in (ClaimVerdict.WAIT, ClaimVerdict.UNKNOWN) or self.draining:
                return claimed
            self.world.tally["waits"] += 1  # a suspect runs alone; or the beat is about to register this process again
            yield self.world.rng.randint(50, 300)

    def _speak(
        self, who: str, message: TaskMessage, claimed: ClaimResult, until_ms: float
    ) -> Steps[NextSentence | None]:
        """Returns the answer to its finish, if the slot asked for its next sentence."""
        plan = self.world.plans[message.job]
        self._check_text(message, claimed)
        self.running[message] = claimed.epoch
        try:
            wall_ms, length, following = yield from self._attempt(who, message, plan, claimed, until_ms)
        except ChunkRefused as why:
            self.world.tally["failures"] += 1
            tell = partial(self._tell, pool_scripts.fail, message, claimed.epoch, str(why), RETRY, blame=why.blame)
        except EngineOccupied:
            self.world.tally["postponed"] += 1
            retry_ms, scope = self.world.rng.choice([50, 400, 3_000]), self.world.rng.choice(BUSY_SCOPES)
            tell = partial(self._tell, pool_scripts.postpone, message, claimed.epoch, retry_ms, scope)
        else:
            finished = FinishedSentence(claimed.epoch, wall_ms, ms_of_bytes(length, RATE_HZ))
            if following or self._hot(until_ms):
                try:
                    return (yield from self._take_next(who, message, finished, following))
                except MemoryFull:  # the reporter tells it
                    pass
            tell = partial(self._tell, pool_scripts.finish, message, finished, ENDED_LIFE_MS)
        finally:
            self._settle(who)
        self.results.append((message, tell))
        return None

    def _hot(self, until_ms: float) -> bool:
        """Does a slot that began with a message go on without one?"""
        return not self.draining and self.world.now < until_ms and self.world.rng.random() < self.world.plan.hot

    def _standby_name(self, who: str) -> str:
        """The name of a slot that waits if there is no next sentence, or ""."""
        if who.endswith(AHEAD) or self.world.rng.random() >= self.world.plan.standby:
            return ""
        return f"{who}{self.world.plan.slot_end}"

    def _joint(self) -> bool:
        return self.world.rng.random() < self.world.plan.joint

    def _audio(self, plan: JobPlan) -> WorkerAudio:
        fingerprint = f"machine {self.machine}" if plan.continuity is Continuity.EXACT else ""
        return WorkerAudio(plan.continuity, RATE_HZ, fingerprint)

    def _take_next(
        self, who: str, message: TaskMessage, finished: FinishedSentence, reply: NextSentence | None
    ) -> Steps[NextSentence]:
        """The slot's next sentence; `reply`: the answer, if the last chunk came with it."""
        reply = reply or (yield from self.world.ask(
            who, pool_scripts.finish_and_claim, POOL, message, finished, ENDED_LIFE_MS, self.name, LEASE_MS,
            self.world.rng.randint(1, MOST), PUBLISH_MS, self._standby_name(who), joint_calls.STANDBY_MS,
            self._own(who),
        ))  # fmt: skip
        self.running.pop(message, None)
        if others := self._keep_ahead(who, reply):
            yield from publish_picked(self.run, who, others)
        return reply

    def _tell(self, make: Callable[..., ScriptCall[Any]], *args: Any, **named: Any) -> Steps[None]:
        *facts, who = args
        yield from self.world.ask(who, make, POOL, *facts, **named)

    def _attempt(
        self, who: str, message: TaskMessage, plan: JobPlan, claimed: ClaimResult, until_ms: float
    ) -> Steps[tuple[float, int, NextSentence | None]]:
        """Speak it; returns the wall time in ms, 0 if it was whole already, and the sentence's length in bytes.

        And the slot's next sentence, if it was reported with the last chunk.

        Raises:
            Dropped: this attempt was cancelled or taken over.
            ChunkRefused: the engine did not speak it.
            EngineOccupied: it is postponed.
        """
        yield from self._hang()
        started = self.world.now
        audio = self._audio(plan)
        opened = claimed.opened or (yield from self.world.ask(
            who, slot.open_sentence, message.job, message.seq, message.attempt, audio.continuity, audio.rate_hz,
            f"{message.seq}", audio.fingerprint,
        ))  # fmt: skip
        if opened.verdict is OpenVerdict.DONE:
            return 0.0, opened.base, None
        if opened.verdict is not OpenVerdict.OPEN:
            self.world.count("fenced", message, opened.verdict)
            raise Dropped
        if self.world.dice("busy"):
            raise EngineOccupied
        if self.run.ledger.claims[message.job, message.seq] <= plan.lines[message.seq].flaky:
            raise ChunkRefused("the engine gave nothing", blame=True)
        whole, length, following = yield from self._deliver(who, message, plan, opened, until_ms)
        return 0.0 if whole else self.world.now - started, length, following

    def _deliver(
        self, who: str, message: TaskMessage, plan: JobPlan, opened: OpenResult, until_ms: float
    ) -> Steps[tuple[bool, int, NextSentence | None]]:
        """Speak and append; returns whether another attempt made it whole, and the sentence's length in bytes.

        And the slot's next sentence, if it was reported with the last chunk.
        """
        speech = speech_of(self.run.world.studio, plan, message.seq, opened, self.machine)
        at = speech.base
        while True:
            end = min(speech.end, at + 2 * self.world.rng.randint(20, 250))
            yield ms_of_bytes(end - at, RATE_HZ) * self.world.plan.rtf
            yield from self._interrupted(message, plan)
            chunk = self._chunk(speech, plan, message.seq, (at, end))
            joint = chunk.final and self._joint() and self._hot(until_ms)
            finished = FinishedSentence(self.running.get(message, ""), 20.0, ms_of_bytes(speech.end, RATE_HZ))
            done = yield from self._append(who, message, chunk, finished if joint else None, self._audio(plan))
            verdict, received = done.verdict, done.received
            if verdict is AppendVerdict.DONE:
                return True, received, None
            if verdict is AppendVerdict.OK and chunk.final:
                return False, speech.end, done.following
            if verdict is not AppendVerdict.OK and not (verdict is AppendVerdict.GAP and received >= speech.base):
                self.world.count("fenced", message, verdict)
                raise Dropped
            at = end if verdict is AppendVerdict.OK else received

    def _append(
        self, who: str, message: TaskMessage, chunk: ChunkAppend, finished: FinishedSentence | None, audio: WorkerAudio
    ) -> Steps[FinalAppend]:
        """One append; waits while the server has no memory: readers are about to make room.

        `finished`: the sentence is reported in the same step, and the slot takes its next one.
        """
        until = self.world.now + FULL_MS
        emits = self.world.rng.random() < self.world.plan.inline
        while True:
            try:
                if finished:
                    terms = TakeTerms(
                        self.name, LEASE_MS, self.world.rng.randint(1, MOST), PUBLISH_MS, ENDED_LIFE_MS,
                        self._standby_name(who), self._own(who),
                    )  # fmt: skip
                    return (yield from self.world.ask(
                        who, joint_calls.append_and_take, message.job, POOL, message, chunk, finished, terms, audio,
                        emits=emits,
                    ))  # fmt: skip
                answer = yield from self.world.ask(
                    who, slot.append, message.job, message.seq, message.attempt, chunk, emits=emits
                )
                return FinalAppend(*answer)
            except MemoryFull:
                if self.world.now > until:
                    raise ChunkRefused("the server was out of memory", blame=True) from None
                yield 200

    def _hang(self) -> Steps[None]:
        """The whole process may stop here, and come back when another process has its sentence."""
        if self.world.dice("hang"):
            yield self.world.stop(self.threads, self.world.rng.randint(1_300, 3_500))

    def _interrupted(self, message: TaskMessage, plan: JobPlan) -> Steps[None]:
        """What may come between two chunks: poison works, the beat says it is lost, the process is to end."""
        rng = self.world.rng
        yield from self._hang()
        if plan.lines[message.seq].poison and rng.random() < 0.6:
            raise Died(f"{message} is poison")
        if message in self.lost and rng.random() < 0.3:  # or it learns of it when it is fenced out
            raise Dropped
        if self.world.dice("spill"):
            self.world.count("spills", self.name, len(self.running))
            self.spilled |= set(self.running)
        if message in self.spilled:
            raise ChunkRefused("the engine had no memory", blame=True)
        if self.draining and rng.random() < 0.3:
            raise ChunkRefused("the process ends", blame=False)

    def _chunk(self, speech: Speech, plan: JobPlan, seq: int, at: tuple[int, int]) -> ChunkAppend:
        """The next chunk, perhaps from further back, perhaps not yet said to be the last."""
        rng, (start, end) = self.world.rng, at
        final = end == speech.end and not plan.lines[seq].poison and rng.random() < 0.8
        if self.world.dice("overlap"):
            start = max(speech.base, start - 2 * rng.randint(0, 400))
        return speech.chunk(plan, start, end, final, forget=rng.random() < 0.2)


class Undertaker(Process):
    """A supervisor that saw a worker process die."""

    def __init__(self, run: "Run", owner: str) -> None:
        super().__init__(run.world, f"undertaker-{owner}")
        self.owner = owner

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "", self._work()

    def _work(self) -> Steps[None]:
        yield from self.world.ask(self.name, pool_scripts.leave, POOL, self.owner, RETRY, died=True)
