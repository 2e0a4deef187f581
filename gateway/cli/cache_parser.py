"""The parser of the cache command, which speaks texts beforehand."""

import argparse

from gateway.cli.parser_parts import add_command
from gateway.cli.text_options import add_speech_options
from gateway.output.text_units import TextUnit
from seriatim.records import JobKind

WARM = """\
The workers must keep sentences: SERIATIM_CACHE=all, or exact where the engine always gives the same bytes. A sentence
is found in the cache by its text, voice, language, speed, seed, options and neighbours, and by the engine with its
options and model: name those with which it will be said.

examples:
  seriatim cache warm menu.txt --redis --engine elevenlabs --voice anna
  SERIATIM_CACHE=exact seriatim cache warm greetings.txt --engine hibari
"""


def add_cache(p: argparse.ArgumentParser) -> None:
    """Add the subcommands of `seriatim cache`."""
    actions = p.add_subparsers(dest="action", required=True, metavar="ACTION")
    summary = "speak the texts of a file that are not in the cache; print how many were new"
    warm = add_command(actions, "warm", summary, WARM)
    warm.add_argument("file", nargs="?", default="-", metavar="FILE", help="text in UTF-8; - (default): standard input")
    warm.add_argument(
        "--each", choices=[str(unit) for unit in TextUnit], default="line", metavar="UNIT",
        help="a text of its own, as one job will say it: line (default), paragraph, file",
    )  # fmt: skip
    warm.add_argument(
        "--kind", choices=[str(kind) for kind in JobKind], default="live", metavar="KIND",
        help="jobs that will say the texts: live (default), whose first sentence is split if it is long, or batch",
    )  # fmt: skip
    add_speech_options(warm)
