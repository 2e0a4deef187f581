"""The files of chapters in a folder: numbered, tagged, and written again only if they change.

The project keeps what each file was made from, so a run after a change of one chapter leaves the other files alone, and
an interrupted run continues with the file that it was writing. A file gets its name when it is complete. The project
knows the name of a file before it is written, so that a later run can remove it. Files in the folder that the project
does not know are never touched, unless a chapter's file has the same name.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway.book.book_assembly import BookAssembly, SpokenChapter, replace_when_complete
from gateway.book.book_output import BookOutput, safe_name
from gateway.book.companion_files import companion_files
from gateway.output.all_cores import run_on_all_cores
from seriatim.audio.audiobook_file import open_book_file
from seriatim.audio.book_tags import BookTags
from seriatim.audio.output_file import translate_write_errors

VERSION = 1  #: of the files; another version writes all of them again


@dataclass(frozen=True, slots=True)
class ChapterFile:
    """One file of the folder, to be written."""

    name: str
    chapter: SpokenChapter
    tags: BookTags
    fingerprint: str  #: of everything that its bytes depend on


def write_chapter_files(assembly: BookAssembly, output: BookOutput) -> Path:
    """Write the files that are missing or changed, and remove those of an earlier run; returns their folder.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
    """
    folder = output.book_folder(assembly.plan)
    files = chapter_files(assembly, output)
    with translate_write_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        before = assembly.project.read_files()
        done = {
            file.name for file in files if before.get(file.name) == file.fingerprint and (folder / file.name).exists()
        }
        changed = [file for file in files if file.name not in done]
        others = companion_files(assembly, folder, output, before, {file.name: file.chapter for file in files})
        unwritten = dict.fromkeys([*(file.name for file in changed), *others], "")
        assembly.project.write_files(before | unwritten)
        _write_all(assembly, folder, output.encoding, changed)
        for name, content in others.items():
            new = _unfinished(folder, name)
            new.write_bytes(content())
            new.replace(folder / name)
        now = {file.name: file.fingerprint for file in files} | dict.fromkeys(others, "")
        remove_files(folder, before.keys() - now.keys())
        assembly.project.write_files(now)
    return folder


def chapter_files(assembly: BookAssembly, output: BookOutput) -> list[ChapterFile]:
    """The files of the chapters, in order, by name."""
    chapters, tags = assembly.chapters, assembly.tags
    digits = max(2, len(str(len(chapters))))
    files = []
    for track, chapter in enumerate(chapters, 1):
        own = assembly.chapter_tags(chapter, track)
        name = f"{track:0{digits}} - {safe_name(chapter.plan.title)}.{output.format_name}"
        content = [
            VERSION, chapter.plan.key, output.encoding, own.metadata(), hashlib.sha256(tags.cover).hexdigest(),
            assembly.gain_db, *([] if assembly.room_tone_db is None else [assembly.room_tone_db]),
        ]  # fmt: skip
        files.append(ChapterFile(name, chapter, own, hashlib.sha256(json.dumps(content).encode()).hexdigest()))
    return files


def _write_all(assembly: BookAssembly, folder: Path, encoding: str, files: Sequence[ChapterFile]) -> None:
    """Encode the files, on all cores: the encoders release Python's lock."""

    def write(file: ChapterFile) -> None:
        new = _unfinished(folder, file.name)
        encoder = open_book_file(str(new), encoding, assembly.rate_hz, file.tags)
        replace_when_complete(encoder, assembly.chapter_audio(file.chapter, encoding), new, folder / file.name)
        done[file.name] = file.fingerprint

    done = assembly.project.read_files()
    try:
        run_on_all_cores((partial(write, file) for file in files), "chapter file")
    finally:
        assembly.project.write_files(dict(done))


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files of a book, and what an interrupted run has left of them."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
        _unfinished(folder, name).unlink(missing_ok=True)


def _unfinished(folder: Path, name: str) -> Path:
    """The path of a file until it is complete."""
    return folder / f".{name}.part"
