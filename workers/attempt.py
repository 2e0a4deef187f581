"""One attempt at a sentence: claim, open, speak, append, finish, hand out the next (docs/explanation/architecture.md).

Nothing here is the recovery path of anything: a process that dies at any line leaves a lease that expires.
"""

import logging
import time
from contextlib import closing, suppress
from dataclasses import replace

from seriatim import tracing
from seriatim.audio.pcm import ms_of_bytes
from seriatim.engine import Utterance
from seriatim.errors import (
    UNDONE,
    BadInput,
    EngineFailed,
    SeriatimError,
    UnknownLanguage,
    UnknownOption,
    UnknownVoice,
)
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import OpenResult, OpenVerdict
from seriatim.lua.pool_records import REFUSED, REFUSED_JOB, ClaimResult, ClaimVerdict, FinishedSentence, RetryPolicy
from seriatim.lua.script_calls import run
from seriatim.records import JobSpec, Sentence, TaskMessage, seed_of
from seriatim.text.duration_estimate import estimate_ms
from tasks.celery_task import SentenceFailed
from workers import fenced_attempts, worker_renewal
from workers.attempt_outcome import AttemptOutcome
from workers.chunk_sender import AlreadyWhole, AttemptDropped, ChunkSender, unpack_state
from workers.trim_and_fade import TrimFadeFilter
from workers.worker_state import ReportedOutcome, RunningAttempt, WorkerState

log = logging.getLogger(__name__)

#: Sound below this share of its estimate is marked `short`: the estimate meets 27 of 28 languages within a tenth.
SHORT_SHARE = 0.3
JUDGED_FROM_MS = 8_000  #: estimated

WAIT_S = 0.05  #: between two claims while a suspect runs alone


def run_attempt(worker_state: WorkerState, message: TaskMessage) -> str:
    """Speak what a message named, if it is due. Returns what became of it.

    Raises:
        SentenceFailed: this attempt failed; the pool knows, or its lease will say so.
    """
    worker_state.reached.set()
    outcome = _outcome(worker_state, message)
    if outcome.failed:
        raise SentenceFailed(outcome.reason)
    return str(outcome)


def _outcome(worker_state: WorkerState, message: TaskMessage) -> AttemptOutcome:
    try:
        claimed = _claim(worker_state, message)
        return (
            _run_claimed(worker_state, message, claimed)
            if claimed.verdict is ClaimVerdict.CLAIMED
            else AttemptOutcome(claimed.verdict.name)
        )
    except UNDONE as error:  # it outlasted all patience: the lease gives it to others
        log.warning("Redis is away", extra={"job": message.job, "seq": message.seq, "error": str(error)})
        return AttemptOutcome("FAILED", f"Redis is away: {error}")


def _run_claimed(worker_state: WorkerState, message: TaskMessage, claimed: ClaimResult) -> AttemptOutcome:
    speaking = RunningAttempt(
        message, claimed.epoch, worker_state.allowed_s(claimed.expected_ms), waited_ms=claimed.waited_ms
    )
    worker_state.begin(speaking)
    try:
        outcome = _run_engine(worker_state, speaking, claimed)
        speaking.span.note(result=str(outcome))
        if speaking.first_ms is not None:
            speaking.span.note(first_sound_ms=speaking.first_ms)
    finally:
        speaking.span.end()
        worker_state.vacate(speaking.slot)
    if worker_state.pool_client.settings.log_sentences:
        log.info("a sentence ended", extra=speaking.facts() | outcome.facts())
    return outcome


