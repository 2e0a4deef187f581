"""Erlang's first formula for what must be refused: calls that arrive at will, and lines that are busy or free."""


def erlang_b(offered: float, lines: int) -> float:
    """Share of calls that find all lines busy. `offered` in erlangs: arrivals per second times seconds that they last.

    By the recursion B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1)), which does not overflow (A. K. Erlang, 1917).
    """
    blocked = 1.0
    for n in range(1, lines + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked


def overflow(offered: float, lines: float) -> float:
    """Share that no order of service can carry: the load beyond the lines. Fewer refusals would silence a listener."""
    return max(0.0, 1 - lines / offered) if offered > 0 else 0.0
