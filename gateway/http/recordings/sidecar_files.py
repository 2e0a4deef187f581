"""Small files beside a recording: what the gateway that accepted the job knows of it, kept as long as the recording.

    <store>/<shard>/<job>/owner      the user's name                                (owners.py)
    <store>/<shard>/<job>/title      what people know the job by, one line          (sources.py)
    <store>/<shard>/<job>/text       the text as it came, if it came as one         (sources.py)

Each is written once, and found whole or not at all. They go when the recording goes.
"""

import contextlib
import logging
import secrets
from pathlib import Path

from seriatim import recording_store
from seriatim.client.job import Job

log = logging.getLogger(__name__)


def write(job: Job, name: str, text: str) -> None:
    """Write a file, unless it is there. Where the store cannot be written, its recorder has more to say about that."""
    path = place(job, name)
    part = path.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        if path.exists():  # the same job, asked for again with its Idempotency-Key
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(text.encode())
        part.replace(path)
    except OSError as error:  # the job is spoken all the same
        log.warning("cannot write beside a recording", extra={"job": job.id, "file": name, "error": str(error)})
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def read(job: Job, name: str) -> str | None:
    """What a file says; None if it is not there."""
    try:
        return place(job, name).read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def place(job: Job, name: str) -> Path:
    """Where a file is, or would be."""
    return recording_store.folder(Path(job.settings.store_dir), job.id) / name
