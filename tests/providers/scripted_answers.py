"""Scripted answers: a server on a TCP port that writes the same bytes to every request, and closes the connection.

It is for answers that break HTTP's rules, or a provider's, as no provider simulator does.
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import BinaryIO, Self

PATIENCE_S = 60.0  #: only ends a test that hangs


class ScriptedServer:
    """The server; a context manager. `answer` is all that it writes, head and body."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="scripted answers", daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self.heads: list[bytes] = []  #: of the requests, in lower case

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._thread.join(PATIENCE_S)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the end
                return
            with connection, connection.makefile("rb") as request, contextlib.suppress(ConnectionError):
                connection.settimeout(PATIENCE_S)
                self.heads.append(_read_request(request))
                connection.sendall(self._answer)


def _read_request(request: BinaryIO) -> bytes:
    """Read one request to the end of its body; returns its head."""
    lines = []
    while line := request.readline().lower().strip():
        lines.append(line)
    lengths = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
    request.read(sum(lengths))
    return b"\n".join(lines)


def answer(body: bytes = b"", status: str = "200 OK", **headers: str | int) -> bytes:
    """An answer; names of headers are written with `_` for `-`. Without a length it ends with the connection."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


def chunked(*chunks: bytes) -> bytes:
    """A body in HTTP's chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def events(*data: str) -> bytes:
    """A body of server-sent events."""
    return "".join(f"data: {each}\n\n" for each in data).encode()
