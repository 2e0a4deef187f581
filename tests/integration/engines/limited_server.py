"""A speech server with a limit of open requests, and the engine of a pool that speaks with it.

The server runs in the test, which sets its limit and sees every request; worker processes open a connection for each
sentence. A request above the limit gets one byte that says so, as HTTP's status 429 would.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

ENGINE = """
import socket

from seriatim.engine import AudioChunk, Continuity, ServerLimits, Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import EngineBusy

RATE_HZ = 8_000


class Limited:
    name, rate_hz, continuity = "limited", RATE_HZ, Continuity.NONE
    limit_chars, limits, merge_chars, rtf = 200, {}, 0, 0.1
    abilities = Abilities("limited")
    voices, gauges = (Voice("only", ""),), {}

    def __init__(self, options):
        self.port, self.slots = int(options["port"]), int(options["slots"])

    def speak(self, utterance, cancelled):
        with socket.create_connection(("127.0.0.1", self.port), 30) as server:
            server.sendall(b"speak")
            status = server.recv(1)
            if status == b"b":
                raise EngineBusy("status 429", 0.2)
            reported = server.recv(1)[0]
            limits = ServerLimits(max_concurrent=reported) if reported else None
            yield AudioChunk(b"", server_limits=limits)
            server.recv(1)
        yield AudioChunk(bytes(2 * 60 * len(utterance.text) * RATE_HZ // 1000))

    def close(self):
        pass


def load(options):
    return Limited(options)
"""


@dataclass(slots=True)
class LimitedServer:
    """The server. `limit` may be changed at any time; open requests are never closed by that."""

    limit: int
    speech_s: float = 0.1  #: how long a request takes
    reports: bool = False  #: answers report the limit
    open: int = 0
    n_answered: int = 0  #: requests that were accepted and answered to their end
    answers: list[bool] = field(default_factory=list)  #: of each request, in order: was it accepted?
    observe: Callable[[], int] = int  #: a figure that is taken whenever a request was answered to its end
    observed: list[int] = field(default_factory=list)  #: those figures, in order
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _socket: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=64))

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def n_refused(self) -> int:
        """Requests that were refused."""
        return self.answers.count(False)

    @property
    def history(self) -> str:
        """A letter for each request: a accepted, r refused."""
        return "".join("a" if accepted else "r" for accepted in self.answers)

    def start(self) -> None:
        """Serve until `close`."""
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client:
            client.recv(5)
            with self._lock:
                accepted = self.open < self.limit
                self.open += accepted
                self.answers.append(accepted)
            if not accepted:
                client.sendall(b"b")
                return
            client.sendall(b"a" + bytes([self.limit if self.reports else 0]))
            threading.Event().wait(self.speech_s)
            with self._lock:
                self.open -= 1
                self.n_answered += 1
                self.observed.append(self.observe())
            client.sendall(b"e")
