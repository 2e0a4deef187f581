"""Sidecar files of a recording: owner, title and text of the job, written by the gateway that accepted it.

    <store>/<shard>/<job>/owner      the user's name                                (job_owners.py)
    <store>/<shard>/<job>/title      the title of the job, one line                 (source_text.py)
    <store>/<shard>/<job>/text       the text as submitted, unless sentences were   (source_text.py)

Each is written once and atomically; a title may be replaced. They are removed together with the recording.
"""

import contextlib
import logging
import secrets
from pathlib import Path

from seriatim import recording_store
from seriatim.client.job import Job

log = logging.getLogger(__name__)


def write(job: Job, name: str, text: str) -> None:
    """Write a file unless it exists. Failure is only logged: the recorder reports a store that cannot be written."""
    path = sidecar_path(job, name)
    part = path.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        if path.exists():  # the same job, submitted again with its Idempotency-Key
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(text.encode())
        part.replace(path)
    except OSError as error:  # the job is spoken nevertheless
        log.warning("cannot write beside a recording", extra={"job": job.id, "file": name, "error": str(error)})
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def replace(job: Job, name: str, text: str) -> None:
    """Write a file in place of the one that exists.

    Raises:
        OSError: it cannot be written.
    """
    path = sidecar_path(job, name)
    part = path.with_name(f".{name}.{secrets.token_hex(4)}")
    part.write_bytes(text.encode())
    part.replace(path)


def read(job: Job, name: str) -> str | None:
    """Read a file; None if it does not exist."""
    try:
        return sidecar_path(job, name).read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def sidecar_path(job: Job, name: str) -> Path:
    """The path of a file, which may not exist."""
    return recording_store.folder(Path(job.settings.store_dir), job.id) / name
