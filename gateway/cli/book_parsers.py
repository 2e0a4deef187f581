"""The parsers of book and batch, which speak documents and many files."""

import argparse

from gateway.book.book_formats import (
    BOOK_FORMATS,
    CAPTION_FORMATS,
    CHAPTER_FILES,
    EXCLUDABLE,
    INCLUDABLE,
    MP4_CODECS,
    ONE_FILE,
)
from gateway.cli.parser_parts import loudness, room_tone, web_address
from gateway.cli.text_options import FORMATS, add_run_options, add_speech_options

BOOK = """\
Chapters are spoken as jobs, and kept in the folder OUT.project: after an interruption the same command continues, and
after a change of FILE it speaks the changed chapters alone. --plan shows what would be spoken.

examples:
  seriatim book novel.epub --plan
  seriatim book novel.epub -o novel.m4b
  seriatim book novel.epub -o novel.m4b --include notes --chapters 2-
  seriatim book novel.epub -o novel/ --format opus
  seriatim book novel.docx -o novel.epub
  seriatim book novel.epub -o ~/audiobooks --library
"""
BOOK_FIX = """\
The rest of the book keeps its samples. Without --sentence the command lists sentences: the doubtful ones, which are too
short or too long for their text, silent, clipped, have a long pause or repeat their end, or with --find those that have
some words.

examples:
  seriatim book fix novel.m4b
  seriatim book fix novel.m4b --report novel.html
  seriatim book fix novel.m4b --sentence 2.14 --text "She read the letter, which he had read."
  seriatim book fix novel.m4b --sentence 2.14 --sentence 3.1 --again
  seriatim book fix novel.m4b --verify small --doubtful --again
"""
BATCH = """\
Each file is spoken into a file of its own. DIR/manifest.jsonl has a line for each; after an interruption the same
command continues. It speaks files again that have changed or failed, or if an option has changed.

examples:
  seriatim batch articles -o spoken
  seriatim batch list.txt -o spoken --format opus --retries 5
  seriatim batch inbox -o spoken --watch
"""


def add_book(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `seriatim book`."""
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
        "--codec", default="", choices=MP4_CODECS, metavar="NAME",
        help=f"of an M4B or M4A file: {', '.join(MP4_CODECS)}; the first is the default",
    )  # fmt: skip
    p.add_argument(
        "--library", action="store_true",
        help="OUT is a library of Audiobookshelf or Plex: write to OUT/AUTHOR/TITLE, with cover and metadata",
    )  # fmt: skip
    p.add_argument(
        "--captions", action="append", default=[], choices=CAPTION_FORMATS, metavar="NAME",
        help=f"write captions beside each file, too: {', '.join(CAPTION_FORMATS)}; repeatable",
    )  # fmt: skip
    p.add_argument(
        "--podcast", type=web_address, metavar="URL",
        help="write feed.xml into the folder of chapters: a podcast whose files are served at URL",
    )  # fmt: skip
    p.add_argument(
        "--loudness", type=loudness, metavar="LUFS",
        help="loudness of the book, -40 to -16 (ACX: -23 to -18); limits its peaks (default: as spoken)",
    )  # fmt: skip
    p.add_argument(
        "--room-tone", type=room_tone, metavar="DB",
        help="soft noise under the book, so that its pauses are not silent: -80 to -50 dBFS (default: none)",
    )  # fmt: skip
    _add_choice_of_parts(p)
    add_speech_options(p)


def _add_choice_of_parts(p: argparse.ArgumentParser) -> None:
    """Add the arguments that choose what is spoken."""
    p.add_argument("--plan", action="store_true", help="print chapters, minutes, voices and warnings; speak nothing")
    p.add_argument("--chapters", metavar="LIST", help="numbers of chapters to speak, such as 1-3,7,9- (default: all)")
    p.add_argument(
        "--chapter-voice", action="append", default=[], metavar="LIST=VOICE",
        help="voice of the narrator in these chapters, such as 2,5-7=alto; repeatable",
    )  # fmt: skip
    p.add_argument(
        "--include", action="append", default=[], choices=INCLUDABLE, metavar="PART",
        help=f"speak this part of the document, too: {', '.join(INCLUDABLE)}; repeatable",
    )  # fmt: skip
    p.add_argument(
        "--exclude", action="append", default=[], choices=EXCLUDABLE, metavar="PART",
        help=f"leave out a part of the document, as far as it names them: {', '.join(EXCLUDABLE)}; repeatable",
    )  # fmt: skip


def add_book_fix(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `seriatim book fix`."""
    p.add_argument("book", metavar="OUT", help="the book as it was named when it was made, or its folder OUT.project")
    p.add_argument(
        "--sentence", action="append", default=[], metavar="C.N",
        help="the sentence to speak again: its chapter and its number in it, both from 1; repeatable",
    )  # fmt: skip
    p.add_argument("--text", default="", metavar="TEXT", help="speak this instead")
    p.add_argument("--again", action="store_true", help="speak the same text with another seed")
    p.add_argument("--doubtful", action="store_true", help="with --again: speak all doubtful sentences again")
    p.add_argument(
        "--verify", default="", metavar="MODEL",
        help="find doubtful sentences by a recogniser, too: a model of faster-whisper, as a folder or a name; "
        "short words in English only",
    )  # fmt: skip
    p.add_argument("--find", default="", metavar="WORDS", help="list the sentences that have these words")
    p.add_argument("--report", metavar="FILE", help="write the list as one HTML file with their audio")
    add_run_options(p)


def add_batch(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `seriatim batch`."""
    p.add_argument("source", metavar="DIR|LIST", help="folder of files, or a text file with one path a line")
    p.add_argument("-o", "--output", required=True, metavar="DIR", help="folder of the outputs and the manifest")
    p.add_argument("--format", default="mp3", metavar="NAME", help=f"format of the outputs: {FORMATS} (mp3)")
    p.add_argument("--retries", type=int, choices=range(11), default=2, metavar="N", help="of a file that failed (2)")
    p.add_argument("--watch", action="store_true", help="go on with files that are added or changed, until stopped")
    add_speech_options(p)
