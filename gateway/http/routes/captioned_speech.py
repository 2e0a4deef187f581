"""Captioned speech: POST /dev/captioned_speech, in Kokoro-FastAPI's form: audio in base64 with times of words."""

import base64
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.http.encoding.stream_formats import MEDIA
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.schemas.requests import AudioOptions, SpeechBody
from gateway.http.schemas.responses import REFUSALS
from gateway.http.schemas.scheduling_headers import SchedulingDep
from gateway.http.streaming.timed_speech import TimedAudio, timed_response

router = APIRouter(tags=["speech"])


@router.post("/dev/captioned_speech", responses=REFUSALS, response_class=Response)
async def create_captioned_speech(
    request: Request, body: SpeechBody, context: ContextDep, caller: CallerDep, headers: SchedulingDep
) -> Response:
    """Speak a text; a JSON object a line has audio and times of words, or one has all with `"stream": false`."""
    body = body.model_copy(update={name: value for name, value in headers.items() if getattr(body, name) is None})
    body.check_format()
    request.state.warning = body.pop_unknown_fields()
    options = AudioOptions(**body.model_dump(include=set(AudioOptions.model_fields), exclude_unset=True))
    writer = partial(_captioned_message, "audio/pcm" if body.response_format == "pcm" else MEDIA[body.response_format])
    return await timed_response(
        request, context, caller, options, body.response_format, body.input,
        scheduling=body.model_dump(include={"kind", "play"}, exclude_none=True), writer=writer,
        streams=body.stream is not False,
    )  # fmt: skip


def _captioned_message(audio_format: str, pieces: list[TimedAudio]) -> dict[str, Any]:
    timestamps = [
        {
            "word": word.text,
            "start_time": round((piece.start_ms + word.start_ms) / 1000, 3),
            "end_time": round((piece.start_ms + word.end_ms) / 1000, 3),
        }
        for piece in pieces
        for word in piece.words
    ]
    audio = base64.b64encode(b"".join(piece.audio for piece in pieces)).decode()
    return {"audio": audio, "audio_format": audio_format, "timestamps": timestamps}
