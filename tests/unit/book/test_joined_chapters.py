"""The encoded chapters of an M4B: each by itself, kept, and joined into one file whose chapters are where it says."""

import os
import threading
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from gateway.book.book_assembly import BookAssembly
from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject
from gateway.book.chapter_output import ChapterOutput
from gateway.book.making.book_form import BookForm
from gateway.book.making.write_book import write_book
from gateway.book.one_file.chapter_preparation import ChapterPreparation
from gateway.book.one_file.encoded_chapters import encode_chapter
from gateway.output.running_jobs import RunStopped
from seriatim.errors import BadInput
from seriatim.records import Sentence
from tests.support.process_system import wait_until
from tests.unit.book.spoken_books import RATE_HZ, SENTENCE_SAMPLES, planned, speak

FRAME = 1024


def form(folder: Path, loudness_lufs: float | None = None) -> BookForm:
    folder.mkdir(exist_ok=True)
    output = BookOutput(folder / "out.m4b", "m4b", OutputKind.ONE_FILE, captions=("srt",))
    return BookForm(output, "alto", loudness_lufs)


def spoken_project(plan: BookPlan, folder: Path) -> BookProject:
    """A project whose chapters sound, each by a tone of its own."""
    project = BookProject(folder / "out.m4b.project")
    speak(plan, project)
    for chapter in plan.chapters:
        wave = 9000 * np.sin(2 * np.pi * 300 * chapter.number * np.arange(2 * SENTENCE_SAMPLES) / RATE_HZ)
        soundfile.write(project.audio(chapter.key), wave.astype(np.int16), RATE_HZ, subtype="PCM_16")
    return project


def made(plan: BookPlan, folder: Path, loudness_lufs: float | None = None) -> Path:
    """The file of a book that is spoken in the folder."""
    return write_book(plan, BookProject(folder / "out.m4b.project"), form(folder, loudness_lufs))[1]


def encoded(folder: Path) -> dict[str, int]:
    """The encoded chapters that are kept, by name, and when each was written."""
    found = BookProject(folder / "out.m4b.project").chapters.glob("*.m4a*")
    return {path.name: path.stat().st_mtime_ns for path in found}


