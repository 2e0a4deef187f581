"""The corrected chapter as an output: its audio with some sentences spoken again, and the rest as it was.

The rest is copied sample by sample from the chapter without those corrections, whose file stays until the book is
complete. Until `finish` nothing is written, so an interrupted correction is spoken again.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

from gateway.book.book_plan import PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.chapter_samples import chapter_samples
from gateway.book.corrections import SEED_STEP, Correction, corrected_key
from seriatim.audio.encoder import open_encoder
from seriatim.audio.formats import format_named
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.errors import BadInput
from seriatim.records import Sentence
from seriatim.stream_entries import Gap


@dataclass(slots=True)
class CorrectedSentence:
    """The new audio of one sentence; its text may be several sentences by now."""

    seq: int  #: in the chapter, 0-based
    texts: list[str]
    pcm: bytearray = field(default_factory=bytearray)


class ChapterCorrections:
    """Writes a corrected chapter of a project from an earlier version of it."""

    def __init__(self, project: BookProject, chapter: PlannedChapter, n_done: int) -> None:
        """Correct a chapter, whose version with the first `n_done` corrections is spoken.

        Raises:
            BadInput: the record of that version is damaged, or has no such sentence.
        """
        self._project, self._chapter = project, chapter
        self._source = corrected_key(chapter.base_key, chapter.corrections[:n_done])
        self._before = project.read_record(self._source)
        self._corrections = {correction.seq: correction for correction in chapter.corrections[n_done:]}
        self._takes: list[CorrectedSentence] = []
        self._parts: list[CorrectedSentence] = []  #: the take of each sentence of the job
        self._gaps: list[str] = []
        self.title = chapter.title
        self.sentences_done, self.ms_done = 0, 0.0
        self._current = 0

    def edit(self, seq: int, sentence: Sentence, read: Callable[[str], Iterable[Sentence]]) -> Iterator[Sentence]:
        """The sentences to speak for sentence `seq` of the chapter; none if it stays as it is."""
        correction = self._corrections.get(seq)
        if correction is None:
            return
        parts = _sentences(correction, sentence, read)
        take = CorrectedSentence(seq, [one.text for one in parts])
        self._takes.append(take)
        self._parts += [take] * len(parts)
        yield from parts

    def add_gap(self, gap: Gap) -> None:
        """Keep that a sentence could not be spoken."""
        self._gaps.append(f"sentence {self._chapter.number}.{self._parts[gap.seq].seq + 1}: {gap.reason}")

    def write(self, pcm: bytes, rate_hz: int) -> None:
        """Add audio (s16le mono) to the sentence being spoken.

        Raises:
            BadInput: the rate differs from that of the chapter.
        """
        if rate_hz != self._before.rate_hz:
            raise BadInput(
                f"audio at {rate_hz} Hz for a chapter at {self._before.rate_hz} Hz; use the engine that made the book"
            )
        self._parts[self._current].pcm += pcm

    def complete_sentence(self, seq: int) -> None:
        """Note that sentence `seq` of the job is complete."""
        self._current = seq + 1

    def finish(self) -> None:
        """Write the corrected chapter: its record first, because a chapter with audio counts as complete.

        Raises:
            Unwritable: the disk is full, for instance.
            BadInput: the audio of the earlier version is damaged.
        """
        takes = {take.seq: take for take in self._takes}
        new = self._project.audio(self._chapter.key).with_suffix(".flac.part")
        _splice(self._project.audio(self._source), self._before, takes, new, self.title)
        self._project.write_record(self._chapter.key, self._record(takes))
        with translate_write_errors(str(new)):
            new.replace(self._project.audio(self._chapter.key))

    def _record(self, takes: Mapping[int, CorrectedSentence]) -> ChapterRecord:
        lengths = [
            len(takes[seq].pcm) // BYTES_PER_SAMPLE if seq in takes else end - start
            for seq, (start, end) in enumerate(self._before.spans())
        ]
        texts = [" ".join(takes[seq].texts) if seq in takes else text for seq, text in enumerate(self._before.texts)]
        again = tuple(f"sentence {self._chapter.number}.{seq + 1}:" for seq in takes)
        gaps = [gap for gap in self._before.gaps if not gap.startswith(again)]
        return replace(self._before, texts=tuple(texts), ends=tuple(accumulate(lengths)), gaps=(*gaps, *self._gaps))


def _sentences(correction: Correction, sentence: Sentence, read: Callable[[str], Iterable[Sentence]]) -> list[Sentence]:
    """The sentences of a correction, with the voice and the pause of the one that they replace."""
    texts = [sentence]
    if correction.text:
        texts = [replace(sentence, text=one.text, pause_ms=one.pause_ms) for one in read(correction.text)]
        texts[-1:] = [replace(one, pause_ms=sentence.pause_ms) for one in texts[-1:]]
    seed = sentence.seed + SEED_STEP * correction.take
    return [replace(one, seed=(seed + i) % 2**63) for i, one in enumerate(texts)]


def _splice(source: Path, record: ChapterRecord, takes: Mapping[int, CorrectedSentence], new: Path, title: str) -> None:
    """Write the audio of a chapter with the takes in place of their sentences."""
    spans = record.spans()
    with translate_write_errors(str(new)):
        fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            encoder = open_encoder(
                FileDescriptorOutput(fd, str(new)), format_named("flac"), record.rate_hz, title=title
            )
            at = 0
            for seq in sorted(takes):
                start, end = spans[seq]
                for pcm in chapter_samples(source, record.n_samples, at, start):
                    encoder.write(pcm)
                encoder.write(bytes(takes[seq].pcm))
                at = end
            for pcm in chapter_samples(source, record.n_samples, at):
                encoder.write(pcm)
            encoder.close()
            os.fsync(fd)
        finally:
            os.close(fd)
