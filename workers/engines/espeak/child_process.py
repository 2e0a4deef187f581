"""The child process in which espeak-ng speaks: `python -I -S child_process.py LIBRARY DATA`, started by `engine.py`.

The library needs a process of its own (measured with 1.52.0):

- its state cannot be reset, so a sentence's bytes depend on the sentences before it: it is loaded anew each time, and
  can be unloaded only where no other code holds it;
- it seeds its noise from the clock, and some voices take theirs from libc's `rand`: both are seeded here per sentence;
- each load leaks 2 KB, or 183 KB if a word was read in another language: the process is replaced now and then;
- some texts crash it (digits in Greenlandic): that costs one attempt at one sentence, not a worker and its leases.

Requests arrive on stdin, one JSON object per line, until end of file. Answers go to stdout as frames, each after a
signed 32-bit little-endian number: n > 0, n bytes of audio; 0, the sentence is complete, and a frame with its words
follows, [[place, ms], ...] in JSON: where each begins in the request's text, 1-based, and in the sound; n < 0, it
failed, with -n bytes of UTF-8 as the reason. The first frame describes the voices. A request with `samples` asks for
the phonemes of texts, and is answered by one frame: a list of them in the IPA, in JSON. Standard library only, for a
fast start.
"""

import ctypes
import json
import os
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

SYNCHRONOUS = 2  #: audio is handed to the callback before espeak_Synth returns
DONT_EXIT = 0x8000  #: without it, missing data ends the process silently
CHARACTERS = 1  #: positions count characters; unused, but an argument
UTF8 = 1  #: and neither SSML nor phoneme input: `<b>` and `[[` are read as text
PHONEME_INPUT = 0x100  #: espeakPHONEMES in speak_lib.h: `[[w'In]]` is read as names of phonemes
IPA = 2  #: alphabet of espeak_TextToPhonemes
PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4, "word_gap": 7}  #: espeak_PARAMETER in speak_lib.h
CPU_LIMIT_S = 30  #: a sentence takes some 5 ms; a runaway one must not occupy a core for ever
IGNORED_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
)  #: they are for the worker, which may still finish a sentence
FRAME = struct.Struct("<i")
END_OF_EVENTS, WORD = 0, 1  #: espeak_EVENT_TYPE in speak_lib.h

libc = ctypes.CDLL(None)
libc.dlclose.argtypes = [ctypes.c_void_p]


class EspeakEvent(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, 1-based
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # in ms
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(EspeakEvent)
)


