"""The files of an unfinished output, and what an interrupted run has left in them.

See `gateway.output.file_output` for what each of them is.
"""

import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gateway.output.journal import JournalMark, OutputJournal, TextFingerprint
from gateway.output.pcm_spool import PcmSpool
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import BadInput, Unwritable


@dataclass(frozen=True, slots=True)
class PartialFiles:
    """Where an output and its unfinished parts lie."""

    output: str  #: as the user wrote it, for messages
    path: Path  #: the file itself, behind symbolic links
    part: Path  #: what is encoded so far
    spool: Path
    journal: Path

    @classmethod
    def of(cls, output: str) -> Self:
        """The parts of `output`.

        Raises:
            Unwritable: it is a directory, or read-only.
        """
        with translate_write_errors(output):
            try:
                mode = Path(output).stat().st_mode
            except FileNotFoundError:
                mode = None
            path = Path(output).resolve()
        if mode is not None and stat.S_ISDIR(mode):
            raise Unwritable(f"cannot write {output}: it is a directory")
        if mode is not None and not os.access(path, os.W_OK):
            raise Unwritable(f"cannot write {output}: it is read-only")
        part, spool, journal = (path.with_name(path.name + end) for end in (".part", ".part.pcm", ".part.json"))
        return cls(output, path, part, spool, journal)


def refuse_foreign_parts(parts: PartialFiles) -> None:
    """See that no part is in the way that belongs to somebody else: ours always lie beside a journal.

    Raises:
        Unwritable: one is.
    """
    if parts.journal.exists():
        return
    for path in (parts.part, parts.spool):
        if path.exists():
            raise Unwritable(f"cannot write {parts.output}: {path} is in the way and not ours; move or delete it")


def refuse_to_lose(parts: PartialFiles, journal: OutputJournal) -> None:
    """See that no interrupted run has left sound: it may be hours of it.

    Raises:
        BadInput: one has; the message says how much and how to go on.
    """
    if not parts.spool.exists() or not parts.spool.stat().st_size:
        return
    found = journal.read()
    if found is None:
        raise BadInput(f"{parts.journal} cannot be read; speak all of {parts.output} anew with --restart")
    *_, (_, last) = found[1]
    if last.end:
        raise BadInput(
            f"an interrupted run has left {last.sentences} sentences of {parts.output}; "
            f"go on with --resume {shlex.quote(parts.output)}, or speak all of it anew with --restart"
        )


def sentences_of(
    parts: PartialFiles, journal: OutputJournal, now: TextFingerprint
) -> Iterator[tuple[int, JournalMark]]:
    """What the journal says of an interrupted run of the same text, as `OutputJournal.read` gives it.

    Raises:
        BadInput: the text or an option is not the same, or the journal cannot be read.
    """
    found = journal.read()
    if found is None:
        raise BadInput(
            f"cannot resume {parts.output}: {parts.journal} cannot be read; speak all of it anew with --restart"
        )
    before, marks = found
    changes = before.changes(now)
    if changes:
        raise BadInput(f"cannot resume {parts.output}: {'; '.join(changes)}")
    return marks


def last_whole(marks: Iterator[tuple[int, JournalMark]], spool: PcmSpool) -> tuple[int, JournalMark]:
    """The last sentence whose sound, like that of all before it, is in the spool as it was written."""
    kept = next(marks)
    for size, mark in marks:
        if spool.crc32(kept[1].end, mark.end) != mark.crc32:
            break
        kept = size, mark
    return kept
