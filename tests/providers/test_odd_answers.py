"""Odd answers of a server: each is spoken right, or is a typed failure whose message says where to look."""

import base64
import gzip
import json
import logging
import socket
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.engine import Utterance
from seriatim.errors import BadInput, EngineBusy, EngineFailed, UpstreamFailed
from tests.providers.provider_simulator import sound_of, wav_header
from tests.providers.scripted_answers import ScriptedServer, answer, chunked, events
from workers.engines.engine_registry import load
from workers.providers.answer_format import AnswerDecoder, SoundFormat
from workers.providers.audio_decoder import AudioEncoding

TEXT = "The harbour is quiet."
SOUND = sound_of(TEXT)
RATE_HZ = 24_000
STEREO = np.repeat(np.frombuffer(SOUND, "<i2"), 2).tobytes()
GZIPPED, DEFLATED = gzip.compress(SOUND), zlib.compress(SOUND)
PAGE = b"<!DOCTYPE html><html><body>Bad gateway</body></html>"
DELTA = json.dumps({"type": "speech.audio.delta", "audio": base64.b64encode(SOUND).decode()})
DONE = json.dumps({"type": "speech.audio.done"})
WAITS = {"connect_s": "60", "first_byte_s": "60", "between_bytes_s": "60"}  # no server here is too slow


