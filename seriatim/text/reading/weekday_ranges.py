"""Weekday ranges and abbreviated weekdays: `Mon-Fri`, `Mo–Fr`, `lun.-ven.`, `Mi., 14.` with the names of the days."""

import re

from seriatim.text.reading.number_grammar import NumberGrammar, word_before
from seriatim.text.reading.reading_rule import ReadingRule

_DAYS = {
    "hi": "सोम सोमवार मंगल मंगलवार बुध बुधवार गुरु गुरुवार शुक्र शुक्रवार शनि शनिवार रवि रविवार",
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
#: words between two weekdays
_LINKS = {"de": "bis|und", "en": "to|and|through|thru", "es": "al?|y|e", "fr": "au|et|à", "it": "a|e",
          "nl": "t/m|tot en met|tot|en",
          "pl": "do|i", "pt": "à|a|e", "ru": "по|до|и", "tr": "ve|ile", "hi": "से|और"}  # fmt: skip
#: behind a preposition, feminine days have another case
_FEMININE = ("a", "а")
_ACCUSATIVES = {"pl": (frozenset(("w", "we")), "ę"), "ru": (frozenset(("в", "во")), "у")}
_DATE = r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d"
_TIME = r"\d{1,2}[:.h][0-5]\d|\d{1,2}h(?!\w)"


def weekday_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of abbreviated weekdays in one language; none where they are not abbreviated."""
    words = _DAYS.get(grammar.rules.tag, "").split()
    if not words:
        return []
    flags = re.IGNORECASE if words[0].isupper() or words[0].islower() else re.NOFLAG
    names = {short.lower(): name for short, name in zip(words[::2], words[1::2], strict=True)}
    days = "|".join(sorted(names if flags else words[::2], key=len, reverse=True))
    prepositions, ending = _ACCUSATIVES.get(grammar.rules.tag, (frozenset(), ""))

    def read_range(found: re.Match[str]) -> str:
        return f"{names[found['first'].lower()]} {grammar.words['to']} {names[found['last'].lower()]}"

    def read_pair(found: re.Match[str]) -> str:
        stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
        return f"{names[found['first'].lower()]} {found['link']} {names[found['last'].lower()]}{stop}"

    def read_day(found: re.Match[str]) -> str:
        name = names[found["day"].lower()]
        return name[:-1] + ending if name.endswith(_FEMININE) and word_before(found) in prepositions else name

    span = rf"(?P<first>{days})\.?\s?[-–—]\s?(?P<last>{days})(?![\w-])(?:\.(?=\s[^\WA-Z_]|[,;)]))?"
    pair = rf"(?P<first>{days})\.\s(?P<link>{_LINKS[grammar.rules.tag]})\s(?P<last>{days})(?:\.|(?!\w))"
    months = "|".join(re.escape(name) for name in sorted(grammar.rules.months, key=len, reverse=True)) or "(?!)"
    dated = rf",?\s(?:\d{{1,2}}(?:\.|st|nd|rd|th)?\s(?:of\s|de\s)?(?i:{months})(?!\w)|{_DATE})"
    if grammar.rules.month_names_first:
        dated += rf"|,?\s(?i:{months})\.?\s\d{{1,2}}(?!\d|[.:]\d)"
    day = rf"(?<!\d\s)(?P<day>{days})(?:\.(?=,?\s\d)|(?=\s(?:{_TIME}))|(?={dated}))"
    return [
        ReadingRule(re.compile(rf"(?<![\w-]){pattern}", flags), read)
        for pattern, read in ((span, read_range), (pair, read_pair), (day, read_day))
    ]
