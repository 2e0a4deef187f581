"""The governor of the pool's model: how many sentences may be spoken at once where the engine's server limits it."""

from collections.abc import Mapping
from dataclasses import dataclass

from seriatim.engine import ServerLimits
from tests.scripts.pool_machine.pool_state import Pool, to_digits

FIRST_PACE, MOST_PACE = 10, 40  #: sentences before a raise
AHEAD = 2  #: of what is proved
REPORT_LIFE_MS = 600_000
FEW_ATTEMPTS, FEW_JOBS, FAILED_SHARE = 8, 3, 0.3


@dataclass(slots=True)
class LearnedLevel:
    """The level that refusals taught."""

    level: int
    since: int  #: fence at the last refusal that lowered it
    raised: int = 0  #: fence at the last raise since then; 0: none
    pace: int = 1
    climbing: bool = False
    calm: int = 0
    proved: int = 0  #: spoken so many at once since


def places(pool: Pool) -> int:
    """Sentences that may be in flight: what slots and slack come to, or the least limit."""
    return pool.all_places if pool.allowed is None else min(pool.all_places, pool.allowed)


def lower_after_refusal(pool: Pool, attempt: int, scope: str, retry_ms: int, t: float) -> None:
    """A request was refused; its sentence is out of flight."""
    others, known = pool.in_flight(), pool.learned
    if scope == "concurrency" and known and known.raised and attempt > known.since:
        pace = FIRST_PACE if known.climbing else max(FIRST_PACE, min(MOST_PACE, 2 * known.pace))
        pool.learned = LearnedLevel(max(1, min(places(pool) - 1, max(1, others))), pool.fence, pace=pace)
    else:
        _lower(pool, attempt, scope == "concurrency", retry_ms, t)
    if scope != "concurrency" or not others:
        pool.paused = max(pool.paused, t + retry_ms)


def _lower(pool: Pool, attempt: int, counted: bool, retry_ms: int, t: float) -> None:
    """Halve it once a retry-after; where the server counts open requests, those in flight are all that it takes."""
    level, others = places(pool), max(1, pool.in_flight())
    if attempt > (pool.learned.since if pool.learned else 0) and t >= pool.quiet:
        level //= 2
        pool.quiet = t + retry_ms
    elif not counted or level <= others:
        return
    pool.learned = LearnedLevel(max(1, min(level, others) if counted else level), pool.fence)


def note_outcome(pool: Pool, job: str, *, failed: bool) -> None:
    """The latest attempts are known from the first failure on."""
    if failed or pool.tried:
        pool.tried = [(job, failed), *pool.tried][: 8 * FEW_ATTEMPTS]
        pool.tried_since += 1


def blame_after_failure(pool: Pool, job: str) -> bool:
    """Whether a failure may be blamed: where too many fail, only when sentences are spoken one after another."""
    note_outcome(pool, job, failed=True)
    latest = pool.tried[: 2 * FEW_ATTEMPTS]
    share = sum(failed for _, failed in latest) / len(latest)
    many = (
        len(pool.tried) >= FEW_ATTEMPTS and len({name for name, _ in pool.tried}) >= FEW_JOBS and share > FAILED_SHARE
    )
    level = places(pool)
    if level <= 1 or not many:
        return True
    if pool.tried_since >= FEW_ATTEMPTS:
        pool.learned, pool.tried_since = LearnedLevel(level // 2, pool.fence), 0
    return False


def raise_after_sentence(pool: Pool, attempt: int, t: float) -> None:
    """A sentence is spoken, and out of flight: calm at the limit raises it."""
    reported = pool.reported or 0
    if pool.allowed is not None and pool.reported is not None and pool.reported_at + REPORT_LIFE_MS < t:
        allowed, pool.reported, pool.reported_at = pool.allowed, None, 0.0
    else:
        allowed = pool.allowed or 0
    known = pool.learned
    if known is None or known.level > allowed or attempt <= known.since:
        return
    if pool.in_flight() + 1 < known.level:
        return
    if 0 < known.raised < attempt:
        known.climbing, known.proved = True, known.level
    known.calm += 1
    if not _may_raise(known, reported):
        return
    known.level, known.raised, known.calm = known.level + 1, pool.fence, 0
    if pool.slots and known.level >= pool.all_places:
        pool.learned, pool.quiet = None, 0.0


def _may_raise(known: LearnedLevel, reported: int) -> bool:
    if reported > known.level:
        return True
    if known.climbing:
        return known.level < known.proved + AHEAD
    return not known.raised and known.calm >= known.pace


def report(pool: Pool, limits: ServerLimits, raw: float) -> bool:
    """The server says what it allows: it only lowers the pool's own limit."""
    t = pool.tick(raw)
    if limits.max_concurrent is not None:
        others = max(0, (limits.concurrent or 0) - pool.in_flight())
        pool.reported, pool.reported_at = max(1, limits.max_concurrent - others), t
    if limits.remaining is not None and limits.reset_s is not None:
        pool.left = min(pool.left, limits.remaining) if pool.metered > t else limits.remaining
        pool.metered = t + limits.reset_s * 1000
    return True


def limit(pool: Pool, allowed: int | None, raw: float) -> tuple[int | None, int]:
    """An operator says how many."""
    pool.tick(raw)
    pool.ceiling = allowed
    return allowed, pool.usable


BURST_MS = 5_000


def limit_rates(pool: Pool, changes: Mapping[str, int | None], raw: float) -> dict[str, int]:
    """An operator says how many requests and characters may be sent in a minute."""
    pool.tick(raw)
    for name, most in changes.items():
        if most is None:
            pool.per_minute.pop(name, None)
            pool.due.pop(name, None)
        else:
            pool.per_minute[name] = most
    return {name: pool.per_minute[name] for name in ("requests", "characters") if name in pool.per_minute}


def within_rates(pool: Pool, t: float) -> bool:
    return all(max(t, pool.due.get(name, 0)) <= t + BURST_MS for name in pool.per_minute)


def spend_rates(pool: Pool, characters: int, t: float) -> None:
    """A sentence is picked."""
    for name, n in (("requests", 1), ("characters", characters)):
        if name in pool.per_minute:
            pool.due[name] = int(to_digits(max(t, pool.due.get(name, 0)) + n * 60_000 / pool.per_minute[name], 0))
