"""Plans of jobs, drawn from a seed, and the bytes that each of them must have when nothing fails."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Self

from seriatim.audio.pcm import silence
from seriatim.client.job_options import JobRequest
from seriatim.records import DrainMode, GapPolicy, JobKind
from tests.simulator.scheduler import POOL
from tests.support.expected_audio import PAUSE_MS, RATE_HZ, sentences, spoken_pcm

VENOM_POOL = "venom"  #: where sentences kill their process for good; few failures are allowed there
VENOM, SILENCE, MUTTER, DAWDLE, FREEZE, STUMBLE, TRIP = (
    "venom",
    "silence",
    "mutter",
    "dawdle",
    "freeze",
    "stumble",
    "trip",
)
#: What the engine does at a word. All but VENOM pass at a later attempt.
MISBEHAVIOUR = {
    "empty_on": SILENCE, "vary_on": MUTTER, "slow_on": DAWDLE, "stuck_on": FREEZE, "fail_on": STUMBLE, "crash_on": TRIP,
    "slow_times": 1, "stuck_times": 1, "fail_times": 2, "crash_times": 1,
}  # fmt: skip
GONE_S = 5.0  #: after which a reader that vanishes is found out
USERS = ("ada", "bob", "cyd")


@dataclass(frozen=True, slots=True)
class ChaosPlan:
    """One job as a client wants it."""

    key: str  #: the idempotency key: its name, and in every sentence of it
    style: str  #: how it is read and treated; see STYLES
    texts: tuple[str, ...]
    user: str
    seed: int
    kind: JobKind = JobKind.BATCH
    drain: DrainMode = DrainMode.WINDOW
    pool: str = POOL
    gap: GapPolicy = GapPolicy.FAIL
    written: bool = False  #: its text is still being written while it is heard
    stop_at: int = -1  #: bytes after which it is cancelled, or its reader vanishes

    @property
    def request(self) -> JobRequest:
        """What is asked of a producer."""
        return JobRequest(
            engine="tone", pool=self.pool, user=self.user, kind=self.kind, drain=self.drain, gap=self.gap,
            seed=self.seed, pause_ms=PAUSE_MS, idempotency_key="" if self.written else self.key,
            reader_grace_s=GONE_S if self.style == "vanishes" else 0.0,
        )  # fmt: skip

    def to_event(self) -> dict[str, Any]:
        """What a history says of it."""
        return asdict(self)

    @classmethod
    def from_event(cls, facts: dict[str, Any]) -> Self:
        """Read `to_event` back."""
        enums = {"kind": JobKind(facts["kind"]), "drain": DrainMode(facts["drain"]), "gap": GapPolicy(facts["gap"])}
        return cls(**(facts | enums | {"texts": tuple(facts["texts"])}))

    def poisoned(self, seq: int) -> bool:
        """Does sentence `seq` kill each worker that speaks it?"""
        return self.pool == VENOM_POOL and VENOM in self.texts[seq]

    def varies(self, seq: int) -> bool:
        """Has sentence `seq` other bytes at every attempt?"""
        return MUTTER in self.texts[seq]


@lru_cache(maxsize=4096)
def truth(plan: ChaosPlan, seq: int) -> bytes:
    """The bytes of a sentence and its pause when nothing fails."""
    if SILENCE in plan.texts[seq]:
        return silence(PAUSE_MS, RATE_HZ)
    return spoken_pcm(plan.texts[seq], seed=plan.seed + seq)


def draw(rng: random.Random, key: str, *, calm: bool = False) -> ChaosPlan:
    """A job for any client; a calm one is never cancelled and its engine does not misbehave."""
    found = {name: weight for name, (weight, _) in STYLES.items() if not calm or name in CALM}
    style = rng.choices(list(found), list(found.values()))[0]
    texts = sentences(rng.randint(3, 9), key)
    plan = ChaosPlan(key, style, tuple(texts), rng.choice(USERS), rng.randrange(2**31))
    return STYLES[style][1](rng, plan)


def _live(rng: random.Random, plan: ChaosPlan) -> ChaosPlan:
    return replace(plan, kind=JobKind.LIVE)


def _either(rng: random.Random, plan: ChaosPlan) -> ChaosPlan:
    return replace(plan, kind=rng.choice(list(JobKind)))


def _stored(rng: random.Random, plan: ChaosPlan) -> ChaosPlan:
    return replace(plan, drain=DrainMode.STORE)


def _written(rng: random.Random, plan: ChaosPlan) -> ChaosPlan:
    texts = (text.replace(" no.", " now.") for text in plan.texts)  # "no." is an abbreviation: it ends no sentence
    return replace(plan, texts=tuple(texts), kind=JobKind.LIVE, written=True)


def _stopped(rng: random.Random, plan: ChaosPlan) -> ChaosPlan:
    texts = sentences(rng.randint(6, 14), plan.key)
    return replace(plan, texts=tuple(texts), kind=rng.choice(list(JobKind)), stop_at=rng.randrange(0, 120_000, 2))


def _odd(rng: random.Random, plan: ChaosPlan) -> ChaosPlan:
    texts, seq = list(plan.texts), rng.randrange(len(plan.texts))
    word = rng.choice((SILENCE, MUTTER, DAWDLE, FREEZE, STUMBLE, TRIP))
    texts[seq] = f"{texts[seq][:-1]} {word}."
    return replace(plan, texts=tuple(texts), kind=rng.choice(list(JobKind)))


def _poison(rng: random.Random, plan: ChaosPlan) -> ChaosPlan:
    texts = list(plan.texts[:4])
    seq = rng.randrange(len(texts))
    texts[seq] = f"{texts[seq][:-1]} {VENOM}."
    return replace(plan, texts=tuple(texts), pool=VENOM_POOL, gap=rng.choice(list(GapPolicy)))


#: How a job is read and treated: its weight, and what that makes of the plan.
STYLES: dict[str, tuple[float, Callable[[random.Random, ChaosPlan], ChaosPlan]]] = {
    "library": (4, _either),  #: our own reader
    "setid": (2, _either),  #: XREAD, and XGROUP SETID
    "xreadgroup": (2, _either),  #: XREADGROUP NOACK
    "trim": (2, _either),  #: XREAD, and XTRIM
    "stored": (2, _stored),  #: our own reader of a job that a recorder drains
    "written": (2, _written),  #: our own reader of a job whose text is still being written, with pauses
    "reconnects": (1, _live),  #: names its position anew at every entry
    "wrong": (1, _either),  #: names wrong positions first
    "sips": (0.5, _live),  #: takes an entry now and then
    "odd": (2, _odd),  #: a sentence at which the engine has a whim
    "cancelled": (1, _stopped),
    "vanishes": (0.5, _stopped),
    "poison": (0.4, _poison),
}
CALM = frozenset({"library", "setid", "xreadgroup", "trim", "stored", "written"})
EAGER = frozenset({"library", "setid", "xreadgroup", "trim", "reconnects"})  #: takes whatever comes at once
