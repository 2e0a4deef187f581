"""`seriatim up`: the whole system on one machine, until stopped. Children that end are started again."""

import contextlib
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gateway.embedded import EmbeddedRedis
from gateway.folders import locked
from gateway.speak import end_on_sigterm
from gateway.system import Crew, System
from seriatim.connect import commands, reach, shown
from seriatim.errors import EngineUnavailable, Misconfigured
from seriatim.exits import Exit
from seriatim.server import check
from seriatim.settings import Settings

POLL_S = 0.2
AGAIN_S = 1.0  #: between the end of a child and its next start


def up(settings: Settings, crew: Crew, port: int, data: str, reassemblers: int, *, external: bool) -> int:
    """Run until SIGTERM or Ctrl-C; returns the exit status.

    Raises:
        Unavailable, EngineUnavailable, Misconfigured: something does not start.
    """
    end_on_sigterm()
    folder = Path(data)
    with (
        locked(folder),
        _redis(settings, folder, port, external=external) as (own, server),
        System(own, folder, server) as system,
    ):
        for warning in check(commands(own.redis_url)).warnings:
            _say(f"warning: {warning}")
        parts: dict[str, tuple[str, list[str]]] = {
            f"reassembler-{i}": ("reassembler.main", []) for i in range(reassemblers)
        }
        parts["worker"] = ("workers", crew.arguments())
        for name, (module, arguments) in parts.items():
            system.start(name, module, arguments)
        slots = system.await_workers(crew.pool_name, crew.processes)
        count = f"{slots} slot{'s' * (slots > 1)}"
        _say(f"up: pool {crew.pool_name}, {count}; Redis at {shown(own.redis_url)}; logs in {folder}")
        _say(f"speak with:  seriatim speak FILE -o OUT --redis {shown(own.redis_url)}")
        place = shlex.quote(str(Path(own.store_dir).resolve()))  # of a gateway that looks elsewhere, jobs have no sound
        _say(f"serve with:  SERIATIM_STORE_DIR={place} seriatim serve --redis {shown(own.redis_url)}")
        with contextlib.suppress(KeyboardInterrupt):
            _keep(system, parts)
        _say("stopping: sentences that were begun may finish")
    return Exit.OK


@contextlib.contextmanager
def _redis(
    settings: Settings, folder: Path, port: int, *, external: bool
) -> Iterator[tuple[Settings, EmbeddedRedis | None]]:
    if external:
        reach(commands(settings.redis_url, outage_s=1.0), settings.redis_url)
        yield settings, None
        return
    server = EmbeddedRedis.durable(folder / "redis", port)
    chosen = settings.store_dir != Settings().store_dir  # what somebody says goes before a place of ours
    place = settings.store_dir if chosen else str(folder / "store")
    try:
        yield replace(settings, redis_url=server.url, broker_url=server.broker_url, store_dir=place), server
    finally:
        server.close()


def _keep(system: System, parts: dict[str, tuple[str, list[str]]]) -> None:
    """Start again what ends, except what says that it cannot start."""
    ended: dict[str, float] = {}
    while True:
        system.check_redis()
        for name, (module, arguments) in parts.items():
            status = system.children[name].poll()
            if status == Exit.CANNOT_START:
                kind = EngineUnavailable if name == "worker" else Misconfigured
                raise kind(f"{name} cannot go on: {system.log_of(name).strip().splitlines()[-1]}")
            if status is None:
                ended.pop(name, None)
            elif time.monotonic() - ended.setdefault(name, time.monotonic()) >= AGAIN_S:
                _say(f"{name} ended with status {status}: starting it again")
                system.start(name, module, arguments)
        time.sleep(POLL_S)


def _say(line: str) -> None:
    sys.stderr.write(f"seriatim: {line}\n")
    sys.stderr.flush()
