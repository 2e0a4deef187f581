"""Japanese."""

import re

from seriatim.text.reading.language_rules import LanguageRules, WrittenDate, parse_money, parse_units, read_units
from seriatim.text.reading.languages.east_asian_ranges import east_asian_ranges
from seriatim.text.reading.languages.forms.furigana import FURIGANA
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONEY = """
¥ ￥ JPY  | - 円
$ US$ USD | - ドル
€ EUR     | - ユーロ
£ GBP     | - ポンド
CN¥ CNY   | - 人民元
₩ KRW     | - ウォン
₽ RUB     | - ルーブル
₿ BTC     | - ビットコイン
"""
_SCALES = """
万 | - 万
億 | - 億
"""
_BOUNDS = {"<": "未満", ">": "超", "≤": "以下", "≥": "以上"}
_WORDS = {
    "root": "ルート", "infinity": "無限大", "squared": "の二乗", "cubed": "の三乗", "clock_and": "",
    "factorial": "の階乗",
    "fold": "- 倍", "power": "の{}乗",
    "minus": "マイナス", "plus": "プラス", "plusminus": "プラスマイナス", "point": "点", "dot": "点",
    "percent": "パーセント", "permille": "パーミル",
    "to": "から", "ratio": "対", "by": "かける", "times": "かける",
    "and": "と", "at": "アット", "hashtag": "ハッシュタグ", "arrow": "から", "equals": "イコール", "about": "約",
    "divided": "割る", "less": "小なり", "greater": "大なり", "at_most": "以下", "at_least": "以上",
    "unequal": "ノットイコール",
    "version": "バージョン", "mixed": "と", "cents": "decimal",
}  # fmt: skip
_REFERENCES = {"#": "ナンバー", "§": "セクション", "№": "ナンバー", "No.": "ナンバー", "~": "約", "p.": "ページ"}
_SPELLER = NumberSpeller("ja", {}, {"〇": "ゼロ"})


def _numeral(found: re.Match[str]) -> str:
    return f"第{_SPELLER.cardinal(roman_value(found['n']))}"


def _postal(found: re.Match[str]) -> str:
    """`〒100-0001`."""
    return "郵便番号" + "の".join(_SPELLER.digits(found[part]).replace(" ", "") for part in ("a", "b"))


class Japanese(LanguageRules):
    """The rules of Japanese."""

    tag = "ja"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("ja")
    references = _REFERENCES
    scales = parse_units(_SCALES)
    own_rules = (
        ReadingRule(
            re.compile(r"(?<![\w)]\s)(?<![\w)])(?P<sign>[<>≤≥])\s?(?P<n>\d+(?:\.\d+)?[%℃]?)(?!\d|[.,]\d)"),
            lambda found: f"{found['n']}{_BOUNDS[found['sign']]}",
        ),
        ReadingRule(re.compile(r"〒\s?(?P<a>\d{3})[-ー−](?P<b>\d{4})(?!\d)"), _postal),
        *FURIGANA,
        *east_asian_ranges("から"),
        ReadingRule(re.compile(r"第(?P<n>[IVX]+)(?=[章巻部節話回世])"), _numeral),
    )
    late_rules = (
        ReadingRule(
            re.compile("(?<=[時分日月年円人歳個階])\\s?[〜～~]\\s?(?=(?:午前|午後|翌)?[ゼ一二三四五六七八九十百千])"),
            lambda _found: "から",
        ),
    )
    spaced = False
    attached = True

    def plural(self, _number: int | None) -> int:
        return 0

    def date(self, date: WrittenDate) -> str:
        year = f"{self.speller.cardinal(date.year)}年" if date.year else ""
        return f"{year}{self.speller.cardinal(date.month)}月{self.speller.cardinal(date.day)}日"

    def clock(self, hour: int, minute: int) -> str:
        return f"{self.speller.cardinal(hour)}時{f'{self.speller.cardinal(minute)}分' if minute else ''}"

    def fraction(self, top: int, bottom: int) -> str | None:
        return f"{self.speller.cardinal(bottom)}分の{self.speller.cardinal(top)}"
