"""Options of a job: names, defaults, ranges. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from os import PathLike
from typing import Any, Literal, TypedDict

from seriatim.client.option_checks import (
    check_named,
    check_options,
    check_printable,
    check_range,
    check_speakers,
    check_user,
)
from seriatim.errors import UnknownOption
from seriatim.records import DrainMode, GapPolicy, HoldPolicy, JobKind, Play, Sentence
from seriatim.text.dialogue.cast import NO_CAST, Cast
from seriatim.text.dialogue.quotes.quote_voices import QuoteVoices
from seriatim.text.languages import language_tag
from seriatim.text.lexicon import Lexicon
from seriatim.text.markup import CodeMode, EmojiMode, Markup, MarkupChoices
from seriatim.text.reading import ReadingMode
from seriatim.text.speech_style import SpeechStyle
from seriatim.text.text_files import TextFile
from seriatim.user_limits import LIMITS
from seriatim.webhooks.webhook_target import check_webhook_url

#: a text; a file with one, by its path or open for reading as text; or sentences
Text = str | PathLike[str] | TextFile | Iterable[str | Sentence]

POOL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")  #: options take capitals, too
POOL_RULE = "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
AUTO = "auto"  #: the language that leaves the choice to the text, whatever the voice
MAX_PAUSE_MS = 60_000
NO_LEXICON = Lexicon()


class EmptyTextPolicy(StrEnum):
    """Handling of a text with nothing to speak: no letters and no digits."""

    ERROR = "error"  #: refuse it
    SILENCE = "silence"  #: accept it as a job without sentences, which is done at once


class JobOptions(TypedDict, total=False):
    """The keyword arguments of `enqueue_job` and `open_job`, documented in `JobRequest`. None: the default."""

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
    session: str | None
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
    markup: Markup | Literal["auto", "plain", "none", "markdown", "html", "ssml"] | None
    code: CodeMode | Literal["read", "skip"] | None
    emoji: EmojiMode | Literal["skip", "name"] | None
    reading: ReadingMode | Literal["auto", "off"] | None
    speakers: Mapping[str, str] | None
    cast: "Cast | Mapping[str, Any] | PathLike[str] | Literal['auto'] | None"
    lexicon: "Lexicon | Mapping[str, str] | Sequence[Mapping[str, Any]] | PathLike[str] | None"
    options: Mapping[str, float] | None
    webhook: str | None
    empty: EmptyTextPolicy | Literal["error", "silence"] | None


@dataclass(frozen=True, slots=True)
class JobRequest:
    """The options of a job. 0 and "" stand for the default of the settings, the pool or the engine."""

    voice: str = ""  #: a name that `seriatim voices` lists, or a language; "": the engine's first
    language: str = ""  #: BCP 47, such as "de", or its English name; "": the voice's, or the text's; "auto": the text's
    engine: str = ""  #: its pool speaks the job; "": the system's default (seriatim/client/default_engine.py)
    pool: str = ""  #: "": the pool with the engine's name
    user: str = "anonymous"  #: the user whose share of the pool it uses
    weight: float = 1.0  #: of the user: twice the weight is twice the share under load
    kind: JobKind = JobKind.LIVE  #: live: a listener is waiting; batch: uses what live jobs leave
    priority: int = 0  #: -9..9 among the user's own jobs
    play: Play = Play.STREAM  #: stream: play while it is spoken; whole: once complete, without deadlines
    idempotency_key: str = ""  #: the same key of the same user is the same job of a pool, however often it is sent
    session: str = ""  #: live jobs of a session, each sent before the last is heard, are one listener's turn
    seed: int = 0  #: 0..2**63-1; sentence n speaks with seed + n
    speed: float = 1.0  #: 0.25..4
    gap: GapPolicy | None = None  #: when a sentence is given up; None: fail for live, silence for batch
    hold: HoldPolicy = HoldPolicy.AUTO  #: emit a sentence only when it is complete
    window_ms: int = 0  #: audio that may lie between synthesis and reader
    drain: DrainMode | None = None  #: None: window for live, store for batch
    timeout_s: float = 0.0  #: time within which it must be spoken, or else it ends as timed out
    reader_grace_s: float = 0.0  #: time without a reader after which a job that drains by window is cancelled
    pause_ms: int = 200  #: silence after a sentence
    paragraph_ms: int = 600  #: silence after a paragraph
    markup: Markup = Markup.AUTO  #: how the text is marked up: auto, plain, none, markdown, html, ssml
    code: CodeMode = CodeMode.READ  #: blocks of code in the text's markup: read or skip
    emoji: EmojiMode = EmojiMode.SKIP  #: skip, or name: their names
    reading: ReadingMode = ReadingMode.AUTO  #: auto: numbers and signs become words; off: the engine reads them
    speakers: Mapping[str, str] = field(
        default_factory=dict
    )  #: names before lines such as `ANNA: Hi`, and their voices
    cast: Cast = NO_CAST  #: voices, speeds and pauses of speakers: a mapping, a file's path, or "auto"
    lexicon: Lexicon = NO_LEXICON  #: pronunciations: a mapping such as {"GIF": "jif"}, entries, or a file's path
    options: Mapping[str, float] = field(default_factory=dict)  #: the engine's own
    webhook: str = ""  #: an https URL that a signed message is posted to when the job has ended
    empty: EmptyTextPolicy = EmptyTextPolicy.ERROR  #: a text with nothing to speak, such as "...": error, or silence

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "JobRequest":
        """Parse a caller's keyword arguments; None is the default.

        Raises:
            UnknownOption: an unknown name, or a value outside its range.
            BadInput: a lexicon that is none.
        """
        _check_known(options, {f.name for f in fields(cls)})
        values: dict[str, Any] = {
            name: _parse_choice(name, CHOICES[name], value) if name in CHOICES else value
            for name, value in options.items()
            if value is not None
        }
        for name in ("voice", "language", "engine", "pool", "idempotency_key", "session"):
            check_printable(name, values.get(name, ""))
        values |= _pool_name(values)
        check_webhook_url(values.get("webhook", ""))
        check_options(values.get("options", {}))
        values |= _speech_options(values)
        request = cls(**values)
        for name, (low, high) in RANGES.items():
            check_range(name, getattr(request, name), low, high)
        check_user(request.user)
        return request

    @property
    def pool_name(self) -> str:
        """The pool that speaks it; "" for the system's default."""
        return self.pool or self.engine

    @property
    def speaker_styles(self) -> Mapping[str, SpeechStyle]:
        """How the lines of each speaker are spoken: `speakers` changes the voice alone of one whom the cast has."""
        cast = self.cast.speakers
        voices = self.speakers.items()
        return {**cast, **{name: replace(cast.get(name, SpeechStyle()), voice=voice) for name, voice in voices}}

    @property
    def quote_voices(self) -> QuoteVoices | None:
        """The speakers of a novel whose quoted speech is looked for; None: the cast does not ask for that."""
        return self.cast.quote_voices(self.speaker_styles)

    @property
    def choices(self) -> MarkupChoices:
        """What is said of code and of emoji."""
        return MarkupChoices(self.code, self.emoji)

    @property
    def gap_policy(self) -> GapPolicy:
        """The effect of a given-up sentence on the job, with the default resolved.

        A live job fails at once; a batch job is not discarded for one sentence, but gets a marked gap.
        """
        if self.gap is not None:
            return self.gap
        return GapPolicy.FAIL if self.kind is JobKind.LIVE else GapPolicy.SILENCE

    @property
    def drained_by(self) -> DrainMode:
        """The drain mode, with the default resolved."""
        if self.drain is not None:
            return self.drain
        return DrainMode.WINDOW if self.kind is JobKind.LIVE else DrainMode.STORE


