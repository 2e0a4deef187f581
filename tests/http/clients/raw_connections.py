"""Raw connections, for requests that no library would send, and what comes over them."""

import socket
import time

from tests.support.process_system import PATIENCE_S


def head(method: str, path: str, *headers: str) -> bytes:
    """A request's head."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: localhost", *headers, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A request with JSON."""
    return head("POST", path, "content-type: application/json", f"content-length: {len(body)}", *headers) + body


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the body of the next answer that has a length."""
    came = b""
    while b"\r\n\r\n" not in came:
        came += _more(connection)
    front, _, body = came.partition(b"\r\n\r\n")
    lines = front.decode("latin-1").lower().splitlines()
    length = next(int(line.split(": ")[1]) for line in lines if line.startswith("content-length"))
    while len(body) < length:
        body += _more(connection)
    return int(lines[0].split()[1]), body


def ended(connection: socket.socket, patience_s: float = PATIENCE_S) -> bool:
    """Is the connection ended by the other side within so long? What comes until then is thrown away."""
    until_s = time.monotonic() + patience_s
    while (left_s := until_s - time.monotonic()) > 0:
        connection.settimeout(left_s)
        try:
            if not connection.recv(65536):
                return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
    return False


def _more(connection: socket.socket) -> bytes:
    connection.settimeout(PATIENCE_S)
    came = connection.recv(65536)
    assert came, "the connection ended before the answer did"
    return came
