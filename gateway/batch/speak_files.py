"""Speak the files of a batch, several at a time: short files, one after another, would leave slots idle.

An error of one file is an entry of the manifest and stops no other. An error of the system stops all: the same command
continues, also in the middle of a file.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from gateway.batch.batch_inputs import BatchInput, output_name
from gateway.batch.batch_manifest import BatchEntry, BatchManifest
from gateway.batch.partial_gaps import PartialGaps
from gateway.cli.input_text import read_input
from gateway.cli.render.summary import RunSummary
from gateway.local.processes import LocalSystem
from gateway.output.file_output import FileOutput
from gateway.output.open_output import ResumePolicy, open_output
from gateway.output.partial_files import PartialFiles
from gateway.output.pipe_output import PipeOutput
from gateway.output.running_jobs import RunningJobs, RunStopped
from gateway.output.speak_arguments import SpeakArguments
from gateway.output.speech_run import SpeakRun, await_own_workers, speak_text
from seriatim.audio.output_file import is_disk_full, translate_write_errors
from seriatim.client.producer import Producer
from seriatim.client.sentences.pool_sentences import resolve_pools
from seriatim.errors import BadInput, Misconfigured, Refused, SeriatimError, Unavailable

AT_ONCE = 4
FIRST_PAUSE_S = 0.5  #: before a file is tried again; twice as long before each further try


class NoProgress:
    """Progress that is shown by files, not by sentences."""

    def start_counting(self, total_sentences: int | None, before: int = 0) -> None: ...

    def add_audio(self, ms: float) -> None: ...

    def count_sentence(self) -> None: ...


def _ignore(_: object) -> None:
    """Do nothing."""


@dataclass(slots=True)
class FileBatch:
    """A batch that runs: how its files are spoken, and what became of them."""

    arguments: SpeakArguments  #: of all files; text and output are those of each
    folder: Path  #: of the outputs
    ending: str
    retries: int
    manifest: BatchManifest
    on_entry: Callable[[BatchEntry], None]
    jobs: RunningJobs = field(default_factory=RunningJobs)
    before_entry: Callable[[BatchEntry], None] = _ignore  #: called before an entry is in the manifest

    def pending(self, inputs: Iterable[BatchInput]) -> list[tuple[BatchInput, str]]:
        """The files that are not spoken as they are now, each with its key."""
        keyed = [(file, self.key(file)) for file in inputs]
        return [(file, key) for file, key in keyed if not self.manifest.is_done(file.name, key)]

    def key(self, file: BatchInput) -> str:
        """The key of a file's content and the options; of the options alone if it cannot be read."""
        options = json.dumps([self.ending, self.arguments.fingerprint.options], sort_keys=True).encode()
        try:
            with file.path.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").digest()
        except OSError:
            content = b""
        return hashlib.sha256(content + options).hexdigest()[:32]


def check_request(batch: FileBatch, system: LocalSystem) -> None:
    """Check what all files have in common, such as the voice, as far as workers are there: each would fail of it.

    Raises:
        UnknownVoice, UnknownLanguage, UnknownOption, BadInput: the pool's workers do not support it.
        SeriatimError: the system has failed.
    """
    await_own_workers(system, batch.arguments)
    with closing(Producer(system.settings)) as producer:
        resolve_pools(producer, batch.arguments.request, "")


def speak_files(batch: FileBatch, files: Iterable[tuple[BatchInput, str]], system: LocalSystem) -> None:
    """Speak files, and add an entry for each.

    Raises:
        SeriatimError: the system has failed; a later call continues.
        KeyboardInterrupt: likewise.
    """
    taken: dict[str, str] = {entry.output: entry.file for entry in batch.manifest.entries.values()}
    calls: list[Callable[[], None]] = []
    for file, key in files:
        output = _output_for(batch, file, {name for name, owner in taken.items() if owner != file.name})
        taken[output] = file.name
        calls.append(partial(_speak_file, batch, file, BatchEntry(file.name, output, key, "failed"), system))
    batch.jobs.run_together(calls, AT_ONCE)


