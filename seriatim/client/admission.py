"""Admission: a job's submission to its pool, in steps that a crash may interrupt anywhere.

First the job's own keys are written, with a short TTL; then the pool refuses the job, or accepts it and picks what is
due, in one step; that is published; then the full TTL is set. A job that was not accepted expires, and for an accepted
one the missing steps are in the to-do list and the outbox.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace

from seriatim import tracing
from seriatim.client.job_options import JobRequest
from seriatim.client.partial_submission import idempotency_conflict
from seriatim.client.sentences.speaker_voices import check_one_pool
from seriatim.client.voice_names import normalize_voice
from seriatim.dispatch import MAX_PICK, PoolClient, complete_pending_step, dispatch, publish_picked
from seriatim.errors import Busy, CapReached, MemoryFull, NoWorkers, SeriatimError, TextTooLarge
from seriatim.keys import user_tag
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import joint_scripts
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.job_scripts import JobSlot
from seriatim.lua.pool_records import Submission, SubmitResult, SubmitVerdict
from seriatim.lua.script_calls import ScriptCall, run
from seriatim.records import JobKind, JobSpec, TaskMessage
from seriatim.settings import Settings
from seriatim.user_limits import LIMITS, UserLimits
from seriatim.webhooks.webhook_target import HostPatterns, WebhookTarget, check_webhook_url


def check_webhook(url: str, settings: Settings) -> None:
    """Refuse a receiver that no message is sent to; "" is none.

    Raises:
        UnknownOption: it is no URL, or neither of https nor of a host that the settings allow.
    """
    if url:
        check_webhook_url(url)
        HostPatterns.parse(settings.webhook_hosts).check_scheme(url)


def make_submission(
    request: JobRequest, settings: Settings, *, closed: bool, producer_ms: int, queue_limit_ms: int, cut: str,
    warning: str = "", job_suffix: str = "",
) -> Submission:  # fmt: skip
    """The submission of a new job; `cut` as `segmentation_to_json` returns it, `warning` for its status.

    `job_suffix`: the end of its id (`Producer`).

    Raises:
        UnknownOption: its webhook is neither of https nor of a host that the settings allow, or its cast has several
            engines.
    """
    check_one_pool(request.cast)
    check_webhook(request.webhook, settings)
    s, live = settings, request.kind is JobKind.LIVE
    timeout_s = request.timeout_s or (s.live_timeout_s if live else s.batch_timeout_s)
    spec = JobSpec(request.voice, request.language, request.speed, request.seed, dict(request.options), warning=warning)
    return Submission(
        job=secrets.token_hex(16) + job_suffix, user=user_tag(request.user), kind=request.kind, spec=spec.to_json(),
        closed=closed, idempotency_key=request.idempotency_key, session=request.session,
        spec_digest=_spec_digest(spec), cut=cut,
        priority=request.priority, weight=request.weight, speed=request.speed, play=request.play,
        gap=request.gap_policy, drain=request.drained_by,
        window_ms=request.window_ms or (s.live_window_ms if live else s.batch_window_ms),
        target_ms=s.first_audio_ms, timeout_ms=round(timeout_s * 1000),
        life_ms=round((timeout_s + s.ended_job_ttl_s) * 1000),
        grace_ms=round((request.reader_grace_s or s.reader_grace_s) * 1000),
        producer_ms=0 if closed else producer_ms, queue_limit_ms=queue_limit_ms,
        ended_life_ms=round(s.ended_job_ttl_s * 1000), memory_share=s.memory_share,
        limits=UserLimits.from_settings(s),
    )  # fmt: skip


def submit(pool_client: PoolClient, request: JobRequest, s: Submission, rows: Sequence[str]) -> SubmitResult:
    """Request admission with the first sentences, and dispatch them if there are free slots.

    The verdict is ACCEPTED; DUPLICATE, with the job that has the idempotency key; or RECUT, and nothing has changed.

    Raises:
        Busy, CapReached, MemoryFull, NoWorkers, TextTooLarge: the pool refuses the job.
        IdempotencyConflict: the key's job has another text.
    """
    kind = str(request.kind)
    with tracing.span("enqueue", tracing.PRODUCER, pool=pool_client.pool, kind=kind, sentences=len(rows)) as span:
        if trace := tracing.current_traceparent():  # so that the spans of its sentences are children of this one
            s = replace(s, spec=replace(JobSpec.from_json(s.spec), trace=trace).to_json())
        try:
            answer = _run_steps(pool_client, request, s, rows)
        except MemoryFull:  # the server itself ran out of memory; keys of an incomplete job expire
            wait_ms = run(pool_client.redis, pool_calls.memory_wait(pool_client.pool, s.memory_share))
            raise MemoryFull("Redis is out of memory; running jobs continue", wait_ms / 1000) from None
        span.note(job=answer.job)
        return answer


def _run_steps(pool_client: PoolClient, request: JobRequest, s: Submission, rows: Sequence[str]) -> SubmitResult:
    slot = JobSlot(
        request.hold, s.drain, life_ms=s.life_ms, ended_life_ms=s.ended_life_ms, pool=pool_client.pool,
        memory_share=s.memory_share, webhook=WebhookTarget.of(request.webhook, request.user),
    )  # fmt: skip
    joint = bool(rows) and joint_scripts.has_both(pool_client.redis)  # then `life` is part of the step
    answer, picked = _submit_and_pick(
        pool_client, s, rows, job_calls.init(s.job, len(rows) if s.closed else -1, slot), joint=joint
    )
    publish_picked(pool_client, picked)
    sent_twice = answer.verdict is SubmitVerdict.DUPLICATE and answer.job == s.job  # this very call, repeated
    if answer.verdict is SubmitVerdict.ACCEPTED or sent_twice:
        if not joint:
            complete_pending_step(pool_client, job_calls.life(s.job, accepted=True), f"life|{s.job}")
        if sent_twice or len(picked) == MAX_PICK:
            dispatch(pool_client)
        return answer
    if not joint:
        run(pool_client.redis, job_calls.life(s.job, accepted=False))
    if answer.verdict not in (SubmitVerdict.DUPLICATE, SubmitVerdict.RECUT):
        raise _refusal_error(answer, request)
    return answer


def _submit_and_pick(
    pool_client: PoolClient, s: Submission, rows: Sequence[str], init: ScriptCall[bool], *, joint: bool
) -> tuple[SubmitResult, tuple[TaskMessage, ...]]:
    """The pool's answer, and what it picked: nothing for a job without a sentence yet."""
    pool, redis = pool_client.pool, pool_client.redis
    timeout_ms = pool_client.settings.message_timeout_ms
    call = pool_calls.submit_and_pick(pool, s, rows, MAX_PICK, timeout_ms)
    if joint:
        return run(redis, joint_scripts.init_and_submit(init, call))
    run(redis, init)
    return run(redis, call) if rows else (run(redis, pool_calls.submit(pool, s, rows)), ())


