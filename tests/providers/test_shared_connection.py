"""A shared connection: all slots of a worker over HTTP/2, where a server offers it and the option is set."""

import asyncio
import json
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded

from seriatim.engine import Engine, Utterance
from seriatim.errors import UpstreamFailed
from tests.providers.provider_simulator import sound_of
from tests.security.tls import Authority
from tests.support.process_system import PATIENCE_S
from workers.engines.engine_registry import load

RATE_HZ = 8000
HANGS = "anchor"  #: a sentence with this word gets the beginning of its sound alone
WAITS = {"connect_s": "60", "first_byte_s": "60", "between_bytes_s": "600"}  #: what hangs does so until it is dropped
TEXTS = [f"Boat {n} leaves the harbour." for n in range(6)]


@dataclass(slots=True)
class Http2Provider(asyncio.Protocol):
    """One connection of a provider that speaks HTTP/2."""

    connections: list["Http2Provider"]
    http: H2Connection = field(default_factory=lambda: H2Connection(H2Configuration(client_side=False)))
    bodies: dict[int, bytes] = field(default_factory=dict)
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connections.append(self)
        self.http.initiate_connection()
        self._send()

    def data_received(self, data: bytes) -> None:
        for event in self.http.receive_data(data):
            if isinstance(event, DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            elif isinstance(event, StreamEnded):
                self._answer(event.stream_id)
        self._send()

    def _answer(self, stream: int) -> None:
        fields = json.loads(self.bodies.get(stream, b"{}"))
        if not fields:
            self.http.send_headers(stream, [(":status", "404")], end_stream=True)
            return
        pcm, hangs = sound_of(fields["input"], RATE_HZ), HANGS in fields["input"]
        self.http.send_headers(stream, [(":status", "200"), ("content-type", "audio/pcm")])
        pieces = [pcm[at : at + 8192] for at in range(0, len(pcm), 8192)]
        for n, piece in enumerate(pieces[:1] if hangs else pieces, 1):
            self.http.send_data(stream, piece, end_stream=n == len(pieces) and not hangs)

    def _send(self) -> None:
        assert self.transport is not None
        self.transport.write(self.http.data_to_send())


@dataclass(frozen=True, slots=True)
class TlsServer:
    """The server, and what an engine needs to reach it."""

    url: str
    ca_file: Path
    connections: list[Http2Provider]


async def _close(listening: asyncio.Server, connections: list[Http2Provider]) -> None:
    listening.close()
    for each in connections:
        if each.transport:
            each.transport.abort()
    for _ in range(3):  # sockets are closed by the steps of the loop behind this one
        await asyncio.sleep(0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsServer]:
    authority = Authority.made(tmp_path, "authority")
    certificate, key = authority.sign("localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    loop, connections = asyncio.new_event_loop(), list[Http2Provider]()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    create = loop.create_server(lambda: Http2Provider(connections), "localhost", 0, ssl=context)
    listening = asyncio.run_coroutine_threadsafe(create, loop).result(PATIENCE_S)
    yield TlsServer(f"https://localhost:{listening.sockets[0].getsockname()[1]}", authority.certificate, connections)
    asyncio.run_coroutine_threadsafe(_close(listening, connections), loop).result(PATIENCE_S)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE_S)
    loop.close()


@pytest.fixture
def engine(server: TlsServer) -> Iterator[Engine]:
    options = {"base_url": server.url, "ca_file": str(server.ca_file), "rate_hz": str(RATE_HZ), "pcm_hz": str(RATE_HZ)}
    engine = load("openai", options | WAITS | {"slots": "8", "environment": "0", "http2": "1"})
    yield engine
    engine.close()


def spoken_by(engine: Engine, text: str, cancelled: Callable[[], bool] = lambda: False) -> bytes:
    return b"".join(chunk.pcm for chunk in engine.speak(Utterance(text), cancelled))


def test_one_connection_for_all(server: TlsServer, engine: Engine) -> None:
    """A sentence that hangs, and is dropped, leaves the others of its connection alone."""
    dropped = threading.Event()
    with ThreadPoolExecutor(8) as slots:
        hanging = slots.submit(spoken_by, engine, f"The {HANGS} lies on the ground.", dropped.is_set)
        assert list(slots.map(lambda text: spoken_by(engine, text), TEXTS)) == [sound_of(t, RATE_HZ) for t in TEXTS]
        dropped.set()
        hanging.result(PATIENCE_S)
    assert spoken_by(engine, TEXTS[0]) == sound_of(TEXTS[0], RATE_HZ)
    assert len(server.connections) == 1


def test_no_log_line_has_the_key(server: TlsServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At no level: the library of HTTP/2 logs headers that it sends, at DEBUG."""
    caplog.set_level(logging.DEBUG)
    (tmp_path / "key").write_text("a-secret-that-must-never-be-shown")
    template = {"headers": '{"x-api-key": "{key}"}', "body": '{"input": "{text}"}', "format": "pcm"}
    options = {"base_url": server.url, "ca_file": str(server.ca_file), "rate_hz": str(RATE_HZ), "pcm_hz": str(RATE_HZ)}
    reached = {"environment": "0", "http2": "1", "key_file": str(tmp_path / "key"), **WAITS}
    engine = load("http", options | reached | template)
    assert spoken_by(engine, TEXTS[0]) == sound_of(TEXTS[0], RATE_HZ)
    engine.close()
    assert len(server.connections) == 1, "over HTTP/2"
    assert "a-secret" not in caplog.text


def test_a_server_of_another_authority_is_refused(server: TlsServer) -> None:
    with pytest.raises(UpstreamFailed, match=r"(?i)certificate.verify.failed"):
        load("openai", {"base_url": server.url, "environment": "0", "connect_s": "60"})
