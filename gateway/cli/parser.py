"""The parser of the command line, and its help texts."""

import argparse
import os
from collections.abc import Iterable
from typing import Any

from gateway.cli.service_parsers import SERVICES
from seriatim import __version__
from seriatim.client.job_options import JobRequest
from seriatim.errors import UnknownOption
from seriatim.text.languages import language_tag

TOP = """\
Text to speech by many workers at once, heard in order.

  seriatim speak article.txt -o article.wav     speak a file; needs nothing that is running
  seriatim up                                   the whole system on this machine, until stopped
  seriatim worker | reassemble | serve          its parts, one by one, on any machine that reaches Redis
  seriatim status | cancel | set | timeline     watch and control jobs, pools and users
  seriatim doctor                               check what it needs, and say what to do about what is wrong
  seriatim voices | models | tune               voices, models, and how many slots this machine carries
"""
EXITS = """\
exit codes: 0 done; 1 the job failed, timed out, was cancelled or has gaps; 2 the input cannot be used; 3 settings,
server or engine are not fit; 4 not now, try again later; 5 Redis cannot be reached; 130 interrupted
"""
SPEAK = """\
Without --redis everything needed is started for this one command, privately, and is gone afterwards. An output file
bears its name only when it is whole; an interrupted one goes on with --resume.

examples:
  seriatim speak chapter.txt -o chapter.mp3
  echo "Good morning." | seriatim speak - -o - | aplay
  seriatim speak book.txt -o book.flac --resume
"""
VOICES = """\
A cloned voice is computed once, kept in SERIATIM_VOICE_DIR, and known to every worker by its name. It needs 3 s of
clear speech, better 10 s, in any format that libsndfile reads. Ask the person whose voice it is.

examples:
  seriatim voices --engine espeak
  seriatim voices add anna anna-1.wav anna-2.flac --model models/xtts-v2
  seriatim voices list --engine xtts --model models/xtts-v2
  seriatim voices remove anna
"""
TUNE = """\
Starts worker processes with 1, 2, 4, 8, ... slots, has listeners ask for sentences as fast as they can, and measures
how soon the first sound of each comes, and how much sound a second. Nothing else should be running. --max-codes is for
models with random weights, which do not stop by themselves.

examples:
  seriatim tune --model models/xtts-v2
  seriatim tune --model models/xtts-v2 --seconds 60 --plot measured.svg --write workers.env
  . ./workers.env && eval "seriatim worker $WORKER_LIVE"
"""
MODELS = """\
examples:
  seriatim models                         what lies in SERIATIM_MODEL_DIR and where other programs put it
  seriatim models models/xtts-v2          is it whole? with SHA256SUMS beside the files: are they right?
  seriatim models accept models/xtts-v2   accept the licence of its weights
"""
SET = """\
examples:
  seriatim set JOB --priority 5                            before the other jobs of its user
  seriatim set --user anna --pool espeak --weight 4        four times the share, from now on
  seriatim set --user anna --in-flight 2 --jobs none       a cap set, another taken back
"""
DEAD_LETTERS = """\
A sentence that failed SERIATIM_MAX_FAILURES times is given up and stands here, the newest 1,000 of a week. Spoken
again, the sentences of one job are a new job, which is recorded; what was heard of the old one stays as it was.

examples:
  seriatim dead-letters                         what was given up, why, and when
  seriatim dead-letters retry JOB               all of a job's, as a new job; JOB 3 7 for two of them
  seriatim dead-letters retry --all --pool xtts
  seriatim dead-letters forget JOB
"""
FORMATS = "wav, flac, ogg, opus, mp3, m4a, aac, pcm"
ENGINES = "hibari, espeak, xtts, tone"
DEFAULT_ENGINE = "SERIATIM_ENGINE, else hibari, else espeak"
WHOLE_MACHINE = ("xtts",)  #: engines of which one process uses every core, or a GPU, and holds GBs
CORES = os.cpu_count() or 1


