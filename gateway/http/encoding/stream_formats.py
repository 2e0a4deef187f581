"""The formats of answers, and how sound becomes their bytes while it is spoken.

`seriatim.audio` has the encoders. Raw and WAV are made in the event loop; encoders that compute have threads, as many
as there are cores, so that a hundred listeners of MP3 cannot keep the loop from serving the others.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from gateway.http.encoding.deadline_slots import SPARE, encoder_slots
from gateway.http.encoding.volume import louder
from seriatim.audio.encoder import Encoder, open_encoder
from seriatim.audio.formats import AudioFormat, format_named
from seriatim.audio.resampler import ResamplingEncoder
from seriatim.errors import UnknownFormat

NAMES = ("mp3", "opus", "aac", "flac", "wav", "pcm")  #: as OpenAI names them
WHOLE = "m4a"  #: a file that begins with where everything is, so that no part of it can be sent before its end
MEDIA = {
    "mp3": "audio/mpeg", "opus": "audio/ogg; codecs=opus", "aac": "audio/aac", "m4a": "audio/mp4", "flac": "audio/flac",
    "wav": "audio/wav", "pcm": "application/octet-stream",
}  # fmt: skip
PLAIN = ("wav", "pcm")  #: the samples themselves: made in no time, and any byte of them can be found

threads = ThreadPoolExecutor((os.cpu_count() or 1) + SPARE, "encoding")


def audio_format(name: str) -> AudioFormat:
    """The format of a name.

    Raises:
        UnknownFormat: there is none.
    """
    if name not in (*NAMES, WHOLE):
        raise UnknownFormat(f"unknown format {name!r}; there are: {', '.join((*NAMES, WHOLE))}")
    return format_named(name)


def media_type(name: str, rate_hz: int) -> str:
    """The content type; raw samples say what they are, as RFC 2586 spells it for big endian ones."""
    return f"audio/pcm; rate={rate_hz}; channels=1; bits=16" if name == "pcm" else MEDIA[name]


@dataclass(slots=True)
class EncodedBuffer:
    """Encoded bytes that nobody has taken yet (an `EncoderOutput`). What was taken cannot be corrected."""

    n_bytes: int = 0
    waiting: list[bytes] = field(default_factory=list)
    patchable: bool = False
    scratch: str | None = None

    def append(self, data: bytes) -> None:
        self.waiting.append(data)
        self.n_bytes += len(data)

    def patch(self, offset: int, data: bytes) -> None:
        """Too late."""

    def take(self) -> bytes:
        """All that waits, in order."""
        taken = b"".join(self.waiting)
        self.waiting.clear()
        return taken


@dataclass(slots=True)
class PatchableBuffer:
    """A whole file in memory (an `EncoderOutput`), whose header is corrected at its end; then it is taken."""

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
        """Nothing before the end."""
        return b""


@dataclass(slots=True)
class StreamEncoding:
    """One stream of one listener: PCM in, bytes of the format out."""

    name: str
    pcm_hz: int = 0  #: the rate of the samples that are encoded; 0: as they were made
    volume: float = 1.0  #: louder than it was made by so much
    tray: EncodedBuffer | PatchableBuffer = field(default_factory=EncodedBuffer)
    encoder: Encoder | None = None
    over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)  #: a client may leave in the middle of a step

    async def feed(self, pcm: bytes, rate_hz: int, due_s: float = 0.0) -> bytes:
        """More sound, s16le mono at `rate_hz`; returns the bytes that are ready, perhaps none.

        `due_s` says when its listener runs dry, of any clock that only rises: others go first who do so earlier.
        """

        def step() -> None:
            if self.encoder is None:
                self.encoder = open_encoder(self.tray, audio_format(self.name), rate_hz, self.pcm_hz)
            self.encoder.write(louder(pcm, self.volume))

        return await self._done(step, due_s)

    async def close(self) -> bytes:
        """The end; returns the last bytes."""

        def step() -> None:
            self.over = True
            if self.encoder is not None:
                self.encoder.close()

        return await self._done(step)

    def discard(self) -> None:
        """Nobody wants the rest, if there is one."""
        if not self.over and self.encoder is not None:
            threads.submit(self._discard)

    def _discard(self) -> None:
        with self.lock:
            if not self.over and self.encoder is not None:
                self.over = True
                self.encoder.discard()

    async def _done(self, step: Callable[[], None], due_s: float = 0.0) -> bytes:
        def alone() -> None:
            with self.lock:
                if not self.over:
                    step()

        if self.name in PLAIN and not isinstance(self.encoder, ResamplingEncoder):
            alone()
        else:
            async with encoder_slots.turn(due_s):
                await asyncio.get_running_loop().run_in_executor(threads, alone)
        return self.tray.take()
