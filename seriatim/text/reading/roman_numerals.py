"""Roman numerals, after a name and after words such as chapter."""

import re

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_ROMAN = r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?![\w'’])"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
#: given names of kings and popes: first letters of the name as several languages write it
_REIGNS = re.compile(
    r"(?:Louis|Ludwig|Luis|Luigi|Luís|Lodewijk|Ludwik|Hen(?:ry|ri|ryk)|Heinrich|Enrique|Enrico|Henrique|Hendrik|Edward|Édouard|Eduard"
    r"|Eduardo|Edoardo|George|Georges|Georg|Jorge|Giorgio|Jerzy|Charles|Karl|Carlos|Carlo|Karel|Karol|William"
    r"|Wilhelm|Guillermo|Guglielmo|Guilherme|Willem|Guillaume|Elizabeth|Elisabeth|Isabel|Élisabeth|Elżbieta|James|Jakob|Jacques|Richard|Ricardo"
    r"|Riccardo|Ryszard|John|Johannes|Jean|Juan|Giovanni|João|Jan|Paul|Pablo|Paolo|Paulo|Paweł|Pius|Pie|Pío|Pio|Benedict|Benedikt"
    r"|Benoît|Benedicto|Benedetto|Bento|Gregory|Gregor|Leo|Leon|Léon|León|Innocent|Innozenz|Clement|Clément|Klemens|Philip|Philipp|Philippe|Felipe"
    r"|Filippo|Filipe|Filips|Filip|Peter|Pierre|Pedro|Pietro|Piotr|Nicholas|Nikolaus|Nicolas|Nicolás|Nicola|Alexander|Alexandre|Alejandro|Alessandro"
    r"|Aleksander|Catherine|Katharina|Catalina|Caterina|Katarzyna|Francis|Franz|François|Francisco|Francesco|Friedrich|Frederick|Frédéric|Federico|Fryderyk"
    r"|Ivan|Iwan|Napoleon|Napoléon|Napoleón|Napoleone|Napoleão|Otto|Konrad|Conrad|Margaret|Margrethe|Maria|Mary|Victor|Vittorio|Víctor|Umberto|Alfonso|Afonso"
    r"|Fernando|Ferdinand|Gustav|Christian|Harald|Olav|Baudouin|Albert|Alberto|Leopold|Rama|Ramses|Ramesses|Ptolemy|Zygmunt|Kazimierz|Stanisław|Bolesław|August"
    r"|Людовик|Пётр|Петр|Николай|Александр|Екатерина|Иван|Павел|Генрих|Карл|Георг|Вильгельм|Фридрих|Филипп|Василий|Наполеон|Елизавета)$"
)


def roman_value(numeral: str) -> int:
    """The number that a Roman numeral stands for."""
    values = [_VALUES[letter] for letter in numeral]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def roman_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of Roman numerals in one language."""
    heads = "|".join(sorted(map(re.escape, grammar.rules.roman_heads), key=len, reverse=True))
    cardinal = grammar.rules.speller.cardinal

    def after_head(found: re.Match[str]) -> str:
        return f"{found['head']}{found['space']}{cardinal(roman_value(found['roman']))}"

    def after_name(found: re.Match[str]) -> str | None:
        name, number = found["name"], roman_value(found["roman"])
        if _REIGNS.match(name):
            return f"{name} {grammar.rules.regnal(number)}"
        return (
            f"{name} {cardinal(number)}" if len(found["roman"]) > 1 and found["roman"] not in _ABBREVIATIONS else None
        )

    rules = []
    if heads:
        rules.append(
            ReadingRule(re.compile(rf"(?<!\w)(?P<head>(?i:{heads}))(?P<space>\.?\s)(?P<roman>{_ROMAN})"), after_head)
        )
    name = r"(?<!\w)(?P<name>[^\W\d_a-zа-я][^\W\d_]+)"
    return [*rules, ReadingRule(re.compile(rf"{name}\s(?P<roman>{_ROMAN})"), after_name)]


_ABBREVIATIONS = frozenset(["CC", "XL", "XX", "LL", "CL", "IC", "XXL"])  #: of two letters that mean something else
