"""A system of worker processes that have the model: what is heard is what one sentence alone would be."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from seriatim.audio.pcm import bytes_of_ms
from seriatim.errors import UnknownVoice
from seriatim.records import Sentence
from tests.support.command_line import QUICK, seriatim
from tests.support.expected_audio import Listener, by_sentence, samples, sentences
from tests.support.process_system import RealSystem, wait_until
from tests.xtts.tiny_checkpoint import VOICES
from tests.xtts.xtts_systems import (
    PATIENT,
    RATE_HZ,
    SPEECH_S,
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
from workers.engines.xtts.batch.device_memory import CPU_SLOTS
from workers.engines.xtts.voices.voice_catalogue import fingerprint
from workers.trim_and_fade import TAIL_MS

CODES = 40  #: of a sentence at most, 1.9 s
N_SENTENCES = 50
N_JOBS = 20
TAIL_BYTES = bytes_of_ms(TAIL_MS, RATE_HZ)  #: in which the last sound of a sentence lies


@pytest.fixture(scope="module")
def setup(tiny_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(tiny_dir, tmp_path_factory.mktemp("voices"), {"max_codes": CODES})


@pytest.fixture(scope="module")
def exact_setup(setup: Setup) -> Setup:
    return Setup(setup.model, setup.voices, setup.options | {"exact": 1})


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem], setup: Setup, exact_setup: Setup) -> RealSystem:
    """Two pools of one process each: eight slots as streams, three in the exact mode."""
    system = new_system(**PATIENT)
    system.reassembler()
    start(system, "choir", setup, "--slots", "auto")
    start(system, "exact", exact_setup, "--slots", "3")
    await_workers(system, "choir")
    await_workers(system, "exact")
    return system


@pytest.fixture(scope="module")
def soloist(setup: Setup) -> Iterator[Alone]:
    with alone(setup) as made:
        yield made


@pytest.fixture(scope="module")
def exact_soloist(exact_setup: Setup) -> Iterator[Alone]:
    with alone(exact_setup) as made:
        yield made


def dialogue(n: int) -> list[Sentence]:
    """Two voices in turn, every pause of another length, the last of none."""
    texts = sentences(n, "dialogue", n_words=4)
    return [Sentence(text, 20 * (n - 1 - seq), VOICES[seq % 2]) for seq, text in enumerate(texts)]


def sentences_of(listener: Listener) -> list[bytes]:
    return list(by_sentence(listener.all(SPEECH_S)).values())


@pytest.mark.thorough
def test_a_dialogue_of_two_voices_is_heard_as_if_each_sentence_were_alone(system: RealSystem, soloist: Alone) -> None:
    text = dialogue(N_SENTENCES)
    listener = Listener(enqueue(system, "choir", text, seed=7))
    expected = soloist.stream(text, seed=7)
    actual = sentences_of(listener)
    assert_all_same(actual, expected)
    assert len(set(expected)) == N_SENTENCES
    for sentence, pcm in zip(text, actual, strict=True):
        pause = bytes_of_ms(sentence.pause_ms, RATE_HZ)
        audio, silence = pcm[: len(pcm) - pause], pcm[len(pcm) - pause :]
        assert silence == bytes(pause)
        assert not audio or any(audio[-TAIL_BYTES:]), "one pause, no more"


@pytest.mark.thorough
def test_the_exact_mode_gives_the_same_bytes_in_any_company(
    system: RealSystem, exact_soloist: Alone, soloist: Alone
) -> None:
    """Two listeners and three slots, against one slot and no other job."""
    text = dialogue(18)
    listeners = [Listener(enqueue(system, "exact", text, seed=seed)) for seed in (7, 8)]
    for seed, listener in zip((7, 8), listeners, strict=True):
        expected = exact_soloist.stream(text, seed=seed)
        assert sentences_of(listener) == expected
    assert_all_same(exact_soloist.stream(text[:6], seed=7), soloist.stream(text[:6], seed=7), "exact and default")


@pytest.mark.thorough
def test_twenty_listeners_at_once_each_hear_their_own_text_alone(system: RealSystem, soloist: Alone) -> None:
    texts = [sentences(3, f"listener{number:02d}", n_words=3 + number % 4) for number in range(N_JOBS)]
    listeners = [
        Listener(enqueue(system, "choir", text, seed=100 * number, voice=VOICES[number % 2], user=f"user{number % 5}"))
        for number, text in enumerate(texts)
    ]
    all_expected = []
    for number, (text, listener) in enumerate(zip(texts, listeners, strict=True)):
        expected = soloist.stream(text, seed=100 * number, voice=VOICES[number % 2])
        assert_all_same(sentences_of(listener), expected, f"listener {number}")
        all_expected += expected
    assert len(set(all_expected)) == 3 * N_JOBS, "no job's sound could be taken for another's"


@pytest.mark.thorough
def test_the_command_line_speaks_a_text_into_a_file(tmp_path: Path, setup: Setup, soloist: Alone) -> None:
    """Everything it needs is started for it, and gone afterwards."""
    text = [f"Boat {seq} came home with {N_SENTENCES - seq} fish." for seq in range(N_SENTENCES)]
    (tmp_path / "book.txt").write_text(" ".join(text), "utf-8")
    options = [f"--engine-option={name}={value}" for name, value in setup.arguments.items() if name != "model"]
    done = seriatim(
        "speak", tmp_path / "book.txt", "-o", tmp_path / "book.wav", "--engine", "xtts", "--model", setup.model,
        "--voice", VOICES[1], "--seed", "3", "--json", *options,
        settings=QUICK | {"SERIATIM_LEASE_MS": "120000"}, limit_s=SPEECH_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout)
    expected = b"".join(soloist.stream(text, voice=VOICES[1], seed=3))
    found, rate_hz = soundfile.read(tmp_path / "book.wav", dtype="int16")
    assert rate_hz == RATE_HZ
    assert_same(found.tobytes(), expected)
    assert (summary["sentences"], len(summary["sentences_by_worker"])) == (N_SENTENCES, 1)
    assert summary["audio_s"] == pytest.approx(len(expected) / 2 / RATE_HZ, abs=0.001)
    assert abs(samples(found.tobytes())).max() == pytest.approx(abs(samples(expected)).max(), abs=1), "not clipped"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.txt", "book.wav"]


@pytest.mark.thorough
def test_status_shows_how_long_a_worker_took_to_be_ready_and_the_slots_that_it_found(system: RealSystem) -> None:
    status = seriatim("status", "--json", settings=system.settings.to_env())
    pools = {pool["pool"]: pool for pool in json.loads(status.stdout)}
    (worker,) = pools["choir"]["workers"]
    assert worker["slots"] == CPU_SLOTS, "--slots auto"
    assert worker["ready_ms"] > 0, "a model is not loaded in no time"
    wait_until(lambda: f" ready_ms={worker['ready_ms']} " in system.log("choir"), "the log says the same")
    shown = seriatim("status", settings=system.settings.to_env()).stdout.decode()
    assert "ready ms" in shown
    assert str(worker["ready_ms"]) in shown


@pytest.mark.thorough
def test_a_voice_added_while_workers_run_is_spoken_by_them(
    system: RealSystem, setup: Setup, soloist: Alone, tiny_model: Any
) -> None:
    pid = system.worker_pids("choir")
    text = ["a voice that came late.", "and stays."]
    with pytest.raises(UnknownVoice, match="unknown voice 'late anna'; pool 'choir' has: "):
        enqueue(system, "choir", text, voice="late anna")
    clone(setup.voices, fingerprint(tiny_model), "late anna", seed=5)

    def accepted() -> Listener | None:
        try:
            return Listener(enqueue(system, "choir", text, voice="late anna"))
        except UnknownVoice:
            return None

    listener = wait_until(accepted, "producers accept the voice")
    assert_all_same(sentences_of(listener), soloist.stream(text, voice="late anna"))
    assert soloist.stream(text, voice="late anna") != soloist.stream(text)
    assert system.worker_pids("choir") == pid, "no process was started again"
