"""ElevenLabs' stream WebSockets: /v1/text-to-speech/{voice}/stream-input, and multi-stream-input with several contexts.

    client                                                    gateway
    {"text": " ", "voice_settings": {"speed": 1.1}}        →
    {"text": "any piece of it ", "flush": false}           →  ← {"audio": base64, "isFinal": null, ...}
    {"text": ""}   no more text                            →  ← {"isFinal": true}, then close code 1000

With several contexts, messages name theirs (`context_id`, `contextId`), each of which is a job: `close_context` ends
one, `close_socket` all of them. A context that is closed after a `flush` is spoken to its end; any other is cancelled
at once. Jobs are cancelled when the client disconnects.
"""

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected, WebSocketState

from gateway.http.api_keys import Caller
from gateway.http.connection_cut import CUT
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem, internal_error, problem_of
from gateway.http.reading.character_times import character_times
from gateway.http.reading.word_timing import WordTiming
from gateway.http.route_dependencies import authenticate_key, context_of, key_of
from gateway.http.routes.stream_socket import INTERNAL_ERROR, NORMAL, REFUSED, START_TIMEOUT_S
from gateway.http.schemas.elevenlabs_messages import ElevenLabsMessage, speech_fields
from gateway.http.schemas.ignored_fields import joined_warning
from gateway.http.schemas.lenient_json import parse_json
from gateway.http.schemas.requests import AudioOptions
from gateway.http.schemas.scheduling_headers import SchedulingDep, job_scheduling, with_header_defaults
from gateway.http.streaming.audio_response import FAILED, LEFT, STATES
from gateway.http.streaming.text_session import TextSession, open_text_session
from gateway.http.task_endings import cancel_and_wait
from gateway.http.validation_problems import unreadable_json, validation_problem
from seriatim.errors import JobNotOpen, SeriatimError, error_of_end

router = APIRouter()
log = logging.getLogger(__name__)

DEFAULT_CONTEXT = "default"  #: of messages that name none
MAX_CONTEXTS = 5  #: of one connection at a time, as ElevenLabs allows
Code = Annotated[str | None, Query(max_length=64)]


@router.websocket("/v1/text-to-speech/{voice}/stream-input")
async def serve_single(
    websocket: WebSocket, voice: Annotated[str, Path(max_length=128)], headers: SchedulingDep,
    model_id: Code = None, output_format: Code = None, language_code: Code = None,
) -> None:  # fmt: skip
    """Serve a connection with one text."""
    await _serve(ElevenLabsConnection(websocket, (voice, model_id, output_format, language_code), headers))


@router.websocket("/v1/text-to-speech/{voice}/multi-stream-input")
async def serve_contexts(
    websocket: WebSocket, voice: Annotated[str, Path(max_length=128)], headers: SchedulingDep,
    model_id: Code = None, output_format: Code = None, language_code: Code = None,
) -> None:  # fmt: skip
    """Serve a connection with several contexts."""
    await _serve(
        ElevenLabsConnection(websocket, (voice, model_id, output_format, language_code), headers, several=True)
    )


async def _serve(connection: "ElevenLabsConnection") -> None:
    await connection.websocket.accept()
    meters = context_of(connection.websocket).meters
    meters["http_streams"].inc()
    try:
        await connection.serve()
    except (WebSocketDisconnect, WebSocketDisconnected):  # by the client; by us
        pass
    except (HttpProblem, SeriatimError) as error:
        await connection.refuse(error)
    except Exception as error:  # the connection's outermost call
        log.exception("a connection failed")
        await connection.refuse(internal_error(error))
    finally:
        await connection.leave()
        meters["http_streams"].dec()


@dataclass(slots=True, eq=False)
class JobContext:
    """One text of a connection: its job, and the task that sends its audio."""

    session: TextSession
    flushed: bool = False  #: all text so far shall be spoken
    task: "asyncio.Task[None] | None" = None


