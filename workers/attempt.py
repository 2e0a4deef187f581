"""One attempt at a sentence: claim, open, speak, append, finish, dispatch the next (docs/explanation/architecture.md).

Recovery does not depend on this code: a process that dies at any line leaves a lease that expires.
"""

import logging
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from celery.exceptions import Ignore

from seriatim import tracing
from seriatim.audio.pcm import ms_of_bytes
from seriatim.engine import AudioChunk, Engine, Utterance
from seriatim.errors import (
    UNDONE,
    BadInput,
    EngineBusy,
    EngineFailed,
    SeriatimError,
    UnknownLanguage,
    UnknownOption,
    UnknownVoice,
)
from seriatim.lua import job_scripts, joint_scripts, pool_scripts
from seriatim.lua.job_scripts import OpenResult, OpenVerdict
from seriatim.lua.pool_records import REFUSED, REFUSED_JOB, ClaimResult, ClaimVerdict, RetryPolicy
from seriatim.lua.script_calls import run
from seriatim.records import JobSpec, Sentence, TaskMessage, seed_of
from seriatim.text.duration_estimate import too_short
from seriatim.text.pronunciation import decode_pronunciations, respelled
from tasks.celery_task import SentenceFailed
from workers import busy_engine, fenced_attempts
from workers.attempt_outcome import AttemptOutcome
from workers.cache.cache_errors import report_cache_errors
from workers.chunk_sender import AttemptDropped, ChunkSender, SentenceComplete, unpack_state
from workers.handover.engine_silence import silence_limits, timed_chunks
from workers.hot_slots import next_sentence, standby
from workers.hot_slots.celery_requests import RequestRun
from workers.hot_slots.early_start import EarlyStart
from workers.hot_slots.finished_sentence import audio_of, finish_sentence, report_finished
from workers.trim_and_fade import TrimFadeFilter
from workers.worker_state import FollowingSentence, ReportedOutcome, RunningAttempt, SlotRun, WorkerState

log = logging.getLogger(__name__)

ANOTHER_TAKE = "another_take"  #: mark of a sentence heard in part from a worker with another fingerprint
AT_START = OpenResult(OpenVerdict.OPEN, 0)  #: of a sentence of which nothing is there
NOT_YET = (ClaimVerdict.WAIT, ClaimVerdict.UNKNOWN)  #: answers to a claim that is to be tried again
CLAIM_POLL_S = 0.05  #: between two claims while a suspect runs alone


def run_attempt(worker_state: WorkerState, message: TaskMessage) -> str:
    """Speak the sentence that a message names, if the attempt is due. Returns the outcome as text.

    Raises:
        SentenceFailed: this attempt failed; the pool has been notified, or the lease expires.
        Ignore: the attempt was not due; Celery shows no end of it.
    """
    worker_state.message_received.set()
    requests = RequestRun(message)
    outcome = _speak_run(worker_state, message, next_sentence.begin_run(worker_state), requests)
    worker_state.thread_end.at_s = time.monotonic()
    if outcome.failed and not requests.several:
        raise SentenceFailed(outcome.reason)
    if not outcome.was_due:
        raise Ignore(str(outcome))
    return str(outcome)


def _speak_run(
    worker_state: WorkerState, message: TaskMessage, slot_run: SlotRun, requests: RequestRun
) -> AttemptOutcome:
    """Speak a sentence, and those that its slot takes behind it; returns the outcome of the last."""
    try:
        outcome = _try_attempt(worker_state, FollowingSentence(message), slot_run)
        while (following := _next_of_run(worker_state, slot_run, requests, outcome)) is not None:
            requests.follow(outcome, following.message)
            outcome = _try_attempt(worker_state, following, slot_run)
        requests.end(outcome)
    finally:
        slot_run.give_up_ahead(worker_state.ahead)
    return outcome


