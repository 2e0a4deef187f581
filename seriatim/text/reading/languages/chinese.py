"""Chinese: Mandarin in simplified characters."""

import re

from seriatim.text.reading.language_rules import LanguageRules, Noun, WrittenDate, parse_money, parse_units, read_units
from seriatim.text.reading.languages.east_asian_ranges import east_asian_ranges
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONEY = """
¥ ￥ CN¥ CNY RMB | m 元
$ US$ USD        | m 美元
€ EUR            | m 欧元
£ GBP            | m 英镑
JPY              | m 日元
HK$ HKD          | m 港元
₩ KRW            | m 韩元
₽ RUB            | m 卢布
₿ BTC            | m 比特币
"""
_SCALES = """
万 | m 万
亿 | m 亿
"""
_WORDS = {
    "factorial": "的阶乘",
    "fold": "m 倍", "power": "的{}次方",
    "minus": "负", "plus": "加", "plusminus": "正负", "point": "点", "dot": "点", "percent": "百分之",
    "permille": "千分之", "percent_first": "yes", "to": "到", "ratio": "比", "by": "乘", "times": "乘以", "and": "和",
    "at": "艾特", "hashtag": "话题", "arrow": "到", "equals": "等于", "about": "约", "divided": "除以", "less": "小于",
    "greater": "大于", "at_most": "不超过", "at_least": "不少于", "unequal": "不等于", "version": "版本", "mixed": "又",
    "cents": "decimal", "per": "每", "periods": "小时|天|日|月|年|人|次|斤|公斤|千克|件|个|张|晚|分钟|秒|平方米|平米",
    "squared": "的平方", "cubed": "的立方", "clock_and": "", "root": "根号", "infinity": "无穷大",
}  # fmt: skip
_REFERENCES = {"№": "第", "§": "第", "#": "第", "~": "约", "p.": "第", "No.": "第"}
_LITERALS = {"和/或": "和或", "24/7": "全天候"}
_UNITS = {symbol: Noun("m", unit.forms) for symbol, unit in read_units("zh").items()}  # 两公里, not 二公里
_MODERN = 1900  #: a number below is as likely a quantity
_SPELLER = NumberSpeller(
    "zh", {"m": "spellout-cardinal-alternate2", "digits": "spellout-numbering-year-digits"}, {"〇": "零"}
)
_MEASURES = (
    "点(?!\\d)|公里|公斤|小时|分钟|[个位名只条张本件次年天周岁人块辆座层台家种遍杯瓶份碗颗粒片根勺盒袋支匙]|汤匙|茶匙"
)


def _year(found: re.Match[str]) -> str:
    return "".join(_SPELLER.cardinal(int(digit)) for digit in found["n"]) + found["noun"]


def _first_year(found: re.Match[str]) -> str:
    """`1990-1995年`: the first of two years."""
    return _SPELLER.digits(found["n"]).replace(" ", "") + "到"


def _counted(found: re.Match[str]) -> str:
    return _SPELLER.cardinal(int(found["n"]), "m") + found["noun"]


def _counted_plain(found: re.Match[str]) -> str:
    return _SPELLER.cardinal(int(found[0].partition("/")[0]))


def _room(found: re.Match[str]) -> str:
    """`301室`: the number of a room, digit by digit."""
    return _SPELLER.digits(found["n"]).replace(" ", "")


def _digits(found: re.Match[str]) -> str:
    return _SPELLER.digits(found[0]).replace(" ", "")


def _service(found: re.Match[str]) -> str | None:
    """`拨打119`, `打110报警`, `12345热线`: digit by digit where the sentence is about a call."""
    return _digits(found) if _CALL.search(found.string) else None


def _day_of_event(found: re.Match[str]) -> str:
    """`9·11事件`: what happened on a day is named by its digits."""
    return _SPELLER.digits(found["a"] + found["b"]).replace(" ", "")


def _subtraction(found: re.Match[str]) -> str:
    return f"{found['n'] or found['m']}减"


_CALL = re.compile("拨|致电|来电|报警|电话|急救|火警|热线|客服|短信|投诉|咨询|举报")


def _numeral(found: re.Match[str]) -> str:
    return f"第{_SPELLER.cardinal(roman_value(found['n']))}"


