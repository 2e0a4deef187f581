"""Outputs of `seriatim book` beside M4B: one file of another format, a folder of chapters, a library."""

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import soundfile

from gateway.book.book_project import BookProject
from tests.support.book_files import HARBOUR, SEA, book, cover_codecs, probe, probe_tags
from tests.support.command_line import TONE, seriatim

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
XHTML, SMIL = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/ns/SMIL}"
ROLE = "{http://www.idpf.org/2007/opf}role"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("ending", "more"),
    [
        ("mp3", []),
        pytest.param("opus", [], marks=pytest.mark.thorough),
        pytest.param("m4b", ["--codec", "opus"], marks=pytest.mark.thorough),
    ],
)
def test_one_file_has_its_chapters_cover_and_tags(tmp_path: Path, ending: str, more: list[str]) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / f"out.{ending}"
    done = seriatim("book", source, "-o", out, "--captions", "vtt", "--json", "--voice", "tenor", *more, *TONE)
    assert done.returncode == 0, done.stderr.decode()
    captions = [line for line in (tmp_path / "out.vtt").read_text("utf-8").splitlines() if line.endswith((".", "?"))]
    assert captions == [*HARBOUR, *SEA]
    first_s, second_s = (chapter["audio_s"] for chapter in json.loads(done.stdout)["chapters"])
    chapters = probe(out)["chapters"]
    assert [chapter["tags"]["title"] for chapter in chapters] == ["Harbour", "Sea"]
    assert [float(chapter["start_time"]) for chapter in chapters] == pytest.approx([0, first_s], abs=0.002)
    assert float(chapters[1]["end_time"]) == pytest.approx(first_s + second_s, abs=0.02)
    tags = probe_tags(out)
    assert (tags["title"], tags["artist"], tags["composer"]) == (
        "The Harbour & the Sea", "Anna Berg, Ben Cole", "tenor",
    )  # fmt: skip
    assert cover_codecs(out) == ["png"]


@pytest.mark.thorough
def test_a_book_to_read_along_has_the_audio_of_each_sentence(tmp_path: Path) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / "out.epub"
    done = seriatim("book", source, "-o", out, "--json", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    first_s = json.loads(done.stdout)["chapters"][0]["audio_s"]
    with zipfile.ZipFile(out) as archive:
        page = ElementTree.fromstring(archive.read("EPUB/chapter-001.xhtml"))  # written by the command
        overlay = ElementTree.fromstring(archive.read("EPUB/chapter-001.smil"))
        audio = Path(archive.extract("EPUB/audio/chapter-001.m4a", tmp_path))
    headings = [element[0].text for element in page.iter(f"{XHTML}h1")]
    paragraphs = [[span.text for span in element] for element in page.iter(f"{XHTML}p")]
    assert (headings, paragraphs) == (["Harbour"], [HARBOUR])
    clips = [pair[1].attrib for pair in overlay.iter(f"{SMIL}par")]
    assert len(clips) == 1 + len(HARBOUR)
    assert [clip["clipBegin"] for clip in clips[1:]] == [clip["clipEnd"] for clip in clips[:-1]]
    assert clips[-1]["clipEnd"] == f"{first_s:.3f}s"
    assert float(probe(audio)["format"]["duration"]) == pytest.approx(first_s, abs=0.2)


@pytest.mark.parametrize(
    "format_name", ["flac", *(pytest.param(f, marks=pytest.mark.thorough) for f in ("mp3", "opus", "m4a"))]
)
@pytest.mark.thorough
def test_a_folder_has_a_tagged_file_for_each_chapter(tmp_path: Path, format_name: str) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / "out"
    done = seriatim("book", source, "-o", out, "--format", format_name, "--json", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    files = [out / f"01 - Harbour.{format_name}", out / f"02 - Sea.{format_name}"]
    assert names(out) == [*(file.name for file in files), "cover.png"]
    for track, (file, chapter) in enumerate(zip(files, json.loads(done.stdout)["chapters"], strict=True), 1):
        tags = probe_tags(file)
        assert (tags["album"], tags["title"], tags["track"]) == (
            "The Harbour & the Sea", chapter["title"], f"{track}/2",
        )  # fmt: skip
        assert cover_codecs(file) == ["png"]
        assert float(probe(file)["format"]["duration"]) == pytest.approx(chapter["audio_s"], abs=0.15)
    if format_name == "flac":
        masters = [
            soundfile.read(path, dtype="int16")[0].tobytes()
            for path in BookProject.of(str(out)).chapters.glob("*.flac")
        ]
        assert {soundfile.read(file, dtype="int16")[0].tobytes() for file in files} == set(masters)


@pytest.mark.thorough
def test_only_the_file_of_a_changed_chapter_is_written_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = book(tmp_path / "in.epub", HARBOUR, SEA, ["At home."])
    assert seriatim("book", first, "-o", f"{out}/", *TONE).returncode == 0
    (out / "notes.txt").write_text("mine")
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}

    changed = book(tmp_path / "in.epub", HARBOUR, SEA, ["At home, now."])
    assert seriatim("book", changed, "-o", f"{out}/", *TONE).returncode == 0
    after = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert {name for name in before if before[name] != after[name]} - {"cover.png"} == {"03 - Home.mp3"}

    shorter = book(tmp_path / "in.epub", HARBOUR, titles=("Port",))
    assert seriatim("book", shorter, "-o", f"{out}/", *TONE).returncode == 0
    assert names(out) == ["01 - Port.mp3", "cover.png", "notes.txt"], "files of chapters that are gone are removed"


def test_a_library_has_the_book_by_author_and_title_with_its_metadata(tmp_path: Path) -> None:
    source, library = book(tmp_path / "in.epub", HARBOUR, SEA, titles=("Harbour: a/b?", "Sea")), tmp_path / "books"
    done = seriatim("book", source, "-o", library, "--library", "--voice", "tenor", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    folder = library / "Anna Berg, Ben Cole" / "The Harbour & the Sea"
    assert names(library) == ["Anna Berg, Ben Cole"], "a media server finds nothing but books"
    assert names(folder) == ["01 - Harbour a b.mp3", "02 - Sea.mp3", "cover.png", "metadata.opf"]
    metadata = ElementTree.parse(folder / "metadata.opf").getroot()  # written by the command
    people = {(element.get(ROLE), element.text) for element in metadata.iter(f"{DUBLIN_CORE}creator")}
    assert people == {("aut", "Anna Berg"), ("aut", "Ben Cole"), ("nrt", "tenor")}
    assert [element.text for element in metadata.iter(f"{DUBLIN_CORE}title")] == ["The Harbour & the Sea"]
