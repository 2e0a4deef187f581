"""Work on a thread of its own, where Ctrl-C cannot reach it: Python raises KeyboardInterrupt on the main thread only.

The encoders of libsndfile and FFmpeg write through callbacks, inside which an interrupt is lost: cffi prints it, and
PyAV lost three to six of a hundred without a word (measured).

Waiting for the answer is the one thing that can be interrupted, and it is one step in C (SimpleQueue). Futures and
conditions are Python: an interrupt inside them sometimes came out as "cannot release un-acquired lock".
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seriatim.audio.encoder import Encoder
    from seriatim.audio.output_file import EncoderOutput


class EncoderThread:
    """A thread that does one thing at a time. After an interrupt in `call` there is nothing to do but `stop`."""

    def __init__(self, name: str) -> None:
        self._asked: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._answered: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Callable[[], object]) -> None:
        """Have `work` done, and wait for it; what it raises is raised here."""
        self._asked.put(work)
        error = self._answered.get()
        if error is not None:
            raise error

    def stop(self, last: Callable[[], object] | None = None) -> None:
        """Have `last` done once the thread is free, whatever it raises, and end the thread."""
        if last is not None:
            self._asked.put(last)
        self._asked.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (work := self._asked.get()) is not None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 (it is raised where it was asked for)
                self._answered.put(error)
            else:
                self._answered.put(None)


class ApartEncoder:
    """An encoder on such a thread. What it writes is kept in memory, and goes into the sink in ordinary code."""

    def __init__(self, sink: "EncoderOutput", make: "Callable[[EncoderOutput], Encoder]") -> None:
        self._sink = sink
        self._notes = _Notes(sink.patchable, sink.scratch)
        self._apart = EncoderThread("encoder")
        self._apart.call(lambda: self._open(make))
        self._drain()

    def write(self, pcm: bytes) -> None:
        self._apart.call(lambda: self._encoder.write(pcm))
        self._drain()

    def close(self) -> None:
        self._apart.call(self._encoder.close)
        self._apart.stop()
        self._drain()

    def discard(self) -> None:
        """Free what the encoder holds, and write nothing more."""
        self._apart.stop(self._encoder.discard)

    def _open(self, make: "Callable[[EncoderOutput], Encoder]") -> None:
        self._encoder = make(self._notes)

    def _drain(self) -> None:
        for write in self._notes.take():
            write(self._sink)


class _Notes:
    """An output that only notes what is to be done to another."""

    def __init__(self, patchable: bool, scratch: str | None) -> None:  # noqa: FBT001  # as the other has them
        self.patchable, self.scratch = patchable, scratch
        self.n_bytes = 0
        self._noted: list[Callable[[EncoderOutput], None]] = []

    def append(self, data: bytes) -> None:
        self.n_bytes += len(data)
        self._noted.append(lambda sink: sink.append(data))

    def patch(self, offset: int, data: bytes) -> None:
        self._noted.append(lambda sink: sink.patch(offset, data))

    def take(self) -> "list[Callable[[EncoderOutput], None]]":
        """What was noted since the last call, in its order."""
        noted, self._noted = self._noted, []
        return noted
