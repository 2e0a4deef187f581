"""The command `seriatim book`: chapters in, an audiobook out; what is spoken is kept."""

import hashlib
import json
import re
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import soundfile

from gateway.book.book_project import BookProject
from seriatim.exit_codes import ExitCode
from seriatim.records import Sentence
from tests.support.book_files import HARBOUR, SEA, book, probe
from tests.support.command_line import TONE, complaint, seriatim, start_command
from tests.support.expected_audio import stream_of
from tests.support.process_system import wait_until

PARAGRAPH_MS = 600


def expected(title: str, texts: list[str]) -> bytes:
    """The audio of a chapter: its title, a paragraph of its own, and its sentences."""
    return stream_of([Sentence(title, PARAGRAPH_MS), *texts[:-1], Sentence(texts[-1], PARAGRAPH_MS)])


def master_audio(project: BookProject) -> dict[str, str]:
    """The SHA-256 of each chapter's samples, by key."""
    return {
        path.stem: hashlib.sha256(soundfile.read(path, dtype="int16")[0].tobytes()).hexdigest()
        for path in sorted(project.chapters.glob("*.flac"))
    }


def test_a_book_has_its_chapters_cover_and_tags(tmp_path: Path) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / "out.m4b"
    done = seriatim("book", source, "-o", out, "--json", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout)
    assert [chapter["title"] for chapter in summary["chapters"]] == ["Harbour", "Sea"]
    assert summary["chapters_spoken"] == 2

    found = probe(out)
    chapters = found["chapters"]
    assert [chapter["tags"]["title"] for chapter in chapters] == ["Harbour", "Sea"]
    first_s = summary["chapters"][0]["audio_s"]
    assert float(chapters[0]["start_time"]) == 0
    frames_s = 2 * 1024 / 8000  #: a frame of silence behind a chapter, and its last one, filled up
    assert first_s < float(chapters[1]["start_time"]) <= first_s + frames_s
    assert summary["audio_s"] < float(chapters[1]["end_time"]) <= summary["audio_s"] + 2 * frames_s
    form = found["format"]
    tags = form["tags"]
    assert tags["major_brand"] == "M4B "
    assert (tags["title"], tags["artist"]) == ("The Harbour & the Sea", "Anna Berg, Ben Cole")
    assert float(form["duration"]) == pytest.approx(float(chapters[1]["end_time"]), abs=0.2)
    streams = found["streams"]
    assert [stream["codec_name"] for stream in streams if stream["disposition"]["attached_pic"]] == ["png"]
    masters = set(master_audio(BookProject.of(str(out))).values())
    chapters = expected("Harbour", HARBOUR), expected("Sea", SEA)
    assert masters == {hashlib.sha256(pcm).hexdigest() for pcm in chapters}


@pytest.mark.thorough
def test_only_a_changed_chapter_is_spoken_again(tmp_path: Path) -> None:
    out = tmp_path / "out.m4b"
    project = BookProject.of(str(out))
    assert seriatim("book", book(tmp_path / "in.epub", HARBOUR, SEA), "-o", out, *TONE).returncode == 0
    before = {path.name: path.stat().st_mtime_ns for path in project.chapters.glob("*.flac")}
    first = out.read_bytes()

    again = seriatim("book", tmp_path / "in.epub", "-o", out, "--json", *TONE)
    assert json.loads(again.stdout)["chapters_spoken"] == 0
    assert out.read_bytes() == first, "the same audio, chapters and tags are the same bytes"

    changed = seriatim("book", book(tmp_path / "in.epub", HARBOUR, [*SEA, "New."]), "-o", out, "--json", *TONE)
    assert json.loads(changed.stdout)["chapters_spoken"] == 1
    after = {path.name: path.stat().st_mtime_ns for path in project.chapters.glob("*.flac")}
    assert len(after) == 2, "the audio that the book needs no more is removed"
    assert len(before.items() & after.items()) == 1, "the other chapter is left as it was"


