"""The loudness of a book: measured chapter by chapter, once; all chapters get one gain, and keep their relation."""

import math
import os
from concurrent.futures import ThreadPoolExecutor

from gateway.book.book_assembly import BookAssembly, SpokenChapter, chapter_audio
from gateway.book.book_project import BookProject
from seriatim.audio.loudness import BlockLoudnessMeter, integrated_loudness

GAIN_STEPS_PER_DB = 10  #: so that a change of one chapter seldom changes the files of the others
LARGEST_GAIN_DB = 40.0  #: more would make speech of its own noise


def gain_to(assembly: BookAssembly, target_lufs: float) -> float:
    """The gain in dB that brings a book to a loudness in LUFS.

    Raises:
        BadInput: a file of the project is damaged.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="loudness") as executor:
        histograms = list(executor.map(lambda chapter: _histogram(assembly.project, chapter), assembly.chapters))
    loudness = integrated_loudness(histograms)
    if math.isinf(loudness):
        return 0.0
    gain = round((target_lufs - loudness) * GAIN_STEPS_PER_DB) / GAIN_STEPS_PER_DB
    return min(gain, LARGEST_GAIN_DB)


def _histogram(project: BookProject, chapter: SpokenChapter) -> dict[int, int]:
    """The loudness of a chapter's blocks, measured once and kept."""
    key = chapter.plan.key
    if (known := project.read_loudness(key)) is not None:
        return known
    meter = BlockLoudnessMeter(chapter.record.rate_hz)
    for pcm in chapter_audio(project, chapter):
        meter.write(pcm)
    project.write_loudness(key, meter.histogram())
    return meter.histogram()
