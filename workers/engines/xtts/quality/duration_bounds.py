"""Duration bounds of a text: how long it can take to say, and how long one can fall silent in it.

The guard cuts by these bounds, and a cut loses words for good, so they are wide: they leave room for the slowest voice
that anybody clones, and for what a character may turn into when it is read out. They depend on the text alone, not on
what a process has heard before, so that another worker comes to the same verdict.

All times are those of a voice at speed 1.
"""

import re
from dataclasses import dataclass
from typing import Self

from seriatim.text.duration_estimate import estimate_ms

#: of the estimate, which is of 175 words a minute: a voice of 80 still fits. English at the limit that coqui-tts sets
#: for a text (250 characters) fills all 605 codes that the model can make at 2.1 times the estimate, other languages at
#: 1.5 to 2.9 times: who speaks slower than that is cut off by the model itself.
SLOWEST = 2.2
#: of the estimate of the letters and digits: hurried speech takes 0.65
FASTEST = 0.3
#: a breath before the first word and the silence behind the last; and an estimate of one word may be wrong by a word
SLACK_MS = 1500
#: more for a digit than estimated: "7" in "77,777" may be "siebenundsiebzigtausend", said slowly
DIGIT_MS = 400
#: more for a letter of a word in capitals, which may be spelled: "W" in "WWW" has three syllables
CAPITAL_MS = 250
#: texts estimated shorter than this are not found too short: "Hm." may be anything
SHORT_MS = 1000

_CAPITALS = re.compile(r"\b[^\W\d_a-z]{2,}\b")
_LONG_PAUSE = re.compile(r"…|\.{2,}|[—–]|\s-+\s|\n|。{2,}|⋯")
_PAUSE = re.compile(r"[,;:.!?،؛؟。！？；：、，।()\[\]\"“”«»]")
#: how much longer than between two words a voice may be silent inside a text. At a comma XTTS pauses some 0.3 s, at a
#: full stop 0.6, and it makes a scene of an ellipsis or a dash.
PAUSE_MS = 400.0
LONG_PAUSE_MS = 1000.0


@dataclass(frozen=True, slots=True)
class DurationBounds:
    """What a text can sound like."""

    likely_ms: float  #: how long it takes, about
    least_ms: float  #: no voice needs less; 0 where no bound is known
    most_ms: float  #: no voice needs more
    pause_ms: float  #: longest silence that its marks may cause, beyond that between two words

    @classmethod
    def of(cls, text: str, language: str) -> Self:
        """What `text` can sound like in `language` (BCP 47)."""
        likely_ms = estimate_ms(text, language)
        spoken_ms = estimate_ms("".join(c if c.isalnum() else " " for c in text).strip(), language)
        digits = sum(c.isdigit() for c in text)
        capitals = sum(len(word) for word in _CAPITALS.findall(text))
        inside = re.sub(r"[\W_]+$", "", text)  # marks at the very end cause no pause: nothing follows
        long_pauses = len(_LONG_PAUSE.findall(inside))
        pause_ms = LONG_PAUSE_MS if long_pauses else PAUSE_MS if _PAUSE.search(inside) else 0.0
        more_ms = DIGIT_MS * digits + CAPITAL_MS * capitals + LONG_PAUSE_MS * long_pauses
        return cls(
            likely_ms,
            FASTEST * spoken_ms if spoken_ms >= SHORT_MS else 0.0,
            SLACK_MS + SLOWEST * likely_ms + more_ms,
            pause_ms,
        )
