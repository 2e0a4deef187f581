"""ElevenLabs' speech routes: /v1/text-to-speech/{voice}, for clients that cannot be changed."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.reading.character_times import CharacterTimes, character_times
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.speech import speak
from gateway.http.schemas.elevenlabs_messages import DEFAULT_FORMAT, ElevenLabsSpeech, speech_fields
from gateway.http.schemas.requests import AudioOptions, SpeechBody
from gateway.http.schemas.responses import AUDIO_RESPONSES, REFUSALS
from gateway.http.schemas.scheduling_headers import SchedulingDep, job_scheduling, with_header_defaults
from gateway.http.streaming.timed_speech import TimedAudio, timed_response

router = APIRouter(tags=["speech"])
VoiceName = Annotated[str, Path(max_length=128, description="a voice of `GET /v1/voices`, or an alias of one")]
FormatCode = Annotated[str | None, Query(description=f"codec_rate_bitrate; default: {DEFAULT_FORMAT}")]


@router.post("/v1/text-to-speech/{voice}", responses=AUDIO_RESPONSES | REFUSALS, response_class=Response)
async def create_elevenlabs_speech(
    request: Request, voice: VoiceName, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    headers: SchedulingDep, output_format: FormatCode = None,
) -> Response:  # fmt: skip
    """Speak a text in ElevenLabs' dialect; the audio is streamed."""
    return await _speak(request, voice, body, context, caller, headers, output_format)


@router.post("/v1/text-to-speech/{voice}/stream", responses=AUDIO_RESPONSES | REFUSALS, response_class=Response)
async def stream_elevenlabs_speech(
    request: Request, voice: VoiceName, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    headers: SchedulingDep, output_format: FormatCode = None,
) -> Response:  # fmt: skip
    """Speak a text in ElevenLabs' dialect, and stream its audio."""
    return await _speak(request, voice, body, context, caller, headers, output_format)


@router.post("/v1/text-to-speech/{voice}/with-timestamps", responses=REFUSALS, response_class=Response)
async def create_elevenlabs_timed_speech(
    request: Request, voice: VoiceName, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    headers: SchedulingDep, output_format: FormatCode = None,
) -> Response:  # fmt: skip
    """Speak a text in ElevenLabs' dialect; the answer is JSON with all audio in base64 and the times of characters."""
    return await _speak_timed(request, voice, body, context, caller, headers, output_format, streams=False)


@router.post("/v1/text-to-speech/{voice}/stream/with-timestamps", responses=REFUSALS, response_class=Response)
async def stream_elevenlabs_timed_speech(
    request: Request, voice: VoiceName, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    headers: SchedulingDep, output_format: FormatCode = None,
) -> Response:  # fmt: skip
    """Speak a text in ElevenLabs' dialect, and stream audio and times of characters, a JSON object a line."""
    return await _speak_timed(request, voice, body, context, caller, headers, output_format, streams=True)


async def _speak_timed(
    request: Request, voice: str, body: ElevenLabsSpeech, context: GatewayContext, caller: Caller,
    headers: dict[str, Any], format_code: str | None, *, streams: bool,
) -> Response:  # fmt: skip
    speed = body.voice_settings.speed if body.voice_settings else None
    fields = speech_fields(voice, body.model_id, format_code, speed=speed, language=body.language_code, seed=body.seed)
    format_name = fields.pop("format")
    request.state.warning = body.ignored_fields()
    options = with_header_defaults(AudioOptions(**fields), headers)
    return await timed_response(
        request, context, caller, options, format_name, body.text,
        scheduling=job_scheduling(headers), writer=_timestamps_message, streams=streams,
    )  # fmt: skip


def _timestamps_message(pieces: list[TimedAudio]) -> dict[str, Any]:
    """A message with audio, and the times of the sentences that begin in it, from the beginning of all audio."""
    text, marks_ms = "", (0.0,)
    for piece in pieces:
        if piece.text:
            joint = " " if text else ""
            times = character_times(piece.text, piece.words, piece.start_ms)
            text, marks_ms = text + joint + times.text, (*(marks_ms if joint else ()), *times.marks_ms)
    alignment = CharacterTimes(text, marks_ms).alignment() if text else None
    audio = base64.b64encode(b"".join(piece.audio for piece in pieces)).decode()
    return {"audio_base64": audio, "alignment": alignment, "normalized_alignment": alignment}


async def _speak(
    request: Request, voice: str, body: ElevenLabsSpeech, context: ContextDep, caller: CallerDep,
    headers: dict[str, Any], format_code: str | None,
) -> Response:  # fmt: skip
    request.state.warning = body.ignored_fields()
    speed = body.voice_settings.speed if body.voice_settings else None
    fields = speech_fields(
        voice, body.model_id, format_code, speed=speed, language=body.language_code, seed=body.seed, input=body.text
    )
    return await speak(request, SpeechBody(response_format=fields.pop("format"), **fields, **headers), context, caller)
