"""The command line's grammar, and the help that a person can learn from."""

import argparse
import os
from collections.abc import Iterable
from typing import Any

from seriatim import __version__
from seriatim.errors import UnknownOption
from tasks.request import Request

TOP = """\
Text to speech by many workers at once, heard in order.

  seriatim speak article.txt -o article.wav     speak a file; needs nothing that is running
  seriatim up --engine espeak                   the whole system on this machine, until stopped
  seriatim worker, seriatim reassemble          its parts, one by one, anywhere
  seriatim status, cancel, voices               look and steer
"""
EXITS = """\
exit codes: 0 done; 1 the job failed or was cancelled; 2 the input cannot be used; 3 settings, server or engine are not
fit; 4 not now, try again later; 5 Redis cannot be reached; 130 interrupted
"""
SPEAK = """\
Without --redis everything needed is started for this one command, privately, and is gone afterwards. An output file
bears its name only when it is whole; an interrupted one goes on with --resume.

examples:
  seriatim speak chapter.txt -o chapter.mp3
  echo "Good morning." | seriatim speak - -o - --voice en-gb | aplay
  seriatim speak book.txt -o book.flac --resume
"""
FORMATS = "wav, flac, ogg, opus, mp3, pcm"


def parser(commands: Iterable[str]) -> argparse.ArgumentParser:
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
    _up(_command(sub, "up", "run Redis, workers and a reassembler on this machine until stopped", ""))
    sub.add_parser("worker", help="start worker processes for one engine (seriatim worker --help)")
    _redis(_command(sub, "reassemble", "run one reassembler: any number may run at once", ""))
    _status(_command(sub, "status", "show pools, workers and jobs, or one job", ""))
    _cancel(_command(sub, "cancel", "end a job: nothing more of it is spoken", ""))
    _voices(_command(sub, "voices", "list the voices of an engine", ""))
    missing = set(commands) - set(sub.choices)
    assert not missing, missing
    return top


def request(options: argparse.Namespace) -> Request:
    """What `speak` asks for.

    Raises:
        UnknownOption: a value outside its range.
    """
    return Request.of(
        {
            "voice": options.voice, "language": options.language, "engine": options.engine, "pool": options.pool or "",
            "user": options.user, "kind": "batch", "drain": "window", "seed": options.seed, "speed": options.speed,
            "gap": options.gap, "pause_ms": options.pause_ms, "paragraph_ms": options.paragraph_ms,
            "options": dict(_number(text) for text in options.option),
        }
    )  # fmt: skip


def _command(sub: Any, name: str, what: str, epilog: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = sub.add_parser(
        name, help=what, description=what.capitalize() + ".", epilog=epilog, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return made


def _redis(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--redis", metavar="URL", default=None, help="a running system's Redis (default: SERIATIM_REDIS_URL)"
    )


def _engine(p: argparse.ArgumentParser) -> None:
    p.add_argument("--engine", default="espeak", metavar="NAME", help="who speaks: espeak, tone (default espeak)")
    p.add_argument("--pool", metavar="NAME", help="pool of workers (default: named like the engine)")
    p.add_argument(
        "--engine-option", action="append", default=[], metavar="KEY=VALUE", help="of the engine; repeatable"
    )
    cores = os.cpu_count() or 1
    p.add_argument("--workers", type=_positive, default=cores, metavar="N", help=f"worker processes (default {cores})")


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
    p.add_argument("--language", default="", metavar="TAG", help="such as de or en-GB (default: the voice's)")
    p.add_argument("--speed", type=float, default=1.0, metavar="X", help="0.25 to 4 times normal speech")
    p.add_argument("--seed", type=int, default=0, metavar="N", help="for engines that sample")
    p.add_argument("--pause-ms", type=int, default=200, metavar="MS", help="silence after a sentence (200)")
    p.add_argument("--paragraph-ms", type=int, default=600, metavar="MS", help="silence after a paragraph (600)")
    p.add_argument(
        "--gap", default="fail", metavar="POLICY", help="if a sentence cannot be spoken: fail, silence, skip"
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
    p.add_argument("--reassemblers", type=_positive, default=1, metavar="N", help="reassembler processes (1)")
    p.add_argument("--port", type=int, default=7379, metavar="N", help="loopback port of the embedded Redis (7379)")
    p.add_argument("--data", default="seriatim-data", metavar="DIR", help="its log and the store (./seriatim-data)")
    _redis(p)


def _status(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", nargs="?", metavar="JOB", help="one job's id")
    p.add_argument("--json", action="store_true")
    _redis(p)


def _cancel(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", metavar="JOB", help="its id")
    p.add_argument("--reason", default="cancelled from the command line", metavar="TEXT", help="readers see it")
    _redis(p)


def _voices(p: argparse.ArgumentParser) -> None:
    p.add_argument("--engine", default="espeak", metavar="NAME", help="espeak, tone (default espeak)")
    p.add_argument("--json", action="store_true")
    _redis(p)


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
