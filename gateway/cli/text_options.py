"""Text options: what every command takes that speaks a text or shows how it is read."""

import argparse

from gateway.cli.parser_parts import DEFAULT_ENGINE, ENGINES, add_options, positive_int
from seriatim.audio import formats

FORMATS = ", ".join(known.name for known in formats.FORMATS)


def add_speech_options(p: argparse.ArgumentParser) -> None:
    """Add what every command takes that speaks a text."""
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
    add_text_options(p)
    add_speakers(p)
    add_lexicon(p)
    p.add_argument(
        "--option", action="append", default=[], metavar="KEY=NUMBER", help="engine option for this text; repeatable"
    )
    add_engine_options(p)
    p.add_argument(
        "--workers", type=positive_int, metavar="N",
        help="worker processes (default: one per core or two, fewer for a short text, or 1 that uses all cores)",
    )  # fmt: skip
    p.add_argument(
        "--user", default="anonymous", metavar="NAME", help="user to whom the job is charged in a running pool"
    )
    p.add_argument(
        "--webhook", default="", metavar="URL", help="post a signed message to URL at the end (docs/how-to/webhooks.md)"
    )
    add_run_options(p)


def add_text_options(p: argparse.ArgumentParser) -> None:
    """Add how a text is read."""
    markups = "of the text: auto (default), plain, none, markdown, html, ssml"
    p.add_argument("--markup", default="auto", metavar="FORMAT", help=markups)
    p.add_argument("--code", default="read", metavar="MODE", help="blocks of code: read (default), skip")
    p.add_argument("--emoji", default="skip", metavar="MODE", help="emoji: skip (default), name")
    p.add_argument("--reading", default="auto", metavar="MODE", help="numbers and signs as words: auto (default), off")


def add_speakers(p: argparse.ArgumentParser) -> None:
    """Add the voices of a dialogue."""
    p.add_argument(
        "--speaker", action="append", default=[], metavar="NAME=VOICE",
        help="voice of the lines that begin with NAME: in a dialogue; repeatable",
    )  # fmt: skip
    p.add_argument(
        "--cast", default="", metavar="FILE",
        help="voices of a dialogue's speakers, in JSON or YAML; auto: a voice for each NAME: in capitals",
    )  # fmt: skip


def add_lexicon(p: argparse.ArgumentParser) -> None:
    """Add the file of pronunciations."""
    p.add_argument("--lexicon", metavar="FILE", help="pronunciations: lines WORD = SPOKEN, JSON, or W3C's PLS")


def add_engine_options(p: argparse.ArgumentParser) -> None:
    """Add the engine and its pool."""
    p.add_argument("--engine", default="", metavar="NAME", help=f"{ENGINES} (default: {DEFAULT_ENGINE})")
    p.add_argument("--pool", metavar="NAME", help="pool of workers (default: the engine's name)")
    add_options(p)


def add_run_options(p: argparse.ArgumentParser) -> None:
    """Add the running system to use, and what the run prints."""
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
