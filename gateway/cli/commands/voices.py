"""`seriatim voices`: list the voices of a pool or an engine; add and remove voices cloned from recordings."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gateway.cli.engine_queries import ask_engine
from gateway.cli.parser_parts import engine_options
from seriatim.errors import BadInput, Misconfigured, NoWorkers
from seriatim.exit_codes import ExitCode
from seriatim.process.home_folder import expand_home
from seriatim.settings import Settings

CLONING = "workers.engines.xtts.voices.clone_voice"  #: the one engine that clones


def run_voices(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command's action."""
    return ACTIONS[options.action or "list"](options, settings)


def list_voices(engine: str, settings: Settings | None, options: Iterable[str] = ()) -> list[dict[str, Any]]:
    """List the voices of an engine: with `settings` those of the running pool, otherwise those of this machine.

    Raises:
        EngineUnavailable: its package or model is missing.
        NoWorkers: no worker has registered voices.
    """
    return _registered_voices(engine, settings) if settings else _installed_voices(engine, options)


def add_voice(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Clone a voice into the voice folder; takes as long as loading the model. Returns its card, and its path.

    Raises:
        BadInput: the name, the language or a recording cannot be used, or there is no model.
        EngineUnavailable: the model cannot be loaded, or its licence is not accepted.
    """
    values = dict(text.partition("=")[::2] for text in engine_options(options))
    if not values.get("model"):
        raise BadInput("cloning a voice needs a model: add --model DIR; `seriatim models` lists those of this machine")
    arguments = [
        "--voice-dir", voice_folder(settings), "--model", values["model"], "--device", options.device,
        "--language", options.language, "--accept-licence", values.get("accept_licence", ""),
    ]  # fmt: skip
    arguments += ["--replace"] if options.replace else []
    added: dict[str, Any] = ask_engine(CLONING, "add", *arguments, "--", options.name, *options.recordings)
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


def _installed_voices(engine: str, options: Iterable[str]) -> list[dict[str, Any]]:
    """The voices of an engine on this machine, asked of a worker process: the command line loads no engine."""
    pairs = [part for text in options for part in ("--engine-option", text)]
    found: list[dict[str, Any]] = ask_engine("workers", "--engine", engine, "--list-voices", *pairs)
    return found


def _run_list(options: argparse.Namespace, settings: Settings) -> int:
    if options.cloned:
        voices = [_cloned_voice_row(voice) for voice in cloned_voices(settings)]
    else:
        voices = voices_of_engine(options, settings)[1]
    if options.json:
        sys.stdout.write(json.dumps(voices) + "\n")
        return ExitCode.OK
    width = max((len(voice["name"]) for voice in voices), default=0)
    for voice in voices:
        sys.stdout.write(f"{voice['name']:<{width}}  {voice['language']:<8} {voice['description']}".rstrip() + "\n")
    return ExitCode.OK


def voices_of_engine(options: argparse.Namespace, settings: Settings) -> tuple[str, list[dict[str, Any]]]:
    """The engine or pool that the options mean, and its voices."""
    from gateway.local.installed_engines import default_engine, running_default  # imports redis

    running = None if options.redis is None else settings
    engine = options.engine or (running_default(settings) if running else default_engine(settings))
    return engine, list_voices(engine, running, engine_options(options))


def _run_play(options: argparse.Namespace, settings: Settings) -> int:
    from gateway.cli.commands.voice_sample import play_sample

    engine, voices = voices_of_engine(options, settings)
    pairs = [part for text in engine_options(options) for part in ("--engine-option", text)]
    running = [] if options.redis is None else ["--redis", options.redis]
    return play_sample(options.name, voices, ["--engine", engine, *pairs, *running], options.output)


def _cloned_voice_row(card: dict[str, Any]) -> dict[str, str]:
    facts = card.get("error") or f"{card['seconds']:.0f} s, {card['created'][:10]}, for the model {card['fingerprint']}"
    return {"name": card["name"], "language": card.get("language", ""), "description": facts}


def _run_add(options: argparse.Namespace, settings: Settings) -> int:
    added = add_voice(options, settings)
    recordings = f"{added['recordings']} recording{'s' * (added['recordings'] > 1)}"
    facts = f"voice {added['name']}: {added['seconds']:.1f} s of {recordings}, in {added['path']}"
    sys.stdout.write((json.dumps(added) if options.json else facts) + "\n")
    return ExitCode.OK


def _run_remove(options: argparse.Namespace, settings: Settings) -> int:
    remove_voice(options.name, settings)
    sys.stdout.write(f"voice {options.name} is removed\n")
    return ExitCode.OK


ACTIONS: dict[str, Callable[[argparse.Namespace, Settings], int]] = {
    "list": _run_list, "play": _run_play, "add": _run_add, "remove": _run_remove,
}  # fmt: skip
