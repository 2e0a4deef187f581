"""The figures of listeners on a busy host."""

from bench.load.busy_host import HostFigures
from bench.load.load_system import Outcome
from bench.load.plan import LoadRun, RequestResult


def listener(user: str, *chunks: tuple[float, float]) -> RequestResult:
    ended_s = chunks[-1][0]
    return RequestResult(
        user, "live", "live", 0.0, job=user, chunks=list(chunks), ended_s=ended_s, over_s=ended_s + 0.5
    )


def test_who_is_silent_for_more_than_a_tenth_of_a_second_counts() -> None:
    results = (
        listener("in time", (1.0, 500.0), (1.4, 500.0)),
        listener("a moment late", (1.0, 500.0), (1.55, 500.0)),
        listener("late", (1.0, 500.0), (1.75, 500.0)),
        RequestResult("refused", "live", "live", 0.0, refused="Busy"),
    )
    found = HostFigures.of(Outcome(LoadRun("tiny", (), 9.0), results, {}, (5.0, 9.0), {"rtf": 0.25}))
    assert (found.accepted, found.refused, found.silent, round(found.longest_ms)) == (3, 1, 1, 250)
    assert found.row("busy") == "| busy | 3 | 1 | 1 | 250 ms | 0.25 | 9 ms |"
