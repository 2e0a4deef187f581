"""Number grammar: how one language writes numbers, and says what is written.

`number` is a regular expression without groups, for other rules to build on. It takes groups of three digits with one
of the language's marks between them, the Indian groups of two, and one decimal mark.
"""

import re
from collections.abc import Callable

from seriatim.text.reading.language_rules import LanguageRules, Noun
from seriatim.text.reading.reading_rule import ReadingRule

_SPACES = "\u00a0\u2009\u202f"  #: no-break and thin spaces group digits in every language
_MINUS = "-−–"
#: languages whose millions are nouns
_MILLIONS_OF = frozenset(("es", "fr", "it", "pt"))
_LAST_WORD = re.compile(r"(\w+)\W*$")
_NOT_DIGITS = re.compile(r"\D")
_YEARS = range(1100, 2100)
_LONGEST_PART = 4  #: digits that are read as one number within a version or a code


def word_before(found: re.Match[str]) -> str:
    """The word before a written form, in small letters."""
    word = _LAST_WORD.search(found.string[max(0, found.start() - 24) : found.start()])
    return word[1].lower() if word else ""


def is_year(digits: str) -> bool:
    """Whether four digits are those of a year."""
    return len(digits) == 4 and digits.isdecimal() and int(digits) in _YEARS


class NumberGrammar:
    """Reads the numbers of one language."""

    def __init__(self, rules: LanguageRules) -> None:
        self.rules = rules
        self.words = rules.words
        groups = [rf"(?:{re.escape(mark)}\d{{3}})+" for mark in (*rules.group_marks, *_SPACES)]
        groups += [r"(?: \d{3}){2,}", r" 000"]
        if rules.decimal_mark == ".":
            groups.append(r"(?:\.\d{3}){2,}")
        grouped = rf"\d{{1,3}}(?:{'|'.join(groups)})"
        if rules.indian_groups:
            grouped += r"|\d{1,2}(?:,\d\d)+,\d{3}"
        money = rules.money.values()
        self.currency_names = {form.rpartition(" ")[2].lower() for each in money for form in each.major.forms}
        self.decimal = re.escape(rules.decimal_mark)
        self.integer = rf"(?:(?:{grouped})(?!\d)|\d+)"
        self.number = rf"{self.integer}(?:{self.decimal}\d+)?"
        start = r"[A-Za-z\d)\]]" if rules.attached else r"[^\s(\[]"
        self.sign = rf"(?:(?<!{start})[-−+±])?"  #: before a number, at the start of a word
        word = r"\w" if not rules.attached else r"[A-Za-z\d]"
        self.before = rf"(?<!{word})(?<!\d[.,:/])"  #: no number begins in the middle of another
        self.after = rf"(?!{word})(?![.,:/]\d)"

    def rule(self, pattern: str, read: Callable[[re.Match[str]], str | None], flags: int = 0) -> ReadingRule:
        """A rule for a pattern that stands by itself."""
        return ReadingRule(re.compile(f"{self.before}{pattern}{self.after}", flags), read)

    def split(self, text: str) -> tuple[str, str]:
        """The digits before and behind the decimal mark."""
        whole, _, fraction = text.rpartition(self.rules.decimal_mark) if self._has_fraction(text) else (text, "", "")
        return _NOT_DIGITS.sub("", whole), fraction

    def _has_fraction(self, text: str) -> bool:
        return text.count(self.rules.decimal_mark) == 1

    def count(self, text: str) -> int | None:
        """The value, for the form of a noun; None for a decimal fraction."""
        whole, fraction = self.split(text.lstrip(_MINUS + "+±"))
        return None if fraction else int(whole)

    def say(self, text: str, form: str = "") -> str:
        """A written number in words, with its sign."""
        sign, number = (text[0], text[1:]) if text[0] in _MINUS + "+±" else ("", text)
        whole, fraction = self.split(number)
        if not fraction:
            return f"{self.sign_words(sign)}{self._whole(whole, form)}"
        words = self.rules.decimal(whole, fraction, form)
        if words is None:
            words = f"{self._whole(whole, '')} {self.words['point']} {self._fraction(fraction)}"
        return f"{self.sign_words(sign)}{words}"

    def sign_words(self, sign: str) -> str:
        """The words of a sign before a number, with a space behind them; "" of none."""
        name = {"": "", "+": "plus", "±": "plusminus"}.get(sign, "minus")
        return f"{self.words[name]} " if name else ""

    def _whole(self, digits: str, form: str) -> str:
        if len(digits) > 1 and digits[0] == "0":
            return self.rules.speller.digits(digits)
        return self.rules.speller.cardinal(int(digits), form)

    def _fraction(self, digits: str) -> str:
        speller = self.rules.speller
        if not self.rules.fraction_as_number or len(digits) > 3:
            return speller.digits(digits)
        zeros = len(digits) - len(digits.lstrip("0"))
        rest = [speller.cardinal(int(digits[zeros:]))] if digits[zeros:] else []
        return " ".join([*(speller.cardinal(0) for _ in range(zeros)), *rest])

    def code_part(self, digits: str) -> str:
        """Digits within a version or a code, in words: a number, or digit by digit where they are many."""
        return self.say(digits) if len(digits) <= _LONGEST_PART else self.rules.speller.digits(digits)

    def year(self, number: int) -> str:
        """A year in words."""
        return self.rules.year(number)

    def counted(self, text: str, noun: Noun) -> str:
        """A written number with what it counts, in its form."""
        number, form = self.say(text, noun.gender), self.form(self.count(text), noun)
        form = self._linked(self.count(text), form)
        return form.format(number) if "{" in form else f"{number}{self.gap}{form}"

    def _linked(self, count: int | None, noun: str) -> str:
        """A noun behind whole millions, in the languages where these are nouns: un million d'euros."""
        link = self.words.get("of", "")
        if not link or not count or count % 1_000_000 or self.rules.tag not in _MILLIONS_OF:
            return noun
        return f"d'{noun}" if self.rules.tag == "fr" and noun[0] in "aeiouhéAEIOUHÉ" else f"{link} {noun}"

    def form(self, count: int | None, noun: Noun) -> str:
        """The form of a noun behind a number."""
        return noun.forms[min(self.rules.plural(count), len(noun.forms) - 1)]

    @property
    def gap(self) -> str:
        """What stands between a number and its noun."""
        return " " if self.rules.spaced else ""
