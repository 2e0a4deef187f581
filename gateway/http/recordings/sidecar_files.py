"""Sidecar files of a recording: owner, title and text of the job, written by the gateway that accepted it.

    <store>/<shard>/<job>/owner      the user's name                                (job_owners.py)
    <store>/<shard>/<job>/title      the title of the job, one line                 (source_text.py)
    <store>/<shard>/<job>/text       the text as submitted, unless sentences were   (source_text.py)

Each is written once and atomically; a title may be replaced. They are removed together with the recording. In a bucket
they are objects of the same names.
"""

import logging

from gateway.http.recordings.stored_file import StoredFile
from seriatim.client.job import Job
from seriatim.errors import SeriatimError
from seriatim.recording_store import RecordingStore, store_at
from seriatim.recordings.store_place import store_place
from seriatim.records import DrainMode

log = logging.getLogger(__name__)


def store_of(job: Job) -> RecordingStore:
    """The store of a job's recording."""
    return store_at(store_place(job.settings.store_dir))


def write(job: Job, name: str, text: str) -> None:
    """Write a file unless it exists. Failure is only logged: the recorder reports a store that cannot be written."""
    try:
        # the same job may be submitted again, with its Idempotency-Key
        store_of(job).write_file(job.id, name, text.encode(), only_new=True)
    except (OSError, SeriatimError) as error:  # the job is spoken nevertheless
        log.warning("cannot write beside a recording", extra={"job": job.id, "file": name, "error": str(error)})


def replace(job: Job, name: str, text: str) -> None:
    """Write a file in place of the one that exists.

    Raises:
        OSError, StoreUnavailable, Misconfigured: it cannot be written.
    """
    store_of(job).write_file(job.id, name, text.encode(), only_new=False)


def read(job: Job, name: str) -> str | None:
    """Read a file; None if it does not exist, or the job is not recorded.

    Raises:
        StoreUnavailable, Misconfigured: the bucket does not say.
    """
    content = store_of(job).read_file(job.id, name) if job.drain is DrainMode.STORE else None
    return None if content is None else content.decode("utf-8", "replace")


def find(job: Job, name: str) -> StoredFile | None:
    """A file; None if it does not exist, or the job is not recorded.

    Raises:
        StoreUnavailable, Misconfigured: the bucket does not say.
    """
    return store_of(job).find_file(job.id, name) if job.drain is DrainMode.STORE else None
