"""An engine for tests: a tone engine whose first attempt at a sentence that drips gives hardly any sound, for ever."""

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

from seriatim.engine import AudioChunk, Engine, Utterance
from workers.engines.tone.engine import ToneEngine
from workers.engines.tone.engine import load as load_tone

WORD = "drips"
PAUSE_S = 0.05  #: between two drops
DROP_BYTES = 2  #: a sample


class TricklingEngine:
    """A tone engine, and its one fault."""

    def __init__(self, tone: ToneEngine, first: Path) -> None:
        self._tone, self._first = tone, first

    def __getattr__(self, name: str) -> object:
        return getattr(self._tone, name)

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`."""
        pcm = b"".join(chunk.pcm for chunk in self._tone.speak(utterance, cancelled))
        if WORD not in utterance.text or not self._is_first():
            yield AudioChunk(pcm, last=True)
            return
        for n in count():
            time.sleep(PAUSE_S)
            if cancelled():
                return
            yield AudioChunk(pcm[n * DROP_BYTES : (n + 1) * DROP_BYTES])

    def _is_first(self) -> bool:
        try:
            self._first.open("xb").close()
        except FileExistsError:
            return False
        return True

    def close(self) -> None:
        """Nothing to release."""


def load(options: Mapping[str, str]) -> Engine:
    """Load the tone engine; the file of the option `first` is made by the first attempt that drips."""
    others = dict(options)
    first = Path(others.pop("first"))
    return TricklingEngine(load_tone(others), first)  # type: ignore[return-value]  # the rest is the tone engine's
