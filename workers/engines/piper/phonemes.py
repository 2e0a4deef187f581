"""Phonemes of a sentence, and their ids, as a Piper voice was trained on them.

espeak-ng reads the text, in a child process (`phoneme_child.py`), clause by clause; the marks at the ends of clauses
are the voice's pauses and melody. A sentence is one line here, because Seriatim has cut the text: a full stop within it
is an abbreviation's, and makes no pause.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import unicodedata
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

import espeakng_loader

from seriatim.errors import EngineFailed, EngineUnavailable
from seriatim.text.dialects import espeak_text
from seriatim.text.pronunciation import Pronunciation, respelled
from workers.engines.espeak.buffer_limits import insert_commas
from workers.engines.espeak.child_end import kill_process
from workers.engines.espeak.pronounced_text import PhonemicWord, respell, with_phonemes
from workers.engines.hibari.pronunciation import pieces
from workers.engines.missing_phonemes import MissingPhonemes
from workers.engines.piper.voice_config import BEGIN, END, PAD, PhonemeType, VoiceConfig

PROGRAM = Path(__file__).with_name("phoneme_child.py")
MOST_PHONEMES = 400  #: in one part, 25 s of sound; memory and time grow with the square
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  #: espeak reads \x01 as a command in the text, and a zero as its end
PLACEHOLDER = "q@q@q"  #: espeak's names of phonemes that no word has, in the place of a lexicon's
PLACED = re.compile(r"q[^\sq]{1,3}q[^\sq]{1,3}q")  #: the same as espeak writes it in the IPA of any language
#: what the IPA has and Piper's phonemes do not
UNWRITTEN = str.maketrans({"g": "ɡ", "'": "ˈ"} | dict.fromkeys("\u0361\u035c.|‖‿\u032f", ""))
SWITCH = re.compile(r"\([a-z-]+\)")  #: espeak's note that a word is of another language
MARKS = {mark: mark for mark in ".?!,;:"} | {
    "…": ".", "—": ",", "–": ",", "。": ".", "．": ".", "।": ".", "？": "?", "؟": "?", "！": "!", "，": ",", "、": ",",
    "،": ",", "；": ";", "؛": ";", "：": ":",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhonemePart:
    """Phonemes that are spoken at once, and their ids."""

    phonemes: str  #: those that the voice has, one character each
    ids: list[int]
    n_ids: tuple[int, ...]  #: of `ids`: those before the phonemes, those of each phoneme, those behind them

    def durations_ms(self, of_ids: Sequence[float]) -> list[float]:
        """How long each of `n_ids` lasts, by the durations of all ids; [] if there are not as many."""
        if len(of_ids) != len(self.ids):
            return []
        ends = list(accumulate(self.n_ids, initial=0))
        return [sum(of_ids[start:end]) for start, end in pairwise(ends)]


class PhonemeReader:
    """Phonemes from a child process, which is replaced when it dies; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._missing = MissingPhonemes("piper")
        self._child = _PhonemeProcess()

    def read_parts(self, text: str, config: VoiceConfig, found: Sequence[Pronunciation] = ()) -> list[PhonemePart]:
        """The ids of a sentence for one voice, in parts that are spoken one after another; [] if it has no sound.

        `found`: pronunciations of its words. Symbols that the voice lacks are logged once.

        Raises:
            EngineFailed: espeak cannot read it, or its process has died.
        """
        if config.phoneme_type is PhonemeType.TEXT:
            return _parts(CONTROL.sub(" ", respelled(text, found)).casefold(), config)
        written, phonemic = respell(text, found, partial(self._known, config=config), english=config.family == "en")
        return _parts(self.read_text(written, config.espeak_voice, phonemic=phonemic), config)

    def read_alone(self, word: str, config: VoiceConfig) -> str:
        """The phonemes of a word alone that a voice has; "" if it has no sound.

        Raises:
            EngineFailed: as of `read_parts`.
        """
        return "".join(part.phonemes for part in self.read_parts(word, config))

    def read_text(self, text: str, voice: str, tie: str = "", phonemic: Sequence[PhonemicWord] = ()) -> str:
        """The phonemes and marks of a sentence in IPA; `tie` joins the letters of a phoneme that has several.

        `phonemic`: words of the text with the phonemes that the answer is to have for them.

        Raises:
            EngineFailed: espeak cannot read it, or its process has died.
        """
        plain = CONTROL.sub(" ", text)
        clauses = insert_commas(espeak_text(plain, voice))
        placed = with_phonemes(plain, clauses, [replace(word, names=PLACEHOLDER) for word in phonemic])
        phonemes = self._read(placed.text, voice, tie, names=bool(placed.blocks))
        if len(PLACED.findall(phonemes)) != len(phonemic):
            return phonemes if not placed.blocks else self._read(placed.plain, voice, tie, names=False)
        own = iter(phonemic)
        return PLACED.sub(lambda _: next(own).names, phonemes) if phonemic else phonemes

    def _read(self, text: str, voice: str, tie: str, *, names: bool) -> str:
        request = {"text": text, "voice": voice, "tie": tie, "names": names}
        with self._lock:
            answer = self._child.ask(request)
            if answer is None:
                status = self._child.end()
                self._child = _PhonemeProcess()
                raise EngineFailed(f"espeak's process ended{status}")
        if "error" in answer:
            raise EngineFailed(str(answer["error"]))
        return join_clauses(answer["clauses"])

    def _known(self, ipa: str, config: VoiceConfig) -> str:
        """Phonemes as a voice has them; "" if it lacks one of them."""
        written = unicodedata.normalize("NFD", ipa.translate(UNWRITTEN))
        missing = set(written) - config.replacements.keys() - config.ids.keys() - {" "}
        self._missing.report(missing, config.name)
        return "" if missing else written

    def check_voices(self, configs: Iterable[VoiceConfig]) -> None:
        """Refuse a voice whose language espeak cannot read.

        Raises:
            EngineUnavailable: with the file that names it.
        """
        for config in {each.espeak_voice: each for each in configs if each.phoneme_type is PhonemeType.ESPEAK}.values():
            try:
                self.read_parts("a", config)
            except EngineFailed as error:
                raise EngineUnavailable(f"{config.path}.json: {error}") from error

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            self._child.end()


