"""Cast fields: what a cast says of a speaker, checked. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from seriatim.errors import UnknownOption
from seriatim.text.languages import language_tag
from seriatim.text.speech_style import LEAST_RATE, MOST_RATE, SpeechStyle

MOST_PAUSE_MS = 60_000
MOST_NAMES = 16  #: of one speaker
_FIELDS = ("voice", "language", "speed", "pause_ms", "engine", "names", "pronoun")


def speaker_style(name: str, written: object) -> SpeechStyle:
    """How a speaker speaks, of a voice or of a mapping.

    Raises:
        UnknownOption: it is neither, or a field of it is wrong.
    """
    if isinstance(written, str):
        return SpeechStyle(voice_name(name, written))
    if not isinstance(written, Mapping):
        raise UnknownOption(f"cast: {name}: {written!r:.80}; expected a voice, or {', '.join(_FIELDS)}")
    refuse_unknown(written, _FIELDS, f"cast: {name}")
    rate = _number(name, "speed", written.get("speed", 1.0), LEAST_RATE, MOST_RATE)
    pause_ms = _number(name, "pause_ms", written.get("pause_ms", -1), 0 if "pause_ms" in written else -1, MOST_PAUSE_MS)
    language = voice_name(name, written.get("language") or "")
    return SpeechStyle(
        voice_name(name, written.get("voice") or ""),
        language_tag(language) if language else "",
        rate,
        round(pause_ms),
        voice_name(name, written.get("engine") or "").lower(),
    )


def other_names(speakers: Mapping[Any, Any]) -> dict[str, str]:
    """The other names of speakers, each with its speaker.

    Raises:
        UnknownOption: they are no list of names, or two speakers have the same.
    """
    found: dict[str, str] = {}
    for speaker, written in speakers.items():
        names = written.get("names") or () if isinstance(written, Mapping) else ()
        if isinstance(names, str) or not isinstance(names, Sequence) or len(names) > MOST_NAMES:
            raise UnknownOption(f"cast: {speaker}: names={names!r:.80}; expected a list of up to {MOST_NAMES} names")
        for name in names:
            if not isinstance(name, str) or not name.strip():
                raise UnknownOption(f"cast: {speaker}: names: {name!r:.80}; expected a name")
            if found.setdefault(voice_name(str(speaker), name), str(speaker)) != str(speaker) or name in speakers:
                raise UnknownOption(f"cast: {speaker}: names: {name!r:.80} is another speaker's name, too")
    return found


def pronouns(speakers: Mapping[Any, Any]) -> dict[str, str]:
    """The pronouns of speakers who have one, such as `she`, in small letters.

    Raises:
        UnknownOption: one is no word.
    """
    found = {}
    for speaker, written in speakers.items():
        if isinstance(written, Mapping) and written.get("pronoun"):
            found[str(speaker)] = voice_name(str(speaker), written["pronoun"]).lower()
    return found


def voice_name(name: str, voice: object) -> str:
    """A name of a voice, a language or the like, for the speaker or the part of a cast called `name`.

    Raises:
        UnknownOption: it is none.
    """
    if not isinstance(voice, str) or len(voice) > 256 or not voice.isprintable():
        raise UnknownOption(f"cast: {name}: {voice!r:.80}; expected the name of a voice or a language")
    return voice


def refuse_unknown(values: Mapping[Any, Any], known: Sequence[str], where: str) -> None:
    """Refuse a field that is not known.

    Raises:
        UnknownOption: with the names of those that are.
    """
    for name in values:
        if name not in known:
            raise UnknownOption(f"{where}: unknown field {name!r:.80}; expected {', '.join(known)}")


def _number(name: str, of: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UnknownOption(f"cast: {name}: {of}={value!r:.80}; expected a number from {low:g} to {high:g}")
    return value
