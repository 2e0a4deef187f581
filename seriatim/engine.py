"""The engine protocol, between the task that speaks a sentence and the model that generates the audio.

An engine is loaded once per worker process, on one thread, and warmed up by speaking before the process takes work.
`speak` is called from up to `slots` threads at once; an engine that is not thread-safe has `slots = 1`, or uses a
thread of its own. The protocol is defined here so that the task never imports an engine, and with it torch.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from seriatim.engine_abilities import Abilities
from seriatim.text.pronunciation import Pronunciation


class Continuity(StrEnum):
    """The relation of a second attempt's bytes to a first one that was heard in part."""

    EXACT = "exact"  #: the same bytes, from any worker
    RESUMABLE = "resumable"  #: continues from `AudioChunk.state` without a seam
    NONE = "none"  #: other bytes: a sentence is held until complete, or continued after a discontinuity


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of an engine."""

    name: str  #: as users write it
    language: str  #: BCP 47 tag of its first language, such as "en-GB"; "" if it speaks any
    description: str = ""  #: a short text for lists
    languages: tuple[str, ...] = ()  #: all its languages, as BCP 47; () if it has one, or speaks any

    def card(self) -> dict[str, Any]:
        """The voice as a JSON object, kept short since every producer of the pool reads it."""
        fields = {"name": self.name, "language": self.language, "description": self.description}
        return fields | ({"languages": list(self.languages)} if self.languages else {})


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence with its options, as passed to an engine."""

    text: str
    voice: str = ""  #: "" is the engine's default
    language: str = ""  #: BCP 47; "" is the voice's own
    speed: float = 1.0  #: 0.25..4, times the normal rate of speech
    seed: int = 0  #: 0..2**63-1; the same seed and text give the same audio if the engine is repeatable
    lead_ms: int = 0  #: audio in the listener's buffer; engines may choose chunk sizes by it
    state: bytes = b""  #: resumable engines: `AudioChunk.state` of the previous attempt's last chunk
    options: Mapping[str, float] = field(default_factory=dict)  #: engine options by name
    previous_text: str = ""  #: text before it; only for engines whose `abilities.neighbours` is true
    next_text: str = ""  #: likewise, behind it; "" where it is not written yet
    failures: int = 0  #: attempts at it that failed
    heard_ms: float = 0.0  #: of its sound that listeners have from an earlier attempt; 0 where `state` continues it
    live: bool = False  #: a listener waits for it; else `lead_ms` says nothing of one
    user: str = ""  #: of its job, for a cache that keeps users apart; engines send it nowhere
    pronunciations: tuple[Pronunciation, ...] = ()  #: ascending; only for engines whose `abilities.phonemes` is true


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Limits of a server's account, as its response headers report them; None: not reported.

    They only lower the number of sentences spoken at once: a report of room raises nothing by itself.
    """

    remaining: int | None = None  #: requests that are left until `reset_s`
    reset_s: float | None = None  #: seconds from now until `remaining` is refilled
    concurrent: int | None = None  #: requests of the account that are open now, from any client, this one included
    max_concurrent: int | None = None  #: requests that may be open at once


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """One chunk of a sentence's audio."""

    pcm: bytes  #: s16le mono at the engine's rate_hz, an even number of bytes, possibly none
    state: bytes = b""  #: resumable engines: the state from which another worker continues after this chunk
    mark: str = (
        ""  #: the engine's action on a doubtful sentence, such as "cut" or "again"; counted, and kept with the job
    )
    last: bool = False  #: set on the last chunk if the engine knows: chunk and end of sentence are sent together
    continues: bool = False  #: on the first chunk: the sound before `Utterance.heard_ms` is not in it
    cached: bool = False  #: it comes from a cache: the time that it took says nothing about the engine
    server_limits: ServerLimits | None = None  #: on the first chunk, as reported; before `EngineBusy` on an empty one
    #: start and end of each word, in ms from the engine's first sample, as `seriatim.text.word_times.word_spans` counts
    #: them in the utterance's text; of all its words, with the first sound at the latest; () if unknown
    words: tuple[tuple[float, float], ...] = ()


class Engine(Protocol):
    """A speech synthesis engine."""

    name: str  #: as in --engine
    rate_hz: int  #: samples per second of everything it speaks
    continuity: Continuity
    limit_chars: int  #: the longest text that it speaks well at once
    limits: Mapping[str, int]  #: the limits of languages that differ, by the start of their BCP 47 tag
    merge_chars: int  #: sentences shorter than this sound bad alone and are merged with a neighbour; 0: none
    abilities: Abilities  #: supported languages, options and speeds; `speak` refuses the rest
    rtf: float  #: initial guess of wall seconds per second of audio in one slot, replaced by measurement

    @property
    def slots(self) -> int:
        """Sentences spoken at once in one process; may shrink at run time, as when memory runs out."""
        ...

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The current voices; the first is the default."""
        ...

    @property
    def gauges(self) -> Mapping[str, float]:
        """Current gauges for operators, such as gpu_memory_used, 0..1."""
        ...

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """Speak one sentence chunk by chunk, and stop soon after `cancelled()` returns True.

        Raises:
            UnknownVoice: the engine has no such voice.
            UnknownLanguage, UnknownOption: outside `abilities`.
            EngineFailed: this attempt failed; another may succeed.
            EngineBusy: no request is accepted now; the sentence is postponed, and nothing is blamed.
        """
        ...

    def close(self) -> None:
        """Free the engine's resources."""
        ...
