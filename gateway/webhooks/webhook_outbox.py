"""Webhook outbox: the messages of a command, in a folder beside its output until their receiver has accepted them.

A message is on the disk before its first try, and removed after its last. So one that a killed command has left is sent
by the next command with the same output: at least once, always with the same id and the same body. A message may be
prepared before an output gets its name, and is sent once that is done.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seriatim.audio.output_file import translate_write_errors
from seriatim.webhooks.webhook_message import encode_message

SUFFIX = ".webhook"
PREPARED = ".prepared"  #: waits for its output


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that waits."""

    path: Path
    id: str
    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookOutbox:
    """The messages of one output."""

    folder: Path

    def add(self, url: str, event: str, data: Mapping[str, Any], suffix: str = SUFFIX) -> None:
        """Keep a message, which is on the disk when this returns; with the suffix PREPARED it is not sent yet.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        message_id, now_ms = secrets.token_hex(16), time.time() * 1000
        body = encode_message(event, now_ms, data).decode()
        path = self.folder / f"{round(now_ms):015}-{message_id}{suffix}"
        new = path.with_name(f".{path.name}.new")
        with translate_write_errors(str(path)):
            self.folder.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="utf-8") as file:
                json.dump({"id": message_id, "url": url, "body": body}, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)

    def settle(self, *, complete: bool) -> None:
        """Send what is prepared, or drop it where its output did not become complete."""
        for path in self.folder.glob(f"*{PREPARED}"):
            if complete:
                path.replace(path.with_suffix(SUFFIX))
            else:
                path.unlink(missing_ok=True)

    def messages(self) -> list[OutboxMessage]:
        """The messages that wait, the oldest first; a file that is none of ours is left alone."""
        found = []
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                fields = json.loads(path.read_text("utf-8"))
                found.append(OutboxMessage(path, str(fields["id"]), str(fields["url"]), str(fields["body"]).encode()))
        return found

    def remove(self, message: OutboxMessage) -> None:
        """Remove a message, and the folder with the last one."""
        message.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others wait
            self.folder.rmdir()