class EspeakVoice(ctypes.Structure):
    """`espeak_VOICE` of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),  # repeated: a priority byte and a C string; then a zero
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class EspeakLibrary:
    """One load of the library, for one sentence or one list of voices."""

    def __init__(self, library: str, data: str) -> None:
        self._library = ctypes.CDLL(library)
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(EspeakVoice))
        self._library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        pointer, unsigned = ctypes.c_void_p, ctypes.c_uint
        self._library.espeak_Synth.argtypes = (
            *(pointer, ctypes.c_size_t, unsigned, ctypes.c_int),
            *(unsigned, unsigned, pointer, pointer),
        )
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(pointer), ctypes.c_int, ctypes.c_int]
        self.rate_hz: int = self._library.espeak_Initialize(SYNCHRONOUS, 0, os.fsencode(data), DONT_EXIT)
        if self.rate_hz <= 0:
            raise ValueError(f"espeak-ng finds no data at {data}")

    def close(self) -> None:
        self._library.espeak_Terminate()
        libc.dlclose(self._library._handle)  # noqa: SLF001  # ctypes has no public way to unload

    def speak(self, request: dict[str, Any], out: BinaryIO) -> None:
        """Write the sentence's audio as frames, each as soon as espeak has produced it, then its end and its words.

        Raises:
            ValueError: espeak refuses the voice, a parameter or the text.
        """
        words: list[tuple[int, int]] = []

        def write_wave(wave: Any, n_samples: int, events: Any) -> int:
            words.extend(_read_words(events))
            if wave and n_samples > 0:
                _write_frame(out, ctypes.string_at(wave, n_samples * 2))
            return 0

        callback = SynthCallback(write_wave)  # kept in a name: espeak does not keep it alive
        libc.srand(request["seed"] % 2**32)
        self._library.espeak_ng_SetRandSeed(request["seed"] % 2**31)
        self._library.espeak_SetSynthCallback(callback)
        self._check_result("the voice", self._library.espeak_SetVoiceByName(request["voice"].encode()))
        for name, number in PARAMETERS.items():
            self._check_result(name, self._library.espeak_SetParameter(number, request[name], 0))
        flags = UTF8 | (PHONEME_INPUT if request["phonemes"] else 0)
        self._check_result("the text", self._synthesize(request["text"], flags))
        _write_frame(out, b"")
        _write_frame(out, json.dumps(words).encode())

    def read_phonemes(self, voice: str, samples: list[str]) -> list[str]:
        """The phonemes of each text in the IPA, as the voice has them; `[[` is phoneme input.

        Raises:
            ValueError: espeak refuses the voice.
        """
        self._check_result("the voice", self._library.espeak_SetVoiceByName(voice.encode()))
        self._synthesize(" ", UTF8 | PHONEME_INPUT)  # the library keeps the flag for the calls that follow
        return [self._read_clauses(sample) for sample in samples]

    def list_voices(self, language: bytes | None = None) -> list[dict[str, Any]]:
        """The voices of the data folder; the timbres for the language `variant`."""
        template = EspeakVoice(languages=ctypes.cast(ctypes.c_char_p(language), ctypes.c_void_p))
        listed = self._library.espeak_ListVoices(ctypes.byref(template) if language else None)
        result: list[dict[str, Any]] = []
        while listed[len(result)]:
            result.append(_describe_voice(listed[len(result)][0]))
        return result

    def _read_clauses(self, text: str) -> str:
        buffer = ctypes.create_string_buffer(text.encode("utf-8", "replace"))
        rest, clauses = ctypes.c_void_p(ctypes.addressof(buffer)), b""
        while rest.value:
            clauses += self._library.espeak_TextToPhonemes(ctypes.byref(rest), UTF8, IPA)
        return clauses.decode("utf-8", "replace")

    def _synthesize(self, text: str, flags: int) -> int:
        raw = text.encode("utf-8", "replace") + b"\0"
        error: int = self._library.espeak_Synth(raw, len(raw), 0, CHARACTERS, 0, flags, None, None)
        return error

    def _check_result(self, what: str, error: int) -> None:
        if error:
            raise ValueError(f"espeak-ng refuses {what} with error {error}")


def _describe_voice(voice: EspeakVoice) -> dict[str, Any]:
    names = voice.name.decode("utf-8", "replace"), voice.identifier.decode("utf-8", "replace")
    return {"name": names[0], "identifier": names[1], "languages": _read_languages(voice.languages)}


def _read_languages(at: int) -> list[tuple[int, str]]:
    """(priority, tag) of each language at that address; the lowest priority is the best."""
    result = []
    while priority := ctypes.string_at(at, 1)[0]:
        tag = ctypes.string_at(at + 1)
        result.append((priority, tag.decode("ascii", "replace")))
        at += len(tag) + 2
    return result


def _read_words(events: Any) -> Iterator[tuple[int, int]]:
    """The words among the events of one call: place and ms."""
    at = 0
    while events and events[at].type != END_OF_EVENTS:
        if events[at].type == WORD:
            yield events[at].text_position, events[at].audio_position
        at += 1


def _write_frame(out: BinaryIO, pcm: bytes) -> None:
    try:
        out.write(FRAME.pack(len(pcm)) + pcm)
        out.flush()
    except BrokenPipeError:
        os._exit(0)  # the parent is gone; an exception inside espeak's callback would be lost


def _write_hello(arguments: list[str], out: BinaryIO) -> None:
    espeak = EspeakLibrary(*arguments)
    hello = {"rate_hz": espeak.rate_hz, "voices": espeak.list_voices(), "timbres": espeak.list_voices(b"variant")}
    _write_frame(out, json.dumps(hello).encode())
    espeak.close()


def _speak_request(arguments: list[str], line: bytes, out: BinaryIO) -> None:
    espeak = EspeakLibrary(*arguments)
    try:
        request = json.loads(line)
        if "samples" in request:
            _write_frame(out, json.dumps(espeak.read_phonemes(**request)).encode())
        else:
            espeak.speak(request, out)
    finally:
        espeak.close()


def _report_errors(work: Callable[[], None], out: BinaryIO) -> None:
    """Run `work`, and send its error as a frame: OSError, the library cannot be loaded; ValueError, espeak refuses."""
    try:
        work()
    except (OSError, ValueError) as error:
        reason = str(error).encode()
        out.write(FRAME.pack(-len(reason)) + reason)
        out.flush()


def main(arguments: list[str]) -> None:
    """Describe the voices, then speak one sentence for each line of stdin."""
    for number in IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what espeak prints must not mix with the frames
    _report_errors(partial(_write_hello, arguments, out), out)
    for line in sys.stdin.buffer:
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LIMIT_S)  # ends the process, by SIGVTALRM
        _report_errors(partial(_speak_request, arguments, line, out), out)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
