"""The output to a pipe, a device or standard output: audio is passed on as it arrives, and cannot be resumed."""

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
    """A file descriptor that audio is written to as it arrives; it is closed at the end if it is `owned`.

    An interrupted stream stays incomplete. In formats with an end marker, such as Ogg, players notice it.
    """

    def __init__(self, fd: int, name: str, audio_format: AudioFormat, *, owned: bool = False) -> None:
        """Start a stream.

        Raises:
            BadInput: the descriptor is a terminal.
        """
        if os.isatty(fd):
            raise BadInput(f"{name} is a terminal; pipe it into a player or a file, or name a file with -o")
        self._name = name
        self._fd: int | None = fd if owned else None  #: to be closed
        self._format = audio_format
        self._sink = FileDescriptorOutput(fd, name)
        self._encoder: Encoder | None = None
        self._rate_hz: int | None = None
        self.title = ""  #: for the tags of the stream; to be set before the first write
        self.sentences_done = 0
        self.bytes_done = 0  #: bytes of audio of the complete sentences
        self.advice = ""  #: a stream cannot be resumed
        self._written_bytes = 0

    @property
    def ms_done(self) -> float:
        """The duration of the complete sentences in ms."""
        return ms_of_bytes(self.bytes_done, self._rate_hz) if self._rate_hz else 0.0

    def write(self, pcm: bytes, rate_hz: int) -> None:
        """Write more audio (s16le mono, an even number of bytes) at the rate of the audio before.

        Raises:
            Unwritable: the reader closed the pipe (see `is_broken_pipe`), the disk is full, and the like.
            BadInput: the rate differs from that of the audio before.
        """
        if self._rate_hz not in (None, rate_hz):
            raise BadInput(
                f"audio at {rate_hz} Hz after audio at {self._rate_hz} Hz in {self._name}; speak all with one engine"
            )
        self._rate_hz = rate_hz
        if self._encoder is None:
            self._encoder = open_encoder(self._sink, self._format, rate_hz, title=self.title)
        self._encoder.write(pcm)
        self._written_bytes += len(pcm)

    def complete_sentence(self, seq: int) -> None:
        """Record that sentence `seq` (0-based) is complete.

        Raises:
            ValueError: it is not the next one.
        """
        if seq != self.sentences_done:
            raise ValueError(f"sentence {seq} is complete, but {self.sentences_done} is the next one")
        self.sentences_done = seq + 1
        self.bytes_done = self._written_bytes

    def finish(self) -> None:
        """Flush the encoder; if standard output is a file, write the final sizes into its header.

        Raises:
            Unwritable: as for `write`.
            EmptyText: there was no audio at all.
        """
        if self._encoder is None:
            raise EmptyText(f"the text produced no audio; nothing is written to {self._name}")
        self._encoder.close()
        self._encoder = None
        self._close_fd()

    def abandon(self) -> None:
        """Stop without completing the stream. Does nothing after `finish` or a second time."""
        if self._encoder is not None:
            self._encoder.discard()
            self._encoder = None
        self._close_fd()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.abandon()

    def _close_fd(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def is_broken_pipe(error: Unwritable) -> bool:
    """Whether the reader closed the pipe early (as `head` does): a reason to stop, not an error to report."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EPIPE
