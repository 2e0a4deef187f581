"""Numbers of every other kind: fractions, ranges, ordinals, versions, telephones, and plain ones."""

import re
import unicodedata

from seriatim.text.reading.languages.romance import NO_PLURALS
from seriatim.text.reading.number_grammar import NumberGrammar, word_before
from seriatim.text.reading.reading_rule import ReadingRule

_FRACTIONS = "¼½¾⅐-⅞"
#: 00:1A:2B:3C, with a letter or with six pairs
_HARDWARE_ADDRESS = re.compile(
    r"(?<![\w:])(?:(?=[\d:]*[A-Fa-f])[\dA-Fa-f]{2}(?::[\dA-Fa-f]{2}){2,7}|\d\d(?::\d\d){5})(?![\w:])"
)
_PORT = re.compile(r"(?<![\w.])(?P<host>\d{1,3}(?:\.\d{1,3}){3}):(?P<port>\d{2,5})(?!\w|[.:]\d)")
_STANDARD = re.compile(r"(?<!\w)(?P<standard>(?:ISO|IEC|DIN|EN|BS)[ /-]\d{2,5}(?:-\d{1,3})?):(?=(?:19|20)\d\d(?!\w))")
#: behind a word such as Tel., a telephone number, however it is grouped
_CALLED_NUMBER = re.compile(
    r"(?P<head>(?<!\w)(?i:t[eé]l\w{0,8}|tlf|fax|phone|mobile|handy|móvil|whatsapp|тел\w*)[.:]{0,2}\s?:?\s)"
    r"(?P<n>\d{2,4}(?:(?: ?[/–-] ?|[ .])?\d{2,4}){2,5})(?!\w|[.,]\d)"
)
#: 1-800-FLOWERS
_LETTERED_NUMBER = re.compile(r"(?<![\w-])1-8\d\d-(?P<letters>[A-Z]{4,8})(?![\w-])")
_PHONE_GROUPS = re.compile(r"\D+")
_NOUN = re.compile(r"\s([^\W\d_]{2,})")
_YEARS = range(1100, 2100)
_MILLION = 1_000_000
_MILLIONS_DE = frozenset(["es", "pt"])
_FIRST_DIGIT_GROUP = 13  #: more digits than this are an account number or a key, and no quantity


def number_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of these kinds in one language, in the order in which they are tried."""
    return [
        *_power_rules(grammar),
        *_fraction_rules(grammar),
        *_range_rules(grammar),
        *_ordinal_rules(grammar),
        *_code_rules(grammar),
        *_plain_rules(grammar),
    ]


def identifier_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Versions, addresses and telephone numbers, whose parts are no numbers of other kinds."""
    speller = grammar.rules.speller

    def version(found: re.Match[str]) -> str:
        named = not found["v"] or _ends_with(found, grammar.words["version"])
        return ("" if named else f"{grammar.words['version']} ") + f" {grammar.words['dot']} ".join(
            _part(grammar, part) for part in found["parts"].split(".")
        )

    def telephone(found: re.Match[str]) -> str:
        plus = f"{grammar.words['plus']} " if found[0].startswith("+") else ""
        groups = [speller.digits(group) for group in _PHONE_GROUPS.split(found[0]) if group]
        return plus + ", ".join(groups)

    def hardware(found: re.Match[str]) -> str:
        groups = (" ".join(speller.digits(c) if c.isdigit() else c.upper() for c in g) for g in found[0].split(":"))
        return ", ".join(groups)

    def called(found: re.Match[str]) -> str:
        return found["head"] + ", ".join(map(speller.digits, _PHONE_GROUPS.split(found["n"])))

    def card(found: re.Match[str]) -> str | None:
        """`4111 1111 1111 1111`; None for a list of years."""
        return None if all(_is_year(group) for group in found[0].split()) else telephone(found)

    w = r"A-Za-z\d_" if grammar.rules.attached else r"\w"
    return [
        ReadingRule(_CALLED_NUMBER, called),
        ReadingRule(re.compile(r"(?<![\w.,-])(?<!\d )\d{4}(?: \d{4}){2,3}(?! ?\d|\w|[.,]\d)"), card),
        ReadingRule(re.compile(r"(?<![\w.,-])(?<!\d )[6-9]\d{4} \d{5}(?! ?\d|\w|[.,]\d)"), telephone),  # of India
        ReadingRule(_LETTERED_NUMBER, lambda found: f"{telephone(found)}, {found['letters']}"),
        ReadingRule(_HARDWARE_ADDRESS, hardware),
        ReadingRule(_PORT, lambda found: f"{found['host']}, {speller.digits(found['port'])}"),
        ReadingRule(_STANDARD, lambda found: f"{found['standard']}, "),
        ReadingRule(re.compile(r"(?<![\w+])(?:8|\+7)[ -]\(?\d{3}\)?[ -]\d{3}[ -]\d\d[ -]\d\d(?!\w)"), telephone),
        ReadingRule(re.compile(r"(?<![\w+])\+\d{1,3}(?:[ \u00a0./-]?\(?\d{1,5}\)?){2,6}(?![\w.]\d|\w)"), telephone),
        ReadingRule(re.compile(r"(?<![\w-])\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?![\w-])"), telephone),
        ReadingRule(
            re.compile(rf"(?<![{w}-])(?<!\d[ \u00a0])0\d{{1,4}}[ /-]\d{{2,8}}(?:[ -]\d{{1,8}})*(?![\w,.:-]\d|[{w}])"),
            telephone,
        ),
        ReadingRule(
            re.compile(r"(?<![\w-])(?:\d )?\(\d{2,5}\) ?\d{2,5}[ -]\d{2,4}(?:[ -]\d{2,4})?(?![\w-])"), telephone
        ),
        ReadingRule(re.compile(r"(?<![\w.,-])(?<!\d )\d{2,3} \d{2,3} \d\d \d\d(?! ?\d|[\w,.]\d)"), telephone),
        ReadingRule(re.compile(r"(?<![\w-])\d{1,5}(?:-\d{1,7}){2,5}(?![\w-])"), telephone),
        *([ReadingRule(re.compile(r"(?<![\w-])\d{3}-\d{4}(?![\w-])"), telephone)] if grammar.rules.tag == "en" else []),
        grammar.rule(r"(?P<v>[vV]\.?\s?)(?P<parts>\d+(?:\.\d+)+)", version),
        grammar.rule(rf"(?P<v>)(?!{grammar.integer}(?!\.?\d))(?P<parts>\d+(?:\.\d+){{2,}})", version),
    ]


