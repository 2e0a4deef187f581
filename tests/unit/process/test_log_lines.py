"""Lines of the log: those of libraries that lost a connection, and those that are written past `logging`."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import amqp.exceptions
import pytest
import redis.exceptions
from kombu.message import Message

from seriatim.log import KeyValueFormatter, announce, configure_command, message_of, shorten_broker_error

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


@pytest.mark.parametrize("details", [False, True])
def test_a_warning_is_a_line_of_the_command(
    details: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`speak` shows the warning of its job itself: a second line would only repeat it."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configure_command(details=details)
    log = logging.getLogger("gateway")
    log.warning("child process was killed; restarted", extra={"child": "worker"})
    log.warning("text and voice disagree", extra={"detail": "German"})
    shown = ["child process was killed; restarted child='worker'", "text and voice disagree detail='German'"]
    assert capsys.readouterr().err.splitlines() == [f"seriatim: {line}" for line in shown[: 1 + details]]


class LostChannel:
    """A channel of a broker that is no longer there."""

    no_ack_consumers = None

    def __init__(self, error: Exception) -> None:
        self.error = error

    def basic_ack(self, *_args: object, **_options: object) -> None:
        raise self.error


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What the log says of records that pass the filter."""
    handler = logging.StreamHandler(StringIO())
    handler.addFilter(shorten_broker_error)
    handler.setFormatter(KeyValueFormatter("%(levelname)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (redis.exceptions.ConnectionError("Error while reading\nfrom /s"), "error='Error while reading from /s'"),
        (redis.exceptions.TimeoutError(), "error='TimeoutError'"),
        (redis.exceptions.ReadOnlyError("You can't write"), 'error="You can\'t write"'),
        (amqp.exceptions.RecoverableConnectionError("gone"), "error='gone'"),
        (ConnectionResetError(104, "reset by peer"), "error='[Errno 104] reset by peer'"),
    ],
)
def test_a_library_that_lost_its_broker_writes_one_line(written: StringIO, error: Exception, ending: str) -> None:
    message = Message(delivery_tag="7", channel=LostChannel(error))
    message.ack_log_error(logging.getLogger("kombu.message"), (type(error),))
    (line,) = written.getvalue().splitlines()
    assert line.startswith("WARNING: Couldn't ack '7'")
    assert line.endswith(f" {ending}")


def test_tracebacks_of_other_errors_stay(written: StringIO) -> None:
    for name, error in (("kombu.hub", KeyError("x")), ("seriatim.job", ConnectionError("y"))):
        logging.getLogger(name).error("it failed", exc_info=error)
    assert written.getvalue().splitlines() == [
        "ERROR: it failed",
        "KeyError: 'x'",
        "ERROR: it failed",
        "ConnectionError: y",
    ]


def test_a_line_for_people_has_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    """The name of a file may have any, also those that a terminal obeys."""
    announce("seriatim", "cannot read \x1b[31ma\nb\x9b: caf\u00e9")
    assert capsys.readouterr().err == "seriatim: cannot read \\x1b[31ma\\nb\\x9b: caf\u00e9\n"
