"""English: American by default; dates and "hundred and one" are British under tags such as `en-GB`."""

from seriatim.text.reading.language_rules import LanguageRules, WrittenDate, parse_money, parse_units, read_units
from seriatim.text.reading.languages.english_forms import ENGLISH_FORMS, MONTHS
from seriatim.text.reading.number_speller import NumberSpeller

_MONEY = """
$ US$ USD      | - dollar/dollars         | - cent/cents
C$ CA$ CAD     | - Canadian dollar/Canadian dollars     | - cent/cents
A$ AU$ AUD     | - Australian dollar/Australian dollars | - cent/cents
NZ$ NZD        | - New Zealand dollar/New Zealand dollars | - cent/cents
HK$ HKD        | - Hong Kong dollar/Hong Kong dollars   | - cent/cents
€ EUR          | - euro/euros             | - cent/cents
£ GBP          | - pound/pounds           | - penny/pence
¥ JPY          | - yen/yen
CN¥ CNY RMB    | - yuan/yuan
₹ INR Rs       | - rupee/rupees           | - paisa/paise
₩ KRW          | - won/won
₽ RUB          | - ruble/rubles           | - kopeck/kopecks
₺ TRY          | - lira/liras             | - kurush/kurush
R$ BRL         | - real/reais             | - centavo/centavos
CHF            | - Swiss franc/Swiss francs | - centime/centimes
SEK            | - Swedish krona/Swedish kronor
NOK            | - Norwegian krone/Norwegian kroner
DKK            | - Danish krone/Danish kroner
zł PLN         | - zloty/zlotys           | - grosz/groszy
₿ BTC          | - bitcoin/bitcoins
¢              | - cent/cents
"""
_WORDS = {
    "root": "the square root of", "infinity": "infinity",
    "factorial": "factorial",
    "per": "per",
    "fold": "- time/times", "power": "to the power of {}",
    "minus": "minus", "plus": "plus", "plusminus": "plus or minus", "point": "point", "dot": "point",
    "percent": "percent", "permille": "per mille", "to": "to", "ratio": "to", "by": "by", "times": "times",
    "and": "and", "at": "at", "hashtag": "hashtag", "arrow": "to", "equals": "equals", "about": "about",
    "divided": "divided by", "less": "is less than", "greater": "is greater than", "at_most": "at most",
    "at_least": "at least", "unequal": "is not equal to", "squared": "squared", "cubed": "cubed",
    "over": "over", "version": "version", "mixed": " and ",
    "cents": "bare", "day_mark": "st|nd|rd|th", "date_of": r"(?:\s(?:of\s)?|-)", "year_of": r"(?:,?\s|-)",
}  # fmt: skip
_REFERENCES = {
    "p.": "page", "pp.": "pages", "No.": "number", "no.": "number", "Nos.": "numbers", "nos.": "numbers",
    "Fig.": "Figure", "fig.": "figure", "Figs.": "Figures", "Vol.": "Volume", "vol.": "volume", "vols.": "volumes",
    "Ch.": "Chapter", "ch.": "chapter", "chap.": "chapter", "Sec.": "Section", "sec.": "section", "Eq.": "Equation",
    "eq.": "equation", "Art.": "Article", "art.": "article", "ca.": "circa", "c.": "circa", "approx.": "approximately",
    "§": "section", "§§": "sections", "#": "number", "№": "number", "n°": "number", "nº": "number", "~": "about",
    "Nr.": "number", "Rm.": "Room", "Apt.": "Apartment", "Ext.": "extension", "ext.": "extension", "v.": "verse",
    "¶": "paragraph",
}  # fmt: skip
_TITLES = {
    "Prof.": "Professor", "Gov.": "Governor", "Sen.": "Senator", "Rep.": "Representative", "Gen.": "General",
    "Capt.": "Captain", "Lt.": "Lieutenant", "Sgt.": "Sergeant", "Col.": "Colonel", "Rev.": "Reverend",
    "Mt.": "Mount", "Pres.": "President", "Hon.": "Honorable",
}  # fmt: skip
_LITERALS = {
    "Tel.": "telephone",
    "24/7": "twenty-four seven", "9/11": "nine eleven", "50/50": "fifty-fifty",
    "w/o": "without", "w/": "with", "i.e.": "that is", "e.g.": "for example", "H2O": "H two O", "CO2": "C O two",
    "CO₂": "C O two", "H₂O": "H two O", "and/or": "and or", "etc.": "et cetera", "vs.": "versus", "vs": "versus",
    "approx.": "approximately", "dept.": "department", "Dept.": "Department", "Sept.": "September",
    "govt.": "government", "Blvd.": "Boulevard", "a.k.a.": "also known as", "aka": "also known as",
}  # fmt: skip
_FRACTIONS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_DENOMINATORS = frozenset((32, 64, 100, 1000))  #: above twenty
_DAY_FIRST = frozenset(("gb", "uk", "au", "nz", "ie", "in", "za", "sg", "hk"))  #: regions where 5/1 is in January


