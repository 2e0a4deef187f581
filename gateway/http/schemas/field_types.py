"""The types of fields of requests: their limits, and the spellings that they take."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from gateway.http.encoding.stream_formats import FILES, STREAMABLE
from gateway.http.recordings.source_text import normalize_title
from seriatim.client.job_options import MAX_PAUSE_MS


def to_lowercase(value: Any) -> Any:
    """Convert a keyword to lower case: clients may write `MP3`."""
    return value.lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(to_lowercase)
FormatName = Annotated[Literal[STREAMABLE], AnyCase]  # type: ignore[valid-type]  # from the table of formats
FileFormat = Annotated[Literal[FILES], AnyCase]  # type: ignore[valid-type]  # likewise


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


Voice = Annotated[str, Field(max_length=128)] | VoiceId
