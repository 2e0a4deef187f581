"""Spanish; `1,234.50` is read as in Mexico and the United States under their tags."""

import re

from seriatim.text.reading.language_rules import (
    feminine_nouns,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.languages.forms.roman_pairs import century_pair_rule, war_rule
from seriatim.text.reading.languages.romance import RomanceRules, half_rule, letter_ordinal_rule
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

_MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre")  # fmt: skip
_MONEY = """
€ EUR     | m euro/euros | m céntimo/céntimos
$ US$ USD | m dólar/dólares | m centavo/centavos
£ GBP     | f libra/libras | m penique/peniques
¥ JPY     | m yen/yenes
MXN       | m peso mexicano/pesos mexicanos | m centavo/centavos
ARS       | m peso argentino/pesos argentinos | m centavo/centavos
CLP       | m peso chileno/pesos chilenos
COP       | m peso colombiano/pesos colombianos
S/        | m sol/soles | m céntimo/céntimos
CHF       | m franco suizo/francos suizos | m céntimo/céntimos
₽ RUB     | m rublo/rublos | m kopek/kopeks
₹ INR     | f rupia/rupias
₿ BTC     | m bitcoin/bitcoins
"""
_SCALES = """
mil                   | - mil
millón millones M mill. | m millón/millones
"""
_WORDS = {
    "root": "raíz de", "infinity": "infinito",
    "factorial": "factorial",
    "per": "por",
    "periods": "mes|día|hora|año|semana|persona|noche|kilo|litro|minuto|segundo",
    "fold": "f vez/veces", "power": "elevado a {}",
    "minus": "menos", "plus": "más", "plusminus": "más menos", "point": "coma", "dot": "punto",
    "percent": "por ciento", "permille": "por mil", "to": "a", "ratio": "a", "by": "por", "times": "por",
    "squared": "al cuadrado", "cubed": "al cubo",
    "and": "y", "at": "arroba", "hashtag": "hashtag", "arrow": "a", "equals": "igual a", "about": "aproximadamente",
    "divided": "entre", "less": "menor que", "greater": "mayor que", "at_most": "como máximo",
    "at_least": "al menos", "unequal": "distinto de", "version": "versión", "mixed": " y ", "of": "de",
    "cents_and": "con", "day_mark": "º|°|ro", "clock_suffix": "h", "date_of": r"\sde\s|\s",
    "year_of": r"\s(?:de\s|del\s)?",
    "clock_marks": r":|\s?h\s?", "over": "sobre",
}  # fmt: skip
_REFERENCES = {
    "arts.": "artículos", "Arts.": "Artículos", "núms.": "números",
    "p.": "página", "pág.": "página", "págs.": "páginas", "pp.": "páginas", "n.º": "número", "nº": "número",
    "n°": "número", "Nº": "número", "N°": "número", "núm.": "número", "No.": "número", "№": "número",
    "fig.": "figura", "apdo.": "apartado", "inc.": "inciso", "vol.": "volumen", "cap.": "capítulo", "art.": "artículo",
    "tel.": "teléfono",
    "aprox.": "aproximadamente", "§": "párrafo", "#": "número", "~": "unos", "Cap.": "Capítulo", "Art.": "Artículo",
}  # fmt: skip
_TITLES = {
    "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Sres.": "señores", "Dr.": "doctor", "Dra.": "doctora",
    "D.": "don", "Dña.": "doña", "Prof.": "profesor", "Sto.": "Santo", "Sta.": "Santa", "Av.": "avenida",
    "Avda.": "avenida", "C/": "calle", "c/": "calle", "Pza.": "plaza",
}  # fmt: skip
_LITERALS = {
    "y/o": "y o",
    "1/2 hora": "media hora", "½ hora": "media hora",
    "Tel.": "teléfono",
    "p.ej.": "por ejemplo", "p. ej.": "por ejemplo",
    "24/7": "veinticuatro siete", "EE. UU.": "Estados Unidos", "EE.UU.": "Estados Unidos", "CO2": "C O dos",
    "CO₂": "C O dos", "H2O": "H dos O",
    "etc.": "etcétera", "Ud.": "usted", "Uds.": "ustedes", "aprox.": "aproximadamente", "a. C.": "antes de Cristo",
    "d. C.": "después de Cristo", "incl.": "incluido", "máx.": "máximo", "mín.": "mínimo",
}  # fmt: skip
_HEADS = frozenset(
    ("capítulo", "parte", "libro", "acto", "escena", "tomo", "volumen", "sección", "artículo", "siglo", "mundial")
)
_FORMS = {
    "m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine",
    "ordinal": "spellout-ordinal-masculine", "ordinal-f": "spellout-ordinal-feminine",
    "ordinal-er": "spellout-ordinal-masculine-adjective",
}  # fmt: skip
_FRACTIONS = {2: ("medio", "medios"), 3: ("tercio", "tercios"), 100: ("centésimo", "centésimos")}
_POINT_REGIONS = frozenset(("mx", "us", "pr", "gt", "hn", "ni", "sv", "pa", "do"))
_FEMININE = (
    "a", "as", "ción", "ciones", "sión", "siones", "dad", "dades", "tad", "tades", "tud", "mujer", "mujeres", "veces",
)  # fmt: skip
_MASCULINE = (
    "ema", "emas", "grama", "gramas", "clima", "climas", "idioma", "idiomas", "día", "días", "mapa", "mapas", "planeta",
    "planetas", "poeta", "poetas", "drama", "dramas", "fantasma", "fantasmas", "cometa", "cometas", "sofá", "sofás",
    "gorila", "pijama", "pijamas", "más", "atrás", "además", "ella", "ellas", "mía",
)  # fmt: skip
#: feminine nouns that their endings do not show
_NOUNS = feminine_nouns("es")
_NO_NOUNS = frozenset(
    [
        "y",
        "o",
        "de",
        "del",
        "en",
        "por",
        "que",
        "con",
        "a",
        "al",
        "es",
        "son",
        "era",
        "fue",
        "más",
        "para",
        "hasta",
        "sobre",
    ]
)  #: behind a number that counts nothing
_LAST_ORDINAL = 20  #: above it, people say the cardinal number

#: endings of plurals, and those of their singulars
_SINGULARS = {"meses": "mes", "veces": "vez", "as": "a", "os": "o"}


def _half_of_day(found: re.Match[str]) -> str:
    """`3:30 p. m.`, as people say it."""
    stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
    return f" {'a' if found['half'] == 'a' else 'pe'} eme{stop}"


class Spanish(RomanceRules):
    """The rules of Spanish."""

    tag = "es"
    speller = NumberSpeller("es", _FORMS)
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("es")
    months = month_numbers(_MONTHS, "ene feb mar abr may jun jul ago sept oct nov dic") | {"sep": 9, "setiembre": 9}
    month_names = _MONTHS
    first_day = "primero"
    date_joint = " de "
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = _HEADS
    group_marks = ". "
    feminine_endings, masculine_endings = _FEMININE, _MASCULINE
    halves = ("medio", "media")
    fractions = _FRACTIONS
    singulars = _SINGULARS
    feminine_nouns, no_nouns = _NOUNS, _NO_NOUNS
    own_rules = (
        ReadingRule(
            re.compile(r"(?<=\d)\s?(?P<half>[ap])\.?\s?m(?:\.|(?!\w))"),
            _half_of_day,
        ),
        war_rule({"[Gg]uerra\\s[Mm]undial": ("primera", "segunda")}),
        century_pair_rule("siglos|capítulos", "y|e|al?|o", lambda number: NumberSpeller("es").cardinal(number)),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>(?i:las?)\s)(?P<h>1?\d|2[0-4])\.(?P<m>[0-5]\d)(?:\sh(?:oras)?)?(?!\w|[.,:]\d)"),
            lambda found: f"{found['at']}{found['h']}:{found['m']}",
        ),
        ReadingRule(
            re.compile(r"(?<![\w.,:/])(?P<h>1?\d|2[0-4])\.(?P<m>[0-5]\d)\sh(?!\w)"),
            lambda found: f"{found['h']}:{found['m']}",
        ),
        half_rule(_FEMININE, _MASCULINE, _NOUNS, _NO_NOUNS, ("medio", "media")),
        letter_ordinal_rule(),
        ReadingRule(re.compile(r"(?<!\w)['’](?=\d0(?!\w))"), lambda _found: ""),
        ReadingRule(re.compile(r"(?<!\w)[sS]\.\s(?=[IVX]+(?!\w))"), lambda _found: "siglo "),
    )
    ordinal_mark = r"\.?(?:º|ª|er|ra|ro|°(?=\s[a-z]))"

    def __init__(self, region: str) -> None:
        if region in _POINT_REGIONS:
            self.decimal_mark, self.group_marks = ".", ","
            self.words = _WORDS | {"point": "punto"}

    def agrees(self, number: int) -> bool:
        return (number % 10 == 1 and number % 100 != 11) or number // 100 % 10 > 1

    def ordinal(self, number: int, mark: str, _before: str) -> str | None:
        if number > _LAST_ORDINAL:
            return self.speller.cardinal(number)
        form = {"ª": "ordinal-f", "a": "ordinal-f", "r": "ordinal-er"}.get(mark[-1], "ordinal")
        return self.speller.cardinal(number, form)

    def clock(self, hour: int, minute: int) -> str:
        name = self.speller.cardinal(hour, "f")
        if minute == 0:
            return f"{name} {'hora' if hour == 1 else 'horas'}" if hour in (0, *range(13, 25)) else f"{name} en punto"
        return f"{name} y {self.speller.cardinal(minute)}"
