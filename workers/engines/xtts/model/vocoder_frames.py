"""From latents to the vocoder's frames: torch's linear interpolation, any part of it at a time.

XTTS makes one latent per code, at 22,050 / 1024 a second. Its decoder stretches them linearly, twice: by 4, then by
24,000 / 22,050; and where a speed is asked for, `Xtts.inference` stretches them by 1 / speed before that. The waveform
generator then makes 256 samples of each frame. While a sentence is still being generated only a part of its frames is
certain, and only a part is wanted; both are worked out here, so that the parts are the same, to the bit, as those of
one interpolation over the whole sentence (a test compares them with torch).

Torch computes where an element comes from in float32, by one fused multiply and add; 600 latents further on its
rounding is worth a ten thousandth of the step between two latents, so it is repeated here. (torch 2.13 on a CPU with
FMA; CUDA compilers fuse as well.)

Positions are 0-based. `known` is how many latents there are so far, `whole` whether no more will come.
"""

import math
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LinearInterpolation:
    """One linear interpolation, as `torch.nn.functional.interpolate(scale_factor=factor, mode="linear")` does it."""

    factor: float
    #: torch copies a sequence that its stretch would not make longer by an element; where this is False we stretch it
    copies: bool = True

    def length(self, n: int) -> int:
        """How many elements `n` become."""
        return math.floor(n * self.factor)

    def settled(self, n: int) -> int:
        """How many elements are certain once the first `n` of a sequence are known, however it goes on."""
        return max(0, min(self.length(n), math.ceil((n - 0.5) * self.factor - 0.5)))

    def sources(
        self, start: int, stop: int, n: int, *, whole: bool
    ) -> tuple[Indices, Indices, npt.NDArray[np.float32]]:
        """Where the elements `start` to `stop` come from: from `below` and `above`, by 1 - share and by share."""
        at = np.arange(start, stop)
        if self.copies and whole and self.length(n) == n:
            return at, at, np.zeros(len(at), np.float32)
        exact = (at + 0.5) * np.float64(np.float32(1 / self.factor)) - 0.5  # no rounding yet: 24 bits by 13
        place = np.maximum(exact.astype(np.float32), np.float32(0))
        below = np.minimum(place.astype(np.int64), n - 1)
        share = (place - below.astype(np.float32)).astype(np.float32)
        return below, np.minimum(below + 1, n - 1), np.minimum(share, np.float32(1))


@dataclass(frozen=True, slots=True)
class VocoderFrames:
    """The stretches of one sentence, first to last."""

    stretches: tuple[LinearInterpolation, ...]

    def count(self, known: int, *, whole: bool) -> int:
        """How many frames are certain."""
        return self._counts(known, whole=whole)[-1]

    def first_latent(self, frame: int, known: int) -> int:
        """The first latent that this frame, or any later one, is made of."""
        counts = self._counts(known, whole=False)
        for stretch, n in zip(reversed(self.stretches), reversed(counts[:-1]), strict=True):
            below, _, _ = stretch.sources(frame, frame + 1, max(1, n), whole=False)
            frame = int(below[0])
        return frame

    def weights(self, start: int, stop: int, known: int, *, whole: bool) -> tuple[int, npt.NDArray[np.float32]]:
        """The frames `start` to `stop` as weighted sums of latents.

        Returns:
            The first latent that they need, and float32[stop - start, n_latents]: a row a frame, a column a latent
            from that first one on.
        """
        counts = self._counts(known, whole=whole)
        made = np.eye(stop - start)
        for stretch, n in zip(reversed(self.stretches), reversed(counts[:-1]), strict=True):
            below, above, share = stretch.sources(start, stop, n, whole=whole)
            start, stop = int(below[0]), int(above[-1]) + 1
            made = made @ _matrix(below - start, above - start, share, stop - start)
        return start, made.astype(np.float32)

    def _counts(self, known: int, *, whole: bool) -> list[int]:
        """How many elements are certain before the first stretch, and after each."""
        return list(accumulate(self.stretches, lambda n, s: s.length(n) if whole else s.settled(n), initial=known))


def _matrix(below: Indices, above: Indices, share: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.float64]:
    """float64[len(below), n]: each row's two shares at its two columns, which may be one."""
    made = np.zeros((len(below), n))
    rows = np.arange(len(below))
    made[rows, below] = np.float32(1) - share
    made[rows, above] += share
    return made
