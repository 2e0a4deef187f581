"""A book made one sentence after another in one process, as audiblez and ebook2audiobook make it.

What they do besides speaking is done the same way: the samples of a chapter are joined in memory and written as one WAV
file by soundfile; then the program ffmpeg joins the files (concat) and encodes AAC of 64 kbit/s at the defaults of its
encoder; a second run of it copies that into the M4B with the chapters as metadata. So audiblez does it (some versions
by libfdk_aac); ebook2audiobook writes a file for each sentence besides, which is left out here, as are their models and
the start of their libraries. Where there is no ffmpeg, PyAV encodes with the same defaults.

The engine, its sentences and the pauses behind them are those of the other ways; paragraphs have no longer pause.
"""

import multiprocessing
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import soundfile

from seriatim.audio.audiobook_file import AudiobookFile, BookFormat
from seriatim.audio.book_tags import BookTags, ChapterMark
from seriatim.audio.ffmpeg_encoders import M4A
from seriatim.engine import Engine, Utterance
from seriatim.text.segment import SegmentOptions, segment
from workers.engines.engine_registry import load
from workers.trim_and_fade import TrimFadeFilter

PAUSE_MS = 200
BIT_RATE = 64_000
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SequentialBook:
    """The times of one book, in seconds."""

    engine_s: float  #: in the engine
    book_s: float  #: from the start of the process to the finished file


def sequential_book(engine: str, text: str, output: Path) -> SequentialBook:
    """Make a book of a Markdown text in a process of its own."""
    started_s = time.monotonic()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        engine_s = process.submit(make, engine, text, output).result()
    return SequentialBook(engine_s, time.monotonic() - started_s)


def make(engine: str, text: str, output: Path) -> float:
    """Make a book; returns the seconds that its engine took."""
    loaded, engine_s, lengths, paths = load(engine, {}), 0.0, list[int](), list[Path]()
    titles = _HEADING.findall(text)
    for chapter in re.split(r"^(?=# )", text, flags=re.MULTILINE)[1:]:
        samples = []
        for piece in segment(chapter, SegmentOptions("en", loaded.limit_chars)):
            began_s = time.monotonic()
            samples.append(np.frombuffer(sentence_pcm(loaded, piece.text), "<i2"))
            engine_s += time.monotonic() - began_s
        paths.append(output.with_name(f"chapter_{len(paths) + 1}.wav"))
        soundfile.write(paths[-1], np.concatenate(samples), loaded.rate_hz)
        lengths.append(sum(map(len, samples)))
    ends = [0, *accumulate(lengths)]
    marks = [ChapterMark(title, *span) for title, span in zip(titles, pairwise(ends), strict=True)]
    (_join_by_program if shutil.which("ffmpeg") else _join_by_library)(paths, marks, loaded.rate_hz, output)
    return engine_s


def sentence_pcm(engine: Engine, sentence: str) -> bytes:
    """The sound of a sentence, with the pause behind it."""
    edges = TrimFadeFilter(engine.rate_hz, PAUSE_MS)
    chunks = [edges.feed(chunk.pcm) for chunk in engine.speak(Utterance(sentence), lambda: False)]
    return b"".join([*chunks, edges.finish()])


def _join_by_program(paths: Sequence[Path], marks: Sequence[ChapterMark], rate_hz: int, output: Path) -> None:
    files, chapters, joined = (output.with_name(name) for name in ("files.txt", "chapters.txt", "joined.mp4"))
    files.write_text("".join(f"file '{path}'\n" for path in paths))
    chapters.write_text(
        ";FFMETADATA1\n"
        + "".join(
            f"[CHAPTER]\nTIMEBASE=1/{rate_hz}\nSTART={mark.start}\nEND={mark.end}\ntitle={mark.title}\n"
            for mark in marks
        )
    )
    _ffmpeg("-f", "concat", "-safe", "0", "-i", files, "-c:a", "aac", "-b:a", str(BIT_RATE), joined)
    _ffmpeg("-i", joined, "-i", chapters, "-map", "0:a", "-map_metadata", "1", "-c:a", "copy", "-f", "mp4", output)


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments], check=True)


def _join_by_library(paths: Sequence[Path], marks: Sequence[ChapterMark], rate_hz: int, output: Path) -> None:
    codec = replace(M4A, container="mp4", bit_rate=BIT_RATE, effort={})
    file = AudiobookFile(str(output), BookFormat("m4a", codec), rate_hz, BookTags(), marks)
    for path in paths:
        file.write(soundfile.read(path, dtype="int16")[0].tobytes())
    file.close()
