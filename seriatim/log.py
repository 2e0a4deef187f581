"""Logging: constant text, facts in fields, one line each on stderr. No listener's text above DEBUG."""

import logging
from typing import Final

STANDARD: Final = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


class Fields(logging.Formatter):
    """`time level process: message key=value ...`."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        facts = {name: value for name, value in record.__dict__.items() if name not in STANDARD}
        return " ".join([line, *(f"{name}={value!r}" for name, value in facts.items())])


def configure(level: str, process: str) -> None:
    """Log to stderr from now on; `process` names this one."""
    handler = logging.StreamHandler()
    handler.setFormatter(Fields(f"%(asctime)s.%(msecs)03d %(levelname)s {process}: %(message)s", "%Y-%m-%d %H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("celery", "kombu", "amqp"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
