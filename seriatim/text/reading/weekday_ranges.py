"""Weekday ranges: `Mon-Fri`, `Mo–Fr`, `lun.-ven.` with the names of the days."""

import re

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_DAYS = {
    "de": "Mo Montag Di Dienstag Mi Mittwoch Do Donnerstag Fr Freitag Sa Samstag So Sonntag",
    "en": "Mon Monday Tue Tuesday Tues Tuesday Wed Wednesday Thu Thursday Thur Thursday Thurs Thursday Fri Friday "
    "Sat Saturday Sun Sunday",
    "es": "lun lunes mar martes mié miércoles jue jueves vie viernes sáb sábado dom domingo",
    "fr": "lun lundi mar mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche",
    "it": "lun lunedì mar martedì mer mercoledì gio giovedì ven venerdì sab sabato dom domenica",
    "nl": "ma maandag di dinsdag wo woensdag do donderdag vr vrijdag za zaterdag zo zondag",
    "pl": "pn poniedziałek pon poniedziałek wt wtorek śr środa czw czwartek pt piątek sob sobota nd niedziela",
    "pt": "seg segunda ter terça qua quarta qui quinta sex sexta sáb sábado dom domingo",
    "ru": "пн понедельник вт вторник ср среда чт четверг пт пятница сб суббота вс воскресенье",
    "tr": "Pzt Pazartesi Sal Salı Çar Çarşamba Per Perşembe Cum Cuma Cmt Cumartesi Paz Pazar",
}


def weekday_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rule of ranges of abbreviated weekdays in one language; none where they are not abbreviated."""
    words = _DAYS.get(grammar.rules.tag, "").split()
    names = {short.lower(): name for short, name in zip(words[::2], words[1::2], strict=True)}
    if not names:
        return []
    days = "|".join(sorted(names, key=len, reverse=True))
    pattern = rf"(?<![\w-])(?P<first>{days})\.?\s?[-–—]\s?(?P<last>{days})(?![\w-])(?:\.(?=\s[^\WA-Z_]|[,;)]))?"
    flags = re.IGNORECASE if words[0].isupper() or words[0].islower() else 0
    if not flags:
        pattern = pattern.replace(days, "|".join(sorted(words[::2], key=len, reverse=True)))

    def read(found: re.Match[str]) -> str:
        first, last = names[found["first"].lower()], names[found["last"].lower()]
        return f"{first} {grammar.words['to']} {last}"

    return [ReadingRule(re.compile(pattern, flags), read)]
