"""Properties of segmentation that hold for every text and every way of cutting it."""

from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.segment import IncrementalSegmenter, Segment, SegmentOptions, segment
from tests.unit.text.segmentation_texts import anything, cleaned, cuts, letters, spaced, words


def fed(text: str, cut: SegmentOptions, sizes: list[int]) -> list[Segment]:
    """The pieces of a text that comes in parts of these sizes, over and over."""
    incremental, pieces, start = IncrementalSegmenter(cut), list[Segment](), 0
    while start < len(text):
        for size in sizes:
            pieces += incremental.feed(text[start : start + size])
            start += size
    return pieces + incremental.flush()


@given(spaced, cuts(least=40))
def test_every_word_of_a_text_is_spoken_once_and_in_order(text, cut):
    kept = [word for piece in segment(text, cut) for word in words(piece.text)]
    assert kept == words(cleaned(text))


@given(anything, cuts())
def test_every_letter_and_digit_of_any_text_is_spoken_once_and_in_order(text, cut):
    kept = "".join(letters(piece.text) for piece in segment(text, cut))
    assert kept == letters(cleaned(text))


@given(anything, cuts())
def test_a_piece_can_be_spoken(text, cut):
    for piece in segment(text, cut):
        assert 1 <= len(piece.text) <= cut.limit_chars
        assert piece.text == piece.text.strip()
        assert letters(piece.text)
        assert "\n" not in piece.text
        assert piece.text == cleaned(piece.text)
        assert piece.pause_ms in (0, cut.pause_ms, cut.paragraph_ms)
        piece.text.encode()


@given(st.one_of(spaced, anything), cuts(), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_a_text_gives_the_same_pieces_however_it_comes(text, cut, sizes):
    assert fed(text, cut, sizes) == list(segment(text, cut))


@given(spaced, cuts(least=40))
def test_a_word_within_the_limit_is_never_parted(text, cut):
    known = set(words(cleaned(text)))
    assert all(word in known for piece in segment(text, cut) for word in words(piece.text))


@given(spaced, cuts(least=40), st.integers(0, 200))
def test_a_flush_anywhere_between_two_words_loses_nothing(text, cut, where):
    first, second = text[:where], text[where:]
    incremental = IncrementalSegmenter(cut)
    pieces = incremental.feed(first) + incremental.flush() + incremental.feed(second) + incremental.flush()
    assert [w for p in pieces for w in words(p.text)] == words(cleaned(first)) + words(cleaned(second))
