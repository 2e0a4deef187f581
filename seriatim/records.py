"""Records that cross between processes: job specs, sentences, task messages. Frozen, versioned, strict on reading.

A reader of another version refuses unknown fields instead of guessing: `BadRecord` names the field.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self, cast

from seriatim.errors import SeriatimError

RATES = ("requests", "characters")  #: that a pool may be limited in, a minute
VERSION = 1  #: of every record here; rises when a field changes its meaning


class BadRecord(SeriatimError):
    """A malformed record, or one of another version."""


class JobKind(StrEnum):
    """The class of a job."""

    LIVE = "live"  #: a listener is waiting: playback deadlines, admission
    BATCH = "batch"  #: no listener is waiting: uses what live jobs leave


class Play(StrEnum):
    """The time at which a live job's listener plays it."""

    STREAM = "stream"  #: while it is spoken: each sentence has a deadline, at which playback reaches it
    WHOLE = "whole"  #: once it is complete: all its sentences have the deadline of the last


class GapPolicy(StrEnum):
    """The effect of a given-up sentence on its job."""

    FAIL = "fail"  #: the job fails with the sentence's reason
    SILENCE = "silence"  #: silence of the estimated length in its place, followed by a gap marker
    SKIP = "skip"  #: a gap marker


class DrainMode(StrEnum):
    """The process that takes the audio out of Redis."""

    WINDOW = "window"  #: the reader reports its progress; without a reader the job is cancelled after its grace period
    STORE = "store"  #: a recorder drains it into the file store, for readers at any time


class HoldPolicy(StrEnum):
    """Whether a sentence is held until it is complete, or emitted while it is being spoken."""

    AUTO = "auto"  #: hold it only if a second attempt would give other bytes (continuity none)
    ALWAYS = "1"  #: hold it until it is complete
    NEVER = "0"  #: emit it at once; a second attempt continues after a discontinuity marker


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as stored in the pool. Empty fields mean: as the job."""

    text: str
    pause_ms: int = -1  #: silence after it; -1: as long as after the job's other sentences
    voice: str = ""
    language: str = ""
    speed: float = 0.0
    seed: int = -1  #: -1: made of the job's seed and the sequence number
    previous_text: str = ""  #: of its neighbours, for engines that speak by them (client/sentences/)
    next_text: str = ""
    pronounce: str = ""  #: of words that a lexicon or markup has, by `seriatim.text.lexicon.encode_pronunciations`

    def to_json(self) -> str:
        """The record without default values: 10,000 sentences of a book may be in Redis at once."""
        return _dump_json(self, optional=_DEFAULTS[Sentence])

    @classmethod
    def from_json(cls, raw: str | bytes) -> Self:
        """Parse a record.

        Raises:
            BadRecord: not JSON, an unknown field, or one of another type.
        """
        return cast("Self", _load_json(cls, raw))


@dataclass(frozen=True, slots=True)
class JobSpec:
    """The options that all sentences of a job have in common."""

    voice: str = ""
    language: str = ""
    speed: float = 1.0
    seed: int = 0
    options: Mapping[str, float] = field(default_factory=dict)  #: engine options
    v: int = VERSION
    trace: str = ""  #: the span in which the job was accepted, as a traceparent (traces.py)
    warning: str = ""  #: of its submission, for its status

    def to_json(self) -> str:
        """The whole record; without an empty trace or warning, which older processes do not know."""
        return _dump_json(self, optional=("trace", "warning"))

    @classmethod
    def from_json(cls, raw: str | bytes) -> Self:
        """Parse a record.

        Raises:
            BadRecord: not JSON, an unknown field, one of another type, or another version.
        """
        spec = cast("Self", _load_json(cls, raw))
        if spec.v != VERSION:
            raise BadRecord(f"a job spec of version {spec.v}; this process knows version {VERSION}: upgrade it")
        return spec


@dataclass(frozen=True, slots=True)
class TaskMessage:
    """The message that Celery carries: an attempt at a sentence that is due. It is a hint, and never trusted."""

    job: str
    seq: int  #: 0-based
    attempt: int  #: the fencing token

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Parse `job|seq|attempt`, as pool scripts write it.

        Raises:
            BadRecord: it is malformed.
        """
        try:
            job, seq, attempt = entry.rsplit("|", 2)
            return cls(job, int(seq), int(attempt))
        except ValueError:
            raise BadRecord(f"{entry[:80]!r} is not an attempt; expected job|seq|attempt") from None

    @property
    def task_id(self) -> str:
        """The id that Flower shows."""
        return f"{self.job}:{self.seq}:{self.attempt}"

    @property
    def arguments_text(self) -> str:
        """The arguments that Flower shows."""
        return f"('{self.job}', {self.seq}, {self.attempt})"


def seed_of(spec_seed: int, sentence_seed: int, seq: int) -> int:
    """A sentence's seed: its own, or the job's plus the sequence number. 0..2**63-1."""
    return sentence_seed if sentence_seed >= 0 else (spec_seed + seq) % 2**63


def _dump_json(record: Sentence | JobSpec, optional: Container[str]) -> str:
    """The record as JSON, without `optional` fields that have their default."""
    known = _DEFAULTS[type(record)]
    values = {name: getattr(record, name) for name in known}
    fields_set = {name: value for name, value in values.items() if name not in optional or value != known[name]}
    return json.dumps(fields_set, ensure_ascii=False, separators=(",", ":"))


#: The default of each field; asking dataclasses each time costs more than the JSON.
_DEFAULTS = {cls: {f.name: f.default for f in fields(cls)} for cls in (Sentence, JobSpec)}
#: The type of each field, and the types that JSON has for it.
_TYPES: Mapping[type[Any], Mapping[str, Any]] = {cls: {f.name: f.type for f in fields(cls)} for cls in _DEFAULTS}
_JSON_TYPES: Mapping[Any, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float)}


def _load_json(cls: type[Any], raw: str | bytes) -> Any:
    try:
        values = json.loads(raw)
    except ValueError as error:
        raise BadRecord(f"a {cls.__name__.lower()} that is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise BadRecord(f"a {cls.__name__.lower()} that is not a JSON object")
    known = _TYPES[cls]
    for name, value in values.items():
        _check_field(cls.__name__.lower(), known, name, value)
    if cls is Sentence and "text" not in values:
        raise BadRecord("a sentence without text")
    return cls(**values)


def _check_field(record: str, known: Mapping[str, Any], name: str, value: object) -> None:
    if name not in known:
        raise BadRecord(f"a {record} with an unknown field {name!r}; was it written by a newer version?")
    expected = _JSON_TYPES.get(known[name], (dict,))
    if not isinstance(value, expected) or isinstance(value, bool):
        raise BadRecord(f"a {record} whose {name} is {value!r}; expected {expected[-1].__name__}")
