"""A gain with a peak limiter behind it: no sample exceeds the ceiling, and nothing is clipped.

Around each sample that would exceed the ceiling the gain falls to what that sample allows, and returns, both along a
straight line of 5 ms: the least gain within 5 ms, and its mean over the same time. The mean of values that are all low
enough is low enough. The output is as long as the input, and its bytes do not depend on how the input was cut.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

LOOK_AHEAD_MS = 5  #: a fall within it is not heard as a click, and masked by the peak that follows
BLOCK = 1 << 14  #: samples worked on at once
_FULL_SCALE = 32768.0


def level_audio(audio: Iterable[bytes], rate_hz: int, gain_db: float, ceiling_db: float) -> Iterator[bytes]:
    """Audio, s16le mono, louder by `gain_db`, with no peak above `ceiling_db` (dBFS)."""
    gain, ceiling = 10 ** (gain_db / 20), 10 ** (ceiling_db / 20) * _FULL_SCALE
    reach = max(1, rate_hz * LOOK_AHEAD_MS // 1000)
    pending = np.zeros(2 * reach, np.float64)  # silence before the first sample
    for pcm in audio:
        pending = np.concatenate([pending, np.frombuffer(pcm, "<i2") * gain])
        while len(pending) >= BLOCK + 4 * reach:
            yield _limited(pending[: BLOCK + 4 * reach], reach, ceiling)
            pending = pending[BLOCK:]
    yield _limited(np.concatenate([pending, np.zeros(2 * reach)]), reach, ceiling)


def _limited(samples: NDArray[np.float64], reach: int, ceiling: float) -> bytes:
    """The samples but the first and last 2 × `reach`, which are the surroundings of the others."""
    middle = samples[2 * reach : -2 * reach]
    peaks = np.abs(samples)
    if peaks.size and peaks.max() > ceiling:
        allowed = np.minimum(1.0, ceiling / np.maximum(peaks, 1.0))
        window = 2 * reach + 1
        least = sliding_window_view(allowed, window).min(axis=1)
        middle = middle * sliding_window_view(least, window).mean(axis=1)
    # towards zero, so that rounding does not exceed the ceiling
    limited: bytes = np.clip(np.trunc(middle), -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()
    return limited
