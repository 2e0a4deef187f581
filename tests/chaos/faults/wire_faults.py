"""Faults of the wire: what a proxy between half of the processes and their server does to them."""

from tests.chaos.faults.fault_context import Arena, Fault
from tests.chaos.proxy import Mood


def slow(arena: Arena) -> None:
    """Everything takes longer."""
    _for_a_while(arena, Mood.SLOW, 0.5, 3.0, delay_s=arena.rng.choice((0.005, 0.03, 0.2)))


def reset(arena: Arena) -> None:
    """All connections break, a few times."""
    for _ in range(arena.rng.randint(1, 4)):
        arena.stage.proxy.reset()
        arena.pause(0.01, 0.3)


def black_hole(arena: Arena) -> None:
    """Nothing arrives, without an error."""
    _for_a_while(arena, Mood.BLACK_HOLE, 0.5, 4.0)


def cut(arena: Arena) -> None:
    """Every reply is cut in its middle."""
    arena.stage.proxy.keep_bytes = arena.rng.choice((0, 1, 5, 200))
    _for_a_while(arena, Mood.CUT, 0.2, 1.0)


def half_open(arena: Arena) -> None:
    """The server's side of each connection is gone; the client's side looks as always."""
    _for_a_while(arena, Mood.HALF_OPEN, 0.5, 4.0)


def _for_a_while(arena: Arena, mood: Mood, low_s: float, high_s: float, delay_s: float = 0.0) -> None:
    arena.stage.proxy.be(mood, delay_s)
    try:
        arena.pause(low_s, high_s)
    finally:
        arena.stage.proxy.be(Mood.CALM)


FAULTS = (
    Fault("slow wire", 0.7, slow),
    Fault("reset wire", 1, reset),
    Fault("black hole", 0.7, black_hole),
    Fault("cut replies", 1, cut),
    Fault("half-open wire", 0.7, half_open),
)
