"""Faults of worker processes in a system that has the model: listeners do not notice, or get a clear error."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import JobCancelled, JobFailed, UnknownVoice
from seriatim.exit_codes import ExitCode
from seriatim.keys import job_prefix, pool_prefix
from seriatim.records import GapPolicy
from seriatim.state.pool_record import read_pool
from seriatim.stream_entries import Discontinuity, Gap
from tests.support.expected_audio import Listener, by_sentence, sentences
from tests.support.process_system import RealSystem, wait_until
from tests.xtts import tiny_checkpoint
from tests.xtts.tiny_checkpoint import Shape
from tests.xtts.xtts_systems import (
    PATIENT,
    RATE_HZ,
    SPEECH_S,
    START_S,
    Alone,
    Setup,
    alone,
    assert_all_same,
    assert_same,
    await_workers,
    clone,
    enqueue,
    start,
)
from workers.engines.xtts import checkpoint_check
from workers.engines.xtts.batch.gpu_lock import GpuLock
from workers.engines.xtts.voices import voice_files
from workers.engines.xtts.voices.voice_catalogue import fingerprint
from workers.warm_up import WARM_UP

pytestmark = pytest.mark.thorough

CODES = 300  #: of every sentence where nothing stops the model: 14 s
NEVER = -30.0  #: added to the stop code's logit: it is never chosen
VENOM = "viktor"  #: a word whose tokens the broken checkpoint cannot read


@pytest.fixture(scope="module")
def endless_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that never stops by itself."""
    return tiny_checkpoint.build(tmp_path_factory.mktemp("endless"), Shape(stop_bias=NEVER))


@pytest.fixture(scope="module")
def setup(endless_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(endless_dir, tmp_path_factory.mktemp("voices"), {"max_codes": CODES})


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem], setup: Setup) -> RealSystem:
    """A pool of one process with two slots that speaks long sentences, held in their middle; others come and go."""
    system = new_system(**PATIENT, max_failures=2)
    system.reassembler()
    start(system, "long", setup, "--slots", "2", held=True)
    await_workers(system, "long")
    return system


@pytest.fixture(scope="module")
def soloist(setup: Setup) -> Iterator[Alone]:
    with alone(setup) as made:
        yield made


@pytest.fixture
def idle(system: RealSystem) -> Iterator[RealSystem]:
    """The system, both slots of its pool free: what is spoken now stops in its middle until the gate is there."""
    system.gate.touch()
    wait_until(lambda: system.slots("long") == 2 and not running(system, "long"), "no slot speaks", SPEECH_S)
    system.gate.unlink()
    yield system
    system.gate.touch()


@pytest.fixture
def pool(system: RealSystem) -> Iterator[Callable[..., str]]:
    """`pool(name, setup, *arguments)`: workers that end with the test."""
    started: list[str] = []

    def new(name: str, setup: Setup, *arguments: str, held: bool = False) -> str:
        start(system, name, setup, *arguments, held=held)
        started.append(name)
        return name

    yield new
    for name in started:
        system.end(name, signal.SIGKILL)


def received(system: RealSystem, job: Job, seq: int = 0) -> int:
    """Bytes of a sentence that are in Redis."""
    with system.redis as client:
        return int(cast("bytes | None", client.hget(f"{job_prefix(job.id)}:c:{job.id}", f"r{seq}")) or 0)


def running(system: RealSystem, pool: str) -> set[str]:
    """`job|seq` of what the processes of a pool have claimed."""
    with system.redis as client:
        found = [client.hkeys(f"{pool_prefix(pool)}:run:{owner}") for owner in system.worker_pids(pool)]
    return {name.decode() for names in found for name in cast("list[bytes]", names)}


def unfinished(system: RealSystem, job: Job) -> dict[int, tuple[int, bool]]:
    """(failures, suspect) of the sentences of a job that were begun and are not over."""
    with system.redis as client:
        kept = cast("dict[bytes, bytes]", client.hgetall(f"{pool_prefix(job.pool)}:js:{job.id}"))
    records = {int(seq): record.decode().split(",") for seq, record in kept.items()}
    return {seq: (int(record[2]), record[7] == "1") for seq, record in records.items() if record[0] != "K"}


def voices(system: RealSystem) -> set[str]:
    """What the workers of the pool say that they have."""
    with system.redis as client:
        return set(read_pool(client, "long").voice_names)


def sentences_of(listener: Listener) -> list[bytes]:
    return list(by_sentence(listener.all(SPEECH_S)).values())


def spoken_further(system: RealSystem, job: Job, before: dict[int, int]) -> set[str]:
    """`job|seq` of what the pool has claimed, once one of these sentences has more bytes than `before`."""
    claimed = running(system, "long")
    grown = {f"{job.id}|{seq}" for seq, n_bytes in before.items() if received(system, job, seq) > n_bytes}
    return claimed if claimed & grown else set()