def build_parser(commands: Iterable[str]) -> argparse.ArgumentParser:
    """The whole grammar."""
    top = argparse.ArgumentParser(
        prog="seriatim",
        description=TOP,
        epilog=EXITS,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"seriatim {__version__}")
    sub = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _speak(_command(sub, "speak", "speak a text into a file or a pipe", SPEAK + "\n" + EXITS))
    _up(_command(sub, "up", "run Redis, workers, a reassembler and an HTTP gateway on this machine until stopped", ""))
    sub.add_parser("worker", help="start worker processes for one engine (seriatim worker --help)")
    _redis(_command(sub, "reassemble", "run one reassembler: any number may run at once", ""))
    for name, (what, epilog, fill) in SERVICES.items():
        made = _command(sub, name, what, epilog)
        fill(made)
        _redis(made)
    _status(_command(sub, "status", "show pools, workers and jobs, or one job", ""))
    _cancel(_command(sub, "cancel", "end a job: nothing more of it is spoken", ""))
    _set(_command(sub, "set", "change a running job's priority, or a user's weight and caps", SET))
    _timeline(_command(sub, "timeline", "draw who spoke which sentence when, and when it was heard", ""))
    _dead_letters(
        _command(sub, "dead-letters", "list sentences that were given up, speak them again, forget them", DEAD_LETTERS)
    )
    _voices(_command(sub, "voices", "list the voices of an engine, clone one, remove one", VOICES))
    _models(_command(sub, "models", "look which XTTS-v2 models are here, and how to get one", MODELS))
    _tune(_command(sub, "tune", "find out how many sentences at once this machine speaks best", TUNE))
    missing = set(commands) - set(sub.choices)
    assert not missing, missing
    return top


def request(options: argparse.Namespace) -> JobRequest:
    """What `speak` asks for.

    Raises:
        UnknownOption: a value outside its range.
    """
    return JobRequest.of(
        {
            "voice": options.voice, "language": options.language, "engine": options.engine, "pool": options.pool or "",
            "user": options.user, "kind": "batch", "drain": "window", "seed": options.seed, "speed": options.speed,
            "gap": options.gap, "pause_ms": options.pause_ms, "paragraph_ms": options.paragraph_ms,
            "options": dict(_number(text) for text in options.option),
        }
    )  # fmt: skip


def engine_options(options: argparse.Namespace) -> tuple[str, ...]:
    """KEY=VALUE of the engine; `--model DIR` is short for one of them."""
    return (*options.engine_option, *([f"model={options.model}"] if options.model else []))


def processes(options: argparse.Namespace) -> int:
    """How many worker processes: one per core, unless one fills the machine, or the user says."""
    return int(options.workers or (1 if options.engine in WHOLE_MACHINE else CORES))


