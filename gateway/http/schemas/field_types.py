"""The types of fields of requests: their limits, and the spellings that they take."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from gateway.http.encoding.stream_formats import FILES, STREAMABLE
from gateway.http.recordings.source_text import normalize_title
from seriatim.audio.formats import FORMATS
from seriatim.client.job_options import MAX_PAUSE_MS


def mark_nullable(schema: dict[str, Any]) -> None:
    """Mark optional fields as nullable in the OpenAPI document."""
    for name, field in schema.get("properties", {}).items():
        null = {"type": "null"}
        if name not in schema.get("required", ()) and null not in field.get("anyOf", ()):
            annotations = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
            schema["properties"][name] = {"anyOf": [*field.get("anyOf", [field]), null], **annotations}


def to_lowercase(value: Any) -> Any:
    """Convert a keyword to lower case: clients may write `MP3`."""
    return value.lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(to_lowercase)
#: what clients call formats; Ogg, which is Vorbis in files, is streamed as Opus
FORMAT_ALIASES = {ending: known.name for known in FORMATS if known.media_type for ending in known.endings} | {
    "ogg": "opus", "oga": "opus", "ogg_opus": "opus", "mpeg": "mp3", "pcm16": "pcm", "pcm_s16le": "pcm",
    "pcm_mulaw": "ulaw", "g711_ulaw": "ulaw", "pcm_alaw": "alaw", "g711_alaw": "alaw",
}  # fmt: skip


def to_format_name(value: Any) -> Any:
    """Convert what clients call a format to its name here."""
    name = to_lowercase(value)
    return FORMAT_ALIASES.get(name, name) if isinstance(name, str) else name


AnyFormatName = BeforeValidator(to_format_name)
FormatName = Annotated[Literal[STREAMABLE], AnyFormatName]  # type: ignore[valid-type]  # from the table of formats
FileFormat = Annotated[Literal[FILES], AnyFormatName]  # type: ignore[valid-type]  # likewise


def _reject_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("expected a number, not a boolean")  # noqa: TRY004  # pydantic wants a ValueError
    return value


Whole = Annotated[int, BeforeValidator(_reject_boolean)]
Number = Annotated[float, BeforeValidator(_reject_boolean), Field(allow_inf_nan=False)]
Pause = Annotated[Whole, Field(ge=0, le=MAX_PAUSE_MS)]
Speed = Annotated[Number, Field(ge=0.25, le=4)]
Rate = Annotated[Whole, Field(ge=8_000, le=48_000)]
Volume = Annotated[Number, Field(ge=0, le=10)]
Seconds = Annotated[Number, Field(ge=0)]
KindName = Annotated[Literal["live", "batch"], AnyCase]
PlayName = Annotated[Literal["stream", "whole"], AnyCase]
Priority = Annotated[Whole, Field(ge=-9, le=9)]
Session = Annotated[str, Field(max_length=256)]
Title = Annotated[str, Field(max_length=200), AfterValidator(normalize_title)]


class VoiceId(BaseModel):
    """A voice in OpenAI's form for custom voices."""

    id: str = Field(max_length=128)


def _reject_other_voices(value: Any) -> Any:
    if not isinstance(value, str | dict | VoiceId):
        raise ValueError('expected a name, or {"id": name}')  # noqa: TRY004  # as above
    return value


Voice = Annotated[Annotated[str, Field(max_length=128)] | VoiceId, BeforeValidator(_reject_other_voices)]
