"""Request bodies, and their conversion to `seriatim.client.job_options.JobRequest`."""

from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.encoding.stream_formats import STREAMABLE
from gateway.http.problems import HttpProblem
from gateway.http.schemas.cast import CastBody
from gateway.http.schemas.field_types import (
    AnyCase,
    FileFormat,
    KindName,
    Number,
    Pause,
    PlayName,
    Priority,
    Rate,
    Seconds,
    Session,
    Speed,
    Title,
    Voice,
    Volume,
    Whole,
    mark_nullable,
)
from gateway.http.schemas.ignored_fields import ignored_names, ignored_warning, joined_warning
from gateway.http.schemas.lenient_json import whole_characters
from gateway.http.schemas.model_names import LANGUAGE_FIELDS, language_of
from gateway.http.schemas.requested_pool import chosen_request, named_pool, server_for, voice_of
from seriatim.client.job_options import JobRequest
from seriatim.records import Play, Sentence

OPTIONS = (
    "language", "speed", "seed", "gap", "hold", "kind", "play", "priority", "window_ms", "drain", "timeout_s",
    "reader_grace_s", "pause_ms", "paragraph_ms", "markup", "code", "emoji", "reading", "speakers", "cast", "lexicon",
    "options", "session", "webhook",
)  # fmt: skip
WHOLE_CHARS = 5_000  #: about five minutes of audio, 15 MB of WAV: the limit of one request's memory
EXPLAINED_CHARS = 20_000  #: of a text that is explained, in half a second of one core: thrice through all steps
SHORT_CHARS = 300  #: one to three sentences, which are complete within a moment


class LexiconEntryBody(BaseModel):
    """One entry of a lexicon, for a word or a regular expression."""

    model_config = ConfigDict(extra="forbid")

    word: str = Field("", max_length=200, description="what is written")
    regex: str = Field("", max_length=200, description="or a regular expression, in RE2's syntax")
    say: str = Field("", max_length=500, description="another spelling")
    ipa: str = Field("", max_length=500, description="phonemes in the IPA")
    language: str = Field("", max_length=64, description="of the texts it is for; default: any")
    case: bool | None = Field(None, description="do capitals matter? default: if the word has one")


