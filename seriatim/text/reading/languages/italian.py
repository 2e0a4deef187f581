"""Italian."""

import re

from seriatim.text.reading.language_rules import (
    feminine_nouns,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.languages.forms.roman_pairs import century_pair_rule, war_rule
from seriatim.text.reading.languages.forms.service_numbers import italian_services
from seriatim.text.reading.languages.romance import RomanceRules, half_rule, letter_ordinal_rule
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONTHS = ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
           "novembre", "dicembre")  # fmt: skip
_MONEY = """
€ EUR     | m euro | m centesimo/centesimi
$ US$ USD | m dollaro/dollari | m centesimo/centesimi
£ GBP     | f sterlina/sterline | m penny
¥ JPY     | m yen
CHF       | m franco svizzero/franchi svizzeri | m centesimo/centesimi
₽ RUB     | m rublo/rubli | m copeco/copechi
₹ INR     | f rupia/rupie
₿ BTC     | m bitcoin
"""
_SCALES = """
mila mille               | - mila
milione milioni mln Mln  | m milione/milioni
miliardo miliardi mld Mld | m miliardo/miliardi
"""
_WORDS = {
    "root": "radice di", "infinity": "infinito",
    "factorial": "fattoriale",
    "per": "per",
    "periods": "persona|notte|chilo|litro",
    "fold": "f volta/volte", "power": "elevato a {}",
    "minus": "meno", "plus": "più", "plusminus": "più o meno", "point": "virgola", "dot": "punto",
    "percent": "per cento", "permille": "per mille", "to": "a", "ratio": "a", "by": "per", "times": "per",
    "squared": "al quadrato", "cubed": "al cubo",
    "and": "e", "at": "chiocciola", "hashtag": "hashtag", "arrow": "a", "equals": "uguale a", "about": "circa",
    "divided": "diviso", "less": "minore di", "greater": "maggiore di", "at_most": "al massimo",
    "at_least": "almeno", "unequal": "diverso da", "version": "versione", "mixed": " e ", "of": "di",
    "cents_and": "e", "day_mark": "º|°", "date_of": r"\s", "over": "su",
}  # fmt: skip
_REFERENCES = {
    "artt.": "articoli", "nn.": "numeri",
    "p.": "pagina", "pag.": "pagina", "pagg.": "pagine", "pp.": "pagine", "n.": "numero", "n°": "numero",
    "nº": "numero", "N.": "numero", "N°": "numero", "№": "numero", "fig.": "figura", "vol.": "volume",
    "cap.": "capitolo", "art.": "articolo", "tel.": "telefono", "ca.": "circa", "§": "paragrafo", "#": "numero",
    "~": "circa", "Art.": "Articolo", "Cap.": "Capitolo",
}  # fmt: skip
_TITLES = {
    "Sig.": "signor", "Sig.ra": "signora", "Sig.na": "signorina", "Dott.": "dottor", "Dott.ssa": "dottoressa",
    "Dr.": "dottor", "Prof.": "professor", "Prof.ssa": "professoressa", "Ing.": "ingegner", "Avv.": "avvocato",
    "On.": "onorevole", "sig.ra": "signora", "sig.na": "signorina", "dott.ssa": "dottoressa",
    "prof.ssa": "professoressa", "P.zza": "Piazza", "p.zza": "piazza", "V.le": "Viale", "v.le": "viale",
    "C.so": "Corso", "c.so": "corso",
}  # fmt: skip
_LITERALS = {
    "e/o": "e o",
    "1/2 ora": "mezz'ora", "½ ora": "mezz'ora",
    "Tel.": "telefono",
    "p.es.": "per esempio", "p. es.": "per esempio",
    "24/7": "ventiquattro sette", "CO2": "C O due", "CO₂": "C O due", "H2O": "H due O",
    "ecc.": "eccetera", "ad es.": "ad esempio", "a.C.": "avanti Cristo", "d.C.": "dopo Cristo", "ca.": "circa",
    "max.": "massimo",
    "incl.": "inclusa", "D.Lgs.": "decreto legislativo", "D. Lgs.": "decreto legislativo",
    "tel.": "telefono",
}  # fmt: skip
_HEADS = frozenset(
    ("capitolo", "parte", "libro", "atto", "scena", "tomo", "volume", "sezione", "articolo", "mondiale", "secolo")
)
_FEMININE = ("a", "zione", "sione", "gione", "tà", "tù", "trice")
_MASCULINE = (
    "ema",
    "gramma",
    "clima",
    "poeta",
    "pianeta",
    "artista",
    "dramma",
    "fantasma",
    "panorama",
    "cinema",
    "pigiama",
)
#: feminine nouns that their endings do not show
_NOUNS = feminine_nouns("it")
#: before these it is "uno"
_LONG_ARTICLE = re.compile(r"s[^aeiouhàèéìòù]|[zxy]|gn|ps|pn")
_NO_NOUNS = frozenset(
    ["e", "o", "di", "del", "in", "per", "che", "con", "a", "al", "da", "su", "è", "sono", "era"]
)  #: behind a number that counts nothing
_SPELLER = NumberSpeller(
    "it",
    {
        "m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine",
        "ordinal": "spellout-ordinal-masculine", "ordinal-f": "spellout-ordinal-feminine",
    },
)  # fmt: skip
_FRACTIONS = {2: ("mezzo", "mezzi")}


def _elided(found: re.Match[str]) -> str | None:
    """`1 ora` is "un'ora"."""
    noun = found["noun"]
    feminine = noun not in _NO_NOUNS and (
        noun in _NOUNS or (noun.endswith(_FEMININE) and not noun.endswith(_MASCULINE))
    )
    return "un'" if feminine else None


