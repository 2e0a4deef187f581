"""`seriatim voices`: what a pool that runs has registered, or what an engine on this machine has."""

import json
import subprocess
import sys

from seriatim.connect import commands, reach
from seriatim.errors import EngineUnavailable, NoWorkers
from seriatim.keys import pool_prefix
from seriatim.settings import Settings


def list_voices(engine: str, settings: Settings | None) -> list[dict[str, str]]:
    """The voices of an engine: with `settings` those of the running pool, without those of this machine.

    Raises:
        EngineUnavailable: its package or model is missing.
        NoWorkers: no worker has registered voices.
    """
    return _registered(engine, settings) if settings else _installed(engine)


def _registered(pool: str, settings: Settings) -> list[dict[str, str]]:
    redis = commands(settings.redis_url, outage_s=1.0)
    reach(redis, settings.redis_url)
    voices = redis.get(f"{pool_prefix(pool)}:voices")
    if not isinstance(voices, bytes):
        raise NoWorkers(f"no worker of pool {pool!r} has said which voices it has", 5.0)
    found: list[dict[str, str]] = json.loads(voices)
    return found


def _installed(engine: str) -> list[dict[str, str]]:
    """Asked of a worker process: no door loads an engine."""
    command = [sys.executable, "-m", "workers", "--engine", engine, "--list-voices"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineUnavailable(done.stderr.strip().removeprefix("seriatim worker: ") or f"{engine} has no voices")
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found
