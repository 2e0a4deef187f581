"""The source text of a job, stored beside its recording: the text as submitted, and its title.

Jobs that are not recorded have neither; their title is the beginning of their text, as long as that can be read.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from gateway.http.recordings import sidecar_files
from gateway.http.recordings.stored_file import StoredFile
from seriatim.audio.title_tags import TITLE_CHARS, first_words
from seriatim.client.job import Job
from seriatim.keys import StreamPosition, ordered_stream
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.records import DrainMode, Sentence
from seriatim.stream_entries import SentenceStart, decode

EXCERPT_CHARS = 4 * TITLE_CHARS  #: of the text, which may contain much white space
TITLE_SENTENCES = 4  #: that are joined into a title


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text that a client submitted."""

    text: str | Sequence[Sentence | str]
    title: str = ""  #: "": the beginning of the text


def store_source_text(job: Job, source: SourceText) -> None:
    """Store the text and title of a job that is recorded. A second call changes nothing."""
    if job.drain is not DrainMode.STORE:
        return
    if isinstance(source.text, str):
        sidecar_files.write(job, "text", source.text)
        excerpt = source.text.lstrip()[:EXCERPT_CHARS]
    else:
        excerpt = " ".join(each if isinstance(each, str) else each.text for each in source.text[:TITLE_SENTENCES])
    sidecar_files.write(job, "title", source.title or first_words(excerpt))


def replace_title(job: Job, title: str) -> bool:
    """Give a recorded job another title; False if it is not recorded.

    Raises:
        OSError, StoreUnavailable, Misconfigured: the store cannot be written.
    """
    if sidecar_files.find(job, "owner") is None:
        return False
    sidecar_files.replace(job, "title", title)
    sidecar_files.store_of(job).remove_encoded(job.id)
    return True


def text_of(job: Job) -> StoredFile | None:
    """The file with a job's text; None if it is not stored."""
    return sidecar_files.find(job, "text")


def title_of(job: Job) -> str:
    """The title of a job, or the beginning of its text; "" before that is spoken, and once it has expired.

    Raises:
        Unavailable: Redis does not answer.
    """
    title = sidecar_files.read(job, "title")
    if title is not None:
        return title
    first = sidecar_files.store_of(job).first(job.id) if job.drain is DrainMode.STORE else None
    return first_words(_join_texts([first] if first else _streamed_markers(job)))


def normalize_title(title: str) -> str:
    """Normalize a title to one line.

    Raises:
        ValueError: it has invisible characters, or some that change the direction of writing.
    """
    line = " ".join(title.split())
    if any(unicodedata.category(char) in ("Cc", "Cs") or unicodedata.bidirectional(char) in BIDI for char in line):
        raise ValueError("expected printable characters, and none that change the direction of writing")
    return line


BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})  #: Unicode TR 36, 3.1


def _join_texts(entries: Iterable[object]) -> str:
    """Join the texts of the first sentences, up to the first missing one."""
    texts = []
    for seq, entry in enumerate(entries):
        if not isinstance(entry, SentenceStart) or entry.seq != seq:
            break
        texts.append(entry.text)
    return " ".join(texts)


def _streamed_markers(job: Job) -> list[object]:
    """Read the markers of the first sentences that are still in the ordered stream, without their audio."""
    pipe = job.redis.pipeline(transaction=False)
    for seq in range(TITLE_SENTENCES):
        at = str(StreamPosition(seq + 1, 0))
        pipe.xrange(ordered_stream(job.id), at, at)
    with translate_redis_errors():
        replies = cast("list[list[Any]]", pipe.execute())
    return [decode(*row) for rows in replies for row in rows]
