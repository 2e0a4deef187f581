"""Required characters: a rule of reading is left out only where it would match nothing."""

import re

import pytest

from seriatim.text.reading import LANGUAGES
from seriatim.text.reading.required_characters import DIGIT, characters, required_characters
from seriatim.text.reading.sentence_reader import _rules
from tests.unit.text.test_reading import FORMS, cases


@pytest.mark.parametrize(
    ("pattern", "flags", "required"),
    [
        (r"\d{1,2}:\d\d", 0, [{":"}, {DIGIT}, {DIGIT + ":"}]),
        (
            r"(?<!\w)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?\s?[k%](?!\w)",
            0,
            [{"k", "%"}, {DIGIT}, {DIGIT + "k", DIGIT + "%"}],
        ),
        (r"\d\s?\s?k", 0, [{DIGIT}, {"k"}]),
        (r"\d(?:ab)?k", 0, [{DIGIT}, {"k"}]),
        (r"\d(?=[km])", 0, [{DIGIT}, {"k", "m"}, {DIGIT + "k", DIGIT + "m"}]),
        (r"(?<!\w)(?:C\+\+|C#)", 0, [{"C"}, {"+", "#"}]),
        (r"(?=[$€])(?P<sign>\$|€)?5", 0, [{"$", "€"}, {"5"}]),
        (r"x(?:a|b)?", 0, [{"x"}]),
        (r"(?:km|)\d*", 0, []),
        (r"[^a]|\w+", 0, []),
        (r"q", re.IGNORECASE, [{"q", "Q"}]),
        (r"k", re.IGNORECASE, []),  # the sign of Kelvin is one as well
        (r"(?i:ü)", 0, []),
    ],
)
def test_a_pattern_requires_what_every_match_has(pattern, flags, required):
    found = required_characters(re.compile(pattern, flags))
    assert sorted(map(sorted, found)) == sorted(map(sorted, required))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_rule_matches_no_text_without_its_required_characters(language):
    texts = [written for written, _ in cases(language)] + [f"So {form}, {form} it was." for form in FORMS]
    n_left_out = n_tried = 0
    for text in texts:
        present = characters(text)
        for required, rule in _rules(language, digits=True):
            left_out = any(chars.isdisjoint(present) for chars in required)
            assert not (left_out and rule.pattern.search(text)), (rule.pattern.pattern, text)
            n_left_out, n_tried = n_left_out + left_out, n_tried + 1
    assert n_left_out > n_tried / 3
