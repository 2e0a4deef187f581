"""An engine that trickles: it gives sound all the time, and hardly any of it."""

from collections.abc import Callable
from pathlib import Path

from seriatim.client.job_options import JobRequest
from seriatim.keys import pool_prefix
from tests.integration.operation.trickling_engine import WORD
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, wait_until

HANDOVER_MS = 1_500  #: more than a speaking process on a busy machine is kept waiting for
N_KNOWN = 25  #: sentences after which the pool knows its engine


def hear(system: RealSystem, text: list[str]) -> None:
    job = system.producer().enqueue(text, JobRequest.of({"engine": "tone", "pool": "tone"}))
    assert Listener(job).pcm() == stream_of(text)


def test_a_sentence_of_which_hardly_anything_comes_is_spoken_by_another_process(
    new_system: Callable[..., RealSystem], tmp_path: Path
) -> None:
    """The first one's attempt is dropped, and its slot comes back; no process ends."""
    with new_system(handover_ms=HANDOVER_MS, heartbeat_ms=50, lease_ms=60_000, stall_timeout_ms=600_000) as system:
        system.reassembler()
        options = [f"--engine-option={option}" for option in ("rate_hz=8000", f"first={tmp_path / 'first'}")]
        engine = "tests.integration.operation.trickling_engine"
        system.start("workers", "-m", "workers", "--engine", engine, "--pool", "tone", "--processes", "2", *options)
        wait_until(lambda: len(system.worker_pids()) == 2, "both are ready")
        pids = system.worker_pids()
        known, text = sentences(N_KNOWN, "known"), [f"The tap {WORD} all night.", *sentences(2, "behind")]
        hear(system, known)
        wait_until(lambda: system.count("done") == N_KNOWN, "the last one is reported, behind its sound")
        hear(system, text)
        with system.redis as client:
            handed_over = int(client.hget(f"{pool_prefix('tone')}:n", "handed_over") or 0)
        assert handed_over >= 1
        wait_until(lambda: system.slots() == len(pids), "the slot of the first attempt comes back")
        assert system.worker_pids() == pids
