"""Request bodies, and their conversion to a `seriatim.client.job_options.JobRequest`."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.encoding.stream_formats import WHOLE
from gateway.http.problems import HttpProblem
from gateway.http.recordings.source_text import one_line
from gateway.http.schemas.model_names import LANGUAGES, OPENAI_MODELS, OPENAI_VOICES, find_name, language_of, spellings
from seriatim.client.default_engine import default_pool, resolve_engine
from seriatim.client.job_options import PAUSE_MOST_MS, JobRequest
from seriatim.records import Play, Sentence


def lowercase_word(value: Any) -> Any:
    """A word of ours as clients may write it: `MP3`."""
    return value.lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(lowercase_word)
FormatName = Annotated[Literal["mp3", "opus", "aac", "flac", "wav", "pcm"], AnyCase]
FileFormat = Annotated[Literal["mp3", "opus", "aac", "m4a", "flac", "wav", "pcm"], AnyCase]
OPTIONS = (
    "language", "speed", "seed", "gap", "hold", "kind", "play", "priority", "window_ms", "drain", "timeout_s",
    "reader_grace_s", "pause_ms", "paragraph_ms", "options",
)  # fmt: skip
WHOLE_CHARS = 5_000  #: about five minutes of sound, 15 MB of WAV: what one request may hold in memory
SHORT_CHARS = 300  #: a sentence or three, whose sound is there in a moment
#: fields of other servers that change nothing that is heard
HARMLESS = frozenset({"metadata", "safety_identifier", "store", "user"})
NAMED = re.compile(r"[\w.-]{1,64}", re.ASCII)  #: what may stand in a header
MOST_NAMED = 20


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number, and neither true nor false")  # noqa: TRY004  # pydantic wants a ValueError
    return value


Whole = Annotated[int, BeforeValidator(_no_truth)]
Number = Annotated[float, BeforeValidator(_no_truth), Field(allow_inf_nan=False)]
Pause = Annotated[Whole, Field(ge=0, le=PAUSE_MOST_MS)]
Speed = Annotated[Number, Field(ge=0.25, le=4)]
Rate = Annotated[Whole, Field(ge=8_000, le=48_000)]
Volume = Annotated[Number, Field(ge=0, le=10)]
Seconds = Annotated[Number, Field(ge=0)]
KindName = Annotated[Literal["live", "batch"], AnyCase]
PlayName = Annotated[Literal["stream", "whole"], AnyCase]
Priority = Annotated[int, Field(ge=-9, le=9)]
Title = Annotated[str, Field(max_length=200), AfterValidator(one_line)]


class VoiceId(BaseModel):
    """A voice as OpenAI names custom ones."""

    id: str = Field(max_length=128)


Voice = Annotated[str, Field(max_length=128)] | VoiceId


def _nullable(schema: dict[str, Any]) -> None:
    """Say in the document that what may be left out may be null."""
    for name, field in schema.get("properties", {}).items():
        null = {"type": "null"}
        if name not in schema.get("required", ()) and null not in field.get("anyOf", ()):
            kept = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
            schema["properties"][name] = {"anyOf": [*field.get("anyOf", [field]), null], **kept}


class SpeechOptions(BaseModel):
    """How a text is to be spoken. What is left out, or null, is as the voice, the engine or the settings have it."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_nullable)

    model: str = Field("", max_length=64, description="the pool that speaks it, or another name of one")
    voice: Voice = Field("", description="as /v1/voices lists them")
    speed: Speed = 1.0
    language: str | None = Field(None, max_length=64, description="BCP 47, such as de or en-GB")
    seed: Whole | None = Field(None, ge=0, lt=2**63, description="for engines that sample")
    gap: Annotated[Literal["fail", "silence", "skip"], AnyCase] | None = Field(
        None, description="if a sentence cannot be spoken"
    )
    hold: Annotated[Literal["auto", "always", "never"], AnyCase] | None = Field(
        None, description="give a sentence out only when whole"
    )
    priority: Annotated[Priority, BeforeValidator(_no_truth)] | None = Field(
        None, description="among the caller's own jobs, -9 to 9"
    )
    window_ms: Whole | None = Field(None, ge=0, le=3_600_000, description="audio made ahead of its listener")
    timeout_s: Seconds | None = Field(
        None, le=30 * 24 * 3600, description="not spoken within so long, it has timed out"
    )
    reader_grace_s: Seconds | None = Field(None, le=24 * 3600, description="how long it outlives its listener")
    pause_ms: Pause | None = Field(None, description="silence after a sentence")
    paragraph_ms: Pause | None = Field(None, description="silence after a paragraph")
    options: dict[str, Number] | None = Field(None, description="the engine's own")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        """Many clients send null for what their caller did not say, and some have other names for a language."""
        if not isinstance(given, dict):
            return given
        said = {name: value for name, value in given.items() if value is not None or name not in cls.model_fields}
        codes = [code for name in LANGUAGES if (code := said.pop(name, None)) is not None]
        if codes and "language" not in said:
            said["language"] = language_of(codes[0]) if isinstance(codes[0], str) else codes[0]
        return said

    def passed_over(self) -> str:
        """A warning with the names of fields that nobody here knows, which are forgotten; "" if there are none."""
        extra = self.model_extra or {}
        names = sorted(name for name, value in extra.items() if value is not None and name not in HARMLESS)
        extra.clear()  # some have whole recordings in them
        shown = [name for name in names if NAMED.fullmatch(name)][:MOST_NAMED]
        shown += [f"{len(names) - len(shown)} more"] * (len(names) > len(shown))
        return f"not known here, and passed over: {', '.join(shown)}" if shown else ""

    def request(self, context: GatewayContext, caller: Caller, **more: Any) -> JobRequest:
        """As the producer wants it; `more` are further options, which win.

        Raises:
            Problem: no such model.
            UnknownOption: a value that cannot be used.
        """
        given = {name: value for name in OPTIONS if (value := getattr(self, name, None)) is not None}
        pool = named_pool(context, self.model)
        voice = voice_of(context, pool, self.voice if isinstance(self.voice, str) else self.voice.id)
        whose = {"user": caller.user, "weight": caller.weight}
        asked = JobRequest.of(given | {"engine": pool, "pool": pool, "voice": voice} | whose | more)
        return resolve_engine(context.producer, asked, self.spoken_text(context))

    def spoken_text(self, _context: GatewayContext) -> str | list[Sentence] | None:
        """The text, by which the pool is chosen where no model is named; None where it comes later."""
        return None


