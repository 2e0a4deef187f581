"""Figures of the users' listening, made of the recorded times of their pieces of sound. Pure.

Jitter is the lateness of a piece of sound against playback: 0 for one that comes before all that came earlier is
played, else the time for which the player had nothing. Its p99 is over all pieces behind the first of each text. A
stall is a silence of more than 100 ms, as in the bench of load (bench/load/figures.py), whose jitter is another: that
between arrivals, of RFC 3550.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.load.figures import UNDERRUN_S, quantile, ttfa_s
from bench.load.plan import RequestResult
from bench.load.player import Player, played

TARGET_JITTER_MS = 50.0  #: p99, with users within capacity
PUBLISHED_JITTER_MS = 200.0  #: target of a published plan for such a service, which names no percentile


@dataclass(frozen=True, slots=True)
class UserFigures:
    """What all users of a run had to put up with. A text counts once its request was accepted."""

    texts: int
    refused: int  #: requests; each was followed by another one after Retry-After, until the run was over
    returned: int  #: of the accepted texts: those that were refused before
    failed: int  #: answers that broke off, or never began
    left: int  #: texts whose listener went in the middle
    first_p50_ms: float  #: from the request that was accepted to the first sound
    first_p95_ms: float
    jitter_p99_ms: float
    stalls: int
    stalled: int  #: texts with one
    longest_ms: float  #: the longest silence, however short
    played_s: float  #: sound that all of them heard

    @property
    def meets_target(self) -> bool:
        """Whether sound was heard without a stall or a broken answer, and with less jitter than is wanted."""
        return self.played_s > 0 and not (self.stalls or self.failed) and self.jitter_p99_ms < TARGET_JITTER_MS


def figures_of(results: Sequence[RequestResult]) -> UserFigures:
    """The figures of all requests of a run."""
    accepted = [each for each in results if each.job]
    players = [_player(each) for each in accepted]
    silences_ms = [[(to_s - from_s) * 1000 for from_s, to_s in player.stalls] for player in players]
    stalls = [sum(ms > UNDERRUN_S * 1000 for ms in some) for some in silences_ms]
    waits_s = [wait for each in accepted if (wait := ttfa_s(each, each.over_s)) is not None]
    late_ms = [max(0.0, ms) for player in players for ms in player.late_ms]
    return UserFigures(
        texts=len(accepted),
        refused=sum(bool(each.refused) for each in results),
        returned=sum(each.back for each in accepted),
        failed=sum(each.state.startswith("failed") for each in results),
        left=sum(each.left for each in accepted),
        first_p50_ms=quantile(waits_s, 0.5) * 1000,
        first_p95_ms=quantile(waits_s, 0.95) * 1000,
        jitter_p99_ms=quantile(late_ms, 0.99),
        stalls=sum(stalls),
        stalled=sum(bool(n) for n in stalls),
        longest_ms=max((ms for some in silences_ms for ms in some), default=0.0),
        played_s=sum(player.heard_ms(each.over_s) for each, player in zip(accepted, players, strict=True)) / 1000,
    )


def _player(result: RequestResult) -> Player:
    return played(result.chunks, result.over_s, ended_s=result.ended_s)
