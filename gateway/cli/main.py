"""The command line's main function: it dispatches `seriatim COMMAND` to a module of `gateway.cli.commands`.

Every command imports the rest itself, so that help, a misspelt option and `seriatim worker` wait for nothing.
"""

import argparse
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from gateway.cli import parser as args
from gateway.cli.parser_parts import cast_plans, scaled_worker_plan, worker_plan
from seriatim.errors import Misconfigured, SeriatimError, Unwritable, forbidden
from seriatim.exit_codes import ExitCode, status_of
from seriatim.process.interpreter import python_command
from seriatim.process.quick_imports import collector_paused, package_hidden

if TYPE_CHECKING:
    from seriatim.client.job_options import JobRequest
    from seriatim.settings import Settings

Command = Callable[[argparse.Namespace, "Settings"], int]
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  #: what is printed goes into a file that cannot hold it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    _prepare_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["worker"]:
        _exec_worker(words[1:])
    if words[:2] == ["book", "fix"]:  # `book` has a file as its argument, so this is no subcommand of it
        words[:2] = ["book fix"]
    options = args.build_parser(COMMANDS).parse_args(words)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader of the pipe has closed it
        _discard_output()
        return ExitCode.OK
    except PermissionError as error:  # a home or data folder of another user
        return _report_error(forbidden(error))
    except Unwritable as error:
        from gateway.output.pipe_output import is_broken_pipe

        return ExitCode.OK if is_broken_pipe(error) else _report_error(error)
    except SeriatimError as error:
        return _report_error(error)


def _run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status once all that it printed is written."""
    from seriatim import log as logs
    from seriatim.settings import Settings

    logs.configure_command(details=options.command == "batch" and not options.quiet)
    overrides = {"SERIATIM_REDIS_URL": options.redis} if getattr(options, "redis", None) else {}
    settings = Settings() if options.command == "doctor" else Settings.from_env(os.environ | overrides)
    try:
        status = int(COMMANDS[options.command](options, settings))
        sys.stdout.flush()  # at the end of the interpreter, an error would be a traceback
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        from seriatim.audio.output_file import translate_write_errors

        _discard_output()
        with translate_write_errors(error.filename or "the output"):
            raise
    return status


def _prepare_streams() -> None:
    """Have every output take what is written.

    An output that the parent closed is /dev/null, so that no file or connection gets its descriptor. Characters that
    the encoding does not have, such as bytes of a file's name that are no UTF-8, are escaped.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # until the process ends
        elif isinstance(stream, TextIOWrapper) and stream.errors != "backslashreplace":
            with suppress(OSError):  # its descriptor was replaced by one of another kind
                stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Drop what is still to be written to standard output, which the interpreter would try again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_error(error: SeriatimError) -> ExitCode:
    from seriatim import log as logs

    logs.announce("seriatim", str(error))
    return status_of(error)


def _exec_worker(rest: Sequence[str]) -> NoReturn:
    """Replace this process by a worker supervisor: the command line itself loads no model."""
    os.execv(sys.executable, python_command("workers", *rest))  # this interpreter, no shell


def _speak(options: argparse.Namespace, settings: "Settings") -> int:
    with collector_paused(), package_hidden("opentelemetry"):  # redis-py loads its SDK for metrics that it keeps
        from gateway.cli.commands.speak import speak, with_engine
        from gateway.cli.input_text import read_input, refuse_to_overwrite, with_hosts
        from gateway.cli.interrupts import end_on_sigterm
        from gateway.cli.render.summary import summary_json, summary_text
        from gateway.output.open_output import ResumePolicy
        from gateway.output.speak_arguments import SpeakArguments
        from seriatim.client.job_lexicon import SystemLexicons

    end_on_sigterm()
    embedded = options.redis is None
    refuse_to_overwrite(options.file, options.output)
    request = args.request(options)
    document = read_input(options.file, settings, request.markup, request.code)
    text = document.text
    if options.hosts:
        request, text = with_hosts(options.hosts, request, text)
    request, reason = with_engine(settings, replace(request, markup=document.markup), text, embedded=embedded)
    if reason and not (options.quiet or options.json):
        sys.stderr.write(f"seriatim: {reason}\n")
    options.engine = request.engine
    if options.plan:
        return _plan_speakers(options, settings, request, text)
    arguments = SpeakArguments(
        text=text,
        output=options.output,
        request=request,
        worker_plan=worker_plan(options, text=text),
        cast_plans=cast_plans(options, request, text),
        embedded=embedded,
        begin=ResumePolicy.RESUME if options.resume else ResumePolicy.RESTART if options.restart else ResumePolicy.NEW,
        format_name=options.format,
        quiet=options.quiet or options.json,
        keep_warm=options.keep_warm,
        system_lexicon=SystemLexicons(settings).current(request.pool_name),
    )
    summary = speak(arguments, settings, options.webhook)
    if options.json:
        json.dump(summary_json(summary), sys.stderr if options.output == "-" else sys.stdout)
        (sys.stderr if options.output == "-" else sys.stdout).write("\n")
    elif not options.quiet:
        sys.stderr.write(summary_text(summary) + "\n")
    return ExitCode.FAILED if summary.gaps else ExitCode.OK


def _plan_speakers(options: argparse.Namespace, settings: "Settings", request: "JobRequest", text: str) -> int:
    from gateway.cli.commands.voices import voices_of_engine
    from gateway.cli.render.speaker_table import planned_speakers, speakers_text

    voices = voices_of_engine(options, settings)[1]
    planned = planned_speakers(request, voices, [text])
    sys.stdout.write(json.dumps(planned) + "\n" if options.json else speakers_text(planned))
    return ExitCode.OK