class AudioOptions(SpeechOptions):
    """How its sound is given."""

    sample_rate: Rate | None = Field(None, description="in Hz; else as it was made, or as the settings have it")
    volume_multiplier: Volume = 1.0


class SpeechBody(AudioOptions):
    """OpenAI's speech request, and what else this gateway can do. A header names fields that nobody knows."""

    input: str = Field(description="the text")
    response_format: FileFormat = "mp3"
    stream_format: Annotated[Literal["audio", "sse"], AnyCase] = "audio"
    stream: bool | None = Field(
        None,
        description="false: the whole file at once, with its length and a true header; texts up to 5,000 characters",
    )
    instructions: str | None = Field(None, description="for models that follow them: none here does")
    kind: KindName | None = Field(
        None, description="live: somebody waits; batch: takes what is left, and waits instead of being refused"
    )
    play: PlayName | None = Field(
        None, description="stream: heard as it comes; whole: once it is whole, as with stream false"
    )
    detach: bool = Field(False, description="go on when the client leaves, and keep the recording")

    @property
    def whole(self) -> bool:
        """Is the answer a file that is sent when it is whole? Short FLAC is always: libsndfile reads no other."""
        flac = self.response_format == "flac" and self.stream is None and len(self.input) <= SHORT_CHARS
        asked = (self.stream is False or self.response_format == WHOLE) and len(self.input) <= WHOLE_CHARS
        return self.stream_format == "audio" and (flac or asked)

    def spoken_text(self, _context: GatewayContext) -> str:
        """The text."""
        return self.input

    def check(self) -> None:
        """See that the format can be given as it is wanted.

        Raises:
            Problem: it is of whole files, and a stream is wanted, or the text is too long for one.
        """
        if self.response_format == WHOLE and not self.whole:
            said = f"m4a is a whole file, of texts up to {WHOLE_CHARS:,} characters; aac can be streamed"
            raise HttpProblem(400, "bad_input", said, param="response_format")

    @property
    def played(self) -> Play:
        """When it is played: who asks for a file, or says so, hears nothing before it is whole."""
        file = self.whole or (self.stream is False and self.stream_format == "audio")
        return Play(self.play) if self.play else Play.WHOLE if file else Play.STREAM

    def passed_over(self) -> str:
        """As above; no voice here follows instructions."""
        said = super().passed_over()
        return "; ".join(filter(None, [said, "instructions: no model here follows them" if self.instructions else ""]))


