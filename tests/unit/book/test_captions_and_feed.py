"""Captions beside a book, and its folder of chapters as a podcast."""

import subprocess
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from gateway.book.book_assembly import BookAssembly
from gateway.book.book_captions import caption_text, write_captions
from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.book_project import BookProject
from gateway.book.chapter_files import write_chapter_files
from gateway.book.one_file.audiobook import write_audiobook
from gateway.cli import parser as args
from gateway.cli.commands.book import book_arguments
from seriatim.errors import BadInput
from seriatim.settings import Settings
from tests.support.book_files import probe
from tests.support.command_line import installed
from tests.unit.book.spoken_books import planned, retitled, speak

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
ADDRESS = "https://example.org/a book"


@pytest.fixture
def assembly(tmp_path: Path) -> BookAssembly:
    plan, project = planned("Harbour", "Sea & Shore?"), BookProject(tmp_path / "project")
    speak(plan, project)
    return BookAssembly.of(plan, project, "alto")


def read_captions(path: Path) -> list[tuple[float, float]]:
    """The times of a file of captions, as FFmpeg reads it."""
    command = [installed("ffprobe", package="ffmpeg"), "-v", "error", "-show_entries", "packet=pts_time,duration_time"]
    done = subprocess.run([*command, "-of", "csv=p=0", str(path)], capture_output=True, check=True)
    return [(float(start), float(length)) for start, length in (line.split(b",")[:2] for line in done.stdout.split())]


@pytest.mark.parametrize("caption_format", ["vtt", "srt"])
def test_captions_of_one_file_have_the_sentences_of_all_chapters(
    assembly: BookAssembly, tmp_path: Path, caption_format: str
) -> None:
    output = BookOutput(tmp_path / "out.mp3", "mp3", OutputKind.ONE_FILE, (caption_format,))
    write_captions(assembly, output, write_audiobook(assembly, output.path, "mp3"))
    captions = tmp_path / f"out.{caption_format}"
    assert read_captions(captions) == [(0.0, 0.1), (0.1, 0.1), (0.2, 0.1), (0.3, 0.1)]
    assert float(probe(output.path)["format"]["duration"]) == pytest.approx(0.4, abs=0.15)
    assert [line for line in captions.read_text("utf-8").splitlines() if line.endswith(".")] == ["One.", "Two."] * 2


def test_a_sentence_without_audio_has_no_caption(assembly: BookAssembly) -> None:
    chapter = assembly.chapters[0]
    silent = replace(chapter, record=replace(chapter.record, ends=(0, 800)))
    assert caption_text([silent], [0.0], "vtt") == "WEBVTT\n\n1\n00:00:00.000 --> 00:00:00.100\nTwo.\n"


def test_each_chapter_of_a_folder_has_captions_until_they_are_asked_for_no_more(
    assembly: BookAssembly, tmp_path: Path
) -> None:
    output = BookOutput(tmp_path / "out", "mp3", OutputKind.CHAPTERS, ("vtt",))
    write_chapter_files(assembly, output)
    for name in ("01 - Harbour.vtt", "02 - Sea & Shore.vtt"):
        assert read_captions(output.path / name) == [(0.0, 0.1), (0.1, 0.1)]
    write_chapter_files(assembly, replace(output, captions=()))
    assert not list(output.path.glob("*.vtt"))


def test_a_podcast_has_an_episode_for_each_chapter(assembly: BookAssembly, tmp_path: Path) -> None:
    output = BookOutput(tmp_path / "out", "mp3", OutputKind.CHAPTERS).with_companions(["vtt"], ADDRESS)
    write_chapter_files(assembly, output)
    channel = ElementTree.parse(output.path / "feed.xml").getroot()[0]  # written by the command
    facts = [channel.findtext(name) for name in ("title", "language", f"{ITUNES}author", f"{ITUNES}type")]
    assert facts == ["Harbour", "en", "Anna Berg", "serial"]
    items = channel.findall("item")
    assert [item.findtext("title") for item in items] == ["Harbour", "Sea & Shore?"]
    assert [item.findtext(f"{ITUNES}episode") for item in items] == ["1", "2"]
    for item in items:
        enclosure, transcript = item.find("enclosure"), item.find(f"{PODCAST}transcript")
        assert enclosure is not None
        assert transcript is not None
        assert (enclosure.get("type"), transcript.get("type")) == ("audio/mpeg", "text/vtt")
        served = [unquote(str(one.get("url"))).removeprefix(f"{ADDRESS}/") for one in (enclosure, transcript)]
        assert (output.path / served[0]).stat().st_size == int(str(enclosure.get("length")))
        assert (output.path / served[1]).exists()
    dates = [parsedate_to_datetime(str(item.findtext("pubDate"))) for item in items]
    assert dates[0] < dates[1], "players that know no numbers of episodes have them in order, too"
    image = channel.find(f"{ITUNES}image")
    assert image is not None
    assert image.get("href") == f"{ADDRESS}/cover.png"


def test_a_later_feed_has_the_same_episodes_with_the_same_dates(assembly: BookAssembly, tmp_path: Path) -> None:
    output = BookOutput(tmp_path / "out", "mp3", OutputKind.CHAPTERS).with_companions([], ADDRESS)

    def episodes() -> list[tuple[str | None, str | None]]:
        write_chapter_files(assembly, output)
        items = ElementTree.parse(output.path / "feed.xml").iter("item")  # written by the command
        return [(item.findtext("guid"), item.findtext("pubDate")) for item in items]

    first = episodes()
    project = assembly.project
    before = project.publication_time(0)
    assert before > 0, "the first feed has set it"
    assembly = BookAssembly.of(replace(retitled(assembly.plan, "Port", "Ocean"), title="Coast"), project, "tenor")
    assert episodes() == first
    assert len(set(first)) == 2


def test_a_podcast_needs_a_folder(tmp_path: Path) -> None:
    output = BookOutput(tmp_path / "out.m4b", "m4b", OutputKind.ONE_FILE)
    with pytest.raises(BadInput, match=r"a file for each chapter; name a folder with -o, such as out/"):
        output.with_companions([], ADDRESS)


def test_captions_do_not_replace_the_document(tmp_path: Path) -> None:
    document = tmp_path / "in.srt"
    document.write_text("1\n00:00:01,000 --> 00:00:02,000\nA line.\n")
    words = ["book", str(document), "-o", str(tmp_path / "in.m4b"), "--captions", "srt", "--engine", "tone"]
    with pytest.raises(BadInput, match=r"in\.srt is the input file"):
        book_arguments(args.build_parser(["book"]).parse_args(words), Settings.from_env({}))


@pytest.mark.parametrize(
    "address", ["example.org/novel", "ftp://example.org/", "https://", "https://[", "https://a/?b"]
)
def test_what_is_no_address_of_a_folder_is_refused(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        args.build_parser(["book"]).parse_args(["book", "in.epub", "-o", "out/", "--podcast", address])
    assert "expected an address such as https://example.org/novel/" in capsys.readouterr().err
