"""The command `seriatim book fix`: single sentences of a book are spoken again, and the rest keeps its samples."""

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest
import soundfile

from gateway.book.book_project import BookProject
from seriatim.exit_codes import ExitCode
from tests.support.book_files import HARBOUR, SEA, book, probe
from tests.support.command_line import TONE, complaint, seriatim, start_command
from tests.support.process_system import wait_until


def sentences(out: Path, title: str) -> list[bytes]:
    """The samples of each sentence of a chapter in the project."""
    project = BookProject.of(str(out))
    for path in project.chapters.glob("*.json"):
        record = project.read_record(path.stem)
        if record.texts[0] == title:
            pcm = soundfile.read(project.audio(path.stem), dtype="int16")[0]
            return [pcm[start:end].tobytes() for start, end in record.spans()]
    raise AssertionError(title)


def fix(out: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return seriatim("book", "fix", out, *arguments)


def test_a_corrected_text_is_spoken_alone_and_the_rest_is_the_same(tmp_path: Path) -> None:
    out = tmp_path / "out"
    source = book(tmp_path / "in.epub", HARBOUR, SEA)
    assert seriatim("book", source.name, "-o", "out/", "--format", "flac", *TONE, cwd=tmp_path).returncode == 0
    before, other = sentences(out, "Harbour"), (out / "02 - Sea.flac").stat().st_mtime_ns

    done = fix(out, "--sentence", "1.3", "--text", "Twelve boats came home. At last!", "--json")
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout)
    after = sentences(out, "Harbour")
    assert summary["audio_s_this_run"] == pytest.approx(len(after[2]) / 2 / 8000, abs=0.001), "nothing else was spoken"
    assert [one == two for one, two in zip(before, after, strict=True)] == [True, True, False, True]
    assert soundfile.read(out / "01 - Harbour.flac", dtype="int16")[0].tobytes() == b"".join(after)
    assert (out / "02 - Sea.flac").stat().st_mtime_ns == other
    assert len(after[2]) > len(before[2]), "all of the longer text is there"

    assert seriatim("book", source, "-o", out, "--format", "flac", "--json", *TONE).returncode == 0
    assert sentences(out, "Harbour") == after, "making the book again keeps its corrections"


def test_corrected_texts_stay_in_another_voice(tmp_path: Path) -> None:
    """Of a chapter or of the book, as over HTTP; also where the title changes with it."""
    library = tmp_path / "out"

    def texts(title: str, *options: str) -> set[str]:
        source = book(tmp_path / "in.epub", HARBOUR, SEA, title=title)
        done = seriatim("book", source, "-o", library, "--library", *options, *TONE)
        assert done.returncode == 0, done.stderr.decode()
        (project,) = map(BookProject, (tmp_path / "out.project").iterdir())
        assert title in project.folder.name
        return {text for path in project.chapters.glob("*.json") for text in project.read_record(path.stem).texts}

    assert "Ten boats came home." in texts("Harbor")
    (made,) = (tmp_path / "out.project").iterdir()
    assert fix(made, "--sentence", "1.3", "--text", "Twelve boats came home.").returncode == 0
    for title, options in (("Harbor", ["--chapter-voice", "1=bass"]), ("Harbour", ["--voice", "alto"])):
        assert {text for text in texts(title, *options) if "boats" in text} == {"Twelve boats came home."}


@pytest.mark.thorough
def test_another_take_has_another_seed_each_time(tmp_path: Path) -> None:
    out = tmp_path / "out.m4b"
    assert seriatim("book", book(tmp_path / "in.epub", HARBOUR, SEA), "-o", out, *TONE).returncode == 0
    takes = [sentences(out, "Sea")]
    for _ in range(2):
        assert fix(out, "--sentence", "2.2", "--again").returncode == 0
        takes.append(sentences(out, "Sea"))
    assert len({take[1] for take in takes}) == 3
    assert {(take[0], take[2]) for take in takes} == {(takes[0][0], takes[0][2])}
    first_s = sum(map(len, sentences(out, "Harbour"))) / 2 / 8000
    start_s = float(probe(out)["chapters"][1]["start_time"])
    assert first_s < start_s <= first_s + 2 * 1024 / 8000  # a frame of silence, and the last one, filled up


