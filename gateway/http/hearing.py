"""What a listener got when, as spans of the trace of his request: one for each sentence, from its first byte on."""

from dataclasses import dataclass, field

from seriatim import traces
from seriatim.entries import End, SentenceStart
from seriatim.traces import Span
from tasks.reading import Heard


@dataclass(slots=True)
class Hearing:
    """Sentences follow each other here, however many were spoken at once."""

    now: Span = field(default_factory=Span)

    def take(self, entry: Heard | End) -> None:
        """The listener is about to get this."""
        if isinstance(entry, SentenceStart | End):
            self.now.end()
        if isinstance(entry, SentenceStart):
            self.now = traces.begin("hear", seq=entry.seq)

    def end(self) -> None:
        """He has the end, or has left."""
        self.now.end()
