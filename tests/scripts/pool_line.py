"""The line of those who were refused for want of room, and what an operator set for a user. Part of the model."""

import math
from dataclasses import dataclass, replace

from seriatim.pool import Submission, Submit
from seriatim.records import Kind
from tests.scripts.pool_state import LIVE, Job, Pool

HOLD_MS = 1_000  #: so long a place is kept after its time
PLACES = 8  #: of one user
MOST = 256  #: of all


def as_set(pool: Pool, s: Submission) -> Submission:
    """What an operator set for the user goes before what the request says."""
    own = pool.own.get(s.user, {})
    return replace(
        s, weight=own.get("weight", s.weight), cap_jobs=_cap(own, "cap_jobs", s.cap_jobs),
        cap_queued_ms=_cap(own, "cap_queued_ms", s.cap_queued_ms), cap_infl=_cap(own, "cap_infl", s.cap_infl),
    )  # fmt: skip


def _cap(own: dict[str, float], name: str, otherwise: int | None) -> int | None:
    return int(own[name]) if name in own else otherwise


def rate_of(pool: Pool, s: Submission) -> float:
    """Slots that a job needs. One job may have the whole pool, however slow that is."""
    return min((pool.rtf or 0) * s.speed, pool.live_room) if s.kind is Kind.LIVE else 0.0


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a user stands."""

    mine: str | None  #: its first place; that of a barge-in before others
    ahead: int  #: places before it, or all
    last: float  #: the time of its last place
    n: int  #: places of its own


def at_the_door(pool: Pool, user: str, rate: float, t: float) -> tuple[Submit, int] | None:
    """Is there room behind those who were promised it? If not: when to come back."""
    stand = _stand(pool, user, t)
    if pool.demand + (1 + _held(pool, stand.ahead)) * rate > pool.live_room + 1e-9:
        return Submit.BUSY, _promise(pool, stand, user, rate, t)
    if stand.mine is not None:
        _came(pool, stand.mine, 1)
    return None


def _held(pool: Pool, n: int) -> float:
    """Places that will be taken, of so many, nine times in ten: of those who were refused only a part comes back."""
    return min(n, pool.kept * n + 1.3 * math.sqrt(max(0.0, pool.kept * (1 - pool.kept) * n)))


def _came(pool: Pool, place: str, share: int) -> None:
    del pool.line[place]
    if not place.startswith("b"):
        pool.kept = pool.kept * 0.95 + share * 0.05


def _stand(pool: Pool, user: str, t: float) -> Stand:
    for place, at in _ordered(pool.line):
        if at <= t - HOLD_MS - 1:
            _came(pool, place, 0)
    places = _ordered(pool.line)
    own = [(i, place, at) for i, (place, at) in enumerate(places) if place.partition("|")[2] == user]
    barges = [place for _, place, _ in own if place.startswith("b")]
    if barges:
        return Stand(barges[-1], 0, own[-1][2], len(own))
    if own:
        return Stand(own[0][1], own[0][0], own[-1][2], len(own))
    return Stand(None, len(places), 0.0, 0)


def _ordered(times: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(times.items(), key=lambda pair: (pair[1], pair[0].encode()))


def _promise(pool: Pool, stand: Stand, user: str, rate: float, t: float) -> int:
    again = stand.mine is not None and pool.line[stand.mine] <= t
    if not again and stand.n >= PLACES:
        return int(max(500, stand.last - t))
    ahead = stand.ahead if again else len(pool.line)
    k = max(1, math.ceil((pool.demand + (_held(pool, ahead) + 1) * rate - pool.live_room) / rate - 1e-9))
    scatter = 0.5 * math.sqrt(k) * (pool.stay or 0) * rate / max(rate, pool.demand)
    at = math.ceil(max(t + 500, _kth_end(pool, k, rate, t) + (pool.cost or 0) + scatter))
    if again and stand.mine:
        pool.line[stand.mine] = at
    elif len(pool.line) < MOST:
        pool.places += 1
        pool.line[f"{pool.places}|{user}"] = at
    return int(at - t)


def _kth_end(pool: Pool, k: int, rate: float, t: float) -> float:
    """Who is late is expected anew. Of open jobs nobody knows: as long as live jobs stay."""
    for name, at in _ordered(pool.ends):
        if at <= t:
            pool.ends[name] = t + max(500, pool.jobs[name].waiting_ms)
    ends = sorted(pool.ends.values())
    if k <= len(ends):
        return ends[k - 1]
    stay = max(500, 20_000 if pool.stay is None else pool.stay)
    return t + stay * max(1, k * rate / max(rate, pool.demand))


def barge_in(pool: Pool, job: Job, t: float) -> None:
    """Whoever cancels comes back with something else to say: its room is kept."""
    if job.kind == LIVE and pool.line:
        pool.places += 1
        pool.line[f"b{pool.places}|{job.user}"] = t
