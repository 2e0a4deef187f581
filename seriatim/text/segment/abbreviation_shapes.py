"""Shapes of abbreviations: what the letters of a short word, or the number beside it, say about the stop behind it.

A word of an alphabet with vowels that has none is an abbreviation, whatever it stands for. A symbol of a unit behind
its number is a whole word, and ends its sentence like any other.
"""

import re
import unicodedata

_LETTERS = re.compile(r"[^\W\d_]{2,6}")
_ALPHABETS = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff]+")
_VOWELS = frozenset("aeiouyæœøıəαειοηυωаеиоуыэюяіїєъ")
#: spoken without a vowel, and whole sentences; and ends of names
_INTERJECTION = re.compile(
    r"h+m+|m+|s+h+|p+s+t+|p+f+t?|br{2,}|gr{2,}|t+s+k?|z+|b+z+|k+s+t*|г?х+м+|г+м+|м+|т+с+|п+с+т+|бр{2,}|р+|ш+|ч+ш+"
    r"|[js]n?r|ltd|bhd|tbk|[kcm]m|[km]g|ml|[км]м|кг"
)
#: languages whose words have l and r for vowels: krk, smrt, vlk
_SYLLABIC = frozenset(["bg", "bs", "cs", "hr", "mk", "sh", "sk", "sl", "sr"])
_LIQUIDS = frozenset("lrлр")
#: languages whose nouns begin with capitals, or whose abbreviations sentencex knows well
_UNJUDGED = frozenset(["de", "lb", "en"])
_UNJUDGED_MEASURES = frozenset(["de", "lb"])
_QUANTITY = re.compile(r"[\dIVX]\s?[^\W\d_]+\.?$")
_MEASURE = re.compile(
    r"(?<![\w.])\d+(?:[.,]\d+)*\s?(?:(?:тыс|тис|млн|млрд|tys|tis|mln|mld|mlrd|mil|mio|mrd)\.? )?"
    r"(?:[kcmdn]?m|µm|[km]?g|µg|[hcdm]?l|t|ha|[kM]?Wh|[kM]W|[kMG]?Hz|[kMGT]B|k?cal|km/h|lb"
    r"|oz|min|sec|seg|pts|zł|gr|Kč|kr|Ft|Lt|TL|dk|sn|[кдсм]?м|[км]г|м?л|га|шт"
    r"|руб|коп|грн|мин|сек|млн|млрд|км/ч|χλμ|лв)\.$"
)
#: 1941 г., 1990 r., XIX w.: a year or a century with the first letter of its noun
_YEAR = re.compile(
    r"[^\W\d_] (?:\d{4} (?:гг?|рр?|r)|[XVI]{1,5}e? (?:вв?|ст|w|st|s|sec)|\d{1,2}\. (?:stol|st|stor|Jh|Jhdt))\.$"
)
#: В 1812 г. Наполеон, Летом 1941 г. Германия: a time that opens a sentence, by its preposition, its number or its case
_OPENING = re.compile(
    r"\W*(?:во?|ко?|со?|до|от|після|после|около|на|по|лишь|уже|ещё|през|з|зі|у|u|w|we|z|do|od|po|przed|na|około|już"
    r"|ve|im|am|au|dès le|nel|\d+"
    r"|[^\W\d_]+(?:ом|ой|ью|em|ą))\s",
    re.IGNORECASE,
)
#: letters of Thai and Lao, whose titles have more of them than one: ดร.
_THAI = re.compile(r"[\u0e00-\u0eff]")
_VIRAMA = 9  #: its combining class: it joins two consonants to one
#: letters that words of a language end with
_LAST_LETTERS = {
    "es": frozenset("aeiouáéíóúlnrsdzyj"), "it": frozenset("aeiouàèéìòùlrn"), "pt": frozenset("aeiouáéíóúâêôãlmrsz"),
}  # fmt: skip


def has_no_vowel(word: str, language: str) -> bool:
    """Is a word of small letters, or with one capital, no word at all, since there is no vowel in it?"""
    if language in _UNJUDGED or not _LETTERS.fullmatch(word) or not (word[1:].islower() and _ALPHABETS.fullmatch(word)):
        return False
    letters = unicodedata.normalize("NFD", word.lower())
    if not _VOWELS.isdisjoint(letters.replace("y", "") if language == "tr" else letters):
        return False
    return not _INTERJECTION.fullmatch(word.lower()) and (language not in _SYLLABIC or _LIQUIDS.isdisjoint(letters))


def is_consonant(letter: str) -> bool:
    """Is a single letter a small consonant, which is a word in few languages: s. Maria, g. Foka?"""
    return letter.islower() and not has_vowel(letter)


def has_vowel(letters: str) -> bool:
    """Is there a vowel of an alphabet among small letters?"""
    return not _VOWELS.isdisjoint(unicodedata.normalize("NFD", letters))


def has_no_ending(word: str, language: str) -> bool:
    """Does a word in small letters end as none of its language does: aprox, máx, cap?"""
    last = _LAST_LETTERS.get(language)
    return last is not None and len(word) > 2 and word.isalpha() and word.islower() and word[-1] not in last


def is_short_caseless(word: str) -> bool:
    """Is it as short as only abbreviations of scripts without capitals are: one letter, or several with stops between?

    A letter counts with its vowel signs and with what is joined to it: श्री and डॉ are one each.
    """
    parts = word.split(".")
    most = 3 if len(parts) > 1 or _THAI.match(word) else 1
    return all(1 <= _n_letters(part) <= most for part in parts)


def _n_letters(word: str) -> int:
    pairs = zip(f" {word}", word, strict=False)
    return sum(letter.isalpha() and unicodedata.combining(before) != _VIRAMA for before, letter in pairs)


def ends_measure(head: str, language: str) -> bool:
    """Does a text that ends with a stop end with a number and the symbol of its unit?"""
    return language not in _UNJUDGED_MEASURES and _MEASURE.search(head[-24:]) is not None


def ends_quantity(head: str) -> bool:
    """Does a text that ends with a short word and its stop have a number before the word?"""
    return _QUANTITY.search(head[-12:]) is not None


def ends_with_year(head: str) -> bool | None:
    """Does a year with its stop end a sentence before a capital, or only open it? None: no year ends the text."""
    return not _OPENING.match(head) if _YEAR.search(head[-16:]) else None
