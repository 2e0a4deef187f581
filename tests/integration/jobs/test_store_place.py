"""The store's folder is what the system knows itself: readers on one machine find recordings without a setting."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import Misconfigured
from seriatim.settings import Settings
from seriatim.stream_entries import End
from tests.support.expected_audio import sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

TEXT = sentences(40, "recorded")


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system()
    system.reassembler()
    system.workers(2)
    return system


def recorded(system: RealSystem, store_dir: str) -> Job:
    """The handle of a job whose sound is in the store alone, as a program with that setting has it."""
    settings = replace(system.settings, store_dir=store_dir)
    job = Producer(settings).enqueue(TEXT, JobRequest.of({"engine": "tone", "kind": "batch"}))
    assert job.wait(PATIENCE_S).state == "done"
    place = Path(system.settings.store_dir)
    wait_until(
        lambda: any(isinstance(e, End) for e in recording_store.events(place, job.id)), "its recorder has its end"
    )
    return job


def test_a_program_without_the_setting_finds_what_was_recorded(system: RealSystem) -> None:
    """README's batch example: saved after the recorder took the sound, by a program that knows Redis' address alone."""
    job = recorded(system, Settings().store_dir)
    assert b"".join(job.pcm()) == stream_of(TEXT)
    assert job.recorded()
    with system.redis as client:  # the job's life is over
        client.delete(*client.scan_iter(f"*:{job.id}"))
    again = Producer(replace(system.settings, store_dir=Settings().store_dir)).attach(job.id)
    assert b"".join(again.pcm()) == stream_of(TEXT)


def test_a_setting_that_names_another_folder_is_said_to_be_wrong(system: RealSystem, tmp_path: Path) -> None:
    job = recorded(system, str(tmp_path))
    with pytest.raises(Misconfigured, match=r"drains to a store that is not .*: set SERIATIM_STORE_DIR"):
        b"".join(job.pcm())
