"""Options of a job: every one, its default, its range. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from os import PathLike
from typing import Any, Literal, TypedDict

from seriatim.errors import BadInput, UnknownOption, UnknownVoice
from seriatim.keys import JOB_ID
from seriatim.records import DrainMode, GapPolicy, HoldPolicy, JobKind, Play, Sentence
from seriatim.text.languages import language_tag
from seriatim.text.markup import Markup
from seriatim.text.text_files import TextFile

#: a text; a file with one, by its path or open for reading as text; or sentences
Text = str | PathLike[str] | TextFile | Iterable[str | Sentence]

POOL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
PAUSE_MOST_MS = 60_000
NAME_MOST = 256  #: characters of a voice, a language or an idempotency key
OPTION_MOST = 2.0**53  #: JSON has no infinity, and other readers than Python's no larger whole numbers


class EmptyTextPolicy(StrEnum):
    """What becomes of a text with nothing to say: no letters and no digits."""

    ERROR = "error"  #: it is refused
    SILENCE = "silence"  #: it is a job of no sentences, which is done at once


class JobOptions(TypedDict, total=False):
    """The keyword arguments of `enqueue_job` and `open_job`; what they mean stands in `JobRequest`. None: not said."""

    voice: str | None
    language: str | None
    engine: str | None
    pool: str | None
    user: str | None
    weight: float | None
    kind: JobKind | Literal["live", "batch"] | None
    priority: int | None
    play: Play | Literal["stream", "whole"] | None
    idempotency_key: str | None
    seed: int | None
    speed: float | None
    gap: GapPolicy | Literal["fail", "silence", "skip"] | None
    hold: HoldPolicy | Literal["auto", "1", "0"] | None
    window_ms: int | None
    drain: DrainMode | Literal["window", "store"] | None
    timeout_s: float | None
    reader_grace_s: float | None
    pause_ms: int | None
    paragraph_ms: int | None
    markup: Markup | Literal["auto", "none", "markdown", "html", "ssml"] | None
    options: Mapping[str, float] | None
    empty: EmptyTextPolicy | Literal["error", "silence"] | None


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job as its caller wants it. 0 and "" stand for the default of the settings, the pool or the engine."""

    voice: str = ""  #: a name that `seriatim voices` lists; "": the engine's first
    language: str = ""  #: BCP 47, such as "de", or its English name; "" or "auto": the voice's own
    engine: str = ""  #: whose pool speaks it; "": the system's default (seriatim/client/default_engine.py)
    pool: str = ""  #: "": the pool that is named like the engine
    user: str = "anonymous"  #: whose share of the pool it uses
    weight: float = 1.0  #: of the user: twice the weight is twice the share when everybody wants more
    kind: JobKind = JobKind.LIVE  #: live: somebody listens; batch: takes what live leaves
    priority: int = 0  #: -9..9 among the user's own jobs
    play: Play = Play.STREAM  #: live: stream: as it comes; whole: once it is whole, so that no sentence has a deadline
    idempotency_key: str = ""  #: the same key of the same user names the same job, however often it is sent
    seed: int = 0  #: 0..2**63-1; sentence n speaks with seed + n
    speed: float = 1.0  #: 0.25..4
    gap: GapPolicy | None = None  #: when a sentence is given up; None: fail for live, silence for batch
    hold: HoldPolicy = HoldPolicy.AUTO  #: emit a sentence only when it is whole
    window_ms: int = 0  #: audio that may lie between synthesis and reader
    drain: DrainMode | None = None  #: None: window for live, store for batch
    timeout_s: float = 0.0  #: not spoken within so long, it ends as timed out
    reader_grace_s: float = 0.0  #: a job that drains by window is cancelled without a reader for so long
    pause_ms: int = 200  #: silence after a sentence
    paragraph_ms: int = 600  #: silence after a paragraph
    markup: Markup = Markup.AUTO  #: how the text is marked up: auto, none, markdown, html, ssml
    options: Mapping[str, float] = field(default_factory=dict)  #: the engine's own
    empty: EmptyTextPolicy = EmptyTextPolicy.ERROR  #: a text with nothing to say, such as "...": error, or silence

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "JobRequest":
        """Read a caller's keyword arguments; None is as if it were not said.

        Raises:
            UnknownOption: a name that is not there, or a value outside its range.
        """
        known = {f.name for f in fields(cls)}
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(known))}"
                raise UnknownOption(f"unknown option {name!r}; {hint}")
        choices = {
            "kind": JobKind,
            "gap": GapPolicy,
            "hold": HoldPolicy,
            "drain": DrainMode,
            "empty": EmptyTextPolicy,
            "play": Play,
            "markup": Markup,
        }
        values: dict[str, Any] = {
            name: _choice(name, choices[name], value) if name in choices else value
            for name, value in options.items()
            if value is not None
        }
        for name in ("voice", "language", "engine", "pool", "idempotency_key"):
            check_printable(name, values.get(name, ""))
        check_options(values.get("options", {}))
        values["language"] = language_tag(values.get("language", ""))
        request = cls(**values)
        for name, (low, high) in RANGES.items():
            check_range(name, getattr(request, name), low, high)
        if request.pool_name:
            check_named("pool", request.pool_name, POOL_NAME, "letters, digits, dot, dash and underscore")
        check_user(request.user)
        return request

    @property
    def pool_name(self) -> str:
        """The pool that speaks it; "" for the system's default."""
        return self.pool or self.engine

    @property
    def gap_policy(self) -> GapPolicy:
        """What becomes of the job when a sentence is given up, the default resolved.

        A listener is told at once; a night's work is not thrown away for one sentence, but says that it has a gap.
        """
        if self.gap is not None:
            return self.gap
        return GapPolicy.FAIL if self.kind is JobKind.LIVE else GapPolicy.SILENCE

    @property
    def drained_by(self) -> DrainMode:
        """Who drains it, the default resolved."""
        if self.drain is not None:
            return self.drain
        return DrainMode.WINDOW if self.kind is JobKind.LIVE else DrainMode.STORE


