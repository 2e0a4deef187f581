"""Figures of a chapter's sentences, measured once: the project keeps them beside the audio, which never changes."""

from collections.abc import Iterator

from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.chapter_samples import chapter_samples
from gateway.book.sentence_quality import SentenceAudio, measure_sentence
from seriatim.text.duration_estimate import estimate_ms


def chapter_figures(project: BookProject, key: str, record: ChapterRecord, language: str) -> list[SentenceAudio]:
    """The figures of each sentence; measured, at some hundred times real time, unless they are known.

    Raises:
        BadInput: the audio is damaged.
        Unwritable: they cannot be kept.
    """
    if (known := known_figures(project, key, record, language)) is not None:
        return known
    found = [
        measure_sentence(pcm, record.rate_hz, estimate_ms(text, language), text)
        for text, pcm in zip(record.texts, _sentences(project, key, record), strict=True)
    ]
    project.write_quality(key, language, found)
    return found


def known_figures(project: BookProject, key: str, record: ChapterRecord, language: str) -> list[SentenceAudio] | None:
    """The figures of each sentence, if they were measured."""
    found = project.read_quality(key, language)
    return found if found is not None and len(found) == len(record.ends) else None


def _sentences(project: BookProject, key: str, record: ChapterRecord) -> Iterator[bytes]:
    """The audio of each sentence, s16le mono; the file is read once."""
    blocks, held, at = chapter_samples(project.audio(key), record.n_samples), bytearray(), 0
    for end in record.ends:
        n_bytes = 2 * (end - at)
        while len(held) < n_bytes:
            held += next(blocks)
        yield bytes(held[:n_bytes])
        del held[:n_bytes]
        at = end
