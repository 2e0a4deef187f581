"""The abilities of an engine: its languages, options and speeds. Pure.

Workers register them with their pool. Producers check requests against them before a job is accepted, and engines apply
the same rules, with the same messages, before they speak: a pool without workers yet accepts any request, and refuses
at the first attempt.
"""

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from seriatim.errors import UnknownLanguage, UnknownOption
from seriatim.nearest_names import NEAREST, QUOTED_CHARS, unknown_word
from seriatim.text.languages import names_of

ANY_SPEED = (0.25, 4.0)  #: range of requests
#: listed first where no name is near: the most likely intentions
COMMON = ("en", "es", "zh", "fr", "de", "pt", "ru", "ja", "ar", "hi", "ko", "it")


@dataclass(frozen=True, slots=True)
class Abilities:
    """The abilities of one engine, with its worker's options."""

    engine: str
    languages: tuple[
        str, ...
    ] = ()  #: lower-case tags; each includes the longer tags that begin with it; (): any language
    options: Mapping[str, tuple[float, float]] = field(default_factory=dict)  #: of a text: ranges, both ends included
    speeds: tuple[float, float] = ANY_SPEED  #: while the option `pace` has its normal value
    pace: str = ""  #: the option that speed multiplies, as words a minute; "": none
    normal: float = 1.0  #: its value where a text does not say
    blends: bool = False  #: it mixes voices, written `af_bella+af_sky(2)` (seriatim/voice_blend.py)
    neighbours: bool = False  #: it speaks a sentence by the texts around it, `Utterance.previous_text` and `next_text`
    phonemes: bool = False  #: does it speak `Utterance.pronunciations`? Else their words are respelled before
    cached: bool = False  #: its worker keeps sentences in a cache (workers/cache/)

    def to_json(self) -> str:
        """The record as stored in the pool."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Parse what a worker registered, possibly of another version."""
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        pairs = {name: (low, high) for name, (low, high) in known.get("options", {}).items()}
        low, high = known.get("speeds", ANY_SPEED)
        return cls(**known | {"languages": tuple(known.get("languages", ())), "options": pairs, "speeds": (low, high)})

    def check(self, language: str, speed: float, options: Mapping[str, float]) -> None:
        """Refuse a request that the engine does not support; `language` "" is the voice's own.

        Raises:
            UnknownLanguage: not supported; with the nearest names.
            UnknownOption: an unknown option, or a value or a speed outside its range.
        """
        if language and self.languages and not self.supports_language(language):
            raise UnknownLanguage(self._unknown_language(language))
        self._check_options(options)
        self._check_speed(speed, options)

    def supports_language(self, language: str) -> bool:
        """Whether `languages` has the tag, or a shorter one that it begins with."""
        tag = language.lower().replace("_", "-")
        while tag and tag not in self.languages:
            tag = tag.rpartition("-")[0]
        return bool(tag)

    def _unknown_language(self, language: str) -> str:
        names = names_of(self.languages)
        tags = sorted(self.languages, key=lambda tag: (COMMON.index(tag) if tag in COMMON else len(COMMON), tag))
        near = difflib.get_close_matches(language.lower(), [*names, *tags], NEAREST, cutoff=0.55)
        if not near:
            return unknown_word(f"{self.engine} language", language, tags, cutoff=1.0)
        offer = {names.get(word, word): f"{names[word]} ({word})" if word in names else word for word in reversed(near)}
        return (
            f"unknown {self.engine} language {language[:QUOTED_CHARS]!r}; nearest: {', '.join([*offer.values()][::-1])}"
        )

    def _check_options(self, options: Mapping[str, float]) -> None:
        if options and not self.options:
            raise UnknownOption(f"the {self.engine} engine has no options per sentence, found: {', '.join(options)}")
        for name, value in options.items():
            if name not in self.options:
                raise UnknownOption(unknown_word(f"{self.engine} option", name, self.options))
            low, high = self.options[name]
            if not low <= value <= high:
                raise UnknownOption(f"option {name} is {value:g}, expected {low:g} to {high:g}")

    def _check_speed(self, speed: float, options: Mapping[str, float]) -> None:
        pace = options.get(self.pace, self.normal)
        low, high = (bound * self.normal / pace for bound in self.speeds)
        if not low <= speed <= high:
            low, high = max(low, ANY_SPEED[0]), min(high, ANY_SPEED[1])
            where = f" at {self.pace} {pace:g}" if self.pace else ""
            raise UnknownOption(
                f"speed={speed:g}; the {self.engine} engine speaks at {math.ceil(low * 100) / 100:g} to "
                f"{math.floor(high * 100) / 100:g} times the normal rate{where}"
            )
