"""Faults of the wire: what a proxy between half of the processes and their server does to them."""

from tests.chaos.faults.fault_context import Fault, FaultContext
from tests.chaos.proxy import Mood


def slow(context: FaultContext) -> None:
    """Everything takes longer."""
    _for_a_while(context, Mood.SLOW, 0.5, 3.0, delay_s=context.rng.choice((0.005, 0.03, 0.2)))


def reset(context: FaultContext) -> None:
    """All connections break, a few times."""
    for _ in range(context.rng.randint(1, 4)):
        context.stage.proxy.reset()
        context.pause(0.01, 0.3)


def black_hole(context: FaultContext) -> None:
    """Nothing arrives, without an error."""
    _for_a_while(context, Mood.BLACK_HOLE, 0.5, 4.0)


def cut(context: FaultContext) -> None:
    """Every reply is cut in its middle."""
    context.stage.proxy.keep_bytes = context.rng.choice((0, 1, 5, 200))
    _for_a_while(context, Mood.CUT, 0.2, 1.0)


def half_open(context: FaultContext) -> None:
    """The server's side of each connection is gone; the client's side looks as always."""
    _for_a_while(context, Mood.HALF_OPEN, 0.5, 4.0)


def _for_a_while(context: FaultContext, mood: Mood, low_s: float, high_s: float, delay_s: float = 0.0) -> None:
    context.stage.proxy.be(mood, delay_s)
    try:
        context.pause(low_s, high_s)
    finally:
        context.stage.proxy.be(Mood.CALM)


FAULTS = (
    Fault("slow wire", 0.7, slow),
    Fault("reset wire", 1, reset),
    Fault("black hole", 0.7, black_hole),
    Fault("cut replies", 1, cut),
    Fault("half-open wire", 0.7, half_open),
)
