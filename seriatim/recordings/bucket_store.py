"""The bucket store: recordings as objects of an S3-compatible server.

    <prefix>/<shard>/<job>/parts/<part>   a part of the job, never changed: events, then audio (recording_parts.py)
    <prefix>/<shard>/<job>/events.jsonl   all events of a job that has ended, as in a folder
    <prefix>/<shard>/<job>/audio.s16      the audio as in a folder: of a recording that was copied from one
    <prefix>/<shard>/<job>/owner, ...     side files, as in a folder (folder_store.py)

A write is one object, so it is there whole or not at all: a recorder that is killed at any moment leaves nothing to
repair, and the position in Redis, which is reported afterwards, is at most one write behind. Two recorders of one job
write the same objects, or parts that overlap and agree. Where the server knows If-None-Match, the first one wins and
the second leaves the object as it is.

Each time MERGE_BYTES of audio are full, small parts become one, and are deleted afterwards; the end of a job merges
the rest and writes `events.jsonl`. A reader whose part is gone looks for the merged one.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seriatim.errors import Misconfigured, PositionLost, StoreUnavailable
from seriatim.keys import JOB_ID, shard_of
from seriatim.recordings.bucket_audio import BucketAudio
from seriatim.recordings.bucket_files import BucketFile
from seriatim.recordings.part_events import read_lines
from seriatim.recordings.part_merging import MERGE_BYTES, merge_small
from seriatim.recordings.recording_events import Marker, StoredPosition, feed_entries, merge_events
from seriatim.recordings.recording_parts import RecordingPart, chain
from seriatim.recordings.store_place import Bucket
from seriatim.recordings.stored_recording import SAMPLES, StoredRecording
from seriatim.stream_entries import Entry, ReaderCursor

if TYPE_CHECKING:
    from seriatim.recordings.bucket_client import BucketClient, StoredObject

LOOKS = 4  #: at a recording whose parts are merged meanwhile


@dataclass(frozen=True, slots=True)
class BucketStore:
    """The store in a bucket."""

    bucket: Bucket

    @property
    def client(self) -> "BucketClient":
        """The client of this process.

        Raises:
            Misconfigured: boto3 is not installed, or AWS's settings are invalid.
        """
        try:
            from seriatim.recordings.bucket_client import client_of  # boto3 is an extra, and takes 0.2 s to import
        except ImportError as error:
            advice = "in Seriatim's folder: pip install -c constraints.txt -e '.[s3]'"
            raise Misconfigured(f"{self.bucket}: a store in a bucket needs the extra s3 ({error}); {advice}") from None
        return client_of(self.bucket)

    def check(self) -> None:
        """Check that the bucket can be listed.

        Raises:
            Misconfigured: bucket, keys, rights, region or clock; the message says what to do.
            StoreUnavailable: the server does not answer.
        """
        self.client.objects(self.bucket.key(), most=1)

    def key(self, job: str, *parts: str) -> str:
        """The key of an object of a job's recording."""
        return self.bucket.key(f"{shard_of(job):02d}", job, *parts)

    def write(self, job: str, cursor: ReaderCursor, entries: Iterable[Entry]) -> bool:
        """Store entries, as `recording_store.write` does.

        Raises:
            PositionLost: bytes before the first entry are missing, or, at the end of the job, in the bucket.
            StoreUnavailable, Misconfigured: nothing is stored.
        """
        start, at = cursor.position, cursor.n_bytes
        recorded = feed_entries(cursor, entries)
        if cursor.position == start:
            return False
        header, pcm = _joined_lines(recorded.lines), _joined_audio(recorded.audio, at)
        part = RecordingPart(start, cursor.position, at, at + len(pcm), len(header))
        self.client.put(self.part_key(job, part), header + pcm, only_new=True)
        if recorded.ended:
            self._finish(job, part)
        elif part.at // MERGE_BYTES != part.stop // MERGE_BYTES:
            merge_small(self, job)
        return recorded.ended

    def read_events(self, job: str) -> tuple[list[Marker], StoredPosition]:
        """The stored markers, and the position up to which everything is stored."""
        for _ in range(LOOKS):
            whole = self.client.get(self.key(job, "events.jsonl"))
            if whole is not None:
                return merge_events(whole.decode("utf-8", "replace").split("\n"))
            lines = read_lines(self, job, self.chain_of(job))
            if lines is not None:
                return merge_events(lines)
        raise self._vanishing(job)

    def first(self, job: str) -> Marker | None:
        """The first marker; None while there is none."""
        return next(iter(self.read_events(job)[0]), None)

    @contextlib.contextmanager
    def open_audio(self, job: str) -> Iterator[BucketAudio]:
        """Open the audio of a job for one reader."""
        yield BucketAudio(self, job, reads_ahead=True)

    def holds(self, job: str) -> bool:
        """Whether there is anything of a recording."""
        return bool(self.client.objects(self.key(job, "parts/"), most=1))

    def remove(self, job: str) -> bool:
        """Remove a recording and its side files; False if there is none. A current reader may lose the rest."""
        objects = self.client.objects(f"{self.key(job)}/")
        for found in sorted(objects, key=lambda found: self._removal_order(job, found.key)):
            self.client.delete(found.key)
        return bool(objects)

    def find_file(self, job: str, name: str) -> BucketFile | None:
        """A side file of a recording; None if there is none."""
        found = self.client.find(self.key(job, name))
        return BucketFile(self.client, found) if found else None

    def read_file(self, job: str, name: str) -> bytes | None:
        """The content of a side file; None if there is none."""
        return self.client.get(self.key(job, name))

    def write_file(self, job: str, name: str, content: bytes, *, only_new: bool) -> None:
        """Write a side file in one step; with `only_new` one that is there stays as it is.

        Raises:
            StoreUnavailable, Misconfigured: it cannot be written.
        """
        self.client.put(self.key(job, name), content, only_new=only_new)

    def remove_encoded(self, job: str) -> None:
        """Remove the audio in other formats, which has the old title; it is encoded again when it is requested."""
        for found in self.client.objects(self.key(job, "audio.")):
            if not found.key.endswith(f"/{SAMPLES}"):
                self.client.delete(found.key)

    def recordings(self, shard: int) -> list[StoredRecording]:
        """The recordings of a shard, without what has only side files.

        Raises:
            StoreUnavailable, Misconfigured: the bucket cannot be listed.
        """
        return [found for found, has_parts in self._listed(shard) if has_parts]

    def old_jobs(self, shard: int, before_s: float) -> list[str]:
        """The jobs whose recordings were written last before a time.

        Raises:
            StoreUnavailable, Misconfigured: the bucket cannot be listed.
        """
        return [found.job for found, _ in self._listed(shard) if found.written_s < before_s]

    def part_key(self, job: str, part: RecordingPart) -> str:
        """The key of a part."""
        return self.key(job, "parts", part.name)

    def parts(self, job: str) -> list[RecordingPart]:
        """All parts of a job, those that others contain as well."""
        names = (found.key.rpartition("/")[2] for found in self.client.objects(self.key(job, "parts/")))
        return [part for part in map(RecordingPart.parse, names) if part]

    def chain_of(self, job: str) -> list[RecordingPart]:
        """The parts from which a job is read, in order."""
        return chain(self.parts(job))

    def _finish(self, job: str, last: RecordingPart) -> None:
        """Write all events of a job into one object, and merge its small parts; may run any number of times.

        Raises:
            PositionLost: a part before the last one is not in the bucket.
            StoreUnavailable: other recorders merge them all the time.
        """
        for _ in range(LOOKS):
            found = self.chain_of(job)
            if not found or found[-1].end < last.end:
                raise PositionLost(f"{self.bucket} does not hold all of job {job}; do all recorders share one store?")
            lines = read_lines(self, job, found)
            if lines is not None:
                self.client.put(self.key(job, "events.jsonl"), _joined_lines(lines), only_new=True)
                merge_small(self, job)
                return
        raise self._vanishing(job)

    def _vanishing(self, job: str) -> StoreUnavailable:
        return StoreUnavailable(f"{self.bucket}: the parts of job {job} vanish while they are read; try again")

    def _listed(self, shard: int) -> Iterator[tuple[StoredRecording, bool]]:
        """What a shard has of each job, and whether a recorder wrote any of it."""
        prefix = f"{self.bucket.key(f'{shard:02d}')}/"
        of_job: dict[str, list[StoredObject]] = {}
        for found in self.client.objects(prefix):
            of_job.setdefault(found.key.removeprefix(prefix).partition("/")[0], []).append(found)
        for job, objects in of_job.items():
            if JOB_ID.fullmatch(job):
                parts = [found for found in objects if _is_recorded_part(found.key)]
                written_s = max(found.written_s for found in parts or objects)
                yield StoredRecording(job, sum(found.n_bytes for found in objects), written_s), bool(parts)

    def _removal_order(self, job: str, key: str) -> tuple[int, int]:
        """Events go first, then parts from the beginning, and the owner last: no reader finds half a recording."""
        name = key.removeprefix(f"{self.key(job)}/")
        part = RecordingPart.parse(name.removeprefix("parts/"))
        if part:
            return 1, part.at
        return {"events.jsonl": 0, "owner": 3}.get(name, 2), 0


def _joined_lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _joined_audio(audio: Iterable[tuple[int, bytes]], at: int) -> bytes:
    """The audio from byte `at` of the job in one piece; bytes that a cancelled job lacks are zero, as in a file."""
    joined = bytearray()
    for offset, pcm in audio:
        joined.extend(bytes(max(0, offset - at - len(joined))))
        joined.extend(pcm)
    return bytes(joined)


def _is_recorded_part(key: str) -> bool:
    """Whether a recorder wrote an object, and not a gateway."""
    return "/parts/" in key or key.endswith("/events.jsonl")