_ROMAN_HEADS = frozenset(
    ("chapter", "part", "book", "act", "scene", "volume", "vol", "section", "article", "phase", "type", "class", "war")
)
_SCALES = """
thousand k K      | - thousand
million mn mln M m  | - million
billion bn B      | - billion
trillion tn T     | - trillion
"""


class English(LanguageRules):
    """The rules of English, by its region."""

    tag = "en"
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("en")
    months = {name.lower(): at for at, month in enumerate(MONTHS, 1) for name in (month, month[:3])} | {"sept": 9}
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    roman_heads = _ROMAN_HEADS
    scales = parse_units(_SCALES)
    own_rules = ENGLISH_FORMS
    indian_groups = True
    month_names_first = True
    ordinal_mark = "st|nd|rd|th"

    def __init__(self, region: str) -> None:
        self.month_first = region not in _DAY_FIRST
        verbose = "" if self.month_first else "-verbose"
        self.speller = NumberSpeller(
            "en", {"": f"spellout-numbering{verbose}", "ordinal": f"spellout-ordinal{verbose}"}
        )

    def year(self, number: int) -> str:
        return self.speller.spell(number, "spellout-numbering-year")

    def ordinal(self, number: int, _mark: str = "", _before: str = "") -> str:
        return self.speller.cardinal(number, "ordinal")

    def date(self, date: WrittenDate) -> str:
        name, day = MONTHS[date.month - 1], self.ordinal(date.day)
        the = "" if date.before == "the" else "the "
        words = f"{the}{day} of {name}" if date.day_first else f"{name} {day}"
        return words if date.year is None else f"{words}{' ' if date.day_first else ', '}{self.year(date.year)}"

    def clock(self, hour: int, minute: int) -> str:
        named = self.speller.cardinal(hour)
        if hour == minute == 0:
            return "midnight"
        if minute == 0:
            return f"{named} o'clock" if hour <= 12 else f"{named} hundred"
        return f"{named} {'oh ' if minute < 10 else ''}{self.speller.cardinal(minute)}"

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom == 10 and top > 1:
            return f"{self.speller.cardinal(top)} out of ten"
        if bottom > 20 and bottom not in _DENOMINATORS:
            return None
        one, many = _FRACTIONS.get(bottom) or (self.ordinal(bottom), f"{self.ordinal(bottom)}s")
        return f"{self.speller.cardinal(top)} {one if top == 1 else many}"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", gender: str = "") -> str | None:
        words = super().mixed(whole, top, bottom, noun, gender)
        return words and words.replace(" and one half", " and a half", 1).replace(
            " and one quarter", " and a quarter", 1
        )

    def regnal(self, number: int, _name: str = "") -> str:
        return f"the {self.ordinal(number)}"
