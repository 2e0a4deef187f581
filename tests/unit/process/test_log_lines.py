"""Lines of the log that are written past `logging`: last words, and what is said from handlers of signals."""

import subprocess
import sys
from pathlib import Path

import pytest

from seriatim.log import message_of

SPEAKS = """
import logging, sys
from pathlib import Path
from seriatim import log
from seriatim.process import forked_process
log.configure("INFO", "test", sys.argv[1])
logging.info("one")
log.announce("seriatim", "two")
log.write_at_once("three")
forked_process._flush_streams()
Path(sys.argv[2]).write_text("it goes on")
"""


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_process_whose_standard_error_is_closed_or_full_goes_on(tmp_path: Path, redirection: str, form: str) -> None:
    """Service managers close it, containers fill their disk, and `head` reads one line."""
    done = tmp_path / "done"
    command = ["bash", "-c", f'exec "$@" {redirection}', "x", sys.executable, "-P", "-c", SPEAKS, form, str(done)]
    assert subprocess.run(command, check=False, timeout=60).returncode in (0, 120), "120: Python could not flush"
    assert done.read_text() == "it goes on"


def test_a_line_is_read_in_either_form() -> None:
    assert message_of("seriatim worker: no such engine: x") == "no such engine: x"
    assert message_of('{"level": "ERROR", "message": "no such engine: x"}') == "no such engine: x"
    assert message_of("{no JSON") == "{no JSON"
    assert message_of("Traceback: of others") == "Traceback: of others"
