"""Short numbers: `10k`, `2.5M`, `1e6`, `10⁻⁶` and `3.5x`."""

import re

from seriatim.text.reading.language_rules import Noun
from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.number_speller import MOST_DIGITS
from seriatim.text.reading.reading_rule import ReadingRule

_DASH = r"\s?[-–—]\s?"
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_MINUSES = "-−⁻"


def scientific_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of powers of ten in one language; they come before units, since `1e-3 s` has one behind it."""

    def scientific(found: re.Match[str]) -> str | None:
        negative = found["sign"] in tuple(_MINUSES)
        whole = None if negative else _times_power(grammar, found["n"], int(found["e"]))
        ten = f"{grammar.words['times']} {grammar.say('10')}"
        return whole or f"{grammar.say(found['n'])} {ten} {_power(grammar, found['sign'] + found['e'])}"

    def raised(found: re.Match[str]) -> str:
        return f" {_power(grammar, found['e'].translate(_RAISED))}"

    def written_out(found: re.Match[str]) -> str:
        ten = f"{grammar.words['times']} {grammar.say('10')}"
        return f"{grammar.say(found['n'])} {ten} {_power(grammar, found['e'].translate(_RAISED).lstrip('^'))}"

    mantissa = rf"(?P<n>{grammar.number})(?:e|(?<=[.,]\d)E|E(?=[+-]))"
    return [
        grammar.rule(rf"{mantissa}(?P<sign>[-+−]?)(?P<e>\d{{1,3}})", scientific),
        grammar.rule(rf"(?P<n>{grammar.number})\s?[×x·*]\s?10(?P<e>⁻?[⁰¹²³⁴-⁹]+|\^[-−]?\d{{1,3}})", written_out),
        ReadingRule(re.compile(r"(?<=[\d)])(?P<e>⁻[⁰¹²³⁴-⁹]+|[⁰¹⁴-⁹]|[⁰¹²³⁴-⁹]{2,})(?!\w)"), raised),
    ]


def short_number_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of thousands, millions and multiples in one language; they come behind those of money."""
    n = grammar.number
    fold = Noun.of(grammar.words["fold"])

    def thousands(found: re.Match[str]) -> str | None:
        words = [_times_power(grammar, found[name], 3) for name in ("n", "to") if found[name]]
        return f" {grammar.words['to']} ".join(filter(None, words)) if all(words) else None

    def scaled(found: re.Match[str]) -> str:
        return grammar.counted(found["n"], grammar.rules.scales[found["scale"]])

    def multiple(found: re.Match[str]) -> str:
        first = f"{grammar.say(found['from'])} {grammar.words['to']} " if found["from"] else ""
        return first + grammar.counted(found["n"], fold)

    def factor(found: re.Match[str]) -> str:
        return f"{grammar.say(found['n'])} x"

    scales = "".join(letter for letter in "MB" if letter in grammar.rules.scales)
    return [
        grammar.rule(rf"(?P<n>{n})(?:k?{_DASH}(?P<to>{n}))?k(?!\s(?:gold|run|race|walk))", thousands),
        *(
            [grammar.rule(rf"(?P<n>\d+[.,]\d+|(?:\d\d+|[124-9])(?=M\s[a-z]{{4}}))(?P<scale>[{scales}])", scaled)]
            if scales
            else []
        ),
        grammar.rule(rf"(?P<n>{n})x(?=\s?[+=−*/^-])", factor),
        grammar.rule(rf"(?:(?P<from>{n})[x×]?{_DASH})?(?P<n>{n})\s?[x×](?!\s?[\d(+=−*/^×-])", multiple),
    ]


def _times_power(grammar: NumberGrammar, text: str, power: int) -> str | None:
    """A number times a power of ten in words; None if it is no whole number, or too long to be spelt."""
    whole, fraction = grammar.split(text)
    if len(fraction) > power or len(whole) + power > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        return None
    return grammar.rules.speller.cardinal(int(whole + fraction.ljust(power, "0")))


def _power(grammar: NumberGrammar, exponent: str) -> str:
    minus = f"{grammar.words['minus']} " if exponent[0] in _MINUSES else ""
    return grammar.words["power"].format(minus + grammar.say(exponent.lstrip(_MINUSES + "+")))
