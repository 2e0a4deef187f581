"""The figures of a burst of listeners before workers that may be more."""

from bench.load.burst import BURST_S, MANY, burst, figures_of
from bench.load.plan import RequestResult


def text(user: str, asked_s: float, *chunks: tuple[float, float]) -> RequestResult:
    """A text that a listener asked for; refused if it has no sound."""
    ended_s = chunks[-1][0] if chunks else -1.0
    over_s = ended_s + 0.5 if chunks else asked_s
    return RequestResult(user, "live", "live", asked_s, chunks=list(chunks), ended_s=ended_s, over_s=over_s)


def test_first_sounds_count_by_when_their_text_was_asked_for() -> None:
    results = (
        text("a", 1.0, (1.2, 500.0)),
        text("b", BURST_S + 1, (BURST_S + 5, 500.0)),
        text("c", BURST_S + 25, (BURST_S + 25.5, 500.0), (BURST_S + 25.9, 500.0)),
    )
    found = figures_of(results, BURST_S + 4)
    waits_s = (found.before_p95_s, found.between_p95_s, found.after_p95_s)
    assert (found.decided_s, *(round(wait_s, 3) for wait_s in waits_s)) == (4.0, 0.2, 4.0, 0.5)
    assert (found.after, found.silent) == (1, 0)
    assert found.is_met


def test_who_was_refused_has_waited_since_it_asked_first() -> None:
    results = (text("a", BURST_S + 20), text("a", BURST_S + 24, (BURST_S + 24.1, 500.0)))
    found = figures_of(results, BURST_S + 1)
    assert round(found.after_p95_s, 3) == 4.1
    assert not found.is_met


def test_a_silent_listener_or_no_decision_is_a_miss() -> None:
    late = text("a", BURST_S + 20, (BURST_S + 20.1, 500.0), (BURST_S + 21, 500.0))
    assert figures_of((late,), BURST_S + 1).silent == 1
    assert not figures_of((late,), BURST_S + 1).is_met
    assert not figures_of((text("a", BURST_S + 20, (BURST_S + 20.1, 500.0)),), -1.0).is_met


def test_the_others_come_at_one_moment() -> None:
    asks = burst().asks
    assert len(asks) == MANY
    assert sum(ask.at_s == BURST_S for ask in asks) == MANY * 3 // 4
