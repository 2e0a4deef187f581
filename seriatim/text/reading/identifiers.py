"""Identifiers: telephone and card numbers, addresses and versions, whose parts are no numbers of other kinds."""

import re

from seriatim.text.reading.number_grammar import NumberGrammar, is_year
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

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
#: 10.0.0.0/8
_NETWORK = re.compile(r"(?<![\w.])(?P<host>\d{1,3}(?:\.\d{1,3}){3})/(?P<bits>[12]?\d|3[0-2])(?![\w./])")
#: an account number: its country, and groups of letters and digits
_IBAN = re.compile(
    r"(?<![A-Za-z\d])(?P<country>[A-Z]{2})(?P<n>\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?)(?![A-Za-z\d])"
)
#: letters and a long number: GB123456789
_LETTERED_CODE = re.compile(r"(?<![A-Za-z\d_-])(?P<letters>[A-Z]{1,4})(?P<n>\d{5,12})(?![A-Za-z\d_]|[.,-]\d)")
_SPACED_NUMBER = re.compile(r"(?<![\w.,-])(?<!\d )\d{3} \d{3} \d{4}(?! ?\d|\w|[.,-]\d)")
_DOTTED_NUMBER = re.compile(r"(?<![\w.,-])0\d{1,3}\.\d{3,4}\.\d{4}(?![\w]|[.,-]\d)")
#: by language, numbers whose groups give them away: those of Brazil, India, Italy and Turkey
_NATIONAL_NUMBERS = {
    "pt": r"(?:\(?\d\d\)? )?9\d{4}-\d{4}|(?:\(?\d\d\)? )[2-5]\d{3}-\d{4}",
    "hi": r"[6-9]\d{4}-\d{5}|[6-9]\d{9}",
    "it": r"3\d{2} \d{6,7}|3\d{9}",
    "tr": r"444 \d \d{3}|444 \d\d \d\d",
    "es": r"[67]\d{8}",
    "fr": r"0[1-9]\d{8}",
    "pl": r"[4-8]\d\d-\d{3}-\d{3}",
}
_CARD = re.compile(r"(?<![\w.,-])(?<!\d )\d{4}(?: \d{4}){2,3}(?! ?\d|\w|[.,]\d)")  #: 4111 1111 1111 1111
_INDIAN_NUMBER = re.compile(r"(?<![\w.,-])(?<!\d )[6-9]\d{4} \d{5}(?! ?\d|\w|[.,]\d)")
_LETTERED_NUMBER = re.compile(r"(?<![\w-])1-8\d\d-(?P<letters>[A-Z]{4,8})(?![\w-])")  #: 1-800-FLOWERS
_RUSSIAN_NUMBER = re.compile(r"(?<![\w+])(?:8|\+7)[ -]\(?\d{3}\)?[ -]\d{3}[ -]\d\d[ -]\d\d(?!\w)")
_INTERNATIONAL_NUMBER = re.compile(r"(?<![\w+])\+\d{1,3}(?:[ \u00a0./-]?\(?\d{1,5}\)?){2,6}(?![\w.]\d|\w)")
_AMERICAN_NUMBER = re.compile(r"(?<![\w-])\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?![\w-])")
_BRACKETED_NUMBER = re.compile(r"(?<![\w-])(?:\d )?\(\d{2,5}\) ?\d{2,5}[ -]\d{2,4}(?:[ -]\d{2,4})?(?![\w-])")
_PAIRED_NUMBER = re.compile(r"(?<![\w.,-])(?<!\d )\d{2,3} \d{2,3} \d\d \d\d(?! ?\d|[\w,.]\d)")
_DASHED_NUMBER = re.compile(r"(?<![\w-])\d{1,5}(?:-\d{1,7}){2,5}(?![\w-])")
_LOCAL_NUMBER = re.compile(r"(?<![\w-])\d{3}-\d{4}(?![\w-])")  #: 555-1234, in English alone
_NOT_DIGITS = re.compile(r"\D+")
_NOT_GROUPS = re.compile(r" ")


