"""The measurement that Seriatim and all rivals run through: a listener that checks every byte, a clock, a memory watch.

A contender makes itself ready outside the clock (servers, worker processes, a first few sentences), and then turns
work into pieces of audio in order. What it yields is checked against the work's audio, so that a figure of a run that
lost, doubled or disordered something does not exist.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from bench.broker import BenchBroker, Profile, started
from bench.memory import watched
from bench.work import Work, audio

Piece = tuple[int, bytes]  #: 0-based sequence number of the sentence, and the next bytes of its audio, or none
Speak = Callable[[], Iterable[Piece]]  #: starts the work when called; its pieces are in order


class WrongAudio(Exception):
    """What was heard is not the text's audio in order."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to speak sentences in parallel and hear them in order."""

    durable: bool  #: a sentence that was handed over survives the end of the process that handed it over
    ready: Callable[
        [Work, BenchBroker], AbstractContextManager[Speak]
    ]  #: everything that comes before the clock starts
    expected: Callable[[int, int], bytes] = audio  #: the right audio, from a sequence number and a number of bytes


@dataclass(frozen=True, slots=True)
class PlaybackTimes:
    """Times of the first audio, first sentence and end, in seconds after the work was submitted."""

    first_audio_s: float
    first_sentence_s: float  #: the first sentence, whole
    total_s: float  #: the last byte


@dataclass(frozen=True, slots=True)
class Row:
    """What one run measured; all zero and a reason where it failed."""

    work: Work
    profile: Profile
    name: str = ""  #: of the entry
    durable: bool = False
    first_audio_ms: float = 0.0
    first_sentence_ms: float = 0.0
    total_s: float = 0.0
    peak_mb: float = 0.0  #: all processes together, the server's included
    redis_peak_mb: float = 0.0  #: the server's own count of the memory it used
    failure: str = ""  #: one line

    @property
    def sentences_per_s(self) -> float:
        """Sentences per second from handing the work over to the last byte; 0 where the run failed."""
        return self.work.sentences / self.total_s if self.total_s else 0.0


class _Listener:
    """Hears pieces, and where in the text it is."""

    def __init__(self, work: Work, expected: Callable[[int, int], bytes]) -> None:
        self._work, self._expected = work, expected
        self._audio = expected(0, work.audio_bytes)
        self.seq, self._offset = 0, 0  # the sentence that is being heard, and the bytes of it that were

    def hear(self, seq: int, pcm: bytes) -> None:
        if seq != self.seq or self.seq == self._work.sentences:
            raise WrongAudio(f"heard sentence {seq}, expected {self._place()}")
        if not self._audio.startswith(pcm, self._offset):
            raise WrongAudio(f"heard {len(pcm)} wrong bytes, expected {self._place()}")
        self._offset += len(pcm)
        if self._offset == len(self._audio):
            self.seq, self._offset = self.seq + 1, 0
            self._audio = self._expected(self.seq, self._work.audio_bytes)

    def end(self) -> None:
        if self.seq != self._work.sentences:
            raise WrongAudio(f"heard the end, expected {self._place()}")

    def _place(self) -> str:
        if self.seq == self._work.sentences:
            return f"the end after {self.seq} sentences"
        return f"sentence {self.seq} of {self._work.sentences} from byte {self._offset} on"


def listen(speak: Speak, work: Work, expected: Callable[[int, int], bytes] = audio) -> PlaybackTimes:
    """Hand the work over, hear all of it, and say when what came.

    Raises:
        WrongAudio: a byte is missing, doubled, wrong, or out of order.
    """
    listener = _Listener(work, expected)
    first_audio = first_sentence = 0.0
    start = time.perf_counter()
    for seq, pcm in speak():
        if not pcm:  # nothing is heard of it
            continue
        listener.hear(seq, pcm)
        first_audio = first_audio or time.perf_counter()
        if listener.seq and not first_sentence:
            first_sentence = time.perf_counter()
    listener.end()
    return PlaybackTimes(first_audio - start, first_sentence - start, time.perf_counter() - start)


def measured(contender: Contender, work: Work, profile: Profile) -> Row:
    """Run one contender on a server of its own, and return what it took.

    Raises:
        WrongAudio: as `listen`.
        Unavailable, BrokerFailed: as `started`.
    """
    with started(profile) as broker, contender.ready(work, broker) as speak:
        with watched() as peak:
            times = listen(speak, work, contender.expected)
        row = Row(work, profile, durable=contender.durable, redis_peak_mb=broker.peak_mb())
    return replace(
        row,
        first_audio_ms=times.first_audio_s * 1000,
        first_sentence_ms=times.first_sentence_s * 1000,
        total_s=times.total_s,
        peak_mb=peak.mb,
    )
