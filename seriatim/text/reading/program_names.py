"""Program names: `C++`, `C#` and `.NET` with their versions, and names such as `Vue.js`."""

import re
from typing import NamedTuple

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule


class _ProgramNames(NamedTuple):
    """How a language says these names."""

    plus: str  #: C++
    sharp: str  #: C#
    f_sharp: str
    net: str  #: .NET
    js: str = " JS"  #: behind the name of a library


_LATIN = _ProgramNames("C plus plus", "C sharp", "F sharp", "dot net")
_WORDS = {
    "ar": _ProgramNames("سي بلس بلس", "سي شارب", "إف شارب", "دوت نت"),
    "de": _ProgramNames("C plus plus", "C sharp", "F sharp", "Dot Net"),
    "es": _ProgramNames("C más más", "C sharp", "F sharp", "punto net"),
    "hi": _ProgramNames("सी प्लस प्लस", "सी शार्प", "एफ शार्प", "डॉट नेट"),
    "it": _ProgramNames("C più più", "C sharp", "F sharp", "dot net"),
    "ja": _ProgramNames("シープラスプラス", "シーシャープ", "エフシャープ", "ドットネット", "ジェイエス"),
    "ko": _ProgramNames("씨 플러스 플러스", "씨 샵", "에프 샵", "닷넷", " 제이에스"),
    "pt": _ProgramNames("C mais mais", "C sharp", "F sharp", "ponto net"),
    "ru": _ProgramNames("си плюс плюс", "си шарп", "эф шарп", "дот нет"),
    "tr": _ProgramNames("C artı artı", "C şarp", "F şarp", "dot net"),
    "zh": _ProgramNames("C加加", "C sharp", "F sharp", "点NET"),
}


def program_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of these names in one language; a version behind one is a number of its own."""
    words = _WORDS.get(grammar.rules.tag, _LATIN)
    gap = " " if grammar.rules.spaced else ""
    names = {"C++": words.plus, "C#": words.sharp, "F#": words.f_sharp}

    def named(found: re.Match[str]) -> str:
        version = f" {found['version']}" if found["version"] else ""
        return names[found["name"]] + version

    def net(found: re.Match[str]) -> str:
        return f"ASP{gap or ' '}{words.net}" if found["asp"] else words.net

    return [
        ReadingRule(re.compile(r"(?<![\w.+#/])(?P<name>C\+\+|[CF]#)(?P<version>\d{1,2})?(?![\w+#/])", re.ASCII), named),
        ReadingRule(re.compile(r"(?<![\w.+#/])(?P<asp>ASP)?\.NET(?!\w)", re.ASCII), net),
        ReadingRule(re.compile(r"(?<![\w./-])(?P<name>[A-Z][a-z]+)\.js(?![\w/.-]\w|\w)", re.ASCII),
                    lambda found: found["name"] + words.js),
    ]  # fmt: skip