def _book(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.book import run_book  # imports the client, and with it Celery

    return run_book(options, settings)


def _book_fix(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.book_fix import run_fix  # imports the client, and with it Celery

    return run_fix(options, settings)


def _batch(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.batch import run_batch  # imports the client, and with it Celery

    return run_batch(options, settings)


def _cache(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.cache import run_warm  # imports the client, and with it Celery

    return run_warm(options, settings)


def _up(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.up import SystemPlan, up  # no other command needs it
    from gateway.local.installed_engines import default_engine, installed_beside
    from gateway.local.processes import WorkerPlan

    named = options.engine or settings.engine or options.pool
    options.engine = options.engine or default_engine(settings)
    planned = scaled_worker_plan(options)
    beside = () if named else tuple(WorkerPlan(engine) for engine in installed_beside(options.engine))
    workers = replace(planned, max_sentences=options.max_sentences or 0, max_memory=options.max_memory or "")
    plan = SystemPlan(
        workers, options.port, options.data, options.reassemblers, bool(options.redis), options.http,
        beside, named=bool(named),
    )  # fmt: skip
    return up(settings, plan)


def _tune(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.tune import tune

    return tune(options, settings)


def _reassemble(_options: argparse.Namespace, settings: "Settings") -> int:
    from reassembler.main import main as reassemble  # it configures logging

    os.environ.update(settings.to_env())
    return reassemble()


def _serve(options: argparse.Namespace, settings: "Settings") -> int:
    if options.keys:
        settings = replace(settings, http_keys_file=options.keys)
    with _extra("http"):
        from gateway.http.server.serve import serve  # speaking files needs no web server
    return serve(settings, options.host, options.port)


def _flower(options: argparse.Namespace, settings: "Settings") -> int:
    with _extra("flower"):
        from gateway.cli.commands.flower import run_flower
    return run_flower(settings, options.host, options.port)


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """Import what an optional extra of this distribution brings.

    Raises:
        Misconfigured: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        advice = f"in Seriatim's folder: pip install -c constraints.txt -e '.[{name}]'"
        raise Misconfigured(f"{error.name} is missing; {advice}") from None


def _healthcheck(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.healthcheck import run_healthcheck  # no other command needs it
    from gateway.local.installed_engines import default_engine

    return run_healthcheck(options.component, settings, options.pool or default_engine(settings), options.port)


def _doctor(options: argparse.Namespace, _settings: "Settings") -> int:
    """Run `seriatim doctor`, which checks the settings and therefore reads them itself."""
    from gateway.cli.commands.doctor import run_doctor  # imports Celery

    overrides = {"SERIATIM_REDIS_URL": options.redis} if options.redis else {}
    return run_doctor(os.environ | overrides, as_json=options.json)


def _text(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.text import run_text  # imports sentencex
    from gateway.cli.input_text import read_input
    from seriatim.client.job_options import AUTO, JobRequest
    from seriatim.text.language_guess import MIXED, guess_language, guess_paragraph
    from seriatim.text.segment import HOLD_CHARS, SegmentOptions

    lexicon = Path(options.lexicon) if options.lexicon else None
    values = {
        "language": options.language,
        "markup": options.markup,
        "reading": options.reading,
        "code": options.code,
        "emoji": options.emoji,
        "lexicon": lexicon,
    } | {"speakers": args.speakers(options.speaker), "cast": args.cast_option(options.cast)}
    request = JobRequest.of(values)
    document = read_input(options.file, settings, request.markup, request.code)
    named = "" if request.language == AUTO else request.language
    language = named or guess_language(document.text).removeprefix(MIXED) or "en"
    cut = SegmentOptions(
        language, markup=document.markup, reading=request.reading, speakers=request.speaker_styles,
        quotes=request.quote_voices, hold_chars=HOLD_CHARS, choices=request.choices,
        paragraph_language=None if named else partial(guess_paragraph, expected=language),
    )  # fmt: skip
    if lexicon:
        cut = replace(cut, kept_words=request.lexicon.in_language(cut.language).places)
    return run_text(
        document, cut, request.lexicon, explain=options.explain or bool(options.engine), engine=options.engine
    )


def _run_operator_command(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands import operator_commands

    command: Command = operator_commands.COMMANDS[options.command]
    return command(options, settings)


def _dead_letters(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.dead_letters import run_dead_letters  # imports the client, and with it Celery

    return run_dead_letters(options, settings)


def _webhooks(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.webhooks import run_webhooks

    return run_webhooks(options, settings)


def _voices(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.voices import run_voices

    return run_voices(options, settings)


def _models(options: argparse.Namespace, settings: "Settings") -> int:
    from gateway.cli.commands.models import run_models

    return run_models(options, settings)


COMMANDS: dict[str, Command] = {
    "speak": _speak,
    "book": _book,
    "book fix": _book_fix,
    "batch": _batch,
    "cache": _cache,
    "text": _text,
    "up": _up,
    "reassemble": _reassemble,
    "serve": _serve,
    "flower": _flower,
    "healthcheck": _healthcheck,
    "doctor": _doctor,
    "status": _run_operator_command,
    "cancel": _run_operator_command,
    "set": _run_operator_command,
    "timeline": _run_operator_command,
    "dead-letters": _dead_letters,
    "webhooks": _webhooks,
    "voices": _voices,
    "models": _models,
    "tune": _tune,
}

if __name__ == "__main__":
    sys.exit(main())
