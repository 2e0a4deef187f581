"""`seriatim models get`: a voice of Piper from a server of the test's own, complete or not there."""

import contextlib
import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from seriatim.exit_codes import ExitCode
from tests.support.command_line import QUICK, SERIATIM, complaint, environment, seriatim, start_command
from tests.support.process_system import wait_until

if importlib.util.find_spec("onnx") is None:
    if os.environ.get("CI"):
        raise RuntimeError("onnx is not installed where CI is set: pip install -e '.[piper]'")
    pytest.skip("onnx is not installed (pip install -e '.[piper]')", allow_module_level=True)

from tests.support.piper_voice import write_voice
from workers.engines.piper.official_voices import ADVICE

NAME = "en_US-tiny-medium"
PATH = "en/en_US/tiny/medium"
MODEL, CONFIG, CARD = f"{PATH}/{NAME}.onnx", f"{PATH}/{NAME}.onnx.json", f"{PATH}/MODEL_CARD"
CARD_TEXT = "# Model card for tiny\n\n* Quality: medium\n\n## Dataset\n\n* License: CC0\n\nFinetuned from nothing.\n"


@dataclass
class Collection:
    """A server with the layout of Piper's official voices, and what it does wrong."""

    files: dict[str, bytes]
    url: str = ""
    stop_at: dict[str, int] = field(default_factory=dict)  #: bytes of a file after which the connection is closed
    hold_at: dict[str, int] = field(default_factory=dict)  #: after which it stands still until `go`
    ranges: bool = True  #: does it continue?
    go: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str]] = field(default_factory=list)  #: path, Range

    def index(self, **changes: Any) -> None:
        """Write the index of what is there; `changes` replace entries of the model's."""
        entries = {
            path: {"size_bytes": len(body), "md5_digest": hashlib.md5(body, usedforsecurity=False).hexdigest()}
            for path, body in self.files.items()
            if path != "voices.json"
        }
        entries[MODEL] |= changes
        self.files["voices.json"] = json.dumps({NAME: {"key": NAME, "files": entries}}).encode()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path, range_header = request.path.lstrip("/"), request.headers.get("Range", "")
        self.requests.append((path, range_header))
        body = self.files.get(path)
        if body is None:
            request.send_error(HTTPStatus.NOT_FOUND)
            return
        start = int(range_header.removeprefix("bytes=").rstrip("-")) if range_header and self.ranges else 0
        request.send_response(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK)
        request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        end = self.stop_at.pop(path, self.hold_at.get(path, len(body)))
        request.wfile.write(body[start:end])
        if path in self.hold_at:
            self.go.wait()
            request.wfile.write(body[end:])


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = write_voice(tmp_path_factory.mktemp("voice"), NAME, dim=64)
    return {MODEL: path.read_bytes(), CONFIG: Path(f"{path}.json").read_bytes(), CARD: CARD_TEXT.encode()}


@pytest.fixture
def collection(voice: dict[str, bytes]) -> Iterator[Collection]:
    collection = Collection(dict(voice))
    collection.index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(OSError):  # a client that was killed
                collection.answer(self)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        collection.url = f"http://127.0.0.1:{server.server_port}"
        yield collection
        collection.go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(collection: Collection, tmp_path: Path) -> dict[str, str]:
    return QUICK | {"SERIATIM_MODEL_DIR": str(tmp_path), "SERIATIM_PIPER_URL": collection.url}


def get(settings: dict[str, str], name: str = f"piper/{NAME}", *more: str) -> "subprocess.CompletedProcess[bytes]":
    return seriatim("models", "get", name, *more, settings=settings)


def refused(settings: dict[str, str], status: ExitCode = ExitCode.CANNOT_START, name: str = f"piper/{NAME}") -> str:
    done = get(settings, name)
    assert done.returncode == status, done.stderr
    return complaint(done)


def complete(tmp_path: Path, voice: dict[str, bytes]) -> bool:
    """Are the files there, byte by byte, and nothing else?"""
    expected = {f"{NAME}.onnx": MODEL, f"{NAME}.onnx.json": CONFIG, f"{NAME}.MODEL_CARD": CARD}
    found = {path.name: path.read_bytes() for path in (tmp_path / "piper").iterdir()}
    return found == {name: voice[path] for name, path in expected.items()}


