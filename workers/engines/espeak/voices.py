"""espeak's voices by the names that users type: "en-us", "de", "fr", "en-us+f3", "+whisper".

A voice speaks one language, and its names are the language's tags; a timbre may follow after a plus sign. If only a
language is given, its best voice is used: "de" for "de-AT", "en-gb" for "en". Pure, except for `with_dictionary`, which
reads espeak's data folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seriatim.engine import Voice
from seriatim.errors import UnknownLanguage, UnknownVoice
from seriatim.nearest_names import unknown_word
from seriatim.text.languages import language_tag

DEFAULT = "en-us"
DICTIONARY = re.compile(r"^dictionary\s+(\S+)", re.MULTILINE)  #: in a voice's file, if it differs from the language


@dataclass(frozen=True, slots=True)
class _EspeakSpeaker:
    identifier: str  #: espeak's name: unique, and mostly found without reading every voice's file
    language: str  #: lower case
    description: str


class EspeakVoices:
    """All voices and timbres, found by name or language."""

    def __init__(self, voices: list[Mapping[str, Any]], timbres: list[Mapping[str, Any]]) -> None:
        self._by_name: dict[str, _EspeakSpeaker] = {}
        self._by_language: dict[str, tuple[int, _EspeakSpeaker]] = {}
        for voice in sorted(voices, key=lambda voice: str(voice["identifier"])):
            self._add_voice(voice)
        self._timbres = {voice["name"].lower(): _file_name(voice) for voice in timbres}
        self._timbres |= {_file_name(voice).lower(): _file_name(voice) for voice in timbres}
        self._listed_timbres = tuple(
            Voice(
                f"+{_file_name(voice)}", "", f"{voice['name']}, a timbre for any voice: {DEFAULT}+{_file_name(voice)}"
            )
            for voice in sorted(timbres, key=_file_name)
        )

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice, the default first; then every timbre as "+name": the default voice with that timbre."""
        names = sorted(self._by_name, key=lambda name: (name != DEFAULT, name))
        speakers = ((name, self._by_name[name]) for name in names)
        return *(
            Voice(name, _format_tag(voice.language), voice.description) for name, voice in speakers
        ), *self._listed_timbres

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags that `find` accepts; a longer tag that begins with one of them is accepted, too."""
        return tuple(sorted(self._by_language))

    def find(self, voice: str, language: str) -> str:
        """Espeak's identifier for an utterance's voice and language.

        A named voice takes precedence; the language matters only without one.

        Raises:
            UnknownVoice: no such voice or timbre.
            UnknownLanguage: no voice of that language.
        """
        _, plus, timbre = voice.partition("+")
        speaker = self._speaker(voice, language)
        return speaker.identifier + (f"+{self._timbre_file(timbre)}" if plus else "")

    def spoken_language(self, voice: str, language: str) -> str:
        """The language of the voice that `find` finds, as a BCP 47 tag in lower case.

        Raises:
            UnknownVoice, UnknownLanguage: as `find`.
        """
        return self._speaker(voice, language).language

    def _speaker(self, voice: str, language: str) -> _EspeakSpeaker:
        name = voice.partition("+")[0]
        return self._voice_by_name(name) if name or not language else self._voice_by_language(language)

    def _add_voice(self, voice: Mapping[str, Any]) -> None:
        languages = [(priority, str(tag).lower()) for priority, tag in voice["languages"]]
        own_tag = languages[0][1]
        speaker = _EspeakSpeaker(voice["identifier"], own_tag, voice["name"].strip())
        for name in (_file_name(voice).lower(), own_tag):
            self._by_name.setdefault(name, speaker)
        for priority, tag in languages:
            if tag not in self._by_language or priority < self._by_language[tag][0]:
                self._by_language[tag] = (priority, speaker)

    def _voice_by_name(self, name: str) -> _EspeakSpeaker:
        speaker = self._by_name.get(_normalize_tag(name or DEFAULT)) or self._by_name.get(
            _normalize_tag(language_tag(name))
        )
        if not speaker:
            raise UnknownVoice(unknown_word("espeak voice", name, self._by_name))
        return speaker

    def _voice_by_language(self, language: str) -> _EspeakSpeaker:
        tag = _normalize_tag(language)
        while tag:
            if tag in self._by_language:
                return self._by_language[tag][1]
            tag = tag.rpartition("-")[0]
        raise UnknownLanguage(unknown_word("espeak language", language, self._by_language))

    def _timbre_file(self, name: str) -> str:
        if name.lower() not in self._timbres:
            raise UnknownVoice(unknown_word("espeak timbre", name, self._timbres))
        return self._timbres[name.lower()]


def with_dictionary(voices: list[Mapping[str, Any]], data: Path) -> list[Mapping[str, Any]]:
    """The voices that have a dictionary: the wheel lists three without, which speak gibberish."""
    return [voice for voice in voices if (data / f"{_dictionary_name(voice, data)}_dict").is_file()]


def _dictionary_name(voice: Mapping[str, Any], data: Path) -> str:
    match = DICTIONARY.search((data / "lang" / voice["identifier"]).read_text("utf-8", "replace"))
    return match[1] if match else str(voice["languages"][0][1]).partition("-")[0]


def _file_name(voice: Mapping[str, Any]) -> str:
    """The last part of a voice's identifier: `en-US` of `gmw/en-US`, `f3` of `!v/f3`."""
    return str(voice["identifier"]).rpartition("/")[2]


def _normalize_tag(name: str) -> str:
    return name.lower().replace("_", "-")


def _format_tag(tag: str) -> str:
    """The tag in its usual case: `en-GB`, `yue-Latn-jyutping`; what follows an `x` is unchanged."""
    first, *rest = tag.split("-")
    shaped = {2: str.upper, 4: str.title}
    private = rest.index("x") if "x" in rest else len(rest)
    return "-".join([first, *(shaped.get(len(part), str)(part) for part in rest[:private]), *rest[private:]])
