"""The record of a job in its pool: who asked for it, how far it is dispatched, delivered and heard.

`seriatim/lua/pool/submit.lua` lists the fields of the hash.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

from seriatim.keys import pool_prefix, user_of
from seriatim.lua.script_calls import translate_redis_errors

FIELDS = (
    "state", "user", "class", "spec", "closed", "started", "n", "live", "infl", "next", "t0", "dispatched", "acked",
    "heard", "cached",
)  # fmt: skip
KINDS = {b"L": "live", b"B": "batch"}


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job, as its pool sees it."""

    job: str
    state: str  #: run, spoken, cancelled, failed, timed_out
    user: str
    kind: str  #: live, batch
    spec: str  #: records.JobSpec as JSON
    closed: bool  #: no more text will come
    started: bool  #: its playback has begun
    sentences: int
    live: int  #: sentences that are not over
    in_flight: int
    next: int  #: first sentence that was never dispatched, 0-based
    t0_ms: float  #: when its playback began or should, in the pool's time
    dispatched_ms: float  #: of audio
    acked_ms: float  #: of audio that its reader or recorder has
    heard_ms: float | None  #: of audio, the most that was reported as played
    cached: int = 0  #: sentences that came from its workers' cache

    @classmethod
    def decode(cls, job: str, row: Sequence[bytes | None]) -> "JobRecord | None":
        """Read the values of FIELDS; None if the pool has forgotten the job."""
        h = dict(zip(FIELDS, row, strict=True))
        if h["n"] is None:
            return None
        text = {name: (h[name] or b"").decode(errors="replace") for name in ("state", "user", "spec")}
        number = {name: float(h[name] or 0) for name in FIELDS[FIELDS.index("n") :]}
        return cls(
            job, text["state"], user_of(text["user"]), KINDS.get(h["class"] or b"", ""), text["spec"],
            closed=h["closed"] != b"0", started=h["started"] == b"1",
            sentences=int(number["n"]), live=int(number["live"]), in_flight=int(number["infl"]),
            next=int(number["next"]), t0_ms=number["t0"], dispatched_ms=number["dispatched"],
            acked_ms=number["acked"], heard_ms=None if h["heard"] is None else number["heard"],
            cached=int(number["cached"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LiveJobState:
    """One live job, for people."""

    job: str
    user: str
    kind: str
    sentences: int
    done: int
    in_flight: int
    ahead_s: float  #: audio dispatched and not yet heard; of batch: not yet delivered
    due_s: float | None  #: until playback reaches the next sentence to be dispatched; None: nothing waits for it

    @classmethod
    def of(cls, r: JobRecord, now_ms: float) -> "LiveJobState":
        """A job at `now_ms` of its pool's clock."""
        batch = r.kind == "batch"
        played_ms = min(r.acked_ms, now_ms - r.t0_ms) if r.started else 0.0
        heard_ms = r.acked_ms if batch else played_ms if r.heard_ms is None else r.heard_ms
        waits = r.next < r.sentences and not batch
        return cls(
            r.job, r.user, r.kind, r.sentences, r.sentences - r.live, r.in_flight,
            ahead_s=round(max(0.0, r.dispatched_ms - heard_ms) / 1000, 1),
            due_s=round((r.t0_ms + r.dispatched_ms - now_ms) / 1000, 1) if waits else None,
        )  # fmt: skip


def read_jobs(redis: "Redis", pool: str, jobs: Iterable[str]) -> dict[str, JobRecord]:
    """Read jobs of a pool in one round trip; those that it has forgotten are missing.

    Raises:
        Unavailable: Redis does not answer.
    """
    job_ids = list(jobs)
    pipe = redis.pipeline(transaction=False)
    for job in job_ids:
        pipe.hmget(f"{pool_prefix(pool)}:j:{job}", FIELDS)
    with translate_redis_errors():
        found = [JobRecord.decode(*of) for of in zip(job_ids, pipe.execute(), strict=True)]
    return {record.job: record for record in found if record}


def read_job(redis: "Redis", pool: str, job: str) -> JobRecord | None:
    """Read one job; None if its pool has forgotten it.

    Raises:
        Unavailable: Redis does not answer.
    """
    return read_jobs(redis, pool, [job]).get(job)


def sentences_by_worker(redis: "Redis", pool: str, job: str) -> dict[str, int]:
    """How many sentences of a job each worker process has spoken.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        found = cast("dict[bytes, bytes]", redis.hgetall(f"{pool_prefix(pool)}:j:{job}"))
    return {name[3:].decode(): int(n) for name, n in found.items() if name.startswith(b"by:")}


def text_sizes(redis: "Redis", pool: str, job: str) -> list[int]:
    """Bytes that each sentence which is not over takes, as it was submitted.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        return [len(text) for text in cast("list[bytes]", redis.hvals(f"{pool_prefix(pool)}:jt:{job}"))]
