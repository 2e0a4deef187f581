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
    RATE_HZ,
    SILENCE_MS,
    AudioRequest,
    audio_event,
    format_event,
)
from seriatim.audio.encoder import open_encoder
from seriatim.audio.pcm import bytes_of_ms
from seriatim.client.job import Job
from seriatim.client.job_options import EmptyTextPolicy, JobRequest
from seriatim.client.producer import Producer
from seriatim.records import Sentence


async def silent_answer(audio_request: AudioRequest, rate_hz: int) -> Response:
    """A short silence in the requested form, of a pool with a rate of `rate_hz`; 0 if that is unknown."""
    engine_hz = rate_hz or RATE_HZ
    audio = await asyncio.to_thread(_encode_silence, audio_request, engine_hz)
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


def _encode_silence(audio_request: AudioRequest, rate_hz: int) -> bytes:
    buffer = PatchableBuffer()
    encoder = open_encoder(buffer, audio_format(audio_request.format), rate_hz, audio_request.pcm_hz)
    encoder.write(bytes(bytes_of_ms(SILENCE_MS, rate_hz)))
    encoder.close()
    return bytes(buffer.written)