def test_a_voice_is_downloaded_compared_and_speaks(
    collection: Collection, settings: dict[str, str], voice: dict[str, bytes], tmp_path: Path
) -> None:
    done = get(settings)
    assert done.returncode == ExitCode.OK, done.stderr
    assert done.stdout.decode() == (
        f"piper/{NAME}  English, medium, Piper, 0.2 MB. License: CC0; Finetuned from nothing.\n"
        f"  {tmp_path}/piper/{NAME}.onnx\n"
    )
    assert done.stderr == b"", "a bar is for terminals"
    assert complete(tmp_path, voice)
    listed = seriatim("voices", "--engine", "piper", settings=settings)
    assert listed.stdout.decode() == f"{NAME}  en-US    English, medium, Piper\n"
    assert f"piper/{NAME}  English" in seriatim("models", settings=settings).stdout.decode()
    collection.requests.clear()
    assert get(settings).returncode == ExitCode.OK
    assert [path for path, _ in collection.requests] == ["voices.json"], "what is there is not fetched again"


def test_a_terminal_has_a_bar_for_each_file(settings: dict[str, str]) -> None:
    ours, terminal = os.openpty()
    command = [*SERIATIM, "models", "get", f"piper/{NAME}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, env=environment(settings)) as getting:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(ours, 1 << 16):
                shown += piece
    os.close(ours)
    assert getting.returncode == ExitCode.OK
    for name in (f"{NAME}.MODEL_CARD", f"{NAME}.onnx.json", f"{NAME}.onnx "):
        assert name.encode() in shown


def test_as_json_it_says_what_is_there(settings: dict[str, str], tmp_path: Path) -> None:
    done = get(settings, f"piper/{NAME}", "--json")
    answer = json.loads(done.stdout)
    assert (answer["name"], answer["language"]) == (NAME, "en-US")
    assert (answer["path"], answer["licence"]) == (
        f"{tmp_path}/piper/{NAME}.onnx",
        ["License: CC0", "Finetuned from nothing."],
    )


def test_a_download_that_stops_is_continued(
    collection: Collection, settings: dict[str, str], voice: dict[str, bytes], tmp_path: Path
) -> None:
    collection.stop_at[MODEL] = 20_000
    n_bytes = len(voice[MODEL])
    assert refused(settings) == f"{NAME}.onnx stopped at 20000 of {n_bytes} bytes; the same command continues it"
    assert not list((tmp_path / "piper").glob("*.onnx"))
    listed = seriatim("voices", "--engine", "piper", settings=settings)
    assert listed.returncode == ExitCode.CANNOT_START, "it is no voice yet"
    assert get(settings).returncode == ExitCode.OK
    assert collection.requests[-1] == (MODEL, "bytes=20000-")
    assert complete(tmp_path, voice)


@pytest.mark.thorough
def test_a_server_that_cannot_continue_sends_all_of_it_again(
    collection: Collection, settings: dict[str, str], voice: dict[str, bytes], tmp_path: Path
) -> None:
    collection.stop_at[MODEL], collection.ranges = 20_000, False
    refused(settings)
    assert get(settings).returncode == ExitCode.OK
    assert complete(tmp_path, voice)


def test_a_killed_download_is_continued(
    collection: Collection, settings: dict[str, str], voice: dict[str, bytes], tmp_path: Path
) -> None:
    """And two at once do not write into one file."""
    collection.hold_at[MODEL] = 70_000
    part = tmp_path / "piper" / f".{NAME}.onnx.part"
    with start_command("models", "get", f"piper/{NAME}", settings=settings) as first:
        wait_until(
            lambda: (part.exists() and part.stat().st_size > 60_000) or first.poll(), "some of the model is there"
        )
        assert refused(settings, ExitCode.BAD_INPUT).startswith("another process downloads ")
        first.send_signal(signal.SIGINT)
        first.communicate()
    collection.hold_at.clear()
    collection.go.set()
    wait_until(lambda: get(settings).returncode == ExitCode.OK, "the first one has let go of the file")
    assert complete(tmp_path, voice)


@pytest.mark.parametrize("change", ["bytes", pytest.param("more", marks=pytest.mark.thorough)])
def test_damaged_files_are_removed(
    collection: Collection, settings: dict[str, str], voice: dict[str, bytes], tmp_path: Path, change: str
) -> None:
    spoilt = bytes(len(voice[MODEL])) if change == "bytes" else voice[MODEL] + b"more"
    collection.files[MODEL] = spoilt
    assert refused(settings).startswith(f"{NAME}.onnx came damaged: not the bytes that voices.json says; it is removed")
    assert not list((tmp_path / "piper").glob("*.onnx"))
    collection.files[MODEL] = voice[MODEL]
    assert get(settings).returncode == ExitCode.OK
    assert complete(tmp_path, voice)


def test_a_file_of_that_name_is_not_overwritten(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "piper").mkdir()
    mine = tmp_path / "piper" / f"{NAME}.onnx"
    mine.write_text("mine")
    answer = refused(settings, ExitCode.BAD_INPUT)
    assert answer == f"{mine} is there, and is another file than the official one: move it away first"
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("missing", [pytest.param("voices.json", marks=pytest.mark.thorough), MODEL])
def test_what_is_not_there_is_named(
    collection: Collection, settings: dict[str, str], tmp_path: Path, missing: str
) -> None:
    del collection.files[missing]
    assert refused(settings) == f"{collection.url}/{missing} answers 404 Not Found; {ADVICE}"
    assert not list(tmp_path.glob("piper/*.onnx")) + list(tmp_path.glob("piper/*.json"))


def test_an_unknown_name_has_its_nearest(settings: dict[str, str]) -> None:
    answer = refused(settings, ExitCode.BAD_INPUT, "piper/en_US-tiny-high")
    assert answer == f"unknown voice of Piper 'en_US-tiny-high'; nearest: {NAME}"
    assert "expected piper/NAME" in refused(settings, ExitCode.BAD_INPUT, NAME)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (b"<html>", r"is not an index of voices: Expecting value"),
        pytest.param(b"[]", r"is not an index of voices: expected an object", marks=pytest.mark.thorough),
        pytest.param(
            json.dumps({NAME: {}}).encode(),
            r"the index of voices lacks what it should say of en_US-tiny-medium: KeyErr",
            marks=pytest.mark.thorough,
        ),
        (
            json.dumps({NAME: {"files": {f"../{NAME}.onnx": {}, f"{NAME}.onnx.json": {}}}}).encode(),
            "the index of voices lacks what it should say of",
        ),
    ],
)
def test_an_index_of_another_kind_is_refused(
    collection: Collection, settings: dict[str, str], index: bytes, message: str
) -> None:
    collection.files["voices.json"] = index
    assert message in refused(settings)


