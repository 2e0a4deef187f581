"""The registration of a worker process in its pool."""

import json
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from seriatim.engine import Engine
from seriatim.errors import MemoryFull, Unavailable
from seriatim.lua.pool_records import RegisterResult, WorkerRegistration
from seriatim.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_S = 1.0  #: beside the patience of the call itself


def registration_of(engine: Engine, settings: Settings, ready_ms: int, fingerprint: str = "") -> WorkerRegistration:
    """The registration of a process that was ready `ready_ms` after its start, with its audio's `fingerprint`."""
    return WorkerRegistration(
        slots=engine.slots,
        rate_hz=engine.rate_hz,
        continuity=engine.continuity,
        rtf=max(engine.rtf, 0.001),
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
    )


def refreshed_registration(facts: WorkerRegistration, engine: Engine) -> WorkerRegistration:
    """A copy with what may change while an engine runs: its slots and its voices."""
    return replace(facts, slots=engine.slots, voices=_voices_json(engine))


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
