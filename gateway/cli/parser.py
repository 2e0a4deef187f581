"""The parser of the command line, and its help texts."""

import argparse
import os
from collections.abc import Iterable
from typing import Any

from gateway.cli.service_parsers import SERVICES
from seriatim import __version__
from seriatim.audio import formats
from seriatim.client.job_options import JobRequest
from seriatim.errors import UnknownOption
from seriatim.text.languages import language_tag
from seriatim.user_limits import LIMITS
from workers.engines.engine_catalogue import EngineProfile, engine_profiles

TOP = """\
Parallel text-to-speech with audio in order.

  seriatim speak article.txt -o article.wav     speak a file; no running system needed
  seriatim up                                   run the whole system on this machine until stopped
  seriatim worker | reassemble | serve          run its parts, each on any machine that reaches Redis
  seriatim status | cancel | set | timeline     inspect and control jobs, pools and users
  seriatim doctor                               check the system, and advise on each failure
  seriatim voices | models | tune               list and clone voices, find models, measure slots
"""
EXITS = """\
exit codes: 0 done; 1 the job failed, timed out, was cancelled or has gaps; 2 invalid input; 3 unusable settings,
server or engine; 4 refused for now, try again later; 5 Redis cannot be reached; 130 interrupted
"""
SPEAK = """\
Without --redis the command starts a private system and stops it at the end. An output file gets its name only when it
is complete; --resume continues an interrupted one.

examples:
  seriatim speak chapter.txt -o chapter.mp3
  echo "Good morning." | seriatim speak - -o - | aplay
  seriatim speak book.txt -o book.flac --resume
"""
VOICES = """\
A cloned voice is computed once and stored in SERIATIM_VOICE_DIR; every worker finds it there by its name. It needs at
least 3 s of clear speech, better 10 s, in any format that libsndfile reads. Get the consent of the speaker.

examples:
  seriatim voices --engine espeak
  seriatim voices add anna anna-1.wav anna-2.flac --model models/xtts-v2
  seriatim voices list --engine xtts --model models/xtts-v2
  seriatim voices remove anna
"""
TUNE = """\
Starts worker processes with 1, 2, 4, 8, ... slots, keeps every slot busy, and measures the time to the first audio of a
sentence and the seconds of audio per second. Nothing else should be running. --max-codes is for models with random
weights, which do not stop by themselves.

examples:
  seriatim tune --model models/xtts-v2
  seriatim tune --model models/xtts-v2 --seconds 60 --write workers.env
  . ./workers.env && eval "seriatim worker $WORKER_LIVE"
"""
MODELS = """\
examples:
  seriatim models                         models in SERIATIM_MODEL_DIR and in the folders of other programs
  seriatim models models/xtts-v2          check that it is complete, and its SHA256SUMS if there are any
  seriatim models accept models/xtts-v2   accept the licence of its weights
"""
SET = """\
examples:
  seriatim set JOB --priority 5                            ahead of its user's other jobs
  seriatim set --user anna --pool espeak --weight 4        four times the share, also for running jobs
  seriatim set --user anna --in-flight 2 --jobs none       set one cap, remove another
"""
DEAD_LETTERS = """\
A sentence that failed SERIATIM_MAX_FAILURES times is given up and listed here: the newest 1,000, for a week. A retry
speaks the listed sentences of a job as a new, recorded job; the old job stays as it was.

examples:
  seriatim dead-letters                         list sentences that were given up, with reason and age
  seriatim dead-letters retry JOB               all sentences of a job; JOB 3 7: two of them
  seriatim dead-letters retry --all --pool xtts
  seriatim dead-letters forget JOB
"""
FORMATS = ", ".join(known.name for known in formats.FORMATS)
ENGINES = ", ".join(engine_profiles())
DEFAULT_ENGINE = "SERIATIM_ENGINE, else hibari, else espeak"
CORES = os.cpu_count() or 1


