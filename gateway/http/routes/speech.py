"""POST /v1/audio/speech, compatible with OpenAI: returns the audio of a text while it is spoken."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.recordings.source_text import SourceText
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.schemas.ignored_fields import joined_warning
from gateway.http.schemas.requests import SpeechBody
from gateway.http.schemas.responses import AUDIO_RESPONSES, REFUSALS
from gateway.http.schemas.scheduling_headers import SchedulingDep
from gateway.http.streaming.audio_response import AudioRequest, AudioResponse
from gateway.http.streaming.silent_answer import has_text, silent_answer
from seriatim.client.cold_start import await_workers_async
from seriatim.client.option_checks import MAX_NAME_CHARS
from seriatim.errors import EmptyText
from seriatim.records import JobKind, Play

router = APIRouter(tags=["speech"])


@router.post("/v1/audio/speech", responses=AUDIO_RESPONSES | REFUSALS, response_class=Response)
async def create_speech(
    request: Request, body: SpeechBody, context: ContextDep, caller: CallerDep,
    headers: SchedulingDep,
) -> Response:  # fmt: skip
    """Speak a text and stream its audio. The job is cancelled when the client disconnects, unless it is detached."""
    defaults = {"session": _user_session(body, context)} | headers
    body = body.model_copy(update={name: value for name, value in defaults.items() if getattr(body, name) is None})
    return await speak(request, body, context, caller)


async def speak(request: Request, body: SpeechBody, context: GatewayContext, caller: Caller) -> Response:
    """Create a job for a speech request, and respond with its audio.

    Raises:
        HttpProblem, SeriatimError: the request is refused.
    """
    requested_s = time.monotonic()
    body.check_format()
    context, body = body.at_server(context, caller)
    request.state.warning = joined_warning(getattr(request.state, "warning", ""), body.pop_unknown_fields())
    (await request.json()).clear()  # the request lives as long as its response, perhaps an hour: do not keep its text
    vars(request).pop("_body", None)
    with context.outage.trial():
        return await _speak_there(request, body, context, caller, requested_s)


async def _speak_there(
    request: Request, body: SpeechBody, context: GatewayContext, caller: Caller, requested_s: float
) -> Response:
    """The same, on the server of the context."""
    job_request = await asyncio.to_thread(body.request, context, caller, **_scheduling_options(body))
    await context.admit(job_request.pool_name, caller)
    await await_workers_async(context.producer, job_request)
    facts = await asyncio.to_thread(context.producer.pool_cache.get, job_request.pool_name)
    audio_request = AudioRequest(
        body.response_format, pcm_hz=_rate_hz(body, context), volume=body.volume_multiplier,
        sse=body.stream_format == "sse", stops=not body.detach, whole=body.whole,
        plays=job_request.kind is JobKind.LIVE and job_request.play is Play.STREAM, requested_s=requested_s,
    )  # fmt: skip
    try:
        submission = await asyncio.to_thread(context.producer.begin, body.input, job_request)
    except EmptyText:
        if not has_text(body.input):
            raise
        return await silent_answer(audio_request, facts.rate_hz)
    request.state.job = submission.job.id
    request.state.warning = joined_warning(request.state.warning, submission.job.warning)
    await context.note(submission.job, caller, SourceText(body.input) if body.detach else None)
    return AudioResponse(context, submission.job, audio_request, None if submission.whole else submission)


def _scheduling_options(body: SpeechBody) -> dict[str, Any]:
    """The scheduling options of the request. A waiting client learns of a gap only by an error, so `gap` is `fail`."""
    gap = {} if body.detach or body.gap else {"gap": "fail"}
    drain = "store" if body.detach else "window"
    return {"kind": body.kind or "live", "drain": drain, "play": body.played} | gap


def _user_session(body: SpeechBody, context: GatewayContext) -> str | None:
    """The session that OpenAI's field `user` names, where a setting says so."""
    user = (body.model_extra or {}).get("user")
    return user[:MAX_NAME_CHARS] if context.settings.http_user_sessions and isinstance(user, str) else None


def _rate_hz(body: SpeechBody, context: GatewayContext) -> int:
    """The requested sample rate; 0: the format's default."""
    return body.sample_rate or (context.settings.http_pcm_hz if body.response_format == "pcm" else 0)
