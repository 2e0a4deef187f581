"""Tries of the files of a batch: the pauses between them, and the jobs, none of which is kept when it has ended."""

import threading
from collections.abc import Callable
from pathlib import Path

from gateway.batch.batch_inputs import BatchInput
from gateway.batch.batch_manifest import BatchEntry, BatchManifest
from gateway.batch.speak_files import FileBatch, speak_files
from gateway.local.processes import WorkerPlan, running_system
from gateway.output.running_jobs import RunningJobs
from gateway.output.speak_arguments import SpeakArguments
from seriatim.client.job_options import JobRequest
from tests.support.process_system import RealSystem


class PauseLog(threading.Event):
    """An event that no wait takes time for: how long each would have been."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses_s: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses_s.append(timeout)
        return self.is_set()


def speak(system: RealSystem, folder: Path, texts: list[str]) -> tuple[FileBatch, PauseLog, list[BatchEntry]]:
    """Speak texts in a running system."""
    entries: list[BatchEntry] = []
    request = JobRequest.of({"engine": "tone", "gap": "fail"})
    arguments = SpeakArguments("", "", request, WorkerPlan("tone"), embedded=False, quiet=True)
    ended = PauseLog()
    batch = FileBatch(arguments, folder, "wav", 2, BatchManifest(folder), entries.append, RunningJobs(ended))
    files = [BatchInput(f"{n}.txt", folder / f"{n}.txt") for n in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.path.write_text(text, "utf-8")
    with running_system(system.settings) as running:
        speak_files(batch, batch.pending(files), running)
    return batch, ended, entries


def test_a_refusal_is_waited_out_and_nothing_after_the_last_try(
    new_system: Callable[..., RealSystem], tmp_path: Path
) -> None:
    _, ended, entries = speak(new_system(), tmp_path, ["The fog has gone."])
    assert [(entry.state, entry.tries, "no worker of pool 'tone'" in entry.error) for entry in entries] == [
        ("failed", 3, True)
    ]
    assert ended.pauses_s == [5.0, 5.0], "what NoWorkers says, and no pause behind the third try"


def test_jobs_that_have_ended_are_forgotten(new_system: Callable[..., RealSystem], tmp_path: Path) -> None:
    system = new_system(lease_ms=60_000, message_timeout_ms=60_000)  # nothing is lost, however busy the machine is
    system.reassembler()
    system.workers(options={"fail_on": "awkward"})
    batch, ended, entries = speak(system, tmp_path, ["The fog has gone.", "An awkward word."])
    assert sorted((entry.file, entry.state, entry.tries) for entry in entries) == [
        ("0.txt", "done", 1), ("1.txt", "failed", 3),
    ]  # fmt: skip
    assert (ended.pauses_s, batch.jobs.jobs) == ([0.5, 1.0], [])