def test_each_chapter_sounds_where_its_mark_and_its_captions_say(tmp_path: Path) -> None:
    """Behind each chapter there is silence: a frame, and what fills its last one."""
    plan = planned("One", "Two", "Three")
    spoken_project(plan, tmp_path)
    with av.open(str(made(plan, tmp_path))) as file:
        marks = [(chapter["start"], chapter["end"]) for chapter in file.chapters()]
        time_base = file.chapters()[0]["time_base"] or Fraction(1)
        samples = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    starts = [round(start * time_base * RATE_HZ) for start, _ in marks]
    padded = -(-2 * SENTENCE_SAMPLES // FRAME) * FRAME
    assert starts == [0, padded + FRAME, 2 * (padded + FRAME)]
    assert round(marks[-1][1] * time_base * RATE_HZ) == len(samples) == 3 * padded + 2 * FRAME
    for number, start in enumerate(starts, 1):
        wave = np.sin(2 * np.pi * 300 * number * np.arange(2 * SENTENCE_SAMPLES) / RATE_HZ)
        sound = samples[start : start + len(wave)]
        assert np.corrcoef(wave, sound)[0, 1] > 0.97
        silence = samples[start + padded : start + padded + FRAME]
        assert not len(silence) or np.abs(silence).max() < 0.05
    captions = (tmp_path / "out.srt").read_text("utf-8")
    assert [f"00:00:0{start / RATE_HZ:.3f} -->".replace(".", ",") in captions for start in starts] == [True] * 3


def test_only_a_changed_chapter_is_encoded_again(tmp_path: Path) -> None:
    plan, new = planned("One", "Two"), planned("New", first=7)
    spoken_project(plan, tmp_path)
    made(plan, tmp_path)
    before = encoded(tmp_path)
    spoken_project(new, tmp_path)
    changed = replace(plan, chapters=(plan.chapters[0], *new.chapters))
    again = made(changed, tmp_path).read_bytes()
    after = encoded(tmp_path)
    assert (len(before), len(after), len(before.items() & after.items())) == (2, 2, 1)

    (tmp_path / "anew").mkdir()
    spoken_project(changed, tmp_path / "anew")
    assert made(changed, tmp_path / "anew").read_bytes() == again


def test_another_gain_encodes_every_chapter_again(tmp_path: Path) -> None:
    plan = planned("One", "Two")
    spoken_project(plan, tmp_path)
    made(plan, tmp_path)
    before = encoded(tmp_path)
    made(plan, tmp_path, loudness_lufs=-30)
    after = encoded(tmp_path)
    assert (len(after), before.keys() & after.keys()) == (2, set())


@pytest.mark.parametrize("loudness_lufs", [None, -25])
def test_chapters_prepared_while_others_are_spoken_make_the_same_file(
    tmp_path: Path, loudness_lufs: float | None
) -> None:
    plan = planned("One", "Two", "Three")
    names = ("prepared", "not")
    for name in names:
        (tmp_path / name).mkdir()
        project = spoken_project(plan, tmp_path / name)
        if name == "prepared":
            with ChapterPreparation(plan, project, form(tmp_path / name, loudness_lufs)) as preparation:
                preparation.add(plan.chapters[2])
                pattern = f"{plan.chapters[2].key}*{'.loudness' if loudness_lufs else '.m4a'}"
                wait_until(lambda: list(project.chapters.glob(pattern)), "the chapter is prepared")  # noqa: B023
            left = project.chapters / f"{plan.chapters[1].key}.0.m4a.new"
            left.write_bytes(b"of a run that was killed")
    prepared, unprepared = (made(plan, tmp_path / name, loudness_lufs).read_bytes() for name in names)
    assert prepared == unprepared
    assert len(encoded(tmp_path / "prepared")) == 3


def begin_chapter(preparation: ChapterPreparation, chapter: PlannedChapter) -> ChapterOutput:
    """Speak most of a chapter, which is prepared meanwhile."""
    output = ChapterOutput(preparation.project, chapter)
    preparation.begin(chapter, output)
    output.add_sentence(Sentence("One."))
    pcm = np.random.default_rng(chapter.number).normal(0, 3000, 10 * RATE_HZ).astype("<i2").tobytes()
    for chunk in (pcm[at : at + 30_000] for at in range(0, len(pcm), 30_000)):
        output.write(chunk, RATE_HZ)
    return output


def end_chapter(preparation: ChapterPreparation, chapter: PlannedChapter, output: ChapterOutput) -> None:
    """Speak the rest of a chapter."""
    output.complete_sentence(0)
    output.finish()
    preparation.add(chapter)


def test_a_chapter_is_encoded_while_it_is_spoken_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no thread is free, it is encoded once it is spoken."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    plan, project = planned("One", "Two"), BookProject(tmp_path / "out.m4b.project")
    project.chapters.mkdir(parents=True)
    with ChapterPreparation(plan, project, form(tmp_path)) as preparation:
        outputs = [begin_chapter(preparation, chapter) for chapter in plan.chapters]
        wait_until(lambda: encoded(tmp_path), "its beginning is encoded")
        for chapter, output in reversed([*zip(plan.chapters, outputs, strict=True)]):
            end_chapter(preparation, chapter, output)
    assert plan.chapters[0].key in {name.partition(".")[0] for name in encoded(tmp_path) if name.endswith(".m4a")}
    prepared = made(plan, tmp_path).read_bytes()
    for name in encoded(tmp_path):
        (project.chapters / name).unlink()
    assert made(plan, tmp_path).read_bytes() == prepared


@pytest.mark.parametrize("raises", [True, False])
def test_chapters_whose_speech_ends_early_are_not_encoded_to_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    """Nor waited for."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    plan, project = planned("One", "Two"), BookProject(tmp_path / "out.m4b.project")
    project.chapters.mkdir(parents=True)
    with suppress(RunStopped), ChapterPreparation(plan, project, form(tmp_path)) as preparation:
        outputs = [begin_chapter(preparation, chapter) for chapter in plan.chapters]
        if raises:
            raise RunStopped
    for output in outputs:
        with output:
            """It stays incomplete."""
    assert all(name.endswith(".new") for name in encoded(tmp_path))


def test_a_chapter_that_is_stopped_or_damaged_leaves_no_encoded_file_with_its_name(tmp_path: Path) -> None:
    plan = planned("One")
    project = spoken_project(plan, tmp_path)
    assembly, stopped = BookAssembly.of(plan, project, ""), threading.Event()
    stopped.set()
    with pytest.raises(RunStopped):
        encode_chapter(assembly, assembly.chapters[0], "m4b", stopped)
    project.audio(plan.chapters[0].key).write_bytes(b"damaged")
    with pytest.raises(BadInput, match="is damaged"):
        encode_chapter(assembly, assembly.chapters[0], "m4b")
    assert all(name.endswith(".new") for name in encoded(tmp_path))