def _output_for(batch: FileBatch, file: BatchInput, taken: Collection[str]) -> str:
    known = batch.manifest.entries.get(file.name)
    if known and known.output.endswith(f".{batch.ending}") and known.output not in taken:
        return known.output
    return output_name(file.name, batch.ending, taken)


def _speak_file(batch: FileBatch, file: BatchInput, entry: BatchEntry, system: LocalSystem) -> None:
    """Speak one file, again after an error that may pass; adds its entry.

    Raises:
        SeriatimError: the system has failed.
    """
    for number in range(batch.retries + 1):
        if batch.jobs.stopped.is_set():
            raise RunStopped
        entry = replace(entry, tries=number + 1)
        try:
            summary, gaps = _speak_once(batch, file, batch.folder / entry.output, system)
        except SeriatimError as error:
            if batch.jobs.stopped.is_set() or _is_of_system(error):
                raise
            system.check_children()
            entry = replace(entry, error=str(error))
            final = isinstance(error, BadInput) or number == batch.retries
            if final or batch.jobs.stopped.wait(_pause_s(error, number)):
                break
        else:
            audio_s = round((summary.audio_ms + summary.audio_ms_before) / 1000, 3)
            n = summary.sentences + summary.sentences_before
            entry = replace(entry, state="done", audio_s=audio_s, sentences=n, gaps=gaps, error="")
            break
    batch.before_entry(entry)
    batch.manifest.add(entry)
    batch.on_entry(entry)


def _is_of_system(error: SeriatimError) -> bool:
    """Whether an error is none of a file: every other one would fail so, too."""
    return isinstance(error, Misconfigured | Unavailable) or is_disk_full(error)


def _pause_s(error: SeriatimError, number: int) -> float:
    """The time before the next try, after the one with this 0-based number."""
    return max(FIRST_PAUSE_S * 2.0**number, error.retry_after_s if isinstance(error, Refused) else 0.0)


def _speak_once(
    batch: FileBatch, file: BatchInput, output: Path, system: LocalSystem
) -> tuple[RunSummary, tuple[str, ...]]:
    """Speak the rest of a file; returns a summary, and the gaps of the whole file."""
    try:
        request = batch.arguments.request
        document = read_input(str(file.path), system.settings, request.markup, request.code)
    except Misconfigured as error:  # this file's format needs a package; others may not
        raise BadInput(str(error)) from None
    request = replace(request, markup=document.markup)
    arguments = replace(batch.arguments, text=document.text, output=str(output), request=request, quiet=True)
    with translate_write_errors(str(output)):
        output.parent.mkdir(parents=True, exist_ok=True)
    with PartialGaps(arguments.output) as gaps, _open(arguments) as written, batch.jobs.registration() as add_job:
        gaps.begin(written.sentences_done)
        run = SpeakRun(arguments, written, NoProgress(), on_gap=gaps.add, on_job=add_job)
        return speak_text(system, run), gaps.messages()


def _open(arguments: SpeakArguments) -> FileOutput | PipeOutput:
    """The output, continued if an interrupted run of the same text has left one."""
    if PartialFiles.of(arguments.output).journal.exists():
        try:
            return open_output(arguments.output, arguments.fingerprint, begin=ResumePolicy.RESUME)
        except BadInput:  # of another text, or of other options
            return open_output(arguments.output, arguments.fingerprint, begin=ResumePolicy.RESTART)
    return open_output(arguments.output, arguments.fingerprint)


#: by the name of a file: its size and time at the last look, and whether it was returned with them
LastLook = dict[str, tuple[tuple[int, int], bool]]


def changed_files(seen: LastLook, inputs: Iterable[BatchInput]) -> list[BatchInput]:
    """The files whose size and time are what they were at the last look, each once; `seen` is brought up to date."""
    settled, before = [], dict(seen)
    seen.clear()
    for file in inputs:
        try:
            stat = file.path.stat()
        except OSError:
            continue
        now = (stat.st_size, stat.st_mtime_ns)
        last, done = before.get(file.name, (None, False))
        if last == now and not done:
            settled.append(file)
        seen[file.name] = now, last == now
    return settled
