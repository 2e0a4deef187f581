"""The openai engine: speaks through a server with `POST /v1/audio/speech`, and passes its bytes on as they come.

The server may be OpenAI's, Kokoro-FastAPI, vLLM-Omni, speaches, another Seriatim. A second attempt has other bytes, so
that its continuity is `none`. The server's voices are read once, at the start.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlsplit

from seriatim.engine import AudioChunk, Continuity, Utterance, Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import UnknownOption, UnknownVoice, UpstreamFailed
from seriatim.nearest_names import unknown_word
from workers.engines.engine_options import OptionInfo, read_options
from workers.providers.answer_format import SoundFormat
from workers.providers.api_key import ApiKey
from workers.providers.audio_decoder import AudioEncoding
from workers.providers.connection_options import ConnectionOptions, checked_base_url
from workers.providers.request_loop import ProviderRequest, RequestLoop
from workers.providers.speech_stream import SpeechStream
from workers.providers.voice_list import configured_voices, server_voices

EXAMPLE = "https://api.openai.com/v1 or http://127.0.0.1:8880/v1"


class StreamFormat(StrEnum):
    """Forms in which the server streams a sentence."""

    PCM = "pcm"  #: OpenAI's default rate is 24 kHz
    WAV = "wav"  #: states its rate
    SSE = "sse"  #: events with PCM in base64: a third more bytes, and an error in mid-stream has a reason


@dataclass(frozen=True, slots=True)
class OpenAIOptions(ConnectionOptions):
    """The openai engine's options."""

    model: Annotated[str, OptionInfo("the server's model")] = "tts-1"
    voice: Annotated[str, OptionInfo("the default voice; the first of the server's, if it lists any")] = ""
    voices: Annotated[str, OptionInfo("voices, separated by commas; else those that /v1/audio/voices lists")] = ""
    format: Annotated[StreamFormat, OptionInfo("how sound is streamed")] = StreamFormat.PCM
    pcm_hz: Annotated[int, OptionInfo("rate of the server's PCM, where it does not state one", 4_000, 192_000)] = 24_000
    instructions: Annotated[str, OptionInfo("manner of speaking, for models that take it")] = ""
    language_field: Annotated[str, OptionInfo("name of the field that takes a text's language, if there is one")] = ""
    seed_field: Annotated[str, OptionInfo("name of the field that takes a sentence's seed, if there is one")] = ""
    extra: Annotated[str, OptionInfo("a JSON object of more fields for every request")] = "{}"


class OpenAIEngine:
    """The engine; thread-safe. A slot is a request that waits."""

    name = "openai"
    continuity = Continuity.NONE
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    rtf = 0.3
    abilities = Abilities("openai")

    def __init__(self, options: OpenAIOptions) -> None:
        self._url = _speech_url(options.base_url)
        self._extra = _json_object(options.extra)
        self._key = ApiKey(options.key_file)
        self._key.current()
        self._options = options
        self.slots, self.rate_hz, self.limit_chars = options.slots, options.rate_hz, options.limit_chars
        self._loop = RequestLoop(options)
        encoding = AudioEncoding.WAV if options.format is StreamFormat.WAV else AudioEncoding.PCM
        sound = SoundFormat(encoding, options.pcm_hz)
        self._stream = SpeechStream(self._loop, self._key, sound, options.rate_hz, event_sound)
        self._listed = configured_voices(options.voices) or self._server_voices()
        default = options.voice or (self._listed[0].name if self._listed else "alloy")
        first = [voice for voice in self._listed if voice.name == default] or [Voice(default, "")]
        self.voices = (*first, *(voice for voice in self._listed if voice.name != default))

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice: the server listed its voices, and this is none of them.
            EngineBusy, BadInput, EngineFailed: as the server answers.
        """
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        voice = utterance.voice or self.voices[0].name
        if self._listed and all(voice != known.name for known in self.voices) and not _is_blend(voice):
            raise UnknownVoice(unknown_word("openai voice", voice, [known.name for known in self.voices]))
        as_events = self._options.format is StreamFormat.SSE
        request = ProviderRequest(self._url, self._headers(), self._body(utterance, voice), as_events)
        yield from self._stream.speak(request, cancelled)

    def close(self) -> None:
        """Close the connections."""
        self._loop.close()

    def _body(self, utterance: Utterance, voice: str) -> bytes:
        options = self._options
        as_events = options.format is StreamFormat.SSE
        fields: dict[str, Any] = {
            "model": options.model, "input": utterance.text, "voice": voice,
            "response_format": "pcm" if as_events else options.format.value,
        }  # fmt: skip
        optional = {
            "speed": utterance.speed if utterance.speed != 1 else None,
            "stream_format": "sse" if as_events else None,
            "instructions": options.instructions,
            options.language_field: utterance.language if options.language_field else None,
            options.seed_field: utterance.seed % 2**31 if options.seed_field else None,
        }
        fields |= {name: value for name, value in optional.items() if name and value not in (None, "")}
        return json.dumps(fields | self._extra, ensure_ascii=False).encode()

    def _headers(self) -> Mapping[str, str]:
        key = self._key.current()
        return {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})

    def _server_voices(self) -> tuple[Voice, ...]:
        url = self._url.removesuffix("/speech") + "/voices"
        return server_voices(self._loop, ProviderRequest(url, self._headers()), self._key)


def load(values: Mapping[str, str]) -> OpenAIEngine:
    """The openai engine with `values` as options.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
        EngineUnavailable: the key cannot be read.
        UpstreamFailed: the server cannot be reached.
    """
    return OpenAIEngine(read_options(OpenAIOptions, "openai", values))


def event_sound(data: str) -> bytes | None:
    """The sound in the data of one of OpenAI's events; none of events that carry none, None of the last one.

    Raises:
        UpstreamFailed: the event is an error, or not one of OpenAI's.
    """
    if data.strip() == "[DONE]":
        return None
    try:
        event = json.loads(data)
        kind, error = str(event.get("type", "")), event.get("error")
        if kind == "error" or error:
            reason = error.get("message") if isinstance(error, dict) else error or event.get("message")
            raise UpstreamFailed(f"the server stopped in mid-stream: {str(reason or 'no reason given')[:200]}")
        sound = base64.b64decode(event.get("audio") or "", validate=True) if kind == "speech.audio.delta" else b""
    except (ValueError, AttributeError, binascii.Error) as error:
        raise UpstreamFailed(f"an event that is none of OpenAI's ({type(error).__name__}); set format=pcm") from None
    return None if kind == "speech.audio.done" else sound


def _speech_url(base_url: str) -> str:
    """The address of the speech endpoint; a base without a path gets OpenAI's."""
    url = checked_base_url(base_url, EXAMPLE).removesuffix("/audio/speech")
    return f"{url}{'' if urlsplit(url).path else '/v1'}/audio/speech"


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnknownOption(f"extra={text[:60]!r}; expected a JSON object")
    return found


def _is_blend(voice: str) -> bool:
    """True for voices that some servers mix, such as `af_bella+af_sky`: the server judges them."""
    return "+" in voice or "(" in voice
