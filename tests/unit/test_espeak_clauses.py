"""No clause and no word is longer than espeak can hold, and nothing of the text is lost on the way."""

import re

from hypothesis import given
from hypothesis import strategies as st

from workers.engines.espeak_clauses import CLAUSE_BYTES, WORD_BYTES, fitted

WORDS = st.lists(st.text("abcß나는我ฉ1,.!?", max_size=150), max_size=60)


@given(WORDS)
def test_every_letter_stays_in_its_place(words: list[str]) -> None:
    text = " ".join(words)
    assert re.sub("[ ,]", "", fitted(text)) == re.sub("[ ,]", "", text)


@given(WORDS)
def test_nothing_is_longer_than_espeak_can_hold(words: list[str]) -> None:
    made = fitted(" ".join(words))
    assert all(len(word.encode()) <= WORD_BYTES + 1 for word in made.split(" ")), "and a comma"
    for clause in re.split("[,.!?] ", made):
        assert len(clause.encode()) <= CLAUSE_BYTES + 2


def test_a_text_that_espeak_can_hold_is_left_alone() -> None:
    text = "Dr. Müller  paid $49.95, and went home: it was 12:34 already. 나는 산책을 하고"
    assert fitted(text) == text


def test_a_row_of_years_gets_a_comma_now_and_then() -> None:
    made = fitted(" ".join(str(1900 + n) for n in range(100)))
    assert 3 < made.count(",") < 12
