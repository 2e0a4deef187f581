"""Finished sentences: the last chunk, the report to the pool, and the next sentence of a hot slot, in one round trip.

The report names a sentence that is whole in its job's slot: both are one step of the server (lua/joint), or the report
follows the answer to the last chunk. Where the slot takes no next sentence, the result reporter reports.
"""

import time
from contextlib import suppress
from dataclasses import dataclass

from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import SeriatimError
from seriatim.lua import joint_scripts, pool_scripts
from seriatim.lua.job_scripts import AppendVerdict
from seriatim.lua.joint_scripts import FinalAppend, WorkerAudio
from seriatim.lua.pool_records import FinishedSentence, NextSentence
from workers import worker_renewal
from workers.attempt_outcome import AttemptOutcome
from workers.chunk_sender import AppendCall, ChunkSender, SentenceComplete
from workers.hot_slots import next_sentence
from workers.worker_state import ReportedOutcome, RunningAttempt, WorkerState


def audio_of(worker_state: WorkerState) -> WorkerAudio:
    """The audio of this process, as an attempt's opening names it."""
    engine = worker_state.engine
    return WorkerAudio(engine.continuity, engine.rate_hz, worker_state.facts.fingerprint)


def finish_sentence(
    worker_state: WorkerState, attempt: RunningAttempt, sender: ChunkSender, wall_ms: float
) -> AttemptOutcome:
    """Send the last chunk and report the sentence, whose engine took `wall_ms`.

    Raises:
        AttemptDropped: the attempt is fenced, or its job has ended.
        EngineFailed: Redis was out of memory for too long.
    """
    last_step = _LastStep(worker_state, attempt, wall_ms)
    try:
        n_bytes = sender.finish(last_step.wrap if last_step.allowed() else None)
    except SentenceComplete as complete:
        wall_ms, n_bytes = 0.0, complete.n_bytes
    attempt.first_sound_s = sender.first_sound_s
    worker_state.note_speed(attempt, ms_of_bytes(n_bytes, worker_state.engine.rate_hz) if wall_ms else 0.0)
    if last_step.following is None:
        return report_finished(worker_state, attempt, wall_ms, n_bytes)
    worker_state.n_finished += 1
    next_sentence.accept_next(worker_state, attempt, last_step.following)
    return AttemptOutcome("SPOKEN", audio_ms=ms_of_bytes(n_bytes, worker_state.engine.rate_hz))


def report_finished(worker_state: WorkerState, attempt: RunningAttempt, wall_ms: float, n_bytes: int) -> AttemptOutcome:
    """Report a sentence that is whole: at once if the slot takes its next one, too; else the result reporter does."""
    pool_client = worker_state.pool_client
    worker_state.n_finished += 1
    if worker_state.n_finished == worker_state.lifetime.sentences:  # otherwise the next heartbeat checks
        with suppress(SeriatimError):
            worker_renewal.renew_if_due(worker_state)
    finished = _finished(worker_state, attempt, wall_ms, n_bytes)
    hot = next_sentence.may_take_next(worker_state, attempt.slot_run, wall_ms)
    if not (hot and next_sentence.finish_and_take_next(worker_state, attempt, finished)):
        call = pool_scripts.finish(pool_client.pool, attempt.message, finished, pool_client.retry.ended_life_ms)
        worker_state.outcomes.put(ReportedOutcome(attempt.message, call))
    return AttemptOutcome("SPOKEN", audio_ms=finished.audio_ms)


def _finished(worker_state: WorkerState, attempt: RunningAttempt, wall_ms: float, n_bytes: int) -> FinishedSentence:
    silence_ms = round(attempt.longest_silence_s * 1000, 1)
    audio_ms = ms_of_bytes(n_bytes, worker_state.engine.rate_hz)
    return FinishedSentence(attempt.epoch, wall_ms, audio_ms, attempt.first_ms, silence_ms, attempt.ahead_ms)


@dataclass(slots=True)
class _LastStep:
    """The last append of a sentence with what is done in the same step."""

    worker_state: WorkerState
    attempt: RunningAttempt
    wall_ms: float
    following: NextSentence | None = None  #: the answer, if the sentence was reported

    def allowed(self) -> bool:
        """False where the slot takes no next sentence, or has to ask before whether this process is to be renewed."""
        state = self.worker_state
        renewed = state.n_finished + 1 == state.lifetime.sentences
        hot = next_sentence.may_take_next(state, self.attempt.slot_run, self.wall_ms)
        return hot and not renewed and joint_scripts.has_both(state.pool_client.redis)

    def wrap(self, append: AppendCall, n_bytes: int) -> AppendCall:
        """The call that appends, reports and takes."""
        state, attempt = self.worker_state, self.attempt
        attempt.first_sound_s = attempt.first_sound_s or time.monotonic()
        finished = _finished(state, attempt, self.wall_ms, n_bytes)
        take = next_sentence.take_call(state, attempt, finished)
        return joint_scripts.append_and_take(append, take, audio_of(state)).then(self._note)

    def _note(self, reply: FinalAppend) -> tuple[AppendVerdict, int]:
        self.following = reply.following
        return reply.verdict, reply.received
