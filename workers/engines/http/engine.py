"""The http engine: any server that answers a POST with sound; address, headers and body come from templates.

A template has names in braces, such as {text}. In the body they stand within strings of its JSON, and are put in after
that was read, so that no text can add a field; a string that is one number's name alone becomes that number.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import quote

from seriatim.engine import AudioChunk, Continuity, Utterance, Voice
from seriatim.engine_abilities import ANY_SPEED, Abilities
from seriatim.errors import UnknownOption, UnknownVoice
from seriatim.nearest_names import unknown_word
from workers.engines.engine_options import OptionInfo, read_options
from workers.providers.answer_format import SoundFormat
from workers.providers.api_key import ApiKey
from workers.providers.audio_decoder import AudioEncoding
from workers.providers.connection_options import ConnectionOptions, checked_base_url
from workers.providers.request_loop import ProviderRequest, RequestLoop
from workers.providers.speech_stream import SpeechStream
from workers.providers.voice_list import configured_voices

NAMES = ("text", "voice", "language", "speed", "seed", "rate_hz", "previous_text", "next_text")
NAME = re.compile(r"\{([a-z_]+)\}")
EXAMPLE = "https://host/speak?voice={voice}"
Values = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class HttpOptions(ConnectionOptions):
    """The http engine's options; `base_url` is the template of the address."""

    body: Annotated[str, OptionInfo("template of the JSON body, or @FILE with it")] = '{"text": "{text}"}'
    headers: Annotated[str, OptionInfo("template of more headers, a JSON object; {key} is the key")] = "{}"
    format: Annotated[AudioEncoding, OptionInfo("sound of the answer")] = AudioEncoding.WAV
    pcm_hz: Annotated[int, OptionInfo("rate of PCM, where the answer does not state one", 4_000, 192_000)] = 24_000
    voices: Annotated[str, OptionInfo("voices, separated by commas; the first is the default")] = ""


class HttpEngine:
    """The engine; thread-safe. A slot is a request that waits."""

    name = "http"
    continuity = Continuity.NONE
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    rtf = 0.3

    def __init__(self, options: HttpOptions) -> None:
        self._url = checked_base_url(NAME.sub("-", options.base_url).partition("?")[0], EXAMPLE) and options.base_url
        self._body = _template("body", _text_or_file(options.body), NAMES)
        self._headers = _template("headers", options.headers, (*NAMES, "key"))
        _check_names("base_url", self._url, NAMES)
        self._key = ApiKey(options.key_file)
        self._key.current()
        self.slots, self.rate_hz, self.limit_chars = options.slots, options.rate_hz, options.limit_chars
        self._listed = configured_voices(options.voices)
        self.voices = self._listed or (Voice("default", ""),)
        used = {*NAME.findall(self._url), *_names_in(self._body), *_names_in(self._headers)}
        speeds = ANY_SPEED if "speed" in used else (1.0, 1.0)
        self.abilities = Abilities("http", speeds=speeds, neighbours=bool(used & {"previous_text", "next_text"}))
        self._loop = RequestLoop(options)
        sound = SoundFormat(options.format, options.pcm_hz)
        self._stream = SpeechStream(self._loop, self._key, sound, options.rate_hz)

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice: voices were configured, and this is none of them.
            EngineBusy, BadInput, EngineFailed: as the server answers.
        """
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        voice = utterance.voice or self.voices[0].name
        if self._listed and all(voice != known.name for known in self._listed):
            raise UnknownVoice(unknown_word("http voice", voice, [known.name for known in self._listed]))
        values: Values = {
            "text": utterance.text, "voice": voice, "language": utterance.language, "speed": utterance.speed,
            "seed": utterance.seed % 2**31, "rate_hz": self.rate_hz, "previous_text": utterance.previous_text,
            "next_text": utterance.next_text,
        }  # fmt: skip
        key = {"key": self._key.current()}
        headers = {name.lower(): str(_filled(value, {**values, **key})) for name, value in self._headers.items()}
        url = NAME.sub(lambda found: quote(str(values[found[1]]), safe=""), self._url)
        body = json.dumps(_filled(self._body, values), ensure_ascii=False).encode()
        request = ProviderRequest(url, {"content-type": "application/json"} | headers, body)
        yield from self._stream.speak(request, cancelled)

    def close(self) -> None:
        """Close the connections."""
        self._loop.close()


def load(values: Mapping[str, str]) -> HttpEngine:
    """The http engine with `values` as options.

    Raises:
        UnknownOption: an option that it does not have, or a template that is none.
        EngineUnavailable: the key cannot be read.
    """
    return HttpEngine(read_options(HttpOptions, "http", values))


def _text_or_file(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).expanduser().read_text("utf-8")
    except OSError as error:
        raise UnknownOption(f"body={text}: {error.strerror or error}") from None


def _template(option: str, text: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The JSON object of a template.

    Raises:
        UnknownOption: it is none, or has an unknown name in braces.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UnknownOption(f"{option} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UnknownOption(f"{option}={text[:60]!r}; expected a JSON object")
    _check_names(option, "".join(f"{{{name}}}" for name in _names_in(found)), names)
    return found


def _check_names(option: str, template: str, names: tuple[str, ...]) -> None:
    for name in NAME.findall(template):
        if name not in names:
            raise UnknownOption(unknown_word(f"name in {option}", name, names))


def _names_in(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield from NAME.findall(template)
    elif isinstance(template, dict | list):
        for value in template.values() if isinstance(template, dict) else template:
            yield from _names_in(value)


def _filled(template: Any, values: Values) -> Any:
    """The template with its values; a string that is one name alone becomes the value, with its type."""
    if isinstance(template, dict):
        return {name: _filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if alone := NAME.fullmatch(template):
        return values[alone[1]]
    return NAME.sub(lambda found: str(values[found[1]]), template)
