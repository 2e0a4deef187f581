"""A webhook receiver for tests: a real HTTP server, which answers as it is set and verifies by the public library."""

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

#: of the messages that the fixture `receiver` accepts
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


@dataclass(slots=True)
class WebhookReceiver:
    """Listens on a free port of the loopback address; `answers` are statuses for the next messages, then 204."""

    secret: str
    answers: list[int] = field(default_factory=list)
    port: int = 0
    ids: list[str] = field(default_factory=list)  #: of each message, as it arrived
    accepted: list[Any] = field(default_factory=list)  #: what was verified and answered with 204
    held: threading.Event | None = None  #: messages are answered once it is set
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it receives."""
        return f"http://127.0.0.1:{self.port}/ended"

    def start(self) -> "WebhookReceiver":
        """Listen; on the same port as before, if there was one."""
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self.receive))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Listen no more: connections are refused."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """The status for a message."""
        self.ids.append(headers["webhook-id"])
        if self.held:
            self.held.wait(60)
        status = self.answers.pop(0) if self.answers else 204
        message = Webhook(self.secret).verify(body, headers)
        assert message == json.loads(body)
        if status == 204:
            self.accepted.append(message)
        return status


def _handler(receive: Callable[[dict[str, str], bytes], int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server calls it so
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receive({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            if status == 302:
                self.send_header("location", "/ended")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    return Handler
