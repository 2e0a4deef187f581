"""Faulty proxy: TCP proxies that fall silent when a test says so, with the part of Toxiproxy's HTTP API that it uses.

Toxiproxy itself, which LiveKit runs its tests with, is a Go program that no registry of Python packages has. Its tests
create proxies, destroy them, and add one toxic, `timeout` with 0 ms: nothing that the other side sends arrives.
"""

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SILENCE = {"type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}  #: the only toxic
READ_BYTES = 65_536

Address = tuple[str, int]


class FaultyProxy(socketserver.ThreadingTCPServer):
    """Passes connections on to another address, until it is silent."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, listen: Address, upstream: Address) -> None:
        """Listen, and serve in a thread."""
        super().__init__(listen, _ProxiedConnection)
        self.upstream, self.silent = upstream, False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Listen no more; connections that are open end with their clients."""
        self.shutdown()
        self.server_close()


class _ProxiedConnection(socketserver.BaseRequestHandler):
    server: FaultyProxy

    def handle(self) -> None:
        with contextlib.suppress(OSError), socket.create_connection(self.server.upstream) as upstream:
            answers = threading.Thread(target=self._pass_on, args=(upstream, self.request), daemon=True)
            answers.start()
            self._pass_on(self.request, upstream)
            answers.join()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        """Pass on what one side sends to the other until it closes; to a client of a silent proxy nothing."""
        with contextlib.suppress(OSError):
            while received := source.recv(READ_BYTES):
                if sink is not self.request or not self.server.silent:
                    sink.sendall(received)
            sink.shutdown(socket.SHUT_WR)


class ProxyApi(ThreadingHTTPServer):
    """The HTTP API, on a free port."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen."""
        super().__init__(("127.0.0.1", 0), _ApiRequest)
        self.proxies: dict[str, tuple[FaultyProxy, dict[str, Any]]] = {}  #: with its record, by its name


class _ApiRequest(BaseHTTPRequestHandler):
    server: ProxyApi

    def do_GET(self) -> None:  # http.server's name
        """The records of all proxies."""
        self._answer({name: record for name, (_, record) in self.server.proxies.items()})

    def do_POST(self) -> None:  # as above
        """Create a proxy, or make one silent."""
        fields = json.loads(self.rfile.read(int(self.headers["content-length"])))
        match self.path.strip("/").split("/"):
            case ["proxies"]:
                proxy = FaultyProxy(_address(fields["listen"]), _address(fields["upstream"]))
                self.server.proxies[fields["name"]] = (proxy, fields)
                self._answer(fields)
            case ["proxies", name, "toxics"] if fields | SILENCE == fields:
                self.server.proxies[name][0].silent = True
                self._answer(fields)
            case _:
                self.send_error(400, f"no such request: {self.path} {fields}")

    def do_DELETE(self) -> None:  # as above
        """Destroy a proxy."""
        self.server.proxies.pop(self.path.rpartition("/")[2])[0].close()
        self._answer({})

    def _answer(self, record: dict[str, Any]) -> None:
        body = json.dumps(record).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Requests of tests are no news."""


@contextmanager
def proxy_api() -> Iterator[int]:
    """The port of a running API."""
    api = ProxyApi()
    thread = threading.Thread(target=api.serve_forever, daemon=True)
    thread.start()
    try:
        yield api.server_port
    finally:
        api.shutdown()
        api.server_close()
        for proxy, _ in api.proxies.values():
            proxy.close()


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)