def join_clauses(clauses: list[tuple[str, str]]) -> str:
    """The phonemes of all clauses, with the mark behind each.

    The last character of a clause's text is the first one of the next clause, except at the end.
    """
    parts = []
    for n, (phonemes, source) in enumerate(clauses, 1):
        last = n == len(clauses)
        marks = [MARKS[char] for char in (source if last else source[:-1]) if char in MARKS]
        mark = marks[-1] if marks else ""
        parts.append(SWITCH.sub("", phonemes) + ("" if mark == "." and not last else mark))
    return " ".join(filter(None, parts))


def sentence_part(phonemes: str, config: VoiceConfig) -> PhonemePart | None:
    """The ids of phonemes, a pad behind each; what the voice does not know is left out. None if no letter remains."""
    table, known, groups, n_sounds = config.ids, "", [[*config.ids[BEGIN], *config.ids[PAD]]], 0
    for char in unicodedata.normalize("NFD", phonemes):
        sounds = [
            each for each in config.replacements.get(char, [char]) if each in table and each not in (BEGIN, END, PAD)
        ]
        if sounds:
            groups.append([number for each in sounds for number in (*table[each], *table[PAD])])
            known += char
            n_sounds += sum(map(str.isalnum, sounds))
    groups.append(table[END])
    return PhonemePart(known, [*chain(*groups)], tuple(map(len, groups))) if n_sounds else None


def _parts(phonemes: str, config: VoiceConfig) -> list[PhonemePart]:
    return [ids for part in pieces(phonemes, MOST_PHONEMES) if (ids := sentence_part(part, config))]


class _PhonemeProcess:
    """A child process; it ends with this object, or with `end`."""

    def __init__(self) -> None:
        paths = [espeakng_loader.get_library_path(), espeakng_loader.get_data_path()]
        command = [sys.executable, "-I", "-S", str(PROGRAM), *map(str, paths)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._finalize = weakref.finalize(self, kill_process, self._process, os.getpid())

    def ask(self, request: dict[str, Any]) -> dict[str, list[tuple[str, str]]] | None:
        """The answer to a request; None if the process has died."""
        assert self._process.stdin  # both are pipes
        assert self._process.stdout
        with contextlib.suppress(BrokenPipeError):  # a dead process is detected by its missing answer
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer: dict[str, list[tuple[str, str]]] | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    def end(self) -> str:
        """Kill the process; returns how it ended, for a message."""
        self._finalize()
        return f" with status {self._process.returncode}"
