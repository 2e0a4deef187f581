"""The parts of `make bench-xtts` that need no model: how its table reads, and how it counts listeners.

Its other modules are imported only where torch is installed.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.xtts.figures import Figure, as_json, table
from bench.xtts.listeners import Texts, bisected, figures, listen
from seriatim.engine import Engine
from seriatim.settings import Settings
from workers.engines.engine_registry import load, options_of
from workers.tune.test_sentences import SAMPLE, endless_utterances, read_text, split_sentences


def tone(**options: str) -> Engine:
    return load("tone", options_of("tone", {"rate_hz": "8000", "ms_per_char": "10", **options}, Settings()))


def test_a_ratio_is_met_from_its_least_on_and_a_number_up_to_its_most() -> None:
    assert Figure.at_least("speed", 4, 4.0, "x").met
    assert not Figure.at_least("speed", 4, 3.99, "x").met
    assert Figure.at_most("error", 1e-6, 1e-6, "x").met
    assert not Figure.at_most("error", 1e-6, 2e-6, "x").met


def test_the_table_says_in_capitals_what_is_not_as_wanted() -> None:
    rows = [Figure.at_least("speed", 4, 2.5, "5 against 2"), Figure.at_most("error", 1e-6, 1e-8, "of 1")]
    heading, speed, error = table(rows).splitlines()
    assert heading.split() == ["measure", "target", "measured", "ok"]
    assert speed.split() == ["speed", ">=", "4x", "2.50x", "(5", "against", "2)", "NO"]
    assert error.endswith("yes")
    assert as_json(rows, {"cpus": 2})["figures"][0]["value"] == 2.5


@given(st.integers(0, 64), st.integers(1, 64))
def test_bisection_finds_how_many_are_served(limit: int, most: int) -> None:
    tried: list[int] = []

    def served(n: int) -> bool:
        tried.append(n)
        return n <= limit

    assert abs(bisected(served, most) - min(limit, most)) <= max(0, min(limit, most) // 32)
    assert all(1 <= n <= most for n in tried)
    assert len(tried) <= 7


@pytest.mark.parametrize(
    ("firsts_ms", "silences_s", "served"),
    [
        ([100.0] * 100, [0.0] * 100, True),
        ([100.0] * 95 + [900.0] * 5, [0.0] * 100, True),
        ([100.0] * 94 + [900.0] * 6, [0.0] * 100, False),
        ([100.0] * 100, [0.0] * 99 + [1.0], True),
        ([100.0] * 100, [0.0] * 98 + [0.11] * 2, False),
        ([], [], False),
    ],
)
def test_listeners_are_served_as_wanted_or_not(
    firsts_ms: list[float], silences_s: list[float], *, served: bool
) -> None:
    assert Texts(firsts_ms, silences_s).served is served


def test_listeners_of_an_engine_faster_than_playback_hear_no_silence() -> None:
    engine = tone(slots="3", rtf="0.1")
    window = listen(engine, ("a short sentence.", "and another one."), 3, 0.5)
    assert len(window.firsts_ms) >= 3
    assert window.served


def test_listeners_of_an_engine_slower_than_playback_do() -> None:
    engine = tone(slots="2", rtf="3", chunk_ms="200")
    window = listen(engine, ("a sentence that takes a while to be spoken.",), 2, 0.5)
    assert max(window.silences_s) > 0.1
    assert not window.served


def test_its_lines_are_those_two() -> None:
    rate, most = figures(tone(slots="2", rtf="0.1"), ("a short sentence.",), 0.4)
    assert 5 < rate.value <= 25
    assert most.value == 2  # all slots


def test_the_sample_has_sentences_of_all_lengths() -> None:
    engine = tone()
    lengths = [len(text) for text in split_sentences(engine, SAMPLE, "en")]
    assert len(lengths) >= 16
    assert min(lengths) < 15
    assert max(lengths) > 120


def test_every_sentence_is_spoken_with_a_seed_of_its_own_and_voices_take_turns(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("One. Two. Three.", "utf-8")
    engine = tone()
    texts = split_sentences(engine, read_text(str(file)), "en")
    utterances = endless_utterances(engine, texts, "en", 1)
    first = [next(utterances) for _ in range(6)]
    assert [each.text for each in first] == ["Two.", "Three.", "One."] * 2
    assert len({each.seed for each in first}) == 6
    assert len({each.voice for each in first}) == min(4, len(engine.voices))
