"""Speech styles: what markup or the name of a speaker says of the voice in which a stretch of text is spoken.

In a text that passes through the steps, a style is one control character, an index into a table that the first steps
write and the splitter of sentences reads. So steps between them need not know styles. Pure.
"""

import re
from dataclasses import dataclass, field

from seriatim.text.control_characters import MOST_STYLES, style_character, style_index
from seriatim.text.languages import is_language, language_tag

_FACTOR = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)")
_PERCENT = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{1,2})?)%")
#: rates that SSML names; the standard leaves their values to the engine
_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
LEAST_RATE, MOST_RATE = 0.25, 4.0


@dataclass(frozen=True, slots=True)
class SpeechStyle:
    """How a stretch of text is spoken; empty fields: as the rest of its text."""

    voice: str = ""  #: as it is written: a name, or a language that a voice is chosen for
    language: str = ""  #: BCP 47
    rate: float = 1.0  #: times the job's speed
    pause_ms: int = -1  #: silence after a sentence; -1: the job's
    engine: str = field(default="", repr=False)  #: the pool of a speaker who does not speak in the job's

    @property
    def reading_language(self) -> str:
        """The tag of the language that numbers are read in; "": the text's."""
        tag = self.language or language_tag(self.voice)
        return tag if self.language or (self.voice and is_language(tag)) else ""

    def within(self, outer: "SpeechStyle") -> "SpeechStyle":
        """This style inside of another: what it leaves open is as there, and rates multiply."""
        rate = min(max(self.rate * outer.rate, LEAST_RATE), MOST_RATE)
        language = self.language or ("" if self.voice else outer.language)
        pause_ms = self.pause_ms if self.pause_ms >= 0 else outer.pause_ms
        return SpeechStyle(self.voice or outer.voice, language, rate, pause_ms, self.engine or outer.engine)


PLAIN_STYLE = SpeechStyle()


@dataclass(frozen=True, slots=True)
class SpeakerStyle:
    """How the speaker speaks whose name stands before a line of a dialogue; the default: no speaker."""

    style: SpeechStyle = PLAIN_STYLE


@dataclass(slots=True)
class StyleTable:
    """The styles of one text, in the order in which they occur."""

    styles: list[SpeechStyle | SpeakerStyle] = field(default_factory=list)

    def character(self, style: SpeechStyle | SpeakerStyle) -> str:
        """The control character of a style; "" if the text has too many different ones."""
        if style not in self.styles:
            if len(self.styles) == MOST_STYLES:
                return ""
            self.styles.append(style)
        return style_character(self.styles.index(style))

    def style(self, char: str) -> SpeechStyle | SpeakerStyle:
        """The style of a control character."""
        return self.styles[style_index(char)]


@dataclass(frozen=True, slots=True)
class StyleState:
    """The style where a text is read that comes in parts."""

    speaker: SpeakerStyle = SpeakerStyle()
    marked: SpeechStyle = PLAIN_STYLE

    def changed(self, style: SpeechStyle | SpeakerStyle) -> "StyleState":
        """The state behind a style."""
        return StyleState(style, self.marked) if isinstance(style, SpeakerStyle) else StyleState(self.speaker, style)

    @property
    def style(self) -> SpeechStyle:
        """What markup says, within what the speaker's name says."""
        return self.marked.within(self.speaker.style)


def rate_of(text: str) -> float | None:
    """A rate as SSML writes it, such as `slow`, `120%`, `-10%` or `1.2`, as a factor; None if it is none."""
    text = text.strip().lower()
    if text in _RATES:
        return _RATES[text]
    if percent := _PERCENT.fullmatch(text):
        value = float(percent[2]) / 100
        rate = value if not percent[1] else 1 + value if percent[1] == "+" else 1 - value
    else:
        factor = _FACTOR.fullmatch(text)
        if not factor:
            return None
        rate = float(factor[1])
    return min(max(rate, LEAST_RATE), MOST_RATE)
