"""The cost of a book, by the prices of pools that a setting names."""

import io

import pytest
from rich.console import Console

from gateway.book.making.book_cost import PoolPrice, RunCost, pool_prices
from gateway.cli.render.book_progress import BookProgress
from seriatim.errors import Misconfigured


def test_prices_are_of_a_million_characters() -> None:
    prices = pool_prices("openai = 15 USD, eleven=120.5,mine=0 EUR")
    assert prices == {"openai": PoolPrice(15, "USD"), "eleven": PoolPrice(120.5), "mine": PoolPrice(0, "EUR")}
    assert (prices["openai"].of(300_000), prices["eleven"].of(0)) == (4.5, 0)
    assert pool_prices("") == {}


def test_a_run_shows_what_is_spent_of_all() -> None:
    cost = RunCost(PoolPrice(10, "USD"), 400_000)
    assert (cost.text(0), cost.text(0.25)) == ("0.00 of about 4.00 USD", "1.00 of about 4.00 USD")
    console = Console(file=io.StringIO())
    with BookProgress(console, [(1, 10_000)], cost=cost) as progress:
        progress.chapters[0].add_audio(2_500)
        assert progress.line().endswith(" left, 1.00 of about 4.00 USD")


@pytest.mark.parametrize("text", ["openai=cheap", "openai=-1", "openai=15 dollars", "openai"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"SERIATIM_POOL_PRICES: .*; expected"):
        pool_prices(text)
