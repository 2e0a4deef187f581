"""Arrivals of a day: listeners who come by the hour, with one burst of four times the load, from a seed."""

import random
from dataclasses import dataclass

DAY_S = 24 * 3600
#: listeners at each hour by those of the busiest: few at night, a peak at noon, a higher one in the evening (assumed)
HOURS = (
    0.06, 0.03, 0.00, 0.00, 0.00, 0.05, 0.15, 0.35, 0.50, 0.55, 0.60, 0.65,
    0.75, 0.60, 0.55, 0.50, 0.55, 0.65, 0.80, 0.95, 1.00, 0.80, 0.45, 0.15,
)  # fmt: skip
BURST_S = (10 * 3600, 10 * 3600 + 600)
BURST = 4.0
LISTENS_S = 120.0  #: mean time for which a listener listens


@dataclass(frozen=True, slots=True)
class DayArrival:
    """One listener."""

    at_s: float
    listens_s: float


def share(at_s: float) -> float:
    """Listeners at a time of the day by those of the busiest hour, between hours linear; four times in the burst."""
    hour, part = int(at_s // 3600) % 24, at_s % 3600 / 3600
    level = HOURS[hour] * (1 - part) + HOURS[(hour + 1) % 24] * part
    return level * (BURST if BURST_S[0] <= at_s < BURST_S[1] else 1)


def arrivals(peak: float, seed: int) -> list[DayArrival]:
    """A day with `peak` listeners at once, on average, at its busiest.

    A Poisson process, thinned (Lewis and Shedler, 1979). The same seed gives the same day.
    """
    chance = random.Random(seed)
    most = BURST * max(HOURS)
    at_s, found = 0.0, list[DayArrival]()
    while True:
        at_s += chance.expovariate(peak * most / LISTENS_S)
        if at_s >= DAY_S:
            return found
        if chance.random() * most < share(at_s):
            found.append(DayArrival(at_s, chance.expovariate(1 / LISTENS_S)))
