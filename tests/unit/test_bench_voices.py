"""The voices bench: what it prints, and that it measures the same text both ways."""

import pytest

from bench import voices
from bench.voices import VoiceRun


def test_a_share_is_that_of_its_own_round() -> None:
    rounds = [
        [VoiceRun(100, 1.0), VoiceRun(100, 1.25), VoiceRun(100, 0.5)],
        [VoiceRun(100, 4.0), VoiceRun(100, 4.0), VoiceRun(100, 2.5)],
        [VoiceRun(100, 2.0), VoiceRun(100, 2.0), VoiceRun(100, 1.0)],
    ]
    assert voices.summary("hibari", rounds).splitlines()[-3:] == [
        "| hibari alone, one process | 50.0 | 1 |",
        "| through Seriatim, 1 worker | 50.0 | 1.00 (0.80 to 1.00) |",
        "| through Seriatim, 2 workers | 100.0 | 2.00 (1.60 to 2.00) |",
    ]


def test_a_round_speaks_the_same_alone_and_through_the_system() -> None:
    """With the engine of tones, which is there wherever the tests are."""
    runs = voices.one_round("tone", voices.sentences(6, "tone"))
    assert len(runs) == 3
    assert [run.audio_s for run in runs] == [pytest.approx(runs[0].audio_s)] * 3
    assert min(run.speed for run in runs) > 1
