"""A listening report: a text read in every way, each recording judged, and planted faults that must be found."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from gateway.http.encoding.stream_formats import MEDIA
from seriatim.records import Sentence
from tests.listening.listening_text import sentences
from tests.listening.planted_faults import CLEAN, KINDS, trials
from tests.listening.recogniser import RATE_HZ as HEARD_HZ
from tests.listening.recogniser import Recogniser, Samples, samples_of_pcm
from tests.listening.speaking_system import RATE_HZ, SpeakingSystem
from tests.listening.verdict import Verdict

FORMATS = tuple(MEDIA)  #: all that the gateway offers
WORKERS = (2, 3, 4)
SPEAKERS = ((0.9, 1), (1.15, 2))  #: speed and seed: hibari has one voice in its wheel
ESPEAK_HZ = 22_050
ESPEAK_VOICES = ("en-us", "en-gb")
ESPEAK_LOST = 0.2  #: of espeak's sentences the recogniser understands no more than the rest

Line = Callable[[str], object]


@dataclass(slots=True)
class ListeningReport:
    """What was heard so far, written line by line."""

    system: SpeakingSystem
    recogniser: Recogniser
    n_sentences: int
    write: Line
    n_faults: int = 0  #: of the system, and of the listener
    since_s: float = field(default_factory=time.monotonic)  #: when the last line was written
    sounds: list[bytes] = field(default_factory=list)  #: of each sentence, as the first reading had it

    def run(self, n_each: int) -> int:
        """Read and judge everything, with `n_each` planted faults of each kind; returns how many faults were found."""
        self.write(f"{'read':<34} sentences  sound    WER  kills   took  verdict\n")
        self._read_under_kills()
        self._read_in_parts()
        self._read_over_http()
        self._read_dialogues()
        self._plant_faults(n_each)
        return self.n_faults

    def _read_under_kills(self) -> None:
        text = sentences(0, self.n_sentences)
        digests: set[str] = set()
        for processes in WORKERS:
            self.system.start_workers(processes)
            before = self.system.n_kills
            sounds = self.system.read_under_kills(" ".join(text), range(5, self.n_sentences, 20), seed=processes)
            self.system.stop_workers()
            n_kills = self.system.n_kills - before
            digest = hashlib.sha256(b"".join(sounds)).hexdigest()
            if digests and digest in digests:  # the same bytes need no second hearing
                self._line(
                    f"{processes} workers, killed", len(sounds), _length_s(sounds), kills=n_kills, verdict=digest[:12]
                )
                continue
            self.sounds = self.sounds or sounds
            digests.add(digest)
            self._judge(f"{processes} workers, killed", text, samples_of_pcm(b"".join(sounds), RATE_HZ), n_kills)
        if len(digests) > 1:
            self._fault(f"{len(digests)} readings differ in their bytes")

    def _read_in_parts(self) -> None:
        self.system.start_workers(2)
        text = self._part(1)
        pcm = self.system.resume_reading(" ".join(text), n_parts=4)
        self._judge("resumed three times", text, samples_of_pcm(pcm, RATE_HZ))

    def _read_over_http(self) -> None:
        for number, response_format in enumerate(FORMATS):
            text = self._part(number)
            self._judge(f"HTTP, {response_format}", text, self.system.request_speech(" ".join(text), response_format))
        text = self._part(len(FORMATS))
        self._judge("WebSocket, text in pieces", text, self.system.stream_text(" ".join(text)))

    def _read_dialogues(self) -> None:
        text = self._part(2)
        lines = [
            Sentence(line, speed=speed, seed=seed) for line, (speed, seed) in zip(text, cycle(SPEAKERS), strict=False)
        ]
        pcm = b"".join(self.system.enqueue(lines).pcm())
        self._judge("dialogue, hibari at two speeds", text, samples_of_pcm(pcm, RATE_HZ))
        self.system.stop_workers()
        self.system.start_workers(2, "espeak")
        lines = [Sentence(line, voice=voice) for line, voice in zip(text, cycle(ESPEAK_VOICES), strict=False)]
        pcm = b"".join(self.system.enqueue(lines).pcm())
        self._judge("dialogue, two voices of espeak", text, samples_of_pcm(pcm, ESPEAK_HZ), lenient=True)
        self.system.stop_workers()

    def _plant_faults(self, n_each: int) -> None:
        sounds = [samples_of_pcm(pcm, RATE_HZ) for pcm in self.sounds]
        n_right: Counter[str] = Counter()
        for trial in trials(self.recogniser, sentences(0, self.n_sentences), sounds, n_each):
            n_right[trial.kind] += trial.is_right
            if not trial.is_right:
                self._fault(f"planted: {trial.kind} at {sorted(trial.planted)}; verdict: {trial.verdict}")
        found = ", ".join(f"{kind} {n_right[kind]}/{n_each}" for kind in KINDS)
        self.write(f"planted faults found: {found}; clean recordings not accused: {n_right[CLEAN]}/{n_each}\n")

    def _part(self, number: int) -> list[str]:
        """A part of the text: each way of reading has its own, since recognition takes a twentieth of its duration."""
        n = max(1, self.n_sentences // 5)
        return sentences(number * n, n)

    def _judge(self, way: str, text: Sequence[str], samples: Samples, kills: int = 0, *, lenient: bool = False) -> None:
        verdict = self.recogniser.verdict(text, samples)
        rate = f"{verdict.word_error_rate:.1%}"
        self._line(way, len(text), len(samples) / HEARD_HZ, rate, kills, str(verdict))
        self.n_faults += not (in_order(verdict, len(text)) if lenient else verdict.whole)

    def _line(self, way: str, n: int, length_s: float, rate: str = "", kills: int = 0, verdict: str = "") -> None:
        took_s, self.since_s = time.monotonic() - self.since_s, time.monotonic()
        self.write(f"{way:<34} {n:9} {length_s:5.0f} s {rate:>6} {kills or '':>6} {took_s:4.0f} s  {verdict}\n")

    def _fault(self, message: str) -> None:
        self.n_faults += 1
        self.write(f"FAULT: {message}\n")


def in_order(verdict: Verdict, n_sentences: int) -> bool:
    """A verdict on a voice that a recogniser hardly understands: none twice or elsewhere, and few not understood."""
    return not (verdict.moved or verdict.doubled) and len(verdict.faulty) <= ESPEAK_LOST * n_sentences


def _length_s(sounds: Sequence[bytes]) -> float:
    return sum(map(len, sounds)) / 2 / RATE_HZ
