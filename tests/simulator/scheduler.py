"""The scheduler, by which one seed replays one run: virtual time, threads as generators, draws of the next step.

A thread yields the milliseconds until it wants to go on; between two yields it takes at most one Redis step. Each step
may be a kill of the thread's process (all its threads are dropped where they stand, as `kill -9` drops them) or a stall
(all its threads sleep beyond every lease and then go on, knowing nothing of it). Nothing else is concurrent, so that
invariants can be read between any two steps.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, TypeVar

from redis import Redis

from seriatim.errors import CommandRefused, MemoryFull
from seriatim.keys import pool_prefix
from seriatim.lua import job_scripts as slot
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import SubmitVerdict
from seriatim.lua.script_calls import ScriptCall, run
from tests.simulator.fake_engine import Studio
from tests.simulator.joint_calls import append_and_take, init_and_submit
from tests.simulator.plan import JobPlan, Memory, RunPlan

T = TypeVar("T")
Steps = Generator[float, None, T]

POOL = "sim"
#: Calls after which there may be something to read. Nothing depends on them but how often a run looks in vain.
NOTIFYING = (slot.init, init_and_submit, slot.append, append_and_take, slot.emit, slot.fill, slot.close, slot.end)
EMITTING = (slot.init, init_and_submit, slot.life, slot.append, append_and_take, slot.emit, slot.end)
START_MS = 1_700_000_000_000  #: any time will do: scripts set lives, never times of expiry


def refused(make: Callable[..., ScriptCall[Any]], named: dict[str, Any], reply: Any) -> bool:
    """Was a job withdrawn? It never is so late: real producers take a new id for every try, these do not."""
    if make in (pool_scripts.submit, init_and_submit):
        answer = reply if make is pool_scripts.submit else reply[0]
        return answer.verdict not in (SubmitVerdict.ACCEPTED, SubmitVerdict.DUPLICATE)
    return make is slot.life and not named["accepted"]


class Violation(AssertionError):
    """An invariant does not hold."""


class Died(Exception):
    """Raised by a thread whose process ends here: its sentence is poison, or the moment a delicate one."""


@dataclass(slots=True, eq=False)
class Thread:
    """One line of execution."""

    name: str
    process: "Process"
    steps: Steps[None]
    wake: float  #: virtual ms


@dataclass(eq=False)
class Process(ABC):
    """Threads that live and die together. What outlives a process is in the world, not in here."""

    world: "World"
    name: str
    threads: list[Thread] = field(default_factory=list)

    @abstractmethod
    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        """The threads it starts with, by name."""

    def died(self) -> "Process | None":
        """It was killed: what takes its place. Nothing does; whatever it had begun, others finish."""
        return None


class Straggler(Process):
    """A copy of a call that hung in the network, and arrives when its caller has long gone on with a later one."""

    def __init__(self, world: "World", who: str, call: Callable[[str], object]) -> None:
        super().__init__(world, f"late {who}")
        self.call = call

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "", self._arrive()

    def _arrive(self) -> Steps[None]:
        yield 0
        with suppress(MemoryFull):
            self.call(self.name)


@dataclass(slots=True)
class World:
    """One run."""

    redis: Redis
    plan: RunPlan
    rng: Random
    now: float = START_MS
    skew: int = 0  #: ms by which the server's clock was set since the start
    steps: int = 0
    faulty: bool = True
    notified: int = 0  #: calls that may have notified a reassembler; who found nothing waits for one
    emitted: Counter[str] = field(default_factory=Counter)  #: job -> calls that may have made its ordered stream longer
    rolled_back: bool = False  #: the server lost the tail of its log at least once
    room: Memory = Memory.AMPLE  #: how much memory the server has left
    blackout_ms: int = 0  #: longest time without any process, in which keys ran out
    threads: list[Thread] = field(default_factory=list)
    studio: Studio = field(default_factory=Studio)
    tally: Counter[str] = field(default_factory=Counter)
    history: list[tuple[Any, ...]] = field(default_factory=list)
    plans: dict[str, JobPlan] = field(default_factory=dict)  #: job id -> its plan
    names: dict[str, int] = field(default_factory=dict)  #: how often a name was given out
    watch: Callable[..., None] = lambda *facts: None  #: sees what the server did: function, arguments, named, reply

    def clock(self) -> int:
        """What the server's clock shows, in ms."""
        return int(self.now) + self.skew

    def note(self, *facts: Any) -> None:
        """One line of history."""
        self.history.append((self.steps, int(self.now - START_MS), *facts))

    def count(self, fault: str, *facts: Any) -> None:
        """Something for the totals, and for the history."""
        self.tally[fault] += 1
        self.note("!", fault, *facts)

    def dice(self, fault: str) -> bool:
        """Does this fault happen here?"""
        rate: float = getattr(self.plan.rates, fault) if self.faulty else 0.0
        return rate > 0 and self.rng.random() < rate

    def name(self, kind: str) -> str:
        """A name that was not used before."""
        self.names[kind] = self.names.get(kind, 0) + 1
        return f"{kind}{self.names[kind]}"

    def ask(self, who: str, make: Callable[..., ScriptCall[T]], *args: Any, **named: Any) -> Steps[T]:
        """One call of a script. It may be executed, its reply lost, and sent again, as redis-py does.

        Raises:
            MemoryFull: the server has no room for what it would write.
        """
        yield 0
        reply = self.call(who, make, *args, **named)
        if self.dice("die"):
            raise Died(who)
        if self.dice("late") and not refused(make, named, reply):
            self.count("late", who, make.__name__)
            copy = partial(self._copied, make, args, named)
            self.spawn(Straggler(self, who, copy), self.rng.randint(0, 2_000))
        if self.dice("again"):
            self.count("again")
            yield self.rng.randint(0, 400)
            reply = self.call(who, make, *args, **named)
        return reply

    def call(self, who: str, make: Callable[..., ScriptCall[T]], *args: Any, **named: Any) -> T:
        """One call, now."""
        try:
            reply = run(self.redis, make(*args, **named).at(self.clock()))
        except MemoryFull:
            self.count("denied", who, make.__name__, args)
            raise
        except CommandRefused as error:
            raise Violation(f"{make.__name__}{args}: {error}") from None
        self.notified += make in NOTIFYING
        if make in EMITTING:
            self.emitted[args[0]] += 1
        self.note(who, make.__name__, args, named, reply)
        self.watch(make, args, named, reply)
        return reply

    def _copied(self, make: Callable[..., ScriptCall[Any]], args: Any, named: dict[str, Any], who: str) -> object:
        return self.call(who, make, *args, **named)

    def plain(self, who: str, command: str, *args: Any) -> Steps[Any]:
        """One command that is not a script."""
        yield 0
        reply = self.redis.execute_command(command, *args)
        self.note(who, command, args, reply)
        return reply

    def in_epoch(self, who: str, make: Callable[..., ScriptCall[T]], *args: Any, **named: Any) -> Steps[tuple[T, str]]:
        """A step in a job's slot, and the epoch in which it was made at the latest: asked for before it."""
        epoch = yield from self.plain(who, "HGET", f"{pool_prefix(POOL)}:m", "epoch")
        reply = yield from self.ask(who, make, *args, **named)
        return reply, epoch.decode() if epoch else "0"

    def settle(
        self, who: str, entry: str, make: Callable[..., ScriptCall[Any]], *args: Any, **named: Any
    ) -> Steps[None]:
        """A step in a job's slot that a to-do asks for; then the entry goes, unless the server was restarted since."""
        _, epoch = yield from self.in_epoch(who, make, *args, **named)
        yield from self.ask(who, pool_scripts.strike, POOL, epoch, [entry])

    def spawn(self, process: Process, after_ms: float = 0) -> None:
        """Start a process."""
        for name, steps in process.begin():
            thread = Thread(f"{process.name}.{name}" if name else process.name, process, steps, self.now + after_ms)
            process.threads.append(thread)
            self.threads.append(thread)

    def drop(self, process: Process) -> None:
        """End a process where it stands."""
        for thread in process.threads:
            thread.steps.close()
        self.threads = [thread for thread in self.threads if thread.process is not process]
        process.threads.clear()

    def kill(self, process: Process) -> None:
        """`kill -9`, and a supervisor that starts it again."""
        self.count("kills", process.name)
        self.drop(process)
        heir = process.died()
        if heir is not None:
            self.spawn(heir, self.rng.randint(50, 1_500))

    def stall(self, process: Process) -> None:
        """SIGSTOP for longer than any lease, then SIGCONT. Or the first thread hangs (a beat), or all others do."""
        some = self.rng.choice([process.threads, process.threads[:1], process.threads[1:]]) or process.threads
        self.stop(some, self.rng.randint(1_500, 8_000))

    def stop(self, threads: list[Thread], ms: int) -> int:
        """Let threads sleep, and know nothing of it. Returns `ms`, for the one that runs: it yields it."""
        self.count("stalls", ms, *(thread.name for thread in threads))
        for thread in threads:
            thread.wake = max(thread.wake, self.now + ms)
        return ms

    def step(self) -> None:
        """Let one thread go on by one step, or let something happen to its process."""
        self.steps += 1
        thread = self._next()
        self.now += self.rng.randint(0, 5)
        if self.dice("kill"):
            return self.kill(thread.process)
        if self.dice("stall"):
            return self.stall(thread.process)
        try:
            thread.wake = self.now + next(thread.steps)
        except StopIteration:
            thread.process.threads.remove(thread)
            self.threads.remove(thread)
        except Died:
            self.kill(thread.process)
        return None

    def _next(self) -> Thread:
        ready = [thread for thread in self.threads if thread.wake <= self.now]
        if not ready:
            self.now = min(thread.wake for thread in self.threads)
            ready = [thread for thread in self.threads if thread.wake <= self.now]
        return self.rng.choice(ready)
