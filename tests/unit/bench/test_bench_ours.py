"""The bench's own entry: its sentences reach the workers as they were written, so that their sound is known."""

import pytest

from bench.ours import RATE_HZ, TURNS, text_of
from bench.work import Work
from seriatim.audio.pcm import ms_of_bytes
from seriatim.text.duration_estimate import too_short
from seriatim.text.reading import read_sentence


@pytest.mark.parametrize("n_bytes", [20_000, 100_000])
def test_sentences_that_take_turns_are_as_long_as_each_other_and_read_as_they_are(n_bytes: int) -> None:
    """A number would be read in words, and the sound that the bench expects would be another one."""
    texts = [text_of(seq, Work(1, audio_bytes=n_bytes)) for seq in range(TURNS)]
    assert len(set(texts)) == TURNS
    assert len({len(text) for text in texts}) == 1
    assert [read_sentence(text, "en") for text in texts] == texts


@pytest.mark.parametrize("n_bytes", [20_000, 100_000])
def test_a_sentence_is_as_long_as_its_sound(n_bytes: int) -> None:
    """Each would be marked, and logged, as far too short, which no sentence of a sound engine is."""
    assert not too_short(text_of(0, Work(1, audio_bytes=n_bytes)), ms_of_bytes(n_bytes, RATE_HZ))