def _ends_with(found: re.Match[str], word: str) -> bool:
    return found.string[: found.start()].rstrip().lower().endswith(word)


def _part(grammar: NumberGrammar, digits: str) -> str:
    return grammar.say(digits) if len(digits) < 5 else grammar.rules.speller.digits(digits)


def _power_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    if "squared" not in grammar.words:
        return []
    names = {"²": grammar.words["squared"], "³": grammar.words["cubed"]}
    plain = {"2": grammar.words["squared"], "3": grammar.words["cubed"]}

    def power(found: re.Match[str]) -> str:
        """`x^2`, `10^-3`, `2**10`: as programs write powers."""
        exponent, letter = found["e"], found["e"].isalpha()
        if exponent in plain:
            return f" {plain[exponent]}"
        words = exponent if letter else grammar.say(exponent)
        return f" {grammar.words['power'].format(words)}"

    exponent = r"(?P<open>[({])?(?P<e>[-−]?\d{1,4}|[nxk])(?(open)[)}])(?![\w.]\w)"
    return [
        ReadingRule(re.compile(rf"(?<=[A-Za-z\d)])(?:\^|(?<=\d)\*\*(?=\d)){exponent}"), power),
        ReadingRule(re.compile(r"(?<=[A-Za-z\d)])(?P<power>[²³])(?!\w)"), lambda found: f" {names[found['power']]}"),
    ]


def _fraction_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    def read(found: re.Match[str]) -> str | None:
        if found["sign"]:
            top, bottom = unicodedata.normalize("NFKD", found["sign"]).split("\u2044")
        else:
            top, bottom = found["top"], found["bottom"]
        if not 0 < int(top) < int(bottom):
            return _season(grammar, top, bottom)
        return grammar.rules.fraction(int(top), int(bottom)) or _season(grammar, top, bottom)

    parts = r"(?P<top>\d{1,4})[/\u2044](?P<bottom>\d{1,4})"
    return [
        ReadingRule(re.compile(rf"(?P<sign>[{_FRACTIONS}])(?P<top>)(?P<bottom>)"), read),
        ReadingRule(re.compile(rf"{grammar.before}(?P<sign>){parts}{grammar.after}(?!/)"), read),
    ]


def _season(grammar: NumberGrammar, first: str, second: str) -> str | None:
    """Two numbers with a slash: two years one behind the other, or one over the other."""
    if _is_year(first) and int(second) == (int(first) + 1) % 10 ** len(second):
        return f"{grammar.year(int(first))} {grammar.year(int(second))}"
    over = grammar.words.get("over")
    return f"{grammar.say(first)} {over} {grammar.say(second)}" if over else None