class SentenceBody(BaseModel):
    """One sentence of a job whose caller cuts its text, as in a dialogue."""

    model_config = ConfigDict(extra="forbid")

    text: str
    voice: str = Field("", max_length=128)
    language: str = Field("", max_length=64)
    speed: Speed | None = None
    pause_ms: Pause | None = None

    def sentence(self, context: GatewayContext, pool: str) -> Sentence:
        """As the producer wants it."""
        pause_ms = -1 if self.pause_ms is None else self.pause_ms
        return Sentence(self.text, pause_ms, voice_of(context, pool, self.voice), self.language, self.speed or 0.0)


class NewJobBody(SpeechOptions):
    """A job: a text, or sentences."""

    model_config = ConfigDict(extra="forbid")

    input: str | None = Field(None, description="the text; or sentences")
    sentences: list[SentenceBody] | None = Field(
        None, description="sentences that are cut already, with their own voices"
    )
    kind: KindName = Field("batch", description="live: somebody listens now; batch: takes what is left")
    play: PlayName | None = Field(None, description="live: heard as it comes (stream), or once it is whole")
    drain: Annotated[Literal["store", "window"], AnyCase] = Field(
        "store", description="store: kept for readers of any time"
    )
    title: Title | None = Field(None, description="of its recording; else how its text begins")

    def spoken_text(self, context: GatewayContext) -> str | list[Sentence] | None:
        """The text, or the sentences with their voices as they are named where no pool is."""
        return self.input if self.sentences is None else [s.sentence(context, "") for s in self.sentences]

    def text(self, context: GatewayContext, pool: str) -> str | list[Sentence | str]:
        """What is to be said.

        Raises:
            Problem: neither a text nor sentences, or both; or a title for what nobody keeps.
        """
        if self.title and self.drain != "store":
            raise HttpProblem(400, "bad_input", "a title is kept with a recording: drain must be store", param="title")
        if (self.input is None) == (self.sentences is None):
            raise HttpProblem(400, "bad_input", "a job needs either input or sentences", param="input")
        return self.input if self.sentences is None else [s.sentence(context, pool) for s in self.sentences]  # type: ignore[return-value]  # one of them is there


def pool_of(context: GatewayContext, model: str) -> str:
    """The pool that a model's name stands for; the default pool for none, and for OpenAI's.

    Raises:
        Problem: it is no name of a pool with workers, or that had some.
    """
    return named_pool(context, model) or default_pool(context.producer)


def named_pool(context: GatewayContext, model: str) -> str:
    """The pool that a model's name stands for; "" where the text may choose.

    Raises:
        Problem: as `pool_of`.
    """
    for name in spellings(model):
        pool = _pool(context, name)
        if pool is not None:
            return pool
    raise HttpProblem(404, "model_not_found", f"no model {model!r}; GET /v1/models lists them", param="model")


def voice_of(context: GatewayContext, pool: str, voice: str) -> str:
    """A voice by any of its names; OpenAI's mean the default where the pool, "" for any, has no such voice."""
    alias = find_name(voice, context.voices)
    voice = context.voices[alias] if alias else voice
    if not voice:
        return ""
    found = find_name(voice, context.producer.pool_cache.get(pool).voice_names) if pool else None
    return found or ("" if find_name(voice, OPENAI_VOICES) else voice)


def _pool(context: GatewayContext, name: str) -> str | None:
    """The pool of a name as it is written, or in capitals or not; "" for the default, None if there is none."""
    alias = find_name(name, context.models)
    name = context.models[alias] if alias else name
    if not name or (alias is None and find_name(name, OPENAI_MODELS)):
        return context.settings.http_pool
    chosen = context.settings.http_pool
    if name == chosen or _known(context, name):
        return name
    found = find_name(name, filter(None, (chosen, *context.pools.known())))
    return found if found and (found == chosen or _known(context, found)) else None


def _known(context: GatewayContext, pool: str) -> bool:
    facts = context.producer.pool_cache.get(pool)
    return bool(facts.slots or facts.rate_hz)
