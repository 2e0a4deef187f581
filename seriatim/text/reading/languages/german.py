"""German, also of Switzerland."""

import re

from seriatim.text.reading.language_rules import (
    LanguageRules,
    Noun,
    WrittenDate,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.languages.forms.german_nouns import GERMAN_NOUN_NUMBERS, is_feminine
from seriatim.text.reading.languages.forms.german_weekdays import GERMAN_WEEKDAYS
from seriatim.text.reading.languages.german_ordinals import GERMAN_ORDINALS
from seriatim.text.reading.number_grammar import word_before
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

_MONTHS = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
           "Dezember")  # fmt: skip
_MONEY = """
€ EUR Euro | m Euro | m Cent
$ US$ USD  | m Dollar | m Cent
£ GBP      | n Pfund | m Penny/Pence
¥ JPY      | m Yen
CHF Fr.    | m Franken | m Rappen
₽ RUB      | m Rubel | f Kopeke/Kopeken
₹ INR      | f Rupie/Rupien
zł PLN     | m Zloty | m Groschen
₺ TRY      | f Lira | m Kurusch
₿ BTC      | m Bitcoin
"""
_SCALES = """
Tausend Tsd. Tsd      | n Tausend
Million               | f Million/Millionen
Millionen Mio. Mio    | f Million/Millionen
Milliarde             | f Milliarde/Milliarden
Milliarden Mrd. Mrd   | f Milliarde/Milliarden
"""
_WORDS = {
    "root": "Wurzel aus", "infinity": "unendlich",
    "factorial": "Fakultät",
    "per": "pro",
    "periods": "Monat|Tag|Stunde|Jahr|Woche|Person|Nacht|Stück|Kopf|Minute|Sekunde|Quadratmeter|Liter|Kilo",
    "fold": "- mal", "power": "hoch {}",
    "minus": "minus", "plus": "plus", "plusminus": "plus minus", "point": "Komma", "dot": "Punkt",
    "percent": "Prozent", "permille": "Promille", "to": "bis", "ratio": "zu", "by": "mal", "times": "mal",
    "squared": "zum Quadrat", "cubed": "hoch drei",
    "and": "und", "at": "at", "hashtag": "Hashtag", "arrow": "nach", "equals": "gleich", "about": "etwa",
    "divided": "geteilt durch", "less": "kleiner als", "greater": "größer als", "at_most": "höchstens",
    "at_least": "mindestens", "unequal": "ungleich", "version": "Version", "mixed": "und",
    "day_mark": r"\.", "date_of": r"\s", "clock_suffix": "Uhr", "over": "zu",
}  # fmt: skip
_REFERENCES = {
    "S.": "Seite", "Nr.": "Nummer", "Abb.": "Abbildung", "Abs.": "Absatz", "Art.": "Artikel", "Bd.": "Band",
    "Kap.": "Kapitel", "Tab.": "Tabelle", "Str.": "Straße", "Tel.": "Telefon", "ca.": "circa", "Ziff.": "Ziffer",
    "§": "Paragraph", "§§": "Paragraphen", "#": "Nummer", "№": "Nummer", "~": "etwa", "No.": "Nummer",
}  # fmt: skip
_TITLES = {
    "Hr.": "Herr", "Hrn.": "Herrn", "Fr.": "Frau", "Dr.": "Doktor", "Prof.": "Professor", "St.": "Sankt",
}  # fmt: skip
_LITERALS = {
    "und/oder": "und oder",
    "geb.": "geboren", "gest.": "gestorben",
    "z.B.": "zum Beispiel", "z. B.": "zum Beispiel",
    "d.h.": "das heißt", "d. h.": "das heißt", "u.a.": "unter anderem", "u. a.": "unter anderem",
    "i.d.R.": "in der Regel", "z.T.": "zum Teil", "24/7": "vierundzwanzig sieben", "CO2": "C O zwei",
    "CO₂": "C O zwei", "H2O": "H zwei O",
    "n. Chr.": "nach Christus", "v. Chr.": "vor Christus", "bzw.": "beziehungsweise", "usw.": "und so weiter",
    "etc.": "et cetera", "ggf.": "gegebenenfalls", "evtl.": "eventuell", "inkl.": "inklusive", "zzgl.": "zuzüglich",
    "max.": "maximal", "mind.": "mindestens", "vgl.": "vergleiche", "Jh.": "Jahrhundert", "pro Std.": "pro Stunde",
    "Tel.": "Telefon", "u. U.": "unter Umständen", "z. T.": "zum Teil", "o. Ä.": "oder Ähnliches",
    "v. a.": "vor allem", "ggü.": "gegenüber", "erm.": "ermäßigt", "gem.": "gemäß", "u.": "und", "Zi.": "Zimmer",
}  # fmt: skip
_HEADS = frozenset(("kapitel", "teil", "band", "akt", "szene", "abschnitt", "artikel", "klasse", "stufe", "weltkrieg"))
#: words before an ordinal number, by the ending that it has behind them
_ENDINGS = {
    word: form
    for form, words in {
        "ordinal": "der die das diese dieser dieses jede jeder jedes welche",
        "ordinal-n": "am im vom zum beim den dem des bis seit ab zur einem einen meinen seinem seinen jedem",
        "ordinal-r": "ein mein sein ihr kein unser",
    }.items()
    for word in words.split()
}
_SPELLER = NumberSpeller(
    "de",
    {
        "m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine", "n": "spellout-cardinal-neuter",
        "ordinal": "spellout-ordinal", "ordinal-n": "spellout-ordinal-n", "ordinal-r": "spellout-ordinal-r",
        "year": "spellout-numbering-year",
    },
)  # fmt: skip
_FRACTIONS = {2: "Halbe", 3: "Drittel", 4: "Viertel", 5: "Fünftel", 6: "Sechstel", 7: "Siebtel", 8: "Achtel",
              9: "Neuntel", 10: "Zehntel", 12: "Zwölftel", 100: "Hundertstel", 1000: "Tausendstel"}  # fmt: skip


