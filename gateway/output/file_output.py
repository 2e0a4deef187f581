"""Speech on its way into a file, so that nothing but a whole file ever bears the file's name.

While `OUT` is being spoken there are three files beside it:

    OUT.part.json   the journal: which text and options, and which sentences are complete; locked by its writer
    OUT.part.pcm    the spool: the sound of those sentences, and of the one being spoken
    OUT.part        the encoded file as far as it is made, always made from the spool

`finish` makes OUT.part whole and durable, renames it to OUT in one step, and removes the others, the journal last:
so parts without a journal are somebody else's, and are left alone. Whatever ends the process before that leaves the
three, from which `resume` goes on behind the last complete sentence; the result has the same samples as if nothing
had happened, and the same bytes.
An older OUT stays as it is until the new one takes its place.
"""

import os
import shlex
import zlib
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.cli.render.duration import clock_face
from gateway.output.journal import JournalMark, OutputJournal, TextFingerprint
from gateway.output.partial_files import PartialFiles, last_whole, refuse_foreign_parts, refuse_to_lose, sentences_of
from gateway.output.pcm_spool import PcmSpool
from seriatim.audio.encoder import Encoder, open_encoder
from seriatim.audio.formats import AudioFormat
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import BadInput, EmptyText, Unwritable

_BLOCK_BYTES = 1 << 16  #: from the spool to the encoder: 1.4 s at 24 kHz

#: How many times the new sound is encoded at each write while the encoder is behind, which it is after a resume:
#: 10 hours of Opus take 9 minutes, during which no worker should stand still because nobody takes what it speaks.
_CATCH_UP = 8


