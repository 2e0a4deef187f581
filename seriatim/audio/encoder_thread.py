"""An encoder on a thread of its own, out of reach of Ctrl-C: Python raises KeyboardInterrupt on the main thread only.

The encoders of libsndfile and FFmpeg write through callbacks, in which an interrupt is lost: cffi prints it, and PyAV
silently lost three to six of a hundred (measured).

Only waiting for the result can be interrupted, and that is one step in C (SimpleQueue). Futures and conditions are
Python: an interrupt inside them sometimes surfaced as "cannot release un-acquired lock".
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seriatim.audio.encoder import Encoder
    from seriatim.audio.output_file import EncoderOutput


class EncoderThread:
    """A thread that runs one call at a time. After an interrupt in `call`, only `stop` may be called."""

    def __init__(self, name: str) -> None:
        self._requests: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._results: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run_requests, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Callable[[], object]) -> None:
        """Run `work` on the thread and wait for it; its exceptions are raised here."""
        self._requests.put(work)
        error = self._results.get()
        if error is not None:
            raise error

    def stop(self, last: Callable[[], object] | None = None) -> None:
        """Run `last` once the thread is free, ignoring its exceptions, and end the thread."""
        if last is not None:
            self._requests.put(last)
        self._requests.put(None)
        self._thread.join()

    def _run_requests(self) -> None:
        while (work := self._requests.get()) is not None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 (raised in `call`)
                self._results.put(error)
            else:
                self._results.put(None)


class ThreadedEncoder:
    """An encoder on such a thread. Its output is kept in memory and copied into the sink on the calling thread."""

    def __init__(self, sink: "EncoderOutput", make: "Callable[[EncoderOutput], Encoder]") -> None:
        self._sink = sink
        self._writes = _RecordedWrites(sink.patchable, sink.scratch)
        self._thread_calls = EncoderThread("encoder")
        self._thread_calls.call(lambda: self._create_encoder(make))
        self._copy_writes()

    def write(self, pcm: bytes) -> None:
        self._thread_calls.call(lambda: self._encoder.write(pcm))
        self._copy_writes()

    def close(self) -> None:
        self._thread_calls.call(self._encoder.close)
        self._thread_calls.stop()
        self._copy_writes()

    def discard(self) -> None:
        """Free the encoder's resources, and write nothing more."""
        self._thread_calls.stop(self._encoder.discard)

    def _create_encoder(self, make: "Callable[[EncoderOutput], Encoder]") -> None:
        self._encoder = make(self._writes)

    def _copy_writes(self) -> None:
        for write in self._writes.take():
            write(self._sink)


class _RecordedWrites:
    """An output that records writes, to be replayed on another output."""

    def __init__(self, patchable: bool, scratch: str | None) -> None:  # noqa: FBT001  # as `EncoderOutput` has them
        self.patchable, self.scratch = patchable, scratch
        self.n_bytes = 0
        self._pending: list[Callable[[EncoderOutput], None]] = []

    def append(self, data: bytes) -> None:
        self.n_bytes += len(data)
        self._pending.append(lambda sink: sink.append(data))

    def patch(self, offset: int, data: bytes) -> None:
        self._pending.append(lambda sink: sink.patch(offset, data))

    def take(self) -> "list[Callable[[EncoderOutput], None]]":
        """The writes recorded since the last call, in order."""
        pending, self._pending = self._pending, []
        return pending
