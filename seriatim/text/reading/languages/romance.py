"""Romance languages: what Spanish, Italian, Portuguese and French have in common.

Numbers agree with the gender of the noun behind them, which its ending tells mostly: `una hora`, `veintiún años`,
`duas mulheres`, `une heure`. A word that is surely no noun has no effect.
"""

from seriatim.text.reading.language_rules import LanguageRules


class RomanceRules(LanguageRules):
    """Rules of a Romance language; its own class says which nouns are feminine."""

    decimal_mark = ","
    fraction_as_number = True
    feminine_endings: tuple[str, ...] = ()
    masculine_endings: tuple[str, ...] = ()  #: exceptions from the feminine ones
    feminine_nouns: frozenset[str] = frozenset()  #: that no ending shows
    no_nouns: frozenset[str] = frozenset()  #: words behind a number that it does not count

    def agreement(self, number: int, noun: str) -> str:
        if not self.agrees(number) or not noun.islower() or noun in self.no_nouns:
            return ""
        return "f" if self.is_feminine(noun) else "m"

    def agrees(self, number: int) -> bool:
        """Has the number two forms?"""
        return number == 1

    def is_feminine(self, noun: str) -> bool:
        """Is a noun feminine, as far as its ending tells?"""
        if noun in self.feminine_nouns:
            return True
        return noun.endswith(self.feminine_endings) and not noun.endswith(self.masculine_endings)

    def regnal(self, number: int, name: str = "") -> str:
        form = "ordinal-f" if self.is_feminine(name.lower()) else "ordinal"
        return self.speller.cardinal(number, form if number <= 10 else "")
