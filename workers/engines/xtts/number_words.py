"""Numbers in words where coqui-tts' front-end gives up: any in Hindi, `12.` in Czech, very long ones anywhere.

Used only after the front-end has failed on a text, so that everything it can read sounds as with `Xtts.inference`.
"""

import re

LONGEST = 12  #: digits that are read as one number; an account number or a key is read digit by digit
DIGITS = re.compile(r"\d+")
GROUPED = re.compile(r"(?<=\d)[,.](?=\d{3}(?!\d))")  #: 1,234,567 and 1.234.567
INDIAN = re.compile(r"\d{1,2}(?:,\d\d)*,\d{3}(?!\d)")  #: 12,34,567
DECIMAL = re.compile(r"(\d+)[.,](\d+)")
ORDINAL = re.compile(r"(\d)\.(?=\s+\w)")  #: 12. prosince: its stop is no pause
LAST = re.compile(r"(\d)\.(?=\s*$)")  #: a sentence that ends in a number is no ordinal

_UNDER_A_HUNDRED = (
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस "
    "उनतालीस चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास पचास इक्यावन बावन तिरपन चौवन "
    "पचपन छप्पन सत्तावन अट्ठावन उनसठ साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर बहत्तर तिहत्तर "
    "चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी "
    "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)
HINDI = tuple(_UNDER_A_HUNDRED.split())  #: 0 to 99: each has a form of its own
#: What each step counts, from the smallest: a hundred, then thousands, lakhs, crores and so on, two digits each.
HINDI_STEPS = ((10**11, "खरब"), (10**9, "अरब"), (10**7, "करोड़"), (10**5, "लाख"), (10**3, "हज़ार"), (100, "सौ"))
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
    if language == "hi":
        return _hindi(number)
    from num2words import num2words  # of the extra: what the languages are is known without it

    return str(num2words(number, lang=language))


def _hindi(number: int) -> str:
    words = []
    for size, name in HINDI_STEPS:
        count, number = divmod(number, size)
        if count:
            words += [_hindi(count), name]
    return " ".join([*words, HINDI[number]] if number or not words else words)
