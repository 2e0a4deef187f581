"""Joint scripts (lua/joint): steps of a job's slot and of its pool in one round trip, where one server has both.

Each joins calls of `job_scripts` and `pool_scripts`, and does what they would do one after another. Nothing relies on
its being one step: in a cluster, whose nodes share nothing, the calls are sent one by one (decision 82).
"""

from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from seriatim.keys import job_prefix
from seriatim.lua.job_scripts import AppendVerdict, OpenResult, decode_opened
from seriatim.lua.pool_records import ClaimResult, NextSentence, SubmitResult
from seriatim.lua.script_calls import Argument, ScriptCall, load
from seriatim.records import TaskMessage
from seriatim.servers.cluster_client import ClusterClient


@dataclass(frozen=True, slots=True)
class WorkerAudio:
    """The audio of a worker, as each `open_sentence` names it."""

    continuity: str
    rate_hz: int
    fingerprint: str = ""

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """As the scripts take it."""
        return self.continuity, self.rate_hz, self.fingerprint


@dataclass(frozen=True, slots=True)
class FinalAppend:
    """The answer to the last append of a sentence that takes the slot's next one, too."""

    verdict: AppendVerdict
    received: int  #: bytes of the sentence that its job's slot has
    following: NextSentence | None = None  #: None: the append took nothing, and nothing was reported


def has_both(redis: "Redis") -> bool:
    """True if one server has all jobs and pools, so that it can run joint scripts."""
    return not isinstance(redis, ClusterClient)


def append_and_take(
    append: ScriptCall[tuple[AppendVerdict, int]], take: ScriptCall[NextSentence], audio: WorkerAudio
) -> ScriptCall[FinalAppend]:
    """The last `append` of a sentence; once it is whole `take`, a `finish_and_claim`; and `open` of what that claimed.

    What was claimed of another job is not opened: its slot may be of another shard.
    """

    def decode(r: list[Any]) -> FinalAppend:
        verdict, received = append.decode(r[0])
        following = take.decode(r[1]) if len(r) > 1 else None
        if following and following.claimed and len(r) > 2:
            following = replace(following, claimed=replace(following.claimed, opened=decode_opened(r[2])))
        return FinalAppend(verdict, received, following)

    return ScriptCall(
        load("joint", "append_and_take"), append.key,
        (len(append.args), *append.args, len(take.args), *take.args, *audio.arguments), decode,
        clock=1 + append.clock, other_key=take.key, other_clock=2 + len(append.args) + take.clock,
    )  # fmt: skip


def claim_and_open(claim: ScriptCall[ClaimResult], message: TaskMessage, audio: WorkerAudio) -> ScriptCall[ClaimResult]:
    """A `claim`, and `open` of the sentence if it was claimed."""

    def decode(r: list[Any]) -> ClaimResult:
        claimed: ClaimResult = claim.decode(r[0])
        opened: OpenResult | None = decode_opened(r[1]) if len(r) > 1 else None
        return replace(claimed, opened=opened)

    return ScriptCall(
        load("joint", "claim_and_open"), claim.key, (*claim.args, *audio.arguments), decode,
        clock=claim.clock, other_key=job_prefix(message.job),
    )  # fmt: skip


def init_and_submit(
    init: ScriptCall[bool], submit: ScriptCall[tuple[SubmitResult, tuple[TaskMessage, ...]]]
) -> ScriptCall[tuple[SubmitResult, tuple[TaskMessage, ...]]]:
    """`init`, `submit_and_pick`, and `life` by the pool's verdict. Everything picked must be published."""
    return ScriptCall(
        load("joint", "init_and_submit"), init.key, (len(init.args), *init.args, *submit.args), submit.decode,
        clock=1 + init.clock, other_key=submit.key, other_clock=1 + len(init.args) + submit.clock,
    )  # fmt: skip
