"""The plan of a run, drawn from its seed before anything moves: jobs, workers, the faults that will be thrown in.

Everything random that is not an interleaving stands here, so that a dump of the plan says what the seed is about.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from seriatim.engine import Continuity
from seriatim.keys import EARLY_SLOT
from seriatim.records import DrainMode, GapPolicy, HoldPolicy, JobKind

RATE_HZ = 1000  #: 2 bytes a millisecond: sentences of a few hundred bytes, and offsets that can be read as times
MAX_FAILURES = 3  #: blamed failures after which a sentence is given up
GRACE_MS = 20_000  #: a reader's; beyond two stalls in a row
LIFE_MS = 4_200_000  #: of a job's slot
ENDED_LIFE_MS = 1_200_000
PRODUCER_MS = 4_000  #: lease of an open job's producer
HOUR_MS = 3_600_000
BOOKS = 0.3  #: share of runs with sentences ahead in which there are no listeners


class Memory(StrEnum):
    """How much room the server has left."""

    AMPLE = "ample"
    TIGHT = "tight"  #: more is used than new jobs may use; running ones go on
    FULL = "full"  #: `maxmemory` is reached: whatever would need more is refused


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, and what happens to the worker that speaks it."""

    actual_ms: int
    estimate_ms: int
    poison: bool = False  #: ends its process every time
    flaky: int = 0  #: how many attempts the engine refuses before it speaks


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job, its producer and its listener."""

    job: str
    user: str
    weight: float
    kind: JobKind
    drain: DrainMode
    gap: GapPolicy
    hold: HoldPolicy
    continuity: Continuity
    repeatable: bool  #: an engine of continuity exact that is not repeatable breaks its promise: a discontinuity
    lines: tuple[Line, ...]
    start_ms: int
    window_ms: int
    open: bool = False
    keyed: bool = False  #: the caller has an idempotency key: every try has a job id of its own
    faithful: bool = True  #: the producer comes back after it was killed
    pause_ms: int = 0  #: longest pause of an open job's producer
    keeps: bool = True  #: the producer renews its lease while it pauses
    timeout_ms: int = 1_800_000
    cancel_ms: int | None = None  #: after acceptance
    vanish: bool = False  #: the reader goes at some time and never comes back
    slow_ms: int = 0  #: longest pause of the reader between two looks
    cap_infl: int | None = None
    cap_jobs: int | None = None
    queue_limit_ms: int = 600_000
    machines: int = 1  #: kinds of machines among the workers

    @property
    def exact(self) -> bool:
        """Do all attempts give the same bytes?"""
        return self.repeatable and self.continuity is not Continuity.NONE and not self.varied

    @property
    def varied(self) -> bool:
        """Do attempts give the same bytes on the same kind of machine, and others on another?"""
        return self.repeatable and self.continuity is Continuity.EXACT and self.machines > 1

    @property
    def held(self) -> bool:
        """Is a sentence heard only when it is whole, so that takes never mix?"""
        return self.hold is HoldPolicy.ALWAYS or (self.hold is HoldPolicy.AUTO and self.continuity is Continuity.NONE)


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How likely a fault is: kill and stall per step, the others per message or call."""

    kill: float = 0.0
    die: float = 0.0  #: killed right behind a call, before anything is made of its reply
    stall: float = 0.0
    hang: float = 0.0  #: a stall between two chunks, so long that it may end in the midst of the next attempt
    lost: float = 0.0
    doubled: float = 0.0
    delayed: float = 0.0
    again: float = 0.0  #: executed, the reply lost, and sent again
    late: float = 0.0  #: executed, and a copy of it executed much later, when its caller has long gone on
    overlap: float = 0.0  #: a chunk is sent from further back than needed
    spill: float = 0.0  #: an engine out of its memory: everything that its process speaks fails at once
    busy: float = 0.0  #: the engine's server accepts no request: the sentence is postponed
    silent: float = 0.0  #: per heartbeat: an engine gives no sound, and another process speaks the sentence, too
    disk: float = 0.0  #: what was to be stored does not get onto the disk, or half of it does


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run."""

    seed: int
    jobs: tuple[JobPlan, ...]
    slots: tuple[int, ...]  #: of each worker process
    sweepers: int
    reassemblers: int
    rtf: float  #: slot seconds per second of audio
    rates: FaultRates
    fault_steps: int  #: faults stop after so many steps; then everything must end
    redis_kills: tuple[int, ...] = ()  #: steps
    outages: tuple[int, ...] = ()  #: steps at which every process is killed and the keys age by `outage_ms`
    outage_ms: int = 0
    jumps: tuple[tuple[int, int], ...] = ()  #: (step, ms): the server's clock is set
    memory: tuple[tuple[int, Memory], ...] = ()  #: (step, room): from this step on
    flushes: tuple[int, ...] = ()  #: steps at which the broker loses all its messages
    machines: int = 1  #: kinds of machines among the workers
    hot: float = 0.0  #: share of finished sentences behind which the slot takes its next one without a message
    inline: float = 0.0  #: share of chunks that go to the ordered stream in the step in which they arrive
    joint: float = 0.0  #: share of steps of a job and of the pool that are one step, where they may be
    standby: float = 0.0  #: share of slots without a next sentence that wait for one
    slot_end: str = (
        ""  #: of the names of slots on standby: `seriatim.keys.EARLY_SLOT` for those that begin before their claims
    )
    ahead: float = 0.0  #: share of finishes of hot slots that ask for a sentence ahead, where none is

    @property
    def pool_continuity(self) -> Continuity:
        """What the pool takes its engine for: in half of the runs live sentences may be displaced."""
        return Continuity.RESUMABLE if self.seed % 2 else Continuity.EXACT

    @property
    def calm(self) -> bool:
        """Does nothing go wrong but what the sentences do themselves?"""
        faults = (self.redis_kills, self.outages, self.jumps, self.memory, self.flushes)
        return self.rates == FaultRates() and not any(faults)


def restarts_of(seed: int) -> int:
    """How often the server is killed in a seed's run: one in five loses it up to three times."""
    return 1 + seed // 5 % 3 if seed % 5 == 0 else 0


