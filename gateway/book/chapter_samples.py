"""Samples of a chapter's file, as much of it as is wanted, block by block."""

import os
from collections.abc import Iterator
from pathlib import Path

import soundfile

from seriatim.errors import BadInput

BLOCK_SAMPLES = 1 << 15  #: of a block


def chapter_samples(path: Path, n_samples: int, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The audio of a chapter of `n_samples`, s16le mono, from sample `start` to `end` (None: all of the rest).

    Raises:
        BadInput: the file is damaged.
    """
    end = n_samples if end is None else end
    try:
        with soundfile.SoundFile(os.fsencode(path)) as file:
            if file.frames != n_samples:
                raise BadInput(f"{path} has {file.frames} samples, not {n_samples}; delete it")
            file.seek(start)
            while start < end and len(block := file.read(min(BLOCK_SAMPLES, end - start), dtype="int16")):
                start += len(block)
                yield block.astype("<i2").tobytes()
    except (soundfile.LibsndfileError, OSError) as error:
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else error
        raise BadInput(f"{path} is damaged ({reason}); delete it, and its chapter is spoken again") from None
