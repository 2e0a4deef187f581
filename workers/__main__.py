"""`python -m workers`, the command behind `seriatim worker`: supervised worker processes, or a list of voices."""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from seriatim import log as logs
from seriatim.errors import Misconfigured, SeriatimError, Unavailable, forbidden
from seriatim.exit_codes import ExitCode
from seriatim.process.command_parser import CommandParser
from seriatim.process.forked_process import allow_forks
from seriatim.process.home_folder import expand_home
from seriatim.process.process_range import ProcessRange, process_range, usable_cores
from seriatim.settings import Settings
from workers.engines.engine_catalogue import EngineProfile, engine_profiles
from workers.engines.engine_registry import check_name, engine_names, load, options_of
from workers.gpu_pinning import pinned_gpus
from workers.tune.device_name import device_name
from workers.tune.tuned_settings import TunedSetting, TunedSubject, find_setting, pairs_of
from workers.worker_lifetime import parse_size

AUTO = 0  #: of --slots: as was tuned, else the engine's choice
RENEWAL_HELP = "replace a process, one at a time, when it"
EPILOG = """\
A worker process loads its engine once, speaks a warm-up sentence, and then takes work from its pool's queue.
--slots is the number of sentences that one process speaks at once; engines that are not thread-safe (espeak) speak one
and need --processes, one per core. With --gpu, that many processes start on each GPU named. SIGTERM stops taking work
and lets running sentences finish; a second one ends them at once.

examples:
  seriatim worker --engine espeak --processes 2
  seriatim worker --engine espeak --processes 1..4
  seriatim worker --engine espeak --redis redis://127.0.0.1:7379/0
  seriatim worker --engine tone --slots 8 --engine-option rtf=0.25
  seriatim worker --engine xtts --model models/xtts-v2
  seriatim worker --engine xtts --model ~/xtts_v2 --gpu all --slots auto
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run workers until SIGTERM or SIGINT; returns the exit status."""
    options = _build_parser().parse_args(argv)
    folders = {"model": options.model, "voices": options.voices}
    options.engine_option += [f"{name}={folder}" for name, folder in folders.items() if folder]
    try:
        if options.list_voices:
            return _list_voices(options)
        return _run_supervisor(options)
    except PermissionError as error:  # a model's folder that this user may not read
        logs.announce("seriatim worker", str(forbidden(error)))
        return ExitCode.CANNOT_START
    except SeriatimError as error:
        logs.announce("seriatim worker", str(error))
        return ExitCode.UNAVAILABLE if isinstance(error, Unavailable) else ExitCode.CANNOT_START


def _build_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="seriatim worker",
        description="Start worker processes for one engine, and restart those that end.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--engine", required=True, metavar="NAME", help=f"one of {', '.join(engine_names())}")
    parser.add_argument(
        "--processes", type=process_range, default=ProcessRange(), metavar="N",
        help="worker processes (default 1); 1..4: as many as the load asks for; auto: from 1 to what suits the machine",
    )  # fmt: skip
    parser.add_argument(
        "--slots",
        type=_slot_count,
        metavar="N",
        help="sentences at once in each (default: the engine's choice); auto: as `seriatim tune` found here",
    )
    parser.add_argument("--gpu", default="", metavar="N", help="pin to this GPU, 0-based, or to several (0,1, all)")
    parser.add_argument(
        "--gpu-limit", type=_positive_int, metavar="K", help="at most K sentences at once on a GPU, over all processes"
    )
    parser.add_argument(
        "--max-sentences", type=_positive_int, metavar="N", help=f"{RENEWAL_HELP} has spoken N sentences"
    )
    parser.add_argument("--max-memory", metavar="SIZE", help=f"{RENEWAL_HELP} holds this much memory, such as 2G")
    parser.add_argument("--pool", default="", metavar="NAME", help="pool to work for (default: the engine's name)")
    parser.add_argument("--engine-option", action="append", default=[], metavar="KEY=VALUE", help="may be repeated")
    parser.add_argument("--model", metavar="DIR", help="folder of the engine's model: --engine-option model=DIR")
    parser.add_argument("--voices", metavar="DIR", help="folder of the engine's voices: --engine-option voices=DIR")
    parser.add_argument(
        "--events", action="store_true", help="send task events from the start (Flower asks for them itself)"
    )
    parser.add_argument(
        "--redis", metavar="URL", default="", help="the Redis to use (default: SERIATIM_REDIS_URL); visible in ps"
    )
    parser.add_argument("--list-voices", action="store_true", help="print the engine's voices as JSON and exit")
    return parser


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}; expected 1 or more")
    return value


