"""The range of worker processes, as people write it."""

import pytest

from gateway.cli import parser, parser_parts
from gateway.cli.main import COMMANDS
from seriatim.process.process_range import ProcessRange


@pytest.mark.parametrize(
    ("text", "least", "most"), [("1", 1, 1), ("3", 3, 3), ("1..4", 1, 4), ("2..2", 2, 2), ("auto", 1, 0)]
)
def test_a_range_is_written_as_it_is_read(text: str, least: int, most: int) -> None:
    limits = ProcessRange.parse(text)
    assert (limits.least, limits.most, limits.fixed) == (least, most, least == most)
    assert ProcessRange.parse(str(limits)) == limits


@pytest.mark.parametrize("text", ["", "0", "4..1", "0..2", "1..", "..4", "1-4", "many", "²"])
def test_anything_else_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a number of 1 or more, a range such as 1\.\.4, or auto"):
        ProcessRange.parse(text)


def test_auto_is_limited_by_what_suits_the_machine_and_holds_for_each_gpu() -> None:
    assert ProcessRange.parse("auto").limited(6) == ProcessRange(1, 6)
    assert ProcessRange.parse("1..4").limited(6) == ProcessRange(1, 4)
    assert ProcessRange.parse("1..4").times(2) == ProcessRange(2, 8)


@pytest.mark.parametrize(
    ("words", "least", "most"),
    [
        ((), 1, parser_parts.CORES),
        (("--workers", "2"), 2, 2),
        (("--workers", "1..3"), 1, 3),
        (("--engine", "xtts"), 1, 1),
        (("--engine", "xtts", "--workers", "1..2"), 1, 2),
    ],
)
def test_a_local_system_follows_its_load_unless_a_number_is_given(
    words: tuple[str, ...], least: int, most: int
) -> None:
    plan = parser_parts.scaled_worker_plan(parser.build_parser(COMMANDS).parse_args(["up", "--engine", "tone", *words]))
    assert (plan.processes, plan.most_processes) == (least, most)
    arguments = plan.arguments()
    assert arguments[arguments.index("--processes") + 1] == str(ProcessRange(least, most))
