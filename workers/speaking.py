"""What a worker does with a message: claim, open, speak, append, finish, hand out the next (docs/architecture.md).

Nothing here is the recovery path of anything: a process that dies at any line leaves a lease that expires.
"""

import logging
import time
from contextlib import closing, suppress
from dataclasses import replace

from seriatim import job, pool, traces
from seriatim.errors import (
    UNDONE,
    BadInput,
    EngineFailed,
    SeriatimError,
    UnknownLanguage,
    UnknownOption,
    UnknownVoice,
)
from seriatim.job import Open, Opened
from seriatim.pcm import ms_of_bytes
from seriatim.pool import REFUSED, REFUSED_JOB, Claim, Claimed, Retry
from seriatim.records import Doorbell, Sentence, Spec, seed_of
from seriatim.scripts import run
from tasks.engine import Utterance
from tasks.estimate import estimate_ms
from tasks.synthesize import SentenceFailed
from workers import fenced, renewal
from workers.delivery import Delivery, Dropped, Whole, unpack_state
from workers.edges import Edges
from workers.outcome import Outcome
from workers.station import Speaking, Station, Told

log = logging.getLogger(__name__)

#: Sound below this share of its estimate is marked `short`: the estimate meets 27 of 28 languages within a tenth.
SHORT_SHARE = 0.3
JUDGED_FROM_MS = 8_000  #: estimated

WAIT_S = 0.05  #: between two claims while a suspect runs alone


def speak(station: Station, bell: Doorbell) -> str:
    """Speak what a message named, if it is due. Returns what became of it.

    Raises:
        SentenceFailed: this attempt failed; the pool knows, or its lease will say so.
    """
    station.reached.set()
    outcome = _outcome(station, bell)
    if outcome.failed:
        raise SentenceFailed(outcome.reason)
    return str(outcome)


def _outcome(station: Station, bell: Doorbell) -> Outcome:
    try:
        claimed = _claim(station, bell)
        return _speak(station, bell, claimed) if claimed.verdict is Claim.CLAIMED else Outcome(claimed.verdict.name)
    except UNDONE as error:  # it outlasted all patience: the lease gives it to others
        log.warning("Redis is away", extra={"job": bell.job, "seq": bell.seq, "error": str(error)})
        return Outcome("FAILED", f"Redis is away: {error}")


def _speak(station: Station, bell: Doorbell, claimed: Claimed) -> Outcome:
    speaking = Speaking(bell, claimed.epoch, station.allowed_s(claimed.expected_ms), waited_ms=claimed.waited_ms)
    station.begin(speaking)
    try:
        outcome = _tried(station, speaking, claimed)
        speaking.span.note(result=str(outcome))
        if speaking.first_ms is not None:
            speaking.span.note(first_sound_ms=speaking.first_ms)
    finally:
        speaking.span.end()
        station.vacate(speaking.slot)
    if station.desk.settings.log_sentences:
        log.info("a sentence ended", extra=speaking.facts() | outcome.facts())
    return outcome


def _tried(station: Station, speaking: Speaking, claimed: Claimed) -> Outcome:
    bell = speaking.bell
    try:
        return _attempt(station, speaking, claimed)
    except Dropped as why:
        fenced.note(station, speaking, why)
        station.end(bell)
        return Outcome("DROPPED", str(why))
    except UNDONE:
        station.end(bell)
        raise
    except BadInput as error:  # it would be refused again: the first attempt is the last
        once = replace(station.desk.retry, max_failures=_refusal(error, Sentence.from_json(claimed.sentence)))
        return _failed(station, speaking, f"{type(error).__name__}: {error}", once)
    except SeriatimError as error:
        return _failed(station, speaking, f"{type(error).__name__}: {error}")
    except Exception as error:  # an engine may raise anything: the outer loop of a sentence gives the work back
        log.exception("the engine raised", extra={"job": bell.job, "seq": bell.seq, "attempt": bell.attempt})
        return _failed(station, speaking, f"{type(error).__name__}: {error}")


def _refusal(error: BadInput, sentence: Sentence) -> int:
    """Does it end a sentence, or its job? What was asked for the whole job is refused for each of its sentences."""
    its_own = sentence.voice or sentence.language or sentence.speed
    of_job = isinstance(error, UnknownVoice | UnknownLanguage | UnknownOption) and not its_own
    return REFUSED_JOB if of_job else REFUSED


def _claim(station: Station, bell: Doorbell) -> Claimed:
    desk = station.desk
    while True:
        claimed = run(desk.redis, pool.claim(desk.pool, bell, station.owner, desk.settings.lease_ms))
        if claimed.verdict not in (Claim.WAIT, Claim.UNKNOWN) or station.draining.is_set():
            return claimed
        time.sleep(WAIT_S)  # a suspect runs alone here; or the pulse is about to register this process again


