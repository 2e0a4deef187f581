"""Word times: every word of a sentence has one, in order and within the sentence."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.word_times import (
    decode_word_times,
    encode_word_times,
    estimate_length_ms,
    estimate_word_times,
    word_spans,
)

TEXT = 'He said: "Well, it costs 4,500 dollars" — and he left.'


def test_words_are_without_the_marks_around_them() -> None:
    words = [TEXT[start:end] for start, end in word_spans(TEXT)]
    assert words == ["He", "said", "Well", "it", "costs", "4,500", "dollars", "and", "he", "left"]
    text = "don't stop at the U.S. border (or do)"
    assert [text[start:end] for start, end in word_spans(text)][:5] == ["don't", "stop", "at", "the", "U.S"]
    assert len(word_spans("今日は、行く。")) == 5
    assert word_spans(" — … ") == []


def test_marks_and_numbers_take_their_time() -> None:
    words = {word.text: word for word in estimate_word_times(TEXT, estimate_length_ms(TEXT))}
    assert words["it"].end_ms == words["costs"].start_ms, "nothing but a space"
    assert words["it"].start_ms - words["Well"].end_ms > 200, "a comma"
    assert words["4,500"].end_ms - words["4,500"].start_ms > 3 * (words["dollars"].end_ms - words["dollars"].start_ms)
    assert words["left"].end_ms < estimate_length_ms(TEXT) - 300, "no word has the pause after the sentence"


@given(st.text(max_size=200), st.floats(0, 60_000))
def test_words_follow_one_another_within_the_sentence(text: str, length_ms: float) -> None:
    words = estimate_word_times(text, length_ms)
    assert [(word.at, word.at + len(word.text)) for word in words] == word_spans(text)
    assert all(word.start_ms <= word.end_ms <= max(20, round(length_ms) + 1) for word in words)
    assert all(word.end_ms <= following.start_ms + 1 for word, following in itertools.pairwise(words))


@given(st.lists(st.tuples(st.integers(0, 99_999), st.integers(0, 9_999)), min_size=1, max_size=20))
def test_times_of_an_engine_are_read_as_they_were_written(times: list[tuple[int, int]]) -> None:
    spans = [(start, start + lasts) for start, lasts in times]
    text = " ".join(f"w{n}" for n in range(len(spans)))
    words = decode_word_times(text, encode_word_times(spans))
    assert [(word.start_ms, word.end_ms) for word in words] == spans
    assert [word.text for word in words] == text.split()


def test_times_that_are_not_of_the_text_are_ignored() -> None:
    for encoded in ("", "0+10", "0+10 10+10 20+10", "10+x 0+1", "0+10  9+1"):
        assert decode_word_times("two words", encoded) == ()
    assert len(decode_word_times("two words", "0+10 10+10")) == 2
