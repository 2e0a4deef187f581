"""The read-along file of a book: the audio of each chapter, encoded on all cores, in an EPUB with pages and overlays.

The file is a zip archive with fixed dates and no compression of audio: the same book has the same bytes.
"""

import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from gateway.book.book_assembly import BookAssembly, replace_when_complete
from gateway.book.read_along.read_along_chapter import ReadAlongChapter
from gateway.book.read_along.read_along_package import CONTAINER, STYLE, ReadAlongPackage
from gateway.output.all_cores import run_on_all_cores
from seriatim.audio.audiobook_file import open_book_file
from seriatim.audio.book_tags import cover_name
from seriatim.audio.output_file import translate_write_errors

AUDIO_FORMAT = "m4a"  #: AAC in MP4, which every reader of EPUB plays, and in which each sample can be found
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")  #: of BCP 47; documents state what they like
_DATE = (1980, 1, 1, 0, 0, 0)  #: the first that a zip archive can hold


def write_read_along(assembly: BookAssembly, output: Path) -> None:
    """Write the book as EPUB 3 with media overlays, which gets its name when it is complete.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
    """
    chapters = [ReadAlongChapter(chapter, number) for number, chapter in enumerate(assembly.chapters, 1)]
    folder, new = assembly.project.folder / "epub.new", assembly.project.folder / "book.epub.new"
    with translate_write_errors(str(output)):
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        folder.mkdir()
        try:
            _encode_all(assembly, chapters, folder)
            _write_archive(new, assembly, chapters, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(output)


def _encode_all(assembly: BookAssembly, chapters: list[ReadAlongChapter], folder: Path) -> None:
    """Encode the audio of the chapters, on all cores: the encoders release Python's lock."""

    def encode(one: ReadAlongChapter) -> None:
        new = folder / f"{one.stem}.new"
        tags = replace(assembly.chapter_tags(one.chapter, one.number), cover=b"")
        encoder = open_book_file(str(new), AUDIO_FORMAT, assembly.rate_hz, tags)
        replace_when_complete(encoder, assembly.chapter_audio(one.chapter, AUDIO_FORMAT), new, _encoded(folder, one))

    run_on_all_cores((partial(encode, one) for one in chapters), "read-along")


def _write_archive(new: Path, assembly: BookAssembly, chapters: list[ReadAlongChapter], folder: Path) -> None:
    with zipfile.ZipFile(new, "w") as archive:
        for name, content in _small_files(assembly, chapters):
            # a reader recognizes the archive by the uncompressed type at its beginning
            compression = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, compression)
        for one in chapters:
            entry = zipfile.ZipInfo(f"EPUB/{one.audio_name}", _DATE)
            entry.file_size = _encoded(folder, one).stat().st_size
            with _encoded(folder, one).open("rb") as audio, archive.open(entry, "w") as member:
                shutil.copyfileobj(audio, member)


def _small_files(assembly: BookAssembly, chapters: list[ReadAlongChapter]) -> Iterator[tuple[str, bytes]]:
    """The files beside the audio, by name, the type of the archive first."""
    tags, project = assembly.tags, assembly.project
    modified_s = max(int(project.audio(one.chapter.plan.key).stat().st_mtime) for one in chapters)
    language = tags.language if LANGUAGE_TAG.fullmatch(tags.language) else ""
    package = ReadAlongPackage(tags, assembly.plan.authors, chapters, language, modified_s)
    yield "mimetype", b"application/epub+zip"
    yield "META-INF/container.xml", CONTAINER.encode()
    yield "EPUB/package.opf", package.package().encode()
    yield "EPUB/contents.xhtml", package.contents().encode()
    yield "EPUB/style.css", STYLE.encode()
    if tags.cover:
        yield f"EPUB/{cover_name(tags.cover)}", tags.cover
    for one in chapters:
        yield f"EPUB/{one.page_name}", one.page(language).encode()
        yield f"EPUB/{one.stem}.smil", one.overlay().encode()


def _encoded(folder: Path, one: ReadAlongChapter) -> Path:
    return folder / f"{one.stem}.{AUDIO_FORMAT}"
