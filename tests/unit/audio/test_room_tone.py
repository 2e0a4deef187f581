"""Room tone: pauses have a soft noise of the level that was chosen, and speech stays as it is."""

import numpy as np
import numpy.typing as npt
import pytest

from seriatim.audio.room_tone import LOOP_S, with_room_tone

RATE_HZ = 8_000


def mixed(samples: npt.NDArray[np.int16], level_db: float, *cuts: int) -> bytes:
    blocks = [block.tobytes() for block in np.split(samples, list(cuts))]
    return b"".join(with_room_tone(blocks, RATE_HZ, level_db))


@pytest.mark.parametrize("level_db", [-50.0, -60.0, -70.0])
def test_a_pause_has_noise_of_its_level(level_db: float) -> None:
    silence = np.zeros(RATE_HZ * (LOOP_S + 4), np.int16)
    noise = np.frombuffer(mixed(silence, level_db), "<i2") / 32768
    assert 10 * np.log10(np.mean(noise**2)) == pytest.approx(level_db, abs=0.6)
    loudest = 20 * np.log10(np.abs(noise).max())
    assert loudest < level_db + 16, "it has no clicks"
    assert abs(np.mean(noise)) < 1e-5


def test_the_bytes_do_not_depend_on_how_the_audio_is_cut() -> None:
    samples = np.arange(-30_000, 30_000, dtype=np.int16)
    assert mixed(samples, -60, 1, 2, 4_000, 33_333) == mixed(samples, -60)


def test_speech_is_changed_by_no_more_than_the_noise_and_never_wraps() -> None:
    samples = np.tile(np.array([-32_768, 32_767, 0, 1_000], np.int16), 5_000)
    found = np.frombuffer(mixed(samples, -60), "<i2").astype(int)
    assert np.abs(found - samples).max() <= 32768 * 10 ** ((-60 + 16) / 20)
