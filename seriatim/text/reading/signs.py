"""Signs between words: ampersands, section and number signs, hashtags, arrows, dotted degrees."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_WORD_PARTS = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
#: the last capital of several begins a word: BBCNews, IAmLegend
_CAPITAL, _SMALL_LETTER = "[A-ZА-ЯЁÄÖÜÀ-ÖÙ-ÝĄĆĘŁŃÓŚŹŻİŞĞÇ]", "[a-zа-яёà-ÿąćęłńśźżışğ]"
_LAST_CAPITAL = re.compile(rf"(?<={_CAPITAL})(?={_CAPITAL}{_SMALL_LETTER}(?:{_SMALL_LETTER}|{_CAPITAL}))")
_OPERATORS = {"+": "plus", "−": "minus", "=": "equals", "≈": "about", "×": "times", "÷": "divided", "±": "plusminus",
              "<": "less", ">": "greater", "≤": "at_most", "≥": "at_least", "≠": "unequal", "*": "times"}  # fmt: skip
#: behind a sign, where no word is before it: it compares no two numbers
_FIRST = r"(?<![\w)]\s.)(?<![\w)]\s..)"
#: the number of a note, which became a plain one: them,12 and; fell.12
_NOTE_NUMBER = re.compile(r"\d(?<=[^\W\d_]{4}[.,;!?]\d)\d{0,2}(?=$|\s)")
#: the row of stops in a table of contents or a price list: Preface ..... 7
_LEADERS = re.compile(r"(?<=\w)\s?(?:\.{4,}|(?:\.\s){3,}\.?|…{2,})\s?(?=[$€£¥]?\d)")
#: 5! = 120; `3!=6` is perhaps no equation
_FACTORIAL = re.compile(r"(?:(?<=\d)|(?<=\b[nk]))!(?!=)(?=\s?\)?\s?[=+×·*/÷−]\s?[\dnk(])")
_AND_MORE = re.compile(r"(?<=[\d%])\+(?=$|[\s,;:.!?)])|(?<=\d[KkMB])\+(?=$|[\s,;:.!?)])")
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=]['’]?-?[()DPp](?=$|[\s.!?,])|<3+(?=$|\s))")
_ADDRESS_START = re.compile(r"[/?&]\S*\Z")
LONGEST_ADDRESS = 200  #: characters of an address that are looked at
_COMPARISONS = {"==": "equals", "!=": "unequal", "<=": "at_most", ">=": "at_least"}
_BOUNDS = {"<": "less", ">": "greater", "<=": "at_most", ">=": "at_least", "≤": "at_most", "≥": "at_least"}


def reference_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Words for what stands before a number: pages, sections, numbers. The number is read later."""
    references = grammar.rules.references
    signs = {mark: word for mark, word in references.items() if not mark[0].isalpha()}
    marks = {mark: word for mark, word in references.items() if mark[0].isalpha()}
    references = _with_capitals(marks) | dict(references)
    marks = {mark: word for mark, word in references.items() if mark[0].isalpha()}

    def read(found: re.Match[str]) -> str | None:
        return f"{references[found['mark']]} "

    def any_of(table: dict[str, str]) -> str:
        return "|".join(re.escape(mark) for mark in sorted(table, key=len, reverse=True))

    def operator(found: re.Match[str]) -> str | None:
        name = grammar.words.get(_OPERATORS[found["sign"]])
        return f" {name} " if name else None

    rules = [
        *_factorial_rules(grammar),
        *_zone_rules(grammar),
        ReadingRule(re.compile(r"(?<=\d)\s?(?P<sign>[+=÷])\s?(?=\d)"), operator),
        ReadingRule(re.compile(r"(?<=\d)\*(?=\d)"), lambda _found: f" {grammar.words['times']} "),
        ReadingRule(re.compile(r"(?<=\w)=(?=\w)"), partial(_equation, grammar)),
        ReadingRule(_LEADERS, lambda _found: ", "),
        ReadingRule(_AND_MORE, lambda _found: f" {grammar.words['plus']}"),
        ReadingRule(_NOTE_NUMBER, lambda _found: ""),
        ReadingRule(_EMOTICON, lambda _found: ""),
        *_bound_rules(grammar),
    ]
    if marks:
        rules.append(ReadingRule(re.compile(rf"(?<!\w)(?P<mark>{any_of(marks)})\s?(?=\d|[IVX]+(?!\w))"), read))
    if signs:
        rules.append(
            ReadingRule(
                re.compile(rf"(?<![\w&])(?P<mark>{any_of(signs)})\s?(?=\d(?!\d*[^\W\d_]{{3}})|[$€£¥₹]\s?\d)"), read
            )
        )
    return rules


