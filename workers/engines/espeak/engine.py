"""The espeak engine: espeak-ng, a small real voice for over a hundred languages, with repeatable bytes.

The library runs in a child process (`child_process.py` explains why), one for each slot. The audio arrives through a
pipe while espeak is still speaking, some 60 ms at a time, and is collected into chunks. The times of all words go with
the first chunk, and that of the last word is known at the end: so up to half a minute of sound, 50 ms of work, is held
until the sentence is complete. A longer sentence flows, and its words have no times. A sentence has the same bytes
whatever was spoken before it, in any order, process or thread, with the same build of the library.

A sentence that is cancelled, or that crashes espeak, costs its process; a new one is started at once and loads in the
background. A process that loses its reader ends by itself, so none is left behind.
"""

import contextlib
import json
import os
import queue
import re
import struct
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import espeakng_loader

from seriatim.audio.pcm import bytes_of_ms
from seriatim.engine import AudioChunk, Continuity, Utterance
from seriatim.engine_abilities import Abilities
from seriatim.errors import EngineFailed, EngineUnavailable
from seriatim.text.dialects import espeak_text
from seriatim.text.languages import base_language
from seriatim.text.word_times import word_spans
from workers.engines.engine_options import OptionInfo, option_ranges, read_options
from workers.engines.espeak.buffer_limits import insert_commas
from workers.engines.espeak.child_end import kill_process
from workers.engines.espeak.phoneme_names import SAMPLES, phoneme_names, sound_table
from workers.engines.espeak.pronounced_text import PronouncedText, respell, with_phonemes
from workers.engines.espeak.voices import EspeakVoices, with_dictionary
from workers.engines.espeak.word_events import WordEvent, event_word_times
from workers.engines.missing_phonemes import MissingPhonemes
from workers.engines.phoneme_durations import WordTimes, fit_to_sound

PROGRAM = Path(__file__).with_name("child_process.py")
FRAME = struct.Struct("<i")  #: see child_process.py
HELD_MS = 30_000  #: most sound that waits for the times of words
CHUNK_MS = 400  #: length of chunks: larger chunks cost Redis less; espeak makes one in 1 ms
RENEW_AFTER = 400  #: sentences per process: at 183 KB leaked by each, at most 75 MB
SLOWEST, FASTEST = 80, 700  #: words per minute: espeak's own minimum; the limit of what is intelligible
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  #: espeak reads \x01 as a command in the text, and a zero as its end


@dataclass(frozen=True, slots=True)
class EspeakOptions:
    """The espeak engine's options, in espeak's own units; all but the slots may also be given per sentence."""

    slots: Annotated[int, OptionInfo("sentences spoken at once, each by a process that uses a core", 1, 64)] = 1
    rate: Annotated[int, OptionInfo("words per minute at speed 1", SLOWEST, 450)] = 175
    pitch: Annotated[int, OptionInfo("pitch, 50 is the voice's own", 0, 99)] = 50
    range: Annotated[int, OptionInfo("melody: 0 is monotone, 50 the voice's own", 0, 99)] = 50
    volume: Annotated[int, OptionInfo("80 peaks at about -3 dBFS; some voices clip from 90 on", 0, 200)] = 80
    word_gap: Annotated[int, OptionInfo("silence between words, in 10 ms at the normal rate", 0, 500)] = 0


PER_TEXT = option_ranges(EspeakOptions, "rate", "pitch", "range", "volume", "word_gap")


