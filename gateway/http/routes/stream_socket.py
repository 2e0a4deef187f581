"""The stream's socket: sends and receives the messages of /v1/stream, and closes with the codes that say why."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected, WebSocketState

from gateway.http.connection_cut import CUT
from gateway.http.problems import HttpProblem
from gateway.http.schemas.lenient_json import parse_json
from gateway.http.schemas.stream_messages import CLIENT_MESSAGE, ClientMessage
from gateway.http.validation_problems import unreadable_json, validation_problem

START_TIMEOUT_S = 30.0  #: a connection without a key that sends nothing for so long is closed
NORMAL, ABNORMAL = 1000, 1006  #: RFC 6455, 7.4.1: normal closure; a lost connection
CLOSED_BY_CLIENT = (NORMAL, 1005)  #: 1005: a close frame without a code
REFUSED = 1008  #: RFC 6455, 7.4.1: policy violation
RESTARTS = 1012  #: service restart: clients reconnect (IANA's registry of close codes)
INTERNAL_ERROR = 1011  #: unexpected condition


@dataclass(slots=True, eq=False)
class StreamSocket:
    """One accepted WebSocket; any task may send."""

    websocket: WebSocket
    write_timeout_s: float  #: a client that takes nothing for so long is cut off
    stalled: bool = False  #: the client has stopped reading
    refused: bool = False  #: an error was sent, and the connection closed
    send_lock: asyncio.Lock = field(default_factory=asyncio.Lock)  #: a message and its audio must not be separated

    @property
    def is_open(self) -> bool:
        """Whether this side has neither closed the connection nor noticed its end."""
        return self.websocket.application_state is WebSocketState.CONNECTED

    async def receive(self, wait_s: float | None) -> ClientMessage:
        """Receive the next message; `wait_s`: the time for it, None for any.

        Raises:
            HttpProblem: the message is not understood, or late.
            WebSocketDisconnect: the connection is closed.
        """
        if not self.is_open:  # a message came before the loss was noticed
            raise WebSocketDisconnect(NORMAL if self.refused else ABNORMAL)
        try:
            async with asyncio.timeout(wait_s):
                raw = await self.websocket.receive_text()
        except TimeoutError:
            raise HttpProblem(408, "too_late", f"no message within {wait_s:g} s") from None
        except KeyError:
            raise HttpProblem(400, "bad_input", "expected a text message with JSON") from None
        try:
            return CLIENT_MESSAGE.validate_python(parse_json(raw))
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            raise validation_problem(errors, "the message", example='{"type": "text", "text": "Hello. "}') from None
        except ValueError as error:
            raise unreadable_json(error, "the message") from None

    async def send(self, facts: dict[str, Any], audio: bytes = b"") -> None:
        """Send a message, and the audio that it announces.

        Raises:
            WebSocketDisconnect: the connection is closed, or the client has stopped reading and is cut off.
        """
        try:
            async with asyncio.timeout(self.write_timeout_s), self.send_lock:
                await self.websocket.send_text(json.dumps(facts, ensure_ascii=False))
                if audio:
                    await self.websocket.send_bytes(audio)
        except TimeoutError:
            self.stalled = True
            self.websocket.scope["state"][CUT]()
            raise WebSocketDisconnect from None
        except WebSocketDisconnected:  # by another task, or by the client
            raise WebSocketDisconnect from None

    async def refuse(self, problem: HttpProblem) -> None:
        """Send an error and close the connection."""
        self.refused = True
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self.send({"type": "error"} | problem.body | {"retry_after_ms": _retry_after_ms(problem)})
            await self.websocket.close(REFUSED if problem.status < 500 else INTERNAL_ERROR, problem.code)

    async def close_for_restart(self) -> None:
        """Close the connection because this gateway is draining."""
        if self.is_open:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self.websocket.close(RESTARTS, "draining")

    async def close(self) -> None:
        """Close the connection, unless the client has."""
        if self.websocket.client_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the client disconnected meanwhile
                await self.websocket.close()


def _retry_after_ms(problem: HttpProblem) -> int | None:
    value = problem.headers.get("retry-after-ms")
    return int(value) if value else None
