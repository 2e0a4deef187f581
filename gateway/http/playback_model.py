"""A playback model of one listener: plays from the first audio on, stalls when its buffer is empty. Pure.

It is what the figures of `/metrics` are made of: a real listener has a buffer of its own, and hears no less.
"""

from dataclasses import dataclass

VIABLE_S = 0.1  #: C100: the share of streams whose longest silence is at most this long


@dataclass(slots=True)
class PlaybackModel:
    """One stream. Times in s of any clock that only rises."""

    began_s: float | None = None  #: when the first sound came
    sound_s: float = 0.0  #: all that came
    silent_s: float = 0.0  #: all silences
    longest_s: float = 0.0  #: the longest silence

    @property
    def dry_s(self) -> float:
        """When all that came is played; 0 before anything has come."""
        return 0.0 if self.began_s is None else self.began_s + self.silent_s + self.sound_s

    def feed(self, at_s: float, sound_s: float) -> float:
        """Sound of so long came; returns the silence before it, in s."""
        if self.began_s is None:
            self.began_s = at_s
        silence_s = max(0.0, at_s - self.dry_s)
        self.silent_s += silence_s
        self.longest_s = max(self.longest_s, silence_s)
        self.sound_s += sound_s
        return silence_s
