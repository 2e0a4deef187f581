"""The loudness of a book: measured chapter by chapter, once; all chapters get one gain, and keep their relation."""

import math
from functools import partial

from gateway.book.book_assembly import BookAssembly, SpokenChapter, chapter_audio
from gateway.book.book_project import BookProject
from gateway.output.all_cores import run_on_all_cores
from seriatim.audio.loudness import BlockLoudnessMeter, integrated_loudness

GAIN_STEPS_PER_DB = 10  #: so that a change of one chapter seldom changes the files of the others
LARGEST_GAIN_DB = 40.0  #: more would make speech of its own noise


def gain_to(assembly: BookAssembly, target_lufs: float) -> float:
    """The gain in dB that brings a book to a loudness in LUFS.

    Raises:
        BadInput: a file of the project is damaged.
    """
    calls = (partial(measure_loudness, assembly.project, chapter) for chapter in assembly.chapters)
    histograms = run_on_all_cores(calls, "loudness")
    loudness = integrated_loudness(histograms)
    if math.isinf(loudness):
        return 0.0
    gain = round((target_lufs - loudness) * GAIN_STEPS_PER_DB) / GAIN_STEPS_PER_DB
    return min(gain, LARGEST_GAIN_DB)


def measure_loudness(project: BookProject, chapter: SpokenChapter) -> dict[int, int]:
    """The loudness of a chapter's blocks, by `BlockLoudnessMeter`: measured once, and kept.

    Raises:
        BadInput: a file of the project is damaged.
        Unwritable: the disk is full, for instance.
    """
    key = chapter.plan.key
    if (known := project.read_loudness(key)) is not None:
        return known
    meter = BlockLoudnessMeter(chapter.record.rate_hz)
    for pcm in chapter_audio(project, chapter):
        meter.write(pcm)
    project.write_loudness(key, meter.histogram())
    return meter.histogram()