def _run_engine(worker_state: WorkerState, speaking: RunningAttempt, claimed: ClaimResult) -> AttemptOutcome:
    message = speaking.message
    try:
        return _attempt(worker_state, speaking, claimed)
    except AttemptDropped as why:
        fenced_attempts.report_if_fenced(worker_state, speaking, why)
        worker_state.end(message)
        return AttemptOutcome("DROPPED", str(why))
    except UNDONE:
        worker_state.end(message)
        raise
    except BadInput as error:  # it would be refused again: the first attempt is the last
        once = replace(
            worker_state.pool_client.retry, max_failures=_refusal(error, Sentence.from_json(claimed.sentence))
        )
        return _give_back(worker_state, speaking, f"{type(error).__name__}: {error}", once)
    except SeriatimError as error:
        return _give_back(worker_state, speaking, f"{type(error).__name__}: {error}")
    except Exception as error:  # an engine may raise anything: the outer loop of a sentence gives the work back
        log.exception("the engine raised", extra={"job": message.job, "seq": message.seq, "attempt": message.attempt})
        return _give_back(worker_state, speaking, f"{type(error).__name__}: {error}")


def _refusal(error: BadInput, sentence: Sentence) -> int:
    """Does it end a sentence, or its job? What was asked for the whole job is refused for each of its sentences."""
    its_own = sentence.voice or sentence.language or sentence.speed
    of_job = isinstance(error, UnknownVoice | UnknownLanguage | UnknownOption) and not its_own
    return REFUSED_JOB if of_job else REFUSED


def _claim(worker_state: WorkerState, message: TaskMessage) -> ClaimResult:
    pool_client = worker_state.pool_client
    while True:
        claimed = run(
            pool_client.redis,
            pool_scripts.claim(pool_client.pool, message, worker_state.owner, pool_client.settings.lease_ms),
        )
        if claimed.verdict not in (ClaimVerdict.WAIT, ClaimVerdict.UNKNOWN) or worker_state.draining.is_set():
            return claimed
        time.sleep(WAIT_S)  # a suspect runs alone here; or the pulse is about to register this process again


def _attempt(worker_state: WorkerState, speaking: RunningAttempt, claimed: ClaimResult) -> AttemptOutcome:
    message, spec = speaking.message, JobSpec.from_json(claimed.spec)
    if spec.trace:
        speaking.span = tracing.begin_span(
            "speak", tracing.CONSUMER, spec.trace, job=message.job, seq=message.seq, attempt=message.attempt,
            lead_ms=claimed.lead_ms, pool=worker_state.pool_client.pool, engine=worker_state.engine.name,
            worker=worker_state.owner,
        )  # fmt: skip
    engine, sentence = worker_state.engine, Sentence.from_json(claimed.sentence)
    call = job_scripts.open_sentence(
        message.job, message.seq, message.attempt, engine.continuity, engine.rate_hz, sentence.text
    )
    opened = run(worker_state.pool_client.redis, call)
    if opened.verdict is OpenVerdict.RATE:
        raise EngineFailed(
            f"the job's sentences have {opened.base} Hz, this engine {engine.rate_hz} Hz: one pool, one rate"
        )
    if opened.verdict is OpenVerdict.DONE:
        return _finish(worker_state, speaking, 0.0, opened.base)
    if opened.verdict is not OpenVerdict.OPEN:
        raise AttemptDropped(opened.verdict.name)
    began_s, utterance = time.monotonic(), _utterance(message, claimed, spec, sentence, opened)
    try:
        n_bytes = _synthesize(worker_state, speaking, utterance, opened, sentence)
    except AlreadyWhole as whole:
        return _finish(worker_state, speaking, 0.0, whole.n_bytes)
    return _finish(worker_state, speaking, (time.monotonic() - began_s) * 1000, n_bytes)


def _too_short(utterance: Utterance, spoken_ms: float) -> bool:
    """Is that so far below what the text should last that words must be missing? Short texts vary too much to say."""
    expected_ms = estimate_ms(utterance.text, utterance.language, utterance.speed)
    return expected_ms >= JUDGED_FROM_MS and spoken_ms < SHORT_SHARE * expected_ms


