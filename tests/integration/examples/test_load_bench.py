"""The load bench on a real system: a few listeners for a few seconds, and figures that make sense."""

import pytest

from bench.load.figures import summary
from bench.load.load_system import LoadSystem, started_system
from bench.load.plan import Ask, LoadRun
from bench.load.scenarios import at_once

pytestmark = pytest.mark.thorough

SPAN_S = 15.0  #: long enough for first sounds on busy cores


@pytest.fixture(scope="module")
def place():
    with started_system() as found:
        yield found


def test_five_listeners_hear_everything_in_time(place: LoadSystem) -> None:
    """Well below the load that four slots can bear: no job is refused. How long they wait: see benches."""
    outcome = place.run(at_once(5, SPAN_S, (3.0, 4.0), name="tiny"))
    found = summary(outcome.results, SPAN_S)
    assert found.requests >= 5
    assert found.refused == 0
    assert len({result.user for result in outcome.results if result.chunks}) == 5
    assert 0 < found.ttfa_p50_s <= found.ttfa_p95_s
    assert found.played_s > 8, "five listeners, each some seconds"
    assert 0 <= found.viable <= 1
    assert 0 <= found.stalled <= found.requests
    assert outcome.measured["rtf"] > 0.15, "what the engine's options say, and what the machine adds"
    assert {"redis", "reassembler", "worker", "clients"} <= outcome.used.keys()
    assert all(0 <= used.cores < 2 and used.peak_mb > 1 for used in outcome.used.values())


def test_a_cancelled_or_unheard_job_leaves_nothing_behind(place: LoadSystem) -> None:
    """One listener cancels, one vanishes, a book has none: `LoadSystem.run` waits until all are gone."""
    asks = (
        Ask(0.0, "ann", (60.0,), 1, leaves_s=0.5, group="cancels"),
        Ask(0.0, "bob", (60.0,), 2, leaves_s=0.5, says_so=False, group="vanishes"),
        Ask(0.0, "cid", (120.0,), 3, "batch", listens=False, group="book"),
    )
    outcome = place.run(LoadRun("leaving", asks, SPAN_S))
    by_group = {result.group: result for result in outcome.results}
    assert by_group["cancels"].left
    assert by_group["vanishes"].left
    assert by_group["book"].spoken_s > 1
    assert not by_group["book"].chunks
