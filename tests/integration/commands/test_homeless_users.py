"""Homeless users, whose commands run without a name, a HOME or a line in passwd, as container engines start them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from seriatim.exit_codes import ExitCode
from tests.support.command_line import LIMIT_S, SERIATIM, TONE, environment, installed

pytestmark = pytest.mark.thorough

UID = "12345"


RECORDING = """
import sys
from pathlib import Path
from seriatim import recording_store
from seriatim.errors import Misconfigured
try:
    recording_store.events(Path(sys.argv[1]), "0" * 32)
except Misconfigured as error:
    print(error)
"""


def stranger() -> tuple[str, ...]:
    """The command line before another that runs it as a user without a name and a home."""
    as_stranger = (installed("unshare", package="util-linux"), "--user", f"--map-user={UID}")
    if subprocess.run([*as_stranger, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no user namespaces")
    return as_stranger


def homeless(*arguments: str, cwd: Path, home: str | None = None, **more: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a command as a user without a name and a home."""
    known = {name: value for name, value in environment().items() if name not in ("HOME", "USER", "LOGNAME")}
    return subprocess.run(
        [*stranger(), *SERIATIM, *arguments], input=b"Good morning.", capture_output=True, check=False, cwd=cwd,
        timeout=LIMIT_S, env=known | ({"HOME": home} if home else {}) | more,
    )  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        "--version",
        "models --json",
        "voices --cloned --json",
        "voices --engine xtts --cloned",
        "voices --engine tone --json",
        f"speak -o heard.wav {' '.join(TONE)}",
    ],
)
def test_a_command_needs_no_home(tmp_path: Path, command: str) -> None:
    done = homeless(*command.split(), cwd=tmp_path)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode()


def test_what_the_home_of_another_has_is_not_looked_into(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    done = homeless("models", "--json", cwd=tmp_path, home=str(locked))
    assert json.loads(done.stdout)["models"] == [], done.stderr.decode()


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("voices --cloned --json", ExitCode.OK),
        ("voices remove anna", ExitCode.BAD_INPUT),
        ("voices add anna said.wav --model {locked}/model", ExitCode.BAD_INPUT),
        ("voices --engine xtts --model {locked}/model", ExitCode.CANNOT_START),
        ("models {locked}/model", ExitCode.BAD_INPUT),
        ("models accept {locked}/model", ExitCode.BAD_INPUT),
        ("up --engine tone --no-http --data {locked}/data", ExitCode.CANNOT_START),
        ("speak -o {locked}/said.wav --engine tone", ExitCode.BAD_INPUT),
    ],
)
def test_a_locked_home_or_folder_is_named_in_one_line(tmp_path: Path, command: str, status: ExitCode) -> None:
    """And what is in no home of one's own is not there."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    done = homeless(*command.format(locked=locked).split(), cwd=tmp_path, home=str(locked))
    message = done.stderr.decode().strip()
    assert (done.returncode, "Traceback" in message, "Error:" in message) == (status, False, False), message
    if status is not ExitCode.OK:
        assert message.startswith("seriatim: ")
        assert str(locked) in message
        assert "\n" not in message


def test_a_voice_folder_that_a_setting_names_must_be_readable(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    done = homeless("voices", "--cloned", cwd=tmp_path, SERIATIM_VOICE_DIR=str(locked))
    assert done.returncode == ExitCode.CANNOT_START
    assert done.stderr.decode() == f"seriatim: SERIATIM_VOICE_DIR: this user may not read {locked}\n"


def test_recordings_of_another_user_are_not_missing_ones(tmp_path: Path) -> None:
    """A program that reads jobs of the store learns that it may not read them."""
    locked = tmp_path / "store"
    locked.mkdir(mode=0)
    done = subprocess.run(
        [*stranger(), sys.executable, "-P", "-c", RECORDING, str(locked)], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(f"cannot read recordings in {locked}: permission denied"), done.stderr
