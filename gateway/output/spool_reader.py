"""A spool reader: the audio of an unfinished output, read by another thread while it is written."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.output.running_jobs import RunStopped

POLL_S = 0.1  #: between two looks at a spool that does not grow: 10 s of speech by a fast engine


class SpoolReader:
    """A spool that is open for reading, also once its output is complete and its file has no name any more."""

    def __init__(self, path: Path) -> None:
        """Open the spool.

        Raises:
            OSError: it cannot be opened.
        """
        self._file = path.open("rb", buffering=0)
        self.complete = threading.Event()  #: to be set when the output is complete: nothing more is written

    def blocks(self, n_bytes: int, stopped: threading.Event) -> Iterator[bytes]:
        """The audio in blocks of `n_bytes`, as they are written; the last one may be shorter.

        Raises:
            RunStopped: it was stopped.
        """
        block = bytearray()
        while not stopped.is_set():
            is_complete = self.complete.is_set()  # looked at first: what is read then is all that there is
            data = self._file.read(n_bytes - len(block))
            block += data
            if len(block) == n_bytes:
                yield bytes(block)
                block.clear()
            elif not data and is_complete:
                if block:
                    yield bytes(block)
                return
            elif not data:
                self.complete.wait(POLL_S)
        raise RunStopped

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
