"""The takeovers bench: the silence of its player, which its figure stands on."""

import pytest

from bench.takeovers import PlayerClock, Takeover, figures, words_at_seam
from tests.providers.provider_simulator import MS_PER_CHAR


def test_silence_is_the_time_for_which_a_player_has_nothing() -> None:
    player = PlayerClock()
    player.add(1_000, 10.0)
    player.add(500, 10.9)
    assert player.silence_s == 0
    player.add(500, 11.8)
    assert player.silence_s == pytest.approx(0.3)
    player.add(100, 12.3)
    assert player.silence_s == pytest.approx(0.3)
    assert player.got_ms == 2_100


@pytest.mark.parametrize(
    ("n_heard", "rest", "lost", "again"),
    [
        (7, "brown fox runs", 0, 0),
        (6, "red brown fox runs", 0, 0),
        (7, "red brown fox runs", 0, 1),
        (8, "brown fox runs", 0, 0),
        (12, "brown fox runs", 0, 0),
        (13, "brown fox runs", 0, 1),
        (12, "fox runs", 1, 0),
        (1, "runs", 4, 0),
        (17, "red brown fox runs", 0, 3),
    ],
)
def test_words_that_are_lost_or_come_again(n_heard: int, rest: str, lost: int, again: int) -> None:
    text = "The red brown fox runs"
    assert words_at_seam(text, n_heard * MS_PER_CHAR, rest) == (lost, again)


def test_figures_of_rounds() -> None:
    rounds = [Takeover(ms * 10.0, int(ms == 5), ms % 3) for ms in range(21)]
    assert figures(rounds) == {
        "rounds": 21, "silence_p50_ms": 100, "silence_p95_ms": 190, "silence_most_ms": 200, "lost": 1, "again": 2,
    }  # fmt: skip
