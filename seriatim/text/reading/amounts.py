"""Amounts: money, units, percentages and dimensions."""

import re
from functools import partial

from seriatim.text.reading.language_rules import Currency, Noun
from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_VOWEL = re.compile(r"[aeiouhéAEIOUHÉ]")
#: 5,- Euro
_WHOLE_PRICE = re.compile(
    r"(?<=\d),[-–—](?:[-–—]?(?=\s?(?:€|EUR|[Ee]uro|CHF|Fr|DM|kr))|(?:[-–—](?!\s[а-яё]))?(?=[\s.,;:)]|$))"
)
_NEXT_WORD = re.compile(r"\s([^\W\d_]+)")
_DASH = r"\s?[-–—]\s?"
#: languages with half *of a kilometer*
_GENITIVE_PARTS = frozenset(("pl", "ru"))


def _any_of(words: list[str]) -> str:
    """A regular expression for any of these words, the longest first; one look at a character excludes them all."""
    if not words:
        return ""
    firsts = "".join(re.escape(first) for first in sorted({word[0] for word in words}))
    return rf"(?=[{firsts}])(?:{'|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))})"


def amount_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of amounts in one language."""
    return [*_rate_rules(grammar), *_money_rules(grammar), *_unit_rules(grammar)]


def _to(grammar: NumberGrammar, _found: re.Match[str]) -> str:
    return f" {grammar.words['to']} "


def _rate_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """What is behind a slash: `3 €/kg`, `5 mg/l`; and a unit behind a fraction: `½ km`. Numbers are read later."""
    units, n = grammar.rules.units, grammar.number
    symbols, signs = _any_of(list(units)), _any_of(list(grammar.rules.money))

    def rate(found: re.Match[str]) -> str | None:
        if found["unit"] and f"{found['unit']}/{found['per']}" in units:
            return None
        return f"{found['head']} {grammar.words['per']} {grammar.form(1, units[found['per']])}"

    def fraction(found: re.Match[str]) -> str:
        half = grammar.rules.half(units[found["unit"]]) if found["fraction"] in ("½", "1/2") else None
        if half:
            return half
        count = None if grammar.rules.tag in _GENITIVE_PARTS else 1
        return f"{found['fraction']} {grammar.form(count, units[found['unit']])}"

    head = rf"(?:{n}\s?(?:(?P<unit>{symbols})|(?:{signs}))|(?:{signs})\s?{n})"
    rules = [grammar.rule(rf"(?P<head>{head})/(?P<per>{symbols})(?!/)", rate)] if "per" in grammar.words else []
    rules.append(ReadingRule(re.compile(rf"(?<=\d[KkMB]){_DASH}(?=(?:{signs})\d)"), partial(_to, grammar)))
    if "min" in units:
        rules.append(
            ReadingRule(re.compile(r"(?<=\dh)\s?(?P<n>\d{1,2})\s?m(?!\w)"), lambda found: f" {found['n']} min")
        )
        rules.append(ReadingRule(re.compile(r"(?<=\d)m(?=\d{1,2}\s?s(?!\w))"), lambda _found: " min "))
        rules.append(ReadingRule(re.compile(r"(?<=\d)h(?=\d{1,2}\s?min(?!\w))"), lambda _found: " h "))
    if grammar.rules.decimal_mark == ",":
        rules.append(ReadingRule(_WHOLE_PRICE, lambda _found: ""))
    if grammar.rules.spaced and "percent_first" not in grammar.words:
        parts = r"(?P<fraction>[¼½¾⅐-⅞]|\d/\d{1,2})"
        rules.append(grammar.rule(rf"{parts}\s?(?P<unit>{symbols})(?:(?<!\.)\.(?=\s[a-zà-ÿа-я]|[,;)]))?", fraction))
    return rules


def _money_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    signs = _any_of([sign for sign in grammar.rules.money if not sign.isalpha()])
    codes = _any_of([sign for sign in grammar.rules.money if sign.isalpha()])
    scale = rf"(?:[-\s]?(?P<scale>{_any_of(list(grammar.rules.scales))})(?!\w))?" if grammar.rules.scales else ""
    n = grammar.number
    span = rf"(?P<n>{n})(?:{_DASH}(?P<to>{n}))?"

    def read(found: re.Match[str]) -> str | None:
        words = _money(grammar, found)
        return words and words + _stop(found)

    def quantity(found: re.Match[str]) -> str:
        return grammar.counted(found["n"], grammar.rules.scales[found["short"]]) + _stop(found)

    shorts = _any_of([short for short in grammar.rules.scales if len(short) > 1])

    start = r"[A-Za-z\d]" if grammar.rules.attached else r"\w"
    sign_first = (
        rf"(?<!{start})(?P<minus>(?<!\S)[-−])?(?:(?P<sign>{signs})\s?(?P<minus2>[-−](?=\d))?|(?P<code>{codes})\s)"
    )
    sign_between = rf"(?:{_DASH}(?:{signs})?(?P<to>{n}))?"
    english = rf"{sign_first}(?P<n>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)\.\d\d){grammar.after}"
    comma = rf"{sign_first}(?P<n>\d+,\d\d){grammar.after}"
    return [
        *([ReadingRule(re.compile(english), partial(_english_price, grammar))] if grammar.decimal == "," else []),
        *([ReadingRule(re.compile(comma), partial(_comma_price, grammar))] if grammar.rules.tag == "en" else []),
        ReadingRule(re.compile(rf"{sign_first}(?P<n>{n}){sign_between}{scale}{grammar.after}"), read),
        ReadingRule(
            re.compile(
                rf"{grammar.before}(?P<minus>(?<!\S)[-−])?{span}{scale}\s?(?:(?P<sign>{signs})|(?P<code>{codes})(?!\w))(?!\d)"
            ),
            read,
        ),
        *([grammar.rule(rf"(?P<n>{n})\s?(?P<short>{shorts})", quantity)] if shorts else []),
    ]


def _stop(found: re.Match[str]) -> str:
    """The stop of an abbreviation that ends the sentence: 20 руб."""
    return "." if found[0].endswith(".") and found.end() == len(found.string) else ""


def _money(grammar: NumberGrammar, found: re.Match[str]) -> str | None:
    currency = grammar.rules.money[found["sign"] or found["code"]]
    minus = _minus(grammar, found)
    named = found.groupdict()
    if not (named["to"] or named.get("scale")) and _is_named(grammar, found):
        return f"{minus}{grammar.say(found['n'], currency.major.gender)}"
    upper, first = named["to"], ""
    text = upper or found["n"]
    if upper:
        first = f"{grammar.say(found['n'])} {grammar.words['to']} "
    if named.get("scale"):
        return f"{minus}{first}{_scaled(grammar, text, grammar.rules.scales[named['scale']], currency)}"
    return f"{minus}{first}{_price(grammar, text, currency)}"


def _minus(grammar: NumberGrammar, found: re.Match[str]) -> str:
    """The word of the minus before a price, or behind its sign: $-5."""
    is_negative = found["minus"] or found.groupdict().get("minus2")
    return f"{grammar.words['minus']} " if is_negative else ""


def _english_price(grammar: NumberGrammar, found: re.Match[str]) -> str:
    """A price with a decimal point in a language with a decimal comma, as prices in dollars are often written."""
    minus = _minus(grammar, found)
    text = found["n"].replace(",", "").replace(".", ",")
    return f"{minus}{_price(grammar, text, grammar.rules.money[found['sign'] or found['code']])}"


def _is_named(grammar: NumberGrammar, found: re.Match[str]) -> bool:
    """Does the name of a currency stand behind a price, too: $500 pesos?"""
    following = _NEXT_WORD.match(found.string, found.end())
    if following is None:
        return False
    word = following[1].lower()
    return word in grammar.currency_names or word in ("peso", "pesos")


def _comma_price(grammar: NumberGrammar, found: re.Match[str]) -> str:
    """A price with a decimal comma in English, as some countries write it: €3,50."""
    minus = _minus(grammar, found)
    currency = grammar.rules.money[found["sign"] or found["code"]]
    return f"{minus}{_price(grammar, found['n'].replace(',', '.'), currency)}"


def _scaled(grammar: NumberGrammar, text: str, scale: Noun, currency: Currency) -> str:
    major = currency.major.forms[min(grammar.rules.plural(1_000_000), len(currency.major.forms) - 1)]
    link = grammar.words.get("of", "") if scale.gender != "-" else ""
    if link == "de" and grammar.rules.tag == "fr" and _VOWEL.match(major):
        major, link = f"d'{major}", ""
    return grammar.gap.join(word for word in (grammar.counted(text, scale), link, major) if word)


def _price(grammar: NumberGrammar, text: str, currency: Currency) -> str:
    whole, fraction = grammar.split(text)
    minor = currency.minor
    if fraction == "00":
        return grammar.counted(whole, currency.major)
    if len(fraction) != 2 or grammar.words.get("cents") == "decimal" or minor is None:
        return grammar.counted(text, currency.major)
    cents = int(fraction)
    if not int(whole) and cents:
        return grammar.counted(str(cents), minor)
    words = grammar.counted(whole, currency.major)
    return f"{words} {_cents(grammar, cents, minor)}" if cents else words


def _cents(grammar: NumberGrammar, cents: int, minor: Noun) -> str:
    """The part of a price behind its mark: in full, or the bare number, as people say it."""
    style, link = grammar.words.get("cents", "bare"), grammar.words.get("cents_and", "")
    if style == "full" or cents < 10:
        words, link = grammar.counted(str(cents), minor), link or grammar.words["and"]
    else:
        words = grammar.rules.speller.cardinal(cents)
    return f"{link} {words}" if link and link != "-" else words


def _unit_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    units, n, words = grammar.rules.units, grammar.number, grammar.words
    symbols = _any_of(list(units))
    span = rf"(?:(?P<from>{grammar.sign}{n}){_DASH})?(?P<n>{grammar.sign}{n})"

    def prefix(found: re.Match[str]) -> str:
        return f"{grammar.say(found['from'])} {words['to']} " if found["from"] else ""

    def unit(found: re.Match[str]) -> str:
        return prefix(found) + grammar.counted(found["n"], units[found["unit"]]) + _stop(found)

    def percent(found: re.Match[str]) -> str:
        if found["sign"] in units:
            return prefix(found) + grammar.counted(found["n"], units[found["sign"]])
        name = words["percent" if found["sign"] in "%٪" else "permille"]
        if words.get("percent_first"):
            number = found["n"].lstrip("-−+±")
            sign = found.groupdict().get("minus") or found["n"][: len(found["n"]) - len(number)]
            return f"{grammar.sign_words(sign)}{name}{prefix(found)}{grammar.say(number)}"
        return f"{prefix(found)}{grammar.say(found['n'])}{grammar.gap}{name}"

    def dimensions(found: re.Match[str]) -> str:
        parts = re.split(r"\s?[x×]\s?", found["parts"])
        last = grammar.counted(parts[-1], units[found["unit"]]) if found["unit"] else grammar.say(parts[-1])
        equals = rf"\s?(?:=|{re.escape(words['equals'])}\b)"
        by = words["times" if re.compile(equals).match(found.string, found.end()) else "by"]  # 2 × 3 = 6
        firsts = f" {by} ".join(grammar.say(part) for part in parts[:-1])
        return f"{firsts} {by} {last}"

    parts = rf"(?P<parts>{n}(?:\s?×\s?{n}|\s?x\s?{n})+)(?:\s?(?P<unit>{symbols}))?"
    leading = [
        ReadingRule(
            re.compile(
                rf"(?<!\w)(?P<minus>[-−+])?(?P<sign>[%٪‰])\s?(?:(?P<from>{n}){_DASH}%?)?(?P<n>{n}){grammar.after}"
            ),
            percent,
        )
    ]
    return [
        *(leading if "percent_first" in words else []),
        grammar.rule(parts, dimensions),
        grammar.rule(rf"(?:(?P<from>{grammar.sign}{n})%?{_DASH})?(?P<n>{grammar.sign}{n})\s?(?P<sign>[%٪‰])", percent),
        grammar.rule(rf"{span}[\s-]?(?P<unit>{symbols})(?:(?<!\.)\.(?=\s[a-zà-ÿа-я]|[,;)]))?", unit),
    ]
