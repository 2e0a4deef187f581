"""The output to a file: only a complete file ever has the file's name.

While `OUT` is being spoken there are three partial files beside it:

    OUT.part.json   the journal: the text and options, and the complete sentences; locked by its writer
    OUT.part.pcm    the spool: the audio of those sentences, and of the one being spoken
    OUT.part        the encoded file so far, always made from the spool

`finish` completes OUT.part, makes it durable, renames it to OUT in one step, and removes the others, the journal last.
Partial files without a journal therefore belong to another program, and are left alone. A process that ends earlier
leaves all three, and `resume` continues after the last complete sentence; the result has the same samples and the same
bytes as an uninterrupted run. An older OUT stays in place until the new one replaces it.
"""

import os
import zlib
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.cli.render.duration import clock_face
from gateway.output.journal import JournalMark, OutputJournal, TextFingerprint
from gateway.output.partial_files import (
    PartialFiles,
    last_verified_mark,
    read_resumable_marks,
    refuse_foreign_parts,
    refuse_to_discard_audio,
)
from gateway.output.pcm_spool import PcmSpool
from gateway.output.spool_reader import SpoolReader
from seriatim.audio.encoder import Encoder, open_encoder
from seriatim.audio.formats import AudioFormat
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import BadInput, EmptyText, Unwritable

_BLOCK_BYTES = 1 << 16  #: from the spool to the encoder: 1.4 s at 24 kHz

#: After a resume the encoder is behind: each write encodes this many times the new audio until it has caught up.
#: 10 hours of Opus take 9 minutes, in which no worker should stall because the writer does not read.
_CATCH_UP = 8


