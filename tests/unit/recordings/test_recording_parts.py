"""Parts: whichever there are, a job is read from some of them without a hole, and each byte once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.keys import END, GAP, StreamPosition
from seriatim.recordings.recording_parts import RecordingPart, chain, small_runs

PLACES = 30  #: positions of a job, of 10 bytes each
spans = st.tuples(st.integers(0, PLACES), st.integers(0, PLACES)).filter(lambda span: span[0] < span[1])


def part(begin: int, end: int) -> RecordingPart:
    start = StreamPosition(1, 10 * begin) if begin else StreamPosition()
    return RecordingPart(start, StreamPosition(1, 10 * end), 10 * begin, 10 * end, 7)


@given(st.lists(spans, max_size=20))
def test_a_chain_goes_as_far_as_the_parts_do_without_a_hole(found: list[tuple[int, int]]) -> None:
    reached = 0
    while ends := [end for begin, end in found if begin <= reached < end]:
        reached = max(ends)
    chained = chain(part(*span) for span in found)
    assert (chained[-1].stop if chained else 0) == 10 * reached
    for before, after in pairwise(chained):
        assert before.at < after.at <= before.stop < after.stop, "each brings something new, and leaves no hole"


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(20, 200))
def test_small_neighbours_are_merged_up_to_the_size_that_is_wanted(lengths: list[int], full_bytes: int) -> None:
    places = [sum(lengths[:n]) for n in range(len(lengths) + 1)]
    chained = [part(begin, end) for begin, end in pairwise(places)]
    runs = list(small_runs(chained, full_bytes))
    small = [each for each in chained if each.n_bytes < full_bytes // 2]
    assert [each for run in runs for each in run] == small
    for run in runs:
        assert run[-1].stop - run[0].at < full_bytes * 3 // 2
        assert all(before.stop == after.at for before, after in pairwise(run)), "neighbours"


@pytest.mark.parametrize(
    "position", [StreamPosition(1, 0), StreamPosition(3, GAP), StreamPosition(200_000, END), StreamPosition(2, 4801)]
)
def test_a_name_reads_back_as_it_is_written(position: StreamPosition) -> None:
    written = RecordingPart(StreamPosition(), position, 0, 10**12, 812)
    assert RecordingPart.parse(written.name) == written


@pytest.mark.parametrize(
    "name",
    ["", "a.mp3", "0-0_1-2_0_10", "0-0_1-2_10_0_7", "1-2_0-0_0_10_7", "0-0_1-2_0_1_7.part", f"0-0_1-{10**17}_0_1_7"],
)  # fmt: skip
def test_what_is_no_name_of_a_part_is_ignored(name: str) -> None:
    assert RecordingPart.parse(name) is None
