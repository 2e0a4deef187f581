"""Messages of clients of the WebSocket /v1/stream (gateway/http/routes/text_stream.py)."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from gateway.http.schemas.field_types import FormatName
from gateway.http.schemas.requests import AudioOptions
from seriatim.keys import POSITION

TEXT_CHARS = 100_000  #: of one message


class StartMessage(AudioOptions):
    """Open a job, or resume one."""

    type: Literal["start"]
    format: FormatName = "pcm"
    key: str = Field("", max_length=512, description="an API key, for browsers, which cannot set headers here")
    resume: str = Field("", max_length=64, description="the token of a job to resume")
    after: str = Field("", max_length=64, description="the id of the last audio that the client has of it")
    words: bool = Field(False, description="`sentence` messages have the times of their words")
    acknowledge: bool = Field(False, description="keep audio until the client says that it received it")


class TextMessage(BaseModel):
    """More text, in pieces of any size."""

    type: Literal["text"]
    text: str = Field(max_length=TEXT_CHARS)


class ControlMessage(BaseModel):
    """flush: speak buffered text now. close: end of the text."""

    type: Literal["flush", "close"]


class PlaybackMessage(BaseModel):
    """A message about the playback of a job, which goes on behind the job's `end`."""

    job: str = Field(
        "", max_length=64, description="one of the connection's latest jobs; by default the current one, or the latest"
    )


class CancelMessage(PlaybackMessage):
    """Stop immediately. Behind the `end` of the job: the rest of its audio is not played."""

    type: Literal["cancel"]


class HeardMessage(PlaybackMessage):
    """The amount of the job that was played; also behind its `end`."""

    type: Literal["heard"]
    ms: float = Field(ge=0, allow_inf_nan=False)


class ReceivedMessage(BaseModel):
    """The client has everything up to this id; for a job that was started with `acknowledge`."""

    type: Literal["received"]
    id: str = Field(pattern=f"^{POSITION.pattern}$")


ClientMessage = StartMessage | TextMessage | ControlMessage | CancelMessage | HeardMessage | ReceivedMessage
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])