class SpeechOptions(BaseModel):
    """Options of speech. A missing or null field has the default of the voice, the engine or the settings."""

    model_config = ConfigDict(extra="allow", json_schema_extra=mark_nullable)

    model: str = Field("", max_length=64, description="a pool, or an alias of one")
    voice: Voice = Field("", description="a voice from /v1/voices, or a language, such as German")
    speed: Speed = 1.0
    language: str | None = Field(None, max_length=64, description="BCP 47, such as de or en-GB; auto: the text's")
    seed: Whole | None = Field(None, ge=0, lt=2**63, description="for engines that sample")
    gap: Annotated[Literal["fail", "silence", "skip"], AnyCase] | None = Field(
        None, description="what to do if a sentence cannot be spoken"
    )
    hold: Annotated[Literal["auto", "always", "never"], AnyCase] | None = Field(
        None, description="emit a sentence only when it is complete"
    )
    priority: Priority | None = Field(None, description="among the caller's own jobs, -9 to 9")
    window_ms: Whole | None = Field(
        None, ge=0, le=3_600_000, description="most audio synthesized ahead of the listener"
    )
    timeout_s: Seconds | None = Field(None, le=30 * 24 * 3600, description="time limit for speaking the whole job")
    reader_grace_s: Seconds | None = Field(
        None, le=24 * 3600, description="time after which a job without a listener is cancelled"
    )
    pause_ms: Pause | None = Field(None, description="silence after a sentence")
    paragraph_ms: Pause | None = Field(None, description="silence after a paragraph")
    markup: Annotated[Literal["auto", "plain", "none", "markdown", "html", "ssml"], AnyCase] | None = Field(
        None, description="format of the text"
    )
    code: Annotated[Literal["read", "skip"], AnyCase] | None = Field(
        None, description="blocks of code in the text's markup: read them, or skip them"
    )
    emoji: Annotated[Literal["skip", "name"], AnyCase] | None = Field(None, description="skip emoji, or name them")
    reading: Annotated[Literal["auto", "off"], AnyCase] | None = Field(
        None, description="numbers and signs as words, or as the engine reads them"
    )
    session: Session | None = Field(
        None, description="names the conversation of a client that sends its text sentence by sentence"
    )
    speakers: dict[str, str] | None = Field(
        None, description="voices of the lines that begin with NAME: in a dialogue, by name"
    )
    cast: CastBody | Literal["auto"] | None = Field(
        None, description="voices, speeds and pauses of a dialogue's speakers; auto: a voice for each NAME in capitals"
    )
    lexicon: dict[str, str] | list[LexiconEntryBody] | None = Field(
        None, description="pronunciations: words with what is spoken, or entries"
    )
    options: dict[str, Number] | None = Field(None, description="options of the engine")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, fields: Any) -> Any:
        """Remove nulls and empty strings, which many clients send for defaults, and map other names of `language`."""
        if not isinstance(fields, dict):
            return fields
        fields = whole_characters(fields)
        unset = {None: set(cls.model_fields), "": {*cls.model_fields, *LANGUAGE_FIELDS} - {"input"}}
        fields = {
            name: value
            for name, value in fields.items()
            if not (isinstance(value, str | None) and name in unset.get(value, ()))
        }
        codes = [code for name in LANGUAGE_FIELDS if (code := fields.pop(name, None)) is not None]
        if codes and "language" not in fields:
            fields["language"] = language_of(codes[0]) if isinstance(codes[0], str) else codes[0]
        return fields

    def pop_unknown_fields(self) -> str:
        """Remove unknown fields; returns a warning with their names, or "" if there are none."""
        warning = ignored_warning(ignored_names(self.model_extra))
        (self.model_extra or {}).clear()  # some clients send whole recordings in them
        return warning

    def at_server(self, context: GatewayContext, caller: Caller, *keys: str) -> tuple[GatewayContext, Self]:
        """The context of the server that speaks the request, and the request in its terms (`server_for`)."""
        own, model = server_for(context, self.model, caller, *keys, self.session or "")
        return own, self.model_copy(update={"model": model})

    def request(self, context: GatewayContext, caller: Caller, **more: Any) -> JobRequest:
        """Convert to a job request; `more` are further options, which take precedence.

        Raises:
            HttpProblem: no such model.
            UnknownOption: an invalid value.
        """
        return chosen_request(context, caller, self.job_options(context, caller, **more), self.spoken_text(context))

    def job_options(self, context: GatewayContext, caller: Caller, **more: Any) -> dict[str, Any]:
        """The options as `JobRequest.of` takes them, which can also be kept as JSON; `more` take precedence.

        Raises:
            HttpProblem: no such model.
        """
        fields = {name: value for name in OPTIONS if (value := getattr(self, name, None)) is not None}
        if isinstance(self.lexicon, list):
            fields["lexicon"] = [entry.model_dump() for entry in self.lexicon]
        pool = named_pool(context, self.model)
        if isinstance(self.cast, CastBody):
            fields["cast"] = self.cast.fields(partial(voice_of, context, pool))
        if self.speakers:
            fields["speakers"] = {name: voice_of(context, pool, each) for name, each in self.speakers.items()}
        voice = voice_of(context, pool, self.voice if isinstance(self.voice, str) else self.voice.id)
        user_fields = {"user": caller.user, "weight": caller.weight}
        return fields | {"engine": pool, "pool": pool, "voice": voice} | user_fields | more

    def spoken_text(self, _context: GatewayContext) -> str | list[Sentence] | None:
        """The text, by which the pool is chosen if no model is named; None if it comes later."""
        return None


class AudioOptions(SpeechOptions):
    """Options of speech and of the form of its audio."""

    sample_rate: Rate | None = Field(None, description="in Hz; default: that of the engine, or the gateway's setting")
    volume_multiplier: Volume = 1.0


