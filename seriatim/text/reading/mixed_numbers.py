"""Mixed numbers: `2 1/2 hours`, `1½ cups`, a whole number with a fraction, and what it counts.

Most languages put the noun behind both parts. Romance languages put it between them: "dos horas y media".
"""

import re

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

#: signs of fractions, and their parts
_SIGNS = {"¼": (1, 4), "½": (1, 2), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
          "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8), "⅐": (1, 7),
          "⅑": (1, 9), "⅒": (1, 10)}  # fmt: skip
_FRACTION = rf"(?P<sign>[{''.join(_SIGNS)}])|(?P<top>\d{{1,2}})[/\u2044](?P<bottom>\d{{1,2}})(?![.,:/-]?\d)"
_HYPHEN = r"|-(?=(?:1/2|[1-3]/4|[1357]/8|1/3|2/3)(?!\d))"  #: of English: a 3-1/2 inch disk


def mixed_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rule of mixed numbers in one language; it comes first, since all their parts are numbers by themselves."""
    rules, word = grammar.rules, r"A-Za-z\d" if grammar.rules.attached else r"\w"
    symbols = "|".join(re.escape(symbol) for symbol in sorted(rules.units, key=len, reverse=True))
    counted = rf"(?:\s?(?P<unit>{symbols})(?![\w/])|\s(?P<noun>[^\W\d_]{{2,}}))?" if rules.spaced else ""
    counted = rf"(?:\s?(?P<noun>{rules.counters}))?" if rules.counters else counted
    gap = rf"(?:\s?(?=[{''.join(_SIGNS)}])|\s{_HYPHEN if rules.tag == 'en' else ''})"
    before, after = rf"{grammar.before}(?<![$€£¥₹-])", rf"(?![{word}])(?!\s?[\"″”%])"
    pattern = rf"{before}(?P<whole>\d{{1,4}}){gap}(?:{_FRACTION}){after}{counted}(?P<by>\s?[x×]\s?(?=\d))?"

    def read(found: re.Match[str]) -> str | None:
        top, bottom = _SIGNS[found["sign"]] if found["sign"] else (int(found["top"]), int(found["bottom"]))
        if not 0 < top < bottom:
            return None
        whole, named = int(found["whole"]), found.groupdict()
        unit = rules.units[named["unit"]] if named.get("unit") else None
        noun, gender = (rules.mixed_form(whole, unit), unit.gender) if unit else (named.get("noun") or "", "")
        words = rules.mixed(whole, top, bottom, noun, gender)
        return f"{words} {grammar.words['by']} " if words and found["by"] else words

    return [ReadingRule(re.compile(pattern), read)]
