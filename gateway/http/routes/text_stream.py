"""/v1/stream: a WebSocket that takes text as it is written, and streams its audio.

    client                                              gateway
    {"type": "start", "voice": ..., "format": "pcm"} →  ← {"type": "started", "job": ..., "resume": token, "rate_hz": n}
    {"type": "text", "text": "..."}                  →  ← {"type": "sentence", "seq": 0, "text": ..., "id": "1-0"}
    {"type": "flush"}                                →  ← {"type": "audio", "id": "1-9600", "bytes": n}, then n bytes
    {"type": "close"}   no more text                 →  ← {"type": "end", "state": "done", ...}
    {"type": "cancel"}  barge-in: immediately        →  ← {"type": "end", "state": "cancelled", ...}

After an `end`, or at once after a `cancel`, the next `start` opens another job. Text that exceeds the job's queue waits
here, and then in the client's connection; `cancel` overtakes it, and no audio follows it. A client that does not read
its audio stops its job. Playback goes on behind the `end`: `heard`, and `cancel` where the rest is not played, count
then as well, and may name the job that they mean.

A client that closes the connection (code 1000, or none) cancels its job. After a broken connection, the job is
cancelled after RESUME_S unless the client resumes it, at any gateway: `start` with the token and the id of the last
audio that it has, and then all of its text again from the beginning. What was sent may have been lost with the
connection: a client that starts with `acknowledge`, and says what it has `received`, can resume behind that.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem, internal_error, problem_of
from gateway.http.reading.word_timing import WordTiming
from gateway.http.route_dependencies import authenticate_key, context_of, key_of
from gateway.http.routes.stream_socket import CLOSED_BY_CLIENT, START_TIMEOUT_S, StreamSocket
from gateway.http.schemas.scheduling_headers import SchedulingDep, job_scheduling, with_header_defaults
from gateway.http.schemas.stream_messages import (
    CancelMessage,
    ControlMessage,
    HeardMessage,
    PlaybackMessage,
    ReceivedMessage,
    StartMessage,
    TextMessage,
)
from gateway.http.streaming.audio_response import CANCELLED, FAILED, LEFT, MOVED, STALLED, STATES, outcome_of
from gateway.http.streaming.text_queue import Step, TextQueue
from gateway.http.streaming.text_session import TextSession, open_text_session
from gateway.http.task_endings import cancel_and_wait
from seriatim.client.job import Job
from seriatim.errors import JobNotOpen, SeriatimError
from seriatim.keys import StreamPosition

router = APIRouter()
log = logging.getLogger(__name__)

BY_LISTENER = "cancelled by its listener"
PLAYED_JOBS = 4  #: ended jobs of a connection that may still be played: a client speaks one turn ahead, or a few


@router.websocket("/v1/stream")
async def serve_stream(websocket: WebSocket, headers: SchedulingDep) -> None:
    """Serve one connection."""
    context = context_of(websocket)
    key = key_of(websocket)
    try:
        sent_key = key or "authorization" in websocket.headers
        caller = authenticate_key(context, key) if sent_key else context.keys.caller("")
    except HttpProblem as problem:
        await websocket.send_denial_response(problem.response())
        return
    await websocket.accept()
    socket = StreamSocket(websocket, context.settings.http_write_timeout_s)
    connection = TextStreamConnection(socket, context, caller, headers)
    context.draining.idle_closers[connection] = connection.close_if_idle
    context.meters["http_streams"].inc()
    try:
        await connection.serve()
    except WebSocketDisconnect as disconnected:
        if disconnected.code in CLOSED_BY_CLIENT:
            await connection.cancel("its listener closed the connection")
        # otherwise the job is cancelled after its grace, unless the client resumes it
    except HttpProblem as problem:
        await socket.refuse(problem)
    except SeriatimError as error:
        await socket.refuse(problem_of(error))
    finally:
        del context.draining.idle_closers[connection]
        await connection.leave()
        context.meters["http_streams"].dec()


@dataclass(slots=True, eq=False)
class TextStreamConnection:
    """One client's connection, with one job at a time."""

    socket: StreamSocket
    context: GatewayContext
    caller: Caller | None
    headers: Mapping[str, Any] = field(default_factory=dict)  #: scheduling of its jobs, where a `start` says nothing
    session: TextSession | None = None
    ended: bool = False  #: a job of this connection has ended, and no other was opened
    unacknowledged: TextSession | None = None  #: the job that ended last, while its client has not acknowledged its end
    ended_jobs: "deque[Job]" = field(default_factory=lambda: deque(maxlen=PLAYED_JOBS))  #: the latest one last
    text_queue: TextQueue = field(default_factory=TextQueue)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)  #: of the current job

    async def serve(self) -> None:
        """Handle messages until the client disconnects.

        Raises:
            HttpProblem, SeriatimError: an error that ends the connection.
            WebSocketDisconnect: the client has disconnected.
        """
        while True:
            message = await self.socket.receive(START_TIMEOUT_S if self.caller is None else None)
            if isinstance(message, StartMessage):
                await self._start_job(message)
            elif isinstance(message, ReceivedMessage):
                self._acknowledge(message)
            elif isinstance(message, PlaybackMessage) and (job := self._ended_job(message.job)) is not None:
                await follow_playback(job, message)
            elif self.session is None:  # messages that crossed the end of the job are ignored
                if isinstance(message, TextMessage) and not self.ended:
                    raise HttpProblem(400, "bad_input", 'text without a job; send {"type": "start"} first')
            else:
                await self._pass_on(message, self.session)

    async def _pass_on(
        self, message: TextMessage | ControlMessage | CancelMessage | HeardMessage, session: TextSession
    ) -> None:
        """Pass a message on to the current job."""
        if isinstance(message, PlaybackMessage) and message.job not in ("", session.job.id):
            return  # of a job that this connection has forgotten
        if isinstance(message, HeardMessage):
            await session.report_played(message.ms)
        elif isinstance(message, TextMessage):
            await self._queue_step("text", message.text)
        elif isinstance(message, CancelMessage):
            await self.cancel(BY_LISTENER)
        else:
            await self._queue_step(message.type)

    def _ended_job(self, job_id: str) -> Job | None:
        """The ended job that a message means: the one that it names, or the latest while no other runs."""
        if job_id:
            return next((job for job in self.ended_jobs if job.id == job_id), None)
        return self.ended_jobs[-1] if self.ended_jobs and self.session is None else None

    async def cancel(self, reason: str) -> None:
        """Cancel the current job, if there is one."""
        if self.session is not None:
            with contextlib.suppress(SeriatimError):  # it is cancelled after its grace
                await self.session.cancel(reason)

    async def leave(self) -> None:
        """Release the job and close the connection."""
        await cancel_and_wait(*self.tasks)
        for session in filter(None, (self.session, self.unacknowledged)):
            session.leave()
        await self.socket.close()

    async def close_if_idle(self) -> None:
        """Close the connection if it has no job, because this gateway is draining; a job is finished first."""
        if self.session is None:
            await self.socket.close_for_restart()

    async def _start_job(self, start: StartMessage) -> None:
        if self.session is not None and self.session.cancelled:
            await asyncio.wait(self.tasks)  # its `end` comes before the next `started`
        if self.session is not None:
            raise HttpProblem(409, "job_running", "one job at a time: send close or cancel, and wait for its end")
        self.context.draining.refuse_new_request()
        if self.unacknowledged is not None:
            self.unacknowledged.leave()
            self.unacknowledged = None
        self.caller = self.caller or authenticate_key(self.context, start.key)
        ignored = start.pop_unknown_fields()
        self.session = await open_text_session(
            self.context, self.caller, with_header_defaults(start, self.headers), start.format, start.resume,
            start.after, job_scheduling(self.headers),
        )  # fmt: skip
        self.session.acknowledging = start.acknowledge
        self.session.timing = WordTiming() if start.words else None
        self.socket.websocket.scope["state"]["job"] = self.session.job.id  # for the log: the connection's latest job
        facts = {"job": self.session.job.id, "resume": self.session.token, "rate_hz": self.session.rate_hz}
        text = "; ".join(filter(None, [ignored, self.session.job.warning]))
        warning = {"warning": text} if text else {}
        await self.socket.send({"type": "started"} | facts | warning)
        self.text_queue, self.ended = TextQueue(), False
        self.tasks = [
            asyncio.create_task(self._run_task(work, self.session))
            for work in (self._send_text_to_job, self._send_audio)
        ]

    def _acknowledge(self, message: ReceivedMessage) -> None:
        """Let the gateway forget what the client has of its job; of the last one, until it has its end."""
        if session := self.unacknowledged or self.session:
            session.acknowledge(StreamPosition.parse(message.id))
            self._release_acknowledged(session)

    def _release_acknowledged(self, session: TextSession) -> None:
        if session is self.unacknowledged and not session.sent:
            session.leave()
            self.unacknowledged = None

    async def _queue_step(self, step: Step, text: str = "") -> None:
        """Queue a step for the job; waits for room unless the job ends."""
        put_task = asyncio.create_task(self.text_queue.put(step, text))
        try:
            await asyncio.wait({put_task, *self.tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            put_task.cancel()

    async def _run_task(self, work: Callable[[TextSession], Awaitable[None]], session: TextSession) -> None:
        """Run a task of the job; an error closes the connection. It may be cancelled before it begins."""
        try:
            await work(session)
        except Exception as error:  # the task's outermost call
            if self.socket.is_open:  # and was not closed under the task
                log.exception("a connection failed")
                await self.socket.refuse(internal_error(error))

    async def _send_text_to_job(self, session: TextSession) -> None:
        """Pass queued text on to the job."""
        try:
            while not session.closed:
                step, text = await self.text_queue.get()
                if step == "text":
                    await session.add_text(text)
                else:
                    await (session.close() if step == "close" else session.flush())
                await self._send_warnings(session)
        except JobNotOpen:
            pass  # the job ended or was closed; its `end` has the reason
        except SeriatimError as error:  # text is missing in the job, so it must not continue
            await self.socket.refuse(problem_of(error))

    async def _send_warnings(self, session: TextSession) -> None:
        for warning in session.take_warnings():
            await self.socket.send({"type": "warning", "warning": warning})

    async def _send_audio(self, session: TextSession) -> None:
        """Send the job's audio to the client, and count the outcome as for other streams."""
        outcome = LEFT
        try:
            async with contextlib.aclosing(session.messages()) as audio:
                async for facts, pcm in audio:
                    await self._send_warnings(session)  # before its `end`
                    if not session.cancelled or facts["type"] == "end":
                        await self.socket.send(facts, pcm)
                    session.mark_sent()
        except SeriatimError as error:
            outcome = outcome_of(error)
            await self.socket.refuse(problem_of(error))
        except WebSocketDisconnect:
            outcome = STALLED if self.socket.stalled else LEFT
        except asyncio.CancelledError:  # the connection is closed, or this gateway ends
            outcome = MOVED if self.context.draining.active else CANCELLED if session.cancelled else LEFT
            raise
        except Exception:
            outcome = FAILED
            raise
        else:
            self._finish_job(session)
        finally:
            self.context.meters["http_streams_ended"].labels(
                STATES.get(session.state, FAILED) if session.state else outcome
            ).inc()

    def _finish_job(self, session: TextSession) -> None:
        """Release an ended job, so that the next `start` is accepted."""
        self.tasks[0].cancel()
        self.tasks = []
        self.session, self.unacknowledged, self.ended = None, session, True
        self.ended_jobs.append(session.job)
        self._release_acknowledged(session)


async def follow_playback(job: Job, message: CancelMessage | HeardMessage) -> None:
    """Pass on how far an ended job was played, or that its rest will not be: its listener's share is free then."""
    with contextlib.suppress(SeriatimError):  # the pool expects by itself when it will have been played
        if isinstance(message, HeardMessage):
            await asyncio.to_thread(job.report_played, message.ms)
        else:
            await asyncio.to_thread(job.cancel, BY_LISTENER)
