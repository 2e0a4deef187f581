"""Parser parts: arguments that several commands share, and what their values mean."""

import argparse
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.book.book_formats import LOUDNESS_LUFS, ROOM_TONE_DB
from seriatim.process.process_range import ProcessRange
from workers.engines.engine_catalogue import EngineProfile, engine_profiles

if TYPE_CHECKING:
    from gateway.local.processes import WorkerPlan
    from seriatim.client.job_options import JobRequest

ENGINES = ", ".join(engine_profiles())
DEFAULT_ENGINE = "SERIATIM_ENGINE, else hibari, else espeak"
CORES = os.cpu_count() or 1
MAX_PORT = 65535
CHARS_PER_PROCESS = 400  #: half a minute of speech, which takes a core as long as loading another engine does


def option_of(name: str) -> str:
    """The option of an argument, such as `--in-flight`."""
    return "--" + name.replace("_", "-")


def engine_options(options: argparse.Namespace) -> tuple[str, ...]:
    """KEY=VALUE options of the engine; `--model DIR` and `--voices DIR` are short for two of them."""
    folders = {"model": options.model, "voices": options.voices}
    return (*options.engine_option, *(f"{name}={folder}" for name, folder in folders.items() if folder))


def processes(options: argparse.Namespace, text: str | None = None) -> int:
    """The number of worker processes: --workers, or 1 for an engine that fills the machine or waits for another one.

    With a text, no more than it is worth to load engines for.
    """
    return _processes_and_slots(options.engine, options.workers, text)[0]


def _processes_and_slots(engine: str, named: int | None, text: str | None) -> tuple[int, int]:
    """The number of processes of an engine, and of the slots of each, 0: the engine's; `named` processes win."""
    profile = engine_profiles().get(engine, EngineProfile())
    if named or profile.whole_machine or profile.one_process:
        return int(named or 1), 0
    speakers = CORES if text is None else min(CORES, 1 + len(text) // CHARS_PER_PROCESS)
    slots = min(profile.slots_per_model, speakers)
    return -(-speakers // slots), slots if slots > 1 else 0


def worker_plan(options: argparse.Namespace, text: str | None = None) -> "WorkerPlan":
    """The workers of a private system that speaks `text`."""
    return _plan(options.engine, options.workers, text, options.pool or "", engine_options(options))


def _plan(engine: str, named: int | None, text: str | None, pool: str, engine_options: tuple[str, ...]) -> "WorkerPlan":
    from gateway.local.processes import WorkerPlan  # imports redis

    n_processes, slots = _processes_and_slots(engine, named, text)
    if any(option.startswith("slots=") for option in engine_options):
        slots = 0  # the user's choice
    return WorkerPlan(engine, n_processes, slots, pool, engine_options)


def cast_plans(options: argparse.Namespace, request: "JobRequest", text: str | None = None) -> "tuple[WorkerPlan, ...]":
    """The workers of a private system for the speakers of a cast who have an engine of their own."""
    from seriatim.text.dialogue.cast_engines import CastEngine

    plans = []
    for pool in sorted(request.cast.pools - {request.pool_name}):
        own = request.cast.engines.get(pool, CastEngine(pool))
        plans.append(_plan(own.engine, options.workers, text, pool, own.options))
    return tuple(plans)


def scaled_worker_plan(options: argparse.Namespace) -> "WorkerPlan":
    """The workers of `seriatim up`: as many as the load asks for, within --workers."""
    from gateway.local.processes import WorkerPlan  # imports redis

    profile = engine_profiles().get(options.engine, EngineProfile())
    limits = (options.workers or ProcessRange(1, 0)).limited(
        1 if profile.whole_machine or profile.one_process else CORES
    )
    return WorkerPlan(
        options.engine, limits.least, options.slots or 0, options.pool or "", engine_options(options),
        most_processes=limits.most,
    )  # fmt: skip


def add_command(sub: Any, name: str, summary: str, epilog: str) -> argparse.ArgumentParser:
    """Add a command, described by its summary."""
    command: argparse.ArgumentParser = sub.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=epilog, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return command


def add_redis(p: argparse.ArgumentParser) -> None:
    """Add the URL of a running system's Redis."""
    p.add_argument(
        "--redis", metavar="URL", default=None, help="a running system's Redis (default: SERIATIM_REDIS_URL)"
    )


def add_options(p: argparse.ArgumentParser, default: Any = None) -> None:
    """Add the engine's options; `default` is SUPPRESS where a subcommand must not overwrite its command's options."""
    suppressed = default is argparse.SUPPRESS
    p.add_argument(
        "--engine-option", action="append", default=default if suppressed else [], metavar="KEY=VALUE",
        help="option of the engine; repeatable",
    )  # fmt: skip
    p.add_argument("--model", default=default, metavar="DIR", help="folder of the engine's model (xtts)")
    p.add_argument("--voices", default=default, metavar="DIR", help="folder of the engine's voices (piper, hibari)")


def positive_int(text: str) -> int:
    """An integer of at least 1.

    Raises:
        ArgumentTypeError: it is none.
    """
    return int(_number_within(text, 1, math.inf, "expected 1 or more", int))


def port_number(text: str) -> int:
    """A TCP port; 0: the command's help says what that means.

    Raises:
        ArgumentTypeError: it is none.
    """
    return int(_number_within(text, 0, MAX_PORT, f"expected a port, from 0 to {MAX_PORT}", int))


def redis_port(text: str) -> int:
    """A TCP port that clients can be given: no 0.

    Raises:
        ArgumentTypeError: it is none.
    """
    return int(_number_within(text, 1, MAX_PORT, f"expected a port, from 1 to {MAX_PORT}", int))


def _number_within(text: str, least: float, most: float, expected: str, number: Callable[[str], float]) -> float:
    """The number in `text`, which `number` reads.

    Raises:
        ArgumentTypeError: it is none, or out of range.
    """
    try:
        value = number(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text}; {expected}")
    return value


def web_address(text: str) -> str:
    """The address of a folder on the web.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r}; expected an address such as https://example.org/novel/")
    return text


def loudness(text: str) -> float:
    """A loudness in LUFS.

    Raises:
        ArgumentTypeError: it is none, or out of range.
    """
    return _number_within(text, *LOUDNESS_LUFS, "expected -40 to -16, such as -20", float)


def room_tone(text: str) -> float:
    """A level of noise in dBFS.

    Raises:
        ArgumentTypeError: it is none, or out of range.
    """
    return _number_within(text, *ROOM_TONE_DB, "expected -80 to -50, such as -65", float)
