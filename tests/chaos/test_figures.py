"""Figures of a history: from which moment a listener's wait counts."""

from collections import Counter

import pytest

from tests.chaos.figures import silences, table
from tests.chaos.history import Event
from tests.chaos.job_plans import ChaosPlan

PLAN = ChaosPlan("key", "library", ("text",), "ann", 1)
KILL = {"e": "kill", "t": 10.0, "signal": "SIGKILL"}
LISTENER: list[Event] = [
    {"e": "wanted", "t": 8.0, "plan": PLAN.to_event()},
    {"e": "accepted", "t": 8.1, "key": "key", "job": "j"},
    *({"e": "heard", "t": at_s, "s": at_s, "job": "j", "n": 2} for at_s in (9.5, 15.0)),
]


@pytest.mark.parametrize(
    ("facts", "component", "wait_s"),
    [
        ({"component": "redis"}, "redis", 2.0),
        ({"component": "redis", "failover": True}, "failover", 5.0),
        ({"component": "slots", "signal": "none"}, "slots", 5.0),
        ({"component": "broker"}, "broker", 5.0),
    ],
)
def test_a_wait_counts_from_the_kill_or_from_the_first_answer_of_a_restarted_server(
    facts: Event, component: str, wait_s: float
) -> None:
    """A server that is restarted is away for as long as the test says; a failover is the system's own work."""
    events = [*LISTENER, KILL | facts, {"e": "answers", "t": 13.0}]
    (found,) = silences(events)
    assert (found.component, found.seconds) == (component, wait_s)


def test_the_table_has_a_line_for_what_happened_alone() -> None:
    lines = table([*LISTENER, KILL | {"component": "redis", "failover": True}], Counter())
    assert "failover" in lines
    assert "broker" not in lines
