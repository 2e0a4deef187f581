"""English forms: decades, feet and inches, weekdays, early years, bearings, and what else only English writes."""

import re

from seriatim.text.reading.number_grammar import word_before
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

MONTHS = ("January", "February", "March", "April", "May", "June", "July",
          "August", "September", "October", "November", "December")  # fmt: skip
_SPELLER = NumberSpeller("en")
#: behind other words, `30s` are seconds
_BEFORE_DECADE = frozenset((
    "in", "the", "his", "her", "their", "my", "our", "your", "its", "early", "mid", "late", "and", "or", "to", "from",
    "of", "since", "until", "during", "through",
))  # fmt: skip
_INCH = ("inches", "inch")
_QUOTES = re.compile(r"(?<!\d)[\"“]|\"(?=\w)")
_PERIODS = "second|minute|hour|day|night|week|month|year|person|user|head|kilo|gallon|mile"
_AFTER_YEAR = r"(?=$|[.,;:!?)]|\s(?:and|the|by|to|when|he|she|it|that)\b)"


def _plural(words: str) -> str:
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")


def _year(digits: str) -> str:
    return _SPELLER.spell(int(digits), "spellout-numbering-year")


def _decade(found: re.Match[str]) -> str | None:
    """`the '80s`, `in his 30s`; None for seconds."""
    if not re.search("['’]", found[0]):
        before = word_before(found)
        if found["n"] == "10" or (before and before not in _BEFORE_DECADE):
            return None
    return _plural(_SPELLER.cardinal(int(found["n"])))


def _years(found: re.Match[str]) -> str:
    return _plural(_year(found["n"]))


def _hundredths(found: re.Match[str]) -> str:
    return f"point {_SPELLER.digits(found['n'])}"


def _feet(found: re.Match[str]) -> str:
    inches = _SPELLER.cardinal(int(found["inches"]))
    return f"{_SPELLER.cardinal(int(found['feet']))} feet {inches} {'inch' if found['inches'] == '1' else 'inches'}"


def _inches(found: re.Match[str]) -> str | None:
    """`12" pizza`; None where a quotation ends behind a number."""
    if len(_QUOTES.findall(found.string, 0, found.start())) % 2:
        return None
    return f"{found['n']} {'inch' if found['n'] == '1' or found['noun'] else 'inches'}{found['noun'] or ''}"


def _early_year(found: re.Match[str]) -> str:
    """`in 1066`: before 1100 only where a word says that it is a year."""
    return f"{found['in']} {_year(found['n'])}"


def _month(found: re.Match[str]) -> str:
    return f"{next(name for name in MONTHS if name.startswith(found['name'][:3]))} "


def _short_year(found: re.Match[str]) -> str:
    return f"oh {_SPELLER.cardinal(int(found['n']))}" if found["n"][0] == "0" else _SPELLER.cardinal(int(found["n"]))


def _digits(found: re.Match[str]) -> str:
    """`dial 911`, `PIN 1234`: digit by digit."""
    return f"{found['head']} {_SPELLER.digits(found['n'])}"


def _verses(found: re.Match[str]) -> str:
    """`Gen. 1:1-3`: a chapter of the Bible, and its verses."""
    verses = f"{found['v']}-{found['w']}" if found["w"] else found["v"]
    return f"{found['book']} {_SPELLER.cardinal(int(found['c']))} {verses}"


def _lap(found: re.Match[str]) -> str:
    """`3:43.13`: minutes, seconds and their fraction."""
    seconds = _SPELLER.cardinal(int(found["s"]))
    seconds = f"oh {seconds}" if found["s"][0] == "0" else seconds
    return f"{_SPELLER.cardinal(int(found['m']))} {seconds} point {_SPELLER.digits(found['n'])}"


def _stone(found: re.Match[str]) -> str:
    """`11st 4lb`: a person's weight."""
    return f"{_SPELLER.cardinal(int(found['n']))} stone "


def _life(found: re.Match[str]) -> str:
    return {"b": "born ", "d": "died "}[found["life"]]


