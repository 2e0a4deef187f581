"""The silent answer to a text with nothing to say, such as `...` or an emoji: a whole file of a short silence.

Many clients send a sentence at a time. An error, or a body without sound, ends the whole turn of some of them. Only
the empty string is an error, as it is OpenAI's.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from gateway.http.encoding.stream_formats import PatchableBuffer, audio_format, media_type
from gateway.http.streaming.audio_response import DONE_EVENT, RATE_HZ, SILENCE_MS, AudioRequest, delta, event
from seriatim.audio.encoder import open_encoder
from seriatim.audio.pcm import bytes_of_ms
from seriatim.client.client import Client
from seriatim.client.job import Job
from seriatim.client.job_options import EmptyTextPolicy, JobRequest
from seriatim.records import Sentence


async def silent_answer(audio_request: AudioRequest, rate_hz: int) -> Response:
    """A short silence as a client wants it, of a pool that speaks at `rate_hz`; 0 if nobody knows."""
    made_hz = rate_hz or RATE_HZ
    sound = await asyncio.to_thread(_encoded, audio_request, made_hz)
    if audio_request.sse:
        return Response(event("", delta(sound)) + event("", DONE_EVENT), media_type="text/event-stream")
    return Response(sound, headers={"content-type": media_type(audio_request.format, audio_request.pcm_hz or made_hz)})


def says_something(said: str | Sequence[Sentence | str]) -> bool:
    """Is there any text, though it may have nothing that can be spoken?"""
    return bool(said) and (isinstance(said, str) or any(s if isinstance(s, str) else s.text for s in said))


def enqueue(producer: Client, said: str | Sequence[Sentence | str], request: JobRequest) -> Job:
    """As the producer does; a text with nothing to say is a job of no sentences, which is done.

    Raises:
        EmptyText: there is no text at all.
        as `Client.enqueue`.
    """
    silent = replace(request, empty=EmptyTextPolicy.SILENCE) if says_something(said) else request
    return producer.enqueue(said, silent)


def _encoded(audio_request: AudioRequest, rate_hz: int) -> bytes:
    sheet = PatchableBuffer()
    encoder = open_encoder(sheet, audio_format(audio_request.format), rate_hz, audio_request.pcm_hz)
    encoder.write(bytes(bytes_of_ms(SILENCE_MS, rate_hz)))
    encoder.close()
    return bytes(sheet.written)
