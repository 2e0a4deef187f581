"""Answer format: encoding, rate and channels of an answer's sound, by its headers and by its first bytes.

Content types are often missing or wrong. What no decoder here reads is refused, with what to set: played as PCM, it
would be noise. First bytes that are certain, such as those of a WAV, count more than a content type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seriatim.errors import UpstreamFailed
from workers.providers.audio_decoder import AudioDecoder, AudioEncoding

#: content types that are no sound, whatever was asked for
NOT_SOUND = ("text/html", "application/json", "application/problem+json", "text/plain", "application/xml", "text/xml")
#: content types by encoding; others, and none, are judged by the first bytes
SOUNDS = {
    "audio/mpeg": AudioEncoding.MP3, "audio/mp3": AudioEncoding.MP3, "audio/wav": AudioEncoding.WAV,
    "audio/x-wav": AudioEncoding.WAV, "audio/wave": AudioEncoding.WAV, "audio/vnd.wave": AudioEncoding.WAV,
}  # fmt: skip
#: content types of sounds that no decoder here reads
OTHER_SOUNDS = (
    "audio/ogg", "audio/opus", "audio/aac", "audio/flac", "audio/x-flac", "audio/webm", "audio/mp4", "video/",
    "application/ogg", "audio/basic", "audio/mulaw", "audio/x-mulaw", "audio/pcmu", "audio/alaw", "audio/x-alaw",
    "audio/pcma",
)  # fmt: skip
#: content encodings that the client does not undo; others are undone, or are no compression
COMPRESSIONS = ("br", "zstd", "compress", "x-compress", "x-gzip", "bzip2", "xz")
START_BYTES = 12  #: as many tell a WAV
#: first bytes, in lower case, that no sound has
TEXT_STARTS = (b"<!doctype", b"<html", b"<?xml", b'{"error', b'{"detail', b'{"message')
OTHER_STARTS = {b"OggS": "Ogg", b"fLaC": "FLAC"}  #: first bytes of sounds that no decoder here reads
RATE_HEADERS = ("x-sample-rate", "x-audio-sample-rate", "sample-rate")  #: of servers that say it apart
MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """The form of a sentence's sound, as it was requested or as an answer states it."""

    encoding: AudioEncoding
    source_hz: int  #: of raw PCM, where the answer does not say
    channels: int = 1  #: likewise


class AnswerDecoder:
    """The decoder of one answer, chosen when its first bytes are there."""

    def __init__(self, stated: SoundFormat, rate_hz: int) -> None:
        self._stated, self._rate_hz = stated, rate_hz
        self._start = b""
        self._decoder: AudioDecoder | None = None

    def feed(self, data: bytes) -> bytes:
        """Add bytes as they arrive; returns s16le mono at the pool's rate, possibly none.

        Raises:
            UpstreamFailed: a page, an error object, a sound that is not read here, or too many bytes.
        """
        if self._decoder is not None:
            return self._decoder.feed(data)
        self._start += data
        return self._begin().feed(self._start) if len(self._start) >= START_BYTES else b""

    def finish(self) -> bytes:
        """The rest.

        Raises:
            UpstreamFailed: as `feed`, or the sound was cut.
        """
        if self._decoder is not None:
            return self._decoder.finish()
        decoder = self._begin()
        return decoder.feed(self._start) + decoder.finish()

    def _begin(self) -> AudioDecoder:
        sound = replace(self._stated, encoding=_encoding_of(self._start, self._stated.encoding))
        self._decoder = AudioDecoder(sound.encoding, sound.source_hz, self._rate_hz, sound.channels)
        return self._decoder


def stated_format(headers: Mapping[str, str], requested: SoundFormat, *, events: bool = False) -> SoundFormat:
    """The form of an answer with these headers; what they do not say is as it was asked for.

    Raises:
        UpstreamFailed: its content type is that of no sound, or of one that is not read here.
    """
    kind, _, parameters = headers.get("content-type", "").lower().partition(";")
    kind = kind.strip()
    if kind.startswith(NOT_SOUND) or (kind == "text/event-stream" and not events):
        raise UpstreamFailed(f"the answer is {kind}; expected sound: look at base_url")
    if kind.startswith(OTHER_SOUNDS):
        raise UpstreamFailed(f"the answer is {kind}; expected {requested.encoding}, or wav or mp3: look at format")
    if (compression := headers.get("content-encoding", "").strip().lower()) in COMPRESSIONS:
        raise UpstreamFailed(f"the answer is compressed as {compression}; expected none: look at the server's proxy")
    pairs = (pair.partition("=") for pair in parameters.split(";"))
    named = {name.strip(): value.strip(' "') for name, _, value in pairs}
    rates = [named.get("rate", ""), named.get("samplerate", ""), *(headers.get(name, "") for name in RATE_HEADERS)]
    return SoundFormat(
        SOUNDS.get(kind, requested.encoding),
        _first_within(rates, 4_000, 192_000) or requested.source_hz,
        _first_within([named.get("channels", "")], 1, MOST_CHANNELS) or requested.channels,
    )


def _first_within(values: list[str], low: int, high: int) -> int:
    """The first whole number of this range; 0 if there is none."""
    numbers = [int(value) for value in values if value.isdecimal() and len(value) < 10]
    return next((number for number in numbers if low <= number <= high), 0)


def _encoding_of(start: bytes, stated: AudioEncoding) -> AudioEncoding:
    """The encoding of a sound that begins so.

    Raises:
        UpstreamFailed: it is a page, an error object, or a sound that is not read here.
    """
    if start.lstrip().lower().startswith(TEXT_STARTS):
        raise UpstreamFailed("the answer is a page or an error object; expected sound: look at base_url")
    if other := OTHER_STARTS.get(start[:4]):
        raise UpstreamFailed(f"the answer is {other}; expected {stated}, or wav or mp3: look at format")
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return AudioEncoding.WAV
    return AudioEncoding.MP3 if start[:3] == b"ID3" else stated
