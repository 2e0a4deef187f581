"""A cast: the voices of a dialogue's speakers, of its narrator, and of speakers whom it does not name. Pure.

    narrator: hibari
    others: auto
    speakers:
      ANNA: alto
      BEN: {voice: bass, speed: 0.9, pause_ms: 400}

A speaker whom the cast does not name gets a voice of `others`, in the order in which the speakers first occur. So one
text always has the same voices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from seriatim.errors import UnknownOption
from seriatim.text.dialogue.cast_file import read_cast_file
from seriatim.text.languages import language_tag
from seriatim.text.speech_style import LEAST_RATE, MOST_RATE, SpeechStyle

AUTO = "auto"  #: the pool's voices, and voices for all speakers
MOST_PAUSE_MS = 60_000
_FIELDS = ("voice", "language", "speed", "pause_ms")
_PARTS = ("narrator", "others", "speakers")


@dataclass(frozen=True, slots=True)
class Cast:
    """The voices of a dialogue."""

    speakers: Mapping[str, SpeechStyle] = field(default_factory=dict)  #: by the name before a line
    narrator: str = ""  #: voice of the text that no speaker says; "": the job's
    others: Sequence[str] = ()  #: voices of speakers who are not named here
    auto: bool = False  #: the others have voices of the pool that no other speaker has

    @classmethod
    def of(cls, written: object) -> "Cast":
        """Read a cast: a mapping, a path of a JSON or YAML file, or "auto".

        Raises:
            UnknownOption: it is none, or a field of it is wrong; the message names it.
            BadInput: its file cannot be read.
        """
        if isinstance(written, Cast):
            return written
        if written == AUTO:
            return cls(auto=True)
        values = read_cast_file(written) if isinstance(written, PathLike) else written
        if not isinstance(values, Mapping):
            raise UnknownOption(f"cast={values!r:.80}; expected a mapping with {', '.join(_PARTS)}, or 'auto'")
        _refuse_unknown(values, _PARTS, "cast")
        speakers = values.get("speakers") or {}
        if not isinstance(speakers, Mapping):
            raise UnknownOption(f"cast: speakers={speakers!r:.80}; expected names and their voices")
        others = values.get("others") or ()
        if others != AUTO and (isinstance(others, str) or not isinstance(others, Sequence)):
            raise UnknownOption(f"cast: others={others!r:.80}; expected a list of voices, or auto")
        return cls(
            {str(name): _speaker_style(str(name), speaker) for name, speaker in speakers.items()},
            _voice("narrator", values.get("narrator") or ""),
            () if others == AUTO else tuple(_voice("others", voice) for voice in others),
            others == AUTO,
        )

    @property
    def finds_speakers(self) -> bool:
        """Do speakers have voices whom the cast does not name?"""
        return self.auto or bool(self.others)

    @property
    def voices(self) -> frozenset[str]:
        """The voices that it names."""
        named = (self.narrator, *self.others, *(style.voice for style in self.speakers.values()))
        return frozenset(voice for voice in named if voice)

    def with_others(self, names: Iterable[str], voices: Sequence[str]) -> "Cast":
        """The cast with voices for all of `names`; `voices` are the pool's, which `auto` takes its from."""
        free = self.others or [voice for voice in voices if voice not in self.voices] or voices
        if not free:
            return self
        found = [name for name in names if name not in self.speakers]
        added = {name: SpeechStyle(free[n % len(free)]) for n, name in enumerate(found)}
        return Cast({**self.speakers, **added}, self.narrator, self.others, self.auto)

    def __str__(self) -> str:
        """All of it in one line, in a constant order."""
        speakers = " ".join(f"{name}={style}" for name, style in sorted(self.speakers.items()))
        return f"{self.narrator}|{' '.join(self.others)}|{self.auto}|{speakers}"


NO_CAST = Cast()


def _speaker_style(name: str, written: object) -> SpeechStyle:
    if isinstance(written, str):
        return SpeechStyle(_voice(name, written))
    if not isinstance(written, Mapping):
        raise UnknownOption(f"cast: {name}: {written!r:.80}; expected a voice, or {', '.join(_FIELDS)}")
    _refuse_unknown(written, _FIELDS, f"cast: {name}")
    rate = _number(name, "speed", written.get("speed", 1.0), LEAST_RATE, MOST_RATE)
    pause_ms = _number(name, "pause_ms", written.get("pause_ms", -1), 0 if "pause_ms" in written else -1, MOST_PAUSE_MS)
    language = _voice(name, written.get("language") or "")
    return SpeechStyle(
        _voice(name, written.get("voice") or ""), language_tag(language) if language else "", rate, round(pause_ms)
    )


def _voice(name: str, voice: object) -> str:
    if not isinstance(voice, str) or len(voice) > 256 or not voice.isprintable():
        raise UnknownOption(f"cast: {name}: {voice!r:.80}; expected the name of a voice or a language")
    return voice


def _number(name: str, of: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UnknownOption(f"cast: {name}: {of}={value!r:.80}; expected a number from {low:g} to {high:g}")
    return value


def _refuse_unknown(values: Mapping[Any, Any], known: Sequence[str], where: str) -> None:
    for name in values:
        if name not in known:
            raise UnknownOption(f"{where}: unknown field {name!r:.80}; expected {', '.join(known)}")