def draw(
    seed: int, redis_kills: int | None = None, hot: float | None = None, inline: float | None = None,
    joint: float | None = None, standby: float | None = None, ahead: float | None = None,
) -> RunPlan:  # fmt: skip
    """The plan of a seed; `redis_kills`: how often the server is killed and its log cut, None: as the seed says.

    `hot`: the share of finished sentences behind which a slot takes the next one without a message; `inline`: of chunks
    that are emitted in the step in which they arrive; `joint`: of neighbouring steps of a job and of the pool that are
    one; `standby`: of slots without a next sentence that wait for one; `ahead`: of finishes that ask for one
    ahead; None: as the seed says.
    """
    redis_kills = restarts_of(seed) if redis_kills is None else redis_kills
    rng = Random(f"plan {seed}")
    rates = _rates(rng)
    if rates != FaultRates():
        rates = replace(
            rates,
            busy=Random(f"busy {seed}").choice([0.0, 0.0, 0.1, 0.5]),
            silent=Random(f"silent {seed}").choice([0.0, 0.1, 0.4]),
        )
    steps = rng.randint(600, 2_000)
    lively = rates != FaultRates() and not redis_kills
    machines = Random(f"machines {seed}").choice([1, 1, 2])
    outage_ms = rng.choice([0] * 6 + [rng.randint(65_000, 85_000), 6_000_000]) if lively else 0
    users = [
        (f"u{i}", rng.choice([0.5, 1.0, 1.0, 3.0]), rng.choice([None, None, 1, 2])) for i in range(rng.randint(1, 3))
    ]
    poisons = [0.0, 0.0, 0.1] if lively else [0.0, 0.25]  # where no other dies, the cause is plain
    jobs = [_job(rng, f"s{seed}j{i}", rng.choice(users), poisons) for i in range(rng.randint(3, 6))]
    jobs = [replace(job, machines=machines) for job in jobs]
    if outage_ms > LIFE_MS:  # their slots are gone: nothing but their timeout ends them
        jobs = [replace(job, timeout_ms=min(job.timeout_ms, 60_000)) for job in jobs]
    plan = RunPlan(
        seed=seed,
        jobs=tuple(jobs),
        slots=tuple(rng.choice([1, 2, 3, 6]) for _ in range(rng.choice([1, 2, 2, 3]))),
        sweepers=rng.randint(1, 2),
        reassemblers=rng.randint(1, 2),
        rtf=rng.choice([0.3, 3.0]),
        rates=rates,
        fault_steps=steps,
        redis_kills=_kills(rng, steps, redis_kills),
        outages=(rng.randint(50, steps),) if outage_ms else (),
        outage_ms=outage_ms,
        jumps=_jumps(rng, steps) if rates != FaultRates() else (),
        memory=_memory(rng, steps) if rates != FaultRates() and rng.random() < 0.25 else (),
        flushes=tuple(
            rng.randint(50, steps) for _ in range(rng.choice([0, 0, 0, 1, 2]) if rates != FaultRates() else 0)
        ),
        machines=machines,
        hot=Random(f"hot {seed}").choice([0.0, 0.7, 1.0]) if hot is None else hot,
        inline=Random(f"inline {seed}").choice([0.0, 0.7, 1.0]) if inline is None else inline,
        joint=Random(f"joint {seed}").choice([0.0, 0.7, 1.0]) if joint is None else joint,
        standby=Random(f"standby {seed}").choice([0.0, 0.7, 1.0]) if standby is None else standby,
        slot_end=Random(f"slot end {seed}").choice(["", EARLY_SLOT]),
        ahead=Random(f"ahead {seed}").choice([0.0, 0.7, 1.0]) if ahead is None else ahead,
    )
    return _books_of_a_light_engine(plan) if plan.ahead and Random(f"books {seed}").random() < BOOKS else plan


