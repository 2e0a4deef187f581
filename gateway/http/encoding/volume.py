"""Volume of samples, scaled by a factor. Pure."""

import numpy as np

MAX_SAMPLE = 32_767  #: of s16le


def scale_volume(pcm: bytes, factor: float) -> bytes:
    """Multiply s16le samples by `factor` and clip them; factor 1 returns them unchanged."""
    if factor == 1:
        return pcm
    scaled = np.rint(np.frombuffer(pcm, "<i2") * np.float64(factor))
    return np.clip(scaled, -MAX_SAMPLE - 1, MAX_SAMPLE).astype("<i2").tobytes()
