"""Korean: native numbers before hours and counters, Sino-Korean ones elsewhere."""

import re

from seriatim.text.reading.language_rules import LanguageRules, WrittenDate, parse_money, parse_units, read_units
from seriatim.text.reading.languages.east_asian_ranges import east_asian_ranges
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONEY = """
₩ KRW     | - 원
$ US$ USD | - 달러
€ EUR     | - 유로
£ GBP     | - 파운드
¥ JPY     | - 엔
CN¥ CNY   | - 위안
₽ RUB     | - 루블
₿ BTC     | - 비트코인
"""
_SCALES = """
만 | - 만
억 | - 억
조 | - 조
"""
_BOUNDS = {"<": " 미만", ">": " 초과", "≤": " 이하", "≥": " 이상"}
_WORDS = {
    "root": "루트", "infinity": "무한대", "squared": "제곱", "cubed": "세제곱", "clock_and": "",
    "factorial": "팩토리얼",
    "fold": "- 배", "power": "의 {}승",
    "minus": "마이너스", "plus": "플러스", "plusminus": "플러스마이너스", "point": "점", "dot": "점",
    "percent": "퍼센트", "permille": "퍼밀", "to": "에서", "ratio": "대", "by": "곱하기", "times": "곱하기",
    "and": "앤드",
    "at": "골뱅이", "hashtag": "해시태그", "arrow": "다음", "equals": "는", "about": "약", "divided": "나누기",
    "less": "미만", "greater": "초과", "at_most": "이하", "at_least": "이상", "unequal": "같지 않음", "version": "버전",
    "mixed": "와 ", "cents": "decimal",
}  # fmt: skip
_REFERENCES = {"№": "번호", "No.": "넘버", "#": "번호", "~": "약", "p.": "페이지"}
_SPELLER = NumberSpeller("ko", {"native": "spellout-cardinal-native-attributive"})
FIRST_SINO_KOREAN = 30  #: from here on, counters have Sino-Korean numbers, too
_MONTHS = {6: "유", 10: "시"}  #: June and October lose their last sound
_LOW = r"(?:[1-9]|1\d|2\d)"
_COUNTERS = "큰술|작은술|컵|그릇|켤레|송이|시간|시|개|명|살|마리|권|번째|잔|병|대|사람|가지|곳|달|장"


def _native(found: re.Match[str]) -> str:
    return f"{_SPELLER.cardinal(int(found['n']), 'native')} {found['noun']}"


def _range(found: re.Match[str]) -> str:
    """`3~5명`: both numbers are native."""
    low, noun = _SPELLER.cardinal(int(found["low"]), "native"), found["noun"]
    return f"{low} {noun}에서 {_native(found)}"


def _service(found: re.Match[str]) -> str:
    """`1588-1234`: a number to call, digit by digit."""
    return ", ".join(_SPELLER.digits(found[part]) for part in ("a", "b"))


def _event(found: re.Match[str]) -> str:
    """`6.25 전쟁`: what happened on a day is named by its digits."""
    return _SPELLER.digits(found["a"] + found["b"]).replace(" ", "")


def _month(found: re.Match[str]) -> str:
    return f"{_MONTHS.get(int(found['n'])) or _SPELLER.cardinal(int(found['n']))}월"


def _numeral(found: re.Match[str]) -> str:
    return f"제{_SPELLER.cardinal(roman_value(found['n']))}"


class Korean(LanguageRules):
    """The rules of Korean."""

    tag = "ko"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("ko")
    references = _REFERENCES
    scales = parse_units(_SCALES)
    counters = _COUNTERS
    own_rules = (
        ReadingRule(
            re.compile(r"(?<![\w)]\s)(?<![\w)])(?P<sign>[<>≤≥])\s?(?P<n>\d+(?:\.\d+)?[%℃]?)(?!\d|[.,]\d)"),
            lambda found: f"{found['n']}{_BOUNDS[found['sign']]}",
        ),
        ReadingRule(
            re.compile(
                r"(?<![\d.])(?P<y>[12]\d{3})\.\s(?P<m>1[0-2]|[1-9])\.\s(?P<d>[12]\d|3[01]|[1-9])\.?(?![\w.]|\s?\d)"
            ),
            lambda found: f"{found['y']}년 {found['m']}월 {found['d']}일",
        ),
        ReadingRule(
            re.compile(r"(?<![\d.,:])(?P<n>1[3-9]|2[0-4])시(?!간)"),
            lambda found: f"{_SPELLER.cardinal(int(found['n']))} 시",
        ),
        ReadingRule(
            re.compile(r"(?<![\d.,])(?P<a>\d{1,3})\s?대\s?(?P<b>\d{1,3})(?!\d|[.,]\d)"),
            lambda found: f"{_SPELLER.cardinal(int(found['a']))} 대 {_SPELLER.cardinal(int(found['b']))}",
        ),
        ReadingRule(
            re.compile(r"(?<![\d.,-])(?:112|114|119|120)(?=에|로|번|으로|\s?(?:구급|신고|소방))"),
            lambda found: _SPELLER.digits(found[0]),
        ),
        ReadingRule(re.compile(r"(?<![\w-])(?P<a>1[5-9]\d\d)-(?P<b>\d{4})(?![\w-])"), _service),
        ReadingRule(
            re.compile(
                r"(?<![\d.])(?P<a>\d{1,2})[.·](?P<b>\d{1,2})(?=\s?(?:전쟁|사변|광복절|운동|혁명|항쟁|절|테러|사태|참사))"
            ),
            _event,
        ),
        ReadingRule(re.compile(r"(?<![A-Za-z\d.,:])(?P<n>[3-9]\d)\s?(?P<noun>살)"), _native),
        ReadingRule(
            re.compile(rf"(?<![\d.,-])(?P<low>{_LOW})\s?[-–~～〜]\s?(?P<n>{_LOW})\s?(?P<noun>{_COUNTERS})"), _range
        ),
        *east_asian_ranges("에서 "),
        ReadingRule(re.compile(r"제\s?(?P<n>[IVX]+)(?=\s?[장권부절회막])"), _numeral),
        ReadingRule(re.compile(rf"(?<![A-Za-z\d.,:/제])(?P<n>[1-9]|1\d|2\d)\s?(?P<noun>{_COUNTERS})"), _native),
        ReadingRule(re.compile(r"(?<![A-Za-z\d.,:])(?P<n>1[0-2]|0?[1-9])월"), _month),
    )
    late_rules = (ReadingRule(re.compile("(?<=[시분일월년원층])\\s?[~〜～]\\s?(?=[가-힣])"), lambda _found: "에서 "),)
    attached = True

    def plural(self, _number: int | None) -> int:
        return 0

    def date(self, date: WrittenDate) -> str:
        year = f"{self.year(date.year)}년 " if date.year else ""
        month = _MONTHS.get(date.month) or self.speller.cardinal(date.month)
        return f"{year}{month}월 {self.speller.cardinal(date.day)}일"

    def clock(self, hour: int, minute: int) -> str:
        name = self.speller.cardinal(hour, "native" if 1 <= hour <= 12 else "")
        return f"{name} 시{f' {self.speller.cardinal(minute)} 분' if minute else ''}"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", gender: str = "") -> str | None:
        if noun and (top, bottom) == (1, 2) and whole < FIRST_SINO_KOREAN:
            return f"{self.speller.cardinal(whole, 'native')} {noun} 반"
        return super().mixed(whole, top, bottom, noun, gender)

    def fraction(self, top: int, bottom: int) -> str | None:
        return f"{self.speller.cardinal(bottom)}분의 {self.speller.cardinal(top)}"
