"""Kills at named points: right before, or right after, one of each kind of call that a process makes."""

import itertools
import subprocess

from tests.chaos.cluster import worker_arguments
from tests.chaos.faults.fault_context import Fault, FaultContext

#: Which processes make which calls, by their script; N is drawn below the second number.
WORKER = {
    "register": 1,
    "claim": 6,
    "open": 6,
    "append": 40,
    "finish": 6,
    "pick": 12,
    "beat": 4,
    "sweep": 6,
    "strike": 2,
}
REASSEMBLER = {"emit": 80, "due": 30, "recorded": 3, "heard": 4, "ack": 4}
PRODUCER = {"init": 4, "submit": 4, "life": 4, "strike": 4, "pick": 6, "extend": 10, "close": 2, "cancel": 1, "end": 1,
            "ack": 20, "heard": 20}  # fmt: skip
POINTS = {"worker": WORKER, "reassembler": REASSEMBLER, "client": PRODUCER}
ALL_POINTS = [
    (kind, script, when)
    for kind, scripts in POINTS.items()
    for script, when in itertools.product(scripts, ("before", "after"))
]
PATIENCE_S = 8.0  #: a process that has not reached its point by then is killed where it is


def at_a_point(context: FaultContext) -> None:
    """Start a process that will kill itself at a point, and wait until it has."""
    kind, script, when = context.rng.choice(ALL_POINTS)
    nth = context.rng.randint(1, POINTS[kind][script])
    name = f"doomed-{kind}"
    child = context.stage.start_aside(
        name, "-m", "tests.chaos.points", script, when, str(nth), *_command(context, kind)
    )
    try:
        child.wait(PATIENCE_S)
        reached = True
    except subprocess.TimeoutExpired:
        reached = False
        child.kill()
        child.wait()
    context.history.note(
        "kill", component=f"point: {kind}", at=f"{when} {script} {nth}", reached=reached, signal="SIGKILL"
    )
    if kind == "client":
        _bequeath(context)


def _command(context: FaultContext, kind: str) -> tuple[str, ...]:
    stage = context.stage
    if kind == "worker":
        return ("workers.worker_process", *worker_arguments(stage))
    if kind == "reassembler":
        return ("reassembler.main",)
    number = sum(role.name.startswith("heir") for role in stage.roles.values()) + 1
    arguments = ("--history", str(stage.history.path), "--seed", str(stage.seed), "--listeners", "2")
    return ("tests.chaos.client", f"doomed{number}", *arguments)


def _bequeath(context: FaultContext) -> None:
    """A client like any other goes on with what the doomed one began, draws nothing, and leaves."""
    context.stage.add_heir(f"doomed{len(context.stage.names('heir')) + 1}")


FAULTS = (Fault("kill at a point", 4, at_a_point),)
