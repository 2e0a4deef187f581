"""Joint steps: one round trip leaves what its steps leave one after another; what is reported is whole."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from seriatim.errors import MemoryFull
from seriatim.lua import job_scripts, joint_scripts, pool_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, JobSlot, OpenResult, OpenVerdict
from seriatim.lua.joint_scripts import FinalAppend, WorkerAudio
from seriatim.lua.pool_records import (
    ClaimResult,
    ClaimVerdict,
    FinishedSentence,
    FinishVerdict,
    NextSentence,
    Submission,
    SubmitResult,
    SubmitVerdict,
)
from seriatim.lua.script_calls import ScriptCall, run
from seriatim.records import JobKind, Sentence, TaskMessage
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, P, PoolDriver
from tests.scripts.server_contents import contents

RATE_HZ, CHUNK = 8_000, bytes(1_600)
AUDIO = WorkerAudio("exact", RATE_HZ, "take 1")
JOBS = ("a0" * 16, "b1" * 16)
EPOCH = "1"
TEXTS = ("Été, \N{MUSICAL SYMBOL G CLEF}.", "Two.", 'Three "3".')


class TwoJobs:
    """A pool of one slot, and two jobs of two users, whose steps are joint or not."""

    def __init__(self, redis: Redis, *, joint: bool) -> None:
        self.redis, self.joint = redis, joint
        redis.flushdb()
        self.pool = PoolDriver(redis, slots=0)
        self.pool.hire("w1", hot=True)
        redis.hset(f"{P}:m", mapping={"fence": 100, "epoch": EPOCH})  # they come from the server's own clock
        self.now = self.pool.now

    def at(self, call: ScriptCall[Any]) -> Any:
        return run(self.redis, call.at(self.now))

    def enqueue(self, number: int, **options: Any) -> tuple[SubmitResult, tuple[TaskMessage, ...]]:
        job = JOBS[number]
        submission = Submission(job, f"user {number}", JobKind.BATCH, '{"v":1}', **options)
        rows = [pool_scripts.sentence_argument(100, Sentence(text=text).to_json()) for text in TEXTS]
        init = job_scripts.init(job, len(rows), JobSlot(pool=POOL))
        submit = pool_scripts.submit_and_pick(POOL, submission, rows, 4, 4_000)
        if self.joint:
            joined: tuple[SubmitResult, tuple[TaskMessage, ...]] = self.at(joint_scripts.init_and_submit(init, submit))
            return joined
        self.at(init)
        answer: tuple[SubmitResult, tuple[TaskMessage, ...]] = self.at(submit)
        again = answer[0].verdict is SubmitVerdict.DUPLICATE and answer[0].job == job
        accepted = again or answer[0].verdict is SubmitVerdict.ACCEPTED
        self.at(job_scripts.life(job, accepted=accepted))
        if accepted:
            self.at(pool_scripts.strike(POOL, EPOCH, [f"life|{job}"]))
        return answer

    def claim(self, message: TaskMessage) -> tuple[ClaimResult, OpenResult | None]:
        claim = pool_scripts.claim(POOL, message, "w1", LEASE_MS)
        if self.joint:
            claimed: ClaimResult = self.at(joint_scripts.claim_and_open(claim, message, AUDIO))
            return claimed, claimed.opened
        claimed = self.at(claim)
        return claimed, self.open(message, claimed) if claimed.verdict is ClaimVerdict.CLAIMED else None

    def open(self, message: TaskMessage, claimed: ClaimResult) -> OpenResult:
        text = Sentence.from_json(claimed.sentence).text
        call = job_scripts.open_sentence(
            message.job, message.seq, message.attempt, AUDIO.continuity, AUDIO.rate_hz, text, AUDIO.fingerprint
        )
        opened: OpenResult = self.at(call)
        return opened

    def last_chunk(self, message: TaskMessage, claimed: ClaimResult, offset: int = 0) -> FinalAppend:
        """The last chunk, and what follows it in a hot slot."""
        chunk = ChunkAppend(offset, CHUNK, True, zlib.crc32(CHUNK))
        append = job_scripts.append(message.job, message.seq, message.attempt, chunk, emits=True)
        finished = FinishedSentence(claimed.epoch, 30, 100, 10.0, 10.0)
        take = pool_scripts.finish_and_claim(POOL, message, finished, 600_000, "w1", LEASE_MS, 4, 4_000)
        if self.joint:
            done: FinalAppend = self.at(joint_scripts.append_and_take(append, take, AUDIO))
            return done
        verdict, received = self.at(append)
        taken: NextSentence | None = self.at(take) if verdict is AppendVerdict.OK else None
        if taken and taken.message and taken.claimed and taken.message.job == message.job:
            taken = replace(taken, claimed=replace(taken.claimed, opened=self.open(taken.message, taken.claimed)))
        return FinalAppend(verdict, received, taken)

    def following(self, done: FinalAppend) -> tuple[TaskMessage, ClaimResult]:
        """The slot's next sentence, opened."""
        assert done.following is not None
        message, claimed = done.following.message, done.following.claimed
        assert message is not None
        assert claimed is not None
        assert (claimed.opened or self.open(message, claimed)).verdict is OpenVerdict.OPEN
        return message, claimed


