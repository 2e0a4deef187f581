"""Encoders: PCM in, a file's bytes out, incrementally.

One per format, for Python, the command line and HTTP alike. The same samples give the same bytes, however they were cut
into chunks.
"""

import pkgutil
import threading
from typing import Protocol

from seriatim.audio.encoder_thread import ThreadedEncoder
from seriatim.audio.formats import AudioFormat
from seriatim.audio.output_file import EncoderOutput


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
    encoder = _encoder_at(sink, audio_format, file_rate_hz, title)
    if file_rate_hz == rate_hz:
        return encoder
    from seriatim.audio.resampler import ResamplingEncoder  # imports numpy, which WAV does not need

    return ResamplingEncoder(encoder, rate_hz, file_rate_hz)


def _encoder_at(sink: EncoderOutput, audio_format: AudioFormat, rate_hz: int, title: str) -> Encoder:
    def make(output: EncoderOutput) -> Encoder:
        """Import the library here: FFmpeg's take 30 MB that other formats do not need."""
        encoder: Encoder = pkgutil.resolve_name(audio_format.encoder)(output, rate_hz, title)
        return encoder

    if audio_format.threaded and threading.current_thread() is threading.main_thread():  # Ctrl-C interrupts only this
        return ThreadedEncoder(sink, make)
    return make(sink)