@pytest.mark.thorough
def test_a_killed_book_continues_to_the_same_bytes(tmp_path: Path) -> None:
    names = ("slow chapter one", "slow chapter two", "chapter three")
    chapters = [[f"Sentence {n} of {name} goes on." for n in range(8)] for name in names]
    source = book(tmp_path / "in.epub", *chapters)
    undisturbed, out = tmp_path / "undisturbed.m4b", tmp_path / "out.m4b"
    tally = tmp_path / "tally"
    tally.mkdir()
    # Each of the first two runs stops in one of the slow chapters: none is over before it is killed.
    halts = ("slow_on=four of slow", "slow_ms=600000", "slow_times=1", f"tally={tally}")
    engine = (*TONE, *(word for option in halts for word in ("--engine-option", option)))
    assert seriatim("book", source, "-o", undisturbed, *TONE).returncode == 0
    project = BookProject.of(str(out))

    def sentences_kept() -> int:
        n_lines = 9 * len(list(project.chapters.glob("*.flac")))
        for path in project.chapters.glob("*.part.json"):
            with suppress(FileNotFoundError):  # it is complete by now
                n_lines += len(path.read_bytes().splitlines()) - 1
        return n_lines

    def stands_still(n_times: int) -> bool:
        return len(list(tally.iterdir())) == n_times and sentences_kept() > 0

    for n_times in (1, 2):
        with start_command("book", source, "-o", out, *engine) as process:
            wait_until(partial(stands_still, n_times), "it is in mid-chapter")
            process.kill()
        assert not out.exists(), "a file that is not whole has not the name of one"
    done = seriatim("book", source, "-o", out, *engine)
    assert done.returncode == 0, done.stderr.decode()
    assert hashlib.sha256(out.read_bytes()).hexdigest() == hashlib.sha256(undisturbed.read_bytes()).hexdigest()
    undisturbed_audio = master_audio(BookProject.of(str(undisturbed)))
    assert sorted(master_audio(project).values()) == sorted(undisturbed_audio.values()), (
        "keys name the engine's options"
    )
    assert not list(project.chapters.glob("*.part*"))
    assert not (project.folder / "sentences").exists(), "the chapters have them"


@pytest.mark.thorough
def test_a_killed_book_does_not_speak_again_what_was_ahead_of_a_chapter(tmp_path: Path) -> None:
    """Sentences behind a slow one are spoken, and cannot be written yet when the command is killed."""
    source = book(tmp_path / "in.epub", [f"Sentence {n} of it goes on." for n in range(8)])
    out = tmp_path / "out.m4b"
    halts = ("slots=2", "slow_on=Sentence four", "slow_ms=600000", "slow_times=0")  # at every attempt
    engine = (*TONE, *(word for option in halts for word in ("--engine-option", option)))

    def files() -> set[tuple[int, int]]:
        """The file of each sentence and when it was last written or read."""
        found = (path.stat() for path in (BookProject.of(str(out)).folder / "sentences").glob("??/[!.]*"))
        return {(status.st_ino, status.st_mtime_ns) for status in found}

    with start_command("book", source, "-o", out, *engine) as process:
        wait_until(lambda: len(files()) == 1 + 7, "title and sentences are spoken, except the one that is held")
        process.kill()
    before = files()
    with start_command("book", source, "-o", out, *engine) as process:
        wait_until(
            lambda: len(files() - before) >= 3, "the three behind it, and what was not written, are needed again"
        )
        assert {inode for inode, _ in files()} == {inode for inode, _ in before}, "none is spoken again"
        process.kill()