def _bound_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """`< 5` by itself, and `P<0.05`, which compares."""

    def bound(found: re.Match[str]) -> str | None:
        return f"{grammar.words[_BOUNDS[found['sign']]].removeprefix('is ')} "

    return [
        ReadingRule(
            re.compile(r"(?<=[^\W_])(?P<sign><=|>=|[<>])(?=[-−]?\d)"),
            lambda found: f" {grammar.words[_BOUNDS[found['sign']]]} ",
        ),
        ReadingRule(re.compile(rf"(?<!\S)(?P<sign><=|>=|[<>≤≥])(?:{_FIRST}\s)?(?=\d)"), bound),
    ]


def _zone_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """`UTC+2` and `UTC+02:00`."""

    def zone(found: re.Match[str]) -> str:
        return f" {grammar.words['plus' if found['sign'] == '+' else 'minus']} "

    offset = r"(?<=\b(?:UTC|GMT))\s?(?P<sign>[-−+])\s?"
    return [
        ReadingRule(
            re.compile(rf"{offset}0?(?P<h>\d{{1,2}}):00(?!\w)"), lambda found: zone(found) + grammar.say(found["h"])
        ),
        ReadingRule(re.compile(rf"{offset}(?=\d)"), zone),
    ]


def _factorial_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    name = grammar.words.get("factorial")
    return [ReadingRule(_FACTORIAL, lambda _found: f"{grammar.gap}{name}")] if name else []


def _equation(grammar: NumberGrammar, found: re.Match[str]) -> str | None:
    start = found.start()
    is_in_address = _ADDRESS_START.search(found.string, max(0, start - LONGEST_ADDRESS), start) is not None
    return None if is_in_address else f" {grammar.words['equals']} "


def _with_capitals(table: Mapping[str, str]) -> dict[str, str]:
    """A table of abbreviations, with those in small letters as they begin a sentence, too."""
    capitals = {mark[0].upper() + mark[1:]: word[0].upper() + word[1:] for mark, word in table.items() if len(mark) > 2}
    return capitals | dict(table)


def title_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Words for abbreviations that stand before names."""
    small = {title[0].lower() + title[1:]: word for title, word in grammar.rules.titles.items() if len(title) > 3}
    titles = {title: word for title, word in small.items() if title.endswith(".")} | dict(grammar.rules.titles)
    written = "|".join(re.escape(title) for title in sorted(titles, key=len, reverse=True))
    pattern = rf"(?<![\w.])(?P<title>{written})\s(?P<name>(?=[^\W\d_])\w)"

    def read(found: re.Match[str]) -> str | None:
        return f"{titles[found['title']]} {found['name']}" if found["name"].isupper() else None

    couple = (
        rf"(?<![\w.])(?P<title>{written})(?=\s(?:et|e|y|i|und|en|and|&)\s(?:(?:la|el|a|o)\s)?(?:{written})\s[^\W\d_])"
    )
    return (
        [
            ReadingRule(re.compile(couple), lambda found: titles[found["title"]]),
            ReadingRule(re.compile(pattern), read),
        ]
        if titles
        else []
    )


def literal_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Written forms with a reading of their own, such as `e.g.`."""
    literals = _with_capitals(grammar.rules.literals)
    if not literals:
        return []
    written = "|".join(re.escape(form) for form in sorted(literals, key=len, reverse=True))
    flags = re.ASCII if grammar.rules.attached else re.NOFLAG  # letters may stand right beside it
    pattern = re.compile(rf"(?<![\w.+#/])(?:{written})(?![\w+#/])(?!\.\d)", flags)

    def read(found: re.Match[str]) -> str:
        """Its words, with the stop of an abbreviation that ends the sentence."""
        stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
        return literals[found[0]] + stop

    return [ReadingRule(pattern, read)]


