"""Partial gaps: the sentences that are missing in an unfinished output, kept for the run that completes it.

`OUT.part.gaps` has a line of JSON for each: its number in the text (0-based), and the reason. It lies beside the
journal, and is of no use without it. A line is written before the journal counts its sentence as complete.
"""

import json
from typing import Self

from gateway.output.partial_files import PartialFiles
from seriatim.audio.output_file import translate_write_errors
from seriatim.stream_entries import Gap

GAPS_ENDING = ".part.gaps"


class PartialGaps:
    """The gaps of an output so far. Leaving its context removes the file unless the output can be resumed."""

    def __init__(self, output: str) -> None:
        parts = PartialFiles.of(output)
        self._output, self._journal = output, parts.journal
        self._path = parts.path.with_name(parts.path.name + GAPS_ENDING)
        self._reasons: dict[int, str] = {}  #: by the number of the sentence

    def begin(self, sentences_done: int) -> None:
        """Read the gaps in the complete sentences of an interrupted run; the other sentences are spoken again.

        Raises:
            Unwritable: no permission, or the disk is full.
        """
        with translate_write_errors(self._output):
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
            found = dict(filter(None, map(_gap, lines)))
            self._reasons = {seq: reason for seq, reason in found.items() if seq < sentences_done}
            if lines:
                self._path.write_text("".join(_line(*gap) for gap in self._reasons.items()), "ascii")

    def add(self, gap: Gap) -> None:
        """Keep a gap; `seq` counts from the start of the text.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        self._reasons[gap.seq] = gap.reason
        with translate_write_errors(self._output), self._path.open("a", encoding="ascii") as file:
            file.write(_line(gap.seq, gap.reason))

    def messages(self) -> tuple[str, ...]:
        """All gaps, in the order of the text."""
        return tuple(f"sentence {seq}: {reason}" for seq, reason in sorted(self._reasons.items()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._journal.exists():
            self._path.unlink(missing_ok=True)


def _line(seq: int, reason: str) -> str:
    return json.dumps([seq, reason]) + "\n"


def _gap(line: bytes) -> tuple[int, str] | None:
    """The gap of a line; None if it is not whole."""
    try:
        seq, reason = json.loads(line)
        return int(seq), str(reason)
    except (ValueError, TypeError):
        return None
