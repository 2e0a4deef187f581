"""The command line: `seriatim COMMAND`. Each command is a few lines here and a module of its own."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import NoReturn

from redis.exceptions import RedisError
from rich.console import Console

from gateway import arguments as args
from gateway import status as status_view
from gateway.output import Begin
from gateway.spokenpipe import reader_has_gone
from gateway.summary import summary_json, summary_text
from gateway.system import Crew
from gateway.text import read_text, refuse_to_overwrite
from gateway.voices import list_voices
from seriatim.connect import commands, reach
from seriatim.errors import SeriatimError, Unwritable
from seriatim.exits import Exit, status_of
from seriatim.settings import Settings

Command = Callable[[argparse.Namespace, Settings], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["worker"]:
        _become_worker(given[1:])
    options = args.parser(COMMANDS).parse_args(given)
    try:
        settings = Settings.from_env(os.environ)
        if getattr(options, "redis", None):
            settings = replace(settings, redis_url=options.redis)
        return int(COMMANDS[options.command](options, settings))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # the program behind the pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Unwritable as error:
        return Exit.OK if reader_has_gone(error) else _complain(error)
    except (SeriatimError, RedisError) as error:
        return _complain(error)


def _complain(error: SeriatimError | RedisError) -> Exit:
    sys.stderr.write(f"seriatim: {error}\n")
    return status_of(error)


def _become_worker(rest: Sequence[str]) -> NoReturn:
    """Workers are processes of their own: no door ever loads a model."""
    os.execv(sys.executable, [sys.executable, "-m", "workers", *rest])  # our own interpreter, no shell


def _speak(options: argparse.Namespace, settings: Settings) -> int:
    from gateway.speak import Wanted, end_on_sigterm, speak  # imports the producer, and with it Celery

    end_on_sigterm()
    embedded = options.redis is None
    refuse_to_overwrite(options.file, options.output)
    wanted = Wanted(
        text=read_text(options.file, settings.max_text_bytes),
        output=options.output,
        request=args.request(options),
        crew=Crew(options.engine, options.workers, 0, options.pool or "", tuple(options.engine_option)),
        embedded=embedded,
        begin=Begin.RESUME if options.resume else Begin.RESTART if options.restart else Begin.NEW,
        format_name=options.format,
        quiet=options.quiet or options.json,
    )
    summary = speak(wanted, settings)
    if options.json:
        json.dump(summary_json(summary), sys.stderr if options.output == "-" else sys.stdout)
        (sys.stderr if options.output == "-" else sys.stdout).write("\n")
    elif not options.quiet:
        sys.stderr.write(summary_text(summary) + "\n")
    return Exit.OK


def _up(options: argparse.Namespace, settings: Settings) -> int:
    from gateway.up import up  # only here are children kept for long

    crew = Crew(options.engine, options.workers, options.slots or 0, options.pool or "", tuple(options.engine_option))
    return up(settings, crew, options.port, options.data, options.reassemblers, external=bool(options.redis))


def _reassemble(_options: argparse.Namespace, settings: Settings) -> int:
    from reassembler.main import main as reassemble  # it configures logging for itself

    os.environ.update(settings.to_env())
    return reassemble()


def _status(options: argparse.Namespace, settings: Settings) -> int:
    console = Console(width=None if sys.stdout.isatty() else 160)
    redis = commands(settings.redis_url, outage_s=1.0)
    reach(redis, settings.redis_url)
    if options.job:
        from tasks.producer import Producer

        found = Producer(settings).attach(options.job).status()
        if options.json:
            sys.stdout.write(json.dumps(asdict(found)) + "\n")
        else:
            status_view.show_job(console, found)
        return Exit.OK
    lines = status_view.pools(redis)
    if options.json:
        sys.stdout.write(json.dumps(status_view.as_json(lines)) + "\n")
    else:
        status_view.show_pools(console, lines)
    return Exit.OK


def _cancel(options: argparse.Namespace, settings: Settings) -> int:
    from tasks.producer import Producer

    redis = commands(settings.redis_url, outage_s=1.0)
    reach(redis, settings.redis_url)
    job = Producer(settings).attach(options.job)
    done = job.cancel(options.reason)
    sys.stdout.write(f"job {job.id} {'is cancelled' if done else 'had ended already: ' + job.status().state}\n")
    return Exit.OK


def _voices(options: argparse.Namespace, settings: Settings) -> int:
    voices = list_voices(options.engine, None if options.redis is None else settings)
    if options.json:
        sys.stdout.write(json.dumps(voices) + "\n")
        return Exit.OK
    width = max((len(voice["name"]) for voice in voices), default=0)
    for voice in voices:
        sys.stdout.write(f"{voice['name']:<{width}}  {voice['language']:<8} {voice['description']}".rstrip() + "\n")
    return Exit.OK


COMMANDS: dict[str, Command] = {
    "speak": _speak,
    "up": _up,
    "reassemble": _reassemble,
    "status": _status,
    "cancel": _cancel,
    "voices": _voices,
}

if __name__ == "__main__":
    sys.exit(main())
