"""`seriatim cache warm`: speak the texts of a file into the cache of sentences, and say how many were new."""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from gateway.cli import parser as args
from gateway.cli.commands.speak import with_engine
from gateway.cli.input_text import read_input
from gateway.cli.interrupts import end_on_sigterm
from gateway.cli.parser_parts import worker_plan
from gateway.cli.render.progress import ProgressDisplay
from gateway.cli.render.summary import count_of
from gateway.local.processes import private_system, running_system
from gateway.output.cache_warming import CacheWarming, WarmCounts, warm_cache
from gateway.output.text_units import TextUnit, texts_of
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import Misconfigured, UnknownOption
from seriatim.exit_codes import ExitCode
from seriatim.records import JobKind
from seriatim.settings import Settings

PROBE_BYTES = 64 * 1024  #: a sentence of a second: that much must be free at least


def run_warm(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command; returns its exit status.

    Raises:
        Misconfigured: the cache is off, or the pool keeps no sentences.
        Unwritable: the folder of the cache cannot be written: workers would speak, and keep nothing.
        UnknownOption: a cast with engines of its own.
        SeriatimError: any other error of the tree; the same command continues.
        KeyboardInterrupt: likewise.
    """
    end_on_sigterm()
    embedded, quiet = options.redis is None, options.quiet or options.json
    if embedded and settings.cache == "off":
        raise Misconfigured(
            "the cache is off: set SERIATIM_CACHE=all, or exact for an engine that always gives the same bytes"
        )
    if embedded:
        _check_writable(Path(settings.cache_dir).expanduser())
    request = args.request(options)
    if request.cast.pools - {request.pool_name}:
        raise UnknownOption("--cast names engines of its own; the cache takes one engine at a time")
    document = read_input(options.file, settings, request.markup, request.code)
    request = replace(request, markup=document.markup)
    request, reason = with_engine(settings, request, document.text, embedded=embedded)
    _say(reason, quiet=quiet)
    options.engine = request.engine
    plan = worker_plan(options, text=document.text)
    system = private_system(settings, plan) if embedded else running_system(settings)
    with system as running, ProgressDisplay(Console(stderr=True, quiet=quiet)) as progress:
        warming = CacheWarming(request, JobKind(options.kind), progress)
        counts = warm_cache(running, warming, texts_of(document.text, TextUnit(options.each)), embedded=embedded)
    for warning in counts.warnings:
        _say(warning, quiet=quiet)
    _print(counts, options)
    return ExitCode.FAILED if counts.gaps or counts.not_kept else ExitCode.OK


def _check_writable(folder: Path) -> None:
    with translate_write_errors(f"the cache {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))


def _say(line: str, *, quiet: bool) -> None:
    if line and not quiet:
        sys.stderr.write(f"seriatim: {line}\n")


def _print(counts: WarmCounts, options: argparse.Namespace) -> None:
    """Print the figures, as JSON or as lines."""
    if options.json:
        figures = {
            "texts": counts.texts, "sentences": counts.sentences, "new": counts.new, "cached": counts.cached,
            "doubts": list(counts.doubts), "gaps": list(counts.gaps), "not_kept": counts.not_kept,
        }  # fmt: skip
        sys.stdout.write(json.dumps(figures) + "\n")
    elif not options.quiet:
        sys.stdout.write("\n".join(summary_lines(counts)) + "\n")


def summary_lines(counts: WarmCounts) -> list[str]:
    """The figures for people."""
    lines = [
        f"{count_of(counts.sentences, 'sentence')} of {count_of(counts.texts, 'text')}: {counts.new} new, "
        f"{counts.cached} in the cache already"
    ]
    if counts.doubts:
        lines.append(f"{count_of(len(counts.doubts), 'doubtful sentence')}, not kept: {'; '.join(counts.doubts)}")
    if counts.not_kept:
        lines.append(
            f"{count_of(counts.not_kept, 'sentence')} could not be written into the cache: free space on the workers' "
            "disk, and run the same command again"
        )
    if counts.gaps:
        lines.append(f"{count_of(len(counts.gaps), 'gap')}: {'; '.join(counts.gaps)}")
    return lines
