"""Timed speech: the audio of a text with the times of its words, for answers that have both in one message.

The text is spoken by a session like that of a WebSocket, which ends with its client.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.reading.word_timing import WordTiming
from gateway.http.schemas.requests import AudioOptions
from gateway.http.streaming.text_session import TextSession, open_text_session
from gateway.http.task_endings import cancel_and_wait
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import JobNotOpen, SeriatimError, error_of_end
from seriatim.text.word_times import WordTime


@dataclass(frozen=True, slots=True)
class TimedAudio:
    """A piece of audio; the first one of a sentence has its text and words."""

    audio: bytes
    text: str = ""
    words: tuple[WordTime, ...] = ()  #: in ms from the beginning of the sentence
    start_ms: float = 0.0  #: of the sentence, from the beginning of all audio


Writer = Callable[[list[TimedAudio]], dict[str, Any]]  #: of one message


async def timed_response(
    context: GatewayContext, caller: Caller, options: AudioOptions, format_name: str, text: str,
    *, writer: Writer, streams: bool,
) -> Response:  # fmt: skip
    """Speak a text, and answer with JSON: one message for each piece of audio, a line each, or one for all.

    Raises:
        HttpProblem, SeriatimError: it is refused, or failed before its first sound.
    """
    session = await open_text_session(context, caller, options, format_name, "", "")
    session.timing = WordTiming()
    pieces = _timed_audio(session, text)
    if not streams:
        async with contextlib.aclosing(pieces):
            return JSONResponse(writer([piece async for piece in pieces]))
    first = await anext(pieces, None)
    return StreamingResponse(_lines(first, pieces, writer), media_type="application/x-ndjson")


async def _lines(first: TimedAudio | None, pieces: AsyncGenerator[TimedAudio], writer: Writer) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(pieces):
        if first is not None:
            yield json.dumps(writer([first])).encode() + b"\n"
        async for piece in pieces:
            yield json.dumps(writer([piece])).encode() + b"\n"


async def _timed_audio(session: TextSession, text: str) -> AsyncGenerator[TimedAudio]:
    """The audio of a text in order.

    Raises:
        SeriatimError: its job failed, or was cancelled.
    """
    sender = asyncio.create_task(_send_text(session, text))
    try:
        timing = session.timing or WordTiming()
        n_sentences = 0
        async with contextlib.aclosing(session.messages()) as messages:
            async for facts, audio in messages:
                if facts["type"] == "end" and facts["state"] != "done":
                    raise error_of_end(session.job.id, facts["state"], facts["reason"])
                sentence = timing.sentence
                if audio and sentence is not None and sentence.seq >= n_sentences:
                    n_sentences = sentence.seq + 1
                    start_ms = ms_of_bytes(sentence.at, timing.rate_hz) if timing.rate_hz else 0.0
                    yield TimedAudio(audio, sentence.text, timing.words, start_ms)
                elif audio:
                    yield TimedAudio(audio)
                session.mark_sent()
    finally:
        if not session.over:
            with contextlib.suppress(SeriatimError):  # it is cancelled after its grace
                await session.cancel("its listener closed the connection")
        await cancel_and_wait(sender)
        session.leave()


async def _send_text(session: TextSession, text: str) -> None:
    with contextlib.suppress(JobNotOpen):  # its end says why
        await session.add_text(text)
        await session.close()