_BOOKS = (
    "Gen|Ex|Exod|Lev|Num|Deut|Josh|Judg|Ruth|Sam|Kings|Chron|Ezra|Neh|Job|Ps|Psalms?|Prov|Eccl|Isa|Isaiah|Jer|Ezek|Dan"
    "|Matt|Matthew|Mark|Luke|John|Acts|Rom|Romans|Cor|Gal|Eph|Phil|Col|Heb|Jas|James|Pet|Rev|Revelation|Genesis|Exodus"
)
_CALLS = (
    r"(?:[Cc]all|[Dd]ial|[Tt]ext|[Pp]hone|[Rr]ing)(?:s|ing|ed)?|PINs?|ZIP(?: code)?|[Pp]asscode|[Ee]xt\.|[Ee]xtension"
)

#: lines of a picture
_LINES = {"360": "three sixty", "480": "four eighty", "720": "seven twenty", "1080": "ten eighty",
          "1440": "fourteen forty", "2160": "twenty-one sixty"}  # fmt: skip

_SHORT_MONTHS = "|".join(name[:3] for name in MONTHS)
_SIGNS = {"$": "dollar", "£": "pound", "€": "euro"}
#: no nouns that an amount describes: a $5 off, a $10 per day
_NO_NOUN = "per|for|and|but|off|from|with|each|more|less|that|which|when|or|in|on|at|as|if|to|of|by|is|was|a|an|the"


def _worth(found: re.Match[str]) -> str:
    """`a $5 bill`: before a noun, the amount has no plural."""
    cents = f" {found['cents']}" if found["cents"] and int(found["cents"]) else ""
    scale = f" {found['scale'].strip(' -')}" if found["scale"] else ""
    return f"{found['n']}{scale} {_SIGNS[found['sign']]}{cents}"


def _measuring(found: re.Match[str]) -> str:
    """`a 5 km run`: before a noun, the unit has no plural."""
    return f"{found['n']}{found['gap']}{_SINGULAR[found['unit']]}"


_SINGULAR = {"km": "kilometer", "kg": "kilogram", "cm": "centimeter", "mm": "millimeter", "ml": "milliliter",
             "mph": "mile per hour", "ft": "foot", "lb": "pound", "lbs": "pound", "oz": "ounce", "min": "minute",
             "hr": "hour", "GB": "gigabyte", "MB": "megabyte", "kW": "kilowatt"}  # fmt: skip

_STREETS = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Dr": "Drive", "Ln": "Lane", "Ct": "Court", "Pl": "Place",
            "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway", "Blvd": "Boulevard", "Ter": "Terrace"}  # fmt: skip
_MEASURES = {"lb": "pound", "lbs": "pound", "oz": "ounce", "sq": "square", "ft": "foot", "hr": "hour", "yr": "year",
             "mo": "month",
             "wk": "week", "gal": "gallon", "min": "minute", "sec": "second", "pp": "person"}  # fmt: skip


def _address(found: re.Match[str]) -> str:
    """`221B Baker St.`: the number of a house, and its street."""
    n = found["n"]
    number = _SPELLER.cardinal(int(n))
    if len(n) == len("1600") and n[-2:] == "00" != n[-3:-1]:
        number = f"{_SPELLER.cardinal(int(n[:-2]))} hundred"
    elif len(n) > 2 and n[-2:] != "00" and n[-3:-1] != "00":
        tens = f"oh {_SPELLER.cardinal(int(n[-1]))}" if n[-2] == "0" else _SPELLER.cardinal(int(n[-2:]))
        number = f"{_SPELLER.cardinal(int(n[:-2]))} {tens}"
    letter = f" {found['letter']}" if found["letter"] else ""
    stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
    return f"{number}{letter} {found['name']} {_STREETS[found['street']]}{stop}"


_CALLED = re.compile(r"\b(?:[Cc]all|[Dd]ial|[Pp]hone|[Ee]mergency|[Aa]mbulance|[Pp]olice|operator|dispatcher)")


