"""Arabic counts: numbers with the nouns that they count, and the hours of the clock.

From three to ten, a number has the opposite gender of its noun's singular; behind a hundred, what is left of it counts.
One stands behind its noun, and two is a form of the noun. Case endings are not spoken.
"""

import re

from seriatim.text.reading.number_speller import NumberSpeller

SPELLER = NumberSpeller(
    "ar",
    {},
    {
        "إثنان": "اثنان", "إثنا": "اثنا", "إحدى عشر": "أحد عشر", "ثلاثة مائة": "ثلاثمائة", "أربعة مائة": "أربعمائة",
        "أربعةمائة": "أربعمائة", "خمسة مائة": "خمسمائة", "ستة مائة": "ستمائة", "سبعة مائة": "سبعمائة",
        "ثمانية مائة": "ثمانمائة", "تسعة مائة": "تسعمائة",
    },
)  # fmt: skip
_WITH_FEMININE = {3: "ثلاث", 4: "أربع", 5: "خمس", 6: "ست", 7: "سبع", 8: "ثماني", 9: "تسع", 10: "عشر"}
_UNITS_FEMININE = {1: "إحدى", 2: "اثنتان", **_WITH_FEMININE, 8: "ثمان"}
#: plurals of feminine nouns that no ending shows
_FEMININE_PLURALS = frozenset((
    "دقائق", "ثوان", "ثواني", "ليال", "ليالي", "قصص", "مدن", "غرف", "صور", "قرى", "بنات", "نساء", "لغات", "جمل",
    "قطع", "نسخ", "فرق", "دول", "رسائل", "طاولات", "حقائب", "سيارات", "أيد", "عيون", "سنين", "مراحل", "نقاط", "مواد",
))  # fmt: skip
#: plurals in -at of masculine nouns
_MASCULINE_PLURALS = frozenset((
    "دولارات", "كيلومترات", "غرامات", "كيلوغرامات", "مترات", "ريالات", "مليارات", "تريليونات", "قرارات", "مطارات",
    "حيوانات", "اجتماعات", "خيارات", "سنتات", "لترات", "امتحانات", "باصات", "فنادقات", "تلفونات", "نباتات",
    "سنتيمترات", "قطارات", "جنيهات", "حسابات", "إعلانات", "اختبارات", "مشروعات", "موضوعات", "كيلوات",
))  # fmt: skip
#: words that no number counts, though they stand behind it
_NO_NOUNS = frozenset((
    "في", "من", "إلى", "على", "عن", "مع", "هو", "هي", "كان", "كانت", "أو", "ثم", "بعد", "قبل", "حتى", "لكن", "منذ",
    "عند",
    "ألف", "آلاف", "مليون", "ملايين", "مليار", "مليارات", "يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو",
    "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر", "هذا", "هذه", "ذلك", "التي", "الذي", "فقط", "تقريبا", "بالمئة",
    "صباحا", "مساء", "درجة", "يورو", "ميلادي", "هجري", "غير", "كل", "بين",
))  # fmt: skip
#: a number behind one of these names it
_HEADS = frozenset(
    ("رقم", "صفحة", "فصل", "سنة", "عام", "ساعة", "باب", "قسم", "جزء", "مادة", "بند", "طابق", "غرفة", "رحلة")
)
COUNTED = re.compile(r"(?<![\w.,:/–-])(?P<n>\d{1,4})\s(?P<noun>[\u0621-\u064a\u064b]{3,})(?!\w)")
_HEAD = re.compile(r"(\w+)\s\Z")
_HOURS = (
    "الصفر", "الواحدة", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة", "التاسعة",
    "العاشرة", "الحادية عشرة", "الثانية عشرة", "الثالثة عشرة", "الرابعة عشرة", "الخامسة عشرة", "السادسة عشرة",
    "السابعة عشرة", "الثامنة عشرة", "التاسعة عشرة", "العشرون", "الحادية والعشرون", "الثانية والعشرون",
    "الثالثة والعشرون", "الرابعة والعشرون",
)  # fmt: skip


