"""Provider shapes: addresses, fields, headers and refusals of real servers, as their documentation gives them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


class Refusal(StrEnum):
    """Reasons for which a server refuses a request."""

    KEY = "key"
    QUOTA = "quota"
    PLACES = "places"  #: too many requests at once
    RATE = "rate"  #: too many requests a minute
    SYSTEM = "system"  #: the server itself is overloaded
    VOICE = "voice"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of an answer without sound."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A request for speech, as a shape reads it."""

    text: str
    voice: str
    encoding: str  #: pcm, wav, mp3 or sse
    rate_hz: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Places:
    """Requests that are open now, and those that may be."""

    current: int
    maximum: int  #: 0: any number


class ProviderShape(Protocol):
    """One provider's interface."""

    key_header: str
    voices: tuple[str, ...]

    def call(self, target: str, fields: Mapping[str, Any]) -> Call | None: ...

    def list_voices(self, target: str) -> Answer | None: ...

    def refuse(self, refusal: Refusal, retry_after_s: float | None = None) -> Answer: ...

    def headers(self, call: Call, places: Places) -> Mapping[str, str]: ...


def json_answer(status: int, found: object, **headers: str) -> Answer:
    """A JSON object, with headers whose names are written with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(found).encode(), {"content-type": "application/json"} | named)


def _retry(retry_after_s: float | None) -> dict[str, str]:
    return {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}


OPENAI_REFUSALS = {
    Refusal.KEY: (401, "invalid_api_key", "Incorrect API key provided: KEY. You can find yours on a page."),
    Refusal.QUOTA: (429, "insufficient_quota", "You exceeded your current quota."),
    Refusal.PLACES: (429, "rate_limit_exceeded", "Too many requests at once."),
    Refusal.RATE: (429, "rate_limit_exceeded", "Rate limit reached for tts-1 on requests per min (RPM)."),
    Refusal.SYSTEM: (503, "overloaded", "The server is overloaded. Please try again later."),
    Refusal.VOICE: (400, "invalid_value", "[{'type': 'enum', 'loc': ('body', 'voice')}]"),
    Refusal.ADDRESS: (404, "not_found", "Invalid URL"),
}


class OpenAIShape:
    """OpenAI's: errors `{"error": {message, type, param, code}}`, no list of voices. Free places are in no header."""

    key_header = "authorization"
    voices: tuple[str, ...] = ("alloy", "ash", "coral")

    def __init__(self) -> None:
        self.refusals = dict(OPENAI_REFUSALS)

    def call(self, target: str, fields: Mapping[str, Any]) -> Call | None:
        if target != "/v1/audio/speech":
            return None
        encoding = "sse" if fields.get("stream_format") == "sse" else fields["response_format"]
        return Call(fields["input"], fields["voice"], encoding, 24_000, fields)

    def list_voices(self, target: str) -> Answer | None:
        return None

    def refuse(self, refusal: Refusal, retry_after_s: float | None = None) -> Answer:
        status, code, message = self.refusals[refusal]
        kind = "requests" if status == 429 else "invalid_request_error"
        error = {"message": message, "type": kind, "param": None, "code": code}
        return json_answer(status, {"error": error}, **_retry(retry_after_s))

    def headers(self, call: Call, places: Places) -> Mapping[str, str]:
        return {"content-type": "audio/pcm"}


class KokoroShape(OpenAIShape):
    """Kokoro-FastAPI's: no key, voices in a list of names, blends, errors under `detail`."""

    voices: tuple[str, ...] = ("af_heart", "af_bella", "bm_george")

    def list_voices(self, target: str) -> Answer | None:
        return json_answer(200, {"voices": list(self.voices)}) if target == "/v1/audio/voices" else None

    def refuse(self, refusal: Refusal, retry_after_s: float | None = None) -> Answer:
        status, code, message = self.refusals[refusal]
        detail = {"error": code, "message": message, "type": "invalid_request_error"}
        return json_answer(status, {"detail": detail}, **_retry(retry_after_s))

    def headers(self, call: Call, places: Places) -> Mapping[str, str]:
        return {"content-type": "audio/pcm", "x-accel-buffering": "no", "cache-control": "no-cache"}


ELEVENLABS_REFUSALS = {
    Refusal.KEY: (401, "invalid_api_key"),
    Refusal.QUOTA: (401, "quota_exceeded"),
    Refusal.PLACES: (429, "too_many_concurrent_requests"),
    Refusal.RATE: (429, "rate_limit_exceeded"),
    Refusal.SYSTEM: (429, "system_busy"),
    Refusal.VOICE: (404, "voice_not_found"),
    Refusal.ADDRESS: (404, "not_found"),
}


class ElevenLabsShape:
    """ElevenLabs': voices in the address, formats in the query, limits of requests at once in every answer."""

    key_header = "xi-api-key"
    voices: tuple[str, ...] = ("21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb")

    def call(self, target: str, fields: Mapping[str, Any]) -> Call | None:
        parts, prefix = urlsplit(target), "/v1/text-to-speech/"
        if not parts.path.startswith(prefix) or not parts.path.endswith("/stream"):
            return None
        encoding, _, rate_hz = parse_qs(parts.query)["output_format"][0].partition("_")
        voice = parts.path.removeprefix(prefix).removesuffix("/stream")
        return Call(fields["text"], voice, encoding, int(rate_hz.partition("_")[0]), fields)

    def list_voices(self, target: str) -> Answer | None:
        if urlsplit(target).path != "/v1/voices":
            return None
        cards = [{"voice_id": voice, "name": f"Voice {n}", "labels": {}} for n, voice in enumerate(self.voices)]
        return json_answer(200, {"voices": cards})

    def refuse(self, refusal: Refusal, retry_after_s: float | None = None) -> Answer:
        status, code = ELEVENLABS_REFUSALS[refusal]
        detail = {"status": code, "message": f"The request was refused: {code}."}
        return json_answer(status, {"detail": detail}, **_retry(retry_after_s))

    def headers(self, call: Call, places: Places) -> Mapping[str, str]:
        reported = {
            "current-concurrent-requests": str(places.current),
            "maximum-concurrent-requests": str(places.maximum),
            "request-id": "a-request",
        }
        return {"content-type": "audio/mpeg" if call.encoding == "mp3" else "audio/pcm"} | reported
