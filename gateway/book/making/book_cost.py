"""The cost of a book: what the characters that engines are sent cost, by the prices that a setting names. Pure."""

import re
from dataclasses import dataclass

from seriatim.errors import Misconfigured
from seriatim.setting_pairs import setting_pairs

PER_CHARACTERS = 1_000_000  #: providers list their prices so
_PRICE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Z]{3})?")


@dataclass(frozen=True, slots=True)
class PoolPrice:
    """The price of a million characters in a pool."""

    price: float
    currency: str = ""  #: ISO 4217; "": not named

    def of(self, characters: float) -> float:
        """The price of so many characters."""
        return round(self.price * characters / PER_CHARACTERS, 4)

    def text(self, characters: float) -> str:
        """That price for people, such as `1.20 USD`."""
        return f"{self.of(characters):.2f} {self.currency}".rstrip()


@dataclass(frozen=True, slots=True)
class RunCost:
    """The cost of the characters that a run speaks."""

    price: PoolPrice
    characters: int

    def text(self, part: float) -> str:
        """The cost of a part (0..1), and of all: `0.20 of about 1.20 USD`."""
        return f"{self.price.of(part * self.characters):.2f} of about {self.price.text(self.characters)}"


def pool_prices(text: str) -> dict[str, PoolPrice]:
    """The prices of SERIATIM_POOL_PRICES, by the names of pools.

    Raises:
        Misconfigured: it has another form.
    """
    prices = {}
    for pool, value in setting_pairs("POOL_PRICES", text, "POOL=PRICE").items():
        match = _PRICE.fullmatch(value)
        if match is None:
            raise Misconfigured(f"SERIATIM_POOL_PRICES: {value!r}; expected a price and its currency, such as 15 USD")
        prices[pool] = PoolPrice(float(match[1]), match[2] or "")
    return prices
