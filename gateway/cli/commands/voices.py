"""`seriatim voices`: list the voices of a pool or an engine; add and remove voices cloned from recordings."""

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.cli.engine_queries import ask_engine
from seriatim.errors import EngineUnavailable, Misconfigured, NoWorkers
from seriatim.process.home_folder import expand_home
from seriatim.process.interpreter import python_command
from seriatim.settings import Settings

CLONING = "workers.engines.xtts.voices.clone_voice"  #: the one engine that clones


@dataclass(frozen=True, slots=True)
class VoiceSample:
    """A voice to clone, and the recordings of it."""

    name: str
    recordings: Sequence[str]
    model: str
    device: str = "cpu"
    language: str = ""  #: BCP 47; "": no default language
    accept_licence: str = ""
    replace: bool = False


def list_voices(engine: str, settings: Settings | None, engine_options: Iterable[str] = ()) -> list[dict[str, Any]]:
    """List the voices of an engine: with `settings` those of the running pool, otherwise those of this machine.

    Raises:
        EngineUnavailable: its package or model is missing.
        NoWorkers: no worker has registered voices.
    """
    return _registered_voices(engine, settings) if settings else _installed_voices(engine, engine_options)


def add_voice(sample: VoiceSample, settings: Settings) -> dict[str, Any]:
    """Clone a voice into the voice folder; takes as long as loading the model. Returns its card, and its path.

    Raises:
        BadInput: the name, the language or a recording cannot be used.
        EngineUnavailable: the model cannot be loaded, or its licence is not accepted.
    """
    arguments = [sample.name, *sample.recordings]
    options = [
        "--voice-dir", voice_folder(settings), "--model", sample.model, "--device", sample.device,
        "--language", sample.language, "--accept-licence", sample.accept_licence,
    ]  # fmt: skip
    options += ["--replace"] if sample.replace else []
    added: dict[str, Any] = ask_engine(CLONING, "add", *options, "--", *arguments)
    return added


def remove_voice(name: str, settings: Settings) -> None:
    """Remove a cloned voice.

    Raises:
        BadInput: there is no cloned voice of that name.
    """
    ask_engine(CLONING, "remove", "--voice-dir", voice_folder(settings), "--", name)


def cloned_voices(settings: Settings) -> list[dict[str, Any]]:
    """List the cloned voices in the voice folder, for any model; none if the default folder cannot be read.

    Raises:
        Misconfigured: SERIATIM_VOICE_DIR names a folder that cannot be read.
    """
    path = voice_folder(settings)
    if settings.voice_dir != Settings().voice_dir and Path(path).exists() and not os.access(path, os.R_OK | os.X_OK):
        raise Misconfigured(f"SERIATIM_VOICE_DIR: this user may not read {path}")
    found: list[dict[str, Any]] = ask_engine(CLONING, "list", "--voice-dir", path)
    return found


def voice_folder(settings: Settings) -> str:
    """The folder of cloned voices."""
    return str(expand_home(settings.voice_dir))


def _registered_voices(pool: str, settings: Settings) -> list[dict[str, Any]]:
    from seriatim.servers.redis_clients import check_reachable, command_client  # 0.2 s, for a running pool alone
    from seriatim.state.pool_record import read_pool

    redis = command_client(settings.redis_url, outage_s=1.0)
    check_reachable(redis, settings.redis_url)
    voices = read_pool(redis, pool).voices
    if not voices:
        raise NoWorkers(f"no worker of pool {pool!r} has registered its voices; start one with: seriatim worker", 5.0)
    return [voice.card() for voice in voices]


def _installed_voices(engine: str, engine_options: Iterable[str]) -> list[dict[str, Any]]:
    """The voices of an engine on this machine, asked of a worker process: the command line loads no engine."""
    command = python_command("workers", "--engine", engine, "--list-voices")
    command += [part for text in engine_options for part in ("--engine-option", text)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineUnavailable(done.stderr.strip().removeprefix("seriatim worker: ") or f"{engine} has no voices")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
