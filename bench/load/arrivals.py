"""Arrivals of listeners: the same ones for ever (closed loop), by chance (Poisson), in bursts. Pure."""

from random import Random


def spread(n: int, over_s: float) -> list[float]:
    """`n` arrivals, evenly over `over_s` seconds: a gradual rise, not a burst."""
    return [over_s * i / n for i in range(n)]


def poisson(per_s: float, span_s: float, seed: int) -> list[float]:
    """Arrivals of a Poisson process: each is independent of the others."""
    random, times, at_s = Random(seed), list[float](), 0.0
    while (at_s := at_s + random.expovariate(per_s)) < span_s:
        times.append(at_s)
    return times


def bursts(size: int, every_s: float, span_s: float) -> list[float]:
    """`size` arrivals at once, every so often, the first after one interval: news, or the end of a meeting."""
    n = int(span_s / every_s)
    return [every_s * i for i in range(1, n + 1) for _ in range(size) if every_s * i < span_s]
