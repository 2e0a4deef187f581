"""The source text of a job, kept beside its recording: the text as it came, and its title.

Jobs that nobody records have neither: their title is what can still be read of their beginning.
"""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gateway.http.recordings import sidecar_files
from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.keys import StreamPosition, ordered_stream
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.records import DrainMode, Sentence
from seriatim.stream_entries import SentenceStart, decode

LONGEST = 80  #: characters of a title that is made here: a line on a wide screen
LOOKED_AT = 4 * LONGEST  #: characters of a text, of which some are spaces
FIRST_FEW = 4  #: sentences that make a title


@dataclass(frozen=True, slots=True)
class SourceText:
    """What a client sent."""

    said: str | Sequence[Sentence | str]
    title: str = ""  #: "": how the text begins


def keep(job: Job, source: SourceText) -> None:
    """Write it beside the recording, if there will be one. May be done twice: the first time counts."""
    if job.drain is not DrainMode.STORE:
        return
    if isinstance(source.said, str):
        sidecar_files.write(job, "text", source.said)
        begins = source.said.lstrip()[:LOOKED_AT]
    else:
        begins = " ".join(each if isinstance(each, str) else each.text for each in source.said[:FIRST_FEW])
    sidecar_files.write(job, "title", source.title or beginning(begins))


def text_of(job: Job) -> Path | None:
    """The file with a job's text; None if it is not kept."""
    path = sidecar_files.place(job, "text")
    return path if os.access(path, os.R_OK) else None


def title_of(job: Job) -> str:
    """As its client said, or how its text begins; "" before that is heard, and when it is not held any more.

    Raises:
        Unavailable: Redis does not answer.
    """
    kept = sidecar_files.read(job, "title")
    if kept is not None:
        return kept
    first = recording_store.first(Path(job.settings.store_dir), job.id)
    return beginning(_joined([first] if first else _streamed(job)))


def beginning(text: str) -> str:
    """A text's first words, on one line of at most LONGEST characters."""
    words = " ".join(text.split())
    if len(words) <= LONGEST:
        return words
    cut = words[: LONGEST - 1]
    whole = cut if words[LONGEST - 1] == " " else cut.rpartition(" ")[0]
    return (whole if len(whole) > LONGEST // 2 else cut).rstrip() + "…"  # some languages have no spaces


def one_line(title: str) -> str:
    """A title as it is kept and shown.

    Raises:
        ValueError: it has characters that nobody can see, and that would mislead whoever reads it.
    """
    line = " ".join(title.split())
    if any(unicodedata.category(char) in ("Cc", "Cs") or unicodedata.bidirectional(char) in BIDI for char in line):
        raise ValueError("printable characters, and none that turn the direction of writing")
    return line


BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})  #: Unicode TR 36, 3.1


def _joined(entries: Iterable[object]) -> str:
    """The texts of the first sentences, as far as they follow each other."""
    texts = []
    for seq, entry in enumerate(entries):
        if not isinstance(entry, SentenceStart) or entry.seq != seq:
            break
        texts.append(entry.text)
    return " ".join(texts)


def _streamed(job: Job) -> list[object]:
    """The markers of the first sentences that are still in the ordered stream, without the sound between them."""
    pipe = job.redis.pipeline(transaction=False)
    for seq in range(FIRST_FEW):
        at = str(StreamPosition(seq + 1, 0))
        pipe.xrange(ordered_stream(job.id), at, at)
    with translate_redis_errors():
        found = cast("list[list[Any]]", pipe.execute())
    return [decode(*row) for rows in found for row in rows]