def _slot_count(text: str) -> int:
    return AUTO if text == "auto" else _positive_int(text)


def _list_voices(options: argparse.Namespace) -> int:
    pairs = dict(text.partition("=")[::2] for text in options.engine_option)
    engine = load(options.engine, options_of(options.engine, pairs, Settings.from_env(os.environ)))
    sys.stdout.write(json.dumps([voice.card() for voice in engine.voices]) + "\n")
    engine.close()
    return 0


def _run_supervisor(options: argparse.Namespace) -> int:
    from seriatim.celery_app import make_app, reach_broker  # a list of voices needs neither Celery nor Redis
    from seriatim.servers.redis_checks import check_redis
    from seriatim.servers.redis_clients import check_reachable, command_client
    from workers.supervisor import supervise

    if options.redis:
        os.environ["SERIATIM_REDIS_URL"] = options.redis  # inherited by the worker processes
    if options.max_sentences:
        os.environ["SERIATIM_WORKER_MAX_SENTENCES"] = str(options.max_sentences)
    if options.max_memory is not None:
        os.environ["SERIATIM_WORKER_MAX_MEMORY"] = options.max_memory
    settings = Settings.from_env(os.environ)
    parse_size(settings.worker_max_memory)
    logs.configure(settings.log_level, "worker", settings.log_format)
    check_name(options.engine)
    redis = command_client(settings.redis_url, outage_s=1.0)
    check_reachable(redis, settings.redis_url)
    check_redis(redis)
    with make_app(settings.broker) as app:
        reach_broker(app, settings.broker)
    if wrong := [text for text in options.engine_option if "=" not in text]:
        raise Misconfigured(f"--engine-option {wrong[0]!r}; expected KEY=VALUE")
    tuned = _tuned_setting(options, settings) if options.slots == AUTO else None
    arguments = ["--engine", options.engine, "--pool", options.pool or options.engine, *_slot_arguments(options, tuned)]
    arguments += [part for text in options.engine_option for part in ("--engine-option", text)]
    arguments += ["--engine-option", f"gpu_limit={options.gpu_limit}"] if options.gpu_limit else []
    arguments += ["--events"] if options.events else []
    gpus = pinned_gpus(options.gpu, os.environ)
    return supervise(arguments, options.pool or options.engine, _suiting(options, tuned), gpus)


def _tuned_setting(options: argparse.Namespace, settings: Settings) -> TunedSetting | None:
    """What `seriatim tune` found for this engine, with these options, on this device."""
    pairs = pairs_of(options.engine_option)
    subject = TunedSubject.of(device_name(options.engine, pairs), options.engine, pairs)
    return find_setting(expand_home(settings.tuned_file), subject)


def _slot_arguments(options: argparse.Namespace, tuned: TunedSetting | None) -> list[str]:
    """The slots of a worker process, its threads if those were tuned, and who decided them."""
    if tuned is None:
        untuned = "engine; not tuned" if options.slots == AUTO else "engine"
        return ["--slots", str(options.slots), "--slots-from", "given"] if options.slots else ["--slots-from", untuned]
    found = ["--slots", str(tuned.slots), "--slots-from", f"tuned on {tuned.measured}"]
    found += ["--tuned-x", f"{tuned.each_x:.4g}"]
    shared = _suiting(options, tuned).most >= tuned.processes and "threads" not in pairs_of(options.engine_option)
    return [*found, "--engine-option", f"threads={tuned.threads}"] if tuned.threads and shared else found


def _suiting(options: argparse.Namespace, tuned: TunedSetting | None) -> ProcessRange:
    """The range of processes; for `auto` as many as were tuned, or one for each core, or 1 that uses all or none."""
    profile = engine_profiles().get(options.engine, EngineProfile())
    usual = 1 if profile.whole_machine or profile.one_process else usable_cores()
    processes: ProcessRange = options.processes
    return processes.limited(tuned.processes if tuned else usual)


if __name__ == "__main__":
    allow_forks()
    sys.exit(main())
