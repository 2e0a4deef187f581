"""Commands of a user without a name, a HOME or a line in passwd, as container engines start them."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.commands import LIMIT_S, SERIATIM, TONE, environment, installed

UID = "12345"


def homeless(*arguments: str, cwd: Path, home: str | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run a command as a user whom nobody knows."""
    known = {name: value for name, value in environment().items() if name not in ("HOME", "USER", "LOGNAME")}
    as_stranger = (installed("unshare", package="util-linux"), "--user", f"--map-user={UID}")
    if subprocess.run([*as_stranger, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a user namespace")
    return subprocess.run(
        [*as_stranger, *SERIATIM, *arguments], input=b"Good morning.", capture_output=True, check=False, cwd=cwd,
        timeout=LIMIT_S, env=known | ({"HOME": home} if home else {}),
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
