"""Stored recordings as the retention sees them, and as every store is read."""

from dataclasses import dataclass

PIECE_BYTES = 64 * 1024  #: size of the pieces in which audio is read back: a second or two
SAMPLES = "audio.s16"  #: file of a recording's samples: s16le mono


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording, with its side files."""

    job: str
    n_bytes: int
    written_s: float  #: of its last write, in s since 1970
