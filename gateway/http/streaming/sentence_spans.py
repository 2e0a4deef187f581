"""Sentence spans: one trace span for each sentence that a listener gets, from its first byte on."""

from dataclasses import dataclass, field

from seriatim import tracing
from seriatim.reader_state import Heard
from seriatim.stream_entries import End, SentenceStart
from seriatim.tracing import TraceSpan


@dataclass(slots=True)
class SentenceSpans:
    """Sentences follow each other here, however many were spoken at once."""

    now: TraceSpan = field(default_factory=TraceSpan)

    def take(self, entry: Heard | End) -> None:
        """The listener is about to get this."""
        if isinstance(entry, SentenceStart | End):
            self.now.end()
        if isinstance(entry, SentenceStart):
            self.now = tracing.begin_span("hear", seq=entry.seq)

    def end(self) -> None:
        """He has the end, or has left."""
        self.now.end()
