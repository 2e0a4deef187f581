"""Encoders: PCM in, a file's bytes out, as they come.

One for each format, whichever door the sound leaves by. The same samples give the same bytes, whenever they are
encoded and however they were cut when they came.
"""

import threading
from functools import partial
from typing import Protocol

from seriatim.audio.encoder_thread import ApartEncoder
from seriatim.audio.formats import AudioFormat
from seriatim.audio.output_file import EncoderOutput
from seriatim.audio.title_tags import riff_info
from seriatim.audio.uncompressed_encoders import UncompressedEncoder, wav_header


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


def open_encoder(
    sink: EncoderOutput, audio_format: AudioFormat, rate_hz: int, wanted_hz: int = 0, title: str = ""
) -> Encoder:
    """Begin a file of sound at `rate_hz` in the given format.

    It is encoded at `wanted_hz` (0: as it was made), or at what is next to that in the format. A file has its title
    in its tags, where the format has some.

    Raises:
        Unwritable: the sink refuses the header.
    """
    file_rate_hz = audio_format.rate_for(wanted_hz or rate_hz)
    encoder = _encoder_at(sink, audio_format.name, file_rate_hz, title)
    if file_rate_hz == rate_hz:
        return encoder
    from seriatim.audio.resampler import ResamplingEncoder  # loads numpy, which WAV need not wait for

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
    make = partial(_apart_encoder, name, rate_hz, title)
    if threading.current_thread() is threading.main_thread():  # the one that Ctrl-C interrupts
        return ApartEncoder(sink, make)
    return make(sink)


def _apart_encoder(name: str, rate_hz: int, title: str, sink: EncoderOutput) -> Encoder:
    """Each loads its library here: FFmpeg's take 30 MB that the others need not hold."""
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
