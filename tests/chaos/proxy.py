"""A proxy between processes and their server, which can be slow, swallow, break or refuse. Runs in a thread."""

import asyncio
import contextlib
import ctypes
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from tests.chaos.asyncio_listener import close_listener

PIECE_BYTES = 65_536
TURN_S = 60.0  #: a step of the proxy's thread takes milliseconds; this only ends a test that hangs
SO_ATTACH_FILTER = 26  #: Linux: a program of the kernel's packet filter looks at what comes to a socket (socket(7))
_PROGRAM = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  #: its one step: return 0 bytes, drop it
DROP = struct.pack("HxxxxxxP", 1, ctypes.addressof(_PROGRAM))  #: struct sock_fprog


class Mood(StrEnum):
    """What the proxy does with what it gets."""

    CALM = "calm"  #: passes everything on
    SLOW = "slow"  #: later
    BLACK_HOLE = "black-hole"  #: takes everything and passes nothing on; what it took is lost with its connection
    CUT = "cut"  #: passes some bytes of the next reply on and breaks the connection
    HALF_OPEN = "half-open"  #: the server's end breaks, the client does not notice


@dataclass(slots=True, eq=False)
class _Pair:
    """One connection, both sides."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    ruined: bool = False  #: bytes of it were swallowed


@dataclass(slots=True)
class Proxy:
    """Listens on a unix socket, or on a port of this machine, and speaks to another socket."""

    socket: Path | None  #: None: on a port, whose connections `reset` resets; a unix socket's are closed
    server: Path
    mood: Mood = Mood.CALM
    delay_s: float = 0.0
    keep_bytes: int = 5  #: of a reply that is cut
    port: int = 0  #: that it listens on
    _pairs: set[_Pair] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread = field(init=False)
    _listener: asyncio.Server = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._listen())

    def be(self, mood: Mood, delay_s: float = 0.0) -> None:
        """Change the mood. Back in a calm one, connections of which bytes were swallowed are broken."""
        self.mood, self.delay_s = mood, delay_s
        if mood is Mood.HALF_OPEN:
            self._do(self._break(everything=False, client=False))
        if mood is Mood.CALM:
            self._do(self._break(everything=False))

    def reset(self) -> None:
        """Break all connections at once."""
        self._do(self._break(everything=True))

    def swallow(self) -> None:
        """Take no packet of the connections that there are, as a network that drops them: not even the kernel answers.

        Over TCP only. Connections that are made later are passed on.
        """
        for pair in list(self._pairs):
            pair.client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, DROP)

    def close(self) -> None:
        """Break everything and end the thread."""
        self._do(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(TURN_S)

    async def _listen(self) -> None:
        if self.socket is not None:
            self._listener = await asyncio.start_unix_server(self._serve, self.socket)
            return
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _cancel_all(self) -> None:
        await close_listener(self._listener)
        await self._break(everything=True)
        for _ in range(100):  # their ends are seen in the next turns of the loop
            if not self._pairs:
                break
            await self._break(everything=True)
            await asyncio.sleep(0.01)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(3):  # what was aborted is closed in the next turns of the loop
            await asyncio.sleep(0)

    async def _break(self, *, everything: bool, client: bool = True) -> None:
        for pair in list(self._pairs):
            if everything or pair.ruined or not client:
                pair.ruined = True
                pair.server.transport.abort()
                if client:
                    _reset(pair.client)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):  # the server is away
                await self._serve_pair(reader, writer, *await asyncio.open_unix_connection(self.server))
        finally:  # also where the proxy is closed before the server has taken the connection
            writer.transport.abort()

    async def _serve_pair(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        pair = _Pair(writer, to_server)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pass(pair, reader, to_server), self._pass(pair, from_server, writer, replies=True)
            )
        finally:
            self._pairs.discard(pair)
            to_server.transport.abort()

    async def _pass(
        self, pair: _Pair, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, replies: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE_BYTES):
                piece = await self._mind(pair, piece, replies=replies)
                if piece:
                    to.write(piece)
                    await to.drain()
        if replies and pair.ruined and self.mood is Mood.HALF_OPEN:  # the client waits for a server that is not there
            return
        for side in (pair.client, pair.server):
            side.transport.abort()

    async def _mind(self, pair: _Pair, piece: bytes, *, replies: bool) -> bytes:
        """What of a piece is passed on, in the mood of the moment."""
        if self.mood is Mood.SLOW:
            await asyncio.sleep(self.delay_s)
        elif self.mood in (Mood.BLACK_HOLE, Mood.HALF_OPEN):
            pair.ruined = True
            return b""
        elif self.mood is Mood.CUT and replies:
            pair.client.write(piece[: self.keep_bytes])
            with contextlib.suppress(OSError):
                await pair.client.drain()
            raise ConnectionAbortedError("cut in the middle of a reply")
        return piece


def _reset(client: asyncio.StreamWriter) -> None:
    """Close a connection without the usual farewell: over TCP its other end reads ECONNRESET."""
    with contextlib.suppress(OSError):  # it is closed already
        client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.transport.abort()