def _spec_digest(spec: JobSpec) -> str:
    """A digest of the audible part of a spec: the trace, warnings and the spelling of the voice do not count."""
    same = replace(spec, trace="", warning="", voice=normalize_voice(spec.voice))
    return hashlib.blake2s(same.to_json().encode(), digest_size=16).hexdigest()


def _refusal_error(answer: SubmitResult, request: JobRequest) -> SeriatimError:
    after_s, pool, user = answer.retry_after_ms / 1000, request.pool_name, request.user
    if answer.verdict is SubmitVerdict.TOO_LARGE:
        return TextTooLarge(
            f"a job of user {user!r} has more audio than SERIATIM_USER_QUEUED_S allows; send it in parts"
        )
    if answer.verdict is SubmitVerdict.CONFLICT:
        return idempotency_conflict(answer.job)
    for name, limit in LIMITS.items():
        if answer.verdict.name.lower() == limit.script_name:
            return CapReached(f"user {user!r} has {limit.reached} SERIATIM_USER_{name.upper()} allows", after_s)
    refusals = {
        SubmitVerdict.BUSY: Busy(f"pool {pool!r} has all the listeners that it can serve without gaps", after_s),
        SubmitVerdict.MEMORY: MemoryFull("the Redis memory budget is used up; running jobs continue", after_s),
        SubmitVerdict.NO_WORKERS: NoWorkers(
            f"no worker of pool {pool!r} is alive; start one with: seriatim worker --engine {request.engine}", after_s
        ),
    }
    return refusals[answer.verdict]
