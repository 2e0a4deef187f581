"""Volume of samples: louder or softer than they were spoken. Pure."""

import numpy as np

LOUDEST = 32_767  #: of s16le


def louder(pcm: bytes, factor: float) -> bytes:
    """Samples times `factor`, s16le; what would be too loud is clipped. Factor 1 changes nothing."""
    if factor == 1:
        return pcm
    scaled = np.rint(np.frombuffer(pcm, "<i2") * np.float64(factor))
    return np.clip(scaled, -LOUDEST - 1, LOUDEST).astype("<i2").tobytes()
