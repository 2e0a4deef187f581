"""The parser of the command line, and its help texts."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.book_parsers import BATCH, BOOK, BOOK_FIX, add_batch, add_book, add_book_fix
from gateway.cli.cache_parser import add_cache
from gateway.cli.engine_parsers import ENGINE_COMMANDS
from gateway.cli.operator_parsers import OPERATORS
from gateway.cli.parser_parts import add_command, add_redis, port_number, positive_int, redis_port
from gateway.cli.service_parsers import SERVICES
from gateway.cli.text_options import (
    FORMATS,
    add_engine_options,
    add_lexicon,
    add_speakers,
    add_speech_options,
    add_text_options,
)
from seriatim import __version__
from seriatim.errors import UnknownOption
from seriatim.process.command_parser import CommandParser
from seriatim.process.process_range import process_range

if TYPE_CHECKING:
    from seriatim.client.job_options import JobRequest

TOP = """\
Parallel text-to-speech with audio in order.

  seriatim speak article.txt -o article.wav     speak a file; no running system needed
  seriatim book novel.epub -o novel.m4b         make an audiobook with chapters
  seriatim batch articles -o spoken             speak many files
  seriatim cache warm menu.txt                  speak texts beforehand, which workers then have in their cache
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


def build_parser(commands: Iterable[str]) -> argparse.ArgumentParser:
    """Build the parser of all commands; `commands` must have a subparser each."""
    parser = CommandParser(
        prog="seriatim",
        description=TOP,
        epilog=EXITS,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"seriatim {__version__}")
    sub = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_speak(add_command(sub, "speak", "speak a text into a file or a pipe", SPEAK + "\n" + EXITS))
    add_book(add_command(sub, "book", "speak a document as an audiobook with chapters", BOOK + "\n" + EXITS))
    add_book_fix(add_command(sub, "book fix", "speak single sentences of an audiobook again", BOOK_FIX + "\n" + EXITS))
    add_batch(add_command(sub, "batch", "speak many files, each into a file of its own", BATCH + "\n" + EXITS))
    add_cache(add_command(sub, "cache", "speak texts into the cache of sentences, before they are asked for", ""))
    _add_text(add_command(sub, "text", "show how a text is read: its sentences, or what each step makes of it", ""))
    _add_up(
        add_command(
            sub, "up", "run Redis, workers, a reassembler and an HTTP gateway on this machine until stopped", ""
        )
    )
    sub.add_parser("worker", help="start worker processes for one engine (seriatim worker --help)")
    add_redis(add_command(sub, "reassemble", "run one reassembler; any number may run at the same time", ""))
    for name, (summary, epilog, add_arguments) in SERVICES.items():
        command = add_command(sub, name, summary, epilog)
        add_arguments(command)
        add_redis(command)
    for name, (summary, epilog, add_arguments) in (OPERATORS | ENGINE_COMMANDS).items():
        add_arguments(add_command(sub, name, summary, epilog))
    missing = set(commands) - set(sub.choices)
    assert not missing, missing
    return parser


def request(options: argparse.Namespace) -> "JobRequest":
    """The job request of `seriatim speak`.

    Raises:
        UnknownOption: a value outside its range.
    """
    from seriatim.client.job_options import JobRequest  # imports the code that reads texts

    return JobRequest.of(
        {
            "voice": options.voice, "language": options.language, "engine": options.engine, "pool": options.pool or "",
            "user": options.user, "kind": "batch", "drain": "window", "seed": options.seed, "speed": options.speed,
            "gap": options.gap, "pause_ms": options.pause_ms, "paragraph_ms": options.paragraph_ms,
            "markup": options.markup, "reading": options.reading, "code": options.code,
            "emoji": options.emoji, "speakers": speakers(options.speaker),
            "cast": cast_option(options.cast),
            "lexicon": Path(options.lexicon) if options.lexicon else None,
            "options": dict(_option_value(text) for text in options.option),
        }
    )  # fmt: skip


def _add_speak(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; - (default): standard input")
    p.add_argument(
        "-o", "--output", default="speech.wav", metavar="OUT",
        help=f"file to write ({FORMATS}), or - (speech.wav); replaces a complete file of that name",
    )  # fmt: skip
    p.add_argument("--format", metavar="NAME", help="format of OUT (default: by its ending)")
    p.add_argument("--plan", action="store_true", help="print the speakers, their lines and voices; speak nothing")
    p.add_argument(
        "--hosts", default="", metavar="A,B",
        help="two voices, or speakers of the cast, who take turns through a Markdown outline",
    )  # fmt: skip
    p.add_argument(
        "--keep-warm", action="store_true",
        help="let the private system run for a minute, for the next command that needs the same",
    )  # fmt: skip
    again = p.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="continue an interrupted run of OUT")
    again.add_argument("--restart", action="store_true", help="discard an interrupted run of OUT")
    add_speech_options(p)


def speakers(pairs: Sequence[str]) -> dict[str, str]:
    """The voices of speakers, of `NAME=VOICE`.

    Raises:
        UnknownOption: without `=`.
    """
    found = {}
    for pair in pairs:
        name, equals, voice = pair.partition("=")
        if not equals:
            raise UnknownOption(f"--speaker {pair!r}; expected NAME=VOICE, such as ANNA=af_heart")
        found[name] = voice
    return found


def cast_option(text: str) -> Path | str | None:
    """The value of --cast for a request: a path, or "auto"; None without one."""
    return Path(text) if text not in ("", "auto") else text or None


def _add_text(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; -: standard input (default)")
    p.add_argument("--language", default="", metavar="TAG", help="such as de, en-GB or German (default: en)")
    add_text_options(p)
    add_speakers(p)
    add_lexicon(p)
    p.add_argument("--explain", action="store_true", help="show what each step makes of the text")
    p.add_argument(
        "--engine", default="", metavar="NAME",
        help="also show the text as that engine gets it: espeak, hibari, kokoro, piper or xtts",
    )  # fmt: skip


def _add_up(p: argparse.ArgumentParser) -> None:
    add_engine_options(p)
    p.add_argument(
        "--workers", type=process_range, metavar="N",
        help="worker processes: 2; 1..4, as many as the load asks for (default: from 1 to one per core, or 1 that uses "
        "all of them)",
    )  # fmt: skip
    p.add_argument("--slots", type=positive_int, metavar="N", help="slots of each worker process")
    p.add_argument("--max-sentences", type=positive_int, metavar="N", help="replace a worker process after N sentences")
    p.add_argument("--max-memory", metavar="SIZE", help="replace a worker process that uses more memory, such as 2G")
    p.add_argument("--reassemblers", type=positive_int, default=1, metavar="N", help="reassembler processes (1)")
    p.add_argument(
        "--port", type=redis_port, default=7379, metavar="N", help="loopback port of the embedded Redis (7379)"
    )
    http = p.add_mutually_exclusive_group()
    http.add_argument(
        "--http", type=port_number, metavar="PORT", help="loopback port of the HTTP gateway (8000); 0: none"
    )
    http.add_argument("--no-http", dest="http", action="store_const", const=0, help="no HTTP gateway")
    p.add_argument(
        "--data", default="seriatim-data", metavar="DIR", help="folder for Redis, logs and recordings (./seriatim-data)"
    )
    add_redis(p)


def _option_value(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise UnknownOption(f"--option {text!r}; expected KEY=NUMBER") from None