class EspeakEngine:
    """The engine: one espeak process per slot; a further thread waits for a free process."""

    name = "espeak"
    continuity = Continuity.EXACT
    limit_chars = 600
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    rtf = 0.002  # 6 ms a sentence of 4 s

    def __init__(self, options: EspeakOptions) -> None:
        self.slots = options.slots
        self._options = options
        self._sounds: dict[str, dict[str, str]] = {}  #: names of phonemes, by voice; a race only asks twice
        self._missing = MissingPhonemes(self.name)
        self._idle: queue.LifoQueue[_EspeakProcess] = queue.LifoQueue()  # last in, first out: the warmest one is reused
        for _ in range(options.slots):
            self._idle.put(_EspeakProcess())
        child = self._idle.get()
        read_hello = child.read_hello()
        self._idle.put(child)
        voices = with_dictionary(read_hello["voices"], Path(espeakng_loader.get_data_path()))
        self._catalogue = EspeakVoices(voices, read_hello["timbres"])
        self.rate_hz: int = read_hello["rate_hz"]
        self.voices = self._catalogue.voices
        self.abilities = Abilities(
            "espeak", self._catalogue.languages, PER_TEXT, (SLOWEST / options.rate, FASTEST / options.rate),
            pace="rate", normal=options.rate, phonemes=True,
        )  # fmt: skip

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption: espeak cannot speak the utterance as requested.
        """
        child = self._idle.get()
        try:
            sentence, read, request = self._request(utterance, child)
            pieces = takewhile(lambda _: not cancelled(), child.speak_request(request))
            held = self._gather(pieces, HELD_MS)
            flowing = len(held) >= bytes_of_ms(HELD_MS, self.rate_hz)
            words = () if flowing or cancelled() else self._word_times(sentence, read, child, held)
            words = words if len(words) == len(word_spans(utterance.text)) else ()  # a respelling of several words
            size = bytes_of_ms(CHUNK_MS, self.rate_hz)
            for at in range(0, len(held), size):
                if cancelled():
                    return
                last = not flowing and at + size >= len(held)
                yield AudioChunk(held[at : at + size], last=last, words=() if at else words)
            while pcm := self._gather(pieces, CHUNK_MS):
                yield AudioChunk(pcm)
        finally:
            self._idle.put(child.reuse_or_replace())

    def close(self) -> None:
        """End the idle processes; one that is speaking ends with its sentence's generator."""
        for child in tuple(self._idle.queue):
            child.end()

    def _request(self, utterance: Utterance, child: "_EspeakProcess") -> tuple[str, PronouncedText, dict[str, Any]]:
        """The utterance as the process reads it: respelled, with phonemes, and as its request."""
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        voice = self._catalogue.find(utterance.voice, utterance.language)
        options = replace(self._options, **{name: round(value) for name, value in utterance.options.items()})
        rate = round(options.rate * utterance.speed)
        language = self._catalogue.spoken_language(utterance.voice, utterance.language)
        plain = CONTROL.sub(" ", utterance.text)
        english = base_language(language) == "en"
        naming = partial(self._names, voice=voice.partition("+")[0], child=child, english=english)
        text, phonemic = respell(plain, utterance.pronunciations, naming, english=english)
        read = with_phonemes(text, insert_commas(espeak_text(text, language)), phonemic)
        request = {"text": read.text, "voice": voice, "seed": utterance.seed, "rate": rate}
        return text, read, asdict(options) | request | {"phonemes": bool(read.blocks)}

    def _names(self, ipa: str, *, voice: str, child: "_EspeakProcess", english: bool) -> str:
        """The names of phonemes in a voice; "" if it lacks one of them, which is logged once."""
        if voice not in self._sounds:
            self._sounds[voice] = sound_table(child.read_phonemes(voice, SAMPLES))
        found = phoneme_names(ipa, self._sounds[voice], english=english)
        self._missing.report(found.missing, voice)
        return found.names

    def _gather(self, pieces: Iterator[bytes], length_ms: float) -> bytes:
        """The next pieces of a sentence, of `length_ms` together or somewhat more; fewer at its end."""
        gathered, enough = bytearray(), bytes_of_ms(length_ms, self.rate_hz)
        while len(gathered) < enough and (pcm := next(pieces, b"")):
            gathered += pcm
        return bytes(gathered)

    def _word_times(self, text: str, read: PronouncedText, child: "_EspeakProcess", pcm: bytes) -> WordTimes:
        length_ms = len(pcm) / 2 / self.rate_hz * 1000
        events = read.moved(child.word_events)
        return fit_to_sound(event_word_times(text, read.plain, events, length_ms), pcm, self.rate_hz)


class _EspeakProcess:
    """A child process that speaks; it ends with this object, or with `end`."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", str(PROGRAM)]
        paths = [espeakng_loader.get_library_path(), espeakng_loader.get_data_path()]
        self._process = subprocess.Popen(command + paths, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin  # both are pipes
        assert self._process.stdout
        self._requests, self._frames = self._process.stdin, self._process.stdout
        self._hello_read = False
        self.word_events: list[WordEvent] = []  #: of the last sentence that was complete
        self._n_started = self._n_finished = 0
        self.end = weakref.finalize(self, kill_process, self._process, os.getpid())

    def read_hello(self) -> dict[str, Any]:
        """The first frame of the process: its sample rate, voices and timbres."""
        self._hello_read = True
        read_hello: dict[str, Any] = json.loads(self._read_frame())
        return read_hello

    def speak_request(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        """The pieces of one sentence; behind them, `word_events` has its words.

        After an error, or if it is not read to its end, the process must be replaced.

        Raises:
            EngineFailed: espeak refuses it, or its process has died.
        """
        self._start_request(request)
        while pcm := self._read_frame():
            yield pcm
        self.word_events = json.loads(self._read_frame())
        self._n_finished += 1

    def read_phonemes(self, voice: str, samples: Sequence[str]) -> list[str]:
        """The phonemes of texts in the IPA, as a voice has them; after an error the process must be replaced.

        Raises:
            EngineFailed: espeak refuses the voice, or its process has died.
        """
        self._start_request({"voice": voice, "samples": samples})
        phonemes: list[str] = json.loads(self._read_frame())
        self._n_finished += 1
        return phonemes

    def _start_request(self, request: Mapping[str, Any]) -> None:
        self._n_started += 1
        if not self._hello_read:
            self.read_hello()
        with contextlib.suppress(BrokenPipeError):  # a dead process is detected by its missing answer
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()

    def reuse_or_replace(self) -> "_EspeakProcess":
        """This process, or a new one if it is dead, in the middle of a sentence, or has leaked too much memory."""
        if self._n_started == self._n_finished < RENEW_AFTER:
            return self
        self.end()
        return _EspeakProcess()

    def _read_frame(self) -> bytes:
        size = FRAME.unpack(self._read_exactly(FRAME.size))[0]
        body = self._read_exactly(abs(size))
        if size < 0:
            raise EngineFailed(body.decode("utf-8", "replace"))
        return body

    def _read_exactly(self, n_bytes: int) -> bytes:
        read_options = self._frames.read(n_bytes)
        if len(read_options) < n_bytes:
            raise EngineFailed(f"espeak's process ended with status {self._process.wait()}")
        return read_options


def load(values: Mapping[str, str]) -> EspeakEngine:
    """Load the espeak engine with `values` as options; takes about 0.1 s.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
        EngineUnavailable: espeak-ng cannot be loaded.
    """
    options = read_options(EspeakOptions, "espeak", values)
    try:
        return EspeakEngine(options)
    except EngineFailed as error:
        raise EngineUnavailable(
            f"espeak-ng at {espeakng_loader.get_library_path()} cannot be loaded: {error}; "
            "install it again: pip install --force-reinstall -c constraints.txt espeakng-loader"
        ) from error