def build_parser(commands: Iterable[str]) -> argparse.ArgumentParser:
    """Build the parser of all commands; `commands` must have a subparser each."""
    parser = argparse.ArgumentParser(
        prog="seriatim",
        description=TOP,
        epilog=EXITS,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"seriatim {__version__}")
    sub = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_speak(_add_command(sub, "speak", "speak a text into a file or a pipe", SPEAK + "\n" + EXITS))
    _add_text(_add_command(sub, "text", "show how a text is read: its sentences, or what each step makes of it", ""))
    _add_up(
        _add_command(
            sub, "up", "run Redis, workers, a reassembler and an HTTP gateway on this machine until stopped", ""
        )
    )
    sub.add_parser("worker", help="start worker processes for one engine (seriatim worker --help)")
    _add_redis(_add_command(sub, "reassemble", "run one reassembler; any number may run at the same time", ""))
    for name, (summary, epilog, add_arguments) in SERVICES.items():
        command = _add_command(sub, name, summary, epilog)
        add_arguments(command)
        _add_redis(command)
    _add_status(_add_command(sub, "status", "show pools, workers and jobs, or one job", ""))
    _add_cancel(_add_command(sub, "cancel", "cancel a job: its remaining sentences are not spoken", ""))
    _add_set(_add_command(sub, "set", "change a running job's priority, or a user's weight and caps", SET))
    _add_timeline(
        _add_command(sub, "timeline", "draw when each worker spoke which sentence, and when it was heard", "")
    )
    _add_dead_letters(
        _add_command(
            sub,
            "dead-letters",
            "list sentences that were given up, speak them again, or remove them from the list",
            DEAD_LETTERS,
        )
    )
    _add_voices(_add_command(sub, "voices", "list the voices of an engine; clone or remove one", VOICES))
    _add_models(_add_command(sub, "models", "list the XTTS-v2 models on this machine, and ways to get one", MODELS))
    _add_tune(_add_command(sub, "tune", "measure how many slots and processes suit this machine", TUNE))
    missing = set(commands) - set(sub.choices)
    assert not missing, missing
    return parser


def option_of(name: str) -> str:
    """The option of an argument, such as `--in-flight`."""
    return "--" + name.replace("_", "-")


def request(options: argparse.Namespace) -> JobRequest:
    """The job request of `seriatim speak`.

    Raises:
        UnknownOption: a value outside its range.
    """
    return JobRequest.of(
        {
            "voice": options.voice, "language": options.language, "engine": options.engine, "pool": options.pool or "",
            "user": options.user, "kind": "batch", "drain": "window", "seed": options.seed, "speed": options.speed,
            "gap": options.gap, "pause_ms": options.pause_ms, "paragraph_ms": options.paragraph_ms,
            "markup": options.markup, "reading": options.reading,
            "options": dict(_option_value(text) for text in options.option),
        }
    )  # fmt: skip


def engine_options(options: argparse.Namespace) -> tuple[str, ...]:
    """KEY=VALUE options of the engine; `--model DIR` is short for one of them."""
    return (*options.engine_option, *([f"model={options.model}"] if options.model else []))


def processes(options: argparse.Namespace) -> int:
    """The number of worker processes: --workers, or 1 for an engine that fills the machine, or one per core."""
    profile = engine_profiles().get(options.engine, EngineProfile())
    return int(options.workers or (1 if profile.whole_machine else CORES))


