"""/v1/stream: a WebSocket that takes text as it is written, and gives its sound as it is spoken (docs/http.md).

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

from gateway.http.access import door_of, key_of, known
from gateway.http.door import Door
from gateway.http.keys import Caller
from gateway.http.playing import FAILED, LEFT, MOVED, STALLED, STATES, outcome_of
from gateway.http.problems import Problem, fault, problem_of
from gateway.http.protocol import CUT
from gateway.http.stopping import stop
from gateway.http.talk import Talk, begin
from gateway.http.wanted import FormatName, Rendered
from seriatim.errors import JobNotOpen, SeriatimError

router = APIRouter()
log = logging.getLogger(__name__)

TEXT_CHARS = 100_000  #: of one message
AHEAD = 64  #: messages that wait while the job's queue is full; then the connection does
KEY_S = 30.0  #: a connection that has not said `start` by then is closed
REFUSED = 1008  #: RFC 6455, 7.4.1: policy violation
RESTARTS = 1012  #: the service restarts: clients come again (IANA's registry of close codes)
BROKEN = 1011  #: the server met something unexpected


class Start(Rendered):
    """Begin a job, or go on with one."""

    type: Literal["start"]
    format: FormatName = "pcm"
    key: str = Field("", max_length=512, description="an API key, for browsers, which cannot set headers here")
    resume: str = Field("", max_length=64, description="the token of a job to go on with")
    after: str = Field("", max_length=64, description="the id of the last audio that the client has of it")


class Text(BaseModel):
    """More text: any piece of it."""

    type: Literal["text"]
    text: str = Field(max_length=TEXT_CHARS)


class Word(BaseModel):
    """flush: say what waits as it is. close: no more text. cancel: stop at once."""

    type: Literal["flush", "close", "cancel"]


class Heard(BaseModel):
    """How much of the job has really been played."""

    type: Literal["heard"]
    ms: float = Field(ge=0, allow_inf_nan=False)


Said = Start | Text | Word | Heard
SAID: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="type")])


@router.websocket("/v1/stream")
async def stream(websocket: WebSocket) -> None:
    """One connection."""
    door = door_of(websocket)
    key = key_of(websocket)
    try:
        caller = known(door, key) if key or "authorization" in websocket.headers else None
    except Problem as problem:
        await websocket.send_denial_response(problem.response())
        return
    await websocket.accept()
    connection = Connection(websocket, door, caller)
    door.draining.idlers[connection] = connection.leave_if_idle
    door.meters.streams.inc()
    try:
        await connection.serve()
    except WebSocketDisconnect:
        pass  # the job ends after its grace, unless the client comes back
    except Problem as problem:
        await connection.refuse(problem)
    except SeriatimError as error:
        await connection.refuse(problem_of(error))
    finally:
        del door.draining.idlers[connection]
        await connection.leave()
        door.meters.streams.dec()


@dataclass(slots=True, eq=False)
class Connection:
    """One client: one job at a time."""

    websocket: WebSocket
    door: Door
    caller: Caller | None
    talk: Talk | None = None
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
            if isinstance(message, Start):
                await self._start(message)
            elif self.talk is None:  # what was overtaken by the end asks for nothing
                if isinstance(message, Text) and not self.ended:
                    raise Problem(400, "bad_input", 'text without a job; say {"type": "start"} first')
            elif isinstance(message, Word) and message.type == "cancel":
                await self.talk.cancel("its listener said cancel")
            elif isinstance(message, Heard):
                await self.talk.heard(message.ms)
            else:
                await self._put(message)

    async def leave(self) -> None:
        """The connection is over, whoever ended it."""
        await stop(*self.tasks)
        if self.talk is not None:
            self.talk.leave()
        if self.websocket.client_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it left at this very moment
                await self.websocket.close()

    async def leave_if_idle(self) -> None:
        """This gateway is told to end: a client without a job goes on at another. A job is finished first."""
        if self.talk is None and self.websocket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self.websocket.close(RESTARTS, "draining")

    async def refuse(self, problem: Problem) -> None:
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
            async with asyncio.timeout(self.door.settings.http_stall_s), self.sending:
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
            raise Problem(408, "too_late", f"nothing was said for {KEY_S:g} s") from None
        except KeyError:
            raise Problem(400, "bad_input", "messages are text, in JSON") from None
        try:
            return SAID.validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise Problem(400, "bad_input", f"{place or 'the message'}: {first['msg']}", param=place or None) from None

    async def _start(self, start: Start) -> None:
        if self.talk is not None:
            raise Problem(409, "job_running", "one job at a time: close or cancel, and wait for its end")
        self.door.draining.refuse()
        self.caller = self.caller or known(self.door, start.key)
        warning = {"warning": said} if (said := start.passed_over()) else {}
        self.talk = await begin(self.door, self.caller, start, start.format, start.resume, start.after)
        self.websocket.scope["state"]["job"] = self.talk.job.id  # for the log: the latest one of the connection
        await self.tell({"type": "started", "job": self.talk.job.id, "resume": self.talk.token} | warning)
        self.said, self.ended = asyncio.Queue(AHEAD), False
        self.tasks = [
            asyncio.create_task(self._watched(work)) for work in (self._say(self.talk), self._play(self.talk))
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

    async def _say(self, talk: Talk) -> None:
        """Text on its way to the job."""
        try:
            while not talk.closed:
                message = await self.said.get()
                if isinstance(message, Text):
                    await talk.say(message.text)
                elif isinstance(message, Word):
                    await (talk.close() if message.type == "close" else talk.flush())
        except JobNotOpen:
            pass  # it is over, or somebody closed it: its end says why
        except SeriatimError as error:  # some of the text is not in the job: who goes on without it hears another text
            await self.refuse(problem_of(error))

    async def _play(self, talk: Talk) -> None:
        """Sound on its way to the client; how that ended is counted, as it is for answers."""
        how = LEFT
        try:
            async with contextlib.aclosing(talk.sound()) as sound:
                async for facts, pcm in sound:
                    await self.tell(facts, pcm)
                    talk.given()
        except SeriatimError as error:
            how = outcome_of(error)
            await self.refuse(problem_of(error))
        except WebSocketDisconnect:
            how = STALLED if self.stalled else LEFT
        except asyncio.CancelledError:  # the connection is over, or this gateway ends
            how = MOVED if self.door.draining.begun else LEFT
            raise
        except Exception:
            how = FAILED
            raise
        else:
            self._over(talk)
        finally:
            self.door.meters.ended.labels(STATES.get(talk.state, FAILED) if talk.state else how).inc()

    def _over(self, talk: Talk) -> None:
        """The next `start` may come."""
        self.tasks[0].cancel()
        self.tasks = []
        talk.leave()
        self.talk, self.ended = None, True


def _retry_ms(problem: Problem) -> int | None:
    said = problem.headers.get("retry-after-ms")
    return int(said) if said else None
