"""Metrics of a pool for autoscalers, dashboards and people (docs/reference/metrics.md).

Pool scripts count as they go: a counter only rises, and a time falls into the bucket of the smallest bound that
holds it. Nothing here grows with jobs or users. The sweep keeps a copy of all counters once a minute, so that recent
figures are a difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: as lua/pool/claim.lua counts them (tests/scripts compare)
WAIT_BOUNDS_MS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
#: as lua/pool/finish.lua counts them
TIME_BOUNDS_MS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000)
LENGTH_BOUNDS_MS = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000)
MINUTE_MS = 60_000
SLACK_BOUNDS_MS = (-10_000, -5_000, -2_000, -1_000, -500, -200, 0, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)


@dataclass(frozen=True, slots=True)
class TimeHistogram:
    """Times counted in buckets: (upper bound in ms, how many), bounds rising, the last one infinite."""

    counts: tuple[tuple[float, int], ...] = ()

    @property
    def n(self) -> int:
        """How many were counted."""
        return sum(count for _, count in self.counts)

    def quantile_ms(self, share: float) -> float | None:
        """The time that `share` of all stay within, in ms: linear within a bucket. None if nothing was counted.

        Beyond the outermost bounds it is the bound: buckets cannot tell more.
        """
        rank, before, lower = share * self.n, 0.0, None
        for upper, count in self.counts:
            if count and before + count >= rank:
                if lower is None or upper == float("inf"):
                    return lower if upper == float("inf") else upper
                return lower + (upper - lower) * max(0.0, rank - before) / count
            before, lower = before + count, upper
        return None


@dataclass(frozen=True, slots=True)
class PoolMetrics:
    """Current metrics of a pool. "Recent" is the last one to two minutes; counts are since the pool's creation."""

    pool: str
    slots: int = 0
    allowed: int = 0  #: slots that the governor lets it use
    limited: bool = False  #: the governor has a limit, which may be above the slots
    paused_ms: int = 0  #: for how long nothing is dispatched, since the engine's server accepts nothing
    in_flight: int = 0
    waiting: int = 0  #: sentences accepted and not in flight: the depth of the queue
    jobs: int = 0
    users_live: int = 0  #: users with a live sentence that could be dispatched
    users_batch: int = 0
    demand: float = 0.0  #: slots that live jobs need, as measured
    room: float = 0.0  #: slots that live jobs may have
    held: float = 0.0  #: slots kept for listeners whose audio is spoken and not yet heard
    load: float = 0.0  #: (demand + held) * lateness / room; near 1 no more live jobs are accepted
    lateness: float = 1.0  #: 1 to 1.5; above 1 live sentences are claimed late, and admission counts with more demand
    rtf: float = 0.0  #: slot seconds per second of audio
    line: int = 0  #: refused, and expected to retry
    returning: float = 1.0  #: share of refused callers that retried in time, recent
    batch_share: float = 1.0  #: of its window that batch may use: first step of degrading
    chunk_share: float = 1.0  #: of the usual size of first pieces and chunks: second step
    cold_start: bool = False  #: live requests wait for a first worker
    refusing: bool = False  #: one more live job would be refused: third step
    wait_live: TimeHistogram = field(default_factory=TimeHistogram)  #: from dispatchable to claimed, recent
    wait_batch: TimeHistogram = field(default_factory=TimeHistogram)
    slack: TimeHistogram = field(
        default_factory=TimeHistogram
    )  #: at the claim: time until playback reaches the sentence, recent
    refused_lately: int = 0
    requests_minute: int = 0  #: that an operator allows; 0: any number
    characters_minute: int = 0  #: likewise
    requests_lately: int = 0  #: a minute, recent: attempts that workers began
    characters_lately: int = 0  #: a minute, recent: of the sentences of these
    counts: Mapping[str, int] = field(default_factory=dict)  #: every counter by its name

    @property
    def degraded(self) -> tuple[str, ...]:
        """The steps of degrading that are taken now."""
        steps = {
            "batch looks less far ahead": self.batch_share < 1,
            "smaller pieces": self.chunk_share < 1,
            "refusing": self.refusing,
        }
        return tuple(step for step, taken in steps.items() if taken)

    @property
    def paused_s(self) -> float:
        """For how long nothing is dispatched, since the engine's server accepts nothing."""
        return self.paused_ms / 1000

    @property
    def postponed(self) -> Mapping[str, int]:
        """Attempts postponed because the engine was busy, by the limit that it had reached."""
        return _under(self.counts, "postponed_")

    @property
    def route_characters(self) -> Mapping[str, int]:
        """Characters that other engines of a route than the first were sent, by their names."""
        return _under(self.counts, "route_characters_")

    @property
    def refused(self) -> Mapping[str, int]:
        """Refusals by reason: busy, too_large, memory, no_workers, or a user limit, such as cap_jobs."""
        return _under(self.counts, "refused_")


def decode(
    pool: str, gauges: Sequence[bytes | int], counters: Sequence[bytes], earlier: Sequence[bytes]
) -> PoolMetrics:  # fmt: skip
    """Read the reply of lua/pool/signals.lua."""
    g = {_text(name): float(value) for name, value in zip(gauges[::2], gauges[1::2], strict=True)}
    now, then = _counts(counters), _counts(earlier)
    lately = {name: n - then.get(name, 0) for name, n in now.items()}
    minutes = max(1.0, (g["now"] - _copied_ms(earlier, g["now"])) / MINUTE_MS)
    whole: dict[str, Any] = {name: int(g[name]) for name in _WHOLE}
    parts: dict[str, Any] = {name: g[name] for name in _PARTS}
    return PoolMetrics(
        pool,
        **whole,
        **parts,
        cold_start=bool(g["cold"]),
        refusing=bool(g["refusing"]),
        limited=bool(g["limited"]),
        wait_live=_spread(lately, "wait_L", WAIT_BOUNDS_MS),
        wait_batch=_spread(lately, "wait_B", WAIT_BOUNDS_MS),
        slack=_spread(lately, "slack", SLACK_BOUNDS_MS),
        requests_lately=round(lately.get("engine_requests", 0) / minutes),
        characters_lately=round(lately.get("engine_characters", 0) / minutes),
        refused_lately=sum(_under(lately, "refused_").values()),
        counts=now,
    )


_WHOLE = (
    "slots", "allowed", "paused_ms", "in_flight", "waiting", "jobs", "users_live", "users_batch", "line",
    "requests_minute", "characters_minute",
)  # fmt: skip
_PARTS = ("demand", "held", "room", "load", "lateness", "rtf", "returning", "batch_share", "chunk_share")


def _counts(flat: Sequence[bytes]) -> dict[str, int]:
    found = {_text(name): int(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}
    found.pop("t", None)  # when the counters were copied
    return found


def _copied_ms(flat: Sequence[bytes], default_ms: float) -> float:
    """The time at which counters were copied; the default of a pool that is too young for a copy."""
    return float(dict(zip(flat[::2], flat[1::2], strict=True)).get(b"t", default_ms))


def _spread(counts: Mapping[str, int], name: str, bounds: Sequence[int]) -> TimeHistogram:
    rows = [(float(bound), counts.get(f"{name}:{bound}", 0)) for bound in bounds]
    return TimeHistogram((*rows, (float("inf"), counts.get(f"{name}:inf", 0))))


def _under(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): n for name, n in counts.items() if name.startswith(prefix)}


def _text(raw: bytes | int) -> str:
    return raw.decode() if isinstance(raw, bytes) else str(raw)
