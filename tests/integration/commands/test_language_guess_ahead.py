"""`speak` loads the language detector while its workers start, if it will be asked for the text."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process_system import ROOT

#: runs `speak`, and says whether the detector is loaded, or being loaded, when the workers are ready
PROGRAM = """
import sys, threading
from gateway.cli.main import main
from gateway.local.processes import LocalSystem
await_workers = LocalSystem.await_workers
def watched(*args):
    slots = await_workers(*args)
    names = {thread.name for thread in threading.enumerate()}
    print("language detector" in names or "py3langid.langid" in sys.modules)
    return slots
LocalSystem.await_workers = watched
sys.exit(main(sys.argv[1:]))
"""
EVIDENT = "The harbour wakes before the town does, and it is never quiet."


@pytest.mark.parametrize(
    ("text", "options", "loads"),
    [
        (EVIDENT, (), False),
        (f"{EVIDENT}\n\nGulls cried overhead all night.", (), True),
        ("Der Hafen erwacht vor der Stadt.", (), True),
        ("Der Hafen erwacht vor der Stadt.", ("--language", "de"), False),
    ],
)
def test_it_is_loaded_where_the_text_asks_for_it(
    tmp_path: Path, text: str, options: tuple[str, ...], *, loads: bool
) -> None:
    words = ("speak", "-", "-o", str(tmp_path / "said.wav"), "--engine", "tone", "--quiet", *options)
    command = [sys.executable, "-P", "-c", PROGRAM, *words]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == str(loads), done.stderr