def _begin_ahead(worker_state: WorkerState, slot_run: SlotRun, requests: RequestRun) -> None:
    """Have a thread of its own speak the sentence ahead, if the slot asked for one."""
    message = slot_run.following.ahead if slot_run.following else None
    if message is not None:
        slot_run.asks_ahead = False
        run_ahead = SlotRun(slot_run.until_s, is_ahead=True)
        worker_state.ahead.start(lambda: _speak_run(worker_state, message, run_ahead, requests.beside(message)))
    slot_run.give_up_ahead(worker_state.ahead)


def _next_of_run(
    worker_state: WorkerState, slot_run: SlotRun, requests: RequestRun, outcome: AttemptOutcome
) -> FollowingSentence | None:
    """The next sentence of a slot's run, which it may have to wait for; it has claimed it, unless it waited."""
    _begin_ahead(worker_state, slot_run, requests)
    if not slot_run.on_standby:
        return slot_run.take_following()
    requests.pause(outcome)
    slot_run.free_since_s = time.monotonic()
    slot_run.following = None
    sentence = standby.await_sentence(worker_state)
    return None if sentence is None else FollowingSentence(sentence.message, expected=sentence.expected)


def _try_attempt(worker_state: WorkerState, following: FollowingSentence, slot_run: SlotRun) -> AttemptOutcome:
    message, claimed = following.message, following.claimed
    try:
        if following.expected is not None:
            return _start_early(worker_state, message, following.expected, slot_run)
        claimed = claimed or _claim_sentence(worker_state, message, slot_run)
        return _run_if_claimed(worker_state, message, claimed, slot_run)
    except UNDONE as error:  # an outage longer than all retries: the lease expires, and another worker speaks it
        log.warning("Redis unavailable", extra={"job": message.job, "seq": message.seq, "error": str(error)})
        return AttemptOutcome("FAILED", f"Redis unavailable: {error}")


def _run_if_claimed(
    worker_state: WorkerState, message: TaskMessage, claimed: ClaimResult, slot_run: SlotRun
) -> AttemptOutcome:
    if claimed.verdict is not ClaimVerdict.CLAIMED:
        return AttemptOutcome(claimed.verdict.name)
    attempt = _attempt_of(worker_state, message, claimed, slot_run)
    worker_state.add_attempt(attempt)
    return _run_claimed(worker_state, attempt, claimed)


def _attempt_of(
    worker_state: WorkerState, message: TaskMessage, claimed: ClaimResult, slot_run: SlotRun
) -> RunningAttempt:
    limits = silence_limits(worker_state.pool_client.settings, worker_state.engine.name, claimed)
    return RunningAttempt(message, claimed.epoch, limits, slot_run, waited_ms=claimed.waited_ms)


def _start_early(
    worker_state: WorkerState, message: TaskMessage, expected: ClaimResult, slot_run: SlotRun
) -> AttemptOutcome:
    """Speak a sentence, with which the engine begins while another thread claims it."""
    attempt = _attempt_of(worker_state, message, expected, slot_run)
    claim = worker_state.claims.submit(_claim_started, worker_state, attempt)
    with closing(EarlyStart(_expected_chunks(worker_state, attempt, expected))) as early:
        early.begin()
        claimed = claim.result()
        if claimed.verdict is ClaimVerdict.CLAIMED:
            return _run_claimed(worker_state, attempt, claimed, early)
    if claimed.verdict in NOT_YET:
        claimed = _claim_sentence(worker_state, message, slot_run)
    return _run_if_claimed(worker_state, message, claimed, slot_run)


def _expected_chunks(
    worker_state: WorkerState, attempt: RunningAttempt, expected: ClaimResult
) -> Generator[AudioChunk]:
    """The chunks of a sentence that is `expected` to be claimed; what is wrong with it is raised with the first."""
    spec, sentence = JobSpec.from_json(expected.spec), Sentence.from_json(expected.sentence)
    _begin_span(worker_state, attempt, expected, spec)
    utterance = _make_utterance(attempt.message, expected, spec, sentence, AT_START, engine=worker_state.engine)
    yield from _engine_chunks(worker_state, attempt, utterance)