def _attempt(station: Station, speaking: Speaking, claimed: Claimed) -> Outcome:
    bell, spec = speaking.bell, Spec.from_json(claimed.spec)
    if spec.trace:
        speaking.span = traces.begin(
            "speak", traces.CONSUMER, spec.trace, job=bell.job, seq=bell.seq, attempt=bell.attempt,
            lead_ms=claimed.lead_ms, pool=station.desk.pool, engine=station.engine.name, worker=station.owner,
        )  # fmt: skip
    engine, sentence = station.engine, Sentence.from_json(claimed.sentence)
    call = job.open_sentence(bell.job, bell.seq, bell.attempt, engine.continuity, engine.rate_hz, sentence.text)
    opened = run(station.desk.redis, call)
    if opened.verdict is Open.RATE:
        raise EngineFailed(
            f"the job's sentences have {opened.base} Hz, this engine {engine.rate_hz} Hz: one pool, one rate"
        )
    if opened.verdict is Open.DONE:
        return _finish(station, speaking, 0.0, opened.base)
    if opened.verdict is not Open.OPEN:
        raise Dropped(opened.verdict.name)
    began_s, utterance = time.monotonic(), _utterance(bell, claimed, spec, sentence, opened)
    try:
        n_bytes = _synthesize(station, speaking, utterance, opened, sentence)
    except Whole as whole:
        return _finish(station, speaking, 0.0, whole.n_bytes)
    return _finish(station, speaking, (time.monotonic() - began_s) * 1000, n_bytes)


def _too_short(utterance: Utterance, spoken_ms: float) -> bool:
    """Is that so far below what the text should last that words must be missing? Short texts vary too much to say."""
    expected_ms = estimate_ms(utterance.text, utterance.language, utterance.speed)
    return expected_ms >= JUDGED_FROM_MS and spoken_ms < SHORT_SHARE * expected_ms


def _utterance(bell: Doorbell, claimed: Claimed, spec: Spec, sentence: Sentence, opened: Opened) -> Utterance:
    return Utterance(
        text=sentence.text,
        voice=sentence.voice or spec.voice,
        language=sentence.language or spec.language,
        speed=sentence.speed or spec.speed,
        seed=seed_of(spec.seed, sentence.seed, bell.seq),
        lead_ms=claimed.lead_ms,
        state=unpack_state(opened.state)[0] if opened.state else b"",
        options=spec.options,
    )


def _synthesize(station: Station, speaking: Speaking, utterance: Utterance, opened: Opened, sentence: Sentence) -> int:
    rate_hz = station.engine.rate_hz
    if opened.state:
        edges = Edges.restore(unpack_state(opened.state)[1], rate_hz, sentence.pause_ms)
    else:
        edges = Edges(rate_hz, sentence.pause_ms)
    delivery = Delivery(
        station.desk.redis, speaking.bell, opened, edges, rate_hz, utterance.lead_ms, resumed=bool(opened.state)
    )
    with closing(station.engine.speak(utterance, speaking.dropped.is_set)) as pieces:  # type: ignore[type-var]  # generators
        made = 0
        for spoken in pieces:
            if speaking.dropped.is_set():
                raise Dropped("LOST")
            speaking.sounded()
            made += len(spoken.pcm)
            if spoken.mark:
                _mark(station, speaking.bell, spoken.mark)
            delivery.feed(spoken)
    if speaking.dropped.is_set():
        raise Dropped("LOST")
    if not opened.state and _too_short(utterance, ms_of_bytes(made, rate_hz)):
        _mark(station, speaking.bell, "short")  # before its end is heard: who has heard it all knows
    n_bytes = delivery.finish()
    speaking.first_s = delivery.first_s
    return n_bytes


def _mark(station: Station, bell: Doorbell, word: str) -> None:
    log.warning(
        "the engine had doubts", extra={"job": bell.job, "seq": bell.seq, "attempt": bell.attempt, "mark": word}
    )
    run(station.desk.redis, pool.mark(station.desk.pool, bell, word))


def _finish(station: Station, speaking: Speaking, wall_ms: float, n_bytes: int) -> Outcome:
    """Have the clerk say that the sentence is whole: this slot takes its next message meanwhile."""
    desk = station.desk
    audio_ms = ms_of_bytes(n_bytes, station.engine.rate_hz)
    call = pool.finish(
        desk.pool, speaking.bell, speaking.epoch, wall_ms, audio_ms, desk.retry.ended_life_ms,
        first_ms=speaking.first_ms,
    )  # fmt: skip
    station.told.put(Told(speaking.bell, call))
    station.spoken += 1
    if station.spoken == station.lifetime.sentences:  # or else the pulse sees it at its next beat
        with suppress(SeriatimError):
            renewal.look(station)
    return Outcome("SPOKEN", audio_ms=audio_ms)


def _failed(station: Station, speaking: Speaking, reason: str, retry: Retry | None = None) -> Outcome:
    """Give the sentence back with its reason; another attempt, or the gap policy, follows."""
    desk, bell = station.desk, speaking.bell
    log.warning("a sentence failed", extra={"job": bell.job, "seq": bell.seq, "attempt": bell.attempt, "why": reason})
    speaking.span.fail(reason)
    station.told.put(Told(bell, pool.fail(desk.pool, bell, speaking.epoch, reason[:500], retry or desk.retry)))
    return Outcome("FAILED", reason)
