"""Speech stream: one request of a sentence becomes its audio chunks, passed on as the bytes arrive."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from seriatim.engine import AudioChunk
from seriatim.errors import UpstreamFailed
from workers.providers.api_key import ApiKey
from workers.providers.audio_decoder import AudioDecoder, AudioEncoding
from workers.providers.limit_headers import limits_of
from workers.providers.refusals import error_of
from workers.providers.request_loop import ProviderRequest, RequestLoop, ResponseHead

#: content types that are no sound, whatever was asked for
NOT_SOUND = ("text/html", "application/json", "application/problem+json", "text/plain", "application/xml")
#: content types by encoding; others, and none, are judged by the first bytes
SOUNDS = {
    "audio/mpeg": AudioEncoding.MP3, "audio/mp3": AudioEncoding.MP3, "audio/wav": AudioEncoding.WAV,
    "audio/x-wav": AudioEncoding.WAV, "audio/wave": AudioEncoding.WAV, "audio/vnd.wave": AudioEncoding.WAV,
}  # fmt: skip
#: content types of sounds that no decoder here reads
OTHER_SOUNDS = ("audio/ogg", "audio/opus", "audio/aac", "audio/flac", "audio/webm", "audio/mp4", "video/")
#: first bytes, in lower case, that no sound has
TEXT_BEGINNINGS = (b"<!doctype", b"<html", b"<?xml", b'{"error', b'{"detail', b'{"message')
RATE_HEADERS = ("x-sample-rate", "x-audio-sample-rate", "sample-rate")  #: of servers that say it apart

EventReader = Callable[[str], bytes]  #: the sound in an event's data; raises UpstreamFailed for one that is an error


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """The form in which a sentence's sound was requested."""

    encoding: AudioEncoding
    source_hz: int  #: of raw PCM, where the answer does not say


@dataclass(frozen=True, slots=True)
class SpeechStream:
    """The streams of one engine: how its sentences are requested, and read."""

    loop: RequestLoop
    key: ApiKey
    sound: SoundFormat
    rate_hz: int  #: of the chunks
    read_event: EventReader | None = None  #: for requests whose answers are events

    def speak(self, request: ProviderRequest, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """The chunks of one sentence, s16le mono at `rate_hz`; ends early once `cancelled()` returns True.

        Raises:
            EngineBusy, BadInput, EngineFailed: as `refusals.error_of`, for an answer other than 200.
            UpstreamFailed: no answer, one that is no sound, or one that was cut.
        """
        with closing(self.loop.parts(request, cancelled)) as parts:  # type: ignore[type-var]  # a generator
            head = next(parts, None)
            if not isinstance(head, ResponseHead):
                return  # cancelled
            limits = limits_of(head.headers, time.time())
            if head.status != 200:
                if limits:
                    yield AudioChunk(b"", server_limits=limits)
                raise error_of(head, request.host, self.key)
            decoder = decoder_of(head.headers, self.sound, self.rate_hz, events=request.events)
            n_bytes = 0
            for part in parts:
                data = self._sound_of(part)
                _check_beginning(data, n_bytes)
                n_bytes += len(data)
                if pcm := decoder.feed(data):
                    yield AudioChunk(pcm, server_limits=limits)
                    limits = None
        if not cancelled():
            if not n_bytes:
                raise UpstreamFailed(f"{request.host} answered without a single byte of sound")
            yield AudioChunk(decoder.finish(), server_limits=limits, last=True)

    def _sound_of(self, part: ResponseHead | bytes | str) -> bytes:
        if isinstance(part, bytes):
            return part
        return self.read_event(part) if self.read_event and isinstance(part, str) else b""


def decoder_of(headers: Mapping[str, str], sound: SoundFormat, rate_hz: int, *, events: bool = False) -> AudioDecoder:
    """The decoder for an answer with these headers.

    Raises:
        UpstreamFailed: its content type is that of no sound, or of one that is not read here.
    """
    kind, _, parameters = headers.get("content-type", "").lower().partition(";")
    kind = kind.strip()
    if kind.startswith(NOT_SOUND) or (kind == "text/event-stream" and not events):
        raise UpstreamFailed(f"the answer is {kind}; expected sound: look at base_url")
    if kind.startswith(OTHER_SOUNDS):
        raise UpstreamFailed(f"the answer is {kind}; expected {sound.encoding}, or wav or mp3")
    encoding = SOUNDS.get(kind, sound.encoding)
    return AudioDecoder(encoding, _source_hz(parameters, headers) or sound.source_hz, rate_hz)


def _source_hz(parameters: str, headers: Mapping[str, str]) -> int:
    """The rate that an answer states beside raw PCM; 0 if it states none."""
    pairs = (pair.partition("=") for pair in parameters.split(";"))
    named = {name.strip(): value.strip(' "') for name, _, value in pairs}
    stated = [named.get("rate", ""), named.get("samplerate", ""), *(headers.get(name, "") for name in RATE_HEADERS)]
    rates = [int(value) for value in stated if value.isdecimal()]
    return next((rate for rate in rates if 4_000 <= rate <= 192_000), 0)


def _check_beginning(data: bytes, n_before: int) -> None:
    """Refuse a page or an error object that has the content type of sound, or none."""
    if not n_before and data.lstrip()[:12].lower().startswith(TEXT_BEGINNINGS):
        raise UpstreamFailed("the answer is a page or an error object; expected sound: look at base_url")