def spoken_by(url: str, **options: str) -> bytes:
    """What the openai engine makes of the answers of a server."""
    engine = load("openai", {"base_url": url, "environment": "0", "voices": "alloy", **WAITS} | options)
    try:
        return b"".join(chunk.pcm for chunk in engine.speak(Utterance(TEXT), lambda: False))
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("found", "options"),
    [
        (answer(SOUND, content_type="audio/pcm", content_length=len(SOUND)), {}),
        (answer(SOUND, content_type="audio/pcm"), {}),
        (answer(chunked(SOUND[:1], SOUND[1:7], SOUND[7:]), transfer_encoding="chunked"), {}),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(SOUND, content_type="audio/pcm"), {}),
        (answer(GZIPPED, content_type="audio/pcm", content_encoding="gzip", content_length=len(GZIPPED)), {}),
        (answer(DEFLATED, content_type="audio/pcm", content_encoding="deflate"), {}),
        (answer(SOUND, content_type="audio/pcm", content_encoding="utf-8"), {}),
        (answer(STEREO, content_type="audio/L16; rate=24000; channels=2"), {}),
        (answer(wav_header(RATE_HZ) + SOUND, content_type="application/octet-stream"), {}),
        (answer(wav_header(RATE_HZ) + SOUND, content_type="audio/pcm"), {}),
        (answer(wav_header(RATE_HZ, 1000) + SOUND, content_type="audio/wav"), {"format": "wav"}),
        (answer(events(DELTA, DONE), content_type="text/event-stream"), {"format": "sse"}),
        (answer(events(DELTA, "[DONE]"), content_type="text/event-stream"), {"format": "sse"}),
        (answer(SOUND, content_type="audio/pcm"), {"format": "sse"}),
    ],
    ids=[
        "a length", "neither length nor chunks", "tiny chunks and no type", "100 Continue", "gzip", "deflate",
        "an encoding that is none", "stereo", "wav without its type", "wav called pcm", "wav with too small a length",
        "events", "events that end with DONE", "no events although they were asked for",
    ],
)  # fmt: skip
def test_odd_answers_that_are_spoken(found: bytes, options: dict[str, str]) -> None:
    with ScriptedServer(found) as server:
        assert spoken_by(server.url, **options) == SOUND


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (answer(SOUND, content_length=len(SOUND) + 2), "was cut: peer closed connection"),
        (answer(chunked(SOUND)[:-5], transfer_encoding="chunked"), "was cut: peer closed connection"),
        (answer(SOUND, content_encoding="gzip"), "was cut: .*decompressing"),
        (answer(SOUND, content_encoding="br"), "compressed as br; expected none: look at the server's proxy"),
        (answer(SOUND, content_type="audio/basic"), "the answer is audio/basic; .*look at format"),
        (answer(b"OggS" + SOUND), "the answer is Ogg; .*look at format"),
        (answer(b"fLaC" + SOUND, content_type="audio/pcm"), "the answer is FLAC; .*look at format"),
        (answer(SOUND, content_type="audio/mpeg"), "is no MP3, as its content type or the option format says"),
        (answer(SOUND, content_type="audio/wav"), "has no RIFF header; look at format"),
        (answer(SOUND + b"\0"), "within a sample: .*look at format"),
        (answer(PAGE, content_type="text/html"), "the answer is text/html; expected sound: look at base_url"),
        (answer(chunked(*(PAGE[n : n + 1] for n in range(len(PAGE)))), transfer_encoding="chunked"), "a page or an"),
        (answer(b'{"error": "no model"}', content_type="audio/pcm"), "an error object; .*look at base_url"),
        (answer(wav_header(RATE_HZ, len(SOUND) + 2) + SOUND), "before the length that its WAV header"),
        (answer(wav_header(RATE_HZ), content_type="audio/wav"), "without a single byte of sound; look at model"),
        (answer(content_length=0), "without a single byte of sound; look at model and voice"),
        (answer(status="204 No Content"), "answered 204: .*expected 200 with sound: look at base_url"),
        (answer(status="500 Oops", content_length=0), "answered 500: .*an error of the server, whose log"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "was cut: illegal status line"),
    ],
    ids=[
        "short of its length", "short of its last chunk", "wrong gzip", "unknown compression", "mu-law", "ogg", "flac",
        "no mp3", "no wav", "an odd number of bytes", "a page", "a page in single bytes", "an error called sound",
        "short of a wav's length", "a wav's header alone", "empty", "no content", "server error", "no http",
    ],
)  # fmt: skip
def test_odd_answers_that_fail_say_where_to_look(found: bytes, message: str) -> None:
    with ScriptedServer(found) as server, pytest.raises(UpstreamFailed, match=message):
        spoken_by(server.url)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((DELTA,), "end without a last one: the sound was cut; or set format=pcm"),
        ((DELTA, json.dumps({"type": "error", "error": "out of memory"})), "stopped in mid-stream: out of memory"),
        ((DELTA, json.dumps({"type": "error", "message": "a limit"}), DONE), "stopped in mid-stream: a limit"),
        (("a word",), "none of OpenAI's .*set format=pcm"),
        ((json.dumps({"type": "speech.audio.delta", "audio": "*"}),), "none of OpenAI's .*set format=pcm"),
        ((DONE,), "without a single byte of sound"),
    ],
)
def test_events_that_break_off_fail(data: tuple[str, ...], message: str) -> None:
    found = answer(events(*data), content_type="text/event-stream")
    with ScriptedServer(found) as server, pytest.raises(UpstreamFailed, match=message):
        spoken_by(server.url, format="sse")


@pytest.mark.parametrize(
    ("found", "kind", "message"),
    [
        (answer(status="302 Found", location="/v2/speech?key=a"), EngineFailed, "it moved to /v2/speech; set base_url"),
        (answer(status="401 Unauthorized"), EngineFailed, "put a valid one into the engine's key_file"),
        (
            answer(b'{"error": {"code": "insufficient_quota"}}', "429 No"),
            EngineFailed,
            "raise its limit, or put another",
        ),
        (answer(status="418 Teapot"), EngineFailed, "look at base_url, and at what the server's documentation says"),
        (answer(status="422 No"), BadInput, "look at the text, its voice and its options"),
        (answer(status="429 Too Many Requests"), EngineBusy, "answered 429"),
    ],
)
def test_refusals_say_what_to_do(found: bytes, kind: type[Exception], message: str) -> None:
    with ScriptedServer(found) as server, pytest.raises(kind, match=message):
        spoken_by(server.url)


