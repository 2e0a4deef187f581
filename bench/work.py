"""The work that every entry of the bench gets: sentences of a known cost, with audio that can be checked byte for byte.

A sentence's audio is a slice of fixed noise that depends on its sequence number alone: making and checking it costs
some microseconds, nothing beside a queue, and a byte that is missing, doubled or out of place is seen.
"""

import random
import time
from dataclasses import dataclass

SLEEP_MS = 68.16  #: wall time of one sentence: 1,000 of them on 4 workers are 17.04 s, as in our earlier measurements
AUDIO_BYTES = 100_000  #: about 2.1 s of s16le mono at 24 kHz, a sentence of ordinary length
_NOISE_BYTES = 1 << 20
_STRIDE = 7_919  #: a prime, so that neighbouring sentences share no audio at the same offset
_NOISE = random.Random(20_240_229).randbytes(_NOISE_BYTES)

Request = tuple[int, str, float, int]  #: a task's arguments: sequence number, text, cost in seconds, bytes of audio


@dataclass(frozen=True, slots=True)
class Work:
    """N sentences for a number of workers."""

    sentences: int
    cost_ms: float = SLEEP_MS  #: wall time a worker sleeps for each sentence, as a model on a GPU would take; 0: none
    workers: int = 4  #: sentences spoken at once
    audio_bytes: int = AUDIO_BYTES  #: bytes of audio of each sentence

    @property
    def engine(self) -> str:
        """The name of the engine that costs so much: `sleep`, or `noop` for one that costs nothing."""
        return "sleep" if self.cost_ms else "noop"

    @property
    def cost_s(self) -> float:
        """Seconds that all sentences take one after another."""
        return self.sentences * self.cost_ms / 1000

    @property
    def ideal_s(self) -> float:
        """The shortest possible time in seconds: all workers busy from the first moment to the last."""
        return self.cost_s / self.workers

    def request(self, seq: int) -> Request:
        """Return the arguments that a rival's task gets for sentence `seq` (0-based); they fit in JSON."""
        text = f"This is sentence {seq} of a text that is read aloud, and it is about as long as most of them are."
        return seq, text, self.cost_ms / 1000, self.audio_bytes


def audio(seq: int, n_bytes: int) -> bytes:
    """Return the audio of sentence `seq` (0-based): always the same bytes for the same arguments."""
    at = seq * _STRIDE % _NOISE_BYTES
    found = _NOISE[at : at + n_bytes]
    while len(found) < n_bytes:
        found += _NOISE[: n_bytes - len(found)]
    return found


def speak(seq: int, text: str, cost_s: float, n_bytes: int) -> bytes:
    """Take as long as a model would, and return the whole audio of one sentence; `text` travels as it would for one."""
    if cost_s:
        time.sleep(cost_s)
    return audio(seq, n_bytes)