def _command(sub: Any, name: str, what: str, epilog: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = sub.add_parser(
        name, help=what, description=what[0].upper() + what[1:] + ".", epilog=epilog, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return made


def _redis(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--redis", metavar="URL", default=None, help="a running system's Redis (default: SERIATIM_REDIS_URL)"
    )


def _engine(p: argparse.ArgumentParser) -> None:
    p.add_argument("--engine", default="", metavar="NAME", help=f"who speaks: {ENGINES} (default: {DEFAULT_ENGINE})")
    p.add_argument("--pool", metavar="NAME", help="pool of workers (default: named like the engine)")
    _options(p)
    p.add_argument("--workers", type=_positive, metavar="N", help="worker processes (default: one a core; xtts: 1)")


def _options(p: argparse.ArgumentParser, default: Any = None) -> None:
    """The engine's options; `default` is SUPPRESS where a subcommand must not undo what its command was given."""
    suppressed = default is argparse.SUPPRESS
    p.add_argument(
        "--engine-option", action="append", default=default if suppressed else [], metavar="KEY=VALUE",
        help="of the engine; repeatable",
    )  # fmt: skip
    p.add_argument("--model", default=default, metavar="DIR", help="folder of the engine's model (xtts)")


def _speak(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; - or nothing: standard input")
    p.add_argument(
        "-o", "--output", default="speech.wav", metavar="OUT", help=f"file to write ({FORMATS}), or - (speech.wav)"
    )
    p.add_argument("--format", metavar="NAME", help="instead of OUT's ending")
    again = p.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on where an interrupted run of OUT stopped")
    again.add_argument("--restart", action="store_true", help="throw an interrupted run of OUT away")
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
    p.add_argument("--option", action="append", default=[], metavar="KEY=NUMBER", help="engine option of this text")
    _engine(p)
    p.add_argument("--user", default="anonymous", metavar="NAME", help="whose share of a running pool it uses")
    p.add_argument("--redis", metavar="URL", nargs="?", const="", default=None, help="use a running system")
    p.add_argument("--json", action="store_true", help="print the summary as JSON, and no progress")
    p.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")


def _up(p: argparse.ArgumentParser) -> None:
    _engine(p)
    p.add_argument("--slots", type=_positive, metavar="N", help="sentences at once in each worker process")
    p.add_argument(
        "--max-sentences", type=_positive, metavar="N", help="renew a worker process after so many sentences"
    )
    p.add_argument("--max-memory", metavar="SIZE", help="renew a worker process that holds so much memory, such as 2G")
    p.add_argument("--reassemblers", type=_positive, default=1, metavar="N", help="reassembler processes (1)")
    p.add_argument("--port", type=int, default=7379, metavar="N", help="loopback port of the embedded Redis (7379)")
    http = p.add_mutually_exclusive_group()
    http.add_argument("--http", type=int, metavar="PORT", help="loopback port of the HTTP gateway (8000); 0: none")
    http.add_argument("--no-http", dest="http", action="store_const", const=0, help="no HTTP gateway")
    p.add_argument("--data", default="seriatim-data", metavar="DIR", help="its log and the store (./seriatim-data)")
    _redis(p)


def _status(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", nargs="?", metavar="JOB", help="one job's id")
    p.add_argument("--json", action="store_true")
    p.add_argument("--watch", action="store_true", help="keep it on the screen until Ctrl-C")
    _redis(p)


def _set(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", nargs="?", metavar="JOB", help="its id; or --user")
    p.add_argument("--priority", type=int, metavar="N", help="-9 to 9 among its user's jobs")
    p.add_argument("--weight", metavar="X", help="share of its user against other users (until its next job, or kept)")
    p.add_argument("--user", metavar="NAME", help="set for all its jobs, whatever they say; none takes a setting back")
    p.add_argument(
        "--pool", default="", metavar="NAME", help="in which pool (with --user; default: the one that speaks)"
    )
    p.add_argument("--jobs", metavar="N", help="cap on the user's jobs at once")
    p.add_argument("--in-flight", metavar="N", help="cap on the user's sentences spoken at once")
    p.add_argument("--queued-s", metavar="S", help="cap on the seconds of audio that the user's jobs have queued")
    _redis(p)


def _timeline(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", metavar="JOB", help="its id")
    p.add_argument("-o", "--output", default="timeline.svg", metavar="FILE", help="picture to write (timeline.svg)")
    _redis(p)


def _cancel(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", metavar="JOB", help="its id")
    p.add_argument("--reason", default="cancelled from the command line", metavar="TEXT", help="readers see it")
    _redis(p)


def _dead_letters(p: argparse.ArgumentParser) -> None:
    _whose(p, None)
    p.add_argument("--json", action="store_true")
    actions = p.add_subparsers(dest="action", metavar="ACTION")
    for name, what in (("retry", "speak them again, as a new job"), ("forget", "take them out of the list")):
        acting = _command(actions, name, what, DEAD_LETTERS)
        acting.add_argument("job", nargs="?", metavar="JOB", help="of which job")
        acting.add_argument("seq", nargs="*", type=int, metavar="SEQ", help="which of its sentences (default: all)")
        acting.add_argument("--all", action="store_true", help="of all jobs")
        _whose(acting, argparse.SUPPRESS)


def _whose(p: argparse.ArgumentParser, default: Any) -> None:
    """Which list; `default` as in `_options`."""
    p.add_argument("--pool", default=default, metavar="NAME", help="of this pool (default: of every pool)")
    p.add_argument("--redis", default=default, metavar="URL", help="a running system's Redis (SERIATIM_REDIS_URL)")


def _voices(p: argparse.ArgumentParser) -> None:
    _listing(p, None)
    actions = p.add_subparsers(dest="action", metavar="ACTION")
    _listing(_command(actions, "list", "list the voices of an engine, as without ACTION", ""), argparse.SUPPRESS)
    adding = _command(actions, "add", "clone a voice from recordings", VOICES)
    adding.add_argument("name", metavar="NAME", help="a-z, 0-9, space, - and _")
    adding.add_argument("recordings", nargs="+", metavar="RECORDING", help="wav, flac, ogg, opus or mp3")
    adding.add_argument(
        "--language", default="", type=language_tag, metavar="TAG", help="what it speaks unless told otherwise"
    )
    adding.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda or cuda:N (cpu)")
    adding.add_argument("--replace", action="store_true", help="put it in the place of the voice of that name")
    adding.add_argument("--json", action="store_true")
    _options(adding, argparse.SUPPRESS)
    _command(actions, "remove", "remove a cloned voice", "").add_argument("name", metavar="NAME")


def _listing(p: argparse.ArgumentParser, default: Any) -> None:
    """What to list; `default` as in `_options`."""
    suppressed = default is argparse.SUPPRESS
    p.add_argument("--engine", default=default or "", metavar="NAME", help=f"{ENGINES} (default: {DEFAULT_ENGINE})")
    _options(p, default)
    flag = default if suppressed else False
    p.add_argument("--cloned", action="store_true", default=flag, help="those in SERIATIM_VOICE_DIR, for any model")
    p.add_argument("--json", action="store_true", default=flag)
    p.add_argument("--redis", default=default, metavar="URL", help="those of the pool that runs there")


def _models(p: argparse.ArgumentParser) -> None:
    p.add_argument("words", nargs="*", metavar="[accept] DIR", help="a model's folder")
    p.add_argument("--json", action="store_true")


def _tune(p: argparse.ArgumentParser) -> None:
    p.add_argument("--engine", default="xtts", metavar="NAME", help="whose slots to try (xtts)")
    _options(p)
    p.add_argument("--most", type=_positive, default=256, metavar="N", help="slots in a process at most (256)")
    p.add_argument("--processes", type=_positive, nargs="+", default=[1, 2], metavar="N", help="processes to try (1 2)")
    p.add_argument("--seconds", type=float, default=20.0, metavar="S", help="to measure each setting for (20)")
    p.add_argument("--first-ms", type=float, default=500.0, metavar="MS", help="live: first audio p95 wanted (500)")
    p.add_argument(
        "--language", default="", type=language_tag, metavar="TAG", help="of the text (default: the voice's)"
    )
    p.add_argument("--text", default="", metavar="FILE", help="what to speak (default: a page of English)")
    p.add_argument("--max-codes", type=int, default=0, metavar="N", help="xtts: cut sentences after so many, 21.5 a s")
    p.add_argument("--plot", metavar="FILE", help="draw the table as an SVG file")
    p.add_argument("--write", metavar="FILE", help="arguments for seriatim worker, as shell variables")
    p.add_argument("--json", action="store_true")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}; expected 1 or more")
    return value


def _number(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise UnknownOption(f"--option {text!r}; expected KEY=NUMBER") from None
