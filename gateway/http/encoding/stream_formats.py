"""Stream formats: the formats of responses, and the encoding of audio while it is spoken.

`seriatim.audio` has the encoders. PCM and WAV are written in the event loop; CPU-bound encoders run in as many threads
as there are cores, so that a hundred listeners of MP3 do not block the loop.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from gateway.http.encoding.deadline_slots import SPARE_SLOTS, encoder_slots
from gateway.http.encoding.volume import scale_volume
from seriatim.audio.encoder import Encoder, open_encoder
from seriatim.audio.formats import FORMATS, AudioFormat, format_named
from seriatim.audio.resampler import ResamplingEncoder
from seriatim.errors import UnknownFormat

MEDIA = {known.name: known.media_type for known in FORMATS if known.media_type}
STREAMABLE = tuple(known.name for known in FORMATS if known.media_type and known.streamable)
FILES = tuple(MEDIA)  #: also formats of which nothing can be sent before their end
UNCOMPRESSED = ("wav", "pcm")  #: encoding takes no time, and any byte can be addressed

threads = ThreadPoolExecutor((os.cpu_count() or 1) + SPARE_SLOTS, "encoding")


def audio_format(name: str) -> AudioFormat:
    """The format with a name.

    Raises:
        UnknownFormat: there is no such format.
    """
    if name not in FILES:
        raise UnknownFormat(f"unknown format {name!r}; there are: {', '.join(FILES)}")
    return format_named(name)


def media_type(name: str, rate_hz: int) -> str:
    """The content type; for PCM with the parameters that RFC 2586 defines for big-endian samples."""
    return f"audio/pcm; rate={rate_hz}; channels=1; bits=16" if name == "pcm" else MEDIA[name]


@dataclass(slots=True)
class EncodedBuffer:
    """Encoded bytes not yet sent (an `EncoderOutput`). Bytes that were taken cannot be patched."""

    n_bytes: int = 0
    waiting: list[bytes] = field(default_factory=list)
    patchable: bool = False
    scratch: str | None = None

    def append(self, data: bytes) -> None:
        self.waiting.append(data)
        self.n_bytes += len(data)

    def patch(self, offset: int, data: bytes) -> None:
        """Do nothing: the bytes may have been sent."""

    def take(self) -> bytes:
        """Remove and return all waiting bytes, in order."""
        taken = b"".join(self.waiting)
        self.waiting.clear()
        return taken


@dataclass(slots=True)
class PatchableBuffer:
    """A whole file in memory (an `EncoderOutput`), whose header is patched at its end."""

    written: bytearray = field(default_factory=bytearray)
    n_bytes: int = 0
    patchable: bool = True
    scratch: str | None = None

    def append(self, data: bytes) -> None:
        self.written += data
        self.n_bytes += len(data)

    def patch(self, offset: int, data: bytes) -> None:
        self.written[offset : offset + len(data)] = data

    def take(self) -> bytes:
        """Return nothing: the file is read from `written` at its end."""
        return b""


@dataclass(slots=True)
class StreamEncoding:
    """The encoding of one listener's stream: PCM in, bytes of the format out."""

    name: str
    pcm_hz: int = 0  #: the sample rate of the output; 0: that of the engine
    volume: float = 1.0  #: factor on the samples
    buffer: EncodedBuffer | PatchableBuffer = field(default_factory=EncodedBuffer)
    encoder: Encoder | None = None
    ended: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)  #: a client may disconnect in the middle of a step

    def output_hz(self, rate_hz: int) -> int:
        """The rate of the output for audio at `rate_hz`."""
        return audio_format(self.name).rate_for(self.pcm_hz or rate_hz)

    async def feed(self, pcm: bytes, rate_hz: int, due_s: float = 0.0) -> bytes:
        """Encode more audio, s16le mono at `rate_hz`; returns the bytes that are ready, possibly none.

        `due_s` is the time at which the listener's buffer runs dry, on a monotonic clock; earlier ones go first.
        """

        def step() -> None:
            if self.encoder is None:
                self.encoder = open_encoder(self.buffer, audio_format(self.name), rate_hz, self.pcm_hz)
            self.encoder.write(scale_volume(pcm, self.volume))

        return await self._run_step(step, due_s)

    async def close(self) -> bytes:
        """End the stream; returns the last bytes."""

        def step() -> None:
            self.ended = True
            if self.encoder is not None:
                self.encoder.close()

        return await self._run_step(step)

    def discard(self) -> None:
        """Drop the rest of the stream, if it has not ended."""
        if not self.ended and self.encoder is not None:
            threads.submit(self._discard)

    def _discard(self) -> None:
        with self.lock:
            if not self.ended and self.encoder is not None:
                self.ended = True
                self.encoder.discard()

    async def _run_step(self, step: Callable[[], None], due_s: float = 0.0) -> bytes:
        def locked_step() -> None:
            with self.lock:
                if not self.ended:
                    step()

        if self.name in UNCOMPRESSED and not isinstance(self.encoder, ResamplingEncoder):
            locked_step()
        else:
            async with encoder_slots.hold_slot(due_s):
                await asyncio.get_running_loop().run_in_executor(threads, locked_step)
        return self.buffer.take()