KEY = "sk-a-secret-that-must-never-be-shown"
REPEATED = json.dumps({"error": {"code": KEY, "message": f"no such key {KEY}"}, "detail": KEY}).encode()
ENGINES: Mapping[str, Mapping[str, str]] = {
    "openai": {"voices": "alloy"},
    "elevenlabs": {"voices": "alloy"},
    "http": {"voices": "alloy", "headers": '{"authorization": "Bearer {key}", "x-text": "{text}"}', "format": "pcm"},
}


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "found",
    [
        *(answer(REPEATED, f"{status} No") for status in (400, 401, 402, 403, 404, 418, 422, 429, 500, 503)),
        answer(status="302 Found", location=f"https://other/{KEY}/v1?key={KEY}"),
        answer(REPEATED, content_type="application/json"),
        answer(f"<html>{KEY}</html>".encode(), content_type="text/html"),
        answer(REPEATED, content_type="audio/pcm"),
        answer(SOUND, content_length=len(SOUND) + 2),
    ],
)
def test_no_message_and_no_log_line_has_the_key(
    name: str, found: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the server repeats it."""
    caplog.set_level(logging.DEBUG)
    (tmp_path / "key").write_text(KEY)
    with ScriptedServer(found) as server:
        options = {"base_url": server.url, "environment": "0", "key_file": str(tmp_path / "key"), **WAITS}
        engine = load(name, {**options, **ENGINES[name]})
        with pytest.raises((BadInput, EngineBusy, EngineFailed)) as caught:
            list(engine.speak(Utterance(TEXT), lambda: False))
        shown = [repr(engine), str(vars(engine)), str(caught.value), repr(caught.value), caplog.text]
        engine.close()
    assert KEY.encode() in server.heads[0], "it was sent"
    assert KEY not in "".join(shown)


def test_an_event_of_an_error_shows_no_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    found = answer(
        events(DELTA, json.dumps({"type": "error", "message": f"no {KEY}"})), content_type="text/event-stream"
    )
    with (
        ScriptedServer(found) as server,
        pytest.raises(UpstreamFailed, match=r"stopped in mid-stream: no \[key\]"),
    ):
        spoken_by(server.url, format="sse", key_file=str(tmp_path / "key"))


def test_sound_is_requested_without_compression() -> None:
    """A proxy that compresses it gains nothing, and keeps its first bytes back."""
    with ScriptedServer(answer(SOUND)) as server:
        spoken_by(server.url)
        assert b"accept-encoding: identity" in server.heads[0].split(b"\n")


def test_a_host_that_is_not_found_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look-up fails as it does for a name that does not exist; no name server is asked."""

    def find_nothing(host: Any, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)
    with pytest.raises(UpstreamFailed, match=r"cannot connect to voices\.invalid: .*not known; look at base_url"):
        spoken_by("http://voices.invalid/v1")


@given(st.lists(st.integers(0, len(SOUND) + 60), max_size=6), st.sampled_from([0, 44, 1000, len(SOUND), 0xFFFFFFFF]))
def test_a_wrong_length_in_a_wav_and_how_it_arrives_change_no_sample(cuts: list[int], size: int) -> None:
    """Two WAVs behind each other, as servers send them that speak a text in pieces, with a chunk that is no sound."""
    data = wav_header(RATE_HZ, size) + SOUND
    if size == len(SOUND):
        data += wav_header(RATE_HZ, size) + SOUND + b"LIST\x04\0\0\0INFO"
    decoder = AnswerDecoder(SoundFormat(AudioEncoding.PCM, RATE_HZ), RATE_HZ)
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pcm = b"".join(decoder.feed(data[start:end]) for start, end in zip([0, *ends], ends, strict=False))
    assert pcm + decoder.finish() == SOUND * (1 + (size == len(SOUND)))
