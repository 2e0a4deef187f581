"""The child process in which espeak-ng finds phonemes: `python -I -S phoneme_child.py LIBRARY DATA`.

espeak-ng is GPL-3.0-or-later, so it runs in a process of its own, and only text crosses the border: requests on stdin
and answers on stdout, one JSON object a line. A request has `text` and `voice`, and may have `tie`, and `names` where
`[[` in its text begins names of phonemes. Its answer has `clauses`, each a pair of phonemes (IPA) and the text that
they stand for, or `error`. The library stays loaded: unlike its audio, its phonemes do not depend on what it read
before. Standard library only, for a fast start.
"""

import ctypes
import json
import os
import signal
import sys

SYNCHRONOUS = 2  #: no thread of its own
DONT_EXIT = 0x8000  #: without it, missing data ends the process silently
UTF8 = 1
PHONEME_INPUT = 0x100  #: espeakPHONEMES in speak_lib.h
IPA = 2
TIE = 0x80  #: bits 8 to 23 of the mode are a tie
CPU_LIMIT_S = 30  #: a sentence takes 0.3 ms; a runaway one must not occupy a core for ever
IGNORED_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  #: they are for the worker


class PhonemeLibrary:
    """espeak-ng, loaded once."""

    def __init__(self, library: str, data: str) -> None:
        self._library = ctypes.CDLL(library)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        pointer, unsigned = ctypes.c_void_p, ctypes.c_uint
        self._library.espeak_Synth.argtypes = (
            *(pointer, ctypes.c_size_t, unsigned, ctypes.c_int),
            *(unsigned, unsigned, pointer, pointer),
        )
        self._takes_names = False
        if self._library.espeak_Initialize(SYNCHRONOUS, 0, os.fsencode(data), DONT_EXIT) <= 0:
            raise ValueError(f"espeak-ng finds no data at {data}")

    def read_clauses(self, text: str, voice: str, tie: str = "", *, names: bool = False) -> list[tuple[str, str]]:
        """The phonemes of each clause, with the text that espeak took for it.

        `tie`: one character that joins the letters of a phoneme with several, such as t^s. `names`: `[[` begins
        names of phonemes.

        Raises:
            ValueError: espeak has no such voice.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        self._take_names(names)
        raw = text.encode("utf-8", "replace")
        buffer = ctypes.create_string_buffer(raw)
        start = ctypes.addressof(buffer)
        at, before, clauses = ctypes.c_void_p(start), 0, []
        mode = IPA | (TIE | ord(tie) << 8 if tie else 0)
        while at.value:
            phonemes = self._library.espeak_TextToPhonemes(ctypes.byref(at), UTF8, mode)
            after = at.value - start if at.value else len(raw)
            clauses.append((phonemes.decode("utf-8", "replace"), raw[before:after].decode("utf-8", "replace")))
            before = after
        return clauses

    def _take_names(self, names: bool) -> None:  # noqa: FBT001  # a state of the library
        """Set what only espeak_Synth takes, and what the library keeps until its next call."""
        if names != self._takes_names:
            self._library.espeak_Synth(b" \0", 2, 0, 1, 0, UTF8 | (PHONEME_INPUT if names else 0), None, None)
            self._takes_names = names


def main(arguments: list[str]) -> None:
    """Answer each line of stdin, until its end."""
    for number in IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what espeak prints must not mix with the answers
    library: PhonemeLibrary | None = None
    for line in sys.stdin.buffer:
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LIMIT_S)  # ends the process, by SIGVTALRM
        try:
            library = library or PhonemeLibrary(*arguments)
            answer: dict[str, object] = {"clauses": library.read_clauses(**json.loads(line))}
        except (OSError, ValueError) as error:
            answer = {"error": str(error)}
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        try:
            out.write(json.dumps(answer) + "\n")
            out.flush()
        except BrokenPipeError:
            os._exit(0)  # the worker is gone


if __name__ == "__main__":
    main(sys.argv[1:])