def _add_command(sub: Any, name: str, summary: str, epilog: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = sub.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=epilog, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return command


def _add_redis(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--redis", metavar="URL", default=None, help="a running system's Redis (default: SERIATIM_REDIS_URL)"
    )


def _add_engine_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--engine", default="", metavar="NAME", help=f"{ENGINES} (default: {DEFAULT_ENGINE})")
    p.add_argument("--pool", metavar="NAME", help="pool of workers (default: the engine's name)")
    _add_options(p)
    p.add_argument(
        "--workers",
        type=_positive_int,
        metavar="N",
        help="worker processes (default: one per core, or 1 that uses all of them)",
    )


def _add_options(p: argparse.ArgumentParser, default: Any = None) -> None:
    """The engine's options; `default` is SUPPRESS where a subcommand must not overwrite its command's options."""
    suppressed = default is argparse.SUPPRESS
    p.add_argument(
        "--engine-option", action="append", default=default if suppressed else [], metavar="KEY=VALUE",
        help="option of the engine; repeatable",
    )  # fmt: skip
    p.add_argument("--model", default=default, metavar="DIR", help="folder of the engine's model (xtts)")


def _add_speak(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; - (default): standard input")
    p.add_argument(
        "-o", "--output", default="speech.wav", metavar="OUT", help=f"file to write ({FORMATS}), or - (speech.wav)"
    )
    p.add_argument("--format", metavar="NAME", help="format of OUT (default: by its ending)")
    again = p.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="continue an interrupted run of OUT")
    again.add_argument("--restart", action="store_true", help="discard an interrupted run of OUT")
    p.add_argument("--voice", default="", metavar="NAME", help="see: seriatim voices")
    p.add_argument("--language", default="", metavar="TAG", help="such as de, en-GB or German (default: the voice's)")
    p.add_argument("--speed", type=float, default=1.0, metavar="X", help="0.25 to 4 times normal speech")
    p.add_argument("--seed", type=int, default=0, metavar="N", help="for engines that sample")
    p.add_argument("--pause-ms", type=int, default=200, metavar="MS", help="silence after a sentence (200)")
    p.add_argument("--paragraph-ms", type=int, default=600, metavar="MS", help="silence after a paragraph (600)")
    p.add_argument(
        "--gap",
        default="silence",
        metavar="POLICY",
        help="if a sentence cannot be spoken: fail, silence (default), skip",
    )
    p.add_argument(
        "--markup",
        default="auto",
        metavar="FORMAT",
        help="of the text: auto (default), plain, none, markdown, html, ssml",
    )
    p.add_argument("--reading", default="auto", metavar="MODE", help="numbers and signs as words: auto (default), off")
    p.add_argument(
        "--option", action="append", default=[], metavar="KEY=NUMBER", help="engine option for this text; repeatable"
    )
    _add_engine_options(p)
    p.add_argument(
        "--user", default="anonymous", metavar="NAME", help="user to whom the job is charged in a running pool"
    )
    p.add_argument(
        "--redis",
        metavar="URL",
        nargs="?",
        const="",
        default=None,
        help="use a running system (URL default: SERIATIM_REDIS_URL)",
    )
    p.add_argument("--json", action="store_true", help="print the summary as JSON; no progress")
    p.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")


def _add_text(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; -: standard input (default)")
    p.add_argument("--language", default="", metavar="TAG", help="such as de, en-GB or German (default: en)")
    p.add_argument(
        "--markup",
        default="auto",
        metavar="FORMAT",
        help="of the text: auto (default), plain, none, markdown, html, ssml",
    )
    p.add_argument("--reading", default="auto", metavar="MODE", help="numbers and signs as words: auto (default), off")
    p.add_argument("--explain", action="store_true", help="show what each step makes of the text")


def _add_up(p: argparse.ArgumentParser) -> None:
    _add_engine_options(p)
    p.add_argument("--slots", type=_positive_int, metavar="N", help="slots of each worker process")
    p.add_argument(
        "--max-sentences", type=_positive_int, metavar="N", help="replace a worker process after N sentences"
    )
    p.add_argument("--max-memory", metavar="SIZE", help="replace a worker process that uses more memory, such as 2G")
    p.add_argument("--reassemblers", type=_positive_int, default=1, metavar="N", help="reassembler processes (1)")
    p.add_argument("--port", type=int, default=7379, metavar="N", help="loopback port of the embedded Redis (7379)")
    http = p.add_mutually_exclusive_group()
    http.add_argument("--http", type=int, metavar="PORT", help="loopback port of the HTTP gateway (8000); 0: none")
    http.add_argument("--no-http", dest="http", action="store_const", const=0, help="no HTTP gateway")
    p.add_argument(
        "--data", default="seriatim-data", metavar="DIR", help="folder for Redis, logs and recordings (./seriatim-data)"
    )
    _add_redis(p)


def _add_status(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", nargs="?", metavar="JOB", help="a job's id")
    p.add_argument("--json", action="store_true", help="print JSON")
    p.add_argument("--watch", action="store_true", help="refresh until Ctrl-C")
    _add_redis(p)


def _add_set(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", nargs="?", metavar="JOB", help="a job's id; or use --user")
    p.add_argument("--priority", type=int, metavar="N", help="-9 to 9 among its user's jobs")
    p.add_argument(
        "--weight", metavar="X", help="share of the pool relative to other users; with JOB until the user's next job"
    )
    p.add_argument(
        "--user",
        metavar="NAME",
        help="set limits that override those of the user's jobs; the value none removes a limit",
    )
    p.add_argument(
        "--pool", default="", metavar="NAME", help="pool of the limits (with --user; default: the one that speaks)"
    )
    for name, limit in LIMITS.items():
        if name != "weight":  # above: also of a job
            p.add_argument(option_of(name), metavar="N", help=limit.help)
    _add_redis(p)


def _add_timeline(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", metavar="JOB", help="the job's id")
    p.add_argument("-o", "--output", default="timeline.svg", metavar="FILE", help="SVG file to write (timeline.svg)")
    _add_redis(p)


def _add_cancel(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", metavar="JOB", help="the job's id")
    p.add_argument(
        "--reason", default="cancelled from the command line", metavar="TEXT", help="reason shown to readers"
    )
    _add_redis(p)


def _add_dead_letters(p: argparse.ArgumentParser) -> None:
    _dead_letter_source(p, None)
    p.add_argument("--json", action="store_true", help="print JSON")
    actions = p.add_subparsers(dest="action", metavar="ACTION")
    for name, summary in (
        ("retry", "speak sentences again, as a new job"),
        ("forget", "remove sentences from the list"),
    ):
        action = _add_command(actions, name, summary, DEAD_LETTERS)
        action.add_argument("job", nargs="?", metavar="JOB", help="a job's id")
        action.add_argument(
            "seq", nargs="*", type=int, metavar="SEQ", help="sentences of the job, 0-based (default: all)"
        )
        action.add_argument("--all", action="store_true", help="the sentences of all jobs")
        _dead_letter_source(action, argparse.SUPPRESS)


def _dead_letter_source(p: argparse.ArgumentParser, default: Any) -> None:
    """The pool whose list is meant; `default` as in `_add_options`."""
    p.add_argument("--pool", default=default, metavar="NAME", help="the dead letters of one pool (default: of all)")
    p.add_argument("--redis", default=default, metavar="URL", help="a running system's Redis (SERIATIM_REDIS_URL)")


def _add_voices(p: argparse.ArgumentParser) -> None:
    _voice_source(p, None)
    actions = p.add_subparsers(dest="action", metavar="ACTION")
    _voice_source(
        _add_command(actions, "list", "list the voices of an engine, as without ACTION", ""), argparse.SUPPRESS
    )
    add = _add_command(actions, "add", "clone a voice from recordings", VOICES)
    add.add_argument("name", metavar="NAME", help="a-z, 0-9, space, - and _")
    add.add_argument("recordings", nargs="+", metavar="RECORDING", help="wav, flac, ogg, opus or mp3")
    add.add_argument("--language", default="", type=language_tag, metavar="TAG", help="its default language")
    add.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda or cuda:N (cpu)")
    add.add_argument("--replace", action="store_true", help="replace an existing voice of that name")
    add.add_argument("--json", action="store_true", help="print JSON")
    _add_options(add, argparse.SUPPRESS)
    _add_command(actions, "remove", "remove a cloned voice", "").add_argument("name", metavar="NAME")


def _voice_source(p: argparse.ArgumentParser, default: Any) -> None:
    """Options that select the voices; `default` as in `_add_options`."""
    suppressed = default is argparse.SUPPRESS
    p.add_argument("--engine", default=default or "", metavar="NAME", help=f"{ENGINES} (default: {DEFAULT_ENGINE})")
    _add_options(p, default)
    flag = default if suppressed else False
    p.add_argument(
        "--cloned", action="store_true", default=flag, help="cloned voices in SERIATIM_VOICE_DIR, of any model"
    )
    p.add_argument("--json", action="store_true", default=flag, help="print JSON")
    p.add_argument("--redis", default=default, metavar="URL", help="voices of a running pool at this Redis")


def _add_models(p: argparse.ArgumentParser) -> None:
    p.add_argument("arguments", nargs="*", metavar="[accept] DIR", help="a model's folder")
    p.add_argument("--json", action="store_true", help="print JSON")


def _add_tune(p: argparse.ArgumentParser) -> None:
    p.add_argument("--engine", default="xtts", metavar="NAME", help="engine to measure (xtts)")
    _add_options(p)
    p.add_argument("--max-slots", type=_positive_int, default=256, metavar="N", help="most slots in a process (256)")
    p.add_argument(
        "--processes", type=_positive_int, nargs="+", default=[1, 2], metavar="N", help="processes to try (1 2)"
    )
    p.add_argument("--seconds", type=float, default=20.0, metavar="S", help="duration of each measurement (20)")
    p.add_argument("--first-ms", type=float, default=500.0, metavar="MS", help="limit of live first audio p95 (500)")
    p.add_argument(
        "--language", default="", type=language_tag, metavar="TAG", help="language of the text (default: the voice's)"
    )
    p.add_argument("--text", default="", metavar="FILE", help="text to speak (default: a page of English)")
    p.add_argument(
        "--max-codes", type=int, default=0, metavar="N", help="xtts: cut sentences after N codes, 21.5 per second"
    )
    p.add_argument("--write", metavar="FILE", help="arguments for seriatim worker, as shell variables")
    p.add_argument("--json", action="store_true", help="print JSON")


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}; expected 1 or more")
    return value


def _option_value(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise UnknownOption(f"--option {text!r}; expected KEY=NUMBER") from None
