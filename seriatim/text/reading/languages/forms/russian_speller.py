"""A Russian speller: CLDR's words, with the ordinals of hundreds, which CLDR leaves as they count."""

from seriatim.text.reading.number_speller import NumberSpeller

_HUNDREDS = {200: "двух", 300: "трёх", 400: "четырёх", 500: "пяти", 600: "шести", 700: "семи", 800: "восьми",
             900: "девяти"}  # fmt: skip


class RussianSpeller(NumberSpeller):
    """Spells integers, and ordinals such as пятисотый."""

    def spell(self, number: int, ruleset: str) -> str:
        words = super().spell(number, ruleset)
        stem = _HUNDREDS.get(number % 1000)
        if stem is None or not ruleset.startswith("spellout-ordinal"):
            return words
        before, gap, _ = words.rpartition(" ")
        return f"{before}{gap}{stem}{super().spell(100, ruleset)}"
