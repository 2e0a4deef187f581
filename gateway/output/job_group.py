"""Job group: the jobs of one text, one for each pool that speaks some of it, read together in the order of the text.

A text whose speakers have one engine is one job, which is read as it comes. Else the sentences of each pool are a job,
and the group takes them in the order of the text, at the rate of the narrator's pool. A job is read when it is its
turn; its window holds what is spoken until then, and `keep_alive` shows that it has a reader.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from seriatim.client.job import Job
from seriatim.client.partial_submission import PartialSubmission
from seriatim.errors import SeriatimError
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run
from seriatim.reader_state import PlayableEntry
from seriatim.records import Sentence
from seriatim.stream_entries import Audio, SentenceStart

#: accepts the first sentences of a pool's job; `send_rest` must follow
BeginJob = Callable[[str, Iterable[Sentence]], PartialSubmission]


@dataclass(slots=True)
class JobGroup:
    """The jobs of one text."""

    submissions: Mapping[str, PartialSubmission]  #: by pool
    order: Sequence[str] = ()  #: the pool of each sentence; (): all are of the only job
    rate_hz: int = 0  #: of the group

    @classmethod
    def begin_one(cls, pool: str, sentences: Iterable[Sentence], begin: BeginJob) -> Self:
        """Begin the only job of a text."""
        return cls({pool: begin(pool, sentences)})

    @classmethod
    def begin_several(cls, sentences: Iterable[tuple[str, Sentence]], begin: BeginJob, rate_hz: int) -> Self:
        """Begin the jobs of a text; all of its sentences are held until they are sent.

        Raises:
            as `begin`; jobs that were accepted before are cancelled.
        """
        of_pools: dict[str, list[Sentence]] = {}
        order: list[str] = []
        for pool, sentence in sentences:
            of_pools.setdefault(pool, []).append(sentence)
            order.append(pool)
        accepted: dict[str, PartialSubmission] = {}
        group = cls(accepted, order, rate_hz)
        try:
            for pool, own in of_pools.items():
                accepted[pool] = begin(pool, own)
        except BaseException:
            with contextlib.suppress(SeriatimError):
                group.cancel("another job of its text was refused")
            raise
        return group

    @property
    def jobs(self) -> list[Job]:
        """The jobs, the narrator's first where it has one."""
        return [submission.job for submission in self.submissions.values()]

    def send_rest(self) -> int:
        """Send the rest of the text; returns the number of its sentences.

        Raises:
            as `PartialSubmission.send_rest`.
        """
        return sum(submission.send_rest() for submission in self.submissions.values())

    def audio(self) -> Iterator[PlayableEntry]:
        """The entries of all sentences in the order of the text, numbered as there.

        Raises:
            as `Job.audio`.
        """
        if not self.order:
            yield from self.jobs[0].audio()
            return
        readers = {pool: SentenceReader(each.job.audio(), self.rate_hz) for pool, each in self.submissions.items()}
        for seq, pool in enumerate(self.order):
            yield from readers[pool].sentence(seq)
        for reader in readers.values():
            reader.finish()

    def marks(self) -> dict[int, tuple[str, ...]]:
        """The engines' marks on doubtful sentences, as `Job.marks`, by the 0-based number in the text."""
        if not self.order:
            return self.jobs[0].marks()
        found: dict[int, tuple[str, ...]] = {}
        for pool, submission in self.submissions.items():
            places = [seq for seq, of in enumerate(self.order) if of == pool]
            found.update({places[seq]: words for seq, words in submission.job.marks().items()})
        return found

    def cancel(self, reason: str) -> None:
        """Cancel all jobs."""
        for job in self.jobs:
            job.cancel(reason)

    def keep_alive(self) -> None:
        """Report that all jobs have a reader, also those whose turn is far away."""
        for job in self.jobs if self.order else []:
            run(job.redis, pool_calls.ack(job.pool, job.id, 0))


@dataclass(slots=True)
class SentenceReader:
    """Reads one job sentence by sentence."""

    entries: Iterator[PlayableEntry]
    rate_hz: int  #: at which it gives the audio
    _next_seq: int = 0  #: in the job
    _ahead: list[PlayableEntry] = field(default_factory=list)  #: the first entry of the next sentence, once it is read

    def sentence(self, seq: int) -> Iterator[PlayableEntry]:
        """The entries of the job's next sentence, numbered `seq`, at the group's rate.

        Audio of another rate comes in one piece at its end: what libsoxr makes of pieces differs by a rounding, and an
        interrupted run must have the bytes of one that was not.
        """
        rate_hz, pcm = self.rate_hz, bytearray()
        last: Audio | None = None
        for entry in self._own_entries():
            if isinstance(entry, SentenceStart):
                rate_hz = entry.rate_hz or self.rate_hz
                yield replace(entry, seq=seq, rate_hz=self.rate_hz)
            elif not isinstance(entry, Audio):
                yield replace(entry, seq=seq)
            elif rate_hz == self.rate_hz:
                yield entry
            else:
                pcm += entry.pcm
                last = entry
        if last:
            yield replace(last, pcm=_resampled(bytes(pcm), rate_hz, self.rate_hz))

    def finish(self) -> None:
        """Read the end of the job.

        Raises:
            JobFailed, JobCancelled, TimedOut: it did not end well.
        """
        for _ in self.entries:
            """Nothing is expected before the end."""

    def _own_entries(self) -> Iterator[PlayableEntry]:
        """The entries up to the next sentence's first, which is kept."""
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        ahead, self._ahead = self._ahead, []
        yield from ahead
        for entry in self.entries:
            if entry.seq > seq:
                self._ahead = [entry]
                return
            yield entry


def _resampled(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    from seriatim.audio.resampler import PcmResampler  # numpy and soxr are needed only here

    return PcmResampler(from_hz, to_hz).feed(pcm, last=True)