def identifier_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of identifiers in one language, in the order in which they are tried."""
    return [*_certain_rules(grammar), *_address_rules(grammar), *_telephone_rules(grammar), *_version_rules(grammar)]


def _certain_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Numbers that the word before them, their groups or their letters give away."""
    speller = grammar.rules.speller

    def called(found: re.Match[str]) -> str:
        return found["head"] + _groups(speller, found["n"])

    def card(found: re.Match[str]) -> str | None:
        """None for a list of years."""
        return None if all(is_year(group) for group in found[0].split()) else _groups(speller, found[0])

    def iban(found: re.Match[str]) -> str:
        groups = _NOT_GROUPS.split(found["n"]) if " " in found["n"] else re.findall("..?.?.?", found["n"])
        words = (" ".join(speller.digits(c) if c.isdigit() else c for c in group) for group in groups)
        return f"{found['country']} {', '.join(words)}"

    return [
        ReadingRule(_IBAN, iban),
        ReadingRule(_CALLED_NUMBER, called),
        ReadingRule(_CARD, card),
        ReadingRule(_INDIAN_NUMBER, lambda found: _groups(speller, found[0])),
        ReadingRule(_LETTERED_NUMBER, lambda found: f"{_groups(speller, found[0])}, {found['letters']}"),
    ]


def _groups(speller: NumberSpeller, number: str) -> str:
    """The groups of digits in a number, digit by digit."""
    return ", ".join(speller.digits(group) for group in _NOT_DIGITS.split(number) if group)


def _address_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Addresses of hardware, ports of hosts, and standards with their year."""
    speller = grammar.rules.speller

    def hardware(found: re.Match[str]) -> str:
        groups = (" ".join(speller.digits(c) if c.isdigit() else c.upper() for c in g) for g in found[0].split(":"))
        return ", ".join(groups)

    def lettered(found: re.Match[str]) -> str | None:
        is_price = found["letters"] in grammar.rules.money
        return None if is_price else f"{found['letters']} {speller.digits(found['n'])}"

    return [
        ReadingRule(_HARDWARE_ADDRESS, hardware),
        ReadingRule(_NETWORK, lambda found: f"{found['host']}, {grammar.say(found['bits'])}"),
        ReadingRule(_LETTERED_CODE, lettered),
        ReadingRule(_PORT, lambda found: f"{found['host']}, {speller.digits(found['port'])}"),
        ReadingRule(_STANDARD, lambda found: f"{found['standard']}, "),
    ]


def _telephone_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    def telephone(found: re.Match[str]) -> str:
        plus = f"{grammar.words['plus']} " if found[0].startswith("+") else ""
        return plus + _groups(grammar.rules.speller, found[0])

    w = r"A-Za-z\d_" if grammar.rules.attached else r"\w"
    trunk = rf"(?<![{w}-])(?<!\d[ \u00a0])0\d{{1,4}}[ /-]\d{{2,8}}(?:[ -]\d{{1,8}})*(?![\w,.:-]\d|[{w}])"
    patterns = [
        _RUSSIAN_NUMBER,
        _INTERNATIONAL_NUMBER,
        _AMERICAN_NUMBER,
        re.compile(trunk),
        _BRACKETED_NUMBER,
        _SPACED_NUMBER,
        _DOTTED_NUMBER,
        _PAIRED_NUMBER,
        _DASHED_NUMBER,
    ]
    if national := _NATIONAL_NUMBERS.get(grammar.rules.tag):
        patterns.insert(0, re.compile(rf"(?<![\w.,+-])(?<!\d )(?:{national})(?! ?\d|\w|[.,-]\d)"))
    if grammar.rules.tag == "en":
        patterns.append(_LOCAL_NUMBER)
    if grammar.rules.attached:  # letters may stand right beside a number
        patterns = [re.compile(pattern.pattern, re.ASCII) for pattern in patterns]
    return [ReadingRule(pattern, telephone) for pattern in patterns]


def _version_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    def version(found: re.Match[str]) -> str:
        named = not found["v"] or _ends_with(found, grammar.words["version"])
        return ("" if named else f"{grammar.words['version']} ") + f" {grammar.words['dot']} ".join(
            grammar.code_part(part) for part in found["parts"].split(".")
        )

    return [
        grammar.rule(r"(?P<v>[vV]\.?\s?)(?P<parts>\d+(?:\.\d+)+)", version),
        grammar.rule(rf"(?P<v>)(?!{grammar.integer}(?!\.?\d))(?P<parts>\d+(?:\.\d+){{2,}})", version),
    ]


def _ends_with(found: re.Match[str], word: str) -> bool:
    return found.string[: found.start()].rstrip().lower().endswith(word)
