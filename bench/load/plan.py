"""The plan of what listeners do, decided before anything runs: who asks when, for how long a text, and how they listen.

Written by `scenarios`, sent to the process of the clients as JSON. Times are in seconds from the start of the run.
"""

import json
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

MS_PER_CHAR = 60  #: of the tone engine's sound, at speed 1
SENTENCE_S = (2.0, 8.0)  #: lengths of sentences, drawn evenly: the prototype's
_WORDS = (
    *("harbour", "lantern", "window", "under", "morning", "river", "silent", "garden", "letter", "between"),
    *("mountain", "yellow", "paper", "distant", "music", "over", "water", "after", "evening", "road", "winter"),
    *("small", "bright", "across", "field", "station", "old", "blue", "stone"),
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One listener's wish, or with `again` the wishes of one listener, one after another."""

    at_s: float
    user: str
    texts_s: tuple[float, ...]  #: lengths of its texts, one drawn for each wish
    seed: int = 0
    kind: str = "live"
    again: bool = False  #: closed loop: what it hears is followed by the next wish, until the run is over
    comes_back: bool = True  #: refused, it asks once more after Retry-After
    leaves_s: float = 0.0  #: it goes so long after its first audio; 0: it hears all
    says_so: bool = True  #: who leaves cancels, or just vanishes
    pace: float = 1.0  #: seconds of audio heard in a second; below 1: a slow reader
    silent: bool = False  #: it reads, and never reports anything
    buffers: bool = False  #: it reports what it took, as the gateway does, and not what it has played
    listens: bool = True  #: False: a book for the store, without a listener
    group: str = ""  #: whom the table counts it among


@dataclass(frozen=True, slots=True)
class LoadRun:
    """All that happens in one run of the clients."""

    name: str
    asks: tuple[Ask, ...]
    span_s: float  #: then the run is over, even if some still listen
    warm_s: float = 0.0  #: wishes before that fill the system, and count for nothing but stalls
    about: str = ""

    def to_json(self) -> str:
        """For the process of the clients."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, raw: str) -> "LoadRun":
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(raw)
        asks = tuple(Ask(**(ask | {"texts_s": tuple(ask["texts_s"])})) for ask in fields.pop("asks"))
        return cls(asks=asks, **fields)


@dataclass(slots=True)
class RequestResult:
    """What became of one wish, as its listener saw it. Times in seconds from the start of the run; -1: never."""

    user: str
    group: str
    kind: str
    asked_s: float
    job: str = ""
    accepted_s: float = -1.0
    refused: str = ""  #: the error's name, if nothing came of it
    retry_after_s: float = 0.0
    back: bool = False  #: it was refused before, and came back after Retry-After
    text_s: float = 0.0  #: length of the text, in seconds of audio
    chunks: list[tuple[float, float]] = field(default_factory=list)  #: (arrival, ms of audio) of each
    ended_s: float = -1.0  #: arrival of the end
    state: str = ""  #: done, cancelled, failed
    over_s: float = -1.0  #: heard to the end, left, or cut off by the end of the run
    cut: bool = False  #: it did not hear the end: the run was over
    left: bool = False  #: it left by itself
    listens: bool = True  #: False: a book
    spoken_s: float = 0.0  #: of a book without a listener: seconds of audio made by the end of the run
    pace: float = 1.0


def result_from_json(fields: dict[str, Any]) -> RequestResult:
    """Read what `asdict` made of one."""
    chunks = [(float(at_s), float(ms)) for at_s, ms in fields.pop("chunks")]
    return RequestResult(**fields, chunks=chunks)


def text_of(length_s: float, seed: int) -> list[str]:
    """Sentences that last about `length_s` seconds together when the tone engine speaks them; at least one."""
    random, sentences, left_s = Random(seed), list[str](), length_s
    while left_s > 0.5 or not sentences:
        sentence_s = min(random.uniform(*SENTENCE_S), max(left_s, 0.5))
        sentences.append(_sentence(random, round(sentence_s * 1000 / MS_PER_CHAR)))
        left_s -= sentence_s
    return sentences


def _sentence(random: Random, n_chars: int) -> str:
    """Whole words, about `n_chars` in all with the full stop; half a word might look like an abbreviation."""
    words = random.choice(_WORDS).capitalize()
    while len(words) < n_chars - 4:
        words += " " + random.choice(_WORDS)
    return words + "."
