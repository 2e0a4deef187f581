"""Logging: constant messages with fields, one line each on stderr. No listener's text above DEBUG."""

import json
import logging
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

STANDARD: Final = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LIBRARIES: Final = ("celery", "kombu", "amqp")
#: names of classes, of any client library: a lost connection, or a refusal, as of a server that became a replica
BROKER_ERRORS: Final = {"OSError", "ConnectionError", "TimeoutError", "ResponseError"}


class KeyValueFormatter(logging.Formatter):
    """`time level process: message key=value ...`."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return " ".join([line, *(f"{name}={value!r}" for name, value in fields_of(record).items())])


class JsonFormatter(logging.Formatter):
    """One JSON object per line: `time`, `level`, `process`, `message`, each field, `traceback`."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        known = {"time": time, "level": record.levelname, "process": self.process, "message": record.getMessage()}
        raised = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        return json.dumps(fields_of(record) | raised | known, default=str, ensure_ascii=False)


def announce(command: str, line: str, level: int = logging.ERROR) -> None:
    """Write a line of `command` for people, such as its last words; where the log is JSON, as a line of the log.

    Unlike a line of the log it is written whatever the level, and has no time.
    """
    forms = [handler.formatter for handler in logging.getLogger().handlers]
    form = next((each for each in forms if isinstance(each, JsonFormatter)), None)
    with suppress(OSError, AttributeError):  # a full disk, a reader that has gone, no stderr: no reason to end
        sys.stderr.write(f"{form.format(_record(line, level)) if form else f'{command}: {without_controls(line)}'}\n")
        sys.stderr.flush()


def without_controls(line: str) -> str:
    """A line as it may be shown on a terminal: control characters, of a file's name for instance, are escaped."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], line)


def write_at_once(line: str) -> None:
    """Log a line at INFO from a handler of signals: it may run while another line is written, so nothing is locked."""
    for handler in logging.getLogger().handlers:
        with suppress(OSError, AttributeError):
            os.write(sys.stderr.fileno(), f"{handler.format(_record(line, logging.INFO))}\n".encode())


def _record(line: str, level: int) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": line, "levelno": level, "levelname": logging.getLevelName(level)})


def message_of(line: str) -> str:
    """The words of a line that `announce` wrote, in either form; any other line as it is."""
    if line.startswith("{"):
        with suppress(ValueError, KeyError):
            return str(json.loads(line)["message"])
    command, _, words = line.partition(": ")
    return words if command.partition(" ")[0] == "seriatim" else line


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """The fields of a record beside its message."""
    return {name: value for name, value in record.__dict__.items() if name not in STANDARD}


def shorten_broker_error(record: logging.LogRecord) -> bool:
    """A filter that passes all records: in Celery's and kombu's about the broker, a field stands for the traceback.

    A broker that restarts is nothing unexpected, whichever command it interrupts: the worker connects again.
    """
    error = record.exc_info[1] if record.exc_info else None
    if error and record.name.partition(".")[0] in LIBRARIES and _is_broker_error(error):
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.error = " ".join(str(error).split()) or type(error).__name__
    return True


def _is_broker_error(error: BaseException) -> bool:
    return not BROKER_ERRORS.isdisjoint(each.__name__ for each in type(error).__mro__)


def configure_command(*, details: bool) -> None:
    """Write warnings of a command for people like its other lines, with their fields; processes `configure` their log.

    `details`: also those of a job, whose `detail` most commands show themselves.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValueFormatter("seriatim: %(message)s"))
    handler.addFilter(lambda record: details or not hasattr(record, "detail"))
    logging.basicConfig(handlers=[handler])


def configure(level: str, process: str, form: str = "text") -> None:
    """Log to stderr from now on; `process` names this one, `form` is text or json."""
    fields = KeyValueFormatter(f"%(asctime)s.%(msecs)03d %(levelname)s {process}: %(message)s", "%Y-%m-%d %H:%M:%S")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(process) if form == "json" else fields)
    handler.addFilter(shorten_broker_error)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)  # such as Celery's about root: each is one line, in the same form
    for noisy in LIBRARIES:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