def _claim_started(worker_state: WorkerState, attempt: RunningAttempt) -> ClaimResult:
    """Claim a sentence with which the engine has begun; it stops at its next chunk if that is refused."""
    try:
        claimed = _ask_for_claim(worker_state, attempt.message, attempt.slot_run)
    except SeriatimError:
        attempt.dropped.set()
        raise
    if claimed.verdict is ClaimVerdict.CLAIMED:
        attempt.note_claim(
            claimed, silence_limits(worker_state.pool_client.settings, worker_state.engine.name, claimed)
        )
        worker_state.add_attempt(attempt)
    else:
        attempt.dropped.set()
    return claimed


def _run_claimed(
    worker_state: WorkerState, attempt: RunningAttempt, claimed: ClaimResult, early: EarlyStart | None = None
) -> AttemptOutcome:
    try:
        outcome = _run_engine(worker_state, attempt, claimed, early)
        attempt.span.note(result=str(outcome))
        if attempt.first_ms is not None:
            attempt.span.note(first_sound_ms=attempt.first_ms)
    finally:
        attempt.span.end()
        worker_state.free_slot(attempt.slot)
    if worker_state.pool_client.settings.log_sentences:
        log.info("attempt ended", extra=attempt.log_fields() | outcome.log_fields())
    return outcome


def _run_engine(
    worker_state: WorkerState, attempt: RunningAttempt, claimed: ClaimResult, early: EarlyStart | None
) -> AttemptOutcome:
    message = attempt.message
    try:
        return _speak_claimed(worker_state, attempt, claimed, early)
    except AttemptDropped as why:
        fenced_attempts.report_if_fenced(worker_state, attempt, why)
        worker_state.remove_attempt(message)
        return AttemptOutcome("DROPPED", str(why))
    except UNDONE:
        worker_state.remove_attempt(message)
        raise
    except EngineBusy as error:
        return busy_engine.report_postponed(worker_state, attempt, error)
    except BadInput as error:  # a retry would be refused, too
        once = replace(
            worker_state.pool_client.retry, max_failures=_max_failures(error, Sentence.from_json(claimed.sentence))
        )
        return _report_failed(worker_state, attempt, f"{type(error).__name__}: {error}", once)
    except SeriatimError as error:
        return _report_failed(worker_state, attempt, f"{type(error).__name__}: {error}")
    except Exception as error:  # an engine may raise anything: this is the outer loop of a sentence
        log.exception(
            "engine raised an exception", extra={"job": message.job, "seq": message.seq, "attempt": message.attempt}
        )
        return _report_failed(worker_state, attempt, f"{type(error).__name__}: {error}")


def _max_failures(error: BadInput, sentence: Sentence) -> int:
    """REFUSED_JOB if the job's own options are refused, since every sentence would be; else REFUSED."""
    its_own = sentence.voice or sentence.language or sentence.speed
    of_job = isinstance(error, UnknownVoice | UnknownLanguage | UnknownOption) and not its_own
    return REFUSED_JOB if of_job else REFUSED


def _claim_sentence(worker_state: WorkerState, message: TaskMessage, slot_run: SlotRun) -> ClaimResult:
    while True:
        claimed = _ask_for_claim(worker_state, message, slot_run)
        if claimed.verdict not in NOT_YET or worker_state.draining.is_set():
            return claimed
        time.sleep(
            CLAIM_POLL_S
        )  # a suspect must run alone here; or the heartbeat is about to register this process again


def _ask_for_claim(worker_state: WorkerState, message: TaskMessage, slot_run: SlotRun) -> ClaimResult:
    pool_client = worker_state.pool_client
    lease_ms, idle_ms = pool_client.settings.lease_ms, slot_run.idle_ms(time.monotonic())
    call = pool_scripts.claim(pool_client.pool, message, worker_state.owner, lease_ms, idle_ms)
    if joint_scripts.has_both(pool_client.redis):
        call = joint_scripts.claim_and_open(call, message, audio_of(worker_state))
    return run(pool_client.redis, call)


