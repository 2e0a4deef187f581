"""A cast: the voices of a dialogue's speakers, of its narrator, and of speakers whom it does not name. Pure.

    narrator: hibari
    others: auto
    quotes: narrator
    engines:
      cloud: {engine: openai, options: {base_url: "https://example.org/v1", key_file: key}}
    speakers:
      ANNA: alto
      BEN: {voice: bass, speed: 0.9, pause_ms: 400, names: [Mr. Lee], pronoun: he}
      CARL: {voice: alloy, engine: cloud}

A speaker whom the cast does not name gets a voice of `others`, in the order in which the speakers first occur. So one
text always has the same voices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike

from seriatim.errors import UnknownOption
from seriatim.text.dialogue.cast_engines import CastEngine, cast_engines
from seriatim.text.dialogue.cast_fields import other_names, pronouns, refuse_unknown, speaker_style, voice_name
from seriatim.text.dialogue.cast_file import read_cast_file
from seriatim.text.dialogue.quotes.quote_voices import QuoteVoices
from seriatim.text.speech_style import PLAIN_STYLE, SpeechStyle

AUTO = "auto"  #: the pool's voices, and voices for all speakers
NARRATOR = "narrator"  #: quoted speech whose speaker is not sure is the narrator's
_PARTS = ("narrator", "others", "quotes", "engines", "speakers")


@dataclass(frozen=True, slots=True)
class Cast:
    """The voices of a dialogue."""

    speakers: Mapping[str, SpeechStyle] = field(default_factory=dict)  #: by the name before a line
    narrator: str = ""  #: voice of the text that no speaker says; "": the job's
    others: Sequence[str] = ()  #: voices of speakers who are not named here
    auto: bool = False  #: the others have voices of the pool that no other speaker has
    quotes: str = ""  #: voice of quoted speech whose speaker is not sure, or NARRATOR; "": none is looked for
    names: Mapping[str, str] = field(default_factory=dict)  #: other names, as a novel has them, with their speakers
    pronouns: Mapping[str, str] = field(default_factory=dict)  #: of speakers, such as `she`
    engines: Mapping[str, CastEngine] = field(default_factory=dict)  #: what speaks in the pools of speakers

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
            found = "the cast is empty" if values is None else f"cast={values!r:.80}"
            raise UnknownOption(f"{found}; expected a mapping with {', '.join(_PARTS)}, or 'auto'")
        refuse_unknown(values, _PARTS, "cast")
        speakers = values.get("speakers") or {}
        if not isinstance(speakers, Mapping):
            raise UnknownOption(f"cast: speakers={speakers!r:.80}; expected names and their voices")
        others = values.get("others") or ()
        if others != AUTO and (isinstance(others, str) or not isinstance(others, Sequence)):
            raise UnknownOption(f"cast: others={others!r:.80}; expected a list of voices, or auto")
        return cls(
            {str(name): speaker_style(str(name), speaker) for name, speaker in speakers.items()},
            voice_name("narrator", values.get("narrator") or ""),
            () if others == AUTO else tuple(voice_name("others", voice) for voice in others),
            others == AUTO,
            voice_name("quotes", values.get("quotes") or ""),
            other_names(speakers),
            pronouns(speakers),
            cast_engines(values.get("engines") or {}),
        )

    @property
    def finds_speakers(self) -> bool:
        """Do speakers have voices whom the cast does not name?"""
        return self.auto or bool(self.others)

    @property
    def voices(self) -> frozenset[str]:
        """The voices of the job's engine that it names."""
        own = (style.voice for style in self.speakers.values() if not style.engine)
        quotes = "" if self.quotes == NARRATOR else self.quotes
        return frozenset(voice for voice in (self.narrator, quotes, *self.others, *own) if voice)

    @property
    def pools(self) -> frozenset[str]:
        """The pools of speakers who do not speak in the job's."""
        return frozenset(style.engine for style in self.speakers.values() if style.engine)

    def quote_voices(self, styles: Mapping[str, SpeechStyle]) -> QuoteVoices | None:
        """The voices of quoted speech, for speakers with these styles; None: none is looked for."""
        if not self.quotes:
            return None
        default = PLAIN_STYLE if self.quotes == NARRATOR else SpeechStyle(self.quotes)
        return QuoteVoices({name: name for name in styles} | dict(self.names), styles, self.pronouns, default)

    def with_others(self, names: Iterable[str], voices: Sequence[str]) -> "Cast":
        """The cast with voices for all of `names`; `voices` are the pool's, which `auto` takes its from."""
        free = self.others or [voice for voice in voices if voice not in self.voices] or voices
        if not free:
            return self
        found = [name for name in names if name not in self.speakers]
        added = {name: SpeechStyle(free[n % len(free)]) for n, name in enumerate(found)}
        return replace(self, speakers={**self.speakers, **added})

    def __str__(self) -> str:
        """All of it in one line, in a constant order."""
        speakers = " ".join(f"{name}={style}" for name, style in sorted(self.speakers.items()))
        line = f"{self.narrator}|{' '.join(self.others)}|{self.auto}|{speakers}"
        engines = {name: style.engine for name, style in self.speakers.items() if style.engine}
        tables = (self.names, self.pronouns, engines, self.engines)
        if not self.quotes and not any(tables):
            return line  # as it was before it had these, so that books are not spoken again
        return f"{line}|{self.quotes}|{'|'.join(str(sorted(table.items())) for table in tables)}"


NO_CAST = Cast()
