"""Partial files of an unfinished output, and the sentences that an interrupted run left in them.

`gateway.output.file_output` describes each of them.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gateway.output.journal import JournalMark, OutputJournal, TextFingerprint
from gateway.output.pcm_spool import PcmSpool
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import BadInput, Unwritable

JOURNAL_ENDING = ".part.json"
PARTIAL_ENDINGS = (".part", ".part.pcm", JOURNAL_ENDING)  #: of their names, behind the output's


@dataclass(frozen=True, slots=True)
class PartialFiles:
    """The paths of an output and of its partial files."""

    output: str  #: as the user wrote it, for messages
    path: Path  #: the file itself, with symbolic links resolved
    part: Path  #: the encoded audio so far
    spool: Path
    journal: Path

    @classmethod
    def of(cls, output: str) -> Self:
        """Derive the paths from `output`.

        Raises:
            Unwritable: it is a directory, or read-only.
        """
        with translate_write_errors(output):
            try:
                mode = Path(output).stat().st_mode
            except FileNotFoundError:
                mode = None
            path = Path(output).resolve()
            part, spool, journal = (path.with_name(path.name + end) for end in PARTIAL_ENDINGS)
            journal.exists()  # raises where the name is too long for it
        if mode is not None and stat.S_ISDIR(mode):
            raise Unwritable(f"cannot write {output}: it is a directory")
        if mode is not None and not os.access(path, os.W_OK):
            raise Unwritable(f"cannot write {output}: it is read-only")
        return cls(output, path, part, spool, journal)


def refuse_foreign_parts(parts: PartialFiles) -> None:
    """Refuse to overwrite files of another program: Seriatim's partial files always have a journal.

    Raises:
        Unwritable: a file with a partial file's name exists, and no journal.
    """
    if parts.journal.exists():
        return
    for path in (parts.part, parts.spool):
        if path.exists():
            raise Unwritable(f"cannot write {parts.output}: {path} is in the way and has no journal; move or delete it")


def refuse_to_discard_audio(parts: PartialFiles, journal: OutputJournal) -> None:
    """Refuse to overwrite the audio of an interrupted run: it may be hours.

    Raises:
        BadInput: there is one; the message says how much it holds and how to continue.
    """
    if not parts.spool.exists() or not parts.spool.stat().st_size:
        return
    content = journal.read()
    if content is None:
        raise BadInput(f"{parts.journal} cannot be read; start {parts.output} again with --restart")
    *_, (_, last) = content[1]
    if last.end:
        raise BadInput(
            f"an interrupted run has left {last.sentences} sentences of {parts.output}; "
            "run the command with --resume to continue it, or with --restart to start again"
        )


def read_resumable_marks(
    parts: PartialFiles, journal: OutputJournal, now: TextFingerprint
) -> Iterator[tuple[int, JournalMark]]:
    """Read the complete sentences of an interrupted run of the same text, in the form of `OutputJournal.read`.

    Raises:
        BadInput: the text or an option has changed, or the journal cannot be read.
    """
    content = journal.read()
    if content is None:
        raise BadInput(f"cannot resume {parts.output}: {parts.journal} cannot be read; start again with --restart")
    before, marks = content
    changes = before.changes(now)
    if changes:
        raise BadInput(f"cannot resume {parts.output}: {'; '.join(changes)}; undo that, or start again with --restart")
    return marks


def last_verified_mark(marks: Iterator[tuple[int, JournalMark]], spool: PcmSpool) -> tuple[int, JournalMark]:
    """The last sentence up to which all audio in the spool matches its checksums."""
    verified = next(marks)
    for size, mark in marks:
        if spool.crc32(verified[1].end, mark.end) != mark.crc32:
            break
        verified = size, mark
    return verified