class Chinese(LanguageRules):
    """The rules of Chinese."""

    tag = "zh"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = _UNITS
    references = _REFERENCES
    literals = _LITERALS
    scales = parse_units(_SCALES)
    own_rules = (
        ReadingRule(re.compile(r"(?<![\d.-])(?P<n>[12]\d{3})\s?[-–—~～〜至到]\s?(?=[12]\d{3}年)"), _first_year),
        *east_asian_ranges("到"),
        ReadingRule(re.compile(r"(?<=[：:]\d\d)分|(?<=[：:]\d)分"), lambda _found: ""),
        ReadingRule(re.compile(r"(?P<n>\d{2,3})/(?=\d{2,3}\s?mmHg)"), lambda found: f"{_counted_plain(found)}比"),
        ReadingRule(
            re.compile(r"(?<=[GDCZTKYL])(?<![A-Za-z][GDCZTKYL])\d{1,4}(?=次)|(?<=[A-Z]{2})\d{3,4}(?=次?航班)"), _digits
        ),
        ReadingRule(re.compile(r"(?<![\d.,/A-Za-z-])(?:100(?:86|10)|123(?:06|15))(?![\d%万亿]|[.,/-]\d)"), _digits),
        ReadingRule(
            re.compile(
                r"(?<![\d.,/A-Za-z-])(?:11[0-49]|12[0-2]|100(?:00|99)|12[1-3]\d{2}|9[56]\d{3,4})"
                r"(?![\d%万亿千百元个人年月日天米分号次台部名只条本张块件岁]|[.,/-]\d)"
            ),
            _service,
        ),
        ReadingRule(
            re.compile(
                r"(?<!\d)(?P<a>\d{1,2})·(?P<b>\d{1,2})(?=[^\d，。]{0,2}(?:事件|地震|事变|运动|惨案|起义|恐袭|恐怖袭击))"
            ),
            _day_of_event,
        ),
        ReadingRule(
            re.compile(r"(?<![\d.])(?P<n>\d+)\s?[-−–]\s?(?=\d+\s?(?:=|等于))|(?<![\d.])(?P<m>\d+)\s[-−–]\s(?=\d)"),
            _subtraction,
        ),
        ReadingRule(re.compile(r"(?<=公元前)\d{1,4}(?=年)"), _counted_plain),
        ReadingRule(re.compile(r"(?<![\d.A-Za-z第])2(?=[万亿])"), lambda _found: "两"),
        ReadingRule(re.compile(rf"(?<![\d.A-Za-z第])2(?=[到至~～–-]\d{{1,2}}(?:{_MEASURES}))"), lambda _found: "两"),
        ReadingRule(
            re.compile(r"(?<=[\u4e00-\u9fff])(?P<n>(?=[IVX]{2})X{0,3}(?:IX|IV|V?I{0,3}))(?=世|$|[，。、；：？！）的])"),
            lambda found: _SPELLER.cardinal(roman_value(found["n"])),
        ),
        ReadingRule(re.compile(r"(?<![\d.-])(?P<n>1[3-9]\d{9})(?!\d)"), lambda found: _SPELLER.digits(found["n"])),
        ReadingRule(re.compile(r"第(?P<n>[IVX]+)(?=[章卷部节篇回世])"), _numeral),
        ReadingRule(re.compile(r"(?<![A-Za-z\d])(?P<n>[12]\d{3}|\d\d)(?P<noun>年(?![后前内多来间]))"), _year),
        ReadingRule(re.compile(rf"(?<![A-Za-z\d.,:/月年第])(?P<n>\d{{1,9}})(?P<noun>{_MEASURES})"), _counted),
        ReadingRule(re.compile(r"(?<![A-Za-z\d.,:-])(?P<n>[1-9]\d{2,3})(?=号?[室房](?!间))"), _room),
    )
    spaced = False
    attached = True

    def plural(self, _number: int | None) -> int:
        return 0

    def year(self, number: int) -> str:
        """Digit by digit, where it is surely a year."""
        if number < _MODERN:
            return self.speller.cardinal(number)
        return "".join(self.speller.cardinal(int(digit)) for digit in str(number))

    def date(self, date: WrittenDate) -> str:
        year = f"{self.year(date.year)}年" if date.year else ""
        return f"{year}{self.speller.cardinal(date.month)}月{self.speller.cardinal(date.day)}日"

    def clock(self, hour: int, minute: int) -> str:
        minutes = f"{'零' if minute < 10 else ''}{self.speller.cardinal(minute)}分" if minute else ""
        return f"{self.speller.cardinal(hour, 'm')}点{minutes}"

    def fraction(self, top: int, bottom: int) -> str | None:
        return f"{self.speller.cardinal(bottom)}分之{self.speller.cardinal(top)}"