def speak_all(jobs: TwoJobs) -> list[Any]:
    """Both jobs from their submission to their end, by one slot."""
    picked = jobs.enqueue(0)[1] + jobs.enqueue(1)[1]
    (message,) = picked
    claimed, opened = jobs.claim(message)
    steps: list[Any] = [(message, opened)]
    while True:
        done = jobs.last_chunk(message, claimed)
        assert done.following is not None
        steps.append((message, claimed.sentence, done.verdict, done.received, done.following.verdict))
        jobs.now += 40
        if done.following.message is None:
            return steps
        message, claimed = jobs.following(done)


def left_by(redis: Redis) -> dict[str, Any]:
    """All keys; the ids of notifications are times of the server's own clock."""
    found = contents(redis, "seriatim:1:")
    return {key: [fields for _, fields in value] if key.endswith(":ntf") else value for key, value in found.items()}


def refuse(jobs: TwoJobs) -> list[Any]:
    """A job that its user's cap refuses, and one that comes twice."""
    first, second = jobs.enqueue(0), jobs.enqueue(0)
    return [first, second[0].verdict, jobs.enqueue(1, idempotency_key="key"), jobs.enqueue(1, idempotency_key="key")]


def fence(jobs: TwoJobs) -> list[Any]:
    """A worker that lost its sentence to a newer attempt, and a claim that comes twice."""
    (message,) = jobs.enqueue(0)[1]
    claimed, opened = jobs.claim(message)
    again = jobs.claim(message)
    newer = TaskMessage(message.job, message.seq, message.attempt + 1)
    jobs.open(newer, claimed)
    return [opened, again[0].verdict, again[1], jobs.last_chunk(message, claimed)]


def leave_a_hole(jobs: TwoJobs) -> list[Any]:
    """A chunk behind a hole: the sentence is not whole, and not reported."""
    (message,) = jobs.enqueue(0)[1]
    claimed, _ = jobs.claim(message)
    return [jobs.last_chunk(message, claimed, offset=2), jobs.last_chunk(message, claimed).verdict]


@pytest.mark.parametrize("story", [speak_all, refuse, fence, leave_a_hole])
def test_a_joint_step_leaves_what_its_steps_leave_one_after_another(
    redis: Redis, story: Callable[[TwoJobs], list[Any]]
) -> None:
    found = []
    for joint in (False, True):
        jobs = TwoJobs(redis, joint=joint)
        found.append((story(jobs), left_by(redis)))
    (apart, left_apart), (joined, left_joined) = found
    assert joined == apart
    assert left_joined == left_apart


def test_all_of_both_jobs_is_spoken(redis: Redis) -> None:
    steps = speak_all(TwoJobs(redis, joint=True))[1:]
    assert sorted((message.job, message.seq) for message, *_ in steps) == [
        (job, seq) for job in JOBS for seq in range(3)
    ]
    assert {tuple(rest) for _, _, *rest in steps} == {(AppendVerdict.OK, len(CHUNK), FinishVerdict.OK)}


def test_a_sentence_of_another_job_is_claimed_and_not_opened(redis: Redis) -> None:
    """Its slot may be of another shard: its keys are not those that the step was sent with."""
    jobs = TwoJobs(redis, joint=True)
    (message,) = jobs.enqueue(0)[1]
    jobs.enqueue(1)
    claimed, _ = jobs.claim(message)
    done = jobs.last_chunk(message, claimed)
    assert done.following is not None
    taken: NextSentence = done.following
    assert taken.message is not None
    assert taken.claimed is not None
    assert (taken.claimed.opened is None) == (taken.message.job != message.job)


def test_the_last_chunk_that_is_sent_twice_reports_nothing_more(redis: Redis) -> None:
    jobs = TwoJobs(redis, joint=True)
    (message,) = jobs.enqueue(0)[1]
    claimed, _ = jobs.claim(message)
    assert jobs.last_chunk(message, claimed).following is not None
    before = contents(redis, "seriatim:1:")
    assert jobs.last_chunk(message, claimed) == FinalAppend(AppendVerdict.DONE, len(CHUNK))
    assert contents(redis, "seriatim:1:") == before


def test_without_memory_a_sentence_is_neither_stored_nor_reported(redis: Redis) -> None:
    """`finish` alone may run then: reported, the sentence would be over, and its end missing."""
    jobs = TwoJobs(redis, joint=True)
    (message,) = jobs.enqueue(0)[1]
    claimed, _ = jobs.claim(message)
    before = contents(redis, "seriatim:1:")
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(MemoryFull):
            jobs.last_chunk(message, claimed)
    finally:
        redis.config_set("maxmemory", 0)
    assert contents(redis, "seriatim:1:") == before
    assert jobs.last_chunk(message, claimed).verdict is AppendVerdict.OK
