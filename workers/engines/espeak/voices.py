"""espeak's voices by the names that people type: "en-us", "de", "fr", "en-us+f3", "+whisper".

A voice speaks one language, and its names are the language's tags; any of them may speak in any of the timbres, behind
a plus sign. Where only a language is given its best voice speaks: "de" for "de-AT", "en-gb" for "en". Pure, but for
`with_dictionary`, which looks into espeak's data folder.
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
DICTIONARY = re.compile(r"^dictionary\s+(\S+)", re.MULTILINE)  #: in a voice's file, if its name is not the language's


@dataclass(frozen=True, slots=True)
class _EspeakSpeaker:
    identifier: str  #: what espeak is told: it is unique, and mostly found without reading every voice's file
    language: str  #: lower case
    description: str


class EspeakVoices:
    """All voices and timbres, found by name or language."""

    def __init__(self, voices: list[Mapping[str, Any]], timbres: list[Mapping[str, Any]]) -> None:
        self._by_name: dict[str, _EspeakSpeaker] = {}
        self._by_language: dict[str, tuple[int, _EspeakSpeaker]] = {}
        for voice in sorted(voices, key=lambda voice: str(voice["identifier"])):
            self._add(voice)
        self._timbres = {each["name"].lower(): _file(each) for each in timbres}
        self._timbres |= {_file(each).lower(): _file(each) for each in timbres}
        self._listed_timbres = tuple(
            Voice(f"+{_file(each)}", "", f"{each['name']}, a timbre for any voice: {DEFAULT}+{_file(each)}")
            for each in sorted(timbres, key=_file)
        )

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice, the default first; then every timbre as "+name", which is a voice too: the default one's."""
        names = sorted(self._by_name, key=lambda name: (name != DEFAULT, name))
        speakers = ((name, self._by_name[name]) for name in names)
        return *(Voice(name, _bcp47(each.language), each.description) for name, each in speakers), *self._listed_timbres

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags that `find` takes; one that begins with another of them may be longer."""
        return tuple(sorted(self._by_language))

    def find(self, voice: str, language: str) -> str:
        """What espeak is to be told for an utterance's voice and language.

        A voice that is named is taken, whatever the language: it decides only where no voice is named.

        Raises:
            UnknownVoice: no such voice or timbre.
            UnknownLanguage: no voice of that language.
        """
        name, plus, timbre = voice.partition("+")
        speaker = self._named(name) if name or not language else self._of_language(language)
        return speaker.identifier + (f"+{self._timbre(timbre)}" if plus else "")

    def _add(self, voice: Mapping[str, Any]) -> None:
        languages = [(priority, str(tag).lower()) for priority, tag in voice["languages"]]
        own = languages[0][1]
        speaker = _EspeakSpeaker(voice["identifier"], own, voice["name"].strip())
        for name in (_file(voice).lower(), own):
            self._by_name.setdefault(name, speaker)
        for priority, tag in languages:
            if tag not in self._by_language or priority < self._by_language[tag][0]:
                self._by_language[tag] = (priority, speaker)

    def _named(self, name: str) -> _EspeakSpeaker:
        speaker = self._by_name.get(_tag(name or DEFAULT)) or self._by_name.get(_tag(language_tag(name)))
        if not speaker:
            raise UnknownVoice(unknown_word("espeak voice", name, self._by_name))
        return speaker

    def _of_language(self, language: str) -> _EspeakSpeaker:
        tag = _tag(language)
        while tag:
            if tag in self._by_language:
                return self._by_language[tag][1]
            tag = tag.rpartition("-")[0]
        raise UnknownLanguage(unknown_word("espeak language", language, self._by_language))

    def _timbre(self, name: str) -> str:
        if name.lower() not in self._timbres:
            raise UnknownVoice(unknown_word("espeak timbre", name, self._timbres))
        return self._timbres[name.lower()]


def with_dictionary(voices: list[Mapping[str, Any]], data: Path) -> list[Mapping[str, Any]]:
    """The voices that can speak: the wheel lists three whose dictionaries it lacks, and they say the same gibberish."""
    return [voice for voice in voices if (data / f"{_dictionary(voice, data)}_dict").is_file()]


def _dictionary(voice: Mapping[str, Any], data: Path) -> str:
    named = DICTIONARY.search((data / "lang" / voice["identifier"]).read_text("utf-8", "replace"))
    return named[1] if named else str(voice["languages"][0][1]).partition("-")[0]


def _file(voice: Mapping[str, Any]) -> str:
    """The last part of its identifier: `en-US` of `gmw/en-US`, `f3` of `!v/f3`."""
    return str(voice["identifier"]).rpartition("/")[2]


def _tag(name: str) -> str:
    return name.lower().replace("_", "-")


def _bcp47(tag: str) -> str:
    """The tag in the usual letters: `en-GB`, `yue-Latn-jyutping`; what stands behind an `x` stays."""
    first, *rest = tag.split("-")
    shaped = {2: str.upper, 4: str.title}
    private = rest.index("x") if "x" in rest else len(rest)
    return "-".join([first, *(shaped.get(len(part), str)(part) for part in rest[:private]), *rest[private:]])
