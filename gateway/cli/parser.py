"""The parser of the command line, and its help texts."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.book.book_formats import BOOK_FORMATS, CHAPTER_FILES, ONE_FILE
from gateway.cli.engine_parsers import ENGINE_COMMANDS
from gateway.cli.operator_parsers import OPERATORS
from gateway.cli.parser_parts import (
    DEFAULT_ENGINE,
    ENGINES,
    INCLUDABLE,
    add_command,
    add_options,
    add_redis,
    loudness,
    positive_int,
)
from gateway.cli.service_parsers import SERVICES
from seriatim import __version__
from seriatim.audio import formats
from seriatim.errors import UnknownOption

if TYPE_CHECKING:
    from seriatim.client.job_options import JobRequest

TOP = """\
Parallel text-to-speech with audio in order.

  seriatim speak article.txt -o article.wav     speak a file; no running system needed
  seriatim book novel.epub -o novel.m4b         make an audiobook with chapters
  seriatim batch articles -o spoken             speak many files
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
BOOK = """\
Chapters are spoken as jobs, and kept in the folder OUT.project: after an interruption the same command continues, and
after a change of FILE it speaks the changed chapters alone. --plan shows what would be spoken.

examples:
  seriatim book novel.epub --plan
  seriatim book novel.epub -o novel.m4b
  seriatim book novel.epub -o novel.m4b --include notes --chapters 2-
  seriatim book novel.epub -o novel/ --format opus
  seriatim book novel.epub -o ~/audiobooks --library
"""
BOOK_FIX = """\
The rest of the book keeps its samples. Without --sentence the command lists sentences: the doubtful ones, which are too
short or too long for their text, silent, clipped or have a long pause, or with --find those that have some words.

examples:
  seriatim book fix novel.m4b
  seriatim book fix novel.m4b --report novel.html
  seriatim book fix novel.m4b --sentence 2.14 --text "She read the letter, which he had read."
  seriatim book fix novel.m4b --sentence 2.14 --sentence 3.1 --again
"""
BATCH = """\
Each file is spoken into a file of its own. DIR/manifest.jsonl has a line for each; after an interruption the same
command continues. It speaks files again that have changed or failed, or if an option has changed.

examples:
  seriatim batch articles -o spoken
  seriatim batch list.txt -o spoken --format opus --retries 5
  seriatim batch inbox -o spoken --watch
"""
FORMATS = ", ".join(known.name for known in formats.FORMATS)


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
    _add_speak(add_command(sub, "speak", "speak a text into a file or a pipe", SPEAK + "\n" + EXITS))
    _add_book(add_command(sub, "book", "speak a document as an audiobook with chapters", BOOK + "\n" + EXITS))
    _add_book_fix(add_command(sub, "book fix", "speak single sentences of an audiobook again", BOOK_FIX + "\n" + EXITS))
    _add_batch(add_command(sub, "batch", "speak many files, each into a file of its own", BATCH + "\n" + EXITS))
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
            "markup": options.markup, "reading": options.reading, "speakers": speakers(options.speaker),
            "cast": cast_option(options.cast),
            "lexicon": Path(options.lexicon) if options.lexicon else None,
            "options": dict(_option_value(text) for text in options.option),
        }
    )  # fmt: skip


def _add_engine_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--engine", default="", metavar="NAME", help=f"{ENGINES} (default: {DEFAULT_ENGINE})")
    p.add_argument("--pool", metavar="NAME", help="pool of workers (default: the engine's name)")
    add_options(p)
    p.add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help="worker processes (default: one per core, fewer for a short text, or 1 that uses all of them)",
    )


def _add_text_options(p: argparse.ArgumentParser) -> None:
    markups = "of the text: auto (default), plain, none, markdown, html, ssml"
    p.add_argument("--markup", default="auto", metavar="FORMAT", help=markups)
    p.add_argument("--reading", default="auto", metavar="MODE", help="numbers and signs as words: auto (default), off")


def _add_speak(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; - (default): standard input")
    p.add_argument(
        "-o", "--output", default="speech.wav", metavar="OUT", help=f"file to write ({FORMATS}), or - (speech.wav)"
    )
    p.add_argument("--format", metavar="NAME", help="format of OUT (default: by its ending)")
    p.add_argument("--plan", action="store_true", help="print the speakers, their lines and voices; speak nothing")
    again = p.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="continue an interrupted run of OUT")
    again.add_argument("--restart", action="store_true", help="discard an interrupted run of OUT")
    _add_speech_options(p)