def test_what_killed_workers_had_begun_goes_on_without_a_seam_and_is_not_blamed(
    idle: RealSystem, soloist: Alone
) -> None:
    """Two sentences die with their process and run alone. The next worker is killed as well, with one of them.

    Which of the three a worker claims first is decided by the order of the broker's messages and by its two threads.
    """
    text = sentences(3, "killed", n_words=4)
    expected = soloist.stream(text, seed=11)
    listener = Listener(enqueue(idle, "long", text, seed=11))
    job = listener.job
    wait_until(lambda: received(idle, job, 0) and received(idle, job, 1), "two are spoken at once")
    killed = wait_until(lambda: idle.half_spoken("long"), "the first is heard")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: killed not in idle.worker_pids("long").values(), "the supervisor has buried it")
    found = unfinished(idle, job)
    assert (found[0], found[1]) == ((0, True), (0, True)), "both are suspects, and no failure counts"
    assert not found.get(2, (0, False))[1], "the third had no part in it"

    before = {seq: received(idle, job, seq) for seq in range(3)}
    claimed = wait_until(partial(spoken_further, idle, job, before), "another goes on", START_S)
    assert len(claimed) == 1, "a suspect runs alone"
    os.kill(idle.speaking_pids("long")[0], signal.SIGKILL)
    idle.gate.touch()
    assert_all_same(sentences_of(listener), expected)
    assert not [entry for entry in listener.entries if isinstance(entry, Discontinuity | Gap)]


def test_a_cancelled_sentence_leaves_its_place_to_the_next_and_disturbs_no_other(
    idle: RealSystem, soloist: Alone
) -> None:
    first, second, third = ([*sentences(1, name)] for name in ("unwanted", "neighbour", "next"))
    cancelled, neighbour = (Listener(enqueue(idle, "long", text)) for text in (first, second))
    wait_until(lambda: received(idle, cancelled.job) and received(idle, neighbour.job), "two speak")
    following = Listener(enqueue(idle, "long", third))
    assert cancelled.job.cancel()
    wait_until(lambda: received(idle, following.job), "the third speaks in its place")
    n_received = received(idle, neighbour.job)
    idle.gate.touch()
    expected = soloist.stream(second)
    assert n_received < len(expected[0]) * 0.8, "the place was free before a sentence was over"
    assert_all_same(sentences_of(neighbour), expected)
    assert_all_same(sentences_of(following), soloist.stream(third))
    with pytest.raises(JobCancelled):
        cancelled.all(SPEECH_S)


def test_a_voice_removed_while_it_speaks_ends_its_sentence_and_fails_the_next(
    idle: RealSystem, setup: Setup, soloist: Alone, tiny_model: Any
) -> None:
    clone(setup.voices, fingerprint(tiny_model), "gone anna", seed=6)
    text = sentences(6, "removed", n_words=4)
    wait_until(lambda: "gone anna" in voices(idle), "the worker has seen it")
    expected = soloist.stream(text[:2], voice="gone anna", seed=13)
    listener = Listener(enqueue(idle, "long", text, producer=idle.producer(), voice="gone anna", seed=13))
    wait_until(lambda: received(idle, listener.job, 0) and received(idle, listener.job, 1), "two are being spoken")
    voice_files.remove(setup.voices, "gone anna")
    idle.gate.touch()
    with pytest.raises(JobFailed, match=r"failed: sentence [23]: UnknownVoice: unknown voice 'gone anna'; "):
        listener.all(SPEECH_S)
    heard_parts = list(by_sentence(listener.entries).values())[:2]
    assert heard_parts[0], "a refusal ends the job at once: of what was still being spoken, what was heard stays"
    for whole, part in zip(expected, heard_parts, strict=False):  # the second may not have had its turn by then
        assert_same(part, whole[: len(part)])
    wait_until(lambda: "gone anna" not in voices(idle), "the worker has seen that it is gone")
    with pytest.raises(UnknownVoice, match="unknown voice 'gone anna'; pool 'long' has: "):
        idle.producer().enqueue(text, JobRequest(engine="xtts", pool="long", voice="gone anna"))


def test_the_guard_bounds_what_a_model_without_an_end_would_say(
    system: RealSystem, setup: Setup, pool: Callable[..., str]
) -> None:
    """Its longest sentence would last 28 s."""
    name = pool("guarded", Setup(setup.model, setup.voices, {"guard": "cut"}), "--slots", "4")
    await_workers(system, name)
    listener = Listener(enqueue(system, name, sentences(6, "guarded", n_words=4)))
    spoken_s = [len(pcm) / 2 / RATE_HZ for pcm in sentences_of(listener)]
    assert len(spoken_s) == 6
    assert max(spoken_s) < 14
    marks = listener.job.marks()
    assert sorted(marks) == list(range(6)), "each of them is marked"
    words = {word for each in marks.values() for word in each}
    assert all(word.startswith("cut_") for word in words)
    assert sum(system.count(f"marked_{word}", name) for word in words) == sum(map(len, marks.values()))