def _begin_span(worker_state: WorkerState, attempt: RunningAttempt, claimed: ClaimResult, spec: JobSpec) -> None:
    message = attempt.message
    if spec.trace:
        attempt.span = tracing.begin_span(
            "speak", tracing.CONSUMER, spec.trace, job=message.job, seq=message.seq, attempt=message.attempt,
            lead_ms=claimed.lead_ms, pool=worker_state.pool_client.pool, engine=worker_state.engine.name,
            worker=worker_state.owner,
        )  # fmt: skip


def _speak_claimed(
    worker_state: WorkerState, attempt: RunningAttempt, claimed: ClaimResult, early: EarlyStart | None
) -> AttemptOutcome:
    message, spec = attempt.message, JobSpec.from_json(claimed.spec)
    if early is None:
        _begin_span(worker_state, attempt, claimed, spec)
    engine, sentence = worker_state.engine, Sentence.from_json(claimed.sentence)
    opened = claimed.opened or _open_sentence(worker_state, message, sentence)
    if opened.verdict is OpenVerdict.RATE:
        raise EngineFailed(
            f"the job's audio has {opened.base} Hz and this engine {engine.rate_hz} Hz; a pool needs one sample rate"
        )
    if opened.verdict is OpenVerdict.DONE:
        return report_finished(worker_state, attempt, 0.0, opened.base)
    if opened.verdict is not OpenVerdict.OPEN:
        raise AttemptDropped(opened.verdict.name)
    if opened.other:
        _mark_sentence(worker_state, message, ANOTHER_TAKE)
    utterance = _make_utterance(message, claimed, spec, sentence, opened, engine=engine)
    chunks = _chunks_of(worker_state, attempt, utterance, opened, early)
    with _sender_of(worker_state, message, opened, sentence, utterance.lead_ms) as sender:
        try:
            _stream_audio(worker_state, attempt, utterance, opened, chunks, sender)
        except SentenceComplete as complete:
            return report_finished(worker_state, attempt, 0.0, complete.n_bytes)
        report_cache_errors(worker_state)
        spoken_ms = (time.monotonic() - attempt.began_s) * 1000
        wall_ms = 0.0 if attempt.cached else spoken_ms  # 0: nothing is learned of the engine
        return finish_sentence(worker_state, attempt, sender, wall_ms)


def _open_sentence(worker_state: WorkerState, message: TaskMessage, sentence: Sentence) -> OpenResult:
    audio = audio_of(worker_state)
    call = job_scripts.open_sentence(
        message.job, message.seq, message.attempt, audio.continuity, audio.rate_hz, sentence.text, audio.fingerprint
    )
    return run(worker_state.pool_client.redis, call)


def _make_utterance(
    message: TaskMessage, claimed: ClaimResult, spec: JobSpec, sentence: Sentence, opened: OpenResult,
    *, engine: Engine,
) -> Utterance:  # fmt: skip
    """The sentence for the engine; one that takes no phonemes gets respellings in its text."""
    takes_phonemes = engine.abilities.phonemes
    found = decode_pronunciations(sentence.pronounce, len(sentence.text)) if sentence.pronounce else ()
    return Utterance(
        text=sentence.text if takes_phonemes else respelled(sentence.text, found),
        pronunciations=found if takes_phonemes else (),
        voice=sentence.voice or spec.voice,
        language=sentence.language or spec.language,
        speed=sentence.speed or spec.speed,
        seed=seed_of(spec.seed, sentence.seed, message.seq),
        previous_text=sentence.previous_text,
        next_text=sentence.next_text,
        lead_ms=claimed.lead_ms,
        failures=claimed.failures,
        heard_ms=0.0 if opened.state else ms_of_bytes(opened.base, engine.rate_hz),
        state=unpack_state(opened.state)[0] if opened.state else b"",
        options=spec.options,
        live=claimed.live,
        user=claimed.user,
    )


