"""The line of those who were refused for want of room, and what an operator set for a user. Part of the model."""

import math
from dataclasses import dataclass, replace

from seriatim.lua.pool_records import Submission, SubmitVerdict
from seriatim.records import JobKind
from tests.scripts.pool_machine.pool_state import LIVE, Pool, PoolJob

HOLD_MS = 1_000  #: so long a place is kept after its time
PLACES = 8  #: of one user
MOST = 256  #: of all
MARGIN_MS = 200  #: a place's time is so long after the end that it stands for
OVER, SPARE, IDLE = (
    1.4,
    0.65,
    0.3,
)  #: of the room: a user that comes back in time gets in up to, while less is needed for speech


def as_set(pool: Pool, s: Submission) -> Submission:
    """What an operator set for the user goes before what the request says."""
    own = pool.own.get(s.user, {})
    return replace(
        s, weight=own.get("weight", s.weight),
        limits=replace(s.limits, **{name: value for name, value in own.items() if name != "weight"}),
    )  # fmt: skip


def rate_of(pool: Pool, s: Submission) -> float:
    """Slots that a job needs. One job may have the whole pool, however slow that is."""
    return min((pool.rtf or 0) * s.speed, pool.admission_room) if s.kind is JobKind.LIVE else 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line."""

    name: str
    at: float
    user: str
    rank: int  #: who came first; below 0: a barge-in


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a user stands."""

    mine: Place | None  #: its first place; that of a barge-in before others
    others: list[Place]  #: those whose room is kept from the user, by their times
    last: float  #: the time of its last place
    n: int  #: places of its own


def admit(pool: Pool, s: Submission, total: float, t: float) -> tuple[SubmitVerdict, int] | None:
    """Is there room, beside those who were promised some? If not: when to come back."""
    rate, room = rate_of(pool, s), pool.admission_room
    stand = _stand(pool, s.user, t)
    need = 0.0 if pool.demand < 1e-9 else pool.demand + rate
    if pool.taken > max(room * OVER - rate, room) + 1e-9:
        need = 1e9
    keeps_its_time = stand.mine is not None and stand.mine.at <= t and need <= room * SPARE + 1e-9
    idle = need <= room * IDLE + 1e-9 and not any(LIVE in user.tag for user in pool.users.values())
    lasts = total if s.closed else stay_of(pool)
    if not (keeps_its_time or idle or _leaves_room(pool, stand, rate, lasts, t)):
        return SubmitVerdict.BUSY, _promise(pool, stand, s.user, rate, t)
    if stand.mine is not None:
        _came(pool, stand.mine.name, 1)
    return None


def stay_of(pool: Pool) -> float:
    """As long as live jobs stay on average."""
    return max(500, 20_000 if pool.stay is None else pool.stay)


def _held(pool: Pool, n: int) -> float:
    """Places that will be taken, of so many, nine times in ten: of those who were refused only a part comes back."""
    return min(n, pool.kept * n + 1.3 * math.sqrt(max(0.0, pool.kept * (1 - pool.kept) * n)))


def _came(pool: Pool, place: str, share: int) -> None:
    del pool.line[place]
    if not place.startswith("b"):
        pool.kept = pool.kept * 0.95 + share * 0.05


def _stand(pool: Pool, user: str, t: float) -> Stand:
    for place in _places(pool):
        if place.at <= t - HOLD_MS - 1:
            _came(pool, place.name, 0)
    places = _places(pool)
    own = [place for place in places if place.user == user]
    if not own:
        return Stand(None, places, 0.0, 0)
    mine = min(own, key=lambda place: place.rank)
    others = [place for place in places if mine.rank > 0 and place.rank < mine.rank]
    return Stand(mine, others, own[-1].at, len(own))


def _places(pool: Pool) -> list[Place]:
    """By their times."""
    ordered = sorted(pool.line.items(), key=lambda pair: (pair[1], pair[0].encode()))
    return [_place(name, at) for name, at in ordered]


def _place(name: str, at: float) -> Place:
    number, _, user = name.partition("|")
    return Place(name, at, user, -int(number[1:]) if number.startswith("b") else int(number))


def _releases(pool: Pool, others: list[Place], t: float) -> list[float]:
    """When shares become free. Who is late is expected anew; who stands in the line comes and stays as others do."""
    for name, at in pool.ends.items():
        if at <= t:
            rtf = 1 if pool.rtf is None else pool.rtf
            pool.ends[name] = t + max(500, pool.jobs[name].waiting_ms * rtf)
    return sorted([*pool.ends.values(), *pool.held.values(), *(place.at + stay_of(pool) for place in others)])


def _leaves_room(pool: Pool, stand: Stand, rate: float, lasts: float, t: float) -> bool:
    """Would one who comes now and stays so long leave each in the line before its end the room it was promised?"""
    if pool.taken + rate > pool.admission_room + 1e-9:
        return False
    if not stand.others:
        return True
    free = _releases(pool, stand.others, t)
    for n, place in enumerate((place for place in stand.others if place.at <= t + lasts), 1):
        ended = sum(at <= place.at for at in free)
        if pool.taken + (1 + _held(pool, n) - ended) * rate > pool.admission_room + 1e-9:
            return False
    return True


def _promise(pool: Pool, stand: Stand, user: str, rate: float, t: float) -> int:
    again = stand.mine if stand.mine is not None and stand.mine.at <= t else None
    if again is None and stand.n >= PLACES:
        return int(max(500, stand.last - t))
    others = stand.others if again is not None else _places(pool)
    k = max(1, math.ceil((pool.taken + (_held(pool, len(others)) + 1) * rate - pool.admission_room) / rate - 1e-9))
    free = _releases(pool, others, t)
    expected = free[k - 1] if k <= len(free) else t + stay_of(pool) * max(1, k * rate / max(rate, pool.taken))
    at = math.ceil(max(t + 500, expected + MARGIN_MS))
    if again is not None:
        pool.line[again.name] = at
    elif len(pool.line) < MOST:
        pool.places += 1
        pool.line[f"{pool.places}|{user}"] = at
    return int(at - t)


def barge_in(pool: Pool, job: PoolJob, t: float) -> None:
    """A user that cancels comes back with another job: its room is kept."""
    if job.kind == LIVE and pool.line:
        pool.places += 1
        pool.line[f"b{pool.places}|{job.user}"] = t