def test_one_at_a_time_on_a_gpu_holds_over_processes(
    idle: RealSystem, setup: Setup, pool: Callable[..., str], soloist: Alone, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The holder of the only place decides: first this test does, then the worker that speaks."""
    system = idle
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where the processes of this machine leave their locks
    name = pool("limited", setup, "--processes", "2", "--gpu-limit", "1", "--slots", "auto", held=True)
    await_workers(system, name, processes=2)
    assert system.slots(name) == 2, "more than the limit in one process would only wait"
    limit = GpuLock("cpu", 1, tmp_path / f"seriatim-gpu-{os.getuid()}")
    mine = limit.place()
    assert mine is not None
    texts = [sentences(1, f"limited {number}", n_words=4) for number in range(4)]
    listeners = [Listener(enqueue(system, name, text)) for text in texts]
    wait_until(lambda: len(running(system, name)) == 2, "both processes have a sentence")
    assert not any(received(system, listener.job) for listener in listeners)
    mine.close()
    wait_until(lambda: system.half_spoken(name), "one of them speaks")
    assert limit.place() is None, "and holds the place"
    assert sum(received(system, listener.job) > 0 for listener in listeners) == 1, "alone"
    system.gate.touch()
    for listener, text in zip(listeners, texts, strict=True):
        assert_all_same(sentences_of(listener), soloist.stream(text))

    def spoken_by_each() -> list[int]:
        with system.redis as client:
            return [int(client.hget(f"{pool_prefix(name)}:w:{o}", "spoken") or 0) for o in system.worker_pids(name)]

    wait_until(lambda: all(spoken_by_each()), "both processes had their turn")


def broken_copy(folder: Path, words: str, model: Any) -> Path:
    """A checkpoint that cannot read `words`: the embeddings of their tokens are no numbers."""
    tiny_checkpoint.build(folder)
    stored = torch.load(folder / checkpoint_check.MODEL, weights_only=False)
    guilty, innocent = (set(model.tokenizer.encode(text_part, lang="en")) for text_part in (words, "zero one two."))
    stored["model"]["gpt.text_embedding.weight"][list(guilty - innocent)] = float("nan")
    torch.save(stored, folder / checkpoint_check.MODEL)
    return folder


def test_a_model_that_gives_no_numbers_costs_the_sentence_and_not_its_neighbours(
    system: RealSystem, pool: Callable[..., str], setup: Setup, tmp_path: Path, tiny_model: Any
) -> None:
    broken = Setup(broken_copy(tmp_path / "model", VENOM, tiny_model), setup.voices, {"max_codes": 40})
    name = pool("broken", broken, "--slots", "3")
    await_workers(system, name)
    text = ["zero one two.", f"one {VENOM} two.", "two one zero.", "one one one."]
    listener = Listener(enqueue(system, name, text, gap=GapPolicy.SKIP))
    by_seq = by_sentence(listener.all(SPEECH_S))
    (gap,) = [entry for entry in listener.entries if isinstance(entry, Gap)]
    assert (gap.seq, gap.reason) == (1, "EngineFailed: the model's scores were no numbers")
    assert by_seq[1] == b""
    with alone(broken) as soloist:
        assert_all_same([by_seq[seq] for seq in (0, 2, 3)], [soloist.speech(text[seq], seq) for seq in (0, 2, 3)])
    assert len(system.worker_pids(name)) == 1
    assert "worker process exited" not in system.log(name), "the process goes on"


def test_a_model_thread_that_breaks_ends_its_process(system: RealSystem, setup: Setup) -> None:
    """Another speaks its sentences; a process without its model would keep them until each lease expired."""
    place = "workers.engines.xtts.batch.model_thread:ModelThread._step"
    options = [f"--engine-option={name}={value}" for name, value in setup.arguments.items()]
    worker = ("workers.worker_process", "--engine", "xtts", "--pool", "planted", *options)
    child = system.start("planted", "-m", "tests.support.planted_errors", place, "5", "1", *worker)
    assert child.wait(START_S) == ExitCode.BROKEN
    assert "model broken; exiting for restart" in system.log("planted")


def test_a_worker_that_cannot_speak_its_first_sentence_takes_no_work(
    system: RealSystem, pool: Callable[..., str], setup: Setup, tmp_path: Path, tiny_model: Any
) -> None:
    """It is ready when it has spoken, not when it has loaded."""
    model = broken_copy(tmp_path / "model", WARM_UP, tiny_model)
    name = pool("mute", Setup(model, setup.voices, {"max_codes": 40}))
    wait_until(lambda: "worker process exited" in system.log(name), "it gives up", START_S)
    log = system.log(name)
    assert "engine ready" in log
    assert "the model's scores were no numbers" in log
    assert system.slots(name) == 0
    assert not system.worker_pids(name)