def _sender_of(
    worker_state: WorkerState, message: TaskMessage, opened: OpenResult, sentence: Sentence, lead_ms: int
) -> ChunkSender:
    redis, rate_hz, resumed = worker_state.pool_client.redis, worker_state.engine.rate_hz, bool(opened.state)
    if resumed:
        edge_filter = TrimFadeFilter.restore(unpack_state(opened.state)[1], rate_hz, sentence.pause_ms)
    else:
        edge_filter = TrimFadeFilter(rate_hz, sentence.pause_ms)
    return ChunkSender(redis, message, opened, edge_filter, rate_hz, lead_ms, resumed=resumed)


def _engine_chunks(worker_state: WorkerState, attempt: RunningAttempt, utterance: Utterance) -> Generator[AudioChunk]:
    """The engine's chunks of a sentence, which has a place of the engine from the first on until they end."""
    with worker_state.places.place(attempt.dropped) as ahead_s:
        if attempt.dropped.is_set():
            raise AttemptDropped("LOST")
        attempt.begin_speaking(ahead_s)
        with closing(worker_state.engine.speak(utterance, attempt.dropped.is_set)) as chunks:  # type: ignore[type-var]  # generators
            yield from timed_chunks(attempt, chunks)


def _chunks_of(
    worker_state: WorkerState, attempt: RunningAttempt, utterance: Utterance, opened: OpenResult,
    early: EarlyStart | None,
) -> Generator[AudioChunk]:  # fmt: skip
    """The chunks that the engine has begun to make, if they are what is due; or others."""
    if early is not None:
        if opened.is_at_start:
            return early.all_chunks()
        early.close()
    return _engine_chunks(worker_state, attempt, utterance)


def _stream_audio(
    worker_state: WorkerState, attempt: RunningAttempt, utterance: Utterance, opened: OpenResult,
    chunks: Generator[AudioChunk], sender: ChunkSender,
) -> None:  # fmt: skip
    """Speak the sentence; all but its last chunk is sent then."""
    n_made = 0
    with closing(chunks):
        for chunk in chunks:
            if attempt.dropped.is_set():
                raise AttemptDropped("LOST")
            attempt.cached = chunk.cached
            n_made += len(chunk.pcm) + (opened.base if chunk.continues else 0)
            if chunk.server_limits is not None:
                busy_engine.report_limits(worker_state, chunk.server_limits)
            if chunk.mark:
                _mark_sentence(worker_state, attempt.message, chunk.mark)
            sender.feed(chunk)
    if attempt.dropped.is_set():
        raise AttemptDropped("LOST")
    spoken_ms = ms_of_bytes(n_made, worker_state.engine.rate_hz)
    if not opened.state and too_short(utterance.text, spoken_ms, utterance.language, utterance.speed):
        _mark_sentence(
            worker_state, attempt.message, "short"
        )  # before the last chunk: a reader of the end sees the mark
    attempt.first_sound_s = sender.first_sound_s


def _mark_sentence(worker_state: WorkerState, message: TaskMessage, word: str) -> None:
    log.warning(
        "engine marked a sentence",
        extra={"job": message.job, "seq": message.seq, "attempt": message.attempt, "mark": word},
    )
    run(worker_state.pool_client.redis, pool_scripts.mark(worker_state.pool_client.pool, message, word))


def _report_failed(
    worker_state: WorkerState, attempt: RunningAttempt, reason: str, retry: RetryPolicy | None = None
) -> AttemptOutcome:
    """Queue the failure for the result reporter; another attempt, or the gap policy, follows."""
    pool_client, message = worker_state.pool_client, attempt.message
    log.warning(
        "attempt failed", extra={"job": message.job, "seq": message.seq, "attempt": message.attempt, "why": reason}
    )
    attempt.span.fail(reason)
    worker_state.outcomes.put(
        ReportedOutcome(
            message,
            pool_scripts.fail(pool_client.pool, message, attempt.epoch, reason[:500], retry or pool_client.retry),
        )
    )
    return AttemptOutcome("FAILED", reason)
