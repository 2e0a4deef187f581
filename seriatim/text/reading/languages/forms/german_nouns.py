"""German nouns: their gender, and the numbers that agree with them: `½ Stunde`, `Heinrich der VIII.`."""

import re

from seriatim.text.reading.language_rules import feminine_nouns
from seriatim.text.reading.number_grammar import word_before
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_SPELLER = NumberSpeller("de", {"ordinal": "spellout-ordinal", "ordinal-n": "spellout-ordinal-n"})
#: endings of feminine nouns, and nouns in -e of other genders
_FEMININE = ("ung", "heit", "keit", "schaft", "ion", "tät", "ik", "enz", "anz", "erin", "istin", "ei", "e")
_OTHER_NOUNS = (
    "Junge", "Name", "Käse", "Ende", "Auge", "Gebäude", "Interesse", "Kunde", "Kollege", "Hase", "Affe", "Löwe",
    "Neffe", "Buchstabe", "Gedanke", "Wille", "Friede", "Franzose", "Türke", "Russe", "Bote", "Erbe", "Experte",
    "Zeuge", "Gemüse", "Gebirge", "Getreide", "Kaffee", "Tee", "See", "Ei", "Brei", "Schrei", "Stadion", "Spion",
    "Kanz", "Tanz", "Kranz", "Glanz", "Schwanz", "Papagei", "Skorpion", "Champion",
)  # fmt: skip
_FEMININE_NOUNS = feminine_nouns("de")


def is_feminine(noun: str) -> bool:
    """Is a noun feminine, as far as its ending or a list tells?"""
    return noun in _FEMININE_NOUNS or (noun.endswith(_FEMININE) and not noun.endswith(_OTHER_NOUNS))


#: nouns that are halved, and are not feminine
_HALVED = dict.fromkeys(
    ("Liter", "Meter", "Kilometer", "Tag", "Monat", "Teelöffel", "Esslöffel", "Becher", "Apfel"), "m"
)
_HALVED |= dict.fromkeys(("Kilo", "Pfund", "Jahr", "Glas", "Päckchen", "Jahrhundert", "Dutzend", "Brot"), "n")
_HALF_ENDINGS = {"m": ("ein", "er"), "f": ("eine", "e"), "n": ("ein", "es")}
_DATIVE_HEADS = frozenset(("mit", "von", "nach", "vor", "seit", "in", "aus", "bei", "zu"))


def _half_a(found: re.Match[str]) -> str | None:
    """`½ Stunde`, `nach 1/2 Stunde`: half has the gender and the case of its noun."""
    noun = found["noun"]
    gender = _HALVED.get(noun) or ("f" if is_feminine(noun) else "")
    if not gender:
        return None
    if word_before(found) in _DATIVE_HEADS:
        return f"{'einer' if gender == 'f' else 'einem'} halben"
    article, ending = _HALF_ENDINGS[gender]
    return f"{article} halb{ending}"


def _regnal(found: re.Match[str]) -> str:
    """A king with an article of his own: `Heinrich der VIII.`."""
    form = "ordinal" if found["article"] in ("der", "die") else "ordinal-n"
    stop = "." if found.end() == len(found.string) else ""
    return f"{found['article']} {_SPELLER.cardinal(roman_value(found['n']), form).capitalize()}{stop}"


GERMAN_NOUN_NUMBERS = (
    ReadingRule(re.compile(r"(?<![\w.,/])(?<!\d )(?:½|1/2)(?=\s(?P<noun>[A-ZÄÖÜ][a-zäöüß]{2,})(?!\w))"), _half_a),
    ReadingRule(
        re.compile(r"(?<=\d,\s)(?<!\d\.\d,\s)\d{5}(?=\s[A-ZÄÖÜ][a-zäöüß]+(?!\w))"),
        lambda found: _SPELLER.digits(found[0]),
    ),
    ReadingRule(
        re.compile(
            r"(?<=[a-zäöüß]\s)(?P<article>der|die|des|dem|den)\s(?P<n>(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3}))\.(?=$|[\s,;:)])"
        ),
        _regnal,
    ),
)
