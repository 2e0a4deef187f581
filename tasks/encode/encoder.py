"""Encoders: PCM in, a file's bytes out, as they come."""

from functools import partial
from typing import Protocol

from tasks.encode.formats import AudioFormat
from tasks.encode.plain import PlainEncoder, wav_header
from tasks.encode.sink import Output


class Encoder(Protocol):
    """What turns s16le mono at one sample rate into the bytes of a file; it never closes the sink it writes to."""

    def write(self, pcm: bytes) -> None:
        """Encode more sound, an even number of bytes.

        Raises:
            Unwritable: the sink refuses.
        """
        ...

    def close(self) -> None:
        """Write what is held, and correct the header where the sink can be patched. Nothing may be written after it.

        Raises:
            Unwritable: the sink refuses.
        """
        ...

    def discard(self) -> None:
        """Free what is held without writing it: the file stays cut off."""
        ...


def check_available(audio_format: AudioFormat) -> None:
    """See that this machine can write the format.

    Raises:
        UnknownFormat: its libsndfile cannot.
    """
    if audio_format.container:
        from tasks.encode import compressed  # loads numpy and libsndfile, 0.1 s that WAV need not wait for

        compressed.check_available(audio_format)


def open_encoder(sink: Output, audio_format: AudioFormat, rate_hz: int) -> Encoder:
    """Begin a file of sound at `rate_hz` in the given format.

    Raises:
        Unwritable: the sink refuses the header.
    """
    if audio_format.container:
        from tasks.encode.compressed import CompressedEncoder  # as above

        return CompressedEncoder(sink, audio_format, rate_hz)
    if audio_format.name == "wav":
        return PlainEncoder(sink, partial(wav_header, rate_hz, room=sink.patchable))
    return PlainEncoder(sink, lambda _data_bytes: b"")
