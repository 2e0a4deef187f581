"""Parts of a recording in a bucket: immutable objects, each a part of the job with its events. No I/O.

The name of a part says which part it is:

    <start position>_<end position>_<start byte>_<end byte>_<bytes of events>

and its content is that many bytes of events (lines of JSON), then the audio from the start byte to the end byte. Two
recorders that write the same part write the same bytes under the same name. Parts that overlap, as after a crash or
beside a merged one, agree where they do, so a reader takes any `chain` of them that begins at the beginning of the job
and has no hole, and each byte from one of them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seriatim.keys import StreamPosition

NAME = re.compile(r"(\d{1,16}-\d{1,16})_(\d{1,16}-\d{1,16})_(\d{1,16})_(\d{1,16})_(\d{1,10})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RecordingPart:
    """A part of a job, from one position of its ordered stream to another."""

    start: StreamPosition
    end: StreamPosition
    at: int  #: byte of the job at `start`
    stop: int  #: byte of the job at `end`
    header_bytes: int  #: of events, before the audio

    @property
    def name(self) -> str:
        """The last part of its key."""
        return f"{self.start}_{self.end}_{self.at}_{self.stop}_{self.header_bytes}"

    @property
    def n_bytes(self) -> int:
        """Bytes of audio."""
        return self.stop - self.at

    def contains(self, other: "RecordingPart") -> bool:
        """Whether everything in another part is in this one."""
        return self.start <= other.start and other.end <= self.end

    @classmethod
    def parse(cls, name: str) -> "RecordingPart | None":
        """Read a name; None if it is not one of a part."""
        found = NAME.fullmatch(name)
        if not found:
            return None
        try:
            start, end = StreamPosition.parse(found[1]), StreamPosition.parse(found[2])
        except ValueError:
            return None
        at, stop, header_bytes = int(found[3]), int(found[4]), int(found[5])
        return cls(start, end, at, stop, header_bytes) if start < end and at <= stop else None


def chain(parts: Iterable[RecordingPart]) -> list[RecordingPart]:
    """Parts that cover the job from its beginning without a hole, as far as they go; as few as will do."""
    reached = StreamPosition()
    found: list[RecordingPart] = []
    waiting = sorted(parts, key=lambda part: part.start, reverse=True)
    while waiting and waiting[-1].start <= reached:
        candidates = []
        while waiting and waiting[-1].start <= reached:
            candidates.append(waiting.pop())
        furthest = max(candidates, key=lambda part: part.end)
        if furthest.end > reached:
            found.append(furthest)
            reached = furthest.end
    return found


def small_runs(parts: Iterable[RecordingPart], full_bytes: int) -> Iterator[list[RecordingPart]]:
    """Runs of neighbours to be merged, from a chain: each up to about `full_bytes`, of parts of less than half."""
    run: list[RecordingPart] = []
    for part in parts:
        is_small = part.n_bytes < full_bytes // 2
        if is_small:
            run.append(part)
        if run and (not is_small or run[-1].stop - run[0].at >= full_bytes):
            yield run
            run = []
    if run:
        yield run
