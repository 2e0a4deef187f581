"""Doubtful sentences of a book, found in the audio of its project."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.chapter_quality import chapter_figures
from gateway.book.chapter_samples import chapter_samples
from gateway.book.recognised_text import SpeechRecogniser
from gateway.book.sentence_quality import SentenceAudio, doubts_of
from gateway.book.speak_chapters import corrections_done
from seriatim.errors import BadInput


@dataclass(frozen=True, slots=True)
class ListedSentence:
    """A sentence of a book, with the reasons to doubt it."""

    chapter: PlannedChapter
    record: ChapterRecord  #: of the chapter
    seq: int  #: in its chapter, 0-based
    doubts: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """As in --sentence, such as 2.14."""
        return f"{self.chapter.number}.{self.seq + 1}"

    @property
    def text(self) -> str:
        """As it was spoken."""
        return self.record.texts[self.seq]

    @property
    def start_s(self) -> float:
        """From the beginning of its chapter."""
        return self.record.spans()[self.seq][0] / self.record.rate_hz

    def pcm(self, project: BookProject) -> bytes:
        """The audio, s16le mono.

        Raises:
            BadInput: the file of its chapter is damaged.
        """
        path = project.audio(self.chapter.key)
        return b"".join(chapter_samples(path, self.record.n_samples, *self.record.spans()[self.seq]))


def current_record(project: BookProject, chapter: PlannedChapter) -> ChapterRecord:
    """The record of a chapter as the document has it now.

    Raises:
        BadInput: it is not spoken yet.
    """
    if not project.is_spoken(chapter.key):
        if corrections_done(chapter, project) is not None:
            unfinished = f"a correction of chapter {chapter.number} is not spoken yet"
            raise BadInput(f"{unfinished}; run the command that makes the book again, or correct the sentence anew")
        changed = f"chapter {chapter.number} is not spoken as the document has it now"
        raise BadInput(f"{changed}; run the command that makes the book again, then correct it")
    return project.read_record(chapter.key)


def listed_sentences(
    plan: BookPlan, project: BookProject, words: str = "", recogniser: SpeechRecogniser | None = None
) -> Iterator[ListedSentence]:
    """The doubtful sentences of a book, or with `words` those in whose text they occur.

    A recogniser finds more doubts.

    Raises:
        BadInput: a chapter is not spoken yet, or a file of the project is damaged.
    """
    sentences: list[ListedSentence] = []
    figures: list[SentenceAudio] = []
    for chapter in plan.chapters:
        record = current_record(project, chapter)
        figures += chapter_figures(project, chapter.key, record, plan.language or "en")
        sentences += [ListedSentence(chapter, record, seq) for seq in range(len(record.ends))]
    for one, sound_doubts in zip(sentences, doubts_of(figures), strict=True):
        text_doubts = recogniser.doubts(one.text, one.pcm(project), one.record.rate_hz) if recogniser else ()
        doubts = (*sound_doubts, *text_doubts)
        if (words.lower() in one.text.lower()) if words else doubts:
            yield ListedSentence(one.chapter, one.record, one.seq, doubts)
