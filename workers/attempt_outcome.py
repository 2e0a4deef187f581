"""The outcome of one attempt at a sentence, as Flower, traces and the log show it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """What became of an attempt; a failed one was given back to the pool, which decides whether another follows."""

    word: str  #: SPOKEN, FAILED, DROPPED, or why it was not due: STALE, GONE, UNKNOWN
    reason: str = ""
    audio_ms: float = 0.0

    @property
    def failed(self) -> bool:
        """Was it due, and did it come to nothing?"""
        return self.word == "FAILED"

    def facts(self) -> dict[str, object]:
        """What became of it, for the log."""
        result = {"result": self.word.lower(), "audio_ms": round(self.audio_ms)}
        return result | ({"why": self.reason} if self.reason else {})

    def __str__(self) -> str:
        facts = f"{self.audio_ms / 1000:.2f} s" if self.word == "SPOKEN" else self.reason
        return f"{self.word} {facts}".rstrip()
