"""Portuguese, of Brazil by default and of Portugal under `pt-PT`."""

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

_MONTHS = ("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
           "novembro", "dezembro")  # fmt: skip
_MONEY = """
R$ BRL    | m real/reais | m centavo/centavos
€ EUR     | m euro/euros | m cêntimo/cêntimos
$ US$ USD | m dólar/dólares | m centavo/centavos
£ GBP     | f libra/libras | m penny/pence
¥ JPY     | m iene/ienes
CHF       | m franco suíço/francos suíços
₿ BTC     | m bitcoin/bitcoins
"""
_SCALES = """
mil                     | - mil
milhão milhões mi M     | m milhão/milhões
bilhão bilhões bi       | m bilhão/bilhões
"""
_WORDS = {
    "root": "raiz de", "infinity": "infinito",
    "factorial": "fatorial",
    "per": "por",
    "periods": "mês|dia|hora|ano|semana|pessoa|noite|quilo|litro|minuto|segundo",
    "fold": "f vez/vezes", "power": "elevado a {}",
    "minus": "menos", "plus": "mais", "plusminus": "mais ou menos", "point": "vírgula", "dot": "ponto",
    "percent": "por cento", "permille": "por mil", "to": "a", "ratio": "a", "by": "por", "times": "vezes",
    "squared": "ao quadrado", "cubed": "ao cubo",
    "and": "e", "at": "arroba", "hashtag": "hashtag", "arrow": "para", "equals": "igual a", "about": "cerca de",
    "divided": "dividido por", "less": "menor que", "greater": "maior que", "at_most": "no máximo",
    "at_least": "pelo menos", "unequal": "diferente de", "version": "versão", "mixed": " e ", "of": "de",
    "cents": "full", "cents_and": "e", "day_mark": "º|°|o", "date_of": r"\sde\s|\s", "year_of": r"\s(?:de\s)?",
    "clock_suffix": "h", "clock_marks": r":|\s?h\s?", "over": "sobre",
}  # fmt: skip
_REFERENCES = {
    "arts.": "artigos", "n.": "número", "n.os": "números",
    "p.": "página", "pág.": "página", "págs.": "páginas", "pp.": "páginas", "n.º": "número", "nº": "número",
    "n°": "número", "Nº": "número", "N°": "número", "núm.": "número", "№": "número", "fig.": "figura",
    "vol.": "volume", "cap.": "capítulo", "art.": "artigo", "inc.": "inciso", "tel.": "telefone",
    "§": "parágrafo", "#": "número",
    "~": "cerca de", "Art.": "Artigo", "Cap.": "Capítulo", "aprox.": "aproximadamente",
}  # fmt: skip
_TITLES = {
    "Sr.": "senhor", "Sra.": "senhora", "Srta.": "senhorita", "Dr.": "doutor", "Dra.": "doutora", "D.": "dom",
    "Prof.": "professor", "Profa.": "professora", "Av.": "avenida", "Sto.": "Santo", "Sta.": "Santa",
}  # fmt: skip
_LITERALS = {
    "e/ou": "e ou",
    "1/2 hora": "meia hora", "½ hora": "meia hora",
    "Tel.": "telefone",
    "p.ex.": "por exemplo", "p. ex.": "por exemplo",
    "24/7": "vinte e quatro por sete", "CO2": "C O dois", "CO₂": "C O dois", "H2O": "H dois O",
    "etc.": "et cetera", "a.C.": "antes de Cristo", "d.C.": "depois de Cristo",
    "máx.": "máxima", "mín.": "mínima", "aprox.": "aproximadamente",
}  # fmt: skip
_HEADS = frozenset(
    ("capítulo", "parte", "livro", "ato", "cena", "tomo", "volume", "seção", "secção", "artigo", "século", "mundial")
)
_FORMS = {
    "m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine",
    "ordinal": "spellout-ordinal-masculine", "ordinal-f": "spellout-ordinal-feminine",
}  # fmt: skip
_FEMININE = (
    "a", "as", "ção", "ções", "são", "sões", "dade", "dades", "gem", "gens", "tude", "mulher", "mulheres", "vez",
    "vezes",
)  # fmt: skip
_MASCULINE = (
    "ema", "emas", "grama", "gramas", "clima", "climas", "idioma", "idiomas", "dia", "dias", "mapa", "mapas", "planeta",
    "planetas", "poeta", "poetas", "drama", "dramas", "fantasma", "fantasmas", "cometa", "cometas", "pijama", "pijamas",
)  # fmt: skip
#: feminine nouns that their endings do not show
_NOUNS = feminine_nouns("pt")
_NO_NOUNS = frozenset(
    [
        "e",
        "ou",
        "de",
        "do",
        "da",
        "em",
        "por",
        "que",
        "com",
        "a",
        "ao",
        "é",
        "são",
        "era",
        "foi",
        "mais",
        "às",
        "as",
        "para",
    ]
)  #: behind a number that counts nothing
_FRACTIONS = {2: ("meio", "meios"), 3: ("terço", "terços")}

