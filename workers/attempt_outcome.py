"""The outcome of one attempt at a sentence, as Flower, traces and the log show it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """The outcome of an attempt; the pool decides whether another attempt follows a failed one."""

    verdict: str  #: SPOKEN, FAILED, POSTPONED, DROPPED, or the reason why it was not due: STALE, GONE, UNKNOWN
    reason: str = ""
    audio_ms: float = 0.0

    @property
    def failed(self) -> bool:
        """True if the attempt was due and failed."""
        return self.verdict == "FAILED"

    @property
    def was_due(self) -> bool:
        """False if the message was one too many: its attempt had been claimed before, or is due no longer."""
        return self.verdict not in ("STALE", "GONE", "UNKNOWN")

    def log_fields(self) -> dict[str, object]:
        """The outcome as fields of a log line."""
        result = {"result": self.verdict.lower(), "audio_ms": round(self.audio_ms)}
        return result | ({"why": self.reason} if self.reason else {})

    def __str__(self) -> str:
        facts = f"{self.audio_ms / 1000:.2f} s" if self.verdict == "SPOKEN" else self.reason
        return f"{self.verdict} {facts}".rstrip()