#: the options with a few words as values
CHOICES: Mapping[str, type[StrEnum]] = {
    "kind": JobKind,
    "gap": GapPolicy,
    "hold": HoldPolicy,
    "drain": DrainMode,
    "empty": EmptyTextPolicy,
    "play": Play,
    "markup": Markup,
    "code": CodeMode,
    "emoji": EmojiMode,
    "reading": ReadingMode,
}
#: what check_range allows; a range of two int is one of whole numbers
RANGES: Mapping[str, tuple[float, float]] = {
    "weight": (LIMITS["weight"].low, LIMITS["weight"].high),
    "priority": (-9, 9),
    "seed": (0, 2**63 - 1),
    "speed": (0.25, 4.0),
    "window_ms": (0, 3_600_000),
    "timeout_s": (0.0, 30.0 * 24 * 3600),
    "reader_grace_s": (0.0, 24.0 * 3600),
    "pause_ms": (0, MAX_PAUSE_MS),
    "paragraph_ms": (0, MAX_PAUSE_MS),
}


def _check_known(options: Iterable[str], known: set[str]) -> None:
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(sorted(known))}"
            raise UnknownOption(f"unknown option {name!r}; {hint}")


def _pool_name(values: Mapping[str, Any]) -> dict[str, str]:
    """The option that names the pool, if one does: with a pool, the engine may be a module's path."""
    named = "pool" if values.get("pool") else "engine"
    return {named: check_named("pool", values[named], POOL_NAME, POOL_RULE)} if values.get(named) else {}


def _speech_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """The options about voices, language and pronunciations; a cast's narrator is the voice unless one is given."""
    check_speakers(values.get("speakers", {}))
    cast = Cast.of(values["cast"]) if "cast" in values else NO_CAST
    check_speakers({name: style.voice for name, style in cast.speakers.items()})
    for pool in cast.pools:
        check_named("cast: engine", pool, POOL_NAME, POOL_RULE)
    language = values.get("language", "")
    return {
        "cast": cast,
        "voice": values.get("voice") or cast.narrator,
        "language": AUTO if language.strip().lower() == AUTO else language_tag(language),
        "lexicon": Lexicon.of(values["lexicon"]) if "lexicon" in values else NO_LEXICON,
    }


def _parse_choice(name: str, choices: type[StrEnum], value: object) -> object:
    aliases = {"yes": "1", "always": "1", "no": "0", "never": "0"} if choices is HoldPolicy else {}
    try:
        word = str(value).lower()
        return choices(aliases.get(word, word))
    except ValueError:
        allowed = ["auto", "always", "never"] if choices is HoldPolicy else [str(choice) for choice in choices]
        raise UnknownOption(f"{name}={value!r}; expected one of {', '.join(allowed)}") from None