def sign_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Signs that are left when numbers are words."""
    words = grammar.words

    def operator(found: re.Match[str]) -> str | None:
        sign = found["sign"]
        name = words.get("subtract" if sign == "−" else "", "") or words.get(_OPERATORS[sign])
        return f" {name} " if name else None

    def comparison(found: re.Match[str]) -> str:
        return str(words[_COMPARISONS[found["sign"]]])

    def word(name: str, template: str = "{}") -> Callable[[re.Match[str]], str]:
        return lambda _found: template.format(words[name])

    rules = [
        ReadingRule(re.compile(r"\s?&{1,2}\s?(?=\w)"), word("and", " {} ")),
        ReadingRule(re.compile(r"(?<=\s)(?P<sign>==|!=|<=|>=)(?=\s)"), comparison),
        ReadingRule(re.compile(r"\+/[-−](?=\s?\w)"), word("plusminus", "{} ")),
        ReadingRule(re.compile(r"\s(?P<sign>[+−=≈×÷±<>≤≥≠*])\s(?=[\w(])"), operator),
        ReadingRule(re.compile(r"\s?(?P<sign>[≈±≤≥×÷])\s?(?=\w)"), operator),
        ReadingRule(re.compile(r"\s?[→⇒➔➜⟶]\s?|\s[-=]>\s"), word("arrow", " {} ")),
        ReadingRule(re.compile(r"(?<=\w)[™®]"), lambda _found: ""),
        ReadingRule(re.compile(r"(?<=[^\W_])_+(?=[^\W_])"), partial(_underscore, grammar)),
        ReadingRule(re.compile(r"(?<![\w@.])@(?=\w)"), word("at", "{} ")),
        ReadingRule(re.compile(r"(?<=\w)@(?=\w)|(?<=\s)@(?=\s)"), word("at", " {} ")),
        ReadingRule(
            re.compile(r"[A-Z](?<![^\W\d_]\.[A-Z])(?<!\w[A-Z])[a-z]{0,2}\.(?:[A-Z][a-z]{0,2}\.){1,3}(?!\w)"), _degree
        ),
        ReadingRule(re.compile(r"√\s?(?=[\w(])"), word("root", "{} ")),
        ReadingRule(re.compile(r"(?<![\w∞])\s?(?P<sign>[+−-]?)∞"), partial(_infinity, words)),
    ]
    if "periods" in words:
        rules.append(ReadingRule(re.compile(rf"(?<=\w)/(?=(?:{words['periods']})(?!\w))"), word("per", " {} ")))
    return [*rules, _hashtag_rule(grammar)]


def _infinity(words: Mapping[str, str], found: re.Match[str]) -> str:
    sign = {"": "", "+": f"{words['plus']} "}.get(found["sign"], f"{words['minus']} ")
    return f"{' ' if found.start() else ''}{sign}{words['infinity']}"


def _hashtag_rule(grammar: NumberGrammar) -> ReadingRule:
    rules, name = grammar.rules, grammar.words["hashtag"]
    before = r"[A-Za-z\d&#]" if rules.attached else r"[\w&#]"
    closing = "" if rules.spaced else "#?"  # #新年快乐#
    return ReadingRule(
        re.compile(rf"(?<!{before})#(?P<word>\d*[^\W\d_]\w*){closing}"),
        lambda found: f"{name} {_parted(found['word'])}",
    )


def _underscore(grammar: NumberGrammar, found: re.Match[str]) -> str | None:
    """The space between the words of `snake_case`; None in an address, even if its @ is a word by now."""
    start, end = found.string.rfind(" ", 0, found.start()) + 1, found.string.find(" ", found.end())
    word = found.string[max(start, found.start() - LONGEST_ADDRESS) : end if end >= 0 else None]
    at = f" {grammar.words['at']} "
    is_address = any(mark in word for mark in "@/\\$") or (end >= 0 and found.string.startswith(at, end))
    return None if is_address else " "


def _parted(hashtag: str) -> str:
    """The words of a hashtag, which begin with capitals behind small letters."""
    pairs = pairwise(hashtag)
    rest = "".join(f" {letter}" if before.islower() and letter.isupper() else letter for before, letter in pairs)
    return _WORD_PARTS.sub(" ", _LAST_CAPITAL.sub(" ", (hashtag[0] + rest).replace("_", " ")))


def _degree(found: re.Match[str]) -> str | None:
    """A degree without its stops: Ph.D., B.Sc. Initials keep theirs."""
    if not re.search(r"[a-z]\.[A-Z]|[A-Z]\.[A-Z][a-z]", found[0]):
        return None
    stop = "." if found.end() == len(found.string) else ""
    return found[0].replace(".", "") + stop
