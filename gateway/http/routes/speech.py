"""POST /v1/audio/speech, as OpenAI has it: a text goes in, its sound comes out while it is spoken."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from gateway.http.access import CallerDep, ContextDep
from gateway.http.context import GatewayContext
from gateway.http.recordings.source_text import SourceText
from gateway.http.schemas.requests import KindName, PlayName, Priority, SpeechBody
from gateway.http.schemas.responses import REFUSALS, SOUND
from gateway.http.streaming.audio_response import AudioRequest, AudioResponse
from gateway.http.streaming.silent_answer import says_something, silent_answer
from seriatim.errors import EmptyText
from seriatim.records import JobKind, Play

router = APIRouter(tags=["speech"])
FOR_CLIENTS = "as the field, which goes before it: for clients that can set headers and no fields"


@router.post("/v1/audio/speech", responses=SOUND | REFUSALS, response_class=Response)
async def speech(
    request: Request, wanted: SpeechBody, context: ContextDep, caller: CallerDep,
    seriatim_kind: Annotated[KindName | None, Header(description=FOR_CLIENTS)] = None,
    seriatim_play: Annotated[PlayName | None, Header(description=FOR_CLIENTS)] = None,
    seriatim_priority: Annotated[Priority | None, Header(description=FOR_CLIENTS)] = None,
) -> Response:  # fmt: skip
    """Speak a text, and send its sound as it comes. When the client leaves, so does the job, unless it is detached."""
    asked_s = time.monotonic()
    wanted.check()
    request.state.warning = wanted.passed_over()
    said = {"kind": seriatim_kind, "play": seriatim_play, "priority": seriatim_priority}
    wanted = wanted.model_copy(update={name: value for name, value in said.items() if getattr(wanted, name) is None})
    (await request.json()).clear()  # the request lives as long as its answer, an hour perhaps: not with all its text
    vars(request).pop("_body", None)
    asked = await asyncio.to_thread(wanted.request, context, caller, **_scheduled(wanted))
    await context.admit(asked.pool_name, caller)
    audio_request = AudioRequest(
        wanted.response_format, pcm_hz=_rate_hz(wanted, context), volume=wanted.volume_multiplier,
        sse=wanted.stream_format == "sse", stops=not wanted.detach, whole=wanted.whole,
        plays=asked.kind is JobKind.LIVE and asked.play is Play.STREAM, asked_s=asked_s,
    )  # fmt: skip
    try:
        begun = await asyncio.to_thread(context.producer.begin, wanted.input, asked)
    except EmptyText:
        if not says_something(wanted.input):
            raise
        facts = await asyncio.to_thread(context.producer.pool_cache.get, asked.pool_name)
        return await silent_answer(audio_request, facts.rate_hz)
    request.state.job = begun.job.id
    await context.note(begun.job, caller, SourceText(wanted.input) if wanted.detach else None)
    return AudioResponse(context, begun.job, audio_request, None if begun.whole else begun.send_rest)


def _scheduled(wanted: SpeechBody) -> dict[str, Any]:
    """Whom it is spoken for, and when. A client that waits for its answer hears of a gap by an error alone."""
    gap = {} if wanted.detach or wanted.gap else {"gap": "fail"}
    drain = "store" if wanted.detach else "window"
    return {"kind": wanted.kind or "live", "drain": drain, "play": wanted.played} | gap


def _rate_hz(wanted: SpeechBody, context: GatewayContext) -> int:
    """The rate that was asked for; 0: as the format has it."""
    return wanted.sample_rate or (context.settings.http_pcm_hz if wanted.response_format == "pcm" else 0)
