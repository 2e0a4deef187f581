"""The figures (docs/reference/glossary.md), made of the listeners' results. Pure.

A listener counts as stalled when its player was silent for more than `SILENCE_S`, which is what the clients' own clock
can tell apart. Who waits for first audio when the run is over counts with the time waited so far, if that is more than
the target: else nothing is known of it. Of books without a listener only the audio counts.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.load.plan import RequestResult
from bench.load.player import Player, played

SILENCE_S = 0.02  #: two rounds of the clients
UNDERRUN_S = 0.1  #: of C100
TARGET_S = 1.0  #: first audio of the goodput, and of the bisection at its 95th percentile


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed (nearest rank); nan of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values) - 1e-9) - 1)]


def jain(shares: Sequence[float]) -> float:
    """Jain's index (Jain, Chiu, Hawe 1984): 1.0 all the same, 1/n one has all; nan of none, 1 if all have nothing."""
    if not shares:
        return math.nan
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def largest_difference(served: Sequence[float]) -> float:
    """Between the user who had most and the one who had least."""
    return max(served) - min(served) if served else 0.0


def jitter_ms(chunks: Sequence[tuple[float, float]]) -> float:
    """Interarrival jitter as RFC 3550, 6.4.1, smooths it: D is arrival spacing less audio spacing; 0 of one chunk."""
    smooth = 0.0
    for (before_s, ms), (at_s, _) in pairwise(chunks):
        smooth += (abs((at_s - before_s) * 1000 - ms) - smooth) / 16
    return smooth


@dataclass(frozen=True, slots=True)
class Summary:
    """One group of listeners in one run. Times in seconds unless the name says ms."""

    requests: int
    accepted: int
    refused: int
    back: int  #: of those refused: tried again after Retry-After
    back_in: int  #: and got in
    ttfa_p50_s: float
    ttfa_p95_s: float
    ttfa_p99_s: float
    unheard: int  #: accepted, and heard nothing by the end of the run
    stalled: int  #: listeners that fell silent
    stalls: int
    stalled_s: float
    played_s: float
    c100: float  #: share of jobs of several chunks without a silence of more than 100 ms
    viable: float  #: share of chunks that came before the audio before them was played
    late_p99_ms: float  #: of chunks against playback: negative is early
    jitter_p95_ms: float  #: over jobs
    goodput: float  #: jobs per second with first audio in time and C100; who was cut off well counts
    audio_s: float  #: that they got; of books, that was made
    jain: float  #: of the audio that each user got
    difference_s: float  #: the largest, of the audio that two users got


def summary(results: Sequence[RequestResult], span_s: float, warm_s: float = 0.0) -> Summary:
    """Make it of one group's wishes.

    First audio is counted of wishes from `warm_s` on, and of listeners that heard nothing; silences are counted of all.
    """
    accepted = [each for each in results if each.job]
    audible = [(each, _player(each)) for each in accepted if each.chunks]
    counted = [each for each in accepted if each.asked_s >= warm_s or not each.chunks]
    waits = [wait for each in counted if (wait := ttfa_s(each, span_s)) is not None]
    silences = [silence_s for _, player in audible for silence_s in _silences(player)]
    several = [player for each, player in audible if len(each.chunks) > 1]
    late = [ms for _, player in audible for ms in player.late_ms]
    had = _by_user(accepted)
    good = [each for each, player in audible if each.asked_s >= warm_s and _good(each, player, span_s)]
    returned = [each for each in results if each.back]
    return Summary(
        requests=len(results),
        accepted=len(accepted),
        refused=len(results) - len(accepted),
        back=len(returned),
        back_in=sum(bool(each.job) for each in returned),
        ttfa_p50_s=quantile(waits, 0.5),
        ttfa_p95_s=quantile(waits, 0.95),
        ttfa_p99_s=quantile(waits, 0.99),
        unheard=sum(not each.chunks and ttfa_s(each, span_s) is not None for each in accepted),
        stalled=sum(bool(_silences(player)) for _, player in audible),
        stalls=len(silences),
        stalled_s=sum(silences),
        played_s=sum(player.heard_ms(each.over_s) for each, player in audible) / 1000,
        c100=_share(several, c100),
        viable=_share(late, lambda ms: ms <= 0),
        late_p99_ms=quantile(late, 0.99),
        jitter_p95_ms=quantile([jitter_ms(each.chunks) for each, _ in audible if len(each.chunks) > 1], 0.95),
        goodput=len(good) / (span_s - warm_s),
        audio_s=sum(had.values()),
        jain=jain(list(had.values())),
        difference_s=largest_difference(list(had.values())),
    )


def ttfa_s(result: RequestResult, span_s: float) -> float | None:
    """Time from the wish that was accepted to its first audio; of one still waiting the time so far, or None."""
    if not result.listens:
        return None
    if result.chunks:
        return result.chunks[0][0] - result.asked_s
    end_s = result.over_s if result.over_s >= 0 else span_s
    waited_s = end_s - result.asked_s
    return waited_s if waited_s > TARGET_S and not result.left else None


def c100(player: Player) -> bool:
    """Was the longest silence at most 100 ms?"""
    return all(to_s - from_s <= UNDERRUN_S for from_s, to_s in player.stalls)


def meets(found: Summary) -> bool:
    """Is the target met: first audio in time, no silence, no refusal?"""
    waits = found.ttfa_p95_s > TARGET_S  # false of nan: no listener is known to have waited
    return bool(found.accepted) and not (waits or found.stalled or found.refused or found.unheard)


def most(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The largest n in low..high-1 for which `holds`, which holds at `low` and not at `high`: by bisection."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _player(result: RequestResult) -> Player:
    return played(result.chunks, result.over_s, ended_s=result.ended_s, pace=result.pace)


def _silences(player: Player) -> list[float]:
    return [to_s - from_s for from_s, to_s in player.stalls if to_s - from_s > SILENCE_S]


def _good(result: RequestResult, player: Player, span_s: float) -> bool:
    wait = ttfa_s(result, span_s)
    return wait is not None and wait <= TARGET_S and c100(player) and not result.left


def _by_user(results: Sequence[RequestResult]) -> dict[str, float]:
    had: dict[str, float] = {}
    for each in results:
        had[each.user] = had.get(each.user, 0.0) + each.spoken_s + sum(ms for _, ms in each.chunks) / 1000
    return had


def _share(values: Sequence[object], holds: Callable[..., bool]) -> float:
    return sum(holds(value) for value in values) / len(values) if values else math.nan