def _range_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    def read(found: re.Match[str]) -> str | None:
        low, high = found["low"], found["high"]
        if high[0] == "0" and high.isdecimal() and len(high) > 1:  # the number of a file or the like: 2024-001
            return f"{grammar.year(int(low)) if _is_year(low) else grammar.say(low)}, {grammar.say(high)}"
        first, last = grammar.count(low), grammar.count(high)
        if first is None or last is None:
            return f"{grammar.say(low)} {grammar.words['to']} {grammar.say(high)}"
        if _is_year(low) and (_is_year(high) or len(high) == 2):
            second = grammar.year(last) if len(high) == 4 else grammar.say(high)
            return f"{grammar.year(first)} {grammar.words['to']} {second}"
        if first < last:
            return f"{grammar.say(low)} {grammar.words['to']} {grammar.say(high)}"
        if " " in found[0]:
            return f"{grammar.say(low)} {grammar.words['minus']} {grammar.say(high)}"
        return f"{grammar.say(low)} {grammar.words.get('score', grammar.words['ratio'])} {grammar.say(high)}"

    n = grammar.number
    guard = r"(?![-–—/]\d)"
    return [
        ReadingRule(
            re.compile(
                rf"{grammar.before}(?<!\d[-–])(?P<low>{n})(?:\s[-–—]\s|[-–—])(?P<high>{n}){grammar.after}{guard}"
            ),
            read,
        )
    ]


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and digits.isdecimal() and int(digits) in _YEARS


def _ordinal_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    ordinal, mark = grammar.rules.ordinal, grammar.rules.ordinal_mark
    if not mark:
        return []

    n = r"\d{1,3}(?:,\d{3})+|\d+" if grammar.rules.tag == "en" else r"\d+"

    def read(found: re.Match[str]) -> str | None:
        digits = re.sub(r"\D", "", found["n"])
        if len(digits) > 6:
            return None
        return ordinal(int(digits), found["mark"], word_before(found))

    return [ReadingRule(re.compile(rf"{grammar.before}(?P<n>{n})(?P<mark>{mark})(?!\w)", re.IGNORECASE), read)]


def _code_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Letters with digits: A12, MP3, GPT-4, 3D, 5G."""

    def letters_first(found: re.Match[str]) -> str:
        return f"{found['letters']} {_part(grammar, found['n'])}" + (f" {found['more']}" if found["more"] else "")

    def digits_first(found: re.Match[str]) -> str:
        return f"{_part(grammar, found['n'])} {found['letters']}"

    edge = r"A-Za-z\d_"
    return [
        ReadingRule(
            re.compile(
                rf"(?<![{edge}])(?P<letters>[A-Z]{{1,6}})-?(?P<n>\d{{1,4}})(?P<more>[A-Za-z]{{0,2}})(?![{edge}])(?![.,]\d)"
            ),
            letters_first,
        ),
        ReadingRule(
            re.compile(rf"{grammar.before}(?P<n>\d{{1,4}})(?P<letters>[A-Z]{{1,3}}|(?<!\d{{4}})[a-f])(?![{edge}])"),
            digits_first,
        ),
    ]


def _counts_millions(grammar: NumberGrammar, count: int, noun: str) -> bool:
    """Does a plural stand behind whole millions, which are nouns themselves: un millón de personas?"""
    return (
        grammar.rules.tag in _MILLIONS_DE
        and count >= _MILLION
        and count % _MILLION == 0
        and noun.endswith("s")
        and len(noun) > len("más")
        and noun.lower() not in NO_PLURALS
    )


def _names_of_amounts(grammar: NumberGrammar) -> frozenset[str]:
    """What money and measures are called, in small letters: before these no number is a year (`1999 dollars`)."""
    nouns = [*grammar.rules.units.values(), *(each.major for each in grammar.rules.money.values())]
    return frozenset(form.partition(" ")[0].lower() for noun in nouns for form in noun.forms)


def _plain_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    speller, amounts = grammar.rules.speller, _names_of_amounts(grammar)

    def read(found: re.Match[str]) -> str:
        text = found["n"]
        if len(text) > _FIRST_DIGIT_GROUP and text.isdecimal():
            return speller.digits(text)
        beside = found.string[found.end() : found.end() + 1]
        noun, count = _NOUN.match(found.string, found.end()), grammar.count(text)
        is_amount = noun is not None and noun[1].lower() in amounts and word_before(found) != "in"
        if _is_year(text) and not is_amount and (grammar.rules.spaced or not beside.isalpha()):
            return grammar.year(int(text))
        if noun is None or count is None:
            return grammar.say(text)
        link = " de" if _counts_millions(grammar, count, noun[1]) else ""
        return grammar.say(text, grammar.rules.agreement(count, noun[1])) + link

    def other_mark(found: re.Match[str]) -> str:
        whole, fraction = found["n"].split(".")
        return f"{grammar.say(whole)} {grammar.words['dot']} {_part(grammar, fraction)}"

    rules = [grammar.rule(rf"(?P<n>{grammar.sign}{grammar.number})", read)]
    if grammar.rules.decimal_mark == ",":
        rules.append(grammar.rule(r"(?P<n>\d+\.(?:\d{1,2}|\d{4,}))", other_mark))
    return rules
