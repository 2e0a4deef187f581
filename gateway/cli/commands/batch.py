"""`seriatim batch`: speak many files, each into a file of its own; what is done stands in a manifest."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from gateway.batch.batch_inputs import BatchInput, batch_inputs, left_out
from gateway.batch.batch_manifest import BatchEntry, BatchManifest
from gateway.batch.speak_files import FileBatch, LastLook, changed_files, check_request, speak_files
from gateway.cli import parser as args
from gateway.cli.commands.speak import open_system, with_engine
from gateway.cli.input_text import read_input
from gateway.cli.interrupts import end_on_sigterm
from gateway.cli.parser_parts import cast_plans, worker_plan
from gateway.cli.render.duration import clock_face
from gateway.local.locked_folder import lock_folder
from gateway.local.processes import LocalSystem
from gateway.output.speak_arguments import SpeakArguments
from gateway.webhooks.outbox_sender import OutboxSender
from gateway.webhooks.webhook_outbox import WebhookOutbox
from seriatim.audio.formats import format_of
from seriatim.client.job_lexicon import SystemLexicons
from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput, SeriatimError
from seriatim.exit_codes import ExitCode
from seriatim.log import without_controls
from seriatim.settings import Settings

LOOK_S = 1.0  #: between two looks at a watched folder
LOCK = ".lock"  #: hidden: it is no output


def run_batch(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command; returns its exit status.

    Raises:
        SeriatimError: any error of the tree that is not that of a single file; the same command continues.
        KeyboardInterrupt: likewise; a watch ends so.
    """
    end_on_sigterm()
    folder = Path(options.output)
    find = partial(batch_inputs, options.source, folder)
    inputs = find()
    if not (options.quiet or options.json):
        sys.stderr.writelines(f"seriatim: {line}\n" for line in left_out(options.source, folder))
    if not inputs and not options.watch:
        raise BadInput(f"{options.source} has no files to speak; name a folder with files, or a list of paths")
    format_of(f"speech.{options.format}", options.format)
    outbox = WebhookOutbox(folder / ".webhooks")
    with (
        lock_folder(folder, LOCK),
        OutboxSender.of(outbox, options.webhook, options.user, settings) as webhooks,
    ):
        batch = _batch(options, settings, folder, inputs)
        batch.before_entry = partial(_report_file, webhooks)
        pending = [] if options.watch else batch.pending(inputs)
        if pending or options.watch:
            with _reported(batch, webhooks, options), open_system(batch.arguments, settings) as system:
                check_request(batch, system)
                speak_files(batch, pending, system)
                if options.watch:
                    _watch(batch, find, system)
        summary = _summary(batch, inputs, len(pending))
        webhooks.add("batch.done", output=str(folder), **summary)
    return _print_summary(summary, options)


@contextmanager
def _reported(batch: FileBatch, webhooks: OutboxSender, options: argparse.Namespace) -> Iterator[None]:
    """A context whose early end is posted and shown, with how to continue."""
    shown = not (options.quiet or options.json)
    try:
        yield
    except SeriatimError as error:
        webhooks.add("batch.failed", output=str(batch.folder), reason=str(error))
        if shown and batch.manifest.entries:
            sys.stderr.write("seriatim: what is spoken is kept; the same command continues\n")
        raise
    except KeyboardInterrupt:
        if shown and not options.watch:
            sys.stderr.write("seriatim: interrupted; run the same command again to continue\n")
        raise


def _report_file(webhooks: OutboxSender, entry: BatchEntry) -> None:
    """Keep the message about a file that was spoken or failed."""
    webhooks.add(
        f"file.{entry.state}",
        file=entry.file,
        output=entry.output,
        sentences=entry.sentences,
        gaps=len(entry.gaps),
        audio_ms=round(entry.audio_s * 1000),
        reason=entry.error,
    )


def _watch(batch: FileBatch, find: Callable[[], list[BatchInput]], system: LocalSystem) -> None:
    """Speak the files, also those that are added or changed, once they are the same at two looks; until interrupted."""
    seen: LastLook = {}
    while True:
        speak_files(batch, batch.pending(changed_files(seen, find())), system)
        system.check_children()
        batch.jobs.stopped.wait(LOOK_S)


def _summary(batch: FileBatch, inputs: list[BatchInput], n_spoken: int) -> dict[str, Any]:
    """The figures of a batch, of which `n_spoken` files were tried in this run."""
    entries = [entry for file in inputs if (entry := batch.manifest.entries.get(file.name))]
    failed = sum(not entry.done for entry in entries)
    return {
        "files": len(inputs), "done": len(entries) - failed, "failed": failed,
        "with_gaps": sum(bool(entry.gaps) for entry in entries),
        "this_run": n_spoken, "audio_s": round(sum(entry.audio_s for entry in entries), 3),
        "manifest": str(batch.manifest.path),
    }  # fmt: skip


def _print_summary(summary: Mapping[str, Any], options: argparse.Namespace) -> int:
    """Print the summary; returns the exit status."""
    if options.json:
        sys.stdout.write(json.dumps(summary) + "\n")
    elif not options.quiet:
        tried = (
            f"{summary['done']} of {summary['files']} files are spoken, {summary['this_run']} were tried in this run"
        )
        faults = f"{summary['failed']} failed, {summary['with_gaps']} have gaps"
        sys.stderr.write(f"{tried}; {faults}: {summary['manifest']}\n")
    return ExitCode.FAILED if summary["failed"] or summary["with_gaps"] else ExitCode.OK


def _batch(options: argparse.Namespace, settings: Settings, folder: Path, inputs: list[BatchInput]) -> FileBatch:
    """The batch of the command line; its engine is the one that can speak the first file that can be read."""
    embedded = options.redis is None
    request = args.request(options)
    request, reason = with_engine(settings, request, _first_text(inputs, settings, request), embedded=embedded)
    quiet = options.quiet or options.json
    if reason and not quiet:
        sys.stderr.write(f"seriatim: {reason}\n")
    options.engine = request.engine
    arguments = SpeakArguments(
        "", "", request, worker_plan(options), embedded, quiet=quiet,
        system_lexicon=SystemLexicons(settings).current(request.pool_name), cast_plans=cast_plans(options, request),
    )  # fmt: skip
    show = _show_json if options.json else _show_nothing if options.quiet else _show_line
    return FileBatch(arguments, folder, options.format, options.retries, BatchManifest.load(folder), show)


def _first_text(inputs: list[BatchInput], settings: Settings, request: JobRequest) -> str:
    for file in inputs:
        try:
            return read_input(str(file.path), settings, request.markup, request.code).text
        except SeriatimError:  # it becomes an entry of the manifest
            continue
    return ""


def _show_json(entry: BatchEntry) -> None:
    sys.stdout.write(entry.to_json() + "\n")
    sys.stdout.flush()


def _show_nothing(_: BatchEntry) -> None:
    """Show nothing."""


def _show_line(entry: BatchEntry) -> None:
    result = f"{entry.output}, {clock_face(entry.audio_s)} of audio" if entry.done else f"failed: {entry.error}"
    gaps = f", {len(entry.gaps)} gaps" if entry.gaps else ""
    sys.stderr.write(without_controls(f"{entry.file}: {result}{gaps}") + "\n")
