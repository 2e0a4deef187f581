"""Provider simulator: a server on a TCP port that speaks melodies, has limits, and fails on demand.

What it speaks depends on the text, the voice and the rate alone, so that a test compares bytes. Faults are aimed at
sentences: one that contains a fault's word has it, the first `times` times. It writes HTTP by hand, because it breaks
its rules on purpose.
"""

import asyncio
import base64
import contextlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from tests.chaos.asyncio_listener import close_listener
from tests.providers.provider_shapes import Answer, Call, OpenAIShape, Places, ProviderShape, Refusal
from workers.engines.tone.melody import TIMBRES, melody_pcm

CHUNK_MS = 100
MS_PER_CHAR = 60.0
TIMBRE_NAMES = tuple(TIMBRES)
TURN_S = 60.0  #: a step of the simulator's thread takes milliseconds; this only ends a test that hangs
RESET = struct.pack("ii", 1, 0)  #: SO_LINGER: close with a reset


class ProviderFault(StrEnum):
    """Faults of one answer."""

    SLOW_FIRST = "slow first byte"  #: the body waits until the test opens the gate, and is whole then
    STOP = "stop"  #: the sound stops in its middle, and the connection stays until the test opens the gate
    CUT = "cut"  #: the connection closes in the middle
    RESET = "reset"  #: it is reset in the middle
    RESET_FIRST = "reset first"  #: it is reset before any answer
    HTML = "html"  #: a page with status 200
    HTML_UNTYPED = "untyped html"  #: the same without a content type
    NO_TYPE = "no type"  #: sound without a content type
    WRONG_TYPE = "wrong type"  #: sound that is called JSON
    OTHER_RATE = "other rate"  #: 16 kHz, as its content type says
    EMPTY = "empty"
    HALF_SAMPLE = "half a sample"
    EVENT_ERROR = "event error"  #: an error event in the middle
    RATE = "rate"  #: refused
    SYSTEM = "system"  #: refused
    QUOTA = "quota"  #: refused


REFUSALS = {ProviderFault.RATE: Refusal.RATE, ProviderFault.SYSTEM: Refusal.SYSTEM, ProviderFault.QUOTA: Refusal.QUOTA}


@dataclass(slots=True)
class Request:
    """A request for speech that came in, and what became of it."""

    call: Call
    headers: Mapping[str, str]
    connection: int  #: number of its connection, 0-based
    outcome: str = "open"  #: then: spoken (whole), refused, left, or a fault