class FileOutput:
    """An output file being written. After an error, only `abandon` may be called."""

    def __init__(
        self, parts: PartialFiles, audio_format: AudioFormat, journal: OutputJournal, spool: PcmSpool, last: JournalMark
    ) -> None:
        self._output = parts.output
        self._parts = parts
        self._format = audio_format
        self._journal = journal
        self._spool = spool
        self._last = last
        self._crc32 = 0  #: of the sentence being spoken
        self._rate_hz = last.rate_hz
        self.title = ""  #: for the file's tags; to be set before the first write
        self._encoder: Encoder | None = None
        self._encoded_bytes = 0  #: bytes of the spool that are encoded
        self._closed = False
        with translate_write_errors(parts.output):
            self._part_fd = os.open(parts.part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)

    @classmethod
    def create(
        cls, output: str, audio_format: AudioFormat, fingerprint: TextFingerprint, *, restart: bool = False
    ) -> Self:
        """Start a new file.

        Args:
            output: the file's path, in a directory that exists.
            audio_format: the format of the file.
            fingerprint: the text and options, which a later `resume` compares.
            restart: discard the partial files of an interrupted run.

        Raises:
            Unwritable: no such directory, no permission, or another process is writing the same file.
            BadInput: an interrupted run left audio that would be lost.
        """
        parts = PartialFiles.of(output)
        if not restart:
            refuse_foreign_parts(parts)
        with ExitStack() as cleanup:
            journal = OutputJournal.open(parts.journal, output, create=True)
            cleanup.callback(journal.close)
            if not restart:
                refuse_to_discard_audio(parts, journal)
            cleanup.pop_all()
            cleanup.callback(journal.remove)
            with translate_write_errors(output):
                journal.begin(fingerprint)
                spool = PcmSpool(parts.spool, fresh=True)
            cleanup.callback(spool.remove)
            file = cls(parts, audio_format, journal, spool, JournalMark(0, 0, 0, None))
            cleanup.pop_all()
        return file

    @classmethod
    def resume(cls, output: str, audio_format: AudioFormat, fingerprint: TextFingerprint) -> Self:
        """Continue an interrupted file after its last complete sentence (`sentences_done`).

        Reads the whole spool once to verify its checksums (about 1 s for 10 hours of audio). The encoder restarts at
        the beginning of the spool and catches up while new audio is written, at the latest in `finish`.

        Raises:
            BadInput: there is nothing to resume, or the text or an option has changed.
            Unwritable: no permission, or another process is writing the same file.
        """
        parts = PartialFiles.of(output)
        if not parts.journal.exists():
            state = "it is complete" if parts.path.exists() else "there is no interrupted run"
            raise BadInput(f"cannot resume {output}: {state}; speak it without --resume")
        with ExitStack() as cleanup:
            journal = OutputJournal.open(parts.journal, output, create=False)
            cleanup.callback(journal.close)
            marks = read_resumable_marks(parts, journal, fingerprint)
            with translate_write_errors(output):
                spool = PcmSpool(parts.spool, fresh=False)
                cleanup.callback(spool.close)
                size, last = last_verified_mark(marks, spool)
                journal.cut(size, last.end)
                spool.cut(last.end)
            file = cls(parts, audio_format, journal, spool, last)
            cleanup.pop_all()
        return file

    @property
    def sentences_done(self) -> int:
        """The number of complete sentences, which is the 0-based number of the next one."""
        return self._last.sentences

    @property
    def rate_hz(self) -> int | None:
        """The rate of the audio; None before the first of it."""
        return self._rate_hz

    @property
    def bytes_done(self) -> int:
        """Bytes of audio of the complete sentences."""
        return self._last.end

    @property
    def ms_done(self) -> float:
        """The duration of the complete sentences in ms."""
        return ms_of_bytes(self._last.end, self._last.rate_hz) if self._last.rate_hz else 0.0

    def open_reader(self) -> SpoolReader:
        """A reader of all of the audio, for another thread; its opener closes it.

        Raises:
            Unwritable: it cannot be opened.
        """
        with translate_write_errors(self._output):
            return SpoolReader(self._parts.spool)

    def marks(self) -> list[JournalMark]:
        """The complete sentences of the whole text, those of an interrupted run included; before `finish`."""
        content = self._journal.read()
        return [mark for _, mark in content[1]][1:] if content else []

    @property
    def advice(self) -> str:
        """The line to show when this run is interrupted: how to resume it; "" if nothing is kept."""
        if not self.bytes_done:
            return ""
        kept = f"{self.sentences_done} sentences ({clock_face(self.ms_done / 1000)} of audio) are kept"
        return f"{kept}; run the same command with --resume to continue {self._output}"

    def write(self, pcm: bytes, rate_hz: int) -> None:
        """Add audio to the sentence being spoken.

        Args:
            pcm: s16le mono, an even number of bytes.
            rate_hz: samples per second, the same in every call and in a resumed run.

        Raises:
            Unwritable: the disk is full, for instance.
            BadInput: the rate differs from that of the audio before.
        """
        if self._rate_hz not in (None, rate_hz):
            raise BadInput(
                f"audio at {rate_hz} Hz after audio at {self._rate_hz} Hz in {self._output}; speak all with one engine"
            )
        self._rate_hz = rate_hz
        with translate_write_errors(self._output):
            self._spool.append(pcm)
        self._crc32 = zlib.crc32(pcm, self._crc32)
        self._encode_spool(_CATCH_UP * len(pcm))

    def complete_sentence(self, seq: int) -> None:
        """Record that sentence `seq` (0-based in the whole text) is complete; it may be empty.

        Raises:
            Unwritable: the disk is full, for instance.
            ValueError: it is not the next one.
        """
        if seq != self.sentences_done:
            raise ValueError(f"sentence {seq} is complete, but {self.sentences_done} is the next one")
        mark = JournalMark(seq + 1, self._spool.end, self._crc32, self._rate_hz)
        with translate_write_errors(self._output):
            self._journal.complete(mark)
        self._last = mark
        self._crc32 = 0

    def finish(self) -> None:
        """Complete the file and give it its name.

        Raises:
            Unwritable: the disk is full, for instance.
            EmptyText: there was no audio at all.
        """
        if self._rate_hz is None:
            raise EmptyText(f"the text produced no audio; {self._output} is not written")
        self._encode_spool(self._spool.end)
        self._open_encoder(self._rate_hz).close()
        self._encoder = None  # 7 MB of FLAC: others may still refer to this output
        with translate_write_errors(self._output):
            os.fsync(self._part_fd)
            self._parts.part.replace(self._parts.path)
            _make_durable(self._parts.path.parent)
            self._closed = True
            os.close(self._part_fd)
            self._spool.remove()
            self._journal.remove()

    def abandon(self) -> None:
        """Stop and leave the files that `resume` needs, or none if no complete sentence has audio.

        Does nothing after `finish` or a second time.
        """
        if self._closed:
            return
        self._closed = True
        if self._encoder is not None:
            self._encoder.discard()
            self._encoder = None
        os.close(self._part_fd)
        if self.bytes_done:
            self._spool.close()
            self._journal.close()
        else:
            self._parts.part.unlink(missing_ok=True)
            self._spool.remove()
            self._journal.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.abandon()

    def _open_encoder(self, rate_hz: int) -> Encoder:
        if self._encoder is None:
            sink = FileDescriptorOutput(self._part_fd, self._output)
            self._encoder = open_encoder(sink, self._format, rate_hz, title=self.title)
        return self._encoder

    def _encode_spool(self, budget_bytes: int) -> None:
        """Encode up to `budget_bytes` more of the spool."""
        stop = min(self._spool.end, self._encoded_bytes + budget_bytes)
        while self._encoded_bytes < stop:
            pcm = self._spool.read(self._encoded_bytes, min(_BLOCK_BYTES, stop - self._encoded_bytes))
            if not pcm or self._rate_hz is None:
                raise Unwritable(f"cannot write {self._output}: {self._parts.spool} was changed by another program")
            self._open_encoder(self._rate_hz).write(pcm)
            self._encoded_bytes += len(pcm)


def _make_durable(directory: Path) -> None:
    """Make a rename survive a power cut: fsync(2) of a file does not make its directory entry durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
