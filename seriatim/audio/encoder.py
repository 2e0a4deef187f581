"""Encoders: PCM in, a file's bytes out, incrementally.

One per format, for Python, the command line and HTTP alike. The same samples give the same bytes, however they were cut
into chunks.
"""

import threading
from functools import partial
from typing import Protocol

from seriatim.audio.encoder_thread import ThreadedEncoder
from seriatim.audio.formats import AudioFormat
from seriatim.audio.output_file import EncoderOutput
from seriatim.audio.title_tags import riff_info
from seriatim.audio.uncompressed_encoders import UncompressedEncoder, wav_header


class Encoder(Protocol):
    """Turns s16le mono at one sample rate into the bytes of a file; it never closes the sink that it writes to."""

    def write(self, pcm: bytes) -> None:
        """Encode more audio, an even number of bytes.

        Raises:
            Unwritable: the sink refuses.
        """
        ...

    def close(self) -> None:
        """Write what is pending, and correct the header where the sink can be patched. Nothing may be written after it.

        Raises:
            Unwritable: the sink refuses.
        """
        ...

    def discard(self) -> None:
        """Free all resources without writing what is pending: the file stays truncated."""
        ...


def open_encoder(
    sink: EncoderOutput, audio_format: AudioFormat, rate_hz: int, target_hz: int = 0, title: str = ""
) -> Encoder:
    """Begin a file in the given format for audio at `rate_hz`.

    It is encoded at `target_hz` (0: at `rate_hz`), or at the nearest rate of the format. The title goes into the file's
    tags, where the format has some.

    Raises:
        Unwritable: the sink refuses the header.
    """
    file_rate_hz = audio_format.rate_for(target_hz or rate_hz)
    encoder = _encoder_at(sink, audio_format.name, file_rate_hz, title)
    if file_rate_hz == rate_hz:
        return encoder
    from seriatim.audio.resampler import ResamplingEncoder  # imports numpy, which WAV does not need

    return ResamplingEncoder(encoder, rate_hz, file_rate_hz)


def _encoder_at(sink: EncoderOutput, name: str, rate_hz: int, title: str) -> Encoder:
    if name == "wav":
        tail = riff_info(title)
        return UncompressedEncoder(sink, partial(wav_header, rate_hz, room=sink.patchable, tail_bytes=len(tail)), tail)
    if name == "pcm":
        return UncompressedEncoder(sink, lambda _data_bytes: b"")
    if name == "mp3":
        from seriatim.audio.lame_encoder import LameEncoder

        return LameEncoder(sink, rate_hz, title)
    make = partial(_library_encoder, name, rate_hz, title)
    if threading.current_thread() is threading.main_thread():  # Ctrl-C interrupts only this one
        return ThreadedEncoder(sink, make)
    return make(sink)


def _library_encoder(name: str, rate_hz: int, title: str, sink: EncoderOutput) -> Encoder:
    """Each format imports its library here: FFmpeg's take 30 MB that the others do not need."""
    if name == "ogg":
        from seriatim.audio.vorbis_encoder import VorbisEncoder

        return VorbisEncoder(sink, rate_hz, title)
    if name == "flac":
        from seriatim.audio.flac_encoder import FlacEncoder

        return FlacEncoder(sink, rate_hz, title)
    from seriatim.audio import ffmpeg_encoders

    if name == "m4a":
        return ffmpeg_encoders.M4aEncoder(sink, rate_hz, title)
    return ffmpeg_encoders.FfmpegEncoder(
        sink, ffmpeg_encoders.AAC if name == "aac" else ffmpeg_encoders.OPUS, rate_hz, title
    )
