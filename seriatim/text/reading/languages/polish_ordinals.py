"""Polish ordinals: by rules of ours, since CLDR has none."""

from seriatim.text.reading.number_speller import NumberSpeller

_SPELLER = NumberSpeller("pl")
_ONES = [
    "zerowy", "pierwszy", "drugi", "trzeci", "czwarty", "piąty", "szósty", "siódmy", "ósmy", "dziewiąty",
    "dziesiąty", "jedenasty", "dwunasty", "trzynasty", "czternasty", "piętnasty", "szesnasty", "siedemnasty",
    "osiemnasty", "dziewiętnasty",
]  # fmt: skip
_TENS = [
    "dwudziesty", "trzydziesty", "czterdziesty", "pięćdziesiąty", "sześćdziesiąty", "siedemdziesiąty",
    "osiemdziesiąty", "dziewięćdziesiąty",
]  # fmt: skip
_HUNDREDS = [
    "setny", "dwusetny", "trzechsetny", "czterechsetny", "pięćsetny", "sześćsetny", "siedemsetny", "osiemsetny",
    "dziewięćsetny",
]  # fmt: skip
_THOUSANDS = {1: "tysięczny", 2: "dwutysięczny", 3: "trzytysięczny"}


def ordinal_words(number: int, ending: str = "y") -> str:
    """An ordinal number below 4000; `ending` of its masculine form: y, ego, ym, of others: a, e, ej."""
    parts: list[str] = []
    below = number % 100
    if below == 0:
        hundreds, thousands = number // 100 % 10, number // 1000
        last = _HUNDREDS[hundreds - 1] if hundreds else _THOUSANDS.get(thousands, _ONES[0])
        head = thousands * 1000 if hundreds else 0
        return " ".join([*([_SPELLER.cardinal(head)] if head else []), _inflected(last, ending)])
    if number >= 100:
        parts.append(_SPELLER.cardinal(number - below))
    ordinals = [_ONES[below]] if below < 20 else [_TENS[below // 10 - 2], *([_ONES[below % 10]] if below % 10 else [])]
    return " ".join([*parts, *(_inflected(word, ending) for word in ordinals)])


def _inflected(word: str, ending: str) -> str:
    """`word` ends in -y, or in -i, which stays in some endings: trzeci, trzeciego; drugi, drugiego, druga."""
    if word.endswith("y"):
        return word[:-1] + ending
    if ending == "y":
        return word
    stem = word[:-1] if word == "drugi" and ending == "a" else word
    return stem + ending.removeprefix("y")
