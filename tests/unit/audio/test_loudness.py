"""Loudness by BS.1770, and the limiter behind the gain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.audio.loudness import BlockLoudnessMeter, integrated_loudness
from seriatim.audio.peak_limiter import level_audio

RATE_HZ = 48_000


def sine(level_db: float, seconds: float = 4.0, hz: float = 997.0) -> bytes:
    """A sine wave whose amplitude is `level_db` below full scale."""
    t = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return np.rint(10 ** (level_db / 20) * 32767 * np.sin(2 * np.pi * hz * t)).astype("<i2").tobytes()


def histogram(pcm: bytes) -> dict[int, int]:
    meter = BlockLoudnessMeter(RATE_HZ)
    meter.write(pcm)
    return meter.histogram()


@pytest.mark.parametrize("level_db", [-20.0, -33.0])
def test_a_sine_wave_has_the_loudness_that_the_standard_states(level_db: float) -> None:
    """BS.1770-5, annex 1: a sine wave of 997 Hz at 0 dBFS in one channel is -3.01 LKFS."""
    assert integrated_loudness([histogram(sine(level_db, 20.0))]) == pytest.approx(level_db - 3.01, abs=0.1)


def test_quiet_parts_are_gated_over_all_that_was_measured() -> None:
    """EBU Tech 3341, case 3: parts that are more than 10 LU below the rest do not count."""
    loud, quiet = histogram(sine(-20.0, 20.0)), histogram(sine(-50.0, 20.0))
    assert integrated_loudness([quiet, loud]) == pytest.approx(-23.0, abs=0.15)
    assert integrated_loudness([{}]) == -np.inf


@given(
    st.lists(st.tuples(st.integers(-32768, 32767), st.integers(1, 900)), max_size=40),
    st.floats(-20, 40),
    st.lists(st.integers(0, 3000), max_size=30),
)
def test_no_sample_exceeds_the_ceiling_however_the_audio_is_cut(
    steps: list[tuple[int, int]], gain_db: float, cuts: list[int]
) -> None:
    samples = np.concatenate([np.zeros(0), *(np.full(n, value) for value, n in steps)]).astype("<i2")
    pcm, parts, at = samples.tobytes(), [], 0
    for n in cuts:
        parts.append(pcm[at : at + 2 * n])
        at += 2 * n
    whole = b"".join(level_audio([pcm], 8000, gain_db, -3.0))
    assert b"".join(level_audio([*parts, pcm[at:]], 8000, gain_db, -3.0)) == whole
    assert len(whole) == len(pcm)
    assert np.abs(np.frombuffer(whole, "<i2").astype(int)).max(initial=0) <= 10 ** (-3 / 20) * 32768


def test_audio_below_the_ceiling_gets_the_gain_alone() -> None:
    pcm = sine(-20.0)
    out = np.frombuffer(b"".join(level_audio([pcm], RATE_HZ, 6.0, -3.0)), "<i2")
    assert np.abs(out - np.frombuffer(pcm, "<i2") * 10 ** (6 / 20)).max() <= 1
