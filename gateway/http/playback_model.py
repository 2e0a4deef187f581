"""Playback model of one listener: it plays from the first audio on, and stalls while its buffer is empty. Pure.

The source of figures in `/metrics`. A real listener has a buffer of its own, and so no more silence than the model.
"""

from dataclasses import dataclass

VIABLE_S = 0.1  #: C100: the share of streams whose longest silence is at most this long


@dataclass(slots=True)
class PlaybackModel:
    """The playback of one stream. Times are in s of a monotonic clock."""

    began_s: float | None = None  #: time of the first audio
    audio_s: float = 0.0  #: duration of all audio received
    silent_s: float = 0.0  #: total of all silences
    longest_s: float = 0.0  #: the longest silence

    @property
    def dry_s(self) -> float:
        """The time at which all received audio is played; 0 before the first audio."""
        return 0.0 if self.began_s is None else self.began_s + self.silent_s + self.audio_s

    def feed(self, at_s: float, audio_s: float) -> float:
        """Add `audio_s` of audio received at `at_s`; returns the silence before it in s."""
        if self.began_s is None:
            self.began_s = at_s
        silence_s = max(0.0, at_s - self.dry_s)
        self.silent_s += silence_s
        self.longest_s = max(self.longest_s, silence_s)
        self.audio_s += audio_s
        return silence_s