def _books_of_a_light_engine(plan: RunPlan) -> RunPlan:
    """The same run without listeners, and with sentences that take little: only there is one ahead."""
    jobs = [replace(job, kind=JobKind.BATCH, window_ms=20_000, lines=job.lines * 3) for job in plan.jobs]
    return replace(plan, jobs=tuple(jobs), rtf=0.1)


def _kills(rng: Random, steps: int, n: int) -> tuple[int, ...]:
    """When the server is killed; a second time perhaps when it has hardly come back."""
    kills = [rng.randint(40, steps) for _ in range(min(n, 1))]
    while len(kills) < n:
        kills.append(kills[-1] + rng.randint(1, 30) if rng.random() < 0.5 else rng.randint(40, steps))
    return tuple(sorted(kills))


def _jumps(rng: Random, steps: int) -> tuple[tuple[int, int], ...]:
    n = rng.choice([0] * 8 + [1, 2])
    return tuple((rng.randint(50, steps), rng.choice([-HOUR_MS, HOUR_MS, -7_000, 9_000])) for _ in range(n))


def _memory(rng: Random, steps: int) -> tuple[tuple[int, Memory], ...]:
    """Once or twice memory runs short, for some hundred steps."""
    begins = sorted(rng.randint(50, steps) for _ in range(rng.randint(1, 2)))
    short = [(step, rng.choice([Memory.TIGHT, Memory.FULL, Memory.FULL])) for step in begins]
    over = [(min(step + rng.randint(20, 300), steps), Memory.AMPLE) for step in begins]
    return tuple(sorted(short + over, key=lambda change: change[0]))


def _rates(rng: Random) -> FaultRates:
    if rng.random() < 0.15:
        return FaultRates()
    return FaultRates(
        kill=rng.choice([0.0, 0.003, 0.01]),
        die=rng.choice([0.0, 0.01, 0.04]),
        stall=rng.choice([0.0, 0.003, 0.01]),
        hang=rng.choice([0.0, 0.05, 0.2]),
        lost=rng.choice([0.0, 0.03, 0.15]),
        doubled=rng.choice([0.0, 0.05, 0.2]),
        delayed=rng.choice([0.0, 0.1]),
        again=rng.choice([0.0, 0.02, 0.1]),
        late=rng.choice([0.0, 0.0, 0.03]),
        overlap=rng.choice([0.0, 0.2]),
        spill=rng.choice([0.0, 0.0, 0.02]),
        disk=rng.choice([0.0, 0.0, 0.1]),
    )


def _job(rng: Random, job: str, user: tuple[str, float, int | None], poisons: list[float]) -> JobPlan:
    poison = rng.choice(poisons)
    continuity = rng.choice([Continuity.EXACT, Continuity.RESUMABLE, Continuity.NONE])
    drain = rng.choice([DrainMode.WINDOW, DrainMode.WINDOW, DrainMode.STORE])
    ending = rng.choice(["", "", "", "", "cancel", "vanish", "timeout"])
    return JobPlan(
        job=job,
        user=user[0],
        weight=user[1],
        kind=rng.choice([JobKind.LIVE, JobKind.LIVE, JobKind.BATCH]),
        drain=drain,
        gap=rng.choice(list(GapPolicy)),
        hold=rng.choice([HoldPolicy.AUTO, HoldPolicy.NEVER, HoldPolicy.NEVER, HoldPolicy.ALWAYS]),
        continuity=continuity,
        repeatable=continuity is not Continuity.NONE and rng.random() < 0.6,
        lines=tuple(_line(rng, poison) for _ in range(rng.choice([0, 1, 2, 3, 4, 5, 6, 8, 12]))),
        start_ms=rng.choice([0, 0, rng.randint(0, 4_000)]),
        window_ms=rng.choice([400, 1_500, 20_000]),
        open=rng.random() < 0.4,
        keyed=rng.random() < 0.25,
        faithful=rng.random() < 0.75,
        pause_ms=rng.choice([0, 300, 2_500, 9_000]),
        keeps=rng.random() < 0.6,
        timeout_ms=rng.randint(1_000, 9_000) if ending == "timeout" else 1_800_000,
        cancel_ms=rng.randint(0, 3_000) if ending == "cancel" else None,
        vanish=ending == "vanish" and drain is DrainMode.WINDOW,
        slow_ms=rng.choice([0, 0, 200, 2_000]),
        cap_infl=user[2],
        cap_jobs=rng.choice([None, None, None, 1]),
        queue_limit_ms=rng.choice([600_000, 1_500, 900]),
    )


def _line(rng: Random, poison: float) -> Line:
    actual = rng.choice([0, 1, rng.randint(2, 60), *(rng.randint(60, 900) for _ in range(6))])
    estimate = round(actual * rng.uniform(0.5, 1.5)) or rng.randint(1, 30)
    return Line(actual, estimate, rng.random() < poison, rng.choice([0] * 12 + [1, 2]))
