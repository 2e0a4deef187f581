"""The voices bench: the tables that it prints, and that it measures the same text both ways."""

import pytest

from bench import voices
from bench.voice_quality import EngineFigures, QualityScore, VoiceFigures
from bench.voices import VoiceRun


def test_a_share_is_that_of_its_own_round() -> None:
    cpu_s = {"worker": 1.0, "redis": 0.1}
    rounds = [
        [VoiceRun(100, 1.0), VoiceRun(100, 1.25), VoiceRun(100, 0.8), VoiceRun(100, 0.5, cpu_s)],
        [VoiceRun(100, 4.0), VoiceRun(100, 4.0), VoiceRun(100, 4.0), VoiceRun(100, 2.5, cpu_s)],
        [VoiceRun(100, 2.0), VoiceRun(100, 2.0), VoiceRun(100, 2.0), VoiceRun(100, 1.0, cpu_s)],
    ]
    assert [line.replace(" | –", "") for line in voices.summary("hibari", rounds, 100).splitlines()[-4:]] == [
        "| hibari alone, one process | 50.0 | 1.00 (1.00 to 1.00) | 0.0 |",
        "| through Seriatim, 1 worker | 50.0 | 1.00 (0.80 to 1.00) | 0.0 |",
        "| through Seriatim, 1 worker of 2 slots | 50.0 | 1.00 (1.00 to 1.25) | 0.0 |",
        "| through Seriatim, 2 workers | 100.0 | 2.00 (1.60 to 2.00) | 11.0 | 10.0 | 1.0 |",
    ]


@pytest.mark.thorough
def test_a_round_speaks_the_same_alone_and_through_the_system() -> None:
    """With the engine of tones, which is there wherever the tests are."""
    runs = voices.one_round("tone", voices.sentences(6, "tone"))
    assert len(runs) == 1 + len(voices.PLANS)
    assert [run.audio_s for run in runs] == [pytest.approx(runs[0].audio_s)] * len(runs)
    assert min(run.speed for run in runs) > 1
    assert set(runs[-1].cpu_s) == {"worker", "redis", "reassembler", "client", "supervisor"}


def test_a_row_has_both_ways_beside_each_other() -> None:
    score = QualityScore(3.4, 3.6, 4.2)
    figures = EngineFigures("hibari", score, 0.004, VoiceFigures(110, 40, 190), VoiceFigures(95, 50, 240))
    assert figures.row() == "| hibari | 3.40 (3.60, 4.20) | 0.4% | 110 / 95 | 40 / 50 | 190 / 240 |\n"
