"""The engine protocol, between the task that speaks a sentence and the model that makes the audio.

An engine is loaded once per worker process, on one thread, and warmed up by speaking before the process takes work.
`speak` is called from up to `slots` threads at once; an engine that is not thread-safe has `slots = 1`, or hands the
work to a thread of its own. The protocol lives here so that the task body never imports an engine, and with it torch.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from seriatim.engine_abilities import Abilities


class Continuity(StrEnum):
    """What a second attempt at a sentence gives, when a first one was heard in part."""

    EXACT = "exact"  #: the same bytes, whoever speaks it again
    RESUMABLE = "resumable"  #: goes on from `AudioChunk.state` without a seam
    NONE = "none"  #: other bytes: a sentence is held until whole, or continued behind a discontinuity


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of an engine."""

    name: str  #: what users write
    language: str  #: BCP 47 tag of its first language, such as "en-GB"; "" if it speaks any
    description: str = ""  #: a few words for a list
    languages: tuple[str, ...] = ()  #: all that it can be told to speak, as BCP 47; () if that is one, or any

    def card(self) -> dict[str, Any]:
        """For people and other processes, as JSON has it; what every producer of the pool reads is kept short."""
        said = {"name": self.name, "language": self.language, "description": self.description}
        return said | ({"languages": list(self.languages)} if self.languages else {})


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence, as an engine gets it."""

    text: str
    voice: str = ""  #: "" is the engine's default
    language: str = ""  #: BCP 47; "" is the voice's own
    speed: float = 1.0  #: 0.25..4, times the normal rate of speech
    seed: int = 0  #: 0..2**63-1; the same seed and text give the same sound where the engine is repeatable
    lead_ms: int = 0  #: how far the listener's buffer is ahead; engines may choose chunk sizes by it
    state: bytes = b""  #: resumable engines: `AudioChunk.state` of the last chunk of the attempt before
    options: Mapping[str, float] = field(default_factory=dict)  #: engine options by name


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """One piece of a sentence's sound."""

    pcm: bytes  #: s16le mono at the engine's rate_hz, an even number of bytes, possibly none
    state: bytes = b""  #: resumable engines: what a new worker needs to go on behind this piece
    mark: str = ""  #: the engine had doubts: what it did, such as "cut" or "again"; counted, and kept with the job
    last: bool = False  #: nothing follows, if the engine knows: the piece and the sentence's end go out together


class Engine(Protocol):
    """A model that speaks."""

    name: str  #: the word after --engine
    rate_hz: int  #: samples per second of everything it speaks
    continuity: Continuity
    limit_chars: int  #: the longest text it speaks well in one go
    limits: Mapping[str, int]  #: the same for languages with another one, by the beginning of their BCP 47 tag
    merge_chars: int  #: a sentence shorter than this sounds bad alone and joins its neighbour; 0: none does
    abilities: Abilities  #: what it can be asked for; `speak` refuses the rest
    rtf: float  #: a first guess of wall seconds per second of audio in one slot, replaced by measurement

    @property
    def slots(self) -> int:
        """Sentences it speaks at once in one process; may shrink while it runs, as when memory runs out."""
        ...

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Those that it has now; the first is the default."""
        ...

    @property
    def gauges(self) -> Mapping[str, float]:
        """What an operator wants to see now, such as gpu_memory_used, 0..1."""
        ...

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """Speak one sentence, piece by piece, and stop soon after `cancelled()` turns true.

        Raises:
            UnknownVoice: the engine has no such voice.
            UnknownLanguage, UnknownOption: as `abilities` say.
            EngineFailed: this attempt gave nothing usable; another may.
        """
        ...

    def close(self) -> None:
        """Free what the engine holds."""
        ...
