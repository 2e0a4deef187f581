"""The loudness of a book: a target is met in the finished file, as ffmpeg measures it."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import soundfile

from seriatim.audio.room_tone import with_room_tone
from tests.support.book_files import HARBOUR, SEA, book
from tests.support.command_line import TONE, installed, seriatim


def measured(path: Path) -> tuple[float, float]:
    """The integrated loudness in LUFS and the highest sample in dBFS of a finished file."""
    command = [installed("ffmpeg", package="ffmpeg"), "-hide_banner", "-nostats", "-i", str(path), "-vn"]
    done = subprocess.run(
        [*command, "-af", "ebur128=peak=sample", "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    summary = done.stderr.rpartition("Summary:")[2]
    loudness, peak = re.search(r"I:\s+(\S+) LUFS", summary), re.search(r"Peak:\s+(\S+) dBFS", summary)
    assert loudness, summary
    assert peak, summary
    return float(loudness[1]), float(peak[1])


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (-20, "out.m4b"),
        *(pytest.param(*more, marks=pytest.mark.thorough) for more in [(-30, "out.mp3"), (-23, "out.opus")]),
    ],
)
def test_a_book_has_the_loudness_that_was_chosen(tmp_path: Path, target: int, name: str) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / name
    done = seriatim("book", source, "-o", out, "--loudness", str(target), "--json", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    loudness, peak = measured(out)
    assert loudness == pytest.approx(target, abs=0.3)
    assert peak <= -3.0
    assert json.loads(done.stdout)["gain_db"] != 0


def test_another_loudness_speaks_nothing_again(tmp_path: Path) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / "out"
    assert seriatim("book", source, "-o", out, "--format", "flac", *TONE).returncode == 0
    done = seriatim("book", source, "-o", out, "--format", "flac", "--loudness", "-16", "--json", *TONE)
    summary = json.loads(done.stdout)
    assert (summary["chapters_spoken"], summary["gain_db"] > 0) == (0, True)
    assert measured(out / "01 - Harbour.flac")[1] <= -3.0


@pytest.mark.thorough
def test_pauses_have_room_tone_and_nothing_is_spoken_again(tmp_path: Path) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR), tmp_path / "out"
    command = ("book", source, "-o", out, "--format", "flac", *TONE)
    assert seriatim(*command).returncode == 0
    dry, _ = soundfile.read(out / "01 - Harbour.flac", dtype="int16")
    done = seriatim(*command, "--room-tone", "-60", "--json")
    assert json.loads(done.stdout)["chapters_spoken"] == 0, done.stderr.decode()
    found, rate_hz = soundfile.read(out / "01 - Harbour.flac", dtype="int16")
    assert not dry[-rate_hz // 4 :].any(), "the pause at the end"
    assert found[-rate_hz // 4 :].any()
    assert found.tobytes() == b"".join(with_room_tone([dry.tobytes()], rate_hz, -60))
    assert "expected -80 to -50" in seriatim(*command, "--room-tone=-40").stderr.decode()


@pytest.mark.parametrize("target", ["20", "-15.9", "-41"])
def test_a_loudness_that_cannot_be_reached_is_refused(tmp_path: Path, target: str) -> None:
    done = seriatim("book", book(tmp_path / "in.epub", SEA), f"--loudness={target}", *TONE)
    assert done.returncode == 2
    assert f"{target}; expected -40 to -16, such as -20" in done.stderr.decode()