def test_a_plan_speaks_nothing(tmp_path: Path) -> None:
    source = book(tmp_path / "in.epub", HARBOUR, SEA, ["At home."])
    prices = {"SERIATIM_POOL_PRICES": "tone=1000000 EUR"}
    done = seriatim("book", source, "--plan", "--chapters", "2-", "--engine", "tone", settings=prices)
    assert done.returncode == 0, done.stderr.decode()
    title, voice, cost, *chapters = done.stdout.decode().splitlines()
    assert re.fullmatch(r"cost: about (\d+)\.00 EUR for \1 characters", cost), cost
    assert title.startswith("The Harbour & the Sea by Anna Berg, Ben Cole: 2 chapters, about 0:0")
    assert voice == "voice (default) of tone, cover: yes"
    assert [line.split()[0] for line in chapters] == ["2", "3"]
    assert [path.name for path in tmp_path.iterdir()] == ["in.epub"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "out.doc"], "expected an ending of .m4b, .m4a, .mp4, .mp3, .opus, .epub, or a folder: out.doc/"),
        (["-o", "out.mp3", "--format", "opus"], "'out.mp3' ends in .mp3, but --format is opus; omit one of them"),
        (["-o", "out", "--format", "m4b"], "--format m4b is for one file; for a folder choose one of: mp3, m4a, opus"),
        (["-o", "in.epub", "--library"], "in.epub is a file; name a folder for the files of the chapters"),
        (["-o", "out.m4b", "--chapters", "4"], "no chapter 4 in a document of 2 chapters"),
        (["-o", "out.m4b", "--chapters", "one"], "expected numbers and ranges, such as 1-3,7,9-"),
    ],
)
def test_what_cannot_be_a_book_is_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = seriatim("book", book(tmp_path / "in.epub", HARBOUR, SEA), *arguments, *TONE, cwd=tmp_path)
    assert done.returncode == ExitCode.BAD_INPUT
    assert message in complaint(done)
    assert [path.name for path in tmp_path.iterdir()] == ["in.epub"]


def test_a_speaker_has_one_voice_in_all_chapters(tmp_path: Path) -> None:
    """And keeps it when a chapter with another speaker comes before: that alone is spoken then."""
    first, second = "# One\n\nANNA: Good morning.\nBEN: Hello.\n\n", "# Two\n\nBEN: It is late.\nANNA: Good night.\n\n"
    source, out, named = tmp_path / "in.md", tmp_path / "out.m4b", tmp_path / "named.m4b"
    source.write_text(first + second)
    plan = json.loads(seriatim("book", source, "--plan", "--cast", "auto", "--json", *TONE).stdout)
    voices = {row["speaker"]: row["voice"] for row in plan["speakers"] if row["speaker"]}
    assert (list(voices), len(set(voices.values()))) == (["ANNA", "BEN"], 2)
    assert seriatim("book", source, "-o", out, "--cast", "auto", "-q", *TONE).returncode == 0
    by_hand = [part for name, voice in voices.items() for part in ("--speaker", f"{name}={voice}")]
    assert seriatim("book", source, "-o", named, *by_hand, "-q", *TONE).returncode == 0
    assert out.read_bytes() == named.read_bytes()
    source.write_text("# Zero\n\nZOE: I am first.\n\n" + first + second)
    again = seriatim("book", source, "-o", out, "--cast", "auto", "--json", *TONE)
    assert json.loads(again.stdout)["chapters_spoken"] == 1


def test_another_voice_in_one_chapter_has_that_one_spoken_again(tmp_path: Path) -> None:
    """Its narrator's, or that of a speaker whom it alone names."""
    source, out = tmp_path / "in.md", tmp_path / "out.m4b"
    source.write_text("# One\n\nA quiet day.\n\n# Two\n\nANNA: Good night.\n\n")

    def spoken_with(*options: str) -> int:
        done = seriatim("book", source, "-o", out, "--json", *options, *TONE)
        assert done.returncode == 0, done.stderr.decode()
        return int(json.loads(done.stdout)["chapters_spoken"])

    assert spoken_with("--speaker", "ANNA=alto") == 2
    assert spoken_with("--speaker", "ANNA=bass") == 1
    assert spoken_with("--speaker", "ANNA=bass", "--chapter-voice", "1=alto") == 1
    assert spoken_with("--speaker", "ANNA=bass", "--chapter-voice", "1=alto") == 0