def test_an_index_cannot_name_files_elsewhere(collection: Collection, settings: dict[str, str], tmp_path: Path) -> None:
    entry = {"size_bytes": 1, "md5_digest": "0" * 32}
    files = {f"a/../../{NAME}.onnx": entry, CONFIG: entry}
    collection.files["voices.json"] = json.dumps({NAME: {"files": files}}).encode()
    assert "lacks what it should say" in refused(settings)
    assert not (tmp_path / "piper").exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc", r"file:///etc/voices.json: expected http:// or https:// (setting PIPER_URL)"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/voices.json cannot be had: "),
    ],
)
def test_an_address_that_cannot_be_used_is_named(settings: dict[str, str], url: str, message: str) -> None:
    assert refused(settings | {"SERIATIM_PIPER_URL": url}).startswith(message)


@pytest.mark.thorough
def test_nothing_is_downloaded_unless_it_is_asked_for(collection: Collection, settings: dict[str, str]) -> None:
    answer = seriatim("models", settings=settings).stdout.decode()
    assert "seriatim models get piper/en_US-lessac-medium" in answer
    assert "Each voice has a licence of its own" in answer
    done = seriatim("speak", "-", "--engine", "piper", "--workers", "1", stdin=b"Hello.", settings=settings)
    assert done.returncode == ExitCode.CANNOT_START
    assert "seriatim models get piper/NAME" in complaint(done)
    assert collection.requests == []