RANGES: Mapping[str, tuple[float, float]] = {
    "weight": (0.001, 1000),
    "priority": (-9, 9),
    "seed": (0, 2**63 - 1),
    "speed": (0.25, 4),
    "window_ms": (0, 3_600_000),
    "timeout_s": (0, 30 * 24 * 3600),
    "reader_grace_s": (0, 24 * 3600),
    "pause_ms": (0, PAUSE_MOST_MS),
    "paragraph_ms": (0, PAUSE_MOST_MS),
}


VOICES = "seriatim voices"  #: what lists them all; over HTTP something else does (gateway/http/problems.py)


def check_voice(voice: str, known: Iterable[str], pool: str) -> str:
    """A voice by the name that the pool has for it; a pool that has not said yet takes any.

    Capitals do not matter, and a voice that is named by its language is found by any name of that: "German" is "de".

    Raises:
        UnknownVoice: with the nearest names.
    """
    names = list(known)
    if not voice or not names or voice in names:
        return voice
    base, plus, timbre = voice.partition("+")  # "en-us+f3": the voice en-us with the timbre +f3
    found, coloured = _named(base, names), _named(plus + timbre, names) if plus else ""
    if (found or not base) and (coloured or not plus):
        return found + coloured
    alike = [name for name in names if name.startswith("+") == bool(plus and found)] or names
    near = difflib.get_close_matches(plus + timbre if found else voice, alike, n=3, cutoff=0.4) or alike[:5]
    more = "" if len(names) <= len(near) else f" and {len(names) - len(near)} more ({VOICES})"
    raise UnknownVoice(f"unknown voice {voice!r}; pool {pool!r} has: {', '.join(near)}{more}")


def spelling(voice: str) -> str:
    """What all spellings of one voice have in common."""
    return language_tag(voice).casefold().replace("_", "-")


def _named(voice: str, names: list[str]) -> str:
    """The one of `names` that is meant, "" if none is."""
    if not voice or voice in names:
        return voice
    meant = (voice.casefold(), spelling(voice))
    return next((name for spelt in meant for name in names if name.casefold() == spelt), "")


def _choice(name: str, choices: type[Any], value: object) -> object:
    words = {"yes": "1", "always": "1", "no": "0", "never": "0"} if choices is HoldPolicy else {}
    try:
        return choices(words.get(str(value), str(value)))
    except ValueError:
        allowed = ["auto", "always", "never"] if choices is HoldPolicy else [str(choice) for choice in choices]
        raise UnknownOption(f"{name}={value!r}; expected one of {', '.join(allowed)}") from None


def check_range(name: str, value: object, low: float, high: float) -> None:
    """Refuse what is not a number from `low` to `high`.

    Raises:
        UnknownOption: with the range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UnknownOption(f"{name}={value!r}; expected a number from {low:g} to {high:g}")


def check_printable(name: str, value: object) -> None:
    """Refuse what is not a short text without control characters and halves of surrogate pairs.

    Raises:
        UnknownOption: it is no text, or none that can be shown.
    """
    if not isinstance(value, str):
        raise UnknownOption(f"{name}={value!r:.80}; expected a string")
    if len(value) > NAME_MOST:
        article = "an" if name[0] in "aeiou" else "a"
        raise UnknownOption(f"{article} {name} of {len(value)} characters; at most {NAME_MOST}")
    if not value.isprintable():
        raise UnknownOption(f"{name}={value!r}; expected characters that can be printed")


def check_user(user: object) -> str:
    """Refuse what cannot be a user's name; returns it. Names are encoded where they stand in keys (`keys.user_tag`).

    Raises:
        UnknownOption: it is empty, too long, or cannot be shown.
    """
    check_printable("user", user)
    if not isinstance(user, str) or not user.strip():
        raise UnknownOption(f"user={user!r}; expected a name of 1 to {NAME_MOST} characters")
    return user


def check_options(options: object) -> None:
    """Refuse options of an engine that are not names with finite numbers.

    Raises:
        UnknownOption: with the name.
    """
    if not isinstance(options, Mapping):
        raise UnknownOption(f"options={options!r:.80}; expected names and numbers")
    for name, value in options.items():
        check_printable("option name", name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < OPTION_MOST:
            raise UnknownOption(f"options: {name}={value!r:.80}; expected a number below {OPTION_MOST:g}")


def check_job(job_id: object) -> str:
    """Refuse what cannot be the id of a job before a key is made of it; returns it.

    Raises:
        BadInput: it has other characters than letters and digits, or too many.
    """
    if not isinstance(job_id, str) or not JOB_ID.fullmatch(job_id):
        raise BadInput(f"{job_id!r:.80} is no job's id; expected letters and digits, such as 5f2c...")
    return job_id


def check_named(what: str, value: object, pattern: "re.Pattern[str]", rule: str) -> None:
    """Refuse what is not a name as `pattern` and, for people, `rule` say.

    Raises:
        UnknownOption: with the rule.
    """
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UnknownOption(f"{what}={value!r}; expected {rule}")


def check_text(text: object) -> None:
    """Refuse what is not text before anything is made of it.

    Raises:
        BadInput: bytes, None, a number.
    """
    if isinstance(text, bytes | bytearray):
        raise BadInput(f"the text is {type(text).__name__}; decode it first, for example with .decode('utf-8')")
    if not isinstance(text, str | Iterable) or isinstance(text, Mapping):
        raise BadInput(f"the text is {type(text).__name__}; expected a string, or an iterable of sentences")