@pytest.mark.thorough
def test_doubtful_sentences_are_listed(tmp_path: Path) -> None:
    out = tmp_path / "out.m4b"
    source = book(tmp_path / "in.epub", [*HARBOUR, "There is nothing here."], SEA)
    done = seriatim("book", source, "-o", out, "--engine-option", "empty_on=nothing", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    assert fix(out).stdout.decode().split(maxsplit=2)[::2] == ["1.5", "(silent) There is nothing here.\n"]
    report = tmp_path / "report.html"
    assert fix(out, "--find", "boats", "--report", str(report)).returncode == 0
    page = report.read_text("utf-8")
    assert re.findall(r"<td>([^<]+)</td>", page) == ["1.3"], "an address, and no doubt"
    mp3 = base64.b64decode(re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', page)[0])
    (tmp_path / "sentence.mp3").write_bytes(mp3)
    spoken_s = len(sentences(out, "Harbour")[2]) / 2 / 8000
    assert float(probe(tmp_path / "sentence.mp3")["format"]["duration"]) == pytest.approx(spoken_s, abs=0.15)

    found = json.loads(fix(out, "--find", "BOATS", "--json").stdout)
    assert [(one["sentence"], one["text"], one["doubts"]) for one in found] == [("1.3", "Ten boats came home.", [])]


@pytest.mark.thorough
def test_all_doubtful_sentences_are_spoken_again(tmp_path: Path) -> None:
    out = tmp_path / "out.m4b"
    source = book(tmp_path / "in.epub", [*HARBOUR, "There is nothing here."], [*SEA, "Once more nothing."])
    assert seriatim("book", source, "-o", out, "--engine-option", "empty_on=nothing", *TONE).returncode == 0
    before = sentences(out, "Harbour")
    done = fix(out, "--doubtful", "--again", "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["chapters_spoken"] == 2
    assert sentences(out, "Harbour") == before, "the others are as they were, and tone has no audio for this one"
    corrections = BookProject.of(str(out)).read_corrections().values()
    assert sorted([(one.seq, one.take) for one in made] for made in corrections) == [[(3, 1)], [(4, 1)]]


@pytest.mark.thorough
def test_a_killed_correction_leaves_the_book_whole_and_is_continued(tmp_path: Path) -> None:
    source, tally = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / "tally"
    tally.mkdir()
    halts = ("slow_on=doomed", "slow_ms=600000", "slow_times=1", f"tally={tally}")
    engine = (*TONE, *(word for option in halts for word in ("--engine-option", option)))
    out, undisturbed = tmp_path / "out.m4b", tmp_path / "undisturbed.m4b"
    for path in (out, undisturbed):
        assert seriatim("book", source, "-o", path, *engine).returncode == 0
    before = out.read_bytes()
    correction = ("--sentence", "1.3", "--text", "A doomed boat. It came home.")
    with start_command("book", "fix", out, *correction) as process:
        wait_until(lambda: any(tally.iterdir()), "the correction is being spoken")
        process.kill()
    assert out.read_bytes() == before
    done = fix(out)
    assert done.returncode == ExitCode.BAD_INPUT
    assert "a correction of chapter 1 is not spoken yet; run the command that makes the book again" in complaint(done)

    assert seriatim("book", source, "-o", out, *engine).returncode == 0
    assert fix(undisturbed, *correction).returncode == 0
    assert out.read_bytes() == undisturbed.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sentence", "1.9", "--again"], "sentence 1.9: chapter 1 has sentences 1 to 3"),
        (["--sentence", "4.1", "--again"], "sentence 4.1: the book has no chapter 4"),
        (["--sentence", "two", "--again"], "expected CHAPTER.SENTENCE, such as 2.14"),
        (["--sentence", "1.1"], "needs --text, the text to speak instead, or --again"),
        (["--again"], "--again and --text need --sentence"),
        (["--text", "One."], "--again and --text need --sentence"),
        (["--doubtful"], "--doubtful speaks all doubtful sentences --again"),
        (["--doubtful", "--again", "--find", "sea"], "it has no other options but --verify"),
        (["--doubtful", "--again", "--sentence", "1.1"], "omit them with --sentence"),
        (["--sentence", "1.1", "--text", "  "], "--text '  ' has nothing to speak"),
        (["--report", "out.mp3"], "--report out.mp3: a report is HTML; name a file that ends in .html"),
    ],
)
def test_what_is_no_correction_is_refused(made_book: Path, arguments: list[str], message: str) -> None:
    done = fix(made_book, *arguments)
    assert done.returncode == ExitCode.BAD_INPUT
    assert message in complaint(done)


@pytest.fixture(scope="module")
def made_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    out = folder / "out.mp3"
    assert seriatim("book", book(folder / "in.epub", SEA), "-o", out, *TONE).returncode == 0
    return out


def test_a_book_without_a_project_cannot_be_corrected(tmp_path: Path) -> None:
    done = fix(tmp_path / "out.m4b", "--sentence", "1.1", "--again")
    assert done.returncode == ExitCode.BAD_INPUT
    assert "has no project beside it; make the book first with: seriatim book FILE -o" in complaint(done)
