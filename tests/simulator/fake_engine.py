"""The fake engine: bytes that tell job, sentence and take apart, so that no mixture stays unnoticed."""

import hashlib
from dataclasses import dataclass, field

from seriatim.audio.pcm import bytes_of_ms
from seriatim.engine import Continuity
from tests.simulator.plan import RATE_HZ, JobPlan


@dataclass(frozen=True, slots=True)
class SpokenTake:
    """One way in which a sentence was spoken."""

    number: int
    pcm: bytes


@dataclass(slots=True)
class Studio:
    """All takes of all sentences of a run."""

    takes: dict[tuple[str, int], list[SpokenTake]] = field(
        default_factory=dict
    )  #: (plan's job, seq) -> as they were spoken
    attempts: int = 0  #: attempts

    def truth(self, plan: JobPlan, seq: int) -> bytes:
        """What a run without faults gives."""
        return _sound(plan, seq, 0)

    def speak(self, plan: JobPlan, seq: int, machine: int) -> SpokenTake:
        """A new attempt from the sentence's beginning, on a machine of this kind."""
        self.attempts += 1
        known = self.takes.setdefault((plan.job, seq), [])
        if plan.exact and known:
            return known[0]
        if plan.varied:
            return self._of_machine(known, plan, seq, machine)
        known.append(SpokenTake(len(known), _sound(plan, seq, len(known))))
        return known[-1]

    @staticmethod
    def _of_machine(known: list[SpokenTake], plan: JobPlan, seq: int, machine: int) -> SpokenTake:
        """The take of a kind of machine: the first half of a sentence is the same on all of them."""
        same = next((take for take in known if take.number == machine), None)
        if same is None:
            same = SpokenTake(machine, _of_kind(plan, seq, machine))
            known.append(same)
        return same

    def resume(self, plan: JobPlan, seq: int, state: bytes) -> tuple[SpokenTake, int]:
        """Go on from a state: the take, and the byte of it at which it goes on."""
        self.attempts += 1
        number, position = state.split(b":")
        return self.takes[plan.job, seq][int(number)], int(position)

    def of(self, plan: JobPlan, seq: int) -> list[bytes]:
        """The bytes of all takes so far."""
        return [take.pcm for take in self.takes.get((plan.job, seq), [])]


def state(plan: JobPlan, take: SpokenTake, position: int) -> bytes:
    """What a resumable engine hands out behind byte `position`."""
    return b"%d:%d" % (take.number, position) if plan.continuity is Continuity.RESUMABLE else b""


def _of_kind(plan: JobPlan, seq: int, machine: int) -> bytes:
    first = _sound(plan, seq, 0)
    half = len(first) // 4 * 2 if machine else len(first)
    other = hashlib.shake_128(f"{plan.job}/{seq}/machine {machine}".encode()).digest(len(first))
    return first[:half] + other[half:]


def _sound(plan: JobPlan, seq: int, number: int) -> bytes:
    ms: float = plan.lines[seq].actual_ms
    if number:  # another take is longer or shorter
        ms *= 0.7 + 0.1 * (number * 5 % 7)
    return hashlib.shake_128(f"{plan.job}/{seq}/{number}".encode()).digest(bytes_of_ms(ms, RATE_HZ))
