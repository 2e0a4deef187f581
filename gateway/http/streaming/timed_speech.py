"""Timed speech: the audio of a text with the times of its words, for answers that have both in one message.

The text is spoken by a session like that of a WebSocket, whose job ends with its client.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem
from gateway.http.reading.word_timing import WordTiming
from gateway.http.schemas.ignored_fields import joined_warning
from gateway.http.schemas.requests import WHOLE_CHARS, AudioOptions
from gateway.http.streaming.audio_response import await_disconnect
from gateway.http.streaming.silent_answer import has_text
from gateway.http.streaming.text_session import TextSession, open_text_session
from gateway.http.task_endings import cancel_and_wait, keep_running
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import EmptyText, JobNotOpen, SeriatimError, error_of_end
from seriatim.text.word_times import WordTime


@dataclass(frozen=True, slots=True)
class TimedAudio:
    """A piece of audio; the first one of a sentence has its text and words."""

    audio: bytes
    text: str = ""
    words: tuple[WordTime, ...] = ()  #: in ms from the beginning of the sentence
    start_ms: float = 0.0  #: of the sentence, from the beginning of all audio


Message = list[TimedAudio]  #: pieces that are sent together
Writer = Callable[[Message], dict[str, Any]]
CLIENT_GONE = 499  #: status of an answer whose client has gone, as nginx logs it


async def timed_response(
    request: Request, context: GatewayContext, caller: Caller, options: AudioOptions, format_name: str, text: str,
    *, scheduling: dict[str, Any], writer: Writer, streams: bool,
) -> Response:  # fmt: skip
    """Speak a text, and answer with JSON: one message for each piece of audio, a line each, or one for all.

    `scheduling` has the kind and the play, where they are not the default. Warnings become the request's.

    Raises:
        HttpProblem, SeriatimError: it is refused, or failed before its first sound.
    """
    if not streams and len(text) > WHOLE_CHARS:
        message = f"audio in one message is limited to texts of {WHOLE_CHARS:,} characters; stream longer ones"
        raise HttpProblem(400, "bad_input", message, param="input")
    if not has_text(text):
        raise EmptyText("the text is empty")
    more = scheduling | {"gap": options.gap or "fail"}  # the client learns of a gap only by an error
    session = await open_text_session(context, caller, options, format_name, "", "", more)
    request.state.job = session.job.id
    session.timing = WordTiming()
    messages = _messages(session, text)
    if not streams:
        answer = await _whole_answer(messages, writer, request.receive)
        _note_warnings(request, session)
        return answer
    first = await anext(messages, None)
    _note_warnings(request, session)
    return StreamingResponse(_lines(first, messages, writer), media_type="application/x-ndjson")


def _note_warnings(request: Request, session: TextSession) -> None:
    warnings = (getattr(request.state, "warning", ""), session.job.warning, *session.take_warnings())
    request.state.warning = joined_warning(*warnings)


async def _whole_answer(messages: AsyncGenerator[Message], writer: Writer, receive: Receive) -> Response:
    collecting = asyncio.create_task(_collect(messages))
    leaving = asyncio.create_task(await_disconnect(receive))
    try:
        await asyncio.wait({collecting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return JSONResponse(writer(collecting.result())) if collecting.done() else Response(status_code=CLIENT_GONE)
    finally:
        await cancel_and_wait(collecting, leaving)


async def _collect(messages: AsyncGenerator[Message]) -> Message:
    async with contextlib.aclosing(messages):
        return [piece async for message in messages for piece in message]


async def _lines(first: Message | None, messages: AsyncGenerator[Message], writer: Writer) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(messages):
        if first is not None:
            yield json.dumps(writer(first)).encode() + b"\n"
        async for message in messages:
            yield json.dumps(writer(message)).encode() + b"\n"


async def _messages(session: TextSession, text: str) -> AsyncGenerator[Message]:
    """The audio of a text in order; a sentence whose encoder gave no bytes yet goes with the next audio.

    A text without speech is a short silence, as a whole file.

    Raises:
        SeriatimError: its job failed, or was cancelled, or its text could not be sent.
    """
    sender = asyncio.create_task(_send_text(session, text))
    try:
        pending: Message = []
        async with contextlib.aclosing(session.messages()) as messages:
            async for facts, audio in messages:
                if facts["type"] == "end":
                    _raise_failure(session, sender, facts)
                elif facts["type"] == "sentence":
                    pending.append(_sentence_start(session))
                if audio or (pending and facts["type"] == "end"):
                    yield [replace(pending[0], audio=audio), *pending[1:]] if pending else [TimedAudio(audio)]
                    pending = []
                session.mark_sent()
    finally:
        keep_running(_end(session, sender))  # Starlette cancels whatever a stream awaits whose client has gone


def _sentence_start(session: TextSession) -> TimedAudio:
    timing = session.timing
    if timing is None or timing.sentence is None:
        return TimedAudio(b"")
    start_ms = ms_of_bytes(timing.sentence.at, timing.rate_hz) if timing.rate_hz else 0.0
    return TimedAudio(b"", timing.sentence.text, timing.words, start_ms)


def _raise_failure(session: TextSession, sender: "asyncio.Task[None]", end: dict[str, Any]) -> None:
    if sender.done() and not sender.cancelled() and (error := sender.exception()):
        raise error
    if end["state"] != "done":
        raise error_of_end(session.job.id, end["state"], end["reason"])


async def _send_text(session: TextSession, text: str) -> None:
    """Send the whole text. A job of which a part is missing must not go on: it is cancelled.

    Raises:
        SeriatimError: a part was not accepted.
        Exception: a bug; without the end of the job its client would wait for ever.
    """
    try:
        await session.add_text(text)
        await session.close()
    except JobNotOpen:
        pass  # its end says why
    except Exception:  # the task's outermost call, whose end others wait for
        await _cancel(session, "its text could not be sent")
        raise


async def _end(session: TextSession, sender: "asyncio.Task[None]") -> None:
    try:
        await cancel_and_wait(sender)
        if not session.over:
            await _cancel(session, "its listener closed the connection")
    finally:
        session.leave()


async def _cancel(session: TextSession, reason: str) -> None:
    with contextlib.suppress(SeriatimError):  # its lease is renewed no more, so that it ends soon
        await session.cancel(reason)
