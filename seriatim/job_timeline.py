"""A job's timeline: when which worker spoke which sentence, and what was heard when (decision 12).

Pool scripts write it beside the job, one entry an event, ids `<pool time in ms>-<n>`; it has the last few hundred
events and ends with the job's keys. It is shown to people: nothing depends on it.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import translate_redis_errors


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence that is whole. Times in ms of the pool's clock."""

    seq: int
    attempt: int
    owner: str  #: the worker process
    claimed_ms: int
    first_ms: int | None  #: its first sound was in Redis
    ended_ms: int
    position_ms: int  #: ms of the job before it, as known when it was first dispatched
    audio_ms: int


@dataclass(frozen=True, slots=True)
class LostAttempt:
    """An attempt that came to nothing."""

    seq: int
    attempt: int
    owner: str
    claimed_ms: int
    ended_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Marked:
    """What was done about an attempt that was doubted, or what is doubted of it, such as "short"."""

    seq: int
    attempt: int
    mark: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class ReaderReport:
    """What the reader had, and had heard, at a time."""

    at_ms: int
    delivered_ms: int  #: ms of audio
    heard_ms: int  #: ms of audio


@dataclass(frozen=True, slots=True)
class JobTimeline:
    """The events of one job, oldest first."""

    accepted_ms: int | None  #: None: forgotten, the job is long
    ended_ms: int | None
    state: str  #: run, spoken, cancelled, failed, timed_out
    spoken: tuple[SpokenSentence, ...]
    lost: tuple[LostAttempt, ...]
    heard: tuple[ReaderReport, ...]
    marked: tuple[Marked, ...] = ()

    @property
    def empty(self) -> bool:
        """Is nothing known?"""
        return not (self.spoken or self.lost or self.heard or self.accepted_ms)


def read(redis: "Redis", pool: str, job: str) -> JobTimeline:
    """The timeline of a job; empty if its life is over.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        rows = redis.xrange(f"{pool_prefix(pool)}:tl:{job}")
    return decode(cast("list[Any]", rows))


def decode(rows: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> JobTimeline:
    """Read the entries of its stream; those that are none of this version's are passed over."""
    accepted, ended, state = None, None, "run"
    spoken: list[SpokenSentence] = []
    lost: list[LostAttempt] = []
    heard: list[ReaderReport] = []
    marked: list[Marked] = []
    for entry_id, raw in rows:
        f = {name.decode(errors="replace"): value.decode(errors="replace") for name, value in raw.items()}
        kind = f.get("e")
        with suppress(ValueError, KeyError):
            at = int(entry_id.partition(b"-")[0])
            if kind == "spoken":
                spoken.append(_spoken(at, f))
            elif kind == "lost":
                lost.append(_lost(at, f))
            elif kind == "marked":
                marked.append(Marked(int(f["seq"]), int(f["attempt"]), f["mark"], at))
            elif kind == "heard":
                heard.append(ReaderReport(at, int(f["delivered"]), int(f["heard"])))
            elif kind == "accepted":
                accepted = at
            elif kind == "end":
                ended, state = at, f["state"]
    return JobTimeline(accepted, ended, state, tuple(spoken), tuple(lost), tuple(heard), tuple(marked))


def _lost(at: int, f: Mapping[str, str]) -> LostAttempt:
    return LostAttempt(int(f["seq"]), int(f["attempt"]), f["owner"], int(f["claimed"]), at, f["reason"])


def _spoken(at: int, f: Mapping[str, str]) -> SpokenSentence:
    first = int(f["first"]) if f["first"] else None
    return SpokenSentence(
        int(f["seq"]), int(f["attempt"]), f["owner"], int(f["claimed"]), first, at, int(f["position"]), int(f["ms"])
    )
