"""Joint calls of simulated processes: steps of a job's slot and of the pool that one server makes in one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass

from seriatim.lua import job_scripts, joint_scripts, pool_scripts
from seriatim.lua.job_scripts import ChunkAppend, JobSlot
from seriatim.lua.joint_scripts import FinalAppend, WorkerAudio
from seriatim.lua.pool_records import ClaimResult, FinishedSentence, Submission, SubmitResult
from seriatim.lua.script_calls import ScriptCall
from seriatim.records import TaskMessage

STANDBY_MS = 700  #: that an idle slot waits for its next sentence


@dataclass(frozen=True, slots=True)
class TakeTerms:
    """With which a slot takes its next sentence."""

    owner: str
    lease_ms: int
    most: int  #: sentences that are picked
    message_timeout_ms: int
    ended_life_ms: int
    slot: str  #: that is put on standby if there is no next sentence; "": none is
    own: int  #: sentences that the process wants: 2 if it holds one ahead


def append_and_take(
    job: str, pool: str, message: TaskMessage, chunk: ChunkAppend, finished: FinishedSentence, terms: TakeTerms,
    audio: WorkerAudio, *, emits: bool,
) -> ScriptCall[FinalAppend]:  # fmt: skip
    """The last chunk of a sentence of `job`, its report, and the slot's next sentence."""
    append = job_scripts.append(job, message.seq, message.attempt, chunk, emits=emits)
    take = pool_scripts.finish_and_claim(
        pool, message, finished, terms.ended_life_ms, terms.owner, terms.lease_ms, terms.most, terms.message_timeout_ms,
        terms.slot, STANDBY_MS, terms.own,
    )  # fmt: skip
    return joint_scripts.append_and_take(append, take, audio)


def claim_and_open(
    pool: str, message: TaskMessage, owner: str, lease_ms: int, audio: WorkerAudio
) -> ScriptCall[ClaimResult]:
    """A claim, and the opening of what was claimed."""
    return joint_scripts.claim_and_open(pool_scripts.claim(pool, message, owner, lease_ms), message, audio)


def init_and_submit(
    job: str, n_sentences: int, slot: JobSlot, pool: str, submission: Submission, sentences: Sequence[str], most: int,
    message_timeout_ms: int,
) -> ScriptCall[tuple[SubmitResult, tuple[TaskMessage, ...]]]:  # fmt: skip
    """A job's slot, its submission with the first sentences that are picked, and the slot's life by the answer."""
    submit = pool_scripts.submit_and_pick(pool, submission, sentences, most, message_timeout_ms)
    return joint_scripts.init_and_submit(job_scripts.init(job, n_sentences, slot), submit)