def _decade(found: re.Match[str]) -> str:
    return f"{_SPELLER.cardinal(int(found['n']), 'year')}er{found['more'] or ''}"


def _hour(found: re.Match[str]) -> str:
    """The hour of `15.30 Uhr` and of `1 Uhr`."""
    hour = f"{_SPELLER.cardinal(int(found['h']), 'm')} Uhr"
    return f"{hour} {_SPELLER.cardinal(int(found['m']))}" if found["m"] else hour


#: words that a number names, and does not count
_NAMED = frozenset((
    "abschnitt", "akt", "aufgabe", "band", "bild", "bundesliga", "folge", "formel", "frage", "gleis", "gruppe",
    "kapitel", "klasse", "level", "liga", "linie", "nummer", "option", "phase", "platz", "punkt", "regel",
    "runde", "schritt", "seite", "staffel", "stufe", "szene", "tag", "teil", "typ", "version", "woche", "zahl",
    "zimmer",
))  # fmt: skip
_WORD_BEFORE = re.compile(r"(\w+)\s$")


def _one(found: re.Match[str]) -> str | None:
    """`1 Kind`, `1 kleine Katze`: the number has the gender of its noun, as far as endings tell."""
    before = _WORD_BEFORE.search(found.string[: found.start()])
    word = before[1] if before else ""
    if word.lower() in _NAMED or (word[:1].isupper() and before is not None and before.start()):
        return None  # Gleis 1 Richtung Kiel
    if not found.start() and found.string.count(" ") < 3:
        return None  # the number of a heading: 1 Einleitung
    adjective, noun = (found["adjective"] or "").strip(), found["noun"]
    if adjective.endswith("n"):
        return f"einen {adjective} {noun}"
    article = "eine" if adjective.endswith("e") or (is_feminine(noun) and not adjective) else "ein"
    return " ".join(filter(None, (article, adjective, noun)))


def _round_one(found: re.Match[str]) -> str | None:
    """`101 Tage`: before a noun, the one at the end has no ending."""
    before = _WORD_BEFORE.search(found.string[: found.start()])
    if before and before[1].lower() in _NAMED:
        return None
    return _SPELLER.cardinal(int(found["n"].replace(".", ""))).removesuffix("s")


def _ordinals(found: re.Match[str]) -> str | None:
    """`das 1., 2. und 3. Mal`: all of them have the ending that the word before them asks for."""
    form = _ENDINGS.get(found["before"].lower())
    if form is None:
        return None
    numbers = re.sub(r"(\d+)\.", lambda number: _SPELLER.cardinal(int(number[1]), form), found["numbers"])
    return f"{found['before']} {re.sub(r' ?[-–] ?', ' bis ', numbers)}"


def _two_days(found: re.Match[str]) -> str:
    """`am 3./4. Juni`."""
    form = _ENDINGS.get(word_before(found), "ordinal-r")
    return " und ".join(_SPELLER.cardinal(int(found[day]), form) for day in ("first", "second"))


def _dative(found: re.Match[str]) -> str:
    """`in der 90. Minute`."""
    return f"{found['before']}{_SPELLER.cardinal(int(found['n']), 'ordinal-n')}"


def _places(found: re.Match[str]) -> str:
    """`3.-5. Platz`: from one to the other, with the endings that the noun asks for."""
    form = "ordinal" if is_feminine(found["noun"]) else "ordinal-r"
    return " bis ".join(_SPELLER.cardinal(int(found[which]), form) for which in ("first", "last"))


def _percentage(found: re.Match[str]) -> str:
    return f"{_SPELLER.cardinal(int(found['n']), 'm')}prozentig"


_HALVES = {"m": "ein halber", "f": "eine halbe", "n": "ein halbes"}