class FileOutput:
    """A file that is being spoken. After an error there is nothing to do but `abandon`."""

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
        self._encoder: Encoder | None = None
        self._encoded_bytes = 0  #: how much of the spool the encoder has had
        self._closed = False
        with translate_write_errors(parts.output):
            self._part_fd = os.open(parts.part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)

    @classmethod
    def create(
        cls, output: str, audio_format: AudioFormat, fingerprint: TextFingerprint, *, restart: bool = False
    ) -> Self:
        """Begin a new file.

        Args:
            output: the file's path, in a directory that exists.
            audio_format: how it is to be encoded.
            fingerprint: what a later `resume` must find the same.
            restart: throw away what an interrupted run left.

        Raises:
            Unwritable: no such directory, no permission, or another process is writing the same file.
            BadInput: an interrupted run left sound that would be lost.
        """
        parts = PartialFiles.of(output)
        if not restart:
            refuse_foreign_parts(parts)
        with ExitStack() as undo:
            journal = OutputJournal.open(parts.journal, output, create=True)
            undo.callback(journal.close)
            if not restart:
                refuse_to_lose(parts, journal)
            undo.pop_all()
            undo.callback(journal.remove)
            with translate_write_errors(output):
                journal.begin(fingerprint)
                spool = PcmSpool(parts.spool, fresh=True)
            undo.callback(spool.remove)
            created = cls(parts, audio_format, journal, spool, JournalMark(0, 0, 0, None))
            undo.pop_all()
        return created

    @classmethod
    def resume(cls, output: str, audio_format: AudioFormat, fingerprint: TextFingerprint) -> Self:
        """Go on with a file that was interrupted, behind its last complete sentence (`sentences_done`).

        Reads the whole spool once to see that it is what was written (about 1 s for 10 hours of sound). The encoder
        begins again from the start of the spool and catches up while new sound is written, at the latest in `finish`.

        Raises:
            BadInput: there is nothing to resume, or the text or an option is not the same.
            Unwritable: no permission, or another process is writing the same file.
        """
        parts = PartialFiles.of(output)
        if not parts.journal.exists():
            state = "it is whole" if parts.path.exists() else "nothing was begun"
            raise BadInput(f"cannot resume {output}: {state}; speak it without --resume")
        with ExitStack() as undo:
            journal = OutputJournal.open(parts.journal, output, create=False)
            undo.callback(journal.close)
            marks = sentences_of(parts, journal, fingerprint)
            with translate_write_errors(output):
                spool = PcmSpool(parts.spool, fresh=False)
                undo.callback(spool.close)
                size, last = last_whole(marks, spool)
                journal.cut(size)
                spool.cut(last.end)
            resumed = cls(parts, audio_format, journal, spool, last)
            undo.pop_all()
        return resumed

    @property
    def sentences_done(self) -> int:
        """Complete sentences, and so the 0-based number of the next one."""
        return self._last.sentences

    @property
    def bytes_done(self) -> int:
        """Bytes of sound of the complete sentences."""
        return self._last.end

    @property
    def ms_done(self) -> float:
        """How long the complete sentences last."""
        return ms_of_bytes(self._last.end, self._last.rate_hz) if self._last.rate_hz else 0.0

    @property
    def advice(self) -> str:
        """What to tell somebody who has interrupted this run; "" if nothing is kept."""
        if not self.bytes_done:
            return ""
        kept = f"{self.sentences_done} sentences ({clock_face(self.ms_done / 1000)} of sound) are kept"
        return f"{kept}; go on with --resume {shlex.quote(self._output)}"

    def write(self, pcm: bytes, rate_hz: int) -> None:
        """Add sound to the sentence being spoken.

        Args:
            pcm: s16le mono, an even number of bytes.
            rate_hz: samples per second, the same in every call and in a resumed run.

        Raises:
            Unwritable: the disk is full, for instance.
            BadInput: the rate is not that of the sound before.
        """
        if self._rate_hz not in (None, rate_hz):
            raise BadInput(f"sound at {rate_hz} Hz after sound at {self._rate_hz} Hz in {self._output}")
        self._rate_hz = rate_hz
        with translate_write_errors(self._output):
            self._spool.append(pcm)
        self._crc32 = zlib.crc32(pcm, self._crc32)
        self._encode(_CATCH_UP * len(pcm))

    def sentence_done(self, seq: int) -> None:
        """Note that sentence `seq` (0-based in the whole text) is complete; an empty one is too.

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
        """Make the file whole and give it its name.

        Raises:
            Unwritable: the disk is full, for instance.
            EmptyText: there was no sound at all.
        """
        if self._rate_hz is None:
            raise EmptyText(f"no sound came of this text; {self._output} is not written")
        self._encode(self._spool.end)
        self._opened(self._rate_hz).close()
        with translate_write_errors(self._output):
            os.fsync(self._part_fd)
            self._parts.part.replace(self._parts.path)
            _make_durable(self._parts.path.parent)
            self._closed = True
            os.close(self._part_fd)
            self._spool.remove()
            self._journal.remove()

    def abandon(self) -> None:
        """Stop here and leave what `resume` needs, or nothing if there is no complete sentence with sound.

        Does nothing after `finish`, or a second time.
        """
        if self._closed:
            return
        self._closed = True
        if self._encoder is not None:
            self._encoder.discard()
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

    def _opened(self, rate_hz: int) -> Encoder:
        if self._encoder is None:
            self._encoder = open_encoder(FileDescriptorOutput(self._part_fd, self._output), self._format, rate_hz)
        return self._encoder

    def _encode(self, budget_bytes: int) -> None:
        """Give the encoder more of the spool, up to `budget_bytes`."""
        stop = min(self._spool.end, self._encoded_bytes + budget_bytes)
        while self._encoded_bytes < stop:
            pcm = self._spool.read(self._encoded_bytes, min(_BLOCK_BYTES, stop - self._encoded_bytes))
            if not pcm or self._rate_hz is None:
                raise Unwritable(f"cannot write {self._output}: {self._parts.spool} was changed by somebody else")
            self._opened(self._rate_hz).write(pcm)
            self._encoded_bytes += len(pcm)


def _make_durable(directory: Path) -> None:
    """See that a rename survives a power cut: fsync(2), "does not ensure that the entry in the directory"."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
