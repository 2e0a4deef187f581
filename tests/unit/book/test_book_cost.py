"""The cost of a book, by the prices of pools that a setting names."""

import pytest

from gateway.http.books.book_cost import PoolPrice, pool_prices
from seriatim.errors import Misconfigured


def test_prices_are_of_a_million_characters() -> None:
    prices = pool_prices("openai = 15 USD, eleven=120.5,mine=0 EUR")
    assert prices == {"openai": PoolPrice(15, "USD"), "eleven": PoolPrice(120.5), "mine": PoolPrice(0, "EUR")}
    assert (prices["openai"].of(300_000), prices["eleven"].of(0)) == (4.5, 0)
    assert pool_prices("") == {}


@pytest.mark.parametrize("text", ["openai=cheap", "openai=-1", "openai=15 dollars", "openai"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"SERIATIM_POOL_PRICES: .*; expected"):
        pool_prices(text)
