"""The page under a path prefix, where a proxy serves nothing else of it at its own root."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.http.gateways import Gateway, clear, start
from tests.page.browser import browser
from tests.support.process_system import RealSystem, wait_until

PREFIX = "/speech/tts"


@dataclass
class PrefixProxy:
    """A proxy of one path: takes it off, or leaves it in place; each connection has one request."""

    upstream: int
    strip: bool
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    strays: list[str] = field(default_factory=list)  #: what was asked for beside the path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}{PREFIX}"

    @contextmanager
    def serving(self) -> Iterator["PrefixProxy"]:
        threading.Thread(target=self._serve, daemon=True).start()
        try:
            yield self
        finally:
            self.listening.close()

    def _serve(self) -> None:
        with suppress(OSError):  # it is closed
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head, _, body = self._head(client).partition(b"\r\n\r\n")
            line, *headers = head.split(b"\r\n")
            if not line:  # a connection that a browser opened for later
                return
            method, path, version = line.split(b" ")
            if not path.startswith(PREFIX.encode()):
                self.strays.append(path.decode())
                client.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                return
            path = path.removeprefix(PREFIX.encode()) or b"/" if self.strip else path
            kept = [header for header in headers if not header.lower().startswith(b"connection:")]
            with socket.create_connection(("127.0.0.1", self.upstream)) as gateway:
                gateway.sendall(
                    b"\r\n".join([b" ".join([method, path, version]), *kept, b"connection: close", b"", body])
                )
                threading.Thread(target=_pump, args=(client, gateway), daemon=True).start()
                _pump(gateway, client)

    @staticmethod
    def _head(client: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head and (more := client.recv(65_536)):
            head += more
        return head


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)


@pytest.fixture(scope="module")
def under(system: RealSystem) -> Gateway:
    return start(system, "prefixed", http_root=PREFIX, http_proxies="127.0.0.1")


@pytest.mark.thorough
@pytest.mark.parametrize("strip", [True, False])
def test_a_text_is_spoken_and_heard_under_a_path(under: Gateway, tmp_path: Path, strip: bool) -> None:
    texts = clear(6)
    with PrefixProxy(under.port, strip).serving() as proxy, browser(tmp_path, proxy.url) as page:
        page.open()
        page.speak(" ".join(texts))
        page.until(lambda: page.at_s() > 0.3, "the audio element plays")
        assert page.script("return location.pathname") == f"{PREFIX}/"
        page.until(page.length_s, "all of it is there")
        page.script("document.getElementById('audio').playbackRate = 8")
        page.until(lambda: page.script("return document.getElementById('audio').ended"), "it is heard to its end")
        page.until(lambda: page.words("#state").startswith("Spoken"), "the page knows that it is done")
        page.until(lambda: page.all("#jobs li"), "it is in the list")
        links = page.script("return [...document.links].map(link => link.pathname)")
        assert all(link.startswith(PREFIX) for link in links), links

        page.driver.refresh()
        page.until(lambda: page.words("#reading").split() == " ".join(texts).split(), "it is there after a reload")
        assert not page.complaints()
        page.until(lambda: page.one("#download").is_enabled(), "it can be downloaded")
        page.press("#download")
        wait_until(lambda: list(page.downloads.glob("*.mp3")), "the recording is downloaded")
        assert set(proxy.strays) <= {"/favicon.ico"}, "which browsers ask for by themselves"
