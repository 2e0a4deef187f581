"""Patience of a cluster's client: how long one command is tried again."""

import pytest

from seriatim.servers.retries import CAP_S, GRACE_S, REDIRECTIONS, Patience


@pytest.mark.parametrize("outage_s", [0.0, 1.0, 10.0])
def test_a_command_is_tried_for_as_long_as_an_outage_is_waited_out(outage_s: float) -> None:
    """As with one server: not much longer, and a few times where no outage is waited out."""
    patience, waits = Patience(outage_s, began_s=float("inf")), list[float]()
    while (wait_s := patience.wait_s()) is not None:
        waits.append(wait_s)
    assert max(waits) <= CAP_S
    assert outage_s <= sum(waits) <= outage_s + GRACE_S
    assert len(waits) >= 5


def test_a_node_that_says_nothing_for_long_ends_it() -> None:
    assert Patience(10.0, began_s=float("-inf")).wait_s() is None


def test_redirections_are_followed_at_once_unless_they_go_round_in_a_circle() -> None:
    patience = Patience(1.0)
    assert [patience.may_follow() for _ in range(REDIRECTIONS + 1)] == [True] * REDIRECTIONS + [False]
