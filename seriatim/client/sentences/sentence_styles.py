"""Sentence styles: the voice, the language and the speed of a piece whose markup or speaker asks for its own.

What the pool cannot do is left out, and named once: markup is written by people and by language models, and a wrong
name in it stops no text. A voice of `speakers` is an option of the job, which is checked before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from seriatim.client.job_options import RANGES, JobRequest
from seriatim.client.voice_names import find_voice
from seriatim.errors import BadInput
from seriatim.records import Sentence
from seriatim.state.pool_record import PoolRecord
from seriatim.text.speech_style import PLAIN_STYLE, SpeechStyle

MOST_NAMES = 5  #: in a warning


@dataclass(slots=True)
class SentenceStyles:
    """Styles of the sentences of one text, resolved for its pool."""

    request: JobRequest
    pool: PoolRecord
    _resolved: dict[SpeechStyle, Sentence] = field(default_factory=dict)  #: with an empty text
    _ignored: list[str] = field(default_factory=list)
    _reported: int = 0  #: names at the start of `_ignored` that are in a warning

    def styled(self, sentence: Sentence, style: SpeechStyle) -> Sentence:
        """The sentence with its style; what the pool cannot do stays as the sentence has it."""
        if style == PLAIN_STYLE:
            return sentence
        if style not in self._resolved:
            self._resolved[style] = self._resolve(style)
        own = self._resolved[style]
        speed = sentence.speed or self.request.speed
        replaces_pause = style.pause_ms >= 0 and sentence.pause_ms == self.request.pause_ms
        low, high = RANGES["speed"]
        return replace(
            sentence,
            pause_ms=style.pause_ms if replaces_pause else sentence.pause_ms,
            voice=own.voice or sentence.voice,
            language=own.language or (sentence.language if not own.voice else ""),
            speed=min(max(speed * own.speed, low), high) if own.speed else sentence.speed,
        )

    def ignore(self, names: Iterable[str]) -> None:
        """Note what has no effect, such as markup that no engine follows; each name counts once."""
        self._ignored += [name for name in names if name not in self._ignored]

    def warning(self) -> str:
        """A line, in ASCII, about what had no effect since the last call; "" if there is none."""
        names, self._reported = self._ignored[self._reported :], len(self._ignored)
        if not names:
            return ""
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        return f"without effect: {ascii(', '.join(names[:MOST_NAMES]))[1:-1]}{more}"

    def _resolve(self, style: SpeechStyle) -> Sentence:
        voice, language = self._voice(style)
        speed = style.rate if style.rate != 1 and self._can(style, speed=style.rate) else 0.0
        return Sentence("", voice=voice, language=language, speed=speed)

    def _voice(self, style: SpeechStyle) -> tuple[str, str]:
        """The pool's voice and the language; a language without a voice has the pool's voice for it."""
        language = style.language if style.language and self._can(style, language=style.language) else ""
        named = style.voice or language
        if not named:
            return "", language
        try:
            voice, own_language = find_voice(named, self.pool)
        except BadInput:
            self.ignore([f"voice {named}"])
            return "", "" if named == language else language
        return voice, language or own_language

    def _can(self, style: SpeechStyle, language: str = "", speed: float = 1.0) -> bool:
        low, high = RANGES["speed"]
        speed = min(max(self.request.speed * speed, low), high)
        try:
            self.pool.check(language, speed, self.request.options)
        except BadInput:
            self.ignore([f"language {style.language}" if language else f"rate {style.rate:g}"])
            return False
        return True