#: the duals of plurals that people write behind 2; of other plurals it is not known
_DUALS = {
    "أيام": "يومان", "سنوات": "سنتان", "أشهر": "شهران", "شهور": "شهران", "أشخاص": "شخصان", "كتب": "كتابان",
    "دقائق": "دقيقتان", "ساعات": "ساعتان", "مرات": "مرتان", "أسابيع": "أسبوعان", "أطفال": "طفلان", "رجال": "رجلان",
    "أعوام": "عامان", "أولاد": "ولدان",
}  # fmt: skip
#: singular nouns that are feminine without an ending
_FEMININE_SINGULARS = frozenset(("بنت", "أخت", "أم", "عين", "يد", "أرض", "شمس", "نار", "دار", "حرب", "نفس", "بئر"))


def is_feminine(noun: str) -> bool:
    """Is the singular of a noun feminine?"""
    if noun in _FEMININE_SINGULARS:
        return True
    if noun.endswith("ات"):
        return noun not in _MASCULINE_PLURALS
    return noun.endswith("ة") or noun in _FEMININE_PLURALS


def _below_hundred(number: int, *, feminine: bool) -> str:
    if not feminine or (number % 10 == 0 and number > 10):
        return SPELLER.cardinal(number)
    if number <= 10:
        return _WITH_FEMININE.get(number, SPELLER.cardinal(number))
    unit = number % 10
    if number < 20:
        return f"{ {1: 'إحدى', 2: 'اثنتا'}.get(unit) or _WITH_FEMININE[unit] } عشرة"
    return f"{_UNITS_FEMININE[unit]} و{SPELLER.cardinal(number - unit)}"


def counts(noun: str) -> bool:
    """May a number before this word count it?"""
    return noun not in _NO_NOUNS and not noun.startswith(("ال", "وال", "بال"))


def counted(number: int, *, feminine: bool) -> str:
    """A number above two before its noun; the noun's singular has that gender."""
    below = number % 100
    if number < 100:
        return _below_hundred(number, feminine=feminine)
    if below < 3:
        return SPELLER.cardinal(number)
    return f"{SPELLER.cardinal(number - below)} و{_below_hundred(below, feminine=feminine)}"


def read_counted(found: re.Match[str]) -> str | None:
    """`3 سنوات`, `1 كتاب`, `2 كتاب`; None where the number does not count the word behind it."""
    number, noun = int(found["n"]), found["noun"]
    head = _HEAD.search(found.string, 0, found.start())
    before = head[1] if head else ""
    if not counts(noun) or before in _HEADS or before.startswith("ال"):
        return None
    return f"{noun} {'واحدة' if is_feminine(noun) else 'واحد'}" if number == 1 else counted_noun(number, noun)


def counted_noun(number: int, noun: str) -> str | None:
    """A number with its noun, which alone is one, and in a form of its own two; None where that form is not sure."""
    feminine = is_feminine(noun)
    if number == 2 and noun in _DUALS:
        return _DUALS[noun]
    if number == 1:
        return noun
    if number == 2:
        return f"{noun[:-1]}تان" if noun.endswith("ة") else None if noun.endswith(("ات", "ان", "ين")) else f"{noun}ان"
    return f"{counted(number, feminine=feminine)} {noun}" if number else None


def clock_words(hour: int, minute: int) -> str:
    """A time of day: the third and a half, the fourth less a quarter; hour 0..24."""
    if minute == 45 and 0 < hour < 24:
        return f"{_HOURS[1 if hour == 12 else hour + 1]} إلا الربع"
    name = _HOURS[hour]
    if minute in (0, 15, 30):
        return name + {0: "", 15: " والربع", 30: " والنصف"}[minute]
    if minute < 3:
        return f"{name} {('ودقيقة', 'ودقيقتان')[minute - 1]}"
    return f"{name} و{counted(minute, feminine=True)} {'دقائق' if minute <= 10 else 'دقيقة'}"
