"""The takeovers bench: the silence of its player, which its figure stands on."""

import pytest

from bench.takeovers import PlayerClock


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
