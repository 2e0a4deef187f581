"""Speech of one attempt: where it begins, what lies before it, and the chunks in which it is sent."""

import zlib
from dataclasses import dataclass

from seriatim.engine import Continuity
from seriatim.lua.job_scripts import ChunkAppend, OpenResult
from tests.simulator.fake_engine import SpokenTake, Studio, state
from tests.simulator.plan import JobPlan
from tests.simulator.scheduler import Violation


@dataclass(slots=True)
class Speech:
    """One attempt's sound, from byte `base` of the sentence on."""

    base: int
    body: bytes
    take: SpokenTake
    begin: int  #: byte of the take at which the body begins
    checksum: int  #: of the bytes before `base`
    differs: bool  #: the bytes before `base` were heard differently

    @property
    def end(self) -> int:
        """Length of the sentence."""
        return self.base + len(self.body)

    def chunk(self, plan: JobPlan, start: int, end: int, final: bool, forget: bool) -> ChunkAppend:
        """Bytes `start` to `end` of the sentence; `forget`: the engine gives no state here."""
        pcm = self.body[start - self.base : end - self.base]
        checksum = zlib.crc32(self.body[: end - self.base], self.checksum)
        note = b"" if forget else state(plan, self.take, self.begin + end - self.base)
        return ChunkAppend(start, pcm, final, checksum, note, self.differs and start == self.base)


def speech_of(studio: Studio, plan: JobPlan, seq: int, opened: OpenResult, machine: int) -> Speech:
    """What a real worker does with the answer to an open: resume, or speak from the beginning and compare.

    Raises:
        Violation: an attempt of another machine's sound was opened as if it were the same.
    """
    checksum = opened.checksum or 0
    if opened.state and plan.continuity is Continuity.RESUMABLE:
        take, begin = studio.resume(plan, seq, opened.state)
        return Speech(opened.base, take.pcm[begin:], take, begin, checksum, differs=False)
    take = studio.speak(plan, seq, machine)
    own = zlib.crc32(take.pcm[: opened.base])
    other = own != checksum or len(take.pcm) < opened.base
    if plan.varied and other and opened.checksum is not None and opened.base and not opened.other:
        raise Violation(f"sentence {seq} of {plan.job}: another machine continues it as its own")
    differs = opened.base > 0 and plan.continuity is not Continuity.NONE and other
    return Speech(opened.base, take.pcm[opened.base :], take, opened.base, own, differs)
