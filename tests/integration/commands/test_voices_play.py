"""`seriatim voices play` without -o: a program of this machine plays the sample, or none is found."""

import json
import sys
from pathlib import Path

import pytest
import soundfile

from seriatim.exit_codes import ExitCode
from tests.support.command_line import QUICK, complaint, seriatim
from tests.support.expected_audio import stream_of

SAMPLE = ["Hello!", "This is how I sound when I read a text aloud."]
ENGINE = ("--engine", "tone", "--engine-option", "rate_hz=8000")
#: a player that plays nothing: it keeps its arguments and the file, and ends with a status of its own
PLAYER = """#!{python}
import json, pathlib, sys
folder = pathlib.Path(__file__).parent
(folder / "arguments.json").write_text(json.dumps(sys.argv))
(folder / "played.wav").write_bytes(pathlib.Path(sys.argv[-1]).read_bytes())
sys.exit({status})
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder in which programs are looked for."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


def write_player(programs: Path, name: str, status: int = 0) -> Path:
    player = programs / name
    player.write_text(PLAYER.format(python=sys.executable, status=status))
    player.chmod(0o700)
    return player


@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [
        ("ffplay", ["-nodisp", "-autoexit", "-loglevel", "error"], 0),
        pytest.param("aplay", ["-q"], 3, marks=pytest.mark.thorough),
    ],
)
def test_the_first_player_that_is_found_plays_the_sample(
    programs: Path, name: str, arguments: list[str], status: int
) -> None:
    player = write_player(programs, name, status)
    write_player(programs, "afplay", 9)  # the last of the list
    done = seriatim("voices", "play", "alto", *ENGINE, settings=QUICK | {"PATH": str(programs)})
    assert (done.returncode, done.stdout, done.stderr) == (status, b"", b"")
    program, *found, file = json.loads((programs / "arguments.json").read_text())
    assert (program, found) == (str(player), arguments)
    samples, rate_hz = soundfile.read(programs / "played.wav", dtype="int16")
    assert (samples.tobytes(), rate_hz) == (stream_of(SAMPLE, "alto"), 8000)
    assert not Path(file).exists(), "it was temporary"


def test_where_none_is_found_a_file_can_be_written(programs: Path) -> None:
    done = seriatim("voices", "play", "alto", *ENGINE, settings=QUICK | {"PATH": str(programs)})
    assert complaint(done) == (
        "no program that plays audio (ffplay, pw-play, paplay, aplay, afplay) was found; write a file with -o FILE"
    )
    assert done.returncode == ExitCode.BAD_INPUT
