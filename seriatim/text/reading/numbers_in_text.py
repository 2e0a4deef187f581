"""Numbers of every other kind: fractions, ranges, ordinals, codes, and plain ones."""

import re
import unicodedata

from seriatim.text.reading.languages.romance import NO_PLURALS
from seriatim.text.reading.number_grammar import NumberGrammar, is_year, word_before
from seriatim.text.reading.reading_rule import ReadingRule

_FRACTIONS = "¼½¾⅐-⅞"
_NOUN = re.compile(r"\s([^\W\d_]{2,})")
_MILLION = 1_000_000
_MILLIONS_DE = frozenset(["es", "pt"])
FEWEST_DIGITS_OF_CODE = 9  #: a telephone number without groups has as many
_FIRST_DIGIT_GROUP = 13  #: more digits than this are an account number or a key, and no quantity


def number_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of these kinds in one language, in the order in which they are tried."""
    return [
        *_power_rules(grammar),
        *_fraction_rules(grammar),
        *_range_rules(grammar),
        *_ordinal_rules(grammar),
        *_code_rules(grammar),
        *_short_year_rules(grammar),
        *_plain_rules(grammar),
    ]


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

    def power_of(found: re.Match[str]) -> str:
        """`e^(-x)`, `e^t`: as formulas have powers that are no numbers."""
        return f" {grammar.words['power'].format(found['group'] or found['letter'])}"

    exponent = r"(?P<open>[({])?(?P<e>[-−]?\d{1,4}|[nxk])(?(open)[)}])(?![\w.]\w)"
    return [
        ReadingRule(re.compile(rf"(?<=[A-Za-z\d)])(?:\^|(?<=\d)\*\*(?=\d)){exponent}"), power),
        ReadingRule(
            re.compile(r"(?<=[A-Za-z\d)])\^(?:\((?P<group>[^()^]{1,40})\)|(?P<letter>[A-Za-zα-ω])(?!\w))"), power_of
        ),
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
    if is_year(first) and int(second) == (int(first) + 1) % 10 ** len(second):
        return f"{grammar.year(int(first))} {grammar.year(int(second))}"
    over = grammar.words.get("over")
    return f"{grammar.say(first)} {over} {grammar.say(second)}" if over else None


def _range_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    minus = grammar.words.get("subtract", grammar.words["minus"])

    def read(found: re.Match[str]) -> str | None:
        low, high = found["low"], found["high"]
        if high[0] == "0" and high.isdecimal() and len(high) > 1:  # the number of a file or the like: 2024-001
            return f"{grammar.year(int(low)) if is_year(low) else grammar.say(low)}, {grammar.say(high)}"
        first, last = grammar.count(low), grammar.count(high)
        if is_year(low) and last is not None and (is_year(high) or len(high) == 2):
            second = grammar.year(last) if len(high) == 4 else grammar.say(high)
            return f"{grammar.year(int(low))} {grammar.words['to']} {second}"
        link = grammar.words.get("score", grammar.words["ratio"])
        if equals.match(found.string, found.end()):  # 5-3=2
            link = minus
        elif first is None or last is None or first < last:
            return between(found)
        elif " " in found[0]:
            link = minus
        return f"{grammar.say(low)} {link} {grammar.say(high)}"

    def between(found: re.Match[str]) -> str:
        """From one number to the other, both of which agree with the noun behind them."""
        numbers, noun = (found["low"], found["high"]), _NOUN.match(found.string, found.end())
        counts = [grammar.count(number) if noun else None for number in numbers]
        forms = ["" if count is None or noun is None else grammar.rules.agreement(count, noun[1]) for count in counts]
        return f" {grammar.words['to']} ".join(map(grammar.say, numbers, forms))

    n, equals = grammar.number, re.compile(rf"\s?(?:=|{re.escape(grammar.words['equals'])}(?!\w)|等于|イコール)")
    guard = r"(?![-–—/]\d)"
    return [
        ReadingRule(
            re.compile(
                rf"{grammar.before}(?<!\d[-–])(?P<low>{n})(?:\s[-–—]\s|[-–—])(?P<high>{n}){grammar.after}{guard}"
            ),
            read,
        )
    ]


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


def _short_year_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """`nel '68`, `Jahrgang '85`: the apostrophe is silent; English has words of its own for such years."""
    if grammar.rules.tag == "en":
        return []
    return [ReadingRule(re.compile(r"(?<![\w'’])['’](?=\d{2,3}(?![\w'’]|[.,]\d))"), lambda _found: "")]


def _code_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """Letters with digits: A12, MP3, GPT-4, 3D, 5G."""

    def letters_first(found: re.Match[str]) -> str:
        return f"{found['letters']} {grammar.code_part(found['n'])}" + (f" {found['more']}" if found["more"] else "")

    def digits_first(found: re.Match[str]) -> str:
        return f"{grammar.code_part(found['n'])} {found['letters']}"

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


def _is_code(digits: str) -> bool:
    """Is a number without groups too long and too odd for a quantity?"""
    return len(digits) >= FEWEST_DIGITS_OF_CODE and not digits.endswith("000")


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
        beside = found.string[found.end() : found.end() + 1]
        noun, count = _NOUN.match(found.string, found.end()), grammar.count(text)
        if text.isdecimal() and (len(text) > _FIRST_DIGIT_GROUP or _is_code(text)):
            return speller.digits(text)
        is_amount = noun is not None and noun[1].lower() in amounts and word_before(found) != "in"
        if is_year(text) and not is_amount and (grammar.rules.spaced or not beside.isalpha()):
            return grammar.year(int(text))
        if noun is None or count is None:
            return grammar.say(text)
        link = " de" if _counts_millions(grammar, count, noun[1]) else ""
        return grammar.say(text, grammar.rules.agreement(count, noun[1])) + link

    def other_mark(found: re.Match[str]) -> str:
        whole, fraction = found["n"].split(".")
        return f"{grammar.say(whole)} {grammar.words['dot']} {grammar.code_part(fraction)}"

    rules = [grammar.rule(rf"(?P<n>{grammar.sign}{grammar.number})", read)]
    if grammar.rules.decimal_mark == ",":
        rules.append(grammar.rule(r"(?P<n>\d+\.(?:\d{1,2}|\d{4,}))", other_mark))
    return rules