#: endings of plurals, and those of their singulars
_SINGULARS = {"meses": "mês", "vezes": "vez", "as": "a", "os": "o"}


_SPELLER = NumberSpeller("pt", _FORMS)


def _papers(found: re.Match[str]) -> str:
    """`123.456.789-09`: the number of a person or a company, in groups."""
    return ", ".join(_SPELLER.digits(group) for group in re.findall(r"\d+", found[0]))


def _score(found: re.Match[str]) -> str:
    """`venceu por 3 x 1`."""
    return f"{_SPELLER.cardinal(int(found['n']))} a {_SPELLER.cardinal(int(found['m']))}"


def _first_of_two(found: re.Match[str]) -> str | None:
    """`2 ou 3 vezes`: the first number agrees with the noun, too."""
    noun = found["noun"]
    is_feminine = noun in (*_NOUNS, "vezes") or noun.endswith(_FEMININE)
    return {"1": "uma", "2": "duas"}[found["n"]] if is_feminine and not noun.endswith(_MASCULINE) else None


class Portuguese(RomanceRules):
    """The rules of Portuguese."""

    tag = "pt"
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("pt")
    months = month_numbers(_MONTHS, "jan fev mar abr mai jun jul ago set out nov dez")
    month_names = _MONTHS
    first_day = "primeiro"
    date_joint = " de "
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = _HEADS
    group_marks = ". "
    feminine_endings, masculine_endings = _FEMININE, _MASCULINE
    halves = ("meio", "meia")
    fractions = _FRACTIONS
    singulars = _SINGULARS
    feminine_nouns, no_nouns = _NOUNS, _NO_NOUNS
    own_rules = (
        ReadingRule(
            re.compile(r"(?<![\w.,:/-])(?P<n>[12])(?=\s(?:ou|a)\s\d{1,2}\s(?P<noun>[a-zà-ÿ]{3,}s)(?!\w))"),
            _first_of_two,
        ),
        war_rule({"[Gg]uerra\\s[Mm]undial": ("primeira", "segunda")}),
        century_pair_rule("séculos|capítulos", "e|a|ao|ou", lambda number: _SPELLER.cardinal(number)),
        half_rule(_FEMININE, _MASCULINE, _NOUNS, _NO_NOUNS, ("meio", "meia")),
        letter_ordinal_rule(),
        ReadingRule(re.compile(r"(?<![\w.])(?:\d{3}\.\d{3}\.\d{3}-\d\d|\d\d\.\d{3}\.\d{3}/\d{4}-\d\d)(?!\w)"), _papers),
        ReadingRule(re.compile(r"(?<!\w)R\.(?=\s[A-Z][^,.\d]{2,40},?\s(?:n[º°.]\s?)?\d)"), lambda _found: "Rua"),
        ReadingRule(
            re.compile(r"(?<=\bpor\s)(?P<n>\d{1,2})\s?[xX×]\s?(?P<m>\d{1,2})(?![\w/]|[.,]\d|\s?[cmk]?m\b)"), _score
        ),
        ReadingRule(re.compile(r"(?<!\w)['’](?=\d0(?!\w))"), lambda _found: ""),
        ReadingRule(re.compile(r"(?<!\w)s(?:éc)?\.\s(?=[IVX]+(?!\w))"), lambda _found: "século "),
    )
    ordinal_mark = r"\.?(?:º|ª|°(?=\s[a-z]))"

    def __init__(self, region: str) -> None:
        self.speller = NumberSpeller("pt_PT" if region == "pt" else "pt", _FORMS)

    def agrees(self, number: int) -> bool:
        return (number % 10 in (1, 2) and number % 100 not in (11, 12)) or number // 100 % 10 > 1

    def clock(self, hour: int, minute: int) -> str:
        name = self.speller.cardinal(hour, "f")
        return f"{name} e {self.speller.cardinal(minute)}" if minute else f"{name} {'hora' if hour < 2 else 'horas'}"
