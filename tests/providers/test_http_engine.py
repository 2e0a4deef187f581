"""The http engine: templates against providers whose interfaces are none of OpenAI's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from seriatim.engine import Utterance
from seriatim.errors import EngineFailed, UnknownOption, UnknownVoice
from tests.providers.provider_shapes import Call, OpenAIShape, Places
from tests.providers.provider_simulator import ProviderSimulator, sound_of
from workers.engines.engine_registry import load

KEY = "a-key"
TEXT = 'He said: "{voice} & more", and left.'
BODY = '{"transcript": "{text}", "voice": {"mode": "id", "id": "{voice}"}, "speed": "{speed}", "tags": ["{language}!"]}'


class DeepgramShape(OpenAIShape):
    """Deepgram's: voice, encoding and rate in the query, `authorization: Token KEY`."""

    voices: tuple[str, ...] = ("aura-2-thalia-en",)

    def call(self, target: str, fields: Mapping[str, Any]) -> Call | None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if urlsplit(target).path != "/v1/speak":
            return None
        return Call(fields["text"], query["model"], "pcm", int(query["sample_rate"]), fields)

    def headers(self, call: Call, places: Places) -> Mapping[str, str]:
        return {"content-type": "audio/l16; rate=24000; channels=1", "dg-request-id": "a-request"}


class CartesiaShape(OpenAIShape):
    """Cartesia's: the text is the transcript, `x-api-key`, and a version in a header."""

    key_header = "x-api-key"
    voices: tuple[str, ...] = ("a-voice",)

    def call(self, target: str, fields: Mapping[str, Any]) -> Call | None:
        return (
            Call(fields["transcript"], fields["voice"]["id"], "pcm", 24_000, fields) if target == "/tts/bytes" else None
        )


@pytest.fixture
def key_path(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(KEY)
    return tmp_path / "key"


def spoken_by(options: Mapping[str, str], **more: Any) -> bytes:
    engine = load("http", {"environment": "0", "format": "pcm"} | dict(options))
    try:
        return b"".join(chunk.pcm for chunk in engine.speak(Utterance(TEXT, **more), lambda: False))
    finally:
        engine.close()


def test_values_in_the_address(key_path: Path) -> None:
    """As Deepgram has it."""
    query = "model={voice}&encoding=linear16&sample_rate={rate_hz}&container=none"
    with ProviderSimulator(shape=DeepgramShape(), keys={f"Token {KEY}"}) as provider:
        options = {
            "base_url": f"{provider.url}/v1/speak?{query}", "headers": '{"Authorization": "Token {key}"}',
            "voices": "aura-2-thalia-en", "key_file": str(key_path),
        }  # fmt: skip
        assert spoken_by(options) == sound_of(TEXT)


def test_values_in_the_body(key_path: Path) -> None:
    """As Cartesia has it; a text with quotes and braces stays a text."""
    with ProviderSimulator(shape=CartesiaShape(), keys={KEY}) as provider:
        headers = '{"X-API-Key": "{key}", "Cartesia-Version": "2025-04-16"}'
        options = {
            "base_url": f"{provider.url}/tts/bytes", "body": BODY, "headers": headers, "key_file": str(key_path),
            "voices": "a-voice",
        }  # fmt: skip
        assert spoken_by(options, speed=1.5, language="en") == sound_of(TEXT)
        assert provider.requests[0].headers["cartesia-version"] == "2025-04-16"
        assert provider.requests[0].call.fields == {
            "transcript": TEXT, "voice": {"mode": "id", "id": "a-voice"}, "speed": 1.5, "tags": ["en!"],
        }  # fmt: skip


def test_a_template_in_a_file(tmp_path: Path, key_path: Path) -> None:
    (tmp_path / "body.json").write_text(BODY)
    with ProviderSimulator(shape=CartesiaShape()) as provider:
        options = {"base_url": f"{provider.url}/tts/bytes", "body": f"@{tmp_path}/body.json", "voices": "a-voice"}
        assert spoken_by(options) == sound_of(TEXT)


def test_an_address_that_is_not_there() -> None:
    with ProviderSimulator() as provider, pytest.raises(EngineFailed, match="look at base_url"):
        spoken_by({"base_url": f"{provider.url}/nothing"})


def test_what_no_template_sends_is_refused() -> None:
    with pytest.raises(UnknownOption, match=r"speed=1\.5"):
        spoken_by({"base_url": "http://host/speak"}, speed=1.5)
    with pytest.raises(UnknownVoice, match="unknown http voice 'bob'"):
        spoken_by({"base_url": "http://host/speak", "voices": "alice"}, voice="bob")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": "http://host/{voise}"}, "unknown name in base_url 'voise'; nearest: voice"),
        ({"base_url": "http://host", "body": '{"text": "{txt}"}'}, "unknown name in body 'txt'; nearest: text"),
        ({"base_url": "http://host", "body": '{"key": "{key}"}'}, "unknown name in body 'key'"),
        ({"base_url": "http://host", "body": '{"text": {text}}'}, "body is no JSON"),
        ({"base_url": "http://host", "headers": "[]"}, "expected a JSON object"),
        ({"base_url": "http://host", "body": "@/no/such/file"}, "No such file"),
        ({"base_url": "host/speak"}, "expected such as"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(UnknownOption, match=message):
        load("http", options)