def _emergency(found: re.Match[str]) -> str | None:
    """`call 911`: digit by digit where the sentence is about a call."""
    return _SPELLER.digits(found[0]) if _CALLED.search(found.string) else None


ENGLISH_FORMS = tuple(
    ReadingRule(re.compile(pattern), read)
    for pattern, read in {
        rf"(?<!\w)(?P<in>[Ii]n|[Ss]ince|[Uu]ntil|[Bb]y|of|from) (?P<n>10[1-9]\d){_AFTER_YEAR}": _early_year,
        r"(?<!\w)(?P<name>Jan|Feb|Mar|Apr|Aug|Sept|Sep|Oct|Nov|Dec)\.?\s(?=[12]\d{3}(?!\w|[.,]\d))": _month,
        (
            r"(?<![\w.,#-])(?P<n>[1-9]\d{0,3})(?P<letter>[A-Z])?\s(?P<name>(?:[NSEW]\.?\s)?(?:[A-Z][a-z]+|\d{1,3}(?:st|nd|rd|th))"
            rf"(?:\s[A-Z][a-z]+)?)\s(?P<street>{'|'.join(_STREETS)})(?:\.(?=[,;)]|\s[a-z(]|$)|(?=[,;)]|$))"
        ): _address,
        r"(?<=,\s[A-Z]{2}\s)(?P<n>\d{5})(?:-(?P<more>\d{4}))?(?!\w|[.,-]\d)": lambda f: ", ".join(
            _SPELLER.digits(part) for part in (f["n"], f["more"]) if part
        ),
        rf"(?<=\bper\s)(?P<unit>{'|'.join(_MEASURES)})(?:\.(?=[\s,;)])|(?!\w))": lambda f: _MEASURES[f["unit"]],
        (
            r"(?<=\b[Aa]\s)(?P<sign>[$£€])(?P<n>\d{1,3}(?:,\d{3})*|\d+)(?:\.(?P<cents>\d\d))?"
            r"(?P<scale>[ -](?:million|billion|trillion|thousand))?(?![\w.,]*\d)"
            rf"(?=[ -](?!(?:{_NO_NOUN})\b)[a-z]{{3,}})"
        ): _worth,
        (
            rf"(?<=\b[Aa]\s)(?P<n>\d+(?:\.\d+)?)(?P<gap>[ -])(?P<unit>{'|'.join(_SINGULAR)})"
            rf"(?=\s(?!(?:{_NO_NOUN})\b)[a-z]{{3,}})"
        ): _measuring,
        rf"(?<!\w)(?P<name>{_SHORT_MONTHS})-(?P<d>\d{{1,2}})-(?P<y>[12]\d{{3}})(?!\w)": lambda f: (
            f"{next(name for name in MONTHS if name.startswith(f['name'][:3]))} {f['d']}, {f['y']}"
        ),
        r"(?<=\d ft )(?P<n>\d{1,2}) ?ins?(?=[.,;:)]|$|\s(?:tall|high|long|wide|deep))": lambda f: (
            f"{_SPELLER.cardinal(int(f['n']))} {_INCH[f['n'] == '1']}"
        ),
        r"(?<=\d0s)\s?[-–]\s?['’]?(?P<n>[1-9]0)['’]?s(?!\w)": lambda f: (
            f" to {_plural(_SPELLER.cardinal(int(f['n'])))}"
        ),
        r"(?<!\w)(?<!-)(?P<n>\d{5})(?=\sis (?:a|the|my|your|our) (?:zip|ZIP))": lambda f: _SPELLER.digits(f["n"]),
        r"(?<!\w)FY\s?(?=(?:19|20)\d\d(?!\w))": lambda _found: "fiscal year ",
        rf"(?<!\w)(?P<head>{_CALLS}) (?P<n>\d{{3,9}})(?![\w-]|[.,]\d)": _digits,
        rf"(?<!\w)(?P<book>(?:{_BOOKS})\.?) (?P<c>\d{{1,3}}):(?P<v>\d{{1,3}})(?:[-–](?P<w>\d{{1,3}}))?(?![\w:])": (
            _verses
        ),
        rf"(?<![\w.,])(?P<n>{'|'.join(_LINES)})(?=[pi](?!\w))": lambda found: f"{_LINES[found['n']]} ",
        r"(?<!\w)(?P<life>[bd])\.\s(?=(?:1[5-9]|20)\d\d(?!\w))": _life,
        r"(?<=\d(?:st|nd|rd|th))\s?[-–]\s?(?=\d+(?:st|nd|rd|th)(?!\w))": lambda _found: " to ",
        r"(?<![\w'’])['’](?P<n>\d\d)(?![\w'’]|[.,]\d)": _short_year,
        r"(?<!\w)(?P<feet>\d{1,2})['′’] ?(?P<inches>\d{1,2})[\"″”]": _feet,
        r"(?<![\w'′’])(?P<n>\d+(?:\.\d+)?(?: ?\d?/\d+)?)[\"″”](?P<noun>\s[a-z]+)?(?![\w\"])": _inches,
        r"(?<![\w'’])['’]?(?P<n>[1-9]0)['’]?s(?!\w)": _decade,
        r"(?<!\w)(?P<n>[12]\d\d0)['’]?s(?!\w)": _years,
        r"(?<![\w.,/])(?P<n>\d{1,2}\.\d)/(?P<of>5|10|100)(?![\w/]|[.,]\d)": lambda f: f"{f['n']} out of {f['of']}",
        r"(?<![\w.,:])(?P<m>\d{1,2}):(?P<s>[0-5]\d)\.(?P<n>\d{1,3})(?![\w:]|[.,]\d)": _lap,
        r"(?<![\w.,])(?P<h>0[1-9])00(?=\s(?:hrs?|hours)(?!\w))": lambda f: (
            f"oh {_SPELLER.cardinal(int(f['h']))} hundred"
        ),
        r"(?<!\w)(?<!Porsche )(?:911|999)(?!\w|[.,:/-]\d|%|\s(?:people|times|days|pages|miles|dollars)\b)": _emergency,
        r"#(?=\sof\s)": lambda _found: "number",
        r"(?<=\d/\d)(?:rds?|ths?|nds?)(?!\w)": lambda _found: "",
        r"(?<![\w.,])(?P<n>\d{1,2}(?::[0-5]\d)?)ish(?!\w)": lambda found: f"{found['n']} ish",
        r"(?<=[a-zA-Z\d])/(?P<unit>yr|mo|wk)(?!\w)": lambda found: f" per {_MEASURES[found['unit']]}",
        r"(?<!\w)20/20(?=\s[a-z]|[.,;:!?]|$)": lambda _found: "twenty twenty",
        r"(?<![\w.])(?P<letter>[A-Z])\.(?=\d{3}(?!\w|[.,]\d))": lambda f: f"{f['letter']} ",
        r"(?<!\w)(?P<n>\d{1,2}) ?st (?=\d{1,2} ?lbs?(?!\w))": _stone,
        r"(?<=\d)(?P<unit>[ -]?(?:ft|lbs?|hrs?|min))\.(?= \d+ ?(?:ins?|oz|mins?|secs?)(?!\w))": lambda f: f["unit"],
        r"(?<![\w.,])(?P<n>\d{1,3}(?:\.\d+)?) ?in\.(?=\s[a-z]|[,;)])": lambda f: f"{f['n']} {_INCH[f['n'] == '1']}",
        r"(?<![\w.,])\.(?P<n>\d{1,6})(?!\w|[.,]\d)": _hundredths,
        rf"(?<=\w)/(?=(?:{_PERIODS})(?!\w))": lambda _found: " per ",
        r"(?<![\w.,])(?P<feet>[4-7])['′’](?P<inches>1[01]|\d)(?![\w'′’])": _feet,
    }.items()
)
