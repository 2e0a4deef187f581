"""The phonemes that espeak speaks: for each line of JSON [voice, text] on stdin, a list on stdout.

Each text has a process of its own, as its state cannot be reset. A phoneme that is dropped on the way causes no event.
"""

import ctypes
import json
import os
import sys
from typing import Any

import espeakng_loader

SYNCHRONOUS, PHONEME_EVENTS, DONT_EXIT = 2, 1, 0x8000  # speak_lib.h
PHONEME = 7  #: type of an event
STRESS_AND_PAUSES = "_:;|,'%=\u02c8\u02cc "


class Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("phoneme", ctypes.c_char * 8),
    )


Take = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


def spoken_phonemes(voice: str, text: str) -> list[str]:
    """The phonemes that are spoken of it, by espeak's own names, without stress and pauses."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    pointer, unsigned = ctypes.c_void_p, ctypes.c_uint
    library.espeak_Synth.argtypes = (
        *(ctypes.c_char_p, ctypes.c_size_t, unsigned, ctypes.c_int),
        *(unsigned, unsigned, pointer, pointer),
    )
    data = os.fsencode(espeakng_loader.get_data_path())
    library.espeak_Initialize(SYNCHRONOUS, 0, data, DONT_EXIT | PHONEME_EVENTS)
    names: list[str] = []

    def take(_wave: object, _n_samples: int, events: Any) -> int:
        at = 0
        while events[at].type:
            if events[at].type == PHONEME:
                names.append(events[at].phoneme.decode("utf-8", "replace"))
            at += 1
        return 0

    kept = Take(take)
    library.espeak_SetSynthCallback(kept)
    if library.espeak_SetVoiceByName(voice.encode()):
        raise ValueError(f"no voice {voice}")
    written = text.encode() + b"\0"
    library.espeak_Synth(written, len(written), 0, 1, 0, 1, None, None)
    return [plain for phoneme in names if (plain := phoneme.strip(STRESS_AND_PAUSES))]


def main() -> None:
    """Answer each line by a child's phonemes."""
    for line in sys.stdin:
        if child := os.fork():
            if os.waitpid(child, 0)[1]:
                sys.exit(f"espeak failed on {line}")
            continue
        os.write(1, json.dumps(spoken_phonemes(*json.loads(line))).encode() + b"\n")
        os._exit(0)


if __name__ == "__main__":
    main()
