"""Files beside a recording in a bucket: texts, and the audio in other formats."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seriatim.errors import StoreUnavailable
from seriatim.recordings.bucket_audio import READ_BYTES

if TYPE_CHECKING:
    from seriatim.recordings.bucket_client import BucketClient, StoredObject


@dataclass(frozen=True, slots=True)
class BucketFile:
    """A file as it was when it was found: one that is replaced meanwhile is not read on."""

    client: "BucketClient"
    found: "StoredObject"

    @property
    def n_bytes(self) -> int:
        """Its length."""
        return self.found.n_bytes

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, in pieces.

        Raises:
            StoreUnavailable, Misconfigured: the rest cannot be read; it may have been replaced or removed.
        """
        while start < stop:
            piece = self.client.get(self.found.key, start, min(stop, start + READ_BYTES), etag=self.found.etag)
            if not piece:
                raise StoreUnavailable(f"{self.client.bucket}: {self.found.key} was replaced or removed; try again")
            start += len(piece)
            yield piece
