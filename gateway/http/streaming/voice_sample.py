"""The recording of a voice sample: one job, read whole and encoded as MP3."""

import asyncio

from gateway.http.encoding.stream_formats import StreamEncoding
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer


async def record_sample(producer: Producer, text: str, request: JobRequest) -> bytes:
    """Speak a text; returns it as MP3.

    Raises:
        SeriatimError: as for any job; UnknownVoice among them.
    """

    def speak() -> tuple[bytes, int]:
        job = producer.enqueue(text, request)
        return b"".join(job.pcm()), job.rate_hz()

    pcm, rate_hz = await asyncio.to_thread(speak)
    encoding = StreamEncoding("mp3")
    return await encoding.feed(pcm, rate_hz) + await encoding.close()
