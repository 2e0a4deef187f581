"""Number speller: integers in words, by the spell-out rules of Unicode's CLDR (unicode-rbnf).

A form is "" for counting, `m`, `f` or `n` for a number before a noun of that gender, or a name that the language's
table gives. CLDR's fractions are not used: each language has its own habit (language_rules.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from unicode_rbnf import RbnfEngine

MOST_DIGITS = 15  #: unicode-rbnf looks its rules up by a float; longer numbers are spelled digit by digit
CACHED_NUMBERS = 4096


@lru_cache
def _engine(locale: str) -> RbnfEngine:
    return RbnfEngine.for_language(locale)


@lru_cache(CACHED_NUMBERS)
def _spelled(locale: str, ruleset: str, number: int) -> str:
    return _engine(locale).format_number(number, ruleset_names=[ruleset]).text


@dataclass(frozen=True, slots=True)
class NumberSpeller:
    """Spells integers in one language."""

    locale: str  #: of unicode-rbnf, such as "de" or "pt_PT"
    forms: Mapping[str, str] = field(default_factory=dict)  #: rule sets of CLDR by the name of the form
    corrections: Mapping[str, str] = field(
        default_factory=dict
    )  #: of CLDR's words; with ^ before it, of the first, with =, of the whole

    def cardinal(self, number: int, form: str = "") -> str:
        """The number in words, digit by digit if it is very long."""
        if len(str(number)) > MOST_DIGITS:
            return self.digits(str(number))
        return self.spell(number, self.forms.get(form, self.forms.get("", "spellout-numbering")))

    def digits(self, digits: str) -> str:
        """Each digit in words."""
        return " ".join(self.cardinal(int(digit)) for digit in digits)

    def spell(self, number: int, ruleset: str) -> str:
        """The number by a rule set of CLDR."""
        words = _spelled(self.locale, ruleset, number)
        for wrong, right in self.corrections.items():
            if wrong[0] == "=":
                words = right if words == wrong[1:] else words
            elif wrong[0] != "^":
                words = words.replace(wrong, right)
            elif words.startswith(wrong[1:]):
                words = right + words[len(wrong) - 1 :]
        return words