#: endings of plurals, and those of their singulars
_SINGULARS = {
    "mesi": "mese", "chili": "chilo", "litri": "litro", "anni": "anno", "giorni": "giorno", "metri": "metro",
    "grammi": "grammo", "ore": "ora", "tazze": "tazza", "volte": "volta", "settimane": "settimana",
    "pagine": "pagina", "libbre": "libbra", "once": "oncia", "miglia": "miglio",
}  # fmt: skip


def _minutes(digits: str) -> str:
    """What stands behind an hour."""
    return "" if digits == "00" else f" e {_SPELLER.cardinal(int(digits))}"


def _minute_of_play(found: re.Match[str]) -> str:
    """`al 90'+3'`: a minute of a match, and what was added to it."""
    more = f" più {_SPELLER.cardinal(int(found['more']))}" if found["more"] else ""
    return f"{found['at']}{_SPELLER.cardinal(int(found['n']), 'ordinal')}{more}"


class Italian(RomanceRules):
    """The rules of Italian."""

    tag = "it"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("it")
    months = month_numbers(_MONTHS, "gen feb mar apr mag giu lug ago set ott nov dic")
    month_names = _MONTHS
    first_day = "primo"
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = _HEADS
    group_marks = ".'"
    feminine_endings, masculine_endings = _FEMININE, _MASCULINE
    halves = ("mezzo", "mezza")
    plural_ends = "iea"
    singulars = _SINGULARS
    feminine_nouns, no_nouns = _NOUNS, _NO_NOUNS
    own_rules = (
        *italian_services(_SPELLER),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<a>[IVX]+)\s?[-–—]\s?(?P<b>[IVX]+)(?=\ssecolo(?!\w))"),
            lambda found: "-".join(_SPELLER.cardinal(roman_value(found[which]), "ordinal") for which in ("a", "b")),
        ),
        ReadingRule(
            re.compile(r"(?P<minus>[-−])(?P<n>\d{1,2})°(?!\s?[CF\d])"), lambda found: f"meno {found['n']} gradi"
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<l>[a-z]*[lL]['’])(?P<d>8|11)/(?P<m>1[0-2]|[1-9])(?![\w/]|[.,]\d)"),
            lambda found: f"{found['l']}{found['d']} {_MONTHS[int(found['m']) - 1]}",
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<h>h|ore)\s(?P<n>[01]?\d|2[0-3])\.(?P<m>[0-5]\d)(?!\w|[.,]\d)"),
            lambda found: f"ore {found['n']}:{found['m']}",
        ),
        war_rule({"guerra\\smondiale": ("prima", "seconda")}),
        century_pair_rule("secoli|capitoli", "e|ed", lambda number: _SPELLER.cardinal(number)),
        half_rule(_FEMININE, _MASCULINE, _NOUNS, _NO_NOUNS, ("mezzo", "mezza")),
        letter_ordinal_rule(),
        ReadingRule(re.compile(r"(?<=\w)/(?=(?:mese|giorno)(?!\w))"), lambda _found: " al "),
        ReadingRule(re.compile(r"(?<=\w)/(?=settimana(?!\w))"), lambda _found: " alla "),
        ReadingRule(re.compile(r"(?<=\w)/(?=(?:ora|anno)(?!\w))"), lambda _found: " all'"),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>(?i:d?alle|ore)\s)(?P<h>1?\d|2[0-4])\.(?=[0-5]\d(?!\d|[.,]\d))"),
            lambda found: f"{found['at']}{found['h']}:",
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>(?i:d?al)?(?i:l))(?:e\s|['’])0?1[:.](?P<m>[0-5]\d)(?!\w|[:.,]\d)"),
            lambda found: f"{found['at']}'una{_minutes(found['m'])}",
        ),
        ReadingRule(re.compile(r"(?<=[IVX]\s)sec\.(?=\s[a-zà-ù]|[,;)])"), lambda _found: "secolo"),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>(?:al|dal|nel|del)\s)(?P<n>\d{1,3})['’′](?:\+(?P<more>\d{1,2})['’′])?(?!\w)"),
            _minute_of_play,
        ),
        ReadingRule(re.compile(r"(?<!\w)sec(?:\.|olo)\s(?P<n>[IVX]{1,5})(?!\w)"), lambda found: f"{found['n']} secolo"),
        ReadingRule(re.compile(r"(?<!\w)['’](?=\d0(?!\w))"), lambda _found: ""),
        ReadingRule(re.compile(r"(?<![\w.,:/-])1\s(?=(?P<noun>[aeiou][a-zàèéìòù]+))"), _elided),
    )
    late_rules = (ReadingRule(re.compile(r"(?<!\w)una ora(?!\w)"), lambda _found: "un'ora"),)
    ordinal_mark = r"\.?(?:º|ª|°(?=\s[a-z]|[,;:)]|$))"
    roman_mark = r"(?:º|ª|°)?(?=\ssecolo\b)|[ºª]"

    def agreement(self, number: int, noun: str) -> str:
        form = super().agreement(number, noun)
        return "" if form == "m" and _LONG_ARTICLE.match(noun) else form

    def clock(self, hour: int, minute: int) -> str:
        name = self.speller.cardinal(hour, "f" if hour == 1 else "")
        return f"{name} e {self.speller.cardinal(minute)}" if minute else f"{name} in punto"

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom > 20 and bottom not in (100, 1000):
            return None
        ordinal = self.speller.cardinal(bottom, "ordinal")
        one, many = _FRACTIONS.get(bottom) or (ordinal, f"{ordinal[:-1]}i")
        return f"{self.speller.cardinal(top, 'm')} {one if top == 1 else many}"

    def regnal(self, number: int, name: str = "") -> str:
        return self.speller.cardinal(number, "ordinal-f" if self.is_feminine(name.lower()) else "ordinal")
