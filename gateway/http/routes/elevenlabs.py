"""ElevenLabs' speech routes: /v1/text-to-speech/{voice}, for clients that cannot be changed."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.speech import speak
from gateway.http.schemas.elevenlabs_messages import DEFAULT_FORMAT, ElevenLabsSpeech, speech_fields
from gateway.http.schemas.requests import SpeechBody
from gateway.http.schemas.responses import AUDIO_RESPONSES, REFUSALS

router = APIRouter(tags=["speech"])
VoiceName = Annotated[str, Path(max_length=128, description="a voice of `GET /v1/voices`, or an alias of one")]
FormatCode = Annotated[str | None, Query(description=f"codec_rate_bitrate; default: {DEFAULT_FORMAT}")]


@router.post("/v1/text-to-speech/{voice}", responses=AUDIO_RESPONSES | REFUSALS, response_class=Response)
async def create_elevenlabs_speech(
    request: Request, voice: VoiceName, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    output_format: FormatCode = None,
) -> Response:  # fmt: skip
    """Speak a text in ElevenLabs' dialect; the audio is streamed."""
    return await _speak(request, voice, body, context, caller, output_format)


@router.post("/v1/text-to-speech/{voice}/stream", responses=AUDIO_RESPONSES | REFUSALS, response_class=Response)
async def stream_elevenlabs_speech(
    request: Request, voice: VoiceName, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    output_format: FormatCode = None,
) -> Response:  # fmt: skip
    """Speak a text in ElevenLabs' dialect, and stream its audio."""
    return await _speak(request, voice, body, context, caller, output_format)


async def _speak(
    request: Request, voice: str, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    format_code: str | None,
) -> Response:  # fmt: skip
    speed = body.voice_settings.speed if body.voice_settings else None
    fields = speech_fields(
        voice, body.model_id, format_code, speed=speed, language=body.language_code, seed=body.seed, input=body.text
    )
    return await speak(request, SpeechBody(response_format=fields.pop("format"), **fields), context, caller)
