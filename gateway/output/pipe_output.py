"""Speech on its way into a pipe, a device or standard output: heard while it is spoken, and never resumed."""

import errno
import os
from types import TracebackType
from typing import Self

from seriatim.audio.encoder import Encoder, open_encoder
from seriatim.audio.formats import AudioFormat
from seriatim.audio.output_file import FileDescriptorOutput
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import BadInput, EmptyText, Unwritable


class PipeOutput:
    """A file descriptor that sound is written to as it comes, and that is closed at the end if it is `owned`.

    An interrupted stream is left cut off: encodings that know an end, such as Ogg, then lack it, and players can tell.
    """

    def __init__(self, fd: int, name: str, audio_format: AudioFormat, *, owned: bool = False) -> None:
        """Begin a stream.

        Raises:
            BadInput: the descriptor is a terminal.
        """
        if os.isatty(fd):
            raise BadInput(f"{name} is a terminal: send the sound into a player or a file, or name a file with -o")
        self._name = name
        self._fd: int | None = fd if owned else None  #: to be closed
        self._format = audio_format
        self._sink = FileDescriptorOutput(fd, name)
        self._encoder: Encoder | None = None
        self._rate_hz: int | None = None
        self.sentences_done = 0
        self.bytes_done = 0  #: bytes of sound of the complete sentences
        self.advice = ""  #: a stream cannot be resumed
        self._heard_bytes = 0

    @property
    def ms_done(self) -> float:
        """How long the complete sentences last."""
        return ms_of_bytes(self.bytes_done, self._rate_hz) if self._rate_hz else 0.0

    def write(self, pcm: bytes, rate_hz: int) -> None:
        """Write more sound (s16le mono, an even number of bytes) at the rate of all sound before.

        Raises:
            Unwritable: the reader of the pipe has gone (see `reader_has_gone`), the disk is full, and the like.
            BadInput: the rate is not that of the sound before.
        """
        if self._rate_hz not in (None, rate_hz):
            raise BadInput(f"sound at {rate_hz} Hz after sound at {self._rate_hz} Hz in {self._name}")
        self._rate_hz = rate_hz
        if self._encoder is None:
            self._encoder = open_encoder(self._sink, self._format, rate_hz)
        self._encoder.write(pcm)
        self._heard_bytes += len(pcm)

    def sentence_done(self, seq: int) -> None:
        """Note that sentence `seq` (0-based) is complete.

        Raises:
            ValueError: it is not the next one.
        """
        if seq != self.sentences_done:
            raise ValueError(f"sentence {seq} is complete, but {self.sentences_done} is the next one")
        self.sentences_done = seq + 1
        self.bytes_done = self._heard_bytes

    def finish(self) -> None:
        """Write what the encoder holds, and the right sizes where standard output is a file.

        Raises:
            Unwritable: as for `write`.
            EmptyText: there was no sound at all.
        """
        if self._encoder is None:
            raise EmptyText(f"no sound came of this text; nothing is written to {self._name}")
        self._encoder.close()
        self._encoder = None
        self._close()

    def abandon(self) -> None:
        """Stop here. Does nothing after `finish`, or a second time."""
        if self._encoder is not None:
            self._encoder.discard()
            self._encoder = None
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.abandon()

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def reader_has_gone(error: Unwritable) -> bool:
    """Has the program behind the pipe ended (as `head` does)? No reason to complain, but one to stop."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EPIPE
