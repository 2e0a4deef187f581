"""Other marks: numbers with the decimal mark or the groups of another language, `20.3 °C` in German or `1'234'567`.

A point with one or two digits behind it groups no thousands. Before a unit, or behind a minus, it is a decimal mark.
"""

import re

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

#: units that a clock time has behind it, too: 9.30 h
_HOURS = frozenset(["h", "u", "u.", "uur", "Uhr", "ч", "ч.", "sa", "sa.", "godz.", "Std.", "std", "hod."])
_NOT_DIGITS = re.compile(r"\D")
_WORDS = (
    r"Grad|degrés?|grados?|gradi|grado|stopnia|stopni|graden|graus?|derece|градус\w*|[Mm]illi\w+|milion\w*|millones"
    r"|milhões|miljoen|milyon|милли\w+|euros?|Euro|dollars?"
)
#: Swiss groups with a decimal point, 1'234.50
_GROUPS_AND_POINT = re.compile(r"(?<![\w'’.,])(?P<n>\d{1,3}(?:['’]\d{3})+)\.(?P<part>\d{1,2})(?![\w'’]|[.,]\d)")
#: two different marks leave no doubt about either: 1.234.567,89 and 1,234,567.89
_POINT_GROUPS = re.compile(r"(?<![\w.,])(?P<n>\d{1,3}(?:\.\d{3})+),(?P<part>\d{1,2})(?![\w]|[.,]\d)")
_COMMA_GROUPS = re.compile(r"(?<![\w.,])(?P<n>\d{1,3}(?:,\d{3})+)\.(?P<part>\d{1,2})(?![\w]|[.,]\d)")
#: and a comma between several groups of three is no decimal mark
_MANY_COMMAS = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3}){2,}(?![\w]|[.,]\d)")
_SIGN_BETWEEN = re.compile(r"(?<=\d)(?P<sign>[€£$])(?P<cents>\d\d)(?!\w|[.,]\d)")  #: 49€95
_GROUPS = re.compile(r"(?<![\w'’.,])\d{1,3}(?:['’]\d{3})+(?![\w'’])")


def other_mark_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of these in one language; what they leave is a number of the language."""
    mark = grammar.rules.decimal_mark

    def plain(found: re.Match[str]) -> str:
        return f"{_NOT_DIGITS.sub('', found['n'])}{mark}{found['part']}"

    rules = [ReadingRule(_GROUPS_AND_POINT, plain), ReadingRule(_COMMA_GROUPS if mark == "," else _POINT_GROUPS, plain)]
    if mark == ",":
        rules.append(ReadingRule(_MANY_COMMAS, lambda found: found[0].replace(",", "")))
        rules.append(ReadingRule(_SIGN_BETWEEN, lambda found: f",{found['cents']} {found['sign']}"))
    rules += [ReadingRule(_GROUPS, lambda found: found[0].replace("'", "").replace("’", ""))]
    short = "|".join(scale for scale in grammar.rules.scales if 1 < len(scale) < len("mille") and scale.isalpha())
    if short and grammar.rules.spaced:
        stop = re.compile(rf"(?<=\d)(?P<scale>\s?(?:{short}))\.(?=\s[a-zà-ÿа-я])")
        rules.append(ReadingRule(stop, lambda found: found["scale"]))
    if mark != ",":
        return rules
    written = [*grammar.rules.units, *grammar.rules.scales]
    symbols = [re.escape(unit) for unit in written if unit not in _HOURS]
    signs = "".join(re.escape(sign) for sign in grammar.rules.money if len(sign) == 1 and not sign.isalpha())
    units = "|".join(sorted(symbols, key=len, reverse=True))
    behind = rf"(?=\s?(?:[%‰°{signs}]|(?:{units}|{_WORDS})(?!\w)))"
    start = r"(?<![\w.,:/])"
    patterns = (
        rf"{start}(?P<n>[-−+±]?\d{{1,4}})\.(?P<part>\d{{1,2}}){behind}",
        r"(?<![\w.,:/)])(?P<n>[-−]\d{1,4})\.(?P<part>\d{1,2})(?![\w/]|[.,:]\d)",
    )
    return [
        *rules,
        *(ReadingRule(re.compile(each), lambda found: f"{found['n']},{found['part']}") for each in patterns),
    ]
