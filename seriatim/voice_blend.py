"""A voice blend: several voices of an engine mixed by weight, written `af_bella+af_sky(2)`. Pure.

Producers and engines parse it alike: the former refuse unknown names before a job is accepted.
"""

import re
from dataclasses import dataclass

from seriatim.errors import UnknownVoice
from seriatim.nearest_names import QUOTED_CHARS

PART = re.compile(r"\s*([^+()\s]+)\s*(?:\(\s*(\d{1,4}(?:\.\d{1,6})?)\s*\))?\s*", re.ASCII)
MOST_PARTS = 16  #: more cannot be distinguished, and a name stays short enough for a log


@dataclass(frozen=True, slots=True)
class VoicePart:
    """One voice of a blend."""

    name: str
    weight: float = 1.0  #: above 0; its share is that of the weights of all

    def __str__(self) -> str:
        return self.name if self.weight == 1 else f"{self.name}({self.weight:.10g})"


def parse_blend(voice: str) -> tuple[VoicePart, ...]:
    """The voices of a blend with their weights; a single voice is a blend of one. A weight that is not given is 1.

    Raises:
        UnknownVoice: it is not written as a blend, or all weights are 0.
    """
    found = [PART.fullmatch(part) for part in voice.split("+")]
    parts = [VoicePart(part[1], float(part[2] or 1)) for part in found if part]
    audible = tuple(part for part in parts if part.weight)
    if len(parts) != len(found) or not audible or len(parts) > MOST_PARTS:
        raise UnknownVoice(
            f"voice {voice[:QUOTED_CHARS]!r}; expected a name, or up to {MOST_PARTS} names with weights, such as "
            "af_bella+af_sky(2)"
        )
    return audible
