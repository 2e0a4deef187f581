"""ElevenLabs' messages: bodies, names of output formats, and messages of its WebSockets, as our options.

What has no counterpart here, such as stability, is ignored, and a warning names it.
"""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.http.problems import HttpProblem
from gateway.http.schemas.field_types import Whole
from gateway.http.schemas.ignored_fields import ignored_names, ignored_warning
from gateway.http.schemas.stream_messages import TEXT_CHARS

FORMAT = re.compile(r"(mp3|pcm|wav|opus|ulaw|alaw)_(\d{4,6})(?:_\d{2,3})?", re.ASCII)  #: codec_rate_bitrate
DEFAULT_FORMAT = "mp3_44100_128"
MIN_HZ, MAX_HZ = 8_000, 48_000
OWN_RATES = ("ulaw", "alaw", "opus")  #: formats with one rate
MODEL_PREFIX = "eleven_"  #: ElevenLabs' models: the gateway's default pool


class VoiceSettings(BaseModel):
    """The part of the voice settings that has a counterpart."""

    model_config = ConfigDict(extra="allow")

    speed: float | None = Field(None, ge=0.25, le=4)


class ElevenLabsSpeech(BaseModel):
    """A text to speak."""

    model_config = ConfigDict(extra="allow")

    text: str
    model_id: str | None = Field(None, max_length=64, description="a pool, or one of ElevenLabs' models")
    language_code: str | None = Field(None, max_length=64)
    voice_settings: VoiceSettings | None = None
    seed: Whole | None = Field(None, ge=0, lt=2**63)

    def ignored_fields(self) -> str:
        """A warning that names the fields without a counterpart; "" if there are none."""
        return _ignored_fields(self, self.voice_settings)


class ElevenLabsMessage(BaseModel):
    """A message of a WebSocket; `context_id`, `close_context` and `close_socket` are those of several contexts."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    text: str | None = Field(None, max_length=TEXT_CHARS)
    voice_settings: VoiceSettings | None = None
    flush: bool | None = None
    context_id: str | None = Field(None, max_length=256)
    close_context: bool | None = None
    close_socket: bool | None = None
    xi_api_key: str | None = Field(None, max_length=512)

    def ignored_fields(self) -> str:
        """As `ElevenLabsSpeech.ignored_fields`."""
        return _ignored_fields(self, self.voice_settings)


def _ignored_fields(message: BaseModel, settings: VoiceSettings | None) -> str:
    names = ignored_names(message.model_extra)
    return ignored_warning([*names, *ignored_names(settings.model_extra if settings else None, "voice_settings.")])


def speech_fields(voice: str, model: str | None, output_format: str | None, **more: Any) -> dict[str, Any]:
    """The fields of our options, with the audio format as `format`, and `more`, without those that are None.

    Raises:
        HttpProblem: an unknown output format.
    """
    match = FORMAT.fullmatch((output_format or DEFAULT_FORMAT).lower())
    if match is None or not MIN_HZ <= int(match[2]) <= MAX_HZ:
        message = (
            f"unknown output_format {output_format!r:.80}; expected codec_rate or codec_rate_bitrate, as pcm_16000"
        )
        raise HttpProblem(400, "unknown_format", message, param="output_format")
    codec, rate_hz = match[1], int(match[2])
    fields = {"voice": voice, "model": "" if not model or model.startswith(MODEL_PREFIX) else model, "format": codec}
    fields |= {"sample_rate": rate_hz} if output_format and codec not in OWN_RATES else {}
    return fields | {name: value for name, value in more.items() if value is not None}
