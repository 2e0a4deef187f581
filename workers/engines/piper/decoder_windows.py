"""Decoder windows: the latent frames of a sentence become sound stretch by stretch, each with context around it.

The windows depend on the number of frames alone, never on a listener's buffer, so a sentence has the same bytes in
every attempt. The first one is short, for an early first sound.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FIRST, STEP = 24, 96  #: frames of the first window, 0.28 s, and of the others: 91 ms to the first sound, measured
LEAST = 12  #: fewer frames than this are no window of their own


@dataclass(frozen=True, slots=True)
class Context:
    """Frames around a window that its samples depend on."""

    left: int
    right: int


CONTEXTS = (Context(34, 28), Context(64, 64))  #: measured for a voice of medium quality; for larger networks
WHOLE = Context(-1, -1)  #: all frames in one window


def windows(n_frames: int, context: Context) -> Iterator[tuple[int, int]]:
    """The stretches `(start, end)` of frames that are decoded one after another."""
    if context == WHOLE:
        yield 0, n_frames
        return
    start, size = 0, FIRST
    while start < n_frames:
        end = start + size if n_frames - start - size >= LEAST else n_frames
        yield start, end
        start, size = end, STEP


def decode_frames(
    decoder: Any, tensors: Mapping[str, Any], of_speaker: Mapping[str, Any], context: Context, hop: int
) -> Iterator[npt.NDArray[np.float32]]:
    """Decode all frames, window by window: float32[n_samples], -1..1.

    Args:
        decoder: the session of decoder.onnx.
        tensors: its inputs with frames on their last axis.
        of_speaker: its other inputs.
        context: frames around each window.
        hop: samples per frame.
    """
    n_frames = next(iter(tensors.values())).shape[-1]
    for start, end in windows(n_frames, context):
        low = max(0, start - context.left) if context.left >= 0 else 0
        high = min(n_frames, end + context.right)
        high = n_frames if context == WHOLE else high
        inputs = {name: np.ascontiguousarray(each[..., low:high]) for name, each in tensors.items()}
        wave = decoder.run(None, inputs | dict(of_speaker))[0].reshape(-1)
        yield wave[(start - low) * hop : (end - low) * hop]
