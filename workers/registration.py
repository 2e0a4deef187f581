"""The registration of a worker process in its pool."""

import json
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from redis import Redis

from seriatim.engine import Engine
from seriatim.errors import MemoryFull, Unavailable
from seriatim.lua.pool_records import RegisterResult, WorkerRegistration
from seriatim.servers.redis_errors import translate_redis_errors
from seriatim.settings import Settings
from workers.hot_slots.early_start import runs_here
from workers.hot_slots.sentence_ahead import FEWEST_PLACES

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_S = 1.0  #: beside the patience of the call itself
TRIPS = 8  #: to Redis and the broker and back, for a short sentence of a second: its message, claim, chunks and report
PINGS = 10


def first_rtf(engine_rtf: float, trip_s: float) -> float:
    """The guess of slot seconds per second of audio, before the pool has measured any: the engine's, and the trips.

    Too much rather than too little, since who is accepted by it is served by what is true; it counts for five seconds
    of audio (seriatim/lua/pool/finish.lua).
    """
    return max(engine_rtf, 0.001) + TRIPS * trip_s


def round_trip_s(redis: "Redis") -> float:
    """The least time of a few trips to Redis and back: the others found this process or the server busy.

    Raises:
        Unavailable: the server does not answer.
    """
    times = []
    with translate_redis_errors():
        for _ in range(PINGS):
            began_s = time.perf_counter()
            redis.ping()
            times.append(time.perf_counter() - began_s)
    return min(times)


def registration_of(
    engine: Engine, settings: Settings, ready_ms: int, fingerprint: str = "", trip_s: float = 0.0
) -> WorkerRegistration:
    """The registration of a process that was ready `ready_ms` after its start, with its audio's `fingerprint`.

    `trip_s`: of a trip to Redis and back.
    """
    return WorkerRegistration(
        slots=engine.slots,
        rate_hz=engine.rate_hz,
        continuity=engine.continuity,
        rtf=first_rtf(engine.rtf, trip_s),
        eta=settings.live_slot_share,
        reserve=settings.batch_reserve,
        voices=_voices_json(engine),
        engine=engine.name,
        host=socket.gethostname(),
        pid=os.getpid(),
        ready_ms=ready_ms,
        limit_chars=engine.limit_chars,
        merge_chars=engine.merge_chars,
        limits=json.dumps(dict(engine.limits)),
        abilities=engine.abilities.to_json(),
        fingerprint=fingerprint,
        hot=settings.hot_slots != "off",
        ahead=settings.hot_slots != "off" and engine.slots >= FEWEST_PLACES and runs_here(engine.name),
    )


def refreshed_registration(facts: WorkerRegistration, engine: Engine, offered: int = 0) -> WorkerRegistration:
    """A copy with what may change while an engine runs: its voices and its slots, at most `offered` (0: all)."""
    slots = min(engine.slots, offered) if offered else engine.slots
    ahead = facts.ahead and slots == facts.slots  # of fewer it would be spoken at once with the others
    return replace(facts, slots=slots, voices=_voices_json(engine), ahead=ahead)


def warn_if_audio_differs(owner: str, facts: WorkerRegistration, result: RegisterResult) -> None:
    """Log it if this process gives other bytes than the pool that it registered in."""
    if facts.fingerprint not in ("", result.fingerprint):
        log.warning(
            "audio differs from the pool's; give each pool one kind of CPU and one version of every package",
            extra={"owner": owner, "fingerprint": facts.fingerprint, "pool_fingerprint": result.fingerprint},
        )


def until_accepted(call: Callable[[], T]) -> T:
    """Repeat a call until Redis takes it, and return its result: loading the engine again would take longer."""
    while True:
        try:
            return call()
        except (Unavailable, MemoryFull) as error:
            log.warning("no work taken yet; retrying", extra={"error": str(error)})
            time.sleep(RETRY_S)


def _voices_json(engine: Engine) -> str:
    return json.dumps([voice.card() for voice in engine.voices], separators=(",", ":"))
