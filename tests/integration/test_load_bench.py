"""The load bench on a real system: a few listeners for a few seconds, and figures that make sense."""

import pytest

from bench.load.figures import summary
from bench.load.plan import Ask, Run
from bench.load.scenarios import crowd
from bench.load.stand import Stand, stand

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def place():
    with stand() as found:
        yield found


def test_five_listeners_hear_everything_in_time(place: Stand) -> None:
    """Well below the load that four slots can bear: nobody is refused. How long they wait: see benches."""
    outcome = place.run(crowd(5, 6.0, (3.0, 4.0), name="tiny"))
    found = summary(outcome.told, 6.0)
    assert found.asked >= 5
    assert found.refused == found.unheard == 0
    assert 0 < found.ttfa_p50_s <= found.ttfa_p95_s
    assert found.played_s > 8, "five listeners, most of six seconds"
    assert 0 <= found.viable <= 1
    assert 0 <= found.stalled <= found.asked
    assert outcome.measured["rtf"] > 0.15, "what the engine's options say, and what the machine adds"
    assert {"redis", "reassembler", "worker", "clients"} <= outcome.used.keys()
    assert all(0 <= used.cores < 2 and used.peak_mb > 1 for used in outcome.used.values())


def test_whoever_leaves_or_is_never_heard_leaves_nothing_behind(place: Stand) -> None:
    """A listener who cancels, one who vanishes, and a book that nobody hears: `Stand.run` waits until all are gone."""
    asks = (
        Ask(0.0, "ann", (30.0,), 1, leaves_s=0.5, group="cancels"),
        Ask(0.0, "bob", (30.0,), 2, leaves_s=0.5, says_so=False, group="vanishes"),
        Ask(0.0, "cid", (60.0,), 3, "batch", listens=False, group="book"),
    )
    outcome = place.run(Run("leaving", asks, 3.0))
    by_group = {told.group: told for told in outcome.told}
    assert by_group["cancels"].left
    assert by_group["vanishes"].left
    assert by_group["book"].spoken_s > 1
    assert not by_group["book"].chunks
