"""Roman numerals, after a name and after words such as chapter."""

import re

from seriatim.text.reading.languages.forms.roman_before_nouns import before_nouns
from seriatim.text.reading.number_grammar import NumberGrammar, word_before
from seriatim.text.reading.reading_rule import ReadingRule

_LETTERS = r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMAN = rf"{_LETTERS}(?!\w)(?!['’](?!s\b))"
_SMALL = r"(?=[IVX])(?:X{0,3})(?:IX|IV|V?I{0,3})"
_FIRST = frozenset(("er", "re", "ère"))
_CENTURY = re.compile(r"\s(?:siècle|République|arrondissement|millénaire|dynastie|Reich|eeuw|secolo|Jahrhundert)")
_LETTERED = frozenset(("type", "class", "phase", "klasse", "stufe", "klasa"))  #: these are named by letters, too
_LOWER = re.compile(r"[,;:]|\s[^\W\dA-Z_]")  #: a comma, or a word in small letters: the sentence goes on
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_ABBREVIATIONS = frozenset(["CC", "XL", "XX", "LL", "CL", "IC", "XXL"])  #: letters that mean something else
#: given names of kings and popes: first letters of the name as several languages write it
_REIGNS = re.compile(
    r"(?:Louis|Ludwig|Luis|Luigi|Luís|Lodewijk|Ludwik|Hen(?:ry|ri|ryk)|Heinrich|Enrique|Enrico|Henrique|Hendrik|Edward|Édouard|Eduard"
    r"|Eduardo|Edoardo|George|Georges|Georg|Jorge|Giorgio|Jerzy|Charles|Karl|Carlos|Carlo|Karel|Karol|William"
    r"|Wilhelm|Guillermo|Guglielmo|Guilherme|Willem|Guillaume|Elizabeth|Elisabeth|Isabel|Élisabeth|Elżbieta|James|Jakob|Jacques|Richard|Ricardo"
    r"|Riccardo|Ryszard|John|Johannes|Jean|Juan|Giovanni|João|Jan|Paul|Pablo|Paolo|Paulo|Paweł|Paulus|Benedictus|Benedykt|Бенедикт|Franziskus|Franciscus|Franciszek|Франциск|Elisabetta|Urban|Urbano|Sixtus|Sixte|Sisto|Bonifatius|Boniface|Bonifacio|Eugen|Eugene|Joseph|Joseph|Józef|José|Giuseppe|Haakon|Håkon|Xerxes|Darius|Cyrus|Ramzes|Władysław|Mohammed|Hassan|Pius|Pie|Pío|Pio|Benedict|Benedikt"
    r"|Benoît|Benedicto|Benedetto|Bento|Gregory|Gregor|Leo|Leon|Léon|León|Innocent|Innozenz|Clement|Clément|Klemens|Philip|Philipp|Philippe|Felipe"
    r"|Filippo|Filipe|Filips|Filip|Peter|Pierre|Pedro|Pietro|Piotr|Nicholas|Nikolaus|Nicolas|Nicolás|Nicola|Alexander|Alexandre|Alejandro|Alessandro"
    r"|Aleksander|Catherine|Katharina|Catalina|Caterina|Katarzyna|Francis|Franz|François|Francisco|Francesco|Friedrich|Frederick|Frédéric|Federico|Fryderyk"
    r"|Ivan|Iwan|Napoleon|Napoléon|Napoleón|Napoleone|Napoleão|Otto|Konrad|Conrad|Margaret|Margrethe|Maria|Mary|Victor|Vittorio|Víctor|Emanuele|Emmanuel|Manuel|Victoria|Sofía|Umberto|Alfonso|Afonso"
    r"|Fernando|Ferdinand|Gustav|Christian|Harald|Olav|Baudouin|Albert|Alberto|Leopold|Rama|Ramses|Ramesses|Ptolemy|Zygmunt|Kazimierz|Stanisław|Bolesław|August"
    r"|Людовик|Пётр|Петр|Николай|Александр|Екатерина|Иван|Павел|Генрих|Карл|Георг|Вильгельм|Фридрих|Филипп|Василий|Наполеон|Елизавета)$"
)


