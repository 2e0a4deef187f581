"""The bench's own entry: its sentences reach the workers as they were written, so that their sound is known."""

from bench.ours import TURNS, text_of
from seriatim.text.reading import read_sentence


def test_sentences_that_take_turns_are_as_long_as_each_other_and_read_as_they_are() -> None:
    """A number would be read in words, and the sound that the bench expects would be another one."""
    texts = [text_of(seq) for seq in range(TURNS)]
    assert len(set(texts)) == TURNS
    assert len({len(text) for text in texts}) == 1
    assert [read_sentence(text, "en") for text in texts] == texts
