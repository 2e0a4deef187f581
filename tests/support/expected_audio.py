"""Expected audio: what listeners of a test hear, and should hear, by an oracle without a pipeline."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from redis import Redis

from seriatim.client.job import Job
from seriatim.engine import Utterance
from seriatim.keys import ordered_stream
from seriatim.reader_state import PlayableEntry
from seriatim.records import Sentence
from seriatim.stream_entries import Audio, Discontinuity, Gap, SentenceStart
from seriatim.text.reading import read_sentence
from tests.support.process_system import PATIENCE_S, wait_until
from workers.engines.tone.engine import load
from workers.trim_and_fade import TrimFadeFilter

BLOCK_MS = 1_000  #: less than the 5 s after which redis-py gives an answer up
RATE_HZ = 8000  #: of the tone engine in `RealSystem.workers`: a third of the bytes of 24 kHz
PAUSE_MS = 200  #: of a request that says nothing else
ENGINE = load({"rate_hz": str(RATE_HZ)})
TUNE = "the red fox runs over green hills and sings of rivers that no map has ever shown to anybody"


@dataclass(slots=True)
class Listener:
    """Hears a job in a thread of its own."""

    job: Job
    after: str = "0-0"
    entries: list[PlayableEntry] = field(default_factory=list)
    error: Exception | None = None
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            self.entries.extend(self.job.audio(self.after))
        except Exception as error:  # noqa: BLE001  # handed to the caller that asks for the result
            self.error = error

    def all(self, patience_s: float = PATIENCE_S) -> list[PlayableEntry]:
        """Everything up to the end; raises the listener's error instead."""
        self._thread.join(patience_s)
        assert not self._thread.is_alive(), f"no end within {patience_s} s: {self.job.status()}"
        if self.error:
            raise self.error
        return self.entries

    def pcm(self, patience_s: float = PATIENCE_S) -> bytes:
        """All sound up to the end."""
        return pcm_of(self.all(patience_s))


def plainly(redis: Redis, job: Job) -> bytes:
    """All sound in the ordered stream, as a client hears it that drops nothing which comes twice.

    Says nothing about what it has: the job must fit into its window.
    """
    last, sound = "0-0", bytearray()
    while True:
        reply: Any = wait_until(
            partial(redis.xread, {ordered_stream(job.id): last}, block=BLOCK_MS), f"more than {last}"
        )
        for entry_id, fields in reply[0][1]:
            last = entry_id
            sound += fields.get(b"d", b"")
            if fields.get(b"t") == b"end":
                assert fields[b"state"] == b"done", fields
                return bytes(sound)


def pcm_of(entries: Iterable[object]) -> bytes:
    """The sound among what was heard."""
    return b"".join(entry.pcm for entry in entries if isinstance(entry, Audio))


def by_sentence(entries: Iterable[PlayableEntry]) -> dict[int, bytes]:
    """The sound of each sentence that began, by its sequence number."""
    by_seq: dict[int, bytes] = {}
    for entry in entries:
        if isinstance(entry, SentenceStart):
            assert entry.seq == len(by_seq), "every sentence begins once, and in order"
            by_seq[entry.seq] = b""
        elif isinstance(entry, Audio):
            assert entry.seq == len(by_seq) - 1, "a sentence's sound is in one piece"
            by_seq[entry.seq] += entry.pcm
        else:
            assert isinstance(entry, Gap | Discontinuity)
    return by_seq


def spoken_pcm(sentence: Sentence | str, voice: str = "", seed: int = 0, speed: float = 1.0) -> bytes:
    """One sentence and its pause, as a stream must have it."""
    if isinstance(sentence, str):
        sentence = Sentence(sentence, PAUSE_MS)
    edges = TrimFadeFilter(RATE_HZ, sentence.pause_ms)
    words = read_sentence(sentence.text, "en")
    utterance = Utterance(words, sentence.voice or voice, speed=sentence.speed or speed, seed=seed)
    sound = b"".join(edges.feed(piece.pcm) for piece in ENGINE.speak(utterance, lambda: False))
    return sound + edges.finish()


def stream_of(sentences: Iterable[Sentence | str], voice: str = "", seed: int = 0, speed: float = 1.0) -> bytes:
    """A whole job: sentence n is spoken with seed + n."""
    return b"".join(spoken_pcm(s, voice, seed + n, speed) for n, s in enumerate(sentences))


def sentences(n: int, name: str, n_words: int = 7) -> list[str]:
    """Sentences that no other name has: so that no job's sound could be taken for another's."""
    words = TUNE.split()
    step = len(name) + 1
    names = [read_sentence(f"{name} {seq}", "en") for seq in range(n)]  # as they are spoken, and so shown
    return [
        " ".join([numbered, *(words[(seq * 3 + i * step) % len(words)] for i in range(n_words))]) + "."
        for seq, numbered in enumerate(names)
    ]


def samples(pcm: bytes) -> npt.NDArray[np.int64]:
    """The samples of s16le mono."""
    return np.frombuffer(pcm, "<i2").astype(np.int64)


def longest_step(pcm: bytes) -> int:
    """The greatest difference between two samples that follow each other: a click is a great one."""
    return int(np.abs(np.diff(samples(pcm))).max())


def trailing_silence_ms(pcm: bytes) -> float:
    """How long the zeros at the end last."""
    sounding = np.flatnonzero(samples(pcm))
    n_samples = len(pcm) // 2 - (int(sounding[-1]) + 1 if len(sounding) else 0)
    return n_samples * 1000 / RATE_HZ
