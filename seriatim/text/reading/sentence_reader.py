"""The sentence reader: applies the rules of one language to a sentence, one kind behind the other.

Each rule turns one kind of written form into words, and words are left alone by the rules behind it. So reading a
sentence that has been read changes nothing. A sentence without digits, signs and capitals is returned at once.
"""

import re
from dataclasses import replace
from functools import lru_cache
from importlib import import_module

from seriatim.process.single_flight import single_flight
from seriatim.text.reading.amounts import amount_rules
from seriatim.text.reading.angles import angle_rules
from seriatim.text.reading.capital_words import capital_rules
from seriatim.text.reading.circled_numbers import circled_rules
from seriatim.text.reading.clock_times import clock_rules
from seriatim.text.reading.code_numbers import code_rules
from seriatim.text.reading.dates import date_rules
from seriatim.text.reading.identifiers import identifier_rules
from seriatim.text.reading.language_rules import LanguageRules
from seriatim.text.reading.languages.forms.chess import chess_rules
from seriatim.text.reading.mixed_numbers import mixed_rules
from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.numbers_in_text import number_rules
from seriatim.text.reading.other_marks import other_mark_rules
from seriatim.text.reading.program_names import program_rules
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.required_characters import characters, required_characters
from seriatim.text.reading.roman_numerals import roman_rules
from seriatim.text.reading.short_numbers import scientific_rules, short_number_rules
from seriatim.text.reading.signs import literal_rules, reference_rules, sign_rules, title_rules
from seriatim.text.reading.weekday_ranges import weekday_rules

#: languages with rules, and their classes
LANGUAGES = {
    "ar": "Arabic", "cmn": "Chinese", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
    "ru": "Russian", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip
#: anything that some rule reads
_READABLE = re.compile(
    r"[\d_#$%&+@§°±×÷€£¥₹₩₽₺№→⇒➔➜⟶≈≤≥≠=<>*^™®/²³⁰-⁹¼½¾⅐-⅞①-⑳¢√∞]|"
    r"[^\W\d_a-z]\.?[IVXLC]|[^\W\d_a-zß-ÿ]{2}|[A-Za-z]\.[A-Za-z]| [IVX]\b|[:;]["
    r"'’)(DPp-]"
)
#: without one of these, most rules have nothing to read: so the second look at a sentence costs little
_DIGITS = re.compile(r"[\d¼½¾⅐-⅞²³⁰-⁹]")
#: languages with abbreviations without a stop: Mme, dr
_STOPLESS = frozenset(["fr", "pl"])
MOST_ROUNDS = 8  #: what one rule leaves may be another's, in odd texts; a plain sentence takes one round
_SPACES = re.compile(r" {2,}")
_NUMBER = re.compile(r"\d{1,9}")


@lru_cache
def language_rules(language: str) -> LanguageRules | None:
    """The tables of a BCP 47 tag; None for a language without one."""
    base, _, region = (language.replace("_", "-").lower() or "en").partition("-")
    if base not in LANGUAGES:
        return None
    module = import_module(f"seriatim.text.reading.languages.{LANGUAGES[base].lower()}")
    rules: LanguageRules = getattr(module, LANGUAGES[base])(region.rpartition("-")[2])
    return rules


def ordinal_words(digits: str, language: str) -> str:
    """An ordinal number in words, such as third for 3 and for 3rd; "" if the language has no rules for it."""
    rules = language_rules(language)
    number = _NUMBER.match(digits)
    if rules is None or number is None:
        return ""
    forms = rules.speller.forms
    form = next((form for form in ("ordinal", "ordinal-m") if form in forms), "")
    return rules.speller.cardinal(int(number[0]), form) if form else rules.ordinal(int(number[0]), "", "") or ""


@single_flight
@lru_cache
def _rules(language: str, *, digits: bool) -> tuple[tuple[tuple[frozenset[str], ...], ReadingRule], ...]:
    """The rules of a BCP 47 tag, in order, each behind the characters that it requires; none without a table.

    `digits`: are there any in the text?
    """
    rules = language_rules(language)
    if rules is None:
        return ()
    grammar = NumberGrammar(rules)
    first, marks = (
        (
            _early_rules,
            circled_rules,
            mixed_rules,
            angle_rules,
            program_rules,
            chess_rules,
            literal_rules,
            title_rules,
            weekday_rules,
            _own_rules,
        ),
        (reference_rules,),
    )
    counted = (other_mark_rules, code_rules, date_rules, identifier_rules, scientific_rules)
    amounts = (clock_rules, amount_rules, short_number_rules, number_rules)
    words = (roman_rules, sign_rules, capital_rules, _late_rules)
    kinds = [*first, *counted, *marks, *amounts, *words]
    if not digits:
        kinds = [*first, *marks, *words]
    found = tuple(rule for kind in kinds for rule in kind(grammar))
    found = found if rules.spaced else tuple(replace(rule, spaced=False) for rule in found)
    return tuple((required_characters(rule.pattern), rule) for rule in found)


def _early_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    return list(grammar.rules.early_rules)


def _own_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    return list(grammar.rules.own_rules)


def _late_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    return list(grammar.rules.late_rules)


@lru_cache
def _abbreviations(language: str) -> re.Pattern[str] | None:
    """Any abbreviation that the rules of a language read though no digit or sign is near; None if there is none."""
    rules = language_rules(language)
    marks = [mark for table in (rules.literals, rules.titles) for mark in table if mark[0].isalpha()] if rules else []
    written = "|".join(re.escape(mark) for mark in marks)
    return re.compile(rf"(?<![\w.])(?i:{written})(?!\w)") if marks else None


def _is_readable(text: str, language: str) -> bool:
    """Is there anything in a text that some rule may read?"""
    if _READABLE.search(text):
        return True
    if "." not in text[:-1] and language[:2] not in _STOPLESS:
        return False
    abbreviations = _abbreviations(language)
    return abbreviations is not None and abbreviations.search(text) is not None


def _apply_rules(text: str, language: str) -> str:
    """The text with the rules of a language applied once, one behind the other."""
    present = characters(text)
    for required, rule in _rules(language, digits=_DIGITS.search(text) is not None):
        for chars in required:
            if chars.isdisjoint(present):
                break
        else:
            before, text = text, rule.apply(text)
            if text != before:
                present = characters(text)
    return text


def read_sentence(text: str, language: str) -> str:
    """The sentence with its numbers and signs in words of the language; unchanged if Seriatim has no rules of it."""
    capital = text[:1].isupper()
    for _ in range(MOST_ROUNDS):
        if not _is_readable(text, language):
            break
        read = _apply_rules(text, language)
        if read == text:
            break
        text = _SPACES.sub(" ", read).strip()
    return text[0].upper() + text[1:] if capital and text[:1].islower() else text
