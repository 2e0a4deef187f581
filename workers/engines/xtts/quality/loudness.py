"""Loudness of a sentence, frame by frame, and its pauses.

The same whatever the chunks it comes in. Positions are samples of the sentence, 0-based; times are natural ms, that is
as they would be at speed 1.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FRAME_MS = 50  #: of heard sound, measured as one: longer than a stop consonant's closure, shorter than any pause
#: RMS of full scale below which a frame is quiet: 34 dB under the sentence's loudest frame, which is a breath, but
#: never under a vocoder's noise floor (-60 dBFS) nor over a soft consonant (-42)
QUIET_SHARE, QUIETEST, LOUDEST = 0.02, 0.001, 0.008
#: quiet this long may have been the end of the sentence: a natural ending leaves 120 ms
PAUSE_MS = 120.0


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """Quiet between two sounds."""

    start: int  #: its first sample
    ms: float  #: natural


class LoudnessMeter:
    """How loud a sentence is as it goes, frame by frame."""

    def __init__(self, emitted_samples: int, rate_hz: int, sample_ms: float) -> None:
        self.n_measured = emitted_samples  #: samples, in whole frames, those of an earlier attempt among them
        self.sounded = emitted_samples > 0
        self.sound_end = emitted_samples  #: the sample behind the last sound
        self._pauses: list[QuietSpan] = []
        self._onset = 0  # the first sample of the first sound
        self._loudest = 0.0
        self._sample_ms = sample_ms
        self._frame = round(FRAME_MS * rate_hz / 1000)
        self._rest = np.empty(0, np.float32)

    def hear(self, samples: npt.NDArray[np.float32]) -> None:
        sound = np.concatenate((self._rest, samples))
        n_frames = len(sound) // self._frame
        frames = sound[: n_frames * self._frame].reshape(n_frames, self._frame).astype(np.float64)
        self._rest = sound[n_frames * self._frame :]
        for loudness in np.sqrt(np.mean(frames * frames, axis=1)).tolist():
            self._frame_heard(loudness)

    def _frame_heard(self, loudness: float) -> None:
        self._loudest = max(self._loudest, loudness)
        if loudness > min(max(QUIET_SHARE * self._loudest, QUIETEST), LOUDEST):
            self._sound_heard()
        self.n_measured += self._frame

    def _sound_heard(self) -> None:
        """The frame at `n_measured` is a sound."""
        if not self.sounded:
            self._onset = self.n_measured
        elif self._quiet_ms >= PAUSE_MS:
            self._pauses.append(QuietSpan(self.sound_end, self._quiet_ms))
        self.sounded = True
        self.sound_end = self.n_measured + self._frame

    def all_pauses(self) -> list[QuietSpan]:
        """Those between sounds, and the one that lasts now; quiet before the first sound counts only while it lasts."""
        return (
            [*self._pauses, QuietSpan(self.sound_end, self._quiet_ms)] if self._quiet_ms >= PAUSE_MS else self._pauses
        )

    @property
    def _quiet_ms(self) -> float:
        """Since the last sound, or since the beginning."""
        return (self.n_measured - self.sound_end) * self._sample_ms

    @property
    def onset_ms(self) -> float:
        """Quiet before the first sound."""
        return (self._onset if self.sounded else self.n_measured) * self._sample_ms

    @property
    def spoken_ms(self) -> float:
        """From the first sound to the last."""
        return self.since_onset_ms(self.sound_end) if self.sounded else 0.0

    def since_onset_ms(self, sample: int) -> float:
        """From the first sound to a sample."""
        return (sample - self._onset) * self._sample_ms
