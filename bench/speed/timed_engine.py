"""A tone engine that notes when each sentence began and ended, in a file: what lies between is not the engine's.

Each sentence is one record: the thread, and the monotonic times of its beginning and of its last sound.
"""

import os
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from seriatim.engine import AudioChunk, Utterance
from workers.engines.engine_options import read_options
from workers.engines.tone.engine import ToneEngine, ToneOptions

RECORD = struct.Struct("<Qdd")


class TimedEngine(ToneEngine):
    """The tone engine, which appends to the file `record`."""

    def __init__(self, options: ToneOptions, record: str) -> None:
        super().__init__(options)
        self._file = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """As the tone engine does."""
        began_s = ended_s = time.monotonic()
        for chunk in super().speak(utterance, cancelled):
            ended_s = time.monotonic()
            yield chunk
        os.write(self._file, RECORD.pack(threading.get_ident(), began_s, ended_s))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def load(values: Mapping[str, str]) -> TimedEngine:
    """Load it, with the options of the tone engine and `record`, a file."""
    others = dict(values)
    record = others.pop("record")
    return TimedEngine(read_options(ToneOptions, "tone", others), record)


def gaps_ms(path: Path) -> list[float]:
    """The times, in ms, for which a place of the engine was empty between two sentences.

    A sentence takes the place that has been empty longest. With as many threads as places that is the thread's own, or
    one that had to wait longer.
    """
    events = []
    for _, began_s, ended_s in RECORD.iter_unpack(path.read_bytes()):
        events += [(began_s, True), (ended_s, False)]
    empty: deque[float] = deque()
    found = []
    for at_s, begins in sorted(events):
        if not begins:
            empty.append(at_s)
        elif empty:
            found.append((at_s - empty.popleft()) * 1000)
    return found
