"""Numbers in words where coqui-tts' front-end gives up: any in Hindi, `12.` in Czech, very long ones anywhere.

Most texts come here with their numbers in words (seriatim/text/reading). This is for the rest: texts with
`reading="off"`, and the languages without rules. It is used only after the front-end has failed on a text, so that
everything that it can read sounds as with `Xtts.inference`.
"""

import re

from seriatim.text.reading.number_speller import NumberSpeller

LONGEST = 12  #: digits that are read as one number; an account number or a key is read digit by digit
DIGITS = re.compile(r"\d+")
GROUPED = re.compile(r"(?<=\d)[,.](?=\d{3}(?!\d))")  #: 1,234,567 and 1.234.567
INDIAN = re.compile(r"\d{1,2}(?:,\d\d)*,\d{3}(?!\d)")  #: 12,34,567
DECIMAL = re.compile(r"(\d+)[.,](\d+)")
ORDINAL = re.compile(r"(\d)\.(?=\s+\w)")  #: 12. prosince: its stop is no pause
LAST = re.compile(r"(\d)\.(?=\s*$)")  #: a sentence that ends in a number is no ordinal

POINT = {"hi": "दशमलव", "cs": "celá", "pl": "przecinek", "ru": "запятая", "tr": "virgül", "hu": "egész"}


def spelled(text: str, language: str) -> str:
    """`text` with every number in words; `language` is one of XTTS', such as "hi" or "cs"."""
    if language == "hi":
        text = INDIAN.sub(lambda found: found[0].replace(",", ""), text)
    text = LAST.sub(r"\1 .", ORDINAL.sub(r"\1", GROUPED.sub("", text)))
    text = DECIMAL.sub(lambda found: _decimal(found[1], found[2], language), text)
    return DIGITS.sub(lambda found: f" {_number(found[0], language)} ", text)


def _decimal(whole: str, fraction: str, language: str) -> str:
    digits = " ".join(_number(digit, language) for digit in fraction)
    return f" {_number(whole, language)} {POINT.get(language, '.')} {digits} "


def _number(digits: str, language: str) -> str:
    if len(digits) > LONGEST:
        return " ".join(_cardinal(int(digit), language) for digit in digits)
    return _cardinal(int(digits), language)


def _cardinal(number: int, language: str) -> str:
    return NumberSpeller(language).cardinal(number)