def _add_book(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", metavar="FILE", help="document: EPUB, DOCX, FB2, HTML, PDF, text and others")
    p.add_argument(
        "-o", "--output", default="", metavar="OUT",
        help=f"file to write ({', '.join(ONE_FILE)}), or folder of one file for each chapter (default: FILE with .m4b)",
    )  # fmt: skip
    p.add_argument(
        "--format", choices=BOOK_FORMATS, metavar="NAME",
        help=f"format of the files in a folder: {', '.join(CHAPTER_FILES)}; the first is the default",
    )  # fmt: skip
    p.add_argument(
        "--library", action="store_true",
        help="OUT is a library of Audiobookshelf or Plex: write to OUT/AUTHOR/TITLE, with cover and metadata",
    )  # fmt: skip
    p.add_argument(
        "--loudness", type=loudness, metavar="LUFS",
        help="loudness of the book, -40 to -16 (ACX: -23 to -18); limits its peaks (default: as spoken)",
    )  # fmt: skip
    p.add_argument("--plan", action="store_true", help="print chapters, minutes, voice and warnings; speak nothing")
    p.add_argument("--chapters", metavar="LIST", help="numbers of chapters to speak, such as 1-3,7,9- (default: all)")
    p.add_argument(
        "--include", action="append", default=[], choices=INCLUDABLE, metavar="PART",
        help=f"speak this part of the document, too: {', '.join(INCLUDABLE)}; repeatable",
    )  # fmt: skip
    _add_speech_options(p)


def _add_book_fix(p: argparse.ArgumentParser) -> None:
    p.add_argument("book", metavar="OUT", help="the book as it was named when it was made, or its folder OUT.project")
    p.add_argument(
        "--sentence", action="append", default=[], metavar="C.N",
        help="the sentence to speak again: its chapter and its number in it, both from 1; repeatable",
    )  # fmt: skip
    p.add_argument("--text", default="", metavar="TEXT", help="speak this instead")
    p.add_argument("--again", action="store_true", help="speak the same text with another seed")
    p.add_argument("--find", default="", metavar="WORDS", help="list the sentences that have these words")
    p.add_argument("--report", metavar="FILE", help="write the list as one HTML file with their audio")
    _add_run_options(p)


def _add_run_options(p: argparse.ArgumentParser) -> None:
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


def _add_batch(p: argparse.ArgumentParser) -> None:
    p.add_argument("source", metavar="DIR|LIST", help="folder of files, or a text file with one path a line")
    p.add_argument("-o", "--output", required=True, metavar="DIR", help="folder of the outputs and the manifest")
    p.add_argument("--format", default="mp3", metavar="NAME", help=f"format of the outputs: {FORMATS} (mp3)")
    p.add_argument("--retries", type=int, choices=range(11), default=2, metavar="N", help="of a file that failed (2)")
    p.add_argument("--watch", action="store_true", help="go on with files that are added or changed, until stopped")
    _add_speech_options(p)


def _add_speech_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--voice", default="", metavar="NAME", help="see: seriatim voices; or a language, such as german")
    p.add_argument(
        "--language",
        default="",
        metavar="TAG",
        help="such as de, en-GB or German; auto: the text's (default: the voice's)",
    )
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
    _add_text_options(p)
    _add_speakers(p)
    _add_lexicon(p)
    p.add_argument(
        "--option", action="append", default=[], metavar="KEY=NUMBER", help="engine option for this text; repeatable"
    )
    _add_engine_options(p)
    p.add_argument(
        "--user", default="anonymous", metavar="NAME", help="user to whom the job is charged in a running pool"
    )
    _add_run_options(p)


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


def _add_speakers(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--speaker", action="append", default=[], metavar="NAME=VOICE",
        help="voice of the lines that begin with NAME: in a dialogue; repeatable",
    )  # fmt: skip
    p.add_argument(
        "--cast", default="", metavar="FILE",
        help="voices of a dialogue's speakers, in JSON or YAML; auto: a voice for each NAME: in capitals",
    )  # fmt: skip


def _add_lexicon(p: argparse.ArgumentParser) -> None:
    p.add_argument("--lexicon", metavar="FILE", help="pronunciations: lines WORD = SPOKEN, JSON, or W3C's PLS")


def _add_text(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; -: standard input (default)")
    p.add_argument("--language", default="", metavar="TAG", help="such as de, en-GB or German (default: en)")
    _add_text_options(p)
    _add_speakers(p)
    _add_lexicon(p)
    p.add_argument("--explain", action="store_true", help="show what each step makes of the text")


def _add_up(p: argparse.ArgumentParser) -> None:
    _add_engine_options(p)
    p.add_argument("--slots", type=positive_int, metavar="N", help="slots of each worker process")
    p.add_argument("--max-sentences", type=positive_int, metavar="N", help="replace a worker process after N sentences")
    p.add_argument("--max-memory", metavar="SIZE", help="replace a worker process that uses more memory, such as 2G")
    p.add_argument("--reassemblers", type=positive_int, default=1, metavar="N", help="reassembler processes (1)")
    p.add_argument("--port", type=int, default=7379, metavar="N", help="loopback port of the embedded Redis (7379)")
    http = p.add_mutually_exclusive_group()
    http.add_argument("--http", type=int, metavar="PORT", help="loopback port of the HTTP gateway (8000); 0: none")
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
