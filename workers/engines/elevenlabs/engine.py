"""The elevenlabs engine: one streamed request a sentence, stitched to its neighbours by their texts.

`previous_text` and `next_text` are sent along, which need no finished request before them, as ids of requests would: so
that sentences are spoken in parallel, with the melody of one text. The headers of every answer say how many requests of
the account are open and how many may be.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import quote

from seriatim.engine import AudioChunk, Continuity, Utterance
from seriatim.engine_abilities import Abilities
from seriatim.errors import EngineUnavailable, UnknownVoice
from seriatim.nearest_names import unknown_word
from workers.engines.engine_options import OptionInfo, option_ranges, read_options
from workers.providers.answer_format import SoundFormat
from workers.providers.api_key import ApiKey
from workers.providers.audio_decoder import AudioEncoding
from workers.providers.connection_options import ConnectionOptions, checked_base_url
from workers.providers.request_loop import ProviderRequest, RequestLoop
from workers.providers.speech_stream import SpeechStream
from workers.providers.voice_list import configured_voices, server_voices

SERVER = "https://api.elevenlabs.io"
SPEEDS = (0.7, 1.2)  #: of voice settings
SETTINGS = ("stability", "similarity_boost", "style", "speaker_boost")  #: of which a text may set each
MOST_SEED = 2**32  #: one more than the largest


class OutputFormat(StrEnum):
    """Output formats that are decoded here; PCM of 44.1 kHz and more needs a dearer plan."""

    PCM_16000 = "pcm_16000"
    PCM_22050 = "pcm_22050"
    PCM_24000 = "pcm_24000"
    PCM_44100 = "pcm_44100"
    PCM_48000 = "pcm_48000"
    MP3_22050_32 = "mp3_22050_32"
    MP3_44100_64 = "mp3_44100_64"
    MP3_44100_128 = "mp3_44100_128"
    MP3_44100_192 = "mp3_44100_192"


@dataclass(frozen=True, slots=True)
class ElevenLabsOptions(ConnectionOptions):
    """The elevenlabs engine's options."""

    model: Annotated[str, OptionInfo("the model's id")] = "eleven_flash_v2_5"
    voices: Annotated[str, OptionInfo("ids of voices, separated by commas; else all of the account")] = ""
    format: Annotated[OutputFormat, OptionInfo("output format; its rate is resampled")] = OutputFormat.PCM_24000
    stitch: Annotated[bool, OptionInfo("1: send the neighbours' texts; eleven_v3 takes none")] = True
    language: Annotated[bool, OptionInfo("1: send the text's language, as flash and turbo v2.5 take it")] = True
    stability: Annotated[float, OptionInfo("sameness of the voice", 0, 1)] = 0.5
    similarity_boost: Annotated[float, OptionInfo("closeness to the recorded voice", 0, 1)] = 0.75
    style: Annotated[float, OptionInfo("exaggeration of the voice's style", 0, 1)] = 0.0
    speaker_boost: Annotated[bool, OptionInfo("1: more of the speaker, a little later")] = True


class ElevenLabsEngine:
    """The engine; thread-safe. A slot is a request that waits."""

    name = "elevenlabs"
    continuity = Continuity.NONE
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    rtf = 0.2

    def __init__(self, options: ElevenLabsOptions) -> None:
        if not options.key_file:
            raise EngineUnavailable("the elevenlabs engine needs a key: --engine-option key_file=FILE")
        self._base_url = checked_base_url(options.base_url or SERVER, SERVER)
        self._key = ApiKey(options.key_file)
        self._key.current()
        self._options = options
        self.slots, self.rate_hz, self.limit_chars = options.slots, options.rate_hz, options.limit_chars
        ranges = option_ranges(ElevenLabsOptions, *SETTINGS)
        self.abilities = Abilities("elevenlabs", options=ranges, speeds=SPEEDS, neighbours=options.stitch)
        self._loop = RequestLoop(options)
        encoding, _, rate = options.format.partition("_")
        sound = SoundFormat(AudioEncoding(encoding), int(rate.partition("_")[0]))
        self._stream = SpeechStream(self._loop, self._key, sound, options.rate_hz)
        listing = ProviderRequest(f"{self._base_url}/v1/voices", self._headers())
        self.voices = configured_voices(options.voices) or server_voices(self._loop, listing, self._key)
        if not self.voices:
            raise EngineUnavailable("the account has no voices: name some by --engine-option voices=ID,ID")

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice: the account has no such voice.
            EngineBusy, BadInput, EngineFailed: as the server answers.
        """
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        voice = utterance.voice or self.voices[0].name
        if all(voice != known.name for known in self.voices):
            raise UnknownVoice(unknown_word("elevenlabs voice", voice, [known.name for known in self.voices]))
        path = f"/v1/text-to-speech/{quote(voice, safe='')}/stream?output_format={self._options.format}"
        request = ProviderRequest(self._base_url + path, self._headers(), self._body(utterance))
        yield from self._stream.speak(request, cancelled)

    def close(self) -> None:
        """Close the connections."""
        self._loop.close()

    def _headers(self) -> Mapping[str, str]:
        return {"content-type": "application/json", "xi-api-key": self._key.current()}

    def _body(self, utterance: Utterance) -> bytes:
        options = self._options
        settings: dict[str, Any] = {name: getattr(options, name) for name in SETTINGS} | dict(utterance.options)
        boost = bool(settings.pop("speaker_boost"))
        fields = {
            "text": utterance.text, "model_id": options.model, "seed": utterance.seed % MOST_SEED,
            "voice_settings": settings | {"use_speaker_boost": boost, "speed": utterance.speed},
        }  # fmt: skip
        optional = {
            "previous_text": utterance.previous_text if options.stitch else "",
            "next_text": utterance.next_text if options.stitch else "",
            "language_code": utterance.language.partition("-")[0].lower() if options.language else "",
        }
        fields |= {name: value for name, value in optional.items() if value}
        return json.dumps(fields, ensure_ascii=False).encode()


def load(values: Mapping[str, str]) -> ElevenLabsEngine:
    """The elevenlabs engine with `values` as options.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
        EngineUnavailable: no key, or no voice.
        UpstreamFailed: the server cannot be reached.
    """
    return ElevenLabsEngine(read_options(ElevenLabsOptions, "elevenlabs", values))