def _utterance(
    message: TaskMessage, claimed: ClaimResult, spec: JobSpec, sentence: Sentence, opened: OpenResult
) -> Utterance:
    return Utterance(
        text=sentence.text,
        voice=sentence.voice or spec.voice,
        language=sentence.language or spec.language,
        speed=sentence.speed or spec.speed,
        seed=seed_of(spec.seed, sentence.seed, message.seq),
        lead_ms=claimed.lead_ms,
        state=unpack_state(opened.state)[0] if opened.state else b"",
        options=spec.options,
    )


def _synthesize(
    worker_state: WorkerState, speaking: RunningAttempt, utterance: Utterance, opened: OpenResult, sentence: Sentence
) -> int:
    rate_hz = worker_state.engine.rate_hz
    if opened.state:
        edges = TrimFadeFilter.restore(unpack_state(opened.state)[1], rate_hz, sentence.pause_ms)
    else:
        edges = TrimFadeFilter(rate_hz, sentence.pause_ms)
    delivery = ChunkSender(
        worker_state.pool_client.redis,
        speaking.message,
        opened,
        edges,
        rate_hz,
        utterance.lead_ms,
        resumed=bool(opened.state),
    )
    with closing(worker_state.engine.speak(utterance, speaking.dropped.is_set)) as pieces:  # type: ignore[type-var]  # generators
        made = 0
        for spoken in pieces:
            if speaking.dropped.is_set():
                raise AttemptDropped("LOST")
            speaking.sounded()
            made += len(spoken.pcm)
            if spoken.mark:
                _mark(worker_state, speaking.message, spoken.mark)
            delivery.feed(spoken)
    if speaking.dropped.is_set():
        raise AttemptDropped("LOST")
    if not opened.state and _too_short(utterance, ms_of_bytes(made, rate_hz)):
        _mark(worker_state, speaking.message, "short")  # before its end is heard: who has heard it all knows
    n_bytes = delivery.finish()
    speaking.first_s = delivery.first_s
    return n_bytes


def _mark(worker_state: WorkerState, message: TaskMessage, word: str) -> None:
    log.warning(
        "the engine had doubts",
        extra={"job": message.job, "seq": message.seq, "attempt": message.attempt, "mark": word},
    )
    run(worker_state.pool_client.redis, pool_scripts.mark(worker_state.pool_client.pool, message, word))


def _finish(worker_state: WorkerState, speaking: RunningAttempt, wall_ms: float, n_bytes: int) -> AttemptOutcome:
    """Have the result reporter say that the sentence is whole: this slot takes its next message meanwhile."""
    pool_client = worker_state.pool_client
    audio_ms = ms_of_bytes(n_bytes, worker_state.engine.rate_hz)
    finished = FinishedSentence(speaking.epoch, wall_ms, audio_ms, speaking.first_ms)
    call = pool_scripts.finish(pool_client.pool, speaking.message, finished, pool_client.retry.ended_life_ms)
    worker_state.told.put(ReportedOutcome(speaking.message, call))
    worker_state.spoken += 1
    if worker_state.spoken == worker_state.lifetime.sentences:  # or else the pulse sees it at its next beat
        with suppress(SeriatimError):
            worker_renewal.look(worker_state)
    return AttemptOutcome("SPOKEN", audio_ms=audio_ms)


def _give_back(
    worker_state: WorkerState, speaking: RunningAttempt, reason: str, retry: RetryPolicy | None = None
) -> AttemptOutcome:
    """Give the sentence back with its reason; another attempt, or the gap policy, follows."""
    pool_client, message = worker_state.pool_client, speaking.message
    log.warning(
        "a sentence failed", extra={"job": message.job, "seq": message.seq, "attempt": message.attempt, "why": reason}
    )
    speaking.span.fail(reason)
    worker_state.told.put(
        ReportedOutcome(
            message,
            pool_scripts.fail(pool_client.pool, message, speaking.epoch, reason[:500], retry or pool_client.retry),
        )
    )
    return AttemptOutcome("FAILED", reason)
