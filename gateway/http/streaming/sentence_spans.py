"""Sentence spans: one trace span for each sentence that is sent to a listener, from its first byte on."""

from dataclasses import dataclass, field

from seriatim import tracing
from seriatim.reader_state import PlayableEntry
from seriatim.stream_entries import End, SentenceStart
from seriatim.tracing import TraceSpan


@dataclass(slots=True)
class SentenceSpans:
    """The spans of one stream, one after another."""

    current: TraceSpan = field(default_factory=TraceSpan)

    def start_entry(self, entry: PlayableEntry | End) -> None:
        """Update the span before an entry is sent."""
        if isinstance(entry, SentenceStart | End):
            self.current.end()
        if isinstance(entry, SentenceStart):
            self.current = tracing.begin_span("hear", seq=entry.seq)

    def end(self) -> None:
        """End the last span: the stream has ended or the listener disconnected."""
        self.current.end()
