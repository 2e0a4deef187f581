"""A job's timeline: which worker spoke which sentence when, and what was played when (decision 12).

Pool scripts write it beside the job, one entry per event, with ids `<pool time in ms>-<n>`; it has the last few hundred
events and expires with the job's keys. It is for people: nothing depends on it.
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
    """A completed sentence. Times in ms of the pool's clock."""

    seq: int
    attempt: int
    owner: str  #: the worker process
    claimed_ms: int
    first_ms: int | None  #: time at which its first audio was in Redis
    ended_ms: int
    position_ms: int  #: ms of the job before it, as known when it was first dispatched
    audio_ms: int


@dataclass(frozen=True, slots=True)
class LostAttempt:
    """A failed or lost attempt."""

    seq: int
    attempt: int
    owner: str
    claimed_ms: int
    ended_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark on a doubtful attempt: the engine's action, or the doubt itself, such as "short"."""

    seq: int
    attempt: int
    mark: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class ReaderReport:
    """Audio delivered to the reader, and played, at a time."""

    at_ms: int
    delivered_ms: int  #: ms of audio
    heard_ms: int  #: ms of audio


@dataclass(frozen=True, slots=True)
class JobTimeline:
    """The events of one job, oldest first."""

    accepted_ms: int | None  #: None: dropped from a long timeline
    ended_ms: int | None
    state: str  #: run, spoken, cancelled, failed, timed_out
    sentences: tuple[SpokenSentence, ...]
    lost: tuple[LostAttempt, ...]
    reports: tuple[ReaderReport, ...]
    marked: tuple[Marked, ...] = ()

    @property
    def empty(self) -> bool:
        """True if nothing is known."""
        return not (self.sentences or self.lost or self.reports or self.accepted_ms)


def read(redis: "Redis", pool: str, job: str) -> JobTimeline:
    """The timeline of a job; empty if it has expired.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        rows = redis.xrange(f"{pool_prefix(pool)}:tl:{job}")
    return decode(cast("list[Any]", rows))


def decode(rows: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> JobTimeline:
    """Decode the entries of its stream; those of other versions are ignored."""
    accepted, ended, state = None, None, "run"
    sentences: list[SpokenSentence] = []
    lost: list[LostAttempt] = []
    reports: list[ReaderReport] = []
    marked: list[Marked] = []
    for entry_id, raw in rows:
        f = {name.decode(errors="replace"): value.decode(errors="replace") for name, value in raw.items()}
        kind = f.get("e")
        with suppress(ValueError, KeyError):
            at = int(entry_id.partition(b"-")[0])
            if kind == "spoken":
                sentences.append(_spoken_sentence(at, f))
            elif kind == "lost":
                lost.append(_lost_attempt(at, f))
            elif kind == "marked":
                marked.append(Marked(int(f["seq"]), int(f["attempt"]), f["mark"], at))
            elif kind == "heard":
                reports.append(ReaderReport(at, int(f["delivered"]), int(f["heard"])))
            elif kind == "accepted":
                accepted = at
            elif kind == "end":
                ended, state = at, f["state"]
    return JobTimeline(accepted, ended, state, tuple(sentences), tuple(lost), tuple(reports), tuple(marked))


def _lost_attempt(at: int, f: Mapping[str, str]) -> LostAttempt:
    return LostAttempt(int(f["seq"]), int(f["attempt"]), f["owner"], int(f["claimed"]), at, f["reason"])


def _spoken_sentence(at: int, f: Mapping[str, str]) -> SpokenSentence:
    first = int(f["first"]) if f["first"] else None
    return SpokenSentence(
        int(f["seq"]), int(f["attempt"]), f["owner"], int(f["claimed"]), first, at, int(f["position"]), int(f["ms"])
    )
