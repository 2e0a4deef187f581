"""Audio of a recording in a bucket, read in ranges from its parts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seriatim.recordings.stored_recording import PIECE_BYTES, SAMPLES

if TYPE_CHECKING:
    from seriatim.recordings.bucket_store import BucketStore
    from seriatim.recordings.recording_parts import RecordingPart

READ_BYTES = 1 << 20  #: of one request: 22 s at 24 kHz, and little memory for each of many listeners
LOOKS = 4  #: at the parts of a recording, before a byte counts as not stored


@dataclass(slots=True)
class BucketAudio:
    """The audio of one job, for one reader."""

    store: "BucketStore"
    job: str
    reads_ahead: bool = False  #: keep what one request brings, for a reader that goes on from sentence to sentence
    _parts: "list[RecordingPart] | None" = field(default=None, init=False)  #: as they were listed last; None: not yet
    _at: int = field(default=0, init=False)  #: byte of the job at which the last block begins
    _block: bytes = field(default=b"", init=False)

    def stored_bytes(self) -> int:
        """Bytes of the job that are stored without a hole."""
        found = self.store.chain_of(self.job)
        if found:
            return found[-1].stop
        copied = self.store.client.find(self._copied_key)
        return copied.n_bytes if copied else 0

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes of the job from `start` up to `stop`, in pieces; fewer where no more are stored.

        Raises:
            StoreUnavailable, Misconfigured: the rest cannot be read.
        """
        while start < stop:
            block = self._block_at(start, stop)[: stop - start]
            if not block:
                return
            yield from (block[at : at + PIECE_BYTES] for at in range(0, len(block), PIECE_BYTES))
            start += len(block)

    def _block_at(self, start: int, stop: int) -> bytes:
        """Bytes from `start` on; b"" if that byte is not stored. A part that was merged is looked for again."""
        within = start - self._at
        if 0 <= within < len(self._block):
            return self._block[within:]
        for _ in range(LOOKS):
            if self._parts is not None and (block := self._fetch(self._parts, start, stop)):
                if self.reads_ahead:
                    self._at, self._block = start, block
                return block
            self._parts = self.store.chain_of(self.job)
        return b""

    def _fetch(self, parts: "list[RecordingPart]", start: int, stop: int) -> bytes | None:
        until = start + READ_BYTES if self.reads_ahead else min(stop, start + READ_BYTES)
        if not parts:
            return self.store.client.get(self._copied_key, start, until)
        for part in parts:
            if part.at <= start < part.stop:
                skipped = part.header_bytes - part.at
                key = self.store.part_key(self.job, part)
                return self.store.client.get(key, start + skipped, min(until, part.stop) + skipped)
        return None

    @property
    def _copied_key(self) -> str:
        """The key of the audio of a recording that was copied from a folder."""
        return self.store.key(self.job, SAMPLES)
