"""Arabic ordinals: `المركز 1`, `القرن الـ 19`, `الساعة 3`, where the noun before a number leaves no doubt."""

import re

from seriatim.text.reading.languages.arabic_counts import SPELLER, counted
from seriatim.text.reading.reading_rule import ReadingRule

_MASCULINE = ("الأول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع", "العاشر")
_FEMININE = (
    "الأولى",
    "الثانية",
    "الثالثة",
    "الرابعة",
    "الخامسة",
    "السادسة",
    "السابعة",
    "الثامنة",
    "التاسعة",
    "العاشرة",
)
_TENS = ("العشرون", "الثلاثون", "الأربعون", "الخمسون", "الستون", "السبعون", "الثمانون", "التسعون")
MOST = 99  #: no greater number is read as an ordinal
#: singular nouns whose number is an ordinal; the ending shows the gender
_NOUNS = (
    "المركز|القرن|الطابق|الدور|الفصل|الباب|الجزء|المستوى|الأسبوع|اليوم|الشهر|الموسم|العقد|الصف|المجلد|الكتاب|المؤتمر"
    "|المرتبة|الدورة|الجولة|المرحلة|الحلقة|الدرجة|المرة|الألفية|النسخة|الطبعة|المادة|الذكرى|القمة|السورة|الآية"
)
_AFTER = r"(?![\w%٪٫٬]|[.,:/٫٬–-]\d|\s?[–—-]\s?\d|\s?(?:×|إلى))"
_ORDINAL = re.compile(
    rf"(?<!\w)(?P<noun>(?:[وفبك]?(?:{_NOUNS})|ل(?:{_NOUNS.replace('ال', 'ل')})))\s"
    rf"(?:الـ?\s?)?(?P<n>[1-9]\d?){_AFTER}"
)
_HOUR = re.compile(rf"(?<!\w)(?P<noun>[وفبك]?الساعة)\s(?P<n>1?[1-9]|10|2[0-4]){_AFTER}")
#: الدول الـ 20: a number with an article of its own
_DEFINITE = re.compile(
    rf"(?<!\w)(?P<before>[وبك]?)الـ?\s?(?P<n>[1-9]\d?|100|1000){_AFTER}(?=\s(?P<noun>[\u0621-\u064a]{{3,}})|)"
)


#: words that take the genitive, which shows in tens alone: في القرن العشرين
_GENITIVE = re.compile(
    r"(?:(?<!\w)[وف]?(?:في|من|إلى|على|عن|خلال|منذ|حتى|قبل|بعد|مع|نهاية|بداية|أوائل|أواخر|منتصف|مطلع|كل)\s|[بلك])\Z"
)


def ordinal(number: int, *, feminine: bool) -> str:
    """An ordinal with its article; 1..99."""
    ones = _FEMININE if feminine else _MASCULINE
    if number <= 10:
        return ones[number - 1]
    tens, one = divmod(number, 10)
    name = ("الحادية" if feminine else "الحادي") if one == 1 else ones[one - 1] if one else ""
    if tens == 1:
        return f"{name} {'عشرة' if feminine else 'عشر'}"
    return f"{name} و{_TENS[tens - 2]}" if one else _TENS[tens - 2]


def _is_feminine(noun: str) -> bool:
    return noun.endswith(("ة", "الذكرى"))


def _ordinal(found: re.Match[str]) -> str:
    noun = found["noun"]
    words = ordinal(int(found["n"]), feminine=_is_feminine(noun))
    before = found.string[: found.start()] + noun.partition("ال")[0]
    is_genitive = noun.startswith(("لل", "ول")) or _GENITIVE.search(before)
    return f"{noun} {words.removesuffix('ون') + 'ين' if is_genitive and words.endswith('ون') else words}"


def _hour(found: re.Match[str]) -> str:
    number = int(found["n"])
    return f"{found['noun']} {'الواحدة' if number == 1 else ordinal(number, feminine=True)}"


def _definite(found: re.Match[str]) -> str:
    number, noun = int(found["n"]), found["noun"] or ""
    words = counted(number, feminine=noun.endswith("ة")) if noun and number > 2 else SPELLER.cardinal(number)
    words = words.replace(" و", " وال")
    return f"{found['before']}ال{words}"


ARABIC_ORDINALS = (
    ReadingRule(_ORDINAL, _ordinal),
    ReadingRule(_HOUR, _hour),
    ReadingRule(_DEFINITE, _definite),
)
