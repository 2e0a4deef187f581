"""The silent answer to a text without speech, such as `...` or an emoji: a complete file with a short silence.

Many clients send one sentence per request, and some give up after an error or an empty body. Only the empty string is
an error, as in OpenAI's API.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from gateway.http.encoding.stream_formats import PatchableBuffer, audio_format, media_type
from gateway.http.streaming.audio_response import (
    DONE_EVENT,
    AudioRequest,
    audio_event,
    format_event,
)
from seriatim.audio.encoder import open_encoder
from seriatim.audio.pcm import UNKNOWN_RATE_HZ, short_silence
from seriatim.client.job import Job
from seriatim.client.job_options import EmptyTextPolicy, JobRequest
from seriatim.client.producer import Producer
from seriatim.records import Sentence


async def silent_answer(audio_request: AudioRequest, rate_hz: int) -> Response:
    """A short silence in the requested form, of a pool with a rate of `rate_hz`; 0 if that is unknown."""
    engine_hz = rate_hz or UNKNOWN_RATE_HZ
    audio = await asyncio.to_thread(encode_silence, audio_request.format, engine_hz, audio_request.pcm_hz)
    if audio_request.sse:
        return Response(
            format_event("", audio_event(audio)) + format_event("", DONE_EVENT), media_type="text/event-stream"
        )
    return Response(
        audio, headers={"content-type": media_type(audio_request.format, audio_request.pcm_hz or engine_hz)}
    )


def has_text(text: str | Sequence[Sentence | str]) -> bool:
    """Whether there is any text, even if none of it can be spoken."""
    return bool(text) and (isinstance(text, str) or any(s if isinstance(s, str) else s.text for s in text))


def enqueue_or_silence(client: Producer, text: str | Sequence[Sentence | str], request: JobRequest) -> Job:
    """Enqueue as `Client.enqueue`, but accept a text without speech as a job of no sentences, which is done.

    Raises:
        EmptyText: there is no text at all; further errors as of `Client.enqueue`.
    """
    request_ = replace(request, empty=EmptyTextPolicy.SILENCE) if has_text(text) else request
    return client.enqueue(text, request_)


def encode_silence(format_name: str, rate_hz: int, pcm_hz: int = 0) -> bytes:
    """A complete file with a short silence of an engine at `rate_hz`, encoded at `pcm_hz`; 0: at the same rate."""
    buffer = PatchableBuffer()
    encoder = open_encoder(buffer, audio_format(format_name), rate_hz, pcm_hz)
    encoder.write(short_silence(rate_hz))
    encoder.close()
    return bytes(buffer.written)
