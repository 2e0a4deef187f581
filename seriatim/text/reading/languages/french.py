"""French, also of Belgium and Switzerland (septante, nonante)."""

import re

from seriatim.text.reading.language_rules import (
    Noun,
    feminine_nouns,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.languages.forms.service_numbers import french_services
from seriatim.text.reading.languages.romance import RomanceRules
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre")  # fmt: skip
_MONEY = """
€ EUR     | m euro/euros | m centime/centimes
$ US$ USD | m dollar/dollars | m cent/cents
£ GBP     | f livre/livres | m penny/pence
¥ JPY     | m yen/yens
CHF       | m franc suisse/francs suisses | m centime/centimes
₽ RUB     | m rouble/roubles | m kopeck/kopecks
₹ INR     | f roupie/roupies
zł PLN    | m zloty/zlotys | m grosz/groszy
₿ BTC     | m bitcoin/bitcoins
"""
_SCALES = """
mille k                  | - mille
million millions M Mio   | m million/millions
milliard milliards Md Mds | m milliard/milliards
"""
_WORDS = {
    "root": "racine de", "infinity": "infini",
    "factorial": "factorielle",
    "per": "par",
    "periods": "mois|jour|heure|an|année|semaine|personne|nuit|kilo|litre|minute|seconde",
    "fold": "f fois", "power": "puissance {}",
    "minus": "moins", "plus": "plus", "plusminus": "plus ou moins", "point": "virgule", "dot": "point",
    "percent": "pour cent", "permille": "pour mille", "to": "à", "ratio": "à", "by": "par", "times": "fois",
    "squared": "au carré", "cubed": "au cube",
    "and": "et", "at": "arobase", "hashtag": "hashtag", "arrow": "vers", "equals": "égale", "about": "environ",
    "divided": "divisé par", "less": "inférieur à", "greater": "supérieur à", "at_most": "au plus",
    "at_least": "au moins", "unequal": "différent de", "version": "version", "mixed": " et ", "of": "de",
    "day_mark": "er", "date_of": r"\s", "clock_marks": r":|\s?h\s?", "clock_dot": "h", "over": "sur",
}  # fmt: skip
_REFERENCES = {
    "al.": "alinéa",
    "no": "numéro",
    "p.": "page", "pp.": "pages", "n°": "numéro", "nº": "numéro", "N°": "numéro", "№": "numéro", "no.": "numéro",
    "fig.": "figure", "vol.": "volume", "Art.": "Article",
    "chap.": "chapitre", "art.": "article", "env.": "environ", "§": "paragraphe",
    "§§": "paragraphes", "#": "numéro", "~": "environ", "ch.": "chapitre", "t.": "tome", "éd.": "édition",
}  # fmt: skip
_TITLES = {
    "M.": "Monsieur", "Mme": "Madame", "Mmes": "Mesdames", "MM.": "Messieurs", "Mlle": "Mademoiselle",
    "Dr": "Docteur", "Dr.": "Docteur", "Pr": "Professeur", "Me": "Maître", "St": "Saint", "Ste": "Sainte",
    "Mme.": "Madame", "Mlle.": "Mademoiselle",
    "Mgr": "Monseigneur",
}  # fmt: skip
_LITERALS = {
    "et/ou": "et ou",
    "les nos": "les numéros", "aux nos": "aux numéros", "des nos": "des numéros",
    "1/2 heure": "une demi-heure", "½ heure": "une demi-heure",
    "Tél.": "Téléphone", "tél.": "téléphone",
    "c.-à-d.": "c'est-à-dire", "p.ex.": "par exemple",
    "p. ex.": "par exemple", "24h/24": "vingt-quatre heures sur vingt-quatre", "7j/7": "sept jours sur sept",
    "CO2": "C O deux", "CO₂": "C O deux", "H2O": "H deux O",
    "etc.": "et cetera", "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ",
    "min.": "minutes", "bât.": "bâtiment", "apt.": "appartement", "bd": "boulevard", "bd.": "boulevard",
    "Rdv": "rendez-vous", "rdv": "rendez-vous",
}  # fmt: skip
_HEADS = frozenset(("chapitre", "partie", "livre", "acte", "scène", "tome", "volume", "section", "article", "guerre"))
_FORMS = {
    "m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine",
    "ordinal": "spellout-ordinal-masculine", "ordinal-f": "spellout-ordinal-feminine",
}  # fmt: skip
_SPELLER = NumberSpeller("fr", _FORMS)
_FRACTIONS = {2: ("demi", "demis"), 3: ("tiers", "tiers"), 4: ("quart", "quarts")}
_FEMININE = tuple(
    ending + plural
    for ending in (
        "tion", "sion", "té", "ette", "esse", "ence", "ance", "ure", "euse", "trice", "ée", "ie", "ille", "elle",
        "enne", "ine", "ade", "ude", "aison", "ère",
    )
    for plural in ("", "s")
)  # fmt: skip
_MASCULINE = (
    "père", "frère", "mystère", "caractère", "musée", "lycée", "silence", "côté", "comité", "traité", "été",
    "incendie", "génie", "parapluie", "squelette", "stade", "grade", "magazine", "ministère", "cimetière",
)  # fmt: skip
#: feminine nouns that their endings do not show
_NOUNS = feminine_nouns("fr")
_NO_NOUNS = frozenset(
    ["et", "ou", "de", "du", "en", "par", "pour", "que", "qui", "avec", "à", "au", "est", "sont", "sur", "fin"]
)  #: behind a number that counts nothing
_LOCALES = {"be": "fr_BE", "ch": "fr_CH"}


def _pairs(found: re.Match[str]) -> str:
    """A telephone number in five pairs, of which each is a number."""
    words = [" ".join(map(_SPELLER.cardinal, map(int, pair))) if pair[0] == "0" else _SPELLER.cardinal(int(pair))
             for pair in re.findall(r"\d\d", found[0])]  # fmt: skip
    return ", ".join(words)


#: endings of plurals, and those of their singulars
_SINGULARS = {"fois": "fois", "mois": "mois", "s": ""}


def _article(found: re.Match[str]) -> str:
    """`art. L. 121-1`: an article of a code of law."""
    head = f"{found['a']}rticle " if found["a"] else ""
    return f"{head}{found['part']} {found['n']} tiret {found['m']}"


class French(RomanceRules):
    """The rules of French."""

    tag = "fr"
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("fr")
    months = month_numbers(_MONTHS, "janv févr mars avr mai juin juil août sept oct nov déc")
    month_names = _MONTHS
    first_day = "premier"
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = _HEADS
    early_rules = (
        ReadingRule(re.compile(r"(?<!\w)c\.\sà\s(?P<spoon>[cs])\."), lambda found: f"c.à.{found['spoon']}."),
    )
    own_rules = (
        ReadingRule(
            re.compile(
                r"(?<!\w)(?:(?P<a>[aA])rt\.\s)?(?P<part>[LRD])\.\s?(?P<n>\d{1,4})-(?P<m>\d{1,3})(?![\w-]|[.,]\d)"
            ),
            _article,
        ),
        ReadingRule(re.compile(r"(?<!\w)av\.(?=\s(?:d[eu]s?|de la|d['’])\s?\w)"), lambda _found: "avenue"),
        ReadingRule(re.compile(r"(?<![\w+])0\d(?:[ .\u00a0]\d\d){4}(?!\w)"), _pairs),
        *french_services(_SPELLER),
        ReadingRule(re.compile(r"(?<=\d)\s?M(?=\s(?:d['’]|de\s))"), lambda _found: " millions"),
        ReadingRule(
            re.compile(r"(?<=[IVX]e)\ss\.(?=\s[a-zà-ÿ]|[,;)]|$)"),
            lambda found: " siècle" + ("." if found.end() == len(found.string) else ""),
        ),
        ReadingRule(re.compile(r"(?<=[IVX]e)\s?[-–—]\s?(?=[IVX]+e\s)"), lambda _found: " au "),
        ReadingRule(re.compile(r"(?<!\w)nos(?=\s\d+\s?[-–—]\s?\d)"), lambda _found: "numéros"),
    )
    group_marks = ". '"
    feminine_endings, masculine_endings = _FEMININE, _MASCULINE
    halves = ("demi", "demie")
    singulars = _SINGULARS
    feminine_nouns, no_nouns = _NOUNS, _NO_NOUNS
    ordinal_mark = "ers?|ères?|res?|nde?s?|ièmes?|èmes?|es?|ᵉ|ᵉʳ"
    roman_mark = rf"(?:{ordinal_mark})(?!\w)"

    def __init__(self, region: str) -> None:
        self.speller = NumberSpeller(_LOCALES.get(region, "fr"), _FORMS)

    def plural(self, number: int | None) -> int:
        return 0 if number in (0, 1) else 1

    def agreement(self, number: int, noun: str) -> str:
        return "f" if super().agreement(number, noun) == "f" else ""

    def agrees(self, number: int) -> bool:
        return number % 10 == 1 and number % 100 not in (11, 71, 91)

    def ordinal(self, number: int, mark: str, _before: str) -> str | None:
        if mark.startswith("nd"):
            return ("seconde" if "e" in mark else "second") + ("s" if mark.endswith("s") else "")
        feminine = mark in ("re", "ère", "res", "ères")
        words = self.speller.cardinal(number, "ordinal-f" if feminine else "ordinal")
        return words + ("s" if mark.endswith("s") else "")

    def half(self, unit: Noun) -> str | None:
        return f"{'une' if unit.gender == 'f' else 'un'} demi-{unit.forms[0]}"

    def clock(self, hour: int, minute: int) -> str:
        minutes = f" {self.speller.cardinal(minute, 'f')}" if minute else ""
        return f"{self.speller.cardinal(hour, 'f')} {'heure' if hour < 2 else 'heures'}{minutes}"

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom > 20 and bottom not in (100, 1000):
            return None
        one, many = _FRACTIONS.get(bottom) or (self.speller.cardinal(bottom, "ordinal"),) * 2
        name = one if top == 1 else many if bottom in _FRACTIONS else f"{many}s"
        return f"{self.speller.cardinal(top)} {name}"

    def regnal(self, number: int, _name: str = "") -> str:
        return "premier" if number == 1 else self.speller.cardinal(number)