@dataclass(slots=True, eq=False)
class ElevenLabsConnection:
    """One client's connection."""

    websocket: WebSocket
    query: tuple[str, str | None, str | None, str | None]  #: voice, model, output format, language
    headers: Mapping[str, Any] = field(default_factory=dict)  #: scheduling of its jobs
    several: bool = False  #: contexts, of which the messages name theirs
    contexts: dict[str, JobContext] = field(default_factory=dict)
    send_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    authenticated: bool = False
    closing: bool = False  #: close the connection when the last context has ended

    @property
    def context(self) -> GatewayContext:
        """The gateway's context."""
        return context_of(self.websocket)

    async def serve(self) -> None:
        """Handle messages until the client disconnects.

        Raises:
            HttpProblem, SeriatimError: an error that ends the connection.
            WebSocketDisconnect: the client has disconnected, or all was said.
        """
        while True:
            await self._handle(await self._next_message())

    async def leave(self) -> None:
        """Cancel what is still spoken, and close the connection."""
        for job_context in list(self.contexts.values()):
            await self._cancel(job_context)
        if self.websocket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self.websocket.close(NORMAL)

    async def refuse(self, error: HttpProblem | SeriatimError) -> None:
        """Send an error in ElevenLabs' form, and close the connection."""
        problem = error if isinstance(error, HttpProblem) else problem_of(error)
        code = REFUSED if problem.status < 500 else INTERNAL_ERROR
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._send({"message": problem.message, "error": problem.code, "code": code})
            await self.websocket.close(code, problem.code)

    async def _next_message(self) -> ElevenLabsMessage:
        try:
            async with asyncio.timeout(None if self.authenticated else START_TIMEOUT_S):
                raw = await self.websocket.receive_text()
            return ElevenLabsMessage.model_validate(parse_json(raw))
        except TimeoutError:
            raise HttpProblem(408, "too_late", f"no text within {START_TIMEOUT_S:g} s") from None
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            raise validation_problem(errors, "the message", example='{"text": "Hello. "}') from None
        except ValueError as error:
            raise unreadable_json(error, "the message") from None
        except KeyError:
            raise HttpProblem(400, "bad_input", "expected a text message with JSON") from None

    async def _handle(self, message: ElevenLabsMessage) -> None:
        name = (message.context_id or DEFAULT_CONTEXT) if self.several else DEFAULT_CONTEXT
        if message.close_socket:
            self.closing = True
            for each in list(self.contexts):
                await self._close_context(each)
            await self._close_if_over()
        elif message.close_context:
            await self._close_context(name)
        elif message.text or name in self.contexts:
            job_context = self.contexts.get(name) or await self._open(name, message)
            with contextlib.suppress(JobNotOpen):  # its end says why
                await self._add_text(job_context, message)

    async def _open(self, name: str, message: ElevenLabsMessage) -> JobContext:
        """Open a context's job.

        Raises:
            HttpProblem, SeriatimError: it is refused.
        """
        if len(self.contexts) >= MAX_CONTEXTS:
            raise HttpProblem(400, "too_many_contexts", f"at most {MAX_CONTEXTS} contexts at a time; close one first")
        self.context.draining.refuse_new_request()
        voice, model, output_format, language = self.query
        speed = message.voice_settings.speed if message.voice_settings else None
        fields = speech_fields(voice, model, output_format, language=language, speed=speed)
        format_name = fields.pop("format")
        caller = self._caller(message)
        self.authenticated = True
        options = with_header_defaults(AudioOptions(**fields), self.headers)
        scheduling = job_scheduling(self.headers)
        session = await open_text_session(self.context, caller, options, format_name, "", "", scheduling)
        job_context = self.contexts[name] = JobContext(session)
        warning = joined_warning(message.ignored_fields(), session.job.warning)
        job_context.task = asyncio.create_task(self._send_audio(name, session, warning))
        return job_context

    def _caller(self, message: ElevenLabsMessage) -> Caller:
        return authenticate_key(self.context, key_of(self.websocket) or message.xi_api_key or "")

    async def _add_text(self, job_context: JobContext, message: ElevenLabsMessage) -> None:
        if message.text and message.text.strip():
            job_context.flushed = False
        if message.text:
            await job_context.session.add_text(message.text)
        if message.flush:
            job_context.flushed = True
            await job_context.session.flush()
        if message.text == "" and not self.several:  # with several contexts it only keeps one alive
            await job_context.session.close()

    async def _close_context(self, name: str) -> None:
        if (job_context := self.contexts.get(name)) is None:
            return
        if job_context.flushed:
            await job_context.session.close()
        else:
            await job_context.session.cancel("its context was closed")

    async def _cancel(self, job_context: JobContext) -> None:
        if not job_context.session.over:
            with contextlib.suppress(SeriatimError):  # it is cancelled after its grace
                await job_context.session.cancel("its listener closed the connection")
        await cancel_and_wait(*filter(None, [job_context.task]))
        job_context.session.leave()

    async def _send_audio(self, name: str, session: TextSession, warning: str) -> None:
        """Send a context's audio until its end, the warning with the first; an error closes the connection."""
        tag = {"contextId": name} if self.several else {}
        try:
            await self._send_job(session, tag, warning)
            session.leave()
            del self.contexts[name]
            await self._send({"isFinal": True} | tag)
            self.closing = self.closing or not self.several
            await self._close_if_over()
        except SeriatimError as error:
            await self.refuse(error)
        except WebSocketDisconnect:
            pass
        except Exception as error:  # the task's outermost call
            log.exception("a connection failed")
            await self.refuse(internal_error(error))
        finally:
            outcome = STATES.get(session.state, FAILED) if session.state else LEFT
            self.context.meters["http_streams_ended"].labels(outcome).inc()

    async def _send_job(self, session: TextSession, tag: dict[str, str], warning: str) -> None:
        """Send a job's audio; `tag` goes with each message, and `warning` with the first.

        Raises:
            SeriatimError: the job failed, or was cancelled by another than its listener.
        """
        session.timing, last, once = WordTiming(), None, {"warning": warning} if warning else {}
        async with contextlib.aclosing(session.messages()) as messages:
            async for facts, audio in messages:
                if audio and not session.cancelled:
                    is_first = session.timing.sentence is not last
                    last = session.timing.sentence
                    await self._send(_audio_message(audio, session.timing if is_first else None) | tag | once)
                    once = {}
                if facts["type"] == "end" and facts["state"] != "done" and not session.cancelled:
                    raise error_of_end(session.job.id, facts["state"], facts["reason"])
                session.mark_sent()

    async def _close_if_over(self) -> None:
        if self.closing and not self.contexts:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self.websocket.close(NORMAL)

    async def _send(self, message: dict[str, Any]) -> None:
        """Send a message.

        Raises:
            WebSocketDisconnect: the connection is closed, or the client has stopped reading and is cut off.
        """
        try:
            async with asyncio.timeout(self.context.settings.http_write_timeout_s), self.send_lock:
                await self.websocket.send_text(json.dumps(message))
        except TimeoutError:
            self.websocket.scope["state"][CUT]()
            raise WebSocketDisconnect from None
        except WebSocketDisconnected:  # by another task, or by the client
            raise WebSocketDisconnect from None


def _audio_message(audio: bytes, timing: WordTiming | None) -> dict[str, Any]:
    """A message with audio; the first one of a sentence has the times of its characters."""
    sentence = timing.sentence if timing else None
    alignment = character_times(sentence.text, timing.words).stream_alignment() if timing and sentence else None
    return {
        "audio": base64.b64encode(audio).decode(), "isFinal": None, "normalizedAlignment": alignment,
        "alignment": alignment,
    }  # fmt: skip