@dataclass(slots=True)
class ProviderSimulator:
    """One provider; a context manager. Its limits may be changed while it runs."""

    shape: ProviderShape = field(default_factory=OpenAIShape)
    keys: set[str] = field(default_factory=set)  #: valid ones; none: no key is needed
    places: int = 0  #: requests at once; 0: any number
    retry_after_s: float | None = None  #: beside refusals for their number
    first_s: float = 0.0  #: before the first byte
    whole_s: float = 0.0  #: for all of a sentence, from the first byte on
    rtf: float = 0.0  #: likewise, for a second of its sound
    faults: Mapping[str, tuple[ProviderFault, int]] = field(default_factory=dict)  #: word -> fault, times; 0: always
    reported_hz: int = 0  #: rate of all sounds, stated in their content type; 0: as the shape
    gate: threading.Event = field(default_factory=threading.Event)  #: see SLOW_FIRST
    requests: list[Request] = field(default_factory=list)
    most_open: int = 0
    n_connections: int = 0
    port: int = 0
    _open: int = 0
    _fault_counts: Counter[str] = field(default_factory=Counter)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set)
    _server: "asyncio.Server | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spoken_texts(self) -> list[str]:
        """The texts that were spoken whole."""
        return [request.call.text for request in self.requests if request.outcome == "spoken"]

    def outcomes(self) -> Counter[str]:
        return Counter(request.outcome for request in self.requests)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, name="provider", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.serve(), self._loop).result(TURN_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(TURN_S)
        self.gate.set()  # behind the end: a sentence that waits for it would be spoken yet
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join(TURN_S)
        self._loop.close()

    async def serve(self) -> None:
        """Listen, on `port` or on a free one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        assert self._server is not None
        await close_listener(self._server)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection, self.n_connections = self.n_connections, self.n_connections + 1
        try:
            while head := await _read_head(reader):
                target, headers = head
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                await self._answer(writer, target, headers, json.loads(body or b"{}"), connection)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            await _close(writer)
            self._tasks.discard(task)

    async def _answer(
        self, writer: asyncio.StreamWriter, target: str, headers: Mapping[str, str], fields: Mapping[str, Any], n: int
    ) -> None:
        if self.keys and not any(key in headers.get(self.shape.key_header, "") for key in self.keys):
            return await _write(writer, self.shape.refuse(Refusal.KEY))
        if voices := self.shape.list_voices(target):
            return await _write(writer, voices)
        call = self.shape.call(target, fields)
        if call is None:
            return await _write(writer, self.shape.refuse(Refusal.ADDRESS))
        request = Request(call, headers, n)
        self.requests.append(request)
        if self.places and self._open >= self.places:
            request.outcome = "refused"
            return await _write(writer, self.shape.refuse(Refusal.PLACES, self.retry_after_s))
        self._open += 1
        self.most_open = max(self.most_open, self._open)
        try:
            await self._speak(writer, request)
        except (ConnectionError, asyncio.CancelledError):
            request.outcome = "left"
            raise
        finally:
            self._open -= 1
        return None

    async def _speak(self, writer: asyncio.StreamWriter, request: Request) -> None:
        call, fault = request.call, self._fault_of(request.call.text)
        whole = fault in (None, ProviderFault.SLOW_FIRST)
        request.outcome = "open" if whole else str(fault)
        if fault in REFUSALS:
            return await _write(writer, self.shape.refuse(REFUSALS[fault], self.retry_after_s))
        if not any(name in call.voice for name in self.shape.voices):
            request.outcome = "refused"
            return await _write(writer, self.shape.refuse(Refusal.VOICE))
        if fault is ProviderFault.RESET_FIRST:
            return _reset(writer)
        await self._begin_body(writer, call, fault)
        chunks, begin_s = self._chunks(call, fault), time.monotonic()
        whole_s = self.whole_s + self.rtf * len(call.text) * MS_PER_CHAR / 1000
        for n, chunk in enumerate(chunks):
            if n == max(1, len(chunks) // 2) and not await self._go_on(writer, fault):
                return None
            await _write_chunk(writer, chunk)
            await asyncio.sleep(begin_s + whole_s * (n + 1) / len(chunks) - time.monotonic())
        request.outcome = "spoken" if whole else request.outcome  # before the engine reads its end
        await _write_chunk(writer, b"")
        return None

    async def _begin_body(self, writer: asyncio.StreamWriter, call: Call, fault: ProviderFault | None) -> None:
        await asyncio.sleep(self.first_s)
        headers = dict(self.shape.headers(call, Places(self._open, self.places)))
        _change_headers(headers, fault, self._rate_of(call, fault), stated=bool(self.reported_hz))
        if call.encoding == "sse":
            headers["content-type"] = "text/event-stream"
        await _write_head(writer, headers)
        if fault is ProviderFault.SLOW_FIRST:
            await asyncio.to_thread(self.gate.wait)

    def _fault_of(self, text: str) -> ProviderFault | None:
        for word, (fault, times) in self.faults.items():
            if word in text:
                self._fault_counts[text] += 1
                return fault if not times or self._fault_counts[text] <= times else None
        return None

    async def _go_on(self, writer: asyncio.StreamWriter, fault: ProviderFault | None) -> bool:
        """Have the middle of a sentence; False if nothing follows it."""
        if fault is ProviderFault.STOP:
            await asyncio.to_thread(self.gate.wait)
        if fault in (ProviderFault.STOP, ProviderFault.CUT):
            writer.close()
        elif fault is ProviderFault.RESET:
            _reset(writer)
        return fault not in (ProviderFault.STOP, ProviderFault.CUT, ProviderFault.RESET)

    def _rate_of(self, call: Call, fault: ProviderFault | None) -> int:
        return 16_000 if fault is ProviderFault.OTHER_RATE else self.reported_hz or call.rate_hz

    def _voice_of(self, call: Call) -> int:
        return next(n for n, name in enumerate(self.shape.voices) if name in call.voice)

    def _chunks(self, call: Call, fault: ProviderFault | None) -> list[bytes]:
        """The body of an answer in pieces of CHUNK_MS."""
        if fault in (ProviderFault.HTML, ProviderFault.HTML_UNTYPED):
            return [b"<!DOCTYPE html><html><body>Bad gateway</body></html>"]
        if fault is ProviderFault.EMPTY:
            return []
        rate_hz = self._rate_of(call, fault)
        pcm = sound_of(call.text, rate_hz, self._voice_of(call))
        size = rate_hz * CHUNK_MS // 1000 * 2
        chunks = [pcm[at : at + size] for at in range(0, len(pcm), size)]
        if fault is ProviderFault.HALF_SAMPLE:
            chunks[-1] += b"\0"
        if call.encoding == "wav":
            chunks[0] = wav_header(rate_hz) + chunks[0]
        if call.encoding == "sse":
            return [*_events(chunks, fault)]
        return chunks


def sound_of(text: str, rate_hz: int = 24_000, voice: int = 0) -> bytes:
    """What a simulator says for a text, s16le mono; `voice` is the place in its list of voices."""
    return melody_pcm(text, TIMBRE_NAMES[voice], 0, MS_PER_CHAR, rate_hz)


def wav_header(rate_hz: int, size: int = 0xFFFFFFFF) -> bytes:
    """The header of a WAV of 16 bits whose length is not known."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + form + b"data" + struct.pack("<I", size)


def _events(chunks: list[bytes], fault: ProviderFault | None) -> list[bytes]:
    events: list[dict[str, Any]] = [
        {"type": "speech.audio.delta", "audio": base64.b64encode(chunk).decode()} for chunk in chunks
    ]
    if fault is ProviderFault.EVENT_ERROR:
        events[len(events) // 2] = {
            "type": "error",
            "error": {"message": "the model fell over", "code": "server_error"},
        }
    events.append({"type": "speech.audio.done", "usage": {"total_tokens": 1}})
    return [f"data: {json.dumps(event)}\n\n".encode() for event in events]


def _change_headers(headers: dict[str, str], fault: ProviderFault | None, rate_hz: int, *, stated: bool) -> None:
    if fault is ProviderFault.HTML:
        headers["content-type"] = "text/html; charset=utf-8"
    elif fault in (ProviderFault.NO_TYPE, ProviderFault.HTML_UNTYPED):
        headers.pop("content-type")
    elif fault is ProviderFault.WRONG_TYPE:
        headers["content-type"] = "application/json"
    elif fault is ProviderFault.OTHER_RATE or stated:
        headers["content-type"] = f"audio/pcm; rate={rate_hz}; channels=1"


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close a connection and wait for that: a loop that ends before leaves the socket to the next test."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        try:
            await writer.wait_closed()
        except asyncio.CancelledError:
            writer.transport.abort()
            await writer.wait_closed()


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
    """The target and the headers of the next request; None at the end of the connection."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = raw.decode("latin-1").split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return first.split()[1], headers


async def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    headers = {"content-length": str(len(answer.body))} | dict(answer.headers)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {answer.status} Answer\r\n{lines}\r\n".encode() + answer.body)
    await writer.drain()


async def _write_head(writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 200 OK\r\n{lines}transfer-encoding: chunked\r\n\r\n".encode())
    await writer.drain()


async def _write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n" % len(data) + data + b"\r\n")
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
