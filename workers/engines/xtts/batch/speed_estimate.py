"""Speed estimate of the model: decides the sizes of pieces (`chunk_sizes.py`), and what speaking costs.

A piece's cost is a straight line over its latents, fitted to the last ones with weights that fade, because a machine
is slower while others use it and a batch is slower the fuller it is.
"""

from dataclasses import dataclass, field

from workers.engines.xtts.batch.chunk_sizes import SpeedEstimate

FADE = 0.9  #: of the weight of what was measured before, with each measurement: about the last ten count


@dataclass(slots=True)
class FadingRegression:
    """y = at_zero + slope * x, by least squares with fading weights; neither below 0."""

    weight: float = 0.0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def add(self, x: float, y: float) -> None:
        """One measurement."""
        self.weight = self.weight * FADE + 1
        self.x, self.y = self.x * FADE + x, self.y * FADE + y
        self.xx, self.xy = self.xx * FADE + x * x, self.xy * FADE + x * y

    def fitted(self) -> tuple[float, float]:
        """(at zero, slope); of measurements that are all alike, the line through 0."""
        if not self.weight or not self.x:
            return 0.0, 0.0
        spread = self.weight * self.xx - self.x * self.x
        slope = (self.weight * self.xy - self.x * self.y) / spread if spread > 1e-6 * self.xx else -1.0
        at_zero = (self.y - slope * self.x) / self.weight
        if slope < 0 or at_zero < 0:
            return 0.0, self.y / self.x
        return at_zero, slope


@dataclass(slots=True)
class SpeedMeter:
    """Measures the model's thread. All times in ms of wall time."""

    code_ms: float = 0.0  #: of one step of the batch, with what lies between steps but the vocoder
    others: float = 0.0  #: latents that are vocoded together with a row's own, on the mean
    vocoding: FadingRegression = field(default_factory=FadingRegression)

    def stepped(self, ms: float) -> None:
        """A step was made."""
        self.code_ms = ms if not self.code_ms else FADE * self.code_ms + (1 - FADE) * ms

    def vocoded(self, n_latents: int, n_pieces: int, ms: float) -> None:
        """Pieces of so many latents together were vocoded."""
        self.vocoding.add(n_latents, ms)
        self.others = FADE * self.others + (1 - FADE) * n_latents * (n_pieces - 1) / n_pieces

    def now(self) -> SpeedEstimate:
        """What one row may expect."""
        at_zero, slope = self.vocoding.fitted()
        return SpeedEstimate(self.code_ms, at_zero + slope * self.others, slope)
