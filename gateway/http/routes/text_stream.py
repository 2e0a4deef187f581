"""/v1/stream: a WebSocket that takes text as it is written, and gives its sound as it is spoken.

    client                                              gateway
    {"type": "start", "voice": ..., "format": "pcm"} →  ← {"type": "started", "job": ..., "resume": token}
    {"type": "text", "text": "..."}                  →  ← {"type": "sentence", "seq": 0, "text": ..., "id": "1-0"}
    {"type": "flush"}                                →  ← {"type": "audio", "id": "1-9600", "bytes": n}, then n bytes
    {"type": "close"}   no more text                 →  ← {"type": "end", "state": "done", ...}
    {"type": "cancel"}  barge-in: at once            →  ← {"type": "end", "state": "cancelled", ...}

After an end the next `start` begins another job. Text that the job's queue has no room for waits here, and behind
that in the client's connection. Sound that the client does not take stops the speaking of its job.

A connection that breaks ends its job after RESUME_S, unless the client comes back, here or at another gateway: `start`
with the token, the id of the last audio that it has, and then all of its text again from the beginning.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from gateway.http.access import caller_of_key, context_of, key_of
from gateway.http.api_keys import Caller
from gateway.http.connection_cut import CUT
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem, fault, problem_of
from gateway.http.schemas.requests import AudioOptions, FormatName
from gateway.http.streaming.audio_response import FAILED, LEFT, MOVED, STALLED, STATES, outcome_of
from gateway.http.streaming.text_session import TextSession, begin_text_session
from gateway.http.task_endings import cancel_and_wait
from seriatim.errors import JobNotOpen, SeriatimError

router = APIRouter()
log = logging.getLogger(__name__)

TEXT_CHARS = 100_000  #: of one message
AHEAD = 64  #: messages that wait while the job's queue is full; then the connection does
KEY_S = 30.0  #: a connection that has not said `start` by then is closed
REFUSED = 1008  #: RFC 6455, 7.4.1: policy violation
RESTARTS = 1012  #: the service restarts: clients come again (IANA's registry of close codes)
BROKEN = 1011  #: the server met something unexpected


class StartMessage(AudioOptions):
    """Begin a job, or go on with one."""

    type: Literal["start"]
    format: FormatName = "pcm"
    key: str = Field("", max_length=512, description="an API key, for browsers, which cannot set headers here")
    resume: str = Field("", max_length=64, description="the token of a job to go on with")
    after: str = Field("", max_length=64, description="the id of the last audio that the client has of it")


class TextMessage(BaseModel):
    """More text: any piece of it."""

    type: Literal["text"]
    text: str = Field(max_length=TEXT_CHARS)


class ControlMessage(BaseModel):
    """flush: say what waits as it is. close: no more text. cancel: stop at once."""

    type: Literal["flush", "close", "cancel"]


class HeardMessage(BaseModel):
    """How much of the job has really been played."""

    type: Literal["heard"]
    ms: float = Field(ge=0, allow_inf_nan=False)


Said = StartMessage | TextMessage | ControlMessage | HeardMessage
SAID: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="type")])


@router.websocket("/v1/stream")
async def stream(websocket: WebSocket) -> None:
    """One connection."""
    context = context_of(websocket)
    key = key_of(websocket)
    try:
        caller = caller_of_key(context, key) if key or "authorization" in websocket.headers else None
    except HttpProblem as problem:
        await websocket.send_denial_response(problem.response())
        return
    await websocket.accept()
    connection = TextStreamConnection(websocket, context, caller)
    context.draining.idlers[connection] = connection.leave_if_idle
    context.meters["http_streams"].inc()
    try:
        await connection.serve()
    except WebSocketDisconnect:
        pass  # the job ends after its grace, unless the client comes back
    except HttpProblem as problem:
        await connection.refuse(problem)
    except SeriatimError as error:
        await connection.refuse(problem_of(error))
    finally:
        del context.draining.idlers[connection]
        await connection.leave()
        context.meters["http_streams"].dec()


@dataclass(slots=True, eq=False)
class TextStreamConnection:
    """One client: one job at a time."""

    websocket: WebSocket
    context: GatewayContext
    caller: Caller | None
    session: TextSession | None = None
    stalled: bool = False  #: its client takes nothing any more
    ended: bool = False  #: a job of this connection is over, and no other was begun
    said: "asyncio.Queue[Said]" = field(default_factory=lambda: asyncio.Queue(AHEAD))
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)  #: those of the job
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)  #: an announcement and its bytes stay together

    async def serve(self) -> None:
        """Until the client leaves.

        Raises:
            Problem, SeriatimError: what cannot be done; the connection ends with it.
            WebSocketDisconnect: the client has left.
        """
        while True:
            message = await self._next()
            if isinstance(message, StartMessage):
                await self._start(message)
            elif self.session is None:  # what was overtaken by the end asks for nothing
                if isinstance(message, TextMessage) and not self.ended:
                    raise HttpProblem(400, "bad_input", 'text without a job; say {"type": "start"} first')
            elif isinstance(message, ControlMessage) and message.type == "cancel":
                await self.session.cancel("its listener said cancel")
            elif isinstance(message, HeardMessage):
                await self.session.heard(message.ms)
            else:
                await self._put(message)

    async def leave(self) -> None:
        """The connection is over, whoever ended it."""
        await cancel_and_wait(*self.tasks)
        if self.session is not None:
            self.session.leave()
        if self.websocket.client_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it left at this very moment
                await self.websocket.close()

    async def leave_if_idle(self) -> None:
        """This gateway is told to end: a client without a job goes on at another. A job is finished first."""
        if self.session is None and self.websocket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self.websocket.close(RESTARTS, "draining")

    async def refuse(self, problem: HttpProblem) -> None:
        """Say why, and end."""
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self.tell({"type": "error"} | problem.body | {"retry_after_ms": _retry_ms(problem)})
            await self.websocket.close(REFUSED if problem.status < 500 else BROKEN, problem.code)

    async def tell(self, facts: dict[str, Any], sound: bytes = b"") -> None:
        """Send a message, and the bytes that it announces.

        Raises:
            WebSocketDisconnect: the client takes nothing any more; its connection is cut.
        """
        try:
            async with asyncio.timeout(self.context.settings.http_write_timeout_s), self.sending:
                await self.websocket.send_text(json.dumps(facts, ensure_ascii=False))
                if sound:
                    await self.websocket.send_bytes(sound)
        except TimeoutError:
            self.stalled = True
            self.websocket.scope["state"][CUT]()
            raise WebSocketDisconnect from None

    async def _next(self) -> Said:
        wait_s = None if self.tasks else KEY_S
        if self.websocket.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnect  # `refuse` has ended it
        try:
            async with asyncio.timeout(wait_s):
                raw = await self.websocket.receive_text()
        except TimeoutError:
            raise HttpProblem(408, "too_late", f"nothing was said for {KEY_S:g} s") from None
        except KeyError:
            raise HttpProblem(400, "bad_input", "messages are text, in JSON") from None
        try:
            return SAID.validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise HttpProblem(
                400, "bad_input", f"{place or 'the message'}: {first['msg']}", param=place or None
            ) from None

    async def _start(self, start: StartMessage) -> None:
        if self.session is not None:
            raise HttpProblem(409, "job_running", "one job at a time: close or cancel, and wait for its end")
        self.context.draining.refuse()
        self.caller = self.caller or caller_of_key(self.context, start.key)
        warning = {"warning": said} if (said := start.passed_over()) else {}
        self.session = await begin_text_session(
            self.context, self.caller, start, start.format, start.resume, start.after
        )
        self.websocket.scope["state"]["job"] = self.session.job.id  # for the log: the latest one of the connection
        await self.tell({"type": "started", "job": self.session.job.id, "resume": self.session.token} | warning)
        self.said, self.ended = asyncio.Queue(AHEAD), False
        self.tasks = [
            asyncio.create_task(self._watched(work)) for work in (self._say(self.session), self._play(self.session))
        ]

    async def _put(self, message: Said) -> None:
        """Wait for room; a job that ends meanwhile needs no more text."""
        putting = asyncio.create_task(self.said.put(message))
        try:
            await asyncio.wait({putting, *self.tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        """A task of the job; the connection ends with what it raises, for it has no sense without."""
        try:
            await work
        except Exception as error:  # the task's outermost call
            if self.websocket.application_state is WebSocketState.CONNECTED:  # and was not closed under the task
                log.exception("a connection failed")
                await self.refuse(fault(error))

    async def _say(self, session: TextSession) -> None:
        """Text on its way to the job."""
        try:
            while not session.closed:
                message = await self.said.get()
                if isinstance(message, TextMessage):
                    await session.say(message.text)
                elif isinstance(message, ControlMessage):
                    await (session.close() if message.type == "close" else session.flush())
        except JobNotOpen:
            pass  # it is over, or somebody closed it: its end says why
        except SeriatimError as error:  # some of the text is not in the job: who goes on without it hears another text
            await self.refuse(problem_of(error))

    async def _play(self, session: TextSession) -> None:
        """Sound on its way to the client; how that ended is counted, as it is for answers."""
        how = LEFT
        try:
            async with contextlib.aclosing(session.sound()) as sound:
                async for facts, pcm in sound:
                    await self.tell(facts, pcm)
                    session.given()
        except SeriatimError as error:
            how = outcome_of(error)
            await self.refuse(problem_of(error))
        except WebSocketDisconnect:
            how = STALLED if self.stalled else LEFT
        except asyncio.CancelledError:  # the connection is over, or this gateway ends
            how = MOVED if self.context.draining.begun else LEFT
            raise
        except Exception:
            how = FAILED
            raise
        else:
            self._over(session)
        finally:
            self.context.meters["http_streams_ended"].labels(
                STATES.get(session.state, FAILED) if session.state else how
            ).inc()

    def _over(self, session: TextSession) -> None:
        """The next `start` may come."""
        self.tasks[0].cancel()
        self.tasks = []
        session.leave()
        self.session, self.ended = None, True


def _retry_ms(problem: HttpProblem) -> int | None:
    said = problem.headers.get("retry-after-ms")
    return int(said) if said else None