class SpeechBody(AudioOptions):
    """OpenAI's speech request with this gateway's extensions. A response header names unknown fields."""

    input: str = Field(description="the text")
    response_format: FileFormat = "mp3"
    stream_format: Annotated[Literal["audio", "sse"], AnyCase] = "audio"
    stream: bool | None = Field(
        None,
        description="false: one complete file with a length and a final header, for texts up to 5,000 characters",
    )
    instructions: str | None = Field(None, description="accepted and ignored: no model here follows instructions")
    kind: KindName | None = Field(
        None, description="live: a listener waits; batch: uses spare slots, and waits instead of being refused"
    )
    play: PlayName | None = Field(
        None, description="stream: played as it arrives; whole: played once it is complete, as with stream false"
    )
    detach: bool = Field(False, description="continue when the client disconnects, and keep the recording")

    @property
    def whole(self) -> bool:
        """Whether the response is one complete file.

        FLAC that is short, or played as a whole, always is, because libsndfile reads no other.
        """
        flac_chars = WHOLE_CHARS if self.play == "whole" else SHORT_CHARS
        flac = self.response_format == "flac" and self.stream is None and len(self.input) <= flac_chars
        is_file_request = self.stream is False or self.response_format not in STREAMABLE
        return self.stream_format == "audio" and (flac or (is_file_request and len(self.input) <= WHOLE_CHARS))

    def spoken_text(self, _context: GatewayContext) -> str:
        """The text."""
        return self.input

    def check_format(self) -> None:
        """Check that the format suits the request.

        Raises:
            HttpProblem: it cannot be streamed, and the request is for a stream, or too long for one file.
        """
        if self.response_format not in STREAMABLE and not self.whole:
            message = (
                f"{self.response_format} cannot be streamed, and is limited to texts of {WHOLE_CHARS:,} characters; "
                f"use {', '.join(STREAMABLE)}"
            )
            raise HttpProblem(400, "bad_input", message, param="response_format")

    @property
    def played(self) -> Play:
        """The way it is played; by default a complete file is played as a whole."""
        file = self.whole or (self.stream is False and self.stream_format == "audio")
        return Play(self.play) if self.play else Play.WHOLE if file else Play.STREAM

    def pop_unknown_fields(self) -> str:
        """As `SpeechOptions.pop_unknown_fields`, with a warning about instructions."""
        warning = super().pop_unknown_fields()
        ignored = "instructions are ignored: no model here follows them" if self.instructions else ""
        return joined_warning(warning, ignored)


class ExplainBody(SpeechOptions):
    """A text to explain, with the options with which it would be spoken."""

    input: str = Field(max_length=EXPLAINED_CHARS, description="the text")
    engine: Annotated[Literal["espeak", "piper", "xtts"], AnyCase] | None = Field(
        None, description="also show the sentences as this engine gets them"
    )

    def spoken_text(self, _context: GatewayContext) -> str:
        """The text."""
        return self.input


class SentenceBody(BaseModel):
    """One sentence of a job whose client splits the text, as for a dialogue."""

    model_config = ConfigDict(extra="forbid")

    text: str
    voice: str = Field("", max_length=128)
    language: str = Field("", max_length=64)
    speed: Speed | None = None
    pause_ms: Pause | None = None

    def sentence(self, context: GatewayContext, pool: str) -> Sentence:
        """Convert to a sentence of the client."""
        pause_ms = -1 if self.pause_ms is None else self.pause_ms
        return Sentence(self.text, pause_ms, voice_of(context, pool, self.voice), self.language, self.speed or 0.0)


class JobChange(BaseModel):
    """Another title of a job."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Title, Field(min_length=1)]


class NewJobBody(SpeechOptions):
    """A new job: a text, or sentences."""

    model_config = ConfigDict(extra="forbid")

    input: str | None = Field(None, description="the text; exclusive with sentences")
    sentences: list[SentenceBody] | None = Field(
        None, description="sentences, each with its own voice; exclusive with input"
    )
    kind: KindName = Field("batch", description="live: a listener waits; batch: uses spare slots")
    play: PlayName | None = Field(
        None, description="of a live job: played as it arrives (stream), or once it is complete (whole)"
    )
    drain: Annotated[Literal["store", "window"], AnyCase] = Field(
        "store", description="store: recorded, for readers at any time; window: for one listener"
    )
    webhook: str | None = Field(
        None, max_length=2_000, description="an https URL that a signed message is posted to when the job has ended"
    )
    title: Title | None = Field(None, description="of the recording; default: the beginning of the text")

    def spoken_text(self, context: GatewayContext) -> str | list[Sentence] | None:
        """The text, or the sentences with their voices as they are named where no pool is."""
        return self.input if self.sentences is None else [s.sentence(context, "") for s in self.sentences]

    def text(self, context: GatewayContext, pool: str) -> str | list[Sentence | str]:
        """The text or sentences to speak.

        Raises:
            HttpProblem: neither text nor sentences, or both; or a title of a job that is not recorded.
        """
        if self.title and self.drain != "store":
            raise HttpProblem(400, "bad_input", "a title needs a recording: drain must be store", param="title")
        if (self.input is None) == (self.sentences is None):
            raise HttpProblem(400, "bad_input", "expected either input or sentences", param="input")
        return self.input if self.sentences is None else [s.sentence(context, pool) for s in self.sentences]  # type: ignore[return-value]  # exactly one is set
