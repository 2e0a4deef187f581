"""No clause and no word is longer than espeak can hold, and nothing of the text is lost on the way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.espeak.buffer_limits import CLAUSE_BYTES, WORD_BYTES, insert_commas

WORDS = st.lists(st.text("abcß나는我ฉ1,.!?", max_size=150), max_size=60)


@given(WORDS)
def test_every_letter_stays_in_its_place(words: list[str]) -> None:
    text = " ".join(words)
    assert re.sub(r"[ ,\n]", "", insert_commas(text)) == re.sub("[ ,]", "", text)


@given(WORDS)
def test_nothing_is_longer_than_espeak_can_hold(words: list[str]) -> None:
    made = insert_commas(" ".join(words))
    assert all(len(word.encode()) <= WORD_BYTES + 2 for word in made.split(" ")), "and a break"
    for clause in re.split("[,.!?] |\n\n", made):
        assert len(clause.encode()) <= CLAUSE_BYTES + 2


def test_a_text_that_espeak_can_hold_is_left_alone() -> None:
    text = "Dr. Müller  paid $49.95, and went home: it was 12:34 already. 나는 산책을 하고"
    assert insert_commas(text) == text


@pytest.mark.parametrize(("word", "parted"), [
    ("Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung", 1),
    ("lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas", 1),
    ("https://www.example.com/path?x=1&y=2", 1),
    ("12345678901234567890", 1),
    ("123456789012345678901", 21),
    ("XKCDF" * 20, 4),
    ("√∑∫≤≠∞" * 2, 2),
])  # fmt: skip
def test_only_a_word_that_is_too_much_to_say_is_parted(word: str, parted: int) -> None:
    assert len(insert_commas(word).split(" ")) == parted


def test_a_long_address_is_parted_behind_a_sign_and_no_letter_from_its_accents() -> None:
    parts = insert_commas("https://www.example.com/" + "very/long/path-to/" * 9).split(" ")
    assert len(parts) > 1
    assert not any(part[-1].isalnum() for part in parts[:-1])
    assert all(part[0] == "நி"[0] for part in insert_commas("நி" * 200).split(" "))


def test_a_row_of_years_gets_a_comma_now_and_then() -> None:
    made = insert_commas(" ".join(str(1900 + n) for n in range(100)))
    assert 3 < made.count(",") < 12
