"""Logging: constant messages with fields, one line each on stderr. No listener's text above DEBUG."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

STANDARD: Final = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


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


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """The fields of a record beside its message."""
    return {name: value for name, value in record.__dict__.items() if name not in STANDARD}


def configure(level: str, process: str, form: str = "text") -> None:
    """Log to stderr from now on; `process` names this one, `form` is text or json."""
    fields = KeyValueFormatter(f"%(asctime)s.%(msecs)03d %(levelname)s {process}: %(message)s", "%Y-%m-%d %H:%M:%S")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(process) if form == "json" else fields)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)  # such as Celery's about root: each is one line, in the same form
    for noisy in ("celery", "kombu", "amqp"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
