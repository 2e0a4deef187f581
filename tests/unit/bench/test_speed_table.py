"""The speed table: medians of several runs beside its limit, and the gaps of a slot from its engine's notes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.speed.speed_table import FIGURES, SpeedFigure, SpeedRuns, table_lines
from bench.speed.timed_engine import RECORD, gaps_ms


def test_a_figure_is_the_median_of_its_runs_with_their_spread() -> None:
    quiet, busy = SpeedRuns(load=0.5), SpeedRuns(load=0.7)
    for value in (4.0, 1.0, 1.5):
        quiet.add({figure.name: value for figure in FIGURES})
        busy.add({figure.name: 100 * value for figure in FIGURES})
    where, _, *rows = table_lines({"quiet": quiet, "busy": busy}, datetime(2026, 11, 30, tzinfo=UTC))
    assert where.endswith(
        "load 0.5 before the quiet runs, load 0.7 before the busy runs, 2026-11-30; 3 runs of each kind"
    )
    assert len(rows) == 2 + len(FIGURES)
    gap = next(row for row in rows if "p50" in row and "slot" in row)
    assert gap.endswith("| ≤ 2 ms | 1.50 (1.00 to 4.00) | 150 (100 to 400), missed |")


@pytest.mark.parametrize(
    ("figure", "good", "bad", "limit"),
    [
        (SpeedFigure("a", "", at_least=0.9), 0.9, 0.89, "≥ 0.9"),
        (SpeedFigure("b", "ms", at_most=2), 2.0, 2.1, "≤ 2 ms"),
    ],
)
def test_a_figure_is_met_up_to_its_limit(figure: SpeedFigure, good: float, bad: float, limit: str) -> None:
    assert (figure.met(good), figure.met(bad), figure.limit) == (True, False, limit)


def test_gaps_lie_between_the_sentences_of_a_thread(tmp_path: Path) -> None:
    """Sentences are noted as they end; those of other threads lie in between."""
    notes = [(1, 10.0, 10.5), (2, 10.2, 10.9), (1, 10.51, 11.0), (2, 10.92, 11.5)]
    (tmp_path / "spoken").write_bytes(b"".join(RECORD.pack(*note) for note in notes))
    assert sorted(gaps_ms(tmp_path / "spoken")) == pytest.approx([10.0, 20.0])