def roman_value(numeral: str) -> int:
    """The number that a Roman numeral stands for."""
    values = [_VALUES[letter] for letter in numeral]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _is_numeral(found: re.Match[str]) -> bool:
    """Is one letter an ordinal: `Ier`, `Xe siècle`? "Le", "Xe" and "V." are words."""
    return (found["roman"] == "I" and found["mark"] in _FIRST) or bool(_CENTURY.match(found.string, found.end()))


def _is_number_of(found: re.Match[str]) -> bool:
    """Is one letter behind a word the number of a chapter or the like? Not in "type C", or "for my part I think"."""
    closed = found.end() == len(found.string) or found.string[found.end()] in ".,;:!?)"
    surely = found["head"][0].isupper() or closed
    return found["roman"] not in "CL" and found["head"].lower() not in _LETTERED and surely


def _after_name(grammar: NumberGrammar, found: re.Match[str]) -> str | None:
    name, roman, number = found["name"], found["roman"], roman_value(found["roman"])
    if len(roman) == 1 and (
        found.string[found.end("roman") :][:1] in tuple("'’")
        or roman in "CL"
        or (found["stop"] and found.end() < len(found.string) and not _is_ordinal(grammar, found))
    ):
        return None  # an initial: John C. Reilly
    if _REIGNS.match(name):
        stop = "" if _LOWER.match(found.string, found.end()) else found["stop"]
        return f"{name} {grammar.rules.regnal(number, name)}{stop}"
    if len(roman) == 1 or roman in _ABBREVIATIONS:
        return None
    return f"{name} {grammar.rules.speller.cardinal(number)}{found['stop']}"


def _is_ordinal(grammar: NumberGrammar, found: re.Match[str]) -> bool:
    """Is one letter with a stop the number of a king, in a language that writes ordinals so: Karl V. und?"""
    writes_stop = grammar.rules.roman_mark.startswith(r"\.")
    return bool(writes_stop and _REIGNS.match(found["name"]) and _LOWER.match(found.string, found.end()))


def roman_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of Roman numerals in one language."""
    rules, cardinal = grammar.rules, grammar.rules.speller.cardinal
    heads = "|".join(sorted(map(re.escape, rules.roman_heads), key=len, reverse=True))

    def ordinal(found: re.Match[str]) -> str | None:
        if len(found["roman"]) == 1 and not _is_numeral(found):
            return None
        return rules.ordinal(roman_value(found["roman"]), found["mark"], word_before(found))

    def small(found: re.Match[str]) -> str:
        return f"{found['head']}{found['space']}{cardinal(roman_value(found['roman'].upper()))}"

    def after_head(found: re.Match[str]) -> str | None:
        if len(found["roman"]) == 1 and not _is_number_of(found):
            return None
        return f"{found['head']}{found['space']}{cardinal(roman_value(found['roman']))}"

    name = r"(?<!\w)(?P<name>[^\W\d_a-zа-я][^\W\d_]+)"
    patterns = {rf"{name}\s(?P<roman>{_ROMAN})(?P<stop>\.?)": lambda found: _after_name(grammar, found)}
    if heads:
        lower = r"(?=[ivx]{2})x{0,3}(?:ix|iv|v?i{0,3})(?!\w)"
        patterns = {rf"(?<!\w)(?P<head>(?i:{heads}))(?P<space>\.?\s)(?P<roman>{lower})": small} | patterns
        patterns = {rf"(?<!\w)(?P<head>(?i:{heads}))(?P<space>\.?\s)(?P<roman>{_ROMAN})": after_head} | patterns
    if rules.roman_mark:
        patterns = {rf"(?<!\w)(?P<roman>{_SMALL})(?P<mark>{rules.roman_mark})": ordinal} | patterns
    found = [ReadingRule(re.compile(pattern), read) for pattern, read in patterns.items()]
    numbered = before_nouns(rules, roman_value)
    return [*found, *numbered] if rules.tag == "de" else [*numbered, *found]  # im IV. Kapitel has a case