class German(LanguageRules):
    """The rules of German."""

    tag = "de"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("de")
    months = month_numbers(_MONTHS, "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez") | {"jänner": 1, "sept": 9}
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = _HEADS
    early_rules = GERMAN_WEEKDAYS
    own_rules = (
        *GERMAN_ORDINALS,
        *GERMAN_NOUN_NUMBERS,
        ReadingRule(
            re.compile(
                rf"(?<![\w.,/])(?P<first>[1-3]?\d)\.\s?/\s?(?P<second>[1-3]?\d)\.(?=\s(?:{'|'.join(_MONTHS)})(?!\w))"
            ),
            _two_days,
        ),
        ReadingRule(
            re.compile(
                r"(?<!\w)(?P<before>[^\W\d_]+)\s"
                r"(?P<numbers>\d{1,3}\.(?:(?:, |,? (?:und|oder|bis|sowie) | ?[-–] ?)\d{1,3}\.)+)"
                r"(?=\s[^\W\d_])"
            ),
            _ordinals,
        ),
        ReadingRule(
            re.compile(
                r"(?<!\w)(?P<before>(?i:in|an|auf|mit|von|vor|nach|bei|aus|zu|seit|unter|über|neben|hinter|während|ab)\s"
                r"der\s)(?P<n>\d{1,4})\.(?=\s[^\W\d_])"
            ),
            _dative,
        ),
        ReadingRule(
            re.compile(
                r"(?<![\w.,-])(?<!(?:om|um|am|en|ie|er|em|as) )"
                r"(?P<first>\d{1,2})\.\s?[-–]\s?(?P<last>\d{1,2})\.(?=\s(?P<noun>[A-ZÄÖÜ]\w+))"
            ),
            _places,
        ),
        ReadingRule(
            re.compile(
                r"(?<!\w)(?P<at>(?i:um|gegen)\s)(?P<n>1?\d|2[0-4])\s?h(?!\w)(?!\s(?:auf|zu|länger|kürzer|früher|später|ver\w+t)(?!\w))"
            ),
            lambda found: f"{found['at']}{_SPELLER.cardinal(int(found['n']), 'm')} Uhr",
        ),
        ReadingRule(re.compile(r"(?<=[a-zäöüß])str\.(?=\s\d)"), lambda _found: "straße"),
        ReadingRule(
            re.compile(r"(?<!\w)Abs\.\s(?P<n>\d{1,3})\sS\.(?=\s\d)"),
            lambda found: f"Absatz {_SPELLER.cardinal(int(found['n']))} Satz",
        ),
        ReadingRule(re.compile(r"(?<![\w.,:])(?P<n>\d{1,3})\s?%ig"), _percentage),
        ReadingRule(
            re.compile(r"(?<![\w.,:/–-])(?<!\d\s)(?P<n>[1-9](?:\d|\.\d\d)?01|[1-9]01)(?=\s(?!Uhr)[A-ZÄÖÜ][a-zäöüß])"),
            _round_one,
        ),
        ReadingRule(
            re.compile(
                r"(?<![\w.,:/#–-])(?<!\d\s)1\s(?P<adjective>[a-zäöüß]{2,}(?:e[srn]?)\s)?(?P<noun>(?!Uhr)[A-ZÄÖÜ][a-zäöüß]+)(?![\w-])"
            ),
            _one,
        ),
        ReadingRule(re.compile(r"(?<!\w)['’]?(?P<n>(?:1\d)?\d\d|20\d0)er(?P<more>n)?(?!\w)"), _decade),
        ReadingRule(re.compile(r"(?<![\w.,:–-])(?P<h>1?\d|2[0-4])(?:\.(?P<m>[0-5]\d))?\sUhr(?!\w)"), _hour),
    )
    decimal_mark = ","
    group_marks = ".'’"
    ordinal_mark = r"\.(?=\s[^\W\d_])"
    roman_mark = ordinal_mark

    def year(self, number: int) -> str:
        return self.speller.cardinal(number, "year")

    def ordinal(self, number: int, _mark: str, before: str) -> str | None:
        form = _ENDINGS.get(before)
        return self.speller.cardinal(number, form) if form else None

    def date(self, date: WrittenDate) -> str:
        day = self.speller.cardinal(date.day, _ENDINGS.get(date.before, "ordinal-r"))
        year = f" {self.year(date.year)}" if date.year else ""
        return f"{day} {_MONTHS[date.month - 1]}{year}"

    def clock(self, hour: int, minute: int) -> str:
        minutes = f" {self.speller.cardinal(minute)}" if minute else ""
        return f"{self.speller.cardinal(hour, 'm')} Uhr{minutes}"

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom == 2:
            return "einhalb"
        name = _FRACTIONS.get(bottom)
        return f"{self.speller.cardinal(top, 'm')} {name}" if name else None

    def half(self, unit: Noun) -> str | None:
        return f"{_HALVES[unit.gender]} {unit.forms[0]}" if unit.gender in _HALVES else None

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", _gender: str = "") -> str | None:
        part = self.fraction(top, bottom)
        if part is None:
            return None
        gap, part = ("", part.replace(" ", "").lower()) if bottom in (2, 4) else (" ", part)
        return f"{self.speller.cardinal(whole, 'm')}{gap}{part}{' ' if noun else ''}{noun}"

    def regnal(self, number: int, name: str = "") -> str:
        article = "die" if name.endswith(("a", "beth", "the", "ie")) else "der"
        return f"{article} {self.speller.cardinal(number, 'ordinal').capitalize()}"
