"""Circled numbers: `①` to `⑳`, which count items, and name them where a text refers to one."""

import re
import unicodedata

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_COMMAS = {"zh": "，", "cmn": "，", "ja": "、"}


def circled_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of circled numbers in one language: before an item's words there is a pause."""
    comma = _COMMAS.get(grammar.rules.tag, ", ")

    def number(found: re.Match[str]) -> str:
        return grammar.say(str(int(unicodedata.numeric(found["n"]))))

    def named(found: re.Match[str]) -> str:
        apart = " " if grammar.rules.spaced and found["before"] else ""
        return f"{found['before']}{apart}{number(found)}"

    return [
        ReadingRule(re.compile(r"\A(?P<n>[①-⑳])\s*(?=\w)"), lambda found: f"{number(found)}{comma}"),
        ReadingRule(re.compile(r"(?P<before>\w?)(?P<n>[①-⑳])"), named),
    ]
